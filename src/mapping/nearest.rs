//! "Did you mean": the known name most similar to an unknown one. For messages only;
//! nothing is ever decided by similarity.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use strsim::damerau_levenshtein;

/// Longer texts are not misspelt names, and comparing them is slow.
const LONGEST: usize = 100;
/// With more names than this nothing is searched: one of so many is always similar, and every
/// refused row would wait for the search.
const MOST_NAMES: usize = 5_000;
/// How many results are cached. A value that is wrong in one row is often wrong in
/// many.
const MOST_KEPT: usize = 1_000;

/// The form in which names are compared when case and surrounding blanks do not
/// matter.
pub(crate) fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The candidate nearest to `text`, if it is near enough to be a typing error: at most
/// a third of the longer text differs, or one contains the other.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = fold(text);
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .filter_map(|candidate| Some((distance(&text, &fold(candidate))?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits between two folded texts; none when they are too far apart.
fn distance(one: &str, other: &str) -> Option<usize> {
    let (first, second) = (one.chars().count(), other.chars().count());
    let (longer, shorter) = (first.max(second), first.min(second));
    // Then exactly the letters around it are missing.
    if shorter >= 3 && (one.contains(other) || other.contains(one)) {
        return Some(longer - shorter);
    }
    let most = (longer / 3).max(1).min(longer.saturating_sub(1));
    if longer == 0 || longer - shorter > most {
        return None;
    }
    Some(damerau_levenshtein(one, other)).filter(|edits| *edits <= most)
}

/// Known names that many texts are compared with. It can be shared between threads.
#[derive(Default)]
pub(crate) struct Names {
    known: Vec<String>,
    /// Cached results, by text.
    kept: Mutex<HashMap<String, Option<usize>>>,
}

impl Names {
    /// Adds a name.
    pub(crate) fn push(&mut self, name: &str) {
        self.known.push(name.to_owned());
        self.kept_mut().clear();
    }

    /// All names, in the order in which they were added.
    pub(crate) fn known(&self) -> &[String] {
        &self.known
    }

    /// The name most similar to a text: see [`nearest`].
    pub(crate) fn nearest(&self, text: &str) -> Option<&str> {
        if text.len() > LONGEST || self.known.len() > MOST_NAMES {
            return None;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.get(text).copied().unwrap_or_else(|| {
            let found = nearest(text, self.known.iter().map(String::as_str));
            let at = found.and_then(|found| self.known.iter().position(|name| name == found));
            if kept.len() == MOST_KEPT {
                kept.clear();
            }
            let _before = kept.insert(text.to_owned(), at);
            at
        });
        at.map(|at| self.known[at].as_str())
    }

    fn kept_mut(&mut self) -> &mut HashMap<String, Option<usize>> {
        self.kept.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Names {
    fn clone(&self) -> Names {
        Names {
            known: self.known.clone(),
            kept: Mutex::default(),
        }
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.known).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["subject", "content", "hs_pipeline_stage", "Waiting on us"];
        for (text, expected) in [
            ("Subjct", Some("subject")),
            ("contnet", Some("content")),
            ("pipeline_stage", Some("hs_pipeline_stage")),
            (" WAITING ON US", Some("Waiting on us")),
            ("zebra", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(text, known), expected, "{text}");
        }
    }

    #[test]
    fn names_find_what_nearest_finds_however_often_they_are_asked() {
        let mut names = Names::default();
        assert_eq!(names.nearest("Subjct"), None);
        for name in ["Waiting on us", "subject", "content"] {
            names.push(name);
        }
        for _ in 0..3 {
            for text in ["Subjct", "contnet", "on us", "zebra", ""] {
                let known = names.known().iter().map(String::as_str);
                assert_eq!(names.nearest(text), nearest(text, known), "{text}");
            }
        }
        for number in 0..3 * MOST_KEPT {
            assert_eq!(names.nearest(&format!("{number} zebras")), None);
        }
        assert_eq!(names.nearest("Subjct"), Some("subject"));
        names.push("Subjct");
        assert_eq!(names.nearest("Subjct"), Some("Subjct"), "a new name counts");
        (0..MOST_NAMES).for_each(|number| names.push(&number.to_string()));
        assert_eq!(names.nearest("Subjct"), None, "too many to be sought");
    }

    proptest::proptest! {
        #[test]
        fn short_cuts_change_no_distance(one in "[ab c]{0,9}", other in "[ab c]{0,9}") {
            let edits = damerau_levenshtein(&one, &other);
            let longer = one.len().max(other.len());
            let shorter = one.len().min(other.len());
            let contained = shorter >= 3 && (one.contains(&other) || other.contains(&one));
            let near = edits <= (longer / 3).max(1) && edits < longer || contained;
            proptest::prop_assert_eq!(distance(&one, &other), near.then_some(edits));
        }
    }
}
