//! The columns and tables of an export, checked against what the portal defines:
//! HubSpot leaves out unknown properties without a word, we don't.

use std::collections::BTreeMap;

use super::resolve::{dates, part_by};
use super::words::{OthersWord, others};
use crate::cli::console::Console;
use crate::cli::mapping_file::mapping_error;
use crate::cli::objects::objects;
use crate::cli::portal::call_error;
use crate::error::Error;
use crate::export::activities::shown;
use crate::export::columns::{Wanted, What, With};
use crate::export::{Form, PartBy, Selection, Unit};
use crate::hubspot::Client;
use crate::mapping::MappingFile;
use crate::model::schema::{ObjectName, ObjectType, Owner, PropertyDef, Schema, ValueType};

type Defined = BTreeMap<String, PropertyDef>;

/// What was asked for, known to the portal.
pub(super) async fn wanted(
    selection: &Selection,
    mapping: Option<&MappingFile>,
    schema: &mut Schema,
    client: &Client,
    missing: &mut Missing,
    console: &Console,
) -> Result<Wanted, Error> {
    let backwards = mapping.map(|mapping| mapping.backwards(schema)).transpose();
    let backwards = backwards.map_err(|errors| mapping_error(&errors, console))?;
    let properties: Vec<String> = match (&backwards, selection.all_properties) {
        (Some(backwards), _) => {
            let columns = backwards.columns.iter();
            columns.map(|column| column.property.clone()).collect()
        }
        (None, true) => schema.tickets.keys().cloned().collect(),
        (None, false) => selection.properties.clone(),
    };
    let history = selection.history.clone();
    let read: Vec<String> = properties.iter().chain(&history).cloned().collect();
    missing.stand_in(ObjectType::Tickets, &read, &mut schema.tickets)?;
    if let Some(by) = part_by(selection)? {
        missing.stand_in_for_parts(&by, &mut schema.tickets)?;
    }
    let of_case = (selection.format == Form::Case).then_some(schema.owners.as_slice());
    let with = with(selection, of_case, (client, missing)).await?;
    Ok(Wanted {
        properties,
        backwards,
        history,
        with,
        absent: missing.properties.clone(),
        // A data set has tables of links and of linked records.
        link_tables: selection.link_tables || selection.partition_by.is_some(),
        as_cases: selection.format == Form::Case,
        attachments: selection.attachments,
        archived: selection.archived,
        record_times: selection.record_times || selection.partition_by.is_some(),
        skip_empty: selection.skip_empty,
        headers: selection.headers,
        values: selection.values,
        dates: dates(selection)?,
    })
}

/// What is wanted of other records, with the definitions of their properties.
async fn with(
    selection: &Selection,
    of_case: Option<&[Owner]>,
    (client, missing): (&Client, &mut Missing),
) -> Result<Vec<With>, Error> {
    let words = selection.with.iter().map(|word| others(word));
    let words: Vec<OthersWord> = words.collect::<Result<_, _>>().map_err(Error::usage)?;
    let names: Vec<ObjectName> = words.iter().map(|(name, _)| name.clone()).collect();
    let objects = objects(client, &names).await?;
    let mut asked: BTreeMap<ObjectType, Vec<String>> = BTreeMap::new();
    for (object, (_, property)) in objects.iter().zip(&words) {
        asked.entry(*object).or_default().extend(property.clone());
    }
    // Each kind of activity has its own columns.
    asked.retain(|object, names| object.is_activity() || !names.is_empty());
    let defined = definitions(asked, client, missing).await?;
    let mut with = Vec::new();
    for (object, (name, property)) in objects.iter().zip(&words) {
        let none = Defined::new();
        let defined = defined.get(object).unwrap_or(&none);
        let whats = match property {
            None => [vec![What::Ids], shown(*object, defined, of_case)].concat(),
            Some(name) => {
                let property = defined.get(name).cloned();
                property.map(What::Property).into_iter().collect()
            }
        };
        with.extend(whats.into_iter().map(|what| With {
            object: *object,
            name: name.to_string(),
            what,
        }));
    }
    Ok(with)
}

/// What the portal defines for other records.
async fn definitions(
    asked: BTreeMap<ObjectType, Vec<String>>,
    client: &Client,
    missing: &mut Missing,
) -> Result<BTreeMap<ObjectType, Defined>, Error> {
    let mut defined = BTreeMap::new();
    for (object, properties) in asked {
        let found = client.properties(object, false).await.map_err(call_error)?;
        let mut found = found.into_iter().map(|p| (p.name.clone(), p)).collect();
        missing.stand_in(object, &properties, &mut found)?;
        let _none = defined.insert(object, found);
    }
    Ok(defined)
}

/// Properties that were asked for and that the portal does not have.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Whether their columns stay empty; otherwise they are an error.
    pub(super) as_null: bool,
    /// Those that the portal has.
    pub(super) properties: Vec<(ObjectType, String)>,
    /// Whether there is a data set that can continue without the property that it is
    /// split by.
    pub(super) parts_stay: bool,
    /// That property, if the portal does not have it.
    pub(super) parts: Option<String>,
}

impl Missing {
    /// Such as `contacts.email`; for tickets the name alone.
    pub(super) fn names(&self) -> String {
        let name = |(object, name): &(ObjectType, String)| match object {
            ObjectType::Tickets => name.clone(),
            other => format!("{}.{name}", other.plural()),
        };
        let names: Vec<String> = self.properties.iter().map(name).collect();
        names.join(", ")
    }

    /// Adds a text property to the definitions for each one that they lack.
    fn stand_in(
        &mut self,
        object: ObjectType,
        asked: &[String],
        defined: &mut Defined,
    ) -> Result<(), Error> {
        if !self.as_null {
            return check(object, asked, defined);
        }
        for name in asked.iter().filter(|name| !name.is_empty()) {
            if defined.contains_key(name) {
                continue;
            }
            self.properties.push((object, name.clone()));
            let _none = defined.insert(name.clone(), nothing(name));
        }
        Ok(())
    }

    /// The same for the property that a data set is split by, which must hold dates if the
    /// parts are spans of time.
    fn stand_in_for_parts(&mut self, by: &PartBy, defined: &mut Defined) -> Result<(), Error> {
        let name = &by.property;
        let absent = (ObjectType::Tickets, name.clone());
        let is_there = !self.properties.contains(&absent);
        match defined.get(name).filter(|_| is_there) {
            Some(property) if by.unit != Unit::Value && !has_days(property) => Err(Error::usage(
                format!("--partition-by: {name} holds no dates, so it has no year, month or day"),
            )
            .advise(format!("name a property with dates, or {name} alone"))),
            Some(_) => Ok(()),
            None if self.parts_stay => {
                self.parts = Some(name.clone());
                let _known = defined.entry(name.clone()).or_insert_with(|| nothing(name));
                Ok(())
            }
            None => {
                let mut others = defined.clone();
                let _stands_in = others.remove(name);
                check(ObjectType::Tickets, std::slice::from_ref(name), &others)
            }
        }
    }
}

fn has_days(property: &PropertyDef) -> bool {
    matches!(property.value_type, ValueType::Date | ValueType::DateTime)
}

/// A property that no ticket has a value of.
fn nothing(name: &str) -> PropertyDef {
    PropertyDef {
        read_only: true,
        ..PropertyDef::text(name)
    }
}

/// HubSpot leaves out unknown properties without a word; we don't.
pub fn check(object: ObjectType, properties: &[String], defined: &Defined) -> Result<(), Error> {
    let unknown: Vec<String> = properties
        .iter()
        .filter(|name| !defined.contains_key(*name))
        .map(
            |name| match labelled(name, defined).or_else(|| nearest(name, defined)) {
                Some(nearest) => format!("{name} (did you mean {nearest}?)"),
                None => name.clone(),
            },
        )
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

/// The property that people see under this name.
fn labelled<'a>(name: &str, defined: &'a Defined) -> Option<&'a str> {
    let mut defined = defined.iter();
    let found = defined.find(|(_, property)| property.label.eq_ignore_ascii_case(name));
    found.map(|(name, _)| name.as_str())
}

fn nearest<'a>(name: &str, defined: &'a Defined) -> Option<&'a str> {
    let score = |known: &&str| strsim::jaro_winkler(name, known);
    let names = defined.keys().map(String::as_str);
    names
        .max_by(|left, right| score(left).total_cmp(&score(right)))
        .filter(|known| score(known) > 0.8)
}
