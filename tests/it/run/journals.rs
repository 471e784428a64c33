//! Journals as each version wrote them, from runs that were killed while the portal held a
//! batch: the present tool reads them, and the tables of a version stay as they are.

use std::collections::BTreeSet;
use std::fs;

use rusqlite::Connection;

use crate::support::{Rehearsal, SUBJECTS, older};

/// By tickethaul 0.1.0.
const VERSION_2: &str = include_str!("journals/version-2.sql");
const VERSION_3: &str = include_str!("journals/version-3.sql");

/// A run folder whose journal holds what this text says.
fn folder_with(journal: &str) -> Rehearsal {
    let here = Rehearsal::new();
    fs::create_dir(here.path("run")).expect("a folder");
    let db = Connection::open(here.path("run/run.db")).expect("a database");
    db.execute_batch(journal).expect("its tables and rows");
    db.close().expect("closed");
    here
}

#[test]
fn journals_of_each_version_are_read() {
    for (journal, not_read) in [(VERSION_2, 0), (VERSION_3, 1)] {
        let here = folder_with(journal);
        let status = here.run("status run --json").expect(0).json();
        assert_eq!(status["operation"], "create", "{status}");
        assert_eq!(status["rows"]["done"], 6, "{status}");
        assert_eq!(status["rows"]["refused"], 2, "{status}");
        assert_eq!(status["unknown"], 3, "{status}");
        assert_eq!(status["pending"], not_read, "{status}");
        here.run("report run -o run.html").expect(0);
        let page = here.read("run.html");
        for said in ["UNMAPPED_VALUE", "INVALID_DATE", "Lost", "soon"] {
            assert!(page.contains(said), "{said}");
        }
    }
}

/// The statements that make a journal's tables and indices.
fn statements(db: &Connection) -> BTreeSet<String> {
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL";
    let mut query = db.prepare(sql).expect("a query");
    let rows = query.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

/// Those of a journal that holds what this text says.
fn statements_of(journal: &str) -> BTreeSet<String> {
    let db = Connection::open_in_memory().expect("a database");
    db.execute_batch(journal).expect("its tables");
    statements(&db)
}

#[test]
fn the_tables_of_a_version_stay_as_they_are() {
    assert_eq!(statements_of(VERSION_2), statements_of(older::TABLES));
    let here = Rehearsal::new();
    here.write("in.csv", "Id,Subject\n1,a\n");
    here.write("m.toml", SUBJECTS);
    here.run("import in.csv -m m.toml --create-properties --portal sandbox --run-dir run")
        .expect(0);
    let present = Connection::open(here.path("run/run.db")).expect("the journal");
    assert_eq!(statements_of(VERSION_3), statements(&present));
}
