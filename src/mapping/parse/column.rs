//! How a mapping names columns: by name, by several names, or by a pattern between
//! slashes; and where the text of an entry comes from.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use crate::mapping::errors::Problem;
use crate::mapping::parse::table::Table;
use crate::mapping::syntax::{At, ColumnName, Origin};

/// Exactly one of `column`, `value` and `template`, as `kinds` allows.
pub(crate) fn read_origin(table: &mut Table<'_>, kinds: &[&'static str]) -> Option<Origin> {
    match one_of(table, kinds)? {
        "column" => read_columns(table, "column").map(Origin::Column),
        "value" => table.scalar("value").map(Origin::Value),
        _ => table.text("template").map(Origin::Template),
    }
}

/// The one key of `kinds` that the table has; none and several are reported.
pub(crate) fn one_of(table: &mut Table<'_>, kinds: &[&'static str]) -> Option<&'static str> {
    let given: Vec<&'static str> = kinds
        .iter()
        .copied()
        .filter(|kind| table.value(kind).is_some())
        .collect();
    match given.as_slice() {
        [one] => Some(*one),
        [] => {
            let kinds = kinds.join(" or ");
            table.wrong(
                table.span().clone(),
                format!(
                    "{} says not where its value comes from: it needs a {kinds}",
                    table.name()
                ),
            )
        }
        [first, second, ..] => table.wrong(
            table.key_span(second),
            format!(
                "{} has both `{first}` and `{second}`: keep one",
                table.name()
            ),
        ),
    }
}

/// The columns under a key: one, or aliases.
pub(crate) fn read_columns(
    table: &mut Table<'_>,
    key: &'static str,
) -> Option<Vec<At<ColumnName>>> {
    let columns = table.texts(key)?.value;
    let read: Vec<Option<_>> = columns
        .into_iter()
        .map(|column| column_name(column, table))
        .collect();
    read.into_iter().collect()
}

/// A name, or a pattern between slashes.
pub(crate) fn column_name(text: At<String>, table: &Table<'_>) -> Option<At<ColumnName>> {
    let inside = text.value.strip_prefix('/');
    let inside = inside.and_then(|rest| rest.strip_suffix('/'));
    let name = match inside.filter(|inside| !inside.is_empty()) {
        Some(pattern) => ColumnName::Pattern(read_regex(pattern, &text.span, table)?),
        None => ColumnName::Name(text.value),
    };
    Some(At::new(name, text.span))
}

/// A regular expression, or a report of what is wrong with it.
pub(crate) fn read_regex(pattern: &str, span: &Range<usize>, table: &Table<'_>) -> Option<Regex> {
    // Compiling takes time, too.
    if table.problems().add_pattern(0) > MOST_MEMORY {
        return None;
    }
    match compiled(pattern) {
        Ok((regex, bytes)) if table.problems().add_pattern(bytes) <= MOST_MEMORY => Some(regex),
        Ok(_) => table.wrong(
            span.clone(),
            format!(
                "the patterns of the mapping up to this one take more than {} MiB",
                MOST_MEMORY >> 20
            ),
        ),
        Err(error) => {
            table.problems().report(
                Problem::new(
                    span,
                    format!("`{pattern}` is not a regular expression: {}", fault(&error)),
                )
                .help("write it in 'single quotes', so that backslashes stay as they are"),
            );
            None
        }
    }
}

/// Memory that all patterns of a mapping may take. A pattern of a few letters, such as
/// `\w{30}`, can take megabytes.
const MOST_MEMORY: usize = 64 << 20;

/// The compiled pattern, and about how much memory it takes: the engine does not say,
/// but compiles within a limit.
fn compiled(pattern: &str) -> Result<(Regex, usize), regex::Error> {
    const SIZES: [usize; 4] = [16 << 10, 128 << 10, 1 << 20, 10 << 20];
    let built = |size| RegexBuilder::new(pattern).size_limit(size).build();
    let mut outcome = Regex::new("").map(|regex| (regex, 0));
    for size in SIZES {
        outcome = built(size).map(|regex| (regex, size));
        if !matches!(outcome, Err(regex::Error::CompiledTooBig(_))) {
            break;
        }
    }
    outcome
}

/// The last line of the engine's message says what is wrong.
fn fault(error: &regex::Error) -> String {
    let drawn = error.to_string();
    let last = drawn.lines().last().unwrap_or(&drawn).trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
