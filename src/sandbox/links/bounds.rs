//! How many records of another kind a record may be associated with, if an admin set a limit: for
//! all of them (the type without a label) or for a label. Each type counts its own way (C2 §1.6 and
//! §9.13).

use serde::Deserialize;
use serde_json::{Value, json};

use super::bound::{Bound, Full, SORT};
use super::inline::Link;
use super::link_type::LinkType;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::schema::kind::Kind;

/// A limit to be set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BoundInput {
    category: Option<String>,
    type_id: u32,
    max_to_object_ids: u64,
}

/// A limit to be removed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BoundName {
    type_id: u32,
}

impl PortalState {
    /// Checks whether two records can be associated by a type; returns the one that has too many
    /// already, if any.
    pub(crate) fn room(
        &self,
        from: i64,
        known: &LinkType,
        to: i64,
    ) -> rusqlite::Result<Option<Full>> {
        if self.schema.links.limits.is_empty() {
            return Ok(None);
        }
        for (one, way, other) in self.ways(from, known, to) {
            let Some(&most) = self.schema.links.limits.get(&way.id) else {
                continue;
            };
            let held = self.store.links(one)?;
            let mut of_type = held.iter().filter(|(link_type, _)| *link_type == way.id);
            let has = of_type.clone().any(|(_, target)| *target == other);
            if !has && of_type.by_ref().count() as u64 >= most {
                return Ok(Some(full(way, Some(one), most)));
            }
        }
        Ok(None)
    }

    /// The same for associations that are sent with a new record.
    pub(crate) fn room_for_new(&self, links: &[Link<'_>]) -> rusqlite::Result<Option<Full>> {
        let limits = &self.schema.links.limits;
        for (&type_id, &most) in limits {
            let mut targets: Vec<i64> = links
                .iter()
                .filter(|link| self.brought(link.known).any(|way| way.id == type_id))
                .map(|link| link.to)
                .collect();
            targets.sort_unstable();
            targets.dedup();
            if targets.len() as u64 > most
                && let Some(way) = self.schema.links.get(type_id)
            {
                return Ok(Some(full(way, None, most)));
            }
        }
        for link in links {
            // No record has the id 0, which stands for the new one.
            if let Some(full) = self.room(0, link.known, link.to)? {
                return Ok(Some(full));
            }
        }
        Ok(None)
    }

    /// A type and the one without a label that it implies.
    fn brought<'a>(&'a self, known: &'a LinkType) -> impl Iterator<Item = &'a LinkType> {
        let default = self.schema.links.default_of(known.from, known.to);
        let other = default.filter(|default| default.id != known.id);
        std::iter::once(known).chain(other)
    }

    /// Both directions of an association and of the one that it implies.
    fn ways<'a>(
        &'a self,
        from: i64,
        known: &'a LinkType,
        to: i64,
    ) -> Vec<(i64, &'a LinkType, i64)> {
        let mut ways = Vec::new();
        for way in self.brought(known) {
            ways.push((from, way, to));
            ways.extend(
                self.schema
                    .links
                    .get(way.inverse)
                    .map(|back| (to, back, from)),
            );
        }
        ways
    }

    /// The limits from one kind to another, or all of them.
    pub(crate) fn link_bounds(&self, ends: Option<(Kind, Kind)>) -> Vec<Value> {
        let limits = self.schema.links.limits.iter();
        let shown = limits.filter_map(|(id, most)| {
            let known = self.schema.links.get(*id)?;
            let is_meant = ends.is_none_or(|ends| ends == (known.from, known.to));
            is_meant.then(|| {
                json!({
                    "category": known.category(), "typeId": id, "label": known.label,
                    "userEnforcedMaxToObjectIds": most,
                })
            })
        });
        shown.collect()
    }

    /// Sets limits. The limit of a label can't exceed that of all records of the kind.
    pub(crate) fn put_bounds(
        &mut self,
        ends: (Kind, Kind),
        inputs: Vec<BoundInput>,
    ) -> Result<Vec<Bound>, Problem> {
        let mut bounds = Vec::new();
        for input in inputs {
            let known = self.schema.links.get(input.type_id);
            let known = known.filter(|known| {
                let category = input.category.as_deref();
                (known.from, known.to) == ends
                    && category.is_none_or(|category| category == known.category())
            });
            let Some(known) = known else {
                let message = format!("{} is not a valid association type", input.type_id);
                return Err(Problem::validation(message));
            };
            self.check_range(known, input.max_to_object_ids)?;
            bounds.push(Bound {
                category: known.category().to_owned(),
                type_id: known.id,
                user_enforced_max_to_object_ids: input.max_to_object_ids,
            });
        }
        for bound in &bounds {
            let name = bound.type_id.to_string();
            self.store.define(SORT, "", &name, bound)?;
            self.schema.links.bound(bound);
        }
        Ok(bounds)
    }

    fn check_range(&self, known: &LinkType, most: u64) -> Result<(), Problem> {
        let limits = &self.schema.links.limits;
        let all = self.schema.links.default_of(known.from, known.to);
        let all = all.and_then(|default| limits.get(&default.id)).copied();
        let of_labels = self.schema.links.between(known.from, known.to);
        let of_labels = of_labels.filter(|other| other.id != known.id);
        let of_labels = of_labels.filter_map(|label| limits.get(&label.id)).max();
        let (least, greatest) = match known.is_default() {
            true => (of_labels.copied().unwrap_or(1), None),
            false => (1, all),
        };
        if most >= least && greatest.is_none_or(|greatest| most <= greatest) {
            return Ok(());
        }
        let greatest = greatest.map_or(String::new(), |greatest| format!(" to {greatest}"));
        Err(Problem::validation(format!(
            "{most} is not a valid limit of type {}: it must be from {least}{greatest}",
            known.id
        )))
    }

    /// Removes limits.
    pub(crate) fn purge_bounds(&mut self, names: &[BoundName]) -> Result<(), Problem> {
        for name in names {
            self.store.undefine(SORT, "", &name.type_id.to_string())?;
            let _gone = self.schema.links.limits.remove(&name.type_id);
        }
        Ok(())
    }
}

fn full(way: &LinkType, record: Option<i64>, most: u64) -> Full {
    Full {
        from: way.from,
        to: way.to,
        record: record.filter(|id| *id != 0),
        type_id: way.id,
        most,
    }
}
