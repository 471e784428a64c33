//! `tickethaul runs` and `tickethaul status`: how far imports and exports came, read from
//! their folders; a run may be going on meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use jiff::{SpanRound, Timestamp};
use serde_json::{Value, json};

use super::cleaning::{self, CleanArgs};
use super::exit::Exit;
use super::export::{folder_error, newer};
use super::found::{everywhere, find, is_run, of_this_folder, plans};
use super::relatives::{Family, known};
use super::talk::Talk;
use crate::error::Error;
use crate::export::{self, Asked, ExportState, is_export, progress};
use crate::journal::{Applied, Lock, Overview, PlanReading, Reading, RunState};
use crate::model::count::{count, counted};
use crate::model::outcome::Fate;
use crate::model::plan::PlannedAction;
use crate::model::visible::one_line;
use crate::review::family::{Member, undos};

/// List the runs of this folder, imports, exports and plans, wherever their run folders are
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArgs {
    /// Also those that were begun in other folders
    #[arg(long)]
    all: bool,
    #[command(subcommand)]
    command: Option<RunsCommand>,
}

/// What is done with runs.
#[derive(Debug, Subcommand)]
enum RunsCommand {
    Clean(CleanArgs),
}

/// Show how far a run came
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The run, by name or folder [default: the last one of this folder]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
}

/// A run as it is shown.
pub struct Shown {
    /// Its folder, as it is typed.
    pub path: PathBuf,
    name: String,
    /// How far it is.
    pub state: State,
    what: What,
    /// What it is counted with.
    family: Option<Family>,
    /// The run whose refused rows it tries again, by name where that is known.
    parent: Option<String>,
    /// The runs that take it back, by name, and how many of its rows they took back.
    undone: Option<(Vec<String>, u64)>,
    /// The run that it takes back, by name where that is known.
    undoes: Option<String>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A process is at it.
    Running,
    /// It can be resumed.
    Stopped,
    /// It stopped, and something newer stands at its target: a resume leaves that alone.
    Superseded,
    /// It came to its `--limit`.
    Limited,
    /// Every row is settled.
    Finished,
    /// A plan that can be applied.
    Planned,
    /// A plan that was applied.
    Applied,
}

/// A plan as it is shown.
struct PlanOverview {
    operation: String,
    portal_id: u64,
    begun: Timestamp,
    rows: BTreeMap<PlannedAction, u64>,
    applied: Option<Applied>,
}

enum What {
    Plan(Box<PlanOverview>),
    Import(Box<Overview>),
    /// With the tickets that it has read.
    Export(Box<Asked>, u64),
}

impl State {
    fn word(self) -> &'static str {
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

impl Shown {
    /// When it began, by this machine's clock.
    pub fn begun(&self) -> Timestamp {
        match &self.what {
            What::Import(past) => past.times.0,
            What::Export(asked, _) => asked.begun,
            What::Plan(plan) => plan.begun,
        }
    }

    /// Finds the runs that it is counted with.
    fn relate(&mut self, known: &[Member], talk: &Talk) {
        let What::Import(past) = &self.what else {
            return;
        };
        self.parent = past.parent.as_deref().map(|parent| {
            let mut known = known.iter();
            let found = known.find(|one| one.kin.run == parent);
            found.map_or_else(|| parent.to_owned(), Member::name)
        });
        self.undoes = past.undoes.as_ref().map(|undone| {
            let mut known = known.iter();
            let found = known.find(|one| one.kin.run == undone.run);
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
                talk.say(&format!(
                    "{}: what undos took back of it can't be counted: {error}",
                    one_line(&self.name)
                ));
                None
            }
        };
        match Family::of(&past.run, known) {
            Ok(family) => self.family = family,
            Err(error) => talk.say(&format!(
                "{}: its retries can't be counted with it: {error}",
                one_line(&self.name)
            )),
        }
    }

    /// Whether others of its family came before it.
    fn is_later(&self) -> bool {
        match (&self.what, &self.family) {
            (What::Import(past), Some(family)) => past.run != family.first,
            _ => false,
        }
    }

    /// Rows of a fate; of the first run of a family those of the whole family.
    fn counted(&self, past: &Overview, fate: Fate) -> u64 {
        match &self.family {
            Some(family) if !self.is_later() => family.count(fate),
            _ => past.tally.of(fate),
        }
    }

    /// HubSpot portal id.
    fn portal(&self) -> u64 {
        match &self.what {
            What::Import(past) => past.portal_id,
            What::Export(asked, _) => asked.portal_id,
            What::Plan(plan) => plan.portal_id,
        }
    }

    fn state_words(&self) -> String {
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

/// Lists all runs, oldest first, or cleans up.
pub fn list(args: &RunsArgs, talk: &Talk) -> Result<Exit, Error> {
    if let Some(RunsCommand::Clean(args)) = &args.command {
        return cleaning::run(args, talk);
    }
    let mut shown = all(args.all, talk);
    let known = known(shown.iter().map(|run| run.path.as_path()));
    shown.iter_mut().for_each(|run| run.relate(&known, talk));
    sort(&mut shown);
    if shown.is_empty() {
        talk.say(match args.all {
            true => "no runs are known",
            false => "no runs in this folder; --all shows those of others",
        });
    }
    talk.result(&Value::Array(shown.iter().map(as_json).collect()));
    if !talk.is_json() && !shown.is_empty() {
        talk.data(&table(&shown));
    }
    Ok(Exit::Fine)
}

/// The runs and plans of this folder, or all that are known.
pub fn all(everywhere_too: bool, talk: &Talk) -> Vec<Shown> {
    let folders = match everywhere_too {
        true => everywhere(),
        false => of_this_folder(),
    };
    let mut shown = Vec::new();
    for path in folders.into_iter().chain(plans(everywhere_too)) {
        match look(&path) {
            Ok(run) => shown.push(run),
            Err(error) => talk.say(&format!("{}: {error}", path.display())),
        }
    }
    shown
}

/// Oldest first, and the retries of a run behind it.
fn sort(shown: &mut [Shown]) {
    let first = |run: &Shown| {
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

/// A line for each run. That of a run with retries counts them in; theirs stand below.
fn table(shown: &[Shown]) -> String {
    const COUNTED: [Fate; 5] = [
        Fate::Done,
        Fate::Exists,
        Fate::Unchanged,
        Fate::Skipped,
        Fate::Refused,
    ];
    let mut table = comfy_table::Table::new();
    let _same = table.load_style(comfy_table::presets::NOTHING);
    let counted = COUNTED.iter().map(|fate| fate.word());
    let header = ["run", "operation", "begun", "portal", "state"].into_iter();
    let _same = table.set_header(header.chain(counted).chain(["unknown", "of"]));
    for run in shown {
        let (indent, operation) = match run.is_later() {
            true => ("  ", "retry"),
            false => ("", run.operation()),
        };
        let mut row = vec![
            format!("{indent}{}", one_line(&run.name)),
            operation.to_owned(),
            minute(run.begun()),
            run.portal().to_string(),
            run.state_words(),
        ];
        match &run.what {
            What::Import(past) => {
                row.extend(COUNTED.map(|fate| count(run.counted(past, fate))));
                row.push(count(run.counted(past, Fate::Unknown)));
                row.push(match &run.undoes {
                    Some(undone) => one_line(undone).into_owned(),
                    None => past.files_in_words(),
                });
            }
            What::Export(asked, _) => {
                row.resize(row.len() + COUNTED.len() + 1, String::new());
                row.push(one_line(&asked.target.display().to_string()).into_owned());
            }
            What::Plan(plan) => {
                row.resize(row.len() + COUNTED.len() + 1, String::new());
                row.push(plan.words());
            }
        }
        let _same = table.add_row(row);
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// A time as people here read it, where several may lie in one minute.
pub fn second(at: Timestamp) -> String {
    let here = at.to_zoned(TimeZone::system());
    here.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time as people here read it.
fn minute(at: Timestamp) -> String {
    let here = at.to_zoned(TimeZone::system());
    here.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Shows one run.
pub fn status(args: &StatusArgs, talk: &Talk) -> Result<Exit, Error> {
    let mut run = match &args.run {
        Some(run) => look(&find(run)?)?,
        None => latest(|_| true).ok_or_else(|| {
            Error::usage("no runs in this folder").advise("name a run, or the folder of one")
        })?,
    };
    let known = known([run.path.as_path()]);
    run.relate(&known, talk);
    talk.result(&as_json(&run));
    if !talk.is_json() {
        talk.data(&match &run.what {
            What::Import(past) => in_words(&run, past),
            What::Export(asked, tickets) => export_in_words(&run, asked, *tickets),
            What::Plan(plan) => plan_in_words(&run, plan),
        });
    }
    Ok(Exit::Fine)
}

/// The run of this folder that was begun last, of those that are wanted.
pub fn latest(wanted: impl Fn(&Shown) -> bool) -> Option<Shown> {
    let shown = of_this_folder().into_iter();
    let shown = shown.filter_map(|path| look(&path).ok());
    shown.filter(|run| wanted(run)).max_by_key(Shown::begun)
}

fn look(path: &Path) -> Result<Shown, Error> {
    let (state, what) = match is_export(path) {
        true => look_at_export(path)?,
        false if !is_run(path) && PlanReading::is_there(path) => look_at_plan(path)?,
        false => look_at_import(path)?,
    };
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(Shown {
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
    let state = match state {
        ExportState::Running => State::Running,
        ExportState::Stopped if newer(path, &asked).is_some() => State::Superseded,
        ExportState::Stopped => State::Stopped,
    };
    Ok((state, What::Export(Box::new(asked), tickets)))
}

fn look_at_plan(path: &Path) -> Result<(State, What), Error> {
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
        // Whoever resumes that run needs the plan.
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
    fn words(&self) -> String {
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

fn plan_in_words(run: &Shown, plan: &PlanOverview) -> String {
    let mut text = format!("{}  {}\n", one_line(&run.name), run.state.word());
    for (action, rows) in &plan.rows {
        text.push_str(&format!("{:>12} {}\n", count(*rows), action.word()));
    }
    text.push_str(&format!(
        "      plan to {}, made {}",
        plan.operation,
        minute(plan.begun)
    ));
    if let Some(by) = &plan.applied {
        let folder = by.folder.display().to_string();
        text.push_str(&format!(", applied by {}", one_line(&folder)));
    }
    text
}

fn look_at_import(path: &Path) -> Result<(State, What), Error> {
    if !is_run(path) {
        return Err(Error::usage(format!("{} holds no run", path.display())));
    }
    let past = Reading::open(path)?.overview()?;
    let state = match past.state {
        RunState::Finished => State::Finished,
        RunState::Limited => State::Limited,
        RunState::Open if Lock::is_held(path) => State::Running,
        RunState::Open => State::Stopped,
    };
    Ok((state, What::Import(Box::new(past))))
}

fn export_in_words(run: &Shown, asked: &Asked, tickets: u64) -> String {
    format!(
        "{}  {}\n{:>12} tickets read so far\n      export to {}, begun {}",
        one_line(&run.name),
        run.state.word(),
        count(tickets),
        one_line(&asked.target.display().to_string()),
        minute(asked.begun),
    )
}

fn in_words(run: &Shown, past: &Overview) -> String {
    let mut text = format!("{}  {}\n", one_line(&run.name), run.state.word());
    text.push_str(&fates_in_words(|fate| past.tally.of(fate)));
    if past.waiting > 0 {
        let rows = count(past.waiting);
        text.push_str(&format!(
            "{rows:>12} written, to be linked to other tickets (pending)\n"
        ));
    }
    text.push_str(&format!("{:>11}% of the input done", percent(past)));
    if let Some(left) = time_left(past).filter(|_| run.state == State::Running) {
        text.push_str(&format!(", about {left} left"));
    }
    let mut lines = Vec::new();
    lines.push(format!(
        "{} in portal {}, begun {}",
        past.files_in_words(),
        past.portal_id,
        minute(past.times.0)
    ));
    if let Some(parent) = &run.parent {
        lines.push(format!("retries rows of {}", one_line(parent)));
    }
    if let Some(undoes) = &run.undoes {
        lines.push(format!("takes back {}", one_line(undoes)));
    }
    if let Some((names, rows)) = &run.undone {
        let names: Vec<_> = names.iter().map(|name| one_line(name)).collect();
        lines.push(format!(
            "{} taken back by {}",
            counted(*rows, "row"),
            names.join(", ")
        ));
    }
    for line in lines {
        text.push_str(&format!("\n      {line}"));
    }
    if let Some(family) = &run.family {
        text.push_str(&format!("\n{}", family_in_words(family)));
    }
    text
}

/// A line for each fate that rows have.
fn fates_in_words(rows: impl Fn(Fate) -> u64) -> String {
    let lines = Fate::ALL.into_iter().filter(|fate| rows(*fate) > 0);
    lines
        .map(|fate| format!("{:>12} {}\n", count(rows(fate)), fate.word()))
        .collect()
}

fn family_in_words(family: &Family) -> String {
    let names: Vec<_> = family.names.iter().map(|name| one_line(name)).collect();
    let [first, retries @ ..] = names.as_slice() else {
        return String::new();
    };
    let mut fates = fates_in_words(|fate| family.count(fate));
    if family.undone > 0 {
        fates.push_str(&format!("{:>12} undone\n", count(family.undone)));
    }
    format!(
        "\n{first} and its retries {}: each row of its input once\n{}",
        retries.join(", "),
        fates.trim_end_matches('\n')
    )
}

/// How much of the input stands for rows that have an end.
fn percent(past: &Overview) -> u64 {
    if past.state == RunState::Finished {
        return 100;
    }
    past.tally.settled_bytes(past.offset) * 100 / past.size.max(1)
}

/// From the share of the input that was read in the time so far.
fn time_left(past: &Overview) -> Option<String> {
    let (started, updated) = past.times;
    let spent = updated.duration_since(started);
    let left = past.size.saturating_sub(past.offset);
    let factor = u32::try_from(left * 1_000 / past.offset.max(1)).ok()?;
    let left = spent
        .checked_mul(i32::try_from(factor).ok()?)?
        .checked_div(1_000)?;
    let span = jiff::Span::try_from(left).ok()?;
    let rounding = SpanRound::new()
        .smallest(jiff::Unit::Second)
        .largest(jiff::Unit::Hour);
    span.round(rounding).ok().map(|span| format!("{span:#}"))
}

fn as_json(run: &Shown) -> Value {
    match &run.what {
        What::Import(past) => import_json(run, past),
        What::Export(asked, tickets) => json!({
            "version": 1,
            "run": run.name,
            "folder": run.path.display().to_string(),
            "operation": run.operation(),
            "state": run.state.word(),
            "output": asked.target.display().to_string(),
            "tickets_read": tickets,
            "portal": asked.portal_id,
            "started": asked.begun.to_string(),
        }),
        What::Plan(plan) => plan_json(run, plan),
    }
}

fn plan_json(run: &Shown, plan: &PlanOverview) -> Value {
    let rows: serde_json::Map<String, Value> = plan
        .rows
        .iter()
        .map(|(action, rows)| (action.word().to_owned(), json!(rows)))
        .collect();
    let by = plan.applied.as_ref();
    json!({
        "version": 1,
        "run": run.name,
        "folder": run.path.display().to_string(),
        "operation": run.operation(),
        "plans": plan.operation,
        "state": run.state.word(),
        "planned": rows,
        "applied_by": by.map(|by| by.folder.display().to_string()),
        "portal": plan.portal_id,
        "started": plan.begun.to_string(),
    })
}

fn import_json(run: &Shown, past: &Overview) -> Value {
    let rows: serde_json::Map<String, Value> = Fate::ALL
        .into_iter()
        .filter(|fate| fate.is_final())
        .map(|fate| (fate.word().to_owned(), json!(past.tally.of(fate))))
        .collect();
    json!({
        "version": 1,
        "run": run.name,
        "folder": run.path.display().to_string(),
        "operation": run.operation(),
        "state": run.state.word(),
        "rows": rows,
        "pending": past.tally.of(Fate::Pending),
        "unknown": past.tally.of(Fate::Unknown),
        "waiting": past.waiting,
        "parent": run.parent,
        "undoes": run.undoes,
        "undone_by": run.undone.as_ref().map_or(&[][..], |(names, _)| names.as_slice()),
        "rows_taken_back": run.undone.as_ref().map_or(0, |(_, rows)| *rows),
        "files": past.files,
        "family": run.family.as_ref().map(Family::json),
        "bytes_read": past.offset,
        "bytes": past.size,
        "portal": past.portal_id,
        "started": past.times.0.to_string(),
        "updated": past.times.1.to_string(),
    })
}
