//! Exit codes: documented numbers, and what each one means. Scripts rely on them.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;

use super::console::Console;
use super::secrets::masked;
use super::slips;
use crate::error::{Error, Kind};
use crate::model::event::Summary;
use crate::model::outcome::Fate;
use crate::model::stop::Stop;
use crate::model::visible::visible_but_colors;

/// How the tool ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// No row refused, pending or unknown.
    Fine = 0,
    /// A bug, or an unforeseen environment.
    Unexpected = 1,
    /// A plan found something to change.
    Changes = 2,
    /// Finished, but rows were refused or tickets not found.
    Refused = 3,
    /// `check` found rows that would be refused, `schema diff` something lacking.
    Found = 4,
    /// Stopped; `tickethaul resume` continues later.
    Later = 5,
    /// Stopped because too many rows were refused.
    TooManyRefused = 6,
    /// Stopped until something is fixed.
    MustFix = 7,
    /// The command line, the mapping or the input can't be used.
    Usage = 64,
}

/// The table for --help.
pub const HELP: &str = "\
Exit codes:
   0  done; no row was refused (rows that exist already, are unchanged or skipped count as fine)
   1  unexpected error
   2  plan --detailed-exitcode found something that would change
   3  finished, but rows were refused: see refused.csv; undo left tickets alone;
      `get` did not find a ticket; plan --detailed-exitcode found rows that would be refused
   4  check found rows that would be refused, or a portal that differs from the mapping;
      schema diff found something lacking; verify found tickets that differ
   5  stopped by network, limits or a signal: `tickethaul resume` continues
   6  stopped because too many rows were refused (--max-refused)
   7  stopped until something is fixed: token, scope, a missing property, a file in use,
      a plan that does not fit any more, whatever is wrong with a token command
  64  the command line, the configuration, the mapping or the input can't be used
 130  interrupted twice: `tickethaul resume` continues";

/// Exited at the second signal.
pub const INTERRUPTED_TWICE: i32 = 130;

impl Exit {
    /// The exit code of a finished run.
    pub fn for_summary(summary: &Summary) -> Exit {
        let open = summary.tally.of(Fate::Pending) + summary.tally.of(Fate::Unknown);
        match &summary.stop {
            Some(Stop::Later(_)) => Exit::Later,
            Some(Stop::MustFix(_)) => Exit::MustFix,
            Some(Stop::TooManyRefused(_)) => Exit::TooManyRefused,
            None if open > 0 => Exit::Later,
            None if summary.tally.of(Fate::Refused) > 0 => Exit::Refused,
            None => Exit::Fine,
        }
    }

    /// The exit code of a command that failed.
    pub fn for_error(error: &Error) -> Exit {
        match error.kind() {
            Kind::Unexpected => Exit::Unexpected,
            Kind::Usage => Exit::Usage,
            Kind::Later => Exit::Later,
            Kind::MustFix => Exit::MustFix,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Help and version are not errors unless they can't be written; everything else that
/// clap refuses is a usage error.
pub fn for_clap(error: &clap::Error) -> ExitCode {
    if let Some((words, help)) = slips::instead(error) {
        Console::usage(words, Some(help));
        return Exit::Usage.into();
    }
    let text = visible_but_colors(&masked(&error.render().ansi().to_string()));
    let printed = match error.use_stderr() {
        true => {
            Console::usage_of_clap(error, &text, slips::help(error));
            Ok(())
        }
        false => write!(anstream::stdout(), "{text}").and_then(|()| io::stdout().flush()),
    };
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match printed {
            Err(error) if !gone(&error) => Exit::Unexpected.into(),
            _ => Exit::Fine.into(),
        },
        _ => Exit::Usage.into(),
    }
}
