//! Records at the end of a file that are not rows: totals, row counts, who made the report.
//! A last row that is merely sparse is not among them: its first cell is like those above
//! it.

use std::collections::VecDeque;

use crate::import::read::Reading;
use crate::model::outcome::RowEnd;
use crate::model::row::Cells;

/// Records that are inspected.
const LOOKED_AT: usize = 12;
/// A longer record that is not cut into cells is a damaged row.
const LONGEST: usize = 300;
/// Characters of a footer that are shown.
const SHOWN: usize = 60;
/// Words that footers begin with, or have after a number ("25 records").
const WORDS: [&str; 22] = [
    "total",
    "totals",
    "subtotal",
    "sum",
    "grand total",
    "average",
    "count",
    "generated",
    "exported",
    "created by",
    "created on",
    "printed",
    "report",
    "page",
    "end of",
    "rows",
    "records",
    "tickets",
    "issues",
    "items",
    "results",
    "confidential",
];

/// The records at the end of a file that are not rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footer {
    /// Position of the file in the run.
    pub file: u32,
    /// How many there are.
    pub records: usize,
    /// The line of the first.
    pub line: u64,
    /// What it says, shortened.
    pub text: String,
}

/// The end of the file that is being read.
#[derive(Debug, Default)]
pub struct Tail {
    file: u32,
    last: VecDeque<Reading>,
    before: Rows,
    found: Vec<Footer>,
}

/// What the rows of a file look like.
#[derive(Clone, Copy, Debug, Default)]
struct Rows {
    count: u64,
    filled: u64,
    /// The shapes of their first cells, one bit each.
    shapes: u8,
}

impl Rows {
    fn add(&mut self, reading: &Reading) {
        if let Reading::Row(row) = reading {
            self.count += 1;
            self.filled += filled(&row.cells);
            self.shapes |= shape(row.cells.get(0).unwrap_or_default());
        }
    }
}

impl Tail {
    /// Adds the next record; returns one that is no longer inspected.
    pub fn take(&mut self, reading: Reading) -> Option<Reading> {
        let file = match &reading {
            Reading::Row(row) => row.address.file,
            Reading::Fallen(outcome) => outcome.source.address.file,
        };
        if file != self.file {
            self.end_file();
            self.file = file;
        }
        let first = match self.last.len() {
            LOOKED_AT => self.last.pop_front(),
            _ => None,
        };
        first.iter().for_each(|first| self.before.add(first));
        self.last.push_back(reading);
        first
    }

    /// The footers of all files.
    pub fn finish(mut self) -> Vec<Footer> {
        self.end_file();
        self.found
    }

    fn end_file(&mut self) {
        let last = std::mem::take(&mut self.last);
        let before = std::mem::take(&mut self.before);
        // All records at the end from the first one that is not a row.
        let footer = (0..last.len()).find(|start| {
            let mut rows = before;
            last.range(..*start).for_each(|reading| rows.add(reading));
            let mut above = start.checked_sub(1).and_then(|at| last.get(at));
            rows.count > 0
                && last.range(*start..).all(|reading| {
                    let is_footer = is_footer(reading, above, rows);
                    above = Some(reading);
                    is_footer
                })
        });
        if let Some(first) = footer.and_then(|start| last.get(start)) {
            let (line, text) = shown(first);
            self.found.push(Footer {
                file: self.file,
                records: last.len() - footer.unwrap_or_default(),
                line,
                text,
            });
        }
    }
}

/// Whether a record is not a row like these; `above` is the record before it.
fn is_footer(reading: &Reading, above: Option<&Reading>, rows: Rows) -> bool {
    match reading {
        Reading::Row(row) => {
            let cells = filled(&row.cells);
            let first = row.cells.get(0).unwrap_or_default().trim();
            let is_poor = cells <= 3 && cells * 2 * rows.count <= rows.filled;
            let is_other = rows.shapes & shape(first) == 0;
            let is_few = cells * rows.count < rows.filled;
            let named = row.cells.iter().find(|cell| !cell.trim().is_empty());
            is_other && (is_poor || (is_few && named.is_some_and(is_named)))
        }
        Reading::Fallen(outcome) => match &outcome.end {
            RowEnd::Refused(refusal) => {
                let line = outcome.source.address.line;
                let is_apart = above.is_some_and(|above| line > end_line(above) + 1);
                let text = outcome.raw.as_deref().unwrap_or_default();
                refusal.code == "RAGGED_ROW"
                    && text.len() <= LONGEST
                    && (is_apart || is_named(last_line(text)))
            }
            // All empty.
            _ => outcome.source.cells.is_blank(),
        },
    }
}

/// Whether a text begins like a footer.
fn is_named(text: &str) -> bool {
    let text = text
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase();
    let behind = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',' || c == ' ');
    let begins = |text: &str| {
        WORDS.iter().any(|word| {
            let rest = text.strip_prefix(word);
            rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        })
    };
    begins(&text) || (behind.len() < text.len() && begins(behind))
}

fn filled(cells: &Cells) -> u64 {
    cells.iter().filter(|cell| !cell.trim().is_empty()).count() as u64
}

/// The shape of a first cell: empty, digits, letters with digits, a word, several words.
fn shape(cell: &str) -> u8 {
    let cell = cell.trim();
    let has_digits = cell.contains(|c: char| c.is_ascii_digit());
    match () {
        () if cell.is_empty() => 1,
        () if cell.contains(' ') => 16,
        () if !has_digits => 8,
        () if cell.contains(char::is_alphabetic) => 4,
        () => 2,
    }
}

fn end_line(reading: &Reading) -> u64 {
    let breaks = |text: &str| memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
    match reading {
        Reading::Row(row) => row.address.line + row.cells.iter().map(breaks).sum::<u64>(),
        Reading::Fallen(outcome) => outcome.source.address.line,
    }
}

/// The record itself, without the header that may precede it.
fn last_line(raw: &str) -> &str {
    raw.trim_end().lines().next_back().unwrap_or_default()
}

fn shown(reading: &Reading) -> (u64, String) {
    let (line, text) = match reading {
        Reading::Row(row) => {
            let cells = row.cells.iter().filter(|cell| !cell.trim().is_empty());
            (row.address.line, cells.collect::<Vec<_>>().join(" "))
        }
        Reading::Fallen(outcome) => {
            let raw = outcome.raw.as_deref().unwrap_or_default();
            (outcome.source.address.line, last_line(raw).to_owned())
        }
    };
    (line, text.trim().chars().take(SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_told_from_rows() {
        for (text, named) in [
            ("Total", true),
            ("Total: 25", true),
            ("25 records", true),
            ("1,204 tickets exported", true),
            ("Generated on 2024-03-14", true),
            ("Totally broken", false),
            ("Reporter", false),
            ("4001", false),
            ("Printer", false),
        ] {
            assert_eq!(is_named(text), named, "{text}");
        }
    }
}
