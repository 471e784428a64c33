//! The metadata of a data set: the state for the next run, the manifest and the schema in
//! its folder, and the result of a run.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::base::{Base, IDS};
use super::build::{Built, Plan, counts};
use super::decide::Decided;
use super::index;
use super::onward::mark;
use super::records::RecordTable;
use super::state::{KeptColumn, State, VERSION};
use super::table::{DataTable, TICKETS};
use super::tombstones::{self, DELETED};
use super::update::Update;
use crate::export::columns::Column;
use crate::export::issues::Issues;
use crate::export::job::{Done, Job, Merged};
use crate::export::manifest::{self, Manifest};
use crate::export::names::{Beside, STATE};
use crate::export::write::{FileFacts, Sink};

/// The result of a run, as far as it is known before publishing; names of files are
/// those in the folder.
pub fn done(job: &Job, plan: &Plan<'_>, decided: &Decided, issues: &Issues, built: &Built) -> Done {
    let (gathered, append) = (plan.gathered, plan.append);
    let rows = || decided.changes.iter().filter(|change| change.row);
    let gone = rows().filter(|change| change.now.is_none()).count() as u64;
    // For a set that was written as a whole, changes are not worked out.
    let changed = match (plan.base.is_none(), append) {
        (true, _) => decided.index.len() as u64,
        (false, true) => built.added,
        (false, false) => rows().count() as u64 - gone,
    };
    let live = decided.index.iter().filter(|entry| !entry.archived).count() as u64;
    // The search shows just-restored tickets with a delay.
    let shown = live.saturating_sub(gathered.restored.tickets());
    let uncounted = gathered
        .said
        .counted
        .map(|counted| shown.saturating_sub(counted));
    let lines = counts(built.files.iter()).remove(TICKETS);
    Done {
        issues: issues.count(),
        merged: Some(Merged { changed, gone }),
        lines: lines.filter(|_| append),
        uncounted: uncounted.unwrap_or_default(),
        ..held(job, &decided.index, built.files.iter())
    }
}

/// The result of a run whose set has already been published.
pub fn published(job: &Job, standing: &Base) -> Done {
    held(job, &standing.index, standing.files())
}

fn held<'a>(job: &Job, index: &[index::Entry], files: impl Iterator<Item = &'a FileFacts>) -> Done {
    // A row that a mapping is to read back is left out if one of its values does not fit.
    let is_there = |entry: &&index::Entry| !entry.misfit || job.selection.mapping.is_none();
    let files: Vec<&FileFacts> = files.collect();
    let mut names: Vec<String> = files.iter().filter_map(|file| name(file)).collect();
    // The tickets come first.
    names.sort_by_key(|name| (!name.starts_with(TICKETS), name.clone()));
    let mut tables = counts(files.iter().copied());
    let _main = tables.remove(TICKETS);
    Done {
        files: names,
        written: files.into_iter().cloned().collect(),
        tickets: index.iter().filter(is_there).count() as u64,
        archived: index.iter().filter(|entry| entry.archived).count() as u64,
        tables: tables.into_iter().collect(),
        ..Done::default()
    }
}

fn name(file: &FileFacts) -> Option<String> {
    Some(file.path.as_ref()?.to_string_lossy().into_owned())
}

/// Writes the set's metadata, the manifest last.
pub fn write(
    plan: &Plan<'_>,
    update: &Update,
    decided: &Decided,
    done: &Done,
    records: &[RecordTable],
    mut built: Built,
) -> io::Result<()> {
    let main = &plan.evolved.layout.columns;
    let columns = columns_of(plan, records);
    write_state(
        plan,
        &state(plan, update, decided, main, &columns),
        decided,
        &mut built,
    )?;
    built
        .files
        .sort_by(|left, right| left.path.cmp(&right.path));
    let (job, client) = (&update.job, &update.reading.client);
    let manifest = Manifest {
        more: more(plan, update, done),
        ..Manifest::of(job, client, done, &built.files)
    };
    manifest::write(&Beside::inside(plan.root), &manifest, main, &columns)
}

/// The columns of every table except the main one.
fn columns_of(plan: &Plan<'_>, records: &[RecordTable]) -> BTreeMap<String, Vec<Column>> {
    let own = plan.tables.iter().skip(1);
    let own = own.map(|table: &DataTable| (table.name.clone(), table.columns.clone()));
    let records = records.iter();
    let records = records.map(|table| (table.name().to_owned(), table.columns.clone()));
    let deleted = (DELETED.to_owned(), tombstones::columns());
    own.chain(records).chain([deleted]).collect()
}

fn state(
    plan: &Plan<'_>,
    update: &Update,
    decided: &Decided,
    main: &[Column],
    others: &BTreeMap<String, Vec<Column>>,
) -> State {
    let kept = |columns: &[Column]| columns.iter().map(KeptColumn::of).collect();
    let others = others.iter();
    let others = others.map(|(name, columns)| (name.clone(), kept(columns)));
    let mut recheck = decided.recheck.clone();
    recheck.sort_unstable();
    recheck.dedup();
    State {
        version: VERSION,
        run: update.job.run.clone(),
        portal: update.job.portal_id,
        mark: mark(update.job.started),
        parts: decided.parts.clone(),
        columns: others.chain([(TICKETS.to_owned(), kept(main))]).collect(),
        recheck,
        labels: update.labels.clone(),
        survivors: plan.gathered.said.survivors,
        parts_lost: update.by.lost,
    }
}

fn write_state(
    plan: &Plan<'_>,
    state: &State,
    decided: &Decided,
    built: &mut Built,
) -> io::Result<()> {
    let mut ids = Sink::file(plan.root.join(IDS))?;
    index::write(&decided.index, &mut ids)?;
    let state = format!("{:#}\n", serde_json::to_value(state)?);
    let mut sink = Sink::file(plan.root.join(STATE))?;
    sink.write_all(state.as_bytes())?;
    built.take(plan.root, vec![ids.finish()?, sink.finish()?]);
    Ok(())
}

/// The fields of a manifest that only data sets have.
fn more(plan: &Plan<'_>, update: &Update, done: &Done) -> Map<String, Value> {
    let merged = done.merged.unwrap_or_default();
    let retyped = plan.evolved.retyped.iter();
    let retyped = retyped
        .map(|(column, before, now)| json!({"column": column, "before": before, "now": now}));
    let continued = plan.evolved.continued.iter().map(|one| {
        json!({"column": one.column, "before": one.before, "now": one.now, "continues_in": one.continues_in})
    });
    let words = json!({
        "since": update.window.map(|window| window.from),
        "until": update.window.map(|window| window.to),
        "changed": merged.changed,
        "gone": merged.gone,
        "lines": done.lines,
        "uncounted": done.uncounted,
        "columns_added": plan.evolved.added,
        "columns_dropped": plan.evolved.dropped,
        "columns_retyped": retyped.chain(continued).collect::<Vec<_>>(),
    });
    match words {
        Value::Object(words) => words,
        _ => Map::new(),
    }
}
