//! The two forms in which `get` shows a ticket: aligned lines with labels for people,
//! and one JSON object with stored values for programs.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::export::labels::labels;
use crate::hubspot::records::FormerValue;
use crate::hubspot::{Account, LinkedRecord, Record};
use crate::model::schema::{ObjectType, Schema};
use crate::model::visible::one_line;

/// What is shown of a ticket, in order.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// Properties by internal name.
    pub properties: &'a [&'a str],
    /// Kinds of linked records.
    pub associations: &'a [ObjectType],
    /// Properties whose former values are shown.
    pub history: &'a [&'a str],
}

/// Shows tickets of one portal.
pub struct TicketOutput<'a> {
    account: &'a Account,
    shown: Shown<'a>,
    /// Labels of stored values by property.
    labels: HashMap<&'a str, HashMap<String, String>>,
}

impl<'a> TicketOutput<'a> {
    /// A form for tickets of this portal.
    pub fn new(schema: &Schema, account: &'a Account, shown: &Shown<'a>) -> TicketOutput<'a> {
        let names = shown.properties.iter().chain(shown.history);
        let labels = names.filter_map(|name| {
            let property = schema.tickets.get(*name)?;
            Some((*name, labels(property, schema)))
        });
        TicketOutput {
            account,
            shown: *shown,
            labels: labels.collect(),
        }
    }

    /// A heading and a line for each value; a text of several lines is indented to its
    /// column.
    pub fn text(&self, record: &Record, links: &Links) -> String {
        let archived = if record.archived {
            " (in the recycle bin)"
        } else {
            ""
        };
        let mut text = format!(
            "ticket {}{archived}  {}\n",
            one_line(&record.id),
            one_line(&self.account.ticket_url(&record.id))
        );
        let lines = self.lines(record, links);
        let width = lines.iter().map(|(name, _)| name.chars().count()).max();
        let width = width.unwrap_or_default();
        for (name, value) in &lines {
            let mut values = value.lines();
            let first = values.next().unwrap_or_default();
            text.push_str(format!("  {name:width$}  {first}").trim_end());
            for line in values {
                text.push('\n');
                text.push_str(format!("  {:width$}  {line}", "").trim_end());
            }
            text.push('\n');
        }
        text
    }

    fn lines(&self, record: &Record, links: &Links) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        for name in self.shown.properties {
            if let Some(value) = record.get(name) {
                lines.push(((*name).to_owned(), self.labelled(name, value)));
            }
        }
        for object in self.shown.associations {
            let others = links_of(links, record, *object).iter().map(other_words);
            let others: Vec<String> = others.collect();
            if !others.is_empty() {
                lines.push((object.plural().into_owned(), others.join("\n")));
            }
        }
        for name in self.shown.history {
            let former = record.history.get(*name).into_iter().flatten();
            let former: Vec<String> = former.map(|value| self.former(name, value)).collect();
            if !former.is_empty() {
                lines.push((format!("{name} was"), former.join("\n")));
            }
        }
        lines
    }

    /// A value with the labels of its parts, as far as they have one.
    fn labelled(&self, property: &str, value: &str) -> String {
        let Some(labels) = self
            .labels
            .get(property)
            .filter(|labels| !labels.is_empty())
        else {
            return value.to_owned();
        };
        let part = |part: &str| match labels.get(part) {
            Some(label) if label != part => format!("{label} ({part})"),
            _ => part.to_owned(),
        };
        let parts: Vec<String> = value.split(';').map(part).collect();
        parts.join("; ")
    }

    fn former(&self, property: &str, former: &FormerValue) -> String {
        let value = match former.value.as_str() {
            "" => "(empty)".to_owned(),
            value => self.labelled(property, value),
        };
        format!("{}  {value}  {}", former.at, former.source)
    }

    /// Everything as stored, and the labels of links.
    pub fn json(&self, record: &Record, links: &Links) -> Value {
        let properties = self.shown.properties.iter();
        let set =
            properties.filter_map(|name| Some(((*name).to_owned(), record.get(name)?.into())));
        let mut json = json!({
            "id": record.id,
            "archived": record.archived,
            "url": self.account.ticket_url(&record.id),
            "properties": set.collect::<Map<String, Value>>(),
        });
        if !self.shown.associations.is_empty() {
            let objects = self.shown.associations.iter();
            let others = objects.map(|object| {
                let others = links_of(links, record, *object).iter().map(other_json);
                (object.plural().into_owned(), others.collect())
            });
            json["associations"] = others.collect::<Map<String, Value>>().into();
        }
        if !self.shown.history.is_empty() {
            let former = record.history.iter().map(|(name, values)| {
                let values = values.iter().map(former_json);
                (name.clone(), values.collect())
            });
            json["history"] = former.collect::<Map<String, Value>>().into();
        }
        json
    }
}

fn links_of<'l>(links: &'l Links, record: &Record, object: ObjectType) -> &'l [LinkedRecord] {
    let key = (record.id.clone(), object);
    links.get(&key).map_or(&[], Vec::as_slice)
}

fn labels_of(other: &LinkedRecord) -> Vec<&str> {
    let types = other.types.iter();
    types.filter_map(|kind| kind.label.as_deref()).collect()
}

fn other_words(other: &LinkedRecord) -> String {
    match labels_of(other).as_slice() {
        [] => other.id.clone(),
        labels => format!("{} ({})", other.id, labels.join(", ")),
    }
}

fn other_json(other: &LinkedRecord) -> Value {
    json!({"id": other.id, "labels": labels_of(other)})
}

fn former_json(former: &FormerValue) -> Value {
    json!({"value": former.value, "at": former.at, "source": former.source})
}

/// Other records by ticket and kind.
pub type Links = HashMap<(String, ObjectType), Vec<LinkedRecord>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::LinkType;

    #[test]
    fn a_ticket_is_shown_in_columns_with_labels_and_indented_lines() {
        let mut schema = Schema::default();
        let stage = crate::model::schema::PropertyDef {
            name: "tags".to_owned(),
            label: "Tags".to_owned(),
            value_type: crate::model::schema::ValueType::MultiEnumeration,
            options: vec![crate::model::schema::PropertyOption {
                label: "Big one".to_owned(),
                value: "big".to_owned(),
            }],
            external_options: false,
            read_only: false,
            unique: false,
        };
        let _new = schema.tickets.insert("tags".to_owned(), stage);
        let account = Account {
            portal_id: 7,
            account_type: "STANDARD".to_owned(),
            time_zone: "UTC".to_owned(),
            ui_domain: "app.hubspot.com".to_owned(),
        };
        let former = FormerValue {
            value: String::new(),
            at: "2026-01-01T00:00:00Z".to_owned(),
            source: "CRM_UI".to_owned(),
            source_id: String::new(),
            user: None,
        };
        let record = Record {
            id: "12".to_owned(),
            properties: [("content", "one\n\ntwo"), ("tags", "big;odd")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            history: [("tags".to_owned(), vec![former])].into(),
            ..Record::default()
        };
        let other = LinkedRecord {
            id: "201".to_owned(),
            types: vec![LinkType {
                category: "USER_DEFINED".to_owned(),
                id: 36,
                label: Some("Requester".to_owned()),
            }],
        };
        let links = Links::from([(("12".to_owned(), ObjectType::Contacts), vec![other])]);
        let shown = Shown {
            properties: &["content", "tags", "subject"],
            associations: &[ObjectType::Contacts, ObjectType::Deals],
            history: &["tags"],
        };
        let face = TicketOutput::new(&schema, &account, &shown);
        let expected = "\
ticket 12  https://app.hubspot.com/contacts/7/record/0-5/12
  content   one

            two
  tags      Big one (big); odd
  contacts  201 (Requester)
  tags was  2026-01-01T00:00:00Z  (empty)  CRM_UI
";
        assert_eq!(face.text(&record, &links), expected);
        let json = face.json(&record, &links);
        assert_eq!(
            json["properties"],
            json!({"content": "one\n\ntwo", "tags": "big;odd"})
        );
        let linked = json!({"contacts": [{"id": "201", "labels": ["Requester"]}], "deals": []});
        assert_eq!(json["associations"], linked);
        assert_eq!(json["history"]["tags"][0]["source"], "CRM_UI");
    }
}
