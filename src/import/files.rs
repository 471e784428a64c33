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
use crate::output::{Writer, new_private_file, open_regular};

/// What refused.csv adds to the source's columns. `_line` names the file too where a
/// run has several.
pub const REFUSED_COLUMNS: [&str; 7] = [
    "_line", "_code", "_column", "_value", "_hint", "_key", "_raw",
];

/// What done.csv adds to the source's columns.
pub const DONE_COLUMNS: [&str; 5] = ["_fate", "_ticket_id", "_operation", "_link", "_remark"];

/// The columns of idmap.csv.
pub const IDMAP_COLUMNS: [&str; 4] = ["key", "ticket_id", "fate", "operation"];

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
        let [done, refused, idmap] = columns(headers);
        Ok(RunFiles {
            done: Table::create(folder.join(NAMES[0]), &done)?,
            refused: Table::create(folder.join(NAMES[1]), &refused)?,
            idmap: Table::create(folder.join(NAMES[2]), &idmap)?,
            columns: headers.len(),
            places,
            operation,
            ticket_url,
        })
    }

    /// Opens the files of a run that goes on, cut to these lengths (D3). A file that
    /// is shorter has lost what a power cut took, and one of an older version may have
    /// other columns: then all of them start anew. Gives the number of the last
    /// settlement that is in them.
    pub fn reopen(
        folder: &Path,
        headers: &Headers,
        places: Places,
        operation: Operation,
        ticket_url: TicketUrl,
        (lengths, filed): (&BTreeMap<String, u64>, u64),
    ) -> io::Result<(RunFiles, u64)> {
        let length = |name: &str| lengths.get(name).copied().unwrap_or(0);
        let whole = NAMES.iter().zip(columns(headers)).all(|(name, columns)| {
            let path = folder.join(name);
            let found = path.metadata().map(|metadata| metadata.len());
            found.is_ok_and(|found| length(name) > 0 && found >= length(name))
                && has_columns(&path, &columns)
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
                let operation = verb.unwrap_or(self.operation.word());
                let remark = remark_cell(outcome);
                let added = [fate, ticket, operation, &link, &remark];
                self.done.add(self.columns, outcome, &added)?;
                let key = outcome.key.as_deref().unwrap_or_default();
                self.idmap.write([key, ticket, fate, operation])
            }
            RowEnd::Refused(refusal) => {
                let place = line_cell(outcome, &self.places);
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
        let [_done, refused, _idmap] = columns(headers);
        Ok(Refusals {
            table: Table::begin(to, &refused)?,
            columns: headers.len(),
            places,
        })
    }

    /// Adds a row that ended as refused; others are in no such file.
    pub fn add(&mut self, outcome: &RowOutcome) -> io::Result<()> {
        let RowEnd::Refused(refusal) = &outcome.end else {
            return Ok(());
        };
        let place = line_cell(outcome, &self.places);
        let added = refused_cells(outcome, &place, refusal);
        self.table.add(self.columns, outcome, &added)
    }

    /// Ends the file; it appears under its name.
    pub fn finish(self) -> io::Result<()> {
        let counted = self.table.writer.into_inner();
        counted.map_err(|error| error.into_error())?.to.finish()
    }
}

/// Records of a file of ours, written as they were, cell by cell.
pub(super) struct Records<W: Write>(Table<W>);

impl<W: Write> Records<W> {
    /// Begins with the names of the columns.
    pub(super) fn begin(to: W, names: &[String]) -> io::Result<Records<W>> {
        Ok(Records(Table::begin(to, names)?))
    }

    /// Adds a record that has as many cells as there are columns.
    pub(super) fn add<'a>(&mut self, cells: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
        self.0.write(cells)
    }

    /// Hands over everything, and what it was written to.
    pub(super) fn finish(self) -> io::Result<W> {
        let counted = self.0.writer.into_inner();
        Ok(counted.map_err(|error| error.into_error())?.to)
    }
}

/// The columns of the three files, in the order of `NAMES`. What an earlier run added to
/// the input is not among them: it would come twice (R6).
fn columns(headers: &Headers) -> [Vec<String>; 3] {
    let with = |added: &[&str]| {
        let source = headers.names().iter().map(String::as_str);
        let all = source.chain(added.iter().copied());
        all.map(str::to_owned).collect()
    };
    [
        with(&DONE_COLUMNS),
        with(&REFUSED_COLUMNS),
        IDMAP_COLUMNS.map(str::to_owned).to_vec(),
    ]
}

/// Whether a file begins with these columns.
fn has_columns(path: &Path, columns: &[String]) -> bool {
    let header = csv::Reader::from_path(path).and_then(|mut reader| reader.headers().cloned());
    header.is_ok_and(|header| header.iter().eq(columns))
}

/// Where a row stands: in the first input, where an earlier run has written that down.
fn line_cell(outcome: &RowOutcome, places: &Places) -> String {
    let kept = outcome.source.kept.as_ref();
    match kept.and_then(|kept| kept.line.as_deref()) {
        Some(line) => line.to_owned(),
        None => places.cell(outcome.source.address),
    }
}

/// What mapping did to a row's values, one after the other.
fn remark_cell(outcome: &RowOutcome) -> String {
    let remarks = outcome.remarks.iter().map(ToString::to_string);
    remarks.collect::<Vec<_>>().join("; ")
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
    fn create(path: PathBuf, header: &[String]) -> io::Result<Table<File>> {
        Table::begin(new_private_file(&path)?, header)
    }

    fn reopen(path: PathBuf, length: u64) -> io::Result<Table<File>> {
        let mut file = open_regular(&path, OpenOptions::new().write(true))?;
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
    fn begin(to: W, header: &[String]) -> io::Result<Table<W>> {
        let mut table = Table {
            writer: csv::WriterBuilder::new()
                .buffer_capacity(BUFFER)
                .from_writer(Counted { to, bytes: 0 }),
        };
        table.write(header)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::RowEnd;
    use crate::model::place::RowAddress;
    use crate::model::row::{Cells, SourceRow};

    fn row(seq: u64) -> RowOutcome {
        let source = SourceRow {
            seq,
            address: RowAddress {
                file: 0,
                record: seq,
                line: seq + 1,
                byte: 0,
            },
            cells: Cells::new(["1", "_raw of old"]),
            kept: None,
        };
        let ticket = "77".to_owned();
        RowOutcome::early(source, RowEnd::Exists { ticket })
    }

    #[test]
    fn files_of_a_version_with_other_columns_start_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let headers = Headers::new(vec!["Id".to_owned()]).with_own(vec!["_raw".to_owned()]);
        let places = || Places::new(["in.csv".to_owned()]);
        let url = || -> TicketUrl { Box::new(str::to_owned) };
        let operation = Operation::Create;
        let files = RunFiles::create(folder.path(), &headers, places(), operation, url());
        let mut files = files.expect("new files");
        files.add(&row(1)).expect("written");
        files.flush().expect("flushed");
        let lengths = files.lengths();
        let lengths: BTreeMap<String, u64> = lengths
            .map(|(name, length)| (name.to_owned(), length))
            .into();
        drop(files);
        let reopen = |lengths: &BTreeMap<String, u64>| {
            let at = (lengths, 1);
            let files = RunFiles::reopen(folder.path(), &headers, places(), operation, url(), at);
            files.expect("opened").1
        };
        assert_eq!(reopen(&lengths), 1, "as they are");
        let idmap = folder.path().join("idmap.csv");
        let text = fs::read_to_string(&idmap).expect("idmap.csv");
        assert_eq!(text, "key,ticket_id,fate,operation\n,77,exists,create\n");
        let done = fs::read_to_string(folder.path().join("done.csv")).expect("done.csv");
        assert_eq!(
            done,
            "Id,_fate,_ticket_id,_operation,_link,_remark\n1,exists,77,create,77,\n"
        );
        let former = "key,ticket_id\nk,77\n";
        fs::write(&idmap, former).expect("written");
        let mut lengths = lengths;
        let _known = lengths.insert("idmap.csv".to_owned(), former.len() as u64);
        assert_eq!(reopen(&lengths), 0, "everything is filed again");
    }
}
