//! What the values of a column look like. Every guess holds for all values of the
//! column, or it is not made: a column of numbers with one word in it is text.

use jiff::civil::DateTime;
use jiff::fmt::strtime;

/// Formats of dates that help desks and spreadsheets write, for strptime, beside
/// ISO 8601.
const FORMATS: [&str; 20] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%y %H:%M",
    "%m/%d/%y %H:%M",
    "%d/%b/%y %I:%M %p",
    "%d %b %Y %I:%M %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d-%m-%Y",
    "%d-%m-%Y %H:%M",
    "%d-%b-%Y",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
];

/// What all values of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no value.
    Empty,
    /// Whole numbers; also ids, as long as none begins with a zero.
    Whole,
    /// Numbers with a decimal point.
    Decimal,
    /// `true` and `false`, or `yes` and `no`.
    Truth,
    /// Dates or times that the mapping reads without being told a format.
    Iso,
    /// Dates or times in one of these formats; several fit where no day is beyond 12.
    Dates(Vec<&'static str>),
    /// E-mail addresses.
    Email,
    /// Links.
    Link,
    /// Anything else.
    Text,
}

impl Kind {
    /// For people.
    pub fn words(&self) -> String {
        match self {
            Kind::Empty => "empty".to_owned(),
            Kind::Whole => "whole number".to_owned(),
            Kind::Decimal => "number".to_owned(),
            Kind::Truth => "true or false".to_owned(),
            Kind::Iso => "date, ISO 8601".to_owned(),
            Kind::Dates(formats) => format!("date, {}", formats.join(" or ")),
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
            Kind::Decimal => "number",
            Kind::Truth => "boolean",
            Kind::Iso | Kind::Dates(_) => "date",
            Kind::Email => "email",
            Kind::Link => "link",
            Kind::Text => "text",
        }
    }

    /// Formats of dates that need one.
    pub fn formats(&self) -> &[&'static str] {
        match self {
            Kind::Dates(formats) => formats,
            _ => &[],
        }
    }
}

/// A kind, and whether a value is of it.
type Guess = (Kind, fn(&str) -> bool);

/// The guesses that no value has disproved yet.
#[derive(Clone, Debug)]
pub(super) struct Sniffer {
    seen: bool,
    guesses: Vec<Guess>,
    formats: Vec<&'static str>,
}

impl Default for Sniffer {
    fn default() -> Sniffer {
        Sniffer {
            seen: false,
            guesses: vec![
                (Kind::Truth, is_truth),
                (Kind::Whole, is_whole),
                (Kind::Decimal, is_decimal),
                (Kind::Iso, is_iso),
                (Kind::Email, is_email),
                (Kind::Link, is_link),
            ],
            formats: FORMATS.to_vec(),
        }
    }
}

impl Sniffer {
    /// Takes a value, trimmed and not empty.
    pub(super) fn take(&mut self, value: &str) {
        self.seen = true;
        self.guesses.retain(|(_, holds)| holds(value));
        self.formats.retain(|format| is_date(value, format));
    }

    /// What all values are, as far as one can tell.
    pub(super) fn kind(&self) -> Kind {
        if !self.seen {
            return Kind::Empty;
        }
        match (self.guesses.first(), self.formats.is_empty()) {
            (Some((kind, _)), _) => kind.clone(),
            (None, false) => Kind::Dates(self.formats.clone()),
            (None, true) => Kind::Text,
        }
    }
}

fn is_truth(value: &str) -> bool {
    let words = ["true", "false", "yes", "no"];
    words.iter().any(|word| value.eq_ignore_ascii_case(word))
}

fn is_whole(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    !digits.is_empty() && !leading_zero && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(value: &str) -> bool {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_whole(whole) && is_digits(fraction)
}

fn is_iso(value: &str) -> bool {
    begins_with_digit(value)
        && (value.parse::<jiff::Timestamp>().is_ok() || value.parse::<DateTime>().is_ok())
        && value.contains('-')
}

fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.split_once('@') else {
        return false;
    };
    let is_plain = |text: &str| !text.is_empty() && !text.contains([' ', ',', ';', '@']);
    is_plain(local) && is_plain(domain) && domain.contains('.')
}

fn is_link(value: &str) -> bool {
    (value.starts_with("https://") || value.starts_with("http://")) && !value.contains(' ')
}

fn is_date(value: &str, format: &str) -> bool {
    begins_with_digit(value)
        && strtime::parse(format, value).is_ok_and(|broken_down| broken_down.to_date().is_ok())
}

fn begins_with_digit(value: &str) -> bool {
    value.starts_with(|letter: char| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_hold_for_every_value() {
        let table: [(&[&str], &str); 16] = [
            (&[], "empty"),
            (&["1", "-20", "0"], "whole number"),
            (&["1", "007"], "text"),
            (&["1", "2.50"], "number"),
            (&["TRUE", "false"], "true or false"),
            (&["yes", "No"], "true or false"),
            (&["2020-02-19 01:54:52", "2020-02-19"], "date, ISO 8601"),
            (&["2020-02-19T01:54:52Z"], "date, ISO 8601"),
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
            let mut sniffer = Sniffer::default();
            values.iter().for_each(|value| sniffer.take(value));
            assert_eq!(sniffer.kind().words(), expected, "{values:?}");
        }
    }
}
