//! The original record that our refused.csv holds in `_raw` because it could not be cut
//! into cells: how it is written there, and how it is read once somebody has corrected it
//! (protocol R6).

use super::cut::RecordReader;
use super::delimiter::most_cells;
use super::quotes::are_sound;
use crate::import::read::layout::Layout;
use crate::import::read::record::{Cut, Grammar};
use crate::model::dialect::{DELIMITERS, Dialect, delimiter_word};
use crate::model::invisible::trim_invisible;
use crate::model::issue::Reason;
use crate::model::row::Headers;

/// How the records in `_raw` are written: as in the first input, about which not
/// everything is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawMarks {
    delimiter: Option<u8>,
    quote: Option<u8>,
    escape: Option<u8>,
}

impl RawMarks {
    /// The given marks; the usual ones otherwise.
    pub(crate) fn new(dialect: &Dialect) -> RawMarks {
        RawMarks {
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            escape: dialect.escape,
        }
    }

    fn grammar(self, delimiter: u8) -> Grammar {
        Grammar {
            delimiter,
            quote: self.quote,
            escape: self.escape,
        }
    }

    /// How many cells a record in `_raw` has, as far as that can be known.
    pub(crate) fn width(self, raw: &[u8]) -> usize {
        let cells = |delimiter| {
            let records = records(raw, self.grammar(delimiter));
            records.and_then(|records| records.last().map(Vec::len))
        };
        let known = self.delimiter.and_then(cells);
        known.unwrap_or_else(|| most_cells(last_record(raw)))
    }

    /// Why a text can't be read as a record of this many columns, unless it just has too
    /// many or too few cells.
    pub(crate) fn trouble(self, raw: &[u8], headers: &Headers) -> Option<Reason> {
        let columns = headers.len();
        let at = |delimiter: u8| records(raw, self.grammar(delimiter));
        let count = |found: &Option<Vec<Vec<String>>>| found.as_ref().map_or(0, Vec::len);
        let known = at(self.delimiter.unwrap_or(b','));
        let is_name = |cell: &String| {
            let cell = trim_invisible(cell);
            let mut names = headers.names().iter();
            !cell.is_empty() && names.any(|name| name.eq_ignore_ascii_case(cell))
        };
        let has_header = DELIMITERS.into_iter().any(|delimiter| {
            let first = at(delimiter).and_then(|found| found.into_iter().next());
            first.is_some_and(|cells| cells.iter().any(is_name))
        });
        if count(&known) > 1 && !has_header {
            let records = count(&known);
            return Some(Reason::RawRecords { records });
        }
        let fits = |delimiter: &u8| {
            let found = at(*delimiter);
            found.is_some_and(|found| found.len() == 1 && found[0].len() == columns)
        };
        let mark = DELIMITERS.into_iter().find(fits)?;
        Some(Reason::RawDelimiter {
            mark: delimiter_word(mark),
        })
    }

    /// The cells of a corrected record by column name, if it can be cut: see
    /// `raw_text`. Without a header line above it the record is cut at commas, unless
    /// another mark cuts it into more cells: then it is not certain how it was written,
    /// and nothing is guessed.
    pub(crate) fn corrected(self, raw: &[u8], headers: &Headers) -> Option<Corrected> {
        let below_header = |delimiter| {
            let records = records(raw, self.grammar(delimiter))?;
            let [header, cells] = records.as_slice() else {
                return None;
            };
            let fits = header.len() == cells.len();
            fits.then(|| Corrected::named(cells, header, headers))?
        };
        let found = DELIMITERS.into_iter().find_map(below_header);
        found.or_else(|| {
            let width = headers.len();
            let is_sure = self.delimiter.is_some() || most_cells(raw) <= width;
            let delimiter = self.delimiter.unwrap_or(b',');
            let mut records = records(raw, self.grammar(delimiter)).filter(|_| is_sure)?;
            let cells = records.pop()?;
            let fits = records.is_empty() && cells.len() == width;
            fits.then_some(Corrected { cells, line: None })
        })
    }
}

/// A record that somebody corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Corrected {
    /// Its cells, in the order of the requested columns.
    pub(crate) cells: Vec<String>,
    /// Line of the first input, if the record itself came from a refused.csv.
    pub(crate) line: Option<Box<str>>,
}

impl Corrected {
    /// The cells in the order of `headers`; none if the header line has other names.
    fn named(cells: &[String], header: &[String], headers: &Headers) -> Option<Corrected> {
        let names = header.iter().map(|name| trim_invisible(name).to_owned());
        let mut layout = Layout::new(names.collect(), &[]);
        layout.arrange(headers).ok()?;
        let line = layout.own.line.map(|idx| trim_invisible(&cells[idx]));
        Some(Corrected {
            cells: layout
                .columns
                .iter()
                .map(|&idx| cells[idx].clone())
                .collect(),
            line: line.filter(|line| !line.is_empty()).map(Box::from),
        })
    }
}

/// The content of `_raw`: the record below the header line of its file. The record alone would not
/// show how its file was written, nor the order of its columns, once somebody has moved those of
/// refused.csv.
pub(crate) fn raw_text(record: &[u8], grammar: Grammar, names: &[String]) -> String {
    let record = String::from_utf8_lossy(record);
    let delimiter = char::from(grammar.delimiter);
    let quoted = |name: &String| match grammar.quote.map(char::from) {
        Some(quote) if name.contains([delimiter, quote, '\n', '\r']) => {
            let doubled = name.replace(quote, &format!("{quote}{quote}"));
            format!("{quote}{doubled}{quote}")
        }
        _ => name.clone(),
    };
    let names: Vec<String> = names.iter().map(quoted).collect();
    let header = names.join(&delimiter.to_string());
    format!("{header}\n{record}")
}

/// The records of a text that are not blank; none if one of them is incomplete, damaged,
/// or not text.
fn records(raw: &[u8], grammar: Grammar) -> Option<Vec<Vec<String>>> {
    let mut reader = RecordReader::new(raw, grammar, 0);
    let mut records = Vec::new();
    while let Some(found) = reader.next().ok()? {
        let record = reader.record();
        if record.text.trim_ascii().is_empty() {
            continue;
        }
        if found.cut != Cut::Whole || !are_sound(record.raw, grammar) {
            return None;
        }
        let cells = record
            .iter()
            .map(|cell| std::str::from_utf8(cell).map(str::to_owned).ok());
        records.push(cells.collect::<Option<Vec<String>>>()?);
    }
    Some(records)
}

/// The record below a header line, or the only one.
fn last_record(raw: &[u8]) -> &[u8] {
    let raw = raw.trim_ascii();
    memchr::memrchr(b'\n', raw).map_or(raw, |at| &raw[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: [&str; 3]) -> Headers {
        Headers::new(names.map(str::to_owned).to_vec())
    }

    fn corrected(raw: &str, insisted: Option<u8>) -> Option<Vec<String>> {
        let marks = RawMarks::new(&Dialect {
            delimiter: insisted,
            ..Dialect::default()
        });
        let found = marks.corrected(raw.as_bytes(), &headers(["Id", "S", "T"]));
        found.map(|found| found.cells)
    }

    #[test]
    fn a_corrected_record_is_cut_as_its_file_was() {
        for (raw, insisted, expected) in [
            ("1,\"a,b\",c", None, Some(["1", "a,b", "c"])),
            ("1,\"a,b\",c\r\n", None, Some(["1", "a,b", "c"])),
            ("1,a,b,c", None, None),
            ("1,\"a,b,c", None, None),
            ("1,a \"b\",c", None, None),
            ("1;\"a;b\";c", Some(b';'), Some(["1", "a;b", "c"])),
            ("Id;S;T\n1;\"a;b\";c", None, Some(["1", "a;b", "c"])),
            ("Id;S;T\n1;a,b,c;", None, Some(["1", "a,b,c", ""])),
            ("Id;S;T\n1;a;b;c", None, None),
            ("T\tId\tS\nc\t1\ta", None, Some(["1", "a", "c"])),
            ("T,Id,S\nc,1,\"a\nb\"", None, Some(["1", "a\nb", "c"])),
            ("1,a,b\n2,c,d", None, None),
            // A file with semicolons, of a version that wrote no header line.
            ("1;a,b,c;;d", None, None),
            ("", None, None),
        ] {
            let expected = expected.map(|cells| cells.map(str::to_owned).to_vec());
            assert_eq!(corrected(raw, insisted), expected, "{raw}");
        }
    }

    #[test]
    fn the_header_line_that_is_written_is_the_one_that_is_read() {
        let names = ["S;1", "Id", "say \"T\""].map(str::to_owned);
        let raw = raw_text(b"a;1;c", Grammar::usual(b';'), &names);
        let marks = RawMarks::new(&Dialect::default());
        let found = marks.corrected(raw.as_bytes(), &headers(["Id", "S;1", "say \"T\""]));
        assert_eq!(found.expect("cut").cells, ["1", "a", "c"]);
        let refused = [
            "Id", "S", "T", "_line", "_code", "_column", "_value", "_hint", "_key", "_raw",
        ];
        let raw = format!("{}\n1,a,b,17,X,,,,k,", refused.join(","));
        let found = marks.corrected(raw.as_bytes(), &headers(["Id", "S", "T"]));
        let expected = Corrected {
            cells: ["1", "a", "b"].map(str::to_owned).to_vec(),
            line: Some("17".into()),
        };
        assert_eq!(found, Some(expected));
    }
}
