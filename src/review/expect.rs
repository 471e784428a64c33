//! What the portal must hold after rows are done: the values of the row, as the run's
//! mapping makes them, or what the journal says was changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::Error;
use crate::hubspot::LinkType;
use crate::import::links::LinkKinds;
use crate::import::read::Reading as RowReading;
use crate::import::resume::recover::Again;
use crate::journal::{AttachedFile, DoneRow, Later, NoteStep, Reading};
use crate::mapping::{CompiledMapping, Mapped};
use crate::model::compare::same_value;
use crate::model::key::same_key;
use crate::model::link_by::LinkBy;
use crate::model::made_link::MadeLink;
use crate::model::outcome::Change;
use crate::model::place::{Places, RowAddress};
use crate::model::property_change::PropertyChange;
use crate::model::schema::{ObjectType, ValueType};
use crate::model::ticket::{LinkDraft, Missing, TicketDraft};

/// Rows that are checked together. HubSpot: a batch read accepts 100 ids.
pub const PAGE: usize = 100;

/// What the portal must hold for a row.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Number of the row in the run.
    pub seq: u64,
    /// Its place in the input.
    pub address: RowAddress,
    /// Line of the row.
    pub place: String,
    /// The row's key.
    pub key: String,
    /// Id of its ticket.
    pub ticket: String,
    /// What was done with the ticket.
    pub change: Change,
    /// Values that it must hold.
    pub values: Vec<ExpectedValue>,
    /// Links that it must have, or must not have if they were removed.
    pub links: Vec<ExpectedLink>,
    /// Links that the row requested, whatever its outcome.
    pub asked: Vec<ExpectedLink>,
    /// Notes that it must have.
    pub notes: Vec<NoteStep>,
    /// Files that these must name.
    pub files: Vec<AttachedFile>,
    /// What was changed, with what the ticket held before; none if it was not read.
    pub changes: Option<Vec<PropertyChange>>,
    /// What the run added between the ticket and other records; none if the journal does not record
    /// it.
    pub made: Option<Vec<MadeLink>>,
    /// Records that any row of the ticket was linked to by the run, and its notes.
    pub added: Vec<(ObjectType, String)>,
    /// Tickets of other rows that the run linked to this one.
    pub linked_from: Vec<String>,
    /// Properties that later rows of the run wrote.
    pub later: BTreeSet<String>,
}

/// A value that a ticket must hold.
#[derive(Clone, Debug)]
pub struct ExpectedValue {
    /// Internal name.
    pub property: Arc<str>,
    /// Where the portal keeps it if it does not keep that property.
    pub instead: Option<Arc<str>>,
    /// How it is compared.
    pub value_type: ValueType,
    /// What the run wrote.
    pub wrote: String,
    /// Whether it is the row's key, whose case portals may fold (protocol K2).
    pub is_key: bool,
}

impl ExpectedValue {
    /// Whether a property holds this value.
    pub fn is(&self, holds: Option<&str>) -> bool {
        same_value(self.value_type, &self.wrote, holds)
            || self.is_key && holds.is_some_and(|holds| same_key(holds, &self.wrote))
    }
}

/// A link of a ticket.
#[derive(Clone, Debug)]
pub struct ExpectedLink {
    /// Kind of the other record.
    pub to: ObjectType,
    /// Its record id.
    pub id: String,
    /// Kind of the link.
    pub kind: LinkType,
    /// Whether the mapping leaves it out if there is no such record.
    pub skips: bool,
}

/// Iterates over the rows of a run that are done.
pub struct DoneRows {
    /// The journal.
    pub journal: Reading,
    /// The rows, to be read again.
    pub again: Again,
    /// What rows become.
    pub mapping: Arc<CompiledMapping>,
    /// What links mean.
    pub kinds: LinkKinds,
    /// Names of the inputs.
    pub places: Places,
    /// The number of the last row.
    pub after: u64,
}

impl DoneRows {
    /// The next rows; none when there are no more.
    ///
    /// # Errors
    /// When the journal or the input can't be read.
    pub fn page(&mut self) -> Result<Option<Vec<Expected>>, Error> {
        let rows = self.journal.done_after(self.after, PAGE)?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        self.after = last.row.seq;
        let expected = rows.into_iter().map(|row| self.expected(row));
        expected.collect::<Result<_, _>>().map(Some)
    }

    /// The rows before `before`, the newest first, at most `most` of them and no ticket
    /// twice; none when there are no more.
    ///
    /// # Errors
    /// When the journal or the input can't be read.
    pub fn back(&mut self, before: u64, most: usize) -> Result<Vec<Expected>, Error> {
        let mut rows = self.journal.done_before(before, most)?;
        let mut seen = BTreeSet::new();
        let twice = rows.iter().position(|row| !seen.insert(row.ticket.clone()));
        rows.truncate(twice.unwrap_or(rows.len()));
        // The input is read in file order.
        rows.reverse();
        let expected = rows.into_iter().map(|row| self.expected(row));
        let mut expected = expected.collect::<Result<Vec<_>, _>>()?;
        expected.reverse();
        Ok(expected)
    }

    fn expected(&mut self, row: DoneRow) -> Result<Expected, Error> {
        let draft = self.draft(&row)?;
        let mut values = Vec::new();
        if matches!(row.change, Change::Created | Change::Updated) {
            values = self.values(&row, &draft);
        }
        let mut asked = Vec::new();
        if row.change != Change::Archived {
            values.extend(self.key(&row));
            asked = self.links(&draft)?;
        }
        let mut notes = self.journal.notes_of(row.row.seq)?;
        notes.retain(|note| !row.refused || note.record.is_some());
        let added = match row.change {
            Change::Created => self.journal.added_to_key(&row.key)?,
            _ => Vec::new(),
        };
        Ok(Expected {
            made: self.journal.made_links(row.row.seq)?,
            linked_from: self.journal.linked_from(&row.ticket)?,
            links: match row.refused {
                // It is not recorded which of its links were made.
                true => Vec::new(),
                false => asked.clone(),
            },
            seq: row.row.seq,
            address: row.row.address,
            place: self.places.cell(row.row.address),
            key: row.key,
            ticket: row.ticket,
            change: row.change,
            values,
            asked,
            files: self.journal.files_of(row.row.seq)?,
            notes,
            changes: row.changes,
            added,
            later: row.later.properties(),
        })
    }

    /// The row as it was mapped.
    fn draft(&mut self, row: &DoneRow) -> Result<TicketDraft, Error> {
        if row.change == Change::Archived {
            return Ok(TicketDraft::default());
        }
        let RowReading::Row(source) = self.again.row(row.row)? else {
            return Err(self.other_row(row));
        };
        match self.mapping.map(&source) {
            Mapped::Ticket(draft) => Ok(draft),
            Mapped::Skipped | Mapped::Refused { .. } => Err(self.other_row(row)),
        }
    }

    fn other_row(&self, row: &DoneRow) -> Error {
        let address = row.row.address;
        let place = self.places.words(address.file, address.line);
        Error::must_fix(format!("{place} is not the row that the run carried out"))
            .advise("bring back the file and the mapping that the run began with")
    }

    /// The values that the row wrote and no later row overwrote. The key is the one by which the
    /// ticket was found.
    fn values(&self, row: &DoneRow, draft: &TicketDraft) -> Vec<ExpectedValue> {
        let none = BTreeSet::new();
        let later = match &row.later {
            Later::Unknown => return Vec::new(),
            Later::Nothing => &none,
            Later::Properties(names) => names,
        };
        let written: Vec<(&Arc<str>, &String)> = match &row.changes {
            Some(changes) => changes.iter().map(|one| (&one.name, &one.after)).collect(),
            None => draft
                .properties
                .iter()
                .map(|(name, value)| (name, value))
                .collect(),
        };
        let written = written.into_iter().filter(|(name, value)| {
            let appends =
                self.mapping.type_of(name) == ValueType::MultiEnumeration && value.starts_with(';');
            !appends && !later.contains(&***name) && self.mapping.id_property() != Some(&***name)
        });
        written
            .map(|(name, value)| ExpectedValue {
                property: Arc::clone(name),
                instead: self.instead(name),
                value_type: self.mapping.type_of(name),
                wrote: value.clone(),
                is_key: false,
            })
            .collect()
    }

    /// The key with which the ticket was created, or by which it was found.
    fn key(&self, row: &DoneRow) -> Option<ExpectedValue> {
        let name = self.mapping.id_property()?;
        // The last of several rows of one ticket counts for all.
        (row.later == Later::Nothing).then(|| ExpectedValue {
            property: name.into(),
            instead: self.instead(name),
            value_type: self.mapping.type_of(name),
            wrote: row.key.clone(),
            is_key: true,
        })
    }

    fn instead(&self, name: &str) -> Option<Arc<str>> {
        let mut properties = self.mapping.properties().iter();
        let property = properties.find(|property| *property.name == *name)?;
        Some(Arc::clone(&property.instead.as_ref()?.name))
    }

    /// Links whose other end the journal knows; the others were left out by the mapping.
    fn links(&self, draft: &TicketDraft) -> Result<Vec<ExpectedLink>, Error> {
        let mut links = Vec::new();
        for link in &draft.links {
            if let Some(id) = self.end(link)? {
                links.push(ExpectedLink {
                    to: link.to,
                    id,
                    kind: self.kinds.of(link),
                    skips: link.missing == Missing::Skip,
                });
            }
        }
        Ok(links)
    }

    fn end(&self, link: &LinkDraft) -> Result<Option<String>, Error> {
        Ok(match link.by {
            LinkBy::Id => Some(link.value.clone()),
            LinkBy::Key => self.journal.ticket_of_key(&link.value)?,
            LinkBy::Property(_) => match self.kinds.step_kind(link) {
                Some(kind) => self.journal.other_record(&kind, &link.value)?,
                None => None,
            },
        })
    }
}
