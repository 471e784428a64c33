//! Expressions and what becomes of them, as a table.

use jiff::tz::TimeZone;

use super::*;
use crate::model::schema::{Schema, ValueType};
use crate::model::testing::{by_name, owner, pipeline, property, with_options};

fn schema() -> Schema {
    Schema {
        tickets: by_name([
            property("subject", ValueType::String),
            with_options("priority", ValueType::Enumeration, &[("HIGH", "High")]),
            property("created", ValueType::DateTime),
            property("due", ValueType::Date),
            property("size", ValueType::Number),
            property("open", ValueType::Bool),
            property("stage", ValueType::Stage),
            property("owner", ValueType::Owner),
        ]),
        pipelines: vec![
            pipeline("0", "0", &[("1", "New"), ("4", "Closed")]),
            pipeline("9", "9", &[("91", "new")]),
        ],
        owners: vec![owner("7", "ann@desk.example", "Ann", "Lee")],
        ..Schema::default()
    }
}

fn shown(text: &str) -> String {
    let expression = match parse(text) {
        Ok(expression) => expression,
        Err(error) => return error.to_string(),
    };
    let frame = Frame {
        zone: TimeZone::get("Europe/Berlin").expect("a zone"),
        now: "2026-03-01T23:30:00Z".parse().expect("a time"),
    };
    let groups = match search(&expression, &schema(), &frame) {
        Ok(search) => search.groups,
        Err(error) => return error.to_string(),
    };
    let filter = |filter: &crate::hubspot::Filter| format!("{} {:?}", filter.property, filter.test);
    let group = |group: &Vec<_>| group.iter().map(filter).collect::<Vec<_>>().join(" & ");
    groups.iter().map(group).collect::<Vec<_>>().join(" | ")
}

#[test]
fn expressions_become_groups() {
    for (text, expected) in [
        ("size = 3", r#"size Is(Equal, "3")"#),
        (
            "  size>=3 AND subject has 'can''t print*' ",
            r#"size Is(AtLeast, "3") & subject Is(HasWord, "can't print*")"#,
        ),
        ("priority = high", r#"priority In(["HIGH"])"#),
        ("stage = NEW", r#"stage In(["1", "91"])"#),
        ("stage in (Closed, 91)", r#"stage In(["4", "91"])"#),
        ("owner != \"Ann Lee\"", r#"owner NotIn(["7"])"#),
        ("owner = ann@desk.example", r#"owner In(["7"])"#),
        ("open = TRUE", r#"open In(["true"])"#),
        (
            "subject not in (A, \"b c\")",
            r#"subject NotIn(["a", "b c"])"#,
        ),
        (
            "subject is set or size is not set",
            "subject Known | size Unknown",
        ),
        (
            "created >= 2026-01-01",
            r#"created Is(AtLeast, "1767222000000")"#,
        ),
        (
            "created <= 2026-01-01",
            r#"created Is(AtMost, "1767308399999")"#,
        ),
        (
            "created = 2026-01-01",
            r#"created Between("1767222000000", "1767308399999")"#,
        ),
        (
            "created < 2026-01-01T00:00:00Z",
            r#"created Is(Less, "1767225600000")"#,
        ),
        (
            "due between 2026-01-01 and 2026-01-02",
            r#"due Between("1767225600000", "1767312000000")"#,
        ),
        (
            "size = 1 and (open = true or stage = 4) and subject is set",
            r#"size Is(Equal, "1") & open In(["true"]) & subject Known | size Is(Equal, "1") & stage In(["4"]) & subject Known"#,
        ),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn what_can_not_be_read_or_asked_is_told() {
    let many = |n: usize| vec!["size = 1"; n].join(" or ");
    let deep = |n: usize| format!("{}size = 1{}", "(".repeat(n), ")".repeat(n));
    assert!(shown(&deep(100)).starts_with("size"));
    let much = format!("({}) and ({})", many(40), many(40));
    let words: Vec<String> = (0..300).map(|n| format!("word{n:04}")).collect();
    let long = format!("size = 1 and subject in ({})", words.join(", "));
    for (text, part) in [
        (
            "",
            "at character 1: a property or `(` is expected, but the filter ends there",
        ),
        ("size", "at character 5: =, !=, <"),
        ("size = ", "a value is expected, but the filter ends there"),
        (
            "size = 1 size = 2",
            "at character 10: `and`, `or` or the end is expected, not `size = 2`",
        ),
        ("(size = 1", "`,`, `and`, `or` or `)` is expected"),
        ("size in 1", "`(` is expected, not `1`"),
        ("not size = 1", "at character 1: a property or `(`"),
        ("subject = 'x", "a closing quote is expected"),
        ("subjekt = x", "the portal has no ticket property subjekt"),
        (
            "subject < x",
            "subject is text: search can't test it with `<`, but with =, !=, has, lacks and in",
        ),
        ("priority has x", "priority is a choice"),
        ("priority = higgh", "did you mean High?"),
        (
            "size = many",
            "`many` is no value of size, which is a number",
        ),
        ("open = yes", "write true or false"),
        ("created = soon", "write 2026-01-31"),
        ("created in (2026-01-01)", "between"),
        (
            &deep(50_000),
            "at character 101: no bracket inside 100 others is expected",
        ),
        (&many(6), "comes to 6 alternatives with 6 conditions"),
        (&much, "comes to 1600 alternatives"),
        (
            &long,
            "HubSpot takes 3000. 3354 of them are for subject: shorten",
        ),
    ] {
        let shown = shown(text);
        assert!(shown.contains(part), "{text}: {shown}");
    }
}
