//! Builds the new folder next to the old one: unchanged parts are hard-linked, others are rewritten
//! from their old rows and the new data.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::base::Base;
use super::chunks::{Chunk, InOrder, portions};
use super::decide::{Change, Decided};
use super::evolve::Evolved;
use super::gather::Gathered;
use super::noted::Noted;
use super::state::KeptColumn;
use super::table::{DataTable, TICKETS};
use super::versions::Versions;
use crate::export::cell::Cell;
use crate::export::columns::Column;
use crate::export::held::HeldRows;
use crate::export::issues::Written;
use crate::export::job::Step;
use crate::export::links::Links;
use crate::export::spool::Ticket;
use crate::export::write::{About, FileFacts, PartBy, Parts, Shape, WriteError};

/// Tickets that are written before other tasks may run.
const AT_A_TIME: u64 = 1_000;

/// What the folder is built from.
pub struct Plan<'a> {
    /// The folder that is built.
    pub root: &'a Path,
    /// The existing set; none if everything is new.
    pub base: Option<&'a Base>,
    /// What was read.
    pub gathered: &'a Gathered,
    /// The tables with rows of tickets.
    pub tables: &'a [DataTable],
    /// How the main table's columns continue.
    pub evolved: &'a Evolved,
    /// Whether no old row is carried over.
    pub anew: bool,
    /// Whether rows are only added, never removed.
    pub append: bool,
    /// What the set is split by.
    pub by: &'a PartBy,
    /// The form of the files.
    pub shape: Shape,
    /// Which export they belong to.
    pub about: &'a About,
}

/// The files so far.
#[derive(Default)]
pub struct Built {
    /// With their paths in the folder.
    pub files: Vec<FileFacts>,
    /// Tickets that were written.
    pub written: u64,
    /// Rows of the main table that were added to a log.
    pub added: u64,
}

impl Built {
    /// Takes the files of a table, whose paths are below `root`.
    pub fn take(&mut self, root: &Path, files: Vec<FileFacts>) {
        for mut file in files {
            let inside = file.path.take();
            let inside = inside.and_then(|path| Some(path.strip_prefix(root).ok()?.to_owned()));
            self.files.push(FileFacts {
                path: inside,
                ..file
            });
        }
    }

    /// Links files of an earlier set; copies them where the file system has no links.
    pub fn link(&mut self, base: &Base, root: &Path, files: Vec<FileFacts>) -> io::Result<()> {
        for file in files {
            let (from, name) = (base.path_of(&file), file.path.clone().unwrap_or_default());
            let to = root.join(name);
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            if fs::hard_link(&from, &to).is_err() {
                let _bytes = fs::copy(&from, &to)?;
            }
            self.files.push(file);
        }
        Ok(())
    }
}

/// Writes the tables of tickets. Entries with a value that does not fit its column are marked.
pub async fn build(
    plan: &Plan<'_>,
    decided: &mut Decided,
    noted: &mut Noted,
    heard: &mut impl FnMut(Step),
) -> io::Result<Built> {
    match plan.base {
        Some(base) => merge(plan, base, decided, noted, heard).await,
        None => write_all(plan, decided, noted, heard).await,
    }
}

fn writers(plan: &Plan<'_>) -> Vec<Parts> {
    let tables = plan.tables.iter();
    let open = |table: &DataTable| {
        let folder = plan.root.join(&table.name);
        Parts::open(folder, plan.shape, &table.columns, plan.about)
    };
    tables.map(open).collect()
}

/// Finishes the files. A table without rows still gets a file, which shows what its columns are.
fn ended(plan: &Plan<'_>, writers: Vec<Parts>, mut built: Built) -> io::Result<Built> {
    for (table, mut writer) in plan.tables.iter().zip(writers) {
        let of_table = |file: &FileFacts| {
            let path = file.path.as_ref();
            path.is_some_and(|path| path.starts_with(&table.name))
        };
        if !writer.has_files() && !built.files.iter().any(of_table) {
            match as_empty(plan, table) {
                Some((base, files)) => built.link(base, plan.root, files)?,
                None => writer.begin_empty(&plan.by.part(None))?,
            }
        }
        built.take(plan.root, writer.finish()?);
    }
    Ok(built)
}

/// The existing file of a table that already had no rows and has the same columns.
fn as_empty<'a>(plan: &Plan<'a>, table: &DataTable) -> Option<(&'a Base, Vec<FileFacts>)> {
    let base = plan.base?;
    let files = base.files_below(&table.name);
    let had_none = !files.is_empty() && files.iter().all(|file| file.rows == Some(0));
    let now = table.columns.iter().map(KeptColumn::of);
    let kept = base.state.columns.get(&table.name)?;
    (had_none && now.eq(kept.iter().cloned())).then_some((base, files))
}

/// The name of a part by its place.
fn name_of(decided: &Decided, part: u32) -> &str {
    let place = usize::try_from(part).ok();
    let name = place.and_then(|place| decided.parts.get(place));
    name.map_or("", String::as_str)
}

/// Writes a set of which nothing exists yet.
async fn write_all(
    plan: &Plan<'_>,
    decided: &mut Decided,
    noted: &mut Noted,
    heard: &mut impl FnMut(Step),
) -> io::Result<Built> {
    let (mut writers, mut built) = (writers(plan), Built::default());
    let mut misfits = Vec::new();
    let mut tickets = InOrder::open(plan.gathered, decided)?;
    while let Some((ticket, links)) = tickets.next()? {
        let entry = super::index::of(&decided.index, ticket.id);
        let part = entry.map_or("", |entry| name_of(decided, entry.part));
        for (table, writer) in plan.tables.iter().zip(&mut writers) {
            let put = put(table, &ticket, &links, writer, part, noted)?;
            if !put.fits {
                misfits.push(ticket.id);
            }
            if put.is_left_out {
                break;
            }
        }
        built.written += 1;
        breathe(built.written, heard).await;
    }
    mark(decided, &misfits);
    ended(plan, writers, built)
}

async fn breathe(written: u64, heard: &mut impl FnMut(Step)) {
    if written.is_multiple_of(AT_A_TIME) {
        heard(Step::Written(written));
        tokio::task::yield_now().await;
    }
}

/// The outcome of writing a ticket's rows to a table.
struct Put {
    /// False if one of them has a value that does not fit its column.
    fits: bool,
    /// Whether one of them was left out for that.
    is_left_out: bool,
    /// How many were written.
    rows: u64,
}

/// Writes the rows of a ticket in a table.
fn put(
    table: &DataTable,
    ticket: &Ticket,
    links: &Links,
    writer: &mut Parts,
    part: &str,
    noted: &mut Noted,
) -> io::Result<Put> {
    let logged = Versions::default();
    put_new(table, ticket, links, writer, part, noted, &logged)
}

/// Writes those rows of a ticket that the log does not have yet.
fn put_new(
    table: &DataTable,
    ticket: &Ticket,
    links: &Links,
    writer: &mut Parts,
    part: &str,
    noted: &mut Noted,
    logged: &Versions,
) -> io::Result<Put> {
    let mut put = Put {
        fits: true,
        is_left_out: false,
        rows: 0,
    };
    for row in table.rows(ticket, links) {
        if row.as_ref().is_ok_and(|cells| logged.holds(cells)) {
            continue;
        }
        let (issues, profile) = (&mut noted.issues, &mut noted.profile);
        let written = issues.written(ticket.id, row, |cells| {
            writer.write(part, cells)?;
            if table.name == TICKETS {
                profile.take(cells);
            }
            Ok(())
        })?;
        put.fits &= written == Written::Whole;
        put.is_left_out |= written == Written::Not;
        put.rows += u64::from(written != Written::Not);
    }
    Ok(put)
}

fn mark(decided: &mut Decided, misfits: &[u64]) {
    for id in misfits {
        if let Ok(place) = decided.index.binary_search_by_key(id, |entry| entry.id) {
            decided.index[place].misfit = true;
        }
    }
    decided.recheck.extend(misfits);
}

/// Parts of a table in which something differs.
fn touched(plan: &Plan<'_>, base: &Base, decided: &Decided, table: &DataTable) -> BTreeSet<u32> {
    let differs = |change: &&Change| concerns(table, change);
    let changes = decided.changes.iter().filter(differs);
    let parts = changes.flat_map(|change| [change.from, change.now.map(|now| now.part)]);
    let mut touched: BTreeSet<u32> = parts.flatten().collect();
    let is_main = table.name == TICKETS;
    if plan.anew || (is_main && plan.evolved.differs()) {
        touched.extend((0..).take(base.state.parts.len()));
    }
    touched
}

fn concerns(table: &DataTable, change: &Change) -> bool {
    match table.of_links {
        true => change.links,
        false => change.row,
    }
}

/// Writes a set that continues the existing one.
async fn merge(
    plan: &Plan<'_>,
    base: &Base,
    decided: &mut Decided,
    noted: &mut Noted,
    heard: &mut impl FnMut(Step),
) -> io::Result<Built> {
    let (mut writers, mut built) = (writers(plan), Built::default());
    let mut misfits = Vec::new();
    let tables = plan.tables.iter();
    let touched: Vec<BTreeSet<u32>> = tables
        .map(|table| touched(plan, base, decided, table))
        .collect();
    let all: BTreeSet<u32> = touched.iter().flatten().copied().collect();
    for portion in portions(plan.gathered, decided, &all) {
        let chunk = Chunk::read(plan.gathered, decided, &portion)?;
        let merging = Merging {
            plan,
            base,
            decided,
            chunk: &chunk,
        };
        for part in portion {
            for ((table, writer), touched) in plan.tables.iter().zip(&mut writers).zip(&touched) {
                if touched.contains(&part) {
                    let new = merging.rewrite(table, part, writer, noted, &mut misfits)?;
                    built.written += new.tickets;
                    built.added += new.rows;
                }
            }
            heard(Step::Written(built.written));
            tokio::task::yield_now().await;
        }
    }
    for (table, touched) in plan.tables.iter().zip(&touched) {
        for (part, name) in (0..).zip(&base.state.parts) {
            if !touched.contains(&part) || (plan.append && !plan.evolved.differs()) {
                built.link(base, plan.root, base.files_of(&table.name, name))?;
            }
        }
    }
    mark(decided, &misfits);
    ended(plan, writers, built)
}

/// What parts are rewritten from.
struct Merging<'a> {
    plan: &'a Plan<'a>,
    base: &'a Base,
    decided: &'a Decided,
    chunk: &'a Chunk,
}

impl Merging<'_> {
    /// Rewrites a part of a table: its old rows except those of tickets that changed, and the
    /// new ones, in id order. Returns what is new in it.
    fn rewrite(
        &self,
        table: &DataTable,
        part: u32,
        writer: &mut Parts,
        noted: &mut Noted,
        misfits: &mut Vec<u64>,
    ) -> io::Result<New> {
        let Merging { plan, base, .. } = *self;
        let new = self.new_in(table, part);
        let logged = match plan.append {
            true => Versions::of(table, base, base.part(part), plan.shape, &new)?,
            false => Versions::default(),
        };
        let mut rewriting = Rewriting {
            merging: self,
            table,
            name: name_of(self.decided, part),
            writer,
            noted,
            misfits,
            logged,
            added: New::default(),
        };
        rewriting.write(old_rows(plan, base, table, base.part(part)), new)?;
        rewriting.writer.end(rewriting.name)?;
        Ok(rewriting.added)
    }

    /// Tickets that changed and are in a part from now on, in id order.
    fn new_in(&self, table: &DataTable, part: u32) -> Vec<u64> {
        let changes = self.decided.changes.iter();
        let changed = changes.filter(|change| concerns(table, change));
        let here = changed.filter(|change| change.now.is_some_and(|now| now.part == part));
        here.map(|change| change.id).collect()
    }
}

/// A part of a table that is being rewritten.
struct Rewriting<'a> {
    merging: &'a Merging<'a>,
    table: &'a DataTable,
    /// The name of the part.
    name: &'a str,
    writer: &'a mut Parts,
    noted: &'a mut Noted,
    misfits: &'a mut Vec<u64>,
    /// What a log already has of the tickets that are new in it.
    logged: Versions,
    /// What is new in it so far.
    added: New,
}

impl Rewriting<'_> {
    /// Writes the old rows, except those of tickets that changed, and the new ones, in id
    /// order.
    fn write(&mut self, old: HeldRows, new: Vec<u64>) -> io::Result<()> {
        let Merging { plan, decided, .. } = *self.merging;
        let mut new = new.into_iter().peekable();
        for row in old {
            let row = row?;
            while let Some(id) = new.next_if(|id| *id < row.id) {
                self.add(id)?;
            }
            let is_new = decided
                .change(row.id)
                .is_some_and(|change| concerns(self.table, change));
            if !is_new || plan.append {
                carry(plan, self.writer, self.name, row.cells, self.table)?;
            }
        }
        for id in new {
            self.add(id)?;
        }
        Ok(())
    }

    /// Writes the rows of a ticket as it is now.
    fn add(&mut self, id: u64) -> io::Result<()> {
        let table = self.table;
        self.added.tickets += u64::from(!table.of_links);
        let (ticket, links) = self.merging.chunk.of(id);
        let no_links = Links::default();
        let no_ticket = Ticket {
            id,
            ..Ticket::default()
        };
        let links = links.unwrap_or(&no_links);
        if !table.of_links && ticket.is_none() {
            let words = format!("ticket {id} was read and is not there");
            return Err(io::Error::other(words));
        }
        let ticket = ticket.unwrap_or(&no_ticket);
        let (writer, noted) = (&mut *self.writer, &mut *self.noted);
        let put = put_new(table, ticket, links, writer, self.name, noted, &self.logged)?;
        if !put.fits {
            self.misfits.push(id);
        }
        self.added.rows += if table.name == TICKETS { put.rows } else { 0 };
        Ok(())
    }
}

/// What is new in a part.
#[derive(Clone, Copy, Debug, Default)]
struct New {
    /// Tickets.
    tickets: u64,
    /// Rows of the main table.
    rows: u64,
}

/// The rows that a part had, with an empty cell for each column that is new.
fn old_rows(plan: &Plan<'_>, base: &Base, table: &DataTable, part: &str) -> HeldRows {
    let are_linked = plan.append && !plan.evolved.differs();
    let files = match plan.anew || are_linked || part.is_empty() {
        true => Vec::new(),
        false => base.held(&table.name, part),
    };
    HeldRows::of(files, plan.shape, &base.columns(&table.name))
}

/// Carries an old row over to the current columns. A log keeps the values of properties that no
/// longer exist.
fn carry(
    plan: &Plan<'_>,
    writer: &mut Parts,
    part: &str,
    mut cells: Vec<Cell<'static>>,
    table: &DataTable,
) -> io::Result<()> {
    cells.resize(table.columns.len(), Cell::Empty);
    for (cell, column) in cells.iter_mut().zip(&table.columns) {
        if column.dropped && !plan.append {
            *cell = Cell::Empty;
        }
    }
    written(writer.write(part, &cells))
}

/// A value that fitted when it was first written must fit again.
pub fn written(written: Result<(), WriteError>) -> io::Result<()> {
    written.map_err(|error| match error {
        WriteError::Io(error) => error,
        WriteError::Misfit(misfit) => io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the data set holds `{}` in {}", misfit.value, misfit.column),
        ),
    })
}

/// Writes a table without parts.
pub fn write_table<'a>(
    plan: &Plan<'_>,
    name: &str,
    columns: &[Column],
    rows: impl Iterator<Item = io::Result<Vec<Cell<'a>>>>,
    built: &mut Built,
) -> io::Result<()> {
    let mut writer = Parts::open(plan.root.join(name), plan.shape, columns, plan.about);
    writer.begin_empty("")?;
    for row in rows {
        written(writer.write("", &row?))?;
    }
    built.take(plan.root, writer.finish()?);
    Ok(())
}

/// Rows of each table.
pub fn counts<'a>(files: impl Iterator<Item = &'a FileFacts>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for file in files {
        let table = file.path.as_deref().and_then(|path| path.iter().next());
        if let Some(table) = table.map(|table| table.to_string_lossy().into_owned()) {
            *counts.entry(table).or_default() += file.rows.unwrap_or_default();
        }
    }
    counts
}
