//! The association endpoints of v3 (C1 §8.5), where a type is a number or a
//! name such as `ticket_to_contact`.

use serde_json::{Value, json};

use super::link_type::LinkType;
use super::pairs::PairsPage;
use super::shapes::{LegacyInput, ReadInput};
use crate::sandbox::api::problem::{Problem, RowProblem};
use crate::sandbox::api::reply::{Paging, Results};
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::records::shapes::{BatchOut, ObjectOut};
use crate::sandbox::records::show::View;
use crate::sandbox::schema::kind::Kind;

impl PortalState {
    /// Associates a pair; the answer is the record, with its associations of that
    /// kind.
    pub(crate) fn put_legacy(
        &self,
        (from, to): (Kind, Kind),
        (id, to_id): (&str, &str),
        named: &str,
        view: &View,
        now: Moment,
    ) -> Result<ObjectOut, Problem> {
        let known = self.legacy_type((from, to), named)?;
        let id = self.linkable(from, id)?.ok_or_else(Problem::not_found)?;
        let to_id = self.linkable(to, to_id)?.ok_or_else(Problem::not_found)?;
        self.need_room(&[known], id, to_id)?;
        let transaction = self.store.begin()?;
        self.link(id, known, to_id, now)?;
        transaction.commit()?;
        let record = self
            .store
            .record(from, id, false)?
            .ok_or_else(Problem::not_found)?;
        self.show(from, record, view)
    }

    pub(crate) fn delete_legacy(
        &self,
        (from, to): (Kind, Kind),
        (id, to_id): (&str, &str),
        named: &str,
    ) -> Result<(), Problem> {
        let known = self.legacy_type((from, to), named)?;
        let id = self.linkable(from, id)?.ok_or_else(Problem::not_found)?;
        let Some(to_id) = self.linkable(to, to_id)? else {
            return Ok(());
        };
        let transaction = self.store.begin()?;
        self.unlink(id, known, to_id)?;
        Ok(transaction.commit()?)
    }

    pub(crate) fn list_legacy(
        &self,
        ends: (Kind, Kind),
        id: &str,
        page: &PairsPage,
        now: Moment,
    ) -> Result<Results<Value>, Problem> {
        let id = self.linkable(ends.0, id)?.ok_or_else(Problem::not_found)?;
        let rows = self.legacy_links(id, ends, now)?;
        let mut rows = rows
            .into_iter()
            .filter(|(target, _)| *target >= page.after)
            .collect::<Vec<_>>();
        let next = rows.get(page.limit).map(|(next, _)| *next);
        rows.truncate(page.limit);
        let paging =
            next.map(|next| Paging::new(next.to_string(), format!("{}after={next}", page.link)));
        Ok(Results {
            results: rows.into_iter().map(|(_, shown)| shown).collect(),
            paging,
        })
    }

    /// Associates pairs, or cuts them.
    pub(crate) fn legacy_batch(
        &self,
        ends: (Kind, Kind),
        inputs: &[LegacyInput],
        cuts: bool,
        now: Moment,
    ) -> Result<BatchOut<Value>, Problem> {
        let transaction = self.store.begin()?;
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for input in inputs {
            let known = self.legacy_type(ends, &input.link_type.0)?;
            match self.pair_of(ends, &input.from, &input.to)? {
                Ok((from, to)) if cuts => self.unlink(from, known, to)?,
                Ok((from, to)) => match self.no_room(&[known], from, to)? {
                    Some(problem) => errors.push(problem),
                    None => {
                        self.link(from, known, to, now)?;
                        results.push(json!({
                            "from": {"id": from.to_string()},
                            "to": {"id": to.to_string()},
                            "type": known.name,
                        }));
                    }
                },
                Err(problem) => errors.push(*problem),
            }
        }
        transaction.commit()?;
        Ok(BatchOut::new(results, errors, now.iso()))
    }

    pub(crate) fn read_legacy(
        &self,
        ends: (Kind, Kind),
        inputs: &[ReadInput],
        now: Moment,
    ) -> Result<BatchOut<Value>, Problem> {
        let (mut results, mut errors) = (Vec::new(), Vec::<RowProblem>::new());
        for input in inputs {
            let Some(id) = self.linkable(ends.0, &input.id.0)? else {
                errors.extend(self.missing_from(ends, &input.id.0)?);
                continue;
            };
            let linked = self.legacy_links(id, ends, now)?;
            if linked.is_empty() {
                let message = format!("No associations were found for {}.", input.id.0);
                errors.push(
                    Problem::no_such(message)
                        .with("ids", vec![input.id.0.clone()])
                        .into_row(None),
                );
                continue;
            }
            let to: Vec<Value> = linked.into_iter().map(|(_, shown)| shown).collect();
            results.push(json!({"from": {"id": input.id.0}, "to": to}));
        }
        Ok(BatchOut::new(results, errors, now.iso()))
    }

    /// The associations of a record with records of one kind, one row per type.
    fn legacy_links(
        &self,
        id: i64,
        (from, to): (Kind, Kind),
        now: Moment,
    ) -> rusqlite::Result<Vec<(i64, Value)>> {
        let all = self.seen_links(id, now)?.into_iter();
        let row = |(link_type, target): (u32, i64)| {
            let known = self.schema.links.get(link_type)?;
            let shown = json!({"id": target.to_string(), "type": known.name});
            (known.from == from && known.to == to).then_some((target, shown))
        };
        Ok(all.filter_map(row).collect())
    }

    fn legacy_type(&self, (from, to): (Kind, Kind), named: &str) -> Result<&LinkType, Problem> {
        let id: u32 = named.parse().unwrap_or_default();
        let meant = |known: &&LinkType| known.id == id || known.name == named;
        let mut known = self.schema.links.between(from, to);
        known.find(meant).ok_or_else(|| {
            Problem::validation(format!(
                "{named} is not a valid association type from {} to {}",
                from.singular(),
                to.singular()
            ))
        })
    }
}
