//! What an interrupted probe leaves in a portal: everything that it creates contains a
//! unique word from the start, and its caller keeps that word and the ids of what was
//! created. By these it is found and archived later.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hubspot::calls::search::SearchError;
use crate::hubspot::client::Client;
use crate::hubspot::error::CallError;
use crate::hubspot::records::query::Comparison;
use crate::hubspot::records::query::{Filter, Search, Test};
use crate::model::schema::ObjectType::{self, Notes, Tickets};
use crate::model::shelf::Shelf;

/// What a probe has created so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The word in all of it.
    pub mark: String,
    /// When it began, by the portal's clock.
    pub begun: Timestamp,
    /// Ids of tickets.
    pub tickets: Vec<String>,
    /// Ids of notes.
    pub notes: Vec<String>,
}

/// Ids of what was archived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Tickets.
    pub tickets: Vec<String>,
    /// Notes.
    pub notes: Vec<String>,
}

impl Trace {
    /// For a probe that begins now.
    pub fn new(begun: Timestamp) -> Trace {
        Trace {
            mark: format!("tickethaulprobe{:016x}", fastrand::u64(..)),
            begun,
            tickets: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The name of its ticket.
    pub(super) fn subject(&self) -> String {
        format!("Probe of tickethaul, archived by itself ({})", self.mark)
    }
}

impl Client {
    /// Archives what a probe has left, if anything is there: by the known ids and by the
    /// word in it, which a search may find some seconds late.
    pub async fn clear_probe(&self, trace: &Trace) -> Result<Cleared, CallError> {
        let texts = ["subject", "content"];
        let tickets = self.left(Tickets, &texts, trace, Vec::new()).await?;
        let linked = match tickets.as_slice() {
            [] => Vec::new(),
            tickets => {
                let linked = self.linked_live(Tickets, Notes, tickets);
                match linked.await {
                    Ok(linked) => {
                        let notes = linked.by_record.into_values().flatten();
                        notes.map(|note| note.id).collect()
                    }
                    // A token that may not read notes has created none.
                    Err(CallError::Denied(_)) => Vec::new(),
                    Err(error) => return Err(error),
                }
            }
        };
        let notes = match self.left(Notes, &["hs_note_body"], trace, linked).await {
            Err(CallError::Denied(_)) => Vec::new(),
            notes => notes?,
        };
        for (object, ids) in [(Notes, &notes), (Tickets, &tickets)] {
            if !ids.is_empty() {
                let archived = self.batch_archive(object, ids).await?;
                if let Some(error) = archived
                    .errors
                    .into_iter()
                    .find(|error| !error.is_missing())
                {
                    return Err(CallError::Refused(Box::new(error)));
                }
            }
        }
        Ok(Cleared { tickets, notes })
    }

    /// Live records of a kind that a probe created: those with known ids, and those found by
    /// a search, or named by others, that contain its word in one of `texts`.
    async fn left(
        &self,
        object: ObjectType,
        texts: &[&str],
        trace: &Trace,
        named: Vec<String>,
    ) -> Result<Vec<String>, CallError> {
        let has_mark = |text: &&str| {
            vec![Filter {
                property: (*text).to_owned(),
                test: Test::Is(Comparison::HasWord, trace.mark.clone()),
            }]
        };
        let search = Search {
            groups: texts.iter().map(has_mark).collect(),
            ..Search::default()
        };
        let found = match self.search(object, &search, 0).await {
            Ok(found) => found.results.into_iter().map(|record| record.id),
            Err(SearchError::Call(error)) => return Err(error),
            Err(other) => return Err(CallError::Garbled(other.to_string())),
        };
        let known = match object {
            Notes => &trace.notes,
            _ => &trace.tickets,
        };
        let ids = known.iter().cloned().chain(found).chain(named);
        let ids: BTreeSet<String> = ids.collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let live = self
            .read_existing(object, &ids, texts, &[], Shelf::Live)
            .await?;
        let live = live.into_iter().filter(|record| {
            let mut held = texts.iter().filter_map(|text| record.get(text));
            known.contains(&record.id) || held.any(|held| held.contains(&trace.mark))
        });
        Ok(live.map(|record| record.id).collect())
    }
}
