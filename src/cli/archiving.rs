//! Asking before tickets are archived: there is no call that brings them back.

use super::portal::Portal;
use super::talk::Talk;
use crate::error::Error;
use crate::import::read::{Input, Reading};

/// What nobody may be asked about is refused at once.
pub fn expect_answer(yes: bool, talk: &Talk) -> Result<(), Error> {
    talk.expect_answer(yes, "archive tickets")
}

/// Says how many tickets of which portal, and asks.
pub fn agreed(
    input: &Input,
    limit: Option<u64>,
    portal: &Portal,
    yes: bool,
    talk: &Talk,
) -> Result<bool, Error> {
    let rows = match count(input, limit.unwrap_or(u64::MAX))? {
        1 => "the ticket of 1 row".to_owned(),
        rows => format!("the tickets of {rows} rows"),
    };
    let what = format!("archive {rows} in {}", portal.name_in_question());
    Ok(talk.confirmed(yes, &what))
}

/// Rows that name a ticket, or should, up to a limit.
fn count(input: &Input, limit: u64) -> Result<u64, Error> {
    let mut input = input.again();
    let mut rows = 0;
    while let Some(reading) = input.next_row()? {
        rows += u64::from(matches!(reading, Reading::Row(_)));
        if rows == limit {
            break;
        }
    }
    Ok(rows)
}
