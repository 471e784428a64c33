//! The columns of the main file: the order of properties, and where each column's cells
//! come from. Pure. A mapping run backwards has its own columns.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{
    ARCHIVED_COLUMN, Archived, Column, Headers, Kind, Values, Wanted, With, Wording,
};
use super::labels::{labels, owner_email};
use crate::mapping::Backwards;
use crate::model::schema::{ObjectType, PropertyDef, Schema};

/// Where the cells of a column come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The ticket's id.
    Id,
    /// A value of the ticket, by its position among those that are read.
    Value(usize),
    /// Whether the ticket is archived.
    Archived,
    /// A time of the record itself.
    Time(RecordTime),
    /// A text that is the same in all rows of an export, by its position among the stamps.
    Stamp(usize),
    /// Nothing: the portal no longer has the property.
    Nothing,
    /// Ids of linked records, by the position of their kind among those that are wanted.
    Links(usize),
    /// A property of such records, by kind and property position; values in the order of their ids.
    Linked(usize, usize),
}

/// A time of the record itself, which is not among its properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordTime {
    /// When it was created.
    Created,
    /// When it was last changed.
    Updated,
    /// When it went to the recycle bin.
    Archived,
}

/// The columns of the main file, and where the cells of each come from.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// In order.
    pub columns: Vec<Column>,
    /// For each column.
    pub sources: Vec<Source>,
    /// The texts that are the same in all rows.
    pub stamps: Vec<String>,
}

impl Layout {
    /// The columns in order: the id, the wanted properties, the columns about the record itself,
    /// and then those of other records.
    pub fn new(wanted: &Wanted, schema: &Schema) -> Layout {
        let mut layout = Layout::default();
        match &wanted.backwards {
            Some(backwards) => layout.add_mapped(backwards),
            None => layout.add_properties(wanted, schema),
        }
        layout.add_record(wanted);
        layout.add_others(wanted);
        name_headers(&mut layout.columns, wanted.headers);
        layout
    }

    /// The same without columns of empty properties: `holds` says for a property, by its position,
    /// whether it has a value anywhere.
    pub fn without_empty(self, holds: impl Fn(usize) -> bool) -> Layout {
        let columns = self.sources.into_iter().zip(self.columns);
        let kept = columns.filter(|(source, _)| match source {
            Source::Value(place) => holds(*place),
            _ => true,
        });
        let (sources, columns) = kept.unzip();
        Layout {
            columns,
            sources,
            stamps: self.stamps,
        }
    }

    /// Adds a column whose cells are all the same.
    pub fn add_stamp(&mut self, column: Column, text: &str) {
        self.add(Source::Stamp(self.stamps.len()), column);
        self.stamps.push(text.to_owned());
    }

    fn add(&mut self, source: Source, column: Column) {
        self.sources.push(source);
        self.columns.push(column);
    }

    fn add_properties(&mut self, wanted: &Wanted, schema: &Schema) {
        self.add(Source::Id, Column::id());
        for (place, name) in wanted.properties().iter().enumerate() {
            if let Some(property) = schema.tickets.get(name) {
                let email = wanted
                    .as_cases
                    .then(|| owner_email(property, &schema.owners));
                let columns = of_property(property, wanted, schema).into_iter();
                for column in columns.chain(email.flatten()) {
                    self.add(Source::Value(place), column);
                }
            }
        }
    }

    /// Adds the columns about the record itself.
    fn add_record(&mut self, wanted: &Wanted) {
        if wanted.archived == Archived::Include {
            let column = Column::of_record(ARCHIVED_COLUMN, "Archived", Kind::Bool);
            self.add(Source::Archived, column);
        }
        let with_bin = wanted.archived != Archived::No;
        for (time, name, label, is_wanted) in [
            (
                RecordTime::Created,
                "created_at",
                "Created at",
                wanted.record_times,
            ),
            (
                RecordTime::Updated,
                "updated_at",
                "Updated at",
                wanted.record_times,
            ),
            (RecordTime::Archived, "archived_at", "Archived at", with_bin),
        ] {
            if is_wanted {
                let column = Column {
                    wording: Wording::Moment(wanted.dates.clone()),
                    ..Column::of_record(name, label, Kind::Instant)
                };
                self.add(Source::Time(time), column);
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

    /// Adds columns for linked records that do not go into a separate table.
    fn add_others(&mut self, wanted: &Wanted) {
        let others = wanted.others();
        let beside = |with: &&With| !wanted.has_table(with.object);
        for with in wanted.with.iter().filter(beside) {
            let mut places = others.iter().enumerate();
            let Some((place, others)) = places.find(|(_, others)| others.object == with.object)
            else {
                continue;
            };
            let object = &others.name;
            let (name, source, kind) = match with.what.properties().first() {
                None => (object.clone(), Source::Links(place), Kind::Ids),
                Some(name) => {
                    let of_record = others.properties.iter().position(|other| other == name);
                    let source = Source::Linked(place, of_record.unwrap_or_default());
                    (format!("{object}.{name}"), source, Kind::List)
                }
            };
            self.add(source, Column::plain(&name, &name, kind));
        }
    }
}

fn of_property(property: &PropertyDef, wanted: &Wanted, schema: &Schema) -> Vec<Column> {
    let stored = Column {
        dropped: wanted.is_absent(ObjectType::Tickets, &property.name),
        ..Column::stored(property, &wanted.dates)
    };
    let labels = labels(property, schema);
    let labelled = Column {
        wording: Wording::Labels(labels.clone()),
        kind: match stored.kind {
            Kind::List | Kind::Ids => Kind::List,
            _ => Kind::Text,
        },
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

/// Gives columns their headers. If one would repeat, the later column's gets a number: no file
/// format accepts two columns of the same name. Columns about the record keep their header whatever
/// properties there are; only columns that a mapping reads take precedence over them.
pub fn name_headers(columns: &mut [Column], headers: Headers) {
    match headers {
        Headers::Names => {}
        Headers::Labels => label_headers(columns),
        Headers::Snake => columns
            .iter_mut()
            .for_each(|column| column.header = snake(&column.header)),
    }
    let is_mapped = |column: &Column| matches!(column.wording, Wording::Mapped(_));
    let mapped = columns.iter().any(is_mapped);
    let keeps = |column: &Column| column.of_record && !mapped;
    let kept = columns.iter().filter(|column| keeps(column));
    let mut taken: BTreeSet<String> = kept.map(|column| column.header.clone()).collect();
    for column in columns.iter_mut().filter(|column| !keeps(column)) {
        let (header, mut times) = (column.header.clone(), 1);
        while !taken.insert(column.header.clone()) {
            times += 1;
            column.header = format!("{header}_{times}");
        }
    }
}

/// Reserved words of SQL that are likely as property names.
const RESERVED: [&str; 12] = [
    "at", "case", "check", "column", "default", "end", "from", "group", "order", "select", "table",
    "user",
];

/// A name that SQL accepts without quotes.
fn snake(name: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '_',
    };
    let mut snake: String = name.chars().map(plain).collect();
    if snake.starts_with(|c: char| c.is_ascii_digit()) {
        snake.insert(0, '_');
    }
    if RESERVED.contains(&snake.as_str()) {
        snake.push('_');
    }
    snake
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
    use crate::model::schema::ValueType;
    use crate::model::testing::{by_name, owner, pipeline, property, with_options};

    fn schema() -> Schema {
        let labelled = |name, label: &str, value_type| PropertyDef {
            label: label.to_owned(),
            ..property(name, value_type)
        };
        let tags = PropertyDef {
            label: "Tags".to_owned(),
            ..with_options("tags", ValueType::MultiEnumeration, &[("big", "Big one")])
        };
        Schema {
            tickets: by_name([
                labelled("subject", "Name", ValueType::String),
                labelled("name", "Name", ValueType::String),
                tags,
                labelled("hubspot_owner_id", "Owner", ValueType::Owner),
                labelled("hs_pipeline_stage", "Status", ValueType::Stage),
            ]),
            pipelines: vec![pipeline("0", "Support", &[("1", "New")])],
            owners: vec![owner("7", "a@b.example", "", "")],
            ..Schema::default()
        }
    }

    fn headers(wanted: &Wanted) -> Vec<String> {
        let columns = Layout::new(wanted, &schema()).columns;
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
            archived: Archived::Include,
            ..wanted(&["subject", "name", "tags"])
        };
        let expected = [
            "Record ID",
            "Name (subject)",
            "Name (name)",
            "Tags",
            "Archived",
            "Archived at",
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
        let columns = Layout::new(&asked, &schema()).columns;
        let label = |column: usize, value: &str| match &columns[column].wording {
            Wording::Labels(labels) => labels[value].clone(),
            other => panic!("no labels: {other:?}"),
        };
        assert_eq!(label(3, "1"), "New");
        assert_eq!(label(5, "7"), "a@b.example", "no name: the e-mail");
    }

    #[test]
    fn a_header_never_repeats_and_snake_needs_no_quotes() {
        let mut schema = schema();
        let own = schema.tickets["subject"].clone();
        for name in ["created_at", "order", "2nd.choice", "2nd-choice"] {
            let property = PropertyDef {
                name: name.to_owned(),
                ..own.clone()
            };
            let _new = schema.tickets.insert(name.to_owned(), property);
        }
        let asked = Wanted {
            record_times: true,
            headers: Headers::Snake,
            ..wanted(&["created_at", "order", "2nd.choice", "2nd-choice"])
        };
        let columns = Layout::new(&asked, &schema).columns;
        let headers: Vec<&str> = columns
            .iter()
            .map(|column| column.header.as_str())
            .collect();
        let expected = [
            "hs_object_id",
            "created_at_2",
            "order_",
            "_2nd_choice",
            "_2nd_choice_2",
            "created_at",
            "updated_at",
        ];
        assert_eq!(headers, expected);
    }
}
