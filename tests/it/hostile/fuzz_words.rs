//! Foreign input, torn and mixed: conditions of `--where`, templates, replies of a
//! portal, journals. All of it ends in a result or a message, without a panic and in
//! bounded time. A few of each with every test run; millions with `cargo test --release
//! --test it fuzz -- --ignored`.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tickethaul::export::filter;
use tickethaul::hubspot::records::CreateInput;
use tickethaul::journal::Reading;
use tickethaul::mapping::{For, Mapped, MappingFile};
use tickethaul::model::place::RowAddress;
use tickethaul::model::row::{Cells, Headers, SourceRow};
use tickethaul::model::schema::{ObjectType, PropertyDef, Schema, ValueType};
use tickethaul::model::shelf::Shelf;

use crate::support::canned::{portal, reply};
use crate::support::fuzz::{FEW, MANY, fuzz};
use crate::support::{Rehearsal, project};

/// Pieces of a text, joined as they come.
fn text_of(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => select(pieces).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..most).prop_map(|pieces| pieces.concat())
}

const CONDITIONS: &[&str] = &[
    "subject",
    "createdate",
    "and",
    "or",
    "not",
    "(",
    ")",
    " ",
    "=",
    "!=",
    "<",
    ">=",
    "in",
    "\"a\"",
    "'",
    "\"",
    "7",
    "-",
    "2024-01-01",
    "today",
    "now",
    "7d",
    "is",
    "set",
    "contains",
    ",",
    "*",
    "\\",
    "\u{feff}",
    "\n",
];

const TEMPLATES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    " col('Id') ",
    "col(\"Subject\")",
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "in",
    "endfor",
    "|upper",
    "|trim",
    "~",
    "-",
    "+",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "1",
    "none",
    ".a",
    "set",
    "=",
    "a",
    " ",
    "raw",
    "endraw",
    "loop",
];

fn fuzz_conditions(cases: u32) {
    fuzz(cases, &text_of(CONDITIONS, 40), |text| {
        if let Err(error) = filter::parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
        Ok(())
    });
}

/// A portal with what the mappings of templates need.
fn small_portal() -> Schema {
    let property = |name: &str, unique| {
        let definition = PropertyDef {
            name: name.to_owned(),
            label: name.to_owned(),
            value_type: ValueType::String,
            options: Vec::new(),
            external_options: false,
            read_only: false,
            unique,
        };
        (name.to_owned(), definition)
    };
    Schema {
        tickets: [property("subject", false), property("k", true)].into(),
        ..Schema::default()
    }
}

fn a_row() -> SourceRow {
    SourceRow {
        seq: 1,
        address: RowAddress {
            file: 0,
            record: 1,
            line: 2,
            byte: 0,
        },
        cells: Cells::new(["7", "it <broke>"]),
        kept: None,
        object: None,
        comments: Vec::new(),
    }
}

fn fuzz_templates(cases: u32) {
    let (portal, row) = (small_portal(), a_row());
    let headers = Headers::new(["Id", "Subject"].map(str::to_owned).to_vec());
    fuzz(cases, &text_of(TEMPLATES, 30), |template| {
        let quoted = serde_json::to_string(&template)?;
        let text = format!(
            "version = 1\n[key]\nproperty = \"k\"\ncolumn = \"Id\"\n[properties]\nsubject = {{ template = {quoted} }}\n"
        );
        let compiled = MappingFile::parse("m.toml", &text)
            .and_then(|file| file.compile(&headers, &portal, For::Update));
        match compiled {
            Ok(mapping) => {
                if let Mapped::Refused { issue, .. } = mapping.map(&row) {
                    prop_assert!(!issue.hint().is_empty());
                }
            }
            Err(errors) => prop_assert!(!errors.render(false).is_empty()),
        }
        Ok(())
    });
}

/// JSON as portals write it, but for its shape.
fn any_reply() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("1e400".to_owned()),
        select(
            &[
                "\"1\"",
                "\"COMPLETE\"",
                "\"CONFLICT\"",
                "\"\\u0000\"",
                "\"Existing ID: 7\"",
                "\"2024-01-01T00:00:00Z\""
            ][..]
        )
        .prop_map(str::to_owned),
    ];
    let names = &[
        "status",
        "results",
        "errors",
        "id",
        "properties",
        "category",
        "context",
        "message",
        "ids",
        "objectWriteTraceId",
        "paging",
        "next",
        "after",
        "archived",
        "createdAt",
        "numErrors",
        "existingId",
        "code",
        "policyName",
        "correlationId",
    ][..];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            vec((select(names), inner), 0..6).prop_map(|entries| {
                let entries: Vec<String> = entries
                    .into_iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

fn fuzz_replies(cases: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let statuses = select(
        &[
            200_u16, 201, 207, 400, 401, 403, 404, 409, 413, 423, 429, 477, 500, 502, 503, 600,
        ][..],
    );
    let cut = proptest::option::weighted(0.1, any::<Index>());
    fuzz(
        cases,
        &(statuses, any_reply(), cut),
        |(status, mut body, cut)| {
            if let Some(cut) = cut {
                body.truncate(cut.index(body.len()));
            }
            let (client, _asked) = portal(vec![("/", reply(status, &body))]);
            let input = CreateInput {
                trace_id: "0".to_owned(),
                properties: vec![("subject".into(), "a".to_owned())],
                associations: Vec::new(),
            };
            runtime.block_on(async {
                let ids = ["1".to_owned()];
                let created = client.batch_create(ObjectType::Tickets, &[&input]).await;
                let read = client
                    .batch_read(ObjectType::Tickets, None, &ids, &["subject"], Shelf::Live)
                    .await;
                for error in [created.err(), read.err()].into_iter().flatten() {
                    prop_assert!(!error.to_string().is_empty());
                }
                Ok(())
            })
        },
    );
}

/// The bytes of a journal of ours.
fn journal() -> Vec<u8> {
    let here = Rehearsal::new();
    let mapping = project("mappings/zendesk.toml").display().to_string();
    here.write("in.csv", "Id,Subject,Status,Created at,Updated at,Requester,Priority\n1,one,open,2024-01-01 10:00,,,\n2,,open,,,,\n");
    let args = [
        "import",
        "in.csv",
        "-m",
        &mapping,
        "--portal",
        "sandbox",
        "--run-dir",
        "run",
    ];
    let ended = here.run(args);
    fs::read(here.path("run/run.db")).unwrap_or_else(|_| panic!("{}", ended.stderr))
}

fn fuzz_journals(cases: u32) {
    let whole = journal();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.db");
    let changes = vec((any::<Index>(), any::<u8>()), 1..40);
    let cut = proptest::option::weighted(0.2, any::<Index>());
    fuzz(cases, &(changes, cut), |(changes, cut)| {
        let mut bytes = whole.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(&path, bytes)?;
        let looked = Reading::open(folder.path()).and_then(|reading| {
            let _overview = reading.overview()?;
            let _past = reading.past()?;
            reading.settled_after(0)
        });
        if let Err(error) = looked {
            prop_assert!(!error.to_string().is_empty());
        }
        Ok(())
    });
}

#[test]
fn any_condition_is_read_or_explained() {
    fuzz_conditions(FEW);
}

#[test]
fn any_template_is_read_or_explained() {
    fuzz_templates(FEW);
}

#[test]
fn any_reply_is_taken_or_explained() {
    fuzz_replies(FEW);
}

#[test]
fn any_journal_is_read_or_explained() {
    fuzz_journals(FEW / 10);
}

#[test]
#[ignore = "takes minutes; run it in release"]
fn three_million_conditions_are_read_or_explained() {
    fuzz_conditions(3 * MANY);
}

#[test]
#[ignore = "takes minutes; run it in release"]
fn two_million_templates_are_read_or_explained() {
    fuzz_templates(2 * MANY);
}

#[test]
#[ignore = "takes minutes; run it in release"]
fn three_million_replies_are_taken_or_explained() {
    fuzz_replies(3 * MANY);
}

#[test]
#[ignore = "takes minutes; run it in release"]
fn a_hundred_thousand_journals_are_read_or_explained() {
    fuzz_journals(MANY / 10);
}
