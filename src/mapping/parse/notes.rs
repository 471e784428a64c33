//! `[[notes]]`: the comments of a ticket, and where each says what.

use super::fields::{COLUMN, Fields, PART, PATH};
use crate::mapping::parse::activity::read_becomes;
use crate::mapping::parse::column::read_columns;
use crate::mapping::parse::table::Table;
use crate::mapping::parse::transform::read_word;
use crate::mapping::shape::{BesideSpec, NotesFrom, NotesSpec, PartsSpec};

/// What `parts` may say of the last part.
const LAST: [(&str, ()); 1] = [("rest", ())];

/// Where comments may stand.
const PLACES: [&str; 3] = ["column", "each", "file"];
const SKIP: [(&str, bool); 1] = [("first", true)];

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
    let given = PLACES.into_iter();
    let given: Vec<&'static str> = given.filter(|key| table.value(key).is_some()).collect();
    let has_parts = table.value("parts").is_some();
    if given != ["file"] {
        refuse_joins(table);
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
            let cells = read_columns(table, "column").zip(read_parts(table));
            let from = cells.map(|(column, parts)| NotesFrom::Cells(column, parts));
            (from, PART)
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

/// What only files of comments are joined by.
fn refuse_joins(table: &mut Table<'_>) {
    for key in ["ticket", "joins"] {
        if table.value(key).is_some() {
            let what = format!("`{key}` has no effect without `file`");
            let _ = table.wrong::<()>(table.key_span(key), what);
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
