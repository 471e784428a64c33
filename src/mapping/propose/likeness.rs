//! How similar the name of a column is to those of a property.

use strsim::jaro_winkler;

use super::names::normal;
use super::target::{Holds, Place, TARGETS, Target};
use super::vocabulary::{column_names, is_column};

/// How similar a name is to those of a property, from 0 to 1. One with all words of a
/// known name and more, or nearly its letters, may be meant, but is never certain.
pub(super) fn likeness(name: &str, target: &Target) -> Option<(f64, String)> {
    // Warehouses put this before HubSpot's own names.
    let name = name.strip_prefix("property ").unwrap_or(name);
    if name.is_empty() {
        return None;
    }
    if let Some(rank) = target.names.iter().position(|known| *known == name) {
        // Rows of things other than tickets also have an id, besides the ticket's.
        let is_any = target.place == Place::Key && name == "id";
        let score = (1.0 - 0.01 * rank as f64).max(0.85);
        let score = if is_any { 0.82 } else { score };
        return Some((score, "the name is a usual one".to_owned()));
    }
    if is_column(target.role, name) {
        // Row numbers have such names too.
        let score = if target.place == Place::Key {
            0.88
        } else {
            0.95
        };
        return Some((score, "the name is a usual one in its language".to_owned()));
    }
    // The status of a ticket is a status.
    if let Some(rest) = of_ticket(name)
        && (target.names.contains(&rest) || is_column(target.role, rest))
    {
        return Some((
            0.84,
            format!("the name is a usual one, \"{rest}\" of a ticket"),
        ));
    }
    let known = target.names.iter().copied();
    let known = known.chain(column_names(target.role).iter().map(String::as_str));
    let words: Vec<&str> = name.split(' ').collect();
    let near = known.map(|known| (near(name, &words, known), known));
    let (score, like) = near.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (score > 0.0).then(|| (score, format!("the name is like \"{like}\"")))
}

/// What follows the word for a ticket at the beginning of a name.
pub(super) fn of_ticket(name: &str) -> Option<&str> {
    /// How systems call what this tool calls a ticket.
    const TICKETS: [&str; 6] = ["ticket", "issue", "case", "incident", "request", "problem"];
    let (first, rest) = name.split_once(' ')?;
    TICKETS.contains(&first).then_some(rest)
}

/// Whether a column's name suggests times.
pub(crate) fn is_called_time(header: &str) -> bool {
    let name = normal(header);
    let mut times = TARGETS
        .iter()
        .filter(|target| matches!(target.holds, Holds::Times));
    times.any(|target| likeness(&name, target).is_some_and(|(score, _)| score > 0.8))
}

pub(super) fn near(name: &str, words: &[&str], known: &str) -> f64 {
    let parts: Vec<&str> = known.split(' ').collect();
    let shared = parts.iter().filter(|part| words.contains(part)).count();
    // A word of a letter or two is in many names.
    let contained = match shared == parts.len() && known.len() > 2 {
        true => 0.78 * (shared as f64 / words.len() as f64).cbrt(),
        false => 0.0,
    };
    let (short, long) = (name.len().min(known.len()), name.len().max(known.len()));
    // Names of other lengths are not nearly the same.
    let spelt = match short * 3 >= long * 2 {
        true => jaro_winkler(name, known),
        false => 0.0,
    };
    let spelt = if spelt > 0.9 && known.len() > 4 {
        0.75 * spelt
    } else {
        0.0
    };
    f64::max(contained, spelt)
}
