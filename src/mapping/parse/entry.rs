//! Entries: what a property gets and how the text is turned. The short form is a
//! column name, the long form a table.

use toml::de::DeValue;

use crate::mapping::errors::Problem;
use crate::mapping::parse::table::{Table, scalar};
use crate::mapping::shape::{At, EntrySpec, MapLine, Origin, Otherwise};

/// HubSpot: a text property takes 65,536 UTF-16 units.
const LONGEST_TEXT: usize = 65_536;

/// Reads a table of entries, such as `[properties]`.
pub(crate) fn read_entries(table: &Table<'_>) -> Vec<EntrySpec> {
    let entries = table.entries().filter_map(|(key, value)| {
        let property = At::new(key.value.to_owned(), key.span);
        match value.get_ref() {
            DeValue::String(column) => {
                let column = At::new(column.to_string(), value.span());
                Some(short_entry(property, column, table))
            }
            DeValue::Table(entries) => {
                let span = property.span.clone();
                let name = format!("the entry `{}`", property.value);
                read_entry(property, Table::new(entries, span, name, table.problems()))
            }
            _ => table.wrong(
                value.span(),
                format!(
                    "`{}` takes a column name in quotes or a table such as {{ column = \"…\" }}",
                    property.value
                ),
            ),
        }
    });
    entries.collect()
}

fn short_entry(property: At<String>, column: At<String>, table: &Table<'_>) -> EntrySpec {
    no_pattern(&column, table);
    EntrySpec {
        property,
        origin: Origin::Column(vec![column]),
        optional: false,
        nth: None,
        required: None,
        trim: true,
        split: None,
        map: None,
        exact: false,
        unmapped: None,
        missing: None,
        lookup: None,
        default: None,
        format: None,
        timezone: None,
        decimal: None,
        thousands: None,
        truncate: None,
    }
}

fn read_entry(property: At<String>, mut table: Table<'_>) -> Option<EntrySpec> {
    let origin = read_origin(&mut table, &["column", "value", "template"]);
    let entry = EntrySpec {
        property,
        origin: Origin::Column(Vec::new()),
        optional: table.flag("optional").unwrap_or(false),
        nth: table.count("nth", 1),
        required: table.flag("required"),
        trim: table.flag("trim").unwrap_or(true),
        split: read_split(&mut table),
        map: read_map(&mut table),
        exact: table.flag("exact").unwrap_or(false),
        unmapped: table.scalar("unmapped").map(unmapped),
        missing: table.scalar("missing").map(missing),
        lookup: read_lookup(&mut table),
        default: table.scalar("default"),
        format: table.texts("format"),
        timezone: table.text("timezone"),
        decimal: table.character("decimal"),
        thousands: table.character("thousands"),
        truncate: read_truncate(&mut table),
    };
    if let Some(origin) = &origin {
        fits_origin(origin, &mut table);
    }
    if entry.map.is_none() {
        needs_map(&mut table);
    }
    table.finish();
    Some(EntrySpec {
        origin: origin?,
        ..entry
    })
}

/// Exactly one of `column`, `value` and `template`, as far as `kinds` allows them.
pub(crate) fn read_origin(table: &mut Table<'_>, kinds: &[&'static str]) -> Option<Origin> {
    let given: Vec<&str> = kinds
        .iter()
        .copied()
        .filter(|kind| table.value(kind).is_some())
        .collect();
    match given.as_slice() {
        ["column"] => read_columns(table).map(Origin::Column),
        ["value"] => table.scalar("value").map(Origin::Value),
        [_] => table.text("template").map(Origin::Template),
        [] => {
            let kinds = kinds.join(" or ");
            table.wrong(
                table.span().clone(),
                format!(
                    "{} says not where its value comes from: it needs a {kinds}",
                    table.name()
                ),
            )
        }
        [first, second, ..] => table.wrong(
            table.key_span(second),
            format!(
                "{} has both `{first}` and `{second}`: keep one",
                table.name()
            ),
        ),
    }
}

/// The aliases of a `column` key.
pub(crate) fn read_columns(table: &mut Table<'_>) -> Option<Vec<At<String>>> {
    let columns = table.texts("column")?.value;
    for column in &columns {
        no_pattern(column, table);
    }
    Some(columns)
}

fn no_pattern(column: &At<String>, table: &Table<'_>) {
    let text = &column.value;
    if text.len() > 2 && text.starts_with('/') && text.ends_with('/') {
        table.problems().report(
            Problem::new(&column.span, "patterns over headers are not supported")
                .help("write the column's name; a list gives several spellings"),
        );
    }
}

/// Keys that say nothing for a constant, or nothing for a template.
fn fits_origin(origin: &Origin, table: &mut Table<'_>) {
    let (kind, idle): (&str, &[&'static str]) = match origin {
        Origin::Column(_) => return,
        Origin::Template(_) => ("template", &["nth"]),
        Origin::Value(_) => (
            "value",
            &[
                "optional",
                "nth",
                "trim",
                "split",
                "map",
                "exact",
                "unmapped",
                "default",
                "format",
                "decimal",
                "thousands",
                "truncate",
            ],
        ),
    };
    for key in idle {
        if table.value(key).is_some() {
            let _ = table.wrong::<()>(
                table.key_span(key),
                format!("`{key}` has no effect beside `{kind}`"),
            );
        }
    }
}

fn needs_map(table: &mut Table<'_>) {
    for key in ["unmapped", "exact"] {
        if table.value(key).is_some() && table.value("map").is_none() {
            let _ = table.wrong::<()>(
                table.key_span(key),
                format!("`{key}` has no effect without `map`"),
            );
        }
    }
}

fn unmapped(text: At<String>) -> At<Otherwise> {
    let otherwise = match text.value.as_str() {
        "refuse" => Otherwise::Refuse,
        "keep" => Otherwise::Keep,
        "blank" => Otherwise::Blank,
        _ => Otherwise::Value(text.value),
    };
    At::new(otherwise, text.span)
}

fn missing(text: At<String>) -> At<Otherwise> {
    let otherwise = match text.value.as_str() {
        "refuse" => Otherwise::Refuse,
        "blank" => Otherwise::Blank,
        _ => Otherwise::Value(text.value),
    };
    At::new(otherwise, text.span)
}

fn read_split(table: &mut Table<'_>) -> Option<At<Vec<String>>> {
    let list = table.texts("split")?;
    if let Some(empty) = list.value.iter().find(|mark| mark.value.is_empty()) {
        return table.wrong(empty.span.clone(), "a separator can't be empty");
    }
    let marks = list.value.into_iter().map(|mark| mark.value);
    Some(At::new(marks.collect(), list.span))
}

fn read_map(table: &mut Table<'_>) -> Option<At<Vec<MapLine>>> {
    let name = format!("the map of {}", table.name());
    let lines = table.table("map", &name)?;
    let read = lines.entries().filter_map(|(from, to)| match scalar(to) {
        Some(to) => Some(MapLine {
            from: At::new(from.value.to_owned(), from.span),
            to,
        }),
        None => lines.wrong(
            to.span(),
            format!("`{}` in {name} takes a single value", from.value),
        ),
    });
    let read: Vec<MapLine> = read.collect();
    if read.is_empty() {
        return lines.wrong(lines.span().clone(), format!("{name} is empty"));
    }
    Some(At::new(read, lines.span().clone()))
}

fn read_lookup(table: &mut Table<'_>) -> Option<At<()>> {
    let lookup = table.text("lookup")?;
    if lookup.value == "owner" {
        return Some(At::new((), lookup.span));
    }
    table.problems().report(
        Problem::new(&lookup.span, format!("unknown lookup `{}`", lookup.value))
            .help("the only lookup is \"owner\""),
    );
    None
}

/// `truncate = true` shortens to what the portal takes, a number to that many
/// UTF-16 units.
fn read_truncate(table: &mut Table<'_>) -> Option<At<usize>> {
    const SHORTEST: usize = 10;
    let value = table.value("truncate")?;
    match value.get_ref() {
        DeValue::Boolean(true) => Some(At::new(LONGEST_TEXT, value.span())),
        DeValue::Boolean(false) => None,
        DeValue::Integer(_) => {
            let limit = table.count("truncate", SHORTEST)?;
            Some(At::new(limit.value.min(LONGEST_TEXT), limit.span))
        }
        _ => table.wrong(value.span(), "`truncate` takes true or a length"),
    }
}
