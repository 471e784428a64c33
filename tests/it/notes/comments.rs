//! Comments in a separate file: each becomes a note of its ticket, whatever the file's
//! size and order, and those that name no ticket are counted and kept in a file.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::conversation::{Conversations, Form, Talk};
use crate::support::{Rehearsal, project};

fn import(op: &str, run: &str) -> String {
    format!("import in.csv -m m.toml --op {op} --run-dir {run} --horizon 0.8")
}

/// The lines of the comments that a run or plan left out, with their codes.
fn left(talk: &Talk, folder: &str) -> Vec<(String, String)> {
    let rows = talk.desk.here.rows(&format!("{folder}/comments-left.csv"));
    let mut left: Vec<_> = rows
        .iter()
        .map(|row| (row["Ticket"].clone(), row["_code"].clone()))
        .collect();
    left.sort();
    left
}

/// How many notes a run made, and how many comments it left out.
fn made_and_left(talk: &Talk, run: &str) -> (u64, u64) {
    let summary = talk.summary(run);
    let number = |value: &Value| value.as_u64().expect("a number");
    (
        number(&summary["notes"]["created"]),
        number(&summary["comments_left_out"]),
    )
}

#[test]
fn comments_of_a_file_become_notes_and_those_without_a_ticket_are_left() {
    let mut conversations = Conversations::new(40);
    let talk = Talk::of(Form::Beside, &conversations, "");
    let checked = talk.run("check in.csv -m m.toml --json", 0);
    let report: Value = serde_json::from_str(checked.stdout.trim()).expect("JSON");
    let all = conversations.comments.len();
    assert_eq!(report["import"]["notes"]["notes"], all, "{report}");
    let told = report["notices"].to_string();
    assert!(
        told.contains(&format!("{all} comments of tickets")),
        "{told}"
    );
    assert!(told.contains("2 left out"), "{told}");
    talk.run("check in.csv -m m.toml", 0)
        .prints("Ann: says 1 the 1. time");
    talk.run(import("create", "run"), 0)
        .says("2 comments left out");
    talk.check(&conversations, "import");
    assert_eq!(made_and_left(&talk, "run"), (all as u64, 2));
    let code = "NO_TICKET_OF_COMMENT".to_owned();
    let strangers = ["K90001", "K90002"].map(|ticket| (ticket.to_owned(), code.clone()));
    assert_eq!(left(&talk, "run"), strangers);
    assert!(
        !talk.desk.here.path("run/comments.db").exists(),
        "it is over"
    );
    talk.run("verify run", 0);
    // What was left goes in once its ticket does, as a file of comments like any other.
    conversations.add_ticket(41);
    let row = "Id,Subject\nK90001,stranger\n";
    talk.desk.here.write("late.csv", row);
    let comments = "run/comments-left.csv";
    let late = format!("import late.csv -m m.toml --comments {comments} --run-dir late");
    talk.run(late, 0);
    assert_eq!(made_and_left(&talk, "late"), (1, 1));
}

#[test]
fn a_later_file_brings_what_came_since_and_a_third_run_writes_nothing() {
    let mut conversations = Conversations::new(20);
    let talk = Talk::of(Form::Beside, &conversations, "");
    talk.run(import("create", "first"), 0);
    conversations.add_ticket(21);
    for n in [3, 9, 21] {
        conversations.add_comment(n);
    }
    conversations.write(&talk.desk.here.path("."), Form::Beside);
    talk.run("plan in.csv -m m.toml --op upsert -o plan", 0);
    assert_eq!(left(&talk, "plan").len(), 2);
    talk.desk.here.write("comments.csv", "gone");
    talk.run("apply plan --run-dir second --horizon 0.8", 0);
    talk.check(&conversations, "apply");
    assert_eq!(talk.summary("second")["notes"]["created"], 3);
    conversations.write(&talk.desk.here.path("."), Form::Beside);
    talk.run(import("upsert", "third"), 0);
    talk.check(&conversations, "third");
    let summary = talk.summary("third");
    assert_eq!(summary["notes"]["created"], 0, "{summary}");
    assert_eq!(summary["rows"]["unchanged"], 21, "{summary}");
}

#[test]
fn a_bad_comment_refuses_its_row_and_a_retry_reads_the_file_again() {
    let conversations = Conversations::new(10);
    let talk = Talk::of(Form::Beside, &conversations, "");
    let here = &talk.desk.here;
    let good = conversations.comments_csv();
    let bad = good.replacen("2021-03-01T09:00:02Z", "soon", 1);
    let line = bad.lines().position(|line| line.starts_with("soon"));
    let line = line.expect("a bad line") + 1;
    here.write("comments.csv", &bad);
    here.write("elsewhere.csv", bad);
    let args = import("create", "run");
    talk.run(&args, 3);
    let refused = here.rows("run/refused.csv");
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["_code"], "INVALID_DATE");
    let place = &refused[0]["_column"];
    assert!(place.ends_with(&format!("comments.csv:{line}")), "{place}");
    here.write("comments.csv", &good);
    let retry = "retry run --run-dir again --horizon 0.8";
    talk.run(retry, 0);
    talk.check(&conversations, "retry");
    assert!(!here.path("again/comments-left.csv").exists());
    // A run that was told where the comments are has to be told again.
    let other = Talk::of(Form::Beside, &conversations, "");
    let here = &other.desk.here;
    here.write(
        "elsewhere.csv",
        good.replacen("2021-03-01T09:00:02Z", "soon", 1),
    );
    other.run((import("create", "run"), "--comments elsewhere.csv"), 3);
    other
        .run(retry, 64)
        .says("retry run --comments elsewhere.csv");
    here.write("elsewhere.csv", &good);
    other.run((retry, "--comments elsewhere.csv"), 0);
    other.check(&conversations, "retry with a file");
}

#[test]
fn a_file_of_comments_that_does_not_fit_is_named_before_anything_is_sent() {
    let conversations = Conversations::new(3);
    let talk = Talk::of(Form::Beside, &conversations, "");
    let here = &talk.desk.here;
    let args = import("create", "run");
    let says = |words: &str| {
        let ended = talk.run(&args, 64);
        assert!(ended.stderr.contains(words), "{words}\n{}", ended.stderr);
    };
    here.write("comments.csv", "at,author,id,Tickets,body\n");
    says("has no column \"Ticket\"");
    std::fs::remove_file(here.path("comments.csv")).expect("removed");
    says("can't read the comments in comments.csv");
    here.write("comments.csv", "");
    says("it is empty");
    talk.run((&args, "--comments none-*.csv"), 64)
        .says("no such file");
    let mapping = here.read("m.toml");
    here.write(
        "m.toml",
        mapping.replace("file = \"comments.csv\"", "file = \"../c.csv\""),
    );
    says("it is not next to or below the mapping");
    // What is optional may be absent, and needs no right to write notes then.
    let optional = mapping.replace(
        "ticket = \"Ticket\"",
        "ticket = \"Ticket\"\noptional = true",
    );
    here.write("m.toml", optional);
    std::fs::remove_file(here.path("comments.csv")).expect("removed");
    talk.run(&args, 0).says_nothing_of("comment");
    here.write("plain.toml", Form::Columns.mapping());
    talk.run("import in.csv -m plain.toml --comments x.csv", 64)
        .says("reads no comments from one");
}

#[test]
fn comments_join_by_another_column_from_json_and_packed() {
    let talk = Talk::of(Form::Beside, &Conversations::new(1), "");
    let here = &talk.desk.here;
    let mapping = Form::Beside.mapping().replace(
        "ticket = \"Ticket\"",
        "ticket = \"on.ticket\"\njoins = \"Sys\"",
    );
    here.write("m.toml", mapping.replace("comments.csv", "comments.jsonl"));
    here.write(
        "in.csv",
        "Id,Subject,Sys\nK00001,one,abc\nK00002,two,\nK00003,three,def\n",
    );
    let line = |ticket: &str, id: u32| {
        json!({"on": {"ticket": ticket}, "id": id, "at": "2021-03-01T09:00:00Z", "author": "Ann", "body": "x"})
            .to_string()
    };
    let lines = [
        line("def", 1),
        line("abc", 2),
        line("K00001", 3),
        line("def", 4),
        "{broken".to_owned(),
    ];
    here.write("comments.jsonl", lines.join("\n"));
    talk.run(import("create", "run"), 0);
    assert_eq!(made_and_left(&talk, "run"), (3, 2));
    let left = here.read("run/comments-left.jsonl");
    let codes: Vec<String> = left
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["_code"].to_string())
        .collect();
    assert_eq!(codes, ["\"NO_TICKET_OF_COMMENT\"", "\"NO_JSON_OBJECT\""]);
}

#[test]
fn a_ticket_with_more_comments_than_a_record_may_have_is_refused() {
    let conversations = Conversations::new(2);
    let talk = Talk::of(Form::Beside, &conversations, "");
    let here = &talk.desk.here;
    let mut comments = "at,author,id,Ticket,body\n".to_owned();
    let text = "x".repeat(1 << 20);
    for id in 0..20 {
        let _infallible = writeln!(comments, "2021-03-01T09:00:00Z,Ann,{id},K00001,{text}");
    }
    here.write("comments.csv", comments);
    talk.run(import("create", "run"), 3);
    let refused = here.rows("run/refused.csv");
    assert_eq!(refused[0]["_code"], "COMMENTS_TOO_LONG");
    assert_eq!(talk.summary("run")["rows"]["done"], 1);
}

/// A preset with its samples: tickets, comments, what goes in, and one note as `check` has
/// it.
pub struct Sampled {
    /// Name of the preset.
    pub preset: &'static str,
    /// Name of the file of tickets.
    pub tickets: &'static str,
    /// Name of the file of comments.
    pub comments: &'static str,
    /// Rows that are done and refused; notes; comments that are left.
    ends: [u64; 4],
    shown: &'static [&'static str],
}

/// All of them.
pub const SAMPLED: [Sampled; 2] = [
    Sampled {
        preset: "comments",
        tickets: "comments-tickets.csv",
        comments: "comments.csv",
        ends: [3, 1, 6, 1],
        shown: &[
            "2024-02-26 09:00  Maya Lindqvist · Public: We ask the carrier.",
            "Grace Okafor · Public: Thank you! I am at home until five.",
            "Maya Lindqvist · Internal: Carrier: lost in Leipzig.",
        ],
    },
    Sampled {
        preset: "servicenow",
        tickets: "servicenow-journal-tickets.csv",
        comments: "servicenow-journal.csv",
        ends: [3, 0, 4, 1],
        shown: &[
            "2024-02-26 09:00  maya.lindqvist · Public: We ask the carrier. Maya",
            "maya.lindqvist · Internal: Carrier: lost in Leipzig.",
        ],
    },
];

#[test]
fn presets_with_files_of_comments_carry_their_samples() {
    for sampled in &SAMPLED {
        let here = Rehearsal::new();
        let [tickets, comments] = [sampled.tickets, sampled.comments]
            .map(|name| project(&format!("samples/{name}")).display().to_string());
        let args = [&*tickets, "-m", sampled.preset, "--comments", &comments];
        let [done, refused, notes, left] = sampled.ends;
        let code = if refused > 0 { 4 } else { 0 };
        let shown = here.run_embedded(("check", &args)).expect(code);
        for words in sampled.shown {
            assert!(shown.stdout.contains(words), "{words}\n{}", shown.stdout);
        }
        let code = if refused > 0 { 3 } else { 0 };
        let ended = here
            .run_embedded(("import", &args, "--run-dir run"))
            .expect(code);
        let summary = here.json("run/summary.json");
        let found = [
            &summary["rows"]["done"],
            &summary["rows"]["refused"],
            &summary["notes"]["created"],
            &summary["comments_left_out"],
        ];
        assert_eq!(
            found,
            sampled.ends.map(|number| json!(number)).each_ref(),
            "{}",
            ended.stderr
        );
        assert_eq!([done, notes, left].map(|n| n > 0), [true; 3]);
    }
}

#[test]
fn a_preset_whose_file_of_comments_is_absent_works_without_it() {
    let here = Rehearsal::new();
    let tickets = project("samples/servicenow-tickets.csv")
        .display()
        .to_string();
    let import = ["import", &tickets, "-m", "servicenow", "--run-dir", "run"];
    here.run_embedded(import).expect(3);
    here.run_embedded("verify run").expect(0);
    let summary = here.json("run/summary.json");
    assert_eq!(summary["comments_left_out"], 0);
}
