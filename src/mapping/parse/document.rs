//! The top of a mapping file: version, `[source]`, `[key]`, `[rows]` and the lists
//! that the other readers take over.

use std::collections::HashSet;
use std::ops::Range;

use toml::de::DeTable;

use crate::mapping::errors::{Problem, Problems};
use crate::mapping::parse::column::{one_of, read_columns, read_origin};
use crate::mapping::parse::dialect::read_dialect;
use crate::mapping::parse::entry::{needs, read_entries};
use crate::mapping::parse::files::read_attachments;
use crate::mapping::parse::link::read_link;
use crate::mapping::parse::notes::read_notes;
use crate::mapping::parse::property::read_properties;
use crate::mapping::parse::table::Table;
use crate::mapping::parse::transform::read_word;
use crate::mapping::syntax::{
    At, Document, Keep, KeyOrigin, KeySpec, Origin, RowsSpec, SourceSpec,
};

/// The version of the language that this tool reads.
const VERSION: usize = 1;

/// HubSpot: the property with a record's own id.
const RECORD_ID: &str = "hs_object_id";

/// Reads the whole text. Besides reports it returns the rest of the document, so that
/// it can be checked further; without a key there is none. If the text is not valid
/// TOML, only that is reported, since a broken tree lacks keys for no reason.
pub(crate) fn parse(text: &str, problems: &Problems) -> Option<Document> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        match first_line_of_table(text) {
            Some(span) => problems.report(table_problem(&span)),
            None => errors.iter().for_each(|error| {
                let span = error.span().unwrap_or(0..0);
                problems.report(syntax_problem(text, &span, error.message()));
            }),
        }
        return None;
    }
    let root = Table::new(tree.get_ref(), 0..0, "the mapping", problems);
    read_document(root)
}

/// The first line of a text that is a table of tickets, given where a mapping belongs: names of
/// columns with separators between them.
fn first_line_of_table(text: &str) -> Option<Range<usize>> {
    let line = text.lines().next()?;
    let is_toml = line.starts_with(['[', '#']) || line.contains('=');
    let is_table = line.contains([',', ';', '\t', '|']);
    (is_table && !is_toml).then_some(0..line.len())
}

fn table_problem(span: &Range<usize>) -> Problem {
    Problem::new(span, "this is a table, and no mapping").help(
        "-m takes a mapping, which says how columns become properties: `tickethaul map init FILE` \
         writes one for a table",
    )
}

fn syntax_problem(text: &str, span: &Range<usize>, message: &str) -> Problem {
    let problem = Problem::new(span, format!("not valid TOML: {message}"));
    let marked = text.get(span.clone()).unwrap_or_default();
    match marked.contains(['“', '”', '„', '‘', '’', '«', '»']) {
        true => problem.help("these are a word processor's quotation marks: write \"…\""),
        false => problem,
    }
}

fn read_document(mut root: Table<'_>) -> Option<Document> {
    read_version(&mut root);
    let system = root.text("system");
    let source = root.table("source", "[source]").map(read_source);
    let key = read_key(&mut root);
    let rows = root.table("rows", "[rows]").map(read_rows);
    let mut faulty = HashSet::new();
    let properties = root.table("properties", "[properties]").map(|table| {
        let span = table.span().clone();
        let entries = read_entries(&table);
        let read = entries.iter().map(|entry| entry.property.value.as_str());
        let read: HashSet<&str> = read.collect();
        let names = table.entries().map(|(key, _)| key.value);
        faulty.extend(names.filter(|name| !read.contains(name)).map(str::to_owned));
        At::new(entries, span)
    });
    let links = root
        .tables("associate")
        .into_iter()
        .map(read_link)
        .collect::<Vec<_>>();
    // A mapping may be only for links.
    let properties = match properties {
        None if links.is_empty() => {
            root.lacks("[properties]", "map at least subject and hs_pipeline_stage");
            None
        }
        properties => Some(properties.unwrap_or_else(|| At::new(Vec::new(), 0..0))),
    };
    let new_properties = read_properties(root.tables("property"), &mut faulty);
    let notes = root.tables("notes").into_iter().map(read_notes);
    let notes = notes.collect::<Vec<_>>();
    let files = root.tables("attachments").into_iter().map(read_attachments);
    let files = files.collect::<Vec<_>>();
    root.finish();
    Some(Document {
        system: system.map(|system| system.value),
        source: source.unwrap_or_default(),
        key: key?,
        rows: rows.unwrap_or_default(),
        properties: properties?,
        links: links.into_iter().flatten().collect(),
        notes: notes.into_iter().flatten().collect(),
        attachments: files.into_iter().flatten().collect(),
        new_properties,
        faulty,
    })
}

fn read_version(root: &mut Table<'_>) {
    match root.count("version", 1) {
        Some(version) if version.value == VERSION => {}
        Some(version) => root.problems().report(
            Problem::new(
                &version.span,
                format!("this tool reads mappings of version {VERSION}"),
            )
            .help("a newer tickethaul may read this one"),
        ),
        None if root.value("version").is_none() => {
            root.lacks("version", "write `version = 1` on the first line");
        }
        None => {}
    }
}

fn read_source(mut table: Table<'_>) -> SourceSpec {
    let timezone = table.text("timezone");
    let empty = table.texts("empty").map_or_else(Vec::new, |list| {
        let texts = list
            .value
            .into_iter()
            .map(|text| text.value.trim().to_owned());
        texts.collect()
    });
    let dialect = read_dialect(&mut table);
    table.finish();
    SourceSpec {
        timezone,
        empty,
        dialect,
    }
}

fn read_rows(mut table: Table<'_>) -> RowsSpec {
    let skip = table.text("skip");
    let one_per = read_columns(&mut table, "one_per");
    let keep = read_word(
        &mut table,
        "keep",
        &[("first", Keep::First), ("last", Keep::Last)],
    );
    needs(&mut table, "one_per", &["keep"]);
    let left_behind = read_columns(&mut table, "left_behind");
    table.finish();
    RowsSpec {
        skip,
        one_per,
        keep: keep.map(|keep| keep.value).unwrap_or_default(),
        left_behind: left_behind.unwrap_or_default(),
    }
}

fn read_key(root: &mut Table<'_>) -> Option<KeySpec> {
    let Some(mut table) = root.table("key", "[key]") else {
        if root.value("key").is_none() {
            root.lacks(
                "[key]",
                "a key ties each row to its ticket: name a unique property and the column with the old id",
            );
        }
        return None;
    };
    let kind = one_of(&mut table, &["column", "template", "row_hash", "record_id"]);
    let key = match kind {
        Some("record_id") => read_record_id(&mut table),
        _ => read_key_property(&mut table, kind),
    };
    table.finish();
    key
}

fn read_key_property(table: &mut Table<'_>, kind: Option<&str>) -> Option<KeySpec> {
    let property = table.text("property");
    if property.is_none() && table.value("property").is_none() {
        table.lacks("property", "name the unique property that holds the key");
    }
    let nth = table.count("nth", 1);
    let origin = match kind {
        Some("row_hash") => read_row_hash(table),
        Some("column") => {
            read_origin(table, &["column"]).map(|origin| KeyOrigin::Text(origin, nth))
        }
        Some(_) => read_origin(table, &["template"]).map(|origin| KeyOrigin::Text(origin, None)),
        None => None,
    };
    let prefix = table.text("prefix");
    let as_written = table.flag("as_written").unwrap_or(false);
    needs(table, "column", &["nth"]);
    if kind == Some("row_hash") {
        idle_beside(table, "as_written", "row_hash");
    }
    Some(KeySpec {
        property: property?,
        origin: origin?,
        prefix: prefix.map(|prefix| prefix.value).unwrap_or_default(),
        as_written,
    })
}

fn read_row_hash(table: &mut Table<'_>) -> Option<KeyOrigin> {
    match table.flag("row_hash")? {
        true => Some(KeyOrigin::RowHash),
        false => table.wrong(
            table.key_span("row_hash"),
            "`row_hash` takes true, or is left out",
        ),
    }
}

/// `record_id = { column = "…" }`: the rows name the tickets themselves, so there is
/// neither property nor prefix.
fn read_record_id(table: &mut Table<'_>) -> Option<KeySpec> {
    for key in ["property", "prefix", "nth", "as_written"] {
        idle_beside(table, key, "record_id");
    }
    let span = table.key_span("record_id");
    let mut inside = table.table("record_id", "the `record_id` of [key]")?;
    let columns = read_columns(&mut inside, "column");
    if columns.is_none() && inside.value("column").is_none() {
        inside.lacks("column", "name the column with the ids of the tickets");
    }
    inside.finish();
    Some(KeySpec {
        property: At::new(RECORD_ID.to_owned(), span),
        origin: KeyOrigin::RecordId(Origin::Column(columns?)),
        prefix: String::new(),
        as_written: false,
    })
}

/// Reports a key that has no effect together with another one.
fn idle_beside(table: &mut Table<'_>, key: &'static str, kind: &str) {
    if table.value(key).is_some() {
        let _ = table.wrong::<()>(
            table.key_span(key),
            format!("`{key}` has no effect together with `{kind}`"),
        );
    }
}
