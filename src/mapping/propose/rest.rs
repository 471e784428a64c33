//! The columns that a proposal has no property for: each gets one of its own, of the
//! type that its cells have, commented out.

use crate::mapping::convert::ISO;
use crate::mapping::propose::dates::Formats;
use crate::mapping::propose::matching::normal;
use crate::mapping::propose::survey::{Column, Survey};
use crate::mapping::propose::text::{column_text, entry, list, quoted};

/// The columns that nothing uses, each with a property of its own.
pub(crate) struct Rest<'a> {
    survey: &'a Survey,
    /// Position and internal name.
    pub(crate) columns: Vec<(usize, String)>,
}

impl Rest<'_> {
    /// What `used` leaves over, each name once.
    pub(crate) fn new<'a>(survey: &'a Survey, used: &[usize]) -> Rest<'a> {
        let mut columns: Vec<(usize, String)> = Vec::new();
        for (idx, column) in survey.columns.iter().enumerate() {
            let is_known = used.contains(&idx)
                || used
                    .iter()
                    .any(|other| survey.columns[*other].header == column.header)
                || columns
                    .iter()
                    .any(|(other, _)| survey.columns[*other].header == column.header);
            if is_known || column.header.trim().is_empty() {
                continue;
            }
            let mut name = internal_name(&column.header, idx);
            if columns.iter().any(|(_, taken)| *taken == name) || name == "source_ticket_id" {
                name = format!("{name}_{}", idx + 1);
            }
            columns.push((idx, name));
        }
        Rest { survey, columns }
    }

    /// Its lines at the end of `[properties]`, commented out.
    pub(crate) fn section(&self) -> String {
        match self.columns.is_empty() {
            true => String::new(),
            false => format!(
                "\n# Columns that nothing uses yet. To keep one, uncomment its line here and its\n\
                 # [[property]] below.\n{}",
                self.entries()
            ),
        }
    }

    /// One commented line a column.
    pub(crate) fn entries(&self) -> String {
        let lines = self.columns.iter().map(|(idx, name)| {
            let column = &self.survey.columns[*idx];
            let mut keys = vec![format!("column = {}", column_text(&column.header))];
            let kind = kind(column);
            if kind != Kind::Text && is_repeated(self.survey, *idx) {
                keys.push("nth = 1".to_owned());
            }
            let mut other = None;
            if let Kind::Date(formats) = &kind {
                keys.extend(format_key(formats));
                other = other_format(formats).map(|words| format!("  #{words}"));
            }
            format!("# {name} = {}{}\n", entry(&keys), other.unwrap_or_default())
        });
        lines.collect()
    }

    /// One commented `[[property]]` a column.
    pub(crate) fn definitions(&self) -> String {
        let blocks = self.columns.iter().map(|(idx, name)| {
            let column = &self.survey.columns[*idx];
            let type_name = match kind(column) {
                Kind::Text => "string",
                Kind::Number => "number",
                Kind::Truth => "bool",
                Kind::Date(formats) if formats.timed => "datetime",
                Kind::Date(_) => "date",
            };
            format!(
                "\n# [[property]]\n# name = \"{name}\"\n# label = {}\n# type = \"{type_name}\"\n",
                quoted(&format!("Source {}", normal(&column.header)))
            )
        });
        blocks.collect()
    }
}

/// What a column holds throughout.
#[derive(PartialEq)]
enum Kind {
    Text,
    Number,
    Truth,
    Date(Formats),
}

/// Ids are texts even where they are digits, and a few ones and zeros are numbers.
fn kind(column: &Column) -> Kind {
    let is_id = normal(&column.header)
        .split(' ')
        .any(|word| matches!(word, "id" | "ids" | "number"));
    let dates = column.dates().filter(|(_, share)| *share >= 1.0);
    match dates {
        _ if column.filled == 0 => Kind::Text,
        Some((formats, _)) if column.number_share() < 1.0 => Kind::Date(formats),
        _ if column.number_share() >= 1.0 && !is_id && column.mean_length() <= 15.0 => Kind::Number,
        _ if column.truth_share() >= 1.0 && column.number_share() == 0.0 => Kind::Truth,
        _ => Kind::Text,
    }
}

/// What to say of another format that reads the same cells.
pub(crate) fn other_format(found: &Formats) -> Option<String> {
    let rival = found.rival?;
    Some(format!(
        "; {rival} reads the same cells as other days: choose"
    ))
}

/// `format = …`, where ISO 8601 is not all there is.
pub(crate) fn format_key(found: &Formats) -> Option<String> {
    match found.formats.as_slice() {
        [only] if *only == ISO => None,
        [only] => Some(format!("format = {}", quoted(only))),
        several => Some(format!("format = {}", list(several))),
    }
}

/// An internal name as HubSpot takes it.
fn internal_name(header: &str, idx: usize) -> String {
    const LONGEST: usize = 60;
    let name: String = normal(header)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .take(LONGEST)
        .collect();
    let parts: Vec<&str> = name.split('_').filter(|part| !part.is_empty()).collect();
    match parts.is_empty() {
        true => format!("source_column_{}", idx + 1),
        false => format!("source_{}", parts.join("_")),
    }
}

/// Whether the file has several columns of that name.
pub(crate) fn is_repeated(survey: &Survey, idx: usize) -> bool {
    let header = &survey.columns[idx].header;
    let same = survey
        .columns
        .iter()
        .filter(|column| column.header == *header);
    same.count() > 1
}
