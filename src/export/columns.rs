//! The columns of an export: which property, under which header, of which kind, and
//! in which words its values are written. Pure. A mapping run backwards brings its own
//! columns; tables beside the main file are in `tables`.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;

use crate::mapping::{Backwards, WayBack};
use crate::model::schema::{ObjectType, PropertyDef, PropertyOption, Schema, ValueType};

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

/// How moments are written; as HubSpot gives them where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Dates {
    /// The zone of instants.
    pub zone: Option<TimeZone>,
    /// strftime for instants.
    pub instant_format: Option<String>,
    /// strftime for days.
    pub day_format: Option<String>,
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

/// In which words a value is written.
#[derive(Clone, Debug)]
pub enum Wording {
    /// As it is stored.
    Stored,
    /// By its label; what has none stays as it is.
    Labels(HashMap<String, String>),
    /// As a moment of these zones and formats.
    Moment(Dates),
    /// As a mapping reads it.
    Mapped(WayBack),
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
    /// What its cells hold.
    pub kind: Kind,
    /// How they are written.
    pub wording: Wording,
    /// What the property can be, where it is one of a list.
    pub options: Vec<PropertyOption>,
}

/// Where the cells of a column come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The ticket's id.
    Id,
    /// A value of the ticket, by its place among those that are read.
    Value(usize),
    /// Whether the ticket is archived.
    Archived,
    /// Ids of linked records, by the place of their kind among those that are wanted.
    Links(usize),
    /// A property of such records, by its place; in the order of their ids.
    Linked(usize, usize),
}

/// The columns of the main file, and where the cells of each come from.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// In order.
    pub columns: Vec<Column>,
    /// For each column.
    pub sources: Vec<Source>,
}

/// What is wanted of other records: their ids, or one of their properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct With {
    /// Kind of the other records.
    pub object: ObjectType,
    /// A property of theirs; none for their ids.
    pub property: Option<PropertyDef>,
}

/// Other records of one kind, and what is read of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Others {
    /// Their kind.
    pub object: ObjectType,
    /// Internal names.
    pub properties: Vec<String>,
}

/// What columns there are to be.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Properties by internal name, in order; each must be in the schema.
    pub properties: Vec<String>,
    /// The mapping that says how they are written; none where `headers`, `values` and
    /// `dates` do.
    pub backwards: Option<Backwards>,
    /// Properties whose former values go into a table of their own.
    pub history: Vec<String>,
    /// What is wanted of other records.
    pub with: Vec<With>,
    /// Whether that goes into tables of their own instead of columns.
    pub with_files: bool,
    /// Whether to tell live from archived.
    pub archived: bool,
    /// What headers are made of.
    pub headers: Headers,
    /// How values with labels are written.
    pub values: Values,
    /// How moments are written.
    pub dates: Dates,
}

impl Wanted {
    /// The properties to read: those that are wanted, each once, without the id, which
    /// comes anyway.
    pub fn properties(&self) -> Vec<String> {
        let mut properties: Vec<String> = Vec::new();
        for property in &self.properties {
            if property != ID_COLUMN && !properties.contains(property) {
                properties.push(property.clone());
            }
        }
        properties
    }

    /// The other records to read, each kind once.
    pub fn others(&self) -> Vec<Others> {
        let mut objects: BTreeMap<ObjectType, Vec<String>> = BTreeMap::new();
        for with in &self.with {
            let properties = objects.entry(with.object).or_default();
            let new = with.property.iter().map(|property| &property.name);
            for name in new {
                if !properties.contains(name) {
                    properties.push(name.clone());
                }
            }
        }
        let others = objects.into_iter();
        others
            .map(|(object, properties)| Others { object, properties })
            .collect()
    }

    /// The columns of the main file in order: the id, the properties as wanted,
    /// `archived`, and then what other records bring.
    pub fn layout(&self, schema: &Schema) -> Layout {
        let mut layout = Layout::default();
        match &self.backwards {
            Some(backwards) => layout.add_mapped(backwards),
            None => layout.add_properties(self, schema),
        }
        if self.archived {
            let column = Column::plain(ARCHIVED_COLUMN, "Archived", Kind::Bool);
            layout.add(Source::Archived, column);
        }
        if !self.with_files {
            layout.add_others(&self.with, &self.others());
        }
        if self.headers == Headers::Labels {
            label_headers(&mut layout.columns);
        }
        layout
    }
}

impl Layout {
    fn add(&mut self, source: Source, column: Column) {
        self.sources.push(source);
        self.columns.push(column);
    }

    fn add_properties(&mut self, wanted: &Wanted, schema: &Schema) {
        self.add(Source::Id, Column::id());
        for (place, name) in wanted.properties().iter().enumerate() {
            if let Some(property) = schema.tickets.get(name) {
                for column in of_property(property, wanted, schema) {
                    self.add(Source::Value(place), column);
                }
            }
        }
    }

    fn add_mapped(&mut self, backwards: &Backwards) {
        let header = backwards.id_header.clone();
        let id = Column::id();
        let header = header.unwrap_or_else(|| id.header.clone());
        self.add(Source::Id, Column { header, ..id });
        for (place, mapped) in backwards.columns.iter().enumerate() {
            let column = Column {
                header: mapped.header.clone(),
                wording: Wording::Mapped(mapped.way.clone()),
                ..Column::plain(&mapped.property, &mapped.property, Kind::Text)
            };
            self.add(Source::Value(place), column);
        }
    }

    fn add_others(&mut self, with: &[With], others: &[Others]) {
        for with in with {
            let mut places = others.iter().enumerate();
            let Some((place, others)) = places.find(|(_, others)| others.object == with.object)
            else {
                continue;
            };
            let object = with.object.plural();
            let property = with.property.as_ref().map(|property| &property.name);
            let (name, source) = match property {
                None => (object.to_owned(), Source::Links(place)),
                Some(name) => {
                    let of_record = others.properties.iter().position(|other| other == name);
                    let source = Source::Linked(place, of_record.unwrap_or_default());
                    (format!("{object}.{name}"), source)
                }
            };
            self.add(source, Column::plain(&name, &name, Kind::List));
        }
    }
}

impl Column {
    /// A column whose header is the name and whose values stay as they are.
    pub fn plain(name: &str, label: &str, kind: Kind) -> Column {
        Column {
            header: name.to_owned(),
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            wording: Wording::Stored,
            options: Vec::new(),
        }
    }

    /// The ticket's id.
    pub fn id() -> Column {
        Column::plain(ID_COLUMN, "Record ID", Kind::Id)
    }

    /// A property by its stored values.
    pub fn stored(property: &PropertyDef, dates: &Dates) -> Column {
        let kind = kind(property.value_type);
        Column {
            wording: match kind {
                Kind::Instant | Kind::Day => Wording::Moment(dates.clone()),
                _ => Wording::Stored,
            },
            options: property.options.clone(),
            ..Column::plain(&property.name, &property.label, kind)
        }
    }
}

fn of_property(property: &PropertyDef, wanted: &Wanted, schema: &Schema) -> Vec<Column> {
    let stored = Column::stored(property, &wanted.dates);
    let labels = labels(property, schema);
    let labelled = Column {
        wording: Wording::Labels(labels.clone()),
        ..stored.clone()
    };
    match wanted.values {
        _ if labels.is_empty() => vec![stored],
        Values::Ids => vec![stored],
        Values::Labels => vec![labelled],
        Values::Both => {
            let name = format!("{}_label", property.name);
            let label = format!("{} (label)", property.label);
            let beside = Column {
                header: name.clone(),
                name,
                label,
                ..labelled
            };
            vec![stored, beside]
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
        let columns = wanted.layout(&schema()).columns;
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
        assert_eq!(asked.properties(), ["subject"]);
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
        let columns = asked.layout(&schema()).columns;
        let label = |column: usize, value: &str| match &columns[column].wording {
            Wording::Labels(labels) => labels[value].clone(),
            other => panic!("no labels: {other:?}"),
        };
        assert_eq!(label(3, "1"), "New");
        assert_eq!(label(5, "7"), "a@b.example", "no name: the e-mail");
    }
}
