//! What a data set keeps for the next run, in `_state.json`: how far it has read, what was
//! selected, its parts and columns. What it knows about each ticket is in a separate file
//! (`index`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::export::columns::{Column, Kind, Wording};

/// The version that is written; a set of another version is not continued.
pub const VERSION: u32 = 1;

/// What is in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Version of the file.
    pub version: u32,
    /// Id of the run that left it.
    pub run: String,
    /// HubSpot portal id.
    pub portal: u64,
    /// All changes before it are in the data set, as far as the portal's search showed
    /// them (E3).
    pub mark: Timestamp,
    /// Names of the parts; the index counts them from 0.
    pub parts: Vec<String>,
    /// The columns of each table.
    pub columns: BTreeMap<String, Vec<KeptColumn>>,
    /// Tickets that the next run reads whether or not the search finds them.
    pub recheck: Vec<u64>,
    /// What is shown for stored values, by property: a changed label does not change the tickets.
    #[serde(default)]
    pub labels: BTreeMap<String, BTreeMap<String, String>>,
    /// The portal's count of tickets that others were merged into, if it was asked.
    #[serde(default)]
    pub survivors: Option<u64>,
    /// Whether the portal did not have the property that the parts are made by.
    #[serde(default)]
    pub parts_lost: bool,
}

/// A column as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptColumn {
    /// Its header.
    pub header: String,
    /// Internal name of the property, or of the column that takes its place.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it holds, in the schema's wording.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it shows labels.
    #[serde(default)]
    pub shows_labels: bool,
    /// Whether the portal does not have the property any more.
    #[serde(default)]
    pub dropped: bool,
    /// Whether it is about the record or the run itself.
    #[serde(default)]
    pub of_record: bool,
}

impl KeptColumn {
    /// What is stored about a column.
    pub fn of(column: &Column) -> KeptColumn {
        KeptColumn {
            header: column.header.clone(),
            name: column.name.clone(),
            label: column.label.clone(),
            kind: column.kind.word().to_owned(),
            shows_labels: matches!(column.wording, Wording::Labels(_)),
            dropped: column.dropped,
            of_record: column.of_record,
        }
    }

    /// The column, as far as its rows can be read.
    pub fn column(&self) -> Column {
        let kinds = [
            Kind::Text,
            Kind::OtherId,
            Kind::Count,
            Kind::Number,
            Kind::Bool,
            Kind::Instant,
            Kind::Day,
            Kind::List,
            Kind::Ids,
        ];
        let kind = kinds.into_iter().find(|kind| kind.word() == self.kind);
        Column {
            header: self.header.clone(),
            dropped: self.dropped,
            of_record: self.of_record,
            ..Column::plain(&self.name, &self.label, kind.unwrap_or(Kind::Text))
        }
    }
}
