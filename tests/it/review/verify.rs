//! `verify`: the tickets of a run are as it left them, or each that is not is named, with
//! what it holds, since when and by what.

use serde_json::{Value, json};

use crate::support::reviewed::{desk, file, ids, import, rows, update};
use crate::support::{Args, FilledPortal};

fn verified(desk: &FilledPortal, run: &str, more: impl Args, code: i32) -> Value {
    desk.run((format!("verify {run} --json"), more))
        .expect(code)
        .json()
}

/// When tickets, live ones and archived ones, were changed last.
fn changed(desk: &FilledPortal) -> String {
    let args = "--properties hs_lastmodifieddate --archived include --force";
    desk.export((args, "-o all.csv")).expect(0);
    desk.here.read("all.csv")
}

fn merge(desk: &FilledPortal, primary: u64, loser: u64) -> String {
    let body =
        json!({"primaryObjectId": primary.to_string(), "objectIdToMerge": loser.to_string()});
    let survivor = desk.call("POST", "/crm/v3/objects/tickets/merge", &body);
    survivor["id"].as_str().expect("an id").to_owned()
}

fn cut(desk: &FilledPortal, ticket: u64) {
    let path = format!("/crm/v4/objects/tickets/{ticket}/associations/contacts");
    let linked = desk.call("GET", &path, &Value::Null);
    let contact = &linked["results"][0]["toObjectId"];
    let path = format!("{path}/{contact}");
    desk.call("DELETE", &path, &Value::Null);
}

#[test]
fn what_others_did_to_the_tickets_of_a_run_is_named_and_nothing_else() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=220, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    let clean = verified(&desk, "run", "", 0);
    assert_eq!(
        (&clean["rows"], &clean["equal"]),
        (&json!(220), &json!(220))
    );
    assert_eq!(desk.here.rows("run/verify.csv").len(), 0);

    let ids = ids(&desk, "run");
    let of = |numbers: std::ops::RangeInclusive<usize>| -> Vec<u64> {
        numbers.map(|n| ids[&format!("D-{n}")]).collect()
    };
    update(
        &desk,
        &of(1..=30),
        &json!({"subject": "edited", "hs_ticket_priority": "HIGH"}),
    );
    desk.archive(&of(41..=50));
    let others = desk.create(5, |n| json!({"subject": format!("Other {n}")}));
    let survivors = others.iter().zip(of(61..=65));
    let survivors: Vec<String> = survivors
        .map(|(other, id)| merge(&desk, *other, id))
        .collect();
    of(71..=73).into_iter().for_each(|id| cut(&desk, id));

    let before = changed(&desk);
    let found = verified(&desk, "run", "", 4);
    assert_eq!(changed(&desk), before, "nothing is written");
    assert_eq!(
        found["findings"],
        json!({"differs": 30, "archived": 10, "merged": 5, "link_lacking": 3})
    );
    assert_eq!(found["equal"], 220 - 48);
    let rows = desk.here.rows("run/verify.csv");
    assert_eq!(rows.len(), 48);
    let edited = &rows[0];
    assert_eq!((&*edited["_key"], &*edited["_finding"]), ("D-1", "differs"));
    assert_eq!(
        (&*edited["_wrote"], &*edited["_holds"]),
        ("Subject 1", "edited")
    );
    assert_eq!(edited["_line"], "2");
    assert!(
        !edited["_since"].is_empty() && !edited["_source"].is_empty(),
        "{edited:?}"
    );
    let merged = rows.iter().filter(|row| row["_finding"] == "merged");
    let merged: Vec<&str> = merged.map(|row| &*row["_holds"]).collect();
    assert_eq!(merged, survivors);
    // A look at the first of them costs little.
    let few = verified(&desk, "run", "--sample 10", 4);
    assert_eq!(
        (&few["rows"], &few["findings"]["differs"]),
        (&json!(10), &json!(10))
    );
}

#[test]
fn updates_are_verified_by_what_they_changed_and_rows_of_one_ticket_by_the_last() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=20, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    let twice = file(1..=10, "First", "text") + &rows(1..=10, "Second", "text");
    desk.here.write("twice.csv", twice);
    import(&desk, "upsert", "twice.csv", "twice").expect(0);
    let clean = verified(&desk, "twice", "", 0);
    assert_eq!((&clean["rows"], &clean["equal"]), (&json!(20), &json!(20)));
    let ids = ids(&desk, "run");
    // The update did not touch the text.
    update(&desk, &[ids["D-3"]], &json!({"content": "mine"}));
    assert_eq!(verified(&desk, "twice", "", 0)["equal"], 20);
    update(&desk, &[ids["D-4"]], &json!({"subject": "mine"}));
    assert_eq!(
        verified(&desk, "twice", "", 4)["findings"],
        json!({"differs": 1})
    );
    let found = verified(&desk, "run", "", 4);
    assert_eq!(
        found["findings"],
        json!({"differs": 11}),
        "ten subjects and a text"
    );
}

#[test]
fn a_key_that_others_changed_is_named_but_not_its_case() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=4, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    let ids = ids(&desk, "run");
    update(&desk, &[ids["D-1"]], &json!({"desk_id": "d-1"}));
    update(&desk, &[ids["D-2"]], &json!({"desk_id": "other"}));
    update(&desk, &[ids["D-3"]], &json!({"desk_id": ""}));
    let found = verified(&desk, "run", "", 4);
    assert_eq!(found["findings"], json!({"differs": 2}));
    let listed = desk.here.rows("run/verify.csv");
    let named: Vec<[&str; 2]> = listed
        .iter()
        .map(|row| [&*row["_key"], &*row["_property"]])
        .collect();
    assert_eq!(named, [["D-2", "desk_id"], ["D-3", "desk_id"]]);
}

#[test]
fn a_link_that_was_left_out_as_mapped_does_not_lack() {
    let desk = desk("");
    let by_id = desk.here.read("m.toml").replace("\"email\"", "\"id\"");
    let by_id = by_id.replace("\"create\"", "\"skip\"");
    desk.here.write("m.toml", by_id);
    let contact = desk.call(
        "POST",
        "/crm/v3/objects/contacts",
        &json!({"properties": {"email": "there@desk.example"}}),
    );
    let there = contact["id"].as_str().expect("an id");
    let rows = format!("Id,Subject,Text,Mail\nD-1,One,text,{there}\nD-2,Two,text,999999999\n");
    desk.here.write("in.csv", rows);
    import(&desk, "upsert", "in.csv", "run").expect(0);
    assert_eq!(verified(&desk, "run", "", 0)["equal"], 2);
    cut(&desk, ids(&desk, "run")["D-1"]);
    let found = verified(&desk, "run", "", 4);
    assert_eq!(found["findings"], json!({"link_lacking": 1}));
}

#[test]
fn archived_and_unlinked_tickets_are_verified_too() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=12, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    let ids = ids(&desk, "run");
    desk.run("dissociate in.csv -m m.toml --run-dir cut")
        .expect(0);
    assert_eq!(verified(&desk, "cut", "", 0)["rows"], 12);
    assert_eq!(
        verified(&desk, "run", "", 4)["findings"],
        json!({"link_lacking": 12})
    );
    desk.run("associate in.csv -m m.toml --run-dir linked")
        .expect(0);
    assert_eq!(verified(&desk, "linked", "", 0)["rows"], 12);
    assert_eq!(
        verified(&desk, "cut", "", 4)["findings"],
        json!({"link_there": 12})
    );

    import(&desk, "archive", "in.csv", "gone").expect(0);
    assert_eq!(verified(&desk, "gone", "", 0)["equal"], 12);
    let body = json!({"inputs": [{"id": ids["D-5"].to_string()}]});
    desk.call("POST", "/_sandbox/tickets/restore", &body);
    assert_eq!(
        verified(&desk, "gone", "", 4)["findings"],
        json!({"live": 1})
    );
}
