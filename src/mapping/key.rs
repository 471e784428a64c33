//! The key of a row: what ties it to its ticket.

use std::borrow::Cow;
use std::sync::Arc;

use crate::mapping::convert::TextRule;
use crate::mapping::entry::Feed;
use crate::mapping::scope::{Findings, Scope, trimmed};
use crate::model::issue::{Problem, Reason};
use crate::model::row::Cells;

/// Where the key of a row comes from.
#[derive(Debug)]
pub(crate) enum Key {
    /// A text of the row, in a unique-value property.
    Text {
        /// The property.
        property: Arc<str>,
        /// Where the text comes from.
        feed: Feed,
        /// Put in front of it.
        prefix: String,
    },
    /// A hash of all cells, in a unique-value property.
    RowHash {
        /// The property.
        property: Arc<str>,
        /// Put in front of it.
        prefix: String,
    },
    /// The id of the ticket itself.
    RecordId {
        /// The property that holds it, which nobody can write.
        property: Arc<str>,
        /// Where the id comes from.
        feed: Feed,
    },
}

impl Key {
    /// Internal name of the property that holds it.
    pub(crate) fn property(&self) -> &Arc<str> {
        match self {
            Key::Text { property, .. }
            | Key::RowHash { property, .. }
            | Key::RecordId { property, .. } => property,
        }
    }

    /// Whether it is sent as the value of its property.
    pub(crate) fn is_written(&self) -> bool {
        !matches!(self, Key::RecordId { .. })
    }

    /// Whether identical rows are counted apart (protocol K3).
    pub(crate) fn is_counted(&self) -> bool {
        matches!(self, Key::RowHash { .. })
    }

    /// The column that it comes from.
    pub(crate) fn header(&self) -> Option<&Arc<str>> {
        match self {
            Key::Text { feed, .. } | Key::RecordId { feed, .. } => feed.header(),
            Key::RowHash { .. } => None,
        }
    }

    /// The key of a row; none when something was found wrong with it.
    pub(crate) fn value(&self, scope: &Scope<'_>, findings: &mut Findings) -> Option<String> {
        let made = match self {
            Key::Text { feed, prefix, .. } => {
                read(feed, scope).and_then(|text| with_prefix(prefix, trimmed(&text)))
            }
            Key::RowHash { prefix, .. } => match &scope.source().kept_key {
                Some(kept) => with_prefix("", kept),
                None => Ok(format!("{prefix}{}", row_hash(&scope.source().cells))),
            },
            Key::RecordId { feed, .. } => {
                read(feed, scope).and_then(|text| record_id(text.trim().to_owned()))
            }
        };
        made.map_err(|(reason, value)| {
            let problem = Problem::new(reason).property(&**self.property());
            let problem = problem.value(&value);
            findings.problems.push(match self.header() {
                Some(header) => problem.column(&**header),
                None => problem,
            });
        })
        .ok()
    }
}

/// What is wrong, and the text that it is about.
type Fault = (Reason, String);

fn read<'r>(feed: &Feed, scope: &Scope<'r>) -> Result<Cow<'r, str>, Fault> {
    match feed.text(scope) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err((Reason::MissingKey, String::new())),
        Err(reason) => Err((reason, String::new())),
    }
}

/// Protocol K2: text, without control characters, never through a number.
pub(crate) fn with_prefix(prefix: &str, text: &str) -> Result<String, Fault> {
    if text.chars().any(char::is_control) {
        return Err((Reason::InvalidKey, text.to_owned()));
    }
    let key = [prefix, text].concat();
    match TextRule::default().check(&key) {
        Ok(()) => Ok(key),
        Err(reason) => Err((reason, text.to_owned())),
    }
}

/// HubSpot: ids are digits; the longest that fits what it counts with has nineteen.
pub(crate) fn record_id(text: String) -> Result<String, Fault> {
    const LONGEST: usize = 19;
    let is_id = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    match is_id {
        true => Ok(text),
        false => Err((Reason::InvalidId, text)),
    }
}

/// Protocol K3: 32 hexadecimal digits of a hash of all cells. Identical rows have the
/// same one, and a row that was edited another.
fn row_hash(cells: &Cells) -> String {
    let mut hasher = blake3::Hasher::new();
    for cell in cells.iter() {
        let _same = hasher.update(&(cell.len() as u64).to_le_bytes());
        let _same = hasher.update(cell.as_bytes());
    }
    let mut hash = hasher.finalize().to_hex().to_string();
    hash.truncate(32);
    hash
}
