//! `[[property]]`: properties that are created if the portal lacks them.

use std::collections::HashSet;

use toml::de::DeValue;

use crate::mapping::errors::Problem;
use crate::mapping::nearest::nearest;
use crate::mapping::parse::table::{Table, scalar};
use crate::mapping::syntax::At;
use crate::model::schema::{NewProperty, PropertyOption};

/// HubSpot's `type` with the field types that fit it, the usual one first.
const TYPES: [(&str, &[&str]); 6] = [
    (
        "string",
        &["text", "textarea", "html", "phonenumber", "file"],
    ),
    ("number", &["number"]),
    ("bool", &["booleancheckbox"]),
    ("date", &["date"]),
    ("datetime", &["date"]),
    (
        "enumeration",
        &["select", "radio", "checkbox", "booleancheckbox"],
    ),
];

/// HubSpot's group for ticket properties.
const GROUP: &str = "ticketinformation";

/// Reads all of them; no name may come twice. The names of faulty ones are added to
/// `faulty`.
pub(crate) fn read_properties(
    tables: Vec<Table<'_>>,
    faulty: &mut HashSet<String>,
) -> Vec<NewProperty> {
    let mut names = HashSet::new();
    let read = tables.into_iter().filter_map(|table| {
        let problems = table.problems();
        let (name, property) = match read_property(table) {
            Ok(read) => read,
            Err(name) => {
                faulty.extend(name);
                return None;
            }
        };
        if !names.insert(name.value.clone()) {
            problems.report(Problem::new(
                &name.span,
                format!("the property `{}` is defined twice", name.value),
            ));
        }
        Some(property)
    });
    read.collect()
}

/// A property, or the name of a faulty one, if it has a name.
fn read_property(mut table: Table<'_>) -> Result<(At<String>, NewProperty), Option<String>> {
    let name = read_name(&mut table);
    let label = table.text("label").map(|label| label.value);
    let kind = read_type(&mut table);
    let field = read_field_type(&mut table, kind);
    let options = read_options(&mut table);
    let unique = read_unique(&mut table, kind.map(|(name, _)| name));
    let group = table.text("group").map(|group| group.value);
    let description = table.text("description").map(|text| text.value);
    if let Some((kind, _)) = kind {
        fits_options(&table, kind, &options);
    }
    table.finish();
    let name = name.ok_or(None)?;
    let (Some((type_name, _)), Some(field_type)) = (kind, field) else {
        return Err(Some(name.value));
    };
    let property = NewProperty {
        label: label.unwrap_or_else(|| name.value.clone()),
        type_name: type_name.to_owned(),
        field_type,
        group: group.unwrap_or_else(|| GROUP.to_owned()),
        description: description.unwrap_or_default(),
        unique,
        options: match type_name {
            "bool" => truth_values(),
            _ => options,
        },
        name: name.value.clone(),
    };
    Ok((name, property))
}

/// HubSpot: an internal name starts with a letter and holds lower-case letters,
/// digits and underscores only.
fn read_name(table: &mut Table<'_>) -> Option<At<String>> {
    let Some(name) = table.text("name") else {
        if table.value("name").is_none() {
            table.lacks("name", "write the internal name");
        }
        return None;
    };
    let starts = name
        .value
        .starts_with(|first: char| first.is_ascii_lowercase());
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if starts && name.value.chars().all(fits) {
        return Some(name);
    }
    table.problems().report(
        Problem::new(
            &name.span,
            format!("`{}` can't be an internal name", name.value),
        )
        .help("an internal name starts with a letter and holds a-z, 0-9 and _ only"),
    );
    None
}

type Kind = (&'static str, &'static [&'static str]);

fn read_type(table: &mut Table<'_>) -> Option<Kind> {
    let names = || TYPES.iter().map(|(name, _)| *name);
    let known = format!("the types are {}", names().collect::<Vec<_>>().join(", "));
    let Some(text) = table.text("type") else {
        if table.value("type").is_none() {
            table.lacks("type", &known);
        }
        return None;
    };
    let found = TYPES.iter().find(|(name, _)| *name == text.value);
    if found.is_none() {
        table.problems().report(
            Problem::new(&text.span, format!("unknown type `{}`", text.value))
                .suggest(nearest(&text.value, names()), known),
        );
    }
    found.copied()
}

fn read_field_type(table: &mut Table<'_>, kind: Option<Kind>) -> Option<String> {
    let given = table.text("field_type");
    let (kind, fields) = kind?;
    let Some(given) = given else {
        return fields.first().map(|field| (*field).to_owned());
    };
    if fields.contains(&given.value.as_str()) {
        return Some(given.value);
    }
    table.problems().report(
        Problem::new(
            &given.span,
            format!("`{}` does not fit the type `{kind}`", given.value),
        )
        .help(format!("field types of `{kind}` are {}", fields.join(", "))),
    );
    None
}

/// HubSpot: only texts and numbers can be unique; the tool keeps to texts, because
/// keys are never read as numbers.
fn read_unique(table: &mut Table<'_>, kind: Option<&str>) -> bool {
    let unique = table.flag("unique").unwrap_or(false);
    if unique && kind.is_some_and(|kind| kind != "string") {
        let _ = table.wrong::<()>(
            table.key_span("unique"),
            "only a property of type `string` can be unique",
        );
    }
    unique
}

/// A list of texts (label and value in one), or of tables with `label` and `value`.
fn read_options(table: &mut Table<'_>) -> Vec<PropertyOption> {
    let Some(value) = table.value("options") else {
        return Vec::new();
    };
    let DeValue::Array(items) = value.get_ref() else {
        let _ = table.wrong::<()>(value.span(), "`options` takes a list");
        return Vec::new();
    };
    let mut values = HashSet::new();
    let read = items.iter().filter_map(|item| {
        let option = match item.get_ref() {
            DeValue::Table(entries) => {
                let name = "an option of [[property]]";
                read_option(Table::new(entries, item.span(), name, table.problems()))
            }
            _ => scalar(item).map(|text| PropertyOption {
                label: text.value.clone(),
                value: text.value,
            }),
        }?;
        if !values.insert(option.value.clone()) {
            return table.wrong(
                item.span(),
                format!("the option `{}` comes twice", option.value),
            );
        }
        Some(option)
    });
    read.collect()
}

fn read_option(mut table: Table<'_>) -> Option<PropertyOption> {
    let label = table.text("label");
    let value = table.scalar("value");
    if value.is_none() && table.value("value").is_none() {
        table.lacks("value", "write what is stored, and a label for people");
    }
    table.finish();
    let value = value?.value;
    Some(PropertyOption {
        label: label.map_or_else(|| value.clone(), |label| label.value),
        value,
    })
}

/// HubSpot: a truth value has its two options spelt out.
fn truth_values() -> Vec<PropertyOption> {
    let option = |(label, value): (&str, &str)| PropertyOption {
        label: label.to_owned(),
        value: value.to_owned(),
    };
    [("Yes", "true"), ("No", "false")].map(option).into()
}

fn fits_options(table: &Table<'_>, kind: &str, options: &[PropertyOption]) {
    let message = match (kind, options.is_empty()) {
        ("enumeration", true) => "an enumeration needs `options`",
        ("enumeration", false) | (_, true) => return,
        (_, false) => "only an enumeration has `options`",
    };
    let _ = table.wrong::<()>(table.key_span("options"), message);
}
