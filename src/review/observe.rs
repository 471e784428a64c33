//! Reads what the portal holds for some rows, and compares it with what it must hold.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::absent::{Absence, whereabouts};
use super::expect::{Expected, ExpectedLink, ExpectedValue};
use super::files::HeldFiles;
use super::finding::{Difference, Finding};
use super::notes::HeldNotes;
use crate::hubspot::contract::HISTORY_LIMIT;
use crate::hubspot::records::{FormerValue, Record};
use crate::hubspot::{CallError, Client, LinkedRecord};
use crate::model::outcome::Change;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// Links of tickets, by the ticket and the kind of the other record.
type Links = HashMap<(String, ObjectType), Vec<LinkedRecord>>;

/// The differences for some rows, in order.
///
/// # Errors
/// When the portal can't be read.
pub async fn differences(client: &Client, rows: &[Expected]) -> Result<Vec<Finding>, CallError> {
    let live = live(client, rows).await?;
    let links = links(client, rows, &live).await?;
    let nowhere = nowhere(client, rows, &links).await?;
    let notes = HeldNotes::read(client, rows).await?;
    let files = HeldFiles::of(client, rows).await?;
    let mut findings = Vec::new();
    let mut absent = Vec::new();
    for row in rows {
        match (live.get(&row.ticket), row.change) {
            (Some(_), Change::Archived) => findings.push(finding(row, Difference::Live)),
            (Some(record), _) => {
                let values = row.values.iter().filter_map(|value| differs(record, value));
                let expected = row.links.iter();
                let expected = expected
                    .filter(|link| !(link.skips && nowhere.contains(&(link.to, link.id.clone()))));
                let lacking = expected.filter_map(|link| link_differs(row, link, &links));
                let differing = values.chain(lacking).chain(notes.differences(row));
                let differing = differing.chain(files.differences(row, &notes));
                findings.extend(differing.map(|what| finding(row, what)));
            }
            (None, _) => absent.push(row),
        }
    }
    findings.extend(explained(client, &absent).await?);
    date(client, &mut findings).await?;
    let order: HashMap<&str, usize> = rows
        .iter()
        .enumerate()
        .map(|(idx, row)| (row.place.as_str(), idx))
        .collect();
    findings.sort_by_key(|finding| order.get(finding.place.as_str()).copied());
    Ok(findings)
}

fn finding(row: &Expected, difference: Difference) -> Finding {
    Finding {
        place: row.place.clone(),
        key: row.key.clone(),
        ticket: row.ticket.clone(),
        difference,
    }
}

/// Live tickets of these rows, by id.
async fn live(client: &Client, rows: &[Expected]) -> Result<BTreeMap<String, Record>, CallError> {
    let values = rows.iter().flat_map(|row| &row.values);
    let names = values.flat_map(|value| {
        let instead = value.instead.as_deref();
        [Some(&*value.property), instead].into_iter().flatten()
    });
    let names: Vec<&str> = names.collect::<BTreeSet<&str>>().into_iter().collect();
    let ids: BTreeSet<&String> = rows.iter().map(|row| &row.ticket).collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let read = client.read_existing(ObjectType::Tickets, &ids, &names, &[], Shelf::Live);
    let records = read.await?.into_iter();
    Ok(records.map(|record| (record.id.clone(), record)).collect())
}

/// Links of live tickets to the kinds of records that their rows link.
async fn links(
    client: &Client,
    rows: &[Expected],
    live: &BTreeMap<String, Record>,
) -> Result<Links, CallError> {
    let mut found = Links::new();
    let kinds = rows.iter().flat_map(|row| &row.links);
    let kinds: BTreeSet<ObjectType> = kinds.map(|link| link.to).collect();
    for object in kinds {
        let linked = |row: &&Expected| row.links.iter().any(|link| link.to == object);
        let tickets = rows.iter().filter(linked).map(|row| &row.ticket);
        let tickets: BTreeSet<&String> = tickets.filter(|id| live.contains_key(*id)).collect();
        let tickets: Vec<String> = tickets.into_iter().cloned().collect();
        if !tickets.is_empty() {
            let read = client.linked_live(ObjectType::Tickets, object, &tickets);
            let by_record = read.await?.by_record.into_iter();
            found.extend(by_record.map(|(id, others)| ((id, object), others)));
        }
    }
    Ok(found)
}

/// Finds missing records of links that may be left out.
async fn nowhere(
    client: &Client,
    rows: &[Expected],
    links: &Links,
) -> Result<BTreeSet<(ObjectType, String)>, CallError> {
    let mut asked: BTreeMap<ObjectType, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let lacking = row
            .links
            .iter()
            .filter(|link| link.skips && link_differs(row, link, links).is_some());
        for link in lacking {
            let _new = asked.entry(link.to).or_default().insert(link.id.clone());
        }
    }
    let mut nowhere = BTreeSet::new();
    for (object, ids) in asked {
        let asked: Vec<String> = ids.iter().cloned().collect();
        let live = client.read_existing(object, &asked, &["hs_object_id"], &[], Shelf::Live);
        let live: BTreeSet<String> = live.await?.into_iter().map(|record| record.id).collect();
        nowhere.extend(ids.difference(&live).map(|id| (object, id.clone())));
    }
    Ok(nowhere)
}

fn differs(record: &Record, value: &ExpectedValue) -> Option<Difference> {
    let holds = |name: &str| value.is(record.get(name));
    if holds(&value.property) || value.instead.as_deref().is_some_and(holds) {
        return None;
    }
    Some(Difference::Value {
        property: value.property.to_string(),
        wrote: value.wrote.clone(),
        holds: record.get(&value.property).map(str::to_owned),
        since: String::new(),
        source: String::new(),
    })
}

fn link_differs(row: &Expected, link: &ExpectedLink, links: &Links) -> Option<Difference> {
    let others = links.get(&(row.ticket.clone(), link.to));
    let pair = others.and_then(|others| others.iter().find(|other| other.id == link.id));
    let same = |other: &LinkedRecord| {
        let mut types = other.types.iter();
        types.any(|kind| kind.category == link.kind.category && kind.id == link.kind.id)
    };
    let words = format!("{} {}", link.to.plural(), link.id);
    match (row.change, pair.is_some_and(same)) {
        (Change::Unlinked, true) => Some(Difference::LinkThere(words)),
        (Change::Unlinked, false) | (_, true) => None,
        (_, false) => Some(Difference::LinkLacking(words)),
    }
}

/// Finds tickets that are not live. Those of an archive must be in the recycle bin, from
/// which they are deleted for good after some time.
async fn explained(client: &Client, absent: &[&Expected]) -> Result<Vec<Finding>, CallError> {
    let ids: BTreeSet<&String> = absent.iter().map(|row| &row.ticket).collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let found = whereabouts(client, &ids).await?;
    let explained = absent.iter().filter_map(|row| {
        let difference = match (found.get(&row.ticket)?.clone(), row.change) {
            (Absence::InRecycleBin { .. } | Absence::Gone, Change::Archived) => return None,
            (Absence::InRecycleBin { since }, _) => Difference::InRecycleBin { since },
            (Absence::MergedInto(id), _) => Difference::MergedInto(id),
            (Absence::Gone, _) => Difference::Gone,
        };
        Some(finding(row, difference))
    });
    Ok(explained.collect())
}

/// Adds since when differing values have been set, and by what.
async fn date(client: &Client, findings: &mut [Finding]) -> Result<(), CallError> {
    let mut names = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for finding in findings.iter() {
        if let Difference::Value { property, .. } = &finding.difference {
            let _new = names.insert(property.clone());
            let _new = ids.insert(finding.ticket.clone());
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let mut history: HashMap<String, Record> = HashMap::new();
    for ids in ids.chunks(HISTORY_LIMIT) {
        let read = client.read_existing(ObjectType::Tickets, ids, &names, &names, Shelf::Live);
        let records = read.await?.into_iter();
        history.extend(records.map(|record| (record.id.clone(), record)));
    }
    for finding in findings {
        let Difference::Value {
            property,
            since,
            source,
            ..
        } = &mut finding.difference
        else {
            continue;
        };
        let former = history.get(&finding.ticket);
        let former = former.and_then(|record| record.history.get(property));
        if let Some(FormerValue { at, source: by, .. }) = former.and_then(|all| all.first()) {
            since.clone_from(at);
            source.clone_from(by);
        }
    }
    Ok(())
}
