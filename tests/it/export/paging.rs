//! Portals, or something in between, whose lists go in circles, backwards or on for
//! ever: a command that reads them ends with exit code 7 and says what the portal did,
//! and no export appears.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::between::{Asked, through};
use crate::support::{Args, Ended, FilledPortal};

/// Runs the tool on a portal that answers calls of `path` with these pages: given the
/// number of the call, what stands in `results` and the cursor.
fn paged(
    args: impl Args,
    path: &str,
    page: impl Fn(usize) -> (Value, Option<String>) + Sync,
) -> (Ended, usize) {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let _tickets = desk.create(3, |n| json!({"subject": format!("Ticket {n}")}));
    let calls = AtomicUsize::new(0);
    let is_it = |asked: &Asked| {
        asked
            .line
            .split('?')
            .next()
            .is_some_and(|line| line.ends_with(path))
    };
    let ended = through(&desk, (args, "--rate 5000/1s"), &|asked, send| {
        if !is_it(asked) {
            return send();
        }
        let (results, after) = page(calls.fetch_add(1, Ordering::SeqCst));
        let mut body = json!({"results": results, "total": 1_000_000});
        if let Some(after) = after {
            body["paging"] = json!({"next": {"after": after}});
        }
        (200, body.to_string())
    });
    assert!(!desk.here.path("a.csv").exists());
    (ended, calls.into_inner())
}

fn tickets(ids: std::ops::Range<usize>) -> Value {
    let ticket = |id: usize| json!({"id": (1_000 + id).to_string(), "properties": {}});
    ids.map(ticket).collect()
}

fn cycle(call: usize) -> Option<String> {
    Some(["5001", "5002", "5003"][call % 3].to_owned())
}

fn counter(call: usize) -> Option<String> {
    Some((6_000 + call).to_string())
}

#[test]
fn the_list_of_tickets_makes_progress_or_is_no_list() {
    type Page = dyn Fn(usize) -> (Value, Option<String>) + Sync;
    let pages: [(&str, &Page, &str); 6] = [
        (
            "round, the same",
            &|call| (tickets(0..9), cycle(call)),
            "goes back to ids",
        ),
        (
            "round, empty",
            &|call| (json!([]), cycle(call)),
            "in a row hold no ticket",
        ),
        (
            "on, the same",
            &|call| (tickets(0..9), counter(call)),
            "goes back to ids",
        ),
        (
            "on, empty",
            &|call| (json!([]), counter(call)),
            "in a row hold no ticket",
        ),
        (
            "back",
            &|call| match call {
                0 => (tickets(100..200), counter(0)),
                _ => (tickets(1..100), None),
            },
            "goes back to ids",
        ),
        (
            "still",
            &|call| (tickets(call * 9..call * 9 + 9), Some("9000".to_owned())),
            "stands still",
        ),
    ];
    for (story, page, words) in pages {
        for more in ["--concurrency 1", "--limit 2000"] {
            let args = format!("export --properties subject -o a.csv {more}");
            // Probes of the list find nothing.
            let (ended, calls) = paged(&args, "/objects/2026-09/tickets", page);
            ended.expect(7).says(words);
            assert!(calls < 300, "{story} {more:?}: {calls} calls");
        }
    }
}

#[test]
fn searches_make_progress() {
    let export = "export --properties subject --where 'subject is set' -o a.csv";
    for (page, words) in [
        (tickets(0..9), "out of order"),
        (json!([]), "a page of a search is empty"),
    ] {
        let (ended, calls) = paged(export, "/tickets/search", |call| {
            (page.clone(), counter(call))
        });
        ended.expect(7).says(words);
        assert!(calls <= 3, "{calls}");
    }
}

#[test]
fn owners_come_to_an_end() {
    let owner = |id: usize| json!({"id": id.to_string(), "email": format!("o{id}@x.example")});
    let one = |id: usize| json!([owner(id)]);
    type After = dyn Fn(usize) -> Option<String> + Sync;
    let cases: [(&After, bool, &str); 3] = [
        (
            &cycle,
            false,
            "owners go round in pages: the cursor `5001` came twice",
        ),
        (
            &cycle,
            true,
            "owners go round in pages: the cursor `5001` came twice",
        ),
        (
            &counter,
            false,
            "owners have no end: 10 pages in a row brought nothing new",
        ),
    ];
    for (after, is_new, words) in cases {
        let page = |call: usize| (one(if is_new { call } else { 1 }), after(call));
        let (ended, calls) = paged("schema show", "/owners/2026-09", page);
        ended.expect(7).says(words);
        assert!(calls < 20, "{calls}");
    }
}

#[test]
fn definitions_that_come_in_pages_are_not_taken_for_all() {
    let export = "export --properties subject -o a.csv";
    let property = json!([{"name": "subject", "type": "string", "fieldType": "text"}]);
    let (ended, _calls) = paged(export, "/properties/2026-09/tickets", |_| {
        (property.clone(), counter(0))
    });
    ended.expect(7).says("the list is split into pages");
}

#[test]
fn links_of_one_ticket_come_to_an_end() {
    let desk = FilledPortal::new("--rate off");
    let ids = desk.create(2, |n| json!({"subject": format!("Ticket {n}")}));
    let id = ids[0].to_string();
    type After = fn(usize) -> Option<String>;
    for (after, is_new, words) in [
        (cycle as After, true, "came twice"),
        (counter, false, "10 pages in a row brought nothing new"),
        (counter, true, "more than 100000 came"),
    ] {
        for args in [
            &[
                "export",
                "--properties",
                "subject",
                "--with",
                "contacts",
                "-o",
                "a.csv",
            ][..],
            &["get", &id, "--associations", "contacts"],
        ] {
            let calls = AtomicUsize::new(0);
            let ended = through(&desk, args, &|asked, send| {
                if !asked.is_to("contacts/batch/read") {
                    return send();
                }
                let call = calls.fetch_add(1, Ordering::SeqCst);
                let from = if is_new { call * 2_000 } else { 0 };
                let to = from..from + 2_000;
                let to: Vec<Value> = to.map(|id| json!({"toObjectId": id})).collect();
                let paging = json!({"next": {"after": after(call)}});
                let results = json!([{"from": {"id": id}, "to": to, "paging": paging}]);
                (200, json!({"results": results}).to_string())
            });
            ended
                .expect(7)
                .says(words)
                .says(&format!("the contacts of ticket {id}"));
            assert!(calls.into_inner() < 100);
        }
    }
}
