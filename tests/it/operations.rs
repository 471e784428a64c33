//! Update, upsert, archive and delete from outside: fates of rows, what the portal
//! holds after them, and calls that are carried out late.

use serde_json::json;
use tickethaul::import::flow::Operation;

use crate::desk::Desk;
use crate::rehearsal::Ended;
use crate::scenario::{MAPPING, Scenario};

/// A portal with the past of a scenario, and its file.
fn desk(scenario: &Scenario, args: &[&str]) -> Desk {
    let seeds = scenario.seeds().to_string();
    let mut all = vec!["--rate", "off", "--seed", "3", "--seed-tickets", &seeds];
    all.extend(args);
    let desk = Desk::new(&all);
    plant(&desk, scenario);
    desk
}

fn plant(desk: &Desk, scenario: &Scenario) {
    let ids = seeded(desk);
    for (path, body) in scenario.past(&ids) {
        let _reply = desk.call("POST", path, &body);
    }
    let _file = desk.here.write("in.csv", &scenario.csv);
    let _file = desk.here.write("m.toml", MAPPING);
}

/// Ids of all live tickets.
fn seeded(desk: &Desk) -> Vec<String> {
    let _ended = desk
        .export(&["--properties", "subject", "-o", "seeded.csv"])
        .expect(0);
    desk.column("seeded.csv", "hs_object_id")
}

/// Runs the file, or goes on with it when there is a journal.
fn go(desk: &Desk, scenario: &Scenario, more: &[&str]) -> Ended {
    let mut args = match desk.here.path("run/run.db").exists() {
        true => vec!["resume", "run"],
        false => vec![
            "import",
            "in.csv",
            "-m",
            "m.toml",
            "--run-dir",
            "run",
            "--op",
        ],
    };
    if args[0] == "import" {
        args.push(scenario.operation.word());
    }
    args.extend(["--progress", "plain", "--horizon", "0.3"]);
    args.extend(more);
    desk.here.run_against(&desk.sandbox, &args)
}

#[test]
fn a_thousand_rows_are_upserted_updated_or_archived_with_exact_fates() {
    for operation in [Operation::Upsert, Operation::Update, Operation::Archive] {
        let scenario = Scenario::new(operation, 1_000);
        for args in [
            ["--switch", "partial_success=207"],
            ["--switch", "partial_success=400"],
        ] {
            let desk = desk(&scenario, &args);
            let ended = go(&desk, &scenario, &[]).expect(3);
            desk.check(&scenario, operation.word());
            assert!(!ended.stderr.contains("lost"), "{}", ended.stderr);
        }
    }
    let upsert = Scenario::new(Operation::Upsert, 1_000);
    assert_eq!((upsert.fated("refused"), upsert.fated("done")), (4, 996));
    assert_eq!(
        (upsert.worded("update"), upsert.worded("create")),
        (305, 691)
    );
    let archive = Scenario::new(Operation::Archive, 1_000);
    assert_eq!(
        (archive.fated("refused"), archive.fated("unchanged")),
        (10, 15)
    );
}

#[test]
fn the_later_row_of_a_key_stands_although_the_earlier_one_is_carried_out_late() {
    let desk = Desk::new(&[
        "--rate",
        "off",
        "--trouble",
        "late-commit=2500ms@2:batch/update",
    ]);
    let property = json!({
        "name": "source_ticket_id", "label": "Source", "groupName": "ticketinformation",
        "type": "string", "fieldType": "text", "hasUniqueValue": true,
    });
    let _made = desk.call("POST", "/crm/v3/properties/tickets", &property);
    let _ids = desk.create(
        40,
        |n| json!({"subject": "old", "source_ticket_id": format!("K{n}")}),
    );
    let rows: String = (0..40).map(|n| format!("K{n},first\n")).collect();
    let later = "K15,second\nK16,second\n";
    let _file = desk
        .here
        .write("in.csv", format!("Id,Subject\n{rows}{later}"));
    let mapping = "version = 1\n[key]\nproperty = \"source_ticket_id\"\ncolumn = \"Id\"\n[properties]\nsubject = \"Subject\"\n";
    let _file = desk.here.write("m.toml", mapping);
    let args = [
        "import",
        "in.csv",
        "-m",
        "m.toml",
        "--op",
        "update",
        "--run-dir",
        "run",
        "--batch-size",
        "10",
        "--horizon",
        "3",
        "--progress",
        "plain",
    ];
    let ended = desk.here.run_against(&desk.sandbox, &args).expect(0);
    let _ended = ended.says("may still carry out").says("42 done");
    let _ended = desk
        .export(&["--properties", "subject,source_ticket_id", "-o", "held.csv"])
        .expect(0);
    for row in desk.here.rows("held.csv") {
        let second = ["K15", "K16"].contains(&row["source_ticket_id"].as_str());
        assert_eq!(
            row["subject"],
            if second { "second" } else { "first" },
            "{row:?}"
        );
    }
}
