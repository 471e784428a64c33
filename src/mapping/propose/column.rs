//! What is in one column: every cell is counted once, in bounded memory.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use crate::mapping::convert::{NumberStyle, STYLES, boolean, email, is_zero_date};
use crate::mapping::nearest::fold;
use crate::mapping::propose::belief::{At, Counter, Tally};
use crate::mapping::propose::dates::Dates;
use crate::mapping::propose::distinct::Distinct;
use crate::model::formula::formula_text;

/// A column with more distinct values than this is not a choice.
pub(crate) const VALUES: usize = 60;

/// A longer cell is not a choice.
const LONGEST_VALUE: usize = 120;

/// Examples that are kept.
const EXAMPLES: usize = 3;

/// Cells that mean "no value" in exports.
const EMPTY: [&str; 8] = ["-", "--", "---", "-None-", "NULL", "null", "N/A", "(none)"];

/// A column, counted.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Its name as the file writes it.
    pub(crate) header: String,
    /// Cells that say something.
    pub(crate) filled: u64,
    /// Cells that mean "no value", as written.
    pub(crate) empty: Vec<&'static str>,
    /// Dates of zeros, which mean no date.
    pub(crate) zero_dates: u64,
    /// The first different values.
    pub(crate) examples: Vec<Counter>,
    /// Whether its values repeat, and how.
    pub(crate) distinct: Distinct,
    /// How its dates are written.
    pub(crate) dates: Dates,
    /// How dates before a `;` are written, as in comments of Jira.
    pub(crate) leading: Dates,
    pub(crate) emails: Tally,
    pub(crate) links: Tally,
    /// Texts written as formulas.
    pub(crate) formulas: Tally,
    pub(crate) truths: Tally,
    /// By the styles of `STYLES`.
    pub(crate) numbers: [Tally; STYLES.len()],
    /// The first cell that is a different number in another style.
    pub(crate) open_number: Option<Counter>,
    /// Digits, perhaps after a minus.
    pub(crate) whole: Tally,
    pub(crate) digits: Digits,
    /// Ids that a spreadsheet has rounded or made numbers with a point.
    pub(crate) damaged: Damaged,
    /// Its values with their counts; none once there are too many.
    values: Option<HashMap<String, u64, RandomState>>,
    chars: u64,
    blanks: u64,
    multiline: u64,
    markup: u64,
    entities: u64,
}

/// Digits alone: to distinguish codes from numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digits {
    /// The first cell that begins with a needless zero.
    pub(crate) zero_first: Option<Counter>,
    /// The first cell of sixteen digits or more.
    pub(crate) long: Option<Counter>,
    shortest: usize,
    longest: usize,
}

/// Cells that a spreadsheet has changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Damaged {
    /// `1.2E+15`: digits are lost.
    pub(crate) rounded: u64,
    /// `100004.0`.
    pub(crate) pointed: u64,
    /// The first of them.
    pub(crate) first: Option<Counter>,
}

impl Column {
    /// A column before its first cell; `hashes` is how many of its values may be kept to
    /// detect repeats.
    pub(crate) fn new(header: &str, hashes: usize) -> Column {
        Column {
            header: header.to_owned(),
            values: Some(HashMap::default()),
            distinct: Distinct::new(hashes),
            ..Column::default()
        }
    }

    /// Whether any of its cells contains a blank.
    pub(crate) fn has_blanks(&self) -> bool {
        self.blanks > 0
    }

    /// Its name as the file writes it; empty if there is none.
    pub fn name(&self) -> &str {
        &self.header
    }

    /// Cells that say something.
    pub fn filled(&self) -> u64 {
        self.filled
    }

    /// The first different values, shortened.
    pub fn examples(&self) -> impl Iterator<Item = &str> {
        self.examples.iter().map(|example| example.value.as_str())
    }

    /// Counts a cell.
    pub(crate) fn add(&mut self, at: At<'_>) {
        let cell = at.cell;
        if cell.is_empty() {
            return;
        }
        if is_zero_date(cell) {
            self.zero_dates += 1;
            return;
        }
        if let Some(word) = EMPTY.iter().find(|word| **word == cell) {
            if !self.empty.contains(word) {
                self.empty.push(word);
            }
            return;
        }
        self.filled += 1;
        self.add_form(cell);
        self.emails
            .add(cell.contains('@') && email(cell).is_ok(), at);
        self.links.add(is_link(cell), at);
        if cell.starts_with('=') {
            self.formulas.add(is_text_formula(cell), at);
        }
        self.truths.add(is_truth(cell), at);
        self.add_number(at);
        self.dates.add(at);
        if cell.as_bytes()[0].is_ascii_digit()
            && let Some(end) = memchr::memchr(b';', cell.as_bytes())
        {
            let cell = cell[..end].trim();
            self.leading.add(At { cell, ..at });
        }
        self.count(cell);
        self.add_example(at);
    }

    /// Counts how a cell is written: long, in words, lines or markup.
    fn add_form(&mut self, cell: &str) {
        self.chars += cell.chars().count() as u64;
        self.blanks += u64::from(memchr::memchr(b' ', cell.as_bytes()).is_some());
        self.multiline += u64::from(memchr::memchr(b'\n', cell.as_bytes()).is_some());
        if memchr::memchr2(b'<', b'&', cell.as_bytes()).is_some() {
            self.markup += u64::from(cell.contains("</") || cell.contains("<br"));
            self.entities += u64::from(cell.contains("&lt;") && cell.contains("&gt;"));
        }
    }

    fn add_example(&mut self, at: At<'_>) {
        let mut examples = self.examples.iter();
        if self.examples.len() < EXAMPLES && !examples.any(|known| known.value == at.cell) {
            let example = at.counter();
            if !self
                .examples
                .iter()
                .any(|known| known.value == example.value)
            {
                self.examples.push(example);
            }
        }
    }

    fn add_number(&mut self, at: At<'_>) {
        /// Longer texts are not numbers.
        const LONGEST: usize = 40;
        let bytes = at.cell.as_bytes();
        let may_be = bytes.len() <= LONGEST
            && (bytes[0].is_ascii_digit() || matches!(bytes[0], b'-' | b'+' | b'.' | b',' | 0xE2));
        let unsigned = at.cell.strip_prefix('-').unwrap_or(at.cell);
        let is_whole = may_be && are_digits(unsigned);
        // Every style writes whole numbers like this, and none has colons or letters in one.
        let has_marks = may_be && !is_whole && at.cell.bytes().all(is_of_numbers);
        for (tally, style) in self.numbers.iter_mut().zip(STYLES) {
            tally.add(is_whole || (has_marks && style.reads(at.cell)), at);
        }
        if has_marks && self.open_number.is_none() && at.cell.contains(['.', ',']) {
            let mut numbers = STYLES
                .iter()
                .filter_map(|style| style.convert(at.cell).ok());
            let first = numbers.next();
            if numbers.any(|number| Some(&number) != first.as_ref()) {
                self.open_number = Some(at.counter());
            }
        }
        self.whole.add(is_whole, at);
        match is_whole {
            true => self.digits.add(unsigned, at),
            false if may_be => self.damaged.add(at),
            false => {}
        }
    }

    fn count(&mut self, cell: &str) {
        self.distinct.add(cell);
        let Some(values) = &mut self.values else {
            return;
        };
        if let Some(count) = values.get_mut(cell) {
            *count += 1;
        } else if values.len() < VALUES && cell.len() <= LONGEST_VALUE {
            let _new = values.insert(cell.to_owned(), 1);
        } else {
            self.values = None;
        }
    }

    fn share(&self, count: u64) -> f64 {
        ratio(count, self.filled)
    }

    /// Share of the filled cells that are e-mail addresses.
    pub(crate) fn email_share(&self) -> f64 {
        self.share(self.emails.yes)
    }

    /// Share of the filled cells that are numbers in the plain style.
    pub(crate) fn number_share(&self) -> f64 {
        self.share(self.numbers[0].yes)
    }

    /// Share of the filled cells that are HTML.
    pub(crate) fn markup_share(&self) -> f64 {
        self.share(self.markup + self.entities)
    }

    /// Share of the filled cells with several lines.
    pub(crate) fn multiline_share(&self) -> f64 {
        self.share(self.multiline)
    }

    /// Characters of a filled cell.
    pub(crate) fn mean_length(&self) -> f64 {
        self.share(self.chars)
    }

    /// Share of the filled cells that are dates, whatever its name.
    pub(crate) fn date_share(&self) -> f64 {
        match self.dates.formats() {
            Some(found) => self.share(found.read),
            None => 0.0,
        }
    }

    /// Its values, the most frequent first, if they are few.
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

    /// The styles that read every filled cell.
    pub(crate) fn number_styles(&self) -> Vec<NumberStyle> {
        let all = STYLES.into_iter().zip(&self.numbers);
        let reading = all.filter(|(_, tally)| self.filled > 0 && tally.yes == self.filled);
        reading.map(|(style, _)| style).collect()
    }
}

impl Digits {
    fn add(&mut self, digits: &str, at: At<'_>) {
        /// From here on a number loses digits if it is kept as a float.
        const LONG: usize = 16;
        if digits.len() > 1 && digits.starts_with('0') && self.zero_first.is_none() {
            self.zero_first = Some(at.counter());
        }
        if digits.len() >= LONG && self.long.is_none() {
            self.long = Some(at.counter());
        }
        self.shortest = match self.longest {
            0 => digits.len(),
            _ => self.shortest.min(digits.len()),
        };
        self.longest = self.longest.max(digits.len());
    }

    /// How many digits each of them has, if all have equally many, and enough.
    pub(crate) fn one_length(&self) -> Option<usize> {
        /// Fewer may be a score or a count.
        const LEAST: usize = 4;
        (self.shortest == self.longest && self.longest >= LEAST).then_some(self.longest)
    }
}

impl Damaged {
    fn add(&mut self, at: At<'_>) {
        let rounded = at.cell.split_once("E+").is_some_and(|(number, power)| {
            are_digits(power) && number.split(['.', ',']).all(are_digits)
        });
        let pointed = at.cell.strip_suffix(".0").is_some_and(are_digits);
        self.rounded += u64::from(rounded);
        self.pointed += u64::from(pointed);
        if (rounded || pointed) && self.first.is_none() {
            self.first = Some(at.counter());
        }
    }
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a number may have this byte, in whatever style: blanks and minus signs beyond
/// ASCII are several bytes.
fn is_of_numbers(byte: u8) -> bool {
    byte.is_ascii_digit() || b"+-.,' ".contains(&byte) || !byte.is_ascii()
}

fn is_truth(cell: &str) -> bool {
    cell.len() <= 5 && !cell.as_bytes()[0].is_ascii_digit() && boolean(cell).is_ok()
}

fn is_link(cell: &str) -> bool {
    (cell.starts_with("https://") || cell.starts_with("http://")) && !cell.contains(' ')
}

/// One number as a share of another; 0 if that is 0.
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// Whether a cell is a text written as a formula, so that spreadsheets keep it.
pub(crate) fn is_text_formula(cell: &str) -> bool {
    formula_text(cell.as_bytes()).is_some()
}
