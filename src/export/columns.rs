//! What an export requests (properties, linked records, kinds of headers and values) and what a
//! column is. `layout` turns that into the columns of the main file, `tables` into those of other
//! tables. Pure.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::mapping::{Backwards, WayBack};
use crate::model::schema::{ObjectType, PropertyDef, PropertyOption, ValueType};

/// The first column of every export.
pub const ID_COLUMN: &str = "hs_object_id";

/// The column that distinguishes live tickets from those in the recycle bin, if both are exported.
pub const ARCHIVED_COLUMN: &str = "archived";

/// Whether tickets in the recycle bin are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Archived {
    /// They are left out.
    #[default]
    No,
    /// They are included, with a column that says so.
    Include,
    /// Only they are exported.
    Only,
}

/// What headers are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Headers {
    /// Internal names.
    #[default]
    Names,
    /// Labels as in HubSpot; the internal name is added to a repeated label.
    Labels,
    /// Internal names that SQL accepts without quotes.
    Snake,
}

/// How values that have a label are written: pipelines, stages, owners, options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Values {
    /// As they are stored.
    #[default]
    Ids,
    /// As people see them; a value without a label stays as it is.
    Labels,
    /// The label in a separate column after the stored value.
    Both,
}

/// How times are written; by default as HubSpot gives them.
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
    /// A whole number of 64 bits: the record id of the row, which is never empty.
    Id,
    /// The id of another record or of a user, a whole number of 64 bits.
    OtherId,
    /// A whole number of 64 bits.
    Count,
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
    /// Ids of several records, whole numbers of 64 bits.
    Ids,
}

impl Kind {
    /// Its name in files.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Id | Kind::OtherId => "id",
            Kind::Count => "integer",
            Kind::Number => "number",
            Kind::Bool => "bool",
            Kind::Instant => "datetime",
            Kind::Day => "date",
            Kind::List => "list",
            Kind::Ids => "ids",
        }
    }
}

/// How a value is written.
#[derive(Clone, Debug)]
pub enum Wording {
    /// As it is stored.
    Stored,
    /// As its label; unchanged without one.
    Labels(HashMap<String, String>),
    /// As a time in this zone and format.
    Moment(Dates),
    /// In the form that a mapping reads.
    Mapped(WayBack),
    /// The text of a value that is HTML.
    Text,
    /// The addresses under a name in the headers of an e-mail; another value stays.
    Addresses(&'static str),
}

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its header.
    pub header: String,
    /// Internal name of the property, or of the column that takes its place.
    pub name: String,
    /// What people call it in HubSpot.
    pub label: String,
    /// What its cells hold.
    pub kind: Kind,
    /// How they are written.
    pub wording: Wording,
    /// The property's possible values, if it is one of a list.
    pub options: Vec<PropertyOption>,
    /// The unit of its numbers, if known: `milliseconds`.
    pub unit: Option<&'static str>,
    /// Whether HubSpot alone sets its values: these include calculated ones, which can change
    /// without updating the ticket's modification date.
    pub set_by_hubspot: bool,
    /// Whether the portal no longer has the property.
    pub dropped: bool,
    /// Whether it is about the record or the run itself: a property may have the same name.
    pub of_record: bool,
}

/// What is wanted of other records.
#[derive(Clone, Debug)]
pub struct With {
    /// Kind of the other records.
    pub object: ObjectType,
    /// Its name as given: the plural, or the name of a custom object.
    pub name: String,
    /// What is wanted of them.
    pub what: What,
}

/// What is wanted of a linked record.
#[derive(Clone, Debug)]
pub enum What {
    /// Its id; for an activity, a row in a table.
    Ids,
    /// One of its properties.
    Property(PropertyDef),
    /// A column that is made of the first of these properties that has a value.
    Made(Column, Vec<&'static str>),
}

/// Other records of one kind, and which properties are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Others {
    /// Their kind.
    pub object: ObjectType,
    /// What columns and files call it.
    pub name: String,
    /// Internal names.
    pub properties: Vec<String>,
}

/// The wanted columns.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Properties by internal name, in order; each must be in the schema.
    pub properties: Vec<String>,
    /// The mapping that says how they are written; none if `headers`, `values` and
    /// `dates` do.
    pub backwards: Option<Backwards>,
    /// Properties whose former values go into a separate table.
    pub history: Vec<String>,
    /// Properties that the portal does not have, whose columns stay empty.
    pub absent: Vec<(ObjectType, String)>,
    /// What is wanted of other records.
    pub with: Vec<With>,
    /// Whether all of that goes into separate tables instead of columns.
    pub link_tables: bool,
    /// Whether a ticket is written as one object that also holds what would otherwise be tables.
    pub as_cases: bool,
    /// Whether the files of activities are listed.
    pub attachments: bool,
    /// Whether tickets in the recycle bin are included: then columns say which are archived, and
    /// since when.
    pub archived: Archived,
    /// Whether the times of the record itself are columns.
    pub record_times: bool,
    /// Whether columns without any value are left out.
    pub skip_empty: bool,
    /// What headers are made of.
    pub headers: Headers,
    /// How values with labels are written.
    pub values: Values,
    /// How times are written.
    pub dates: Dates,
}

impl Wanted {
    /// The properties to read: those that are wanted, each once, without the id, which is always
    /// returned.
    pub fn properties(&self) -> Vec<String> {
        let mut properties: Vec<String> = Vec::new();
        for property in &self.properties {
            if property != ID_COLUMN && !properties.contains(property) {
                properties.push(property.clone());
            }
        }
        properties
    }

    /// Whether the portal lacks a requested property.
    pub fn is_absent(&self, object: ObjectType, name: &str) -> bool {
        let mut absent = self.absent.iter();
        absent.any(|(of, absent)| *of == object && absent == name)
    }

    /// Headers of tables: names regardless of the main file's headers, in the form that needs no
    /// quotes if that was requested.
    pub fn table_headers(&self) -> Headers {
        match self.headers {
            Headers::Snake => Headers::Snake,
            Headers::Names | Headers::Labels => Headers::Names,
        }
    }

    /// Whether records of a kind get their own table rather than columns in the main file:
    /// activities do if the kind itself is wanted.
    pub fn has_table(&self, object: ObjectType) -> bool {
        let as_such = |with: &With| with.object == object && matches!(with.what, What::Ids);
        self.link_tables || self.as_cases || (object.is_activity() && self.with.iter().any(as_such))
    }

    /// The other records to read, each kind once.
    pub fn others(&self) -> Vec<Others> {
        let mut objects: BTreeMap<ObjectType, Others> = BTreeMap::new();
        for with in &self.with {
            let others = objects.entry(with.object).or_insert_with(|| Others {
                object: with.object,
                name: with.name.clone(),
                properties: Vec::new(),
            });
            for name in with.what.properties() {
                if !others.properties.iter().any(|known| known == name) {
                    others.properties.push(name.to_owned());
                }
            }
        }
        objects.into_values().collect()
    }
}

impl What {
    /// The properties that are read for it.
    pub fn properties(&self) -> Vec<&str> {
        match self {
            What::Ids => Vec::new(),
            What::Property(property) => vec![&property.name],
            What::Made(_, of) => of.clone(),
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
            unit: None,
            set_by_hubspot: false,
            dropped: false,
            of_record: false,
        }
    }

    /// A column about the record or the run itself.
    pub fn of_record(name: &str, label: &str, kind: Kind) -> Column {
        Column {
            of_record: true,
            ..Column::plain(name, label, kind)
        }
    }

    /// The ticket's id.
    pub fn id() -> Column {
        Column::plain(ID_COLUMN, "Record ID", Kind::Id)
    }

    /// A property by its stored values.
    pub fn stored(property: &PropertyDef, dates: &Dates) -> Column {
        let kind = kind_of(property);
        Column {
            wording: match kind {
                Kind::Instant | Kind::Day => Wording::Moment(dates.clone()),
                _ => Wording::Stored,
            },
            options: property.options.clone(),
            unit: unit_of(property),
            set_by_hubspot: property.read_only,
            ..Column::plain(&property.name, &property.label, kind)
        }
    }
}

/// Prefixes of HubSpot's own counting properties; custom properties may not use these prefixes.
const COUNTS: [&str; 3] = ["hs_num_", "num_associated_", "num_contacted_"];

/// HubSpot's own properties that hold a time span.
const SPANS: [&str; 4] = ["time_to_", "hs_time_to_", "hs_time_in_", "hs_v2_time_in_"];

/// What the cells of a property hold.
pub fn kind_of(property: &PropertyDef) -> Kind {
    let name = property.name.as_str();
    match property.value_type {
        ValueType::Number if is_id(name) => Kind::OtherId,
        ValueType::Number if name == "num_notes" || begins(name, &COUNTS) => Kind::Count,
        ValueType::Number => Kind::Number,
        ValueType::Bool => Kind::Bool,
        ValueType::Date => Kind::Day,
        ValueType::DateTime => Kind::Instant,
        ValueType::MultiEnumeration if name.starts_with("hs_") && name.ends_with("_ids") => {
            Kind::Ids
        }
        ValueType::MultiEnumeration => Kind::List,
        ValueType::Owner => Kind::OtherId,
        ValueType::String | ValueType::Enumeration | ValueType::Pipeline | ValueType::Stage => {
            Kind::Text
        }
    }
}

/// HubSpot keeps `hs_` for itself, so a custom number that ends in `_id` stays a number.
fn is_id(name: &str) -> bool {
    name == "created_by" || (name.starts_with("hs_") && name.ends_with("_id"))
}

fn begins(name: &str, with: &[&str]) -> bool {
    with.iter().any(|start| name.starts_with(start))
}

/// The unit of its numbers, if known.
pub fn unit_of(property: &PropertyDef) -> Option<&'static str> {
    let is_span = property.value_type == ValueType::Number && begins(&property.name, &SPANS);
    is_span.then_some("milliseconds")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::property;

    #[test]
    fn ids_and_counts_are_whole_numbers_and_spans_have_a_unit() {
        let cases = [
            (
                "hs_primary_company_id",
                ValueType::Number,
                Kind::OtherId,
                None,
            ),
            ("created_by", ValueType::Number, Kind::OtherId, None),
            ("hubspot_owner_id", ValueType::Owner, Kind::OtherId, None),
            (
                "hs_num_times_contacted",
                ValueType::Number,
                Kind::Count,
                None,
            ),
            ("num_notes", ValueType::Number, Kind::Count, None),
            ("order_id", ValueType::Number, Kind::Number, None),
            (
                "hs_merged_object_ids",
                ValueType::MultiEnumeration,
                Kind::Ids,
                None,
            ),
            ("order_ids", ValueType::MultiEnumeration, Kind::List, None),
            (
                "time_to_close",
                ValueType::Number,
                Kind::Number,
                Some("milliseconds"),
            ),
            (
                "hs_time_to_close_sla_at",
                ValueType::DateTime,
                Kind::Instant,
                None,
            ),
        ];
        for (name, value_type, expected, unit) in cases {
            let property = PropertyDef {
                read_only: true,
                ..property(name, value_type)
            };
            let column = Column::stored(&property, &Dates::default());
            assert_eq!((column.kind, column.unit), (expected, unit), "{name}");
        }
    }
}
