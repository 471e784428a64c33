//! The tables of a data set that have rows of tickets: `tickets` itself, `history` and
//! `links`. All have the same parts, and each row says which run wrote it, and when.

use crate::export::cell::{Cell, Misfit};
use crate::export::columns::{Column, Kind};
use crate::export::job::Job;
use crate::export::layout::Layout;
use crate::export::links::Links;
use crate::export::project::cells;
use crate::export::spool::Ticket;
use crate::export::tables::{Table, history_table, links_table};

/// The main table.
pub const TICKETS: &str = "tickets";

/// A table of a data set.
pub struct DataTable {
    /// Its folder.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Whether its rows come from links, which change independently of tickets.
    pub of_links: bool,
    of: Of,
    stamps: [String; 2],
}

enum Of {
    Tickets(Layout),
    Beside(Table),
}

/// When a row was read, and by which run.
pub fn stamp_columns() -> [Column; 2] {
    [
        Column::of_record("_extracted_at", "Extracted at", Kind::Instant),
        Column::of_record("_run_id", "Run ID", Kind::Text),
    ]
}

/// All tables of a job; the main one, with these columns, comes first.
pub fn tables(job: &Job, layout: Layout, stamps: &[String; 2]) -> Vec<DataTable> {
    let beside = |table: Table, of_links: bool| {
        let mut columns = table.columns.clone();
        columns.extend(stamp_columns());
        DataTable {
            name: table.name.clone(),
            columns,
            of_links,
            of: Of::Beside(table),
            stamps: stamps.clone(),
        }
    };
    let mut tables = vec![DataTable {
        name: TICKETS.to_owned(),
        columns: layout.columns.clone(),
        of_links: false,
        of: Of::Tickets(layout),
        stamps: stamps.clone(),
    }];
    if let Some(history) = history_table(&job.wanted, &job.schema) {
        tables.push(beside(history, false));
    }
    if !job.wanted.with.is_empty() {
        tables.push(beside(links_table(&job.wanted), true));
    }
    tables
}

impl DataTable {
    /// The rows of a ticket; for a row with a value that can't be written here, that value.
    pub fn rows<'a>(
        &'a self,
        ticket: &'a Ticket,
        links: &'a Links,
    ) -> Vec<Result<Vec<Cell<'a>>, Misfit>> {
        let table = match &self.of {
            Of::Tickets(layout) => return vec![cells(ticket, links, layout)],
            Of::Beside(table) => table,
        };
        let stamps = || {
            self.stamps
                .iter()
                .map(|stamp| Cell::One(stamp.as_str().into()))
        };
        let stamped = |row: Result<Vec<Cell<'a>>, Misfit>| {
            let mut cells = row.map_err(|misfit| table.named(misfit))?;
            cells.extend(stamps());
            Ok(cells)
        };
        table.rows(ticket, links).into_iter().map(stamped).collect()
    }
}
