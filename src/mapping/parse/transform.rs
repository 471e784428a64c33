//! The keys of an entry that convert its text: `replace`, `html`, `split`, `map`,
//! look-ups, `truncate` and what counts as empty.

use toml::de::DeValue;

use crate::mapping::errors::Problem;
use crate::mapping::nearest::nearest;
use crate::mapping::parse::column::{read_columns, read_regex};
use crate::mapping::parse::table::{Table, scalar};
use crate::mapping::syntax::{
    At, LookupSpec, MapLine, MapSpec, Otherwise, Replacement, TableSpec, ZoneSpec,
};

/// HubSpot: a text property takes 65,536 UTF-16 units.
const LONGEST_TEXT: usize = 65_536;

/// The usual columns of a value file.
const FROM: &str = "from";
const TO: &str = "to";

/// `replace = { '^\d - ' = "" }`: patterns and replacements, in file order.
pub(crate) fn read_replace(table: &mut Table<'_>) -> Option<At<Vec<Replacement>>> {
    let name = format!("the `replace` of {}", table.name());
    let lines = table.table("replace", &name)?;
    let read: Vec<Option<Replacement>> = lines
        .entries()
        .map(|(pattern, text)| match scalar(text) {
            Some(text) => Some(Replacement {
                pattern: read_regex(pattern.value, &pattern.span, &lines)?,
                text: text.value,
            }),
            None => lines.wrong(text.span(), format!("{name} takes a text for each pattern")),
        })
        .collect();
    if read.is_empty() {
        return lines.wrong(lines.span().clone(), format!("{name} is empty"));
    }
    Some(At::new(
        read.into_iter().collect::<Option<_>>()?,
        lines.span().clone(),
    ))
}

/// `html = "text"` or `"keep"`; true for the former.
pub(crate) fn read_html(table: &mut Table<'_>) -> Option<At<bool>> {
    read_word(table, "html", &[("text", true), ("keep", false)])
}

/// `empty = "keep"` or `"clear"`; true for the latter.
pub(crate) fn read_empty(table: &mut Table<'_>) -> Option<At<bool>> {
    read_word(table, "empty", &[("keep", false), ("clear", true)])
}

/// One word of a short list.
pub(crate) fn read_word<T: Copy>(
    table: &mut Table<'_>,
    key: &'static str,
    words: &[(&'static str, T)],
) -> Option<At<T>> {
    let word = table.text(key)?;
    if let Some((_, meaning)) = words.iter().find(|(name, _)| *name == word.value) {
        return Some(At::new(*meaning, word.span));
    }
    let names = words.iter().map(|(name, _)| *name);
    let known: Vec<&str> = names.clone().collect();
    table.problems().report(
        Problem::new(&word.span, format!("`{key}` can't be `{}`", word.value)).suggest(
            nearest(&word.value, names),
            format!("write {}", known.join(" or ")),
        ),
    );
    None
}

/// Separators, none of them empty.
pub(crate) fn read_split(table: &mut Table<'_>) -> Option<At<Vec<String>>> {
    let list = table.texts("split")?;
    if let Some(empty) = list.value.iter().find(|mark| mark.value.is_empty()) {
        return table.wrong(empty.span.clone(), "a separator can't be empty");
    }
    let marks = list.value.into_iter().map(|mark| mark.value);
    Some(At::new(marks.collect(), list.span))
}

/// A value map, written out or as `{ file = "…" }`.
/// The lines of a file may be for several properties; those of `property` count.
pub(crate) fn read_map(table: &mut Table<'_>, property: &str) -> Option<At<MapSpec>> {
    let name = format!("the map of {}", table.name());
    let mut lines = table.table("map", &name)?;
    let span = lines.span().clone();
    if is_file(&lines) {
        let file = read_file(&mut lines, Some((FROM, TO)));
        lines.finish();
        let file = TableSpec {
            property: Some(property.to_owned()),
            ..file?
        };
        return Some(At::new(MapSpec::File(file), span));
    }
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
        return lines.wrong(span, format!("{name} is empty"));
    }
    Some(At::new(MapSpec::Lines(read), span))
}

/// A map of the texts "file", "from" and "to" differs from a file only if it has other
/// lines too.
fn is_file(lines: &Table<'_>) -> bool {
    let keys: Vec<&str> = lines.entries().map(|(key, _)| key.value).collect();
    keys.contains(&"file") && keys.iter().all(|key| matches!(*key, "file" | FROM | TO))
}

/// `{ file = "…", from = "…", to = "…" }`; without `usual` names both columns are
/// required.
fn read_file(table: &mut Table<'_>, usual: Option<(&str, &str)>) -> Option<TableSpec> {
    let mut needed = |key: &'static str, usual: Option<&str>, help: &str| {
        let given = table.text(key).map(|text| text.value);
        if given.is_none() && usual.is_none() && table.value(key).is_none() {
            table.lacks(key, help);
        }
        given.or_else(|| usual.map(str::to_owned))
    };
    let file = needed("file", None, "name a CSV file next to the mapping");
    let from = needed(
        "from",
        usual.map(|names| names.0),
        "name the column of the file with the texts of your export",
    );
    let to = needed(
        "to",
        usual.map(|names| names.1),
        "name the column of the file with what they become",
    );
    Some(TableSpec {
        file: file?,
        from: from?,
        to: to?,
        property: None,
    })
}

/// `lookup = "owner"`, or a file that is looked up first.
pub(crate) fn read_lookup(table: &mut Table<'_>) -> Option<At<LookupSpec>> {
    let value = table.value("lookup")?;
    if let DeValue::Table(_) = value.get_ref() {
        let file = read_lookup_file(table)?;
        return Some(At::new(LookupSpec::File(file.value), file.span));
    }
    let lookup = table.text("lookup")?;
    if lookup.value == "owner" {
        return Some(At::new(LookupSpec::Owner, lookup.span));
    }
    table.problems().report(
        Problem::new(&lookup.span, format!("unknown lookup `{}`", lookup.value))
            .help("write \"owner\", or { file = \"people.csv\", from = \"Name\", to = \"Email\" }"),
    );
    None
}

/// `lookup = { file = "people.csv", from = "Name", to = "Email" }`.
pub(crate) fn read_lookup_file(table: &mut Table<'_>) -> Option<At<TableSpec>> {
    let name = format!("the lookup of {}", table.name());
    let mut lookup = table.table("lookup", &name)?;
    let span = lookup.span().clone();
    let file = read_file(&mut lookup, None);
    lookup.finish();
    Some(At::new(file?, span))
}

/// `lookup = { file = "users.csv", from = "id", to = ["name", "email"] }`: what a text
/// means by each of these columns.
pub(crate) fn read_lookup_columns(table: &mut Table<'_>) -> Vec<At<TableSpec>> {
    let name = format!("the lookup of {}", table.name());
    let Some(mut lookup) = table.table("lookup", &name) else {
        return Vec::new();
    };
    let span = lookup.span().clone();
    let [file, from] = [
        ("file", "name a CSV file next to the mapping"),
        (
            "from",
            "name the column of the file with the texts of your export",
        ),
    ]
    .map(|(key, help)| {
        let text = lookup.text(key);
        if text.is_none() && lookup.value(key).is_none() {
            lookup.lacks(key, help);
        }
        text
    });
    let to = lookup.texts("to");
    if to.is_none() && lookup.value("to").is_none() {
        lookup.lacks("to", "name the columns of the file with what they become");
    }
    lookup.finish();
    let (Some(file), Some(from), Some(to)) = (file, from, to) else {
        return Vec::new();
    };
    let tables = to.value.into_iter().map(|to| TableSpec {
        file: file.value.clone(),
        from: from.value.clone(),
        to: to.value,
        property: None,
    });
    tables.map(|table| At::new(table, span.clone())).collect()
}

/// `timezone = "Europe/Berlin"` or `{ column = "Time zone" }`.
pub(crate) fn read_zone(table: &mut Table<'_>) -> Option<At<ZoneSpec>> {
    let value = table.value("timezone")?;
    if let DeValue::Table(_) = value.get_ref() {
        let name = format!("the timezone of {}", table.name());
        let mut zone = table.table("timezone", &name)?;
        let span = zone.span().clone();
        let columns = read_columns(&mut zone, "column");
        if columns.is_none() && zone.value("column").is_none() {
            zone.lacks("column", "name the column with each row's time zone");
        }
        zone.finish();
        return Some(At::new(ZoneSpec::Column(columns?), span));
    }
    let zone = table.text("timezone")?;
    Some(At::new(ZoneSpec::Name(zone.value), zone.span))
}

/// `read_only = { into = "…" }`.
pub(crate) fn read_read_only(table: &mut Table<'_>) -> Option<At<String>> {
    let name = format!("the `read_only` of {}", table.name());
    let mut inside = table.table("read_only", &name)?;
    let into = inside.text("into");
    if into.is_none() && inside.value("into").is_none() {
        inside.lacks("into", "name the property that is written instead");
    }
    inside.finish();
    into
}

/// `truncate = true` shortens to what the portal accepts, a number to that many UTF-16
/// units.
pub(crate) fn read_truncate(table: &mut Table<'_>) -> Option<At<usize>> {
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

/// `unmapped`.
pub(crate) fn unmapped(text: At<String>) -> At<Otherwise> {
    let otherwise = match text.value.as_str() {
        "refuse" => Otherwise::Refuse,
        "keep" => Otherwise::Keep,
        "blank" => Otherwise::Blank,
        _ => Otherwise::Value(text.value),
    };
    At::new(otherwise, text.span)
}

/// `missing` of an owner.
pub(crate) fn missing(text: At<String>) -> At<Otherwise> {
    let otherwise = match text.value.as_str() {
        "refuse" => Otherwise::Refuse,
        "blank" => Otherwise::Blank,
        _ => Otherwise::Value(text.value),
    };
    At::new(otherwise, text.span)
}
