//! Checks rows against a plan (protocol PL3): the portal must hold what the plan found, otherwise
//! that row is refused. What rows of this run did does not count as a change: the plan allowed for
//! it.

use std::collections::HashMap;

use super::Action;
use crate::hubspot::records::Record;
use crate::import::flow::{PlannedOp, RowOutcome};
use crate::import::links::{HeldLinks, Link, OfTicket};
use crate::import::send::Sender;
use crate::model::issue::{Problem, Reason, SincePlan};
use crate::model::plan::{LinkState, Planned, PlannedAction};
use crate::model::property_change::PropertyChange;
use crate::model::record_id::RecordId;
use crate::model::stop::Stop;

/// What has changed since the plan.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Since {
    /// The property with another value; none if the change is about the ticket itself.
    property: Option<String>,
    what: SincePlan,
}

impl Since {
    /// The row's ticket is not the one that the plan found.
    pub(crate) fn ticket(what: SincePlan) -> Since {
        Since {
            property: None,
            what,
        }
    }
}

/// What has changed since the plan, given the row's ticket, if there is one, and what would
/// be done now. `same` compares a value with what a ticket holds.
fn changed_since(
    planned: &Planned,
    record: Option<&Record>,
    action: &Action,
    same: &impl Fn(&Record, &str, &str) -> bool,
) -> Option<Since> {
    let Some(record) = record else {
        let was_there = planned.action != PlannedAction::Create;
        return was_there.then(|| Since::ticket(SincePlan::Gone));
    };
    let id = || record.id.clone();
    if planned.action == PlannedAction::Create {
        return Some(Since::ticket(SincePlan::KeyTaken { id: id() }));
    }
    if planned
        .ticket
        .as_ref()
        .is_some_and(|known| *known != record.id)
    {
        return Some(Since::ticket(SincePlan::OtherTicket { id: id() }));
    }
    let moved = planned.changes.iter().find(|change| {
        let before = change.before.as_deref().unwrap_or_default();
        !same(record, &change.name, before)
    });
    if let Some(change) = moved {
        return Some(value(change, change.before.as_deref(), record));
    }
    // A property that had the row's value no longer has it.
    let more = match action {
        Action::Update { changes, .. } => changes.as_slice(),
        _ => &[],
    };
    let is_planned = |name: &str| planned.changes.iter().any(|change| *change.name == *name);
    let other = more.iter().find(|change| !is_planned(&change.name))?;
    Some(value(other, Some(&other.after), record))
}

fn value(change: &PropertyChange, planned: Option<&str>, record: &Record) -> Since {
    Since {
        property: Some(change.name.to_string()),
        what: SincePlan::Value {
            planned: planned.unwrap_or_default().to_owned(),
            holds: record.get(&change.name).unwrap_or_default().to_owned(),
        },
    }
}

impl Sender {
    /// What has changed since the row was planned; nothing if the run applies no plan.
    pub(crate) fn changed_since(
        &self,
        op: &PlannedOp,
        record: Option<&Record>,
        action: &Action,
    ) -> Option<Since> {
        let planned = op.planned.as_ref()?;
        changed_since(planned, record, action, &|record, name, value| {
            self.is_held(record, name, value)
        })
    }

    /// Links that the plan found and that have been removed since, by the tickets of the rows:
    /// `contacts 1234`.
    pub(crate) async fn cut_since(
        &self,
        ops: &[PlannedOp],
    ) -> Result<HashMap<String, String>, Stop> {
        let there: Vec<Vec<Link>> = ops.iter().map(|op| self.planned_there(op)).collect();
        if there.iter().all(Vec::is_empty) {
            return Ok(HashMap::new());
        }
        let wanted: Vec<OfTicket<'_>> = ops
            .iter()
            .zip(&there)
            .filter_map(|(op, links)| {
                let ticket = op.planned.as_ref()?.ticket.as_deref()?;
                Some(OfTicket { ticket, links })
            })
            .collect();
        let held = HeldLinks::read(&self.client, &wanted).await?;
        let mut cut = HashMap::new();
        for of in wanted {
            if let Some(gone) = held.added(of).first() {
                let link = format!("{} {}", gone.to.plural(), gone.record);
                let _first = cut.insert(of.ticket.to_owned(), link);
            }
        }
        Ok(cut)
    }

    /// A record that the plan of a row found and that no longer exists.
    pub(crate) fn gone_since(&self, op: &PlannedOp, problem: &Problem) -> Option<Since> {
        let planned = op.planned.as_ref()?;
        let Reason::NoSuchRecord { object } = problem.reason else {
            return None;
        };
        let mut links = planned.links.iter();
        let gone = links.find(|link| {
            link.to == object && link.record.is_some() && problem.value.contains(&link.value)
        })?;
        let record = format!("{} {}", object.plural(), gone.value);
        Some(Since::ticket(SincePlan::RecordGone { record }))
    }

    /// Links that the plan of a row found.
    fn planned_there(&self, op: &PlannedOp) -> Vec<Link> {
        let Some(planned) = &op.planned else {
            return Vec::new();
        };
        let there = planned
            .links
            .iter()
            .filter(|link| link.state == LinkState::There);
        let known = there.filter_map(|link| {
            Some(Link {
                to: link.to,
                id: link.record.clone().filter(|id| !id.is_empty())?,
                types: vec![self.kinds.of(&link.draft())],
                column: link.column.clone(),
            })
        });
        known.collect()
    }

    /// A property of a row that may have been written, whose value is neither the
    /// former one nor the row's: somebody else set it.
    pub(crate) fn overwritten(&self, op: &PlannedOp, record: &Record) -> Option<Since> {
        let _planned = op.planned.as_ref()?;
        let other = op.changes.iter().flatten().find(|change| {
            let before = change.before.as_deref().unwrap_or_default();
            !self.is_held(record, &change.name, before)
                && !self.is_held(record, &change.name, &change.after)
        })?;
        Some(value(other, other.before.as_deref(), record))
    }

    /// A row that was to be created but whose key now exists.
    pub(crate) fn key_taken(&self, op: &PlannedOp, ticket: &RecordId) -> Option<Since> {
        let id = ticket.to_string();
        let is_planned = op.planned_action() == Some(PlannedAction::Create);
        is_planned.then(|| Since::ticket(SincePlan::KeyTaken { id }))
    }

    /// Refuses a row that can't be carried out as planned.
    pub(crate) fn refuse_changed(&self, op: PlannedOp, since: Since) -> RowOutcome {
        let problem = self.problem(&op, since);
        self.refuse(op, &problem.into())
    }

    fn problem(&self, op: &PlannedOp, Since { property, what }: Since) -> Problem {
        let shown = match &what {
            SincePlan::Value { holds, .. } => holds.clone(),
            _ => op.draft.key.to_string(),
        };
        let property = property.unwrap_or_else(|| self.mapping.key_property().to_owned());
        Problem::new(Reason::ChangedSincePlan { what })
            .property(property)
            .value(&shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(pairs: &[(&str, &str)]) -> Record {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Record {
            id: "7".to_owned(),
            properties: pairs.iter().map(owned).collect(),
            ..Record::default()
        }
    }

    fn change(name: &str, before: Option<&str>, after: &str) -> PropertyChange {
        PropertyChange {
            name: name.into(),
            before: before.map(str::to_owned),
            after: after.to_owned(),
        }
    }

    fn held(planned: &Planned, record: Option<&Record>, action: &Action) -> Option<Since> {
        let same = |record: &Record, name: &str, value: &str| {
            record.get(name).unwrap_or_default() == value
        };
        changed_since(planned, record, action, &same)
    }

    #[test]
    fn only_what_is_as_it_was_is_done() {
        let planned = |action, ticket: Option<&str>, changes: &[PropertyChange]| Planned {
            action,
            ticket: ticket.map(str::to_owned),
            changes: changes.to_vec(),
            links: Vec::new(),
        };
        let subject = change("subject", Some("old"), "new");
        let update = planned(
            PlannedAction::Update,
            Some("7"),
            std::slice::from_ref(&subject),
        );
        let now = |changes: &[PropertyChange]| Action::Update {
            ticket: "7".to_owned(),
            changes: changes.to_vec(),
        };
        let old = record(&[("subject", "old"), ("content", "text")]);
        assert_eq!(
            held(&update, Some(&old), &now(std::slice::from_ref(&subject))),
            None
        );
        let gone = Some(Since::ticket(SincePlan::Gone));
        assert_eq!(held(&update, None, &Action::Absent), gone);
        let value = |property: &str, planned: &str, holds: &str| {
            Some(Since {
                property: Some(property.to_owned()),
                what: SincePlan::Value {
                    planned: planned.to_owned(),
                    holds: holds.to_owned(),
                },
            })
        };
        let theirs = record(&[("subject", "theirs")]);
        let then = now(&[change("subject", Some("theirs"), "new")]);
        assert_eq!(
            held(&update, Some(&theirs), &then),
            value("subject", "old", "theirs")
        );
        // Somebody else made the change, which counts as well.
        let unchanged = Action::Unchanged {
            ticket: "7".to_owned(),
        };
        let new = record(&[("subject", "new")]);
        assert_eq!(
            held(&update, Some(&new), &unchanged),
            value("subject", "old", "new")
        );
        // A value that the plan left alone is no longer what the row says.
        let more = now(&[subject, change("content", Some("x"), "text")]);
        let moved = record(&[("subject", "old"), ("content", "x")]);
        assert_eq!(
            held(&update, Some(&moved), &more),
            value("content", "text", "x")
        );
        let stays = planned(PlannedAction::Unchanged, Some("8"), &[]);
        let other = SincePlan::OtherTicket { id: "7".to_owned() };
        assert_eq!(
            held(&stays, Some(&old), &unchanged),
            Some(Since::ticket(other))
        );
        let create = planned(PlannedAction::Create, None, &[]);
        let taken = SincePlan::KeyTaken { id: "7".to_owned() };
        assert_eq!(
            held(&create, Some(&old), &unchanged),
            Some(Since::ticket(taken))
        );
        assert_eq!(held(&create, None, &Action::Create), None);
        // A ticket that an earlier row of the run created has no id in the plan.
        let own = planned(PlannedAction::Unchanged, None, &[]);
        assert_eq!(held(&own, Some(&old), &unchanged), None);
    }
}
