//! The files of a run that a person reads: done.csv, refused.csv, idmap.csv. They
//! are derived from the journal (protocol D3): settle appends to them after each
//! commit, and their lengths stand in the next one. All columns of the source go
//! into them untouched, so that they can be given back as input (R6).

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::flow::{Operation, RowOutcome};
use crate::model::issue::Refusal;
use crate::model::outcome::{Change, RowEnd};
use crate::model::place::Places;
use crate::model::row::Headers;
use crate::output::Writer;

/// What refused.csv adds to the source's columns. `_line` names the file too where a
/// run has several.
pub const REFUSED_COLUMNS: [&str; 7] = [
    "_line", "_code", "_column", "_value", "_hint", "_key", "_raw",
];

/// What done.csv adds to the source's columns.
pub const DONE_COLUMNS: [&str; 4] = ["_fate", "_ticket_id", "_operation", "_link"];

/// Bytes of a file that wait to be written. The writer looks for quotes in the rest of
/// a cell each time this is full, so that a small one makes large cells slow: with the
/// usual 8 KiB a cell of 10 MB took half a second.
const BUFFER: usize = 1024 * 1024;

/// The open files of a run.
pub struct RunFiles {
    done: Table<File>,
    refused: Table<File>,
    idmap: Table<File>,
    columns: usize,
    places: Places,
    operation: Operation,
    ticket_url: TicketUrl,
}

/// Makes a ticket's link from its id.
pub type TicketUrl = Box<dyn Fn(&str) -> String + Send>;

/// Names of the files, in the order of `RunFiles::lengths`.
const NAMES: [&str; 3] = ["done.csv", "refused.csv", "idmap.csv"];

impl RunFiles {
    /// Creates the files with their headers. `ticket_url` makes a ticket's link
    /// from its id.
    pub fn create(
        folder: &Path,
        headers: &Headers,
        places: Places,
        operation: Operation,
        ticket_url: TicketUrl,
    ) -> io::Result<RunFiles> {
        let with = |added: &[&'static str]| {
            let source = headers.names().iter().map(String::as_str);
            source
                .chain(added.iter().copied())
                .map(str::to_owned)
                .collect()
        };
        Ok(RunFiles {
            done: Table::create(folder.join(NAMES[0]), with(&DONE_COLUMNS))?,
            refused: Table::create(folder.join(NAMES[1]), with(&REFUSED_COLUMNS))?,
            idmap: Table::create(
                folder.join(NAMES[2]),
                vec!["key".to_owned(), "ticket_id".to_owned()],
            )?,
            columns: headers.len(),
            places,
            operation,
            ticket_url,
        })
    }

    /// Opens the files of a run that goes on, cut to these lengths (D3). A file that
    /// is shorter has lost what a power cut took: then all of them start anew. Gives
    /// the number of the last settlement that is in them.
    pub fn reopen(
        folder: &Path,
        headers: &Headers,
        places: Places,
        operation: Operation,
        ticket_url: TicketUrl,
        (lengths, filed): (&BTreeMap<String, u64>, u64),
    ) -> io::Result<(RunFiles, u64)> {
        let length = |name: &str| lengths.get(name).copied().unwrap_or(0);
        let whole = NAMES.iter().all(|name| {
            let found = folder.join(name).metadata().map(|metadata| metadata.len());
            found.is_ok_and(|found| length(name) > 0 && found >= length(name))
        });
        if !whole {
            for name in NAMES {
                match fs::remove_file(folder.join(name)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            let files = RunFiles::create(folder, headers, places, operation, ticket_url)?;
            return Ok((files, 0));
        }
        let open = |name: &str| Table::reopen(folder.join(name), length(name));
        let files = RunFiles {
            done: open(NAMES[0])?,
            refused: open(NAMES[1])?,
            idmap: open(NAMES[2])?,
            columns: headers.len(),
            places,
            operation,
            ticket_url,
        };
        Ok((files, filed))
    }

    /// Adds a settled row to the file that its fate belongs into. Skipped rows
    /// are in none.
    pub fn add(&mut self, outcome: &RowOutcome) -> io::Result<()> {
        let fate = outcome.end.fate().word();
        let verb = outcome.end.change().map(Change::verb);
        match &outcome.end {
            RowEnd::Done { ticket, .. }
            | RowEnd::Exists { ticket }
            | RowEnd::Unchanged { ticket } => {
                let link = (self.ticket_url)(ticket);
                let added = [fate, ticket, verb.unwrap_or(self.operation.word()), &link];
                self.done.add(self.columns, outcome, &added)?;
                let key = outcome.key.as_deref().unwrap_or_default();
                self.idmap.write([key, ticket])
            }
            RowEnd::Refused(refusal) => {
                let place = self.places.cell(outcome.source.address);
                let added = refused_cells(outcome, &place, refusal);
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
            (NAMES[0], self.done.length()),
            (NAMES[1], self.refused.length()),
            (NAMES[2], self.idmap.length()),
        ]
    }

    /// Flushes and makes the files survive a power cut (D4).
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.tables()
            .into_iter()
            .try_for_each(|table| table.writer.get_ref().to.sync_all())
    }

    fn tables(&mut self) -> [&mut Table<File>; 3] {
        [&mut self.done, &mut self.refused, &mut self.idmap]
    }
}

/// A file like refused.csv of rows that an import would refuse.
pub struct Refusals {
    table: Table<Writer>,
    columns: usize,
    places: Places,
}

impl Refusals {
    /// Begins the file with its header.
    pub fn begin(to: Writer, headers: &Headers, places: Places) -> io::Result<Refusals> {
        let added = REFUSED_COLUMNS.iter().copied().map(str::to_owned);
        let header = headers.names().iter().cloned().chain(added).collect();
        Ok(Refusals {
            table: Table::begin(to, header)?,
            columns: headers.len(),
            places,
        })
    }

    /// Adds a row that ended as refused; others are in no such file.
    pub fn add(&mut self, outcome: &RowOutcome) -> io::Result<()> {
        let RowEnd::Refused(refusal) = &outcome.end else {
            return Ok(());
        };
        let place = self.places.cell(outcome.source.address);
        let added = refused_cells(outcome, &place, refusal);
        self.table.add(self.columns, outcome, &added)
    }

    /// Ends the file; it appears under its name.
    pub fn finish(self) -> io::Result<()> {
        let counted = self.table.writer.into_inner();
        counted.map_err(|error| error.into_error())?.to.finish()
    }
}

/// The added cells of refused.csv, in the order of `REFUSED_COLUMNS`.
fn refused_cells<'a>(
    outcome: &'a RowOutcome,
    place: &'a str,
    refusal: &'a Refusal,
) -> [&'a str; 7] {
    [
        place,
        &refusal.code,
        &refusal.column,
        &refusal.value,
        &refusal.hint,
        outcome.key.as_deref().unwrap_or_default(),
        outcome.raw.as_deref().unwrap_or_default(),
    ]
}

/// One CSV file that is appended to.
struct Table<W: Write> {
    writer: csv::Writer<Counted<W>>,
}

impl Table<File> {
    fn create(path: PathBuf, header: Vec<String>) -> io::Result<Table<File>> {
        Table::begin(File::create_new(path)?, header)
    }

    fn reopen(path: PathBuf, length: u64) -> io::Result<Table<File>> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.set_len(length)?;
        let _at = file.seek(SeekFrom::End(0))?;
        let counted = Counted {
            to: file,
            bytes: length,
        };
        Ok(Table {
            writer: csv::Writer::from_writer(counted),
        })
    }
}

impl<W: Write> Table<W> {
    fn begin(to: W, header: Vec<String>) -> io::Result<Table<W>> {
        let mut table = Table {
            writer: csv::WriterBuilder::new()
                .buffer_capacity(BUFFER)
                .from_writer(Counted { to, bytes: 0 }),
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
struct Counted<W> {
    to: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
