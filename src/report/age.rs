//! How long ago something was or when it will be, for people.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, Zoned};

use crate::model::count::counted;

/// `3 days ago`, `just now`; by this machine's clock.
pub fn age_words(then: Timestamp) -> String {
    words(Timestamp::now().duration_since(then))
}

/// The time by this machine's clock, for programs: `2026-11-30T06:00:01Z`.
pub fn now_stamp() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The time after this wait, by this machine's clock: `06:00:01`.
pub fn in_time(wait: Duration) -> String {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    match Zoned::now().checked_add(wait) {
        Ok(then) => then.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "the end of time".to_owned(),
    }
}

fn words(age: SignedDuration) -> String {
    let minutes = u64::try_from(age.as_mins()).unwrap_or(0);
    let (number, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..2_880 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    format!("{} ago", counted(number, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_well() {
        for (minutes, expected) in [
            (-5, "just now"),
            (0, "just now"),
            (1, "1 minute ago"),
            (119, "1 hour ago"),
            (2_879, "47 hours ago"),
            (43_200, "30 days ago"),
        ] {
            assert_eq!(words(SignedDuration::from_mins(minutes)), expected);
        }
    }
}
