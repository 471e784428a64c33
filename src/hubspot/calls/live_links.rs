//! Links of records that others archive, merge or purge meanwhile (protocol E6).
//! Portals report a missing record in different ways: by an entry that names it in one
//! of several ways or not at all, by refusing the whole call, or not at all. So a
//! report only makes a record a suspect; whether it exists is then read.

use std::collections::{BTreeMap, BTreeSet};

use super::associations::Linked;
use crate::hubspot::client::Client;
use crate::hubspot::error::CallError;
use crate::hubspot::records::ApiError;
use crate::hubspot::records::linked::LinkedRecord;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// How often links are asked for while records go away one after the other.
const ROUNDS: usize = 8;

/// How often a portal may refuse the links of records that all exist.
const REFUSALS: usize = 4;

/// Links of records, as of a moment at which they existed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveLinks {
    /// By record id; records without links are left out.
    pub by_record: BTreeMap<String, Vec<LinkedRecord>>,
    /// Records that no longer exist.
    pub gone: BTreeSet<String>,
}

/// The records that a reply leaves in doubt.
struct Suspects {
    /// Those that may no longer exist.
    doubtful: BTreeSet<String>,
    /// Those that have to be read again if they exist.
    again: BTreeSet<String>,
    error: Option<Box<ApiError>>,
}

impl Client {
    /// All links of records that were live a moment ago, 1,000 at most, none twice.
    ///
    /// # Errors
    /// Also when the links of an existing record can't be read: none is left out.
    pub async fn linked_live(
        &self,
        from: ObjectType,
        to: ObjectType,
        ids: &[String],
    ) -> Result<LiveLinks, CallError> {
        let mut found = LiveLinks::default();
        let mut parts = vec![ids.to_vec()];
        while let Some(part) = parts.pop() {
            let (open, refused) = self.linked_part(from, to, part, &mut found).await?;
            // Of fewer records, fewer disappear between a call and the check which ones exist.
            match refused {
                Some(_) if open.len() > 1 && !found.gone.is_empty() => {
                    parts.extend(open.chunks(open.len().div_ceil(2)).map(<[String]>::to_vec));
                }
                Some(error) if !open.is_empty() => return Err(CallError::Refused(error)),
                _ => {}
            }
        }
        Ok(found)
    }

    /// Reads the links of some records until all are known; returns those that are not,
    /// and the portal's last refusal.
    async fn linked_part(
        &self,
        from: ObjectType,
        to: ObjectType,
        mut open: Vec<String>,
        found: &mut LiveLinks,
    ) -> Result<(Vec<String>, Option<Box<ApiError>>), CallError> {
        let mut refusals = 0;
        let mut last = None;
        for _round in 0..ROUNDS {
            if open.is_empty() {
                break;
            }
            let suspects = match self.linked(from, to, &open).await {
                Ok(linked) => found.take(linked, &open)?,
                Err(CallError::Refused(error)) if matches!(error.status, 400 | 404) => {
                    Suspects::of_whole(&open, error)
                }
                Err(other) => return Err(other),
            };
            let gone = self.gone(from, suspects.doubtful).await?;
            refusals += usize::from(gone.is_empty());
            open = suspects.again.difference(&gone).cloned().collect();
            found.gone.extend(gone);
            last = suspects.error.or(last);
            if refusals >= REFUSALS && !open.is_empty() {
                break;
            }
        }
        Ok((open, last))
    }

    /// Those of these records that do not exist.
    async fn gone(
        &self,
        object: ObjectType,
        ids: BTreeSet<String>,
    ) -> Result<BTreeSet<String>, CallError> {
        let asked: Vec<String> = ids.iter().cloned().collect();
        let live = self.read_existing(object, &asked, &["hs_object_id"], &[], Shelf::Live);
        let live: BTreeSet<String> = live.await?.into_iter().map(|record| record.id).collect();
        Ok(ids.difference(&live).cloned().collect())
    }

    /// Links of records in the recycle bin, 1,000 at most, none twice. They have none
    /// that matter, so any other answer of a portal counts as none.
    ///
    /// # Errors
    /// When the portal can't be asked.
    pub async fn linked_archived(
        &self,
        from: ObjectType,
        to: ObjectType,
        ids: &[String],
    ) -> Result<BTreeMap<String, Vec<LinkedRecord>>, CallError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        match self.linked(from, to, ids).await {
            Ok(linked) => match linked.errors.into_iter().find(ApiError::is_passing) {
                Some(error) => Err(CallError::Unavailable(error.message)),
                None => Ok(linked.by_record),
            },
            Err(CallError::Refused(error)) if matches!(error.status, 400 | 404) => {
                Ok(BTreeMap::new())
            }
            Err(other) => Err(other),
        }
    }
}

impl LiveLinks {
    /// Keeps what is known and returns the records left in doubt.
    fn take(&mut self, linked: Linked, asked: &[String]) -> Result<Suspects, CallError> {
        let is_told = |id: &&String| {
            linked.by_record.contains_key(id.as_str()) || linked.without.contains(id.as_str())
        };
        let silent: BTreeSet<String> = asked.iter().filter(|id| !is_told(id)).cloned().collect();
        let mut refused = BTreeSet::new();
        let mut first = None;
        for error in linked.errors {
            if error.is_passing() {
                return Err(CallError::Unavailable(error.message));
            }
            let named = error.speaks_of(asked);
            match named.is_empty() {
                true => refused.extend(silent.iter().cloned()),
                false => refused.extend(named),
            }
            let _first = first.get_or_insert(Box::new(error));
        }
        self.by_record.extend(linked.by_record);
        self.by_record.retain(|id, _| !refused.contains(id));
        Ok(Suspects {
            doubtful: refused.union(&silent).cloned().collect(),
            again: refused,
            error: first,
        })
    }
}

impl Suspects {
    /// All records of a refused call, unless it names some. The others have no answer
    /// either and are read again.
    fn of_whole(asked: &[String], error: Box<ApiError>) -> Suspects {
        let named = error.speaks_of(asked);
        let doubtful = if named.is_empty() { asked } else { &named };
        Suspects {
            doubtful: doubtful.iter().cloned().collect(),
            again: asked.iter().cloned().collect(),
            error: Some(error),
        }
    }
}
