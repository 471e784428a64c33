//! Shows the progress of any long work. The board also refreshes by itself now and then: work that
//! waits reports nothing, but what it waits for should be seen.

use std::io::Write;
use std::mem::take;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};
use terminal_size::{Width, terminal_size_of};

use super::eta::Eta;
use super::json::{event_line, note_line, progress_line};
use super::line::{Timing, line, plain};
use super::snapshot::Snapshot;
use crate::model::pace::Pace;
use crate::model::visible::one_line;

/// How often the board refreshes by itself.
const TICK: Duration = Duration::from_millis(200);

/// Time between two plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Minimum time between two JSON lines, and between two without news.
const JSON_EVERY: Duration = Duration::from_millis(500);
const JSON_AGAIN: Duration = Duration::from_secs(2);

/// Nothing is said about the time left before this much time has passed.
const TOO_SOON: Duration = Duration::from_secs(1);

/// Cells of a terminal that does not report its width.
const USUAL_WIDTH: u16 = 80;

/// Says what the portal lets through right now.
pub type PaceNow = Box<dyn Fn() -> Pace + Send>;

/// How progress is shown.
pub enum Face {
    /// Nothing is shown.
    Silent,
    /// A moving line, on stderr.
    Bar,
    /// A line now and then.
    Plain(Box<dyn Write + Send>),
    /// A JSON object a line; fields may be added, never changed.
    Json(Box<dyn Write + Send>),
}

/// Shows how far work is, until it is dropped.
pub struct Board {
    shown: Arc<Mutex<Shown>>,
    ticker: Option<(SyncSender<()>, JoinHandle<()>)>,
}

/// What is shown.
struct Shown {
    face: Face,
    pace: PaceNow,
    snapshot: Option<Snapshot>,
    eta: Eta,
    /// When the work started, and when this phase of it did.
    opened: Instant,
    begun: Instant,
    /// When a line was written, and whether there is news since.
    last: Option<Instant>,
    is_new: bool,
}

/// The bar drawn on stderr, which has room for only one.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes to stderr; a bar drawn there moves below the text.
pub fn beside_bar<T>(write: impl FnOnce() -> T) -> T {
    let bar = held(&BAR).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

impl Board {
    /// Shows nothing until the first update.
    pub fn new(face: Face, pace: PaceNow) -> Board {
        let now = Instant::now();
        let is_silent = matches!(face, Face::Silent);
        let shown = Arc::new(Mutex::new(Shown {
            face,
            pace,
            snapshot: None,
            eta: Eta::default(),
            opened: now,
            begun: now,
            last: None,
            is_new: false,
        }));
        let ticker = match is_silent {
            true => None,
            false => Some(ticker(Arc::clone(&shown))),
        };
        Board { shown, ticker }
    }

    /// Sets how far the work is.
    pub fn at(&self, snapshot: Snapshot) {
        if self.ticker.is_some() {
            held(&self.shown).at(snapshot);
        }
    }

    /// Something the user should read once.
    pub fn notice(&self, words: &str) {
        match &mut held(&self.shown).face {
            Face::Silent => {}
            Face::Bar => {
                let words = one_line(words).into_owned();
                beside_bar(|| say(&mut std::io::stderr(), &format!("note: {words}")));
            }
            Face::Plain(out) => say(out, &format!("note: {}", one_line(words))),
            Face::Json(out) => say(out, &note_line("notice", words, Map::new())),
        }
    }

    /// Something for programs alone.
    pub(super) fn event(&self, event: &str, fields: Map<String, Value>) {
        if let Face::Json(out) = &mut held(&self.shown).face {
            say(out, &event_line(event, fields));
        }
    }

    /// The work has ended: nothing is shown any more.
    pub fn end(&self) {
        held(&self.shown).end();
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.end();
        if let Some((end, thread)) = self.ticker.take() {
            drop(end);
            let _gone = thread.join();
        }
    }
}

impl Shown {
    fn at(&mut self, snapshot: Snapshot) {
        let is_other = self
            .snapshot
            .as_ref()
            .is_none_or(|old| old.phase != snapshot.phase);
        if is_other {
            self.eta = Eta::default();
            self.begun = Instant::now();
        }
        self.snapshot = Some(snapshot);
        self.is_new = true;
        self.show();
    }

    /// Updates the estimate, and shows how far the work is if it is time for that.
    fn show(&mut self) {
        let Some(snapshot) = self.snapshot.take() else {
            return;
        };
        let pace = (self.pace)();
        let passed = self.begun.elapsed();
        self.eta.note(passed, snapshot.amount(), &pace);
        let is_soon = passed < TOO_SOON;
        let rest = snapshot
            .share()
            .filter(|_| !is_soon)
            .map(|share| 1.0 - share);
        let timing = Timing {
            passed: self.opened.elapsed(),
            rate: self.eta.speed().map(|speed| snapshot.rate(speed)),
            left: rest.and_then(|rest| self.eta.left(rest)),
            hold: pace.hold,
        };
        self.write(&snapshot, &timing);
        self.snapshot = Some(snapshot);
    }

    fn write(&mut self, snapshot: &Snapshot, timing: &Timing) {
        let since = self.last.map(|last| last.elapsed());
        let is_time = match self.face {
            Face::Silent => false,
            Face::Bar => true,
            Face::Plain(_) => since.unwrap_or(self.opened.elapsed()) >= PLAIN_EVERY,
            Face::Json(_) if self.is_new => since.is_none_or(|since| since >= JSON_EVERY),
            Face::Json(_) => since.is_some_and(|since| since >= JSON_AGAIN),
        };
        if !is_time {
            return;
        }
        self.last = Some(Instant::now());
        self.is_new = false;
        match &mut self.face {
            Face::Silent => {}
            Face::Bar => draw(snapshot, timing),
            Face::Plain(out) => say(out, &plain(snapshot, timing)),
            Face::Json(out) => say(out, &progress_line(snapshot, timing)),
        }
    }

    fn end(&mut self) {
        self.snapshot = None;
        if let Face::Bar = self.face
            && let Some(bar) = take(&mut *held(&BAR))
        {
            bar.finish_and_clear();
        }
    }
}

/// Refreshes until the board is gone.
fn ticker(shown: Arc<Mutex<Shown>>) -> (SyncSender<()>, JoinHandle<()>) {
    let (end, ended) = sync_channel::<()>(0);
    let thread = std::thread::spawn(move || {
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            held(&shown).show();
        }
    });
    (end, thread)
}

/// Draws the bar, which is created when it is first needed.
fn draw(snapshot: &Snapshot, timing: &Timing) {
    let size = terminal_size_of(std::io::stderr());
    let width = size.map_or(USUAL_WIDTH, |(Width(width), _)| width);
    // A spinner and a blank come before the line, and the last cell stays free.
    let cells = usize::from(width.saturating_sub(3));
    let mut bar = held(&BAR);
    let bar = bar.get_or_insert_with(|| {
        let style = ProgressStyle::with_template("{spinner} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        ProgressBar::new_spinner().with_style(style)
    });
    bar.set_message(line(snapshot, timing, cells));
    bar.tick();
}

/// A reader that went away is not an error.
fn say(out: &mut impl Write, line: &str) {
    let _gone = writeln!(out, "{line}");
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
