//! Text → records: the CSV grammar over a stream, with what the `csv` crate's own
//! reader doesn't keep: the line on which a record really starts (also after CRLF and
//! blank lines) and its raw bytes. `csv-core` is that crate's parser.
//!
//! Damage is bounded. A record that is longer than a limit, or whose last quote never closes, is
//! returned marked; `back_to_second_line` continues after its first line. Memory stays below a few
//! times the limit whatever the file holds.

use std::io::{self, Read};

use csv_core::ReadRecordResult;
use memchr::{memchr, memchr_iter, memchr2};

use crate::import::read::record::{Cut, Found, Grammar, LineEnd, LineEnds, Position, Record};

/// How much is read from the stream at once.
const CHUNK: usize = 32 * 1024;
/// The longest record that is read whole, in bytes. The portal accepts 64 KiB of text for a
/// property and our calls 4 MiB, so no ticket needs more.
pub const LONGEST: usize = 16 * 1024 * 1024;
/// The most cells of a record that are separated.
const MOST_CELLS: usize = 1 << 20;

/// How far to look for the end of a line after a record.
const NEXT_LINE: usize = 64 * 1024;

/// Cuts a stream into records. Blank lines between records are not records.
pub struct RecordReader<R> {
    input: R,
    parser: csv_core::Reader,
    limit: usize,
    buffer: Vec<u8>,
    /// Where the record starts, where the parser is, and where the bytes end.
    start: usize,
    at: usize,
    end: usize,
    place: Position,
    after_cr: bool,
    /// Whether there was any CR at all: without one, lines are counted faster.
    has_cr: bool,
    /// Start and end of the last record.
    found: Position,
    found_end: usize,
    /// The rest of this line belongs to a record that was too long.
    in_torn_line: bool,
    /// Bytes that were read again after first lines.
    read_again: u64,
    line_ends: LineEnds,
    text: Vec<u8>,
    text_len: usize,
    ends: Vec<usize>,
    cells: usize,
}

impl<R: Read> RecordReader<R> {
    /// Reads records; `offset` is where `input` begins in its file (after a byte order
    /// mark, say).
    pub fn new(input: R, grammar: Grammar, offset: u64) -> RecordReader<R> {
        RecordReader::with_limit(input, grammar, offset, LONGEST)
    }

    /// Continues from a record that starts at this offset and line.
    pub fn starting(input: R, grammar: Grammar, byte: u64, line: u64) -> RecordReader<R> {
        let place = Position { byte, line };
        let mut reader = RecordReader::new(input, grammar, byte);
        reader.place = place;
        reader.found = place;
        reader
    }

    /// Reads records of at most `limit` bytes.
    pub fn with_limit(input: R, grammar: Grammar, offset: u64, limit: usize) -> RecordReader<R> {
        let place = Position {
            byte: offset,
            line: 1,
        };
        RecordReader {
            input,
            parser: parser(grammar),
            limit,
            buffer: vec![0; CHUNK],
            start: 0,
            at: 0,
            end: 0,
            place,
            after_cr: false,
            has_cr: false,
            found: place,
            found_end: 0,
            in_torn_line: false,
            read_again: 0,
            line_ends: LineEnds::default(),
            text: vec![0; 4096],
            text_len: 0,
            ends: vec![0; 64],
            cells: 0,
        }
    }

    /// Finds the next record; nothing at the end of the text.
    pub fn next(&mut self) -> io::Result<Option<Found>> {
        if self.in_torn_line {
            self.skip_torn_line()?;
        }
        self.skip_line_ends()?;
        self.found = self.place;
        self.text_len = 0;
        self.cells = 0;
        if self.at == self.end {
            return Ok(None);
        }
        let line = self.parser.line();
        let cut = self.cut()?;
        self.found_end = self.at;
        // The parser counts line feeds only. At the end of the buffer it may have been given one
        // that is not in the text.
        let feeds = match self.has_cr || cut != Cut::Whole || self.at == self.end {
            true => None,
            false => Some(self.parser.line() - line),
        };
        self.pass(feeds);
        let ended = self.count_line_end(cut);
        Ok(Some(Found {
            place: self.found,
            cut,
            multi_line: self.place.line - self.found.line > u64::from(ended),
        }))
    }

    /// Skips this many lines, whatever they contain; for the beginning of a text.
    pub fn skip_lines(&mut self, lines: u64) -> io::Result<()> {
        while self.place.line <= lines {
            let before = self.place.byte;
            self.skip_torn_line()?;
            if self.place.byte == before {
                break;
            }
        }
        Ok(())
    }

    /// What is in the record that was found last.
    pub fn record(&self) -> Record<'_> {
        let raw = &self.buffer[self.start..self.found_end];
        let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
        Record {
            text: &self.text[..self.text_len],
            ends: &self.ends[..self.cells],
            raw: raw.strip_suffix(b"\r").unwrap_or(raw),
        }
    }

    /// The stream that is read.
    pub fn input(&self) -> &R {
        &self.input
    }

    /// How the records so far ended.
    pub fn line_ends(&self) -> LineEnds {
        self.line_ends
    }

    /// Whether the last record found is only the beginning of one: it does not end as
    /// records of this text do, and the line after it has fewer cells than columns.
    pub fn goes_on(&mut self, usual: LineEnd, grammar: Grammar, width: usize) -> io::Result<bool> {
        let ended = match &self.buffer[self.start..self.found_end] {
            [.., b'\r', b'\n'] => LineEnd::Crlf,
            [.., b'\n'] => LineEnd::Lf,
            [.., b'\r'] => LineEnd::Cr,
            _ => return Ok(false),
        };
        // The parser leaves the second half of a CRLF to the next record.
        let may_be_half = ended == LineEnd::Cr;
        if ended == usual && !may_be_half {
            return Ok(false);
        }
        self.read_next_line()?;
        let behind = &self.buffer[self.at..self.end];
        let is_half = may_be_half && behind.first() == Some(&b'\n');
        let ended = if is_half { LineEnd::Crlf } else { ended };
        let line = first_line_of(behind).unwrap_or(behind);
        let is_open = grammar.quote.is_some_and(|quote| line.contains(&quote));
        let is_short = !line.trim_ascii().is_empty() && cells_of(line, grammar) < width;
        Ok(ended != usual && is_short && !is_open)
    }

    /// Reads the next line that is not blank into the buffer, unless it is too long.
    fn read_next_line(&mut self) -> io::Result<()> {
        let len = self.found_end - self.start;
        while self.end - self.at < NEXT_LINE
            && first_line_of(&self.buffer[self.at..self.end]).is_none()
        {
            let before = self.end - self.start;
            self.fill()?;
            self.found_end = self.start + len;
            if self.end - self.start == before {
                break;
            }
        }
        Ok(())
    }

    /// What follows the first line of the last record found.
    pub fn behind_first_line(&self) -> &[u8] {
        let raw = &self.buffer[self.start..self.found_end];
        &raw[first_line(raw)..]
    }

    /// Returns the record to the stream except for its first line, which is then all
    /// that `record` has as raw text. Does nothing, and returns false, if there is no
    /// second line, or if more has been read again than was read at all, so that the
    /// time stays proportional to the file's size.
    pub fn back_to_second_line(&mut self) -> bool {
        let line = first_line(&self.buffer[self.start..self.found_end]);
        let again = (self.at - self.start - line) as u64;
        let most = 2 * (self.limit + CHUNK) as u64 + self.found.byte;
        if again == 0 || self.read_again + again > most {
            return false;
        }
        self.read_again += again;
        self.at = self.start + line;
        self.found_end = self.at;
        self.place = Position {
            byte: self.found.byte + line as u64,
            line: self.found.line + 1,
        };
        self.after_cr = false;
        self.in_torn_line = false;
        self.parser.reset();
        true
    }

    /// Runs the parser until the record ends.
    fn cut(&mut self) -> io::Result<Cut> {
        loop {
            if self.at == self.end {
                // The record is given up before more of it is held.
                if self.at - self.start >= self.limit {
                    return Ok(self.torn());
                }
                self.fill()?;
                // No more bytes: the text ends within the record.
                if self.at == self.end {
                    return Ok(self.cut_at_end());
                }
            }
            let (result, taken, written, ended) = self.parser.read_record(
                &self.buffer[self.at..self.end],
                &mut self.text[self.text_len..],
                &mut self.ends[self.cells..],
            );
            self.at += taken;
            self.text_len += written;
            self.cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                // No longer than the raw record, whose length is limited above.
                ReadRecordResult::OutputFull => double(&mut self.text),
                ReadRecordResult::OutputEndsFull if self.ends.len() < MOST_CELLS => {
                    double(&mut self.ends);
                }
                ReadRecordResult::OutputEndsFull => return Ok(self.torn()),
                ReadRecordResult::Record | ReadRecordResult::End => return Ok(Cut::Whole),
            }
        }
    }

    /// Feeding an extra line end shows whether the text ends inside quotes: it then becomes part of
    /// the cell instead of ending the record.
    fn cut_at_end(&mut self) -> Cut {
        loop {
            let (result, _, written, ended) = self.parser.read_record(
                b"\n",
                &mut self.text[self.text_len..],
                &mut self.ends[self.cells..],
            );
            self.text_len += written;
            self.cells += ended;
            match result {
                ReadRecordResult::OutputFull => double(&mut self.text),
                ReadRecordResult::OutputEndsFull => double(&mut self.ends),
                ReadRecordResult::Record => return Cut::Whole,
                // The line end was taken into the cell: a quote is open.
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {
                    self.parser.reset();
                    return Cut::Unclosed;
                }
            }
        }
    }

    fn torn(&mut self) -> Cut {
        self.in_torn_line = true;
        self.parser.reset();
        Cut::TooLong
    }

    /// The parser would swallow line ends in front of a record itself, but then
    /// the record would seem to start on an earlier line.
    fn skip_line_ends(&mut self) -> io::Result<()> {
        self.start = self.at;
        loop {
            if self.at == self.end {
                self.fill()?;
            }
            let bytes = &self.buffer[self.at..self.end];
            let line_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
            let count = bytes.iter().take_while(line_end).count();
            if count == 0 {
                return Ok(());
            }
            // The preceding CR was counted as a line end by itself.
            if self.after_cr && bytes[0] == b'\n' && self.line_ends.cr > 0 {
                self.line_ends.cr -= 1;
                self.line_ends.crlf += 1;
            }
            self.at += count;
            self.pass(None);
            self.start = self.at;
        }
    }

    /// Skips the line on which a record became too long.
    fn skip_torn_line(&mut self) -> io::Result<()> {
        self.in_torn_line = false;
        loop {
            self.start = self.at;
            if self.at == self.end {
                self.fill()?;
            }
            // Passed piece by piece, so that a line of any length takes no memory.
            let found = memchr2(b'\n', b'\r', &self.buffer[self.at..self.end]);
            self.at = found.map_or(self.end, |idx| self.at + idx + 1);
            if found.is_some() || self.at == self.start {
                self.pass(None);
                return Ok(());
            }
            self.pass(None);
        }
    }

    /// Gets more bytes after those of the open record, which moves to the front of the
    /// buffer; the buffer grows when the record fills it.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.at -= self.start;
        self.end -= self.start;
        self.start = 0;
        // One chunk beyond the limit is enough to see that a record is longer.
        if self.end == self.buffer.len() {
            let len = (self.end * 2).min(self.limit + CHUNK);
            self.buffer.resize(len.max(self.end + 1), 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(count) => {
                    let new = &self.buffer[self.end..self.end + count];
                    self.has_cr = self.has_cr || memchr(b'\r', new).is_some();
                    self.end += count;
                    return Ok(());
                }
            }
        }
    }

    /// Moves the place over what was taken since `start`. The parser has counted its
    /// line feeds already, if these are the only line ends.
    fn pass(&mut self, feeds: Option<u64>) {
        let taken = &self.buffer[self.start..self.at];
        let Some(last) = taken.last() else {
            return;
        };
        // The CR of this CRLF was the end of what was taken before, and counted there.
        let joined = self.after_cr && taken[0] == b'\n';
        self.place.line += feeds.unwrap_or_else(|| count_lines(taken)) - u64::from(joined);
        self.place.byte += taken.len() as u64;
        self.after_cr = *last == b'\r';
    }

    /// Whether the record has a line end, which is counted by kind. Whether a CR is the first half
    /// of a CRLF only shows later.
    fn count_line_end(&mut self, cut: Cut) -> bool {
        let raw = &self.buffer[self.start..self.found_end];
        let kind = match raw {
            _ if cut != Cut::Whole => return false,
            [.., b'\r', b'\n'] => &mut self.line_ends.crlf,
            [.., b'\n'] => &mut self.line_ends.lf,
            [.., b'\r'] => &mut self.line_ends.cr,
            _ => {
                self.line_ends.none += 1;
                return false;
            }
        };
        *kind += 1;
        true
    }
}

fn parser(grammar: Grammar) -> csv_core::Reader {
    let mut builder = csv_core::ReaderBuilder::new();
    let _same = builder
        .delimiter(grammar.delimiter)
        .quoting(grammar.quote.is_some())
        .quote(grammar.quote.unwrap_or(b'"'))
        .escape(grammar.escape);
    builder.build()
}

/// CR, LF and CRLF each end a line.
fn count_lines(bytes: &[u8]) -> u64 {
    let feeds = memchr_iter(b'\n', bytes).count();
    let alone = |&idx: &usize| bytes.get(idx + 1) != Some(&b'\n');
    let returns = memchr_iter(b'\r', bytes).filter(alone).count();
    (feeds + returns) as u64
}

/// Length of the first line, its line end included.
fn first_line(bytes: &[u8]) -> usize {
    match memchr2(b'\n', b'\r', bytes) {
        None => bytes.len(),
        Some(idx) if bytes[idx..].starts_with(b"\r\n") => idx + 2,
        Some(idx) => idx + 1,
    }
}

/// The first line that is not blank, without its line end; none if it has none.
fn first_line_of(bytes: &[u8]) -> Option<&[u8]> {
    let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
    let text = &bytes[bytes.iter().take_while(is_end).count()..];
    memchr2(b'\n', b'\r', text).map(|end| &text[..end])
}

/// How many cells a line without quotes has.
fn cells_of(line: &[u8], grammar: Grammar) -> usize {
    memchr_iter(grammar.delimiter, line).count() + 1
}

fn double<T: Clone + Default>(space: &mut Vec<T>) {
    let len = space.len();
    space.resize(len * 2, T::default());
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1_000;

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    fn read(bytes: &str) -> Vec<(u64, u64, Vec<String>, String)> {
        let mut reader = RecordReader::new(bytes.as_bytes(), Grammar::usual(b','), 0);
        let mut all = Vec::new();
        while let Some(found) = reader.next().expect("reading from memory") {
            let record = reader.record();
            let cells = record.iter().map(text).collect();
            all.push((found.place.line, found.place.byte, cells, text(record.raw)));
        }
        all
    }

    fn row(line: u64, byte: u64, cells: &[&str], raw: &str) -> (u64, u64, Vec<String>, String) {
        let cells = cells.iter().map(|&cell| cell.to_owned()).collect();
        (line, byte, cells, raw.to_owned())
    }

    /// Reads with a small limit, always going back if possible.
    fn read_damaged(bytes: &str) -> Vec<(u64, Cut, String)> {
        let grammar = Grammar::usual(b',');
        let mut reader = RecordReader::with_limit(bytes.as_bytes(), grammar, 0, LIMIT);
        let mut all = Vec::new();
        while let Some(found) = reader.next().expect("reading from memory") {
            let _back = found.cut != Cut::Whole && reader.back_to_second_line();
            all.push((found.place.line, found.cut, text(reader.record().raw)));
        }
        all
    }

    #[test]
    fn a_record_that_goes_on_behind_a_lone_line_end_is_noticed() {
        let long = "x".repeat(CHUNK);
        for (text, usual, expected) in [
            ("1,2\nx\r\n", LineEnd::Crlf, true),
            ("1,2\rx\r\n", LineEnd::Crlf, true),
            ("1,2\n\nx\r\n", LineEnd::Crlf, true),
            ("1,2\nx", LineEnd::Crlf, true),
            ("1,2\r\nx\r\n", LineEnd::Crlf, false),
            ("1,2\n3,4\r\n", LineEnd::Crlf, false),
            ("1,2\n\"x\ny\",4\r\n", LineEnd::Crlf, false),
            ("1,2\n", LineEnd::Crlf, false),
            ("1,2", LineEnd::Crlf, false),
            ("1,2\rx\n", LineEnd::Lf, true),
            ("1,2\r\nx\n", LineEnd::Lf, true),
            ("1,2\nx\n", LineEnd::Lf, false),
            ("1,2\rx\r", LineEnd::Cr, false),
            ("1,2\nx\r", LineEnd::Cr, true),
            (&format!("1,{long}\n{long}\r\n"), LineEnd::Crlf, true),
            (&format!("1,{long}\n{long},4\r\n"), LineEnd::Crlf, false),
            (
                &format!("1,{}\r\n3\r\n", &long[..CHUNK - 3]),
                LineEnd::Crlf,
                false,
            ),
        ] {
            let grammar = Grammar::usual(b',');
            let read_all = |look: bool| {
                let mut reader = RecordReader::new(text.as_bytes(), grammar, 0);
                let mut all = Vec::new();
                while let Some(found) = reader.next().expect("reading from memory") {
                    let goes_on = look && reader.goes_on(usual, grammar, 2).expect("memory");
                    all.push((found, reader.record().raw.to_vec(), goes_on));
                }
                all
            };
            let looked = read_all(true);
            assert_eq!(looked[0].2, expected, "{text:.20?} {usual:?}");
            let plain = read_all(false).into_iter();
            let as_plain = looked
                .into_iter()
                .map(|(found, raw, _)| (found, raw, false));
            assert!(plain.eq(as_plain), "looking changes nothing: {text:.20?}");
        }
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
    fn line_ends_are_told_apart() {
        let mut reader =
            RecordReader::new(b"a\r\nb\nc\rd\r\n\r\ne".as_slice(), Grammar::usual(b','), 0);
        let mut multi_line = 0;
        while let Some(found) = reader.next().expect("reading from memory") {
            multi_line += u32::from(found.multi_line);
        }
        let expected = LineEnds {
            lf: 1,
            crlf: 2,
            cr: 1,
            none: 1,
        };
        assert_eq!((reader.line_ends(), multi_line), (expected, 0));
    }

    #[test]
    fn a_record_longer_than_any_buffer_stays_whole() {
        let big = "é\"\"\n".repeat(100_000);
        let found = read(&format!("h,i\n\"{big}\",{}\nlast,1\n", ",".repeat(500)));
        assert_eq!(found[1].2.len(), 502);
        assert_eq!(found[1].2[0], "é\"\n".repeat(100_000));
        assert_eq!(found[2].0, 100_003);
    }

    #[test]
    fn a_quote_that_never_closes_costs_its_line_when_asked() {
        let found = read_damaged("a,b\n1,\"x\n2,y\n3,z");
        let expected = [
            (1, Cut::Whole, "a,b"),
            (2, Cut::Unclosed, "1,\"x"),
            (3, Cut::Whole, "2,y"),
            (4, Cut::Whole, "3,z"),
        ];
        assert_eq!(
            found,
            expected.map(|(line, cut, raw)| (line, cut, raw.to_owned()))
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let long = "x".repeat(1_000_000);
        let found = read_damaged(&format!("a,b\n1,{long}\r\n2,y\n3,\"{long}\n4,z\n"));
        let cuts: Vec<_> = found.iter().map(|(line, cut, _)| (*line, *cut)).collect();
        let expected = [
            (1, Cut::Whole),
            (2, Cut::TooLong),
            (3, Cut::Whole),
            (4, Cut::TooLong),
            (5, Cut::Whole),
        ];
        assert_eq!(cuts, expected);
    }

    #[test]
    fn going_back_again_and_again_is_bounded() {
        // Each of these lines swallows everything after it.
        let found = read_damaged(&"\"a\",\"b\n".repeat(100_000));
        let bytes: usize = found.iter().map(|(_, _, raw)| raw.len() + 1).sum();
        assert!(found.len() > 1 && found.len() < 1_000, "{}", found.len());
        assert!(bytes <= 700_000, "{bytes}");
    }

    #[test]
    fn escapes_and_other_quotes_are_read_when_asked() {
        let grammar = Grammar {
            delimiter: b',',
            quote: Some(b'\''),
            escape: Some(b'\\'),
        };
        let mut reader = RecordReader::new(br"'a\'b','c''d',e".as_slice(), grammar, 0);
        let _found = reader.next().expect("reading from memory");
        let cells: Vec<String> = reader.record().iter().map(text).collect();
        assert_eq!(cells, ["a'b", "c'd", "e"]);
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

        #[test]
        fn no_byte_is_lost_and_places_are_right(
            bytes in "[a,\"\r\n]{0,60}", limit in 1_usize..20
        ) {
            let grammar = Grammar::usual(b',');
            let mut reader = RecordReader::with_limit(bytes.as_bytes(), grammar, 0, limit);
            let mut last = 0;
            while let Some(found) = reader.next().expect("reading from memory") {
                let _back = found.multi_line && reader.back_to_second_line();
                let at = usize::try_from(found.place.byte).expect("small");
                let raw = reader.record().raw;
                proptest::prop_assert!(at >= last, "{} after {}", at, last);
                proptest::prop_assert_eq!(&bytes.as_bytes()[at..at + raw.len()], raw);
                let before = &bytes[..at];
                let lines = before.replace("\r\n", "\n").replace('\r', "\n").matches('\n').count();
                proptest::prop_assert_eq!(found.place.line, lines as u64 + 1, "{:?}", before);
                last = at + raw.len();
            }
        }
    }
}
