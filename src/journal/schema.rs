//! The versions of run.db, kept in `PRAGMA user_version`.
//!
//! | version | by | what changed |
//! |---|---|---|
//! | 1 | before 0.1.0 | creates alone |
//! | 2 | 0.1.0 | all operations: `row.change`, rows that wait |
//! | 3 | 0.2.0 | intent and outcome of a row in one entry; before-images; how long calls of an earlier process may matter |
//!
//! A run.db of version 3 has the table of notes too, or gets it when the run is resumed.
//!
//! A newer version is refused. A run of version 2 is finished in its own tables (D5), one
//! of version 1 in those of version 2.

use rusqlite::Connection;

use super::{v2_tables, v3_tables};

/// Version of the tables that a new run gets.
pub const VERSION: i32 = 3;

/// Everything a new run.db holds before its header is filled in.
pub(super) const TABLES: &str = v3_tables::TABLES;

/// The tables that a run.db has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    /// Those of versions 1 and 2.
    Second,
    /// Ours.
    Third,
}

/// Statements that differ between the versions only in their text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statements {
    pub(super) key: &'static str,
    pub(super) holder: &'static str,
    pub(super) has_created: &'static str,
    pub(super) earlier: &'static str,
    pub(super) name_record: &'static str,
    pub(super) body: &'static str,
    pub(super) unknown: &'static str,
    pub(super) find_other: &'static str,
    pub(super) intend_other: &'static str,
    pub(super) settle_other: &'static str,
    pub(super) release_other: &'static str,
    pub(super) is_unknown: &'static str,
    /// Empty if the tables do not support it; likewise for the others.
    pub(super) date: &'static [&'static str],
    pub(super) release: &'static [&'static str],
    pub(super) renew: &'static [&'static str],
    pub(super) renew_other: &'static [&'static str],
}

impl Tables {
    /// The tables of a version that can be read.
    pub(super) fn of(version: i32) -> Tables {
        match version {
            3.. => Tables::Third,
            _ => Tables::Second,
        }
    }

    /// The statements for them.
    pub(super) fn statements(self) -> Statements {
        match self {
            Tables::Second => Statements {
                key: v2_tables::KEY,
                holder: v2_tables::HOLDER,
                has_created: v2_tables::HAS_CREATED,
                earlier: v2_tables::EARLIER,
                name_record: v2_tables::NAME_RECORD,
                body: v2_tables::BODY,
                unknown: v2_tables::UNKNOWN,
                find_other: v2_tables::FIND_OTHER,
                intend_other: v2_tables::INTEND_OTHER,
                settle_other: v2_tables::SETTLE_OTHER,
                release_other: v2_tables::RELEASE_OTHER,
                is_unknown: v2_tables::IS_UNKNOWN,
                date: v2_tables::DATE,
                release: v2_tables::RELEASE,
                renew: v2_tables::RENEW,
                renew_other: v2_tables::RENEW_OTHER,
            },
            Tables::Third => Statements {
                key: v3_tables::KEY,
                holder: v3_tables::HOLDER,
                has_created: v3_tables::HAS_CREATED,
                earlier: v3_tables::EARLIER,
                name_record: v3_tables::NAME_RECORD,
                body: v3_tables::BODY,
                unknown: v3_tables::UNKNOWN,
                find_other: v3_tables::FIND_OTHER,
                intend_other: v3_tables::INTEND_OTHER,
                settle_other: v3_tables::SETTLE_OTHER,
                release_other: v3_tables::RELEASE_OTHER,
                is_unknown: v3_tables::IS_UNKNOWN,
                date: v3_tables::DATE,
                release: v3_tables::RELEASE,
                renew: v3_tables::RENEW,
                renew_other: v3_tables::RENEW_OTHER,
            },
        }
    }
}

/// From version 1, which only knew creates.
const TO_SECOND: &str = "
BEGIN IMMEDIATE;
ALTER TABLE row ADD COLUMN change TEXT;
CREATE INDEX IF NOT EXISTS row_waiting ON row (seq) WHERE fate = 'waiting';
UPDATE row SET change = 'created' WHERE fate = 'done';
PRAGMA user_version = 2;
COMMIT;
";

/// Upgrades the tables of version 1 to version 2; returns the resulting version, which
/// may be newer than ours.
pub(super) fn migrate(db: &Connection) -> rusqlite::Result<i32> {
    let version = || db.query_row("PRAGMA user_version", [], |row| row.get(0));
    if version()? == 1 {
        db.execute_batch(TO_SECOND)?;
    }
    version()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_first_version_were_created() {
        let db = Connection::open_in_memory().expect("a database");
        let first = v2_tables::TABLES.replace(", change TEXT", "");
        db.execute_batch(&first).expect("tables");
        db.execute_batch(
            "INSERT INTO row (seq, file, record, line, byte, fate)
             VALUES (1, 0, 1, 2, 9, 'done'), (2, 0, 2, 3, 19, 'exists');
             PRAGMA user_version = 1;",
        )
        .expect("rows");
        assert_eq!(migrate(&db), Ok(2));
        let created: i64 = db
            .query_row(
                "SELECT sum(seq) FROM row WHERE change = 'created'",
                [],
                |row| row.get(0),
            )
            .expect("a sum");
        assert_eq!(created, 1);
        assert_eq!(migrate(&db), Ok(2));
    }
}
