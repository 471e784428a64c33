//! The page: what stands on it, that texts of rows stay texts, and that nothing is loaded.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::model::outcome::Tally;
use crate::model::run_report::{RefusedExample, ReportedFindings};

fn report() -> RunReport {
    let at = Timestamp::from_second(1_700_000_000).expect("a time");
    let file = |name: &str| ReportedFile {
        name: name.to_owned(),
        bytes: 1_200,
        hash: "ab".repeat(32),
    };
    RunReport {
        run: "20231114-create-abcd".to_owned(),
        parent: None,
        operation: "create".to_owned(),
        portal_id: 123,
        portal: "the embedded sandbox".to_owned(),
        state: "finished".to_owned(),
        times: (at, at + Duration::from_secs(75)),
        inputs: vec![file("tickets.csv")],
        mapping: file("mapping.toml"),
        tally: Tally::resumed([(Fate::Done, 97), (Fate::Refused, 3)]),
        facts: Vec::new(),
        refusals: vec![ReportedRefusals {
            code: "INVALID_DATE".to_owned(),
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
        calls: Some(CallsOverTime {
            start: at,
            width: Duration::from_secs(1),
            bins: vec![
                CallBin {
                    fine: 9,
                    limited: 1,
                    failed: 0
                };
                75
            ],
        }),
        tickets: vec![ReportedTicket {
            place: "2".to_owned(),
            key: "Z-2".to_owned(),
            id: "31".to_owned(),
            url: Some("https://app.hubspot.com/contacts/123/record/0-5/31".to_owned()),
            change: "created",
        }],
        verified: None,
        refused_file: "refused.csv".to_owned(),
        tool: "0.0.0",
    }
}

#[test]
fn the_page_says_what_happened() {
    let page = run_html(&report()).expect("a page");
    let page = page.replace("&#x2f;", "/").replace("&#x27;", "'");
    for words in [
        "<strong>finished</strong>",
        "100 rows read; the fates add up to them",
        "<strong>INVALID_DATE</strong>, 3 rows",
        "The first 1",
        "1 min 15 s later",
        "750 calls: 75 met the portal's rate limit",
        "/contacts/123/record/0-5/31\" rel=\"noreferrer\">31</a>",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("Verified"), "nobody verified");
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
    let clean = RunReport {
        verified: Some(Vec::new()),
        ..report()
    };
    let page = run_html(&clean).expect("a page");
    assert!(page.contains("every one that was compared is as the run left it"));
    let found = RunReport {
        verified: Some(vec![ReportedFindings {
            word: "differs".to_owned(),
            meaning: "values are not what the run wrote",
            number: 2,
        }]),
        ..report()
    };
    let page = run_html(&found).expect("a page");
    assert!(page.contains("values are not what the run wrote"));
}
