//! Days as spreadsheets count them: since the end of 1899, with the time as a fraction.
//! Files contain them if a sheet was saved without the formats of its cells.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, date};

/// In a list of formats, stands for such numbers.
pub(crate) const SPREADSHEET: &str = "spreadsheet";

/// Day 0. Spreadsheets count a 29 February 1900, which did not exist, so numbers before
/// March 1900 mean other days.
const ZERO: Date = date(1899, 12, 30);
const FIRST: i64 = 61;
/// The last day of the year 9999.
const LAST: i64 = 2_958_465;
const SECONDS: f64 = 86_400.0;

/// What a number is: its day, and its time if it has a fraction.
pub(crate) fn read_serial(text: &str) -> Option<(Date, Option<Time>)> {
    let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (days, fraction) = match text.split_once('.') {
        Some((days, fraction)) if is_plain(fraction) => (days, Some(fraction)),
        Some(_) => return None,
        None => (text, None),
    };
    if !is_plain(days) || days.len() > 7 {
        return None;
    }
    let days: i64 = days.parse().ok()?;
    if !(FIRST..=LAST).contains(&days) {
        return None;
    }
    let day = ZERO.checked_add(days.days()).ok()?;
    let Some(fraction) = fraction.filter(|digits| digits.bytes().any(|digit| digit != b'0')) else {
        return Some((day, None));
    };
    let share: f64 = format!("0.{fraction}").parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "at most a day in seconds")]
    let seconds = (share * SECONDS).round() as i64;
    let moment = day.at(0, 0, 0, 0).checked_add(seconds.seconds()).ok()?;
    Some((moment.date(), Some(moment.time())))
}

/// The number of a local time.
pub(crate) fn written_serial(moment: DateTime) -> Option<String> {
    let days = moment.date().since(ZERO).ok()?.get_days();
    let time = moment.time();
    let seconds =
        i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    #[expect(clippy::cast_precision_loss, reason = "at most a day in seconds")]
    let share = seconds as f64 / SECONDS;
    match seconds {
        0 => Some(days.to_string()),
        // Eight digits are enough for seconds.
        _ => Some(format!(
            "{days}{}",
            format!("{share:.8}")
                .trim_start_matches('0')
                .trim_end_matches('0')
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_the_days_that_spreadsheets_show() {
        let read = |text: &str| {
            read_serial(text).map(|(day, time)| match time {
                Some(time) => format!("{day} {time}"),
                None => day.to_string(),
            })
        };
        for (text, expected) in [
            ("45366", Some("2024-03-15")),
            ("45366.0", Some("2024-03-15")),
            ("45366.52083333", Some("2024-03-15 12:30:00")),
            ("44927.75", Some("2023-01-01 18:00:00")),
            ("45366.999999999", Some("2024-03-16 00:00:00")),
            ("61", Some("1900-03-01")),
            ("60", None),
            ("-45366", None),
            ("4.5e4", None),
            ("99999999", None),
            ("", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_second_comes_back(day in 61_i32..80_000, second in 0_i64..86_400) {
            let moment = ZERO.checked_add(day.days()).expect("a day").at(0, 0, 0, 0);
            let moment = moment.checked_add(second.seconds()).expect("a time");
            let text = written_serial(moment).expect("a number");
            let (day, time) = read_serial(&text).expect("a reading");
            prop_assert_eq!(day.to_datetime(time.unwrap_or_default()), moment, "{}", text);
        }
    }
}
