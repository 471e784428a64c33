//! The values of switches that are not a choice among a few: times, numbers,
//! rates, names. Each has the default that the contract suggests.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use super::time_text::time;
use crate::sandbox::http::limits::{Rate, RateError};

/// An invalid value; the switch lists its values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoValue;

/// How late the search index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SearchLag(pub(crate) Duration);

impl Default for SearchLag {
    fn default() -> SearchLag {
        SearchLag(Duration::from_secs(5))
    }
}

impl FromStr for SearchLag {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<SearchLag, NoValue> {
        time(text).map(SearchLag).ok_or(NoValue)
    }
}

/// The delay before associations of a new record can be read; none by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LinkLag(pub(crate) Duration);

impl FromStr for LinkLag {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<LinkLag, NoValue> {
        time(text).map(LinkLag).ok_or(NoValue)
    }
}

/// The delay before something is found by its path; none by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NoLag(pub(crate) Duration);

impl FromStr for NoLag {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<NoLag, NoValue> {
        time(text).map(NoLag).ok_or(NoValue)
    }
}

/// The delay before a new file is found by a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileSearchLag(pub(crate) Duration);

impl Default for FileSearchLag {
    fn default() -> FileSearchLag {
        FileSearchLag(Duration::from_secs(5))
    }
}

impl FromStr for FileSearchLag {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<FileSearchLag, NoValue> {
        time(text).map(FileSearchLag).ok_or(NoValue)
    }
}

/// How long a signed address is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignedLife(pub(crate) Duration);

impl Default for SignedLife {
    fn default() -> SignedLife {
        SignedLife(Duration::from_secs(15 * 60))
    }
}

impl FromStr for SignedLife {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<SignedLife, NoValue> {
        time(text).map(SignedLife).ok_or(NoValue)
    }
}

/// Requests a day; the default is the Professional tier's (C1 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DailyLimit(pub(crate) u64);

impl Default for DailyLimit {
    fn default() -> DailyLimit {
        DailyLimit(625_000)
    }
}

impl FromStr for DailyLimit {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<DailyLimit, Self::Err> {
        text.parse().map(DailyLimit)
    }
}

/// How soon after the start the portal's day ends; none for that of the wall clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DayEnds(pub(crate) Option<Duration>);

impl FromStr for DayEnds {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<DayEnds, NoValue> {
        match text {
            "none" => Ok(DayEnds(None)),
            text => time(text).map(|time| DayEnds(Some(time))).ok_or(NoValue),
        }
    }
}

/// The allowance of searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SearchRate(pub(crate) Rate);

impl Default for SearchRate {
    fn default() -> SearchRate {
        SearchRate(Rate::Per {
            calls: 5,
            window: Duration::from_secs(1),
        })
    }
}

impl FromStr for SearchRate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<SearchRate, RateError> {
        text.parse().map(SearchRate)
    }
}

/// Names of properties or scopes; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) BTreeSet<String>);

impl FromStr for Names {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<Names, NoValue> {
        if text == "none" {
            return Ok(Names::default());
        }
        let names: BTreeSet<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        match names.iter().any(String::is_empty) {
            true => Err(NoValue),
            false => Ok(Names(names)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (text, millis) in [
            ("300ms", Some(300)),
            ("0s", Some(0)),
            ("5s", Some(5_000)),
            ("2m", Some(120_000)),
            ("24h", Some(86_400_000)),
            ("5", None),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("1.5s", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(time(text), millis.map(Duration::from_millis), "{text}");
        }
    }
}
