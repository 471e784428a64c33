//! The columns and tables of an export, held against what the portal defines: HubSpot
//! leaves unknown properties out without a word, we don't.

use std::collections::BTreeMap;

use super::args::ExportArgs;
use crate::cli::import::mapping_error;
use crate::cli::portal::call_error;
use crate::cli::talk::Talk;
use crate::error::Error;
use crate::export::Archived;
use crate::export::columns::{Wanted, With};
use crate::hubspot::Client;
use crate::mapping::MappingFile;
use crate::model::schema::{ObjectType, PropertyDef, Schema};

type Defined = BTreeMap<String, PropertyDef>;

/// What was asked for, known to the portal.
pub(super) async fn wanted(
    args: &ExportArgs,
    mapping: Option<&MappingFile>,
    schema: &Schema,
    client: &Client,
    talk: &Talk,
) -> Result<Wanted, Error> {
    let backwards = mapping.map(|mapping| mapping.backwards(schema)).transpose();
    let backwards = backwards.map_err(|errors| mapping_error(&errors, talk))?;
    let properties: Vec<String> = match (&backwards, args.all_properties) {
        (Some(backwards), _) => {
            let columns = backwards.columns.iter();
            columns.map(|column| column.property.clone()).collect()
        }
        (None, true) => schema.tickets.keys().cloned().collect(),
        (None, false) => trimmed(&args.properties),
    };
    let history = trimmed(&args.history);
    let parted = args.partition_by.iter().map(|by| by.property.clone());
    let read: Vec<String> = properties.iter().chain(&history).cloned().collect();
    let read: Vec<String> = read.into_iter().chain(parted).collect();
    check(ObjectType::Tickets, &read, &schema.tickets)?;
    Ok(Wanted {
        properties,
        backwards,
        history,
        with: with(args, client).await?,
        with_files: args.with_files,
        archived: args.archived() == Archived::Include,
        headers: args.headers(),
        values: args.values(),
        dates: args.dates(),
    })
}

fn trimmed(names: &[String]) -> Vec<String> {
    let mut trimmed: Vec<String> = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        if !trimmed.iter().any(|known| known == name) {
            trimmed.push(name.to_owned());
        }
    }
    trimmed
}

/// What is wanted of other records, with the definitions of their properties.
async fn with(args: &ExportArgs, client: &Client) -> Result<Vec<With>, Error> {
    let mut asked: BTreeMap<ObjectType, Vec<String>> = BTreeMap::new();
    for (object, property) in &args.with {
        asked.entry(*object).or_default().extend(property.clone());
    }
    let mut defined: BTreeMap<ObjectType, Defined> = BTreeMap::new();
    for (object, properties) in asked.into_iter().filter(|(_, names)| !names.is_empty()) {
        let found = client.properties(object, false).await.map_err(call_error)?;
        let found = found.into_iter().map(|p| (p.name.clone(), p)).collect();
        check(object, &properties, &found)?;
        let _none = defined.insert(object, found);
    }
    let with = args.with.iter().map(|(object, property)| With {
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
