//! The page: what is on it, that texts of rows stay texts, and that nothing is loaded.

use std::time::Duration;

use jiff::Timestamp;

use serde_json::json;

use super::*;
use crate::model::column_report::{FrequentValue, ReportedColumn, ReportedColumns};
use crate::model::export_report::{ExportReport, ExportedFile};
use crate::model::outcome::{Fate, Tally};
use crate::model::run_report::{
    CallBin, CallsOverTime, FindingExample, RefusedExample, ReportHead, ReportedComparison,
    ReportedFile, ReportedFindings, ReportedRefusals, ReportedTicket, ReportedVerification,
    RunReport,
};

fn at() -> Timestamp {
    Timestamp::from_second(1_700_000_000).expect("a time")
}

fn head() -> ReportHead {
    let file = |name: &str| ReportedFile {
        name: name.to_owned(),
        bytes: 1_200,
        hash: "ab".repeat(32),
    };
    ReportHead {
        name: "20231114-create-abcd".to_owned(),
        state: "finished".to_owned(),
        times: (at(), at() + Duration::from_secs(75)),
        portal: Some((123, "the embedded sandbox".to_owned())),
        inputs: vec![file("tickets.csv")],
        mapping: Some(file("mapping.toml")),
        tool: "0.0.0",
    }
}

fn calls() -> CallsOverTime {
    let bin = CallBin {
        fine: 9,
        limited: 1,
        failed: 0,
    };
    CallsOverTime {
        start: at(),
        width: Duration::from_secs(1),
        bins: vec![bin; 75],
        before: 25,
        waits: vec![(at() + Duration::from_secs(70), Duration::from_secs(12))],
    }
}

fn report() -> RunReport {
    RunReport {
        head: head(),
        parent: None,
        undoes: None,
        since: vec![("Retried by", "night: 100 done".to_owned())],
        stopped: None,
        operation: "create".to_owned(),
        tally: Tally::resumed([(Fate::Done, 97), (Fate::Refused, 3)]),
        facts: Vec::new(),
        refusals: vec![ReportedRefusals {
            code: "INVALID_DATE".to_owned(),
            words: String::new(),
            rows: 3,
            examples: vec![RefusedExample {
                place: "17".to_owned(),
                key: "Z-17".to_owned(),
                column: "Created".to_owned(),
                value: "<script>alert('x')</script>".to_owned(),
                hint: "no date & time".to_owned(),
            }],
        }],
        remarks: Vec::new(),
        values: Vec::new(),
        calls: Some(calls()),
        tickets: vec![ReportedTicket {
            place: "2".to_owned(),
            key: "Z-2".to_owned(),
            id: "31".to_owned(),
            url: Some("https://app.hubspot.com/contacts/123/record/0-5/31".to_owned()),
            change: "created",
        }],
        verified: None,
        refused_file: "refused.csv".to_owned(),
    }
}

/// A page with its slashes and quotes as they are.
fn plain(page: Result<String, minijinja::Error>) -> String {
    let page = page.expect("a page");
    page.replace("&#x2f;", "/").replace("&#x27;", "'")
}

#[test]
fn the_page_says_what_happened() {
    let page = plain(run_html(&report()));
    for words in [
        "<strong>finished</strong>",
        "100 rows read; the fates add up to them",
        "<strong>INVALID_DATE</strong>, 3 rows",
        "The first 1",
        "1 min 15 s later",
        "750 calls: 75 met the portal's rate limit",
        "25 more came before it had a run folder",
        "night: 100 done",
        "10 calls in one (10.0/s), 10.0/s on average",
        "The portal asked for 1 long wait (shaded): 12.0 s in all",
        "/contacts/123/record/0-5/31\" rel=\"noreferrer\">31</a>",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("Verified"), "nobody verified");
}

#[test]
fn what_the_portal_said_tells_reasons_of_one_code_apart() {
    let said = |words: &str, rows| ReportedRefusals {
        code: "VALIDATION_ERROR".to_owned(),
        words: words.to_owned(),
        rows,
        examples: Vec::new(),
    };
    let page = plain(run_html(&RunReport {
        refusals: vec![said("Email … is not valid", 2), said("", 1)],
        stopped: Some("the portal is away".to_owned()),
        ..report()
    }));
    for words in [
        "<strong>VALIDATION_ERROR: Email … is not valid</strong>, 2 rows",
        "<strong>VALIDATION_ERROR</strong>, 1 row",
        "the portal is away",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

#[test]
fn values_of_rows_are_text_and_nothing_is_loaded() {
    let page = run_html(&report()).expect("a page");
    assert!(page.contains("&lt;script&gt;alert("));
    for foreign in ["<script", "<link", "<img", "src=", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn what_was_verified_is_said() {
    let found = |findings: Vec<ReportedFindings>| RunReport {
        verified: Some(ReportedVerification {
            compared: Some(ReportedComparison {
                at: at(),
                rows: 1_193,
                equal: 1_191,
                unfinished: 1,
            }),
            findings,
        }),
        ..report()
    };
    let page = plain(run_html(&found(Vec::new())));
    assert!(page.contains("every one that was compared is as the run left it"));
    let differs = ReportedFindings {
        word: "differs".to_owned(),
        meaning: "values are not what the run wrote",
        number: 2,
        examples: vec![FindingExample {
            place: "17".to_owned(),
            subject: "subject".to_owned(),
            wrote: "ours".to_owned(),
            holds: "theirs".to_owned(),
            ..FindingExample::default()
        }],
    };
    let page = plain(run_html(&found(vec![differs])));
    for words in [
        "1,193 rows were compared, of which the tickets of 1,191 are as the run left them",
        "1 row is not finished, and not compared",
        "values are not what the run wrote",
        "<strong>differs</strong>, 2 findings",
        "The first 1",
        "<td class=\"long\">theirs</td>",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn an_undo_has_words_of_its_own() {
    let undo = RunReport {
        undoes: Some("runs/made".to_owned()),
        refused_file: "undo.csv".to_owned(),
        ..report()
    };
    let page = plain(run_html(&undo));
    for words in [
        "100 rows of runs/made to be taken back in portal 123",
        "3 rows were left as they are, or in part. All of them are in undo.csv",
        "<title>3 left</title>",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("retry"), "nothing to retry");
}

#[test]
fn an_export_shows_its_files_and_columns() {
    let column = |different: Option<u64>| ReportedColumn {
        name: "subject".to_owned(),
        kind: "text".to_owned(),
        filled: 1,
        different,
        values: vec![FrequentValue {
            value: "<b>often</b>".to_owned(),
            times: Some(1_200),
        }],
    };
    let report = ExportReport {
        head: head(),
        target: "tickets.csv".to_owned(),
        selection: vec![("--limit".to_owned(), "5".to_owned())],
        facts: vec!["5 tickets exported".to_owned()],
        files: vec![ExportedFile {
            name: "tickets.csv".to_owned(),
            rows: Some(5),
            bytes: 4_711,
            hash: "cd".repeat(32),
        }],
        columns: Some(ReportedColumns {
            rows: 1_000,
            columns: vec![column(Some(3)), column(None)],
        }),
        calls: Some(calls()),
    };
    let page = plain(export_html(&report));
    for words in [
        "Tickets of portal 123, to tickets.csv",
        "<td>--limit</td>",
        "<td class=\"number\">4,711</td>",
        "Counted over 1,000 rows of tickets that this export wrote",
        "<td class=\"number\">&lt; 1 %</td>",
        "<li><span>1,200</span> &lt;b&gt;often&lt;/b&gt;</li>",
        "<li><span>at least 1,200</span>",
        "<td class=\"number\">many</td>",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

#[test]
fn a_plan_is_shown_as_its_json_says() {
    let found = json!({
        "operation": "upsert", "read": 12, "rows": {"create": 10, "update": 2},
        "properties": {"subject": {"changed": 2, "filled": 0, "cleared": 0}},
        "first": [{"line": "3", "key": "D-3", "action": "update", "ticket": "31",
            "changes": [{"property": "subject", "before": null, "after": "new"}]}],
        "in_words": ["Carried out, it would", "make at most 4 calls"],
        "of_a_later_version": true,
    });
    let found = Forecast::of(&found).expect("a plan");
    let page = plain(plan_html(&head(), &found));
    for words in [
        "12 rows to upsert into portal 123; the plan wrote nothing",
        "tickets get other values",
        "<span>subject:</span> (empty) → new",
        "<li>make at most 4 calls</li>",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert!(Forecast::of(&json!({"read": "many"})).is_err());
}
