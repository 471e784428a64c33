//! The known date formats of files: one table, from which proposals are made and which
//! the converters read too. A cell is matched to the table by its skeleton, the text
//! without its digits: only the few formats of that skeleton are tried on it, so the
//! table can be long.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::reading::{Reading, plain_reading};
use crate::mapping::convert::date_format::{DateFormat, ISO};
use crate::mapping::convert::month::{half_of_day, month, without_dot, word_at};
use crate::mapping::convert::serial::SPREADSHEET;

/// Which of day and month comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The day.
    Day,
    /// The month.
    Month,
    /// The year, in four digits: unambiguous.
    Year,
    /// The year, in two digits: only if nothing else reads the column.
    ShortYear,
    /// The month has a name.
    Named,
}

/// A format of the table.
#[derive(Debug)]
pub(crate) struct KnownFormat {
    /// Reads cells.
    pub(crate) format: DateFormat,
    /// What comes first.
    pub(crate) order: Order,
    /// Whether it has times, not only days.
    pub(crate) timed: bool,
}

/// Days, and what comes first in them.
const DAYS: [(&str, Order); 40] = [
    ("%d/%m/%Y", Order::Day),
    ("%m/%d/%Y", Order::Month),
    ("%d-%m-%Y", Order::Day),
    ("%m-%d-%Y", Order::Month),
    ("%d.%m.%Y", Order::Day),
    ("%m.%d.%Y", Order::Month),
    ("%d %m %Y", Order::Day),
    ("%d/%m/%y", Order::Day),
    ("%m/%d/%y", Order::Month),
    ("%d-%m-%y", Order::Day),
    ("%m-%d-%y", Order::Month),
    ("%d.%m.%y", Order::Day),
    ("%m.%d.%y", Order::Month),
    ("%y/%m/%d", Order::ShortYear),
    ("%y-%m-%d", Order::ShortYear),
    ("%y.%m.%d", Order::ShortYear),
    ("%Y/%m/%d", Order::Year),
    ("%Y-%m-%d", Order::Year),
    ("%Y.%m.%d", Order::Year),
    ("%Y. %m. %d.", Order::Year),
    ("%Y年%m月%d日", Order::Year),
    ("%d/%b/%y", Order::Named),
    ("%d/%b/%Y", Order::Named),
    ("%d-%b-%y", Order::Named),
    ("%d-%b-%Y", Order::Named),
    ("%d %b %Y", Order::Named),
    ("%d %b %y", Order::Named),
    ("%d %b, %Y", Order::Named),
    ("%d. %b %Y", Order::Named),
    ("%d.%b.%Y", Order::Named),
    ("%d de %b de %Y", Order::Named),
    ("%b %d, %Y", Order::Named),
    ("%b %d %Y", Order::Named),
    ("%b-%d-%Y", Order::Named),
    ("%b/%d/%Y", Order::Named),
    ("%Y-%b-%d", Order::Named),
    ("%Y %b %d", Order::Named),
    ("%a, %d %b %Y", Order::Named),
    ("%a %d %b %Y", Order::Named),
    ("%a %b %d %Y", Order::Named),
];

/// Separators of day and time.
const JOINTS: [&str; 5] = [" ", ", ", "T", " at ", " - "];

/// Times.
const TIMES: [&str; 16] = [
    "%H:%M:%S",
    "%H:%M",
    "%I:%M %p",
    "%I:%M:%S %p",
    "%I:%M%p",
    "%I:%M:%S%p",
    "%H:%M:%S%.f",
    "%H:%M:%S %z",
    "%H:%M %z",
    "%H:%M:%S%z",
    "%H:%M:%S%.f %z",
    "%I:%M:%S %p %z",
    "%I:%M %p %z",
    "%H.%M",
    "%H.%M.%S",
    "%H:%M Uhr",
];

/// Formats that are not a day followed by a time.
const OTHERS: [(&str, Order); 4] = [
    ("%a %b %d %H:%M:%S %Y", Order::Named),
    ("%a %b %d %H:%M:%S %z %Y", Order::Named),
    ("%H:%M:%S %d/%m/%Y", Order::Day),
    ("%H:%M %d/%m/%Y", Order::Day),
];

/// The whole table by skeleton.
static TABLE: LazyLock<HashMap<String, Vec<KnownFormat>>> = LazyLock::new(table);

/// The formats in which a cell may be written; most cells are not dates and have none.
pub(crate) fn known_formats(cell: &str) -> &'static [KnownFormat] {
    /// Longer texts are not dates.
    const LONGEST: usize = 50;
    let may_be =
        (6..=LONGEST).contains(&cell.len()) && cell.bytes().any(|byte| byte.is_ascii_digit());
    let mut skeleton = String::new();
    match may_be && skeleton_of(cell, &mut skeleton) {
        true => TABLE.get(&skeleton).map_or(&[], Vec::as_slice),
        false => &[],
    }
}

/// The readings of a text that no format of the mapping reads, for the hint: each with
/// its format. `helps` says whether a reading would do.
pub(super) fn known_readings(
    text: &str,
    helps: impl Fn(&Reading) -> bool,
) -> Vec<(String, String)> {
    let serial = DateFormat::new(SPREADSHEET).ok();
    // Numbers of our own century, and of those that people remember.
    let is_near = |text: &str| text.len() >= 5 && ("20000"..="80000").contains(&&text[..5]);
    let is_serial =
        text.is_ascii() && is_near(text) && (text.len() == 5 || text.as_bytes()[5] == b'.');
    let serial = serial.as_ref().filter(|_| is_serial);
    let known = known_formats(text)
        .iter()
        .filter(|known| known.order != Order::ShortYear);
    let formats = known.map(|known| &known.format).chain(serial);
    let formatted = formats.filter_map(|format| Some((format.read(text)?, format.text())));
    let plain = plain_reading(text).filter(|_| text.contains(['-', ':']));
    let plain = plain.map(|reading| (reading, ISO));
    let all = plain.into_iter().chain(formatted);
    let shown = |(reading, format): (Reading, &str)| {
        let moment = match reading {
            Reading::Day(day) => day.to_string(),
            other => other.local().to_string().replace('T', " "),
        };
        (moment, format.to_owned())
    };
    all.filter(|(reading, _)| helps(reading))
        .map(shown)
        .collect()
}

fn table() -> HashMap<String, Vec<KnownFormat>> {
    let mut table: HashMap<String, Vec<KnownFormat>> = HashMap::new();
    let mut enter = |text: &str, order, timed| {
        let Ok(format) = DateFormat::new(text) else {
            return;
        };
        let mut skeleton = String::new();
        if skeleton_of(format.example(), &mut skeleton) {
            let formats = table.entry(skeleton).or_default();
            formats.push(KnownFormat {
                format,
                order,
                timed,
            });
        }
    };
    for (day, order) in DAYS {
        enter(day, order, false);
        for joint in JOINTS {
            for time in TIMES {
                enter(&format!("{day}{joint}{time}"), order, true);
            }
        }
    }
    for (format, order) in OTHERS {
        enter(format, order, true);
    }
    table
}

/// Writes the skeleton of a text: `n` for one or two digits, `y` for four, `f` for a
/// fraction of a second, `b` for a month, `w` for a weekday, `p` for a half of the day, `z`
/// for a zone, and other marks as they are. False if it is not a date.
fn skeleton_of(text: &str, out: &mut String) -> bool {
    let mut rest = text;
    let mut colons = 0;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '0'..='9' => digits(rest, out, colons),
            '+' | '-' if colons > 0 && !out.ends_with(['b', ' ']) || first == '+' => {
                zone(rest, out)
            }
            '-' if colons > 0
                && out.ends_with(' ')
                && rest[1..].starts_with(|c: char| c.is_ascii_digit()) =>
            {
                zone(rest, out)
            }
            _ if first.is_alphabetic() && !matches!(first, '年' | '月' | '日') => {
                word(rest, out)
            }
            _ => {
                colons += usize::from(first == ':');
                out.push(if first.is_whitespace() { ' ' } else { first });
                Some(first.len_utf8())
            }
        };
        match taken {
            Some(len) => rest = &rest[len..],
            None => return false,
        }
    }
    true
}

fn digits(rest: &str, out: &mut String, colons: usize) -> Option<usize> {
    let len = rest.bytes().take_while(u8::is_ascii_digit).count();
    match len {
        _ if colons == 2 && out.ends_with('.') => {
            let _dot = out.pop();
            out.push('f');
        }
        1 | 2 => out.push('n'),
        4 => out.push('y'),
        _ => return None,
    }
    Some(len)
}

fn zone(rest: &str, out: &mut String) -> Option<usize> {
    let digits = rest[1..]
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b':')
        .count();
    out.push('z');
    (digits >= 2).then_some(digits + 1)
}

fn word(rest: &str, out: &mut String) -> Option<usize> {
    if let Some((_, len)) = half_of_day(rest) {
        out.push('p');
        return Some(len);
    }
    let word = word_at(rest);
    let len = word.len();
    if month(word).is_some() {
        out.push('b');
        return Some(rest.len() - without_dot(&rest[len..]).len());
    }
    match word {
        "UTC" | "GMT" | "Z" => out.push('z'),
        "T" | "de" | "at" | "Uhr" => out.push_str(word),
        "Mon" | "Tue" | "Wed" | "Thu" | "Fri" | "Sat" | "Sun" => out.push('w'),
        _ => return None,
    }
    Some(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The formats of the table that read a cell.
    fn reading(cell: &str) -> Vec<&'static str> {
        let known = known_formats(cell).iter();
        let reading = known.filter(|known| known.format.read(cell).is_some());
        reading.map(|known| known.format.text()).collect()
    }

    #[test]
    fn what_help_desks_and_spreadsheets_write_is_read() {
        for (cell, expected) in [
            (
                "06-11-2024 08:40:12",
                &["%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M:%S"][..],
            ),
            ("05-30-2024 12:00:31", &["%m-%d-%Y %H:%M:%S"]),
            ("03/23/2024 04:05:33 AM", &["%m/%d/%Y %I:%M:%S %p"]),
            ("27/05/24", &["%d/%m/%y", "%y/%m/%d"]),
            ("10-03-24", &["%d-%m-%y", "%m-%d-%y", "%y-%m-%d"]),
            ("10.03.24", &["%d.%m.%y", "%m.%d.%y", "%y.%m.%d"]),
            ("3/31/24 7:30 AM", &["%m/%d/%y %I:%M %p"]),
            ("2024/03/10 07:30", &["%Y/%m/%d %H:%M"]),
            ("10-Mar-2024 07:30:00", &["%d-%b-%Y %H:%M:%S"]),
            ("Mar 10, 2024, 7:30 PM", &["%b %d, %Y, %I:%M %p"]),
            ("March 10, 2024 at 7:30 PM", &["%b %d, %Y at %I:%M %p"]),
            ("13/03/2024, 07:30:00", &["%d/%m/%Y, %H:%M:%S"]),
            ("Sun Mar 10 07:30:00 2024", &["%a %b %d %H:%M:%S %Y"]),
            ("2024-03-10 07:30 PM", &["%Y-%m-%d %I:%M %p"]),
            ("10/Mar/2024 07:30", &["%d/%b/%Y %H:%M"]),
            ("25/Feb/26 10:17 PM", &["%d/%b/%y %I:%M %p"]),
            ("3. März 2024 07:30", &["%d. %b %Y %H:%M"]),
            ("10 de mar. de 2024 19:30:05", &["%d de %b de %Y %H:%M:%S"]),
            ("10 févr. 2024, 19:30", &["%d %b %Y, %H:%M"]),
            (
                "13/03/24, 7:30\u{202f}p.m.",
                &["%d/%m/%y, %I:%M %p", "%y/%m/%d, %I:%M %p"],
            ),
            ("2024年3月10日 19:30:05", &["%Y年%m月%d日 %H:%M:%S"]),
            ("13.03.2024 19.30.05", &["%d.%m.%Y %H.%M.%S"]),
            ("13.03.2024, 19:30 Uhr", &["%d.%m.%Y, %H:%M Uhr"]),
            (
                "Sun, 10 Mar 2024 07:30:00 +0100",
                &["%a, %d %b %Y %H:%M:%S %z"],
            ),
            (
                "Sun, 10 Mar 2024 07:30:00 GMT",
                &["%a, %d %b %Y %H:%M:%S %z"],
            ),
            ("13/03/2024 07:30:00.123", &["%d/%m/%Y %H:%M:%S%.f"]),
            ("13/13/2024", &[]),
            ("31/02/2024", &[]),
            ("10021", &[]),
            ("INC0010021", &[]),
            ("4.2.1", &[]),
            ("+49 30 555000", &[]),
            ("Monitor 2024", &[]),
        ] {
            assert_eq!(reading(cell), expected, "{cell}");
        }
    }

    #[test]
    fn every_format_of_the_table_reads_its_own_example() {
        let all: Vec<&KnownFormat> = TABLE.values().flatten().collect();
        assert!(all.len() > 3_000, "{}", all.len());
        for known in all {
            let example = known.format.example();
            assert!(
                known.format.read(example).is_some(),
                "{}",
                known.format.text()
            );
        }
    }

    #[test]
    fn readings_are_told_beside_their_formats() {
        let shown = |text| {
            let all = known_readings(text, |_| true).into_iter();
            all.map(|(reading, format)| format!("{reading} {format}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(shown("45366.5"), ["2024-03-15 12:00:00 spreadsheet"]);
        assert_eq!(shown("4536"), [""; 0]);
        assert_eq!(shown("14/03/2024"), ["2024-03-14 %d/%m/%Y"]);
        assert_eq!(shown("04/03/2024").len(), 2);
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,40}|[0-9:/. ,+apmAPMTZ-]{0,30}") {
            let _formats = known_formats(&text);
            let _readings = known_readings(&text, |_| true);
        }
    }
}
