//! What a state file says about its portal, without opening it as a portal.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::sandbox::store::APPLICATION_ID;

/// The account of a state; none if the file is not a sandbox's state.
pub fn account_of(state: &Path) -> Option<u64> {
    let db = Connection::open_with_flags(state, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let application: i64 = db
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .ok()?;
    if application != APPLICATION_ID {
        return None;
    }
    let id: i64 = db
        .query_row(
            "SELECT CAST(value AS INTEGER) FROM fact WHERE name = 'portal_id'",
            [],
            |row| row.get(0),
        )
        .ok()?;
    u64::try_from(id).ok()
}
