//! Which date formats a column is written in, found from all of its cells.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::mapping::convert::{DateFormat, DateRule, ISO};
use jiff::tz::TimeZone;

/// Formats that exports use, those that read most like a standard first. Days and
/// months in both orders, because only the whole column can tell them apart.
const FORMATS: [&str; 22] = [
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %I:%M %p",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d-%m-%Y",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%d/%b/%y %I:%M %p",
    "%d %b %Y %I:%M %p",
    "%d %b %Y",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y",
    "%a, %d %b %Y %H:%M:%S %z",
];

/// The formats, parsed; a bit of a mask each, after the bit of the plain forms.
static PARSED: LazyLock<Vec<DateFormat>> = LazyLock::new(|| {
    let parsed = FORMATS.iter().map(|format| DateFormat::new(format));
    parsed.filter_map(Result::ok).collect()
});

static PLAIN: LazyLock<DateRule> = LazyLock::new(|| DateRule {
    formats: Vec::new(),
    iso: true,
    zone: Some(TimeZone::UTC),
    instant: true,
});

/// After so many filled cells of which none is a date, the rest is not tried.
const PATIENCE: u64 = 500;

/// How the cells of a column can be read as dates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dates {
    masks: HashMap<u32, u64>,
    tried: u64,
    timed: u64,
}

/// What the formats of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Formats {
    /// As few as read as much as can be read, the one that reads most first.
    pub(crate) formats: Vec<&'static str>,
    /// Another format that reads the same cells, as other days.
    pub(crate) rival: Option<&'static str>,
    /// Cells that one of them reads.
    pub(crate) read: u64,
    /// Whether there are times, not only days.
    pub(crate) timed: bool,
}

impl Dates {
    /// Tries a filled cell.
    pub(crate) fn add(&mut self, cell: &str) {
        let hopeless = self.tried >= PATIENCE && self.masks.is_empty();
        self.tried += 1;
        if hopeless || !looks_dated(cell) {
            return;
        }
        let plain = u32::from(PLAIN.convert(cell, None).is_ok());
        let mask = PARSED
            .iter()
            .enumerate()
            .fold(plain, |mask, (idx, format)| {
                mask | u32::from(format.read(cell).is_some()) << (idx + 1)
            });
        if mask != 0 {
            *self.masks.entry(mask).or_default() += 1;
            self.timed += u64::from(cell.contains(':') || cell.len() >= 13);
        }
    }

    /// The formats of the column; none where no cell is a date.
    pub(crate) fn formats(&self) -> Option<Formats> {
        let mut open: Vec<(u32, u64)> = self.masks.iter().map(|(mask, n)| (*mask, *n)).collect();
        let read = open.iter().map(|(_, count)| count).sum();
        let mut chosen: Vec<usize> = Vec::new();
        let mut rival = None;
        while !open.is_empty() {
            let best = (0..=PARSED.len()).max_by_key(|bit| (reads(&open, *bit), usize::MAX - bit));
            let Some(best) = best else { break };
            let count = reads(&open, best);
            let mut others = (0..=PARSED.len()).filter(|bit| *bit != best && !chosen.contains(bit));
            let equal = others.find(|bit| reads(&open, *bit) == count);
            rival = rival.or(equal.map(name));
            open.retain(|(mask, _)| mask & (1 << best) == 0);
            chosen.push(best);
        }
        (!chosen.is_empty()).then(|| Formats {
            formats: chosen.into_iter().map(name).collect(),
            rival,
            read,
            timed: self.timed * 2 > read,
        })
    }
}

fn reads(open: &[(u32, u64)], bit: usize) -> u64 {
    let hits = open.iter().filter(|(mask, _)| mask & (1 << bit) != 0);
    hits.map(|(_, count)| count).sum()
}

fn name(bit: usize) -> &'static str {
    match bit {
        0 => ISO,
        _ => FORMATS[bit - 1],
    }
}

/// A cheap look before twenty formats are tried.
fn looks_dated(cell: &str) -> bool {
    (6..=40).contains(&cell.len()) && cell.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(cells: &[&str]) -> Option<Formats> {
        let mut dates = Dates::default();
        cells.iter().for_each(|cell| dates.add(cell));
        dates.formats()
    }

    #[test]
    fn every_format_is_one() {
        assert_eq!(PARSED.len(), FORMATS.len());
    }

    #[test]
    fn the_whole_column_tells_days_from_months() {
        let found = |cells: &[&str]| formats(cells).map(|found| (found.formats, found.rival));
        for (cells, expected) in [
            (
                vec!["2024-03-10 07:30:00", "2024-03-10T07:30:00Z"],
                Some((vec!["iso"], None)),
            ),
            (
                vec!["03/04/2024", "13/04/2024"],
                Some((vec!["%d/%m/%Y"], None)),
            ),
            (
                vec!["03/04/2024", "04/13/2024"],
                Some((vec!["%m/%d/%Y"], None)),
            ),
            (
                vec!["03/04/2024", "05/06/2024"],
                Some((vec!["%d/%m/%Y"], Some("%m/%d/%Y"))),
            ),
            (
                vec![
                    "26/Feb/24 8:12 AM",
                    "2024-02-27 03:29:38.037",
                    "26/Feb/24 8:12 PM",
                ],
                Some((vec!["%d/%b/%y %I:%M %p", "iso"], None)),
            ),
            (vec!["hello", "x", ""], None),
        ] {
            assert_eq!(found(&cells), expected, "{cells:?}");
        }
    }

    #[test]
    fn ids_and_versions_are_no_dates() {
        for cell in ["10021", "INC0010021", "4.2", "58213", "+49 30 555000"] {
            assert_eq!(formats(&[cell]), None, "{cell}");
        }
    }
}
