//! The canary (protocol S6): the first tickets that a run writes are read back before
//! it continues. A property whose value is not kept would be wrong in every ticket, so
//! the run stops after ten.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::hubspot::Client;
use crate::hubspot::records::Record;
use crate::mapping::{CompiledMapping, Fallback};
use crate::model::compare::same_value;
use crate::model::issue::excerpt;
use crate::model::learned::{Learned, Written};
use crate::model::schema::{ObjectType, ValueType};
use crate::model::shelf::Shelf;
use crate::model::stop::{Obstacle, Stop};

use crate::import::flow::Operation;
use crate::import::send::Wrote;
use crate::import::send::facts::Facts;
use crate::import::stop::stop_for;

/// How many rows the first batch has.
pub const SIZE: usize = 10;

/// What the first tickets show.
#[derive(Debug, Default)]
pub struct Findings {
    /// Messages about things that are no reason to stop: texts that the portal altered
    /// but kept, values that go into another property.
    pub notices: Vec<String>,
    /// Properties that the portal does not keep, and for which the mapping names
    /// another one.
    pub not_kept: BTreeSet<Arc<str>>,
}

/// Dates that a portal may set by itself: whether it keeps the ones sent is remembered
/// for the next run.
const DATES: [&str; 2] = ["createdate", "closed_date"];

/// What the first tickets are compared with.
#[derive(Clone, Copy)]
pub struct Canary<'a> {
    /// The portal.
    pub client: &'a Client,
    /// Types of values, and which properties take values that are not kept.
    pub mapping: &'a CompiledMapping,
    /// What was done with the rows.
    pub operation: Operation,
    /// Records what the portal does.
    pub facts: &'a Facts,
}

/// Reads tickets back and compares every property with what was sent.
///
/// # Errors
/// When a value was not kept and has no fallback, or the tickets can't be read.
pub async fn check(canary: Canary<'_>, wrote: &[Wrote]) -> Result<Findings, Stop> {
    let ids: Vec<String> = wrote.iter().map(|one| one.ticket.clone()).collect();
    let sent = wrote.iter().flat_map(|one| &one.properties);
    let names: BTreeSet<&str> = sent.map(|(name, _)| &**name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let reply = canary
        .client
        .batch_read(ObjectType::Tickets, None, &ids, &names, Shelf::Live)
        .await
        .map_err(stop_for)?;
    learn(canary, wrote, &reply.results);
    let mut findings = Findings::default();
    for one in wrote {
        let record = reply.results.iter().find(|record| record.id == one.ticket);
        let Some(record) = record else {
            let ticket = one.ticket.to_string();
            return Err(Stop::MustFix(Obstacle::NotReadBack(ticket)));
        };
        compare(canary, one, record, &mut findings)?;
    }
    Ok(findings)
}

fn compare(
    canary: Canary<'_>,
    one: &Wrote,
    record: &Record,
    findings: &mut Findings,
) -> Result<(), Stop> {
    for (name, sent) in &one.properties {
        let value_type = canary.mapping.type_of(name);
        let stored = record.get(name);
        if same_value(value_type, sent, stored) {
            continue;
        }
        match stored {
            Some(stored) if value_type == ValueType::String && !stored.is_empty() => {
                findings.notices.push(format!(
                    "the portal altered {name} of ticket {}: \"{}\" became \"{}\"",
                    one.ticket,
                    excerpt(sent),
                    excerpt(stored)
                ));
            }
            _ => match fallback(canary.mapping, name) {
                Some(instead) => {
                    if findings.not_kept.insert(Arc::clone(name)) {
                        findings.notices.push(format!(
                            "the portal does not keep {name}: its values go into {}",
                            instead.name
                        ));
                    }
                }
                None => return Err(value_lost(one, name, sent, stored)),
            },
        }
    }
    Ok(())
}

/// Whether the dates sent were kept, each in all of the tickets. In an upsert it is not
/// known here which tickets are new.
fn learn(canary: Canary<'_>, wrote: &[Wrote], held: &[Record]) {
    let with = match canary.operation {
        Operation::Create => Written::Create,
        Operation::Update => Written::Update,
        _ => return,
    };
    for name in DATES {
        let value_type = canary.mapping.type_of(name);
        let mut kept = None;
        for one in wrote {
            let sent = one.properties.iter().find(|(sent, _)| **sent == *name);
            let record = held.iter().find(|record| record.id == one.ticket);
            if let (Some((_, sent)), Some(record)) = (sent, record)
                && !sent.is_empty()
            {
                let same = same_value(value_type, sent, record.get(name));
                kept = Some(kept.unwrap_or(true) && same);
            }
        }
        if let Some(kept) = kept {
            canary.facts.learn(Learned::ValueKept {
                property: name.to_owned(),
                with,
                kept,
            });
        }
    }
}

fn fallback<'m>(mapping: &'m CompiledMapping, name: &str) -> Option<&'m Fallback> {
    let mut properties = mapping.properties().iter();
    let property = properties.find(|property| *property.name == *name)?;
    property.instead.as_ref()
}

fn value_lost(one: &Wrote, name: &str, sent: &str, stored: Option<&str>) -> Stop {
    Stop::MustFix(Obstacle::ValueLost {
        property: name.to_owned(),
        ticket: one.ticket.to_string(),
        sent: excerpt(sent),
        stored: stored.map(excerpt),
    })
}
