//! The columns of an export: which property, under which header, of which kind, and
//! whether as an id or as the label that people see. Pure.

use std::collections::{BTreeMap, HashMap};

use crate::model::schema::{ObjectType, PropertyDef, Schema, ValueType};

/// The first column of every export.
pub const ID_COLUMN: &str = "hs_object_id";

/// Tells live tickets from those in the recycle bin, where both are exported.
pub const ARCHIVED_COLUMN: &str = "archived";

/// What headers are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Headers {
    /// Internal names.
    #[default]
    Names,
    /// What people see in HubSpot; the internal name goes behind a label that repeats.
    Labels,
}

/// How values that have a label are written: pipelines, stages, owners, options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Values {
    /// As they are stored.
    #[default]
    Ids,
    /// As people see them; a value without a label stays as it is.
    Labels,
    /// The label in a column of its own behind the stored value.
    Both,
}

/// What a cell of a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number of 64 bits: a record id.
    Id,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Bool,
    /// An instant in UTC with milliseconds.
    Instant,
    /// A calendar day.
    Day,
    /// Several texts.
    List,
}

/// Where the cells of a column come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The ticket's id.
    Id,
    /// A value of the ticket, by its place among those that are read.
    Value(usize),
    /// The label of such a value.
    Label(usize),
    /// Whether the ticket is archived.
    Archived,
    /// Ids of linked records.
    Links(ObjectType),
    /// A property of linked records, in the order of their ids.
    Linked(ObjectType, String),
}

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its header.
    pub header: String,
    /// Internal name of the property, or what stands for one.
    pub name: String,
    /// What people call it in HubSpot.
    pub label: String,
    /// Where its cells come from.
    pub source: Source,
    /// What they hold.
    pub kind: Kind,
    /// Labels of stored values; empty for what has none.
    pub labels: HashMap<String, String>,
}

/// What is wanted of other records: their ids, or one of their properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct With {
    /// Kind of the other records.
    pub object: ObjectType,
    /// A property of theirs; none for their ids.
    pub property: Option<String>,
}

/// What columns there are to be.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Properties by internal name, in order; each must be in the schema.
    pub properties: Vec<String>,
    /// What is wanted of other records.
    pub with: Vec<With>,
    /// Whether to tell live from archived.
    pub archived: bool,
    /// What headers are made of.
    pub headers: Headers,
    /// How values with labels are written.
    pub values: Values,
}

/// The properties to read: those that are wanted, each once, without the id, which
/// comes anyway.
pub fn properties(wanted: &[String]) -> Vec<String> {
    let mut properties: Vec<String> = Vec::new();
    for property in wanted {
        if property != ID_COLUMN && !properties.contains(property) {
            properties.push(property.clone());
        }
    }
    properties
}

/// The columns in order: the id, the properties as wanted, `archived`, and then what
/// other records bring.
pub fn columns(wanted: &Wanted, schema: &Schema) -> Vec<Column> {
    let mut columns = vec![Column::plain(ID_COLUMN, "Record ID", Source::Id, Kind::Id)];
    for (place, name) in properties(&wanted.properties).iter().enumerate() {
        if let Some(property) = schema.tickets.get(name) {
            columns.extend(of_property(property, place, wanted.values, schema));
        }
    }
    if wanted.archived {
        let source = Source::Archived;
        columns.push(Column::plain(
            ARCHIVED_COLUMN,
            "Archived",
            source,
            Kind::Bool,
        ));
    }
    columns.extend(wanted.with.iter().map(of_others));
    if wanted.headers == Headers::Labels {
        label_headers(&mut columns);
    }
    columns
}

impl Column {
    /// A column without labels, its header the name.
    pub fn plain(name: &str, label: &str, source: Source, kind: Kind) -> Column {
        Column {
            header: name.to_owned(),
            name: name.to_owned(),
            label: label.to_owned(),
            source,
            kind,
            labels: HashMap::new(),
        }
    }
}

fn of_property(
    property: &PropertyDef,
    place: usize,
    values: Values,
    schema: &Schema,
) -> Vec<Column> {
    let labels = labels(property, schema);
    let (name, label) = (&property.name, &property.label);
    let kind = kind(property.value_type);
    let stored = Column::plain(name, label, Source::Value(place), kind);
    let labelled = |name: &str, label: &str| Column {
        labels: labels.clone(),
        ..Column::plain(name, label, Source::Label(place), kind)
    };
    match values {
        _ if labels.is_empty() => vec![stored],
        Values::Ids => vec![stored],
        Values::Labels => vec![labelled(name, label)],
        Values::Both => {
            let beside = labelled(&format!("{name}_label"), &format!("{label} (label)"));
            vec![stored, beside]
        }
    }
}

fn of_others(with: &With) -> Column {
    let others = with.object.plural();
    match &with.property {
        None => Column::plain(others, others, Source::Links(with.object), Kind::List),
        Some(property) => {
            let name = format!("{others}.{property}");
            let source = Source::Linked(with.object, property.clone());
            Column::plain(&name, &name, source, Kind::List)
        }
    }
}

fn kind(value_type: ValueType) -> Kind {
    match value_type {
        ValueType::Number => Kind::Number,
        ValueType::Bool => Kind::Bool,
        ValueType::Date => Kind::Day,
        ValueType::DateTime => Kind::Instant,
        ValueType::MultiEnumeration => Kind::List,
        ValueType::String
        | ValueType::Enumeration
        | ValueType::Owner
        | ValueType::Pipeline
        | ValueType::Stage => Kind::Text,
    }
}

/// What people see for the stored values of a property; nothing where it has no such
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

fn owner_label(owner: &crate::model::schema::Owner) -> String {
    let name = owner.full_name();
    match name.is_empty() {
        true => owner.email.clone(),
        false => name,
    }
}

fn label_headers(columns: &mut [Column]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for column in columns.iter() {
        *seen.entry(column.label.clone()).or_default() += 1;
    }
    for column in columns {
        column.header = match seen.get(&column.label) {
            Some(1) => column.label.clone(),
            _ => format!("{} ({})", column.label, column.name),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::{Owner, Pipeline, PropertyOption, Stage};

    fn schema() -> Schema {
        let property = |name: &str, label: &str, value_type| PropertyDef {
            name: name.to_owned(),
            label: label.to_owned(),
            value_type,
            options: match value_type {
                ValueType::MultiEnumeration => vec![PropertyOption {
                    label: "Big one".to_owned(),
                    value: "big".to_owned(),
                }],
                _ => Vec::new(),
            },
            external_options: false,
            read_only: false,
            unique: false,
        };
        let tickets = [
            property("subject", "Name", ValueType::String),
            property("name", "Name", ValueType::String),
            property("tags", "Tags", ValueType::MultiEnumeration),
            property("hubspot_owner_id", "Owner", ValueType::Owner),
            property("hs_pipeline_stage", "Status", ValueType::Stage),
        ];
        Schema {
            tickets: tickets.into_iter().map(|p| (p.name.clone(), p)).collect(),
            pipelines: vec![Pipeline {
                id: "0".to_owned(),
                label: "Support".to_owned(),
                stages: vec![Stage {
                    id: "1".to_owned(),
                    label: "New".to_owned(),
                    closed: false,
                }],
            }],
            owners: vec![Owner {
                id: "7".to_owned(),
                email: "a@b.example".to_owned(),
                first_name: String::new(),
                last_name: String::new(),
                archived: false,
            }],
            ..Schema::default()
        }
    }

    fn headers(wanted: &Wanted) -> Vec<String> {
        let columns = columns(wanted, &schema());
        columns.into_iter().map(|column| column.header).collect()
    }

    fn wanted(properties: &[&str]) -> Wanted {
        Wanted {
            properties: properties.iter().map(|name| (*name).to_owned()).collect(),
            ..Wanted::default()
        }
    }

    #[test]
    fn the_id_comes_first_and_nothing_twice() {
        let asked = wanted(&["subject", "hs_object_id", "subject"]);
        assert_eq!(headers(&asked), ["hs_object_id", "subject"]);
        assert_eq!(properties(&asked.properties), ["subject"]);
    }

    #[test]
    fn a_label_that_repeats_is_told_apart() {
        let asked = Wanted {
            headers: Headers::Labels,
            archived: true,
            ..wanted(&["subject", "name", "tags"])
        };
        let expected = [
            "Record ID",
            "Name (subject)",
            "Name (name)",
            "Tags",
            "Archived",
        ];
        assert_eq!(headers(&asked), expected);
    }

    #[test]
    fn labels_stand_for_values_or_beside_them() {
        let asked = Wanted {
            values: Values::Both,
            ..wanted(&["subject", "hs_pipeline_stage", "hubspot_owner_id"])
        };
        let expected = [
            "hs_object_id",
            "subject",
            "hs_pipeline_stage",
            "hs_pipeline_stage_label",
            "hubspot_owner_id",
            "hubspot_owner_id_label",
        ];
        assert_eq!(headers(&asked), expected);
        let columns = columns(&asked, &schema());
        assert_eq!(columns[3].labels["1"], "New");
        assert_eq!(columns[5].labels["7"], "a@b.example", "no name: the e-mail");
    }
}
