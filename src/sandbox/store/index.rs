//! What searches see. The index is late: it shows each record as it was some time ago,
//! so a write keeps the previous version until every search has caught up. Conditions
//! on ids and times are answered by SQL here; the search checks the others.

use rusqlite::params;

use super::Store;
use super::state::json;
use crate::sandbox::records::shapes::Values;
use crate::sandbox::schema::kind::Kind;

/// A version that the search index still shows instead of the current record.
#[derive(Debug, Clone)]
pub(crate) struct LateRecord {
    pub(crate) id: i64,
    pub(crate) archived: bool,
    /// Milliseconds since the epoch.
    pub(crate) inserted: i64,
    pub(crate) values: Values,
}

/// The live records that a search considers.
#[derive(Debug)]
pub(crate) struct Slice<'a> {
    pub(crate) kind: Kind,
    /// An SQL condition on `id`, `inserted`, `created` and `modified`, which contains nothing from
    /// outside except numbers.
    pub(crate) condition: &'a str,
    /// Only those inserted up to this time, in milliseconds since the epoch.
    pub(crate) seen: i64,
}

impl Slice<'_> {
    fn query(&self, columns: &str, rest: &str) -> String {
        format!(
            "SELECT {columns} FROM record INDEXED BY record_by_kind
             WHERE kind = ?1 AND archived = 0 AND inserted <= ?2 AND ({}) {rest}",
            self.condition
        )
    }
}

impl Store {
    /// Keeps a record as it is now, before it changes at `changed` (milliseconds
    /// since the epoch).
    pub(crate) fn keep_late(&self, id: i64, changed: i64) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO late (record, changed, kind, archived, inserted, properties)
             SELECT id, ?2, kind, archived, inserted, properties FROM record WHERE id = ?1",
        )?;
        statement.execute(params![id, changed]).map(drop)
    }

    /// Deletes versions that no search shows any more.
    pub(crate) fn forget_late(&self, until: i64) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("DELETE FROM late WHERE changed <= ?1")?;
        statement.execute([until]).map(drop)
    }

    /// Records that changed after `seen`, as they were then.
    pub(crate) fn late(&self, kind: Kind, seen: i64) -> rusqlite::Result<Vec<LateRecord>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record, archived, inserted, properties FROM late WHERE rowid IN
             (SELECT min(rowid) FROM late WHERE changed > ?1 AND kind = ?2 GROUP BY record)",
        )?;
        let rows = statement.query_map(params![seen, kind.type_id()], |row| {
            Ok(LateRecord {
                id: row.get(0)?,
                archived: row.get(1)?,
                inserted: row.get(2)?,
                values: json(row, 3)?,
            })
        })?;
        rows.collect()
    }

    pub(crate) fn count(&self, slice: &Slice<'_>) -> rusqlite::Result<usize> {
        let mut statement = self.connection.prepare(&slice.query("count(*)", ""))?;
        let count: i64 =
            statement.query_row(params![slice.kind.type_id(), slice.seen], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Ids in an order such as `modified DESC, id`, a page of them.
    pub(crate) fn ids(
        &self,
        slice: &Slice<'_>,
        order: &str,
        offset: usize,
        limit: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        let rest = format!("ORDER BY {order} LIMIT {limit} OFFSET {offset}");
        let mut statement = self.connection.prepare(&slice.query("id", &rest))?;
        let rows =
            statement.query_map(params![slice.kind.type_id(), slice.seen], |row| row.get(0))?;
        rows.collect()
    }

    /// Passes every record of a slice on: its id and its values as JSON.
    pub(crate) fn scan(
        &self,
        slice: &Slice<'_>,
        mut each: impl FnMut(i64, &str) -> serde_json::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare(&slice.query("id, properties", ""))?;
        let mut rows = statement.query(params![slice.kind.type_id(), slice.seen])?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(1)?.as_str()?;
            each(row.get(0)?, text).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(
                    1,
                    rusqlite::types::Type::Text,
                    Box::new(error),
                )
            })?;
        }
        Ok(())
    }
}
