//! Associations: one row for each direction, so that both ends see them.

use rusqlite::params;

use super::Store;

impl Store {
    /// Stores one direction of an association.
    pub(crate) fn put_link(&self, id: i64, link_type: u32, to: i64) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO link VALUES (?1, ?2, ?3)")?;
        statement.execute(params![id, link_type, to]).map(drop)
    }

    pub(crate) fn drop_link(&self, id: i64, link_type: u32, to: i64) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "DELETE FROM link WHERE record = ?1 AND link_type = ?2 AND target = ?3",
        )?;
        statement.execute(params![id, link_type, to]).map(drop)
    }

    /// Associations of a record with live ones: type and target, in order of target.
    pub(crate) fn links(&self, id: i64) -> rusqlite::Result<Vec<(u32, i64)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT link_type, target FROM link JOIN record ON record.id = target
             WHERE record = ?1 AND archived = 0 ORDER BY target, link_type",
        )?;
        let rows = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }

    /// Those of `links` that are not newer than a time in milliseconds: an association is as old as
    /// the newer of its ends.
    pub(crate) fn links_before(&self, id: i64, time: i64) -> rusqlite::Result<Vec<(u32, i64)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT link_type, target FROM link
             JOIN record AS other ON other.id = target JOIN record AS own ON own.id = link.record
             WHERE link.record = ?1 AND other.archived = 0 AND other.inserted <= ?2 AND own.inserted <= ?2
             ORDER BY target, link_type",
        )?;
        let rows = statement.query_map(params![id, time], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }

    /// The types of the associations from one record to another.
    pub(crate) fn links_between(&self, id: i64, to: i64) -> rusqlite::Result<Vec<u32>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT link_type FROM link WHERE record = ?1 AND target = ?2")?;
        let rows = statement.query_map(params![id, to], |row| row.get(0))?;
        rows.collect()
    }

    /// The records that a record is associated with by a type.
    pub(crate) fn linked_by(&self, id: i64, link_type: u32) -> rusqlite::Result<Vec<i64>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT target FROM link WHERE record = ?1 AND link_type = ?2")?;
        let rows = statement.query_map(params![id, link_type], |row| row.get(0))?;
        rows.collect()
    }

    /// Deletes a type with all its associations.
    pub(crate) fn drop_link_type(&self, link_type: u32) -> rusqlite::Result<()> {
        let deleted = self
            .connection
            .execute("DELETE FROM link WHERE link_type = ?1", [link_type]);
        deleted.map(drop)
    }
}
