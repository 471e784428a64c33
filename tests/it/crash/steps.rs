//! Crash points, enumerated: an import is ended at its k-th I/O step for every k,
//! opened again and finished. Portal and files are the same each time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tickethaul::import::flow::Operation;
use tickethaul::model::event::Summary;
use tickethaul::model::outcome::Fate;

use crate::support::in_process::{InProcess, Life, contacts, tickets};
use crate::support::{Portal, keyed, rows_of};

const MAPPING: &str = keyed!(
    "source_ticket_id",
    prefix = "t-",
    r#"subject = "Subject"
content = { column = "Body", optional = true }
hs_pipeline_stage = "Stage"
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
properties = { firstname = "Name" }

"#
);

const ROWS: usize = 300;
/// E-mails of the input; two of them belong to contacts of a new sandbox.
const MAILS: usize = 23;

/// What a row of the input is to become.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Expected {
    Ticket {
        key: String,
        subject: String,
        mail: String,
    },
    Refused {
        line: u64,
        code: &'static str,
    },
}

/// Rows with repeated keys, keys that differ by case, bad stages, ragged and blank
/// records, multi-line texts, and contacts that many of them share.
fn input() -> (String, Vec<Expected>) {
    let mut text = "Id,Subject,Body,Stage,Mail,Name\n".to_owned();
    let mut expected = Vec::new();
    let mut line = 2;
    for row in 0..ROWS {
        let mail = match row % MAILS {
            0 => "grace.okafor@bluepeak.example".to_owned(),
            1 => "LIAM.oconnor@harborline.example".to_owned(),
            other => format!("person{other}@crash.example"),
        };
        let subject = format!("Subject {row}");
        let (id, stage) = match row {
            50 | 150 | 250 => (format!("A{}", row - 40), "New"),
            60 | 160 => (format!("a{}", row - 50), "New"),
            70 | 170 | 270 => (format!("A{row}"), "Nwe"),
            _ => (format!("A{row}"), "New"),
        };
        let record = match row {
            80 => format!("{id},{subject},one,two,three,four,five\n"),
            90 => ",,,,,\n".to_owned(),
            _ => format!(
                "{id},{subject},\"line one\nline \"\"two\"\" of {row}\",{stage},{mail},Person\n"
            ),
        };
        match row {
            90 => {}
            50 | 150 | 250 => expected.push(Expected::Refused {
                line,
                code: "REPEATED_KEY",
            }),
            60 | 160 => expected.push(Expected::Refused {
                line,
                code: "KEY_CASE",
            }),
            70 | 170 | 270 => expected.push(Expected::Refused {
                line,
                code: "UNKNOWN_STAGE",
            }),
            80 => expected.push(Expected::Refused {
                line,
                code: "RAGGED_ROW",
            }),
            _ => expected.push(Expected::Ticket {
                key: format!("t-{id}"),
                subject,
                mail: mail.to_lowercase(),
            }),
        }
        line += record.matches('\n').count() as u64;
        text.push_str(&record);
    }
    expected.sort();
    (text, expected)
}

async fn portal() -> Portal {
    let portal = Portal::with(tickethaul::sandbox::Options {
        rate: "off".parse().expect("a rate"),
        ..tickethaul::sandbox::Options::default()
    })
    .await;
    portal.unique_property("source_ticket_id").await;
    portal
}

/// Portal and files hold exactly what the input says.
async fn check(import: &InProcess, summary: &Summary, expected: &[Expected], story: &str) {
    let count = |fate| summary.tally.of(fate) as usize;
    let refused: Vec<&Expected> = expected
        .iter()
        .filter(|one| matches!(one, Expected::Refused { .. }))
        .collect();
    let done = expected.len() - refused.len();
    assert_eq!(summary.tally.read() as usize, ROWS, "{story}");
    assert_eq!(summary.tally.sum() as usize, ROWS, "{story}");
    assert_eq!(
        (
            count(Fate::Done),
            count(Fate::Refused),
            count(Fate::Skipped)
        ),
        (done, refused.len(), 1),
        "{story}: {summary:?}"
    );

    let mut by_email: BTreeMap<String, String> = BTreeMap::new();
    let found = tickets(
        &import.portal,
        "source_ticket_id,subject,content,hs_pipeline_stage",
    )
    .await;
    assert_eq!(found.len(), done, "{story}: no ticket lost, none doubled");
    let mut ids = BTreeMap::new();
    for ticket in &found {
        let text = |name: &str| {
            ticket["properties"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        assert!(
            text("content").starts_with("line one\nline \"two\" of "),
            "{story}"
        );
        let links: BTreeSet<&str> = ticket["associations"]["contacts"]["results"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|link| link["id"].as_str())
            .collect();
        assert_eq!(links.len(), 1, "{story}: one contact each");
        let wanted = expected.iter().find_map(|one| match one {
            Expected::Ticket { key, subject, mail } if *key == text("source_ticket_id") => {
                Some((subject, mail))
            }
            _ => None,
        });
        let (subject, mail) = wanted.expect("a key of the input");
        assert_eq!(*subject, text("subject"), "{story}");
        let contact = links.into_iter().next().expect("a link").to_owned();
        let known = by_email
            .entry(mail.clone())
            .or_insert_with(|| contact.clone());
        assert_eq!(*known, contact, "{story}: one contact for each e-mail");
        ids.insert(
            text("source_ticket_id"),
            ticket["id"].as_str().expect("an id").to_owned(),
        );
    }
    assert_eq!(
        contacts(&import.portal).await,
        20 + MAILS - 2,
        "{story}: no contact doubled"
    );
    assert_eq!(summary.contacts_created as usize, MAILS - 2, "{story}");

    let done_rows = rows_of(&import.folder.join("done.csv"));
    assert_eq!(done_rows.len(), done, "{story}");
    for row in &done_rows {
        assert_eq!(row["_fate"], "done", "{story}: every ticket is ours");
        assert_eq!(
            ids.get(&format!("t-{}", row["Id"])),
            Some(&row["_ticket_id"]),
            "{story}"
        );
    }
    let idmap: BTreeMap<String, String> = rows_of(&import.folder.join("idmap.csv"))
        .into_iter()
        .map(|row| (row["key"].clone(), row["ticket_id"].clone()))
        .collect();
    assert_eq!(idmap, ids, "{story}");
    let mut found: Vec<(u64, String)> = rows_of(&import.folder.join("refused.csv"))
        .into_iter()
        .map(|row| (row["_line"].parse().expect("a line"), row["_code"].clone()))
        .collect();
    found.sort();
    let mut wanted: Vec<(u64, String)> = refused
        .iter()
        .filter_map(|one| match one {
            Expected::Refused { line, code } => Some((*line, (*code).to_owned())),
            Expected::Ticket { .. } => None,
        })
        .collect();
    wanted.sort();
    assert_eq!(found, wanted, "{story}");
    let summary: Value = serde_json::from_str(
        &std::fs::read_to_string(import.folder.join("summary.json")).expect("a summary"),
    )
    .expect("JSON");
    assert_eq!(summary["rows"]["done"], done, "{story}");
}

async fn import_in(folder: &std::path::Path, text: &str) -> InProcess {
    let input = folder.join("input.csv");
    std::fs::write(&input, text).expect("an input");
    InProcess {
        portal: Arc::new(portal().await),
        operation: Operation::Create,
        diff: false,
        input,
        mapping: MAPPING.to_owned(),
        folder: folder.join("run"),
        batch_size: 50,
        facts: tickethaul::model::learned::KnownFacts::default(),
        tamper: None,
        unsent: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ends_at_any_step_is_finished_later_as_if_it_had_not() {
    let (text, expected) = input();
    let mut deaths = 0;
    for k in 1.. {
        let folder = tempfile::tempdir().expect("a folder");
        let import = import_in(folder.path(), &text).await;
        let life = Life::until(k);
        let first = import.go(&life).await;
        let died = first.is_none();
        let summary = match first {
            Some(ended) => ended.expect("a run without trouble"),
            None => {
                deaths += 1;
                let again = import
                    .go(&Life::whole())
                    .await
                    .expect("nothing ends this life");
                again.unwrap_or_else(|error| panic!("resumed after step {k}: {error}"))
            }
        };
        check(&import, &summary, &expected, &format!("ended at step {k}")).await;
        if !died {
            break;
        }
    }
    assert!(deaths > 40, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ends_again_and_again_still_comes_to_its_end() {
    let (text, expected) = input();
    for seed in 1..=6 {
        let mut random = fastrand::Rng::with_seed(seed);
        let folder = tempfile::tempdir().expect("a folder");
        let import = import_in(folder.path(), &text).await;
        let summary = loop {
            // The first fifteen steps or so only read the portal's schema.
            let life = Life::until(random.u64(12..40));
            if let Some(ended) = import.go(&life).await {
                break ended.expect("a run without trouble");
            }
        };
        check(&import, &summary, &expected, &format!("seed {seed}")).await;
    }
}
