//! The text of a spreadsheet's cell, as it is shown: ids keep their zeros and get no
//! decimal point, dates are written in ISO 8601, whatever the sheet's own format is.

use calamine::{DataRef, ExcelDateTime};
use jiff::civil::DateTime;
use jiff::{RoundMode, ToSpan, Unit};

/// From here on, adjacent whole numbers can't be distinguished, so an id may have changed.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The text of a cell; `format` is how the sheet shows its number, if known.
pub(crate) fn shown(value: &DataRef<'_>, format: Option<&str>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::Int(number) => padded(number.to_string(), format),
        DataRef::Float(number) => padded(number_text(*number), format),
        DataRef::DateTime(moment) => moment_text(moment, format),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    }
}

/// A number without exponent or needless decimal point, to the fifteen digits that spreadsheets
/// show; a whole number too large to be exact keeps its exponent, so that it is not mistaken for an
/// id.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 {
        return match number.abs() < EXACT {
            true => format!("{number:.0}"),
            false => format!("{number:E}"),
        };
    }
    let rounded = format!("{number:.14e}").parse::<f64>();
    rounded.unwrap_or(number).to_string()
}

/// Digits with the leading zeros and the prefix of the format: `00000`, `"INC"0000000`.
fn padded(digits: String, format: Option<&str>) -> String {
    let Some(format) = format else { return digits };
    let (before, zeros) = match format
        .strip_prefix('"')
        .and_then(|rest| rest.split_once('"'))
    {
        Some((text, zeros)) => (text, zeros),
        None => ("", format),
    };
    let is_code = !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0');
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    match is_code && is_whole && (zeros.len() > 1 || !before.is_empty()) {
        true => format!("{before}{digits:0>width$}", width = zeros.len()),
        false => digits,
    }
}

/// `2024-03-15`, `2024-03-15 12:30:00`, `12:30:00`; durations as `26:30:00`.
fn moment_text(moment: &ExcelDateTime, format: Option<&str>) -> String {
    let number = moment.as_f64();
    if moment.is_duration() {
        return duration_text(number);
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let parts = (
        i16::try_from(year),
        i8::try_from(month),
        i8::try_from(day),
        i8::try_from(hour),
        i8::try_from(minute),
        i8::try_from(second),
    );
    let (Ok(year), Ok(month), Ok(day), Ok(hour), Ok(minute), Ok(second)) = parts else {
        return number_text(number);
    };
    let nanos = i32::from(milli) * 1_000_000;
    let Ok(exact) = DateTime::new(year, month, day, hour, minute, second, nanos) else {
        return number_text(number);
    };
    let exact = snapped(exact);
    let has_time = format.is_some_and(|format| has_sign(format, &['h', 's', 'H', 'S']));
    let has_day = format.is_none_or(|format| has_sign(format, &['d', 'y', 'D', 'Y']));
    let time = match exact.subsec_nanosecond() {
        0 => exact.strftime("%H:%M:%S").to_string(),
        _ => exact.strftime("%H:%M:%S%.3f").to_string(),
    };
    match () {
        () if number < 1.0 && (!has_day || number > 0.0) => time,
        () if number.fract() == 0.0 && !has_time => exact.strftime("%Y-%m-%d").to_string(),
        () => format!("{} {time}", exact.strftime("%Y-%m-%d")),
    }
}

/// A time is a fraction of a day: whole seconds are off by a thousandth.
fn snapped(exact: DateTime) -> DateTime {
    let nanos = exact.subsec_nanosecond();
    let is_near = nanos <= 1_000_000 || nanos >= 999_000_000;
    let rounded = exact.round(
        jiff::civil::DateTimeRound::new()
            .smallest(Unit::Second)
            .mode(RoundMode::HalfExpand),
    );
    rounded.ok().filter(|_| is_near).unwrap_or(exact)
}

/// Whether a format has one of these signs outside of quotes and brackets.
fn has_sign(format: &str, signs: &[char]) -> bool {
    let mut is_literal = false;
    let mut in_brackets = false;
    format.chars().any(|sign| {
        match sign {
            '"' => is_literal = !is_literal,
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ => {}
        }
        !is_literal && !in_brackets && signs.contains(&sign)
    })
}

fn duration_text(days: f64) -> String {
    let seconds = (days * 86_400.0).round();
    if !(0.0..1e12).contains(&seconds) {
        return number_text(days);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole, and below a million millions"
    )]
    let span = (seconds as i64).seconds();
    let seconds = span.get_seconds();
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType;

    #[test]
    fn numbers_are_shown_as_ids_are() {
        let table: [(f64, Option<&str>, &str); 14] = [
            (100_004.0, None, "100004"),
            (1e5, Some("General"), "100000"),
            (123_456_789_012.0, None, "123456789012"),
            (2_025_031_400_000_017.0, None, "2025031400000017"),
            (1.234_567_890_123_456_8e17, None, "1.2345678901234568E17"),
            (17.0, Some("0000"), "0017"),
            (4_103.0, Some("00000"), "04103"),
            (42.0, Some("\"INC\"0000000"), "INC0000042"),
            (42.0, Some("0"), "42"),
            (42.0, Some("0.00"), "42"),
            (0.1 + 0.2, None, "0.3"),
            (2.5, None, "2.5"),
            (-7.0, Some("0000"), "-7"),
            (1e-7, None, "0.0000001"),
        ];
        for (number, format, expected) in table {
            assert_eq!(shown(&DataRef::Float(number), format), expected, "{number}");
        }
        assert_eq!(shown(&DataRef::Int(7), Some("000")), "007");
        assert_eq!(shown(&DataRef::Bool(true), None), "TRUE");
        assert_eq!(shown(&DataRef::SharedString(" a "), None), " a ");
    }

    #[test]
    fn dates_are_shown_by_day_and_time() {
        let table: [(f64, Option<&str>, &str); 8] = [
            (45_366.0, Some("dd/mm/yyyy"), "2024-03-15"),
            (45_366.0, None, "2024-03-15"),
            (45_366.0, Some("dd.mm.yyyy hh:mm"), "2024-03-15 00:00:00"),
            (
                45_366.520_833_333,
                Some("m/d/yy h:mm"),
                "2024-03-15 12:30:00",
            ),
            (45_366.520_833_333, None, "2024-03-15 12:30:00"),
            (45_366.5, Some("yyyy\"h\"mm"), "2024-03-15 12:00:00"),
            (0.25, Some("hh:mm"), "06:00:00"),
            (45_366.000_005_787_037, None, "2024-03-15 00:00:00.500"),
        ];
        for (number, format, expected) in table {
            let moment = ExcelDateTime::new(number, ExcelDateTimeType::DateTime, false);
            assert_eq!(
                shown(&DataRef::DateTime(moment), format),
                expected,
                "{number}"
            );
        }
        let long = ExcelDateTime::new(1.104_166_666_7, ExcelDateTimeType::TimeDelta, false);
        assert_eq!(shown(&DataRef::DateTime(long), Some("[h]:mm")), "26:30:00");
    }
}
