//! Asking before tickets are archived: there is no call that brings them back.

use std::collections::BTreeMap;

use super::portal::Portal;
use super::talk::Talk;
use crate::error::Error;
use crate::import::read::{Input, Reading};
use crate::model::outcome::{Change, Fate};
use crate::model::row::KeptEnd;
use crate::model::visible::one_line;

/// What nobody may be asked about is refused at once.
pub fn expect_answer(yes: bool, talk: &Talk) -> Result<(), Error> {
    talk.expect_answer(yes, "archive tickets")
}

/// Says how many tickets of which portal, and which rows are left alone, and asks.
pub fn agreed(
    input: &Input,
    limit: Option<u64>,
    portal: &Portal,
    yes: bool,
    talk: &Talk,
) -> Result<bool, Error> {
    let counts = count(input, limit.unwrap_or(u64::MAX))?;
    let name = portal.name_in_question();
    if let Some(words) = counts.left_alone_words() {
        talk.say(&words);
        if counts.rows == 0 {
            talk.say(&format!("nothing to archive in {name}"));
            return Ok(false);
        }
    }
    let rows = match counts.rows {
        1 => "the ticket of 1 row".to_owned(),
        rows => format!("the tickets of {rows} rows"),
    };
    let what = format!("archive {rows} in {name}");
    Ok(talk.confirmed(yes, &what))
}

/// Rows of an input.
#[derive(Default)]
struct Counts {
    /// Those that name a ticket, or should.
    rows: u64,
    /// Those whose ticket their run did not create, by what became of it.
    left_alone: BTreeMap<KeptEnd, u64>,
}

impl Counts {
    fn left_alone_words(&self) -> Option<String> {
        let ends: Vec<String> = self
            .left_alone
            .iter()
            .map(|(end, rows)| format!("{rows} {}", what_became(end)))
            .collect();
        let rows = match self.left_alone.values().sum() {
            0 => return None,
            1_u64 => "1 row is left alone, since that run did not create its ticket".to_owned(),
            rows => {
                format!("{rows} rows are left alone, since that run did not create their tickets")
            }
        };
        Some(format!("{rows}: {}", ends.join(", ")))
    }
}

/// `exists`, `updated`…
fn what_became(end: &KeptEnd) -> &str {
    let mut changes = Change::ALL.into_iter();
    let change = changes.find(|change| change.verb() == &*end.operation);
    match change.filter(|_| &*end.fate == Fate::Done.word()) {
        Some(change) => change.word(),
        None => &end.fate,
    }
}

/// A file of a run that does not say any more which of its tickets the run created.
fn unknown(place: &str, column: &str, word: &str) -> Error {
    let what = match word {
        "" => "is empty".to_owned(),
        word => format!("holds \"{}\", which no run writes", one_line(word)),
    };
    Error::usage(format!(
        "{place}: the column {column} or _{column} {what}, so that nobody can tell whether the run \
         created that ticket; nothing was archived"
    ))
    .advise("give the file back as the run wrote it, with the rows taken out that are to stay")
}

/// Counts the rows of an input, up to a limit.
fn count(input: &Input, limit: u64) -> Result<Counts, Error> {
    let mut input = input.again();
    let mut counts = Counts::default();
    let mut read = 0;
    let places = input.places();
    while let Some(reading) = input.next_row()? {
        let Reading::Row(row) = reading else { continue };
        let end = row.kept.as_ref().and_then(|kept| kept.end.as_ref());
        if let Some((column, word)) = end.and_then(KeptEnd::unknown_word) {
            let place = places.words(row.address.file, row.address.line);
            return Err(unknown(&place, column, word));
        }
        match end.filter(|_| row.is_left_alone()) {
            Some(end) => *counts.left_alone.entry(end.clone()).or_default() += 1,
            None => counts.rows += 1,
        }
        read += 1;
        if read == limit {
            break;
        }
    }
    Ok(counts)
}
