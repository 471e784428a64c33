//! Entries: what a property gets and how the text is converted. The short form is a
//! column name, the long form a table.

use toml::de::DeValue;

use crate::mapping::parse::column::{column_name, read_origin};
use crate::mapping::parse::table::Table;
use crate::mapping::parse::transform::{
    missing, read_empty, read_html, read_lookup, read_map, read_read_only, read_replace,
    read_split, read_truncate, read_zone, unmapped,
};
use crate::mapping::syntax::{At, EntrySpec, Origin};

/// Reads a table of entries, such as `[properties]`.
pub(crate) fn read_entries(table: &Table<'_>) -> Vec<EntrySpec> {
    let entries = table.entries().filter_map(|(key, value)| {
        let property = At::new(key.value.to_owned(), key.span);
        match value.get_ref() {
            DeValue::String(column) => {
                let column = column_name(At::new(column.to_string(), value.span()), table)?;
                Some(EntrySpec::new(property, Origin::Column(vec![column])))
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

fn read_entry(property: At<String>, mut table: Table<'_>) -> Option<EntrySpec> {
    let origin = read_origin(&mut table, &["column", "value", "template"]);
    let entry = EntrySpec {
        optional: table.flag("optional").unwrap_or(false),
        nth: table.count("nth", 1),
        required: table.flag("required"),
        trim: table.flag("trim").unwrap_or(true),
        replace: read_replace(&mut table),
        html: read_html(&mut table),
        split: read_split(&mut table),
        join: table.text("join"),
        map: read_map(&mut table, &property.value),
        exact: table.flag("exact").unwrap_or(false),
        unmapped: table.scalar("unmapped").map(unmapped),
        missing: table.scalar("missing").map(missing),
        lookup: read_lookup(&mut table),
        default: table.scalar("default"),
        clear: read_empty(&mut table),
        read_only_into: read_read_only(&mut table),
        format: table.texts("format"),
        timezone: read_zone(&mut table),
        decimal: table.character("decimal"),
        thousands: table.character("thousands"),
        truncate: read_truncate(&mut table),
        ..EntrySpec::new(property, Origin::Column(Vec::new()))
    };
    if let Some(origin) = &origin {
        fits_origin(origin, &mut table);
    }
    needs(&mut table, "map", &["unmapped", "exact"]);
    excludes(&mut table, "default", "empty");
    table.finish();
    Some(EntrySpec {
        origin: origin?,
        ..entry
    })
}

/// Keys that have no effect for a constant, or for a template.
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
                "replace",
                "html",
                "split",
                "join",
                "map",
                "exact",
                "unmapped",
                "default",
                "empty",
                "format",
                "decimal",
                "thousands",
                "truncate",
            ],
        ),
    };
    for key in idle {
        if table.value(key).is_some() {
            idle_beside(table, key, kind);
        }
    }
}

/// Keys that have no effect without another one.
pub(crate) fn needs(table: &mut Table<'_>, other: &'static str, keys: &[&'static str]) {
    for key in keys {
        if table.value(key).is_some() && table.value(other).is_none() {
            let _ = table.wrong::<()>(
                table.key_span(key),
                format!("`{key}` has no effect without `{other}`"),
            );
        }
    }
}

fn excludes(table: &mut Table<'_>, kind: &'static str, key: &'static str) {
    if table.value(kind).is_some() && table.value(key).is_some() {
        idle_beside(table, key, kind);
    }
}

fn idle_beside(table: &Table<'_>, key: &str, kind: &str) {
    let _ = table.wrong::<()>(
        table.key_span(key),
        format!("`{key}` has no effect together with `{kind}`"),
    );
}
