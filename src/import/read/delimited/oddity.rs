//! Oddities in the head of a text that reading does not act upon by itself: lines above
//! the header, cells in single quotes, whole lines in quotes. They are reported and
//! proposed; only a mapping applies them.

use super::cut::RecordReader;
use crate::import::read::record::{Cut, Grammar};
use crate::model::dialect::DELIMITERS;

/// Records of the head that may precede a header.
const ABOVE: usize = 20;
/// Records that are looked at.
const LOOKED_AT: usize = 200;
/// A longer cell is not a column name.
const LONGEST_NAME: usize = 80;

/// Something odd about a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// The header seems to follow this many lines.
    LinesAbove(u64),
    /// Cells are enclosed in apostrophes.
    SingleQuotes,
    /// Every line is one quoted cell that holds a line of a CSV file.
    QuotedLines,
}

impl Oddity {
    /// What it is, and what to do about it.
    pub fn words(&self) -> String {
        match self {
            Oddity::LinesAbove(lines) => format!(
                "the header seems to be line {}: `skip_lines = {lines}` under [source] starts there",
                lines + 1
            ),
            Oddity::SingleQuotes => {
                "cells are in apostrophes: `quote = \"'\"` under [source] reads them".to_owned()
            }
            Oddity::QuotedLines => "each whole line is in quotes, as if it were one cell: remove \
                 the outer quotes and write \"\" as \", or export the file again"
                .to_owned(),
        }
    }
}

/// A record of the head.
struct Seen {
    line: u64,
    cells: Vec<String>,
}

/// What is odd about the text of a sheet, whose rows end with their last filled cell.
pub(crate) fn oddities_of_sheet(head: &[u8], is_whole: bool, width: usize) -> Vec<Oddity> {
    let mut records = records(head, is_whole, Grammar::usual(b','));
    for record in &mut records {
        record
            .cells
            .resize(record.cells.len().max(width), String::new());
    }
    above(&records)
        .map(Oddity::LinesAbove)
        .into_iter()
        .collect()
}

/// What is odd about a text that begins like this, as `grammar` reads it.
pub(crate) fn oddities(head: &[u8], is_whole: bool, grammar: Grammar) -> Vec<Oddity> {
    let records = records(head, is_whole, grammar);
    if are_single_quoted(&records) {
        return vec![Oddity::SingleQuotes];
    }
    if are_quoted_lines(&records, grammar) {
        return vec![Oddity::QuotedLines];
    }
    lines_above(head, is_whole, grammar).into_iter().collect()
}

fn records(head: &[u8], is_whole: bool, grammar: Grammar) -> Vec<Seen> {
    let mut reader = RecordReader::new(head, grammar, 0);
    let mut records = Vec::new();
    while records.len() < LOOKED_AT
        && let Ok(Some(found)) = reader.next()
    {
        if found.cut == Cut::Whole {
            let cells = reader.record();
            let cells = cells
                .iter()
                .map(|cell| String::from_utf8_lossy(cell).trim().to_owned());
            records.push(Seen {
                line: found.place.line,
                cells: cells.collect(),
            });
        }
    }
    if !is_whole && records.len() > 1 {
        let _cut_off = records.pop();
    }
    records
}

fn are_single_quoted(records: &[Seen]) -> bool {
    let is_quoted =
        |cell: &String| cell.len() >= 2 && cell.starts_with('\'') && cell.ends_with('\'');
    let header = records.first();
    header.is_some_and(|header| header.cells.len() > 1 && header.cells.iter().all(is_quoted))
}

/// Whether all records are single cells that can themselves be cut into equally many cells.
fn are_quoted_lines(records: &[Seen], grammar: Grammar) -> bool {
    if records.len() < 2 || !records.iter().all(|record| record.cells.len() == 1) {
        return false;
    }
    DELIMITERS.into_iter().any(|delimiter| {
        let inner = Grammar {
            delimiter,
            ..grammar
        };
        let widths = records.iter().map(|record| {
            let mut reader = RecordReader::new(record.cells[0].as_bytes(), inner, 0);
            match reader.next() {
                Ok(Some(_)) => reader.record().len(),
                _ => 0,
            }
        });
        let widths: Vec<usize> = widths.collect();
        widths[0] > 1 && widths.iter().all(|width| *width == widths[0])
    })
}

/// How many lines precede the header, if any: records with few filled cells, then one
/// whose cells are all names, then rows as wide as that.
fn lines_above(head: &[u8], is_whole: bool, grammar: Grammar) -> Option<Oddity> {
    let own = above(&records(head, is_whole, grammar));
    let others = || {
        DELIMITERS.into_iter().find_map(|delimiter| {
            above(&records(
                head,
                is_whole,
                Grammar {
                    delimiter,
                    ..grammar
                },
            ))
        })
    };
    own.or_else(others).map(Oddity::LinesAbove)
}

fn above(records: &[Seen]) -> Option<u64> {
    let header = records
        .iter()
        .take(ABOVE + 1)
        .position(|record| are_names(&record.cells))?;
    let (before, rest) = records.split_at(header);
    let (header, rows) = rest.split_first()?;
    let width = header.cells.len();
    let is_poor = |record: &Seen| {
        let filled = record.cells.iter().filter(|cell| !cell.is_empty()).count();
        filled <= 2 && filled * 2 <= width
    };
    let fit = rows.iter().filter(|row| row.cells.len() == width).count();
    let is_header = width > 2 || before.iter().all(|record| record.cells.len() < width);
    (!before.is_empty()
        && is_header
        && before.iter().all(is_poor)
        && !rows.is_empty()
        && fit * 10 >= rows.len() * 8)
        .then_some(header.line - 1)
}

/// Whether the cells of a record are the names of columns: at least two, all of them different,
/// short, and words.
fn are_names(cells: &[String]) -> bool {
    let is_name = |cell: &String| {
        (1..=LONGEST_NAME).contains(&cell.len())
            && cell.contains(char::is_alphabetic)
            && !cell.contains('@')
            && !cell.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut sorted: Vec<&String> = cells.iter().filter(|cell| !cell.is_empty()).collect();
    let filled = sorted.len();
    sorted.sort_unstable();
    sorted.dedup();
    let names = sorted.iter().filter(|cell| is_name(cell)).count();
    filled >= 2 && filled * 5 >= cells.len() * 4 && names * 5 >= filled * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_is_seen_and_the_usual_is_not() {
        let odd =
            |text: &str, delimiter| oddities(text.as_bytes(), true, Grammar::usual(delimiter));
        let lines = |count| vec![Oddity::LinesAbove(count)];
        let table: [(&str, u8, Vec<Oddity>); 12] = [
            (
                "Incident report\nPeriod: 2024-01-01 to 2024-01-31\n\nId,Subject,Status\n1,one,open\n2,two,closed\n",
                b',',
                lines(3),
            ),
            // A spreadsheet pads the lines.
            (
                "Tickets,,,\r\n,,,\r\nId,Subject,Status,Owner\r\n1,one,open,\r\n2,two,,Bo\r\n",
                b',',
                lines(2),
            ),
            (
                "Liste der Tickets\nId;Betreff;Status\n1;a;offen\n2;b;zu\n",
                b',',
                lines(1),
            ),
            (
                "Export of \"all\" tickets\nId\tSubject\n1\ta\n2\tb\n",
                b',',
                lines(1),
            ),
            (
                "'Id','Subject'\n'1','It''s'\n",
                b',',
                vec![Oddity::SingleQuotes],
            ),
            (
                "\"Id,Subject,Description\"\n\"1,Mouse,\"\"left, dead\"\"\"\n\"2,Keyboard,sticky\"\n",
                b',',
                vec![Oddity::QuotedLines],
            ),
            ("Id,Subject,Status\n1,one,open\n", b',', vec![]),
            ("Subject\nHello, you\nBye\n", b',', vec![]),
            ("Id,Subject\n1,a\n2,b,c\n", b',', vec![]),
            ("4001,Printer,open\n4002,Door,closed\n", b',', vec![]),
            ("Id,,\n1,a,b\n2,c,d\n", b',', vec![]),
            (
                "Name,Text\nAnn,\"Dear all, the door\"\nBob,x\n",
                b',',
                vec![],
            ),
        ];
        for (text, delimiter, expected) in table {
            assert_eq!(odd(text, delimiter), expected, "{text}");
        }
    }
}
