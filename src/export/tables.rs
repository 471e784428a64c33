//! Long tables next to the main file: former values of tickets, and the records that they are
//! linked to, a row for each. Which tables, of which columns, and what rows a ticket has in each;
//! `output` writes them. Pure.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::attachments::{Files, Naming, file_columns, namings};
use super::cell::{Cell, Misfit};
use super::columns::{ARCHIVED_COLUMN, Column, ID_COLUMN, Kind, Others, Values, Wanted, Wording};
use super::labels::labels;
use super::layout::name_headers;
use super::links::{Links, Other};
use super::project::{many, worded};
use super::record_columns::{RecordColumn, record_columns};
use super::spool::{Ticket, Version};
use super::write::{Nested, NestedRow, PROPERTIES};
use crate::model::schema::{ObjectType, Schema};

/// The table of former values.
pub(super) const HISTORY: &str = "history";

/// The table of files of activities.
pub(super) const FILES: &str = "attachments";

/// The table of links of a data set.
const LINKS: &str = "links";

/// A table; the first column is the ticket's id.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name in file names: `history`, `contacts`…
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    of: Of,
}

#[derive(Clone, Debug)]
enum Of {
    /// Versions of properties: names, and what people see for their values. True if the label is a
    /// separate column, not a replacement.
    History(Vec<(String, HashMap<String, String>)>, bool),
    /// Links to records of these kinds, by their names.
    Links(Vec<String>),
    /// Files that activities of these kinds name, and the outcome of each.
    Files(Vec<Naming>, Arc<Files>),
    /// Records of the kind at this position, with what is shown of them; if cases are written, with
    /// the files that they name.
    Others(usize, Vec<RecordColumn>, Option<FilesOfCase>),
}

/// The files of activities as their cases show them.
#[derive(Clone, Debug)]
struct FilesOfCase {
    naming: Naming,
    /// The columns for a file.
    columns: Vec<Column>,
    /// The outcome of each.
    files: Arc<Files>,
}

/// The tables that are wanted.
pub fn tables(wanted: &Wanted, schema: &Schema) -> Vec<Table> {
    let mut tables = Vec::new();
    if !wanted.history.is_empty() {
        tables.push(history(wanted, schema));
    }
    if wanted.attachments && !wanted.as_cases {
        tables.push(files(wanted));
    }
    for (place, others) in wanted.others().iter().enumerate() {
        if wanted.has_table(others.object) {
            tables.push(linked(place, others, wanted));
        }
    }
    tables
}

/// The columns: ticket, property, value, since when, set by what and by whom; with labels if those
/// are wanted.
fn history(wanted: &Wanted, schema: &Schema) -> Table {
    let text = |name: &str, label: &str| Column::plain(name, label, Kind::Text);
    let at = Column {
        wording: Wording::Moment(wanted.dates.clone()),
        ..Column::plain("at", "At", Kind::Instant)
    };
    let mut columns = vec![Column::id(), text("property", "Property")];
    columns.push(text("value", "Value"));
    if wanted.values == Values::Both {
        columns.push(text("value_label", "Value (label)"));
    }
    let user = Column::plain("user_id", "User ID", Kind::OtherId);
    columns.extend([at, text("source", "Source")]);
    columns.extend([text("source_id", "Source ID"), user]);
    name_headers(&mut columns, wanted.table_headers());
    let labels = |name: &String| match schema.tickets.get(name) {
        Some(property) if wanted.values != Values::Ids => labels(property, schema),
        _ => HashMap::new(),
    };
    let properties = wanted.history.iter();
    let properties = properties.map(|name| (name.clone(), labels(name)));
    Table {
        name: HISTORY.to_owned(),
        columns,
        of: Of::History(properties.collect(), wanted.values == Values::Both),
    }
}

/// The columns: ticket, activity and the outcome of the file.
fn files(wanted: &Wanted) -> Table {
    let mut columns = vec![
        Column::id(),
        Column::plain("activity", "Activity", Kind::Text),
        Column::plain("activity_id", "Activity ID", Kind::OtherId),
    ];
    columns.extend(file_columns());
    name_headers(&mut columns, wanted.table_headers());
    Table {
        name: FILES.to_owned(),
        columns,
        of: Of::Files(namings(wanted), Arc::default()),
    }
}

/// The links of tickets to other records, with their labels.
pub fn links_table(wanted: &Wanted) -> Table {
    let text = |name: &str, label: &str| Column::plain(name, label, Kind::Text);
    let mut columns = vec![
        Column::id(),
        text("to_object", "To object"),
        Column::plain("to_id", "To ID", Kind::OtherId),
        Column::plain("type_id", "Type ID", Kind::Count),
        text("category", "Category"),
        text("label", "Label"),
    ];
    name_headers(&mut columns, wanted.table_headers());
    Table {
        name: LINKS.to_owned(),
        columns,
        of: Of::Links(
            wanted
                .others()
                .into_iter()
                .map(|others| others.name)
                .collect(),
        ),
    }
}

/// The same tables once the outcomes of files are known.
pub fn knowing(mut tables: Vec<Table>, brought: &Arc<Files>) -> Vec<Table> {
    for table in &mut tables {
        match &mut table.of {
            Of::Files(_, files) => *files = Arc::clone(brought),
            Of::Others(_, _, Some(of_case)) => of_case.files = Arc::clone(brought),
            _ => {}
        }
    }
    tables
}

/// The table of former values, if one is wanted.
pub fn history_table(wanted: &Wanted, schema: &Schema) -> Option<Table> {
    (!wanted.history.is_empty()).then(|| history(wanted, schema))
}

/// What a case calls a table. A custom kind may have the name of a member that each case has.
fn named(others: &Others, wanted: &Wanted) -> String {
    let own = [PROPERTIES, HISTORY, ID_COLUMN, ARCHIVED_COLUMN];
    match wanted.as_cases && own.contains(&others.name.as_str()) {
        true => others.object.plural().into_owned(),
        false => others.name.clone(),
    }
}

/// The columns: ticket, the other record's id, its requested properties, and the kinds of link
/// between the two.
fn linked(place: usize, others: &Others, wanted: &Wanted) -> Table {
    let singular = match others.object {
        ObjectType::Custom(_) => others.name.clone(),
        known => known.singular().into_owned(),
    };
    let id = Column::plain(
        &format!("{singular}_id"),
        &format!("{singular} ID"),
        Kind::Id,
    );
    let mut columns = vec![Column::id(), id];
    let shown = record_columns(wanted, others);
    columns.extend(shown.iter().map(|shown| shown.column.clone()));
    columns.push(Column::plain("link_type_ids", "Link type IDs", Kind::Ids));
    columns.push(Column::plain("link_labels", "Link labels", Kind::List));
    name_headers(&mut columns, wanted.table_headers());
    let mut namings = namings(wanted).into_iter();
    let naming = namings.find(|naming| naming.place == place);
    let naming = naming.filter(|_| wanted.attachments && wanted.as_cases);
    let of_case = naming.map(|naming| FilesOfCase {
        naming,
        columns: file_columns(),
        files: Arc::default(),
    });
    Table {
        name: named(others, wanted),
        columns,
        of: Of::Others(place, shown, of_case),
    }
}

impl Table {
    /// The rows of a ticket; for a row with a value that can't be written here, that value.
    pub fn rows<'a>(
        &'a self,
        ticket: &'a Ticket,
        links: &'a Links,
    ) -> Vec<Result<Vec<Cell<'a>>, Misfit>> {
        match &self.of {
            Of::History(properties, both) => self.history_rows(ticket, properties, *both),
            Of::Links(objects) => {
                let of_kind = objects.iter().zip(&links.others);
                let rows = of_kind.flat_map(|(object, others)| {
                    let others = others.iter();
                    others.flat_map(move |other| link_rows(ticket.id, object, other))
                });
                rows.map(Ok).collect()
            }
            Of::Files(namings, files) => {
                let rows = namings.iter().flat_map(|naming| {
                    let activities = naming.of(links).iter();
                    activities.flat_map(move |one| file_rows(ticket.id, naming, one, files))
                });
                rows.map(Ok).collect()
            }
            Of::Others(place, shown, _) => {
                let others = links.others.get(*place).into_iter().flatten();
                others.map(|one| other(ticket.id, one, shown)).collect()
            }
        }
    }

    fn history_rows<'a>(
        &'a self,
        ticket: &'a Ticket,
        properties: &'a [(String, HashMap<String, String>)],
        both: bool,
    ) -> Vec<Result<Vec<Cell<'a>>, Misfit>> {
        let histories = properties.iter().zip(&ticket.history);
        let rows = histories.flat_map(|((name, labels), versions)| {
            let row = move |version: &'a Version| {
                let (value, label) = words(version, labels);
                let value = match both {
                    true => vec![value, label],
                    false => vec![label],
                };
                self.version(ticket.id, name, value, version)
            };
            versions.iter().map(row)
        });
        rows.collect()
    }

    /// The rows of a ticket as a whole case holds them: without the ticket's id, which the case
    /// itself has.
    pub fn nested<'a>(
        &'a self,
        ticket: &'a Ticket,
        links: &'a Links,
    ) -> Result<Nested<'a>, Misfit> {
        let mut rows = Vec::new();
        for (place, cells) in self.rows(ticket, links).into_iter().enumerate() {
            let cells = cells.map_err(|misfit| self.named(misfit))?;
            rows.push(NestedRow {
                cells: cells.into_iter().skip(1).collect(),
                files: self.files_of(links, place),
            });
        }
        Ok(Nested {
            name: &self.name,
            columns: self.columns.get(1..).unwrap_or_default(),
            file_columns: match &self.of {
                Of::Others(_, _, Some(of_case)) => &of_case.columns,
                _ => &[],
            },
            rows,
        })
    }

    /// The outcome of the files of the activity at this position.
    fn files_of<'a>(&'a self, links: &'a Links, place: usize) -> Option<Vec<Vec<Cell<'a>>>> {
        let Of::Others(_, _, Some(of_case)) = &self.of else {
            return None;
        };
        let naming = &of_case.naming;
        let ids = naming.ids(naming.of(links).get(place)?);
        Some(ids.map(|id| of_case.files.cells(id)).collect())
    }

    /// A value of this table that doesn't fit, with the table's name before its column.
    pub fn named(&self, misfit: Misfit) -> Misfit {
        Misfit {
            column: format!("{}.{}", self.name, misfit.column),
            ..misfit
        }
    }

    fn version<'a>(
        &'a self,
        ticket: u64,
        property: &'a str,
        value: Vec<&'a str>,
        version: &'a Version,
    ) -> Result<Vec<Cell<'a>>, Misfit> {
        let mut row = vec![id(ticket), text(property)];
        row.extend(value.into_iter().map(text));
        row.push(match self.columns.get(row.len()) {
            Some(at) => worded(Some(&version.at), at)?,
            None => Cell::Empty,
        });
        row.extend([&version.source, &version.source_id].map(|word| text(word)));
        row.push(text(version.user.as_deref().unwrap_or_default()));
        Ok(row)
    }
}

/// The row of a linked record: what is shown of it, then the types and labels of the link.
fn other<'a>(
    ticket: u64,
    other: &'a Other,
    shown: &'a [RecordColumn],
) -> Result<Vec<Cell<'a>>, Misfit> {
    let mut row = vec![id(ticket), Cell::One(other.id.as_str().into())];
    for shown in shown {
        row.push(shown.cell(&other.values)?);
    }
    let types = other.types.iter();
    let ids = types.clone().map(|(_, id, _)| id.to_string().into());
    let labels = types.map(|(_, _, label)| Cow::Borrowed(label.as_str()));
    row.push(many(ids));
    row.push(many(labels.filter(|label| !label.is_empty())));
    Ok(row)
}

fn file_rows<'a>(
    ticket: u64,
    naming: &'a Naming,
    activity: &'a Other,
    files: &'a Files,
) -> impl Iterator<Item = Vec<Cell<'a>>> {
    naming.ids(activity).map(move |file| {
        let mut row = vec![id(ticket), text(&naming.kind), text(&activity.id)];
        row.extend(files.cells(file));
        row
    })
}

fn link_rows<'a>(ticket: u64, object: &'a str, other: &'a Other) -> Vec<Vec<Cell<'a>>> {
    let row = |(category, kind, label): &'a (String, u32, String)| {
        vec![
            id(ticket),
            text(object),
            text(&other.id),
            Cell::One(kind.to_string().into()),
            text(category),
            text(label),
        ]
    };
    other.types.iter().map(row).collect()
}

/// A value and what people see for it.
fn words<'a>(version: &'a Version, labels: &'a HashMap<String, String>) -> (&'a str, &'a str) {
    let value = version.value.as_str();
    (value, labels.get(value).map_or(value, String::as_str))
}

fn id<'a>(ticket: u64) -> Cell<'a> {
    Cell::One(ticket.to_string().into())
}

fn text(text: &str) -> Cell<'_> {
    match text {
        "" => Cell::Empty,
        text => Cell::One(Cow::Borrowed(text)),
    }
}
