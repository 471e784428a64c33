//! The families of the runs that are known: which runs tried the refused rows of which,
//! found in their journals.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::found::everywhere;
use crate::error::Error;
use crate::export::is_export;
use crate::journal::Reading;
use crate::model::outcome::Fate;
use crate::review::family::{Member, Retried, family};

/// A run and the retries of its refused rows, counted as one.
#[derive(Clone, Debug)]
pub struct Family {
    /// Id of the first run.
    pub first: String,
    /// Names of the runs, the first one first, then in the order in which they began.
    pub names: Vec<String>,
    /// The rows of the first run's input by their newest fate.
    pub rows: BTreeMap<Fate, u64>,
}

/// Every import that is known, and those in these folders.
pub fn known<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Vec<Member> {
    let folders = folders.into_iter().map(Path::to_owned);
    let mut known: Vec<Member> = Vec::new();
    for folder in folders.chain(everywhere()) {
        if is_export(&folder) {
            continue;
        }
        // What can't be read is reported where that very run is asked for.
        let Ok(kin) = Reading::open(&folder).and_then(|journal| journal.kin()) else {
            continue;
        };
        // A copy of a run folder is the same run.
        if !known.iter().any(|one| one.kin.run == kin.run) {
            known.push(Member { folder, kin });
        }
    }
    known
}

impl Family {
    /// The family of a run; none where it has no relatives.
    ///
    /// # Errors
    /// When the journal of one of them, or its rows, can't be read.
    pub fn of(run: &str, known: &[Member]) -> Result<Option<Family>, Error> {
        let members = family(run, known);
        let [first, retries @ ..] = members.as_slice() else {
            return Ok(None);
        };
        if retries.is_empty() {
            return Ok(None);
        }
        let first_run = Reading::open(&first.folder)?.overview()?;
        Ok(Some(Family {
            first: first.kin.run.clone(),
            names: members.iter().map(|member| member.name()).collect(),
            rows: Retried::by(retries)?.onto(&first_run.tally),
        }))
    }

    /// Rows of a fate.
    pub fn count(&self, fate: Fate) -> u64 {
        self.rows.get(&fate).copied().unwrap_or(0)
    }

    /// For scripts; fields may be added, never changed.
    pub fn json(&self) -> Value {
        let rows: Map<String, Value> = Fate::ALL
            .into_iter()
            .map(|fate| (fate.word().to_owned(), json!(self.count(fate))))
            .collect();
        json!({"runs": self.names, "rows": rows})
    }
}
