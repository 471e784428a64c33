//! Records: one row each, values as JSON text, and the times that searches use most in
//! columns.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::Store;
use super::state::{json, text};
use crate::sandbox::records::shapes::Values;
use crate::sandbox::schema::kind::Kind;

/// A stored record.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: i64,
    pub(crate) values: Values,
    /// When it went to the recycle bin.
    pub(crate) archived_at: Option<String>,
}

/// The times of a record, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Dates {
    inserted: i64,
    created: i64,
    modified: i64,
}

impl Dates {
    /// The times in a record's own values.
    fn of(kind: Kind, values: &Values) -> Dates {
        let millis = |name: &str| {
            let text = values.get(name).map_or("", String::as_str);
            text.parse::<Timestamp>()
                .map_or(0, Timestamp::as_millisecond)
        };
        let inserted = millis("hs_createdate");
        let created = match values.get(kind.created()) == values.get("hs_createdate") {
            true => inserted,
            false => millis(kind.created()),
        };
        let modified = match values.get(kind.modified()) == values.get("hs_createdate") {
            true => inserted,
            false => millis(kind.modified()),
        };
        Dates {
            inserted,
            created,
            modified,
        }
    }
}

impl Store {
    pub(crate) fn insert(&self, kind: Kind, id: i64, values: &Values) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO record (id, kind, inserted, created, modified, properties)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let dates = Dates::of(kind, values);
        statement
            .execute(params![
                id,
                kind.type_id(),
                dates.inserted,
                dates.created,
                dates.modified,
                text(values)?
            ])
            .map(drop)
    }

    pub(crate) fn replace(&self, kind: Kind, id: i64, values: &Values) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE record SET created = ?2, modified = ?3, properties = ?4 WHERE id = ?1",
        )?;
        let dates = Dates::of(kind, values);
        statement
            .execute(params![id, dates.created, dates.modified, text(values)?])
            .map(drop)
    }

    /// Puts a live record into the recycle bin; returns whether there was one.
    pub(crate) fn archive(&self, kind: Kind, id: i64, at: &str) -> rusqlite::Result<bool> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE record SET archived = 1, archived_at = ?3 WHERE id = ?1 AND kind = ?2 AND archived = 0",
        )?;
        let changed = statement.execute(params![id, kind.type_id(), at])?;
        Ok(changed > 0)
    }

    /// A record, if it exists and is archived, or not, as requested.
    pub(crate) fn record(
        &self,
        kind: Kind,
        id: i64,
        archived: bool,
    ) -> rusqlite::Result<Option<Record>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, properties, archived_at FROM record WHERE id = ?1 AND kind = ?2 AND archived = ?3",
        )?;
        statement
            .query_row(params![id, kind.type_id(), archived], stored)
            .optional()
    }

    /// Whether a live record exists, without reading it.
    pub(crate) fn exists(&self, kind: Kind, id: i64) -> rusqlite::Result<bool> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM record WHERE id = ?1 AND kind = ?2 AND archived = 0")?;
        statement.exists(params![id, kind.type_id()])
    }

    /// Whether there are records of a kind, archived or not.
    pub(crate) fn has_any(&self, kind: Kind) -> rusqlite::Result<bool> {
        let mut statement = self
            .connection
            .prepare("SELECT 1 FROM record WHERE kind = ?1 LIMIT 1")?;
        statement.exists([kind.type_id()])
    }

    /// Whether a live ticket is in a stage.
    pub(crate) fn is_in_stage(&self, stage: &str) -> rusqlite::Result<bool> {
        let mut statement = self.connection.prepare_cached(
            "SELECT 1 FROM record WHERE kind = ?1 AND archived = 0
             AND json_extract(properties, '$.hs_pipeline_stage') = ?2 LIMIT 1",
        )?;
        statement.exists([Kind::Ticket.type_id(), stage])
    }

    /// Up to `limit` records with ids from `from` on, in id order.
    pub(crate) fn page(
        &self,
        kind: Kind,
        archived: bool,
        from: i64,
        limit: u32,
    ) -> rusqlite::Result<Vec<Record>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, properties, archived_at FROM record
             WHERE kind = ?1 AND archived = ?2 AND id >= ?3 ORDER BY id LIMIT ?4",
        )?;
        let rows = statement.query_map(params![kind.type_id(), archived, from, limit], stored)?;
        rows.collect()
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        id: row.get(0)?,
        values: json(row, 1)?,
        archived_at: row.get(2)?,
    })
}
