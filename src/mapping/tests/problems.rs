//! Mappings with many mistakes: all of them are reported, each at its place.

use proptest::prelude::*;

use crate::mapping::tests::sample::{HEAD, compiled, headers, schema};
use crate::mapping::{For, MappingErrors, MappingFile};

fn errors<T>(result: Result<T, MappingErrors>) -> MappingErrors {
    match result {
        Ok(_) => panic!("nothing was found wrong"),
        Err(errors) => errors,
    }
}

#[test]
fn a_file_with_many_mistakes_tells_them_all() {
    let text = r#"
version = 2
sytem = "Zendesk"

[source]
timezone = 5
delimiter = "x"
encoding = "latin-99"
quote = "''"
escape = "x"
header = []

[key]
property = "old_id"
column = "Id"
template = "{{ col('Id') }}"

[rows]
skipp = "true"
keep = "newest"

[properties]
subject = 7
content = { colum = "Text" }
effort = { column = "Effort", nth = 0, decimal = "..", html = "txt", trunc = 5 }
is_vip = { value = true, map = { a = "b" } }
hs_ticket_priority = { column = "P", unmapped = "keep", lookup = "ownr" }
createdate = { column = "/^Created(/", format = [], timezone = { colum = "Z" } }
old_tags = { column = "Tags", split = ["", ","], truncate = "yes", map = {} }
due_day = { column = "Due", empty = "clean", default = "x", read_only = { in = "y" }, replace = { "(" = "" } }
hubspot_owner_id = { column = "Agent", lookup = { file = "people.csv", from = "Name" } }

[[associate]]
to = "compnies"
column = ["Mail", 3]
missing = "creat"

[[associate]]
to = "companies"
by = "key"
column = "Firm"

[[associate]]
to = "tickets"
by = "key"
column = "Parent"
missing = "create"

[[associate]]
to = "deals"
by = "id"
column = "Deal"
properties = { amount = "Sum" }

[[property]]
name = "Old Id"
type = "strng"

[[property]]
name = "kind"
type = "enumeration"
field_type = "text"
unique = true
"#;
    let errors = errors(MappingFile::parse("many.toml", text));
    insta::assert_snapshot!("many_mistakes_in_a_file", errors.render(false));
    assert_eq!(errors.problems().count(), errors.len());
}

#[test]
fn notes_with_many_mistakes_tell_them_all() {
    let text = format!(
        "{HEAD}\n{}",
        r#"[[notes]]
column = "Comment"
parts = { separator = "", names = ["at", "by", "at"], last = "first" }
at = { part = "att", formt = "%d" }
author = { path = "by" }
public = { part = "by", map = { agent = "perhaps" } }
body = { part = "text", html = "cleen" }
skip = "last"

[[notes]]
colum = "Comment"
channel = { part = "by", lookup = { file = "x.csv", too = "name" } }
"#
    );
    let errors = errors(MappingFile::parse("notes.toml", &text));
    insta::assert_snapshot!("many_mistakes_in_notes", errors.render(false));
}

#[test]
fn a_mapping_that_does_not_fit_tells_everything() {
    let text = r#"version = 1
[source]
timezone = "Europe/Berln"

[key]
property = "content"
column = "Idd"

[rows]
skip = 'col("Stauts") == "deleted"'

[properties]
subject = { template = "{{ col('Subjct') | trm }}" }
Content = "Text"
hs_object_id = "Id"
hs_pipeline = { value = "Suport Pipeline" }
hs_pipeline_stage = { column = "Status", map = { new = "Nwe", New = "New" } }
hs_ticket_priority = { value = "Urgnt", timezone = "UTC" }
hs_ticket_category = { column = "Id", default = "Billing issue;Other" }
createdate = { column = "Created", format = ["%d/%m", "%Y-%m-%d %!", "%Y-%m-%d %I:%M"], timezone = "Mars" }
effort = { column = "Text", decimal = ",", thousands = "," }
is_vip = { value = "perhaps" }
hubspot_owner_id = { column = "Text", missing = "Alex Kim" }
due_day = { column = "Text", nth = 2, default = "soon" }
closed_date = { template = "{{ Created }}" }

[[notes]]
column = "Coment"
parts = { separator = ";", names = ["at", "by", "text"] }
at = { part = "at", format = ["%d/%b/%y", "%d/%!"], timezone = "Europe/Berln" }
author = { part = "by", map = { a = "A", "A " = "B" } }
body = "text"

[[associate]]
to = "contacts"
by = "email"
column = "E-Mail"
missing = "create"
properties = { email = "Mail", frstname = "Text" }
"#;
    let names = ["Id", "Subject", "Status", "Text", "Created", "Mail"];
    let errors = errors(compiled(text, &names));
    insta::assert_snapshot!("many_mistakes_against_a_portal", errors.render(false));
}

#[test]
fn broken_toml_is_told_by_itself() {
    let text = "version = 1\n[key\nproperty = \n[properties]\nsubject = \"a\nx = 1\n";
    let errors = errors(MappingFile::parse("broken.toml", text));
    insta::assert_snapshot!("broken_toml", errors.render(false));
}

#[test]
fn nothing_at_all_is_told_too() {
    let errors = errors(MappingFile::parse("empty.toml", ""));
    let messages: Vec<&str> = errors.problems().map(|problem| problem.message).collect();
    assert_eq!(
        messages,
        [
            "the mapping has no `version`",
            "the mapping has no `[key]`",
            "the mapping has no `[properties]`",
        ]
    );
}

#[test]
fn what_every_ticket_needs_is_asked_for() {
    let text = "version = 1\n[key]\nproperty = \"old_id\"\ncolumn = \"Id\"\n[properties]\nold_id = \"Id\"\n";
    let errors = errors(compiled(text, &["Id"]));
    let places: Vec<(usize, usize, &str)> = errors
        .problems()
        .map(|problem| (problem.line, problem.column, problem.message))
        .collect();
    assert_eq!(
        places,
        [
            (5, 2, "nothing is mapped to `subject`"),
            (5, 2, "nothing is mapped to `hs_pipeline_stage`"),
            (6, 1, "`old_id` is the key and gets its value from [key]"),
        ]
    );
}

#[test]
fn a_zoneless_format_asks_for_a_zone() {
    let text = HEAD.replace("timezone = \"Europe/Berlin\"\n", "")
        + "createdate = { column = \"C\", format = [\"%Y-%m-%d %H:%M\", \"%Y-%m-%dT%H:%M%z\"] }\n";
    let found = errors(compiled(&text, &["Id", "Subject", "C"]));
    let messages: Vec<&str> = found.problems().map(|problem| problem.message).collect();
    assert_eq!(messages, ["dates in this format carry no time zone"]);
    let zoned = text.replace("createdate = {", "createdate = { timezone = \"UTC\",");
    assert!(compiled(&zoned, &["Id", "Subject", "C"]).is_ok());
}

#[test]
fn a_property_that_is_only_defined_is_to_be_created_first() {
    let text = format!(
        "{HEAD}kind = \"K\"\n[[property]]\nname = \"kind\"\ntype = \"enumeration\"\noptions = [\"a\", {{ label = \"B\", value = \"b\" }}]\n"
    );
    let file = MappingFile::parse("new.toml", &text).unwrap_or_else(|e| panic!("{e}"));
    let headers = headers(&["Id", "Subject", "K"]);
    let found = errors(file.compile(&headers, &schema(), For::Create));
    let help: Vec<Option<&str>> = found.problems().map(|problem| problem.help).collect();
    assert_eq!(
        help,
        [Some(
            "the mapping defines it in a [[property]]: create it in the portal first"
        )]
    );
    let with_it = schema().with_tickets(file.new_properties());
    assert!(file.compile(&headers, &with_it, For::Create).is_ok());
}

#[test]
fn hundreds_of_thousands_of_mistakes_take_no_time() {
    let started = std::time::Instant::now();
    let lines = |line: fn(usize) -> String| (0..20_000).map(line).collect::<String>();
    for text in [
        lines(|n| format!("k{n} = 1\n")) + HEAD,
        format!("{HEAD}{}", lines(|n| format!("k{n} = 1\n"))),
        format!("{HEAD}{}", lines(|n| format!("k{n} = \"S\"\n"))),
        format!("{HEAD}{}", lines(|_| "[[property]]\nx = 1\n".to_owned())),
    ] {
        let errors = errors(compiled(&text, &["Id", "Subject"]));
        let said = errors.render(false);
        let more = errors.len() - 50;
        assert!(
            said.ends_with(&format!("and {more} more mistakes of the mapping")),
            "{more}"
        );
    }
    assert!(started.elapsed().as_secs() < 40);
}

#[test]
fn patterns_take_some_memory_and_no_more() {
    let lines: Vec<String> = (0..200).map(|n| format!("'a{n}\\w{{30}}' = ''")).collect();
    let text = format!(
        "{HEAD}content = {{ column = \"Subject\", replace = {{ {} }} }}\n",
        lines.join(", ")
    );
    let errors = errors(compiled(&text, &["Id", "Subject"]));
    let said = errors
        .problems()
        .next()
        .map(|problem| problem.message.to_owned());
    assert_eq!(
        said.as_deref(),
        Some("the patterns of the mapping up to this one take more than 64 MiB")
    );
    let lines: Vec<String> = (0..1_000).map(|n| format!("'^\\d - {n}' = ''")).collect();
    let text = format!(
        "{HEAD}content = {{ column = \"Subject\", replace = {{ {} }} }}\n",
        lines.join(", ")
    );
    assert!(compiled(&text, &["Id", "Subject"]).is_ok());
}

#[test]
fn a_message_is_one_line_whatever_it_names() {
    let text = format!("{HEAD}\"a\\nerror: forged\\u009b\" = 1\n");
    let said = errors(MappingFile::parse("a\nb.toml", &text)).render(false);
    assert!(
        !said.lines().any(|line| line.starts_with("error: forged")),
        "{said}"
    );
    assert!(
        said.contains("a␊b.toml") && !said.contains('\u{9b}'),
        "{said}"
    );
}

#[test]
fn colour_changes_nothing_but_the_colour() {
    let found = errors(MappingFile::parse("empty.toml", ""));
    let styled = found.render(true);
    assert!(styled.contains('\u{1b}') && !found.render(false).contains('\u{1b}'));
    assert_eq!(found.to_string(), found.render(false));
}

proptest! {
    /// A file that is cut, doubled or overwritten anywhere is read or reported, never a panic.
    #[test]
    fn a_damaged_file_is_never_a_panic(
        at in 0..2_000usize,
        len in 0..60usize,
        what in prop::sample::select(vec!["", "\"", "[", "]", "{", "}", "=", "\n", "é", "5", "true", "[[property]]\n"]),
    ) {
        let good = format!("{HEAD}{LONG}");
        let start = at.min(good.len());
        let end = (start + len).min(good.len());
        let text = [&good.as_bytes()[..start], what.as_bytes(), &good.as_bytes()[end..]].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        if let Err(errors) = compiled(&text, &["Id", "Subject", "Status", "Mail", "Created"]) {
            prop_assert!(errors.len() > 0);
            prop_assert!(errors.render(false).contains("test.toml"));
        }
    }
}

const LONG: &str = r#"createdate = { column = ["Created", "Créé"], format = "%Y-%m-%d %H:%M", timezone = "UTC" }
content = { template = "{{ col('Status') }} {{ col('Mail') }}" }
hs_ticket_priority = { column = "Status", map = { a = "Low", "b é" = "High" }, unmapped = "keep" }

[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
properties = { firstname = { column = "Subject", truncate = 50 } }

[[property]]
name = "extra"
type = "enumeration"
options = ["a", { label = "B", value = "b" }]
"#;

#[test]
fn keys_that_can_not_be_are_told() {
    for (key, message) in [
        (
            "row_hash = false\nproperty = \"old_id\"",
            "`row_hash` takes true, or is left out",
        ),
        (
            "row_hash = true\ncolumn = \"Id\"\nproperty = \"old_id\"",
            "[key] has both `column` and `row_hash`: keep one",
        ),
        (
            "record_id = { column = \"Id\" }\nprefix = \"z-\"",
            "`prefix` has no effect together with `record_id`",
        ),
        ("record_id = {}", "the `record_id` of [key] has no `column`"),
        (
            "record_id = { column = \"Id\" }",
            "rows that name tickets by `record_id` can't be used to create",
        ),
        (
            "property = \"old_id\"\ntemplate = \"x\"\nnth = 2",
            "`nth` has no effect without `column`",
        ),
        (
            "property = \"old_id\"\ncolumn = \"Subject\"",
            "the file has 2 columns `Subject`, and one is needed",
        ),
    ] {
        let text = format!(
            "version = 1\n[key]\n{key}\n[properties]\nsubject = {{ column = \"Subject\", nth = 1 }}\nhs_pipeline_stage = {{ value = \"New\" }}\n"
        );
        let found = errors(compiled(&text, &["Id", "Subject", "Subject"]));
        let messages: Vec<&str> = found.problems().map(|problem| problem.message).collect();
        assert!(messages.contains(&message), "{key}: {messages:?}");
    }
}

#[test]
fn columns_zones_and_targets_that_do_not_fit_are_told() {
    let text = HEAD.replace("[properties]", "[rows]\none_per = \"Number\"\n[properties]")
        + r#"effort = "Effort"
content = { column = ["/^Desc/", "Beschreibung"] }
createdate = { column = '/^Created \((?<tz>.+)\)$/' }
closed_date = { column = "Closed", timezone = { column = "Zone" } }
hs_object_id = { column = "Record", read_only = { into = "old_recrd" } }
due_day = { column = "Due", read_only = { into = "effort" } }
old_tags = { column = "Tags", html = "text", join = "," }
is_vip = { column = "VIP", html = "text", join = "," }

[[associate]]
to = "contacts"
by = "firstname"
column = "Mail"

[[associate]]
to = "contacts"
by = "phone"
column = "Mail"
"#;
    let names = [
        "Id",
        "Subject",
        "Effort",
        "Effort",
        "Created (Europe/Berln)",
        "Closed",
        "Record",
        "Due",
        "Tags",
        "VIP",
        "Mail",
    ];
    insta::assert_snapshot!(
        "columns_zones_targets",
        errors(compiled(&text, &names)).render(false)
    );
}
