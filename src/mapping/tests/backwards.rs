//! Mappings run backwards: what they write is what they read, and what loses information is
//! refused.

use proptest::prelude::*;

use crate::mapping::tests::sample::{compiled_for, row, schema, value};
use crate::mapping::{Backwards, For, Mapped, MappingErrors, MappingFile};

const BY_ID: &str = r#"version = 1
[source]
timezone = "Europe/Berlin"
[key]
record_id = { column = "Ticket" }
"#;

fn backwards(text: &str) -> Result<Backwards, MappingErrors> {
    let file = MappingFile::parse("test.toml", text).unwrap_or_else(|e| panic!("{e}"));
    file.backwards(&schema())
}

fn of_entry(entry: &str) -> String {
    format!("{BY_ID}[properties]\n{entry}\n")
}

/// The header and the text of a value in the column of the one entry.
fn written(entry: &str, value: &str) -> (String, Option<String>) {
    let backwards = backwards(&of_entry(entry)).unwrap_or_else(|e| panic!("{e}"));
    let column = &backwards.columns[0];
    let text = column.way.text(value).map(|text| text.into_owned());
    (column.header.clone(), text)
}

/// What the entry reads from a text; the pipeline is the row's own.
fn read(entry: &str, header: &str, text: &str) -> Option<String> {
    let mapping = of_entry(&format!("{entry}\nhs_pipeline = \"Pipe\""));
    let compiled = compiled_for(&mapping, &["Ticket", header, "Pipe"], For::Update);
    let property = compiled.properties()[0].name.to_string();
    match compiled.map(&row(&["7", text, "0"])) {
        Mapped::Ticket(ticket) => value(&ticket, &property).map(str::to_owned),
        other => panic!("`{text}` is not read: {other:?}"),
    }
}

#[test]
fn values_become_the_texts_that_are_read_as_these_values() {
    let stages =
        r#"hs_pipeline_stage = { column = "Status", map = { fresh = "1", done = "Closed" } }"#;
    let kept =
        r#"hs_ticket_priority = { column = "P", map = { "1" = "HIGH" }, unmapped = "keep" }"#;
    let owner = r#"hubspot_owner_id = { column = "Agent", lookup = "owner" }"#;
    let local = r#"createdate = { column = "On", format = ["%d.%m.%Y %H:%M", "iso"] }"#;
    for (entry, value, header, text) in [
        (
            r#"subject = "Subject""#,
            "a\r\nb 🦊",
            "Subject",
            "a\r\nb 🦊",
        ),
        (
            r#"subject = { column = ["/^S/", "Title"] }"#,
            "a",
            "Title",
            "a",
        ),
        (
            r#"createdate = "On""#,
            "2026-01-31T23:30:00.123Z",
            "On",
            "2026-01-31T23:30:00.123Z",
        ),
        (local, "2026-01-31T23:30:00Z", "On", "01.02.2026 00:30"),
        (
            r#"due_day = { column = "Due", format = "%d/%m/%y" }"#,
            "2026-02-03",
            "Due",
            "03/02/26",
        ),
        (
            r#"effort = { column = "H", decimal = ",", thousands = "." }"#,
            "-1234.5",
            "H",
            "-1234,5",
        ),
        (r#"is_vip = "Vip""#, "true", "Vip", "true"),
        (
            r#"hs_ticket_category = { column = "C", split = ";" }"#,
            "BILLING;PRODUCT",
            "C",
            "BILLING;PRODUCT",
        ),
        (kept, "HIGH", "P", "1"),
        (kept, "LOW", "P", "LOW"),
        (stages, "4", "Status", "done"),
        (stages, "1", "Status", "fresh"),
        (owner, "51", "Agent", "maya@x.example"),
        (r#"hubspot_owner_id = "Agent""#, "51", "Agent", "51"),
    ] {
        let expected = (header.to_owned(), Some(text.to_owned()));
        assert_eq!(written(entry, value), expected, "{entry}");
        assert!(
            read(entry, header, text).is_some_and(|read| same(&read, value)),
            "{entry}: {:?}",
            read(entry, header, text)
        );
    }
}

/// Zero milliseconds may be written or not.
fn same(read: &str, value: &str) -> bool {
    read == value || read.replace(".000Z", "Z") == value
}

#[test]
fn a_value_that_no_text_stands_for_has_none() {
    let stages =
        r#"hs_pipeline_stage = { column = "Status", map = { fresh = "1", done = "Closed" } }"#;
    let owner = r#"hubspot_owner_id = { column = "Agent", lookup = "owner" }"#;
    for (entry, value) in [
        (stages, "2"),
        (owner, "54"),
        (r#"createdate = "On""#, "soon"),
    ] {
        assert_eq!(written(entry, value).1, None, "{entry}");
    }
}

#[test]
fn a_stage_of_any_pipeline_has_its_text() {
    let entries = r#"hs_pipeline = "Pipe"
hs_pipeline_stage = { column = "Status", map = { fresh = "New" }, unmapped = "keep" }"#;
    let backwards = backwards(&of_entry(entries)).unwrap_or_else(|e| panic!("{e}"));
    for (stage, text) in [("1", "fresh"), ("901", "fresh"), ("902", "902")] {
        assert_eq!(backwards.columns[1].way.text(stage).as_deref(), Some(text));
    }
}

#[test]
fn the_key_is_the_first_column_without_its_prefix() {
    let text = "version = 1\n[key]\nproperty = \"old_id\"\ncolumn = \"Id\"\nprefix = \"z-\"\n[properties]\nsubject = \"Subject\"";
    let backwards = backwards(text).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(backwards.id_header, None);
    let key = &backwards.columns[0];
    assert_eq!(
        (key.header.as_str(), key.property.as_str()),
        ("Id", "old_id")
    );
    assert_eq!(key.way.text("z-7").as_deref(), Some("7"));
    assert_eq!(key.way.text("jira-7"), None);
}

#[test]
fn what_forgets_a_value_is_refused_by_its_name() {
    let key = |key: &str| format!("version = 1\n[key]\n{key}\n[properties]\nsubject = \"S\"\n");
    let whole = |more: &str| format!("{}{more}\n", of_entry("subject = \"S\""));
    for (text, words) in [
        (
            of_entry(r#"subject = { value = "x" }"#),
            "a constant can't be run backwards",
        ),
        (
            of_entry(r#"subject = { template = "{{ col('A') }}" }"#),
            "a template can't be run backwards",
        ),
        (
            of_entry(r#"subject = { column = "/^S/" }"#),
            "a pattern can't be run backwards",
        ),
        (
            of_entry(r#"subject = { column = "S", replace = { a = "b" } }"#),
            "`replace` forgets",
        ),
        (
            of_entry(r#"subject = { column = "S", html = "text" }"#),
            "`html` forgets",
        ),
        (
            of_entry(r#"subject = { column = "S", truncate = 100 }"#),
            "`truncate` forgets",
        ),
        (
            of_entry(r#"subject = { column = "S", default = "x" }"#),
            "`default` forgets",
        ),
        (
            of_entry(r#"subject = { column = "S", nth = 2 }"#),
            "`nth` forgets",
        ),
        (
            of_entry(r#"hs_ticket_category = { column = "C", split = [",", " "] }"#),
            "`split` forgets",
        ),
        (
            of_entry(r#"old_tags = { column = "C", split = ";", join = "|" }"#),
            "`join` forgets",
        ),
        (
            of_entry(r#"createdate = { column = "C", timezone = { column = "Z" } }"#),
            "`timezone` forgets",
        ),
        (
            of_entry(r#"hs_ticket_priority = { column = "P", map = { a = "LOW", b = "Low" } }"#),
            "`a` and `b` become the same",
        ),
        (
            of_entry(r#"hs_ticket_priority = { column = "P", map = { a = "" } }"#),
            "`a` becomes no value",
        ),
        (
            of_entry(
                r#"hs_ticket_priority = { column = "P", map = { a = "LOW" }, unmapped = "blank" }"#,
            ),
            "`unmapped` forgets",
        ),
        (
            of_entry("subject = \"S\"\ncontent = \"s\""),
            "the column `s` is written twice",
        ),
        (of_entry(r#"hs_object_id = "Again""#), "is the key"),
        (of_entry(r#"no_such = "S""#), "no_such"),
        (
            key("property = \"old_id\"\nrow_hash = true"),
            "`row_hash` can't be run backwards",
        ),
        (
            key("property = \"old_id\"\ntemplate = \"{{ col('A') }}\""),
            "a template can't",
        ),
        (
            whole("[rows]\nskip = 'col(\"S\") == \"\"'"),
            "`skip` can't be run backwards",
        ),
        (
            whole("[rows]\none_per = \"S\""),
            "`one_per` can't be run backwards",
        ),
        (
            whole("[[associate]]\nto = \"contacts\"\nby = \"email\"\ncolumn = \"M\""),
            "links to contacts can't",
        ),
        (
            of_entry("subject = \"S\"").replace("[source]\n", "[source]\ndelimiter = \";\"\n"),
            "[source] asks for another CSV",
        ),
    ] {
        match backwards(&text) {
            Ok(_) => panic!("nothing was refused: {text}"),
            Err(errors) => assert!(errors.to_string().contains(words), "{words}\n{errors}"),
        }
    }
}

proptest! {
    #[test]
    fn any_text_comes_back(value in "\\PC{1,40}") {
        prop_assume!(!value.trim().is_empty());
        let entry = r#"subject = { column = "S", trim = false }"#;
        let (header, text) = written(entry, &value);
        let text = text.expect("a text");
        prop_assert_eq!(read(entry, &header, &text), Some(value));
    }

    #[test]
    fn any_number_comes_back(whole in any::<i64>(), fraction in "[0-9]{0,6}[1-9]") {
        let value = format!("{whole}.{fraction}");
        let entry = r#"effort = { column = "H", decimal = ",", thousands = "." }"#;
        let (header, text) = written(entry, &value);
        let text = text.expect("a text");
        prop_assert_eq!(read(entry, &header, &text), Some(value));
    }

    #[test]
    fn any_moment_comes_back_as_exact_as_its_format(seconds in 0_i64..4_000_000_000) {
        let instant = jiff::Timestamp::from_second(seconds).expect("a time");
        let value = instant.to_string();
        let entry = r#"createdate = { column = "On", format = "%Y-%m-%d %H:%M:%S %:z" }"#;
        let (header, text) = written(entry, &value);
        let read = read(entry, &header, &text.expect("a text")).expect("a value");
        prop_assert!(same(&read, &value), "{} {}", read, value);
    }
}
