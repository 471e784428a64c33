//! The files of a run that a person reads: done.csv, refused.csv, idmap.csv. They
//! are derived from the journal (protocol D3): settle appends to them after each
//! commit, and their lengths stand in the next one. All columns of the source go
//! into them untouched, so that they can be given back as input (R6).

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::flow::{Operation, RowOutcome};
use crate::model::issue::RowIssue;
use crate::model::outcome::RowEnd;
use crate::model::row::Headers;

/// What refused.csv adds to the source's columns.
pub const REFUSED_COLUMNS: [&str; 7] = [
    "_line", "_code", "_column", "_value", "_hint", "_key", "_raw",
];

/// What done.csv adds to the source's columns.
pub const DONE_COLUMNS: [&str; 4] = ["_fate", "_ticket_id", "_operation", "_link"];

/// The open files of a run.
pub struct RunFiles {
    done: Table,
    refused: Table,
    idmap: Table,
    columns: usize,
    operation: Operation,
    ticket_url: Box<dyn Fn(&str) -> String + Send>,
}

impl RunFiles {
    /// Creates the files with their headers. `ticket_url` makes a ticket's link
    /// from its id.
    pub fn create(
        folder: &Path,
        headers: &Headers,
        operation: Operation,
        ticket_url: Box<dyn Fn(&str) -> String + Send>,
    ) -> io::Result<RunFiles> {
        let with = |added: &[&'static str]| {
            let source = headers.names().iter().map(String::as_str);
            source
                .chain(added.iter().copied())
                .map(str::to_owned)
                .collect()
        };
        Ok(RunFiles {
            done: Table::create(folder.join("done.csv"), with(&DONE_COLUMNS))?,
            refused: Table::create(folder.join("refused.csv"), with(&REFUSED_COLUMNS))?,
            idmap: Table::create(
                folder.join("idmap.csv"),
                vec!["key".to_owned(), "ticket_id".to_owned()],
            )?,
            columns: headers.len(),
            operation,
            ticket_url,
        })
    }

    /// Adds a settled row to the file that its fate belongs into. Skipped rows
    /// are in none.
    pub fn add(&mut self, outcome: &RowOutcome) -> io::Result<()> {
        let fate = outcome.end.fate().word();
        match &outcome.end {
            RowEnd::Done { ticket } | RowEnd::Exists { ticket } => {
                let link = (self.ticket_url)(ticket);
                let added = [fate, ticket, self.operation.word(), &link];
                self.done.add(self.columns, outcome, &added)?;
                let key = outcome.key.as_deref().unwrap_or_default();
                self.idmap.write([key, ticket])
            }
            RowEnd::Refused(issue) => {
                let added = refusal(outcome, issue);
                let added: Vec<&str> = added.iter().map(String::as_str).collect();
                self.refused.add(self.columns, outcome, &added)
            }
            RowEnd::Skipped => Ok(()),
        }
    }

    /// Hands everything written so far to the operating system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.tables()
            .into_iter()
            .try_for_each(|table| table.writer.flush())
    }

    /// Names and lengths of the files, as flushed (D3).
    pub fn lengths(&mut self) -> [(&'static str, u64); 3] {
        [
            ("done.csv", self.done.length()),
            ("refused.csv", self.refused.length()),
            ("idmap.csv", self.idmap.length()),
        ]
    }

    /// Flushes and makes the files survive a power cut (D4).
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.tables()
            .into_iter()
            .try_for_each(|table| table.writer.get_ref().file.sync_all())
    }

    fn tables(&mut self) -> [&mut Table; 3] {
        [&mut self.done, &mut self.refused, &mut self.idmap]
    }
}

/// The added cells of refused.csv, in the order of `REFUSED_COLUMNS`.
fn refusal(outcome: &RowOutcome, issue: &RowIssue) -> [String; 7] {
    let first = issue.first();
    let column = first.column.as_ref().or(first.property.as_ref());
    [
        outcome.source.address.line.to_string(),
        first.reason.code().to_owned(),
        column.cloned().unwrap_or_default(),
        first.value.clone(),
        issue.hint(),
        outcome.key.clone().unwrap_or_default(),
        outcome.raw.clone().unwrap_or_default(),
    ]
}

/// One CSV file that is appended to.
struct Table {
    writer: csv::Writer<Counted>,
}

impl Table {
    fn create(path: PathBuf, header: Vec<String>) -> io::Result<Table> {
        let file = File::create_new(path)?;
        let mut table = Table {
            writer: csv::Writer::from_writer(Counted { file, bytes: 0 }),
        };
        table.write(&header)?;
        table.writer.flush()?;
        Ok(table)
    }

    /// Writes the source's cells, padded to its columns, and the added ones.
    fn add(&mut self, columns: usize, outcome: &RowOutcome, added: &[&str]) -> io::Result<()> {
        let cells = &outcome.source.cells;
        let source = (0..columns).map(|idx| cells.get(idx).unwrap_or(""));
        self.write(source.chain(added.iter().copied()))
    }

    fn write<I: IntoIterator<Item = T>, T: AsRef<[u8]>>(&mut self, cells: I) -> io::Result<()> {
        self.writer.write_record(cells).map_err(io::Error::from)
    }

    fn length(&self) -> u64 {
        self.writer.get_ref().bytes
    }
}

/// A file that counts what went into it.
struct Counted {
    file: File,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
