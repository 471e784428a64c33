//! The records that tickets are linked to, a table for each kind: `contacts`, `companies`
//! and so on, each record once. A run that goes on reads those that changed since, and
//! those that were not there.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use futures::stream::{self, StreamExt};

use super::base::Base;
use super::build::{Built, Plan, write_table};
use super::gather::Gathered;
use super::table::stamp_columns;
use crate::export::columns::{Column, ID_COLUMN, Kind, Others};
use crate::export::held::HeldRows;
use crate::export::job::{Job, Window};
use crate::export::links::Links;
use crate::export::page::{MODIFIED, PageError, Reading, changed_in};
use crate::export::project::{Cell, worded};
use crate::export::spool::{Spool, Ticket, Times};
use crate::hubspot::contract::BATCH_LIMIT;
use crate::model::schema::ObjectType;

/// Records with their cells.
type NewRows<'a> = Box<dyn Iterator<Item = io::Result<(u64, Vec<Cell<'static>>)>> + 'a>;

/// A table of linked records.
pub struct RecordTable {
    others: Others,
    /// Its columns.
    pub columns: Vec<Column>,
    linked: BTreeSet<u64>,
    /// What was read of records, as tickets are kept.
    spool: Spool,
    /// Whether the old rows of records that were not read count on.
    goes_on: bool,
}

/// The tables that a job wants, without what is read for them.
fn columns(job: &Job) -> Vec<Vec<Column>> {
    let others = job.wanted.others().into_iter();
    let columns = |others: &Others| {
        let mut columns = vec![Column::plain(ID_COLUMN, "Record ID", Kind::Id)];
        for name in &others.properties {
            let mut with = job.wanted.with.iter();
            let property = with.find_map(|with| {
                let property = with.property.as_ref()?;
                (with.object == others.object && property.name == *name).then_some(property)
            });
            columns.extend(property.map(|property| Column::stored(property, &job.wanted.dates)));
        }
        columns.extend(stamp_columns());
        columns
    };
    others.map(|others| columns(&others)).collect()
}

/// Reads what is needed for the tables.
pub async fn read(
    reading: &Reading,
    job: &Job,
    (base, window): (Option<&Base>, Option<Window>),
    gathered: &Gathered,
) -> Result<Vec<RecordTable>, PageError> {
    let mut tables = Vec::new();
    for (place, (others, columns)) in job
        .wanted
        .others()
        .into_iter()
        .zip(columns(job))
        .enumerate()
    {
        let linked = linked(gathered, place)?;
        let mut table = RecordTable {
            goes_on: base.is_some_and(|base| same(base, &others.name, &columns))
                && window.is_some(),
            spool: Spool::open(&job.work, &others.name)?,
            others,
            columns,
            linked,
        };
        let ids = table.to_read(reading, (base, window), job).await?;
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

/// Contacts say by another property than all others when they were changed.
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
        (base, window): (Option<&Base>, Option<Window>),
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

    fn old_rows(&self, base: &Base, job: &Job) -> HeldRows {
        let files = base.files_of(self.name(), "");
        let files: Vec<PathBuf> = files.iter().map(|file| base.path_of(file)).collect();
        HeldRows::of(files, job.shape, &base.columns(self.name()))
    }

    /// Reads records that are not in the spool yet; those that are gone are left out.
    async fn fill(&mut self, reading: &Reading, ids: &[u64]) -> Result<(), PageError> {
        let known: BTreeSet<u64> = self
            .spool
            .read::<Ticket>()?
            .map(|record| record.map(|record| record.id))
            .collect::<io::Result<_>>()?;
        let open: Vec<String> = ids
            .iter()
            .filter(|id| !known.contains(id))
            .map(u64::to_string)
            .collect();
        let names: Vec<&str> = self.others.properties.iter().map(String::as_str).collect();
        let object = self.others.object;
        let batches = open.chunks(BATCH_LIMIT).map(|ids| {
            let names = names.as_slice();
            async move {
                reading
                    .client
                    .read_existing(object, ids, (names, &[]), false)
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

    /// Writes the table, or links it where nothing of it changed.
    pub fn write(
        &self,
        plan: &Plan<'_>,
        (base, job): (Option<&Base>, &Job),
        stamps: &[String; 2],
        built: &mut Built,
    ) -> io::Result<()> {
        let mut rows: BTreeMap<u64, Vec<Cell<'static>>> = BTreeMap::new();
        let mut is_new = !self.goes_on;
        for row in base
            .filter(|_| self.goes_on)
            .map(|base| self.old_rows(base, job))
            .into_iter()
            .flatten()
        {
            let row = row?;
            match self.linked.contains(&row.id) {
                true => drop(rows.insert(row.id, row.cells)),
                false => is_new = true,
            }
        }
        for row in self.new_rows(stamps)? {
            let (id, cells) = row?;
            let body = cells.len().saturating_sub(stamps.len());
            let old = rows.get(&id);
            if old.is_none_or(|old| old.get(..body) != cells.get(..body)) {
                is_new = true;
                let _old = rows.insert(id, cells);
            }
        }
        if let Some(base) = base.filter(|_| !is_new) {
            return built.link(base, plan.root, base.files_of(self.name(), ""));
        }
        let table = (self.name(), self.columns.as_slice());
        write_table(plan, table, rows.into_values().map(Ok), built)
    }

    /// What was read, as rows; without properties, all that is linked.
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
            for (value, column) in record.values.iter().zip(self.columns.iter().skip(1)) {
                let cell = worded(value.as_deref(), column).unwrap_or(Cell::Empty);
                cells.push(cell.into_owned());
            }
            cells.extend(stamps.iter().cloned());
            Ok((record.id, cells))
        })))
    }
}
