//! Bytes → records: the CSV grammar over a stream, with what the `csv` crate's own
//! reader doesn't keep: the line on which a record really starts (also behind
//! CRLF and blank lines) and its raw bytes. `csv-core` is that crate's parser.

use std::io::{self, Read};

const CHUNK: usize = 64 * 1024;

/// Cuts a stream into records. Blank lines between records are not records.
pub struct RecordReader<R> {
    input: R,
    parser: csv_core::Reader,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    place: Position,
    after_cr: bool,
    record: Record,
}

/// Where a record starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Offset of its first byte.
    pub byte: u64,
    /// Physical line, from 1; CR, LF and CRLF each end a line.
    pub line: u64,
}

/// The last record read; reused, so that the hot loop does not allocate.
#[derive(Debug, Default)]
pub struct Record {
    fields: Vec<u8>,
    ends: Vec<usize>,
    field_len: usize,
    field_count: usize,
    raw: Vec<u8>,
}

impl Record {
    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.field_count
    }

    /// The cell at `idx`, unquoted.
    pub fn get(&self, idx: usize) -> &[u8] {
        let start = match idx {
            0 => 0,
            _ => self.ends[idx - 1],
        };
        &self.fields[start..self.ends[idx]]
    }

    /// The cells in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|idx| self.get(idx))
    }

    /// The record as it stands in the file, without its line end.
    pub fn raw(&self) -> &[u8] {
        let text = self.raw.strip_suffix(b"\n").unwrap_or(&self.raw);
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    fn clear(&mut self) {
        self.raw.clear();
        self.field_len = 0;
        self.field_count = 0;
    }
}

impl<R: Read> RecordReader<R> {
    /// Reads records separated by `delimiter`; `offset` is where `input` begins
    /// in its file (behind a byte order mark, say).
    pub fn new(input: R, delimiter: u8, offset: u64) -> RecordReader<R> {
        let place = Position {
            byte: offset,
            line: 1,
        };
        RecordReader::starting(input, delimiter, place)
    }

    /// Reads on from a record that starts at `place`, where `input` stands.
    pub fn starting(input: R, delimiter: u8, place: Position) -> RecordReader<R> {
        RecordReader {
            input,
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            place,
            after_cr: false,
            record: Record {
                fields: vec![0; 4096],
                ends: vec![0; 64],
                ..Record::default()
            },
        }
    }

    /// The next record with its place, or nothing at the end.
    pub fn next(&mut self) -> io::Result<Option<(Position, &Record)>> {
        self.skip_line_ends()?;
        let place = self.place;
        self.record.clear();
        loop {
            if self.start == self.end {
                self.fill()?;
            }
            let (result, consumed, written, ended) = self.parser.read_record(
                &self.buffer[self.start..self.end],
                &mut self.record.fields[self.record.field_len..],
                &mut self.record.ends[self.record.field_count..],
            );
            self.consume(consumed);
            self.record.field_len += written;
            self.record.field_count += ended;
            match result {
                csv_core::ReadRecordResult::InputEmpty => {}
                csv_core::ReadRecordResult::OutputFull => double(&mut self.record.fields),
                csv_core::ReadRecordResult::OutputEndsFull => double(&mut self.record.ends),
                csv_core::ReadRecordResult::Record => return Ok(Some((place, &self.record))),
                csv_core::ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// How far the stream has been taken in, in bytes.
    pub fn offset(&self) -> u64 {
        self.place.byte
    }

    /// The parser would swallow line ends in front of a record itself, but then
    /// the record would seem to start on an earlier line.
    fn skip_line_ends(&mut self) -> io::Result<()> {
        loop {
            if self.start == self.end {
                self.fill()?;
            }
            let ends = self.buffer[self.start..self.end]
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            if ends == 0 {
                return Ok(());
            }
            self.consume(ends);
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.start = 0;
        self.end = 0;
        self.end = loop {
            match self.input.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        Ok(())
    }

    fn consume(&mut self, count: usize) {
        let taken = &self.buffer[self.start..self.start + count];
        for &byte in taken {
            match byte {
                b'\n' if self.after_cr => {}
                b'\n' | b'\r' => self.place.line += 1,
                _ => {}
            }
            self.after_cr = byte == b'\r';
        }
        self.record.raw.extend_from_slice(taken);
        self.start += count;
        self.place.byte += count as u64;
    }
}

fn double<T: Clone + Default>(space: &mut Vec<T>) {
    let len = space.len();
    space.resize(len * 2, T::default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, u64, Vec<String>, String)> {
        let mut reader = RecordReader::new(text.as_bytes(), b',', 0);
        let mut all = Vec::new();
        while let Some((place, record)) = reader.next().expect("reading from memory") {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let cells = record.iter().map(text).collect();
            all.push((place.line, place.byte, cells, text(record.raw())));
        }
        all
    }

    fn row(line: u64, byte: u64, cells: &[&str], raw: &str) -> (u64, u64, Vec<String>, String) {
        let cells = cells.iter().map(|&cell| cell.to_owned()).collect();
        (line, byte, cells, raw.to_owned())
    }

    #[test]
    fn lines_are_right_behind_crlf_blank_lines_and_line_breaks_in_cells() {
        let found = read("a,b\r\n1,2\r\n\r\n\"x\r\ny\",3\r\n4,5");
        let expected = [
            row(1, 0, &["a", "b"], "a,b"),
            row(2, 5, &["1", "2"], "1,2"),
            row(4, 12, &["x\r\ny", "3"], "\"x\r\ny\",3"),
            row(6, 22, &["4", "5"], "4,5"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn old_mac_line_ends_and_mixes_count_as_lines() {
        let lines: Vec<u64> = read("a\rb\nc\r\nd\r\re").iter().map(|row| row.0).collect();
        assert_eq!(lines, [1, 2, 3, 4, 6]);
    }

    #[test]
    fn a_record_longer_than_any_buffer_stays_whole() {
        let big = "é\"\"\n".repeat(100_000);
        let found = read(&format!("h,i\n\"{big}\",{}\nlast,1\n", ",".repeat(500)));
        assert_eq!(found[1].2.len(), 502);
        assert_eq!(found[1].2[0], "é\"\n".repeat(100_000));
        assert_eq!(found[2].0, 100_003);
    }

    proptest::proptest! {
        #[test]
        fn what_a_csv_writer_writes_is_read_back(
            rows in proptest::collection::vec(
                proptest::collection::vec("[a-c,\"\r\n é;]{0,6}", 2..5), 1..20)
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).expect("writing to memory");
            }
            let text = String::from_utf8(writer.into_inner().expect("flushed")).expect("text");
            let found: Vec<Vec<String>> = read(&text).into_iter().map(|row| row.2).collect();
            proptest::prop_assert_eq!(found, rows);
        }
    }
}
