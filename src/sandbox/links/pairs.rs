//! The v4 endpoints for one record, or one pair (C1 §8.2).

use serde_json::{Value, json};

use super::link_type::LinkType;
use super::shapes::{LinkedOut, TypeOut, id_out, pair_out, way_out};
use crate::sandbox::api::problem::Problem;
use crate::sandbox::api::reply::{Paging, Results};
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::records::shapes::TypeSpec;
use crate::sandbox::schema::kind::Kind;

/// A page of one record's associations.
#[derive(Debug)]
pub(crate) struct PairsPage {
    pub(crate) limit: usize,
    /// The lowest id of the other ends.
    pub(crate) after: i64,
    /// The address of the next page, without the value of its `after`.
    pub(crate) link: String,
}

impl PortalState {
    /// Associates a pair by its default type; the reply has both directions.
    pub(crate) fn put_default(
        &self,
        ends: (Kind, Kind),
        ids: (&str, &str),
        now: Moment,
    ) -> Result<Value, Problem> {
        let (from, to) = self.both(ends, ids)?;
        let known = self.default_type(ends)?;
        self.need_room(&[known], from, to)?;
        let transaction = self.store.begin()?;
        self.link(from, known, to, now)?;
        transaction.commit()?;
        let back = self.schema.links.get(known.inverse);
        let back = back.map(|back| way_out(back, to, from));
        let results: Vec<Value> = [way_out(known, from, to)].into_iter().chain(back).collect();
        Ok(json!({
            "status": "COMPLETE",
            "results": results,
            "startedAt": now.iso(),
            "completedAt": now.iso(),
        }))
    }

    /// Associates a pair by the named types, replacing the labels it had.
    pub(crate) fn put_labelled(
        &self,
        ends: (Kind, Kind),
        ids: (&str, &str),
        specs: &[TypeSpec],
        now: Moment,
    ) -> Result<Value, Problem> {
        let (from, to) = self.both(ends, ids)?;
        let types = self.types_of(ends, specs)?;
        self.need_room(&types, from, to)?;
        let transaction = self.store.begin()?;
        for known in self.pair(from, to)? {
            if known.is_user_defined && !types.contains(&known) {
                self.unlink(from, known, to)?;
            }
        }
        for known in &types {
            self.link(from, known, to, now)?;
        }
        transaction.commit()?;
        let labels: Vec<String> = types
            .iter()
            .filter_map(|known| known.label.clone())
            .collect();
        let Some(first) = types.first() else {
            return Err(Problem::validation("No association types were given."));
        };
        Ok(pair_out(first, from, to, &labels, self.switches.link_ids))
    }

    /// Refuses a pair if one of the two has as many associations as it may have.
    pub(super) fn need_room(&self, types: &[&LinkType], from: i64, to: i64) -> Result<(), Problem> {
        for known in types {
            if let Some(full) = self.room(from, known, to)? {
                return Err(full.problem());
            }
        }
        Ok(())
    }

    /// Cuts all associations of a pair.
    pub(crate) fn delete_pair(&self, ends: (Kind, Kind), ids: (&str, &str)) -> Result<(), Problem> {
        let (from, to) = self.both(ends, ids)?;
        let transaction = self.store.begin()?;
        self.cut(from, to)?;
        Ok(transaction.commit()?)
    }

    /// What a record is associated with.
    pub(crate) fn list_pairs(
        &self,
        (from, to): (Kind, Kind),
        id: &str,
        page: &PairsPage,
        now: Moment,
    ) -> Result<Results<Value>, Problem> {
        let id = self.linkable(from, id)?.ok_or_else(Problem::not_found)?;
        let mut linked = self.linked(id, (from, to), page.after, now)?;
        let next = linked.get(page.limit).map(|(next, _)| *next);
        linked.truncate(page.limit);
        let paging =
            next.map(|next| Paging::new(next.to_string(), format!("{}after={next}", page.link)));
        let results = linked.into_iter().map(|(_, shown)| json!(shown));
        Ok(Results {
            results: results.collect(),
            paging,
        })
    }

    /// The other ends of one kind from an id on, in order, each with its types.
    pub(super) fn linked(
        &self,
        id: i64,
        (from, to): (Kind, Kind),
        after: i64,
        now: Moment,
    ) -> rusqlite::Result<Vec<(i64, LinkedOut)>> {
        let mut linked: Vec<(i64, LinkedOut)> = Vec::new();
        for (link_type, target) in self.seen_links(id, now)? {
            let known = self.schema.links.get(link_type);
            let Some(known) = known.filter(|known| known.from == from && known.to == to) else {
                continue;
            };
            match linked.last_mut() {
                Some((last, shown)) if *last == target => {
                    shown.association_types.push(TypeOut::of(known));
                }
                _ if target >= after => linked.push((
                    target,
                    LinkedOut {
                        to_object_id: id_out(target, self.switches.link_ids),
                        association_types: vec![TypeOut::of(known)],
                    },
                )),
                _ => {}
            }
        }
        Ok(linked)
    }

    /// The types that `specs` name, all of them from one kind to the other.
    pub(super) fn types_of(
        &self,
        (from, to): (Kind, Kind),
        specs: &[TypeSpec],
    ) -> Result<Vec<&LinkType>, Problem> {
        let known = |spec: &TypeSpec| {
            let known = self
                .schema
                .links
                .find(&spec.association_category, spec.association_type_id);
            known
                .filter(|known| known.from == from && known.to == to)
                .ok_or_else(|| no_such_type(spec, from, to))
        };
        specs.iter().map(known).collect()
    }

    pub(super) fn default_type(&self, (from, to): (Kind, Kind)) -> Result<&LinkType, Problem> {
        self.schema.links.default_of(from, to).ok_or_else(|| {
            Problem::validation(format!(
                "No association type goes from {} to {}.",
                from.singular(),
                to.singular()
            ))
        })
    }

    /// The ids of a pair of live records.
    fn both(&self, (from, to): (Kind, Kind), ids: (&str, &str)) -> Result<(i64, i64), Problem> {
        let id = |end, id| self.linkable(end, id)?.ok_or_else(Problem::not_found);
        Ok((id(from, ids.0)?, id(to, ids.1)?))
    }
}

fn no_such_type(spec: &TypeSpec, from: Kind, to: Kind) -> Problem {
    Problem::validation(format!(
        "{} {} is not a valid association type from {} to {}",
        spec.association_category,
        spec.association_type_id,
        from.singular(),
        to.singular()
    ))
}
