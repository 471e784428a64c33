//! Troubles: calls that go wrong on command, by name and by the number of the
//! call. Knows which call is meant; what then happens to the reply is done by
//! the front and the connection.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

/// What goes wrong. All of them do the call's work first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ill {
    /// A gateway's 502 with an HTML body in place of the reply.
    Post502,
    /// The connection is reset without a reply.
    ResetAfter,
    /// The right head, half of the body, end of connection.
    Truncate,
}

/// Names as users type them.
const ILLS: &[(&str, Ill)] = &[
    ("post-502", Ill::Post502),
    ("reset-after", Ill::ResetAfter),
    ("truncate", Ill::Truncate),
];

/// One planned trouble, read from `NAME@N` or `NAME@N:PATH-PART`: it strikes the
/// N-th call, or the N-th call whose path contains PATH-PART.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    ill: Ill,
    ordinal: u64,
    path_part: String,
}

/// A trouble that could not be read; the message lists what can be.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TroubleError {
    /// It does not say on which call.
    #[error(
        "`{0}` is not a trouble: expected NAME@N or NAME@N:PATH-PART, such as post-502@3:tickets/batch/create"
    )]
    Form(String),
    /// No trouble has this name.
    #[error("no trouble is called `{0}`; there are {names}", names = names())]
    Name(String),
    /// N is not a whole number from 1.
    #[error("`{0}` is not the number of a call: calls are counted from 1")]
    Ordinal(String),
}

impl FromStr for Trouble {
    type Err = TroubleError;

    fn from_str(text: &str) -> Result<Trouble, TroubleError> {
        let (name, place) = text
            .split_once('@')
            .ok_or_else(|| TroubleError::Form(text.to_owned()))?;
        let (ordinal, path_part) = place.split_once(':').unwrap_or((place, ""));
        let known = ILLS.iter().find(|(known, _)| *known == name);
        let (_, ill) = known.ok_or_else(|| TroubleError::Name(name.to_owned()))?;
        let counted = ordinal.parse().ok().filter(|ordinal| *ordinal > 0);
        let ordinal = counted.ok_or_else(|| TroubleError::Ordinal(ordinal.to_owned()))?;
        Ok(Trouble {
            ill: *ill,
            ordinal,
            path_part: path_part.to_owned(),
        })
    }
}

fn names() -> String {
    let names: Vec<&str> = ILLS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// All planned troubles, each with its own count of the calls it may strike.
#[derive(Debug)]
pub(super) struct Troubles(Vec<(Trouble, AtomicU64)>);

impl Troubles {
    pub(super) fn new(planned: Vec<Trouble>) -> Troubles {
        Troubles(
            planned
                .into_iter()
                .map(|trouble| (trouble, AtomicU64::new(0)))
                .collect(),
        )
    }

    /// Counts a call and names what goes wrong with it. Where two troubles meet
    /// on one call, the one given first wins.
    pub(super) fn strike(&self, path: &str) -> Option<Ill> {
        let mut struck = None;
        for (trouble, seen) in &self.0 {
            if path.contains(&trouble.path_part) {
                let ordinal = seen.fetch_add(1, Ordering::Relaxed) + 1;
                let hit = (ordinal == trouble.ordinal).then_some(trouble.ill);
                struck = struck.or(hit);
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_accepted() {
        for (text, part) in [
            ("post-502", "expected NAME@N"),
            ("fire@3", "there are post-502, reset-after, truncate"),
            ("truncate@0", "counted from 1"),
            ("truncate@x:tickets", "`x` is not the number"),
        ] {
            let error = text.parse::<Trouble>().expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn strikes_the_named_call_once() {
        let troubles = Troubles::new(vec![
            "truncate@2:batch/create".parse().expect("a trouble"),
            "reset-after@4".parse().expect("a trouble"),
        ]);
        let struck: Vec<_> = [
            "/a",
            "/batch/create",
            "/a",
            "/batch/create",
            "/batch/create",
        ]
        .iter()
        .map(|path| troubles.strike(path))
        .collect();
        assert_eq!(struck, [None, None, None, Some(Ill::Truncate), None]);
    }
}
