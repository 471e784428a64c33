//! Updates: of many rows only those that change something are sent, whatever their
//! values look like, in full batches, and the journal keeps former values.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Args, Ended, FilledPortal, Rehearsal, Served, keyed};

const MAPPING: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
content = { column = "Text", empty = "clear", trim = false }
hs_pipeline = { value = "Support Pipeline" }
hs_pipeline_stage = "Stage"
hs_ticket_priority = { column = "Priority", empty = "clear" }
source_effort = { column = "Effort", decimal = ",", empty = "clear" }
source_flag = { column = "Flag", empty = "clear" }
source_day = { column = "Day", empty = "clear" }
source_moment = { column = "Moment", empty = "clear" }
source_tags = { column = "Tags", split = ["|"], empty = "clear" }
hubspot_owner_id = { column = "Owner", lookup = "owner", empty = "clear" }
[source]
empty = ["-"]

[[property]]
name = "source_effort"
type = "number"

[[property]]
name = "source_flag"
type = "bool"

[[property]]
name = "source_day"
type = "date"

[[property]]
name = "source_moment"
type = "datetime"

[[property]]
name = "source_tags"
type = "enumeration"
field_type = "checkbox"
options = [{ value = "a", label = "A" }, { value = "b", label = "B" }, { value = "c", label = "C" }]
"#
);

/// One row; `edit` changes one of its cells, or writes it in another way.
fn row(n: usize, edit: Option<usize>) -> String {
    let some = |text: &str| {
        if n.is_multiple_of(7) {
            "-".to_owned()
        } else {
            text.to_owned()
        }
    };
    let mut cells = [
        format!("Ticket {n} 🦉"),
        some(&format!("first\r\nsecond, {n} 👩‍👧 \u{e9}e\u{301}")),
        "New".to_owned(),
        some("HIGH"),
        some(&format!("{n},50")),
        some("true"),
        some("2024-02-29"),
        some(&format!("2024-03-10T07:30:{:02}Z", n % 60)),
        some("b|a"),
        some("maya.lindqvist@northwind-support.example"),
    ];
    match edit {
        None => {}
        Some(0) => cells[0].push('!'),
        Some(1) => cells[1] = "-".to_owned(),
        Some(2) => cells[2] = "Closed".to_owned(),
        Some(3) => cells[3] = "LOW".to_owned(),
        Some(4) => cells[4] = "-1".to_owned(),
        Some(5) => cells[5] = "false".to_owned(),
        Some(6) => cells[6] = "2024-03-01".to_owned(),
        Some(7) => cells[7] = "-".to_owned(),
        Some(8) => cells[8] = "a|c".to_owned(),
        Some(_) => cells[9] = "-".to_owned(),
    }
    let quoted = cells.map(|cell| format!("\"{cell}\""));
    format!("{n},{}\n", quoted.join(","))
}

fn file(rows: usize, edit: impl Fn(usize) -> Option<usize>) -> String {
    let head = "Id,Subject,Text,Stage,Priority,Effort,Flag,Day,Moment,Tags,Owner\n";
    let lines = (1..=rows).map(|n| row(n, edit(n)));
    lines.fold(head.to_owned(), |all, line| all + &line)
}

fn import(here: &Rehearsal, sandbox: &Served, run: &str, more: impl Args) -> Ended {
    let args = format!("import in.csv -m m.toml --run-dir {run}");
    here.run_against(sandbox, (args, more))
}

fn summary(here: &Rehearsal, run: &str) -> Value {
    here.json(&format!("{run}/summary.json"))
}

/// Calls to a batch endpoint, by the run's log.
fn calls(here: &Rehearsal, run: &str, verb: &str) -> usize {
    let path = format!("/tickets/batch/{verb} ");
    here.read(&format!("{run}/run.log")).matches(&path).count()
}

#[test]
fn of_ten_thousand_rows_only_five_hundred_that_differ_are_sent() {
    const ROWS: usize = 10_000;
    let here = Rehearsal::new();
    let sandbox = here.serve("--rate off");
    here.write("m.toml", MAPPING);
    here.write("in.csv", file(ROWS, |_| None));
    import(&here, &sandbox, "made", "--create-properties").expect(0);

    import(&here, &sandbox, "same", "--op upsert --diff").expect(0);
    let same = summary(&here, "same");
    assert_eq!(same["rows"]["unchanged"], ROWS, "{same}");
    assert_eq!(calls(&here, "same", "upsert"), 0);

    // Every twentieth row, each of the ten columns in turn; where a cell is cleared it
    // must not have been empty before.
    let edit = |n: usize| (n % 20 == 3).then_some(n / 20 % 10);
    let edit = |n: usize| edit(n).map(|column| if n.is_multiple_of(7) { 0 } else { column });
    here.write("in.csv", file(ROWS, edit));
    let ended = import(&here, &sandbox, "changed", "--op update").expect(0);
    let changed = summary(&here, "changed");
    assert_eq!(
        (&changed["rows"]["done"], &changed["rows"]["unchanged"]),
        (&500.into(), &9_500.into()),
        "{changed}"
    );
    assert_eq!(
        calls(&here, "changed", "update"),
        6,
        "ten, then full batches"
    );
    assert_eq!(before_images(&here, "changed").len(), 500);
    ended.says("reading the tickets first spared 9,500 rows and 95 calls that write");
    let done = here.rows("changed/done.csv");
    let sent = done.iter().filter(|row| row["_fate"] == "done");
    assert!(sent.clone().all(|row| row["_operation"] == "update"));
    let sent = sent.map(|row| row["Id"].parse::<usize>().expect("a number"));
    assert!(sent.into_iter().all(|n| n % 20 == 3), "those that differ");

    import(&here, &sandbox, "again", "--op update --diff").expect(0);
    assert_eq!(summary(&here, "again")["rows"]["unchanged"], ROWS);
    import(&here, &sandbox, "blind", "--op update --blind").expect(0);
    assert_eq!(summary(&here, "blind")["rows"]["done"], ROWS);
    assert_eq!(before_images(&here, "blind").len(), 0);
}

/// What the journal of a run keeps of what tickets held, by key.
fn before_images(here: &Rehearsal, run: &str) -> BTreeMap<String, Value> {
    let path = here.path(&format!("{run}/run.db"));
    let db = rusqlite::Connection::open(path).expect("a journal");
    let sql = "SELECT coalesce(key, folded), changes FROM row WHERE changes IS NOT NULL";
    let mut query = db.prepare(sql).expect("a query");
    let rows = query.query_map([], |row| {
        let changes: String = row.get(1)?;
        Ok((row.get(0)?, serde_json::from_str(&changes).expect("JSON")))
    });
    let rows = rows.expect("rows");
    rows.collect::<Result<_, _>>().expect("before-images")
}

#[test]
fn whenever_an_update_is_killed_what_tickets_held_before_it_is_kept() {
    for state in ["received", "committed", "answered"] {
        let trouble = format!("hold@1={state}:batch/update");
        let mut desk = FilledPortal::new(format!("--rate off --trouble {trouble}"));
        desk.here.write("m.toml", MAPPING);
        desk.here.write("in.csv", file(30, |_| None));
        import(&desk.here, &desk.sandbox, "made", "--create-properties").expect(0);
        let edit = |n: usize| (!n.is_multiple_of(3)).then_some(0);
        desk.here.write("in.csv", file(30, edit));
        assert!(
            desk.kill_tool_while_held("import in.csv -m m.toml --op update --run-dir run"),
            "{state}"
        );
        desk.run("resume run --horizon 0.2").expect(0);
        let rows = &summary(&desk.here, "run")["rows"];
        assert_eq!(
            (&rows["done"], &rows["unchanged"]),
            (&json!(20), &json!(10)),
            "{state}"
        );
        let kept = before_images(&desk.here, "run");
        assert_eq!(kept.len(), 20, "{state}");
        for (key, changes) in kept {
            let subject = format!("Ticket {key} 🦉");
            let expected = json!([["subject", subject, format!("{subject}!")]]);
            assert_eq!(changes, expected, "{state}");
        }
    }
}
