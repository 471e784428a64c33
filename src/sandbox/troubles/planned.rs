//! One planned trouble, read from `NAME[=ARGUMENT][@WHEN][:PATH-PART]`; `=ARGUMENT` and `@WHEN` may
//! be swapped. WHEN is the number of a call or a share such as `20%`, among the calls whose path
//! contains PATH-PART.

use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::kind::{Allowed, KnownTrouble, TroubleKind};

/// A trouble and the calls that it strikes.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub(super) kind: TroubleKind,
    pub(super) when: When,
    pub(super) path_part: String,
    text: String,
}

/// Which calls go wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum When {
    Every,
    /// Counted from 1.
    Nth(u64),
    /// From 0 to 1.
    Share(f64),
}

/// A trouble that could not be read; the message lists what can be.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TroubleError {
    /// It does not say on which call.
    #[error(
        "`{0}` is not a trouble: expected NAME@N or NAME@20%, then :PATH-PART where wanted, such as post-502@3:tickets/batch/create"
    )]
    Form(String),
    /// No trouble has this name.
    #[error("no trouble is called `{0}`; there are {names}", names = names())]
    Name(String),
    /// What follows `=` is missing or not understood.
    #[error("`{name}` needs {needs}, not `{given}`")]
    Argument {
        /// The trouble.
        name: &'static str,
        /// The argument that it needs.
        needs: String,
        /// What was given.
        given: String,
    },
    /// What follows `@` is neither a number from 1 nor a share.
    #[error("`{0}` is not the number of a call, counted from 1, nor a share such as 20%")]
    When(String),
    /// The trouble strikes one call.
    #[error("`{0}` needs the number of a call, such as {0}@3, and no share")]
    OnOne(&'static str),
}

/// Compares troubles regardless of how they were typed.
impl PartialEq for Trouble {
    fn eq(&self, other: &Trouble) -> bool {
        let meant = |one: &Trouble| (one.kind, one.when);
        meant(self) == meant(other) && self.path_part == other.path_part
    }
}

impl Trouble {
    /// How late it makes the search index.
    pub(crate) fn search_lag(&self) -> Option<Duration> {
        match self.kind {
            TroubleKind::SearchLag(lag) => Some(lag),
            _ => None,
        }
    }

    /// As it was typed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds a call.
    pub fn holds(&self) -> bool {
        matches!(self.kind, TroubleKind::Hold(_))
    }
}

impl FromStr for Trouble {
    type Err = TroubleError;

    fn from_str(text: &str) -> Result<Trouble, TroubleError> {
        let (head, path_part) = text.split_once(':').unwrap_or((text, ""));
        let end = head.find(['@', '=']).unwrap_or(head.len());
        let (name, rest) = head.split_at(end);
        let known = KnownTrouble::named(name).ok_or_else(|| TroubleError::Name(name.to_owned()))?;
        let (argument, when) = (part(rest, '='), part(rest, '@'));
        let kind = known.kind(argument).ok_or_else(|| TroubleError::Argument {
            name: known.name,
            needs: known
                .argument
                .map_or("nothing".to_owned(), |form| format!("={form}")),
            given: argument.unwrap_or_default().to_owned(),
        })?;
        let when = match (when, known.allowed) {
            (Some(when), _) => read_when(when)?,
            (None, Allowed::Always) => When::Every,
            (None, Allowed::FromOne) => When::Nth(1),
            (None, _) => return Err(TroubleError::Form(text.to_owned())),
        };
        match (known.allowed, when) {
            (Allowed::OnOne | Allowed::FromOne, When::Share(_)) => {
                Err(TroubleError::OnOne(known.name))
            }
            _ => Ok(Trouble {
                kind,
                when,
                path_part: path_part.to_owned(),
                text: text.to_owned(),
            }),
        }
    }
}

/// What follows a sign, up to the next one.
fn part(text: &str, sign: char) -> Option<&str> {
    let (_, rest) = text.split_once(sign)?;
    rest.split(['@', '=']).next()
}

fn read_when(text: &str) -> Result<When, TroubleError> {
    let when = match text.strip_suffix('%') {
        Some(share) => share
            .parse()
            .ok()
            .filter(|share| (0.0..=100.0).contains(share))
            .map(|share| When::Share(share / 100.0)),
        None => text.parse().ok().filter(|n| *n > 0).map(When::Nth),
    };
    when.ok_or_else(|| TroubleError::When(text.to_owned()))
}

fn names() -> String {
    let names: Vec<&str> = KnownTrouble::TABLE.iter().map(|known| known.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::troubles::kind::HoldAt;

    #[test]
    fn every_trouble_is_read() {
        for known in KnownTrouble::TABLE {
            let argument = match known.argument {
                None | Some("[TIME]") => "",
                Some("received|committed|answered") => "=committed",
                Some(_) => "=2s",
            };
            let text = format!("{}{argument}@3:tickets", known.name);
            let trouble: Trouble = text.parse().expect(&text);
            assert_eq!(
                (trouble.when, trouble.path_part.as_str()),
                (When::Nth(3), "tickets")
            );
        }
    }

    #[test]
    fn forms_are_understood() {
        let trouble = |text: &str| text.parse::<Trouble>().expect(text);
        assert_eq!(trouble("500@20%").when, When::Share(0.2));
        assert_eq!(trouble("hold@4=received"), trouble("hold=received@4"));
        assert_eq!(
            trouble("hold@4=answered").kind,
            TroubleKind::Hold(HoldAt::Answered)
        );
        let slow = TroubleKind::Slow(Duration::from_millis(300), Duration::from_millis(100));
        for text in ["slow=300ms±100", "slow=300ms±100ms", "slow=300ms+-100"] {
            assert_eq!(
                (trouble(text).kind, trouble(text).when),
                (slow, When::Every),
                "{text}"
            );
        }
        assert_eq!(trouble("outage=20s").when, When::Nth(1));
        let day = Duration::from_secs(24 * 60 * 60);
        assert_eq!(trouble("migrating@7").kind, TroubleKind::Migrating(day));
    }

    #[test]
    fn says_what_is_accepted() {
        for (text, part) in [
            ("post-502", "expected NAME@N"),
            ("fire@3", "there are 429, 500, 502"),
            ("truncate@0", "counted from 1"),
            ("truncate@x:tickets", "`x` is not the number"),
            ("500@120%", "`120%` is not the number"),
            ("500=1s@1", "`500` needs nothing"),
            ("late-commit@1", "`late-commit` needs =TIME"),
            ("slow=1s±2s", "`slow` needs =TIME"),
            ("hold@1=sent", "received|committed|answered"),
            ("hold=received@5%", "`hold` needs the number of a call"),
            ("outage=5s@5%", "`outage` needs the number of a call"),
        ] {
            let error = text.parse::<Trouble>().expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
