//! Which system a file is from: the preset whose characteristic columns it has, however
//! many others there are; else the one that reads most of its columns.

use super::column::ratio;
use crate::mapping::PRESETS;
use crate::mapping::errors::Problems;
use crate::mapping::header_index::HeaderIndex;
use crate::mapping::parse::parse;
use crate::mapping::propose::names::normal;
use crate::mapping::syntax::{ColumnName, Document, EntrySpec, KeyOrigin, Origin};
use crate::model::row::Headers;

/// The preset for any system whose comments are in a separate file. No input shows that.
const OF_NO_SYSTEM: &str = "comments";

/// How the names of presets end that are for the nested JSON of a system. Tables flatten to the
/// same names, so only a list, which no table has, identifies them.
const OF_JSON: &str = "-json";

/// A smaller share of the file's columns is chance, if none of them are telling.
const LEAST: f64 = 0.6;

/// Columns with names that only one system uses, or only one has together, in the form in which
/// names are compared. `|` separates names of which one is enough.
const TELLING: [(&str, &[&str]); 26] = [
    (
        "zendesk-json",
        &["id", "subject", "comments", "requester id", "via channel"],
    ),
    (
        "freshdesk-json",
        &[
            "id",
            "subject",
            "responder id|requester id",
            "conversations",
        ],
    ),
    (
        "intercom-json",
        &[
            "id",
            "state",
            "source body|conversation parts conversation parts",
        ],
    ),
    (
        "helpscout-json",
        &[
            "id",
            "subject",
            "mailboxid|mailbox id",
            "embedded threads|threads",
        ],
    ),
    ("case", &["hs object id", "properties hs pipeline stage"]),
    ("jira", &["issue key", "issue id"]),
    ("jira", &["issue key", "issue type", "summary"]),
    ("jira", &["issue key", "project key"]),
    (
        "zendesk",
        &[
            "id",
            "subject",
            "requester id",
            "group stations|via|satisfaction score",
        ],
    ),
    ("zendesk", &["summation column", "id"]),
    (
        "freshdesk",
        &[
            "ticket id",
            "created time",
            "resolution status|agent interactions|every response status|association type",
        ],
    ),
    (
        "freshdesk",
        &[
            "ticket id",
            "created time",
            "due by time|resolved time",
            "subject",
        ],
    ),
    (
        "servicenow",
        &[
            "number",
            "short description",
            "state|incident state|sys created on|opened at|opened|assignment group",
        ],
    ),
    ("servicenow", &["number", "sys mod count", "incident state"]),
    (
        "intercom",
        &[
            "conversation id",
            "conversation started at|current conversation state|teammate currently assigned",
        ],
    ),
    (
        "zoho-desk",
        &[
            "ticket id",
            "created time",
            "ticket owner|account name|ticket closed time",
            "status",
        ],
    ),
    ("zoho-desk", &["ticketextid", "subject"]),
    (
        "osticket",
        &["ticket number", "date created", "current status|help topic"],
    ),
    ("bugzilla", &["bug id", "product", "component|assignee"]),
    (
        "hubspot-ui",
        &["ticket id|record id", "ticket name", "ticket status"],
    ),
    (
        "tickethaul",
        &["hs object id", "hs pipeline stage", "subject"],
    ),
    (
        "glpi",
        &[
            "id",
            "titulo|title",
            "requerente requerente|requester requester",
        ],
    ),
    (
        "glpi",
        &[
            "id",
            "titulo|title",
            "atribuido tecnico|assigned to technician",
        ],
    ),
    (
        "glpi",
        &[
            "id",
            "titulo|title",
            "entidade|entity",
            "data de abertura|opening date",
        ],
    ),
    ("otrs", &["ticket#", "fila|queue", "estado|state"]),
    ("otrs", &["ticket#", "usuario cliente|customer user"]),
];

/// A preset, compared with a file.
#[derive(Clone, Debug)]
pub struct Preset {
    /// As `--from` calls it.
    pub name: &'static str,
    /// The system's name.
    pub system: String,
    /// The mapping.
    pub text: &'static str,
    /// Positions of the file's columns that it reads.
    pub used: Vec<usize>,
    /// Share of the file's columns that it reads, from 0 to 1.
    pub share: f64,
    /// Whether the file has every column that it can't do without.
    pub complete: bool,
    /// Whether the file has the column of its key.
    pub has_key: bool,
}

/// The preset of the system whose telling columns the file has; else the one that reads
/// most of the file's columns, if it has all that it needs and most of the file.
pub fn recognise(headers: &Headers) -> Option<Preset> {
    let presets = PRESETS
        .iter()
        .filter(|(name, _)| *name != OF_NO_SYSTEM)
        .filter_map(|(name, _)| Preset::find(name, headers));
    let presets: Vec<Preset> = presets.filter(|preset| preset.has_key).collect();
    let names: Vec<String> = headers.names().iter().map(|name| normal(name)).collect();
    let most = |left: &Preset, right: &Preset| left.share.total_cmp(&right.share);
    let known = presets.iter().filter(|preset| is_told(preset.name, &names));
    let known = known.max_by(|left, right| most(left, right)).cloned();
    known.or_else(|| {
        let fitting = presets.into_iter();
        let fitting = fitting.filter(|preset| !preset.name.ends_with(OF_JSON));
        let fitting = fitting.filter(|preset| preset.complete && preset.share >= LEAST);
        fitting.max_by(most)
    })
}

/// Whether the columns identify a system.
fn is_told(preset: &str, names: &[String]) -> bool {
    let has = |alternatives: &&str| {
        alternatives
            .split('|')
            .any(|wanted| names.iter().any(|name| name == wanted))
    };
    let mut signs = TELLING.iter().filter(|(name, _)| *name == preset);
    signs.any(|(_, columns)| columns.iter().all(has))
}

impl Preset {
    /// A preset by its name, compared with a file; none if no preset has that name.
    pub fn find(name: &str, headers: &Headers) -> Option<Preset> {
        let (name, text) = PRESETS.iter().copied().find(|(known, _)| *known == name)?;
        let document = parse(text, &Problems::default())?;
        let index = HeaderIndex::new(headers);
        let mut used = vec![false; headers.len()];
        let mut complete = true;
        let mut has_key = true;
        let by_column = matches!(
            &document.key.origin,
            KeyOrigin::Text(Origin::Column(_), _) | KeyOrigin::RecordId(_)
        );
        for (place, (columns, optional)) in columns(&document).into_iter().enumerate() {
            let found = columns.iter().map(|column| index.find(column));
            match found.into_iter().find(|positions| !positions.is_empty()) {
                Some(positions) => positions.into_iter().for_each(|idx| used[idx] = true),
                None => {
                    complete &= optional;
                    has_key &= place > 0 || !by_column;
                }
            }
        }
        let used: Vec<usize> = (0..used.len()).filter(|idx| used[*idx]).collect();
        Some(Preset {
            name,
            system: system_of(text).unwrap_or(name).to_owned(),
            text,
            share: ratio(used.len() as u64, headers.len() as u64),
            used,
            complete,
            has_key,
        })
    }
}

/// What a mapping says of its system.
fn system_of(text: &str) -> Option<&str> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("system = "))?;
    Some(line.trim().trim_matches('"'))
}

/// Every place of a mapping that reads columns, and whether the file may lack them; that
/// of the key is the first.
fn columns(document: &Document) -> Vec<(Vec<ColumnName>, bool)> {
    let of_entry = |entry: &EntrySpec| Some((of_origin(&entry.origin)?, entry.optional));
    let key = match &document.key.origin {
        KeyOrigin::Text(origin, _) | KeyOrigin::RecordId(origin) => of_origin(origin),
        KeyOrigin::RowHash => None,
    };
    let links = document.links.iter().flat_map(|link| {
        let columns = link.column.iter().map(|at| at.value.clone()).collect();
        let properties = link.properties.iter().filter_map(of_entry);
        std::iter::once((columns, link.optional)).chain(properties)
    });
    let entries = document.properties.value.iter().filter_map(of_entry);
    let key = key.map(|columns| (columns, false));
    let notes = document.notes.iter().map(|notes| {
        let columns = notes.columns().iter().map(|at| at.value.clone()).collect();
        (columns, notes.optional)
    });
    key.into_iter()
        .chain(entries)
        .chain(links)
        .chain(notes)
        .collect()
}

/// The columns of an entry.
pub(crate) fn of_origin(origin: &Origin) -> Option<Vec<ColumnName>> {
    match origin {
        Origin::Column(columns) => Some(columns.iter().map(|at| at.value.clone()).collect()),
        Origin::Value(_) | Origin::Template(_) => None,
    }
}
