//! What was requested of an export, in a stable form: which tickets, which columns, in which format
//! and parts. It is stored in the manifest, so that a different export does not overwrite it, and
//! in the run folder, so that a resume needs no command line. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::columns::{Archived, Headers, Values};
use super::filter;
use super::write::{Form, Packing, Shape};
use crate::model::issue::excerpt;
use crate::model::schema::{OWNER_PROPERTY, ObjectType};

/// What was requested of an export. A selection with keys unknown to this version is rejected: it
/// would select something else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// Every property that the portal has.
    pub all_properties: bool,
    /// Properties by internal name, in order.
    pub properties: Vec<String>,
    /// BLAKE3 of the mapping that is run backwards.
    pub mapping: Option<String>,
    /// Whether those in the recycle bin are exported.
    pub archived: Archived,
    /// The filter as it was written.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// Only the first ones.
    pub limit: Option<u64>,
    /// BLAKE3 of the ids that were chosen.
    pub ids_from: Option<String>,
    /// What is wanted of other records, as it was written.
    pub with: Vec<String>,
    /// Whether all of that goes into separate tables.
    #[serde(alias = "with_files")]
    pub link_tables: bool,
    /// Whether the files of activities are downloaded.
    pub attachments: bool,
    /// Properties whose former values go into a table.
    pub history: Vec<String>,
    /// What headers are made of.
    pub headers: Headers,
    /// How values with labels are written.
    pub values: Values,
    /// Zone of datetimes, by its IANA name.
    pub zone: Option<String>,
    /// strftime for instants.
    pub datetime_format: Option<String>,
    /// strftime for days.
    pub date_format: Option<String>,
    /// Whether formulas are escaped.
    pub escape_formulas: bool,
    /// The form of the files.
    pub format: Form,
    /// How they are compressed.
    pub compression: Packing,
    /// What the parts are made by, as it was written.
    pub partition_by: Option<String>,
    /// Whether the times of the record itself are columns.
    pub record_times: bool,
    /// Whether columns without any value are left out.
    pub skip_empty: bool,
    /// Only what changed since then, as it was written; not used for a data set that continues from
    /// its own state.
    pub since: Option<String>,
    /// Whether a data set keeps every version of a ticket.
    pub append: bool,
}

impl Selection {
    /// Whether owners are needed, which require their own scope: a filter names them, or they are
    /// shown by name.
    pub fn shows_owners(&self) -> bool {
        let parts = self.partition_by.as_deref().unwrap_or_default();
        let mut named = self.properties.iter().chain(&self.history);
        let is_shown = self.all_properties
            || parts.contains(OWNER_PROPERTY)
            || named.any(|name| name.trim() == OWNER_PROPERTY);
        let filter = self.filter.as_deref();
        let filter = filter.and_then(|text| filter::parse(text).ok());
        (is_shown && self.values != Values::Ids)
            || filter.is_some_and(|filter| filter.names(OWNER_PROPERTY))
    }

    /// Form and compression.
    pub fn shape(&self) -> Shape {
        Shape {
            form: self.format,
            packing: self.compression,
            escape_formulas: self.escape_formulas,
        }
    }

    /// How another export differs from this one, one option each, such as `--limit 10 instead of
    /// none`.
    pub fn differences(&self, now: &Selection) -> Vec<String> {
        let before = options(self);
        let differs = |(name, now): (String, Value)| {
            let before = before.get(&name).unwrap_or(&Value::Null);
            let option = name.replace('_', "-");
            (*before != now).then(|| match name.as_str() {
                "mapping" | "ids_from" => format!("another --{option}"),
                _ => format!("--{option} {} instead of {}", words(&now), words(before)),
            })
        };
        options(now).into_iter().filter_map(differs).collect()
    }

    /// The options that were given, each with its value; those at their default are left out.
    pub fn given(&self) -> Vec<(String, String)> {
        let usual = options(&Selection::default());
        let given = options(self).into_iter();
        let given = given.filter(|(name, value)| usual.get(name) != Some(value));
        given
            .map(|(name, value)| (format!("--{}", name.replace('_', "-")), words(&value)))
            .collect()
    }

    /// Names of the tables next to the data.
    pub fn tables(&self) -> Vec<String> {
        let mut names = Vec::new();
        if self.format == Form::Case {
            return names;
        }
        if !self.history.is_empty() {
            names.push(super::tables::HISTORY.to_owned());
        }
        if self.attachments {
            names.push(super::tables::FILES.to_owned());
        }
        for with in &self.with {
            let name = with.split('.').next().unwrap_or_default().trim();
            if self.has_table(name) && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// Whether records of a kind have a table: all kinds if link tables or parts were requested,
    /// otherwise only activities that are wanted as such.
    fn has_table(&self, name: &str) -> bool {
        let is_activity = ObjectType::named(name).is_some_and(ObjectType::is_activity);
        let as_such = || self.with.iter().any(|with| with.trim() == name);
        self.link_tables || self.partition_by.is_some() || (is_activity && as_such())
    }
}

fn options(selection: &Selection) -> Map<String, Value> {
    match serde_json::to_value(selection) {
        Ok(Value::Object(options)) => options,
        _ => Map::new(),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => excerpt(text),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => {
            let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            excerpt(&values.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(change: impl FnOnce(&mut Selection)) -> Selection {
        let mut selection = Selection {
            properties: vec!["subject".to_owned(), "content".to_owned()],
            ..Selection::default()
        };
        change(&mut selection);
        selection
    }

    #[test]
    fn differences_are_told_as_options() {
        let before = selection(|_| {});
        assert_eq!(before.differences(&before), [""; 0]);
        let now = selection(|now| {
            now.filter = Some("createdate >= 2024-01-01".to_owned());
            now.properties.truncate(1);
            now.mapping = Some("ab".to_owned());
            now.archived = Archived::Include;
            now.format = Form::Parquet;
        });
        let expected = [
            "--properties subject instead of subject,content",
            "another --mapping",
            "--archived include instead of no",
            "--where createdate >= 2024-01-01 instead of none",
            "--format parquet instead of csv",
        ];
        assert_eq!(before.differences(&now), expected);
        assert_eq!(now.differences(&before).len(), expected.len());
    }

    #[test]
    fn what_was_given_is_told() {
        let asked = selection(|now| {
            now.filter = Some("createdate >= 2024-01-01".to_owned());
            now.record_times = true;
        });
        let given = asked.given();
        let given: Vec<String> = given
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let expected = [
            "--properties subject,content",
            "--where createdate >= 2024-01-01",
            "--record-times yes",
        ];
        assert_eq!(given, expected);
    }

    #[test]
    fn a_selection_comes_back_and_one_with_more_words_does_not() {
        let before = selection(|now| now.limit = Some(5));
        let mut text = serde_json::to_value(&before).expect("JSON");
        let back: Selection = serde_json::from_value(text.clone()).expect("a selection");
        assert_eq!(back, before);
        text["until"] = "yesterday".into();
        assert!(serde_json::from_value::<Selection>(text).is_err());
    }

    #[test]
    fn tables_are_known_before_anything_is_read() {
        let asked = selection(|now| {
            now.history = vec!["hs_pipeline_stage".to_owned()];
            now.with = ["contacts.email", "contacts", "companies"]
                .map(str::to_owned)
                .into();
            now.link_tables = true;
        });
        assert_eq!(asked.tables(), ["history", "contacts", "companies"]);
        let asked = selection(|now| {
            now.with = [
                "contacts",
                "notes",
                "notes.hs_createdate",
                "calls.hs_call_body",
            ]
            .map(str::to_owned)
            .into();
        });
        assert_eq!(
            asked.tables(),
            ["notes"],
            "activities, unless they are columns"
        );
        let asked = Selection {
            format: Form::Case,
            ..asked
        };
        assert_eq!(asked.tables(), [""; 0], "all of it is in the case");
    }
}
