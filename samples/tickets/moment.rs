//! Instants in UTC, to the second, and the two ways a help desk counts the minutes
//! between them. The calendar is jiff's; the wall clock is never read.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
/// The first Monday after the epoch, where weeks are counted from.
const A_MONDAY: i64 = 4 * DAY;
/// The office is open from nine to five, Monday to Friday.
const OPENS: i64 = 9 * HOUR;
const CLOSES: i64 = 17 * HOUR;

/// How a day's tickets come in: that many of a hundred have come by that hour.
const DAY_SHAPE: [(f64, f64); 5] = [
    (0.0, 0.0),
    (0.06, 6.0),
    (0.2, 8.0),
    (0.85, 17.0),
    (1.0, 24.0),
];

/// Seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

impl Moment {
    /// 2019-01-01 00:00:00, when the shop opened its help desk.
    pub(crate) const OPENING: Moment = Moment(1_546_300_800);
    /// 2020-12-01 00:00:00, the day from which the one who left was given no more tickets.
    pub(crate) const FAREWELL: Moment = Moment(1_606_780_800);
    /// 2025-12-31 23:59:59, when the export was made: nothing is later.
    pub(crate) const EXPORT: Moment = Moment(1_767_225_599);

    /// The instant at a share (0 to 1) of the whole time. The help desk gets three times
    /// as many tickets at the end as at the beginning, and most of them by day.
    ///
    /// Only operations that IEEE 754 rounds exactly are used (a square root, no powers),
    /// so that every machine finds the same second.
    pub(crate) fn at_share(share: f64) -> Moment {
        let grown = ((1.0 + 8.0 * share).sqrt() - 1.0) / 2.0;
        let span = (Moment::EXPORT.0 - Moment::OPENING.0) as f64;
        let days = grown * span / DAY as f64;
        let of_day = shaped(days.fract()) * HOUR as f64;
        Moment(Moment::OPENING.0 + days as i64 * DAY + of_day as i64).min(Moment::EXPORT)
    }

    /// Later by so many seconds, but never after the export.
    pub(crate) fn later(self, seconds: u64) -> Moment {
        Moment(self.0.saturating_add_unsigned(seconds)).min(Moment::EXPORT)
    }

    /// Whole minutes since an earlier instant.
    pub(crate) fn minutes_since(self, earlier: Moment) -> u64 {
        (self.0 - earlier.0).max(0) as u64 / MINUTE as u64
    }

    /// Whole minutes since an earlier instant while the office was open.
    pub(crate) fn office_minutes_since(self, earlier: Moment) -> u64 {
        (self.office_seconds() - earlier.office_seconds()).max(0) as u64 / MINUTE as u64
    }

    /// Seconds of open office between the first Monday of 1970 and this instant.
    fn office_seconds(self) -> i64 {
        let since = self.0 - A_MONDAY;
        let of_week = since.rem_euclid(WEEK);
        let (day, of_day) = (of_week / DAY, of_week % DAY);
        let today = if day < 5 {
            of_day.clamp(OPENS, CLOSES) - OPENS
        } else {
            0
        };
        (since.div_euclid(WEEK) * 5 + day.min(5)) * (CLOSES - OPENS) + today
    }

    /// The calendar's view of it, in UTC.
    pub(crate) fn civil(self) -> DateTime {
        let timestamp = Timestamp::from_second(self.0).expect("an instant between 2019 and 2025");
        Offset::UTC.to_datetime(timestamp)
    }
}

/// The hour of the day by which this share of its tickets has come in.
fn shaped(share: f64) -> f64 {
    for pair in DAY_SHAPE.windows(2) {
        let [(from, hour), (to, next)] = [pair[0], pair[1]];
        if share < to {
            return hour + (next - hour) * (share - from) / (to - from);
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        let civil: DateTime = text.parse().expect("a date of this test");
        let timestamp = Offset::UTC.to_timestamp(civil).expect("a date in range");
        Moment(timestamp.as_second())
    }

    #[test]
    fn the_named_instants_are_what_their_names_say() {
        assert_eq!(Moment::OPENING, moment("2019-01-01T00:00:00"));
        assert_eq!(Moment::FAREWELL, moment("2020-12-01T00:00:00"));
        assert_eq!(Moment::EXPORT, moment("2025-12-31T23:59:59"));
    }

    #[test]
    fn office_minutes_leave_out_nights_and_weekends() {
        for (from, to, minutes) in [
            ("2024-03-04T09:00:00", "2024-03-04T09:30:00", 30),
            ("2024-03-04T16:00:00", "2024-03-05T10:00:00", 120),
            ("2024-03-08T16:59:00", "2024-03-11T09:01:00", 2),
            ("2024-03-09T10:00:00", "2024-03-10T20:00:00", 0),
            ("2024-03-04T00:00:00", "2024-03-18T00:00:00", 4800),
        ] {
            assert_eq!(
                moment(to).office_minutes_since(moment(from)),
                minutes,
                "{from} to {to}"
            );
        }
    }

    #[test]
    fn shares_run_from_the_opening_to_the_export_and_never_back() {
        let all: Vec<Moment> = (0..=10_000)
            .map(|idx| Moment::at_share(f64::from(idx) / 10_000.0))
            .collect();
        assert_eq!(all[0], Moment::OPENING);
        assert_eq!(all[10_000].civil().date().to_string(), "2025-12-31");
        assert!(all.is_sorted());
    }
}
