//! The settle thread: commits group by group, appends to the files, notifies listeners, and
//! finishes the run folder.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::apply_messages::{Group, OpenCommit};
use super::files::RunFiles;
use super::handle::{Message, SettleHandle};
use super::ledger::Ledger;
use super::steps::Steps;
use crate::error::{Cause, Error};
use crate::import::flow::RowOutcome;
use crate::import::stop::StopSwitch;
use crate::journal::{Commit, Journal, JournalError, RunState};
use crate::model::event::{Event, Listener, Progress};
use crate::model::outcome::Fate;
use crate::model::shell;
use crate::model::stop::{Stop, TooManyRefused};

/// Messages that may wait; senders wait beyond that.
const QUEUE: usize = 256;
/// Messages of one commit, so that the first of them does not wait long.
const GROUP: usize = 64;
/// A run stops if this many rows are refused from the start, with no other fate (S5).
const ALL_REFUSED: u64 = 1_000;

/// Everything that settle owns.
pub struct Settler {
    /// The journal.
    pub journal: Journal,
    /// The files derived from it.
    pub files: RunFiles,
    /// What was settled before, if the run is resumed.
    pub ledger: Ledger,
    /// The run folder, for messages.
    pub folder: PathBuf,
    /// Notified of progress.
    pub listener: Arc<dyn Listener>,
    /// Set when too many rows are refused.
    pub stop: StopSwitch,
    /// `--max-refused`.
    pub max_refused: Option<u64>,
    /// Rows that were refused before the run was resumed; they don't stop it again.
    pub refused_before: u64,
    /// The latest time at which a call can be carried out if the process dies now, in milliseconds
    /// of the portal's clock; none before the first reply (K6).
    pub reach: Box<dyn Fn() -> Option<i64> + Send>,
    /// Where a test may end the process.
    pub steps: Steps,
}

/// Starts the thread. It ends when every handle is gone, and returns its ledger.
pub fn start(settler: Settler) -> (SettleHandle, std::thread::JoinHandle<Result<Ledger, Error>>) {
    let (queue, messages) = mpsc::channel(QUEUE);
    let commit_loop = CommitLoop {
        settler,
        state: RunState::Open,
    };
    let thread = std::thread::spawn(move || commit_loop.work(messages));
    (SettleHandle { queue }, thread)
}

struct CommitLoop {
    settler: Settler,
    /// The state of the run once every row that was read is settled.
    state: RunState,
}

impl CommitLoop {
    fn work(mut self, mut messages: mpsc::Receiver<Message>) -> Result<Ledger, Error> {
        let mut waiting = Vec::new();
        while messages.blocking_recv_many(&mut waiting, GROUP) > 0 {
            self.group(std::mem::take(&mut waiting))?;
        }
        self.finish()
    }

    /// One commit, then the answers, then the files: senders need not wait for the files, which a
    /// resumed run restores from the journal (D3).
    fn group(&mut self, messages: Vec<Message>) -> Result<(), Error> {
        let mut group = Group::default();
        self.settler.steps.pass("commit")?;
        self.commit(messages, &mut group)?;
        self.settler.steps.pass("committed")?;
        for answer in group.answers {
            answer();
        }
        self.file(&group.settled)?;
        self.check_refusals();
        let progress = Progress {
            is_read: self.state != RunState::Open,
            ..self.settler.ledger.progress()
        };
        self.settler.listener.hear(&Event::Progress(progress));
        Ok(())
    }

    /// Appends settled rows to the files (D3).
    fn file(&mut self, settled: &[RowOutcome]) -> Result<(), Error> {
        for outcome in settled {
            self.settler
                .files
                .add(outcome)
                .map_err(|error| self.lost(error))?;
            self.settler.ledger.count(outcome);
        }
        if !settled.is_empty() {
            self.settler.steps.pass("files")?;
            self.settler
                .files
                .flush()
                .map_err(|error| self.lost(error))?;
            self.settler.steps.pass("filed")?;
        }
        // A journal that was deleted can still be written while a process has it open, but whatever
        // is written is lost.
        match self.settler.journal.is_there() {
            true => Ok(()),
            false => Err(self.lost("it was deleted or moved")),
        }
    }

    fn commit(&mut self, messages: Vec<Message>, group: &mut Group) -> Result<(), Error> {
        let lengths = self.settler.files.lengths();
        let reach = (self.settler.reach)();
        let commit = self.settler.journal.begin()?;
        // The lengths of the files before this commit's rows are appended to them.
        mark(&commit, lengths)?;
        if let Some(until) = reach {
            commit.mark_until(until)?;
        }
        let mut open = OpenCommit {
            commit,
            ledger: &mut self.settler.ledger,
            state: &mut self.state,
            group,
        };
        for message in messages {
            open.apply(message)?;
        }
        let read = open.ledger.rows_read();
        open.commit.mark("rows_read", read)?;
        open.commit.mark_time("updated_ms")?;
        open.commit.commit()?;
        Ok(())
    }

    fn check_refusals(&self) {
        let tally = &self.settler.ledger.tally;
        let refused = tally.of(Fate::Refused) - self.settler.refused_before;
        let limit = match self.settler.max_refused {
            Some(limit) if refused > limit => TooManyRefused::OverLimit { refused, limit },
            // Without a limit, only what looks like a wrong mapping stops a run.
            None if refused >= ALL_REFUSED
                && tally.of(Fate::Done) + tally.of(Fate::Exists) + tally.of(Fate::Unchanged)
                    == 0 =>
            {
                TooManyRefused::All(refused)
            }
            _ => return,
        };
        self.settler.stop.pull(Stop::TooManyRefused(limit));
    }

    /// Makes everything durable, with the files' last lengths, in a single database file.
    fn finish(mut self) -> Result<Ledger, Error> {
        self.settler.steps.pass("sync")?;
        self.settler
            .files
            .sync()
            .map_err(|error| self.lost(error))?;
        let lengths = self.settler.files.lengths();
        let commit = self.settler.journal.begin()?;
        let unknown = commit.count_unknown()?;
        let read = self.settler.ledger.rows_read();
        self.settler.ledger.tally.hold_open(read, unknown);
        let tally = self.settler.ledger.tally;
        let open = tally.of(Fate::Pending) + tally.of(Fate::Unknown);
        let waiting = commit.count_waiting()?;
        let state = match self.state {
            // Rows that wait at a limit wait for tickets beyond it.
            RunState::Limited if open == waiting => RunState::Limited,
            state if open == 0 => state,
            // Rows without an outcome: a resume continues.
            _ => RunState::Open,
        };
        mark(&commit, lengths)?;
        commit.mark_state(state)?;
        commit.commit()?;
        self.settler.steps.pass("close")?;
        self.settler.journal.close()?;
        self.settler.ledger.state = state;
        Ok(self.settler.ledger)
    }

    /// The run folder can no longer be written.
    fn lost(&self, why: impl Into<Cause>) -> Error {
        let folder = &self.settler.folder;
        let shown = folder.display();
        Error::must_fix(format!("can't write to the run folder {shown}"))
            .because(why)
            .advise(format!(
                "make room or bring the folder back, then `tickethaul resume {}`",
                shell::path(folder)
            ))
    }
}

/// The files' lengths, with the number of the last row that is in them; called
/// before anything else is settled in a commit (D3).
fn mark(commit: &Commit<'_>, lengths: [(&'static str, u64); 3]) -> Result<(), JournalError> {
    for (name, length) in lengths {
        commit.mark(name, length)?;
    }
    commit.mark("filed", commit.settled())
}
