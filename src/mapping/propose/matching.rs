//! Which column for which property: likeness of names times fit of the cells, the
//! surest matches first, no column twice.

use strsim::jaro_winkler;

use crate::mapping::propose::survey::Survey;
use crate::mapping::propose::target::{Place, TARGETS, Target};

/// A match below this is not worth telling.
const LEAST: f64 = 0.5;

/// Two columns whose scores are nearer than this are told both.
const CLOSE: f64 = 0.1;

/// A column that is proposed for a property.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Where the value goes: the position in the table of targets.
    pub(crate) target: usize,
    /// The internal name of the property; of a contact where `of_contact`.
    pub property: &'static str,
    /// Whether it is a property of the ticket's contact.
    pub of_contact: bool,
    /// Position of the column.
    pub column: usize,
    /// From 0 to 1.
    pub score: f64,
    /// Why, in words.
    pub reason: String,
    /// Another column that might be meant, with its score.
    pub rival: Option<(usize, f64)>,
}

/// The matches of a file, in the order of the properties.
pub fn matches(survey: &Survey) -> Vec<Match> {
    let mut all = Vec::new();
    for (idx, target) in TARGETS.iter().enumerate() {
        for column in 0..survey.columns.len() {
            all.extend(judge(survey, idx, target, column));
        }
    }
    // A ticket's own properties choose first: a title is a subject rather than a job.
    let is_second = |one: &Match| TARGETS[one.target].place == Place::ContactProperty;
    all.sort_by(|left, right| {
        is_second(left)
            .cmp(&is_second(right))
            .then(right.score.total_cmp(&left.score))
            .then((left.target, left.column).cmp(&(right.target, right.column)))
    });
    let mut chosen: Vec<Match> = Vec::new();
    for candidate in all {
        let is_taken = chosen.iter().any(|one| one.column == candidate.column);
        let same_target = |one: &&mut Match| one.target == candidate.target;
        match chosen.iter_mut().find(same_target) {
            Some(first) if first.rival.is_none() && first.score - candidate.score < CLOSE => {
                first.rival = Some((candidate.column, candidate.score));
            }
            Some(_) => {}
            None if is_taken => {}
            None => chosen.push(candidate),
        }
    }
    let has_contact = chosen
        .iter()
        .any(|one| TARGETS[one.target].place == Place::Contact);
    chosen.retain(|one| has_contact || !is_second(one));
    chosen.sort_by_key(|one| one.target);
    chosen
}

fn judge(survey: &Survey, idx: usize, target: &Target, column: usize) -> Option<Match> {
    let found = survey.columns.get(column)?;
    let (likeness, of_name) = likeness(&normal(&found.header), target.names)?;
    let (fit, of_cells) = target.holds.fit(found, survey.rows);
    let score = likeness * fit;
    (score >= LEAST).then(|| Match {
        target: idx,
        property: target.property,
        of_contact: matches!(target.place, Place::Contact | Place::ContactProperty),
        column,
        score,
        reason: format!("{of_name}; {of_cells}"),
        rival: None,
    })
}

/// A name in lower case, with blanks for other marks, without what stands in brackets
/// at its end: a zone, a module, a type.
pub(crate) fn normal(header: &str) -> String {
    let header = header.trim_start_matches('\u{feff}').trim();
    let bare = match header.rfind(['(', '[']) {
        Some(start) if header.ends_with([')', ']']) && start > 0 => &header[..start],
        _ => header,
    };
    let words = bare
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

/// How much a name is like those of a property, from 0 to 1. One that has all words of
/// a known name and more, or nearly its letters, may be meant; it is never sure.
fn likeness(name: &str, known: &[&str]) -> Option<(f64, String)> {
    // Warehouses put this before HubSpot's own names.
    let name = name.strip_prefix("property ").unwrap_or(name);
    if let Some(rank) = known.iter().position(|known| *known == name) {
        let score = 1.0 - 0.01 * rank as f64;
        return Some((score, "the name is a usual one".to_owned()));
    }
    let words: Vec<&str> = name.split(' ').collect();
    let near = known.iter().map(|known| {
        let parts: Vec<&str> = known.split(' ').collect();
        let shared = parts.iter().filter(|part| words.contains(part)).count();
        let contained = match shared == parts.len() {
            true => 0.78 * (shared as f64 / words.len() as f64).cbrt(),
            false => 0.0,
        };
        let spelt = jaro_winkler(name, known);
        let spelt = if spelt > 0.9 { 0.75 * spelt } else { 0.0 };
        (contained.max(spelt), *known)
    });
    let (score, like) = near.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (score > 0.0).then(|| (score, format!("the name is like \"{like}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_marks() {
        for (header, expected) in [
            (
                "Conversation started at (America/New_York)",
                "conversation started at",
            ),
            ("Product area [list]", "product area"),
            ("\u{feff} short_description ", "short description"),
            ("caller_id.email", "caller id email"),
            ("(x)", "x"),
            ("Größe", "größe"),
        ] {
            assert_eq!(normal(header), expected);
        }
    }

    #[test]
    fn usual_names_are_surer_than_like_ones() {
        let known = ["created at", "created"];
        let score = |name| likeness(name, &known).map_or(0.0, |found| found.0);
        assert!(score("created at") > score("created"));
        assert!(score("created") > 0.9);
        assert!((0.3..0.8).contains(&score("ticket created at")));
        assert!((0.3..0.8).contains(&score("craeted at")));
        assert_eq!(score("zebra"), 0.0);
    }
}
