//! What the command line says: errors, notes and results. stdout is data, stderr is
//! console. A reader of stdout that went away is not an error; any other failure of stdout
//! is, and is reported at the end. Texts of others must not control the terminal:
//! messages go through `visible` here, and data does so on a terminal.

use std::borrow::Cow;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use clap::ColorChoice;

use super::global::{Global, ProgressMode};
use super::secrets::masked;
use super::settings::redraws;
use crate::error::Error;
use crate::model::event::{Event, Listener};
use crate::model::visible::{one_line, safe_json, visible, visible_but_colors};
use crate::report::{Face, HaulProgress, JsonLines, PlainLines, ProgressLine};

const RED: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();

/// Whether --quiet was given, for tasks that have no `Console`.
static QUIET: AtomicBool = AtomicBool::new(false);

/// The voice of a command.
pub struct Console {
    json: bool,
    progress: ProgressMode,
    quiet: bool,
    /// The first failure of stdout.
    failed: Mutex<Option<io::Error>>,
}

impl Console {
    /// As the global options say.
    pub fn new(global: &Global) -> Console {
        let choice = match global.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        QUIET.store(global.quiet, Ordering::Relaxed);
        Console {
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
        // A single item is not shown as a list.
        let (message, details) = match error.details() {
            [] | [_] => (error.to_string(), &[][..]),
            details => (error.message().to_owned(), details),
        };
        let text = match error.is_drawn() {
            true => visible_but_colors(&masked(&message)),
            false => {
                let message = masked(&message);
                format!("{RED}error{RED:#}: {}", one_line(message.trim_end()))
            }
        };
        let _gone = writeln!(anstream::stderr(), "{}", text.trim_end());
        for detail in details {
            let _gone = writeln!(anstream::stderr(), "  {}", one_line(&masked(detail)));
        }
        if let Some(advice) = error.advice() {
            let _gone = writeln!(
                anstream::stderr(),
                "{BOLD}help{BOLD:#}: {}",
                one_line(&masked(advice))
            );
        }
    }

    /// Something that the user should know, in a line; silent with --quiet.
    pub fn say(&self, words: &str) {
        self.say_lines(&one_line(words));
    }

    /// The same in several lines. What they hold of others is in one line each.
    pub fn say_lines(&self, words: &str) {
        if !self.quiet {
            let _gone = writeln!(anstream::stderr(), "{}", visible(&masked(words)));
        }
    }

    /// Printed whatever the options, by a task that has no `Console`.
    pub fn aside(words: &str) {
        let _gone = writeln!(anstream::stderr(), "{}", one_line(&masked(words)));
    }

    /// The same, but silent with --quiet.
    pub fn remark(words: &str) {
        if !QUIET.load(Ordering::Relaxed) {
            Console::aside(words);
        }
    }

    /// True when the result is asked for as JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// A result on stdout; a final line break is added.
    pub fn data(&self, text: &str) {
        let text = text.trim_end_matches('\n');
        self.written(writeln!(io::stdout(), "{}", on_screen(text)));
    }

    /// A result on stdout that is JSON, in a line.
    pub fn json_line(&self, json: &serde_json::Value) {
        let json = json.to_string();
        self.written(writeln!(io::stdout(), "{}", safe_json(&json)));
    }

    /// The result as JSON, when asked for.
    pub fn result(&self, json: &serde_json::Value) {
        if self.json {
            let json = format!("{json:#}");
            self.written(writeln!(io::stdout(), "{}", safe_json(&json)));
        }
    }

    /// The result for people, on stdout; silent where it is asked for as JSON.
    pub fn show(&self, text: &str) {
        if !self.json {
            self.written(writeln!(io::stdout(), "{}", on_screen(text)));
        }
    }

    /// Keeps the first failure of stdout.
    fn written(&self, written: io::Result<()>) {
        if let Err(error) = written {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            let _first = failed.get_or_insert(error);
        }
    }

    /// Whether everything written to stdout arrived; a reader that went away is fine.
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

    /// The listener that shows progress.
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

    /// False if nobody would see progress.
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

    /// Refuses to continue if nobody can be asked and --yes was not given.
    pub fn expect_answer(&self, yes: bool, what: &str) -> Result<(), Error> {
        if yes || (io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Ok(());
        }
        Err(
            Error::usage("can't ask for confirmation: this is not a terminal")
                .advise(format!("pass --yes to {what} without being asked")),
        )
    }

    /// Asks whether to do `what`, and says so if it is not done. With `yes` it is only
    /// announced.
    pub fn confirmed(&self, yes: bool, what: &str) -> bool {
        if yes {
            self.say(&format!("going to {what}"));
            return true;
        }
        let _gone = write!(anstream::stderr(), "{}? [y/N] ", visible(what));
        let _gone = io::stderr().flush();
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        let agreed = read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
        if !agreed {
            Console::aside("not done: the answer was no; nothing was changed in the portal");
        }
        agreed
    }
}

/// Prepares text for stdout: without control characters on a terminal, unchanged elsewhere.
fn on_screen(text: &str) -> Cow<'_, str> {
    match io::stdout().is_terminal() {
        true => visible(text),
        false => Cow::Borrowed(text),
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
