//! "Did you mean": the known name that looks most like an unknown one. For
//! messages only; nothing is ever decided by likeness.

use strsim::damerau_levenshtein;

/// The form in which names are compared when case and surrounding blanks do not
/// matter.
pub(crate) fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The candidate nearest to `text`, if it is near enough to be a slip: at most a
/// third of the longer text differs, or one contains the other.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer texts are no slips of a name, and comparing them is slow.
    const LONGEST: usize = 100;
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
    let edits = damerau_levenshtein(one, other);
    let longer = one.chars().count().max(other.chars().count());
    let shorter = one.chars().count().min(other.chars().count());
    let contained = shorter >= 3 && (one.contains(other) || other.contains(one));
    (edits <= (longer / 3).max(1) && edits < longer || contained).then_some(edits)
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
}
