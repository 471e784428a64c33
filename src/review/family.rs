//! A run and its retries (protocol R5): each row of the first input has one fate, the latest. A row
//! that succeeded stays so, whatever happens to it in a later run. Rows are identified by their
//! line in the first input; those that no run retried stay refused. Rows of a retry that an undo
//! undid are refused as before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::import::read::{RowName, names_in, retried_in};
use crate::journal::{Lineage, Past, Reading};
use crate::model::outcome::{Fate, Tally};

/// A run that may belong to a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its folder.
    pub folder: PathBuf,
    /// Its identity.
    pub lineage: Lineage,
}

impl Member {
    /// Name of the run, which is that of its folder.
    pub fn name(&self) -> String {
        let name = self.folder.file_name();
        let name = name.unwrap_or(self.folder.as_os_str());
        name.to_string_lossy().into_owned()
    }
}

/// The family of a run among these: its first run, and all that descend from that one,
/// in the order in which they began. Empty if the run is not among them.
pub fn family<'m>(run: &str, all: &'m [Member]) -> Vec<&'m Member> {
    let find = |run: &str| all.iter().find(|one| one.lineage.run == run);
    let Some(mut first) = find(run).filter(|_| !run.is_empty()) else {
        return Vec::new();
    };
    // A run folder is data: it may name itself as its parent.
    let mut seen = BTreeSet::from([run]);
    while let Some(parent) = first.lineage.parent.as_deref().and_then(find) {
        if !seen.insert(&parent.lineage.run) {
            break;
        }
        first = parent;
    }
    let mut found = descendants(&first.lineage.run, all);
    found.insert(0, first);
    found
}

/// The retries of a run, and their retries, in the order in which they began.
pub fn descendants<'m>(run: &str, all: &'m [Member]) -> Vec<&'m Member> {
    let mut family = BTreeSet::from([run]);
    let mut found: Vec<&Member> = Vec::new();
    loop {
        let of_family = |one: &&Member| {
            let parent = one.lineage.parent.as_deref();
            parent.is_some_and(|parent| family.contains(parent))
                && !family.contains(&*one.lineage.run)
        };
        let Some(one) = all.iter().find(of_family) else {
            break;
        };
        let _new = family.insert(&one.lineage.run);
        found.push(one);
    }
    found.sort_by_key(|one| one.lineage.begun);
    found
}

/// Rows that were refused and retried, each with its latest fate.
#[derive(Clone, Debug, Default)]
pub struct Retried(HashMap<RowName, Fate>);

impl Retried {
    /// The fates of the rows that these runs retried, the oldest run first.
    ///
    /// # Errors
    /// When the journal of one or its copy of the rows can't be read.
    pub fn by(runs: &[&Member], all: &[Member]) -> Result<Retried, Error> {
        let mut retried = Retried::default();
        for run in runs {
            let undone = taken_back(&run.lineage.run, all)?;
            retried.add(fates(&run.folder, &undone)?);
        }
        Ok(retried)
    }

    /// Adds the rows of a run that is newer than the others.
    fn add(&mut self, rows: impl IntoIterator<Item = (RowName, Fate)>) {
        for (name, fate) in rows {
            let newest = self.0.entry(name).or_insert(fate);
            if !is_settled_well(*newest) {
                *newest = fate;
            }
        }
    }

    /// Whether a row needs no further retry.
    pub fn is_settled(&self, name: &RowName) -> bool {
        self.0.get(name).is_some_and(|fate| is_settled_well(*fate))
    }

    /// The rows of the first run's input by fate, including the outcome of its refused rows.
    ///
    /// A row that somebody split into several counts as one: it has succeeded when all of them
    /// have.
    pub fn onto(&self, first: &Tally) -> BTreeMap<Fate, u64> {
        let mut rows: BTreeMap<Fate, u64> = Fate::ALL
            .into_iter()
            .map(|fate| (fate, first.of(fate)))
            .collect();
        let mut lines: HashMap<&str, Fate> = HashMap::new();
        for ((line, _), fate) in &self.0 {
            let of_line = lines.entry(line).or_insert(*fate);
            if is_settled_well(*of_line) {
                *of_line = *fate;
            }
        }
        let refused = rows.entry(Fate::Refused).or_default();
        *refused = refused.saturating_sub(lines.len() as u64);
        for fate in lines.values() {
            *rows.entry(*fate).or_default() += 1;
        }
        rows
    }
}

/// The undos that undid rows of a run, in the order in which they began, with the numbers of
/// these rows.
///
/// # Errors
/// When the journal of one can't be read.
pub fn undos<'m>(run: &str, all: &'m [Member]) -> Result<Vec<(&'m Member, Vec<u64>)>, Error> {
    let of_run = |one: &&Member| !run.is_empty() && one.lineage.undoes.as_deref() == Some(run);
    let mut found: Vec<&Member> = all.iter().filter(of_run).collect();
    found.sort_by_key(|one| one.lineage.begun);
    let mut undos = Vec::new();
    for undo in found {
        let rows = Reading::open(&undo.folder)?.taken_back()?;
        if !rows.is_empty() {
            undos.push((undo, rows));
        }
    }
    Ok(undos)
}

/// The rows of a run, by number, that were undone.
///
/// # Errors
/// When the journal of an undo can't be read.
pub fn taken_back(run: &str, all: &[Member]) -> Result<HashSet<u64>, Error> {
    let undos = undos(run, all)?.into_iter();
    Ok(undos.flat_map(|(_, rows)| rows).collect())
}

fn is_settled_well(fate: Fate) -> bool {
    matches!(fate, Fate::Done | Fate::Exists | Fate::Unchanged)
}

/// Names and fates of the rows of a retry.
fn fates(folder: &Path, undone: &HashSet<u64>) -> Result<Vec<(RowName, Fate)>, Error> {
    let journal = Reading::open(folder)?;
    let settled: HashMap<u64, Fate> = journal.settled_fates()?.into_iter().collect();
    let Past { unknown, .. } = journal.past()?;
    let Some(rows) = names_in(folder)? else {
        let message = format!(
            "{}, the rows that this run tried again, is gone",
            retried_in(folder).display()
        );
        return Err(
            Error::must_fix(message).advise("bring the file back, or move that run folder away")
        );
    };
    let fate = |seq: u64| {
        let open = match unknown.contains_key(&seq) {
            true => Fate::Unknown,
            false => Fate::Pending,
        };
        match settled.get(&seq).copied().unwrap_or(open) {
            Fate::Done if undone.contains(&seq) => Fate::Refused,
            fate => fate,
        }
    };
    let named = rows.into_iter().map(|(seq, name)| (name, fate(seq)));
    Ok(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn member(run: &str, parent: &str, begun: i64) -> Member {
        Member {
            folder: run.into(),
            lineage: Lineage {
                run: run.to_owned(),
                parent: Some(parent.to_owned()).filter(|parent| !parent.is_empty()),
                undoes: None,
                portal: None,
                plan: None,
                begun: Timestamp::from_second(begun).expect("a time"),
            },
        }
    }

    fn names(members: &[&Member]) -> Vec<String> {
        members.iter().map(|member| member.name()).collect()
    }

    #[test]
    fn a_family_is_the_first_run_and_all_that_came_of_it() {
        let all = [
            member("third", "second", 4),
            member("other", "", 0),
            member("second", "first", 2),
            member("beside", "first", 3),
            member("first", "", 1),
            member("orphan", "gone", 5),
            member("", "", 6),
        ];
        let expected = ["first", "second", "beside", "third"];
        for run in expected {
            assert_eq!(names(&family(run, &all)), expected, "{run}");
        }
        assert_eq!(names(&family("other", &all)), ["other"]);
        assert_eq!(names(&family("orphan", &all)), ["orphan"]);
        assert!(family("", &all).is_empty() && family("unheard", &all).is_empty());
        assert_eq!(names(&descendants("second", &all)), ["third"]);
    }

    #[test]
    fn runs_that_name_each_other_are_no_endless_family() {
        let all = [
            member("a", "b", 1),
            member("b", "a", 2),
            member("c", "c", 3),
        ];
        assert_eq!(family("a", &all).len(), 2);
        assert_eq!(names(&family("c", &all)), ["c"]);
    }

    #[test]
    fn each_row_has_one_fate() {
        let name = |line: &str| (Box::from(line), 1);
        let first = Tally::resumed([(Fate::Done, 5), (Fate::Refused, 4)]);
        let mut retried = Retried::default();
        let counts = |retried: &Retried| {
            let rows = retried.onto(&first);
            assert_eq!(rows.values().sum::<u64>(), 9, "{rows:?}");
            [Fate::Done, Fate::Exists, Fate::Refused, Fate::Unknown].map(|fate| rows[&fate])
        };
        assert_eq!(counts(&retried), [5, 0, 4, 0]);
        retried.add([(name("2"), Fate::Done), (name("3"), Fate::Refused)]);
        assert_eq!(counts(&retried), [6, 0, 3, 0]);
        // The same rows again, one of them in flight.
        retried.add([(name("2"), Fate::Exists), (name("3"), Fate::Unknown)]);
        assert_eq!(counts(&retried), [6, 0, 2, 1]);
        retried.add([(name("2"), Fate::Refused), (name("3"), Fate::Exists)]);
        assert_eq!(counts(&retried), [6, 1, 2, 0]);
        // Somebody split a row in two.
        retried.add([((Box::from("2"), 2), Fate::Refused)]);
        assert_eq!(counts(&retried), [5, 1, 3, 0]);
        retried.add([((Box::from("2"), 2), Fate::Done)]);
        assert_eq!(counts(&retried), [6, 1, 2, 0]);
        assert!(retried.is_settled(&name("3")) && !retried.is_settled(&name("4")));
    }
}
