//! How an entry names the fields of its comments.

use toml::de::DeValue;

use super::entry::needs;
use super::table::Table;
use super::transform::{read_lookup_columns, read_map, read_word};
use crate::mapping::convert::boolean;
use crate::mapping::errors::Problem;
use crate::mapping::nearest::nearest;
use crate::mapping::syntax::{
    At, BodyForm, BodySpec, FieldSpec, MapLine, MapSpec, MomentSpec, PublicSpec, WordsSpec,
};

/// How an entry names the fields of its comments.
pub(super) struct Fields<'p> {
    /// The key of a field that is written as a table.
    pub(super) key: &'static str,
    /// All names; none if they are not known yet, or were faulty.
    pub(super) known: Option<&'p [At<String>]>,
}

impl Fields<'_> {
    /// A field given only by name.
    pub(super) fn plain(&self, table: &mut Table<'_>, key: &'static str) -> Option<FieldSpec> {
        let (field, inside) = self.field(table, key)?;
        if let Some(inside) = inside {
            inside.finish();
        }
        field
    }

    pub(super) fn moment(&self, table: &mut Table<'_>) -> Option<MomentSpec> {
        if table.value("at").is_none() {
            table.lacks("at", "say where the time of a comment is");
        }
        let (field, inside) = self.field(table, "at")?;
        let (mut format, mut timezone) = (None, None);
        if let Some(mut inside) = inside {
            format = inside.texts("format");
            timezone = inside.text("timezone");
            inside.finish();
        }
        Some(MomentSpec {
            field: field?,
            format,
            timezone,
        })
    }

    /// A short text.
    pub(super) fn words<'t>(&self, table: &mut Table<'t>, key: &'t str) -> Option<WordsSpec> {
        let (field, inside) = self.field(table, key)?;
        let (mut join, mut lookup, mut map) = (None, Vec::new(), None);
        if let Some(mut inside) = inside {
            join = inside.text("join").map(|join| join.value);
            lookup = read_lookup_columns(&mut inside);
            map = read_map(&mut inside, key);
            inside.finish();
        }
        Some(WordsSpec {
            field: field?,
            join,
            lookup,
            map,
        })
    }

    /// Short texts by the names of properties.
    pub(super) fn properties(&self, table: &mut Table<'_>) -> Vec<(At<String>, WordsSpec)> {
        let name = format!("the properties of {}", table.name());
        let Some(mut inside) = table.table("properties", &name) else {
            return Vec::new();
        };
        let names: Vec<At<&str>> = inside.entries().map(|(name, _)| name).collect();
        let properties = names.into_iter().filter_map(|name| {
            let words = self.words(&mut inside, name.value)?;
            Some((At::new(name.value.to_owned(), name.span), words))
        });
        properties.collect()
    }

    /// A field that is true or false.
    pub(super) fn flag(&self, table: &mut Table<'_>, key: &'static str) -> Option<PublicSpec> {
        if let DeValue::Boolean(flag) = table.value(key)?.get_ref() {
            return Some(PublicSpec::Always(*flag));
        }
        let (field, inside) = self.field(table, key)?;
        let (mut map, mut unmapped) = (None, None);
        if let Some(mut inside) = inside {
            unmapped = read_unmapped(&mut inside);
            needs(&mut inside, "map", &["unmapped"]);
            map = read_map(&mut inside, key);
            if let Some(MapSpec::Lines(lines)) = map.as_ref().map(|map| &map.value) {
                are_flags(lines, &inside);
            }
            inside.finish();
        }
        Some(PublicSpec::Field {
            field: field?,
            map,
            unmapped,
        })
    }

    pub(super) fn body(&self, table: &mut Table<'_>) -> Option<BodySpec> {
        if table.value("body").is_none() {
            table.lacks("body", "say where the text of a comment is");
        }
        let (field, inside) = self.field(table, "body")?;
        let mut form = None;
        if let Some(mut inside) = inside {
            form = read_word(&mut inside, "html", &FORMS);
            inside.finish();
        }
        Some(BodySpec {
            field: field?,
            form: form.map(|form| form.value).unwrap_or_default(),
        })
    }

    /// The field under a key, and its table if there is one; the field is none if it
    /// was reported.
    pub(super) fn field<'t>(
        &self,
        table: &mut Table<'t>,
        key: &'t str,
    ) -> Option<(Option<FieldSpec>, Option<Table<'t>>)> {
        let value = table.value(key)?;
        let DeValue::Table(_) = value.get_ref() else {
            let names = table.texts(key)?.value;
            return Some((self.checked(names, table), None));
        };
        let name = format!("the `{key}` of {}", table.name());
        let mut inside = table.table(key, &name)?;
        let others = [PART, PATH, COLUMN].into_iter();
        let others = others.filter(|other| *other != self.key);
        let other: Vec<&str> = others
            .filter(|other| inside.value(other).is_some())
            .collect();
        if let Some(other) = other.first() {
            let _ = inside.wrong::<()>(
                inside.key_span(other),
                format!("fields of these comments are named by `{}`", self.key),
            );
            let _known = inside.value(self.key);
            return Some((None, Some(inside)));
        }
        let names = inside.texts(self.key);
        if names.is_none() && inside.value(self.key).is_none() {
            inside.lacks(self.key, "say where it is");
        }
        let field = names.and_then(|names| self.checked(names.value, &inside));
        Some((field, Some(inside)))
    }

    pub(super) fn checked(&self, names: Vec<At<String>>, table: &Table<'_>) -> Option<FieldSpec> {
        let Some(known) = self.known else {
            return Some(FieldSpec { names });
        };
        let known: Vec<&str> = known.iter().map(|name| name.value.as_str()).collect();
        let mut sound = true;
        for name in &names {
            if !known.contains(&name.value.as_str()) {
                sound = false;
                table.problems().report(
                    Problem::new(&name.span, format!("there is no part `{}`", name.value)).suggest(
                        nearest(&name.value, known.iter().copied()),
                        format!("the parts are {}", known.join(", ")),
                    ),
                );
            }
        }
        sound.then_some(FieldSpec { names })
    }
}

/// How tables name a field: of a cell that is cut, of an element of a list, of a record of
/// a file.
pub(super) const PART: &str = "part";

pub(super) const PATH: &str = "path";

pub(super) const COLUMN: &str = "column";

pub(super) const FORMS: [(&str, BodyForm); 2] =
    [("clean", BodyForm::Clean), ("text", BodyForm::Text)];

/// `unmapped` of `public`: what texts mean that are not in the map.
pub(super) fn read_unmapped(table: &mut Table<'_>) -> Option<bool> {
    let value = table.value("unmapped")?;
    match value.get_ref() {
        DeValue::Boolean(flag) => Some(*flag),
        DeValue::String(word) if word.as_ref() == "refuse" => None,
        _ => table.wrong(value.span(), "`unmapped` takes true, false or \"refuse\""),
    }
}

/// The right-hand sides of a map of `public`.
pub(super) fn are_flags(lines: &[MapLine], table: &Table<'_>) {
    for line in lines.iter().filter(|line| boolean(&line.to.value).is_err()) {
        let _ = table.wrong::<()>(
            line.to.span.clone(),
            format!("`{}` is neither true nor false", line.to.value),
        );
    }
}
