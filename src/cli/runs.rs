//! `tickethaul runs` and `tickethaul status`: the state of imports and exports, read from
//! their folders; a run may be in progress meanwhile.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::clean::{self, CleanArgs};
use super::console::Console;
use super::exit::Exit;
use super::families::{Family, known};
use super::find_runs::find;
use super::local_time::minute;
use super::run_status::{PlanOverview, RunStatus, State, What, all, latest, look, sort};
use crate::error::Error;
use crate::export::Asked;
use crate::journal::{Overview, RunState};
use crate::model::count::{count, counted};
use crate::model::outcome::Fate;
use crate::model::visible::one_line;
use crate::report::about;

/// List the runs of this folder, imports, exports and plans, wherever their run folders are
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArgs {
    /// Also those started in other folders
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

/// Show the state of a run
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The run, by name or folder [default: the last one of this folder]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
}

/// Lists all runs, oldest first, or cleans up.
pub fn list(args: &RunsArgs, console: &Console) -> Result<Exit, Error> {
    if let Some(RunsCommand::Clean(args)) = &args.command {
        return clean::run(args, console);
    }
    let mut shown = all(args.all, console);
    let known = known(shown.iter().map(|run| run.path.as_path()));
    shown.iter_mut().for_each(|run| run.relate(&known, console));
    sort(&mut shown);
    if shown.is_empty() {
        console.say(match args.all {
            true => "no runs are known",
            false => "no runs in this folder; --all shows those of others",
        });
    }
    console.result(&Value::Array(shown.iter().map(as_json).collect()));
    if !console.is_json() && !shown.is_empty() {
        console.data(&table(&shown));
    }
    Ok(Exit::Fine)
}

/// Fates with a column in the list of runs.
const COUNTED: [Fate; 5] = [
    Fate::Done,
    Fate::Exists,
    Fate::Unchanged,
    Fate::Skipped,
    Fate::Refused,
];

/// A line for each run. A run with retries is counted together with them; their lines follow.
fn table(shown: &[RunStatus]) -> String {
    let mut table = comfy_table::Table::new();
    let _same = table.load_style(comfy_table::presets::NOTHING);
    let counted = COUNTED.iter().map(|fate| fate.word());
    let header = ["run", "operation", "begun", "portal", "state"].into_iter();
    let _same = table.set_header(header.chain(counted).chain(["unknown", "of"]));
    for run in shown {
        let _same = table.add_row(cells(run));
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// The line of a run, cell by cell.
fn cells(run: &RunStatus) -> Vec<String> {
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
    row
}

/// Shows one run.
pub fn status(args: &StatusArgs, console: &Console) -> Result<Exit, Error> {
    let mut run = match &args.run {
        Some(run) => look(&find(run)?)?,
        None => latest(|_| true).ok_or_else(|| {
            Error::usage("no runs in this folder").advise("name a run, or the folder of one")
        })?,
    };
    let known = known([run.path.as_path()]);
    run.relate(&known, console);
    console.result(&as_json(&run));
    if !console.is_json() {
        console.data(&match &run.what {
            What::Import(past) => in_words(&run, past),
            What::Export(asked, tickets) => export_in_words(&run, asked, *tickets),
            What::Plan(plan) => plan_in_words(&run, plan),
        });
    }
    Ok(Exit::Fine)
}

fn plan_in_words(run: &RunStatus, plan: &PlanOverview) -> String {
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

fn export_in_words(run: &RunStatus, asked: &Asked, tickets: u64) -> String {
    let are = match run.state {
        State::Finished => "exported",
        _ => "read so far",
    };
    format!(
        "{}  {}\n{:>12} tickets {are}\n      export to {}, started {}",
        one_line(&run.name),
        run.state.word(),
        count(tickets),
        one_line(&asked.target.display().to_string()),
        minute(asked.begun),
    )
}

fn in_words(run: &RunStatus, past: &Overview) -> String {
    let mut text = format!("{}  {}\n", one_line(&run.name), run.state.word());
    text.push_str(&fates_in_words(|fate| past.tally.of(fate)));
    if past.waiting > 0 {
        let rows = count(past.waiting);
        text.push_str(&format!(
            "{rows:>12} written, with links or notes to come (pending)\n"
        ));
    }
    text.push_str(&format!("{:>11}% of the input done", percent(past)));
    if let Some(left) = time_left(past).filter(|_| run.state == State::Running) {
        text.push_str(&format!(", about {} left", about(left)));
    }
    let (files, portal) = (past.files_in_words(), past.portal_id);
    let begun = minute(past.times.0);
    let mut lines = vec![format!("{files} in portal {portal}, started {begun}")];
    if let Some(parent) = &run.parent {
        lines.push(format!("retries rows of {}", one_line(parent)));
    }
    if let Some(undoes) = &run.undoes {
        lines.push(format!("undoes {}", one_line(undoes)));
    }
    if let Some((names, rows)) = &run.undone {
        let names: Vec<_> = names.iter().map(|name| one_line(name)).collect();
        lines.push(format!(
            "{} undone by {}",
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

/// The share of the input whose rows are settled.
fn percent(past: &Overview) -> u64 {
    if past.state == RunState::Finished {
        return 100;
    }
    past.tally.settled_bytes(past.offset) * 100 / past.size.max(1)
}

/// How long the rest of the input takes at the speed at which rows were settled so far: the
/// reader may be far ahead of them.
fn time_left(past: &Overview) -> Option<Duration> {
    let (started, updated) = past.times;
    let spent = updated.duration_since(started).unsigned_abs();
    rest_of(spent, past.tally.settled_bytes(past.offset), past.size)
}

/// The time for the rest of `size` where `done` took this long.
fn rest_of(spent: Duration, done: u64, size: u64) -> Option<Duration> {
    let rest = u128::from(size.saturating_sub(done));
    let millis = (spent.as_millis() * rest).checked_div(u128::from(done))?;
    u64::try_from(millis).ok().map(Duration::from_millis)
}

fn as_json(run: &RunStatus) -> Value {
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

fn plan_json(run: &RunStatus, plan: &PlanOverview) -> Value {
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

fn import_json(run: &RunStatus, past: &Overview) -> Value {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_what_is_done_says() {
        let spent = Duration::from_secs(40);
        assert_eq!(rest_of(spent, 4, 100), Some(Duration::from_secs(960)));
        assert_eq!(rest_of(spent, 100, 100), Some(Duration::ZERO));
        assert_eq!(rest_of(spent, 0, 100), None, "nothing is known yet");
    }
}
