//! A run, an export or a plan as it is listed: its state at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::console::Console;
use super::export::{folder_error, newer};
use super::families::Family;
use super::find_runs::{everywhere, is_run, of_this_folder, plans};
use crate::error::Error;
use crate::export::{self, Asked, ExportState, is_export, progress};
use crate::journal::{Applied, Lock, Overview, PlanReading, Reading, RunState};
use crate::model::count::count;
use crate::model::outcome::Fate;
use crate::model::plan::PlannedAction;
use crate::model::visible::one_line;
use crate::review::family::{Member, undos};

/// A run as it is shown.
pub struct RunStatus {
    /// Its folder, as it is typed.
    pub path: PathBuf,
    pub(super) name: String,
    /// How far it is.
    pub state: State,
    pub(super) what: What,
    /// The runs that it is counted with.
    pub(super) family: Option<Family>,
    /// The run whose refused rows it retries, by name if known.
    pub(super) parent: Option<String>,
    /// The runs that undo it, by name, and how many of its rows they undid.
    pub(super) undone: Option<(Vec<String>, u64)>,
    /// The run that it undoes, by name if known.
    pub(super) undoes: Option<String>,
}

/// The state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A process is working on it.
    Running,
    /// It can be resumed.
    Stopped,
    /// It stopped, and there is something newer at its target, which a resume leaves alone.
    Superseded,
    /// It reached its `--limit`.
    Limited,
    /// Every row is settled.
    Finished,
    /// A plan that can be applied.
    Planned,
    /// A plan that was applied.
    Applied,
}

/// A plan as it is shown.
pub(super) struct PlanOverview {
    pub(super) operation: String,
    pub(super) portal_id: u64,
    pub(super) begun: Timestamp,
    pub(super) rows: BTreeMap<PlannedAction, u64>,
    pub(super) applied: Option<Applied>,
}

pub(super) enum What {
    Plan(Box<PlanOverview>),
    Import(Box<Overview>),
    /// With the tickets that it has read, or that are in it.
    Export(Box<Asked>, u64),
}

impl State {
    /// The state of the run in a folder.
    pub(super) fn of_run(folder: &Path, state: RunState) -> State {
        match state {
            RunState::Finished => State::Finished,
            RunState::Limited => State::Limited,
            RunState::Open if Lock::is_held(folder) => State::Running,
            RunState::Open => State::Stopped,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Stopped => "stopped",
            State::Superseded => "superseded",
            State::Limited => "at its limit",
            State::Finished => "finished",
            State::Planned => "planned",
            State::Applied => "applied",
        }
    }
}

impl RunStatus {
    /// When it began, by this machine's clock.
    pub fn begun(&self) -> Timestamp {
        match &self.what {
            What::Import(past) => past.times.0,
            What::Export(asked, _) => asked.begun,
            What::Plan(plan) => plan.begun,
        }
    }

    /// Finds the runs that it is counted with.
    pub(super) fn relate(&mut self, known: &[Member], console: &Console) {
        let What::Import(past) = &self.what else {
            return;
        };
        self.parent = past.parent.as_deref().map(|parent| {
            let mut known = known.iter();
            let found = known.find(|one| one.lineage.run == parent);
            found.map_or_else(|| parent.to_owned(), Member::name)
        });
        self.undoes = past.undoes.as_ref().map(|undone| {
            let mut known = known.iter();
            let found = known.find(|one| one.lineage.run == undone.run);
            let folder = || undone.folder.display().to_string();
            found.map_or_else(folder, Member::name)
        });
        self.undone = match undos(&past.run, known) {
            Ok(undos) => {
                let names = undos.iter().map(|(undo, _)| undo.name()).collect();
                let rows: BTreeSet<u64> = undos.into_iter().flat_map(|(_, rows)| rows).collect();
                (!rows.is_empty()).then_some((names, rows.len() as u64))
            }
            Err(error) => {
                console.say(&format!(
                    "{}: what undos took back of it can't be counted: {error:#}",
                    one_line(&self.name)
                ));
                None
            }
        };
        match Family::of(&past.run, known) {
            Ok(family) => self.family = family,
            Err(error) => console.say(&format!(
                "{}: its retries can't be counted with it: {error:#}",
                one_line(&self.name)
            )),
        }
    }

    /// Whether others of its family were started before it.
    pub(super) fn is_later(&self) -> bool {
        match (&self.what, &self.family) {
            (What::Import(past), Some(family)) => past.run != family.first,
            _ => false,
        }
    }

    /// Rows with a fate; for the first run of a family those of the whole family.
    pub(super) fn counted(&self, past: &Overview, fate: Fate) -> u64 {
        match &self.family {
            Some(family) if !self.is_later() => family.count(fate),
            _ => past.tally.of(fate),
        }
    }

    /// HubSpot portal id.
    pub(super) fn portal(&self) -> u64 {
        match &self.what {
            What::Import(past) => past.portal_id,
            What::Export(asked, _) => asked.portal_id,
            What::Plan(plan) => plan.portal_id,
        }
    }

    pub(super) fn state_words(&self) -> String {
        let done = match &self.what {
            What::Import(past) => past.tally.of(Fate::Done),
            What::Export(..) | What::Plan(_) => 0,
        };
        match (self.state, &self.undone) {
            (State::Finished, Some((_, rows))) if *rows >= done => "undone".to_owned(),
            (State::Finished, Some(_)) => "partly undone".to_owned(),
            (state, _) => state.word().to_owned(),
        }
    }

    /// What it does: `create`, `export`, `undo`…
    pub fn operation(&self) -> &str {
        match &self.what {
            What::Import(past) => &past.operation,
            What::Export(..) => "export",
            What::Plan(_) => "plan",
        }
    }
}

/// The runs and plans of this folder, or all that are known.
pub fn all(everywhere_too: bool, console: &Console) -> Vec<RunStatus> {
    let folders = match everywhere_too {
        true => everywhere(),
        false => of_this_folder(),
    };
    let mut shown = Vec::new();
    for path in folders.into_iter().chain(plans(everywhere_too)) {
        match look(&path) {
            Ok(run) => shown.push(run),
            Err(error) => console.say(&format!("{}: {error:#}", path.display())),
        }
    }
    shown
}

/// Oldest first, and the retries of a run after it.
pub(super) fn sort(shown: &mut [RunStatus]) {
    let first = |run: &RunStatus| {
        let family = run.family.as_ref();
        family.map(|family| family.first.clone())
    };
    let begun: BTreeMap<String, Timestamp> = shown
        .iter()
        .filter(|run| !run.is_later())
        .filter_map(|run| Some((first(run)?, run.begun())))
        .collect();
    shown.sort_by_cached_key(|run| {
        let family = first(run);
        let of_first = family.as_ref().and_then(|first| begun.get(first)).copied();
        (of_first.unwrap_or(run.begun()), family, run.begun())
    });
}

/// The run of this folder that was started last, of the wanted ones.
pub fn latest(wanted: impl Fn(&RunStatus) -> bool) -> Option<RunStatus> {
    let shown = of_this_folder().into_iter();
    let shown = shown.filter_map(|path| look(&path).ok());
    shown.filter(|run| wanted(run)).max_by_key(RunStatus::begun)
}

pub(super) fn look(path: &Path) -> Result<RunStatus, Error> {
    let (state, what) = match is_export(path) {
        true => look_at_export(path)?,
        false if !is_run(path) && PlanReading::is_there(path) => look_at_plan(path)?,
        false => look_at_import(path)?,
    };
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(RunStatus {
        path: path.to_owned(),
        name: name.to_string_lossy().into_owned(),
        state,
        what,
        family: None,
        parent: None,
        undone: None,
        undoes: None,
    })
}

fn look_at_export(path: &Path) -> Result<(State, What), Error> {
    let asked = export::look(path).map_err(folder_error)?;
    let (state, tickets) = progress(path);
    let state = export_state(path, &asked, state);
    Ok((state, What::Export(Box::new(asked), tickets)))
}

/// How far the export in a folder is.
pub(super) fn export_state(path: &Path, asked: &Asked, state: ExportState) -> State {
    match state {
        ExportState::Running => State::Running,
        ExportState::Finished => State::Finished,
        ExportState::Stopped if newer(path, asked).is_some() => State::Superseded,
        ExportState::Stopped => State::Stopped,
    }
}

pub(super) fn look_at_plan(path: &Path) -> Result<(State, What), Error> {
    let reading = PlanReading::open(path)?;
    let header = reading.header()?;
    let plan = PlanOverview {
        operation: header.operation,
        portal_id: header.portal_id,
        begun: reading.begun()?,
        rows: reading.actions()?,
        applied: reading.applied()?,
    };
    let state = match &plan.applied {
        // The plan is needed to resume that run.
        Some(by) => match look_at_import(&by.folder) {
            Ok((State::Finished, _)) | Err(_) => State::Applied,
            Ok((state, _)) => state,
        },
        None if Lock::is_held(path) => State::Running,
        None => State::Planned,
    };
    Ok((state, What::Plan(Box::new(plan))))
}

impl PlanOverview {
    /// `upsert: 12 create, 3 update`
    pub(super) fn words(&self) -> String {
        let rows = self.rows.iter().filter(|(action, _)| action.writes());
        let rows: Vec<String> = rows
            .map(|(action, rows)| format!("{} {}", count(*rows), action.word()))
            .collect();
        match rows.is_empty() {
            true => format!("{}: nothing to change", self.operation),
            false => format!("{}: {}", self.operation, rows.join(", ")),
        }
    }
}

pub(super) fn look_at_import(path: &Path) -> Result<(State, What), Error> {
    if !is_run(path) {
        return Err(Error::usage(format!("{} holds no run", path.display())));
    }
    let past = Reading::open(path)?.overview()?;
    let state = State::of_run(path, past.state);
    Ok((state, What::Import(Box::new(past))))
}
