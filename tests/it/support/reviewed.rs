//! The helper for stories after a run: a portal, a file of tickets with a contact each,
//! imports of it as runs, and what others do to the tickets meanwhile.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::{Args, Ended, FilledPortal, keyed};

const MAPPING: &str = keyed!(
    "desk_id",
    r#"subject = "Subject"
content = { column = "Text", empty = "clear" }
hs_pipeline_stage = { value = "1" }
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
"#
);

const HEADER: &str = "Id,Subject,Text,Mail\n";

/// A portal with the properties of the mapping.
pub fn desk(more: impl Args) -> FilledPortal {
    prepared(FilledPortal::new(("--rate off", more)))
}

/// Gives a portal the properties of the mapping.
pub fn prepared(desk: FilledPortal) -> FilledPortal {
    desk.here.write("m.toml", MAPPING);
    desk.run("schema apply -m m.toml --yes").expect(0);
    desk
}

/// A file whose rows have the keys `D-1`, `D-2`…
pub fn file(numbers: RangeInclusive<usize>, subject: &str, text: &str) -> String {
    HEADER.to_owned() + &rows(numbers, subject, text)
}

/// More rows of such a file.
pub fn rows(numbers: RangeInclusive<usize>, subject: &str, text: &str) -> String {
    let row = |n: usize| format!("D-{n},{subject} {n},{text},p{n}@desk.example\n");
    numbers.map(row).collect()
}

/// Imports a file as a run.
pub fn import(desk: &FilledPortal, operation: &str, file: &str, run: &str) -> Ended {
    desk.run(format!(
        "import {file} -m m.toml --op {operation} --run-dir {run} --yes"
    ))
}

/// Ids of tickets by key.
pub fn ids(desk: &FilledPortal, run: &str) -> BTreeMap<String, u64> {
    let rows = desk.here.rows(&format!("{run}/done.csv")).into_iter();
    rows.map(|row| (row["Id"].clone(), row["_ticket_id"].parse().expect("an id")))
        .collect()
}

/// Gives tickets values, as somebody else.
pub fn update(desk: &FilledPortal, ids: &[u64], properties: &Value) {
    let inputs = ids.iter();
    let inputs = inputs.map(|id| json!({"id": id.to_string(), "properties": properties}));
    let body = json!({"inputs": inputs.collect::<Vec<_>>()});
    desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
}

/// Subjects of the tickets with the e-mails of their contacts.
pub fn tickets(desk: &FilledPortal) -> BTreeMap<String, String> {
    let args = "--properties subject --with contacts.email";
    desk.export((args, "-o all.csv")).expect(0);
    let rows = desk.here.rows("all.csv").into_iter();
    rows.map(|row| (row["subject"].clone(), row["contacts.email"].clone()))
        .collect()
}
