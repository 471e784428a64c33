//! One compiled entry: from a row to the value of one property. Steps in order: trim,
//! replace, html, empty or default, split, map, convert, join.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use foldhash::quality::RandomState;
use jiff::tz::TimeZone;

use super::fallback::Fallback;
use super::unmatched::Unmatched;
use crate::mapping::convert::{
    Conversion, Converted, LONGEST, RowFacts, ZONES, is_zero_date, nearest_zone, plain_text,
    replaced,
};
use crate::mapping::row_context::{Findings, RowContext, trimmed};
use crate::mapping::syntax::Replacement;
use crate::mapping::template::TemplateId;
use crate::mapping::value_map::{Fixed, Unmapped, ValueMap};
use crate::model::issue::{Problem, Reason, excerpt};
use crate::model::json::scalars;
use crate::model::schema::ValueType;
use crate::model::ticket::{PlacedRemark, Remark};

/// A resolved column of the input.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its position in every record.
    pub(crate) idx: usize,
    /// Its name as the file writes it.
    pub(crate) header: Arc<str>,
    /// The zone in its name.
    pub(crate) zone: Option<TimeZone>,
}

/// Where the text of an entry comes from.
#[derive(Clone, Debug)]
pub(crate) enum Feed {
    /// Cells; never empty. Only a list has several.
    Columns(Vec<Column>),
    /// A template, and the first column that it names.
    Template(TemplateId, Option<Arc<str>>),
    /// The same for every row.
    Constant(Fixed),
    /// An optional column that the file lacks: every cell is empty.
    Nothing,
}

/// How a text with several values is split and joined.
#[derive(Clone, Debug)]
pub(crate) struct List {
    /// Separators inside a cell; empty = a cell is one value.
    pub(crate) split: Vec<String>,
    /// The separator of the values in the portal.
    pub(crate) join: String,
    /// Whether the file has several columns of one name, of which the mapping says nothing.
    pub(crate) is_unasked: bool,
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
    /// Whether the text is trimmed.
    pub(crate) trim: bool,
    /// What is replaced in it.
    pub(crate) replace: Vec<Replacement>,
    /// Whether it is HTML to be made plain.
    pub(crate) html: bool,
    /// Set when it holds several values.
    pub(crate) list: Option<List>,
    /// Value map.
    pub(crate) map: Option<ValueMap>,
    /// How a text becomes a value.
    pub(crate) conversion: Conversion,
    /// Column with the time zone of each row.
    pub(crate) zone: Option<Column>,
    /// For empty cells.
    pub(crate) default: Option<Fixed>,
    /// Whether a row without a value is refused.
    pub(crate) required: bool,
    /// Whether a row without a value clears the property.
    pub(crate) clears: bool,
    /// The property of `read_only.into`, for a portal that accepts values of this one
    /// and does not keep them.
    pub(crate) instead: Option<Fallback>,
}

impl Feed {
    /// The column to look at when something is wrong with the value.
    pub(crate) fn header(&self) -> Option<&Arc<str>> {
        match self {
            Feed::Columns(columns) => columns.first().map(|column| &column.header),
            Feed::Template(_, header) => header.as_ref(),
            Feed::Constant(_) | Feed::Nothing => None,
        }
    }

    /// A problem in the column that this takes its text from, if there is one.
    pub(crate) fn problem(&self, property: &str, reason: Reason, value: &str) -> Problem {
        let problem = Problem::new(reason).property(property).value(value);
        match self.header() {
            Some(header) => problem.column(&**header),
            None => problem,
        }
    }

    /// The text of a row, from the first column if there are several; none if it is
    /// empty.
    #[inline]
    pub(crate) fn text<'r>(&self, scope: &RowContext<'r>) -> Result<Option<Cow<'r, str>>, Reason> {
        match self {
            Feed::Columns(columns) => {
                let cell = columns.first().and_then(|column| scope.filled(column.idx));
                Ok(cell.map(Cow::Borrowed))
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
    /// The value of the property for a row; none = it is left out. Problems are added
    /// to the findings.
    pub(crate) fn value(&self, scope: &RowContext<'_>, findings: &mut Findings) -> Option<String> {
        let before = findings.problems.len();
        let value = match &self.list {
            Some(list) => self.several(list, scope, findings),
            None => self.single(scope, findings),
        };
        if value.is_some() || findings.problems.len() > before {
            return value;
        }
        if self.required {
            let missing = self.feed.problem(&self.name, Reason::MissingValue, "");
            findings.problems.push(missing);
        }
        (self.clears && !self.required).then(String::new)
    }

    fn single(&self, scope: &RowContext<'_>, findings: &mut Findings) -> Option<String> {
        let fed = match self.feed.text(scope) {
            Ok(fed) => fed,
            Err(reason) => return self.settle(Err(self.refusal(reason, "")), "", findings),
        };
        let fed = fed.as_deref();
        match fed.map_or(Ok(None), |text| self.cleaned(text, findings)) {
            Ok(Some(text)) if self.is_no_date(&text) => {
                findings.remarks.push(self.placed(Remark::ZeroDate, &text));
                self.standing(scope, findings)
            }
            Ok(Some(text)) => self.found(&text, scope, findings),
            Ok(None) => self.standing(scope, findings),
            Err(reason) => {
                let text = fed.unwrap_or_default();
                self.settle(Err(self.refusal(reason, text)), text, findings)
            }
        }
    }

    /// Whether the text stands for "no date", unless the mapping knows better.
    fn is_no_date(&self, text: &str) -> bool {
        matches!(self.conversion, Conversion::Date(_))
            && is_zero_date(text)
            && self.map.as_ref().is_none_or(|map| map.get(text).is_none())
    }

    /// Every value by itself, joined the way the portal writes several. Equal parts of
    /// a cell count once, as tags and options do; equal cells are kept.
    fn several(
        &self,
        list: &List,
        scope: &RowContext<'_>,
        findings: &mut Findings,
    ) -> Option<String> {
        let texts = match self.texts(scope, findings) {
            Ok(texts) if texts.is_empty() => return self.standing(scope, findings),
            Ok(texts) => texts,
            Err(reason) => return self.settle(Err(self.refusal(reason, "")), "", findings),
        };
        let is_kept = self.map.is_none() && matches!(self.conversion, Conversion::Text(_));
        let mut values: Vec<Cow<'_, str>> = Vec::new();
        let mut seen = HashSet::with_hasher(RandomState::default());
        for part in texts.iter().flat_map(|text| parts(text, &list.split)) {
            let value = match is_kept {
                true => Some(part),
                false => self.found(&part, scope, findings).map(Cow::Owned),
            };
            if let Some(value) = value
                && (list.split.is_empty() || seen.insert(value.clone()))
            {
                values.push(value);
            }
        }
        if values.is_empty() {
            return None;
        }
        let marks = list.join.len().saturating_mul(values.len());
        if marks.saturating_add(values.iter().map(|value| value.len()).sum()) > LONGEST {
            let reason = Reason::MadeTooLong { limit: LONGEST };
            return self.settle(Err(self.refusal(reason, &values[0])), "", findings);
        }
        let joined = values.join(&list.join);
        match &self.conversion {
            Conversion::Text(rule) => {
                let text = rule.convert(&joined);
                let text = text.map_err(|reason| self.refusal(reason, &joined));
                self.settle(text, &joined, findings)
            }
            _ => Some(joined),
        }
    }

    /// The texts of a list, a cell each.
    fn texts<'r>(
        &self,
        scope: &RowContext<'r>,
        findings: &mut Findings,
    ) -> Result<Vec<Cow<'r, str>>, Reason> {
        if let Feed::Columns(columns) = &self.feed {
            let cells = columns.iter().filter_map(|column| scope.filled(column.idx));
            return cells
                .filter_map(|cell| self.cleaned(cell, findings).transpose())
                .collect();
        }
        let Some(text) = self.feed.text(scope)? else {
            return Ok(Vec::new());
        };
        let text = self.cleaned(&text, findings)?;
        let text = text.map(|text| Cow::Owned(text.into_owned()));
        Ok(text.into_iter().collect())
    }

    /// The constant, or the default of an empty cell.
    fn standing(&self, scope: &RowContext<'_>, findings: &mut Findings) -> Option<String> {
        let fixed = match &self.feed {
            Feed::Constant(fixed) => fixed,
            _ => self.default.as_ref()?,
        };
        self.settle(self.fixed(fixed, scope), "", findings)
    }

    /// The text after the first steps; none if nothing of it is left.
    #[inline]
    fn cleaned<'t>(
        &self,
        text: &'t str,
        findings: &mut Findings,
    ) -> Result<Option<Cow<'t, str>>, Reason> {
        let mut text = Cow::Borrowed(if self.trim { trimmed(text) } else { text });
        for replacement in &self.replace {
            let made = replaced(&replacement.pattern, &replacement.text, &text)?;
            if let Cow::Owned(made) = made {
                text = Cow::Owned(made);
            }
        }
        if self.html {
            match plain_text(&text) {
                Some(Cow::Owned(plain)) => text = Cow::Owned(plain),
                Some(Cow::Borrowed(_)) => {}
                None => findings.remarks.push(self.placed(Remark::HtmlKept, &text)),
            }
        }
        // A text that was not changed is not blank, and is already trimmed.
        if matches!(text, Cow::Borrowed(_)) {
            return Ok(Some(text));
        }
        if self.trim && text.trim().len() < text.len() {
            text = Cow::Owned(text.trim().to_owned());
        }
        Ok((!text.trim().is_empty()).then_some(text))
    }

    /// The value of a text from the row; a text without a counterpart is recorded,
    /// whatever the mapping does about it.
    #[inline(always)]
    fn found(&self, text: &str, scope: &RowContext<'_>, findings: &mut Findings) -> Option<String> {
        let converted = self.mapped(text, scope);
        let remark = converted.as_ref().ok().and_then(|found| found.remark);
        if matches!(remark, Some(Remark::LeftBlank | Remark::FellBack)) {
            findings.strays.push(Unmatched {
                property: Arc::clone(&self.name),
                column: self.feed.header().cloned(),
                text: text.to_owned(),
            });
        }
        self.settle(converted, text, findings)
    }

    #[inline(always)]
    fn mapped(&self, text: &str, scope: &RowContext<'_>) -> Result<Converted, Box<Problem>> {
        let Some(map) = &self.map else {
            return self.converted(text, scope);
        };
        match (map.get(text), &map.unmapped) {
            (Some(fixed), _) => self.fixed(fixed, scope),
            (None, Unmapped::Refuse) => Err(self.refusal(map.refusal(text), text)),
            (None, Unmapped::Keep) => self.converted(text, scope),
            (None, Unmapped::Blank) => Ok(Converted::left_blank()),
            (None, Unmapped::Fallback(fixed)) => Ok(Converted {
                remark: Some(Remark::FellBack),
                ..self.fixed(fixed, scope)?
            }),
        }
    }

    fn converted(&self, text: &str, scope: &RowContext<'_>) -> Result<Converted, Box<Problem>> {
        // The parts of a text are judged together, once they are joined.
        if self.list.is_some() && matches!(self.conversion, Conversion::Text(_)) {
            return Ok(Converted::plain(text));
        }
        let zone = match &self.zone {
            Some(column) => self.row_zone(column, scope)?,
            None => None,
        };
        let facts = RowFacts {
            pipeline: scope.pipeline,
            zone: zone.as_ref(),
        };
        let converted = self.conversion.convert(text, facts);
        converted.map_err(|reason| self.refusal(reason, text))
    }

    /// The zone that the row names; if none, the mapping's applies.
    fn row_zone(
        &self,
        column: &Column,
        scope: &RowContext<'_>,
    ) -> Result<Option<TimeZone>, Box<Problem>> {
        let Some(name) = scope.filled(column.idx).map(str::trim) else {
            return Ok(None);
        };
        ZONES.get(name).map(Some).map_err(|_| {
            let nearest = nearest_zone(name);
            let problem = Problem::new(Reason::UnknownZone { nearest });
            let problem = problem.property(&*self.name).value(name);
            Box::new(problem.column(&*column.header))
        })
    }

    fn fixed(&self, fixed: &Fixed, scope: &RowContext<'_>) -> Result<Converted, Box<Problem>> {
        match fixed {
            Fixed::Ready(value) => Ok(Converted {
                value: value.clone(),
                remark: None,
            }),
            Fixed::Stage(text) => self.converted(text, scope),
        }
    }

    fn refusal(&self, reason: Reason, text: &str) -> Box<Problem> {
        Box::new(self.feed.problem(&self.name, reason, text))
    }

    /// The value of a text, or nothing and another problem.
    #[inline(always)]
    fn settle(
        &self,
        converted: Result<Converted, Box<Problem>>,
        text: &str,
        findings: &mut Findings,
    ) -> Option<String> {
        match converted {
            Ok(converted) => {
                if let Some(remark) = converted.remark {
                    findings.remarks.push(self.placed(remark, text));
                }
                converted.value
            }
            Err(problem) => {
                findings.problems.push(*problem);
                None
            }
        }
    }

    #[cold]
    fn placed(&self, remark: Remark, text: &str) -> PlacedRemark {
        // A shortened text is too long to be shown.
        let text = if matches!(remark, Remark::Shortened | Remark::HtmlKept) {
            ""
        } else {
            text
        };
        PlacedRemark {
            remark,
            property: Arc::clone(&self.name),
            column: self.feed.header().cloned(),
            value: excerpt(text).into(),
        }
    }
}

/// The non-blank parts of a text, trimmed; without separators, the text itself. Those of a
/// JSON list are its items.
pub(crate) fn parts<'t>(text: &'t str, separators: &[String]) -> Vec<Cow<'t, str>> {
    let Some((first, others)) = separators.split_first() else {
        return vec![Cow::Borrowed(text)];
    };
    if let Some(items) = scalars(text) {
        let items = items.into_iter().map(|item| item.trim().to_owned());
        let items = items.filter(|item| !item.is_empty());
        return items.map(Cow::Owned).collect();
    }
    // A single character is found faster than a text.
    let mut cut: Vec<&str> = match *first.as_bytes() {
        [mark] => text.split(char::from(mark)).collect(),
        _ => text.split(first.as_str()).collect(),
    };
    for separator in others {
        let parts = cut.into_iter();
        cut = parts
            .flat_map(|part| part.split(separator.as_str()))
            .collect();
    }
    cut.iter_mut().for_each(|part| *part = trimmed(part));
    cut.retain(|part| !part.is_empty());
    cut.into_iter().map(Cow::Borrowed).collect()
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
        assert_eq!(parts(" a b", &[]), [" a b"]);
        assert_eq!(
            parts(r#"["a, b", " c", "", 7]"#, &separators),
            ["a, b", "c", "7"]
        );
        assert_eq!(parts("[a,b]", &separators), ["[a", "b]"]);
    }
}
