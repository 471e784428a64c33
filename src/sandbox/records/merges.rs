//! Merging two records, which the API can do, and what a person does in the recycle bin, which it
//! can't (C1 §2.2, §2.6, §2.10): restoring records, and deleting them for good.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::drafts::number;
use super::shapes::{ObjectOut, Reference, Text, Values};
use super::writes::Written;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::store::Record;
use crate::sandbox::switches::{MergeId, MergeLoser, MergeTouches, MergedIds, RestoreTouches};

/// Holds the ids that were merged into a record.
const MERGED: &str = "hs_merged_object_ids";

/// How many records may be merged into one.
const MOST_MERGED: usize = 250;

/// The body of a merge.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MergeInput {
    primary_object_id: Text,
    object_id_to_merge: Text,
}

/// The body of a gdpr-delete.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EraseInput {
    object_id: Text,
    id_property: Option<String>,
}

impl PortalState {
    /// Merges a record into another; the survivor has the values of the primary, and the other's
    /// where the primary has none.
    pub(crate) fn merge(
        &self,
        kind: Kind,
        input: &MergeInput,
        now: Moment,
    ) -> Result<ObjectOut, Problem> {
        let primary = self.mergeable(kind, &input.primary_object_id.0)?;
        let loser = self.mergeable(kind, &input.object_id_to_merge.0)?;
        if primary.id == loser.id {
            return Err(Problem::validation(
                "A record cannot be merged into itself.",
            ));
        }
        let merged = self.merged_ids(&primary, &loser);
        if merged.len() > MOST_MERGED {
            return Err(Problem::validation(format!(
                "At most {MOST_MERGED} records can be merged into one."
            )));
        }
        let mut values = self.merged_values(kind, &primary, &loser, now);
        let _ = values.insert(MERGED.to_owned(), merged.join(";"));
        let transaction = self.store.begin()?;
        let record = self.put_in_place(kind, [&primary, &loser], values, now)?;
        transaction.commit()?;
        Ok(self.show_created(
            kind,
            Written {
                record,
                warnings: Vec::new(),
            },
        ))
    }

    fn mergeable(&self, kind: Kind, id: &str) -> Result<Record, Problem> {
        let found = self.find(kind, None, id, false)?;
        let message = || format!("{} {id} does not exist.", kind.capital());
        found.ok_or_else(|| Problem::no_such(message()).with("id", vec![id.to_owned()]))
    }

    /// All ids that lead to the survivor, in order.
    fn merged_ids(&self, primary: &Record, loser: &Record) -> Vec<String> {
        let former = [primary, loser].into_iter().flat_map(|record| {
            let ids = record.values.get(MERGED).map_or("", String::as_str);
            ids.split(';').filter_map(|id| id.parse::<i64>().ok())
        });
        let mut ids: BTreeSet<i64> = former.chain([loser.id]).collect();
        if self.switches.merge_id == MergeId::New {
            let _ = ids.insert(primary.id);
        }
        ids.into_iter().map(|id| id.to_string()).collect()
    }

    fn merged_values(&self, kind: Kind, primary: &Record, loser: &Record, now: Moment) -> Values {
        let defined = &self.schema.of(kind).properties;
        let is_free = |name: &String| {
            let property = defined.get(name);
            let writable = property.is_some_and(|property| {
                !property.calculated && !property.modification_metadata.read_only_value
            });
            // The closing date follows from the stage, which is the primary's.
            writable && name != "closed_date"
        };
        let mut values = primary.values.clone();
        for (name, value) in loser.values.iter().filter(|(name, _)| is_free(name)) {
            let _ = values.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let created = [primary, loser].map(|record| record.values.get(kind.created()));
        let moment = |text: &&String| text.parse::<Timestamp>().ok();
        if let Some(oldest) = created.into_iter().flatten().min_by_key(moment) {
            let _ = values.insert(kind.created().to_owned(), oldest.clone());
        }
        if kind == Kind::Contact {
            keep_emails(&mut values, &loser.values);
        }
        if self.switches.merge_touches_modified == MergeTouches::Yes {
            let _ = values.insert(kind.modified().to_owned(), now.iso());
        }
        values
    }

    /// Replaces both records with the survivor.
    fn put_in_place(
        &self,
        kind: Kind,
        [primary, loser]: [&Record; 2],
        mut values: Values,
        now: Moment,
    ) -> rusqlite::Result<Record> {
        for record in [primary, loser] {
            self.before_change(record.id, now)?;
            for value in self.unique_values(kind, &record.values) {
                self.store.release(kind, &value, record.id)?;
            }
        }
        let id = match self.switches.merge_id {
            MergeId::Kept => primary.id,
            MergeId::New => self.store.next_id(),
        };
        number(kind, &mut values, id);
        if id == primary.id {
            self.store.replace(kind, id, &values)?;
        } else {
            self.insert_unseen(kind, id, &values, now)?;
            self.store.move_versions(primary.id, id)?;
        }
        for value in self.unique_values(kind, &values) {
            self.store.hold(kind, &value, id)?;
        }
        let mut before = primary.clone();
        before.id = id;
        self.remember_changes(kind, &before, &values, now)?;
        self.drop_second_primary(kind, primary.id, loser.id)?;
        for old in [primary.id, loser.id] {
            if old != id {
                self.store.move_links(old, id)?;
                self.end(kind, old, id, now)?;
            }
        }
        let archived_at = None;
        Ok(Record {
            id,
            values,
            archived_at,
        })
    }

    /// Inserts a new record that the search index does not show until it has caught up, no matter
    /// how old its values say it is.
    fn insert_unseen(
        &self,
        kind: Kind,
        id: i64,
        values: &Values,
        now: Moment,
    ) -> rusqlite::Result<()> {
        self.store.insert(kind, id, values)?;
        let _ = self.store.archive(kind, id, &now.iso())?;
        self.before_change(id, now)?;
        let _ = self.store.restore(kind, id)?;
        Ok(())
    }

    /// Of two primary companies, the one of the primary record stays primary.
    fn drop_second_primary(&self, kind: Kind, primary: i64, loser: i64) -> rusqlite::Result<()> {
        if kind == Kind::Company {
            return Ok(());
        }
        for (link_type, target) in self.store.links(loser)? {
            let known = self.schema.links.get(link_type);
            let Some(known) = known.filter(|known| known.is_primary) else {
                continue;
            };
            if !self.store.linked_by(primary, link_type)?.is_empty() {
                self.store.drop_link(loser, link_type, target)?;
                self.store.drop_link(target, known.inverse, loser)?;
            }
        }
        Ok(())
    }

    /// Removes a record that was merged away.
    fn end(&self, kind: Kind, id: i64, survivor: i64, now: Moment) -> rusqlite::Result<()> {
        match self.switches.merge_loser {
            MergeLoser::Absent => self.store.remove(kind, id, Some(survivor)),
            MergeLoser::Archived => {
                let _ = self.store.archive(kind, id, &now.iso())?;
                self.store.lead(kind, id, Some(survivor))
            }
        }
    }

    /// The live record that another was merged into, if old ids lead there (C1 §12.44).
    pub(crate) fn merged_into(&self, kind: Kind, id: &str) -> Result<Option<Record>, Problem> {
        let id = id.parse().ok();
        let id = id.filter(|_| self.switches.merged_ids == MergedIds::Resolve);
        let survivor = match id {
            Some(id) => self.store.survivor(kind, id)?,
            None => None,
        };
        match survivor {
            Some(survivor) => Ok(self.store.record(kind, survivor, false)?),
            None => Ok(None),
        }
    }

    /// Whether a batch silently skips an id because its record was merged away.
    pub(crate) fn passes_over(&self, kind: Kind, id: &str) -> Result<bool, Problem> {
        Ok(self.merged_into(kind, id)?.is_some())
    }

    /// Takes records out of the recycle bin, all or none: a button there.
    pub(crate) fn restore(
        &self,
        kind: Kind,
        inputs: &[Reference],
        now: Moment,
    ) -> Result<(), Problem> {
        let transaction = self.store.begin()?;
        for input in inputs {
            let mut record = self.in_bin(kind, &input.id.0)?;
            let held = self.unique_values(kind, &record.values);
            self.check_free(kind, &held, Some(record.id))
                .map_err(|refusal| refusal.problem(self.portal_id))?;
            self.before_change(record.id, now)?;
            let _ = self.store.restore(kind, record.id)?;
            if self.switches.restore_touches_modified == RestoreTouches::Yes {
                let modified = kind.modified().to_owned();
                let _ = record.values.insert(modified, now.iso());
                self.store.replace(kind, record.id, &record.values)?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Deletes records in the recycle bin for good, all or none: what HubSpot does with each after
    /// 90 days.
    pub(crate) fn purge(&self, kind: Kind, inputs: &[Reference]) -> Result<(), Problem> {
        let transaction = self.store.begin()?;
        for input in inputs {
            let record = self.in_bin(kind, &input.id.0)?;
            self.take_out(kind, &record)?;
        }
        Ok(transaction.commit()?)
    }

    fn in_bin(&self, kind: Kind, id: &str) -> Result<Record, Problem> {
        let found = self.find(kind, None, id, true)?;
        let merged = match &found {
            Some(record) => self.store.survivor(kind, record.id)?.is_some(),
            None => false,
        };
        let message = || format!("{} {id} is not in the recycle bin.", kind.capital());
        found
            .filter(|_| !merged)
            .ok_or_else(|| Problem::no_such(message()).with("id", vec![id.to_owned()]))
    }

    /// Deletes a record for good, live or archived.
    pub(crate) fn erase(&self, kind: Kind, input: &EraseInput, now: Moment) -> Result<(), Problem> {
        let by = input.id_property.as_deref();
        self.check_id_property(kind, by, "gdpr-delete")?;
        let live = self.find(kind, by, &input.object_id.0, false)?;
        let found = match live {
            Some(record) => Some(record),
            None => self.find(kind, by, &input.object_id.0, true)?,
        };
        let record = found.ok_or_else(Problem::not_found)?;
        let transaction = self.store.begin()?;
        self.before_change(record.id, now)?;
        self.take_out(kind, &record)?;
        Ok(transaction.commit()?)
    }

    fn take_out(&self, kind: Kind, record: &Record) -> rusqlite::Result<()> {
        for value in self.unique_values(kind, &record.values) {
            self.store.release(kind, &value, record.id)?;
        }
        self.store.remove(kind, record.id, None)
    }
}

/// Makes the e-mails of a contact that was merged away additional ones of the survivor.
fn keep_emails(values: &mut Values, loser: &Values) {
    let first = values.get("email").cloned();
    let further = [
        values.get("hs_additional_emails"),
        loser.get("email"),
        loser.get("hs_additional_emails"),
    ];
    let emails: Vec<&str> = further
        .into_iter()
        .flatten()
        .flat_map(|emails| emails.split(';'))
        .filter(|email| !email.is_empty() && Some(*email) != first.as_deref())
        .collect();
    let mut seen = BTreeSet::new();
    let emails: Vec<&str> = emails
        .into_iter()
        .filter(|email| seen.insert(*email))
        .collect();
    if !emails.is_empty() {
        let _ = values.insert("hs_additional_emails".to_owned(), emails.join(";"));
    }
}
