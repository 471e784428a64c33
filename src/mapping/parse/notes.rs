//! `[[notes]]`: the comments of a ticket, and where their fields are.

use super::fields::{COLUMN, Fields, PART, PATH};
use super::files::read_files;
use super::parts::read_parts;
use crate::mapping::parse::activity::{read_becomes, read_properties};
use crate::mapping::parse::column::read_columns;
use crate::mapping::parse::table::Table;
use crate::mapping::parse::transform::read_word;
use crate::mapping::syntax::{BesideSpec, NotesFrom, NotesSpec};

/// Where comments may be.
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
    let owner = fields.words(&mut table, "owner");
    let properties = read_properties(&fields, &mut table, becomes.as_ref());
    let id = fields.plain(&mut table, "id");
    let files = read_files(&fields, &mut table);
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
        owner,
        properties,
        id,
        from: from?,
        skip_first: skip.is_some_and(|skip| skip.value),
        files,
    })
}

/// Where the comments are, and the key by which tables name their fields.
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
                let what = format!("`parts` has no effect together with `{one}`");
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

/// Keys that only files of comments have.
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
