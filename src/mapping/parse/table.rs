//! Reading one TOML table: typed access by key, with a report for every value of the
//! wrong kind and, at the end, for every unknown key.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mapping::errors::{Problem, Problems};
use crate::mapping::nearest::nearest;
use crate::mapping::syntax::At;

/// A table being read. `finish` reports the keys that were never read.
pub(crate) struct Table<'t> {
    entries: &'t DeTable<'t>,
    span: Range<usize>,
    name: String,
    asked: Vec<&'t str>,
    problems: &'t Problems,
}

impl<'t> Table<'t> {
    /// Starts reading; `name` is the table's name in messages, such as `[source]`, and
    /// `span` its place.
    pub(crate) fn new(
        entries: &'t DeTable<'t>,
        span: Range<usize>,
        name: impl Into<String>,
        problems: &'t Problems,
    ) -> Table<'t> {
        Table {
            entries,
            span,
            name: name.into(),
            asked: Vec::new(),
            problems,
        }
    }

    /// The table's place: its header line, or its key when it is inline.
    pub(crate) fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// The table's name in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where reports go.
    pub(crate) fn problems(&self) -> &'t Problems {
        self.problems
    }

    /// All keys of a table whose keys are the user's own, in file order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (At<&'t str>, &'t Spanned<DeValue<'t>>)> {
        self.entries
            .iter()
            .map(|(key, value)| (At::new(key.get_ref().as_ref(), key.span()), value))
    }

    /// The value of a key, which is now a known one.
    pub(crate) fn value(&mut self, key: &'t str) -> Option<&'t Spanned<DeValue<'t>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.entries.get(key)
    }

    /// Place of a key; that of the table if it is absent.
    pub(crate) fn key_span(&self, key: &str) -> Range<usize> {
        self.entries
            .get_key_value(key)
            .map_or_else(|| self.span.clone(), |(key, _)| key.span())
    }

    /// A text.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<At<String>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At::new(text.to_string(), value.span())),
            other => self.wrong_kind(key, value, other, "a text in quotes"),
        }
    }

    /// A text, number or truth value, as text.
    pub(crate) fn scalar(&mut self, key: &'static str) -> Option<At<String>> {
        let value = self.value(key)?;
        match scalar(value) {
            Some(text) => Some(text),
            None => self.wrong_kind(key, value, value.get_ref(), "a single value"),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => self.wrong_kind(key, value, other, "true or false"),
        }
    }

    /// A whole number of at least `least`.
    pub(crate) fn count(&mut self, key: &'static str, least: usize) -> Option<At<usize>> {
        let value = self.value(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            return self.wrong_kind(key, value, value.get_ref(), "a whole number");
        };
        match number.to_string().parse::<usize>() {
            Ok(count) if count >= least => Some(At::new(count, value.span())),
            _ => self.wrong(value.span(), format!("`{key}` takes a number from {least}")),
        }
    }

    /// A single character.
    pub(crate) fn character(&mut self, key: &'static str) -> Option<At<char>> {
        let text = self.text(key)?;
        let mut chars = text.value.chars();
        match (chars.next(), chars.next()) {
            (Some(one), None) => Some(At::new(one, text.span)),
            _ => self.wrong(text.span, format!("`{key}` takes a single character")),
        }
    }

    /// One text, or a list of at least one.
    pub(crate) fn texts(&mut self, key: &'t str) -> Option<At<Vec<At<String>>>> {
        const KIND: &str = "a text or a list of texts";
        let value = self.value(key)?;
        let items = match value.get_ref() {
            DeValue::String(text) => vec![At::new(text.to_string(), value.span())],
            DeValue::Array(items) => {
                let texts = items.iter().map(|item| match item.get_ref() {
                    DeValue::String(text) => Some(At::new(text.to_string(), item.span())),
                    other => self.wrong_kind(key, item, other, KIND),
                });
                texts.collect::<Option<Vec<_>>>()?
            }
            other => return self.wrong_kind(key, value, other, KIND),
        };
        if items.is_empty() {
            return self.wrong(value.span(), format!("the list of `{key}` is empty"));
        }
        Some(At::new(items, value.span()))
    }

    /// A table under this one.
    pub(crate) fn table(&mut self, key: &'t str, name: &str) -> Option<Table<'t>> {
        let value = self.value(key)?;
        let span = self.key_span(key);
        match value.get_ref() {
            DeValue::Table(entries) => Some(Table::new(entries, span, name, self.problems)),
            other => self.wrong_kind(key, value, other, "a table"),
        }
    }

    /// The tables of a `[[name]]`.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<Table<'t>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let name = format!("[[{key}]]");
        let DeValue::Array(items) = value.get_ref() else {
            let _ = self.wrong::<()>(self.key_span(key), format!("`{key}` is written {name}"));
            return Vec::new();
        };
        let tables = items.iter().filter_map(|item| match item.get_ref() {
            DeValue::Table(entries) => Some(Table::new(entries, item.span(), &name, self.problems)),
            other => self.wrong_kind(key, item, other, "a table"),
        });
        tables.collect()
    }

    /// Reports that a key has to be there.
    pub(crate) fn lacks(&self, key: &str, help: &str) {
        self.problems
            .report(Problem::new(&self.span, format!("{} has no `{key}`", self.name)).help(help));
    }

    /// Reports every unknown key.
    pub(crate) fn finish(self) {
        for (key, _) in self.entries.iter() {
            let name = key.get_ref().as_ref();
            if !self.asked.contains(&name) {
                self.problems.report(
                    Problem::new(
                        &key.span(),
                        format!("unknown key `{name}` in {}", self.name),
                    )
                    .suggest(nearest(name, self.asked.iter().copied()), self.known_keys()),
                );
            }
        }
    }

    fn known_keys(&self) -> String {
        format!("known keys are {}", self.asked.join(", "))
    }

    fn wrong_kind<T>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        found: &DeValue<'_>,
        expected: &str,
    ) -> Option<T> {
        self.problems.report(
            Problem::new(&value.span(), format!("`{key}` takes {expected}"))
                .label(format!("this is {}", kind(found))),
        );
        None
    }

    /// Reports a value that is of the right kind but can't be used.
    pub(crate) fn wrong<T>(&self, span: Range<usize>, message: impl Into<String>) -> Option<T> {
        self.problems.report(Problem::new(&span, message));
        None
    }
}

/// A text, number or truth value as text.
pub(crate) fn scalar(value: &Spanned<DeValue<'_>>) -> Option<At<String>> {
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(_) | DeValue::Table(_) => return None,
    };
    Some(At::new(text, value.span()))
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
