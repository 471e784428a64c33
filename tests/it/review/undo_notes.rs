//! `undo` of runs that made notes: what others did with the notes, and runs that were cut
//! short while they made them.

use serde_json::json;

use crate::support::conversation::{Conversations, Talk};

const IMPORT: &str = "import in.csv -m m.toml --run-dir run --horizon 0.4 --timeout 0.4";

const UNDO: &str = "undo run --yes --run-dir back --horizon 0.4";

/// The id of a ticket.
fn ticket(talk: &Talk, key: &str) -> String {
    let tickets = talk.all("tickets", "properties=source_ticket_id");
    let mut tickets = tickets.iter();
    let found = tickets.find(|one| one["properties"]["source_ticket_id"] == *key);
    found.expect(key)["id"].as_str().expect("an id").to_owned()
}

/// The first note of a ticket.
fn note_of(talk: &Talk, key: &str) -> String {
    let notes = talk.notes();
    let note = notes.iter().find(|note| note.comment.ticket == key);
    note.expect("a note").id.clone()
}

/// Links a note to one ticket more.
fn link_note(talk: &Talk, note: &str, to: &str) {
    let pair = json!({"from": {"id": note}, "to": {"id": to}});
    talk.desk.call(
        "POST",
        "/crm/v4/associations/notes/tickets/batch/associate/default",
        &json!({"inputs": [pair]}),
    );
}

/// What the undo says of rows that it left, by key.
fn left(talk: &Talk) -> Vec<(String, String)> {
    let rows = talk.desk.here.rows("back/undo.csv").into_iter();
    let left = rows.filter(|row| row["_undone"] == "left");
    left.map(|row| (row["_key"].clone(), row["_code"].clone()))
        .collect()
}

#[test]
fn a_note_that_somebody_linked_to_another_ticket_stays_with_its_ticket() {
    let conversations = Conversations::new(6);
    let talk = Talk::new(&conversations, "");
    talk.run(IMPORT, 0);
    let other = json!({"properties": {"subject": "Other", "hs_pipeline_stage": "1"}});
    let other = talk.desk.call("POST", "/crm/v3/objects/tickets", &other);
    let of_left = |key: &str| ["K00001", "K00002", "K00003"].contains(&key);
    let of_left = conversations
        .comments
        .iter()
        .filter(|one| of_left(&one.ticket));
    let of_left = of_left.count();
    let [first, second] = ["K00001", "K00002"].map(|key| note_of(&talk, key));
    link_note(&talk, &first, other["id"].as_str().expect("an id"));
    link_note(&talk, &second, &ticket(&talk, "K00003"));
    talk.run(UNDO, 3);
    let owned = |(key, code): (&str, &str)| (key.to_owned(), code.to_owned());
    let mut found = left(&talk);
    found.sort_unstable();
    let expected = [
        ("K00001", "NOTE_TOUCHED"),
        ("K00002", "NOTE_TOUCHED"),
        ("K00003", "LINKED_BY_OTHERS"),
    ];
    assert_eq!(found, expected.map(owned));
    assert_eq!(talk.all("tickets", "").len(), 4);
    assert_eq!(talk.all("notes", "").len(), of_left);
}

#[test]
fn a_run_that_stopped_among_its_notes_is_finished_before_it_is_undone() {
    let conversations = Conversations::new(6);
    let mut talk = Talk::new(
        &conversations,
        "--trouble hold@1=committed:notes/batch/create",
    );
    assert!(talk.desk.kill_tool_while_held(IMPORT));
    talk.run("status run", 0)
        .prints("with links or notes to come");
    for args in [UNDO, "delete --run run --yes"] {
        talk.run(args, 7)
            .says("links or notes are still to come")
            .says("tickethaul resume run");
    }
    let verified = talk.run("verify run --json", 0);
    let said = verified.json();
    assert_eq!(said["unfinished"], 6, "{said}");
    verified.says("6 rows are not finished");
    talk.run("resume run --horizon 0.4 --timeout 0.4", 0);
    talk.run(UNDO, 0);
    assert_eq!((talk.all("tickets", "").len(), talk.notes().len()), (0, 0));
}

/// Notes that another run made are nobody else's to delete, and no ticket goes without them.
#[test]
fn tickets_with_notes_of_another_run_stay_until_that_one_is_undone() {
    let conversations = Conversations::new(6);
    let mut talk = Talk::new(
        &conversations,
        ["--trouble", "hold@1=received:notes/batch/create"],
    );
    assert!(talk.desk.kill_tool_while_held(IMPORT));
    let upsert = "import in.csv -m m.toml --op upsert --run-dir other --horizon 0.4 --timeout 0.4";
    talk.run(upsert, 0);
    talk.run("resume run --horizon 0.4 --timeout 0.4", 0);
    talk.check(&conversations, "both runs");
    let all = talk.all("notes", "").len();
    talk.run(UNDO, 3);
    let held = talk.notes();
    assert!(!held.is_empty(), "the other run's are there");
    assert!(
        held.iter().all(|note| !note.comment.ticket.is_empty()),
        "none is without its ticket"
    );
    let codes = left(&talk);
    assert!(
        codes.iter().all(|(_, code)| code == "LINKED_BY_OTHERS"),
        "{codes:?}"
    );
    for undo in [
        "undo other --run-dir back-other",
        "undo run --run-dir back-again",
    ] {
        talk.run((undo, "--yes --horizon 0.4"), 0);
    }
    let rest = (talk.all("tickets", "").len(), talk.all("notes", "").len());
    assert_eq!(rest, (0, 0), "of {all} notes");
}

#[test]
fn notes_whose_ticket_somebody_archived_go_and_hold_no_key() {
    let conversations = Conversations::new(6);
    let talk = Talk::new(&conversations, "--switch archived_holds_unique=free");
    talk.run(IMPORT, 0);
    let archived = ["K00001", "K00002"].map(|key| ticket(&talk, key).parse().expect("an id"));
    talk.desk.archive(&archived);
    // Notes without a ticket hold their keys, and stand for nothing.
    let again = "import in.csv -m m.toml --run-dir again";
    talk.run((again, "--horizon 0.4"), 0);
    assert_eq!(talk.all("tickets", "").len(), 6);
    talk.run(UNDO, 3).says("in the recycle bin since");
    assert_eq!(left(&talk).len(), 2);
    let of_again = conversations.comments.iter();
    let of_again = of_again.filter(|one| ["K00001", "K00002"].contains(&&*one.ticket));
    assert_eq!(talk.all("notes", "").len(), of_again.count());
}
