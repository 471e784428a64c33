//! The top of a mapping file: version, `[source]`, `[key]`, `[rows]` and the lists
//! that the other readers take over.

use toml::de::DeTable;

use crate::mapping::errors::{Problem, Problems};
use crate::mapping::parse::entry::{read_entries, read_origin};
use crate::mapping::parse::link::read_link;
use crate::mapping::parse::property::read_properties;
use crate::mapping::parse::table::Table;
use crate::mapping::shape::{At, Document, KeySpec, SourceSpec};

/// The version of the language that this tool reads.
const VERSION: usize = 1;

/// Reads the whole text. A document comes back only when nothing was reported.
/// Where the text is no valid TOML, only that is reported: what a broken tree lacks
/// says nothing.
pub(crate) fn parse(text: &str, problems: &Problems) -> Option<Document> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            problems.report(Problem::new(
                &span,
                format!("not valid TOML: {}", error.message()),
            ));
        }
        return None;
    }
    let root = Table::new(tree.get_ref(), 0..0, "the mapping", problems);
    let document = read_document(root);
    problems.is_empty().then_some(document).flatten()
}

fn read_document(mut root: Table<'_>) -> Option<Document> {
    read_version(&mut root);
    let _system = root.text("system");
    let source = root.table("source", "[source]").map(read_source);
    let key = read_key(&mut root);
    let skip = root.table("rows", "[rows]").and_then(read_rows);
    let properties = root.table("properties", "[properties]").map(|table| {
        let span = table.span().clone();
        At::new(read_entries(&table), span)
    });
    if properties.is_none() {
        root.lacks("[properties]", "map at least subject and hs_pipeline_stage");
    }
    let links = root
        .tables("associate")
        .into_iter()
        .map(read_link)
        .collect::<Vec<_>>();
    let new_properties = read_properties(root.tables("property"));
    root.finish();
    Some(Document {
        source: source.unwrap_or_default(),
        key: key?,
        skip,
        properties: properties?,
        links: links.into_iter().flatten().collect(),
        new_properties,
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
    let delimiter = read_delimiter(&mut table);
    if let Some(encoding) = table.text("encoding")
        && !encoding.value.eq_ignore_ascii_case("utf-8")
    {
        table.problems().report(
            Problem::new(
                &encoding.span,
                format!("the encoding `{}` is not supported", encoding.value),
            )
            .help("save the file as UTF-8 and write `encoding = \"utf-8\"`, or leave it out"),
        );
    }
    table.finish();
    SourceSpec {
        timezone,
        empty,
        delimiter,
    }
}

fn read_delimiter(table: &mut Table<'_>) -> Option<u8> {
    let mark = table.character("delimiter")?;
    match u8::try_from(mark.value) {
        Ok(byte) if matches!(byte, b',' | b';' | b'\t' | b'|') => Some(byte),
        _ => table.wrong(
            mark.span,
            "a delimiter is one of `,` `;` `|` and tab (\"\\t\")",
        ),
    }
}

fn read_rows(mut table: Table<'_>) -> Option<At<String>> {
    let skip = table.text("skip");
    table.finish();
    skip
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
    let property = table.text("property");
    if property.is_none() && table.value("property").is_none() {
        table.lacks("property", "name the unique property that holds the key");
    }
    let origin = read_origin(&mut table, &["column", "template"]);
    let prefix = table.text("prefix");
    table.finish();
    Some(KeySpec {
        property: property?,
        origin: origin?,
        prefix: prefix.map(|prefix| prefix.value).unwrap_or_default(),
    })
}
