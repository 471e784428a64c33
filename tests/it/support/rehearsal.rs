//! The helper of all stories: a folder of one's own, the tool as a process, and a
//! sandbox served by another process. Nothing is shared between tests, nothing
//! waits for luck, no port is fixed.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{Args, Invocation, Row, rows_of};

/// The token that served sandboxes accept in tests.
pub const TOKEN: &str = "pat-na1-rehearsal-0f3c";

/// A folder in which the tool runs.
pub struct Rehearsal {
    folder: TempDir,
}

/// A sandbox served by another process; ends when dropped.
pub struct Served {
    child: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
}

/// How a run of the tool ended.
pub struct Ended {
    /// Exit code; -1 when it was killed.
    pub code: i32,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
}

/// The tool; another build of it where `TICKETHAUL_TESTED` names one, so that what takes an
/// hour can continue beside further builds, or is measured in release.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says which build"
)]
fn tool() -> PathBuf {
    let named = std::env::var_os("TICKETHAUL_TESTED");
    named.map_or_else(|| env!("CARGO_BIN_EXE_tickethaul").into(), PathBuf::from)
}

impl Rehearsal {
    /// An empty folder.
    pub fn new() -> Rehearsal {
        Rehearsal {
            folder: tempfile::tempdir().expect("a folder for the test"),
        }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the user.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a file of the test");
        path
    }

    /// Reads a file of the folder.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The rows of a CSV file of the folder.
    #[track_caller]
    pub fn rows(&self, name: &str) -> Vec<Row> {
        rows_of(&self.path(name))
    }

    /// Reads a JSON file of the folder.
    #[track_caller]
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The tool, about to be run with no portal in its environment.
    pub fn tool(&self, args: impl Args) -> Invocation<'_> {
        Invocation::new(self, args)
    }

    /// Runs the tool with no portal in its environment.
    pub fn run(&self, args: impl Args) -> Ended {
        self.tool(args).run()
    }

    /// Runs the tool with `--portal sandbox` on a state of this folder.
    pub fn run_embedded(&self, args: impl Args) -> Ended {
        self.tool(args).embedded().run()
    }

    /// Runs the tool against a served sandbox, as a script would.
    pub fn run_against(&self, sandbox: &Served, args: impl Args) -> Ended {
        self.tool(args).against(sandbox).run()
    }

    /// The tool as a process of this folder, for stories that start it themselves.
    pub fn command(&self, args: impl Args) -> Command {
        let mut command = Command::new(tool());
        command
            .args(args.words())
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command of ours to its end.
    pub fn finish(&self, mut command: Command) -> Ended {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("the tool starts");
        let ended = Ended {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(stderr).expect("stderr is UTF-8"),
        };
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        let talk = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!talk.contains(TOKEN), "the token is in the output:\n{talk}");
        ended
    }

    /// Serves a sandbox, in memory unless `args` say otherwise.
    pub fn serve(&self, args: impl Args) -> Served {
        let mut command = self.command(("sandbox", args));
        command.env("TICKETHAUL_SANDBOX_TOKEN", TOKEN);
        self.serve_by(command)
    }

    /// Waits until a command serves a sandbox.
    pub fn serve_by(&self, mut command: Command) -> Served {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the sandbox starts");
        let mut url = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("its stdout"));
        let _read = stdout.read_line(&mut url);
        if url.is_empty() {
            let ended = child.wait_with_output().expect("it ended");
            panic!("no sandbox: {}", String::from_utf8_lossy(&ended.stderr));
        }
        Served {
            child,
            stdout,
            url: url.trim().to_owned(),
        }
    }
}

impl Served {
    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line it prints, such as `holding call 3 received`; waits for it.
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        let _read = self.stdout.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// Lets go of what it holds.
    pub fn go_on(&mut self) {
        let stdin = self.child.stdin.as_mut().expect("its stdin");
        stdin.write_all(b"\n").expect("a line is taken");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

impl Ended {
    /// Checks the exit code; shows everything when it is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ended {
        assert_eq!(
            self.code, code,
            "exit code\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// All of stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let read = serde_json::from_str(&self.stdout);
        read.unwrap_or_else(|error| panic!("{error} in {}", self.stdout))
    }

    /// Checks that stderr says something.
    #[track_caller]
    pub fn says(self, words: &str) -> Ended {
        let said = &self.stderr;
        assert!(said.contains(words), "not said: {words}\n{said}");
        self
    }

    /// Checks that stderr does not say something.
    #[track_caller]
    pub fn says_nothing_of(self, words: &str) -> Ended {
        let said = &self.stderr;
        assert!(!said.contains(words), "said: {words}\n{said}");
        self
    }

    /// Checks that stdout has something.
    #[track_caller]
    pub fn prints(self, words: &str) -> Ended {
        let printed = &self.stdout;
        assert!(printed.contains(words), "not printed: {words}\n{printed}");
        self
    }

    /// Checks that stdout lacks something.
    #[track_caller]
    pub fn prints_nothing_of(self, words: &str) -> Ended {
        let printed = &self.stdout;
        assert!(!printed.contains(words), "printed: {words}\n{printed}");
        self
    }
}
