//! The metadata of an export: the manifest (what, when, how many, hashes) and the
//! schema (what each column is). The manifest is written last: if it matches the file,
//! the export is complete.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::columns::{Column, Wording};
use super::job::{Done, Job};
use super::names::Beside;
use super::selection::Selection;
use super::write::{FileFacts, Sink};
use crate::hubspot::Client;

/// What a manifest says about a finished export.
pub struct Manifest<'a> {
    /// HubSpot portal id.
    pub portal_id: u64,
    /// Id of the run.
    pub run: &'a str,
    /// What was requested.
    pub selection: &'a Selection,
    /// The portal's time when reading began, and when everything was written.
    pub started: Option<Timestamp>,
    /// The portal's time at the end.
    pub ended: Option<Timestamp>,
    /// Calls made, retries included.
    pub calls: u64,
    /// Counts.
    pub done: &'a Done,
    /// The data, and the tables next to it.
    pub files: &'a [FileFacts],
    /// Further fields for a data set.
    pub more: serde_json::Map<String, Value>,
}

impl<'a> Manifest<'a> {
    /// The manifest of an export that ends now.
    pub fn of(job: &'a Job, client: &Client, done: &'a Done, files: &'a [FileFacts]) -> Self {
        Manifest {
            portal_id: job.portal_id,
            run: &job.run,
            selection: &job.selection,
            started: job.started,
            ended: client.portal_now(),
            calls: client.calls(),
            done,
            files,
            more: serde_json::Map::new(),
        }
    }
}

/// Writes both files.
pub fn write(
    beside: &Beside,
    manifest: &Manifest<'_>,
    columns: &[Column],
    tables: &BTreeMap<String, Vec<Column>>,
) -> io::Result<()> {
    put(&beside.schema, &schema_json(columns, tables))?;
    put(&beside.manifest, &manifest_json(manifest, columns))
}

fn put(path: &Path, value: &Value) -> io::Result<()> {
    let mut sink = Sink::file(path.to_owned())?;
    writeln!(sink, "{value:#}")?;
    let _facts = sink.finish()?;
    Ok(())
}

fn manifest_json(manifest: &Manifest<'_>, columns: &[Column]) -> Value {
    let done = manifest.done;
    let time = |stamp: Option<Timestamp>| stamp.map(|stamp| format!("{stamp:.3}"));
    let headers: Vec<&str> = columns
        .iter()
        .map(|column| column.header.as_str())
        .collect();
    let files = manifest.files.iter().map(|file| {
        let name = file.path.as_ref();
        json!({
            "name": name.map(|name| name.to_string_lossy()),
            "bytes": file.bytes,
            "blake3": file.hash,
            "rows": file.rows,
        })
    });
    let mut whole = json!({
        "version": 1,
        "tool": concat!("tickethaul ", env!("CARGO_PKG_VERSION")),
        "portal": manifest.portal_id,
        "run": manifest.run,
        "selection": manifest.selection,
        "started": time(manifest.started),
        "ended": time(manifest.ended),
        "tickets": done.tickets,
        "archived": done.archived,
        "issues": done.issues,
        "missing": done.missing.iter().map(u64::to_string).collect::<Vec<_>>(),
        "left_out": done.left_out,
        "tables": done.tables.iter().cloned().collect::<BTreeMap<_, _>>(),
        "attachments": done.attachments.as_ref().map(|sum| json!({
            "files": sum.downloaded + sum.there,
            "bytes": sum.bytes,
            "lacking": sum.lacking,
        })),
        "calls": manifest.calls,
        "columns": headers,
        "files": files.collect::<Vec<_>>(),
    });
    if let Value::Object(whole) = &mut whole {
        whole.extend(manifest.more.clone());
    }
    whole
}

fn schema_json(columns: &[Column], tables: &BTreeMap<String, Vec<Column>>) -> Value {
    let columns_json =
        |columns: &[Column]| -> Vec<Value> { columns.iter().map(column_json).collect() };
    let tables: BTreeMap<&str, Vec<Value>> = tables
        .iter()
        .map(|(name, columns)| (name.as_str(), columns_json(columns)))
        .collect();
    json!({"version": 1, "columns": columns_json(columns), "tables": tables})
}

fn column_json(column: &Column) -> Value {
    let options = column.options.iter();
    let options = options.map(|option| json!({"value": option.value, "label": option.label}));
    json!({
        "header": column.header,
        "property": column.name,
        "label": column.label,
        "type": column.kind.word(),
        "shows_labels": matches!(column.wording, Wording::Labels(_)),
        "options": options.collect::<Vec<_>>(),
        "unit": column.unit,
        "set_by_hubspot": column.set_by_hubspot,
        "dropped": column.dropped,
    })
}
