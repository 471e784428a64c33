//! Update, upsert, archive and delete from outside: fates of rows, and what the portal
//! holds after them. Calls that are carried out late are in `late`.

use serde_json::json;
use tickethaul::import::flow::Operation;

use crate::support::scenario::{MAPPING, Scenario, Setting};
use crate::support::{Args, Ended, FilledPortal, switched};

/// A portal with the past of a scenario, and its file.
fn desk(scenario: &mut Scenario, args: impl Args) -> FilledPortal {
    let seeds = format!("--rate off --seed 3 --seed-tickets {}", scenario.seeds());
    let switches = switched(&scenario.setting.switches());
    let desk = FilledPortal::new((seeds, switches, args));
    plant(&desk, scenario);
    desk
}

fn plant(desk: &FilledPortal, scenario: &mut Scenario) {
    let ids = seeded(desk);
    for (path, body) in scenario.past(&ids) {
        desk.call("POST", path, &body);
    }
    desk.here.write("in.csv", &scenario.csv);
    desk.here.write("m.toml", scenario.mapping());
}

/// Ids of all live tickets.
fn seeded(desk: &FilledPortal) -> Vec<String> {
    desk.export("--properties subject -o seeded.csv").expect(0);
    desk.column("seeded.csv", "hs_object_id")
}

/// Uses the file for what it is for.
fn go(desk: &FilledPortal, operation: Operation) -> Ended {
    let args = match operation {
        Operation::Archive => "delete in.csv --yes".to_owned(),
        _ => format!("import in.csv --op {}", operation.word()),
    };
    desk.run((args, "-m m.toml --run-dir run --progress plain"))
}

#[test]
fn a_thousand_rows_are_upserted_updated_or_archived_with_exact_fates() {
    for operation in [Operation::Upsert, Operation::Update, Operation::Archive] {
        let mut scenario = Scenario::new(operation, 1_000);
        for partial in ["207", "400"] {
            let switch = format!("--switch partial_success={partial}");
            let desk = desk(&mut scenario, switch);
            let ended = go(&desk, operation).expect(3);
            desk.check(&scenario, operation.word());
            ended.says_nothing_of("lost");
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

/// The switches of portals that find archived tickets by key, and of those that don't.
fn settings() -> [Setting; 2] {
    [true, false].map(|finds_archived| Setting {
        finds_archived,
        ..Setting::PLAIN
    })
}

#[test]
fn archived_tickets_are_told_as_the_portal_finds_them() {
    for setting in settings() {
        for operation in [Operation::Archive, Operation::Update] {
            let mut scenario = Scenario::with(operation, setting, 200);
            let desk = desk(&mut scenario, "");
            go(&desk, operation).expect(3);
            desk.check(&scenario, &format!("{} {setting:?}", operation.word()));
            for row in desk.here.rows("run/refused.csv") {
                let may_be_there = row["_hint"].contains("may be in the recycle bin");
                assert_eq!(may_be_there, row["_code"] == "TICKET_MISSING", "{row:?}");
            }
        }
    }
}

#[test]
fn an_archive_whose_replies_are_lost_ends_as_the_portal_has_it() {
    for setting in settings() {
        let troubles = "post-502 reset-after reset-before late-commit=200ms";
        for trouble in troubles.split(' ') {
            let mut scenario = Scenario::with(Operation::Archive, setting, 250);
            let trouble = format!("{trouble}@2:batch/archive");
            let desk = desk(&mut scenario, format!("--trouble {trouble}"));
            let ended = desk
                .run("delete in.csv --yes -m m.toml --run-dir run --horizon 0.5")
                .expect(3);
            ended.says("may still carry out");
            desk.check(&scenario, &format!("{trouble} {setting:?}"));
        }
    }
}

#[test]
fn a_key_that_comes_again_is_unchanged_where_no_key_leads_into_the_bin() {
    let rows = "Id\na\nb\nA\na\nB\nmissing\n";
    for (by_key, folds, ends) in [
        ("found", "no", [2, 1, 3]),
        ("missing", "yes", [2, 3, 1]),
        ("found", "yes", [2, 3, 1]),
    ] {
        let switches = [
            format!("archived_by_key={by_key}"),
            format!("fold_unique_case={folds}"),
        ];
        let desk = FilledPortal::new(("--rate off", switched(&switches)));
        desk.unique_property("source_ticket_id");
        let keys = ["a", "b"];
        let _ids = desk.create(2, |n| json!({"subject": "x", "source_ticket_id": keys[n]}));
        desk.here.write("in.csv", rows);
        let mapping =
            "version = 1\n[key]\nproperty = \"source_ticket_id\"\ncolumn = \"Id\"\n[properties]\n";
        desk.here.write("m.toml", mapping);
        go(&desk, Operation::Archive).expect(3);
        let fates = desk.column("run/done.csv", "_fate");
        let count = |fate: &str| fates.iter().filter(|one| *one == fate).count();
        let refused = desk.column("run/refused.csv", "_code");
        let found = [count("done"), count("unchanged"), refused.len()];
        assert_eq!(found, ends, "{by_key} {folds}: {fates:?} {refused:?}");
        assert!(refused.iter().all(|code| code == "TICKET_MISSING"));
    }
}

/// Ids of the tickets that a portal holds.
fn held(desk: &FilledPortal) -> Vec<u64> {
    desk.export("--properties subject -o held.csv").expect(0);
    desk.ids("held.csv")
}

#[test]
fn tickets_are_deleted_by_ids_that_are_typed_piped_or_in_a_file() {
    let (desk, ids) = FilledPortal::with_tickets(40);
    let here = &desk.here;
    desk.run("delete --ids 1").expect(64).says("--yes");
    assert!(!here.path("tickethaul-runs").exists(), "nothing was begun");

    let typed = format!("delete --ids {},{},4711", ids[0], ids[1]);
    desk.run((typed, "--yes --run-dir typed"))
        .expect(3)
        .says("the tickets of 3 rows")
        .says("archived by this run");
    assert_eq!(
        desk.column("typed/refused.csv", "_code"),
        ["TICKET_MISSING"]
    );
    assert_eq!(held(&desk), &ids[2..]);

    let lines: String = ids[..4].iter().map(|id| format!("{id}\n")).collect();
    here.write("ids.txt", format!("hs_object_id\n{lines}"));
    desk.tool("delete --ids-from - --yes --run-dir piped")
        .stdin("ids.txt")
        .run()
        .expect(0);
    assert_eq!(
        desk.column("piped/done.csv", "_fate"),
        ["unchanged", "unchanged", "done", "done"]
    );
    assert_eq!(held(&desk), &ids[4..]);

    // held.csv is an export, whose first column is the id.
    desk.run("delete held.csv --yes --run-dir rest").expect(0);
    assert!(held(&desk).is_empty());
    // Once more, by a plain column of ids.
    let ids = desk.column("rest/done.csv", "_ticket_id").join("\n");
    here.write("again.csv", format!("ticket_id\n{ids}\n"));
    desk.run("delete again.csv --yes --run-dir again").expect(0);
    assert_eq!(here.rows("again/done.csv").len(), 36);
}

#[test]
fn a_deletion_that_stopped_goes_on_with_the_ids_that_it_began_with() {
    let moving = "--rate off --data portal.db --trouble migrating@2:batch/archive";
    let desk = FilledPortal::new(moving);
    let ids = desk.create(30, |n| json!({"subject": format!("Ticket {n}")}));
    let typed: Vec<String> = ids.iter().map(u64::to_string).collect();
    let args = format!("delete --ids {} --yes --run-dir run", typed.join(","));
    let ended = desk
        .run((args, "--batch-size 10 --concurrency 1"))
        .expect(5);
    ended.says("tickethaul resume run");
    let desk = desk.served("--rate off --data portal.db");
    let args = "resume run --horizon 0.1";
    desk.run(args).expect(0);
    assert!(held(&desk).is_empty());
    assert_eq!(
        desk.column("run/done.csv", "_operation"),
        vec!["archive"; 30]
    );
    // The process may have ended when all was settled but the summary.
    std::fs::remove_file(desk.here.path("run/summary.json")).expect("a summary");
    desk.run(args).expect(0);
    assert!(desk.here.read("run/summary.json").contains("\"done\": 30"));
    let status = desk.here.run("status run --json").expect(0).json();
    assert_eq!(
        (&status["operation"], &status["rows"]["done"]),
        (&json!("archive"), &json!(30))
    );
}

#[test]
fn what_says_nothing_for_an_operation_is_refused_before_anything_is_sent() {
    let desk = FilledPortal::new("--rate off");
    desk.unique_property("source_ticket_id");
    desk.here
        .write("in.csv", &Scenario::new(Operation::Update, 3).csv);
    desk.here.write("m.toml", MAPPING);
    let hashed = MAPPING.replace("column = \"Id\"", "row_hash = true");
    desk.here.write("hashed.toml", hashed);
    for (typed, words) in [
        (
            "archive -m m.toml --diff",
            "--diff does not go with --op archive",
        ),
        (
            "create -m m.toml --diff",
            "--diff does not go with --op create",
        ),
        (
            "update -m m.toml --no-key",
            "--no-key does not go with --op update",
        ),
        (
            "update -m hashed.toml --diff",
            "row_hash can't be used to update tickets",
        ),
        (
            "archive -m hashed.toml --quiet",
            "row_hash can't be used to archive tickets",
        ),
    ] {
        desk.run(("import in.csv --run-dir run --yes --op", typed))
            .expect(64)
            .says(words);
        assert!(!desk.here.path("run").exists());
    }
}

#[test]
fn tickets_are_updated_by_their_ids_and_cells_that_say_so_clear_a_value() {
    let (desk, ids) = FilledPortal::with_tickets(30);
    desk.archive(&ids[..1]);
    let rows: String = ids.iter().map(|id| format!("{id},New {id},\n")).collect();
    desk.here
        .write("in.csv", format!("Ticket,Subject,Text\n{rows}4711,x,\n"));
    let mapping = "version = 1\n[key]\nrecord_id = { column = \"Ticket\" }\n[properties]\n\
                   subject = \"Subject\"\ncontent = { column = \"Text\", empty = \"clear\" }\n";
    desk.here.write("m.toml", mapping);
    desk.run("import in.csv -m m.toml --op update --run-dir run")
        .expect(3);
    let codes = desk.column("run/refused.csv", "_code");
    assert_eq!(codes, ["TICKET_ARCHIVED", "TICKET_MISSING"]);
    desk.export("--properties subject -o held.csv").expect(0);
    for row in desk.here.rows("held.csv") {
        assert_eq!(row["subject"], format!("New {}", row["hs_object_id"]));
    }
    let updated = desk.column("run/done.csv", "_ticket_id");
    assert_eq!(updated.len(), 29);
}

#[test]
fn an_upsert_of_a_key_in_the_recycle_bin_is_as_the_portal_has_it() {
    for (holds, by_key, code) in [
        ("free", "found", 0),
        ("free", "missing", 0),
        ("blocks", "found", 3),
        ("blocks", "missing", 3),
    ] {
        let switches = [
            format!("archived_holds_unique={holds}"),
            format!("archived_by_key={by_key}"),
        ];
        let desk = FilledPortal::new(("--rate off", switched(&switches)));
        desk.unique_property("source_ticket_id");
        let old = |n: usize| json!({"subject": "old", "source_ticket_id": format!("K{}", n + 1)});
        let ids = desk.create(5, old);
        desk.archive(&ids[..1]);
        desk.here
            .write("in.csv", &Scenario::new(Operation::Upsert, 5).csv);
        desk.here.write("m.toml", MAPPING);
        let ended = go(&desk, Operation::Upsert).expect(code);
        let refused = desk.column("run/refused.csv", "_code");
        match code {
            0 => assert!(refused.is_empty()),
            _ => {
                assert_eq!(refused, ["KEY_IN_RECYCLE_BIN"], "{}", ended.stderr);
                let hints = desk.column("run/refused.csv", "_hint").concat();
                assert!(hints.contains(&ids[0].to_string()), "the holder: {hints}");
            }
        }
    }
}

#[test]
fn an_update_that_does_not_stick_stops_after_ten_tickets() {
    let desk = FilledPortal::new("--rate off --switch not_kept=serial_number");
    let ids = desk.create(40, |n| json!({"subject": format!("Ticket {n}")}));
    let property = json!({
        "name": "serial_number", "label": "Serial", "groupName": "ticketinformation",
        "type": "string", "fieldType": "text",
    });
    desk.call("POST", "/crm/v3/properties/tickets", &property);
    let rows: String = ids.iter().map(|id| format!("{id},SN\n")).collect();
    desk.here.write("in.csv", format!("Ticket,Serial\n{rows}"));
    let mapping = "version = 1\n[key]\nrecord_id = { column = \"Ticket\" }\n[properties]\n\
                   serial_number = \"Serial\"\n";
    desk.here.write("m.toml", mapping);
    let ended = desk
        .run("import in.csv -m m.toml --op update --run-dir run")
        .expect(7);
    ended.says("serial_number").says("Stopped");
    assert_eq!(desk.here.rows("run/done.csv").len(), 10);
}

#[test]
fn rows_of_one_key_are_carried_out_in_their_order_and_of_an_upsert_spelled_alike() {
    let rows = "N,Id,Subject,Body,Pipeline,Stage\n\
                1,a,one,x,Support Pipeline,New\n2,a,two,x,Support Pipeline,New\n\
                3,A,three,x,Support Pipeline,New\n4,a,four,x,Support Pipeline,New\n";
    for batch_size in ["1", "100"] {
        let desk = FilledPortal::new("--rate off --switch fold_unique_case=yes");
        desk.unique_property("source_ticket_id");
        desk.here.write("in.csv", rows);
        desk.here.write("m.toml", MAPPING);
        for (operation, code, done, subject) in [
            ("upsert", 3, 3, "four"),
            ("update", 0, 4, "four"),
            ("archive", 0, 1, ""),
        ] {
            let args = format!(
                "import in.csv -m m.toml --op {operation} --run-dir {operation} \
                 --batch-size {batch_size} --yes"
            );
            desk.run(args).expect(code);
            let fates = desk.column(&format!("{operation}/done.csv"), "_fate");
            let of_done = fates.iter().filter(|fate| *fate == "done");
            assert_eq!(of_done.count(), done, "{operation}: {fates:?}");
            desk.export("--properties subject -o held.csv").expect(0);
            let held = desk.column("held.csv", "subject");
            assert_eq!(held.concat(), subject, "{operation}");
        }
        assert_eq!(desk.column("upsert/refused.csv", "_code"), ["KEY_CASE"]);
    }
}
