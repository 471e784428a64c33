//! The keys of `[source]` that say how the CSV is written: encoding, delimiter,
//! quote, escape, header, the lines above it and the records below the rows, and how many
//! columns it may have.

use crate::mapping::errors::Problem;
use crate::mapping::parse::table::Table;
use crate::mapping::syntax::At;
use crate::model::dialect::{DELIMITERS, Dialect, Encoding, LONGEST_FOOTER};

/// Reads them; what is absent is detected.
pub(crate) fn read_dialect(table: &mut Table<'_>) -> Dialect {
    Dialect {
        delimiter: read_delimiter(table),
        encoding: read_encoding(table),
        quote: read_quote(table),
        escape: read_escape(table),
        header: read_header(table),
        max_columns: read_max_columns(table),
        skip_lines: read_skip_lines(table),
        skip_last: read_skip_last(table),
        text_formulas: table.flag("text_formulas").unwrap_or(false),
    }
}

fn read_max_columns(table: &mut Table<'_>) -> usize {
    let most = table.count("max_columns", 1);
    most.map_or(Dialect::default().max_columns, |most| most.value)
}

fn read_delimiter(table: &mut Table<'_>) -> Option<u8> {
    let mark = table.character("delimiter")?;
    match u8::try_from(mark.value) {
        Ok(byte) if DELIMITERS.contains(&byte) => Some(byte),
        _ => table.wrong(
            mark.span,
            "a delimiter is one of `,` `;` `|` and tab (\"\\t\")",
        ),
    }
}

fn read_encoding(table: &mut Table<'_>) -> Option<Encoding> {
    let name = table.text("encoding")?;
    let encoding = Encoding::named(&name.value);
    if encoding.is_none() {
        table.problems().report(
            Problem::new(&name.span, format!("there is no encoding `{}`", name.value))
                .help("the usual ones are utf-8, utf-16, windows-1252 and latin-1"),
        );
    }
    encoding
}

/// `quote = ""` means that cells are never quoted.
fn read_quote(table: &mut Table<'_>) -> Option<u8> {
    let Some(quote) = table.text("quote") else {
        return Dialect::default().quote;
    };
    match quote.value.is_empty() {
        true => None,
        false => read_mark(table, "quote", quote),
    }
}

fn read_escape(table: &mut Table<'_>) -> Option<u8> {
    let escape = table.text("escape")?;
    read_mark(table, "escape", escape)
}

/// A single character that is not a letter, digit or blank.
fn read_mark(table: &Table<'_>, key: &str, mark: At<String>) -> Option<u8> {
    match mark.value.as_bytes() {
        [byte] if byte.is_ascii_punctuation() => Some(*byte),
        _ => table.wrong(
            mark.span,
            format!("`{key}` takes a single sign, such as `\"` or `\\`"),
        ),
    }
}

fn read_skip_lines(table: &mut Table<'_>) -> u64 {
    let lines = table.count("skip_lines", 0);
    lines.map_or(0, |lines| lines.value as u64)
}

/// The last records are held back while a file is read, so their number is limited.
fn read_skip_last(table: &mut Table<'_>) -> usize {
    let Some(records) = table.count("skip_last", 0) else {
        return 0;
    };
    match records.value {
        few if few <= LONGEST_FOOTER => few,
        _ => table
            .wrong(
                records.span,
                format!("at most {LONGEST_FOOTER} records at the end can be left out"),
            )
            .unwrap_or(0),
    }
}

fn read_header(table: &mut Table<'_>) -> Option<Vec<String>> {
    let names = table.texts("header")?;
    let trimmed = names
        .value
        .into_iter()
        .map(|name| name.value.trim().to_owned());
    Some(trimmed.collect())
}
