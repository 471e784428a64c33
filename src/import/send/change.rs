//! Changes to tickets that exist, or may exist: update, upsert, archive. Unlike a create, an
//! attempt with an unclear outcome may be carried out later and overwrite newer changes (protocol
//! S4). Its rows are returned as late and are passed in again when that can no longer happen: then
//! the portal is read, and what it does not hold is sent again.

use super::Sender;
use super::missing::Absent;
use super::reply::{Input, Item, Matching};
use super::rounds::{Doubt, Doubtful, Slot};
use super::write::Verb;
use crate::hubspot::records::WriteInput;
use crate::import::flow::{Operation, PlannedOp};
use crate::import::links::Link;
use crate::model::key::Key;
use crate::model::stop::Stop;

impl Sender {
    /// A row that is to be sent.
    pub(crate) fn changing(&self, mut op: PlannedOp, links: Option<Vec<Link>>) -> Slot {
        let properties = std::mem::take(&mut op.draft.properties);
        let ticket = op.ticket.as_deref().filter(|_| self.names_by_id());
        let key = ticket.map_or_else(|| op.draft.key.clone(), Key::from);
        let input = Input::Change(WriteInput {
            trace_id: op.source.seq.to_string(),
            id: key.to_string(),
            properties,
        });
        Slot::new(op, Item { input, key }, links)
    }

    /// Whether calls name tickets by their ids, as archive must.
    fn names_by_id(&self) -> bool {
        self.operation == Operation::Archive || self.mapping.id_property().is_none()
    }

    /// The call that carries a change out, and how replies to it are matched.
    pub(crate) fn change_call(&self) -> (Verb<'_>, Matching<'_>) {
        let by = self.mapping.id_property();
        let verb = match (self.operation, by) {
            (Operation::Archive, _) => Verb::Archive,
            (Operation::Upsert, Some(by)) => Verb::Upsert(by),
            _ => Verb::Update(by),
        };
        let matching = match by.filter(|_| !self.names_by_id()) {
            Some(by) => Matching::Key(by),
            None => Matching::Id,
        };
        (verb, matching)
    }

    /// Finds out the outcome of rows; those to be sent again go into `todo`.
    pub(crate) async fn settle_doubt(
        &self,
        doubtful: Vec<Doubtful>,
        todo: &mut Vec<Slot>,
    ) -> Result<(), Stop> {
        let (mut unclear, mut absent, mut collided) = (Vec::new(), Vec::new(), Vec::new());
        for (slot, doubt) in doubtful {
            match doubt {
                Doubt::Unclear => unclear.push(slot),
                Doubt::Suspected => todo.push(slot),
                // An upsert creates what does not exist.
                Doubt::Absent if self.operation == Operation::Upsert => todo.push(slot),
                Doubt::Absent => absent.push(match slot.is_unclear() {
                    true => Absent::sent(slot.into_op()),
                    false => Absent::untouched(slot.into_op()),
                }),
                Doubt::Collided(id) => collided.push((slot, id)),
            }
        }
        self.read_back(unclear, todo).await?;
        self.settle_absent(absent).await?;
        self.settle_collided(collided, todo).await
    }
}
