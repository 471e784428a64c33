//! Former values. Nothing is kept at creation: a property that never changed has one
//! version, which is in the record itself. The first change records the value before it
//! as well.

use rusqlite::params;

use super::Store;

/// A value that a property had from some time on; none if it was cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) value: Option<String>,
    /// ISO 8601.
    pub(crate) at: String,
}

impl Store {
    /// Records a property's new value. `first` is its value since the record's creation, given if
    /// this may be the first change.
    pub(crate) fn remember(
        &self,
        record: i64,
        property: &str,
        first: Option<&Version>,
        new: &Version,
    ) -> rusqlite::Result<()> {
        if let Some(first) = first
            && !self.has_changed(record, property)?
        {
            self.put_version(record, property, first)?;
        }
        self.put_version(record, property, new)
    }

    /// Versions of a property, newest first; empty when it never changed.
    pub(crate) fn versions(
        &self,
        record: i64,
        property: &str,
        most: u32,
    ) -> rusqlite::Result<Vec<Version>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT value, at FROM version WHERE record = ?1 AND property = ?2 ORDER BY rowid DESC LIMIT ?3",
        )?;
        let rows = statement.query_map(params![record, property, most], |row| {
            Ok(Version {
                value: row.get(0)?,
                at: row.get(1)?,
            })
        })?;
        rows.collect()
    }

    fn has_changed(&self, record: i64, property: &str) -> rusqlite::Result<bool> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM version WHERE record = ?1 AND property = ?2")?;
        statement.exists(params![record, property])
    }

    fn put_version(&self, record: i64, property: &str, version: &Version) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO version (record, property, at, value) VALUES (?1, ?2, ?3, ?4)",
        )?;
        statement
            .execute(params![record, property, version.at, version.value])
            .map(drop)
    }
}
