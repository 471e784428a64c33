//! Counts of rows, all made in one pass over their table. Each is a sum that SQLite keeps while it
//! reads: to group rows it would sort a copy of them all.

use std::collections::BTreeMap;

use rusqlite::Row;

use super::error::{JournalError, at};
use super::read::Reading;
use crate::model::outcome::{Change, Fate, Tally};

/// Rows of a run, counted.
#[derive(Debug)]
pub(super) struct Counted {
    /// Settled rows by fate, in the order of their names.
    pub(super) fates: Vec<(Fate, u64)>,
    /// Rows that are done by what was done with their tickets.
    pub(super) changes: BTreeMap<Change, u64>,
    /// Rows that were refused after something was done for them.
    pub(super) refused_in_part: u64,
    /// Rows whose ticket is written and whose links wait.
    pub(super) waiting: u64,
    /// Rows that were intended and whose outcome is not known.
    pub(super) unknown: u64,
    /// Number of the last settlement.
    pub(super) settled: u64,
}

impl Counted {
    /// All rows that were read, by fate; `read` is how many the run says it has read.
    pub(super) fn tally(&self, read: u64) -> Tally {
        let mut tally = Tally::resumed(self.fates.iter().copied());
        let read = read.max(tally.settled() + self.waiting + self.unknown);
        tally.hold_open(read, self.unknown);
        tally
    }
}

impl Reading {
    /// Counts the rows.
    pub(super) fn counted(&self) -> Result<Counted, JournalError> {
        let is_unknown = self.tables().statements().is_unknown;
        let sql = counting(self.changes_column(), is_unknown);
        let read = self.db().query_row(&sql, [], |row| {
            let strange: [Option<String>; 2] =
                [row.get("strange_fate")?, row.get("strange_change")?];
            Ok((counted(row)?, strange))
        });
        let (counted, [fate, change]) = read.map_err(at(self.path()))?;
        match (fate, change) {
            (Some(word), _) => Err(self.broken(&format!("fate \"{word}\""))),
            (None, Some(_)) => Err(self.broken("change")),
            (None, None) => Ok(counted),
        }
    }

    /// What says what was done for a row: version 1 only knew creates.
    fn changes_column(&self) -> &'static str {
        match self.has_changes() {
            true => "change",
            false => "iif(fate = 'done' AND settled IS NOT NULL, 'created', NULL)",
        }
    }
}

/// The query of all counts.
fn counting(change: &str, is_unknown: &str) -> String {
    let fates = Fate::ALL.map(Fate::word);
    let changes = Change::ALL.map(Change::word);
    let of_fates = fates.map(|word| {
        format!("count(*) FILTER (WHERE fate = '{word}' AND settled IS NOT NULL) AS fate_{word}")
    });
    let of_changes = changes.map(|word| {
        format!("count(*) FILTER (WHERE fate = 'done' AND {change} = '{word}') AS change_{word}")
    });
    let (of_fates, of_changes) = (of_fates.join(", "), of_changes.join(", "));
    let (fates, changes) = (fates.join("', '"), changes.join("', '"));
    format!(
        "SELECT {of_fates}, {of_changes},
            min(fate) FILTER (WHERE settled IS NOT NULL AND fate NOT IN ('{fates}'))
                AS strange_fate,
            min({change}) FILTER (WHERE fate = 'done' AND {change} NOT IN ('{changes}'))
                AS strange_change,
            count(*) FILTER (WHERE fate = 'refused' AND {change} IS NOT NULL) AS refused_in_part,
            count(*) FILTER (WHERE fate = 'waiting') AS waiting,
            count(*) FILTER (WHERE {is_unknown}) AS unknown,
            coalesce(max(settled), 0) AS settled
         FROM row"
    )
}

fn counted(row: &Row<'_>) -> rusqlite::Result<Counted> {
    let count = |name: String| row.get::<_, u64>(&*name);
    let mut fates = Vec::new();
    for fate in Fate::ALL {
        fates.push((fate, count(format!("fate_{}", fate.word()))?));
    }
    fates.retain(|(_, rows)| *rows > 0);
    fates.sort_by_key(|(fate, _)| fate.word());
    let mut changes = BTreeMap::new();
    for change in Change::ALL {
        let _none = changes.insert(change, count(format!("change_{}", change.word()))?);
    }
    changes.retain(|_, rows| *rows > 0);
    Ok(Counted {
        fates,
        changes,
        refused_in_part: row.get("refused_in_part")?,
        waiting: row.get("waiting")?,
        unknown: row.get("unknown")?,
        settled: row.get("settled")?,
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::journal::{v2_tables, v3_tables};

    /// A journal of a version whose row table holds these values of its common columns.
    fn reading(tables: &str, version: i32, rows: &str) -> (tempfile::TempDir, Reading) {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Connection::open(folder.path().join("run.db")).expect("a database");
        db.execute_batch(tables).expect("tables");
        db.execute_batch(rows).expect("rows");
        db.pragma_update(None, "user_version", version)
            .expect("a version");
        drop(db);
        let reading = Reading::open(folder.path()).expect("a journal of ours");
        (folder, reading)
    }

    const ROWS: &str = "
        INSERT INTO meta (name, value) VALUES ('operation', 'create');
        INSERT INTO row (seq, file, record, line, byte, fate, settled, change) VALUES
            (1, 0, 1, 2, 9, 'done', 1, 'created'), (2, 0, 2, 3, 19, 'done', 3, 'linked'),
            (3, 0, 3, 4, 29, 'refused', 2, NULL), (4, 0, 4, 5, 39, 'refused', 9, 'updated'),
            (5, 0, 5, 6, 49, 'skipped', 4, NULL), (6, 0, 6, 7, 59, 'waiting', NULL, 'created'),
            (7, 0, 7, 8, 69, 'pending', NULL, NULL), (8, 0, 8, 9, 79, 'pending', NULL, NULL),
            (9, 0, 9, 10, 89, 'done', 5, 'created');";

    fn expect_the_counts(reading: &Reading) {
        let counted = reading.counted().expect("counts");
        assert_eq!(
            counted.fates,
            [(Fate::Done, 3), (Fate::Refused, 2), (Fate::Skipped, 1)]
        );
        let changes = [(Change::Created, 2), (Change::Linked, 1)];
        assert_eq!(counted.changes, changes.into());
        assert_eq!((counted.refused_in_part, counted.waiting), (1, 1));
        assert_eq!((counted.unknown, counted.settled), (1, 9));
        let tally = counted.tally(11);
        assert_eq!((tally.read(), tally.of(Fate::Unknown)), (11, 1));
        assert_eq!(counted.tally(0).read(), 8, "at least those that it has");
    }

    #[test]
    fn rows_are_counted_in_every_version() {
        let intent = "UPDATE row SET folded = 'k' WHERE seq IN (1, 6, 8)";
        let (_folder, third) = reading(v3_tables::TABLES, 3, &[ROWS, intent].concat());
        expect_the_counts(&third);
        let intent =
            "INSERT INTO step (row, kind, key, folded, state) SELECT seq, 'create', 'k', 'k',
            'open' FROM row WHERE seq IN (1, 6, 8)";
        let (_folder, second) = reading(v2_tables::TABLES, 2, &[ROWS, intent].concat());
        expect_the_counts(&second);
    }

    #[test]
    fn rows_of_the_first_version_were_created() {
        let first = v2_tables::TABLES.replace(", change TEXT", "");
        let rows = "INSERT INTO row (seq, file, record, line, byte, fate, settled) VALUES
            (1, 0, 1, 2, 9, 'done', 1), (2, 0, 2, 3, 19, 'refused', 2)";
        let (_folder, reading) = reading(&first, 1, rows);
        let counted = reading.counted().expect("counts");
        assert_eq!(counted.fates, [(Fate::Done, 1), (Fate::Refused, 1)]);
        assert_eq!(counted.changes, [(Change::Created, 1)].into());
        assert_eq!(counted.refused_in_part, 0);
    }

    #[test]
    fn a_word_that_is_not_ours_is_named() {
        for (broken, said) in [
            ("UPDATE row SET fate = 'lost' WHERE seq = 1", "lost"),
            ("UPDATE row SET change = 'lost' WHERE seq = 1", "change"),
        ] {
            let rows = [ROWS, broken].concat();
            let (_folder, reading) = reading(v3_tables::TABLES, 3, &rows);
            let error = reading.counted().expect_err("it is broken");
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
