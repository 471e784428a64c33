//! Brings a data set up to date: what is read goes into spools, what it changes is
//! decided, the new folder is built beside the old one, and takes its place.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::base::{Base, BaseError, IDS, STATE};
use super::build::{Built, Plan, build, counts, write_table};
use super::columns::columns_read;
use super::decide::{Decided, Rules, decide};
use super::dimensions::dimensions;
use super::gather::{Gathered, Wish};
use super::index;
use super::onward::mark;
use super::publish::Building;
use super::records::{self, RecordTable};
use super::state::{KeptColumn, State, VERSION};
use super::sweep::sweep;
use super::table::{DataTable, TICKETS, tables};
use super::tombstones::{self, Tombstone};
use crate::export::columns::{Column, ID_COLUMN};
use crate::export::error::ExportError;
use crate::export::filter::Judge;
use crate::export::folder;
use crate::export::held::HeldRows;
use crate::export::issues::Issues;
use crate::export::job::{Done, Job, MERGED, Merged, Onward, Step, Which, Window};
use crate::export::manifest::{self, Manifest};
use crate::export::names::{Beside, issues_of};
use crate::export::output::Target;
use crate::export::page::Reading;
use crate::export::standing::only_ours;
use crate::export::write::{FileFacts, PartBy, Sink};
use crate::hubspot::Client;

/// The table of tickets that are gone.
const DELETED: &str = "deleted";

/// Brings the data set of a job up to date.
pub async fn run(
    mut job: Job,
    client: Client,
    mut heard: impl FnMut(Step),
) -> Result<Done, ExportError> {
    let target = std::mem::replace(&mut job.target, Target::Stream(Box::new(io::sink())));
    let Target::Folder(path, by) = target else {
        let error = io::Error::other("a data set is a folder");
        return Err(ExportError::Open(error));
    };
    let building = Building::open(&path).map_err(ExportError::Open)?;
    let standing = Base::open(&path);
    if let Ok(Some(standing)) = &standing
        && standing.state.run == job.run
    {
        // An earlier process of this run was ended after it had published.
        return Ok(published(standing));
    }
    let (base, window) = goes_on(&job, standing, &path)?;
    let base = base.as_ref();
    let reading = Reading {
        client: client.clone(),
        properties: properties(&job, &by),
        history: job.wanted.history.clone(),
        concurrency: job.concurrency,
    };
    let stones = base.map_or(Ok(Vec::new()), |base| tombstones_of(base, &job))?;
    let mut gathered = Gathered::open(&job.work)?;
    gather(
        &job,
        (base, window, &stones),
        &reading,
        (&mut gathered, &mut heard),
    )
    .await?;
    let evolved = columns_read(&job, base, &gathered)?;
    let about = job.about();
    let stamps = [about.extracted_at.clone(), about.run.clone()];
    let anew = base.is_none() || !evolved.retyped.is_empty();
    let judge = job.filter.as_ref();
    let judge = judge.map(|search| Judge::new(search, &job.schema, &reading.properties));
    let survivors = stones.iter().filter_map(|stone| stone.into).collect();
    let rules = Rules {
        whole: window.is_none(),
        anew,
        archived: job.archived,
        judge: &judge.unwrap_or_default(),
        parts: (&by, place_of(&reading, &by.property)),
        merged: place_of(&reading, MERGED),
        tombstones: &stones,
        survivors: &survivors,
        stamps: &stamps,
    };
    let mut decided = decide(base, &gathered, &rules)?;
    let others = job.wanted.others();
    sweep(
        &reading,
        (base, &mut decided),
        &others,
        &mut gathered,
        &mut heard,
    )
    .await?;
    let records = records::read(&reading, &job, (base, window), &gathered).await?;
    let tables = tables(&job, evolved.layout.clone(), &stamps);
    let plan = Plan {
        root: building.root(),
        base,
        gathered: &gathered,
        tables: &tables,
        evolved: &evolved,
        anew,
        append: job.selection.append,
        shape: job.shape,
        about: &about,
    };
    let around = Around {
        stones: &stones,
        records: &records,
        stamps: &stamps,
        window,
    };
    let issues = Issues::at(Some(issues_of(&path)));
    let done = write(
        &plan,
        (&job, &client),
        &around,
        (decided, issues),
        &mut heard,
    )
    .await?;
    building.publish(|old| only_ours(old).map_err(io::Error::other))?;
    Ok(done)
}

/// Writes everything that the folder is to hold, the manifest last.
async fn write(
    plan: &Plan<'_>,
    (job, client): (&Job, &Client),
    around: &Around<'_>,
    (mut decided, mut issues): (Decided, Issues),
    heard: &mut impl FnMut(Step),
) -> io::Result<Done> {
    let mut built = build(plan, &mut decided, &mut issues, heard).await?;
    write_beside(plan, job, &decided, around, &mut built)?;
    let mut done = done((&decided, plan.base.is_none()), &issues, &built.files);
    if let Which::Ids(_) = job.which {
        done.missing.clone_from(&plan.gathered.lost.live);
    }
    done.calls = client.calls();
    folder::begin_to_publish(&job.work)?;
    let columns = columns_of(plan, around.records);
    tell(
        plan,
        (job, client),
        (&decided, &done, around.window),
        columns,
        built,
    )?;
    done.first_issue = issues.finish()?;
    Ok(done)
}

/// The set that this run goes on from, and the window that it reads.
fn goes_on(
    job: &Job,
    standing: Result<Option<Base>, BaseError>,
    path: &Path,
) -> Result<(Option<Base>, Option<Window>), BaseError> {
    let (run, window) = match &job.onward {
        Onward::Anew => return Ok((None, None)),
        Onward::Whole(run) => (run, None),
        Onward::Since(run, window) => (run, Some(*window)),
    };
    match standing?.filter(|standing| standing.state.run == *run) {
        Some(base) => Ok((Some(base), window)),
        None => Err(BaseError::Another(path.to_owned())),
    }
}

/// What is read of a ticket: what its row shows, and what says where it belongs.
fn properties(job: &Job, by: &PartBy) -> Vec<String> {
    let mut properties = job.wanted.properties();
    let tested = job.filter.iter().flat_map(|search| search.tested());
    for name in [by.property.as_str(), MERGED].into_iter().chain(tested) {
        let is_id = name == ID_COLUMN;
        if !is_id && !properties.iter().any(|known| known == name) {
            properties.push(name.to_owned());
        }
    }
    properties
}

fn place_of(reading: &Reading, name: &str) -> usize {
    let place = reading.properties.iter().position(|known| known == name);
    place.unwrap_or(usize::MAX)
}

async fn gather(
    job: &Job,
    (base, window, tombstones): (Option<&Base>, Option<Window>, &[Tombstone]),
    reading: &Reading,
    (gathered, heard): (&mut Gathered, &mut impl FnMut(Step)),
) -> Result<(), ExportError> {
    let which = match window {
        Some(window) => Which::Since(window),
        None => job.which.clone(),
    };
    let mut recheck = base
        .map(|base| base.state.recheck.clone())
        .unwrap_or_default();
    if let (Which::Found(..), Some(base)) = (&which, base) {
        // A search does not say which tickets stopped matching.
        recheck.extend(base.index.iter().map(|entry| entry.id));
    }
    let wish = Wish {
        which: &which,
        archived: job.archived,
        recheck: &recheck,
        tombstones,
    };
    gathered.fill(reading, &wish, heard).await?;
    Ok(())
}

fn tombstones_of(base: &Base, job: &Job) -> io::Result<Vec<Tombstone>> {
    let files = base.files_of(DELETED, "").into_iter();
    let files = files.map(|file| base.path_of(&file)).collect();
    let rows = HeldRows::of(files, job.shape, &base.columns(DELETED));
    let stones = rows.map(|row| row.map(|row| Tombstone::of(row.id, &row.cells)));
    Ok(stones
        .collect::<io::Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// What the tables without parts are written from.
struct Around<'a> {
    stones: &'a [Tombstone],
    records: &'a [RecordTable],
    stamps: &'a [String; 2],
    window: Option<Window>,
}

/// The tables without parts.
fn write_beside(
    plan: &Plan<'_>,
    job: &Job,
    decided: &Decided,
    from: &Around<'_>,
    built: &mut Built,
) -> io::Result<()> {
    match plan.base {
        Some(base) if *from.stones == *decided.tombstones => {
            built.link(base, plan.root, base.files_of(DELETED, ""))?;
        }
        _ => {
            let rows = decided.tombstones.iter().map(|stone| Ok(stone.cells()));
            write_table(plan, (DELETED, &tombstones::columns()), rows, built)?;
        }
    }
    for table in from.records {
        table.write(plan, (plan.base, job), from.stamps, built)?;
    }
    for table in dimensions(&job.schema, !job.schema.owners.is_empty(), from.stamps) {
        let rows = table.rows.into_iter().map(Ok);
        write_table(plan, (table.name, &table.columns), rows, built)?;
    }
    Ok(())
}

/// The columns of every table but the main one's.
fn columns_of(plan: &Plan<'_>, records: &[RecordTable]) -> BTreeMap<String, Vec<Column>> {
    let own = plan.tables.iter().skip(1);
    let own = own.map(|table: &DataTable| (table.name.clone(), table.columns.clone()));
    let records = records.iter();
    let records = records.map(|table| (table.name().to_owned(), table.columns.clone()));
    let deleted = (DELETED.to_owned(), tombstones::columns());
    own.chain(records).chain([deleted]).collect()
}

fn done((decided, is_new): (&Decided, bool), issues: &Issues, files: &[FileFacts]) -> Done {
    let mut tables = counts(files.iter());
    let _main = tables.remove(TICKETS);
    let rows = || decided.changes.iter().filter(|change| change.row);
    let gone = rows().filter(|change| change.now.is_none()).count() as u64;
    // A set that was written as a whole tells nothing apart.
    let changed = match is_new {
        true => decided.index.len() as u64,
        false => rows().count() as u64 - gone,
    };
    Done {
        tickets: decided.index.iter().filter(|entry| !entry.misfit).count() as u64,
        archived: decided.index.iter().filter(|entry| entry.archived).count() as u64,
        tables: tables.into_iter().collect(),
        issues: issues.count(),
        merged: Some(Merged { changed, gone }),
        ..Done::default()
    }
}

fn published(standing: &Base) -> Done {
    let mut tables = counts(standing.files());
    let _main = tables.remove(TICKETS);
    Done {
        tickets: standing.index.iter().filter(|entry| !entry.misfit).count() as u64,
        archived: standing.index.iter().filter(|entry| entry.archived).count() as u64,
        tables: tables.into_iter().collect(),
        ..Done::default()
    }
}

/// Writes what is told of the set, the manifest last.
fn tell(
    plan: &Plan<'_>,
    (job, client): (&Job, &Client),
    (decided, done, window): (&Decided, &Done, Option<Window>),
    columns: BTreeMap<String, Vec<Column>>,
    mut built: Built,
) -> io::Result<()> {
    let main = &plan.evolved.layout.columns;
    let mut recheck = decided.recheck.clone();
    recheck.sort_unstable();
    recheck.dedup();
    let kept = |columns: &[Column]| columns.iter().map(KeptColumn::of).collect();
    let mut tables: BTreeMap<String, Vec<KeptColumn>> = columns
        .iter()
        .map(|(name, columns)| (name.clone(), kept(columns)))
        .collect();
    let _none = tables.insert(TICKETS.to_owned(), kept(main));
    let state = State {
        version: VERSION,
        run: job.run.clone(),
        portal: job.portal_id,
        mark: mark(job.started),
        parts: decided.parts.clone(),
        columns: tables,
        recheck,
    };
    let state = format!("{:#}\n", serde_json::to_value(&state)?);
    let mut ids = Sink::file(plan.root.join(IDS))?;
    index::write(&decided.index, &mut ids)?;
    built.take(plan.root, vec![ids.finish()?]);
    let mut sink = Sink::file(plan.root.join(STATE))?;
    io::Write::write_all(&mut sink, state.as_bytes())?;
    built.take(plan.root, vec![sink.finish()?]);
    built
        .files
        .sort_by(|left, right| left.path.cmp(&right.path));
    let manifest = Manifest {
        portal_id: job.portal_id,
        run: &job.run,
        selection: &job.selection,
        started: job.started,
        ended: client.portal_now(),
        calls: client.calls(),
        done,
        files: &built.files,
        more: more(plan, done, window),
    };
    manifest::write(&Beside::inside(plan.root), &manifest, main, &columns)
}

/// What a manifest says of a data set alone.
fn more(plan: &Plan<'_>, done: &Done, window: Option<Window>) -> Map<String, Value> {
    let merged = done.merged.unwrap_or_default();
    let retyped = plan.evolved.retyped.iter();
    let retyped = retyped
        .map(|(column, before, now)| json!({"column": column, "before": before, "now": now}));
    let words = json!({
        "since": window.map(|window| window.from),
        "until": window.map(|window| window.to),
        "changed": merged.changed,
        "gone": merged.gone,
        "columns_added": plan.evolved.added,
        "columns_dropped": plan.evolved.dropped,
        "columns_retyped": retyped.collect::<Vec<_>>(),
    });
    match words {
        Value::Object(words) => words,
        _ => Map::new(),
    }
}
