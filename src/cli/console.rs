//! What the command line says: errors, notes and results. stdout is data, stderr is console. A
//! reader of stdout that went away is not an error; any other failure of stdout is, and is reported
//! at the end. Foreign text must not control the terminal: messages go through `visible` here, and
//! data does so on a terminal.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use clap::ColorChoice;
use serde_json::{Map, Value, json};

use super::global::{Global, ProgressMode};
use super::secrets::masked;
use super::settings::redraws;
use crate::error::Error;
use crate::hubspot::Client;
use crate::model::event::Listener;
use crate::model::pace::Pace;
use crate::model::visible::{one_line, safe_json, visible, visible_but_colors};
use crate::report::{Board, Face, PaceNow, RunBoard, beside_bar, note_line};

const RED: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();

/// Whether --quiet was given, for tasks that have no `Console`.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Whether everything that is said is to be JSON, also for tasks that have no `Console`.
static JSON: AtomicBool = AtomicBool::new(false);

/// Speaks for a command: errors, notes, questions and results.
pub struct Console {
    json: bool,
    progress: ProgressMode,
    quiet: bool,
    /// The first failure of stdout.
    failed: Mutex<Option<io::Error>>,
}

impl Console {
    /// A console with the settings of the global options.
    pub fn new(global: &Global) -> Console {
        let choice = match global.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        QUIET.store(global.quiet, Ordering::Relaxed);
        JSON.store(global.progress == ProgressMode::Json, Ordering::Relaxed);
        Console {
            json: global.json,
            progress: global.progress,
            quiet: global.quiet,
            failed: Mutex::default(),
        }
    }

    /// Chooses between JSON and text for a command line that can't be parsed.
    pub fn as_asked(args: &[OsString]) {
        let words = |pair: &[OsString]| pair[0] == "--progress" && pair[1] == "json";
        let is_json = args.windows(2).any(words) || args.iter().any(|arg| arg == "--progress=json");
        JSON.store(is_json, Ordering::Relaxed);
    }

    /// A command line that can't be used.
    pub fn usage(words: &str, help: Option<&str>) {
        if speaks_json() {
            return error_in_json(words, &[], help);
        }
        Console::aside(&format!("error: {words}"));
        if let Some(help) = help {
            Console::aside(&format!("help: {help}"));
        }
    }

    /// The same in clap's words, which may be in colour.
    pub fn usage_of_clap(error: &clap::Error, colored: &str, help: Option<&str>) {
        if speaks_json() {
            return error_in_json(&visible(&error.render().to_string()), &[], help);
        }
        to_stderr(colored.trim_end());
        if let Some(help) = help {
            to_stderr(&format!("{BOLD}help{BOLD:#}: {help}"));
        }
    }

    /// True when stderr takes colours.
    pub fn colors(&self) -> bool {
        !speaks_json()
            && anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
    }

    /// An error that ends the command.
    pub fn error(&self, error: &Error) {
        // A single item is not shown as a list.
        let (message, details) = match error.details() {
            [] | [_] => (format!("{error:#}"), &[][..]),
            details => (error.message(), details),
        };
        if speaks_json() {
            return error_in_json(&message, details, error.advice());
        }
        let text = match error.is_drawn() {
            true => visible_but_colors(&masked(&message)),
            false => {
                let message = masked(&message);
                format!("{RED}error{RED:#}: {}", one_line(message.trim_end()))
            }
        };
        let mut text = text.trim_end().to_owned();
        for detail in details {
            text.push_str(&format!("\n  {}", one_line(&masked(detail))));
        }
        if let Some(advice) = error.advice() {
            let advice = masked(advice);
            text.push_str(&format!("\n{BOLD}help{BOLD:#}: {}", one_line(&advice)));
        }
        to_stderr(&text);
    }

    /// Something that the user should know, in a line; silent with --quiet.
    pub fn say(&self, words: &str) {
        self.say_lines(&one_line(words));
    }

    /// The same in several lines. The caller has put any foreign text in them on one line.
    pub fn say_lines(&self, words: &str) {
        if !self.quiet {
            notice(&visible(&masked(words)));
        }
    }

    /// Reports in one line that something did not end well; only with --quiet, where the closing
    /// words are silent.
    pub fn if_quiet(&self, words: &str) {
        if self.quiet {
            Console::aside(words);
        }
    }

    /// Prints a line whatever the options, for a task that has no `Console`.
    pub fn aside(words: &str) {
        notice(&one_line(&masked(words)));
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

    /// The result for people, on stdout; silent if JSON was asked for.
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
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::unexpected("can't write to standard output").because(error))
            }
            _ => Ok(()),
        }
    }

    /// A listener that shows the progress of a run.
    pub fn listener(&self, client: &Client) -> Arc<dyn Listener> {
        Arc::new(RunBoard::new(self.board(client)))
    }

    /// A board for long work that calls the portal.
    pub fn board(&self, client: &Client) -> Board {
        let client = client.clone();
        Board::new(self.face(), Box::new(move || client.pace()))
    }

    /// A board for long work that calls nobody.
    pub fn board_alone(&self) -> Board {
        let pace: PaceNow = Box::new(Pace::default);
        Board::new(self.face(), pace)
    }

    fn face(&self) -> Face {
        match self.progress {
            _ if !self.shows_progress() => Face::Silent,
            ProgressMode::Json => Face::Json(Box::new(io::stderr())),
            ProgressMode::Auto if moving() => Face::Bar,
            _ => Face::Plain(Box::new(io::stderr())),
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
        ask(&format!("{}? [y/N] ", visible(what)));
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

/// Whether everything that is said is JSON.
fn speaks_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// A note; its text is already safe to print on a terminal.
fn notice(text: &str) {
    match speaks_json() {
        true => in_json("notice", text.trim(), Map::new()),
        false => to_stderr(text),
    }
}

/// A question; the answer is typed after it.
fn ask(text: &str) {
    if speaks_json() {
        return in_json("question", text.trim(), Map::new());
    }
    let _gone = write!(anstream::stderr(), "{text}");
    let _gone = io::stderr().flush();
}

fn error_in_json(message: &str, details: &[String], advice: Option<&str>) {
    let details: Vec<String> = details.iter().map(|one| masked(one)).collect();
    let help = advice.map(masked);
    let more = [("details", json!(details)), ("help", json!(help))];
    let more = more.map(|(name, value)| (name.to_owned(), value));
    in_json("error", masked(message).trim_end(), Map::from_iter(more));
}

fn in_json(event: &str, text: &str, more: Map<String, Value>) {
    let line = note_line(event, text, more);
    let _gone = writeln!(io::stderr(), "{line}");
}

/// Writes to stderr; a bar drawn there moves below the text.
fn to_stderr(text: &str) {
    let _gone = beside_bar(|| writeln!(anstream::stderr(), "{text}"));
}
