//! What the command line says: errors, notes and results. stdout is data, stderr is
//! talk. A reader of stdout that went away is no error; any other failure of stdout is,
//! and is reported at the end.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use clap::ColorChoice;

use super::settings::redraws;
use super::{Global, ProgressMode};
use crate::error::Error;
use crate::model::event::{Event, Listener};
use crate::report::{Face, HaulProgress, JsonLines, PlainLines, ProgressLine};

const RED: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();

/// The voice of a command.
pub struct Talk {
    json: bool,
    progress: ProgressMode,
    quiet: bool,
    /// The first failure of stdout.
    failed: Mutex<Option<io::Error>>,
}

impl Talk {
    /// As the global options say.
    pub fn new(global: &Global) -> Talk {
        let choice = match global.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        Talk {
            json: global.json,
            progress: global.progress,
            quiet: global.quiet,
            failed: Mutex::default(),
        }
    }

    /// True when stderr takes colours.
    pub fn colors(&self) -> bool {
        anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
    }

    /// An error that ends the command.
    pub fn error(&self, error: &Error) {
        let message = error.to_string();
        // A rendered mapping diagnosis brings its own head.
        let text = match message.starts_with("error") || message.starts_with('\u{1b}') {
            true => message,
            false => format!("{RED}error{RED:#}: {message}"),
        };
        let _gone = writeln!(anstream::stderr(), "{}", text.trim_end());
        if let Some(advice) = error.advice() {
            let _gone = writeln!(anstream::stderr(), "{BOLD}help{BOLD:#}: {advice}");
        }
    }

    /// Something that the user should know; silent with --quiet.
    pub fn say(&self, words: &str) {
        if !self.quiet {
            let _gone = writeln!(anstream::stderr(), "{words}");
        }
    }

    /// Said whatever the options are, by a task that has none.
    pub fn aside(words: &str) {
        let _gone = writeln!(anstream::stderr(), "{words}");
    }

    /// True when the result is asked for as JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// A result on stdout; its last line is ended.
    pub fn data(&self, text: &str) {
        let text = text.trim_end_matches('\n');
        self.written(writeln!(anstream::stdout(), "{text}"));
    }

    /// The result as JSON, when asked for.
    pub fn result(&self, json: &serde_json::Value) {
        if self.json {
            self.written(writeln!(io::stdout(), "{json:#}"));
        }
    }

    /// The result for people, on stdout; silent where it is asked for as JSON.
    pub fn show(&self, text: &str) {
        if !self.json {
            self.written(writeln!(io::stdout(), "{text}"));
        }
    }

    /// Keeps the first failure of stdout.
    fn written(&self, written: io::Result<()>) {
        if let Err(error) = written {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            let _first = failed.get_or_insert(error);
        }
    }

    /// Whether everything that was said on stdout arrived; a reader that went away has
    /// had enough.
    pub fn all_written(&self) -> Result<(), Error> {
        self.written(io::stdout().flush());
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match failed.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::unexpected(
                format!("can't write to standard output: {error}"),
            )),
            _ => Ok(()),
        }
    }

    /// Whoever shows progress.
    pub fn listener(&self) -> Arc<dyn Listener> {
        match self.progress {
            ProgressMode::Json => Arc::new(JsonLines::new(Box::new(io::stderr()))),
            ProgressMode::None => Arc::new(Silent),
            _ if self.quiet => Arc::new(Silent),
            ProgressMode::Auto if moving() => Arc::new(ProgressLine::new()),
            ProgressMode::Auto | ProgressMode::Plain => {
                Arc::new(PlainLines::new(Box::new(io::stderr())))
            }
        }
    }

    /// False when nobody would see progress.
    pub fn shows_progress(&self) -> bool {
        match self.progress {
            ProgressMode::None => false,
            ProgressMode::Json => true,
            ProgressMode::Auto | ProgressMode::Plain => !self.quiet,
        }
    }

    /// Shows how far an export is; `total` is the number of tickets where it is known.
    pub fn haul_progress(&self, total: Option<u64>) -> HaulProgress {
        let face = match self.progress {
            _ if !self.shows_progress() => Face::Silent,
            ProgressMode::Json => Face::Json(Box::new(io::stderr())),
            ProgressMode::Auto if moving() => Face::bar(),
            _ => Face::Plain(Box::new(io::stderr())),
        };
        HaulProgress::new(face, total)
    }

    /// Refuses to go on where nobody can be asked and nobody said --yes.
    pub fn expect_answer(&self, yes: bool, what: &str) -> Result<(), Error> {
        if yes || (io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Ok(());
        }
        Err(
            Error::usage("can't ask for confirmation: this is no terminal")
                .advise(format!("pass --yes to {what} without being asked")),
        )
    }

    /// Asks whether to do `what`, and says when it is not done. With `yes` it is said
    /// instead of asked.
    pub fn confirmed(&self, yes: bool, what: &str) -> bool {
        if yes {
            self.say(&format!("going to {what}"));
            return true;
        }
        let _gone = write!(anstream::stderr(), "{what}? [y/N] ");
        let _gone = io::stderr().flush();
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        let agreed = read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
        if !agreed {
            Talk::aside("not done: the answer was no; nothing was changed in the portal");
        }
        agreed
    }
}

/// Whether stderr is a terminal on which a line can move.
fn moving() -> bool {
    io::stderr().is_terminal() && redraws()
}

/// Hears everything, says nothing.
struct Silent;

impl Listener for Silent {
    fn hear(&self, _event: &Event) {}
}
