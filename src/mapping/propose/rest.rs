//! The columns that a proposal has no property for: each gets a separate one, of its
//! cells' type, commented out.

use crate::mapping::convert::ISO;
use crate::mapping::propose::dates::DateFormats;
use crate::mapping::propose::kind::{Kind, place};
use crate::mapping::propose::names::{bare, normal};
use crate::mapping::propose::survey::Survey;
use crate::mapping::propose::text::{column_text, entry, list, quoted};

/// Names that HubSpot's own properties of tickets have: none of ours may reuse one with
/// another meaning.
const PORTALS_OWN: [&str; 3] = ["source_type", "source_ref", "source_thread_id"];

/// The prefix of those columns of a case that are properties of its original ticket.
const OF_CASES: &str = "properties.";

/// The unused columns, each with a separate property.
pub(crate) struct Rest<'a> {
    survey: &'a Survey,
    /// In file order.
    pub(crate) columns: Vec<Unused>,
}

/// An unused column.
pub(crate) struct Unused {
    /// Its position.
    pub(crate) idx: usize,
    /// Which of the columns of its name, if only that one is left.
    nth: Option<usize>,
    /// The property's internal name.
    pub(crate) name: String,
    /// The property's label.
    label: String,
}

impl Rest<'_> {
    /// What `used` leaves over; no name is one of `taken`, and each comes once. Of columns
    /// of one name, all of which are left, the first stands for all.
    pub(crate) fn new<'a>(survey: &'a Survey, used: &[usize], taken: &[&str]) -> Rest<'a> {
        let header = |idx: usize| &survey.columns[idx].header;
        let mut columns: Vec<Unused> = Vec::new();
        for (idx, column) in survey.columns.iter().enumerate() {
            let is_same = |other: &usize| *header(*other) == column.header;
            let is_known = used.contains(&idx) || column.header.trim().is_empty();
            let is_told = columns
                .iter()
                .any(|known| known.nth.is_none() && is_same(&known.idx));
            if is_known || is_told {
                continue;
            }
            // Only texts of several columns can be put together.
            let is_alone = || is_repeated(survey, idx) && typed(survey, idx).0 != "string";
            let is_one = used.iter().any(is_same) || is_alone();
            let nth = is_one.then(|| nth(survey, idx));
            let name = new_name(&column.header, idx, &columns, taken);
            let label = new_label(&column.header, idx, &columns, taken);
            columns.push(Unused {
                idx,
                nth,
                name,
                label,
            });
        }
        Rest { survey, columns }
    }

    /// How many of them have content.
    pub(crate) fn with_content(&self) -> usize {
        let filled = |unused: &&Unused| self.survey.columns[unused.idx].filled > 0;
        self.columns.iter().filter(filled).count()
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
        let lines = self.columns.iter().map(|unused| {
            let column = &self.survey.columns[unused.idx];
            let (_, settings, words) = typed(self.survey, unused.idx);
            let mut keys = vec![format!("column = {}", column_text(&column.header))];
            keys.extend(unused.nth.map(|nth| format!("nth = {nth}")));
            keys.extend(settings);
            format!("# {} = {}{words}\n", unused.name, entry(&keys))
        });
        lines.collect()
    }

    /// One commented `[[property]]` a column.
    pub(crate) fn definitions(&self) -> String {
        let blocks = self.columns.iter().map(|unused| {
            let (type_name, ..) = typed(self.survey, unused.idx);
            format!(
                "\n# [[property]]\n# name = \"{}\"\n# label = {}\n# type = \"{type_name}\"\n",
                unused.name,
                quoted(&unused.label)
            )
        });
        blocks.collect()
    }
}

/// The type of a property for a column, and what its entry says besides the column. Ids are texts
/// even if they are digits.
pub(crate) fn typed(survey: &Survey, idx: usize) -> (&'static str, Vec<String>, String) {
    let column = &survey.columns[idx];
    let is_id = normal(&column.header)
        .split(' ')
        .any(|word| matches!(word, "id" | "ids" | "number"));
    let text = || {
        let html = (column.markup_share() > 0.2).then(|| "html = \"text\"".to_owned());
        ("string", html.into_iter().collect(), String::new())
    };
    match column.kind().claim {
        Kind::Whole if !is_id => ("number", Vec::new(), String::new()),
        Kind::Number(style, other) if !is_id => {
            let is_open = column.open_number.is_some();
            let settings = match style.settings.is_empty() {
                // Said, so that an import does not ask.
                true => is_open.then(|| "decimal = \".\"".to_owned()),
                false => Some(style.settings),
            };
            let words = other.map(|other| format!("  # or {}: choose", other.settings));
            let settings = settings.into_iter().collect();
            ("number", settings, words.unwrap_or_default())
        }
        Kind::Truth => ("bool", Vec::new(), String::new()),
        Kind::Dates(_) => match survey.dates(idx) {
            Some((found, _)) => {
                let type_name = if found.timed { "datetime" } else { "date" };
                let words = other_format(&found).map(|words| format!("  # {words}"));
                let settings = format_key(&found.formats).into_iter().collect();
                (type_name, settings, words.unwrap_or_default())
            }
            None => text(),
        },
        _ => text(),
    }
}

/// What to say of another order of day and month that reads the same cells.
pub(crate) fn other_format(found: &DateFormats) -> Option<String> {
    let other = found.other.as_ref()?;
    let [one, two] = &other.readings;
    let formats = |formats: &[&str]| formats.join(" and ");
    Some(format!(
        "choose: {} is {one} by {}, {two} by {}",
        place(&other.example),
        formats(&found.formats),
        formats(&other.formats),
    ))
}

/// `format = …`, unless ISO 8601 is all there is.
pub(crate) fn format_key(formats: &[&str]) -> Option<String> {
    match formats {
        [only] if *only == ISO => None,
        [only] => Some(format!("format = {}", quoted(only))),
        several => Some(format!("format = {}", list(several))),
    }
}

/// The internal name of a column's property: neither `known` nor `taken` has it.
fn new_name(header: &str, idx: usize, known: &[Unused], taken: &[&str]) -> String {
    let is_free = |name: &str| {
        let ours = known.iter().any(|known| known.name == name);
        !ours && !taken.contains(&name) && !PORTALS_OWN.contains(&name)
    };
    free(&internal_name(header, idx), is_free, idx, "_")
}

/// The label of a column's property: neither `known` nor `taken` has it.
fn new_label(header: &str, idx: usize, known: &[Unused], taken: &[&str]) -> String {
    let shown = header.strip_prefix(OF_CASES).unwrap_or(header);
    let wanted = format!("Source {}", clean(bare(shown)));
    let is_free = |label: &str| {
        let folded = label.to_lowercase();
        let ours = known
            .iter()
            .any(|known| known.label.to_lowercase() == folded);
        !ours && !taken.iter().any(|name| name.replace('_', " ") == folded)
    };
    free(&wanted, is_free, idx, " ")
}

/// An internal name as HubSpot takes it.
fn internal_name(header: &str, idx: usize) -> String {
    const LONGEST: usize = 60;
    let inside = header.strip_prefix(OF_CASES);
    let name = normal(inside.unwrap_or(header)).replace('#', " no ");
    let name: String = name.chars().take(LONGEST).collect();
    let parts: Vec<&str> = name.split(' ').filter(|part| !part.is_empty()).collect();
    match parts.is_empty() {
        true => format!("source_column_{}", idx + 1),
        false if inside.is_some_and(|name| name.starts_with("source_")) => parts.join("_"),
        false => format!("source_{}", parts.join("_")),
    }
}

/// A name that is not taken: the wanted one, or that one followed by the column's number.
fn free(wanted: &str, is_free: impl Fn(&str) -> bool, idx: usize, joint: &str) -> String {
    if is_free(wanted) {
        return wanted.to_owned();
    }
    let numbers = idx + 1..;
    let mut names = numbers.map(|number| format!("{wanted}{joint}{number}"));
    names.find(|name| is_free(name)).unwrap_or_default()
}

/// A name without line breaks and other invisible letters.
fn clean(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    name.trim().to_owned()
}

/// Which of the columns of its name a column is, from 1.
pub(crate) fn nth(survey: &Survey, idx: usize) -> usize {
    let header = &survey.columns[idx].header;
    let same = survey.columns[..=idx]
        .iter()
        .filter(|column| column.header == *header);
    same.count()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_keeps_the_names_of_what_an_import_made() {
        for (header, expected) in [
            ("properties.source_status", "source_status"),
            ("properties.Shelf", "source_shelf"),
            ("source_status", "source_source_status"),
            ("#", "source_no"),
            ("?", "source_column_4"),
        ] {
            assert_eq!(internal_name(header, 3), expected, "{header}");
        }
    }
}
