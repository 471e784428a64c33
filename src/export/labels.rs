//! What people see for stored values: labels of options, pipelines and stages, names of owners, and
//! the e-mail addresses by which another portal knows owners. Pure.

use std::collections::HashMap;

use super::columns::{Column, Kind, Wording};
use crate::model::schema::{Owner, PropertyDef, Schema, ValueType};

/// What people see for the stored values of a property; nothing if it has no such
/// values.
pub fn labels(property: &PropertyDef, schema: &Schema) -> HashMap<String, String> {
    let pair = |value: &str, label: &str| (value.to_owned(), label.to_owned());
    match property.value_type {
        ValueType::Enumeration | ValueType::MultiEnumeration => {
            let options = property.options.iter();
            options.map(|o| pair(&o.value, &o.label)).collect()
        }
        ValueType::Pipeline => {
            let pipelines = schema.pipelines.iter();
            pipelines.map(|p| pair(&p.id, &p.label)).collect()
        }
        ValueType::Stage => {
            let stages = schema.pipelines.iter().flat_map(|p| &p.stages);
            stages.map(|s| pair(&s.id, &s.label)).collect()
        }
        ValueType::Owner => {
            let owners = schema.owners.iter();
            owners.map(|o| (o.id.clone(), owner_label(o))).collect()
        }
        ValueType::String
        | ValueType::Number
        | ValueType::Bool
        | ValueType::Date
        | ValueType::DateTime => HashMap::new(),
    }
}

/// A column with the address of an owner, whose id means nothing in another portal; none for other
/// properties, or if no owners are known. Unknown owners keep their id.
pub fn owner_email(property: &PropertyDef, owners: &[Owner]) -> Option<Column> {
    if property.value_type != ValueType::Owner || owners.is_empty() {
        return None;
    }
    let emails = owners
        .iter()
        .map(|owner| (owner.id.clone(), owner.email.clone()));
    let name = format!("{}_email", property.name);
    let label = format!("{} (email)", property.label);
    Some(Column {
        wording: Wording::Labels(emails.collect()),
        ..Column::plain(&name, &label, Kind::Text)
    })
}

fn owner_label(owner: &Owner) -> String {
    let name = owner.full_name();
    match name.is_empty() {
        true => owner.email.clone(),
        false => name,
    }
}
