//! Text → objects → records, in the shape of CSV records, so that later stages need not
//! know the difference.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memchr_iter};

use super::columns::{Columns, Form};
use crate::import::read::delimited::cut::LONGEST;
use crate::import::read::record::{Cut, Found, LineEnds, Position, Record};
use crate::model::json::{Fault, flatten};

/// How much is read from the stream at once.
const CHUNK: usize = 64 * 1024;

/// The field of our refused.jsonl for a record that could not be read.
const RAW: &str = "_raw";

/// A text so far from JSON that it is impossible to say where the next object begins.
#[derive(Debug, thiserror::Error)]
#[error("the object that begins in line {line} is broken: a text in it has no end")]
pub struct BrokenObject {
    line: u64,
}

/// Cuts a stream into objects.
pub struct ObjectReader<R> {
    input: R,
    form: Form,
    columns: Arc<Columns>,
    limit: usize,
    buffer: Vec<u8>,
    /// Where the object starts, where reading is, and where the bytes end.
    start: usize,
    at: usize,
    end: usize,
    /// Where `start` is in the text.
    place: Position,
    found_end: usize,
    line_ends: LineEnds,
    cells: Vec<String>,
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// Where the scan of an object is.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

/// What a scan found in a piece of text.
enum Step {
    /// The object ends after this many bytes.
    End(usize),
    /// A line ends inside a string, which JSON does not allow.
    Broken,
    /// The object continues.
    More,
}

impl<R: Read> ObjectReader<R> {
    /// Reads objects; `place` is where `input` begins in its file.
    pub fn new(input: R, form: Form, columns: Arc<Columns>, place: Position) -> ObjectReader<R> {
        ObjectReader {
            input,
            form,
            cells: vec![String::new(); columns.len()],
            columns,
            limit: LONGEST,
            buffer: vec![0; CHUNK],
            start: 0,
            at: 0,
            end: 0,
            place,
            found_end: 0,
            line_ends: LineEnds::default(),
            text: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Finds the next object; nothing at the end of the text.
    pub fn next(&mut self) -> io::Result<Option<Found>> {
        self.pass(self.at);
        self.text.clear();
        self.ends.clear();
        if !self.skip_between()? {
            return Ok(None);
        }
        let place = self.place;
        let whole = match self.form {
            Form::Lines => self.line()?,
            Form::Objects => self.object()?,
        };
        let raw = &self.buffer[self.start..self.found_end];
        let multi_line = memchr(b'\n', raw).is_some();
        let cut = match whole {
            false => Cut::TooLong,
            true => self.flatten(),
        };
        Ok(Some(Found {
            place,
            cut,
            multi_line,
        }))
    }

    /// What is in the last object found.
    pub fn record(&self) -> Record<'_> {
        Record {
            text: &self.text,
            ends: &self.ends,
            raw: self.raw(),
        }
    }

    /// The stream that is read.
    pub fn input(&self) -> &R {
        &self.input
    }

    /// How the lines so far ended.
    pub fn line_ends(&self) -> LineEnds {
        self.line_ends
    }

    fn raw(&self) -> &[u8] {
        self.buffer[self.start..self.found_end].trim_ascii()
    }

    /// Goes to where the next object begins; false at the end of the text.
    fn skip_between(&mut self) -> io::Result<bool> {
        loop {
            if self.at == self.end && !self.fill()? {
                return Ok(false);
            }
            let is_between = |byte: &&u8| match self.form {
                Form::Lines => byte.is_ascii_whitespace(),
                Form::Objects => byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']'),
            };
            let bytes = self.buffer[self.at..self.end].iter();
            let count = bytes.take_while(is_between).count();
            self.pass(self.at + count);
            if self.at < self.end {
                return Ok(true);
            }
        }
    }

    /// Reads a line; false if it is longer than the limit, in which case the rest is
    /// left out.
    fn line(&mut self) -> io::Result<bool> {
        loop {
            if let Some(found) = memchr(b'\n', &self.buffer[self.at..self.end]) {
                self.found_end = self.at + found;
                self.at = self.found_end + 1;
                return Ok(true);
            }
            self.at = self.end;
            if self.at - self.start >= self.limit {
                self.found_end = self.at;
                self.keep_start();
                self.skip_line()?;
                return Ok(false);
            }
            if !self.fill()? {
                self.found_end = self.end;
                return Ok(true);
            }
        }
    }

    /// Skips the rest of the current line; its beginning is kept for messages.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let found = memchr(b'\n', &self.buffer[self.at..self.end]);
            self.at = found.map_or(self.end, |found| self.at + found + 1);
            if found.is_some() || !self.refill()? {
                return Ok(());
            }
        }
    }

    /// Reads an object, however many lines it has; false if it is longer than the
    /// limit.
    fn object(&mut self) -> io::Result<bool> {
        let mut scan = Scan::default();
        if self.buffer[self.at] != b'{' {
            // Not an object: it ends where the next one may begin.
            return self.line();
        }
        let mut whole = true;
        loop {
            match scan.step(&self.buffer[self.at..self.end]) {
                Step::End(count) => {
                    self.at += count;
                    if whole {
                        self.found_end = self.at;
                    }
                    return Ok(whole);
                }
                Step::Broken => {
                    let line = self.place.line;
                    return Err(io::Error::other(BrokenObject { line }));
                }
                Step::More => self.at = self.end,
            }
            if whole && self.at - self.start >= self.limit {
                whole = false;
                self.found_end = self.at;
                self.keep_start();
            }
            let more = match whole {
                true => self.fill()?,
                false => self.refill()?,
            };
            if !more {
                if whole {
                    self.found_end = self.end;
                }
                return Ok(whole);
            }
        }
    }

    /// Keeps no more than the beginning of an object that is too long.
    fn keep_start(&mut self) {
        self.found_end = self.start + CHUNK.min(self.found_end - self.start);
    }

    /// The cells of the object, by the columns of the input.
    fn flatten(&mut self) -> Cut {
        self.cells.iter_mut().for_each(String::clear);
        let raw = self.buffer[self.start..self.found_end].trim_ascii();
        let Ok(object) = std::str::from_utf8(raw) else {
            return Cut::NoText;
        };
        let (columns, cells) = (&self.columns, &mut self.cells);
        let mut corrected = None;
        let mut take = |name: &str, text: std::borrow::Cow<'_, str>| {
            if name == RAW && !text.is_empty() {
                corrected = Some(text.to_string());
            }
            if let Some(cell) = columns.position(name).and_then(|idx| cells.get_mut(idx)) {
                cell.clear();
                cell.push_str(&text);
            }
        };
        match flatten(object, &mut take) {
            Ok(()) => {}
            Err(Fault::TooDeep) => return Cut::TooDeep,
            Err(Fault::NoObject(_)) => return Cut::NoObject,
        }
        if let Some(corrected) = corrected {
            self.take_corrected(&corrected);
        }
        for cell in &self.cells {
            self.text.extend_from_slice(cell.as_bytes());
            self.ends.push(self.text.len());
        }
        Cut::Whole
    }

    /// An object that somebody corrected in `_raw` of our refused.jsonl is used; one that is still
    /// broken stays there.
    fn take_corrected(&mut self, object: &str) {
        let mut found = Vec::new();
        let mut take = |name: &str, text: std::borrow::Cow<'_, str>| {
            found.push((name.to_owned(), text.into_owned()));
        };
        if flatten(object, &mut take).is_err() {
            return;
        }
        found.push((RAW.to_owned(), String::new()));
        for (name, text) in found {
            if let Some(idx) = self.columns.position(&name) {
                self.cells[idx] = text;
            }
        }
    }

    /// Moves the beginning, over what was read before.
    fn pass(&mut self, to: usize) {
        let taken = &self.buffer[self.start..to];
        let feeds = memchr_iter(b'\n', taken).count() as u64;
        self.line_ends.lf += feeds;
        self.place.line += feeds;
        self.place.byte += taken.len() as u64;
        self.start = to;
        self.at = to;
    }

    /// Reads more bytes after those of the open object, which moves to the front of the buffer;
    /// false at the end of the text.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.at -= self.start;
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            let len = (self.end * 2).min(self.limit + CHUNK);
            self.buffer.resize(len.max(self.end + 1), 0);
        }
        self.read_behind()
    }

    /// Replaces the bytes after the beginning that is kept by more. The position moves
    /// past them.
    fn refill(&mut self) -> io::Result<bool> {
        let kept = self.found_end;
        let dropped = &self.buffer[kept..self.end];
        let feeds = memchr_iter(b'\n', dropped).count() as u64;
        self.place.line += feeds;
        self.line_ends.lf += feeds;
        self.place.byte += dropped.len() as u64;
        self.at = kept;
        self.end = kept;
        if kept == self.buffer.len() {
            self.buffer.resize(kept + CHUNK, 0);
        }
        self.read_behind()
    }

    fn read_behind(&mut self) -> io::Result<bool> {
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(count) => {
                    self.end += count;
                    return Ok(count > 0);
                }
            }
        }
    }
}

impl Scan {
    fn step(&mut self, bytes: &[u8]) -> Step {
        for (idx, byte) in bytes.iter().enumerate() {
            if self.escaped {
                self.escaped = false;
                continue;
            }
            match (self.in_text, byte) {
                (true, b'\\') => self.escaped = true,
                (true, b'"') => self.in_text = false,
                (true, b'\n') => return Step::Broken,
                (true, _) => {}
                (false, b'"') => self.in_text = true,
                (false, b'{' | b'[') => self.depth += 1,
                (false, b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Step::End(idx + 1);
                    }
                }
                (false, _) => {}
            }
        }
        Step::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::read::text::pieces::Pieces;

    fn reader<R: Read>(input: R, form: Form) -> ObjectReader<R> {
        let columns = Columns::of(["a", "b.c", "_raw"].map(str::to_owned).to_vec());
        let place = Position { byte: 0, line: 1 };
        ObjectReader::new(input, form, Arc::new(columns), place)
    }

    /// Line, byte, how it was cut, and the cells of every object.
    fn read(text: &str, form: Form, piece: usize) -> Vec<(u64, u64, Cut, String)> {
        let mut reader = reader(Pieces(text.as_bytes(), piece), form);
        let mut all = Vec::new();
        while let Some(found) = reader.next().expect("read from memory") {
            let record = reader.record();
            let cells: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
            let Position { byte, line } = found.place;
            all.push((line, byte, found.cut, cells.join("|")));
        }
        all
    }

    #[test]
    fn objects_are_cut_however_they_stand() {
        let lines = "{\"a\":1}\r\n\n{\"b\":{\"c\":\"x}\\\"\"}}\n{\"a\":2}";
        let list = "[ {\"a\":1} ,\n{\"b\":\n {\"c\":\"x}\\\"\"}},{\"a\":2}\n]\n";
        for piece in [1, 3, 1_000] {
            let found = read(lines, Form::Lines, piece);
            let cells: Vec<&str> = found.iter().map(|(.., cells)| cells.as_str()).collect();
            assert_eq!(cells, ["1||", "|x}\"|", "2||"]);
            let places: Vec<(u64, u64)> = found.iter().map(|(l, b, ..)| (*l, *b)).collect();
            assert_eq!(places, [(1, 0), (3, 10), (4, 29)]);
            let found = read(list, Form::Objects, piece);
            let cells: Vec<&str> = found.iter().map(|(.., cells)| cells.as_str()).collect();
            assert_eq!(cells, ["1||", "|x}\"|", "2||"]);
            let places: Vec<(u64, u64)> = found.iter().map(|(l, b, ..)| (*l, *b)).collect();
            assert_eq!(places, [(1, 2), (2, 12), (3, 33)]);
            for (_, byte, _, cells) in found {
                let rest = &list[byte as usize..];
                assert_eq!(
                    read(rest, Form::Objects, piece)[0].3,
                    cells,
                    "from its offset"
                );
            }
        }
    }

    #[test]
    fn a_broken_line_costs_itself() {
        let text = "{\"a\":1}\n{\"a\":\n[1]\n{\"a\":\"x\ny\"}\n7\n{\"a\":2} x\n{\"a\":3}\n";
        let found = read(text, Form::Lines, 7);
        let cuts: Vec<Cut> = found.iter().map(|(_, _, cut, _)| *cut).collect();
        let broken = Cut::NoObject;
        assert_eq!(
            cuts,
            [
                Cut::Whole,
                broken,
                broken,
                broken,
                broken,
                broken,
                broken,
                Cut::Whole
            ]
        );
        let cut_off = read("[{\"a\":1},{\"a\":", Form::Objects, 4);
        assert_eq!(cut_off[1].2, Cut::NoObject);
        let mut broken = reader("[{\"a\":\"x\n\"},{}]".as_bytes(), Form::Objects);
        let told = broken.next().expect_err("nobody knows where it ends");
        assert!(told.to_string().contains("line 1"), "{told}");
    }

    #[test]
    fn a_long_object_is_passed_over_in_little_memory() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(3 * LONGEST));
        for (form, text) in [
            (Form::Lines, format!("{{\"a\":1}}\n{long}\n{{\"a\":2}}\n")),
            (
                Form::Objects,
                format!("[{{\"a\":1}},\n{long},\n{{\"a\":2}}]"),
            ),
        ] {
            let mut reader = reader(text.as_bytes(), form);
            let mut cuts = Vec::new();
            while let Some(found) = reader.next().expect("read") {
                cuts.push((found.cut, found.place.line));
            }
            assert_eq!(
                cuts,
                [(Cut::Whole, 1), (Cut::TooLong, 2), (Cut::Whole, 3)],
                "{form:?}"
            );
            assert!(reader.buffer.len() <= LONGEST + 2 * CHUNK);
        }
    }

    #[test]
    fn bytes_that_are_no_text_and_deep_nesting_cost_their_row() {
        let text = [b"{\"a\":\"\xFF\"}\n".as_slice(), b"{\"a\":1}\n"].concat();
        let mut reader = reader(text.as_slice(), Form::Lines);
        let mut cut = || reader.next().expect("read").map(|found| found.cut);
        assert_eq!([cut(), cut()], [Some(Cut::NoText), Some(Cut::Whole)]);
        let deep = format!("{{\"a\":{}}}\n", "[".repeat(10_000));
        assert_eq!(read(&deep, Form::Lines, 100)[0].2, Cut::TooDeep);
    }

    #[test]
    fn what_was_corrected_in_raw_counts() {
        let text = "{\"a\":9,\"_raw\":\"{\\\"a\\\":1}\"}\n{\"_raw\":\"{\\\"a\\\"\"}\n";
        let found = read(text, Form::Lines, 100);
        assert_eq!((&*found[0].3, &*found[1].3), ("1||", "||{\"a\""));
    }
}
