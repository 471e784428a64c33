//! The types on the arrows: `read → map → plan → batch → send → settle`. Each
//! stage takes the one before it, so none can be skipped.

use super::links::Link;
use crate::journal::{Keys, PastIntent};
use crate::mapping::For;
use crate::model::issue::Problem;
use crate::model::key::{FoldedKey, Key};
use crate::model::outcome::{Change, RowEnd, Written};
use crate::model::plan::{Planned, PlannedAction};
use crate::model::property_change::PropertyChange;
use crate::model::record_id::RecordId;
use crate::model::row::SourceRow;
use crate::model::ticket::{PlacedRemark, TicketDraft};

/// What is done with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A new ticket for each row.
    Create,
    /// A ticket that exists gets the row's values.
    Update,
    /// Either, depending on whether the portal has the key.
    Upsert,
    /// A ticket that exists goes into the recycle bin.
    Archive,
    /// A ticket that exists gets the row's links.
    Associate,
    /// A ticket that exists loses the row's links.
    Dissociate,
}

impl Operation {
    /// All of them.
    const ALL: [Operation; 6] = [
        Operation::Create,
        Operation::Update,
        Operation::Upsert,
        Operation::Archive,
        Operation::Associate,
        Operation::Dissociate,
    ];

    /// The word for it in files, names and messages.
    pub fn word(self) -> &'static str {
        match self {
            Operation::Create => "create",
            Operation::Update => "update",
            Operation::Upsert => "upsert",
            Operation::Archive => "archive",
            Operation::Associate => "associate",
            Operation::Dissociate => "dissociate",
        }
    }

    /// The operation of a word, as a journal has it.
    pub fn named(word: &str) -> Option<Operation> {
        Operation::ALL.into_iter().find(|one| one.word() == word)
    }

    /// What a mapping is compiled for.
    pub fn purpose(self) -> For {
        match self {
            Operation::Create => For::Create,
            Operation::Update => For::Update,
            Operation::Upsert => For::Upsert,
            Operation::Archive => For::Archive,
            Operation::Associate | Operation::Dissociate => For::Associate,
        }
    }

    /// Which rows of a run may share a key (protocol K2, K4). If each row is a ticket, rows with
    /// one key must not link it to different records; a table of links may name a ticket any number
    /// of times (R7).
    pub fn keys(self, rows_are_tickets: bool) -> Keys {
        match self {
            Operation::Create => Keys::Once,
            Operation::Upsert => Keys::OneSpelling,
            Operation::Associate | Operation::Dissociate if rows_are_tickets => Keys::SameBody,
            Operation::Update
            | Operation::Archive
            | Operation::Associate
            | Operation::Dissociate => Keys::Shared,
        }
    }

    /// Whether comments of rows become notes of their tickets.
    pub fn writes_notes(self) -> bool {
        matches!(
            self,
            Operation::Create | Operation::Update | Operation::Upsert
        )
    }

    /// Whether only links are written, to which late calls do no harm.
    pub fn only_links(self) -> bool {
        matches!(self, Operation::Associate | Operation::Dissociate)
    }
}

/// `map → plan`: a row and the ticket it becomes.
#[derive(Clone, Debug)]
pub struct MappedRow {
    /// The row as read.
    pub source: SourceRow,
    /// The ticket as mapped.
    pub draft: TicketDraft,
}

/// `plan → batch`: a row with what will be done for it.
#[derive(Clone, Debug)]
pub struct PlannedOp {
    /// The row as read.
    pub source: SourceRow,
    /// The ticket as mapped.
    pub draft: TicketDraft,
    /// Id of the ticket, once it was read from the portal.
    pub ticket: Option<RecordId>,
    /// Number of notes that its ticket gets once it is written. The notes are in the
    /// draft only if the row was read again for them.
    pub notes: usize,
    /// How often its call was lost, so that it had to wait until nothing could arrive late
    /// (protocol S4).
    pub times_late: u32,
    /// Maximum number of bytes that it takes in a call.
    pub bytes: usize,
    /// Hash of what will be sent (protocol R1).
    pub body: [u8; 16],
    /// What its ticket holds in the properties that the row changes, which are all that is sent;
    /// none if the ticket was not read, or there was none (protocol PL6).
    pub changes: Option<Vec<PropertyChange>>,
    /// Set when an earlier process of this run, or this one, intended the row and
    /// perhaps sent it, and its outcome is not known (protocol S4).
    pub past: Option<PastIntent>,
    /// What the plan says about the row, if the run applies one (PL3).
    pub planned: Option<Box<Planned>>,
}

impl PlannedOp {
    /// The action that the plan has for it, if the run applies one.
    pub fn planned_action(&self) -> Option<PlannedAction> {
        self.planned.as_ref().map(|planned| planned.action)
    }

    /// The operation that carries out a planned row; none if the run's own does.
    pub fn planned_operation(&self) -> Option<Operation> {
        match self.planned_action()? {
            PlannedAction::Create => Some(Operation::Create),
            PlannedAction::Update => Some(Operation::Update),
            _ => None,
        }
    }

    /// The key under which the portal may hold two rows as one (protocol K2).
    pub fn folded_key(&self) -> &FoldedKey {
        self.draft.key.folded()
    }

    /// Gives the row another key than the mapping made (protocol K3).
    pub fn rekey(&mut self, key_property: &str, key: Key) {
        let mut values = self.draft.properties.iter_mut();
        if let Some((_, value)) = values.find(|(name, _)| **name == *key_property) {
            *value = key.to_string();
        }
        for note in &mut self.draft.notes {
            note.rekey(&self.draft.key, &key);
        }
        self.draft.key = key;
    }

    /// Reduces what is sent to what changes something, and the property `by` that names the ticket.
    pub fn changes_only(&mut self, changes: Vec<PropertyChange>, by: Option<&str>) {
        let values = &mut self.draft.properties;
        values.retain(|(name, _)| by == Some(&**name));
        let given = |change: &PropertyChange| (change.name.clone(), change.after.clone());
        values.extend(changes.iter().map(given));
        self.changes = Some(changes);
    }

    /// This row with its outcome, on its way to settle.
    pub fn ended(self, end: RowEnd) -> RowOutcome {
        RowOutcome {
            source: self.source,
            key: Some(self.draft.key),
            raw: None,
            remarks: self.draft.remarks,
            written: None,
            end,
        }
    }
}

impl AsRef<PlannedOp> for PlannedOp {
    fn as_ref(&self) -> &PlannedOp {
        self
    }
}

impl AsMut<PlannedOp> for PlannedOp {
    fn as_mut(&mut self) -> &mut PlannedOp {
        self
    }
}

/// A row whose ticket is live.
#[derive(Debug)]
pub struct Located {
    /// The row, which has the ticket's id as well.
    pub op: PlannedOp,
    /// The ticket.
    pub ticket: RecordId,
}

impl AsRef<PlannedOp> for Located {
    fn as_ref(&self) -> &PlannedOp {
        &self.op
    }
}

impl AsMut<PlannedOp> for Located {
    fn as_mut(&mut self) -> &mut PlannedOp {
        &mut self.op
    }
}

impl From<Located> for PlannedOp {
    fn from(row: Located) -> PlannedOp {
        row.op
    }
}

/// A row that can be sent, with the links that it makes.
#[derive(Debug)]
pub struct Linkable {
    /// The row.
    pub op: PlannedOp,
    /// Its links that can be made when its ticket is written.
    pub links: Vec<Link>,
}

/// A row whose ticket holds what the row says, perhaps except for its links and notes.
#[derive(Debug)]
pub struct Standing {
    /// The row.
    pub op: PlannedOp,
    /// Its ticket.
    pub ticket: RecordId,
    /// How the ticket came to hold what the row says.
    pub snapshot: Snapshot,
    /// Links that can be made now; none if their ends have not been looked up yet.
    pub links: Option<Vec<Link>>,
}

/// How a ticket came to hold what a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// This run did that.
    Done(Change),
    /// It was so before.
    Unchanged,
    /// Create only: the ticket is not the row's, but has its key.
    Exists,
}

impl Standing {
    /// A row whose links have not been looked up yet.
    pub fn new(op: PlannedOp, ticket: RecordId, snapshot: Snapshot) -> Standing {
        Standing {
            op,
            ticket,
            snapshot,
            links: None,
        }
    }

    /// What this run did with the ticket, if anything.
    pub fn change(&self) -> Option<Change> {
        match self.snapshot {
            Snapshot::Done(change) => Some(change),
            Snapshot::Unchanged | Snapshot::Exists => None,
        }
    }

    /// The same row after something else was done for its ticket; what was done with
    /// the ticket itself takes precedence.
    pub fn with(self, change: Option<Change>) -> Standing {
        let snapshot = match (self.snapshot, change) {
            (Snapshot::Unchanged, Some(change)) => Snapshot::Done(change),
            (snapshot, _) => snapshot,
        };
        Standing { snapshot, ..self }
    }

    /// The row with its outcome, on its way to settle.
    pub fn ended(self) -> RowOutcome {
        let ticket = String::from(self.ticket);
        self.op.ended(match self.snapshot {
            Snapshot::Done(change) => RowEnd::Done { ticket, change },
            Snapshot::Unchanged => RowEnd::Unchanged { ticket },
            Snapshot::Exists => RowEnd::Exists { ticket },
        })
    }

    /// The row, refused although its ticket exists: an undo undoes what was done with it.
    pub fn refused(self, problem: Problem) -> RowOutcome {
        let change = self.change();
        let refused = self.op.ended(RowEnd::Refused(problem.into()));
        refused.after(&self.ticket, change)
    }
}

/// What is to be done with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Compare its rows with the tickets in the portal, and send nothing (PL1).
    Compare,
    /// Send its rows.
    Send,
}

/// `batch → send`: rows of one call, at most 100 (HubSpot) and 4 MiB (ours), no
/// key twice.
#[derive(Debug)]
pub struct Batch {
    /// What is to be done with them.
    pub task: Task,
    /// The rows, in file order.
    pub ops: Vec<PlannedOp>,
}

/// `send → settle`, or directly from read, map or plan: how a row ended.
#[derive(Clone, Debug)]
pub struct RowOutcome {
    /// The row as read; no cells when the record was ragged.
    pub source: SourceRow,
    /// Its key, where one could be made.
    pub key: Option<Key>,
    /// The record as it is in the file, if it could not be cut into cells.
    pub raw: Option<String>,
    /// What mapping did to its values.
    pub remarks: Vec<PlacedRemark>,
    /// What was done for it although it is refused.
    pub written: Option<Written>,
    /// How it ended.
    pub end: RowEnd,
}

impl RowOutcome {
    /// A row that is refused although its ticket was written, or got some of its links:
    /// an undo undoes that.
    pub fn after(self, ticket: &str, change: Option<Change>) -> RowOutcome {
        RowOutcome {
            written: change.map(|change| Written {
                ticket: ticket.to_owned(),
                change,
            }),
            ..self
        }
    }

    /// A row that ended before it had a ticket.
    pub fn early(source: SourceRow, end: RowEnd) -> RowOutcome {
        RowOutcome {
            source,
            key: None,
            raw: None,
            remarks: Vec::new(),
            written: None,
            end,
        }
    }
}
