//! `[key]` against headers and schema.

use std::sync::Arc;

use crate::mapping::compile::document::Compiler;
use crate::mapping::entry::{Column, Feed};
use crate::mapping::errors::Problem;
use crate::mapping::key::Key;
use crate::mapping::syntax::{At, KeyOrigin, KeySpec, Origin};
use crate::mapping::template::column_uses;
use crate::model::schema::{ObjectType, ValueType};

impl Compiler<'_> {
    /// Compiles it; none when something was reported.
    pub(crate) fn key(&mut self, spec: &KeySpec) -> Option<Key> {
        let property = Arc::from(spec.property.value.as_str());
        let prefix = spec.prefix.clone();
        match &spec.origin {
            KeyOrigin::RecordId(origin) => {
                let feed = self.key_feed(origin, None);
                self.check_record_ids(spec)?;
                let feed = feed?;
                Some(Key::RecordId { property, feed })
            }
            KeyOrigin::RowHash => {
                self.check_key_property(spec)?;
                let cells = self.headers.source_len();
                Some(Key::RowHash {
                    property,
                    prefix,
                    cells,
                })
            }
            KeyOrigin::Text(origin, nth) => {
                let feed = self.key_feed(origin, nth.as_ref());
                self.check_key_property(spec)?;
                let feed = feed?;
                Some(Key::Text {
                    property,
                    columns: self.columns_of(origin, &feed),
                    feed,
                    prefix,
                    as_written: spec.as_written,
                })
            }
        }
    }

    fn key_feed(&mut self, origin: &Origin, nth: Option<&At<usize>>) -> Option<Feed> {
        match origin {
            Origin::Column(aliases) => {
                let column = self.single_column(aliases, nth)?;
                Some(Feed::Columns(vec![column]))
            }
            Origin::Template(_) | Origin::Value(_) => self.feed(origin, false, nth),
        }
    }

    /// The columns that make up a key.
    fn columns_of(&self, origin: &Origin, feed: &Feed) -> Vec<Column> {
        match (feed, origin) {
            (Feed::Columns(columns), _) => columns.clone(),
            (_, Origin::Template(source)) => {
                let uses = column_uses(&source.value, false).into_iter();
                let found = uses.filter_map(|found| {
                    let idx = *self.headers.positions(&found.name).first()?;
                    Some(Column {
                        idx,
                        header: Arc::from(self.headers.name(idx)),
                        zone: None,
                    })
                });
                found.collect()
            }
            (_, Origin::Column(_) | Origin::Value(_)) => Vec::new(),
        }
    }

    /// Protocol K1: the key is a text property with unique values.
    fn check_key_property(&self, spec: &KeySpec) -> Option<()> {
        let name = &spec.property.value;
        let definition = self.definition(&spec.property, ObjectType::Tickets)?;
        let fault = match (definition.value_type, definition.unique) {
            (ValueType::String, true) => return Some(()),
            (ValueType::String, false) => format!("the values of `{name}` are not unique"),
            _ => format!("`{name}` is not a text property"),
        };
        self.problems.report(
            Problem::new(
                &spec.property.span,
                format!("KEY_NOT_UNIQUE: {fault}, so it can't be the key"),
            )
            .help(
                "a key is a text property with unique values; HubSpot sets that only when a \
                 property is created, so choose another name",
            ),
        );
        None
    }

    fn check_record_ids(&self, spec: &KeySpec) -> Option<()> {
        if !self.purpose.creates() {
            return Some(());
        }
        self.problems.report(
            Problem::new(
                &spec.property.span,
                format!(
                    "rows that name tickets by `record_id` can't be used to {}",
                    self.purpose.word()
                ),
            )
            .help(
                "`record_id` is for update and archive; otherwise name a `property` and a `column`",
            ),
        );
        None
    }
}
