//! `[[associate]]`: links of a ticket to other records. So far contacts by e-mail.

use crate::mapping::errors::Problem;
use crate::mapping::nearest::nearest;
use crate::mapping::parse::entry::{read_columns, read_entries};
use crate::mapping::parse::table::Table;
use crate::mapping::shape::{At, LinkSpec};
use crate::model::ticket::Missing;

/// Reads one `[[associate]]`.
pub(crate) fn read_link(mut table: Table<'_>) -> Option<LinkSpec> {
    only(&mut table, "to", "contacts");
    only(&mut table, "by", "email");
    let column = read_columns(&mut table);
    if column.is_none() && table.value("column").is_none() {
        table.lacks("column", "name the column with the contact's e-mail");
    }
    let missing = table
        .text("missing")
        .map(|word| read_missing(&word, &table));
    let properties = table
        .table("properties", "the properties of [[associate]]")
        .map(|entries| read_entries(&entries));
    let link = LinkSpec {
        column: Vec::new(),
        optional: table.flag("optional").unwrap_or(false),
        nth: table.count("nth", 1),
        missing: missing.unwrap_or(Missing::Refuse),
        properties: properties.unwrap_or_default(),
    };
    if link.missing != Missing::Create && !link.properties.is_empty() {
        table.problems().report(
            Problem::new(
                &table.key_span("properties"),
                "`properties` has no effect here: they are for contacts that get created",
            )
            .help("write `missing = \"create\"`, or take them out"),
        );
    }
    table.finish();
    Some(LinkSpec {
        column: column?,
        ..link
    })
}

fn only(table: &mut Table<'_>, key: &'static str, accepted: &str) {
    match table.text(key) {
        Some(text) if text.value == accepted => {}
        Some(text) => table.problems().report(
            Problem::new(
                &text.span,
                format!("`{key} = \"{}\"` is not supported", text.value),
            )
            .help(format!("write `{key} = \"{accepted}\"`")),
        ),
        None if table.value(key).is_none() => {
            table.lacks(key, &format!("write `{key} = \"{accepted}\"`"));
        }
        None => {}
    }
}

fn read_missing(word: &At<String>, table: &Table<'_>) -> Missing {
    const WORDS: [(&str, Missing); 3] = [
        ("create", Missing::Create),
        ("skip", Missing::Skip),
        ("refuse", Missing::Refuse),
    ];
    if let Some((_, missing)) = WORDS.iter().find(|(name, _)| *name == word.value) {
        return *missing;
    }
    let near = nearest(&word.value, WORDS.iter().map(|(name, _)| *name));
    table.problems().report(
        Problem::new(&word.span, format!("`missing` can't be `{}`", word.value))
            .suggest(near, "write create, skip or refuse"),
    );
    Missing::Refuse
}
