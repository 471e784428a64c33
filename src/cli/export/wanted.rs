//! The columns and tables of an export, held against what the portal defines: HubSpot
//! leaves unknown properties out without a word, we don't.

use std::collections::BTreeMap;

use super::resolve::{dates, part_by};
use super::words::{OthersWord, others};
use crate::cli::import::mapping_error;
use crate::cli::portal::call_error;
use crate::cli::talk::Talk;
use crate::error::Error;
use crate::export::columns::{Wanted, With};
use crate::export::{Archived, Selection};
use crate::hubspot::Client;
use crate::mapping::MappingFile;
use crate::model::schema::{ObjectType, PropertyDef, Schema};

type Defined = BTreeMap<String, PropertyDef>;

/// What was asked for, known to the portal.
pub(super) async fn wanted(
    selection: &Selection,
    mapping: Option<&MappingFile>,
    schema: &Schema,
    client: &Client,
    talk: &Talk,
) -> Result<Wanted, Error> {
    let backwards = mapping.map(|mapping| mapping.backwards(schema)).transpose();
    let backwards = backwards.map_err(|errors| mapping_error(&errors, talk))?;
    let properties: Vec<String> = match (&backwards, selection.all_properties) {
        (Some(backwards), _) => {
            let columns = backwards.columns.iter();
            columns.map(|column| column.property.clone()).collect()
        }
        (None, true) => schema.tickets.keys().cloned().collect(),
        (None, false) => selection.properties.clone(),
    };
    let history = selection.history.clone();
    let parted = part_by(selection)?.map(|by| by.property);
    let read = properties.iter().chain(&history).cloned();
    let read: Vec<String> = read.chain(parted).collect();
    check(ObjectType::Tickets, &read, &schema.tickets)?;
    Ok(Wanted {
        properties,
        backwards,
        history,
        with: with(selection, client).await?,
        with_files: selection.with_files,
        archived: selection.archived == Archived::Include,
        headers: selection.headers,
        values: selection.values,
        dates: dates(selection)?,
    })
}

/// What is wanted of other records, with the definitions of their properties.
async fn with(selection: &Selection, client: &Client) -> Result<Vec<With>, Error> {
    let words = selection.with.iter().map(|word| others(word));
    let words: Vec<OthersWord> = words.collect::<Result<_, _>>().map_err(Error::usage)?;
    let mut asked: BTreeMap<ObjectType, Vec<String>> = BTreeMap::new();
    for (object, property) in &words {
        asked.entry(*object).or_default().extend(property.clone());
    }
    let mut defined: BTreeMap<ObjectType, Defined> = BTreeMap::new();
    for (object, properties) in asked.into_iter().filter(|(_, names)| !names.is_empty()) {
        let found = client.properties(object, false).await.map_err(call_error)?;
        let found = found.into_iter().map(|p| (p.name.clone(), p)).collect();
        check(object, &properties, &found)?;
        let _none = defined.insert(object, found);
    }
    let with = words.iter().map(|(object, property)| With {
        object: *object,
        property: property
            .as_ref()
            .and_then(|name| defined.get(object)?.get(name).cloned()),
    });
    Ok(with.collect())
}

/// HubSpot leaves unknown properties out without a word; we don't.
pub fn check(object: ObjectType, properties: &[String], defined: &Defined) -> Result<(), Error> {
    let unknown: Vec<String> = properties
        .iter()
        .filter(|name| !defined.contains_key(*name))
        .map(|name| match nearest(name, defined) {
            Some(nearest) => format!("{name} (did you mean {nearest}?)"),
            None => name.clone(),
        })
        .collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "the portal has no {} property {}",
            object.singular(),
            unknown.join(", ")
        ))),
    }
}

fn nearest<'a>(name: &str, defined: &'a Defined) -> Option<&'a str> {
    let score = |known: &&str| strsim::jaro_winkler(name, known);
    let names = defined.keys().map(String::as_str);
    names
        .max_by(|left, right| score(left).total_cmp(&score(right)))
        .filter(|known| score(known) > 0.8)
}
