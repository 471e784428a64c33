//! What stands in the columns of a file: every cell is counted once, in bounded memory.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::mapping::convert::{NumberStyle, boolean, email};
use crate::mapping::nearest::fold;
use crate::mapping::propose::dates::{Dates, Formats};
use crate::model::row::{Cells, Headers};

/// A column with more different values than this is no choice of a few.
pub(crate) const VALUES: usize = 60;

/// How many cells are kept to tell whether values repeat.
const HASHES: usize = 200_000;

/// Cells that stand for "no value" in exports.
const EMPTY: [&str; 8] = ["-", "--", "---", "-None-", "NULL", "null", "N/A", "(none)"];

/// A file, counted.
#[derive(Clone, Debug)]
pub struct Survey {
    headers: Headers,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: u64,
}

/// A column, counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    /// Its name as the file writes it.
    pub(crate) header: String,
    /// Cells that say something.
    pub(crate) filled: u64,
    /// Its values with their counts; none once there are too many.
    pub(crate) values: Option<HashMap<String, u64>>,
    /// Cells that stand for nothing, in its own words.
    pub(crate) empty: Vec<&'static str>,
    hashes: HashSet<u64>,
    hashed: u64,
    emails: u64,
    numbers: u64,
    truths: u64,
    chars: u64,
    multiline: u64,
    markup: u64,
    dates: Dates,
}

impl Survey {
    /// Nothing counted yet.
    pub fn new(headers: &Headers) -> Survey {
        let column = |name: &String| Column {
            header: name.clone(),
            values: Some(HashMap::new()),
            ..Column::default()
        };
        Survey {
            columns: headers.names().iter().map(column).collect(),
            headers: headers.clone(),
            rows: 0,
        }
    }

    /// Counts a row.
    pub fn add(&mut self, cells: &Cells) {
        self.rows += 1;
        for (column, cell) in self.columns.iter_mut().zip(cells.iter()) {
            column.add(cell.trim());
        }
    }

    /// The columns of the file.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Rows that were counted.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

impl Column {
    fn add(&mut self, cell: &str) {
        if cell.is_empty() {
            return;
        }
        if let Some(word) = EMPTY.iter().find(|word| **word == cell) {
            if !self.empty.contains(word) {
                self.empty.push(word);
            }
            return;
        }
        self.filled += 1;
        self.emails += u64::from(cell.contains('@') && email(cell).is_ok());
        self.numbers += u64::from(NumberStyle::default().convert(cell).is_ok());
        self.truths += u64::from(boolean(cell).is_ok());
        self.chars += cell.chars().count() as u64;
        self.multiline += u64::from(cell.contains('\n'));
        self.markup += u64::from(cell.contains("</") || cell.contains("<br"));
        self.dates.add(cell);
        self.count(cell);
    }

    fn count(&mut self, cell: &str) {
        if self.hashes.len() < HASHES {
            let mut hasher = DefaultHasher::new();
            cell.hash(&mut hasher);
            let _new = self.hashes.insert(hasher.finish());
            self.hashed += 1;
        }
        if let Some(values) = &mut self.values {
            *values.entry(cell.to_owned()).or_default() += 1;
            if values.len() > VALUES {
                self.values = None;
            }
        }
    }

    fn share(&self, count: u64) -> f64 {
        ratio(count, self.filled)
    }

    /// Share of the filled cells that are e-mail addresses.
    pub(crate) fn email_share(&self) -> f64 {
        self.share(self.emails)
    }

    /// Share of the filled cells that are numbers.
    pub(crate) fn number_share(&self) -> f64 {
        self.share(self.numbers)
    }

    /// Share of the filled cells that are truth values.
    pub(crate) fn truth_share(&self) -> f64 {
        self.share(self.truths)
    }

    /// Share of the filled cells that are HTML.
    pub(crate) fn markup_share(&self) -> f64 {
        self.share(self.markup)
    }

    /// Share of the filled cells with several lines.
    pub(crate) fn multiline_share(&self) -> f64 {
        self.share(self.multiline)
    }

    /// Share of the filled cells whose value no other cell has, as far as was kept.
    pub(crate) fn distinct_share(&self) -> f64 {
        ratio(self.hashes.len() as u64, self.hashed)
    }

    /// Characters of a filled cell.
    pub(crate) fn mean_length(&self) -> f64 {
        self.share(self.chars)
    }

    /// The date formats, with the share of cells that they read.
    pub(crate) fn dates(&self) -> Option<(Formats, f64)> {
        let formats = self.dates.formats()?;
        let share = self.share(formats.read);
        Some((formats, share))
    }

    /// Its values, the most frequent first, where they are few.
    pub(crate) fn choices(&self) -> Vec<(&str, u64)> {
        let values = self.values.iter().flatten();
        let mut values: Vec<(&str, u64)> = values.map(|(value, n)| (value.as_str(), *n)).collect();
        values.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
        values
    }

    /// Share of the filled cells whose value is one of those that `knows` knows.
    pub(crate) fn known_share(&self, knows: impl Fn(&str) -> bool) -> f64 {
        let known = self
            .choices()
            .into_iter()
            .filter(|(value, _)| knows(&fold(value)));
        self.share(known.map(|(_, count)| count).sum())
    }
}

/// One number as a share of another; nothing of nothing is nothing.
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
