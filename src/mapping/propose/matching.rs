//! Which column for which property: likeness of names times fit of the cells, the
//! surest matches first, no column twice.

use strsim::jaro_winkler;

use crate::mapping::propose::column::Column;
use crate::mapping::propose::kind::Kind;
use crate::mapping::propose::names::normal;
use crate::mapping::propose::survey::Survey;
use crate::mapping::propose::target::{Holds, Place, TARGETS, Target};
use crate::mapping::propose::vocabulary::{column_names, is_column};

/// A match below this is not worth telling.
const LEAST: f64 = 0.5;

/// Two columns whose scores are nearer than this are told both.
const CLOSE: f64 = 0.1;

/// How sure it is what a column is of which only the cells tell.
const BY_CELLS: f64 = 0.6;

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
    let names = survey.columns.iter().map(|column| normal(&column.header));
    let names: Vec<String> = names.collect();
    for (idx, target) in TARGETS.iter().enumerate() {
        for (column, name) in names.iter().enumerate() {
            all.extend(judge(survey, (idx, target), column, name));
        }
    }
    let is_mail = |one: &Match| TARGETS[one.target].place == Place::Contact;
    let has_contact = all.iter().any(is_mail);
    // Without an address there is no contact, and its name is kept with the ticket.
    all.retain(|one| match (TARGETS[one.target].place, one.property) {
        (Place::ContactProperty, _) => has_contact,
        (_, "source_requester") => !has_contact,
        _ => true,
    });
    // A ticket's own properties choose first: a title is a subject rather than a job.
    all.sort_by(|left, right| {
        rank(left)
            .cmp(&rank(right))
            .then(right.score.total_cmp(&left.score))
            .then((left.target, left.column).cmp(&(right.target, right.column)))
    });
    let mut chosen = choose(all, survey);
    chosen.sort_by_key(|one| one.target);
    chosen
}

/// Which matches choose their columns first.
fn rank(one: &Match) -> u8 {
    match TARGETS[one.target].place {
        Place::Key | Place::Ticket | Place::Contact => 0,
        Place::Own => 1,
        Place::ContactProperty => 2,
    }
}

fn choose(all: Vec<Match>, survey: &Survey) -> Vec<Match> {
    let mut chosen: Vec<Match> = Vec::new();
    let name = |column: usize| &survey.columns[column].header;
    for candidate in all {
        let is_taken = chosen.iter().any(|one| one.column == candidate.column);
        let same_target = |one: &&mut Match| one.target == candidate.target;
        match chosen.iter_mut().find(same_target) {
            Some(first) => {
                let is_close = first.score - candidate.score < CLOSE;
                // Columns of one name are told apart where the match is written.
                let is_other = name(first.column) != name(candidate.column);
                if first.rival.is_none() && is_close && is_other && !is_taken {
                    first.rival = Some((candidate.column, candidate.score));
                }
            }
            None if is_taken => {}
            None => chosen.push(candidate),
        }
    }
    chosen
}

fn judge(
    survey: &Survey,
    (idx, target): (usize, &Target),
    column: usize,
    name: &str,
) -> Option<Match> {
    let found = survey.columns.get(column)?;
    let (score, reason) = match likeness(name, target) {
        Some((likeness, of_name)) => {
            let is_usual = likeness > 0.8;
            // A property of the source's own takes columns that are called so, not nearly so.
            if target.place == Place::Own && !is_usual {
                return None;
            }
            let known_words = is_usual && !target.role.is_empty();
            let (fit, of_cells) = target.holds.fit(found, survey.rows, known_words);
            (likeness * fit, format!("{of_name}; {of_cells}"))
        }
        None => (BY_CELLS, by_cells(survey, target, column, found)?),
    };
    (score >= LEAST).then_some(Match {
        target: idx,
        property: target.property,
        of_contact: matches!(target.place, Place::Contact | Place::ContactProperty),
        column,
        score,
        reason,
        rival: None,
    })
}

/// What a column is by its cells alone: addresses, and ids in one of the first columns.
fn by_cells(survey: &Survey, target: &Target, idx: usize, column: &Column) -> Option<String> {
    /// Ids stand in front.
    const FIRST: usize = 2;
    match (target.place, target.holds) {
        (Place::Contact, Holds::Emails) if column.email_share() > 0.9 => {
            Some("its cells are e-mail addresses".to_owned())
        }
        (Place::Key, Holds::Ids) if idx < FIRST => {
            let is_id = column.filled == survey.rows
                && survey.rows > 2
                && column.distinct.share() >= 1.0
                && column.mean_length() <= 24.0
                && !column.has_blanks()
                && matches!(column.kind().claim, Kind::Whole | Kind::Code | Kind::Text);
            is_id.then(|| "every cell is another one, as of ids".to_owned())
        }
        _ => None,
    }
}

/// How much a name is like those of a property, from 0 to 1. One that has all words of
/// a known name and more, or nearly its letters, may be meant; it is never sure.
fn likeness(name: &str, target: &Target) -> Option<(f64, String)> {
    // Warehouses put this before HubSpot's own names.
    let name = name.strip_prefix("property ").unwrap_or(name);
    if name.is_empty() {
        return None;
    }
    if let Some(rank) = target.names.iter().position(|known| *known == name) {
        // Rows of other things than tickets have an id too, beside the ticket's.
        let is_any = target.place == Place::Key && name == "id";
        let score = (1.0 - 0.01 * rank as f64).max(0.85);
        let score = if is_any { 0.82 } else { score };
        return Some((score, "the name is a usual one".to_owned()));
    }
    if is_column(target.role, name) {
        // Numbers of rows are called so too.
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

/// What stands behind the word for a ticket at the beginning of a name.
fn of_ticket(name: &str) -> Option<&str> {
    /// How systems call what this tool calls a ticket.
    const TICKETS: [&str; 6] = ["ticket", "issue", "case", "incident", "request", "problem"];
    let (first, rest) = name.split_once(' ')?;
    TICKETS.contains(&first).then_some(rest)
}

/// Whether a column is called like one of times.
pub(crate) fn is_called_time(header: &str) -> bool {
    let name = normal(header);
    let mut times = TARGETS
        .iter()
        .filter(|target| matches!(target.holds, Holds::Times));
    times.any(|target| likeness(&name, target).is_some_and(|(score, _)| score > 0.8))
}

fn near(name: &str, words: &[&str], known: &str) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_are_surer_than_like_ones() {
        let created = TARGETS
            .iter()
            .find(|target| target.property == "createdate");
        let created = created.expect("a target");
        let score = |name| likeness(name, created).map_or(0.0, |found| found.0);
        assert!(score("created at") > score("created"));
        assert!(score("created") > 0.9);
        assert!(score("data de abertura") > 0.9);
        assert!((0.8..score("created at")).contains(&score("ticket created at")));
        assert!((0.3..0.8).contains(&score("first created at")));
        assert!((0.3..0.8).contains(&score("craeted at")));
        assert_eq!(score("zebra"), 0.0);
        assert_eq!(score(""), 0.0);
    }
}
