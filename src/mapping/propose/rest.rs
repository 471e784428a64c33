//! The columns that a proposal has no property for: each gets one of its own, of the
//! type that its cells have, commented out.

use crate::mapping::convert::ISO;
use crate::mapping::propose::dates::DateFormats;
use crate::mapping::propose::kind::{Kind, place};
use crate::mapping::propose::matching::normal;
use crate::mapping::propose::survey::Survey;
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
            let (type_name, settings, words) = typed(self.survey, *idx);
            let mut keys = vec![format!("column = {}", column_text(&column.header))];
            if type_name != "string" && is_repeated(self.survey, *idx) {
                keys.push("nth = 1".to_owned());
            }
            keys.extend(settings);
            format!("# {name} = {}{words}\n", entry(&keys))
        });
        lines.collect()
    }

    /// One commented `[[property]]` a column.
    pub(crate) fn definitions(&self) -> String {
        let blocks = self.columns.iter().map(|(idx, name)| {
            let column = &self.survey.columns[*idx];
            let (type_name, ..) = typed(self.survey, *idx);
            format!(
                "\n# [[property]]\n# name = \"{name}\"\n# label = {}\n# type = \"{type_name}\"\n",
                quoted(&format!("Source {}", normal(&column.header)))
            )
        });
        blocks.collect()
    }
}

/// The type of a property for a column, and what its entry says beside the column. Ids
/// are texts even where they are digits.
fn typed(survey: &Survey, idx: usize) -> (&'static str, Vec<String>, String) {
    let column = &survey.columns[idx];
    let is_id = normal(&column.header)
        .split(' ')
        .any(|word| matches!(word, "id" | "ids" | "number"));
    let text = ("string", Vec::new(), String::new());
    match column.kind().claim {
        Kind::Whole if !is_id => ("number", Vec::new(), String::new()),
        Kind::Number(style, other) if !is_id => {
            let settings = (!style.settings.is_empty()).then_some(style.settings);
            let words = other.map(|other| format!("  # or {}: choose", other.settings));
            ("number", settings.into_iter().collect(), words.unwrap_or_default())
        }
        Kind::Truth => ("bool", Vec::new(), String::new()),
        Kind::Dates(_) => match survey.dates(idx) {
            Some((found, _)) => {
                let type_name = if found.timed { "datetime" } else { "date" };
                let words = other_format(&found).map(|words| format!("  # {words}"));
                (type_name, format_key(&found.formats).into_iter().collect(), words.unwrap_or_default())
            }
            None => text,
        },
        _ => text,
    }
}

/// What to say of another order of day and month that reads the same cells.
pub(crate) fn other_format(found: &DateFormats) -> Option<String> {
    let other = found.other.as_ref()?;
    let [one, two] = &other.readings;
    Some(format!(
        "choose: {} is {one} by {}, {two} by {}",
        place(&other.example),
        found.formats.join(" and "),
        other.formats.join(" and "),
    ))
}

/// `format = …`, where ISO 8601 is not all there is.
pub(crate) fn format_key(formats: &[&str]) -> Option<String> {
    match formats {
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
