//! What the values of a column are. A kind must hold for every filled cell of the
//! column; what nearly all cells are is reported with the first exception.

use super::column::ratio;
use crate::mapping::convert::NumberStyle;
use crate::mapping::propose::belief::{Belief, Counter, Tally};
use crate::mapping::propose::column::Column;
use crate::mapping::propose::dates::DateFormats;

/// From this share on a kind that does not hold for all is reported.
const MOSTLY: f64 = 0.8;

/// What all values of a column are.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// There is no value.
    Empty,
    /// Whole numbers.
    Whole,
    /// Numbers with a fraction or groups of digits, in this style; where another style
    /// reads all of them as other numbers, that one too.
    Number(NumberSettings, Option<NumberSettings>),
    /// Digits that are not a number: with a leading zero, too many, or always equally many.
    Code,
    /// `true` and `false`, or `yes` and `no`.
    Truth,
    /// Dates or times.
    Dates(DateFormats),
    /// E-mail addresses.
    Email,
    /// Links.
    Link,
    /// Anything else.
    Text,
}

/// How numbers are written, as a mapping says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSettings {
    /// The settings of an entry; empty if none are needed.
    pub settings: String,
}

impl NumberSettings {
    fn of(style: NumberStyle) -> NumberSettings {
        let is_plain = style == NumberStyle::default();
        NumberSettings {
            settings: if is_plain {
                String::new()
            } else {
                style.settings()
            },
        }
    }
}

impl Kind {
    /// For people.
    pub fn words(&self) -> String {
        match self {
            Kind::Empty => "empty".to_owned(),
            Kind::Whole => "whole number".to_owned(),
            Kind::Number(style, None) if style.settings.is_empty() => "number".to_owned(),
            Kind::Number(style, None) => format!("number, {}", style.settings),
            Kind::Number(style, Some(other)) => {
                let words = |style: &NumberSettings| match style.settings.is_empty() {
                    true => "decimal = \".\"".to_owned(),
                    false => style.settings.clone(),
                };
                format!("number, {} or {}", words(style), words(other))
            }
            Kind::Code => "code".to_owned(),
            Kind::Truth => "true or false".to_owned(),
            Kind::Dates(found) => dates_words(found),
            Kind::Email => "e-mail".to_owned(),
            Kind::Link => "link".to_owned(),
            Kind::Text => "text".to_owned(),
        }
    }

    /// For scripts.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Empty => "empty",
            Kind::Whole => "integer",
            Kind::Number(..) => "number",
            Kind::Truth => "boolean",
            Kind::Dates(_) => "date",
            Kind::Email => "email",
            Kind::Link => "link",
            Kind::Code | Kind::Text => "text",
        }
    }

    /// Formats of dates that need one; both if the column is ambiguous.
    pub fn formats(&self) -> Vec<&'static str> {
        match self {
            Kind::Dates(found) if found.formats != ["iso"] => {
                let other = found.other.iter().flat_map(|other| &other.formats);
                found.formats.iter().chain(other).copied().collect()
            }
            _ => Vec::new(),
        }
    }
}

fn dates_words(found: &DateFormats) -> String {
    let list = |formats: &[&'static str]| match formats {
        ["iso"] => "ISO 8601".to_owned(),
        _ => formats.join(" and "),
    };
    match &found.other {
        Some(other) => format!("date, {} or {}", list(&found.formats), list(&other.formats)),
        None => format!("date, {}", list(&found.formats)),
    }
}

impl Column {
    /// What all its values are.
    pub fn kind(&self) -> Belief<Kind> {
        if self.filled == 0 {
            return Belief::sure(Kind::Empty, "no cell is filled");
        }
        let holds = |tally: &Tally| tally.yes == self.filled;
        match () {
            () if holds(&self.truths) => Belief::sure(Kind::Truth, "every cell is one of two"),
            () if holds(&self.whole) => self.whole_kind(),
            () if !self.number_styles().is_empty() => self.number_kind(),
            () if holds(&self.emails) => Belief::sure(Kind::Email, "every cell is an address"),
            () if holds(&self.links) => Belief::sure(Kind::Link, "every cell is one"),
            () => match self.dates.formats().filter(|_| !self.dates.are_digits()) {
                Some(found) if found.against.is_none() => {
                    Belief::sure(Kind::Dates(found), "the format reads every cell")
                }
                found => self.text_kind(found),
            },
        }
    }

    fn whole_kind(&self) -> Belief<Kind> {
        let digits = &self.digits;
        let (reason, against) = match (&digits.zero_first, &digits.long, digits.one_length()) {
            (Some(first), ..) => (
                "digits that begin with a zero are not a number".to_owned(),
                first,
            ),
            (_, Some(first), _) => ("digits that are too many for a number".to_owned(), first),
            (_, _, Some(length)) if self.filled > 1 => {
                return Belief::sure(Kind::Code, format!("every cell has {length} digits"));
            }
            _ => return Belief::sure(Kind::Whole, "every cell is one"),
        };
        Belief::sure(Kind::Code, format!("{reason}: {}", place(against)))
    }

    /// Where several styles read every cell, they differ only if they read the ambiguous cell as
    /// different numbers: then the column does not show which one is right.
    fn number_kind(&self) -> Belief<Kind> {
        let styles = self.number_styles();
        let Some((first, others)) = styles.split_first() else {
            return Belief::sure(Kind::Text, "");
        };
        let differs = |other: &&NumberStyle| {
            self.open_number.as_ref().is_some_and(|example| {
                let read = |style: &NumberStyle| style.convert(&example.value).ok();
                read(first) != read(other)
            })
        };
        let other = others.iter().find(differs);
        let kind = Kind::Number(
            NumberSettings::of(*first),
            other.map(|other| NumberSettings::of(*other)),
        );
        Belief::sure(kind, "every cell is one")
    }

    /// No kind holds for all: text, and what nearly all cells are.
    fn text_kind(&self, dates: Option<DateFormats>) -> Belief<Kind> {
        let nearly = |yes: u64, what: String, against: &Option<Counter>| {
            let share = ratio(yes, self.filled);
            (share >= MOSTLY).then(|| (what, share, against.clone()))
        };
        let numbers = self.numbers.iter().max_by_key(|tally| tally.yes);
        let found = dates.and_then(|found| nearly(found.read, dates_words(&found), &found.against));
        let found = found
            .or_else(|| nearly(self.emails.yes, "e-mails".to_owned(), &self.emails.against))
            .or_else(|| {
                let numbers = numbers?;
                nearly(numbers.yes, "numbers".to_owned(), &numbers.against)
            });
        match found {
            Some((what, share, against)) => Belief {
                claim: Kind::Text,
                score: 1.0 - share,
                reason: format!("{:.0} % are {what}", (share * 100.0).floor()),
                against,
            },
            None => Belief::sure(Kind::Text, "cells of all sorts"),
        }
    }
}

/// A cell with its line, for messages.
pub(crate) fn place(at: &Counter) -> String {
    format!("\"{}\" in line {}", at.value, at.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::propose::belief::At;

    fn kind(values: &[&str]) -> Belief<Kind> {
        let mut column = Column::new("c", 100);
        for (line, cell) in (2..).zip(values) {
            column.add(At { line, cell });
        }
        column.kind()
    }

    #[test]
    fn kinds_hold_for_every_value() {
        let table: [(&[&str], &str); 28] = [
            (&[], "empty"),
            (&["NULL", "0000-00-00"], "empty"),
            (&["1", "-20", "0"], "whole number"),
            (&["1", "007"], "code"),
            (&["0731", "41877", "5"], "code"),
            (&["2024102310000018", "2024102310000027"], "code"),
            (&["80331", "20095"], "code"),
            (&["1", "2.50"], "number"),
            (&["9,99", "12"], "number, decimal = \",\""),
            (
                &["1.234,56", "12"],
                "number, decimal = \",\", thousands = \".\"",
            ),
            (
                &["1,234.56", "12"],
                "number, decimal = \".\", thousands = \",\"",
            ),
            (&["12", "13", "14", "0.500", "7.5"], "number"),
            (
                &["12", "13", "14", "1.000"],
                "number, decimal = \".\" or decimal = \",\", thousands = \".\"",
            ),
            (
                &["7 101", "7 104"],
                "number, decimal = \",\", thousands = \" \"",
            ),
            (&["TRUE", "false"], "true or false"),
            (&["yes", "No"], "true or false"),
            (&["Y", "N"], "true or false"),
            (&["2020-02-19 01:54:52", "2020-02-19"], "date, ISO 8601"),
            (&["2020-02-19T01:54:52Z"], "date, ISO 8601"),
            (&["2024-01-10 07:30:00 UTC"], "date, ISO 8601"),
            (&["03/04/2021", "31/12/2021"], "date, %d/%m/%Y"),
            (&["03/04/2021"], "date, %d/%m/%Y or %m/%d/%Y"),
            (&["25/Feb/26 10:17 PM"], "date, %d/%b/%y %I:%M %p"),
            (&["31.12.2021 14:05"], "date, %d.%m.%Y %H:%M"),
            (&["a@b.example", "c.d@e.example"], "e-mail"),
            (&["a@b.example, c@d.example"], "text"),
            (&["https://a.example/1"], "link"),
            (&["31/02/2021"], "text"),
        ];
        for (values, expected) in table {
            assert_eq!(kind(values).claim.words(), expected, "{values:?}");
        }
    }

    #[test]
    fn what_nearly_all_are_is_told_with_the_first_that_is_not() {
        let mut cells = vec!["14/03/2024"; 9];
        cells.push("n/k");
        let found = kind(&cells);
        assert_eq!(found.claim, Kind::Text);
        assert_eq!(found.reason, "90 % are date, %d/%m/%Y");
        let against = found.against.expect("a cell");
        assert_eq!((against.line, &*against.value), (11, "n/k"));
    }
}
