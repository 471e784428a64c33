//! Data sets that keep every version of a ticket (`--append`): each version is one line,
//! however often a ticket is read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::data_set::is_whole;
use crate::support::{Ended, FilledPortal, Row, files_below, parquet_rows};

/// A log of all properties in a form, and of a property's history.
struct Log {
    desk: FilledPortal,
    ids: Vec<u64>,
    form: &'static str,
}

impl Log {
    fn new(form: &'static str) -> Log {
        let desk = FilledPortal::new("--rate off --switch search_lag=0s");
        let body = json!({"name": "size", "label": "size", "groupName": "ticketinformation", "type": "number", "fieldType": "number"});
        desk.call("POST", "/crm/v3/properties/tickets", &body);
        let ids = desk.create(10, |n| json!({"subject": format!("T {n}"), "size": "7"}));
        Log { desk, ids, form }
    }

    fn run(&self) -> Ended {
        let args = "--all-properties --history subject --since last --append";
        self.desk
            .export((args, &["--format", self.form, "-o", "lake"]))
            .expect(0)
    }

    fn press(&self, button: &str, ids: &[u64]) {
        let inputs = ids.iter().map(|id| json!({"id": id.to_string()}));
        let body = json!({"inputs": inputs.collect::<Vec<_>>()});
        self.desk
            .call("POST", &format!("/_sandbox/tickets/{button}"), &body);
    }

    fn update(&self, id: u64, values: &Value) {
        let body = json!({"inputs": [{"id": id.to_string(), "properties": values}]});
        self.desk
            .call("POST", "/crm/v3/objects/tickets/batch/update", &body);
    }

    fn rows(&self, table: &str) -> Vec<Row> {
        let files = files_below(&self.desk.here.path("lake").join(table)).into_iter();
        let rows = files.map(|file| match self.form {
            "parquet" => parquet_rows(&file),
            _ => crate::support::rows_of(&file),
        });
        rows.flatten().collect()
    }

    /// How often each of these cells is in a table.
    #[track_caller]
    fn each_once(&self, table: &str, cells: &[&str], story: &str) {
        let mut times: BTreeMap<Vec<String>, u32> = BTreeMap::new();
        for row in self.rows(table) {
            let cells = cells.iter().map(|name| row[*name].clone());
            *times.entry(cells.collect()).or_default() += 1;
        }
        let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "{story}: {twice:?}");
    }
}

#[test]
fn a_version_is_one_line_however_often_it_is_read() {
    for form in ["csv", "parquet"] {
        let log = Log::new(form);
        let check = |ended: Ended, words: &str, story: &str| {
            ended.says(words);
            log.each_once("tickets", &["hs_object_id", "updated_at"], story);
            log.each_once(
                "history",
                &["hs_object_id", "property", "at", "value"],
                story,
            );
            let _manifest = is_whole(&log.desk, "lake");
        };
        check(log.run(), "10 tickets exported", "first");
        log.desk.archive(&log.ids[3..4]);
        let words = "0 lines added, 1 gone; the log holds 10 lines of 9 tickets";
        check(log.run(), words, "archived");
        log.press("restore", &log.ids[3..4]);
        let words = "0 lines added, 0 gone; the log holds 10 lines of 10 tickets";
        check(log.run(), words, "restored");
        log.update(log.ids[0], &json!({"subject": "second"}));
        let words = "1 line added, 0 gone; the log holds 11 lines of 10 tickets";
        check(log.run(), words, "changed");
        log.desk
            .call("DELETE", "/crm/v3/properties/tickets/size", &json!({}));
        log.update(log.ids[1], &json!({"subject": "without size"}));
        check(
            log.run(),
            "the log holds 12 lines of 10 tickets",
            "property gone",
        );
        let back = "/_sandbox/tickets/properties/size/restore";
        log.desk.call("POST", back, &json!({}));
        let words = "0 lines added, 0 gone; the log holds 12 lines of 10 tickets";
        check(log.run(), words, "property back");
        let sizes = log
            .rows("tickets")
            .into_iter()
            .filter(|row| row["size"].starts_with('7'));
        assert_eq!(sizes.count(), 11, "{form}: a line stays as it was written");
    }
}
