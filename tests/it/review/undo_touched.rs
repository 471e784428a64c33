//! `undo` of runs some of whose tickets others touched since: the portal differs from what
//! it was only where they did, and each such row is listed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::reviewed::{desk, file, ids, import, rows, update};
use crate::support::{FilledPortal, Row, id, wait_at_most};

/// What HubSpot itself stamps whenever somebody writes.
const STAMPS: [&str; 2] = ["hs_lastmodifieddate", "lastmodifieddate"];

/// Every live ticket with all that can be exported, by key.
fn dump(desk: &FilledPortal, file: &str) -> BTreeMap<String, Row> {
    let with = "contacts,companies,notes.hs_object_id";
    let args = ["--all-properties", "--with", with, "--force", "-o", file];
    desk.export(args).expect(0);
    let rows = desk.here.rows(file).into_iter();
    rows.map(|row| (row["desk_id"].clone(), row)).collect()
}

/// Cells that differ between two dumps: key and column.
fn differ(
    one: &BTreeMap<String, Row>,
    other: &BTreeMap<String, Row>,
) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (key, before) in one {
        let Some(after) = other.get(key) else {
            found.insert((key.clone(), "gone".to_owned()));
            continue;
        };
        let names = before
            .keys()
            .filter(|name| !STAMPS.contains(&name.as_str()));
        let names = names.filter(|name| before.get(*name) != after.get(*name));
        found.extend(names.map(|name| (key.clone(), name.clone())));
    }
    let came = other.keys().filter(|key| !one.contains_key(*key));
    found.extend(came.map(|key| (key.clone(), "came".to_owned())));
    found
}

fn cells(numbers: std::ops::RangeInclusive<usize>, column: &str) -> BTreeSet<(String, String)> {
    numbers
        .map(|n| (format!("D-{n}"), column.to_owned()))
        .collect()
}

/// The company of a new domain.
fn company(desk: &FilledPortal, domain: &str) -> u64 {
    let company = json!({"properties": {"name": "Example", "domain": domain}});
    id(&desk.call("POST", "/crm/v3/objects/companies", &company))
}

fn link(desk: &FilledPortal, (from, id): (&str, u64), company: u64) {
    let path = format!("/crm/v4/objects/{from}/{id}/associations/default/companies/{company}");
    desk.call("PUT", &path, &Value::Null);
}

/// Eight tickets get another subject, six a note, three a contact and three a company;
/// HubSpot links ten others to the company of their contact by itself.
fn touch(desk: &FilledPortal, ids: &BTreeMap<String, u64>) {
    let of = |numbers: std::ops::RangeInclusive<usize>| -> Vec<u64> {
        numbers.map(|n| ids[&format!("D-{n}")]).collect()
    };
    update(desk, &of(1..=8), &json!({"subject": "edited"}));
    for ticket in of(9..=14) {
        let kind = json!({"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228});
        let note = json!({
            "properties": {"hs_timestamp": "2026-03-01T10:00:00Z", "hs_note_body": "theirs"},
            "associations": [{"to": {"id": ticket.to_string()}, "types": [kind]}],
        });
        desk.call("POST", "/crm/v3/objects/notes", &note);
    }
    desk.link_contacts(&of(15..=17), 1);
    let (own, other) = (
        company(desk, "desk.example"),
        company(desk, "other.example"),
    );
    for ticket in of(18..=20) {
        link(desk, ("tickets", ticket), other);
    }
    for ticket in of(21..=30) {
        let path = format!("/crm/v4/objects/tickets/{ticket}/associations/contacts");
        let contacts = desk.call("GET", &path, &Value::Null);
        let contact = contacts["results"][0]["toObjectId"].as_u64();
        link(desk, ("contacts", contact.expect("a contact")), own);
        link(desk, ("tickets", ticket), own);
    }
}

/// Each of these tickets gets an activity of another kind, as somebody logs it.
fn log(desk: &FilledPortal, tickets: &[u64]) {
    let at = "2026-03-01T10:00:00Z";
    let kinds = [
        (
            "calls",
            220,
            json!({"hs_timestamp": at, "hs_call_body": "rang"}),
        ),
        (
            "tasks",
            230,
            json!({"hs_timestamp": at, "hs_task_subject": "do"}),
        ),
        (
            "meetings",
            226,
            json!({"hs_timestamp": at, "hs_meeting_title": "met"}),
        ),
        (
            "emails",
            224,
            json!({"hs_timestamp": at, "hs_email_direction": "EMAIL"}),
        ),
        (
            "communications",
            83,
            json!({"hs_timestamp": at, "hs_communication_channel_type": "SMS",
                   "hs_communication_logged_from": "CRM", "hs_communication_body": "text"}),
        ),
    ];
    for ((kind, type_id, properties), ticket) in kinds.into_iter().zip(tickets) {
        let link = json!({"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id});
        let logged = json!({
            "properties": properties,
            "associations": [{"to": {"id": ticket.to_string()}, "types": [link]}],
        });
        desk.call("POST", &format!("/crm/v3/objects/{kind}"), &logged);
    }
}

#[test]
fn a_ticket_with_an_activity_of_somebody_stays_whatever_its_kind() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=8, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    let ids = ids(&desk, "run");
    let tickets: Vec<u64> = (1..=5).map(|n| ids[&format!("D-{n}")]).collect();
    log(&desk, &tickets);
    let left = undone(&desk, "run", 3);
    assert_eq!(left, keys(1..=5, "LINKED_BY_OTHERS"));
    assert_eq!(dump(&desk, "after.csv").len(), 5);
}

/// Takes a run back; gives the rows that were left, by key, with their codes.
fn undone(desk: &FilledPortal, run: &str, code: i32) -> BTreeMap<String, String> {
    desk.run(format!("undo {run} --plan --json")).expect(0);
    desk.run(format!("undo {run} --yes --horizon 0.2 --run-dir back"))
        .expect(code);
    let rows = desk.here.rows("back/undo.csv").into_iter();
    let left = rows.filter(|row| !row["_code"].is_empty());
    left.map(|row| (row["_key"].clone(), row["_code"].clone()))
        .collect()
}

fn keys(numbers: std::ops::RangeInclusive<usize>, code: &str) -> BTreeMap<String, String> {
    numbers
        .map(|n| (format!("D-{n}"), code.to_owned()))
        .collect()
}

#[test]
fn of_a_create_exactly_the_touched_tickets_stay() {
    for holds in ["archived_holds_unique=blocks", "archived_holds_unique=free"] {
        let desk = desk(["--switch", holds]);
        desk.here
            .write("others.csv", file(61..=80, "Other", "text"));
        import(&desk, "create", "others.csv", "others").expect(0);
        let before = dump(&desk, "before.csv");
        desk.here.write("in.csv", file(1..=60, "Subject", "text"));
        import(&desk, "create", "in.csv", "run").expect(0);
        touch(&desk, &ids(&desk, "run"));
        let left = undone(&desk, "run", 3);
        let mut expected = keys(1..=8, "TOUCHED");
        expected.extend(keys(9..=20, "LINKED_BY_OTHERS"));
        assert_eq!(left, expected, "{holds}");
        let after = dump(&desk, "after.csv");
        assert_eq!(differ(&before, &after), cells(1..=20, "came"), "{holds}");

        import(&desk, "create", "in.csv", "again").expect(0);
        let fates = desk.column("again/done.csv", "_fate");
        let anew = fates.iter().filter(|fate| *fate == "done").count();
        assert_eq!((anew, dump(&desk, "after.csv").len()), (40, 80), "{holds}");
    }
}

#[test]
fn of_a_change_exactly_what_others_set_stays() {
    for operation in ["update", "upsert"] {
        let desk = desk("");
        desk.here.write("in.csv", file(1..=60, "Subject", "text"));
        import(&desk, "create", "in.csv", "run").expect(0);
        let before = dump(&desk, "before.csv");
        let mut other = file(1..=60, "Changed", "");
        if operation == "upsert" {
            other += &rows(61..=70, "New", "text");
        }
        desk.here.write("other.csv", other);
        import(&desk, operation, "other.csv", "other").expect(0);
        touch(&desk, &ids(&desk, "run"));
        let left = undone(&desk, "other", 3);
        assert_eq!(left, keys(1..=8, "TOUCHED"), "{operation}");
        let mut expected = cells(1..=8, "subject");
        expected.extend(cells(9..=14, "notes.hs_object_id"));
        expected.extend(cells(15..=17, "contacts"));
        expected.extend(cells(18..=30, "companies"));
        let after = dump(&desk, "after.csv");
        assert_eq!(differ(&before, &after), expected, "{operation}");
    }
}

#[test]
fn of_links_exactly_those_of_others_stay() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=60, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    let before = dump(&desk, "before.csv");
    let others = file(1..=60, "", "").replace(",p", ",q");
    desk.here.write("links.csv", others);
    desk.run("associate links.csv -m m.toml --run-dir linked")
        .expect(0);
    touch(&desk, &ids(&desk, "run"));
    assert_eq!(undone(&desk, "linked", 0), BTreeMap::new());
    let mut expected = cells(1..=8, "subject");
    expected.extend(cells(9..=14, "notes.hs_object_id"));
    expected.extend(cells(15..=17, "contacts"));
    expected.extend(cells(18..=30, "companies"));
    assert_eq!(differ(&before, &dump(&desk, "after.csv")), expected);
}

/// Two runs send the same rows at the same time, and the reply of one is lost: whose call
/// made the tickets nobody can tell.
#[test]
fn tickets_that_two_runs_say_they_created_stay() {
    let calls = "tickets/batch/create";
    let (hold, lost) = (
        format!("hold@1=received:{calls}"),
        format!("reset-after@1:{calls}"),
    );
    let mut desk = desk(["--trouble", &hold, "--trouble", &lost]);
    desk.here.write("in.csv", file(1..=10, "Subject", "text"));
    desk.kill_tool("import in.csv -m m.toml --run-dir one", |child, desk| {
        let _held = desk.sandbox.next_line();
        import(desk, "create", "in.csv", "other").expect(0);
        desk.sandbox.go_on();
        wait_at_most(child, Duration::from_secs(60));
    });
    assert_eq!(ids(&desk, "one"), ids(&desk, "other"), "both claim them");
    for run in ["one", "other"] {
        let said = desk
            .run(format!("undo {run} --yes --json"))
            .expect(3)
            .json();
        assert_eq!(said["left"], json!({"CLAIMED_BY_OTHER_RUN": 10}), "{run}");
    }
    assert_eq!(dump(&desk, "after.csv").len(), 10);
    desk.run("delete --run one --yes").expect(0);
    assert_eq!(dump(&desk, "after.csv").len(), 0);
}
