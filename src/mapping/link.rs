//! Compiled `[[associate]]`: from a row to the links that it asks for.

use std::borrow::Cow;
use std::sync::Arc;

use crate::mapping::convert::email;
use crate::mapping::entry::{Column, Entry, parts};
use crate::mapping::key::{doubled_prefix, record_id, with_prefix};
use crate::mapping::look_up::LookUp;
use crate::mapping::notes::{Element, Field, Place};
use crate::mapping::rewritten::is_rewritten;
use crate::mapping::row_context::{Findings, RowContext};
use crate::model::invisible::trim_invisible;
use crate::model::issue::{Problem, Reason, excerpt};
use crate::model::json::items;
use crate::model::key::fold;
use crate::model::link_by::LinkBy;
use crate::model::schema::ObjectType;
use crate::model::ticket::{LinkDraft, Missing, PlacedRemark, PropertyValues, Remark};

/// Links that every row with a value in one of the columns asks for.
#[derive(Debug)]
pub(crate) struct Link {
    /// Kind of the other record.
    pub(crate) to: ObjectType,
    /// What a value is.
    pub(crate) by: LinkBy,
    /// How a value is checked and written.
    pub(crate) form: LinkForm,
    /// Where values come from.
    pub(crate) columns: Vec<Column>,
    /// Separators of a cell that names several records.
    pub(crate) split: Vec<String>,
    /// The field of each object of a JSON list.
    pub(crate) path: Option<String>,
    /// A file that turns texts into values.
    pub(crate) lookup: Option<LookUp>,
    /// Label of the association.
    pub(crate) label: Option<Arc<str>>,
    /// For records that the portal lacks.
    pub(crate) missing: Missing,
    /// For a record that is created.
    pub(crate) properties: Vec<Entry>,
}

/// What a link of a mapping needs from a portal, whatever the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MappedLink<'a> {
    /// Kind of the other record.
    pub to: ObjectType,
    /// How it is identified.
    pub by: &'a LinkBy,
    /// Label of the association.
    pub label: Option<&'a Arc<str>>,
    /// For records that the portal lacks.
    pub missing: Missing,
}

/// How the value of a link is checked and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkForm {
    /// The id of a record.
    Id,
    /// The key of a ticket.
    Key {
        /// With this prefix.
        prefix: String,
        /// The cells are ids even if they look like rewritten numbers.
        as_written: bool,
    },
    /// An e-mail address.
    Email,
    /// A name in which case does not matter, such as a domain.
    Folded,
    /// Any text.
    Text,
}

impl Link {
    /// Adds the links of a row; none if its cells are empty.
    pub(crate) fn draft(
        &self,
        scope: &RowContext<'_>,
        findings: &mut Findings,
        drafts: &mut Vec<LinkDraft>,
    ) {
        for column in &self.columns {
            let cell = scope.filled(column.idx).unwrap_or("");
            let Some(parts) = self.parts(cell) else {
                let problem = Problem::new(Reason::NoList).column(&*column.header);
                findings.problems.push(problem.value(cell));
                continue;
            };
            for part in parts {
                let part = trim_invisible(&part);
                if part.is_empty() {
                    continue;
                }
                match self.value(part) {
                    Ok(Some(value)) if self.is_among(drafts, &value) => {}
                    Ok(Some(value)) => drafts.push(self.to(value, column, scope, findings)),
                    Ok(None) => findings.remarks.push(self.left_out(part, column)),
                    Err(reason) => {
                        let problem = Problem::new(reason).column(&*column.header);
                        findings.problems.push(problem.value(part));
                    }
                }
            }
        }
    }

    /// What a cell says of each record; none if it should be a list and is not.
    fn parts<'c>(&self, cell: &'c str) -> Option<Vec<Cow<'c, str>>> {
        let Some(path) = self.path.as_ref().filter(|_| !cell.is_empty()) else {
            return Some(parts(cell, &self.split));
        };
        let field = Field {
            places: vec![Place::Name(path.clone())],
        };
        let objects = items(cell)?.into_iter().map(Element::of_object);
        let objects: Vec<Element<'_>> = objects.collect::<Option<_>>()?;
        let texts = objects.iter().filter_map(|object| field.text(object));
        Some(texts.map(|text| Cow::Owned(text.into_owned())).collect())
    }

    /// Whether the row asks for this link already; the same record twice is one link.
    fn is_among(&self, drafts: &[LinkDraft], value: &str) -> bool {
        drafts.iter().any(|draft| {
            (draft.to, &draft.by, &draft.label) == (self.to, &self.by, &self.label)
                && draft.value == value
        })
    }

    /// What a text means; none if the file lacks it and the mapping allows leaving the
    /// link out.
    fn value(&self, text: &str) -> Result<Option<String>, Reason> {
        let listed = self.lookup.as_ref().and_then(|lookup| lookup.get(text));
        match (self.form.written(listed.unwrap_or(text)), &self.lookup) {
            (Ok(value), _) => Ok(Some(value)),
            (Err(_), Some(_)) if listed.is_none() && self.missing == Missing::Skip => Ok(None),
            (Err(_), Some(lookup)) if listed.is_none() => Err(Reason::NotInFile {
                file: lookup.file().to_owned(),
                nearest: lookup.nearest(text),
            }),
            (Err(reason), _) => Err(reason),
        }
    }

    fn left_out(&self, part: &str, column: &Column) -> PlacedRemark {
        PlacedRemark {
            remark: Remark::LeftBlank,
            property: self.by.word().into(),
            column: Some(Arc::clone(&column.header)),
            value: excerpt(part).into(),
        }
    }

    fn to(
        &self,
        value: String,
        column: &Column,
        scope: &RowContext<'_>,
        findings: &mut Findings,
    ) -> LinkDraft {
        let mut properties = PropertyValues::new();
        if let (Missing::Create, LinkBy::Property(by)) = (self.missing, &self.by) {
            properties.push((Arc::clone(by), value.clone()));
            for entry in &self.properties {
                if let Some(value) = entry.value(scope, findings) {
                    properties.push((Arc::clone(&entry.name), value));
                }
            }
        }
        LinkDraft {
            to: self.to,
            by: self.by.clone(),
            value,
            label: self.label.clone(),
            column: Arc::clone(&column.header),
            missing: self.missing,
            properties,
        }
    }

    /// What the link needs from a portal.
    pub(crate) fn asks(&self) -> MappedLink<'_> {
        MappedLink {
            to: self.to,
            by: &self.by,
            label: self.label.as_ref(),
            missing: self.missing,
        }
    }
}

impl LinkForm {
    fn written(&self, text: &str) -> Result<String, Reason> {
        let plain: Cow<'_, str> = match self {
            LinkForm::Email => return email(text),
            LinkForm::Id => return record_id(text.to_owned()).map_err(|fault| fault.reason),
            LinkForm::Key { as_written, .. } if !as_written && is_rewritten(text) => {
                return Err(Reason::KeyRewritten { may_be: true });
            }
            LinkForm::Key { prefix, as_written } if !as_written && is_prefixed(text, prefix) => {
                let prefix = prefix.clone();
                return Err(Reason::KeyPrefixed { prefix });
            }
            LinkForm::Key { prefix, .. } => {
                return with_prefix(prefix, text).map_err(|fault| fault.reason);
            }
            LinkForm::Folded => fold(text),
            LinkForm::Text => Cow::Borrowed(text),
        };
        with_prefix("", &plain).map_err(|fault| fault.reason)
    }
}

/// Whether a text already holds a key.
fn is_prefixed(text: &str, prefix: &str) -> bool {
    doubled_prefix(text, &[prefix, text].concat()).is_some()
}
