//! Records that are gone for good, purged or merged into another, and what moves from
//! one record to the other in a merge.

use rusqlite::{OptionalExtension, params};

use super::Store;
use crate::sandbox::schema::kind::Kind;

impl Store {
    /// Removes a record with everything that belongs to it, except its unique values and what a
    /// late search index still shows. `survivor` is the record that it was merged into.
    pub(crate) fn remove(
        &self,
        kind: Kind,
        id: i64,
        survivor: Option<i64>,
    ) -> rusqlite::Result<()> {
        for statement in [
            "DELETE FROM record WHERE id = ?1",
            "DELETE FROM version WHERE record = ?1",
        ] {
            let mut statement = self.connection.prepare_cached(statement)?;
            let _ = statement.execute([id])?;
        }
        self.drop_links(id)?;
        self.lead(kind, id, survivor)
    }

    /// Removes both directions of all associations of a record.
    fn drop_links(&self, id: i64) -> rusqlite::Result<()> {
        for statement in [
            "DELETE FROM link WHERE target = ?1 AND record IN (SELECT target FROM link WHERE record = ?1)",
            "DELETE FROM link WHERE record = ?1",
        ] {
            let mut statement = self.connection.prepare_cached(statement)?;
            let _ = statement.execute([id])?;
        }
        Ok(())
    }

    /// Makes an id lead to the record that it was merged into, or nowhere.
    pub(crate) fn lead(&self, kind: Kind, id: i64, survivor: Option<i64>) -> rusqlite::Result<()> {
        let _ = self.connection.execute(
            "UPDATE gone SET survivor = ?2 WHERE survivor = ?1",
            params![id, survivor],
        )?;
        let _ = self.connection.execute(
            "INSERT OR REPLACE INTO gone VALUES (?1, ?2, ?3)",
            params![id, kind.type_id(), survivor],
        )?;
        Ok(())
    }

    /// The record that another was merged into.
    pub(crate) fn survivor(&self, kind: Kind, id: i64) -> rusqlite::Result<Option<i64>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT survivor FROM gone WHERE record = ?1 AND kind = ?2")?;
        let found = statement.query_row(params![id, kind.type_id()], |row| row.get(0));
        found.optional().map(Option::flatten)
    }

    /// Takes a record out of the recycle bin; returns whether it was there.
    pub(crate) fn restore(&self, kind: Kind, id: i64) -> rusqlite::Result<bool> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE record SET archived = 0, archived_at = NULL WHERE id = ?1 AND kind = ?2 AND archived = 1",
        )?;
        let changed = statement.execute(params![id, kind.type_id()])?;
        Ok(changed > 0)
    }

    /// Moves the associations of one record to another, each once.
    pub(crate) fn move_links(&self, from: i64, to: i64) -> rusqlite::Result<()> {
        for statement in [
            "INSERT OR IGNORE INTO link
             SELECT ?2, link_type, target FROM link WHERE record = ?1 AND target <> ?2",
            "INSERT OR IGNORE INTO link SELECT record, link_type, ?2 FROM link
             WHERE target = ?1 AND record <> ?2 AND record IN (SELECT target FROM link WHERE record = ?1)",
        ] {
            let _ = self.connection.execute(statement, params![from, to])?;
        }
        self.drop_links(from)
    }

    /// Moves the former values of one record to another.
    pub(crate) fn move_versions(&self, from: i64, to: i64) -> rusqlite::Result<()> {
        let moved = self.connection.execute(
            "UPDATE version SET record = ?2 WHERE record = ?1",
            params![from, to],
        );
        moved.map(drop)
    }
}
