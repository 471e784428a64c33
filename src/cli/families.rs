//! The families of the runs that are known: which runs retried the refused rows of
//! which others, found in their journals.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::find_runs::{everywhere, is_run};
use crate::error::Error;
use crate::export::is_export;
use crate::import::flow::Operation;
use crate::import::plan::family_keys::FamilyKeys;
use crate::import::settle::files::REFUSED;
use crate::journal::{Header, Reading};
use crate::model::outcome::Fate;
use crate::review::family::{Member, Retried, family, taken_back};

/// A run and the retries of its refused rows, counted as one.
#[derive(Clone, Debug)]
pub struct Family {
    /// Id of the first run.
    pub first: String,
    /// Names of the runs, the first one first, then in the order in which they began.
    pub names: Vec<String>,
    /// The rows of the first run's input by their latest fate.
    pub rows: BTreeMap<Fate, u64>,
    /// Rows of the first run that were done and undone; they are not counted in any fate.
    pub undone: u64,
}

/// Every import that is known, and those in these folders.
pub fn known<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Vec<Member> {
    let folders = folders.into_iter().map(Path::to_owned);
    let mut known: Vec<Member> = Vec::new();
    for folder in folders.chain(everywhere()) {
        if is_export(&folder) {
            continue;
        }
        // A run that can't be read is reported when that run itself is asked for.
        let Ok(lineage) = Reading::open(&folder).and_then(|journal| journal.lineage()) else {
            continue;
        };
        // A copy of a run folder is the same run.
        if !known.iter().any(|one| one.lineage.run == lineage.run) {
            known.push(Member { folder, lineage });
        }
    }
    known
}

impl Family {
    /// The family of a run; none if it has no relatives.
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
        let journal = Reading::open(&first.folder)?;
        let first_run = journal.overview()?;
        let mut rows = Retried::by(retries, known)?.onto(&first_run.tally);
        let taken_back = taken_back(&first.lineage.run, known)?;
        let mut undone = 0;
        if !taken_back.is_empty() {
            let fates = journal.settled_fates()?.into_iter();
            let done = fates.filter(|(seq, fate)| *fate == Fate::Done && taken_back.contains(seq));
            undone = done.count() as u64;
            if let Some(done) = rows.get_mut(&Fate::Done) {
                *done = done.saturating_sub(undone);
            }
        }
        Ok(Some(Family {
            first: first.lineage.run.clone(),
            names: members.iter().map(|member| member.name()).collect(),
            rows,
            undone,
        }))
    }

    /// Rows with a fate.
    pub fn count(&self, fate: Fate) -> u64 {
        self.rows.get(&fate).copied().unwrap_or(0)
    }

    /// For scripts; fields may be added, never changed.
    pub fn json(&self) -> Value {
        let rows: Map<String, Value> = Fate::ALL
            .into_iter()
            .map(|fate| (fate.word().to_owned(), json!(self.count(fate))))
            .collect();
        json!({"runs": self.names, "rows": rows, "undone": self.undone})
    }
}

/// Runs whose rows hold keys that the retried rows can't have (R7): the family of the run
/// that refused them, which the new run names or whose refused.csv it reads in its run
/// folder.
///
/// # Errors
/// When the journal of one can't be read.
pub fn rivals(header: &Header) -> Result<FamilyKeys, Error> {
    let inputs = header.inputs.iter().map(|input| &*input.path);
    let is_refused = |path: &&Path| {
        let name = path.file_name();
        name.is_some_and(|name| REFUSED.iter().any(|refused| name == *refused))
    };
    let beside = inputs.filter(is_refused);
    let beside: Vec<&Path> = beside
        .filter_map(Path::parent)
        .filter(|path| is_run(path))
        .collect();
    let known = known(beside.iter().copied());
    let of_inputs = known.iter().filter(|one| beside.contains(&&*one.folder));
    let refused_by = header.parent.iter().map(String::as_str);
    let refused_by = refused_by.chain(of_inputs.map(|one| &*one.lineage.run));
    let mut folders: Vec<&Path> = Vec::new();
    for run in refused_by {
        let members = family(run, &known).into_iter();
        folders.extend(
            members
                .filter(|one| one.lineage.run != header.run)
                .map(|one| &*one.folder),
        );
    }
    folders.sort_unstable();
    folders.dedup();
    let mut guarded = Vec::new();
    for folder in folders {
        if Reading::open(folder)?.overview()?.operation == Operation::Create.word() {
            guarded.push(folder);
        }
    }
    FamilyKeys::open(guarded)
}
