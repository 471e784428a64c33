//! The canary (protocol S6): the first tickets that a run writes are read back
//! before it goes on. A property whose value did not stick would be wrong in every
//! ticket, so the run stops after ten.

use crate::hubspot::Client;
use crate::hubspot::records::Record;
use crate::mapping::{CompiledMapping, MappedProperty};
use crate::model::compare::same_value;
use crate::model::event::Stop;
use crate::model::issue::excerpt;
use crate::model::schema::{ObjectType, ValueType};

use super::send::Wrote;
use super::stop::stop_for;

/// How many rows the first batch has.
pub const SIZE: usize = 10;

/// Reads tickets back and compares every mapped property with what was sent. Gives
/// words for texts that the portal altered but kept: worth telling, no reason to
/// stop.
///
/// # Errors
/// When a value did not stick, or the tickets can't be read.
pub async fn check(
    client: &Client,
    mapping: &CompiledMapping,
    wrote: &[Wrote],
) -> Result<Vec<String>, Stop> {
    let ids: Vec<String> = wrote.iter().map(|one| one.ticket.clone()).collect();
    let names: Vec<&str> = mapping
        .properties()
        .iter()
        .map(|property| &*property.name)
        .collect();
    let reply = client
        .batch_read(ObjectType::Tickets, None, &ids, &names, false)
        .await
        .map_err(stop_for)?;
    let mut altered = Vec::new();
    for one in wrote {
        let record = reply.results.iter().find(|record| record.id == one.ticket);
        let Some(record) = record else {
            let words = format!("ticket {} was written but can't be read back", one.ticket);
            return Err(Stop::Mend(words));
        };
        compare(mapping, one, record, &mut altered)?;
    }
    Ok(altered)
}

fn compare(
    mapping: &CompiledMapping,
    one: &Wrote,
    record: &Record,
    altered: &mut Vec<String>,
) -> Result<(), Stop> {
    for (name, sent) in &one.properties {
        let value_type = mapping.type_of(name);
        let stored = record.get(name);
        if same_value(value_type, sent, stored) {
            continue;
        }
        match stored {
            Some(stored) if value_type == ValueType::String && !stored.is_empty() => {
                altered.push(format!(
                    "the portal altered {name} of ticket {}: \"{}\" became \"{}\"",
                    one.ticket,
                    excerpt(sent),
                    excerpt(stored)
                ));
            }
            _ => {
                let instead = property(mapping, name).and_then(|found| found.instead.as_deref());
                return Err(not_kept(one, (name, instead), sent, stored));
            }
        }
    }
    Ok(())
}

fn property<'m>(mapping: &'m CompiledMapping, name: &str) -> Option<&'m MappedProperty> {
    let mut properties = mapping.properties().iter();
    properties.find(|property| &*property.name == name)
}

/// `instead` is the property of the mapping's `read_only.into`.
fn not_kept(
    one: &Wrote,
    (name, instead): (&str, Option<&str>),
    sent: &str,
    stored: Option<&str>,
) -> Stop {
    let advice = match instead {
        Some(instead) => format!(
            "The portal does not define it as read-only, so `read_only.into` had no effect: map the column to {instead} itself"
        ),
        None => "Take the property out of the mapping, or map the column to a property of your own"
            .to_owned(),
    };
    let stored = match stored {
        Some(stored) => format!("the portal holds \"{}\"", excerpt(stored)),
        None => "the portal holds nothing".to_owned(),
    };
    Stop::Mend(format!(
        "the portal accepts property {name} but does not keep it: ticket {} was sent \"{}\", {stored}. \
         {advice}",
        one.ticket,
        excerpt(sent)
    ))
}
