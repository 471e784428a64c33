//! What runs find out about portals: kept for the next run, shown with date and source, and
//! never relied on where it may be outdated.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::conversation::{Conversations, Form, Talk};
use crate::support::{FilledPortal, Rehearsal, TOKEN, keyed};

/// Gives the portal of a desk a name.
fn name(desk: &FilledPortal) {
    desk.here.write("token", TOKEN);
    let add = "portal add live --force --token-file token";
    desk.here
        .run((add, &["--base-url", desk.sandbox.url()]))
        .expect(0);
}

/// What is known of it, by name: what it does, and what showed that.
fn facts(desk: &FilledPortal) -> BTreeMap<String, (String, Value)> {
    let shown = desk.here.run("portal show live --json").expect(0).json();
    let facts = shown["known"]["facts"].as_object().cloned();
    let facts = facts.unwrap_or_default().into_iter();
    let fact = |fact: Value| {
        let value = fact["value"].as_str().expect("a value").to_owned();
        assert!(fact["at"].is_string(), "{fact}");
        (value, fact["by"].clone())
    };
    facts.map(|(name, one)| (name, fact(one))).collect()
}

/// How often a run called paths with such a part.
fn calls(here: &Rehearsal, run: &str, part: &str) -> usize {
    let log = here.read(&format!("{run}/run.log"));
    let calls = log.lines().filter(|line| line.contains(" attempt "));
    calls.filter(|line| line.contains(part)).count()
}

const NOTES: &str = "notes/batch/create";

fn import(file: &str, run: &str) -> String {
    format!("import {file} -m m.toml --run-dir {run} --horizon 0.2")
}

/// Tickets behind the first ones, with comments.
fn later(from: usize, tickets: usize, comments: usize) -> Conversations {
    let mut later = Conversations::default();
    for n in from..from + tickets {
        later.add_ticket(n);
        (0..comments).for_each(|_| later.add_comment(n));
    }
    later
}

/// Imports further tickets as a run, with more comments than go into one call; what the
/// portal must hold then grows by them.
fn import_later(talk: &Talk, all: &mut Conversations, run: &str) -> String {
    let new = later(all.tickets.len() + 1, 16, 8);
    talk.desk.here.write("later.csv", new.text(Form::Columns));
    let ended = talk.run(import("later.csv", run), 0);
    all.tickets.extend(new.tickets);
    all.comments.extend(new.comments);
    talk.check(all, run);
    let made = talk.summary(run)["notes"]["created"].clone();
    assert_eq!(made, 16 * 8, "{run}");
    ended.stderr
}

const CONTRARY: &str = "unlike what was found out before";

#[test]
fn what_a_run_finds_out_the_next_one_does_not_find_out_again() {
    let mut all = later(1, 6, 1);
    let talk = Talk::new(&all, "");
    talk.run(import("in.csv", "first"), 0);
    name(&talk.desk);
    let learned = facts(&talk.desk);
    assert_eq!(learned["activity_key"].0, "unique");
    assert_eq!(learned["activity_key"].1["run"], "first");
    // The first note alone, once more, and then the others.
    assert_eq!(calls(&talk.desk.here, "first", NOTES), 3);
    let said = import_later(&talk, &mut all, "second");
    assert_eq!(calls(&talk.desk.here, "second", NOTES), 2, "{said}");
    // A later look by reading leaves what it can't see.
    talk.run("portal check", 0);
    assert_eq!(facts(&talk.desk)["activity_key"].0, "unique");
    talk.desk
        .here
        .run("portal show live")
        .expect(0)
        .prints("(by the run first, just now)");
}

/// What is known may be wrong by now: then calls that are lost, whichever they are, neither
/// lose nor double a note, it is told, and what holds now is kept.
#[test]
fn a_fact_that_is_wrong_by_now_costs_no_note() {
    std::thread::scope(|scope| {
        for (first, then) in [("unique", "claimed"), ("claimed", "unique")] {
            let _side_by_side = scope.spawn(move || turned(first, then));
        }
    });
}

fn turned(first: &str, then: &str) {
    let mut all = later(1, 6, 1);
    let (before, now) = (
        format!("activity_key={first}"),
        format!("activity_key={then}"),
    );
    let talk = Talk::new(&all, ["--switch", &before]);
    talk.run(import("in.csv", "first"), 0);
    // Nothing is lost, so nothing shows it.
    let mut talk = talk.served(["--switch", &now]);
    let said = import_later(&talk, &mut all, "calm");
    assert!(!said.contains(CONTRARY), "{said}");
    for (run, nth) in [("some", 2), ("all", 1)] {
        let trouble = format!("post-502@{nth}:notes/batch/create");
        talk = talk.served(["--switch", &now, "--trouble", &trouble]);
        let said = import_later(&talk, &mut all, run);
        // Of two calls one brought a note that could be sent once more.
        let told = said.contains(CONTRARY);
        assert_eq!(
            told,
            first == "unique" && run == "some",
            "{first} {run}: {said}"
        );
    }
    name(&talk.desk);
    let known = facts(&talk.desk);
    let (value, by) = &known["activity_key"];
    match first {
        "unique" => assert_eq!(
            (value.as_str(), &by["run"]),
            ("claimed", &Value::from("some"))
        ),
        _ => assert_eq!(value, "claimed", "no key was taken, so nothing showed it"),
    }
}

/// The same file again, into a portal that takes keys of notes in another way by now: what is
/// there is recognised, and what was known of the portal gives way to what the run has seen.
#[test]
fn notes_are_recognised_however_the_portal_took_their_keys() {
    let told = |switch: &str| match switch {
        "plain" | "silent" => "plain or silent".to_owned(),
        other => other.to_owned(),
    };
    std::thread::scope(|scope| {
        for turns in [
            &["unique", "absent", "unique", "read-only"][..],
            &["absent", "plain", "absent"],
            &["silent", "read-only", "unique"],
        ] {
            let _side_by_side = scope.spawn(move || {
                let all = later(1, 5, 3);
                let switched = |to: &str| format!("activity_key={to}");
                let mut talk = Talk::new(&all, ["--switch", &switched(turns[0])]);
                talk.run(import("in.csv", "first"), 0);
                name(&talk.desk);
                let mut before = facts(&talk.desk)["activity_key"].0.clone();
                assert_eq!(before, told(turns[0]));
                for (n, turn) in turns.iter().enumerate().skip(1) {
                    talk = talk.served(["--switch", &switched(turn)]);
                    name(&talk.desk);
                    let run = format!("again{n}");
                    let said = talk.run((import("in.csv", &run), "--op upsert"), 0).stderr;
                    let story = format!("{turns:?}, {turn}: {said}");
                    talk.check(&all, &story);
                    let notes = talk.summary(&run)["notes"].clone();
                    assert_eq!(
                        notes,
                        serde_json::json!({"created": 0, "there": 15}),
                        "{story}"
                    );
                    // Nothing was sent, so whether a unique key is kept so did not show.
                    let now = match *turn {
                        "unique" => "unique or claimed".to_owned(),
                        turn => told(turn),
                    };
                    assert_eq!(facts(&talk.desk)["activity_key"].0, now, "{story}");
                    assert_eq!(said.contains(CONTRARY), now != before, "{story}");
                    before = now;
                    talk.run("verify first", 0);
                }
            });
        }
    });
}

const DATES: &str = keyed!(
    "desk_id",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "New" }
createdate = { column = "Made", format = "iso", timezone = "UTC", read_only = { into = "made_on" } }
[[property]]
name = "made_on"
type = "datetime"
"#
);

fn rows(from: usize, rows: usize) -> String {
    let row = |n| format!("{n},a,2020-01-01T00:00:00Z\n");
    let rows: String = (from..from + rows).map(row).collect();
    format!("Id,Subject,Made\n{rows}")
}

#[test]
fn a_date_that_is_not_kept_goes_elsewhere_from_the_first_row_on() {
    let desk = FilledPortal::new("--rate off --switch not_kept=createdate");
    desk.here.write("m.toml", DATES);
    desk.here.write("in.csv", rows(1, 3));
    let made = (import("in.csv", "first"), "--create-properties");
    let ended = desk.run(&made).expect(0);
    ended.says("does not keep createdate");
    name(&desk);
    let known = facts(&desk);
    assert_eq!(known["createdate_writable"].0, "no");
    desk.here.write("in.csv", rows(4, 3));
    let ended = desk.run(import("in.csv", "second")).expect(0);
    let ended = ended.says("keeps no values of createdate: found out by the run first");
    ended
        .says("no value of createdate is sent: new tickets are dated today")
        .says_nothing_of("does not keep createdate");
    desk.run("export --properties made_on -o out.csv").expect(0);
    let rows = desk.here.rows("out.csv");
    assert_eq!(rows.len(), 6);
    assert!(
        rows.iter()
            .all(|row| row["made_on"].starts_with("2020-01-01"))
    );
    // Where the portal keeps it, that is known too.
    let desk = FilledPortal::new("--rate off");
    desk.here.write("m.toml", DATES);
    desk.here
        .write("in.csv", "Id,Subject,Made\n1,a,2020-01-01T00:00:00Z\n");
    desk.run(&made).expect(0);
    name(&desk);
    assert_eq!(
        facts(&desk)["createdate_writable"].0,
        "create+update or create"
    );
}

/// Keys that tickets in the recycle bin hold, in a portal that finds them by key, and in one
/// that does not: one call for each row is spared where that is known, and no row ends
/// otherwise where it is known wrongly.
#[test]
fn a_portal_that_finds_no_archived_ticket_by_key_is_asked_once() {
    let desk = |here: Rehearsal, value: &str| {
        let state = "--rate off --data portal.db --switch archived_holds_unique=blocks";
        let args = format!("{state} --switch archived_by_key={value}");
        FilledPortal::in_folder(here, args)
    };
    let mut at = desk(Rehearsal::new(), "missing");
    at.tool((import("in.csv", "first"), "--create-properties"))
        .rows(rows(1, 5))
        .mapping(DATES)
        .run()
        .expect(0);
    let archive = "--op archive --yes";
    at.run((import("in.csv", "gone"), archive)).expect(0);
    let again = |at: &FilledPortal, run: &str| {
        let ended = at.run(import("in.csv", run));
        let ended = ended.expect(3);
        let refused = at.here.rows(&format!("{run}/refused.csv"));
        assert_eq!(refused.len(), 5, "{run}");
        for row in refused {
            assert_eq!(row["_code"], "KEY_IN_RECYCLE_BIN", "{run}: {row:?}");
        }
        (calls(&at.here, run, "tickets/batch/read"), ended.stderr)
    };
    let (first, _said) = again(&at, "asks");
    name(&at);
    assert_eq!(facts(&at)["archived_by_key"].0, "missing");
    let (second, _said) = again(&at, "knows");
    assert_eq!(first, second + 1, "one row showed it, and no other asked");
    let FilledPortal { here, sandbox, .. } = at;
    drop(sandbox);
    at = desk(here, "found");
    let (_calls, said) = again(&at, "wrong");
    assert!(!said.contains(CONTRARY), "{said}");
}
