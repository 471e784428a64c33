//! Which tickets of an input a portal already has: their keys are looked up in the record
//! store, as an import does for rows that it is not sure of.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::hubspot::{CallError, Client};
use crate::import::read::{Input, Reading};
use crate::mapping::{CompiledMapping, Mapped};
use crate::model::check::Held;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// Keys that are looked up at most: more would take as many calls as a run.
const MOST: usize = 20_000;
/// HubSpot: records of a batch read.
const BATCH: usize = 100;

/// Looks up the keys of the first rows that would be sent; nothing if rows have no key
/// of their own, or the portal does not know the property.
///
/// # Errors
/// When the input can't be read; inside, when the portal can't be asked.
pub async fn held(
    client: &Client,
    input: Input,
    mapping: &CompiledMapping,
) -> Result<Result<Option<Held>, CallError>, Error> {
    let Some(property) = mapping.id_property() else {
        return Ok(Ok(None));
    };
    let (keys, all) = keys(input, mapping)?;
    let mut found = 0;
    for part in keys.chunks(BATCH) {
        let names = [property];
        let read = client.batch_read(
            ObjectType::Tickets,
            Some(property),
            part,
            &names,
            Shelf::Live,
        );
        match read.await {
            Ok(reply) => found += reply.results.len() as u64,
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(Some(Held {
        looked_up: keys.len() as u64,
        all,
        found,
    })))
}

/// The distinct keys of the first rows, and whether these are all.
fn keys(mut input: Input, mapping: &CompiledMapping) -> Result<(Vec<String>, bool), Error> {
    let mut keys = BTreeSet::new();
    while let Some(reading) = input.next_row()? {
        let Reading::Row(row) = reading else { continue };
        if let Mapped::Ticket(draft) = mapping.map(&row) {
            if keys.len() == MOST && !keys.contains(draft.key.as_str()) {
                return Ok((keys.into_iter().collect(), false));
            }
            let _new = keys.insert(String::from(draft.key));
        }
    }
    Ok((keys.into_iter().collect(), true))
}
