//! Data sets that are updated (`export --since last`): after each run they hold what a
//! full export into a fresh folder holds, whatever happened to the tickets.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::data_set::{Story, is_whole, table};
use crate::support::{FilledPortal, OF_EXPORT, files_below};

#[test]
fn a_run_without_a_change_writes_nothing_anew() {
    use std::os::unix::fs::MetadataExt;
    let story = Story::new(250, &[], "");
    story.run().expect(0).says("250 tickets exported");
    let first = story.check(&[], "first");
    let inodes = || -> BTreeMap<PathBuf, u64> {
        let files = files_below(&story.desk.here.path("lake/tickets")).into_iter();
        let files = files.chain(files_below(&story.desk.here.path("lake/deleted")));
        let inode = |path: PathBuf| (path.clone(), fs::metadata(path).expect("a file").ino());
        files.map(inode).collect()
    };
    let before = inodes();
    assert_eq!(before.len(), 6);
    let ended = story.run().expect(0);
    ended.says("0 new or changed, 0 gone; the data set holds 250 tickets");
    assert_eq!(inodes(), before);
    story.update(&story.ids[..1], &json!({"subject": "new"}));
    story.run().expect(0).says("1 new or changed, 0 gone");
    let after = inodes();
    let kept = before
        .iter()
        .filter(|(path, inode)| after.get(*path) == Some(*inode));
    assert_eq!(kept.count(), 5, "one part is written anew");
    let second = story.check(&[], "one change");
    let time =
        |at: &Value| -> jiff::Timestamp { at.as_str().expect("a time").parse().expect("a time") };
    let since = time(&second["since"]);
    let overlap = time(&first["started"]) - since;
    assert!((3_600.0..3_662.0).contains(&overlap.total(jiff::Unit::Second).expect("a span")));
    story.desk.exports_left_reports(5);
}

#[test]
fn tickets_move_part_come_go_and_come_back() {
    let story = Story::new(120, &[], "");
    story.run().expect(0);
    // All of January moves: its part is empty then.
    let january: Vec<u64> = story.ids.iter().copied().step_by(5).collect();
    story.update(&january, &json!({"createdate": "2027-02-01T00:00:00Z"}));
    story.run().expect(0).says("24 new or changed");
    let _manifest = story.check(&[], "moved");
    let parts = fs::read_dir(story.desk.here.path("lake/tickets")).expect("parts");
    assert_eq!(parts.count(), 5);
    let (archived, back) = (&story.ids[3..13], &story.ids[3..7]);
    story.desk.archive(archived);
    let _new = story
        .desk
        .create(7, |n| json!({"subject": format!("Late {n}")}));
    story.run().expect(0).says("7 new or changed, 10 gone");
    let _manifest = story.check(&[], "archived");
    assert_eq!(story.tombstones().len(), 10);
    story.press("restore", back);
    story.run().expect(0).says("4 new or changed, 0 gone");
    let _manifest = story.check(&[], "restored");
    story.press("purge", &archived[8..]);
    story.run().expect(0);
    let mut stones = story.tombstones();
    stones.retain(|(_, how)| how == "purged");
    let purged: Vec<u64> = stones.into_iter().map(|(id, _)| id).collect();
    assert_eq!(purged, archived[8..]);
}

#[test]
fn merged_tickets_leave_tombstones() {
    for switch in [
        "merge_id=new",
        "merge_id=kept",
        "merge_loser=archived",
        "merged_ids=off",
    ] {
        let story = Story::new(40, &[switch], "");
        let ids = &story.ids;
        story.run().expect(0);
        let survivor = story.merge(ids[0], ids[1]);
        story.run().expect(0);
        let manifest = story.check(&[], switch);
        assert_eq!(manifest["tickets"], 39, "{switch}");
        let again = story.merge(ids[2], survivor);
        story.run().expect(0);
        let _manifest = story.check(&[], switch);
        let stones = table(&story.desk, "lake", "deleted");
        let into = |id: u64| {
            let mut rows = stones.iter();
            let row = rows.find(|row| row["hs_object_id"] == id.to_string());
            row.map(|row| (row["how"].clone(), row["merged_into"].clone()))
        };
        let merged = Some(("merged".to_owned(), again.to_string()));
        assert_eq!(into(ids[1]), merged, "{switch}");
    }
}

#[test]
fn a_ticket_that_was_merged_into_one_that_does_not_match_is_gone() {
    let story = Story::new(20, &[], "--where 'hs_ticket_priority = HIGH'");
    story.update(&story.ids[..5], &json!({"hs_ticket_priority": "HIGH"}));
    story.update(&story.ids[5..], &json!({"hs_ticket_priority": "LOW"}));
    story.run().expect(0).says("5 tickets exported");
    let survivor = story.merge(story.ids[9], story.ids[0]);
    for night in 1..=3 {
        story.run().expect(0);
        assert_eq!(table(&story.desk, "lake", "tickets").len(), 4, "{night}");
        let stones = table(&story.desk, "lake", "deleted");
        let mut stones = stones.iter();
        let stone = stones.find(|row| row["hs_object_id"] == story.ids[0].to_string());
        let stone = stone.unwrap_or_else(|| panic!("a tombstone, night {night}"));
        assert_eq!(stone["how"], "merged");
        assert_eq!(stone["merged_into"], survivor.to_string());
    }
}

#[test]
fn the_result_names_files_and_tells_time_and_calls() {
    let story = Story::new(5, &[], "--json");
    for _night in 0..2 {
        let told = story.run().expect(0).json();
        assert!(
            told["seconds"]
                .as_f64()
                .is_some_and(|seconds| seconds > 0.0)
        );
        assert!(told["calls"].as_u64().is_some_and(|calls| calls > 0));
        let files = told["files"].as_array().expect("files").iter();
        let files: Vec<PathBuf> = files
            .map(|file| file.as_str().expect("a path").into())
            .collect();
        let manifest = is_whole(&story.desk, "lake");
        let of_state = 2;
        assert_eq!(
            Some(files.len()),
            manifest["files"].as_array().map(|all| all.len() - of_state)
        );
        assert!(
            files
                .iter()
                .all(|file| file.is_absolute() && file.is_file()),
            "{files:?}"
        );
        assert!(files[0].to_string_lossy().contains("/lake/tickets/"));
    }
}

#[test]
fn a_data_set_that_lost_its_state_is_not_begun_anew() {
    let story = Story::new(5, &[], "");
    story.run().expect(0);
    let state = story.desk.here.path("lake/_state.json");
    std::fs::remove_file(&state).expect("there");
    story.run().expect(7).says("_state.json");
}

#[test]
fn tickets_that_stop_matching_leave_and_others_come() {
    let story = Story::new(
        60,
        &[],
        "--where 'hs_ticket_priority = HIGH or subject has printer'",
    );
    story.update(&story.ids[..20], &json!({"hs_ticket_priority": "HIGH"}));
    story.run().expect(0).says("20 tickets exported");
    story.update(&story.ids[..5], &json!({"hs_ticket_priority": "LOW"}));
    story.update(
        &story.ids[30..33],
        &json!({"subject": "My Printer is on fire"}),
    );
    story.run().expect(0).says("3 new or changed, 5 gone");
    let _manifest = story.check(&[], "left");
    assert!(story.tombstones().is_empty(), "what left is not deleted");
    story.update(&story.ids[5..7], &json!({"hs_ticket_priority": "LOW"}));
    story.run_with("--reconcile").expect(0).says("2 gone");
    let _manifest = story.check(&[], "reconciled");
    assert!(story.tombstones().is_empty(), "what left is not deleted");
}

#[test]
fn columns_come_last_and_dropped_ones_stay_empty() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let define = |name: &str, kind: &str, field: &str| {
        let body = json!({"name": name, "label": name, "groupName": "ticketinformation", "type": kind, "fieldType": field});
        desk.call("POST", "/crm/v3/properties/tickets", &body);
    };
    define("colour", "string", "text");
    let ids = desk.create(
        30,
        |n| json!({"subject": format!("T {n}"), "colour": "red"}),
    );
    let args = "--all-properties --since last -o lake";
    desk.export(args).expect(0);
    let headers = || {
        let file = files_below(&desk.here.path("lake/tickets")).remove(0);
        let text = fs::read_to_string(file).expect("a file");
        let header = text.lines().next().expect("a header").to_owned();
        header
            .split(',')
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    let first = headers();
    desk.call("DELETE", "/crm/v3/properties/tickets/colour", &json!({}));
    define("a_size", "number", "number");
    let body = json!({"inputs": [{"id": ids[0].to_string(), "properties": {"a_size": "7"}}]});
    desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
    desk.export(args)
        .expect(0)
        .says("new columns: a_size")
        .says("does not have colour any more");
    let second = headers();
    assert_eq!(second[..first.len()], first);
    assert_eq!(second[first.len()..], ["a_size".to_owned()]);
    let rows = table(&desk, "lake", "tickets");
    assert_eq!(rows.len(), 30);
    assert!(rows.iter().all(|row| row["colour"].is_empty()));
    let sizes: Vec<&str> = rows.iter().map(|row| row["a_size"].as_str()).collect();
    assert_eq!(sizes.iter().filter(|size| **size == "7").count(), 1);
    desk.export(args).expect(0);
    let told = is_whole(&desk, "lake");
    assert_eq!(told["columns_dropped"], json!([]), "it is told once");
    // A type that changes: everything is read anew.
    let text = json!({"type": "string", "fieldType": "text"});
    desk.call("PATCH", "/crm/v3/properties/tickets/a_size", &text);
    desk.export(args)
        .expect(0)
        .says("the column a_size holds text now, not number")
        .says("all tickets are read again");
    let _manifest = is_whole(&desk, "lake");
    assert_eq!(headers(), second);
    let rows = table(&desk, "lake", "tickets");
    assert_eq!(rows.iter().filter(|row| row["a_size"] == "7").count(), 1);
}

#[test]
fn history_links_and_linked_records_stay_exact() {
    let more = "--history hs_pipeline_stage --with contacts,contacts.email,companies \
                --archived include";
    let story = Story::new(40, &[], more);
    let contacts = story.desk.link_contacts(&story.ids[..6], 3);
    let tables = ["history", "links", "contacts", "companies"];
    story.run().expect(0);
    let _manifest = story.check(&tables, "first");
    assert_eq!(table(&story.desk, "lake", "links").len(), 18);
    let tickets = table(&story.desk, "lake", "tickets");
    assert!(!tickets[0].contains_key("contacts"), "links have a table");
    assert_eq!(table(&story.desk, "lake", "contacts").len(), 3);
    // Links alone, then a contact alone, then a stage.
    let between = json!({"inputs": [{"from": {"id": story.ids[0].to_string()}, "to": [{"id": contacts[0].to_string()}]}]});
    let path = "/crm/v4/associations/tickets/contacts/batch/archive";
    story.desk.call("POST", path, &between);
    story.desk.link_contacts(&story.ids[20..22], 2);
    story.run().expect(0).says("0 new or changed");
    let _manifest = story.check(&tables, "links");
    let email = json!({"inputs": [{"id": contacts[1].to_string(), "properties": {"email": "new@desk.example"}}]});
    story
        .desk
        .call("POST", "/crm/v3/objects/contacts/batch/update", &email);
    story.update(&story.ids[..3], &json!({"hs_pipeline_stage": "2"}));
    story.desk.archive(&story.ids[4..5]);
    story.run().expect(0);
    let _manifest = story.check(&tables, "contacts, history and the bin");
    let history = table(&story.desk, "lake", "history");
    assert_eq!(history.len(), 43);
    assert_eq!(story.tombstones(), [(story.ids[4], "archived".to_owned())]);
}

#[test]
fn a_column_comes_with_its_first_value() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let ids = desk.create(20, |n| json!({"subject": format!("T {n}")}));
    let run = |set| {
        let args = format!("--all-properties --skip-empty --since last -o {set}");
        desk.export(args).expect(0)
    };
    let _ended = run("lake");
    let has = |name: &str| table(&desk, "lake", "tickets")[0].contains_key(name);
    assert!(has("subject") && !has("content"));
    let body = json!({"inputs": [{"id": ids[3].to_string(), "properties": {"content": "text"}}]});
    desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
    run("lake").says("1 new or changed, 0 gone");
    assert!(has("subject") && has("content"));
    run("lake").says("0 new or changed, 0 gone");
    let _ended = run("fresh");
    assert_eq!(
        table(&desk, "lake", "tickets"),
        table(&desk, "fresh", "tickets")
    );
}

#[test]
fn what_no_date_shows_is_found_by_reconciling() {
    let story = Story::new(30, &[], "--format csv");
    story.run().expect(0);
    story.desk.archive(&story.ids[..2]);
    story.press("purge", &story.ids[..2]);
    story.run().expect(0).says("0 gone");
    let ended = story.run_with("--reconcile").expect(0);
    ended.says("0 new or changed, 2 gone; the data set holds 28 tickets");
    let stones = story.tombstones();
    let expected = [0, 1].map(|place| (story.ids[place], "purged".to_owned()));
    assert_eq!(stones, expected);
    assert_eq!(table(&story.desk, "lake", "tickets").len(), 28);
}

#[test]
fn a_log_keeps_every_version() {
    let story = Story::new(20, &[], "--append --format jsonl");
    story.run().expect(0);
    story.update(&story.ids[..3], &json!({"subject": "second"}));
    story.desk.archive(&story.ids[5..6]);
    story.run().expect(0);
    story.run().expect(0);
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files_below(&story.desk.here.path("lake/tickets")) {
        for line in fs::read_to_string(file).expect("a file").lines() {
            let row: Value = serde_json::from_str(line).expect("JSON");
            let text = |name: &str| row[name].as_str().expect("a text").to_owned();
            versions
                .entry(text("hs_object_id"))
                .or_default()
                .push(text("updated_at"));
        }
    }
    assert_eq!(versions.len(), 20);
    for (id, mut times) in versions {
        let expected = 1 + usize::from(story.ids[..3].contains(&id.parse().expect("an id")));
        times.sort();
        times.dedup();
        assert_eq!(times.len(), expected, "{id}");
    }
    let _manifest = is_whole(&story.desk, "lake");
}

#[test]
fn a_file_of_changes_moves_no_state() {
    let story = Story::new(20, &[], "");
    story.run().expect(0);
    let state = story.desk.here.read("lake/_state.json");
    let args = "--properties subject --since 2h -o changes.csv";
    story
        .desk
        .export(args)
        .expect(0)
        .says("20 tickets exported");
    let filter = ["--where", "subject = 'Ticket 3'", "--replace"];
    story.desk.export((args, &filter)).expect(0);
    assert_eq!(story.desk.ids("changes.csv").len(), 1);
    story
        .desk
        .export("--properties subject --since 2099-01-01 -o none.csv")
        .expect(0)
        .says("0 tickets exported");
    assert_eq!(story.desk.here.read("lake/_state.json"), state);
    story
        .desk
        .export("--properties subject -o changes.csv")
        .expect(64)
        .says("--since none instead of 2h");
}

#[test]
fn what_can_not_go_on_is_refused_before_anything_is_read() {
    let story = Story::new(5, &[], "");
    story.run().expect(0);
    let cases: [(&[&str], i32, &str); 7] = [
        (
            &["--where", "createdate > today - 7d"],
            64,
            "moves from day to day",
        ),
        (&["--limit", "3"], 64, "no first tickets"),
        (&["--archived", "only"], 64, "of live tickets"),
        (
            &["--archived", "include"],
            64,
            "--archived include instead of no",
        ),
        (
            &["--partition-by", "year(createdate)"],
            64,
            "--partition-by year(createdate)",
        ),
        (&["--append"], 64, "--append yes instead of no"),
        (
            &["--append", "--with", "contacts"],
            64,
            "cannot be used with",
        ),
    ];
    for (more, code, words) in cases {
        story.run_with(more).expect(code).says(words);
    }
    story
        .desk
        .export("--properties subject --since last -o a.csv")
        .expect(64)
        .says("name a folder with -o");
    story
        .desk
        .export("--properties subject --since soon -o a.csv")
        .expect(64)
        .says("a span such as 7d");
    story.desk.here.write("lake/_state.json", "{}");
    story.run().expect(7).says("has been changed since");
    story
        .run_with("--force")
        .expect(0)
        .says("5 tickets exported");
    let _manifest = story.check(&[], "forced");
}

#[test]
fn a_set_that_somebody_took_files_from_is_not_gone_on_with() {
    let story = Story::new(20, &[], "");
    let files = || files_below(&story.desk.here.path("lake/tickets"));
    story.run().expect(0);
    fs::remove_file(&files()[2]).expect("removed");
    let ended = story.run().expect(7).says("is missing, or was changed");
    ended.says("`--replace` reads all tickets and writes the data set again");
    story.run_with("--replace").expect(0);
    let _manifest = story.check(&[], "replaced");
    // As long as it was, and no row any more.
    let before = fs::read(&files()[0]).expect("a file");
    fs::write(&files()[0], vec![b'"'; before.len()]).expect("written");
    story.update(&story.ids, &json!({"subject": "new"}));
    let ended = story.run().expect(7).says("lake: ");
    let ended = ended.says(".csv: it was changed after it was written");
    ended.says("`--replace` reads all tickets");
    story.run_with("--replace").expect(0);
    let _manifest = story.check(&[], "replaced again");
}

#[test]
fn a_resumed_run_selects_what_it_selected_when_it_began() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let ids = desk.create(700, |n| json!({"subject": format!("Ticket {n}")}));
    let fixed = "--properties subject --where 'hs_pipeline_stage = New'";
    let slow = "--rate 3/1s --max-duration 0.8 -o a.csv";
    let stopped = desk.export((fixed, slow)).expect(5);
    stopped.says("(--max-duration), with ").says("tickets read");
    // The label means another stage now.
    for (stage, label) in [("1", "Old"), ("2", "New")] {
        let path = format!("/crm/v3/pipelines/tickets/0/stages/{stage}");
        let body = json!({"label": label, "metadata": {"ticketState": "OPEN"}});
        desk.call("PATCH", &path, &body);
    }
    desk.run("resume --rate 1000/1s --max-duration 60")
        .expect(0);
    assert_eq!(desk.ids("a.csv"), ids);
}

#[test]
fn a_run_that_is_killed_is_repeated_and_changes_nothing_twice() {
    let mut story = Story::new(700, &[], "--run-dir run");
    let more = std::mem::take(&mut story.more);
    story.run().expect(0);
    story.more = more;
    story.update(&story.ids[..400], &json!({"subject": "new"}));
    story.desk.archive(&story.ids[500..520]);
    let before = story.desk.here.read("lake/_manifest.json");
    let args = ("export", story.args("lake"), "--rate 8/1s");
    let mut desk = story.desk;
    desk.kill_tool(args, |child, desk| {
        let pages = desk.here.path("run/live.pages");
        let read = || fs::read_to_string(&pages).is_ok_and(|text| !text.is_empty());
        while child.try_wait().expect("a child").is_none() && !read() {
            std::thread::yield_now();
        }
    });
    story.desk = desk;
    assert_eq!(story.desk.here.read("lake/_manifest.json"), before);
    // What changes after the run began is the next one's.
    story.update(&story.ids[600..610], &json!({"subject": "later"}));
    story
        .desk
        .here
        .run_against(&story.desk.sandbox, "resume run --rate 1000/1s")
        .expect(0);
    assert_eq!(story.desk.names("run"), OF_EXPORT);
    story.more.clear();
    story.run().expect(0);
    let _manifest = story.check(&[], "killed");
}
