//! The tool, about to be run: what it is told, what it finds in its folder, what is in its
//! environment.

use std::ffi::OsStr;
use std::process::Command;

use super::{Args, Ended, Rehearsal, Served, TOKEN};

/// One run of the tool that has not begun.
#[must_use = "nothing happens before `run`"]
pub struct Invocation<'a> {
    here: &'a Rehearsal,
    command: Command,
}

impl<'a> Invocation<'a> {
    /// Of the tool with these arguments, with no portal in its environment.
    pub fn new(here: &'a Rehearsal, args: impl Args) -> Invocation<'a> {
        Invocation {
            here,
            command: here.command(args),
        }
    }

    /// More arguments.
    pub fn args(mut self, args: impl Args) -> Invocation<'a> {
        self.command.args(args.words());
        self
    }

    /// A variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Invocation<'a> {
        self.command.env(name, value);
        self
    }

    /// Variables of the environment.
    pub fn envs(mut self, variables: &[(&str, &str)]) -> Invocation<'a> {
        self.command.envs(variables.iter().copied());
        self
    }

    /// Against a served sandbox, as a script would.
    pub fn against(self, sandbox: &Served) -> Invocation<'a> {
        self.at(sandbox.url())
    }

    /// Against a portal at this address, with the token of the tests.
    pub fn at(self, url: impl AsRef<OsStr>) -> Invocation<'a> {
        self.env("TICKETHAUL_BASE_URL", url)
            .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
    }

    /// With `--portal sandbox` on a state of the folder.
    pub fn embedded(self) -> Invocation<'a> {
        let mut same = self.args("--portal sandbox --sandbox-data");
        same.command.arg(same.here.path("sandbox-data"));
        same
    }

    /// Writes `in.csv` first.
    pub fn rows(self, text: impl AsRef<[u8]>) -> Invocation<'a> {
        self.here.write("in.csv", text);
        self
    }

    /// Writes `m.toml` first.
    pub fn mapping(self, text: impl AsRef<[u8]>) -> Invocation<'a> {
        self.here.write("m.toml", text);
        self
    }

    /// With a file of the folder as its standard input.
    pub fn stdin(mut self, file: &str) -> Invocation<'a> {
        let input = std::fs::File::open(self.here.path(file)).expect("a file of the test");
        self.command.stdin(input);
        self
    }

    /// In a folder of the folder.
    pub fn in_folder(mut self, name: &str) -> Invocation<'a> {
        self.command.current_dir(self.here.path(name));
        self
    }

    /// As a process that the story starts itself.
    pub fn command(self) -> Command {
        self.command
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Ended {
        self.here.finish(self.command)
    }
}
