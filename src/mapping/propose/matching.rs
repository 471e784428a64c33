//! Which column for which property: similarity of names times fit of the cells, the
//! best matches first, no column twice.

use super::likeness::likeness;
use crate::mapping::propose::column::Column;
use crate::mapping::propose::kind::Kind;
use crate::mapping::propose::names::normal;
use crate::mapping::propose::survey::Survey;
use crate::mapping::propose::target::{Holds, Place, TARGETS, Target};

/// A match below this is not reported.
const LEAST: f64 = 0.5;

/// Two columns whose scores are closer than this are both reported.
const CLOSE: f64 = 0.1;

/// The score of a column recognised only by its cells.
const BY_CELLS: f64 = 0.6;

/// A column that is proposed for a property.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The position in the table of targets.
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
            all.extend(judge(survey, idx, target, column, name));
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
                // Columns of one name are distinguished where the match is written.
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

fn judge(survey: &Survey, idx: usize, target: &Target, column: usize, name: &str) -> Option<Match> {
    let found = survey.columns.get(column)?;
    let (score, reason) = match likeness(name, target) {
        Some((likeness, of_name)) => {
            let is_usual = likeness > 0.8;
            // A property of the source's own takes only columns with one of its usual names.
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
    /// Ids are in the first columns.
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
