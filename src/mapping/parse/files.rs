//! `attachments` of `[[notes]]`, and `[[attachments]]`: where the files of a comment or of a
//! ticket are named.

use toml::de::DeValue;

use super::column::read_columns;
use super::entry::needs;
use super::fields::{Fields, PART, PATH};
use super::parts::read_parts;
use super::table::Table;
use crate::mapping::syntax::{
    At, AttachmentsSpec, FieldSpec, FileSpec, FilesCut, FilesSpec, MomentSpec, PartsSpec,
};

/// The fields of a file, and when it was attached.
const SAID: [&str; 4] = ["id", "name", "url", "size"];
const AT: &str = "at";

/// Where the files of a comment are named: `attachments = "files"`, or a table that says how
/// they are cut.
pub(super) fn read_files(fields: &Fields<'_>, table: &mut Table<'_>) -> Option<FilesSpec> {
    let value = table.value("attachments")?;
    let DeValue::Table(_) = value.get_ref() else {
        let names = table.texts("attachments")?.value;
        return Some(FilesSpec {
            field: fields.checked(names, table)?,
            cut: FilesCut::Texts(None),
            said: FileSpec::default(),
        });
    };
    let (field, inside) = match is_list(table) {
        true => {
            let name = format!("the `attachments` of {}", table.name());
            let mut inside = table.table("attachments", &name)?;
            let names = inside.texts("each");
            let field = names.and_then(|names| fields.checked(names.value, &inside));
            (field, inside)
        }
        false => {
            let (field, inside) = fields.field(table, "attachments")?;
            (field, inside?)
        }
    };
    let mut inside = inside;
    let (cut, said) = read_cut(&mut inside);
    inside.finish();
    Some(FilesSpec {
        field: field?,
        cut,
        said,
    })
}

/// Whether the table of a comment's files says that they are a list.
fn is_list(table: &mut Table<'_>) -> bool {
    let value = table.value("attachments").map(|value| value.get_ref());
    matches!(value, Some(DeValue::Table(inside)) if inside.contains_key("each"))
}

/// How files are separated: a list has an element for each, other texts are cut.
fn read_cut(table: &mut Table<'_>) -> (FilesCut, FileSpec) {
    needs(table, "each", &SAID);
    let said = read_said(table);
    let split = table.text("split").map(|split| split.value);
    match table.value("each").is_some() {
        true => {
            if split.is_some() {
                let what = "`split` has no effect together with `each`";
                let _ = table.wrong::<()>(table.key_span("split"), what);
            }
            (FilesCut::List, said)
        }
        false => (FilesCut::Texts(split), FileSpec::default()),
    }
}

/// Reads one `[[attachments]]`.
pub(super) fn read_attachments(mut table: Table<'_>) -> Option<AttachmentsSpec> {
    let is_list = table.value("each").is_some();
    let key = if is_list { "each" } else { "column" };
    if table.value(key).is_none() {
        table.lacks(
            "column",
            "name the column with the files; for a list in JSON write each = \"attachments\"",
        );
    }
    let columns = read_columns(&mut table, key);
    let optional = table.flag("optional").unwrap_or(false);
    let (cut, said, at) = match table.value("parts").is_some() {
        true if !is_list => read_in_parts(&mut table),
        _ => {
            needs(&mut table, "each", &[AT]);
            let (cut, said) = read_cut(&mut table);
            let has_time = is_list && table.value(AT).is_some();
            let at = has_time.then(|| path_fields().moment(&mut table)).flatten();
            if is_list && table.value("parts").is_some() {
                let what = "`parts` has no effect together with `each`";
                let _ = table.wrong::<()>(table.key_span("parts"), what);
            }
            (Some(cut), said, at)
        }
    };
    table.finish();
    Some(AttachmentsSpec {
        columns: columns?,
        optional,
        cut: cut?,
        said,
        at,
    })
}

/// A cell with several fields of one file: its parts have these names.
fn read_in_parts(table: &mut Table<'_>) -> (Option<FilesCut>, FileSpec, Option<MomentSpec>) {
    let Some(parts) = read_parts(table) else {
        let _known = table.value(AT);
        return (None, FileSpec::default(), None);
    };
    let fields = Fields {
        key: PART,
        known: Some(&parts.names),
    };
    let at = match table.value(AT).is_some() {
        true => fields.moment(table),
        false => part(&parts, AT).map(|field| MomentSpec {
            field,
            format: None,
            timezone: None,
        }),
    };
    let [id, name, url, size] = SAID.map(|name| part(&parts, name));
    let said = FileSpec {
        id,
        name,
        url,
        size,
    };
    (Some(FilesCut::Parts(parts)), said, at)
}

fn part(parts: &PartsSpec, name: &str) -> Option<FieldSpec> {
    let found = parts.names.iter().find(|part| part.value == name)?;
    Some(FieldSpec {
        names: vec![At::new(found.value.clone(), found.span.clone())],
    })
}

fn path_fields() -> Fields<'static> {
    Fields {
        key: PATH,
        known: None,
    }
}

fn read_said(table: &mut Table<'_>) -> FileSpec {
    let fields = path_fields();
    let [id, name, url, size] = SAID.map(|key| fields.plain(table, key));
    FileSpec {
        id,
        name,
        url,
        size,
    }
}
