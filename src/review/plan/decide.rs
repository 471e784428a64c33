//! What is done for one row of a plan. Pure: what the portal holds and the outcomes of
//! earlier rows are passed in.

use crate::hubspot::records::Record;
use crate::import::check::broken_rule;
use crate::import::decide::{Action, Observed, Wanted, decide};
use crate::import::flow::{Operation, PlannedOp};
use crate::import::send::fallback_properties::FallbackProperties;
use crate::journal::{Keys, PlannedRow};
use crate::mapping::CompiledMapping;
use crate::model::compare::same_value;
use crate::model::issue::{Problem, Reason};
use crate::model::place::Places;
use crate::model::plan::PlannedAction;
use crate::model::property_change::PropertyChange;
use crate::model::value_rule::RuleBook;

/// What decisions depend on.
pub(super) struct Rules<'a> {
    pub(super) operation: Operation,
    pub(super) mapping: &'a CompiledMapping,
    pub(super) fallbacks: &'a FallbackProperties,
    pub(super) places: &'a Places,
    /// The portal's rules for values that are sent.
    pub(super) values: &'a RuleBook,
}

/// What is known about the ticket that a row names.
pub(super) struct Known<'a> {
    /// The live ticket.
    pub(super) live: Option<&'a Record>,
    /// Id of the ticket in the recycle bin, if that was looked for.
    pub(super) in_bin: Option<&'a str>,
    /// Why the row is refused at once: a row of another run has its key, or the portal has its
    /// ticket but does not show it.
    pub(super) refused: Option<Reason>,
    /// Earlier rows of the input that have its key.
    pub(super) earlier: &'a [PlannedRow],
}

/// What is done for a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) action: PlannedAction,
    /// Id of the ticket; none if there is none yet.
    pub(super) ticket: Option<String>,
    pub(super) changes: Vec<PropertyChange>,
    /// Why the row is refused.
    pub(super) problem: Option<Problem>,
}

impl Decision {
    fn of(action: PlannedAction, ticket: String) -> Decision {
        Decision {
            action,
            // A ticket that an earlier row creates has no id yet.
            ticket: Some(ticket).filter(|id| !id.is_empty()),
            changes: Vec::new(),
            problem: None,
        }
    }
}

impl Rules<'_> {
    /// Decides what is done for a row; its values are moved to where they are kept.
    pub(super) fn decide(&self, op: &mut PlannedOp, known: &Known<'_>) -> Decision {
        let taken = self.taken(op, known.earlier);
        if let Some(reason) = taken.or_else(|| known.refused.clone()) {
            return self.refused(op, reason);
        }
        let record = outcome(known.live, known.earlier);
        let values = &mut op.draft.properties;
        match &record {
            Some(record) => self.fallbacks.apply_to(values, |name, value| {
                same_value(self.mapping.type_of(name), value, record.get(name))
            }),
            None => self.fallbacks.apply(values),
        }
        let wanted = Wanted {
            operation: self.operation,
            by: self.mapping.id_property(),
            values: &op.draft.properties,
        };
        let observed = record.as_ref().map_or(Observed::Absent, Observed::Live);
        let decision = match decide(&wanted, observed, |name| self.mapping.type_of(name)) {
            Action::Create => Decision {
                changes: all_values(op),
                ..Decision::of(PlannedAction::Create, String::new())
            },
            Action::Update { ticket, changes } => Decision {
                changes,
                ..Decision::of(PlannedAction::Update, ticket)
            },
            Action::Archive { ticket } => Decision::of(PlannedAction::Archive, ticket),
            Action::Unchanged { ticket } | Action::Link { ticket } => {
                Decision::of(PlannedAction::Unchanged, ticket)
            }
            Action::Exists { ticket } => Decision::of(PlannedAction::Exists, ticket),
            Action::Absent => self.absent(op, known),
        };
        self.unless_broken(decision)
    }

    /// The decision, unless a value that would be sent breaks a rule of the portal.
    fn unless_broken(&self, decision: Decision) -> Decision {
        let mut changes = decision.changes.iter();
        let broken = changes
            .find_map(|change| broken_rule(self.values, self.mapping, &change.name, &change.after));
        match broken {
            None => decision,
            problem => Decision {
                problem,
                ..Decision::of(PlannedAction::Refused, String::new())
            },
        }
    }

    /// Why this row can't have its key because of an earlier row (K2, K4), if so.
    fn taken(&self, op: &PlannedOp, earlier: &[PlannedRow]) -> Option<Reason> {
        let key = &op.draft.key;
        let mut earlier = earlier.iter();
        let other = match self.operation.keys(self.mapping.rows_are_tickets()) {
            Keys::Once => earlier.next()?,
            Keys::OneSpelling => earlier.find(|row| {
                let written = [PlannedAction::Create, PlannedAction::Update];
                row.key.as_ref() != Some(key) && written.contains(&row.action)
            })?,
            Keys::SameBody | Keys::Shared => return None,
        };
        let address = other.row.address;
        let place = self.places.words(address.file, address.line);
        let other = other.key.clone().unwrap_or_default();
        Some(match other == *key {
            true => Reason::RepeatedKey { place },
            false => Reason::KeyCase {
                other: other.into(),
                place,
            },
        })
    }

    /// A row that names no live ticket and creates none.
    fn absent(&self, op: &PlannedOp, known: &Known<'_>) -> Decision {
        let archived_before = known
            .earlier
            .iter()
            .rev()
            .find(|row| row.action == PlannedAction::Archive)
            .and_then(|row| row.ticket.as_deref());
        let gone = known.in_bin.or(archived_before);
        match (self.operation, gone) {
            (Operation::Archive, Some(id)) => Decision::of(PlannedAction::Unchanged, id.to_owned()),
            (_, Some(id)) => self.refused(op, Reason::TicketArchived { id: id.to_owned() }),
            (_, None) => {
                let by_key = self.mapping.id_property().is_some();
                self.refused(op, Reason::TicketMissing { by_key })
            }
        }
    }

    fn refused(&self, op: &PlannedOp, reason: Reason) -> Decision {
        Decision {
            problem: Some(self.mapping.key_problem(reason, &op.draft.key)),
            ..Decision::of(PlannedAction::Refused, String::new())
        }
    }
}

/// Every value that a new ticket gets.
fn all_values(op: &PlannedOp) -> Vec<PropertyChange> {
    let values = op.draft.properties.iter();
    values
        .map(|(name, value)| PropertyChange {
            name: name.clone(),
            before: None,
            after: value.clone(),
        })
        .collect()
}

/// The ticket as it will be once the earlier rows of the input are carried out.
fn outcome(live: Option<&Record>, earlier: &[PlannedRow]) -> Option<Record> {
    let mut record = live.cloned();
    for row in earlier {
        match row.action {
            PlannedAction::Create => record = Some(with(Record::default(), &row.changes)),
            PlannedAction::Update => record = record.map(|record| with(record, &row.changes)),
            PlannedAction::Archive => record = None,
            _ => {}
        }
    }
    record
}

fn with(mut record: Record, changes: &[PropertyChange]) -> Record {
    for change in changes {
        let _old = match change.after.is_empty() {
            true => record.properties.remove(&*change.name),
            false => record
                .properties
                .insert(change.name.to_string(), change.after.clone()),
        };
    }
    record
}
