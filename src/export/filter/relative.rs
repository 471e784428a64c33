//! Times relative to now: `today - 7d`, `now - 12h`.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// What relative times refer to.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// What `now` and `today` mean.
    pub now: Timestamp,
}

/// A day or an instant, and how far it is from today or now.
#[derive(Clone, Copy, Debug)]
pub struct Relative {
    of_day: bool,
    span: Span,
}

impl Relative {
    /// Reads `today` or `now`, with an offset after it if there is one.
    pub fn of(text: &str) -> Option<Relative> {
        let text = text.trim().to_ascii_lowercase();
        let (of_day, rest) = match text.strip_prefix("today") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("now")?),
        };
        let rest = rest.trim();
        if rest.is_empty() {
            let span = Span::new();
            return Some(Relative { of_day, span });
        }
        let (sign, amount) = match rest.split_at_checked(1)? {
            ("-", amount) => (-1, amount.trim()),
            ("+", amount) => (1, amount.trim()),
            _ => return None,
        };
        let span = span(amount, sign, of_day)?;
        Some(Relative { of_day, span })
    }

    /// The first instant that it covers.
    pub fn first(self, frame: &Frame) -> Option<Timestamp> {
        match self.day(frame) {
            Some(day) => Some(day.to_zoned(frame.zone.clone()).ok()?.timestamp()),
            None => self.instant(frame),
        }
    }

    /// The day, if it is one.
    pub(super) fn day(self, frame: &Frame) -> Option<Date> {
        let today = frame.now.to_zoned(frame.zone.clone()).date();
        match self.of_day {
            true => today.checked_add(self.span).ok(),
            false => None,
        }
    }

    /// The instant, if it is one.
    pub(super) fn instant(self, frame: &Frame) -> Option<Timestamp> {
        let now = frame.now.to_zoned(frame.zone.clone());
        match self.of_day {
            true => None,
            false => Some(now.checked_add(self.span).ok()?.timestamp()),
        }
    }
}

/// `7d`, `12h`, `2w`, `3mo`, `1y`; days have no hours.
fn span(amount: &str, sign: i32, of_day: bool) -> Option<Span> {
    let unit = amount.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = amount.split_at(unit);
    let number = number.parse::<i32>().ok()? * sign;
    let span = Span::new();
    match unit.trim() {
        "h" if !of_day => span.try_hours(number).ok(),
        "d" => span.try_days(number).ok(),
        "w" => span.try_weeks(number).ok(),
        "mo" => span.try_months(number).ok(),
        "y" => span.try_years(number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_are_counted_from_now() {
        let frame = Frame {
            zone: TimeZone::get("Europe/Berlin").expect("a zone"),
            now: "2026-03-01T23:30:00Z".parse().expect("a time"),
        };
        let shown = |text: &str| {
            let relative = Relative::of(text)?;
            let day = relative.day(&frame).map(|day| day.to_string());
            day.or_else(|| relative.instant(&frame).map(|instant| instant.to_string()))
        };
        for (text, expected) in [
            ("today", Some("2026-03-02")),
            ("today - 7d", Some("2026-02-23")),
            ("Today-1mo", Some("2026-02-02")),
            ("today + 2w", Some("2026-03-16")),
            ("today - 1y", Some("2025-03-02")),
            ("now", Some("2026-03-01T23:30:00Z")),
            ("now - 12h", Some("2026-03-01T11:30:00Z")),
            ("now - 1d", Some("2026-02-28T23:30:00Z")),
            ("today - 3h", None),
            ("today - 7", None),
            ("todays", None),
            ("2026-03-01", None),
            ("now - 999999999999d", None),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }
}
