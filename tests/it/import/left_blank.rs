//! Values that the mapping leaves blank or replaces: reported with column, value and
//! count when a run ends, and with their rows in done.csv, whatever happened in
//! between.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tickethaul::import::flow::Operation;
use tickethaul::model::ticket::Remark;

use crate::support::in_process::{InProcess, Life};
use crate::support::{Portal, Rehearsal, keyed, rows_of};

const MAPPING: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "New" }
hubspot_owner_id = { column = "Agent", lookup = "owner", missing = "blank" }
hs_ticket_priority = { column = "Priority", map = { p1 = "High" }, unmapped = "Low" }
"#
);

/// Thirty rows; of each ten, four name Oliver, one Nadja, one has an odd priority.
fn input() -> String {
    let row = |n: usize| {
        let agent = match n % 10 {
            0..4 => "Oliver Brandt",
            4 => "Nadja",
            _ => "",
        };
        let priority = if n % 10 == 7 { "p9" } else { "p1" };
        format!("{n},s{n},{agent},{priority}\n")
    };
    let rows: String = (0..30).map(row).collect();
    format!("Id,Subject,Agent,Priority\n{rows}")
}

/// `code column value` → count, of a summary.
fn values(summary: &Value) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for remark in summary["remarks"].as_array().expect("remarks") {
        let code = remark["code"].as_str().expect("a code");
        for value in remark["values"].as_array().into_iter().flatten() {
            let text = |name: &str| value[name].as_str().expect("text").to_owned();
            let name = format!("{code} {} {}", text("column"), text("value"));
            all.insert(name, value["count"].as_u64().expect("a count"));
        }
    }
    all
}

fn expected() -> BTreeMap<String, u64> {
    let counts = [
        ("left_blank Agent Oliver Brandt", 12),
        ("left_blank Agent Nadja", 3),
        ("fell_back Priority p9", 3),
    ];
    counts.map(|(name, count)| (name.to_owned(), count)).into()
}

#[test]
fn values_left_blank_are_named_at_the_end_and_beside_their_rows() {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    here.write("in.csv", input());
    let args = "import in.csv -m m.toml --run-dir run --json --limit 11";
    here.run_embedded(args).expect(0);
    let resumed = here.run("resume run --no-limit --json").expect(0);
    let summary = resumed
        .says("15 values without a counterpart, left blank as mapped")
        .says("12 Agent \"Oliver Brandt\"")
        .says("3 Agent \"Nadja\"")
        .says("3 Priority \"p9\"")
        .json();
    assert_eq!(
        values(&summary),
        expected(),
        "also what came before the resume"
    );
    let written = here.json("run/summary.json");
    assert_eq!(values(&written), expected());
    for row in here.rows("run/done.csv") {
        let n: usize = row["Id"].parse().expect("a number");
        let expected = match n % 10 {
            0..4 => "Agent \"Oliver Brandt\": no counterpart, left blank",
            4 => "Agent \"Nadja\": no counterpart, left blank",
            7 => "Priority \"p9\": no counterpart, replaced by the fallback",
            _ => "",
        };
        assert_eq!(row["_remark"], expected, "row {n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_counted_once_wherever_the_run_was_ended() {
    let mut deaths = 0;
    for k in 12.. {
        let folder = tempfile::tempdir().expect("a folder");
        let input_path = folder.path().join("in.csv");
        std::fs::write(&input_path, input()).expect("an input");
        let portal = Portal::troubled(&[]).await;
        portal.unique_property("source_ticket_id").await;
        let import = InProcess {
            portal: Arc::new(portal),
            operation: Operation::Create,
            diff: false,
            input: input_path,
            mapping: MAPPING.to_owned(),
            folder: folder.path().join("run"),
            batch_size: 10,
            facts: tickethaul::model::learned::KnownFacts::default(),
            tamper: None,
            unsent: None,
        };
        let first = import.go(&Life::until(k)).await;
        let died = first.is_none();
        let ended = match first {
            Some(ended) => ended,
            None => import.go(&Life::whole()).await.expect("a whole life"),
        };
        deaths += usize::from(died);
        let summary = ended.unwrap_or_else(|error| panic!("step {k}: {error}"));
        assert_eq!(summary.remarks[&Remark::LeftBlank], 15, "ended at step {k}");
        let text = std::fs::read_to_string(import.folder.join("summary.json"));
        let written: Value = serde_json::from_str(&text.expect("a summary")).expect("JSON");
        assert_eq!(values(&written), expected(), "ended at step {k}");
        let done = rows_of(&import.folder.join("done.csv"));
        let remarked = done.iter().filter(|row| !row["_remark"].is_empty());
        assert_eq!(
            (done.len(), remarked.count()),
            (30, 18),
            "ended at step {k}"
        );
        if !died {
            break;
        }
    }
    assert!(deaths > 15, "the run has steps to end at: {deaths}");
}
