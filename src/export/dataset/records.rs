//! The records that tickets are linked to, a table for each kind: `contacts`, `companies`
//! and so on, each record once. A run that continues reads those that changed since, and
//! those that are new.

use std::collections::BTreeSet;
use std::io;
use std::iter::Peekable;

use futures::stream::{self, StreamExt};

use super::base::Base;
use super::build::{Built, Plan, write_table};
use super::gather::Gathered;
use super::table::stamp_columns;
use crate::export::cell::{Cell, instant_of};
use crate::export::columns::{Column, Headers, ID_COLUMN, Kind, Others};
use crate::export::folder::linked_spool;
use crate::export::held::{HeldRow, HeldRows};
use crate::export::job::Job;
use crate::export::layout::name_headers;
use crate::export::links::Links;
use crate::export::page::{MODIFIED, PageError, Reading, changed_in};
use crate::export::record_columns::{RecordColumn, record_columns};
use crate::export::spool::{Spool, Ticket, Times};
use crate::export::window::Window;
use crate::hubspot::contract::BATCH_LIMIT;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// Records with their cells.
type NewRows<'a> = Box<dyn Iterator<Item = io::Result<(u64, Vec<Cell<'static>>)>> + 'a>;

/// A table of linked records.
pub struct RecordTable {
    others: Others,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Which part of a record is in each.
    shown: Vec<RecordColumn>,
    linked: BTreeSet<u64>,
    /// The records that were read, stored as tickets.
    spool: Spool,
    /// Whether the old rows of records that were not read remain valid.
    goes_on: bool,
}

/// The columns of a table: id, what is shown, and the stamps.
fn columns(shown: &[RecordColumn], headers: Headers) -> Vec<Column> {
    let mut columns = vec![Column::plain(ID_COLUMN, "Record ID", Kind::Id)];
    columns.extend(shown.iter().map(|shown| shown.column.clone()));
    columns.extend(stamp_columns());
    name_headers(&mut columns, headers);
    columns
}

/// Reads what is needed for the tables.
pub async fn read(
    reading: &Reading,
    job: &Job,
    base: Option<&Base>,
    window: Option<Window>,
    gathered: &Gathered,
) -> Result<Vec<RecordTable>, PageError> {
    let mut tables = Vec::new();
    for (place, others) in job.wanted.others().into_iter().enumerate() {
        let shown = record_columns(&job.wanted, &others);
        let columns = columns(&shown, job.wanted.table_headers());
        let linked = linked(gathered, place)?;
        let mut table = RecordTable {
            goes_on: base.is_some_and(|base| same(base, &others.name, &columns))
                && window.is_some(),
            spool: Spool::open(&job.work, &linked_spool(place))?,
            others,
            columns,
            shown,
            linked,
        };
        let ids = table.to_read(reading, base, window, job).await?;
        table.fill(reading, &ids).await?;
        tables.push(table);
    }
    Ok(tables)
}

fn linked(gathered: &Gathered, place: usize) -> io::Result<BTreeSet<u64>> {
    let mut linked = BTreeSet::new();
    for links in gathered.links.read::<Links>()? {
        let links = links?;
        let others = links.others.get(place).into_iter().flatten();
        linked.extend(others.filter_map(|other| other.id.parse::<u64>().ok()));
    }
    Ok(linked)
}

fn same(base: &Base, name: &str, columns: &[Column]) -> bool {
    let kept = base.state.columns.get(name);
    let now = columns.iter().map(super::state::KeptColumn::of);
    kept.is_some_and(|kept| kept.iter().cloned().eq(now))
}

/// The property with the modification date; contacts use a different one from all other kinds.
fn modified(object: ObjectType) -> &'static str {
    match object {
        ObjectType::Contacts => "lastmodifieddate",
        _ => MODIFIED,
    }
}

impl RecordTable {
    /// Its folder.
    pub fn name(&self) -> &str {
        &self.others.name
    }

    async fn to_read(
        &self,
        reading: &Reading,
        base: Option<&Base>,
        window: Option<Window>,
        job: &Job,
    ) -> Result<Vec<u64>, PageError> {
        if self.others.properties.is_empty() {
            return Ok(Vec::new());
        }
        let (Some(base), Some(window), true) = (base, window, self.goes_on) else {
            return Ok(self.linked.iter().copied().collect());
        };
        let search = changed_in(modified(self.others.object), window);
        let changed = reading.ids_found(self.others.object, &search).await?;
        let mut new = self.linked.clone();
        for row in self.old_rows(base, job) {
            let _was_there = new.remove(&row?.id);
        }
        new.extend(changed.intersection(&self.linked));
        Ok(new.into_iter().collect())
    }

    /// Whether a row is unchanged except for when it was read.
    fn is_same(&self, old: &[Cell<'_>], new: &[Cell<'_>]) -> bool {
        let body = self.columns.len().saturating_sub(stamp_columns().len());
        let mut cells = old.iter().zip(new).zip(&self.columns).take(body);
        let same = cells.all(|((old, new), column)| says_the_same(old, new, column.kind));
        same && old.len() == new.len()
    }

    fn old_rows(&self, base: &Base, job: &Job) -> HeldRows {
        let files = base.held(self.name(), "");
        HeldRows::of(files, job.shape, &base.columns(self.name()))
    }

    /// Reads records, ids in ascending order, after those already in the spool; those that are gone
    /// are left out. A lower id that a resumed run finds changed after the run began, and is left
    /// to the next run.
    async fn fill(&mut self, reading: &Reading, ids: &[u64]) -> Result<(), PageError> {
        let last = self.spool.marks().last().map(|mark| mark.ids.1);
        let open = ids.iter().filter(|id| last.is_none_or(|last| **id > last));
        let open: Vec<String> = open.map(u64::to_string).collect();
        let names: Vec<&str> = self.others.properties.iter().map(String::as_str).collect();
        let object = self.others.object;
        let batches = open.chunks(BATCH_LIMIT).map(|ids| {
            let names = names.as_slice();
            async move {
                reading
                    .client
                    .read_existing(object, ids, names, &[], Shelf::Live)
                    .await
            }
        });
        let mut batches = stream::iter(batches).buffered(reading.width());
        while let Some(records) = batches.next().await {
            let kept: Vec<Ticket> = records?
                .into_iter()
                .filter_map(|mut record| {
                    let values = names.iter().map(|name| record.properties.remove(*name));
                    Some(Ticket {
                        id: record.id.parse().ok()?,
                        values: values.collect(),
                        archived: false,
                        times: Times::default(),
                        history: Vec::new(),
                    })
                })
                .collect();
            self.spool.add(0, None, &kept)?;
        }
        Ok(())
    }

    /// Writes the table, or hard-links it if nothing in it changed.
    pub fn write(
        &self,
        plan: &Plan<'_>,
        base: Option<&Base>,
        job: &Job,
        stamps: &[String; 2],
        built: &mut Built,
    ) -> io::Result<()> {
        let base = base.filter(|_| self.goes_on);
        let merged = || {
            let old = base.map(|base| self.old_rows(base, job));
            let new = self.new_rows(stamps)?;
            Ok::<_, io::Error>(Merged::of(old, new, self))
        };
        if let Some(base) = base {
            let mut merged = merged()?;
            while !merged.differs && merged.next().transpose()?.is_some() {}
            if !merged.differs {
                return built.link(base, plan.root, base.files_of(self.name(), ""));
            }
        }
        write_table(plan, self.name(), &self.columns, merged()?, built)
    }

    /// What was read, as rows; if no properties are wanted, everything that is linked.
    fn new_rows(&self, stamps: &[String; 2]) -> io::Result<NewRows<'_>> {
        let stamps = stamps.clone().map(|stamp| Cell::One(stamp.into()));
        let id = |id: u64| Cell::One(id.to_string().into());
        if self.others.properties.is_empty() {
            let rows = self.linked.iter();
            return Ok(Box::new(rows.map(move |one| {
                let cells = std::iter::once(id(*one)).chain(stamps.iter().cloned());
                Ok((*one, cells.collect()))
            })));
        }
        let records = self.spool.read::<Ticket>()?;
        Ok(Box::new(records.map(move |record| {
            let record = record?;
            let mut cells = vec![id(record.id)];
            for shown in &self.shown {
                let cell = shown.cell(&record.values).unwrap_or(Cell::Empty);
                cells.push(cell.into_owned());
            }
            cells.extend(stamps.iter().cloned());
            Ok((record.id, cells))
        })))
    }
}

/// The rows of a table from now on, in id order: its old rows whose records are still linked, and
/// what was read.
struct Merged<'a> {
    table: &'a RecordTable,
    old: Peekable<Box<dyn Iterator<Item = io::Result<HeldRow>>>>,
    new: Peekable<NewRows<'a>>,
    /// Whether any row has changed.
    differs: bool,
}

impl<'a> Merged<'a> {
    fn of(old: Option<HeldRows>, new: NewRows<'a>, table: &'a RecordTable) -> Merged<'a> {
        let old: Box<dyn Iterator<Item = io::Result<HeldRow>>> = match old {
            Some(old) => Box::new(old),
            None => Box::new(std::iter::empty()),
        };
        Merged {
            table,
            old: old.peekable(),
            new: new.peekable(),
            differs: false,
        }
    }

    fn row(&mut self) -> io::Result<Option<Vec<Cell<'static>>>> {
        loop {
            // An error is taken out first.
            let old = self
                .old
                .peek()
                .map(|row| row.as_ref().map_or(0, |row| row.id));
            let new = self
                .new
                .peek()
                .map(|row| row.as_ref().map_or(0, |row| row.0));
            let (has_old, has_new) = match (old, new) {
                (None, None) => return Ok(None),
                (old, None) => (old.is_some(), false),
                (None, new) => (false, new.is_some()),
                (Some(old), Some(new)) => (old <= new, new <= old),
            };
            let old = self.old.next_if(|_| has_old).transpose()?;
            let new = self.new.next_if(|_| has_new).transpose()?;
            let old = old.filter(|old| self.table.linked.contains(&old.id));
            let row = match (old, new) {
                (Some(old), None) => return Ok(Some(old.cells)),
                (Some(old), Some((_, new))) if self.table.is_same(&old.cells, &new) => {
                    return Ok(Some(old.cells));
                }
                (_, new) => new.map(|(_, cells)| cells),
            };
            self.differs = true;
            if row.is_some() {
                return Ok(row);
            }
        }
    }
}

impl Iterator for Merged<'_> {
    type Item = io::Result<Vec<Cell<'static>>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.row().transpose()
    }
}

/// Whether two cells of a column mean the same: some formats write a value differently from the
/// portal.
fn says_the_same(one: &Cell<'_>, other: &Cell<'_>, kind: Kind) -> bool {
    let texts = [one, other].map(Cell::to_string);
    let [one, other] = &texts;
    one == other
        || match kind {
            Kind::Number => one.parse::<f64>().is_ok_and(|one| other.parse() == Ok(one)),
            Kind::Instant => instant_of(one).is_some_and(|one| instant_of(other) == Some(one)),
            _ => false,
        }
}
