//! One compiled entry: from a row to the value of one property. Steps in order: trim,
//! empty or default, split, map, convert, join.

use std::borrow::Cow;
use std::sync::Arc;

use crate::mapping::convert::{Conversion, Converted};
use crate::mapping::scope::{Findings, Scope};
use crate::mapping::template::TemplateId;
use crate::mapping::value_map::{Fixed, Unmapped, ValueMap};
use crate::model::issue::{Problem, Reason};
use crate::model::schema::ValueType;
use crate::model::ticket::Remark;

/// A column of the input, found.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its position in every record.
    pub(crate) idx: usize,
    /// Its name as the file writes it.
    pub(crate) header: Arc<str>,
}

/// Where the text of an entry comes from.
#[derive(Clone, Debug)]
pub(crate) enum Feed {
    /// A cell.
    Column(Column),
    /// A template, and the first column that it names.
    Template(TemplateId, Option<Arc<str>>),
    /// The same for every row.
    Constant(Fixed),
    /// An optional column that the file lacks: every cell is empty.
    Nothing,
}

/// A property and how its value is made.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Internal name of the property.
    pub(crate) name: Arc<str>,
    /// What the property holds.
    pub(crate) value_type: ValueType,
    /// Where the text comes from.
    pub(crate) feed: Feed,
    /// Whether blanks around the text go.
    pub(crate) trim: bool,
    /// Separators of a text that holds several values; empty = it holds one.
    pub(crate) split: Vec<String>,
    /// Value map.
    pub(crate) map: Option<ValueMap>,
    /// How a text becomes a value.
    pub(crate) conversion: Conversion,
    /// For empty cells.
    pub(crate) default: Option<Fixed>,
    /// Whether a row without a value is refused.
    pub(crate) required: bool,
}

impl Feed {
    /// The column to look at when something is wrong with the value.
    pub(crate) fn header(&self) -> Option<&Arc<str>> {
        match self {
            Feed::Column(column) => Some(&column.header),
            Feed::Template(_, header) => header.as_ref(),
            Feed::Constant(_) | Feed::Nothing => None,
        }
    }

    /// A problem at the place that this feeds from.
    pub(crate) fn problem(&self, property: &str, reason: Reason, value: &str) -> Problem {
        let problem = Problem::new(reason).property(property).value(value);
        match self.header() {
            Some(header) => problem.column(&**header),
            None => problem,
        }
    }

    /// The text of a row; none where it is empty.
    pub(crate) fn text<'r>(&self, scope: &Scope<'r>) -> Result<Option<Cow<'r, str>>, Reason> {
        match self {
            Feed::Column(column) => {
                let cell = scope.cell(column.idx);
                Ok((!scope.is_empty(cell)).then_some(Cow::Borrowed(cell)))
            }
            Feed::Template(template, _) => {
                let text = scope.render(template)?;
                Ok((!text.trim().is_empty()).then_some(Cow::Owned(text)))
            }
            Feed::Constant(_) | Feed::Nothing => Ok(None),
        }
    }
}

impl Entry {
    /// The value of the property for a row; none = it is left out. What is wrong is
    /// added to the findings.
    pub(crate) fn value(&self, scope: &Scope<'_>, findings: &mut Findings) -> Option<String> {
        let before = findings.problems.len();
        let value = match self.feed.text(scope) {
            Ok(Some(text)) if self.split.is_empty() => {
                let text = if self.trim { text.trim() } else { &text };
                self.single(text, scope, findings)
            }
            Ok(Some(text)) => self.several(&text, scope, findings),
            Ok(None) => self.standing(scope, findings),
            Err(reason) => {
                findings
                    .problems
                    .push(self.feed.problem(&self.name, reason, ""));
                None
            }
        };
        if value.is_none() && self.required && findings.problems.len() == before {
            findings
                .problems
                .push(self.feed.problem(&self.name, Reason::MissingValue, ""));
        }
        value
    }

    /// The constant, or the default of an empty cell.
    fn standing(&self, scope: &Scope<'_>, findings: &mut Findings) -> Option<String> {
        let fixed = match &self.feed {
            Feed::Constant(fixed) => fixed,
            _ => self.default.as_ref()?,
        };
        let text = match fixed {
            Fixed::Stage(text) => text.as_str(),
            Fixed::Ready(_) => "",
        };
        self.settle(self.fixed(fixed, scope), text, findings)
    }

    fn single(&self, text: &str, scope: &Scope<'_>, findings: &mut Findings) -> Option<String> {
        self.settle(self.mapped(text, scope), text, findings)
    }

    /// Every part by itself, each value once, joined the way HubSpot writes several.
    fn several(&self, text: &str, scope: &Scope<'_>, findings: &mut Findings) -> Option<String> {
        let mut values: Vec<String> = Vec::new();
        for part in parts(text, &self.split) {
            let value = self.single(part, scope, findings);
            if let Some(value) = value.filter(|value| !values.contains(value)) {
                values.push(value);
            }
        }
        if values.is_empty() {
            return None;
        }
        let joined = values.join(";");
        match &self.conversion {
            // Each part may be short enough and the whole too long.
            Conversion::Text(rule) => self.settle(rule.convert(&joined), &joined, findings),
            _ => Some(joined),
        }
    }

    fn mapped(&self, text: &str, scope: &Scope<'_>) -> Result<Converted, Reason> {
        let Some(map) = &self.map else {
            return self.conversion.convert(text, scope.pipeline);
        };
        match (map.get(text), &map.unmapped) {
            (Some(fixed), _) => self.fixed(fixed, scope),
            (None, Unmapped::Refuse) => Err(map.refusal(text)),
            (None, Unmapped::Keep) => self.conversion.convert(text, scope.pipeline),
            (None, Unmapped::Blank) => Ok(Converted::left_blank()),
            (None, Unmapped::Fallback(fixed)) => Ok(Converted {
                remark: Some(Remark::FellBack),
                ..self.fixed(fixed, scope)?
            }),
        }
    }

    fn fixed(&self, fixed: &Fixed, scope: &Scope<'_>) -> Result<Converted, Reason> {
        match fixed {
            Fixed::Ready(value) => Ok(Converted {
                value: value.clone(),
                remark: None,
            }),
            Fixed::Stage(text) => self.conversion.convert(text, scope.pipeline),
        }
    }

    fn settle(
        &self,
        converted: Result<Converted, Reason>,
        text: &str,
        findings: &mut Findings,
    ) -> Option<String> {
        match converted {
            Ok(converted) => {
                findings.remarks.extend(converted.remark);
                converted.value
            }
            Err(reason) => {
                findings
                    .problems
                    .push(self.feed.problem(&self.name, reason, text));
                None
            }
        }
    }
}

/// The non-blank parts of a text, trimmed.
pub(crate) fn parts<'t>(text: &'t str, separators: &[String]) -> Vec<&'t str> {
    let whole = vec![text];
    let cut = separators.iter().fold(whole, |parts, separator| {
        parts
            .into_iter()
            .flat_map(|part| part.split(separator.as_str()))
            .collect()
    });
    cut.into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_at_every_separator() {
        let separators = [",".to_owned(), " ".to_owned()];
        assert_eq!(parts("a,b c , ,d", &separators), ["a", "b", "c", "d"]);
        assert!(parts(" , ", &separators).is_empty());
        assert_eq!(parts("a b", &[";".to_owned()]), ["a b"]);
    }
}
