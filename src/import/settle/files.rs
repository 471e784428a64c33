//! The files of a run that a person reads: done.csv, refused.csv (or .jsonl), idmap.csv. They
//! are derived from the journal (protocol D3): settle appends to them after each commit, and
//! their lengths are kept in the next one. All columns of the source go into them unchanged,
//! so that they can be used as input again (R6).

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::import::flow::{Operation, RowOutcome};
use crate::model::file_fault;
use crate::model::issue::{NOTE_KEY_HELD, NOTE_REFUSED, Refusal};
use crate::model::json::fields;
use crate::model::outcome::{Change, RowEnd};
use crate::model::place::Places;
use crate::model::row::Headers;
use crate::output::{Writer, new_private_file, open_regular};

/// What refused.csv adds to the source's columns. `_line` also names the file if a run
/// has several.
pub const REFUSED_COLUMNS: [&str; 8] = [
    "_line", "_code", "_column", "_value", "_hint", "_key", "_raw", "_step",
];

/// What done.csv adds to the source's columns.
pub const DONE_COLUMNS: [&str; 5] = ["_fate", "_ticket_id", "_operation", "_link", "_remark"];

/// The columns of idmap.csv.
pub const IDMAP_COLUMNS: [&str; 4] = ["key", "ticket_id", "fate", "operation"];

/// Size of a file's write buffer. The writer searches the rest of a cell for quotes
/// each time the buffer is full, so a small one makes large cells slow: with the usual
/// 8 KiB a cell of 10 MB took half a second.
const BUFFER: usize = 256 * 1024;

/// The open files of a run.
pub struct RunFiles {
    done: Table<File>,
    refused: Refused<File>,
    idmap: Table<File>,
    columns: usize,
    places: Places,
    operation: Operation,
    ticket_url: TicketUrl,
}

/// Makes a ticket's link from its id.
pub type TicketUrl = Box<dyn Fn(&str) -> String + Send>;

/// The file of refused CSV rows, and that of refused JSON rows (protocol H1).
pub const REFUSED: [&str; 2] = ["refused.csv", "refused.jsonl"];

/// Names of the files, in the order of `RunFiles::lengths`.
fn names(headers: &Headers) -> [&'static str; 3] {
    ["done.csv", refused_name(headers), "idmap.csv"]
}

/// Name of the file of refused rows.
pub fn refused_name(headers: &Headers) -> &'static str {
    REFUSED[usize::from(headers.are_of_objects())]
}

/// The file of the rows that a run refused.
pub fn refused_in(folder: &Path) -> PathBuf {
    let [cells, objects] = REFUSED.map(|name| folder.join(name));
    match objects.symlink_metadata() {
        Ok(_) => objects,
        Err(_) => cells,
    }
}

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
        let names = names(headers);
        Ok(RunFiles {
            done: Table::create(folder.join(names[0]), &done)?,
            refused: Refused::create(folder.join(names[1]), headers, &refused)?,
            idmap: Table::create(folder.join(names[2]), &idmap)?,
            columns: headers.len(),
            places,
            operation,
            ticket_url,
        })
    }

    /// Opens the files of a resumed run, cut to these lengths (D3). A shorter file lost its end in
    /// a power cut, and one from an older version may have other columns: in either case all of
    /// them are started again. Returns the number of the last settlement that is in them.
    pub fn reopen(
        folder: &Path,
        headers: &Headers,
        places: Places,
        operation: Operation,
        ticket_url: TicketUrl,
        lengths: &BTreeMap<String, u64>,
        filed: u64,
    ) -> io::Result<(RunFiles, u64)> {
        let length = |name: &str| lengths.get(name).copied().unwrap_or(0);
        let names = names(headers);
        let whole = names.iter().zip(columns(headers)).all(|(name, columns)| {
            let path = folder.join(name);
            let found = path.metadata().map(|metadata| metadata.len());
            let is_table = !name.ends_with(".jsonl");
            found.is_ok_and(|found| (length(name) > 0 || !is_table) && found >= length(name))
                && (!is_table || has_columns(&path, &columns))
        });
        if !whole {
            for name in names {
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
            done: open(names[0])?,
            refused: Refused::reopen(folder.join(names[1]), headers, length(names[1]))?,
            idmap: open(names[2])?,
            columns: headers.len(),
            places,
            operation,
            ticket_url,
        };
        Ok((files, filed))
    }

    /// Adds a settled row to the file for its fate. Skipped rows are in none.
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
        self.done.writer.flush()?;
        self.refused.flush()?;
        self.idmap.writer.flush()
    }

    /// Names and lengths of the files, as flushed (D3).
    pub fn lengths(&mut self) -> [(&'static str, u64); 3] {
        [
            ("done.csv", self.done.length()),
            (self.refused.name(), self.refused.to().bytes),
            ("idmap.csv", self.idmap.length()),
        ]
    }

    /// Flushes the files and syncs them to disk (D4).
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.done.writer.get_ref().to.sync_all()?;
        self.refused.to().to.sync_all()?;
        self.idmap.writer.get_ref().to.sync_all()
    }
}

/// The file of refused rows.
enum Refused<W: Write> {
    /// A table, as the source is.
    Table(Box<Table<W>>),
    /// An object on each line, if the source is JSON.
    Objects(BufWriter<Counted<W>>),
}

impl Refused<File> {
    fn create(path: PathBuf, headers: &Headers, columns: &[String]) -> io::Result<Refused<File>> {
        Refused::begin(new_private_file(&path)?, headers, columns)
    }

    fn reopen(path: PathBuf, headers: &Headers, length: u64) -> io::Result<Refused<File>> {
        if !headers.are_of_objects() {
            return Ok(Refused::Table(Box::new(Table::reopen(path, length)?)));
        }
        let to = reopened(&path, length)?;
        Ok(Refused::Objects(BufWriter::new(Counted {
            to,
            bytes: length,
        })))
    }
}

impl<W: Write> Refused<W> {
    fn begin(to: W, headers: &Headers, columns: &[String]) -> io::Result<Refused<W>> {
        Ok(match headers.are_of_objects() {
            true => Refused::Objects(BufWriter::new(Counted { to, bytes: 0 })),
            false => Refused::Table(Box::new(Table::begin(to, columns)?)),
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Refused::Table(_) => REFUSED[0],
            Refused::Objects(_) => REFUSED[1],
        }
    }

    fn add(&mut self, columns: usize, outcome: &RowOutcome, added: &[&str; 8]) -> io::Result<()> {
        match self {
            Refused::Table(table) => table.add(columns, outcome, added),
            Refused::Objects(lines) => {
                lines.write_all(object_line(outcome, added).as_bytes())?;
                lines.write_all(b"\n")
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Refused::Table(table) => table.writer.flush(),
            Refused::Objects(lines) => lines.flush(),
        }
    }

    fn to(&self) -> &Counted<W> {
        match self {
            Refused::Table(table) => table.writer.get_ref(),
            Refused::Objects(lines) => lines.get_ref(),
        }
    }
}

/// The object of a row as in the source, on one line, with what we add to it; what an
/// earlier run added is replaced (R6).
fn object_line(outcome: &RowOutcome, added: &[&str; 8]) -> String {
    let object = outcome.source.object.as_deref().unwrap_or("{}");
    let source = fields(object).unwrap_or_default();
    let is_ours = |name: &str| REFUSED_COLUMNS.contains(&name);
    let source = source.iter().filter(|(name, _)| !is_ours(name));
    // Line breaks between fields are only for people.
    let source = source.map(|(name, value)| (name.as_str(), value.replace(['\n', '\r'], " ")));
    let added = REFUSED_COLUMNS.into_iter().zip(added);
    let added = added.map(|(name, text)| (name, quoted(text)));
    let fields = source.chain(added);
    let fields = fields.map(|(name, value)| format!("{}:{value}", quoted(name)));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A file like refused.csv, or refused.jsonl, of rows that an import would refuse.
pub struct Refusals {
    refused: Refused<Writer>,
    columns: usize,
    places: Places,
}

impl Refusals {
    /// Begins the file with its header.
    pub fn begin(to: Writer, headers: &Headers, places: Places) -> io::Result<Refusals> {
        let [_done, refused, _idmap] = columns(headers);
        Ok(Refusals {
            refused: Refused::begin(to, headers, &refused)?,
            columns: headers.len(),
            places,
        })
    }

    /// Adds a row if it ended as refused.
    pub fn add(&mut self, outcome: &RowOutcome) -> io::Result<()> {
        let RowEnd::Refused(refusal) = &outcome.end else {
            return Ok(());
        };
        let place = line_cell(outcome, &self.places);
        let added = refused_cells(outcome, &place, refusal);
        self.refused.add(self.columns, outcome, &added)
    }

    /// Finishes the file; it appears under its name.
    pub fn finish(self) -> io::Result<()> {
        let counted = match self.refused {
            Refused::Table(table) => table.writer.into_inner().map_err(|e| e.into_error()),
            Refused::Objects(lines) => lines.into_inner().map_err(|e| e.into_error()),
        };
        counted?.to.finish()
    }
}

/// Records of one of our files, written unchanged.
pub(crate) enum Records<W: Write> {
    /// Cell by cell.
    Table(Box<Table<W>>),
    /// An object on each line.
    Objects(W),
}

impl<W: Write> Records<W> {
    /// Begins with the names of the columns.
    pub(crate) fn begin(to: W, names: &[String]) -> io::Result<Records<W>> {
        Ok(Records::Table(Box::new(Table::begin(to, names)?)))
    }

    /// Adds a record: its cells, as many as there are columns, or its raw text.
    pub(crate) fn add<'a>(
        &mut self,
        cells: impl Iterator<Item = &'a [u8]>,
        raw: &[u8],
    ) -> io::Result<()> {
        match self {
            Records::Table(table) => table.write(cells),
            Records::Objects(to) => {
                let line: Vec<u8> = raw
                    .iter()
                    .map(|byte| {
                        if matches!(byte, b'\n' | b'\r') {
                            b' '
                        } else {
                            *byte
                        }
                    })
                    .collect();
                to.write_all(&line)?;
                to.write_all(b"\n")
            }
        }
    }

    /// Flushes everything.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Records::Table(table) => {
                let counted = table.writer.into_inner();
                let _to = counted.map_err(|error| error.into_error())?;
                Ok(())
            }
            Records::Objects(mut to) => to.flush(),
        }
    }
}

/// The columns of the three files, in the order of `names`. What an earlier run added to the input
/// is left out, since it would be there twice (R6).
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

/// A row's line: in the first input, if an earlier run recorded that.
fn line_cell(outcome: &RowOutcome, places: &Places) -> String {
    let kept = outcome.source.kept.as_ref();
    match kept.and_then(|kept| kept.line.as_deref()) {
        Some(line) => line.to_owned(),
        None => places.cell(outcome.source.address),
    }
}

/// What mapping did to a row's values, one remark after another.
fn remark_cell(outcome: &RowOutcome) -> String {
    let remarks = outcome.remarks.iter().map(ToString::to_string);
    remarks.collect::<Vec<_>>().join("; ")
}

/// The added cells of refused.csv, in the order of `REFUSED_COLUMNS`.
fn refused_cells<'a>(
    outcome: &'a RowOutcome,
    place: &'a str,
    refusal: &'a Refusal,
) -> [&'a str; 8] {
    [
        place,
        &refusal.code,
        &refusal.column,
        &refusal.value,
        &refusal.hint,
        outcome.key.as_deref().unwrap_or_default(),
        outcome.raw.as_deref().unwrap_or_default(),
        step(outcome, &refusal.code),
    ]
}

/// Which part of a row was refused after its ticket was written (protocol H1): its `link`, a `note`
/// or a `file`; empty if nothing was written.
fn step(outcome: &RowOutcome, code: &str) -> &'static str {
    match code {
        code if file_fault::is_code(code) => "file",
        NOTE_REFUSED | NOTE_KEY_HELD => "note",
        _ if outcome.written.is_some() => "link",
        _ => "",
    }
}

/// A file that continues after this many bytes.
fn reopened(path: &Path, length: u64) -> io::Result<File> {
    let mut file = open_regular(path, OpenOptions::new().write(true))?;
    file.set_len(length)?;
    let _at = file.seek(SeekFrom::End(0))?;
    Ok(file)
}

/// One CSV file that is appended to.
pub(crate) struct Table<W: Write> {
    writer: csv::Writer<Counted<W>>,
}

impl Table<File> {
    fn create(path: PathBuf, header: &[String]) -> io::Result<Table<File>> {
        Table::begin(new_private_file(&path)?, header)
    }

    fn reopen(path: PathBuf, length: u64) -> io::Result<Table<File>> {
        let counted = Counted {
            to: reopened(&path, length)?,
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

/// Whether a file is one that a run creates before its journal, without a row in it.
pub fn holds_no_row(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    match name {
        Some("run.log") => true,
        Some("refused.jsonl") => fs::metadata(path).is_ok_and(|file| file.len() == 0),
        Some("done.csv" | "idmap.csv" | "refused.csv") => {
            csv::Reader::from_path(path).is_ok_and(|mut rows| rows.records().next().is_none())
        }
        _ => false,
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
            object: None,
            comments: Vec::new(),
        };
        let ticket = "77".to_owned();
        RowOutcome::early(source, RowEnd::Exists { ticket })
    }

    #[test]
    fn objects_are_refused_whole_and_on_one_line() {
        let mut outcome = row(1);
        outcome.source.object =
            Some("{\"id\": 12345678901234567890123,\n \"c\":[1,\n2], \"_hint\":\"old\"}".into());
        let added = ["17", "CODE", "c", "v", "a \"hint\"", "k", "", "file"];
        assert_eq!(
            object_line(&outcome, &added),
            "{\"id\":12345678901234567890123,\"c\":[1, 2],\"_line\":\"17\",\"_code\":\"CODE\",\
             \"_column\":\"c\",\"_value\":\"v\",\"_hint\":\"a \\\"hint\\\"\",\"_key\":\"k\",\"_raw\":\"\",\"_step\":\"file\"}"
        );
        outcome.source.object = None;
        let line = object_line(&outcome, &["1", "", "", "", "", "", "{\"a\":", ""]);
        assert!(line.contains("\"_raw\":\"{\\\"a\\\":\","), "{line}");
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
            let (folder, places) = (folder.path(), places());
            let files = RunFiles::reopen(folder, &headers, places, operation, url(), lengths, 1);
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
