//! Data sets of portals whose definitions change from night to night: properties that
//! disappear and return, labels, types, and a clock that is set back. After each run the
//! set holds what a full export into a fresh folder holds.

use std::fs;

use serde_json::{Value, json};

use crate::support::data_set::{Story, is_whole, table};
use crate::support::{FilledPortal, files_below};

/// Defines a property of tickets.
fn define(desk: &FilledPortal, name: &str, kind: &str, field: &str) {
    let body = json!({"name": name, "label": name, "groupName": "ticketinformation", "type": kind, "fieldType": field});
    desk.call("POST", "/crm/v3/properties/tickets", &body);
}

/// What the schema in a data set says of a column of tickets.
fn column(desk: &FilledPortal, header: &str) -> Value {
    let schema = desk.here.json("lake/_schema.json");
    let columns = schema["columns"].as_array().expect("columns");
    let found = columns.iter().find(|column| column["header"] == header);
    found.expect("the column").clone()
}

#[test]
fn a_missing_property_keeps_its_column_and_comes_back_with_its_values() {
    let more = "--properties subject,size,createdate --missing-properties null";
    let story = Story::new(30, &[], more);
    define(&story.desk, "size", "number", "number");
    story.update(&story.ids[..20], &json!({"size": "7.5"}));
    story.run().expect(0).says("30 tickets exported");
    story
        .desk
        .call("DELETE", "/crm/v3/properties/tickets/size", &json!({}));
    story
        .run()
        .expect(0)
        .says("empty columns from now on")
        .says_nothing_of("tickets are read again");
    let _manifest = story.check(&[], "it is missed");
    let size = column(&story.desk, "size");
    assert_eq!(
        (&size["type"], &size["dropped"]),
        (&json!("number"), &json!(true))
    );
    story
        .run()
        .expect(0)
        .says("0 new or changed")
        .says_nothing_of("from now on");
    // No ticket's date shows that its value is there again.
    let back = "/_sandbox/tickets/properties/size/restore";
    story.desk.call("POST", back, &json!({}));
    let ended = story.run().expect(0).says("all tickets are read again");
    ended.says("20 new or changed, 0 gone");
    let _manifest = story.check(&[], "it is back");
    let rows = table(&story.desk, "lake", "tickets");
    assert_eq!(rows.iter().filter(|row| row["size"] == "7.5").count(), 20);
    assert_eq!(column(&story.desk, "size")["dropped"], json!(false));
}

#[test]
fn a_property_that_comes_changes_only_the_tickets_that_have_it() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let ids = desk.create(40, |n| json!({"subject": format!("T {n}")}));
    let args = "--all-properties --since last -o lake";
    desk.export(args).expect(0);
    // Its name comes before those that were there.
    define(&desk, "a_size", "number", "number");
    let body = json!({"inputs": [{"id": ids[0].to_string(), "properties": {"a_size": "7"}}]});
    desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
    desk.export(args)
        .expect(0)
        .says("new columns: a_size")
        .says("1 new or changed, 0 gone");
    desk.export((args, "--reconcile"))
        .expect(0)
        .says("0 new or changed");
}

#[test]
fn labels_that_change_are_brought_in() {
    let relabel = |story: &Story, label: &str| {
        let body = json!({"label": label, "metadata": {"ticketState": "OPEN"}});
        let stage = "/crm/v3/pipelines/tickets/0/stages/1";
        story.desk.call("PATCH", stage, &body);
    };
    for values in ["labels", "both"] {
        let more = format!(
            "--properties subject,hs_pipeline_stage --history hs_pipeline_stage \
             --values {values} --partition-by hs_pipeline_stage"
        );
        let story = Story::new(30, &[], &more);
        story.update(&story.ids[..10], &json!({"hs_pipeline_stage": "2"}));
        relabel(&story, "Fresh/1");
        story.run().expect(0).says("30 tickets exported");
        let part = |name: &str| {
            let path = format!("lake/tickets/hs_pipeline_stage={name}");
            story.desk.here.path(&path).is_dir()
        };
        assert_eq!(part("Fresh%2F1"), values == "labels");
        assert_eq!(part("1"), values == "both");
        relabel(&story, "Just in");
        let ended = story.run().expect(0);
        let ended = ended.says("labels of hs_pipeline_stage have changed");
        ended.says("all tickets are read again");
        let _manifest = story.check(&["history"], values);
        assert_eq!(part("Just in"), values == "labels");
        assert!(!part("Fresh%2F1"));
        story
            .run()
            .expect(0)
            .says("0 new or changed")
            .says_nothing_of("tickets are read again");
    }
}

#[test]
fn values_that_stop_fitting_are_listed_beside_the_set_until_they_fit() {
    let more = "--properties subject,size,createdate --format parquet";
    let story = Story::new(30, &[], more);
    define(&story.desk, "size", "string", "text");
    story.update(&story.ids[..20], &json!({"size": "7"}));
    story.update(&story.ids[..2], &json!({"size": "XL"}));
    let _ended = story.run().expect(0);
    let path = "/crm/v3/properties/tickets/size";
    let number = json!({"type": "number", "fieldType": "number"});
    let _done = story.desk.call("PATCH", path, &number);
    // A list that appeared before a process was killed is ours too.
    for night in ["the first", "the second"] {
        let _ended = story.run().expect(3).says("2 values are not in");
        let issues = story.desk.here.rows("lake.issues.csv");
        assert_eq!(issues.len(), 2, "{night} night");
        assert_eq!(issues[0]["_value"], "XL");
        // Their tickets are there.
        assert_eq!(is_whole(&story.desk, "lake")["tickets"], 30);
    }
    story.update(&story.ids[..2], &json!({"size": "9"}));
    let _ended = story.run().expect(0).says("30 tickets");
    assert!(!story.desk.here.path("lake.issues.csv").exists());
    let _theirs = story.desk.here.write("lake.issues.csv", "mine");
    let ended = story.run().expect(64).says("lake.issues.csv");
    let _ended = ended.says("move that file away");
}

#[test]
fn a_log_keeps_what_a_property_held() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    define(&desk, "size", "number", "number");
    define(&desk, "colour", "string", "text");
    let ids = desk.create(10, |_| json!({"size": "7", "colour": "red"}));
    let args = "--all-properties --since last --append -o lake";
    desk.export(args).expect(0);
    desk.call("DELETE", "/crm/v3/properties/tickets/colour", &json!({}));
    let text = json!({"type": "string", "fieldType": "text"});
    desk.call("PATCH", "/crm/v3/properties/tickets/size", &text);
    let body = json!({"inputs": [{"id": ids[0].to_string(), "properties": {"size": "big"}}]});
    desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
    let ended = desk.export(args).expect(0);
    ended
        .says("size holds text now, not number: it continues in the column size_2")
        .says_nothing_of("new columns")
        .says_nothing_of("not have size");
    let rows = table(&desk, "lake", "tickets");
    let first = rows.iter().filter(|row| row["size"] == "7");
    let first = first.filter(|row| row["colour"] == "red" && row["size_2"].is_empty());
    assert_eq!(first.count(), 10, "the first version of each");
    let later = rows.iter().filter(|row| row["size_2"] == "big");
    assert_eq!(later.count(), 1);
    let _manifest = is_whole(&desk, "lake");
}

#[test]
fn a_clock_that_was_set_back_misses_nothing() {
    let story = Story::new(20, &[], "");
    story.run().expect(0);
    let path = story.desk.here.path("lake/_state.json");
    let state = fs::read_to_string(&path).expect("a state");
    let mut told: Value = serde_json::from_str(&state).expect("JSON");
    let mark = told["mark"].as_str().expect("a mark").to_owned();
    let later = mark.replacen("20", "30", 1);
    told["mark"] = json!(later);
    let changed = state.replace(&mark, &later);
    let manifest = story.desk.here.read("lake/_manifest.json");
    let hash = |text: &str| blake3::hash(text.as_bytes()).to_hex().to_string();
    let manifest = manifest.replace(&hash(&state), &hash(&changed));
    story.desk.here.write("lake/_manifest.json", manifest);
    fs::write(&path, changed).expect("written");
    story.update(&story.ids[..3], &json!({"subject": "meanwhile"}));
    let ended = story.run().expect(0).says("by the portal's clock it is");
    ended
        .says("all tickets are read again")
        .says("3 new or changed");
    let _manifest = story.check(&[], "set back");
    story
        .run()
        .expect(0)
        .says("0 new or changed")
        .says_nothing_of("tickets are read again");
    assert_eq!(files_below(&story.desk.here.path("lake/tickets")).len(), 5);
}

#[test]
fn parts_stay_when_their_property_goes() {
    for more in [
        "--all-properties",
        "--properties subject --missing-properties null",
    ] {
        let desk = FilledPortal::new("--rate off --switch search_lag=0s");
        define(&desk, "size", "string", "text");
        let sized = |n: usize| json!({"subject": format!("T {n}"), "size": format!("{}", n % 3)});
        let ids = desk.create(9, sized);
        let run = |set: &str| {
            let parts = format!("--partition-by size --since last -o {set}");
            desk.export((more, &parts))
        };
        let parts = || -> Vec<(String, String)> {
            let rows = table(&desk, "lake", "tickets").into_iter();
            rows.map(|row| (row["hs_object_id"].clone(), row["part"].clone()))
                .collect()
        };
        let update = |id: u64, values: &Value| {
            let body = json!({"inputs": [{"id": id.to_string(), "properties": values}]});
            desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
        };
        run("lake").expect(0);
        let before = parts();
        desk.call("DELETE", "/crm/v3/properties/tickets/size", &json!({}));
        update(ids[0], &json!({"subject": "changed"}));
        let new = desk.create(1, |_| json!({"subject": "new"}));
        let ended = run("lake").expect(0);
        ended
            .says("does not have size, by which the parts are made")
            .says_nothing_of("tickets are read again");
        let mut expected = before.clone();
        expected.push((
            new[0].to_string(),
            "size=__HIVE_DEFAULT_PARTITION__".to_owned(),
        ));
        let mut held = parts();
        held.sort();
        expected.sort();
        assert_eq!(held, expected);
        let _manifest = is_whole(&desk, "lake");
        run("fresh").expect(64).says("no ticket property size");
        let back = "/_sandbox/tickets/properties/size/restore";
        desk.call("POST", back, &json!({}));
        update(new[0], &json!({"size": "1"}));
        let ended = run("lake").expect(0).says("the portal has size again");
        ended.says("all tickets are read again");
        run("fresh").expect(0);
        assert_eq!(
            table(&desk, "lake", "tickets"),
            table(&desk, "fresh", "tickets")
        );
        run("lake")
            .expect(0)
            .says("0 new or changed")
            .says_nothing_of("tickets are read again");
    }
    let story = Story::new(2, &[], "--partition-by size");
    define(&story.desk, "size", "string", "text");
    story.run().expect(0);
    story
        .desk
        .call("DELETE", "/crm/v3/properties/tickets/size", &json!({}));
    story.run().expect(64).says("no ticket property size");
}

#[test]
fn a_property_that_is_called_like_a_time_of_the_record_changes_nothing_of_it() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let ids = desk.create(5, |n| json!({"subject": format!("T {n}")}));
    let run = |set: &str| {
        desk.export(format!("--all-properties --since last -o {set}"))
            .expect(0)
    };
    let _ended = run("lake");
    let times = || -> Vec<String> {
        let rows = table(&desk, "lake", "tickets").into_iter();
        rows.map(|row| row["created_at"].clone()).collect()
    };
    let before = times();
    assert!(before.iter().all(|time| !time.is_empty()));
    define(&desk, "created_at", "datetime", "date");
    let at = "2001-01-01T00:00:00Z";
    let body = json!({"inputs": [{"id": ids[0].to_string(), "properties": {"created_at": at}}]});
    desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
    run("lake").says("new columns: created_at_2");
    assert_eq!(times(), before);
    let _ended = run("fresh");
    assert_eq!(
        table(&desk, "lake", "tickets"),
        table(&desk, "fresh", "tickets")
    );
    let sent = |row: &&crate::support::Row| row["created_at_2"] == at;
    assert_eq!(
        table(&desk, "lake", "tickets").iter().filter(sent).count(),
        1
    );
}
