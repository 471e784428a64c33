//! The key of a row: what identifies its ticket.

use std::borrow::Cow;
use std::sync::Arc;

use crate::mapping::convert::TextRule;
use crate::mapping::entry::{Column, Feed};
use crate::mapping::rewritten::is_rewritten;
use crate::mapping::row_context::{Findings, RowContext};
use crate::model::invisible::{is_invisible, is_spelling, trim_invisible};
use crate::model::issue::{Problem, Reason, excerpt, was_read};
use crate::model::key::same_key;
use crate::model::row::{Cells, Kept};
use crate::model::ticket::{PlacedRemark, Remark};

/// Where the key of a row comes from.
#[derive(Debug)]
pub(crate) enum Key {
    /// A text of the row, in a unique-value property.
    Text {
        /// The property.
        property: Arc<str>,
        /// Where the text comes from.
        feed: Feed,
        /// The columns that the text is made of.
        columns: Vec<Column>,
        /// Put in front of it.
        prefix: String,
        /// The cells are ids even if they look like rewritten numbers.
        as_written: bool,
    },
    /// A hash of all cells, in a unique-value property.
    RowHash {
        /// The property.
        property: Arc<str>,
        /// Put in front of it.
        prefix: String,
        /// How many cells there are, without those that the tool itself has added.
        cells: usize,
    },
    /// The id of the ticket itself.
    RecordId {
        /// The property that holds it, which can't be written.
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

    /// Whether identical rows are numbered (protocol K3).
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

    /// The key of a row; none if it has a problem. A row that was refused for its key
    /// before and still has that key is refused again (R7).
    pub(crate) fn value(&self, scope: &RowContext<'_>, findings: &mut Findings) -> Option<String> {
        let key = match self.made(scope, findings) {
            Ok(key) => key,
            Err(fault) => {
                findings.problems.push(self.problem(fault));
                return None;
            }
        };
        let kept = scope.source().kept.as_deref();
        let as_written = matches!(
            self,
            Key::Text {
                as_written: true,
                ..
            }
        );
        if let Some(reason) = kept.and_then(|kept| still_refused(kept, &key, as_written)) {
            let fault = Fault::new(reason, key.as_str());
            findings.problems.insert(0, self.problem(fault));
        }
        Some(key)
    }

    /// Whether the key is a text by which other files can name the row.
    pub(crate) fn names_rows(&self) -> bool {
        !self.is_counted()
    }

    /// The name of the row in other files: its key without the prefix; none if it has a
    /// problem.
    pub(crate) fn name_of(&self, scope: &RowContext<'_>) -> Option<String> {
        let key = self.made(scope, &mut Findings::default()).ok()?;
        let prefix = match self {
            Key::Text { prefix, .. } => prefix.as_str(),
            Key::RowHash { .. } | Key::RecordId { .. } => "",
        };
        Some(key.strip_prefix(prefix).unwrap_or(&key).to_owned())
    }

    fn made(&self, scope: &RowContext<'_>, findings: &mut Findings) -> Result<String, Fault> {
        match self {
            Key::Text {
                feed,
                columns,
                prefix,
                as_written,
                ..
            } => {
                if !as_written {
                    check_cells(columns, scope)?;
                }
                let text = self.read(feed, scope, findings)?;
                if !as_written && let Some(torn) = hidden_letter(&text) {
                    return Err(Fault::new(Reason::InvalidKey, torn));
                }
                let key = with_prefix(prefix, &text)?;
                if !as_written {
                    check_prefix(columns, scope, &key)?;
                }
                let kept = scope.source().kept.as_deref();
                let before = kept.and_then(|kept| kept.key.as_deref());
                match before.filter(|before| !as_written && lost_zeros(before, &key)) {
                    Some(_) => Err(Fault::new(Reason::KeyRewritten { may_be: true }, text)),
                    None => Ok(key),
                }
            }
            Key::RowHash { prefix, cells, .. } => {
                let hash = || row_hash(&scope.source().cells, *cells);
                match scope.source().kept.as_deref() {
                    Some(kept) => kept_hash(kept, prefix, hash),
                    None => Ok(format!("{prefix}{}", hash())),
                }
            }
            Key::RecordId { feed, .. } => {
                let text = self.read(feed, scope, findings)?;
                record_id(text.into_owned())
            }
        }
    }

    /// The text of the key, without invisible characters around it.
    fn read<'r>(
        &self,
        feed: &Feed,
        scope: &RowContext<'r>,
        findings: &mut Findings,
    ) -> Result<Cow<'r, str>, Fault> {
        let text = match feed.text(scope) {
            Ok(text) => text.unwrap_or_default(),
            Err(reason) => return Err(Fault::new(reason, "")),
        };
        let trimmed = trim_invisible(&text);
        if trimmed.is_empty() {
            return Err(Fault::new(Reason::MissingKey, ""));
        }
        if trimmed.len() < text.trim().len() {
            findings.remarks.push(PlacedRemark {
                remark: Remark::KeyTrimmed,
                property: Arc::clone(self.property()),
                column: self.header().cloned(),
                value: excerpt(text.trim()).into(),
            });
        }
        Ok(match trimmed.len() == text.len() {
            true => text,
            false => Cow::Owned(trimmed.to_owned()),
        })
    }

    fn problem(&self, fault: Fault) -> Problem {
        let problem = Problem::new(fault.reason).property(&**self.property());
        let problem = problem.value(&fault.text);
        match fault.column.as_ref().or_else(|| self.header()) {
            Some(header) => problem.column(&**header),
            None => problem,
        }
    }
}

/// What is wrong, the text that it is about, and its column if that is not the key's
/// first.
pub(crate) struct Fault {
    pub(crate) reason: Reason,
    text: String,
    column: Option<Arc<str>>,
}

impl Fault {
    fn new(reason: Reason, text: impl Into<String>) -> Fault {
        Fault {
            reason,
            text: text.into(),
            column: None,
        }
    }
}

/// Why a row of our own refused.csv is refused again: what it was refused for has not
/// changed (protocol R7). Keys are compared as portals may compare them. If `_key` was
/// emptied, edited, or rewritten by a spreadsheet, it is not known whether the key has
/// changed; if `_code` was emptied, it is not known why the row was refused, and if `_line`
/// was, it is not known which row it is.
fn still_refused(kept: &Kept, key: &str, as_written: bool) -> Option<Reason> {
    let lost = |column| Some(Reason::OwnCellLost { column });
    let Some(code) = kept.code.as_deref() else {
        // Rows added by people have nothing in our columns.
        return kept.line.as_ref().and_then(|_refused| lost("_code"));
    };
    if kept.line.is_none() {
        return lost("_line");
    }
    let only_case = match code.to_ascii_uppercase().as_str() {
        "REPEATED_KEY" => false,
        "KEY_CASE" => true,
        _ => return None,
    };
    let still = || {
        Some(Reason::StillRepeated {
            line: kept.line.as_deref().map(str::to_owned),
            only_case,
        })
    };
    // Both cells had the former key.
    let was = kept.value.as_deref();
    let is_edited = |before: &str| was.is_some_and(|was| !same_key(was, &excerpt(before)));
    match kept.key.as_deref() {
        None => lost("_key"),
        Some(before) if is_edited(before) => lost("_key"),
        Some(before) if same_key(before, key) => still(),
        Some(before) if !as_written && is_rewritten(before) => lost("_key"),
        Some(before) if !as_written && lost_zeros(key, before) => still(),
        Some(_) => None,
    }
}

/// Whether a key is the former one except for leading zeros, which spreadsheets remove.
fn lost_zeros(before: &str, now: &str) -> bool {
    let common = before
        .char_indices()
        .zip(now.chars())
        .find(|((_, one), other)| one != other)
        .map_or(now.len(), |((at, _), _)| at);
    let (Some(before), Some(number)) = (before.get(common..), now.get(common..)) else {
        return false;
    };
    let inside = now[..common].ends_with(|last: char| last.is_ascii_digit());
    let without = before.trim_start_matches('0');
    !inside && without.len() < before.len() && without == number && !number.is_empty()
}

/// Refuses cells that a spreadsheet rewrote.
fn check_cells(columns: &[Column], scope: &RowContext<'_>) -> Result<(), Fault> {
    for column in columns {
        let cell = trim_invisible(scope.filled(column.idx).unwrap_or(""));
        if is_rewritten(cell) {
            return Err(Fault {
                column: Some(Arc::clone(&column.header)),
                ..Fault::new(Reason::KeyRewritten { may_be: true }, cell)
            });
        }
    }
    Ok(())
}

/// Refuses a key that would get the mapping's prefix twice: the cell already holds a
/// key.
fn check_prefix(columns: &[Column], scope: &RowContext<'_>, key: &str) -> Result<(), Fault> {
    for column in columns {
        let cell = trim_invisible(scope.filled(column.idx).unwrap_or(""));
        if let Some(prefix) = doubled_prefix(cell, key) {
            let prefix = prefix.to_owned();
            return Err(Fault {
                column: Some(Arc::clone(&column.header)),
                ..Fault::new(Reason::KeyPrefixed { prefix }, cell)
            });
        }
    }
    Ok(())
}

/// The prefix of the key, if the cell begins with it too; a single letter may be chance.
pub(crate) fn doubled_prefix<'k>(cell: &str, key: &'k str) -> Option<&'k str> {
    let prefix = key.strip_suffix(cell).filter(|_| !cell.is_empty())?;
    let is_sure = prefix.len() > 1 && !prefix.bytes().all(|byte| byte.is_ascii_digit());
    let doubled = cell.get(..prefix.len())?.eq_ignore_ascii_case(prefix);
    (is_sure && doubled && cell.len() > prefix.len()).then_some(prefix)
}

/// The text, if it has an invisible character inside that is not part of any spelling.
fn hidden_letter(text: &str) -> Option<&str> {
    let is_hidden = |letter: char| is_invisible(letter) && !is_spelling(letter);
    (!text.is_ascii() && text.contains(is_hidden)).then_some(text)
}

/// Protocol K2: text, without control characters, never through a number.
pub(crate) fn with_prefix(prefix: &str, text: &str) -> Result<String, Fault> {
    if text.chars().any(char::is_control) {
        return Err(Fault::new(Reason::InvalidKey, text));
    }
    let key = [prefix, text].concat();
    match TextRule::default().check(&key) {
        Ok(()) => Ok(key),
        Err(reason) => Err(Fault::new(reason, text)),
    }
}

/// HubSpot: ids are digits; the longest that fits what it counts with has nineteen.
pub(crate) fn record_id(text: String) -> Result<String, Fault> {
    const LONGEST: usize = 19;
    let is_id = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    match is_id {
        true => Ok(text),
        false if is_rewritten(&text) => {
            Err(Fault::new(Reason::KeyRewritten { may_be: false }, text))
        }
        false => Err(Fault::new(Reason::InvalidId, text)),
    }
}

/// Hexadecimal digits of a row's hash (protocol K3).
const HASH: usize = 32;

/// Protocol K3: 32 hexadecimal digits of a hash of all cells of the source. Identical
/// rows have the same one, and an edited row a different one.
fn row_hash(cells: &Cells, count: usize) -> String {
    let mut hasher = blake3::Hasher::new();
    for cell in cells.iter().take(count) {
        let _same = hasher.update(&(cell.len() as u64).to_le_bytes());
        let _same = hasher.update(cell.as_bytes());
    }
    let mut hash = hasher.finalize().to_hex().to_string();
    hash.truncate(HASH);
    hash
}

/// The hash that a row of our own refused.csv had before people corrected its cells. If
/// `_key` was emptied, or is no longer a hash, its ticket would be created a second time.
fn kept_hash(kept: &Kept, prefix: &str, hash: impl Fn() -> String) -> Result<String, Fault> {
    let lost = || Fault::new(Reason::OwnCellLost { column: "_key" }, "");
    let had_one = || kept.code.as_deref().is_none_or(was_read);
    match kept.key.as_deref() {
        Some(key) if ends_with_hash(key) => with_prefix("", key),
        Some(_rewritten) => Err(lost()),
        None if kept.line.is_some() && had_one() => Err(lost()),
        None => Ok(format!("{prefix}{}", hash())),
    }
}

fn ends_with_hash(key: &str) -> bool {
    let start = key.len().checked_sub(HASH);
    let hash = start.and_then(|start| key.get(start..));
    hash.is_some_and(|hash| {
        hash.chars()
            .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_hold_a_key_already_are_noticed() {
        for (cell, key, expected) in [
            ("zendesk-100004", "zendesk-zendesk-100004", Some("zendesk-")),
            ("Zendesk-100004", "zendesk-Zendesk-100004", Some("zendesk-")),
            ("100004", "zendesk-100004", None),
            ("zendesk-", "zendesk-zendesk-", None),
            ("1001", "101001", None),
            ("t1", "tt1", None),
            ("", "zendesk-", None),
            ("100004", "100004", None),
        ] {
            assert_eq!(doubled_prefix(cell, key), expected, "{cell} {key}");
        }
    }

    #[test]
    fn a_row_stays_refused_while_nobody_can_tell_that_its_key_has_changed() {
        let kept = |code: &str, key: &str| {
            let text = |text: &str| (!text.is_empty()).then(|| text.into());
            Kept {
                line: Some("7".into()),
                code: text(code),
                key: text(key),
                value: None,
                end: None,
            }
        };
        for (code, before, now, expected) in [
            ("REPEATED_KEY", "100004", "100004", Some("REPEATED_KEY")),
            ("repeated_key", "K1", "k1", Some("REPEATED_KEY")),
            ("KEY_CASE", "K1", "k1", Some("KEY_CASE")),
            ("REPEATED_KEY", "", "100004", Some("OWN_CELL_LOST")),
            ("REPEATED_KEY", "1.00E+05", "100004", Some("OWN_CELL_LOST")),
            ("REPEATED_KEY", "100,004", "100004", Some("OWN_CELL_LOST")),
            ("REPEATED_KEY", "100004.0", "100004", Some("OWN_CELL_LOST")),
            ("REPEATED_KEY", "7", "007", Some("REPEATED_KEY")),
            ("REPEATED_KEY", "100004", "100005", None),
            ("", "100004", "100004", Some("OWN_CELL_LOST")),
            ("UNKNOWN_STAGE", "", "100004", None),
        ] {
            let reason = still_refused(&kept(code, before), now, false);
            let found = reason.as_ref().map(Reason::code);
            assert_eq!(found, expected, "{code} {before} {now}");
        }
        let edited = |key: &str, value: &str| Kept {
            value: Some(value.into()),
            ..kept("REPEATED_KEY", key)
        };
        for (key, value, now, expected) in [
            ("2", "1", "1", Some("OWN_CELL_LOST")),
            ("K1", "k1", "K1", Some("REPEATED_KEY")),
            ("1", "1", "2", None),
        ] {
            let reason = still_refused(&edited(key, value), now, false);
            let found = reason.as_ref().map(Reason::code);
            assert_eq!(found, expected, "{key} {value} {now}");
        }
        let nowhere = Kept {
            line: None,
            ..kept("UNKNOWN_STAGE", "100004")
        };
        let reason = still_refused(&nowhere, "100004", false);
        assert_eq!(reason.as_ref().map(Reason::code), Some("OWN_CELL_LOST"));
        let row = kept("REPEATED_KEY", "1.00E+05");
        assert!(still_refused(&row, "100004", true).is_none(), "as written");
        assert!(still_refused(&Kept::default(), "1", false).is_none());
    }

    #[test]
    fn zeros_that_a_spreadsheet_took_away_are_noticed() {
        for (before, now, expected) in [
            ("007", "7", true),
            ("desk-007", "desk-7", true),
            ("OPS-0012-x", "OPS-12-x", true),
            ("007", "007", false),
            ("007", "8", false),
            ("1007", "17", false),
            ("7", "007", false),
            ("0", "", false),
            ("é07", "é7", true),
        ] {
            assert_eq!(lost_zeros(before, now), expected, "{before} {now}");
        }
    }
}
