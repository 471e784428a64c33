//! Rows through whole mappings.

use proptest::prelude::*;

use crate::mapping::tests::sample::{HEAD, compiled, map, refusal, remarks, row, ticket, value};
use crate::mapping::{CompiledMapping, Mapped};
use crate::model::ticket::{Missing, Remark};

#[test]
fn a_row_becomes_a_ticket_in_the_order_of_the_mapping() {
    let draft = ticket(
        r#"content = { column = ["Text", "Description"] }
        effort = { column = "Effort", decimal = ",", thousands = "." }
        is_vip = "VIP"
        createdate = { column = "Created", format = "%d.%m.%Y %H:%M" }
        hubspot_owner_id = { column = "Agent", lookup = "owner" }
        "#,
        &[
            ("description", " two\nlines "),
            ("Effort", "1.234,50"),
            ("VIP", "Yes"),
            ("Created", "10.03.2024 08:30"),
            ("Agent", "maya lindqvist"),
        ],
    );
    assert_eq!(draft.key, "z-7");
    let properties: Vec<(&str, &str)> = draft
        .properties
        .iter()
        .map(|(name, value)| (&**name, value.as_str()))
        .collect();
    assert_eq!(
        properties,
        [
            ("old_id", "z-7"),
            ("subject", "Printer"),
            ("hs_pipeline_stage", "1"),
            ("content", "two\nlines"),
            ("effort", "1234.5"),
            ("is_vip", "true"),
            ("createdate", "2024-03-10T07:30:00.000Z"),
            ("hubspot_owner_id", "51"),
        ]
    );
    assert_eq!((draft.links.len(), draft.remarks.len()), (0, 0));
}

#[test]
fn empty_cells_are_left_out_or_get_the_default() {
    let more = "content = \"Text\"\nhs_ticket_priority = { column = \"P\", default = \"Low\" }\n";
    for empty in ["", "  ", "-", " NULL "] {
        let draft = ticket(more, &[("Text", empty), ("P", empty)]);
        assert_eq!(value(&draft, "content"), None, "{empty:?}");
        assert_eq!(
            value(&draft, "hs_ticket_priority"),
            Some("LOW"),
            "{empty:?}"
        );
    }
    let absent = "content = { column = \"Text\", optional = true, default = \"none\" }";
    assert_eq!(value(&ticket(absent, &[]), "content"), Some("none"));
}

#[test]
fn blanks_stay_where_the_mapping_says_so() {
    let draft = ticket(
        "content = { column = \"T\", trim = false }",
        &[("T", " a ")],
    );
    assert_eq!(value(&draft, "content"), Some(" a "));
}

#[test]
fn several_options_are_split_mapped_and_joined() {
    let more = r#"hs_ticket_category = { column = "C", split = [",", "/"], map = { bill = "Billing issue", prod = "PRODUCT", none = "" } }"#;
    let draft = ticket(more, &[("C", "Bill, prod/bill,none")]);
    assert_eq!(value(&draft, "hs_ticket_category"), Some("BILLING;PRODUCT"));
    let issue = refusal(more, &[("C", "bill,x,y")]);
    let values: Vec<&str> = issue
        .problems()
        .map(|problem| problem.value.as_str())
        .collect();
    assert_eq!(values, ["x", "y"]);
    let plain = ticket("hs_ticket_category = \"C\"", &[("C", "billing;PRODUCT")]);
    assert_eq!(value(&plain, "hs_ticket_category"), Some("BILLING;PRODUCT"));
    let tags = ticket(
        "old_tags = { column = \"C\", split = [\",\", \" \"] }",
        &[("C", "a, b a")],
    );
    assert_eq!(value(&tags, "old_tags"), Some("a;b"));
}

#[test]
fn unmapped_values_go_where_the_mapping_says() {
    for (unmapped, expected, noted) in [
        ("keep", Some("HIGH"), vec![]),
        ("blank", None, vec![Remark::LeftBlank]),
        ("medium", Some("MEDIUM"), vec![Remark::FellBack]),
    ] {
        let more = format!(
            "hs_ticket_priority = {{ column = \"P\", map = {{ p1 = \"Urgent\" }}, unmapped = \"{unmapped}\" }}"
        );
        let draft = ticket(&more, &[("P", "high")]);
        assert_eq!(value(&draft, "hs_ticket_priority"), expected, "{unmapped}");
        assert_eq!(remarks(&draft), noted, "{unmapped}");
        assert_eq!(
            value(&ticket(&more, &[("P", " P1 ")]), "hs_ticket_priority"),
            Some("URGENT")
        );
    }
    let refused = refusal(
        "hs_ticket_priority = { column = \"P\", map = { p1 = \"Urgent\" } }",
        &[("P", "p2")],
    );
    insta::assert_snapshot!(
        refused.hint(),
        @r#"column "P": "p2": the mapping's value map has no entry for it; did you mean "p1"? Accepted: "p1", or add an entry to the mapping."#
    );
}

#[test]
fn a_stage_is_one_of_the_rows_pipeline() {
    let head = HEAD.replace("hs_pipeline_stage = { value = \"New\" }\n", "");
    let text = format!(
        "{head}hs_pipeline_stage = {{ column = \"S\", map = {{ new = \"New\", in = \"Received\" }} }}\nhs_pipeline = \"P\"\n"
    );
    let mapping = compiled(&text, &["Id", "Subject", "S", "P"]).unwrap_or_else(|e| panic!("{e}"));
    for (stage, pipeline, expected) in [
        ("new", "returns", Ok(("901", "77"))),
        ("in", "77", Ok(("902", "77"))),
        ("New", "Support Pipeline", Ok(("1", "0"))),
        ("in", "0", Err(vec!["UNKNOWN_STAGE"])),
        ("in", "Suport Pipeline", Err(vec!["UNKNOWN_PIPELINE"])),
    ] {
        let found = match mapping.map(&row(&["7", "Printer", stage, pipeline])) {
            Mapped::Ticket(draft) => {
                assert_eq!(
                    value(&draft, "hs_pipeline_stage"),
                    expected.clone().ok().map(|found| found.0)
                );
                assert_eq!(
                    value(&draft, "hs_pipeline"),
                    expected.clone().ok().map(|found| found.1)
                );
                continue;
            }
            Mapped::Refused { issue, .. } => issue
                .problems()
                .map(|problem| problem.reason.code().to_owned())
                .collect::<Vec<_>>(),
            Mapped::Skipped => vec![],
        };
        assert_eq!(
            Err(found),
            expected.map_err(|codes| codes.iter().map(|code| (*code).to_owned()).collect())
        );
    }
    let Mapped::Ticket(draft) = mapping.map(&row(&["7", "Printer", "new", ""])) else {
        panic!("a row without a pipeline goes to the default one");
    };
    assert_eq!(value(&draft, "hs_pipeline_stage"), Some("1"));
}

#[test]
fn every_problem_of_a_row_is_told() {
    let issue = refusal(
        r#"effort = "Effort"
        is_vip = "VIP"
        due_day = { column = "Due", format = ["%d/%m/%Y", "%m/%d/%Y"] }
        hubspot_owner_id = { column = "Agent", lookup = "owner" }
        content = { column = "Text", required = true }
        [[associate]]
        to = "contacts"
        by = "email"
        column = "Mail"
        "#,
        &[
            ("Effort", "much"),
            ("VIP", "perhaps"),
            ("Due", "03/04/2024"),
            ("Agent", "Alex Kim"),
            ("Text", ""),
            ("Mail", "grace at x.example"),
        ],
    );
    insta::assert_snapshot!(issue.hint().replace(". (", ".\n("), @r#"
    (1) column "Effort": "much": this is not a number; write it like 1234.5.
    (2) column "VIP": "perhaps": this is neither true nor false; write true or false.
    (3) column "Due": "03/04/2024": this may be 2024-04-03 or 2024-03-04; write the date as 2024-04-03 or 2024-03-04, or keep one format in the mapping.
    (4) column "Agent": "Alex Kim": 2 owners have this name; use the e-mail instead: "alex@x.example" or "alexandra@x.example".
    (5) column "Text": a value is required here and there is none; fill in the cell.
    (6) column "Mail": "grace at x.example": this is not an e-mail address; write it like name@example.com.
    "#);
    assert_eq!(issue.first().property.as_deref(), Some("effort"));
}

#[test]
fn keys_are_text_and_nothing_else() {
    for (id, expected) in [
        (" 0042 ", Ok("z-0042")),
        ("9007199254740993123", Ok("z-9007199254740993123")),
        ("", Err("MISSING_KEY")),
        ("NULL", Err("MISSING_KEY")),
        ("4\n2", Err("INVALID_KEY")),
        ("4\u{0}2", Err("INVALID_KEY")),
    ] {
        let mapping = compiled(HEAD, &["Id", "Subject"]).unwrap_or_else(|e| panic!("{e}"));
        match (mapping.map(&row(&[id, "Printer"])), expected) {
            (Mapped::Ticket(draft), Ok(key)) => {
                assert_eq!(draft.key, key);
                assert_eq!(value(&draft, "old_id"), Some(key));
            }
            (Mapped::Refused { key: None, issue }, Err(code)) => {
                assert_eq!(issue.first().reason.code(), code);
                assert_eq!(issue.first().column.as_deref(), Some("Id"));
            }
            (other, _) => panic!("{id:?}: {other:?}"),
        }
    }
}

#[test]
fn a_refused_row_keeps_its_key() {
    match map("", &[]) {
        Mapped::Ticket(_) => {}
        other => panic!("{other:?}"),
    }
    let mapping = compiled(HEAD, &["Id", "Subject"]).unwrap_or_else(|e| panic!("{e}"));
    let Mapped::Refused { key, issue } = mapping.map(&row(&["7"])) else {
        panic!("a record without a subject went in");
    };
    assert_eq!(key.as_deref(), Some("z-7"));
    assert_eq!(issue.first().reason.code(), "MISSING_VALUE");
}

#[test]
fn rules_skip_and_templates_fail_by_row() {
    let head = HEAD.replace(
        "[properties]",
        "[rows]\nskip = 'col(\"Status\") == \"deleted\"'\n[properties]",
    );
    let text = format!("{head}content = {{ template = \"{{{{ [0, 1][col('N') | int] }}}}\" }}\n");
    let mapping =
        compiled(&text, &["Id", "Subject", "Status", "N"]).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        mapping.map(&row(&["7", "", "deleted", "x"])),
        Mapped::Skipped
    );
    let Mapped::Ticket(draft) = mapping.map(&row(&["7", "a", "open", "1"])) else {
        panic!("the template is good for this row");
    };
    assert_eq!(value(&draft, "content"), Some("1"));
    let Mapped::Refused { issue, .. } = mapping.map(&row(&["7", "a", "open", "9"])) else {
        panic!("the template can't be good for this row");
    };
    assert_eq!(issue.first().reason.code(), "TEMPLATE_FAILED");
    assert_eq!(issue.first().column.as_deref(), Some("N"));
    assert_eq!(mapping.column_of("content"), Some("N"));
}

#[test]
fn links_carry_what_a_new_contact_needs() {
    let more = r#"[[associate]]
        to = "contacts"
        by = "email"
        column = "Mail"
        missing = "create"
        properties = { firstname = "Name", lastname = { value = "(unknown)" } }
        "#;
    let draft = ticket(more, &[("Mail", " Grace@X.example "), ("Name", "Grace")]);
    let [link] = draft.links.as_slice() else {
        panic!("{:?}", draft.links);
    };
    assert_eq!(
        (link.value.as_str(), &*link.column, link.missing),
        ("grace@x.example", "Mail", Missing::Create)
    );
    let properties: Vec<(&str, &str)> = link
        .properties
        .iter()
        .map(|(name, value)| (&**name, value.as_str()))
        .collect();
    assert_eq!(
        properties,
        [
            ("email", "grace@x.example"),
            ("firstname", "Grace"),
            ("lastname", "(unknown)")
        ]
    );
    assert!(
        ticket(more, &[("Mail", "-"), ("Name", "Grace")])
            .links
            .is_empty()
    );
}

#[test]
fn owners_without_a_counterpart_fall_back() {
    let more =
        "hubspot_owner_id = { column = \"A\", lookup = \"owner\", missing = \"maya@x.example\" }";
    let draft = ticket(more, &[("A", "Oliver Brandt")]);
    assert_eq!(value(&draft, "hubspot_owner_id"), Some("51"));
    assert_eq!(remarks(&draft), [Remark::FellBack]);
}

#[test]
fn repeated_columns_and_unused_ones() {
    let text = format!("{HEAD}content = {{ column = \"Note\", nth = 2 }}\n");
    let names = ["Id", "Note", "Subject", "Note", "Other", "_hint", "_line"];
    let mapping = compiled(&text, &names).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(mapping.unused_columns(), ["Note", "Other"]);
    let Mapped::Ticket(draft) = mapping.map(&row(&["1", "a", "s", "b", "o", "", ""])) else {
        panic!("a plain row");
    };
    assert_eq!(value(&draft, "content"), Some("b"));
    let names: Vec<&str> = mapping
        .properties()
        .iter()
        .map(|property| &*property.name)
        .collect();
    assert_eq!(names, ["old_id", "subject", "hs_pipeline_stage", "content"]);
    assert_eq!(mapping.column_of("old_id"), Some("Id"));
    assert_eq!(mapping.column_of("hs_pipeline_stage"), None);
    assert_eq!(mapping.key_property(), "old_id");
}

#[test]
fn values_of_the_mapping_are_in_the_plain_form() {
    let more = r#"effort = { column = "E", decimal = ",", thousands = ".", default = "1.5" }
        due_day = { column = "D", format = "%d/%m/%Y", default = "2024-03-10" }
        createdate = { value = "2024-03-10T07:30:00Z" }
        hubspot_owner_id = { value = "51" }
        is_vip = { column = "V", optional = true, default = true }
        "#;
    let draft = ticket(more, &[("E", ""), ("D", "")]);
    for (property, expected) in [
        ("effort", "1.5"),
        ("due_day", "2024-03-10"),
        ("createdate", "2024-03-10T07:30:00.000Z"),
        ("hubspot_owner_id", "51"),
        ("is_vip", "true"),
    ] {
        assert_eq!(value(&draft, property), Some(expected), "{property}");
    }
}

/// A mapping that uses every kind of conversion.
fn everything() -> CompiledMapping {
    let text = HEAD.replace(
        "[properties]",
        "[rows]\nskip = 'col(\"Status\") == \"deleted\"'\n[properties]",
    ) + r#"content = { column = "Text", html = "text", replace = { 'e+' = "$0", "[<>]" = "" }, truncate = 100 }
        effort = "Effort"
        is_vip = "VIP"
        due_day = { column = "Due", format = ["%d/%m/%Y", "%m/%d/%y"] }
        createdate = { column = '/^Created/', timezone = { column = "Agent" } }
        closed_date = { column = "Created", timezone = "America/New_York" }
        old_tags = { column = "Tags", split = [",", " "] }
        hs_ticket_category = { column = "Tags", split = ",", map = { x = "" }, unmapped = "keep" }
        hs_ticket_priority = { template = "{{ col('Status') | upper }}" }
        hubspot_owner_id = { column = "Agent", lookup = "owner", missing = "blank" }
        hs_pipeline = "Pipeline"
        [[associate]]
        to = "contacts"
        by = "email"
        column = "Mail"
        missing = "create"
        properties = { firstname = { column = "Text", html = "text" } }
        [[associate]]
        to = "tickets"
        by = "key"
        column = "Tags"
        split = ","
        missing = "skip"
        [[associate]]
        to = "deals"
        by = "id"
        column = "Effort"
        "#;
    compiled(&text, &COLUMNS).unwrap_or_else(|errors| panic!("{errors}"))
}

const COLUMNS: [&str; 13] = [
    "Id", "Subject", "Status", "Text", "Effort", "VIP", "Due", "Created", "Tags", "Agent",
    "Pipeline", "Mail", "Text",
];

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,20}",
        2 => "(?s).{0,20}",
        2 => prop::sample::select(vec![
            "", " ", "-", "7", "New", "deleted", "low", "true", "31/12/2024", "1710055800",
            "2024-03-31 02:30:00", "0000-00-00", "maya@x.example", "Alex Kim", "Returns", "0",
            "BILLING,PRODUCT", "-1.5", "😀", "\u{0}", "a\r\nb", "\u{feff}", "99999999999999999999",
            "Europe/Berlin", "<p>a<table><td>", "&#0;<br>", "<!--",
        ]).prop_map(str::to_owned),
        1 => (0..70_000usize).prop_map(|len| "é".repeat(len)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn every_row_ends_and_says_why(cells in prop::collection::vec(cell(), 0..15)) {
        static MAPPING: std::sync::LazyLock<CompiledMapping> = std::sync::LazyLock::new(everything);
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        match MAPPING.map(&row(&cells)) {
            Mapped::Ticket(draft) => {
                prop_assert!(!draft.key.chars().any(char::is_control));
                prop_assert_eq!(value(&draft, "old_id"), Some(draft.key.as_str()));
                let fits = |value: &str| !value.is_empty() && value.encode_utf16().count() <= 65_536;
                prop_assert!(draft.properties.iter().all(|(_, value)| fits(value)));
            }
            Mapped::Skipped => prop_assert_eq!(cells.get(2).map(|cell| cell.trim()), Some("deleted")),
            Mapped::Refused { issue, .. } => {
                prop_assert!(issue.problems().all(|problem| problem.column.is_some()));
                prop_assert!(!issue.hint().is_empty());
            }
        }
    }
}
