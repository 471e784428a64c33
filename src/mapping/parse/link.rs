//! `[[associate]]`: links of a ticket to other records.

use crate::mapping::errors::Problem;
use crate::mapping::parse::column::read_columns;
use crate::mapping::parse::entry::read_entries;
use crate::mapping::parse::table::Table;
use crate::mapping::parse::transform::{read_lookup_file, read_split, read_word};
use crate::mapping::syntax::{At, LinkSpec};
use crate::model::link_by::LinkBy;
use crate::model::schema::{ObjectName, ObjectType};
use crate::model::ticket::Missing;

const MISSING: [(&str, Missing); 3] = [
    ("create", Missing::Create),
    ("skip", Missing::Skip),
    ("refuse", Missing::Refuse),
];

/// Reads one `[[associate]]`.
pub(crate) fn read_link(mut table: Table<'_>) -> Option<LinkSpec> {
    let to = read_to(&mut table);
    let by = read_by(&mut table, to.as_ref().map(|to| &to.value));
    let column = read_columns(&mut table, "column");
    if column.is_none() && table.value("column").is_none() {
        table.lacks("column", "name the column that identifies the other record");
    }
    let missing = read_word(&mut table, "missing", &MISSING);
    let properties = table
        .table("properties", "the properties of [[associate]]")
        .map(|entries| read_entries(&entries));
    let link = LinkSpec {
        to: At::new(ObjectName::Standard(ObjectType::Contacts), 0..0),
        by: At::new(LinkBy::Id, 0..0),
        column: Vec::new(),
        optional: table.flag("optional").unwrap_or(false),
        nth: table.count("nth", 1),
        split: read_split(&mut table),
        path: table.text("path").map(|path| path.value),
        lookup: read_lookup_file(&mut table),
        label: table.text("label").map(|label| label.value),
        missing: missing.map_or(Missing::Refuse, |missing| missing.value),
        properties: properties.unwrap_or_default(),
    };
    if link.path.is_some() && link.split.is_some() {
        let what = "`split` has no effect together with `path`: the objects of a list are apart";
        let _none = table.wrong::<()>(table.key_span("split"), what);
    }
    if let Some(by) = &by {
        fits_missing(&mut table, &link, by);
    }
    table.finish();
    Some(LinkSpec {
        to: to?,
        by: by?,
        column: column?,
        ..link
    })
}

/// A name that is not a standard kind is that of a custom object, which only the portal
/// knows; one that differs from a standard kind in one letter is a typing error.
fn read_to(table: &mut Table<'_>) -> Option<At<ObjectName>> {
    let names = ObjectType::ALL.map(ObjectType::plural);
    let known = format!(
        "write one of {}, or the name or type id (2-…) of a custom object",
        names.join(", ")
    );
    let Some(to) = table.text("to") else {
        if table.value("to").is_none() {
            table.lacks("to", &known);
        }
        return None;
    };
    let name = ObjectName::of(&to.value);
    let Some(near) = name.slips_from() else {
        return Some(At::new(name, to.span));
    };
    let message = format!("tickets can't be linked to `{}`", to.value);
    let help = format!(
        "did you mean `{}`? A custom object of that name goes by its type id, 2-…",
        near.plural()
    );
    table
        .problems()
        .report(Problem::new(&to.span, message).help(help));
    None
}

fn read_by(table: &mut Table<'_>, to: Option<&ObjectName>) -> Option<At<LinkBy>> {
    const HELP: &str = "write `by = \"id\"`, a unique property of the other record such as \
                        \"email\", or \"key\" for tickets of this file";
    let Some(by) = table.text("by") else {
        if table.value("by").is_none() {
            table.lacks("by", HELP);
        }
        return None;
    };
    let read = match by.value.as_str() {
        "id" => LinkBy::Id,
        "key" if to.is_none_or(|to| *to == ObjectName::Standard(ObjectType::Tickets)) => {
            LinkBy::Key
        }
        "key" => {
            return table.wrong(
                by.span,
                "`by = \"key\"` is for links to tickets: only they have the mapping's key",
            );
        }
        _ => LinkBy::Property(by.value.into()),
    };
    Some(At::new(read, by.span))
}

/// Only a record identified by a property can be created, and only a created one gets
/// properties.
fn fits_missing(table: &mut Table<'_>, link: &LinkSpec, by: &At<LinkBy>) {
    let creates = link.missing == Missing::Create;
    if creates && !matches!(by.value, LinkBy::Property(_)) {
        table.problems().report(
            Problem::new(
                &table.key_span("missing"),
                "a record that is identified by its id or key can't be created",
            )
            .help("write `missing = \"skip\"` or `missing = \"refuse\"`"),
        );
    } else if !creates && !link.properties.is_empty() {
        table.problems().report(
            Problem::new(
                &table.key_span("properties"),
                "`properties` has no effect here: they are for records that get created",
            )
            .help("write `missing = \"create\"`, or take them out"),
        );
    }
}
