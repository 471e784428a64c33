//! Exports while single tickets and contacts disappear between two of their calls
//! (protocol E6): a ticket is in the file as it was read, or it is left out; it is
//! never there with a part of its links, and it never costs the run. However the portal
//! says that a record is not there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::between::{Asked, Told, through};
use crate::support::{Args, Ended, FilledPortal, Row, id, switched};

const LINKS: &str = "tickets/contacts/batch/read";
const CONTACTS: &str = "objects/2026-09/contacts/batch/read";

/// A portal with six tickets, each linked to the same two contacts.
struct Story {
    desk: FilledPortal,
    tickets: Vec<u64>,
    contacts: Vec<u64>,
}

impl Story {
    fn new(switches: &[&str]) -> Story {
        let args = "--rate off --switch search_lag=0s";
        let desk = FilledPortal::new((args, switched(switches)));
        let tickets = desk.create(6, |n| json!({"subject": format!("Ticket {n}")}));
        let contacts = desk.link_contacts(&tickets, 2);
        Story {
            desk,
            tickets,
            contacts,
        }
    }

    /// Exports with contacts; `meanwhile` happens before the first call to a path.
    fn export(&self, more: impl Args, path: &str, meanwhile: impl Fn() + Sync) -> Ended {
        self.export_told(more, path, meanwhile, &|_, told| told)
    }

    /// The same, with replies that are told otherwise.
    fn export_told(
        &self,
        more: impl Args,
        path: &str,
        meanwhile: impl Fn() + Sync,
        otherwise: &(dyn Fn(&Asked, Told) -> Told + Sync),
    ) -> Ended {
        let happened = AtomicBool::new(false);
        let args = "export --properties subject --with contacts,contacts.email";
        let ended = through(&self.desk, (args, "-o a.csv", more), &|asked, send| {
            if asked.is_to(path) && !happened.swap(true, Ordering::SeqCst) {
                meanwhile();
            }
            otherwise(asked, send())
        });
        assert!(happened.load(Ordering::SeqCst), "{path} was never called");
        ended
    }

    fn archive(&self, ticket: usize) {
        self.desk.archive(&self.tickets[ticket..=ticket]);
    }

    fn press(&self, button: &str, ticket: usize) {
        let body = json!({"inputs": [{"id": self.tickets[ticket].to_string()}]});
        self.desk
            .call("POST", &format!("/_sandbox/tickets/{button}"), &body);
    }

    fn purge(&self, ticket: usize) {
        self.archive(ticket);
        self.press("purge", ticket);
    }

    /// Merges two records; the id of what is left.
    fn merge(&self, kind: &str, primary: u64, loser: u64) -> u64 {
        let body = json!({
            "primaryObjectId": primary.to_string(), "objectIdToMerge": loser.to_string(),
        });
        let path = format!("/crm/v3/objects/{kind}/merge");
        id(&self.desk.call("POST", &path, &body))
    }

    fn rows(&self) -> BTreeMap<u64, Row> {
        let rows = self.desk.here.rows("a.csv").into_iter();
        rows.map(|row| (row["hs_object_id"].parse().expect("an id"), row))
            .collect()
    }

    /// The file holds these tickets, the live ones with both contacts, those of the
    /// recycle bin with none.
    #[track_caller]
    fn check(&self, expected: &[usize], in_bin: &[usize], story: &str) {
        let rows = self.rows();
        let ids: Vec<u64> = expected.iter().map(|place| self.tickets[*place]).collect();
        assert_eq!(rows.keys().copied().collect::<Vec<_>>(), ids, "{story}");
        let contacts: Vec<String> = self.contacts.iter().map(u64::to_string).collect();
        for (id, row) in &rows {
            let place = self.tickets.iter().position(|ticket| ticket == id);
            let is_in_bin = place.is_some_and(|place| in_bin.contains(&place));
            let (ids, emails) = match is_in_bin {
                true => (String::new(), 0),
                false => (contacts.join(";"), 2),
            };
            assert_eq!(row["contacts"], ids, "{story} {id}");
            let held = row["contacts.email"]
                .split(';')
                .filter(|email| email.contains('@'));
            assert_eq!(held.count(), emails, "{story} {id}");
            assert!(row["subject"].starts_with("Ticket"), "{story} {id}");
            if let Some(archived) = row.get("archived") {
                assert_eq!(archived == "true", is_in_bin, "{story} {id}");
            }
        }
    }
}

/// Every way in which a sandbox says that a record is not there.
const FORMS: [&str; 9] = [
    "207-id", "207-ids", "207-from", "207-text", "207-none", "absent", "404", "404-bare", "400",
];

#[test]
fn tickets_that_go_before_their_links_are_read_are_left_out() {
    for form in FORMS {
        let switch = format!("missing_from={form}");
        // Said to have no links, a ticket is taken to be there.
        let told = form != "207-none";
        let story = Story::new(&[&switch, "no_links=absent"]);
        let ended = story.export("", LINKS, || {
            story.archive(0);
            story.purge(2);
            let _survivor = story.merge("tickets", story.tickets[4], story.tickets[5]);
        });
        let ended = ended.expect(0);
        if told {
            story.check(&[1, 3], &[], form);
            ended.says("4 tickets archived or merged while the export ran");
        } else {
            story.check(&[0, 1, 2, 3, 4, 5], &[0, 2, 4, 5], form);
        }
    }
}

#[test]
fn with_the_recycle_bin_a_ticket_that_goes_there_is_exported_from_there() {
    for form in FORMS {
        let switch = format!("missing_from={form}");
        for more in ["", "--history subject"] {
            let story = Story::new(&[&switch]);
            story.archive(1);
            let ended = story.export(("--archived include", more), LINKS, || {
                story.archive(3);
                story.purge(5);
            });
            ended.expect(0);
            // Said to have no links, a ticket is taken to be there.
            match form {
                "207-none" => assert_eq!(story.rows().len(), 6),
                _ => story.check(&[0, 1, 2, 3, 4], &[1, 3], &format!("{form} {more:?}")),
            }
        }
    }
}

#[test]
fn the_recycle_bin_alone_is_exported_with_links_asked_for() {
    for form in FORMS {
        let story = Story::new(&[&format!("missing_from={form}")]);
        for ticket in [1, 2, 4] {
            story.archive(ticket);
        }
        let ended = story.export("--archived only", LINKS, || story.press("purge", 2));
        ended.expect(0);
        story.check(&[1, 2, 4], &[1, 2, 4], form);
    }
}

/// Forms that no switch has: the id as a text, no category but a status, all missing
/// ones in one row, and a category that is not known.
#[test]
fn other_ways_to_say_it_are_understood_too() {
    let gone = |ids: &[String], form: usize| -> Value {
        let all = ids.join(", ");
        let row = |id: &String| match form {
            0 => json!({"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"id": id}}),
            1 => {
                json!({"category": "OBJECT_NOT_FOUND", "message": format!("No ticket with ID {id} exists")})
            }
            2 => {
                json!({"status": "error", "message": format!("{id} is not a valid ID"), "context": {"id": [id]},
                "category": "VALIDATION_ERROR", "subCategory": "crm.associations.INVALID_IDENTIFIER"})
            }
            _ => json!({"status": "error", "message": "Something is not there"}),
        };
        match form {
            4 => {
                json!([{"category": "OBJECT_NOT_FOUND", "message": format!("No tickets with IDs {all} exist")}])
            }
            _ => ids.iter().map(row).collect(),
        }
    };
    for form in 0..=4 {
        let story = Story::new(&["missing_from=absent"]);
        let lost = [story.tickets[0], story.tickets[3]];
        let ended = story.export_told("", LINKS, || story.desk.archive(&lost), &|asked,
                                                                                 (
            status,
            body,
        )| {
            if !asked.is_to(LINKS) {
                return (status, body);
            }
            let inputs = asked.body["inputs"].as_array().expect("inputs").iter();
            let asked = inputs.map(|input| input["id"].as_str().expect("an id").to_owned());
            let lost = lost.map(|id| id.to_string());
            let named: Vec<String> = asked.filter(|id| lost.contains(id)).collect();
            let mut body: Value = serde_json::from_str(&body).expect("JSON");
            if !named.is_empty() {
                body["errors"] = gone(&named, form);
            }
            (207, body.to_string())
        });
        ended.expect(0);
        story.check(&[1, 2, 4, 5], &[], &format!("form {form}"));
    }
}

/// What is said of tickets that are all there is no reason to leave one out.
#[test]
fn links_of_live_tickets_are_never_left_out() {
    for (row, code) in [
        (
            json!({"category": "OBJECT_NOT_FOUND", "message": "No ticket exists"}),
            7,
        ),
        (
            json!({"category": "VALIDATION_ERROR", "message": "too many"}),
            7,
        ),
        (
            json!({"category": "INTERNAL_ERROR", "message": "not now"}),
            5,
        ),
    ] {
        let story = Story::new(&[]);
        let ended = story.export_told("", LINKS, || (), &|asked, (status, body)| match asked
            .is_to(LINKS)
        {
            true => (207, json!({"results": [], "errors": [row]}).to_string()),
            false => (status, body),
        });
        ended.expect(code);
        assert!(!story.desk.here.path("a.csv").exists(), "{row}");
    }
}

#[test]
fn contacts_that_go_before_they_are_read_leave_no_half_links() {
    // A contact that is archived is no link any more.
    let story = Story::new(&[]);
    let gone = story.contacts[0];
    let ended = story.export("", CONTACTS, || {
        let path = format!("/crm/v3/objects/contacts/{gone}");
        story.desk.call("DELETE", &path, &Value::Null);
    });
    ended.expect(0);
    for (ticket, row) in story.rows() {
        assert_eq!(row["contacts"], story.contacts[1].to_string(), "{ticket}");
        assert!(row["contacts.email"].starts_with("c1@"), "{ticket}");
    }
    // One that is merged is found again under the survivor's id.
    for (switch, more) in [
        ("read_missing=207", ""),
        ("read_missing=404", ""),
        ("merged_ids=off", "--link-tables"),
    ] {
        let story = Story::new(&[switch]);
        let survivor = std::sync::Mutex::new(0);
        let ended = story.export(more, CONTACTS, || {
            *survivor.lock().expect("unpoisoned") =
                story.merge("contacts", story.contacts[0], story.contacts[1]);
        });
        ended.expect(0);
        let survivor = survivor.into_inner().expect("unpoisoned").to_string();
        let (file, column) = match more {
            "" => ("a.csv", "contacts"),
            _ => ("a.contacts.csv", "contact_id"),
        };
        let ids = story.desk.column(file, column);
        assert_eq!(ids, vec![survivor; 6], "{switch}");
    }
}

/// A portal may refuse a whole batch for one record that is not there.
#[test]
fn one_missing_ticket_of_a_batch_does_not_hide_the_others() {
    for (switch, unnamed) in [("read_missing=404", false), ("read_missing=404", true)] {
        let story = Story::new(&[switch]);
        story.archive(2);
        let lines: Vec<String> = story.tickets.iter().map(u64::to_string).collect();
        story.desk.here.write("ids.txt", lines.join("\n"));
        let more = "--ids-from ids.txt";
        let ended = story.export_told(more, "tickets/batch/read", || (), &|_, (status, body)| {
            let mut body: Value = serde_json::from_str(&body).expect("JSON");
            if status == 404 && unnamed {
                body["context"] = Value::Null;
            }
            (status, body.to_string())
        });
        ended.expect(0).says("1 id is not in the portal");
        story.check(&[0, 1, 3, 4, 5], &[], switch);
    }
}

/// A row of a batch that can't be read just now is not a ticket that is not there.
#[test]
fn a_batch_that_is_not_read_whole_is_no_export() {
    let story = Story::new(&[]);
    let lines: Vec<String> = story.tickets.iter().map(u64::to_string).collect();
    story.desk.here.write("ids.txt", lines.join("\n"));
    let more = "--ids-from ids.txt";
    let path = "tickets/batch/read";
    let ended = story.export_told(more, path, || (), &|asked, (status, body)| {
        if !asked.is_to(path) {
            return (status, body);
        }
        let mut body: Value = serde_json::from_str(&body).expect("JSON");
        let results = body["results"].as_array_mut().expect("results");
        let _lost = results.pop();
        body["errors"] = json!([{"category": "INTERNAL_ERROR", "message": "not now"}]);
        (207, body.to_string())
    });
    ended.expect(5).says("not now");
    assert!(!story.desk.here.path("a.csv").exists());
}

/// `get` too shows a ticket whole or not at all.
#[test]
fn get_shows_no_ticket_that_went_before_its_links_were_read() {
    let story = Story::new(&[]);
    let ids: Vec<String> = story.tickets.iter().map(u64::to_string).collect();
    let happened = AtomicBool::new(false);
    let args = format!("get {} {} --associations contacts --json", ids[0], ids[1]);
    let ended = through(&story.desk, args, &|asked, send| {
        if asked.is_to(LINKS) && !happened.swap(true, Ordering::SeqCst) {
            story.archive(0);
        }
        send()
    });
    let ended = ended
        .expect(3)
        .says(&format!("not in the portal: {}", ids[0]));
    assert!(ended.stdout.contains(&ids[1]) && !ended.stdout.contains(&ids[0]));
}
