//! One row while it is mapped: its cells, what templates see of it, its pipeline, and
//! the findings.

use std::cell::OnceCell;

use minijinja::Value;

use super::unmatched::Unmatched;
use crate::mapping::template::{TemplateId, Templates};
use crate::model::issue::{Problem, Reason};
use crate::model::row::SourceRow;
use crate::model::ticket::PlacedRemark;

/// A row and what its entries share.
#[derive(Debug)]
pub(crate) struct RowContext<'r> {
    source: &'r SourceRow,
    empty: &'r [String],
    templates: &'r Templates,
    row: OnceCell<Value>,
    /// Position of the row's pipeline, for its stage.
    pub(crate) pipeline: Option<usize>,
}

/// The findings of mapping a row so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What is wrong with the row, in the order of the mapping.
    pub(crate) problems: Vec<Problem>,
    /// What the user should know.
    pub(crate) remarks: Vec<PlacedRemark>,
    /// Texts that were left blank or replaced because they have no counterpart.
    pub(crate) strays: Vec<Unmatched>,
}

/// The text without blanks around it. Most have none, as their first and last bytes show faster
/// than `trim` would.
#[inline]
pub(crate) fn trimmed(text: &str) -> &str {
    let is_letter = |byte: &u8| byte.is_ascii_graphic();
    let bytes = text.as_bytes();
    match bytes.first().is_some_and(is_letter) && bytes.last().is_some_and(is_letter) {
        true => text,
        false => text.trim(),
    }
}

impl<'r> RowContext<'r> {
    /// Starts a row. `empty` are the cells that mean "no value".
    pub(crate) fn new(
        source: &'r SourceRow,
        empty: &'r [String],
        templates: &'r Templates,
    ) -> Self {
        RowContext {
            source,
            empty,
            templates,
            row: OnceCell::new(),
            pipeline: None,
        }
    }

    /// A cell as in the file; a short record has empty ones at its end.
    #[inline]
    fn cell(&self, idx: usize) -> &'r str {
        self.source.cells.get(idx).unwrap_or("")
    }

    /// Whether a cell means "no value": blank, or one of the mapping's list.
    #[inline]
    pub(crate) fn is_empty(&self, cell: &str) -> bool {
        let cell = trimmed(cell);
        cell.is_empty() || self.empty.iter().any(|empty| empty == cell)
    }

    /// A cell, unless it means "no value".
    #[inline]
    pub(crate) fn filled(&self, idx: usize) -> Option<&'r str> {
        let cell = self.cell(idx);
        (!self.is_empty(cell)).then_some(cell)
    }

    /// The row as it was read.
    pub(crate) fn source(&self) -> &'r SourceRow {
        self.source
    }

    /// The text that a template makes of this row.
    pub(crate) fn render(&self, template: &TemplateId) -> Result<String, Reason> {
        self.templates
            .render(template, self.row())
            .map_err(|detail| Reason::TemplateFailed { detail })
    }

    /// Whether an expression is true for this row.
    pub(crate) fn holds(&self, expression: &TemplateId) -> Result<bool, Reason> {
        self.templates
            .holds(expression, self.row())
            .map_err(|detail| Reason::TemplateFailed { detail })
    }

    fn row(&self) -> &Value {
        self.row
            .get_or_init(|| self.templates.row(&self.source.cells))
    }
}
