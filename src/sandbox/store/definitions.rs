//! Properties, groups, pipelines, owners, labels: each a line of JSON under its sort, scope and
//! name. The portal state holds them all in memory; this is the stored copy.

use rusqlite::params;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Store;
use super::state::{json, text};

impl Store {
    /// Stores a definition, replacing the one with its name.
    pub(crate) fn define<T: Serialize>(
        &self,
        sort: &str,
        scope: &str,
        name: &str,
        body: &T,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO definition (sort, scope, name, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (sort, scope, name) DO UPDATE SET body = excluded.body",
        )?;
        statement
            .execute(params![sort, scope, name, text(body)?])
            .map(drop)
    }

    pub(crate) fn undefine(&self, sort: &str, scope: &str, name: &str) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "DELETE FROM definition WHERE sort = ?1 AND scope = ?2 AND name = ?3",
        )?;
        statement.execute([sort, scope, name]).map(drop)
    }

    /// All definitions of one sort, oldest first.
    pub(crate) fn definitions<T: DeserializeOwned>(
        &self,
        sort: &str,
        scope: &str,
    ) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT body FROM definition WHERE sort = ?1 AND scope = ?2 ORDER BY rowid",
        )?;
        let rows = statement.query_map([sort, scope], |row| json(row, 0))?;
        rows.collect()
    }
}
