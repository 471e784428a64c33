//! The tables of plan.db and the JSON of its values.

use rusqlite::Row;
use serde::{Deserialize, Serialize};

use crate::journal::changes::changes_from;
use crate::journal::entry::RowEntry;
use crate::journal::error::JournalError;
use crate::journal::format::refusal_from;
use crate::journal::read::{Reading, entry};
use crate::model::issue::Refusal;
use crate::model::key::Key;
use crate::model::link_by::LinkBy;
use crate::model::plan::{LinkState, Planned, PlannedAction, PlannedLink};
use crate::model::property_change::PropertyChange;
use crate::model::schema::ObjectType;

/// Version of the tables, in `PRAGMA user_version`.
pub(super) const VERSION: i32 = 2;

/// Name of the database in the plan's folder.
pub(super) const NAME: &str = "plan.db";

/// All tables.
pub(super) const TABLES: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE input (
    file INTEGER PRIMARY KEY, path TEXT NOT NULL, member TEXT, size INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE row (
    seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, record INTEGER NOT NULL,
    line INTEGER NOT NULL, byte INTEGER NOT NULL, action TEXT NOT NULL,
    key TEXT, folded TEXT, ticket TEXT, body BLOB, changes TEXT, links TEXT, issue TEXT,
    later INTEGER) STRICT;
CREATE TABLE other (key TEXT PRIMARY KEY, record TEXT, state TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX row_by_key ON row (folded) WHERE folded IS NOT NULL;
CREATE INDEX row_later ON row (seq) WHERE later IS NOT NULL;
";

/// The files that rows name, which plans of the first version do not have. `key` identifies a
/// file among those of its source; `md5` and `modified_ms` are set if it is in the folder of
/// attachments; `code` says why it can't be uploaded.
pub(super) const FILE_TABLE: &str = "
CREATE TABLE file (
    key TEXT PRIMARY KEY, id TEXT, name TEXT NOT NULL, url TEXT, size INTEGER,
    modified_ms INTEGER, md5 TEXT, code TEXT) STRICT, WITHOUT ROWID;
";

/// Columns of a row, as `PlannedRow` is read from them.
pub(super) const COLUMNS: &str =
    "seq, file, record, line, byte, action, key, ticket, body, changes, links, issue";

/// A row of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedRow {
    /// Its number and place.
    pub row: RowEntry,
    /// What is done.
    pub action: PlannedAction,
    /// Its key, if one could be made.
    pub key: Option<Key>,
    /// Id of the ticket; none if there is none yet.
    pub ticket: Option<String>,
    /// Hash of what the row sends; none if it was refused before.
    pub body: Option<[u8; 16]>,
    /// What is changed, with what the ticket holds; for a new ticket, all values.
    pub changes: Vec<PropertyChange>,
    /// Its links.
    pub links: Vec<PlannedLink>,
    /// Why it, or one of its links, can't be carried out.
    pub refusal: Option<Refusal>,
}

impl PlannedRow {
    /// Whether one of its links is still to be resolved.
    pub fn is_open(&self) -> bool {
        let mut links = self.links.iter();
        links.any(|link| matches!(link.state, LinkState::Later { .. }))
    }

    /// What a run must do for this row.
    pub fn into_planned(self) -> Planned {
        Planned {
            action: self.action,
            ticket: self.ticket,
            changes: self.changes,
            links: self.links,
        }
    }
}

/// A link as JSON: kind, by, value, label, column, record, state.
#[derive(Serialize, Deserialize)]
struct LinkText(
    String,
    String,
    String,
    Option<String>,
    String,
    Option<String>,
    String,
);

/// Links as JSON; none if there are none.
pub(super) fn links_text(links: &[PlannedLink]) -> serde_json::Result<Option<String>> {
    let texts: Vec<LinkText> = links
        .iter()
        .map(|link| {
            LinkText(
                link.to.plural().into_owned(),
                link.by.word().to_owned(),
                link.value.clone(),
                link.label.clone(),
                link.column.clone(),
                link.record.clone(),
                link.state.word().to_owned(),
            )
        })
        .collect();
    match texts.is_empty() {
        true => Ok(None),
        false => serde_json::to_string(&texts).map(Some),
    }
}

fn links_from(text: &str) -> Option<Vec<PlannedLink>> {
    let texts: Vec<LinkText> = serde_json::from_str(text).ok()?;
    let link = |LinkText(to, by, value, label, column, record, state): LinkText| {
        let to = ObjectType::named(&to)?;
        Some(PlannedLink {
            to,
            by: LinkBy::named(to, &by),
            value,
            label,
            column,
            record,
            state: LinkState::named(&state)?,
        })
    };
    texts.into_iter().map(link).collect()
}

/// A row as it is stored.
pub(super) struct Stored {
    row: RowEntry,
    action: String,
    key: Option<Key>,
    ticket: Option<String>,
    body: Option<[u8; 16]>,
    changes: Option<String>,
    links: Option<String>,
    issue: Option<String>,
}

/// Reads the columns of a row.
pub(super) fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        row: entry(row)?,
        action: row.get(5)?,
        key: row.get(6)?,
        ticket: row.get(7)?,
        body: row.get(8)?,
        changes: row.get(9)?,
        links: row.get(10)?,
        issue: row.get(11)?,
    })
}

impl Stored {
    /// The row in these columns; `of` names the database in an error.
    pub(super) fn understood(self, of: &Reading) -> Result<PlannedRow, JournalError> {
        self.parsed().map_err(|what| of.broken(what))
    }

    /// The row in these columns, or the column that can't be read.
    pub(super) fn parsed(self) -> Result<PlannedRow, &'static str> {
        let changes = self.changes.as_deref().map(changes_from);
        let links = self.links.as_deref().map(links_from);
        let issue = self.issue.as_deref().map(refusal_from);
        Ok(PlannedRow {
            row: self.row,
            action: PlannedAction::named(&self.action).ok_or("action")?,
            key: self.key,
            ticket: self.ticket,
            body: self.body,
            changes: changes
                .transpose()
                .map_err(|_| "changes")?
                .unwrap_or_default(),
            links: match links {
                Some(links) => links.ok_or("links")?,
                None => Vec::new(),
            },
            refusal: issue.transpose().map_err(|_| "issue")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_come_back_as_they_went_in() {
        let link = |state, record: Option<&str>| PlannedLink {
            to: ObjectType::Contacts,
            by: LinkBy::Property("email".into()),
            value: "a\"b@c.example".to_owned(),
            label: None,
            column: "Mail".to_owned(),
            record: record.map(str::to_owned),
            state,
        };
        let links = vec![
            link(LinkState::There, Some("7")),
            link(LinkState::Create, None),
            link(LinkState::Later { skips: true }, None),
        ];
        let text = links_text(&links).expect("JSON").expect("links");
        assert_eq!(links_from(&text), Some(links));
        assert_eq!(links_text(&[]).expect("JSON"), None);
        assert_eq!(
            links_from(r#"[["pets","id","1",null,"C",null,"make"]]"#),
            None,
            "no such kind"
        );
    }
}
