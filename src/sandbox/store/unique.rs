//! Which record has which value of a unique property. Values of archived records stay, so that
//! these records can be found by them; whether they block new ones is up to the caller.

use rusqlite::params;

use super::Store;
use crate::sandbox::schema::kind::Kind;

/// The value of a unique property: property name and value.
pub(crate) type UniqueValue = (String, String);

impl Store {
    /// Which records have a unique value: id, and whether archived. Newest first.
    pub(crate) fn holders(
        &self,
        kind: Kind,
        property: &str,
        value: &str,
    ) -> rusqlite::Result<Vec<(i64, bool)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record.id, record.archived FROM unique_value JOIN record ON record.id = unique_value.record
             WHERE unique_value.kind = ?1 AND property = ?2 AND value = ?3 ORDER BY record.id DESC",
        )?;
        let rows = statement.query_map(params![kind.type_id(), property, value], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        rows.collect()
    }

    pub(crate) fn hold(
        &self,
        kind: Kind,
        (property, value): &UniqueValue,
        id: i64,
    ) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO unique_value VALUES (?1, ?2, ?3, ?4)")?;
        statement
            .execute(params![kind.type_id(), property, value, id])
            .map(drop)
    }

    pub(crate) fn release(
        &self,
        kind: Kind,
        (property, value): &UniqueValue,
        id: i64,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "DELETE FROM unique_value WHERE kind = ?1 AND property = ?2 AND value = ?3 AND record = ?4",
        )?;
        statement
            .execute(params![kind.type_id(), property, value, id])
            .map(drop)
    }
}
