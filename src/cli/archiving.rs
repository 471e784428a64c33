//! Asking before tickets are archived: no call can restore them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::console::Console;
use super::portal::Portal;
use crate::error::Error;
use crate::import::plan::one_per::Rows;
use crate::import::read::{Input, Reading};
use crate::mapping::{CompiledMapping, Mapped};
use crate::model::count::{count, counted_as};
use crate::model::outcome::{Change, Fate, RowEnd};
use crate::model::place::Places;
use crate::model::row::KeptEnd;
use crate::model::visible::one_line;

/// Refused at once where nobody can be asked.
pub fn expect_answer(yes: bool, console: &Console) -> Result<(), Error> {
    console.expect_answer(yes, "archive tickets")
}

/// Says how many tickets of which portal would be archived, and which rows are skipped or refused
/// whatever the portal holds, and asks.
pub fn agreed(
    input: &Input,
    mapping: &Arc<CompiledMapping>,
    limit: Option<u64>,
    portal: &Portal,
    yes: bool,
    console: &Console,
) -> Result<bool, Error> {
    let rows = Rows::new(input.again(), Arc::clone(mapping));
    let counts = counts(rows, mapping, &input.places(), limit.unwrap_or(u64::MAX))?;
    let name = portal.name_in_question();
    if let Some(words) = counts.left_alone_words() {
        console.say(&words);
        if counts.rows == 0 && counts.refused == 0 {
            console.say(&format!("nothing to archive in {name}"));
            return Ok(false);
        }
    }
    if counts.refused > 0 {
        let rows = counted_as(counts.refused, "row names", "rows name");
        console.say(&format!(
            "{rows} no ticket in a way that can be used: refused"
        ));
    }
    if counts.rows == 0 {
        // Every row is refused whatever the answer is, and refused.csv says why.
        return Ok(true);
    }
    let rows = counted_as(counts.rows, "row", "rows");
    let tickets = match counts.rows {
        1 => "the ticket",
        _ => "the tickets",
    };
    let what = format!("archive {tickets} of {rows} in {name}");
    Ok(console.confirmed(yes, &what))
}

/// Rows of an input.
#[derive(Default)]
struct Counts {
    /// Rows that name a ticket, by key or id.
    rows: u64,
    /// Rows that are refused whatever the portal holds.
    refused: u64,
    /// Rows whose ticket was not created by their run, by their outcome.
    left_alone: BTreeMap<KeptEnd, u64>,
}

impl Counts {
    fn left_alone_words(&self) -> Option<String> {
        let ends: Vec<String> = self
            .left_alone
            .iter()
            .map(|(end, rows)| format!("{} {}", count(*rows), what_became(end)))
            .collect();
        let all: u64 = self.left_alone.values().sum();
        let (rows, tickets) = match all {
            0 => return None,
            1 => ("row is", "its ticket"),
            _ => ("rows are", "their tickets"),
        };
        let rows = counted_as(all, rows, rows);
        let rows = format!("{rows} left alone, since that run did not create {tickets}");
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

/// A file of a run that no longer says which of its tickets the run created.
fn unknown(place: &str, column: &str, word: &str) -> Error {
    let what = match word {
        "" => "is empty".to_owned(),
        word => format!("holds \"{}\", which no run writes", one_line(word)),
    };
    Error::usage(format!(
        "{place}: the column {column} or _{column} {what}, so it is not known whether the run \
         created that ticket; nothing was archived"
    ))
    .advise("give the file back as the run wrote it, with the rows taken out that are to stay")
}

/// Counts the rows of an input, up to a limit.
fn counts(
    mut rows: Rows,
    mapping: &CompiledMapping,
    places: &Places,
    limit: u64,
) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    while rows.rows_read() < limit {
        let Some(reading) = rows.next()? else { break };
        let row = match reading {
            Reading::Row(row) => row,
            Reading::Fallen(outcome) => {
                counts.refused += u64::from(matches!(outcome.end, RowEnd::Refused(_)));
                continue;
            }
        };
        let end = row.kept.as_ref().and_then(|kept| kept.end.as_ref());
        if let Some((column, word)) = end.and_then(KeptEnd::unknown_word) {
            let place = places.words(row.address.file, row.address.line);
            return Err(unknown(&place, column, word));
        }
        match (end.filter(|_| row.is_left_alone()), mapping.map(&row)) {
            (Some(end), _) => *counts.left_alone.entry(end.clone()).or_default() += 1,
            (None, Mapped::Ticket(_)) => counts.rows += 1,
            (None, Mapped::Refused { .. }) => counts.refused += 1,
            (None, Mapped::Skipped) => {}
        }
    }
    Ok(counts)
}
