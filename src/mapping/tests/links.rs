//! What rows ask to be linked to.

use crate::mapping::tests::sample::{
    HEAD, beside, compiled_for, headers, map, refusal, remarks, row, schema, ticket,
};
use crate::mapping::{For, Mapped, MappingFile};
use crate::model::schema::ObjectType;
use crate::model::ticket::{LinkDraft, Missing, Remark};

fn links(more: &str, cells: &[(&str, &str)]) -> Vec<LinkDraft> {
    ticket(more, cells).links
}

#[test]
fn links_go_to_any_record_by_id_key_or_property() {
    let more = r#"[[associate]]
        to = "companies"
        by = "domain"
        column = "Site"
        missing = "create"
        properties = { name = "Firm" }
        [[associate]]
        to = "deals"
        by = "id"
        column = "Deals"
        split = ","
        label = "Upsell"
        [[associate]]
        to = "tickets"
        by = "key"
        column = "Parent"
        missing = "skip"
        "#;
    let cells = [
        ("Site", " Acme.Example"),
        ("Firm", "Acme"),
        ("Deals", "12, 13"),
        ("Parent", "6"),
    ];
    let found: Vec<(ObjectType, String, String, Option<String>)> = links(more, &cells)
        .into_iter()
        .map(|link| {
            (
                link.to,
                link.by.to_string(),
                link.value,
                link.label.map(|label| label.to_string()),
            )
        })
        .collect();
    let expected = |to, by: &str, value: &str, label: Option<&str>| {
        (
            to,
            by.to_owned(),
            value.to_owned(),
            label.map(str::to_owned),
        )
    };
    assert_eq!(
        found,
        [
            expected(ObjectType::Companies, "domain", "acme.example", None),
            expected(ObjectType::Deals, "id", "12", Some("Upsell")),
            expected(ObjectType::Deals, "id", "13", Some("Upsell")),
            expected(ObjectType::Tickets, "key", "z-6", None),
        ]
    );
    let properties = &links(more, &cells)[0].properties;
    let properties: Vec<(&str, &str)> = properties
        .iter()
        .map(|(name, value)| (&**name, value.as_str()))
        .collect();
    assert_eq!(properties, [("domain", "acme.example"), ("name", "Acme")]);
    let issue = refusal(
        more,
        &[
            ("Site", ""),
            ("Firm", ""),
            ("Deals", "12;13"),
            ("Parent", ""),
        ],
    );
    assert_eq!(issue.first().reason.code(), "INVALID_ID");
    let text = format!("{HEAD}{more}");
    let mapping = compiled_for(
        &text,
        &["Id", "Subject", "Site", "Firm", "Deals", "Parent"],
        For::Create,
    );
    let asked = mapping.links();
    let asked: Vec<String> = asked
        .map(|link| format!("{} by {}", link.to.plural(), link.by))
        .collect();
    assert_eq!(
        asked,
        ["companies by domain", "deals by id", "tickets by key"]
    );
}

#[test]
fn a_link_may_ask_a_people_file() {
    let more = |missing: &str| {
        format!(
            "[[associate]]\nto = \"contacts\"\nby = \"email\"\ncolumn = \"Reporter\"\nmissing = \"{missing}\"\n\
             lookup = {{ file = \"people.csv\", from = \"Name\", to = \"Email\" }}\n"
        )
    };
    for (missing, cell, expected) in [
        ("create", "ann b", Ok(vec!["ann@x.example"])),
        ("create", "bob@x.example", Ok(vec!["bob@x.example"])),
        ("skip", "Nobody", Ok(vec![])),
        ("refuse", "Ann C", Err("NOT_IN_FILE")),
        ("refuse", "Zoe", Err("INVALID_EMAIL")),
    ] {
        let people = "Name,Email\nAnn B,Ann@x.example\nZoe,zoe\n";
        let (_folder, name) = beside(&[("people.csv", people)], &more(missing));
        let text = std::fs::read_to_string(&name).expect("the mapping");
        let file = MappingFile::parse(&name, &text).unwrap_or_else(|e| panic!("{e}"));
        let mapping = file
            .compile(
                &headers(&["Id", "Subject", "Reporter"]),
                &schema(),
                For::Create,
            )
            .unwrap_or_else(|e| panic!("{e}"));
        match (mapping.map(&row(&["7", "s", cell])), expected) {
            (Mapped::Ticket(draft), Ok(values)) => {
                let found: Vec<&str> = draft.links.iter().map(|link| link.value.as_str()).collect();
                assert_eq!(found, values, "{cell}");
                let left_out = usize::from(values.is_empty());
                assert_eq!(remarks(&draft), vec![Remark::LeftBlank; left_out]);
            }
            (Mapped::Refused { issue, .. }, Err(code)) => {
                assert_eq!(issue.first().reason.code(), code);
                assert_eq!(issue.first().column.as_deref(), Some("Reporter"));
            }
            (other, _) => panic!("{missing} {cell}: {other:?}"),
        }
    }
}

#[test]
fn repeated_columns_are_links_each() {
    let more = "[[associate]]\nto = \"contacts\"\nby = \"email\"\ncolumn = \"Watcher\"\nmissing = \"skip\"\n";
    let found = links(
        more,
        &[
            ("Watcher", "a@x.example"),
            ("Watcher", ""),
            ("Watcher", "B@x.example"),
        ],
    );
    let values: Vec<(&str, Missing, usize)> = found
        .iter()
        .map(|link| (link.value.as_str(), link.missing, link.properties.len()))
        .collect();
    assert_eq!(
        values,
        [
            ("a@x.example", Missing::Skip, 0),
            ("b@x.example", Missing::Skip, 0)
        ]
    );
    assert!(matches!(
        map(more, &[("Watcher", "a@x"), ("Watcher", "b")]),
        Mapped::Refused { .. }
    ));
}

#[test]
fn objects_of_a_list_name_records_by_a_field() {
    let more = r#"[[associate]]
        to = "contacts"
        by = "email"
        column = "People"
        path = "email"
        missing = "create"
        "#;
    let people = r#"[{"id": 1, "email": "Ann@x.example"}, {"id": 2}, {"email": "bo@x.example"}]"#;
    let found = links(more, &[("People", people)]);
    let values: Vec<&str> = found.iter().map(|link| link.value.as_str()).collect();
    assert_eq!(values, ["ann@x.example", "bo@x.example"]);
    assert!(links(more, &[("People", "")]).is_empty());
    assert!(links(more, &[("People", "[]")]).is_empty());
    for cell in ["ann@x.example", "[1]"] {
        let issue = refusal(more, &[("People", cell)]);
        assert_eq!(issue.first().reason.code(), "NO_JSON_LIST", "{cell}");
    }
}
