//! Where texts come from: columns and templates against the headers of the input.

use std::sync::Arc;

use crate::mapping::compile::document::Compiler;
use crate::mapping::entry::{Column, Feed};
use crate::mapping::errors::{Problem, Reported};
use crate::mapping::static_checks::{inside, report_faults};
use crate::mapping::syntax::{At, ColumnName, Origin};
use crate::mapping::template::{ColumnUse, TemplateFault, column_uses};
use crate::mapping::value_map::Fixed;

/// How many headers a message names.
const SHOWN: usize = 12;

impl Compiler<'_> {
    /// The feed of an entry. `Feed::Nothing` if an optional column is absent; none if
    /// something was reported. A constant is filled in by its entry.
    pub(crate) fn feed(
        &mut self,
        origin: &Origin,
        optional: bool,
        nth: Option<&At<usize>>,
    ) -> Option<Feed> {
        match origin {
            Origin::Column(aliases) => {
                let columns = self.columns(aliases, optional, nth)?;
                Some(match columns.is_empty() {
                    true => Feed::Nothing,
                    false => Feed::Columns(columns),
                })
            }
            Origin::Template(source) => self.template(source, optional),
            Origin::Value(_) => Some(Feed::Constant(Fixed::Ready(None))),
        }
    }

    /// The columns of the first alias that the file has: all of them, or the `nth`.
    /// Empty if the file has none and need not.
    pub(crate) fn columns(
        &mut self,
        aliases: &[At<ColumnName>],
        optional: bool,
        nth: Option<&At<usize>>,
    ) -> Option<Vec<Column>> {
        let headers = Arc::clone(&self.headers);
        let found = aliases
            .iter()
            .map(|alias| (alias, headers.find(&alias.value)))
            .find(|(_, positions)| !positions.is_empty());
        let Some((alias, mut positions)) = found else {
            if !optional {
                self.missing_column(aliases);
            }
            return optional.then(Vec::new);
        };
        if let Some(nth) = nth {
            let Some(idx) = positions.get(nth.value - 1) else {
                self.too_few(nth, &positions);
                return None;
            };
            positions = vec![*idx];
        }
        let columns: Vec<Option<Column>> = positions
            .into_iter()
            .map(|idx| self.column(alias, idx))
            .collect();
        columns.into_iter().collect()
    }

    /// The one column of an alias; if the file repeats it, `nth` has to choose.
    pub(crate) fn single_column(
        &mut self,
        aliases: &[At<ColumnName>],
        nth: Option<&At<usize>>,
    ) -> Option<Column> {
        let mut columns = self.columns(aliases, false, nth)?;
        if let ([first, _, ..], Some(alias)) = (columns.as_slice(), aliases.first()) {
            self.problems.report(
                Problem::new(
                    &alias.span,
                    format!(
                        "the file has {} columns `{}`, and one is needed",
                        columns.len(),
                        first.header
                    ),
                )
                .help("rename one of them in the file"),
            );
            return None;
        }
        columns.pop()
    }

    fn column(&mut self, alias: &At<ColumnName>, idx: usize) -> Option<Column> {
        self.uses(idx);
        let headers = Arc::clone(&self.headers);
        let zone = headers.zone(&alias.value, idx);
        let zone = zone.map(|name| self.time_zone(&At::new(name, alias.span.clone())));
        Some(Column {
            idx,
            header: Arc::from(headers.name(idx)),
            zone: match zone {
                Some(zone) => Some(zone?),
                None => None,
            },
        })
    }

    fn uses(&mut self, idx: usize) {
        if let Some(used) = self.used.get_mut(idx) {
            *used = true;
        }
    }

    fn too_few(&self, nth: &At<usize>, positions: &[usize]) {
        let name = positions.first().map_or("", |idx| self.headers.name(*idx));
        let count = match positions.len() {
            1 => "only one column".to_owned(),
            several => format!("only {several} columns"),
        };
        self.problems.report(Problem::new(
            &nth.span,
            format!("the file has {count} `{name}`"),
        ));
    }

    fn missing_column(&self, aliases: &[At<ColumnName>]) {
        let (Some(first), Some(last)) = (aliases.first(), aliases.last()) else {
            return;
        };
        let names: Vec<String> = aliases.iter().map(|alias| written(&alias.value)).collect();
        let message = match (names.as_slice(), &first.value) {
            ([_], ColumnName::Pattern(pattern)) => {
                format!("no column of the file matches `/{pattern}/`")
            }
            ([name], ColumnName::Name(_)) => format!("the file has no column {name}"),
            _ => format!("the file has none of the columns {}", names.join(", ")),
        };
        let near = aliases.iter().find_map(|alias| match &alias.value {
            ColumnName::Name(name) => self.headers.nearest(name),
            ColumnName::Pattern(_) => None,
        });
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
            Ok(id) => Some(Feed::Template(id, header.ok()?)),
            Err(faults) => {
                self.template_faults(source, &faults);
                None
            }
        }
    }

    /// Checks the columns that an expression names, and returns the first of them.
    pub(crate) fn expression_columns(
        &mut self,
        source: &At<String>,
    ) -> Result<Option<Arc<str>>, Reported> {
        let uses = column_uses(&source.value, true);
        self.named_columns(source, &uses)
    }

    fn named_columns(
        &mut self,
        source: &At<String>,
        uses: &[ColumnUse],
    ) -> Result<Option<Arc<str>>, Reported> {
        let headers = Arc::clone(&self.headers);
        let mut all_present = true;
        let mut first = None;
        for found in uses {
            if let Some(idx) = headers.positions(&found.name).first() {
                self.uses(*idx);
                first = first.or_else(|| Some(Arc::from(headers.name(*idx))));
            } else {
                all_present = false;
                let span = inside(self.text, source, &found.range);
                let name = ColumnName::Name(found.name.clone());
                self.missing_column(&[At::new(name, span)]);
            }
        }
        all_present.then_some(first).ok_or(Reported)
    }

    /// Reports what is wrong with a template.
    pub(crate) fn template_faults(&self, source: &At<String>, faults: &[TemplateFault]) {
        report_faults(self.text, source, faults, self.problems);
    }
}

fn written(column: &ColumnName) -> String {
    match column {
        ColumnName::Name(name) => format!("`{name}`"),
        ColumnName::Pattern(pattern) => format!("`/{pattern}/`"),
    }
}
