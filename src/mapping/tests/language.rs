//! What the language says about cells: columns, transforms, maps, look-ups, keys,
//! operations and links.

use crate::mapping::tests::sample::{
    HEAD, beside, compiled, compiled_for, headers, remarks, row, schema, ticket, value,
};
use crate::mapping::{For, Keep, Mapped, MappingFile};
use crate::model::row::Kept;
use crate::model::ticket::{Remark, TicketDraft};

/// Maps cells by a mapping for an operation.
fn mapped(text: &str, purpose: For, cells: &[(&str, &str)]) -> Mapped {
    let names: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
    let values: Vec<&str> = cells.iter().map(|(_, cell)| *cell).collect();
    compiled_for(text, &names, purpose).map(&row(&values))
}

fn ticket_of(mapped: Mapped) -> TicketDraft {
    match mapped {
        Mapped::Ticket(ticket) => ticket,
        other => panic!("no ticket: {other:?}"),
    }
}

#[test]
fn columns_are_found_by_pattern() {
    let draft = ticket(
        r#"content = { column = ['/^(?i)custom field \(text\)$/', "Text"] }"#,
        &[("Text", "no"), ("Custom field (Text)", "yes")],
    );
    assert_eq!(value(&draft, "content"), Some("yes"));
}

#[test]
fn repeated_columns_keep_all_their_values() {
    let cells = [
        ("Comment", "first"),
        ("Comment", ""),
        ("Label", "red"),
        ("Comment", "first"),
        ("Label", " red blue "),
    ];
    let more = r#"content = { column = "Comment", join = "\n" }
        old_tags = { column = "Label", split = " " }
        hs_ticket_category = { column = "Label", map = { red = "Billing issue", "red blue" = "PRODUCT" } }
        "#;
    let draft = ticket(more, &cells);
    assert_eq!(value(&draft, "content"), Some("first\nfirst"));
    assert_eq!(value(&draft, "old_tags"), Some("red;blue"));
    assert_eq!(value(&draft, "hs_ticket_category"), Some("BILLING;PRODUCT"));
    let cut = "content = { column = \"Comment\", join = \"\\n\", truncate = 10 }";
    let draft = ticket(cut, &cells);
    assert_eq!(value(&draft, "content"), Some("first […]"));
    assert_eq!(
        remarks(&draft),
        [Remark::Shortened],
        "the whole is cut, once"
    );
    let second = ticket("content = { column = \"Comment\", nth = 3 }", &cells);
    assert_eq!(value(&second, "content"), Some("first"));
    let plain = ticket("content = \"Comment\"", &cells);
    assert_eq!(value(&plain, "content"), Some("first;first"));
}

#[test]
fn texts_are_replaced_made_plain_and_cut_in_that_order() {
    for (more, cell, expected) in [
        (
            r#"content = { column = "T", replace = { '^\d - ' = "", 'o' = "0" } }"#,
            "3 - Moderate",
            "M0derate",
        ),
        (
            r#"content = { column = "T", replace = { '(\w+), (\w+)' = "$2 $1" } }"#,
            "Okafor, Grace",
            "Grace Okafor",
        ),
        (
            r#"content = { column = "T", html = "text" }"#,
            "<p>a &amp; b</p>",
            "a & b",
        ),
        (
            r#"content = { column = "T", html = "keep" }"#,
            "<p>a</p>",
            "<p>a</p>",
        ),
        (
            r#"content = { column = "T", html = "text", truncate = 10 }"#,
            "<b>0123456</b>789abc",
            "012345 […]",
        ),
        (
            r#"content = { column = "T", replace = { '\[.*\]' = "" }, default = "nothing" }"#,
            " [x] ",
            "nothing",
        ),
        (
            r#"hs_ticket_priority = { column = "T", replace = { '^\d - ' = "" }, map = { moderate = "Medium" } }"#,
            "3 - Moderate",
            "MEDIUM",
        ),
    ] {
        let draft = ticket(more, &[("T", cell)]);
        let last = draft.properties.last().map(|(_, value)| value.as_str());
        assert_eq!(last, Some(expected), "{more}");
    }
}

#[test]
fn value_maps_may_stand_in_a_file() {
    let (_folder, name) = beside(
        &[("values.csv", "from,count,to\nP1,7,Urgent\nP2,3,\n")],
        "hs_ticket_priority = { column = \"P\", map = { file = \"values.csv\" } }\n",
    );
    let text = std::fs::read_to_string(&name).expect("the mapping");
    let file = MappingFile::parse(&name, &text).unwrap_or_else(|e| panic!("{e}"));
    let mapping = file
        .compile(&headers(&["Id", "Subject", "P"]), &schema(), For::Create)
        .unwrap_or_else(|e| panic!("{e}"));
    let draft = ticket_of(mapping.map(&row(&["7", "s", "p1"])));
    assert_eq!(value(&draft, "hs_ticket_priority"), Some("URGENT"));
    let Mapped::Refused { issue, .. } = mapping.map(&row(&["7", "s", "P2"])) else {
        panic!("a line that is not filled in maps nothing");
    };
    assert_eq!(issue.first().reason.code(), "UNMAPPED_VALUE");
    // A map of the text "file" does not name a file.
    let inline =
        "hs_ticket_priority = { column = \"P\", map = { file = \"Low\", desk = \"High\" } }";
    let draft = ticket(inline, &[("P", "file")]);
    assert_eq!(value(&draft, "hs_ticket_priority"), Some("LOW"));
}

#[test]
fn files_that_can_not_be_used_are_told_where_they_are_named() {
    let (_folder, name) = beside(
        &[
            ("stages.csv", "from,to\nopen,Nwe\n"),
            ("people.csv", "Nmae,Email\nAnn,a@x.example\n"),
            ("twice.csv", "a,b\nAnn,maya@x.example\nann,alex@x.example\n"),
        ],
        r#"hs_ticket_priority = { column = "P", map = { file = "none.csv" } }
hubspot_owner_id = { column = "A", lookup = { file = "people.csv", from = "Name", to = "Email" } }
"#,
    );
    let text = std::fs::read_to_string(&name).expect("the mapping");
    let Err(errors) = MappingFile::parse(&name, &text) else {
        panic!("two files can't be used");
    };
    let said: Vec<(usize, Option<&str>)> = errors
        .problems()
        .map(|problem| (problem.line, problem.help))
        .collect();
    let help = Some(
        "the file must be next to the mapping and a CSV with the columns that `from` and `to` name",
    );
    assert_eq!(said, [(12, help), (13, Some("did you mean `Nmae`?"))]);

    let text = format!(
        "{}hs_pipeline_stage = {{ column = \"S\", map = {{ file = \"stages.csv\" }} }}\n\
         hubspot_owner_id = {{ column = \"A\", lookup = {{ file = \"twice.csv\", from = \"a\", to = \"b\" }} }}\n",
        HEAD.replace("hs_pipeline_stage = { value = \"New\" }\n", "")
    );
    let file = MappingFile::parse(&name, &text).unwrap_or_else(|e| panic!("{e}"));
    let compiled = file.compile(
        &headers(&["Id", "Subject", "S", "A"]),
        &schema(),
        For::Create,
    );
    let Err(errors) = compiled else {
        panic!("their lines can't be used");
    };
    let said: Vec<(usize, &str)> = errors
        .problems()
        .map(|problem| (problem.line, problem.message))
        .collect();
    assert_eq!(
        said,
        [
            (11, "`Nwe`: pipeline \"Support Pipeline\" has no such stage"),
            (12, "`ann` is in twice.csv twice, with different values"),
        ]
    );
}

#[test]
fn people_files_come_before_the_portals_owners() {
    let (_folder, name) = beside(
        &[("people.csv", "Login,Email\nmlq,maya@x.example\n")],
        "hubspot_owner_id = { column = \"A\", lookup = { file = \"people.csv\", from = \"Login\", to = \"Email\" }, missing = \"blank\" }\n",
    );
    let text = std::fs::read_to_string(&name).expect("the mapping");
    let file = MappingFile::parse(&name, &text).unwrap_or_else(|e| panic!("{e}"));
    let mapping = file
        .compile(&headers(&["Id", "Subject", "A"]), &schema(), For::Create)
        .unwrap_or_else(|e| panic!("{e}"));
    for (cell, owner) in [
        ("MLQ", Some("51")),
        ("alexandra@x.example", Some("53")),
        ("xyz", None),
    ] {
        let draft = ticket_of(mapping.map(&row(&["7", "s", cell])));
        assert_eq!(value(&draft, "hubspot_owner_id"), owner, "{cell}");
    }
}

#[test]
fn an_update_needs_its_key_only_and_may_clear() {
    let text = r#"version = 1
[source]
empty = ["-"]
[key]
record_id = { column = "Record ID" }
[properties]
content = { column = "Text", empty = "clear" }
old_tags = { column = "Tags", empty = "keep" }
hs_ticket_priority = { column = "P", map = { none = "" }, empty = "clear" }
"#;
    let cells = [
        ("Record ID", " 901 "),
        ("Text", "-"),
        ("Tags", ""),
        ("P", "none"),
    ];
    let draft = ticket_of(mapped(text, For::Update, &cells));
    assert_eq!(draft.key, "901");
    let properties: Vec<(&str, &str)> = draft
        .properties
        .iter()
        .map(|(name, value)| (&**name, value.as_str()))
        .collect();
    assert_eq!(properties, [("content", ""), ("hs_ticket_priority", "")]);

    let names = ["Record ID", "Text", "Tags", "P"];
    let mapping = compiled_for(text, &names, For::Update);
    assert_eq!(mapping.key_property(), "hs_object_id");
    let written = mapping.properties().iter().map(|property| &*property.name);
    assert_eq!(
        written.collect::<Vec<_>>(),
        ["content", "old_tags", "hs_ticket_priority"]
    );
    for (id, code) in [
        ("", "MISSING_KEY"),
        ("9 01", "INVALID_ID"),
        ("12345678901234567890", "INVALID_ID"),
    ] {
        let Mapped::Refused { key: None, issue } = mapping.map(&row(&[id, "", "", ""])) else {
            panic!("{id} is no id");
        };
        assert_eq!(issue.first().reason.code(), code);
        assert_eq!(issue.first().column.as_deref(), Some("Record ID"));
    }
}

#[test]
fn an_update_without_a_pipeline_takes_stages_of_any() {
    let text = "version = 1\n[key]\nrecord_id = { column = \"Id\" }\n[properties]\n\
                hs_pipeline_stage = { column = \"S\", map = { got = \"Received\" }, unmapped = \"keep\" }\n";
    let stage = |cell| {
        let cells = [("Id", "7"), ("S", cell)];
        match mapped(text, For::Update, &cells) {
            Mapped::Ticket(draft) => value(&draft, "hs_pipeline_stage").map(str::to_owned),
            Mapped::Refused { issue, .. } => Some(issue.first().reason.code().to_owned()),
            Mapped::Skipped => None,
        }
    };
    for (cell, expected) in [
        ("902", "902"),
        ("got", "902"),
        ("Closed", "4"),
        ("New", "AMBIGUOUS_OPTION"),
        ("Gone", "UNKNOWN_STAGE"),
    ] {
        assert_eq!(stage(cell).as_deref(), Some(expected), "{cell}");
    }
}

#[test]
fn an_upsert_needs_what_a_new_ticket_needs_and_an_archive_only_keys() {
    // A label of two pipelines says nothing if the row names none.
    let head = HEAD.replace("\"New\"", "\"Closed\"");
    let text = format!("{head}content = {{ column = \"T\", empty = \"clear\" }}\n");
    let cells = [("Id", "7"), ("Subject", ""), ("T", "")];
    let Mapped::Refused { issue, .. } = mapped(&text, For::Upsert, &cells) else {
        panic!("a ticket that may be new needs its subject");
    };
    assert_eq!(issue.first().property.as_deref(), Some("subject"));
    let draft = ticket_of(mapped(&text, For::Update, &cells));
    assert_eq!(value(&draft, "content"), Some(""));
    let draft = ticket_of(mapped(&text, For::Archive, &[("id", "7")]));
    assert_eq!((draft.key.as_str(), draft.properties.len()), ("z-7", 1));
}

#[test]
fn a_row_hash_is_a_key_of_its_cells() {
    let text = HEAD.replace("column = \"Id\"\n", "row_hash = true\n");
    let mapping = compiled_for(&text, &["Id", "Subject"], For::Create);
    let key = |cells: &[&str]| ticket_of(mapping.map(&row(cells))).key;
    let one = key(&["1", "a"]);
    assert_eq!(one.len(), "z-".len() + 32);
    assert_eq!(one, key(&["1", "a"]));
    assert_ne!(one, key(&["1", "b"]));
    assert_ne!(key(&["1", "1a"]), key(&["11", "a"]), "cells have ends");
    let mut edited = row(&["1", "repaired"]);
    edited.kept = Some(Box::new(Kept {
        key: Some(one.as_str().into()),
        ..Kept::default()
    }));
    let kept = ticket_of(mapping.map(&edited)).key;
    assert_eq!(kept, one, "a row that was refused before keeps its key");
    for (code, before, expected) in [
        ("LINK_REFUSED", "", Some("OWN_CELL_LOST")),
        ("INVALID_DATE", "1.23457E+31", Some("OWN_CELL_LOST")),
        ("INVALID_DATE", "z-1", Some("OWN_CELL_LOST")),
        ("RAGGED_ROW", "", None),
        ("ragged_row", "", None),
    ] {
        let text = |text: &str| (!text.is_empty()).then(|| text.into());
        edited.kept = Some(Box::new(Kept {
            line: text("7"),
            code: text(code),
            key: text(before),
            value: None,
            end: None,
        }));
        let found = match mapping.map(&edited) {
            Mapped::Refused { issue, .. } => Some(issue.first().reason.code().to_owned()),
            _ => None,
        };
        assert_eq!(found.as_deref(), expected, "{code} {before}");
    }
}

#[test]
fn a_key_may_be_of_several_columns() {
    let text = HEAD.replace(
        "column = \"Id\"\n",
        "template = \"{{ col('Project') }}-{{ col('Id') }}\"\n",
    );
    let cells = [("Id", "7"), ("Subject", "s"), ("Project", "OPS")];
    assert_eq!(ticket_of(mapped(&text, For::Create, &cells)).key, "z-OPS-7");
}

#[test]
fn one_row_of_a_ticket_counts() {
    let text = HEAD.replace(
        "[properties]",
        "[rows]\none_per = \"Id\"\nkeep = \"first\"\n[properties]",
    );
    let mapping = compiled_for(&text, &["Id", "Subject"], For::Create);
    assert_eq!(mapping.keep(), Some(Keep::First));
    assert_eq!(mapping.group(&row(&[" 7 ", "a"])), Some("7"));
    assert_eq!(mapping.group(&row(&[" ", "a"])), None);
    let plain = compiled_for(HEAD, &["Id", "Subject"], For::Create);
    assert_eq!((plain.keep(), plain.group(&row(&["7", "a"]))), (None, None));
}

#[test]
fn a_read_only_property_goes_into_another() {
    let more = "hs_object_id = { column = \"N\", read_only = { into = \"effort\" } }\n\
                due_day = { column = \"D\", read_only = { into = \"content\" } }\n";
    let draft = ticket(more, &[("N", "1.50"), ("D", "2024-03-10")]);
    assert_eq!(value(&draft, "effort"), Some("1.5"));
    assert_eq!(value(&draft, "due_day"), Some("2024-03-10"));
    let twice = format!("{HEAD}effort = \"N\"\n{more}");
    let Err(errors) = compiled(&twice, &["Id", "Subject", "N", "D"]) else {
        panic!("one property gets two values");
    };
    let said: Vec<(usize, &str)> = errors
        .problems()
        .map(|problem| (problem.line, problem.message))
        .collect();
    assert_eq!(said, [(13, "two entries write `effort`")]);
}

#[test]
fn html_beyond_reason_is_left_and_remarked() {
    let more = r#"content = { column = "T", html = "text" }"#;
    let deep = "<ul><li></q>".repeat(600);
    let draft = ticket(more, &[("T", &deep)]);
    assert_eq!(value(&draft, "content"), Some(&*deep));
    let remarks: Vec<Remark> = draft.remarks.iter().map(|placed| placed.remark).collect();
    assert_eq!(remarks, [Remark::HtmlKept]);
    let draft = ticket(more, &[("T", "<p>a</p>")]);
    assert_eq!(value(&draft, "content"), Some("a"));
    assert!(draft.remarks.is_empty());
}

#[test]
fn no_mapping_makes_a_text_without_end() {
    let letters = "x,".repeat(20_000);
    let long = "y".repeat(10_000);
    for more in [
        format!(r#"content = {{ column = "T", replace = {{ 'x' = "{long}" }} }}"#),
        format!(r#"content = {{ column = "T", split = "q", replace = {{ 'x' = "{long}" }} }}"#),
        format!(
            r#"content = {{ column = "T", split = ",", join = "{long}", replace = {{ '(?m)^x' = "a" }} }}"#
        ),
    ] {
        let text = format!("{HEAD}{more}\n");
        let cell = match more.contains("join") {
            true => (0..20_000).map(|n| format!("x{n},")).collect::<String>(),
            false => letters.clone(),
        };
        match mapped(
            &text,
            For::Create,
            &[("Id", "1"), ("Subject", "s"), ("T", &cell)],
        ) {
            Mapped::Refused { issue, .. } => {
                assert_eq!(issue.first().reason.code(), "TOO_LONG");
            }
            other => panic!("{other:?}"),
        }
    }
}
