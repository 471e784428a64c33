//! Batch reads that a portal refuses as a whole because some of the records do not
//! exist.

use std::collections::HashSet;

use crate::hubspot::records::{ApiError, BatchReply};
use crate::model::key::FoldedKey;

/// A batch read in as many calls as it takes if the portal refuses a whole batch
/// because of some records: those that it names are left out, or each half is read
/// alone until the missing ones are isolated.
pub(crate) struct Parts {
    /// The next one last.
    open: Vec<Vec<String>>,
    whole: BatchReply,
    missing: Option<ApiError>,
}

impl Parts {
    pub(crate) fn of(ids: &[String]) -> Parts {
        Parts {
            open: vec![ids.to_vec()],
            whole: BatchReply::default(),
            missing: None,
        }
    }

    pub(crate) fn next(&mut self) -> Option<Vec<String>> {
        self.open.pop()
    }

    pub(crate) fn add(&mut self, reply: BatchReply) {
        self.whole.results.extend(reply.results);
        self.whole.errors.extend(reply.errors);
    }

    pub(crate) fn refused(&mut self, mut part: Vec<String>, error: ApiError) {
        let named: HashSet<FoldedKey> = error.ids.iter().map(|id| FoldedKey::of(id)).collect();
        let is_named = |id: &mut String| named.contains(&FoldedKey::of(id));
        let mut missing: Vec<String> = part.extract_if(.., is_named).collect();
        match (missing.is_empty(), part.len()) {
            (false, 0) => {}
            (false, _) => self.open.push(part),
            (true, 0..=1) => missing = part,
            (true, many) => {
                let right = part.split_off(many / 2);
                self.open.extend([right, part]);
            }
        }
        if !missing.is_empty() {
            let error = self.missing.get_or_insert(ApiError {
                ids: Vec::new(),
                ..error
            });
            error.ids.extend(missing);
        }
    }

    pub(crate) fn whole(mut self) -> BatchReply {
        self.whole.errors.extend(self.missing);
        self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads 1 to 9 from a portal that has these and answers 404 to a call with any
    /// other; what comes back, what is missing, and the calls.
    fn read(held: &[&str], names_them: bool) -> (Vec<String>, Vec<String>, usize) {
        let ids: Vec<String> = (1..=9).map(|id| id.to_string()).collect();
        let (mut parts, mut calls) = (Parts::of(&ids), 0);
        while let Some(part) = parts.next() {
            calls += 1;
            let there = |id: &&String| held.contains(&id.as_str());
            let (found, lost): (Vec<&String>, Vec<&String>) = part.iter().partition(there);
            if lost.is_empty() {
                let results = found.into_iter().map(|id| crate::hubspot::Record {
                    id: id.clone(),
                    ..Default::default()
                });
                parts.add(BatchReply {
                    results: results.collect(),
                    ..BatchReply::default()
                });
                continue;
            }
            let lost = lost.into_iter().filter(|_| names_them).cloned();
            let error = ApiError {
                ids: lost.collect(),
                ..ApiError::default()
            };
            parts.refused(part, error);
        }
        let whole = parts.whole();
        let mut found: Vec<String> = whole.results.into_iter().map(|r| r.id).collect();
        let mut missing: Vec<String> = whole.errors.into_iter().flat_map(|e| e.ids).collect();
        found.sort();
        missing.sort();
        (found, missing, calls)
    }

    #[test]
    fn what_is_there_is_found_however_the_others_are_named() {
        for (held, named, unnamed) in [
            (&["1", "2", "3", "4", "5", "6", "7", "8", "9"][..], 1, 1),
            (&["1", "2", "3", "4", "5", "6", "7", "8"], 2, 9),
            (&["5"], 2, 17),
            (&[], 1, 17),
        ] {
            for (names_them, expected) in [(true, named), (false, unnamed)] {
                let (found, missing, calls) = read(held, names_them);
                assert_eq!(found, held);
                assert_eq!(found.len() + missing.len(), 9);
                assert_eq!(calls, expected, "{held:?} {names_them}");
            }
        }
    }
}
