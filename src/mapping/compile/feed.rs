//! Where texts come from: columns and templates against the headers of the input.

use std::ops::Range;
use std::sync::Arc;

use crate::mapping::compile::document::Compiler;
use crate::mapping::entry::{Column, Feed};
use crate::mapping::errors::Problem;
use crate::mapping::shape::{At, Origin};
use crate::mapping::template::{ColumnUse, TemplateFault, column_uses};
use crate::mapping::value_map::Fixed;

/// How many headers a message names.
const SHOWN: usize = 12;

impl Compiler<'_> {
    /// The feed of an entry. `Feed::Nothing` where an optional column is absent; none
    /// when something was reported. A constant is filled in by its entry.
    pub(crate) fn feed(
        &mut self,
        origin: &Origin,
        optional: bool,
        nth: Option<&At<usize>>,
    ) -> Option<Feed> {
        match origin {
            Origin::Column(aliases) => {
                let column = self.column(aliases, optional, nth)?;
                Some(column.map_or(Feed::Nothing, Feed::Column))
            }
            Origin::Template(source) => self.template(source, optional),
            Origin::Value(_) => Some(Feed::Constant(Fixed::Ready(None))),
        }
    }

    /// The first alias that the file has; `Some(None)` where it has none and need not.
    pub(crate) fn column(
        &mut self,
        aliases: &[At<String>],
        optional: bool,
        nth: Option<&At<usize>>,
    ) -> Option<Option<Column>> {
        let headers = Arc::clone(&self.headers);
        let positions = aliases
            .iter()
            .map(|alias| headers.positions(&alias.value))
            .find(|positions| !positions.is_empty());
        let Some(positions) = positions else {
            if optional {
                return Some(None);
            }
            self.missing_column(aliases);
            return None;
        };
        // Of several columns with one name, the first speaks unless `nth` says otherwise.
        let which = nth.map_or(1, |nth| nth.value);
        let Some(idx) = positions.get(which - 1).copied() else {
            self.too_few(nth, positions);
            return None;
        };
        self.uses(idx);
        Some(Some(Column {
            idx,
            header: Arc::from(self.headers.name(idx)),
        }))
    }

    fn uses(&mut self, idx: usize) {
        if let Some(used) = self.used.get_mut(idx) {
            *used = true;
        }
    }

    fn too_few(&self, nth: Option<&At<usize>>, positions: &[usize]) {
        let (Some(nth), Some(first)) = (nth, positions.first()) else {
            return;
        };
        let name = self.headers.name(*first);
        let count = match positions.len() {
            1 => "only one column".to_owned(),
            several => format!("only {several} columns"),
        };
        self.problems.report(Problem::new(
            &nth.span,
            format!("the file has {count} `{name}`"),
        ));
    }

    fn missing_column(&self, aliases: &[At<String>]) {
        let (Some(first), Some(last)) = (aliases.first(), aliases.last()) else {
            return;
        };
        let names: Vec<String> = aliases
            .iter()
            .map(|alias| format!("`{}`", alias.value))
            .collect();
        let message = match names.as_slice() {
            [name] => format!("the file has no column {name}"),
            _ => format!("the file has none of the columns {}", names.join(", ")),
        };
        let near = aliases
            .iter()
            .find_map(|alias| self.headers.nearest(&alias.value));
        self.problems.report(
            Problem::new(&(first.span.start..last.span.end), message)
                .suggest(near, self.known_columns()),
        );
    }

    fn known_columns(&self) -> String {
        let mut names = self.headers.names().iter().map(|name| format!("`{name}`"));
        let shown: Vec<String> = names.by_ref().take(SHOWN).collect();
        match names.count() {
            0 => format!("its columns are {}", shown.join(", ")),
            more => format!("its columns are {} and {more} more", shown.join(", ")),
        }
    }

    fn template(&mut self, source: &At<String>, optional: bool) -> Option<Feed> {
        let uses = column_uses(&source.value, false);
        let is_absent = |found: &ColumnUse| self.headers.positions(&found.name).is_empty();
        if optional && uses.iter().any(is_absent) {
            return Some(Feed::Nothing);
        }
        let header = self.named_columns(source, &uses);
        match self.templates.add(&source.value) {
            Ok(id) => Some(Feed::Template(id, header?)),
            Err(fault) => {
                self.template_fault(source, &fault);
                None
            }
        }
    }

    /// Checks the columns that an expression names, and gives the first of them; none
    /// when something was reported.
    pub(crate) fn expression_columns(&mut self, source: &At<String>) -> Option<Option<Arc<str>>> {
        let uses = column_uses(&source.value, true);
        self.named_columns(source, &uses)
    }

    fn named_columns(
        &mut self,
        source: &At<String>,
        uses: &[ColumnUse],
    ) -> Option<Option<Arc<str>>> {
        let headers = Arc::clone(&self.headers);
        let mut all_present = true;
        let mut first = None;
        for found in uses {
            if let Some(idx) = headers.positions(&found.name).first() {
                self.uses(*idx);
                first = first.or_else(|| Some(Arc::from(headers.name(*idx))));
            } else {
                all_present = false;
                let span = self.inside(source, &found.range);
                self.missing_column(&[At::new(found.name.clone(), span)]);
            }
        }
        all_present.then_some(first)
    }

    /// Reports what the template engine found.
    pub(crate) fn template_fault(&self, source: &At<String>, fault: &TemplateFault) {
        let span = match &fault.range {
            Some(range) => self.inside(source, range),
            None => source.span.clone(),
        };
        let help = "a template reads cells by `col('Column')`; text is joined with `~`";
        self.problems.report(
            Problem::new(
                &span,
                format!("the template can't be used: {}", fault.detail),
            )
            .suggest(fault.nearest.as_deref(), help),
        );
    }

    /// The place of a part of a text. Where the TOML writes the text with escapes,
    /// parts can't be placed and the whole text stands for them.
    fn inside(&self, source: &At<String>, part: &Range<usize>) -> Range<usize> {
        let written = self.text.get(source.span.clone()).unwrap_or("");
        match written.find(source.value.as_str()) {
            Some(start) => {
                let start = source.span.start + start;
                start + part.start..start + part.end
            }
            None => source.span.clone(),
        }
    }
}
