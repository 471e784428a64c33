//! `[[notes]]`: the comments of a ticket, and where each says what.

use toml::de::DeValue;

use crate::mapping::convert::boolean;
use crate::mapping::errors::Problem;
use crate::mapping::nearest::nearest;
use crate::mapping::parse::activity::read_becomes;
use crate::mapping::parse::column::read_columns;
use crate::mapping::parse::entry::needs;
use crate::mapping::parse::table::Table;
use crate::mapping::parse::transform::{read_lookup_columns, read_map, read_word};
use crate::mapping::shape::{
    At, BesideSpec, BodyForm, BodySpec, FieldSpec, MapLine, MapSpec, MomentSpec, NotesFrom,
    NotesSpec, PartsSpec, PublicSpec, WordsSpec,
};

/// What `parts` may say of the last part.
const LAST: [(&str, ()); 1] = [("rest", ())];
/// How tables name a field: of a cell that is cut, of an element of a list, of a record of
/// a file.
const PART: &str = "part";
const PATH: &str = "path";
const COLUMN: &str = "column";
/// Where comments may stand.
const PLACES: [&str; 3] = ["column", "each", "file"];
const SKIP: [(&str, bool); 1] = [("first", true)];
const FORMS: [(&str, BodyForm); 2] = [("clean", BodyForm::Clean), ("text", BodyForm::Text)];

/// Reads one `[[notes]]`.
pub(crate) fn read_notes(mut table: Table<'_>) -> Option<NotesSpec> {
    let (from, key) = read_from(&mut table);
    let fields = Fields {
        key,
        known: match &from {
            Some(NotesFrom::Cells(_, parts)) => Some(&parts.names),
            Some(NotesFrom::Each(_) | NotesFrom::File(_)) | None => None,
        },
    };
    let at = fields.moment(&mut table);
    let author = fields.words(&mut table, "author");
    let public = fields.flag(&mut table, "public");
    let channel = fields.words(&mut table, "channel");
    let body = fields.body(&mut table);
    let becomes = read_becomes(&fields, &mut table);
    let id = fields.plain(&mut table, "id");
    let optional = table.flag("optional").unwrap_or(false);
    let skip = read_word(&mut table, "skip", &SKIP);
    table.finish();
    Some(NotesSpec {
        optional,
        at: at?,
        author,
        public,
        channel,
        body: body?,
        becomes: becomes?,
        id,
        from: from?,
        skip_first: skip.is_some_and(|skip| skip.value),
    })
}

/// Where the comments stand, and the key by which their fields are named in tables.
fn read_from(table: &mut Table<'_>) -> (Option<NotesFrom>, &'static str) {
    let given = PLACES.map(|key| table.value(key).is_some());
    let given: Vec<&'static str> = PLACES
        .into_iter()
        .zip(given)
        .filter_map(|(key, given)| given.then_some(key))
        .collect();
    let has_parts = table.value("parts").is_some();
    for key in ["ticket", "joins"] {
        if table.value(key).is_some() && given != ["file"] {
            let what = format!("`{key}` has no effect without `file`");
            let _ = table.wrong::<()>(table.key_span(key), what);
        }
    }
    match given.as_slice() {
        [] => {
            table.lacks(
                "column",
                "name the column with the comments; for a list in JSON write each = \"comments\", \
                 for a file of comments file = \"comments.csv\"",
            );
            let _parts = has_parts.then(|| read_parts(table));
            (None, PART)
        }
        ["column"] => {
            let column = read_columns(table, "column");
            let parts = read_parts(table);
            let cells = column.zip(parts);
            (
                cells.map(|(column, parts)| NotesFrom::Cells(column, parts)),
                PART,
            )
        }
        [one] => {
            if has_parts {
                let what = format!("`parts` has no effect beside `{one}`");
                let _ = table.wrong::<()>(table.key_span("parts"), what);
            }
            match *one {
                "each" => (read_columns(table, "each").map(NotesFrom::Each), PATH),
                _ => (read_beside(table).map(NotesFrom::File), COLUMN),
            }
        }
        [first, second, ..] => {
            let what = format!("[[notes]] has both `{first}` and `{second}`: keep one");
            let _ = table.wrong::<()>(table.key_span(second), what);
            let _parts = has_parts.then(|| read_parts(table));
            (None, PART)
        }
    }
}

/// `file = "comments.csv"`, `ticket = "ticket_id"` and perhaps `joins = "Id"`.
fn read_beside(table: &mut Table<'_>) -> Option<BesideSpec> {
    let file = table.text("file");
    if table.value("ticket").is_none() {
        table.lacks(
            "ticket",
            "name the column of the file that says whose comment it is",
        );
    }
    let fields = Fields {
        key: COLUMN,
        known: None,
    };
    let ticket = fields.plain(table, "ticket");
    let joins = match table.value("joins").is_some() {
        true => Some(read_columns(table, "joins")?),
        false => None,
    };
    Some(BesideSpec {
        file: file?,
        ticket: ticket?,
        joins,
    })
}

/// `parts = { separator = ";", names = ["at", "author", "body"], last = "rest" }`.
fn read_parts(table: &mut Table<'_>) -> Option<PartsSpec> {
    let Some(mut inside) = table.table("parts", "the parts of [[notes]]") else {
        if table.value("parts").is_none() {
            table.lacks(
                "parts",
                "say how a cell is cut: parts = { separator = \";\", names = [\"at\", \"author\", \
                 \"body\"] }",
            );
        }
        return None;
    };
    let separator = inside.text("separator");
    if separator.is_none() && inside.value("separator").is_none() {
        inside.lacks("separator", "write what stands between the parts");
    }
    let names = inside.texts("names");
    if names.is_none() && inside.value("names").is_none() {
        inside.lacks("names", "name the parts in their order");
    }
    let _rest = read_word(&mut inside, "last", &LAST);
    if let Some(empty) = separator.as_ref().filter(|mark| mark.value.is_empty()) {
        let _ = inside.wrong::<()>(empty.span.clone(), "a separator can't be empty");
    }
    let names = names.map(|names| names.value);
    for (idx, name) in names.iter().flatten().enumerate() {
        let names = names.as_deref().unwrap_or_default();
        if names[..idx].iter().any(|other| other.value == name.value) {
            let _ = inside.wrong::<()>(
                name.span.clone(),
                format!("the part `{}` comes twice", name.value),
            );
        }
    }
    inside.finish();
    Some(PartsSpec {
        separator: separator?.value,
        names: names?,
    })
}

/// How an entry names the fields of its comments.
pub(super) struct Fields<'p> {
    /// The key of a field that is written as a table.
    key: &'static str,
    /// All names; none where they are not known yet, or were faulty.
    known: Option<&'p [At<String>]>,
}

impl Fields<'_> {
    /// A field that is named and no more.
    fn plain(&self, table: &mut Table<'_>, key: &'static str) -> Option<FieldSpec> {
        let (field, inside) = self.field(table, key)?;
        if let Some(inside) = inside {
            inside.finish();
        }
        field
    }

    fn moment(&self, table: &mut Table<'_>) -> Option<MomentSpec> {
        if table.value("at").is_none() {
            table.lacks("at", "say where the time of a comment stands");
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
    pub(super) fn words(&self, table: &mut Table<'_>, key: &'static str) -> Option<WordsSpec> {
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

    /// Something that is or is not so.
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

    fn body(&self, table: &mut Table<'_>) -> Option<BodySpec> {
        if table.value("body").is_none() {
            table.lacks("body", "say where the text of a comment stands");
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

    /// The field under a key, and the table around it where there is one; the field is
    /// none where it was reported.
    fn field<'t>(
        &self,
        table: &mut Table<'t>,
        key: &'static str,
    ) -> Option<(Option<FieldSpec>, Option<Table<'t>>)> {
        let value = table.value(key)?;
        let DeValue::Table(_) = value.get_ref() else {
            let names = table.texts(key)?.value;
            return Some((self.checked(names, table), None));
        };
        let name = format!("the `{key}` of [[notes]]");
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
            inside.lacks(self.key, "say where it stands");
        }
        let field = names.and_then(|names| self.checked(names.value, &inside));
        Some((field, Some(inside)))
    }

    fn checked(&self, names: Vec<At<String>>, table: &Table<'_>) -> Option<FieldSpec> {
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

/// `unmapped` of `public`: what texts mean that the map lacks.
fn read_unmapped(table: &mut Table<'_>) -> Option<bool> {
    let value = table.value("unmapped")?;
    match value.get_ref() {
        DeValue::Boolean(flag) => Some(*flag),
        DeValue::String(word) if word.as_ref() == "refuse" => None,
        _ => table.wrong(value.span(), "`unmapped` takes true, false or \"refuse\""),
    }
}

/// The right-hand sides of a map of `public`.
fn are_flags(lines: &[MapLine], table: &Table<'_>) {
    for line in lines.iter().filter(|line| boolean(&line.to.value).is_err()) {
        let _ = table.wrong::<()>(
            line.to.span.clone(),
            format!("`{}` is neither true nor false", line.to.value),
        );
    }
}
