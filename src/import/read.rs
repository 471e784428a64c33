//! `read`: a file becomes rows. Opens the input, tells its delimiter, knows the
//! tool's own refused.csv and done.csv, and gives every record its number, its
//! line and its byte offset. What can't be cut into the header's columns is
//! refused here, whole.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::files::{DONE_COLUMNS, REFUSED_COLUMNS};
use super::flow::RowOutcome;
use super::record::{Position, Record, RecordReader};
use crate::error::Error;
use crate::journal::{InputFile, RowEntry};
use crate::model::issue::{Problem, Reason};
use crate::model::outcome::RowEnd;
use crate::model::place::RowAddress;
use crate::model::row::{Cells, Headers, SourceRow};

/// How much of a file is looked at to tell text from other things.
const HEAD: u64 = 64 * 1024;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// An input file whose header has been read; its rows come one by one.
pub struct Input {
    path: PathBuf,
    size: u64,
    delimiter: u8,
    headers: Headers,
    columns: Vec<usize>,
    width: usize,
    raw_column: Option<usize>,
    reader: RecordReader<File>,
    file: u32,
    next_record: u64,
    next_seq: u64,
    peeked: Option<Reading>,
}

/// What became of one record.
#[derive(Debug)]
pub enum Reading {
    /// A row, cut into the header's columns.
    Row(SourceRow),
    /// An all-empty row, or one that can't be a row.
    Fallen(Box<RowOutcome>),
}

impl Reading {
    /// Number of the row in the run.
    pub fn seq(&self) -> u64 {
        match self {
            Reading::Row(source) => source.seq,
            Reading::Fallen(outcome) => outcome.source.seq,
        }
    }
}

impl Input {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// When it is missing, a folder, empty, or no text: the user has to name
    /// another file.
    pub fn open(path: &Path, delimiter: Option<u8>) -> Result<Input, Error> {
        let mut file = File::open(path).map_err(|error| unusable(path, &plain(&error)))?;
        let metadata = file.metadata().map_err(|error| unusable(path, &error))?;
        if metadata.is_dir() {
            return Err(unusable(path, &"it is a folder").advise("name a CSV file in it"));
        }
        let head = read_head(&mut file).map_err(|error| unusable(path, &error))?;
        if head.is_empty() {
            return Err(unusable(path, &"it is empty").advise("export it again"));
        }
        refuse_binary(path, &head)?;
        let skipped = if head.starts_with(BOM) { BOM.len() } else { 0 };
        let delimiter = delimiter.unwrap_or_else(|| sniff_delimiter(&head[skipped..]));
        let _at = file
            .seek(SeekFrom::Start(skipped as u64))
            .map_err(|error| unusable(path, &error))?;
        let mut reader = RecordReader::new(file, delimiter, skipped as u64);
        let all = read_header(path, &mut reader)?;
        let columns = source_columns(&all);
        let raw_column = match columns.len() < all.len() {
            true => all.iter().position(|name| name == "_raw"),
            false => None,
        };
        Ok(Input {
            path: path.to_owned(),
            size: metadata.len(),
            delimiter,
            headers: Headers::new(columns.iter().map(|&idx| all[idx].clone()).collect()),
            width: all.len(),
            columns,
            raw_column,
            reader,
            file: 0,
            next_record: 1,
            next_seq: 1,
            peeked: None,
        })
    }

    /// The file's columns, without those that the tool itself adds to its files.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How far it has been read, in bytes.
    pub fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// Size, time and hash of the whole file, for the journal's header.
    pub fn fingerprint(&self) -> Result<InputFile, Error> {
        let failed = |error: io::Error| unusable(&self.path, &error);
        let mut hasher = blake3::Hasher::new();
        let mut file = File::open(&self.path).map_err(failed)?;
        let _bytes = io::copy(&mut file, &mut hasher).map_err(failed)?;
        let hash = hasher.finalize().to_hex().to_string();
        Ok(InputFile {
            hash,
            ..self.stamp()?
        })
    }

    /// Size and time of the file; the hash is left empty.
    pub fn stamp(&self) -> Result<InputFile, Error> {
        let failed = |error: io::Error| unusable(&self.path, &error);
        let metadata = self.path.metadata().map_err(failed)?;
        let modified = metadata.modified().map_err(failed)?;
        let modified = Timestamp::try_from(modified).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(InputFile {
            path: std::path::absolute(&self.path).map_err(failed)?,
            size: metadata.len(),
            modified: rounded(modified),
            hash: String::new(),
        })
    }

    /// Rows read so far, from the first of the run.
    pub fn rows_read(&self) -> u64 {
        self.next_seq - 1 - u64::from(self.peeked.is_some())
    }

    /// The same input once more, from its start.
    pub fn again(&self) -> Result<Input, Error> {
        Input::open(&self.path, Some(self.delimiter))
    }

    /// Goes to a row that was read before: it comes next.
    pub fn seek_to(&mut self, row: RowEntry) -> Result<(), Error> {
        let failed = |error: io::Error| unusable(&self.path, &error);
        let mut file = File::open(&self.path).map_err(failed)?;
        let address = row.address;
        let _at = file.seek(SeekFrom::Start(address.byte)).map_err(failed)?;
        let place = Position {
            byte: address.byte,
            line: address.line,
        };
        self.reader = RecordReader::starting(file, self.delimiter, place);
        self.peeked = None;
        self.next_record = address.record;
        self.next_seq = row.seq;
        Ok(())
    }

    /// Whether there is any record left.
    pub fn has_rows(&mut self) -> Result<bool, Error> {
        if self.peeked.is_none() {
            self.peeked = self.read()?;
        }
        Ok(self.peeked.is_some())
    }

    /// The next record, or nothing at the end of the file.
    pub fn next_row(&mut self) -> Result<Option<Reading>, Error> {
        match self.peeked.take() {
            Some(reading) => Ok(Some(reading)),
            None => self.read(),
        }
    }

    fn read(&mut self) -> Result<Option<Reading>, Error> {
        let (place, record) = match self.reader.next() {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(error) => {
                return Err(Error::unexpected(format!(
                    "reading {} failed: {error}",
                    self.path.display()
                )));
            }
        };
        let row = SourceRow {
            seq: self.next_seq,
            address: address(self.file, self.next_record, place),
            cells: Cells::default(),
        };
        self.next_seq += 1;
        self.next_record += 1;
        let shape = Shape {
            columns: &self.columns,
            width: self.width,
            raw_column: self.raw_column,
            delimiter: self.delimiter,
        };
        Ok(Some(shape.cut(row, record)))
    }
}

/// How the records of a file are laid out.
struct Shape<'a> {
    columns: &'a [usize],
    width: usize,
    raw_column: Option<usize>,
    delimiter: u8,
}

impl Shape<'_> {
    fn cut(&self, mut row: SourceRow, record: &Record) -> Reading {
        if record.len() != self.width {
            return ragged(row, record.raw(), record.len(), self.width);
        }
        let mut torn = None;
        row.cells = Cells::new(self.columns.iter().map(|&idx| {
            let bytes = record.get(idx);
            std::str::from_utf8(bytes).unwrap_or_else(|_| {
                torn = torn.or(Some(idx));
                ""
            })
        }));
        if let Some(idx) = torn {
            return not_text(row, record, self.columns, idx);
        }
        if !row.cells.is_blank() {
            return Reading::Row(row);
        }
        match self.raw_column.map(|idx| record.get(idx)) {
            Some(raw) if !raw.is_empty() => {
                let cells = count_cells(raw, self.delimiter);
                ragged(row, raw, cells, self.columns.len())
            }
            _ => fallen(RowOutcome::early(row, RowEnd::Skipped)),
        }
    }
}

fn fallen(outcome: RowOutcome) -> Reading {
    Reading::Fallen(Box::new(outcome))
}

fn ragged(mut row: SourceRow, raw: &[u8], cells: usize, columns: usize) -> Reading {
    row.cells = Cells::default();
    let problem = Problem::new(Reason::RaggedRow { cells, columns });
    let mut outcome = RowOutcome::early(row, RowEnd::Refused(problem.into()));
    outcome.raw = Some(String::from_utf8_lossy(raw).into_owned());
    fallen(outcome)
}

fn not_text(mut row: SourceRow, record: &Record, columns: &[usize], torn: usize) -> Reading {
    let cells: Vec<_> = columns
        .iter()
        .map(|&idx| String::from_utf8_lossy(record.get(idx)))
        .collect();
    row.cells = Cells::new(cells.iter().map(AsRef::as_ref));
    let value = String::from_utf8_lossy(record.get(torn));
    let problem = Problem::new(Reason::NotText).value(&value);
    let outcome = RowOutcome::early(row, RowEnd::Refused(problem.into()));
    fallen(outcome)
}

fn address(file: u32, record: u64, place: Position) -> RowAddress {
    RowAddress {
        file,
        record,
        line: place.line,
        byte: place.byte,
    }
}

fn read_head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let _len = file.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn refuse_binary(path: &Path, head: &[u8]) -> Result<(), Error> {
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        return Err(unusable(path, &"it is UTF-16 text, which is not read yet")
            .advise("save it as \"CSV UTF-8\""));
    }
    if head.contains(&0) {
        return Err(unusable(path, &"it is not a text file").advise(
            "export the tickets as CSV; spreadsheets and archives must be saved as CSV first",
        ));
    }
    Ok(())
}

/// The delimiter that cuts the header line into more columns; a comma in doubt.
fn sniff_delimiter(head: &[u8]) -> u8 {
    let columns = |delimiter| count_cells(head, delimiter);
    match columns(b';') > columns(b',') {
        true => b';',
        false => b',',
    }
}

fn count_cells(text: &[u8], delimiter: u8) -> usize {
    let mut reader = RecordReader::new(text, delimiter, 0);
    match reader.next() {
        Ok(Some((_, record))) => record.len(),
        Ok(None) | Err(_) => 0,
    }
}

fn read_header(path: &Path, reader: &mut RecordReader<File>) -> Result<Vec<String>, Error> {
    let header = reader.next().map_err(|error| unusable(path, &error))?;
    let Some((_, record)) = header else {
        return Err(unusable(path, &"it holds no header").advise("export it again"));
    };
    record
        .iter()
        .map(|cell| match std::str::from_utf8(cell) {
            Ok(name) => Ok(name.trim().to_owned()),
            Err(_) => {
                Err(unusable(path, &"its header is not UTF-8 text")
                    .advise("save it as \"CSV UTF-8\""))
            }
        })
        .collect()
}

/// The columns of the source: all, but for those that a file of our own has added
/// (protocol R6).
fn source_columns(all: &[String]) -> Vec<usize> {
    let has = |columns: &[&str]| {
        columns
            .iter()
            .all(|&name| all.iter().any(|own| own == name))
    };
    let ours: &[&str] = match () {
        () if has(&REFUSED_COLUMNS) => &REFUSED_COLUMNS,
        () if has(&DONE_COLUMNS) => &DONE_COLUMNS,
        () => &[],
    };
    (0..all.len())
        .filter(|&idx| !ours.contains(&all[idx].as_str()))
        .collect()
}

/// To whole milliseconds: what the journal keeps.
fn rounded(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::usage(format!("can't read {}: {why}", path.display()))
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> (Headers, Vec<Reading>) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("written");
        let mut input = Input::open(file.path(), None).expect("readable");
        let mut all = Vec::new();
        while let Some(reading) = input.next_row().expect("read") {
            all.push(reading);
        }
        (input.headers().clone(), all)
    }

    fn words(reading: &Reading) -> String {
        match reading {
            Reading::Row(row) => row.cells.iter().collect::<Vec<_>>().join("|"),
            Reading::Fallen(outcome) => match &outcome.end {
                RowEnd::Refused(issue) => {
                    format!("{} {}", issue.code, outcome.raw.as_deref().unwrap_or("-"))
                }
                end => end.fate().word().to_owned(),
            },
        }
    }

    #[test]
    fn files_and_what_their_rows_become() {
        let table: [(&[u8], &[&str]); 7] = [
            (b"\xEF\xBB\xBFId,Subject\n1,a\n", &["1|a"]),
            (b"Id;Subject\r\n1;a,b\r\n", &["1|a,b"]),
            (b"Id,S\n1,a,b\n2\n3,c\n", &["RAGGED_ROW 1,a,b", "RAGGED_ROW 2", "3|c"]),
            (b"Id,S\n,\n\n , \n1,\"x\ny\"\n", &["skipped", "skipped", "1|x\ny"]),
            (b"Id,S\n1,\xFF\n", &["NOT_TEXT -"]),
            (
                b"Id,S,_line,_code,_column,_value,_hint,_key,_raw\n1,a,2,X,,,,k,\n,,3,RAGGED_ROW,,,,,\"7,8,9\"\n",
                &["1|a", "RAGGED_ROW 7,8,9"],
            ),
            (b"Id,S\n", &[]),
        ];
        for (bytes, expected) in table {
            let (headers, found) = rows(bytes);
            let found: Vec<String> = found.iter().map(words).collect();
            assert_eq!(found, expected, "{}", String::from_utf8_lossy(bytes));
            assert_eq!(headers.len(), 2);
        }
    }

    #[test]
    fn what_is_no_csv_file_is_told_in_plain_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("f");
        let told = |path: &Path| Input::open(path, None).err().map(|error| error.to_string());
        let ends = |path: &Path, end: &str| {
            let message = told(path).expect("refused");
            assert!(message.ends_with(end), "{message}");
        };
        ends(&file, "there is no such file");
        ends(folder.path(), "it is a folder");
        std::fs::write(&file, b"").expect("written");
        ends(&file, "it is empty");
        std::fs::write(&file, b"PK\x03\x04\0\0").expect("written");
        ends(&file, "it is not a text file");
        std::fs::write(&file, b"\n\n").expect("written");
        ends(&file, "it holds no header");
    }
}
