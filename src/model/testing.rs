//! Portals made by hand, for unit tests.

use std::collections::BTreeMap;

use super::schema::{Owner, Pipeline, PropertyDef, PropertyOption, Stage, ValueType};

/// A property that can be written, labelled with its name.
pub(crate) fn property(name: &str, value_type: ValueType) -> PropertyDef {
    PropertyDef {
        value_type,
        ..PropertyDef::text(name)
    }
}

/// Such a property with options: value and label of each.
pub(crate) fn with_options(
    name: &str,
    value_type: ValueType,
    options: &[(&str, &str)],
) -> PropertyDef {
    let option = |(value, label): &(&str, &str)| PropertyOption {
        label: (*label).to_owned(),
        value: (*value).to_owned(),
    };
    PropertyDef {
        options: options.iter().map(option).collect(),
        ..property(name, value_type)
    }
}

/// Properties by their names, as a schema has them.
pub(crate) fn by_name(
    properties: impl IntoIterator<Item = PropertyDef>,
) -> BTreeMap<String, PropertyDef> {
    let named = |property: PropertyDef| (property.name.clone(), property);
    properties.into_iter().map(named).collect()
}

/// A pipeline with id and label of each stage; one that is labelled `Closed` closes.
pub(crate) fn pipeline(id: &str, label: &str, stages: &[(&str, &str)]) -> Pipeline {
    let stage = |(id, label): &(&str, &str)| Stage {
        id: (*id).to_owned(),
        label: (*label).to_owned(),
        closed: *label == "Closed",
    };
    Pipeline {
        id: id.to_owned(),
        label: label.to_owned(),
        stages: stages.iter().map(stage).collect(),
    }
}

/// An active owner.
pub(crate) fn owner(id: &str, email: &str, first: &str, last: &str) -> Owner {
    Owner {
        id: id.to_owned(),
        email: email.to_owned(),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        archived: false,
    }
}
