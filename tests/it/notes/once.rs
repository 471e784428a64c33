//! Comments become notes of their tickets, each once, however a portal recognises them.

use serde_json::{Value, json};

use crate::support::conversation::{Conversations, Form, Talk};
use crate::support::switched;

const IMPORT: &str = "import in.csv -m m.toml --run-dir run --horizon 0.8";

/// What portals may make of the keys of notes, and of replies about them.
const PORTALS: [&[&str]; 11] = [
    &[],
    &["activity_collision=409"],
    &["activity_collision=400", "body_form=wrapped"],
    &["activity_key=claimed", "echo_trace_id=yes"],
    &["activity_key=silent", "body_form=breaks"],
    &["activity_key=plain"],
    &["activity_key=absent"],
    &["activity_key=read-only", "body_form=wrapped"],
    &["write_reply=default"],
    &["partial_success=400", "activity_key_reads=works"],
    &[
        "activity_key=absent",
        "write_reply=default",
        "link_lag=100ms",
    ],
];

/// Each once, in every portal; the same file again adds nothing, in any operation.
#[test]
fn each_comment_is_one_note_however_a_portal_knows_them_again() {
    std::thread::scope(|scope| {
        for portals in PORTALS.chunks(4) {
            let _side_by_side = scope.spawn(move || portals.iter().for_each(|one| in_portal(one)));
        }
    });
}

fn in_portal(switches: &[&'static str]) {
    let conversations = Conversations::new(60);
    let story = switches.join(" ");
    let talk = Talk::new(&conversations, switched(switches));
    let ended = talk.run(IMPORT, 0);
    talk.check(&conversations, &story);
    let made = conversations.comments.len();
    let summary = talk.summary("run");
    assert_eq!(summary["notes"]["created"], made, "{story}");
    assert_eq!(summary["rows"]["done"], 60, "{story}");
    ended.says(&format!("{made} notes created"));
    talk.run("verify run", 0);
    talk.run("import in.csv -m m.toml --run-dir again", 0);
    assert_eq!(talk.summary("again")["rows"]["exists"], 60, "{story}");
    assert_eq!(talk.summary("again")["notes"]["created"], 0, "{story}");
    let upsert = "import in.csv -m m.toml --op upsert";
    let rest = "--run-dir upsert --horizon 0.8";
    talk.run((upsert, rest), 0);
    let summary = talk.summary("upsert");
    assert_eq!(summary["rows"]["unchanged"], 60, "{story}: {summary}");
    assert_eq!(
        summary["notes"],
        json!({"created": 0, "there": made}),
        "{story}"
    );
    talk.check(&conversations, &story);
}

#[test]
fn the_last_days_bring_what_came_since_and_nothing_twice() {
    for switches in [
        &["activity_key=unique"][..],
        &["activity_key=plain", "link_lag=100ms"],
    ] {
        let mut conversations = Conversations::new(40);
        let talk = Talk::new(&conversations, switched(switches));
        talk.run(IMPORT, 0);
        let before = conversations.comments.len();
        (41..=45).for_each(|n| conversations.add_ticket(n));
        (41..=45).for_each(|n| conversations.add_comment(n));
        // Those with 7, 5 and 3 comments before; the first of them is changed as well.
        for n in [1, 2, 3, 3, 3] {
            conversations.add_comment(n);
        }
        for subject in conversations.tickets.values_mut().take(3) {
            subject.push_str(" changed");
        }
        talk.desk.here.write("in.csv", conversations.csv());
        let upsert = "import in.csv -m m.toml --op upsert --horizon 0.8";
        let second = talk.run((upsert, "--run-dir second"), 0);
        let summary = talk.summary("second");
        let story = format!("{switches:?}: {}", second.stderr);
        assert_eq!(
            summary["changes"],
            json!({"created": 5, "updated": 3}),
            "{story}"
        );
        assert_eq!(
            summary["notes"],
            json!({"created": 10, "there": before}),
            "{story}"
        );
        talk.check(&conversations, &story);
        talk.run((upsert, "--run-dir third"), 0);
        let summary = talk.summary("third");
        assert_eq!(summary["rows"]["unchanged"], 45);
        assert_eq!(summary["notes"]["created"], 0);
        let writes = talk.desk.here.read("third/run.log");
        assert!(!writes.contains("notes/batch/create"), "nothing is written");
        talk.check(&conversations, &story);
    }
}

#[test]
fn comments_that_come_to_an_unchanged_ticket_are_a_change_of_its_own() {
    let mut conversations = Conversations::new(5);
    let talk = Talk::new(&conversations, "");
    talk.run(IMPORT, 0);
    conversations.add_comment(2);
    talk.desk.here.write("in.csv", conversations.csv());
    talk.run("import in.csv -m m.toml --op update --run-dir second", 0);
    let summary = talk.summary("second");
    assert_eq!(summary["changes"], json!({"noted": 1}));
    assert_eq!(summary["rows"]["unchanged"], 4);
    let done = talk.desk.here.rows("second/done.csv");
    let noted: Vec<&str> = done
        .iter()
        .map(|row| &*row["_operation"])
        .filter(|verb| *verb == "note")
        .collect();
    assert_eq!(noted, ["note"]);
    talk.check(&conversations, "one came");
    talk.run("verify second", 0);
    // Taken back: the note goes, the ticket stays.
    talk.run("undo second --yes", 0);
    let _last = conversations.comments.pop();
    talk.check(&conversations, "it went");
}

#[test]
fn a_note_in_the_recycle_bin_leaves_its_key_to_another() {
    let conversations = Conversations::new(5);
    let switches = switched(&["archived_holds_unique=blocks"]);
    let talk = Talk::new(&conversations, &switches);
    talk.run(IMPORT, 0);
    let notes: Vec<Value> = talk
        .notes()
        .iter()
        .map(|note| json!({"id": note.id}))
        .collect();
    talk.desk.call(
        "POST",
        "/crm/v3/objects/notes/batch/archive",
        &json!({"inputs": notes}),
    );
    for (run, ending) in [("second", "~2"), ("third", "~3")] {
        let upsert = format!("import in.csv -m m.toml --op upsert --run-dir {run} --horizon 0.8");
        talk.run(upsert, 0);
        talk.check(&conversations, run);
        let notes = talk.notes();
        assert!(
            notes.iter().all(|note| note.key.ends_with(ending)),
            "{:?}",
            notes[0]
        );
        talk.run(format!("verify {run}"), 0);
        let inputs: Vec<Value> = notes.iter().map(|note| json!({"id": note.id})).collect();
        talk.desk.call(
            "POST",
            "/crm/v3/objects/notes/batch/archive",
            &json!({"inputs": inputs}),
        );
    }
}

/// The first row that a run refused.
fn refused(talk: &Talk, form: Form) -> Value {
    let here = &talk.desk.here;
    match form {
        Form::Columns | Form::Beside => json!(here.rows("run/refused.csv")[0]),
        Form::Objects => {
            let text = here.read("run/refused.jsonl");
            serde_json::from_str(text.lines().next().expect("a row")).expect("JSON")
        }
    }
}

#[test]
fn a_bad_note_costs_its_row_alone_and_a_retry_goes_on_with_what_lacks() {
    for (partial, form) in [
        ("partial_success=207", Form::Columns),
        ("partial_success=400", Form::Columns),
        ("partial_success=207", Form::Objects),
        ("partial_success=400", Form::Beside),
    ] {
        let conversations = Conversations::new(12);
        let talk = Talk::of(form, &conversations, switched(&[partial]));
        // A ticket of somebody else, with a note that has the key of one of ours.
        let other = json!({"properties": {"subject": "Other", "hs_pipeline_stage": "1"}});
        let other = talk.desk.call("POST", "/crm/v3/objects/tickets", &other);
        let other = other["id"].as_str().expect("an id").to_owned();
        let theirs = json!({"hs_timestamp": "0", "hs_note_body": "Ann says 0 the 0. time", "hs_unique_id": "K00003:2"});
        let theirs = talk.make_note(&other, theirs);
        let import = format!("import {} -m m.toml", form.input());
        let ended = talk.run((import, "--run-dir run --horizon 0.8"), 3);
        let summary = talk.summary("run");
        assert_eq!(
            (&summary["rows"]["done"], &summary["rows"]["refused"]),
            (&json!(11), &json!(1)),
            "{}",
            ended.stderr
        );
        let refused = refused(&talk, form);
        assert_eq!(refused["_code"], "NOTE_KEY_HELD");
        assert_eq!(refused["_value"], "K00003:2");
        let hint = refused["_hint"].as_str().expect("a hint");
        let holder = format!("note {theirs} of ticket {other}");
        assert!(hint.contains(&holder), "{hint}");
        // A row that was refused once its ticket was there is taken back like others.
        let shown = talk.run("undo run --plan --json", 0);
        let shown: Value = serde_json::from_str(shown.stdout.trim()).expect("JSON");
        let made = conversations.comments.len() - 1;
        assert_eq!(
            (&shown["archived"], &shown["notes"]),
            (&json!(12), &json!(made))
        );
        // Its other notes are there.
        assert_eq!(talk.notes().len(), conversations.comments.len());
        let inputs = json!({"inputs": [{"id": theirs}]});
        talk.desk
            .call("POST", "/crm/v3/objects/notes/batch/archive", &inputs);
        let inputs = json!({"inputs": [{"id": other}]});
        talk.desk
            .call("POST", "/crm/v3/objects/tickets/batch/archive", &inputs);
        talk.run("retry run --horizon 0.8", 0);
        talk.check(&conversations, partial);
    }
}

#[test]
fn what_may_not_be_written_is_named_before_the_first_ticket() {
    let conversations = Conversations::new(5);
    let talk = Talk::new(
        &conversations,
        switched(&["missing_scopes=crm.objects.contacts.write"]),
    );
    talk.run(IMPORT, 7).says("crm.objects.contacts.write");
    assert!(talk.all("tickets", "").is_empty());
    // A file without comments needs no such scope.
    let csv = talk
        .desk
        .here
        .read("in.csv")
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').take(2).collect();
            cells.join(",") + "\n"
        })
        .collect::<String>();
    talk.desk.here.write("plain.csv", csv);
    let mapping = crate::support::conversation::MAPPING.replace(
        "column = \"Comment\"",
        "column = \"Comment\"\noptional = true",
    );
    talk.desk.here.write("plain.toml", mapping);
    talk.run("import plain.csv -m plain.toml", 0);
}

#[test]
fn verify_names_notes_that_others_took_or_changed() {
    for switches in [
        &["activity_key=unique"][..],
        &["activity_key=absent", "body_form=wrapped"],
    ] {
        let conversations = Conversations::new(30);
        let talk = Talk::new(&conversations, switched(switches));
        talk.run(IMPORT, 0);
        let notes = talk.notes();
        let gone: Vec<Value> = notes
            .iter()
            .step_by(3)
            .map(|note| json!({"id": note.id}))
            .collect();
        talk.desk.call(
            "POST",
            "/crm/v3/objects/notes/batch/archive",
            &json!({"inputs": gone}),
        );
        let edited: Vec<Value> = notes
            .iter()
            .skip(1)
            .step_by(3)
            .take(10)
            .enumerate()
            .map(|(n, note)| {
                let change = match n % 2 {
                    0 => json!({"hs_note_body": "<p>another text</p>"}),
                    _ => json!({"hs_timestamp": "2022-01-01T00:00:00Z"}),
                };
                json!({"id": note.id, "properties": change})
            })
            .collect();
        talk.desk.call(
            "POST",
            "/crm/v3/objects/notes/batch/update",
            &json!({"inputs": edited}),
        );
        let ended = talk.run("verify run --json", 4);
        let said: Value = serde_json::from_str(ended.stdout.trim()).expect("JSON");
        assert_eq!(
            said["findings"],
            json!({"note_differs": 10, "note_lacking": gone.len()}),
            "{switches:?}"
        );
        let found = talk.desk.here.rows("run/verify.csv");
        let of = |property: &str, holds: &str| {
            let changed = found.iter().filter(|row| row["_property"] == property);
            let shown =
                changed.filter(|row| row["_holds"].contains(holds) && !row["_note_id"].is_empty());
            shown.count()
        };
        let text = of("hs_note_body", "another text");
        let time = of("hs_timestamp", "2022-01-01T00:00:00");
        assert_eq!((text, time), (5, 5));
        let lacking = found.iter().filter(|row| row["_finding"] == "note_lacking");
        assert!(lacking.into_iter().all(|row| !row["_note"].is_empty()));
    }
}

#[test]
fn undo_takes_notes_back_before_their_tickets_and_leaves_those_of_others() {
    let conversations = Conversations::new(20);
    let talk = Talk::new(&conversations, "");
    talk.run(IMPORT, 0);
    let tickets = talk.all("tickets", "properties=source_ticket_id");
    let ticket = |key: &str| {
        let mut tickets = tickets.iter();
        let found = tickets.find(|one| one["properties"]["source_ticket_id"] == *key);
        found.expect(key)["id"].as_str().expect("an id").to_owned()
    };
    let foreign = talk.make_note(
        &ticket("K00004"),
        json!({"hs_timestamp": "0", "hs_note_body": "Ann says 4 the 9. time"}),
    );
    let edited = talk
        .notes()
        .into_iter()
        .find(|note| note.comment.ticket == "K00005")
        .expect("a note");
    let change = json!({"properties": {"hs_note_body": "Ann says 5 the 9. time, and more"}});
    talk.desk.call(
        "PATCH",
        &format!("/crm/v3/objects/notes/{}", edited.id),
        &change,
    );
    talk.run("undo run --plan", 0).says("notes");
    assert_eq!(talk.all("tickets", "").len(), 20, "a plan does nothing");
    talk.run("undo run --yes --run-dir undone", 3);
    let left: Vec<_> = talk
        .desk
        .here
        .rows("undone/undo.csv")
        .into_iter()
        .filter(|row| row["_undone"] == "left")
        .collect();
    let codes: Vec<&str> = left.iter().map(|row| &*row["_code"]).collect();
    assert_eq!(codes.len(), 2, "{left:?}");
    assert!(
        codes.contains(&"LINKED_BY_OTHERS") && codes.contains(&"NOTE_TOUCHED"),
        "{codes:?}"
    );
    assert!(left.iter().any(|row| row["_value"].contains(&foreign)));
    assert_eq!(talk.all("tickets", "").len(), 2);
    let on_left = conversations
        .comments
        .iter()
        .filter(|one| ["K00004", "K00005"].contains(&&*one.ticket));
    assert_eq!(talk.notes().len(), on_left.count() + 1);
    // What was undone can be imported again.
    talk.run("import in.csv -m m.toml --run-dir again", 0);
    assert_eq!(
        talk.summary("again")["rows"],
        json!({"done": 18, "exists": 2, "unchanged": 0, "skipped": 0, "refused": 0, "pending": 0, "unknown": 0})
    );
}

#[test]
fn the_notes_of_created_tickets_are_deleted_with_them() {
    let conversations = Conversations::new(5);
    let talk = Talk::new(&conversations, switched(&["archived_holds_unique=blocks"]));
    talk.run(IMPORT, 0);
    talk.run("delete --run run --yes", 0).says("notes");
    assert_eq!((talk.notes().len(), talk.all("tickets", "").len()), (0, 0));
    // They can be imported again, with all of their notes.
    talk.run("import in.csv -m m.toml --run-dir again", 0);
    talk.check(&conversations, "again");
}
