//! A preset adapted to a file: the formats of its dates, the values of its choices, the
//! columns that it lacks. The preset's text is edited in place, so that its comments stay.

use std::ops::Range;

use crate::mapping::convert::ISO;
use crate::mapping::errors::Problems;
use crate::mapping::header_index::HeaderIndex;
use crate::mapping::parse::parse;
use crate::mapping::propose::dates::DateFormats;
use crate::mapping::propose::kind::place;
use crate::mapping::propose::preset::{Preset, of_origin};
use crate::mapping::propose::rest::{format_key, other_format};
use crate::mapping::propose::survey::Survey;
use crate::mapping::propose::text::quoted;
use crate::mapping::propose::words::{PRIORITIES, STAGES, Words, meaning};
use crate::mapping::syntax::{Document, EntrySpec, MapSpec, NotesSpec, Origin};

/// An adapted preset.
pub(crate) struct Fitted {
    /// Its text.
    pub(crate) text: String,
    /// Names of properties that it defines or writes.
    pub(crate) taken: Vec<String>,
    /// What the file lacks, or what has to be filled in.
    pub(crate) losses: Vec<String>,
}

/// A piece of the text, and its replacement.
type Edit = (Range<usize>, String);

/// Adapts a preset to a file.
pub(crate) fn fit(preset: &Preset, survey: &Survey) -> Fitted {
    let Some(document) = parse(preset.text, &Problems::default()) else {
        return Fitted {
            text: preset.text.to_owned(),
            taken: Vec::new(),
            losses: Vec::new(),
        };
    };
    let mut fitting = Fitting {
        text: preset.text,
        document: &document,
        index: HeaderIndex::new(survey.headers()),
        survey,
        edits: Vec::new(),
        losses: Vec::new(),
    };
    for entry in &document.properties.value {
        fitting.entry(entry);
    }
    for notes in &document.notes {
        fitting.notes(notes);
    }
    let defined = document
        .new_properties
        .iter()
        .map(|property| property.name.clone());
    let written = document
        .properties
        .value
        .iter()
        .map(|entry| entry.property.value.clone());
    Fitted {
        taken: defined.chain(written).collect(),
        text: edited(preset.text, fitting.edits),
        losses: fitting.losses,
    }
}

/// A preset while it is adapted.
struct Fitting<'a> {
    text: &'a str,
    document: &'a Document,
    index: HeaderIndex,
    survey: &'a Survey,
    edits: Vec<Edit>,
    losses: Vec<String>,
}

impl Fitting<'_> {
    fn entry(&mut self, entry: &EntrySpec) {
        let Some(columns) = of_origin(&entry.origin) else {
            return;
        };
        let found = columns.iter().map(|column| self.index.find(column));
        let found = found.into_iter().find(|positions| !positions.is_empty());
        match found.as_deref() {
            None if entry.optional => {}
            None => self.lacking(entry),
            Some([idx, ..]) if self.is_date(&entry.property.value) => self.dates(entry, *idx),
            Some([idx, ..]) => self.values(entry, *idx),
            Some([]) => {}
        }
    }

    /// The formats of times in comments, if the preset has others.
    fn notes(&mut self, notes: &NotesSpec) {
        let found = notes.columns().iter().map(|at| self.index.find(&at.value));
        let found = found.into_iter().find(|positions| !positions.is_empty());
        let mut found = found.into_iter().flatten();
        let Some((dates, _)) = found.find_map(|idx| self.survey.leading_dates(idx)) else {
            return;
        };
        let Some(old) = &notes.at.format else {
            return;
        };
        if let Some(question) = other_format(&dates) {
            self.losses.push(format!(
                "times of comments can be read in two ways; the first is written: {question}"
            ));
        }
        let is_known = |format: &&str| old.value.iter().any(|known| known.value == **format);
        if dates.formats.iter().all(is_known) {
            return;
        }
        let key = format_key(&dates.formats);
        let key = key.unwrap_or_else(|| format!("format = {}", quoted(ISO)));
        let value = key.strip_prefix("format = ").unwrap_or(&key).to_owned();
        self.edits.push((old.span.clone(), value));
    }

    fn is_date(&self, property: &str) -> bool {
        let mut defined = self.document.new_properties.iter();
        let is_dated = |type_name: &str| matches!(type_name, "date" | "datetime");
        matches!(property, "createdate" | "closed_date")
            || defined.any(|one| one.name == property && is_dated(&one.type_name))
    }

    /// An entry whose column the file lacks.
    fn lacking(&mut self, entry: &EntrySpec) {
        let property = &entry.property.value;
        let line = self.line_of(entry);
        if !self.text[line.clone()].starts_with(property.as_str()) {
            return;
        }
        let words = match property.as_str() {
            "subject" => "no subject: the file lacks its column. The line is commented out, and an import without it \
                          ends before it sends anything: which column is it?"
                .to_owned(),
            "createdate" => "the file lacks the column of the creation date: its tickets would be dated today".to_owned(),
            _ => format!("the file lacks the column for {property}: the line is commented out"),
        };
        self.edits.push((
            line.start..line.start,
            "# The file lacks this column: which one is it?\n# ".to_owned(),
        ));
        self.losses.push(words);
    }

    /// The formats that the file's own cells are written in.
    fn dates(&mut self, entry: &EntrySpec, idx: usize) {
        let column = &self.survey.columns[idx];
        if column.filled == 0 {
            return;
        }
        let Some((found, _)) = self.survey.dates(idx) else {
            self.losses.push(format!(
                "\"{}\" for {} holds no dates, such as {}: its rows would be refused",
                column.header,
                entry.property.value,
                column.examples.first().map_or_else(String::new, place)
            ));
            return;
        };
        let known: Vec<&str> = match &entry.format {
            Some(formats) => formats
                .value
                .iter()
                .map(|format| format.value.as_str())
                .collect(),
            None => vec![ISO],
        };
        if let Some(against) = &found.against {
            self.losses.push(format!(
                "\"{}\": {} is not a date like the others, its row would be refused",
                column.header,
                place(against)
            ));
        }
        if found.other.is_some() {
            self.ask(entry, &found);
        } else if found.formats.iter().any(|format| !known.contains(format)) {
            self.format(entry, &found.formats);
        }
    }

    /// Writes the formats into the entry.
    fn format(&mut self, entry: &EntrySpec, formats: &[&str]) {
        let Some(key) = format_key(formats) else {
            return;
        };
        let value = key.strip_prefix("format = ").unwrap_or(&key).to_owned();
        if let Some(old) = &entry.format {
            self.edits.push((old.span.clone(), value));
            return;
        }
        let Origin::Column(columns) = &entry.origin else {
            return;
        };
        let (Some(first), Some(last)) = (columns.first(), columns.last()) else {
            return;
        };
        // The column may be a list.
        let rest = &self.text[last.span.end..];
        let end = last.span.end + usize::from(rest.starts_with(']'));
        let start = first.span.start - usize::from(self.text[..first.span.start].ends_with('['));
        let is_short = self.text[..start].trim_end().ends_with('=')
            && self.text[..start]
                .trim_end_matches([' ', '='])
                .ends_with(entry.property.value.as_str());
        if is_short {
            let column = &self.text[start..end];
            self.edits
                .push((start..end, format!("{{ column = {column}, {key} }}")));
        } else {
            self.edits.push((end..end, format!(", {key}")));
        }
    }

    /// Comments an entry out whose dates can be read in two ways, and asks.
    fn ask(&mut self, entry: &EntrySpec, found: &DateFormats) {
        let Some(question) = other_format(found) else {
            return;
        };
        let line = self.line_of(entry);
        let mut lines = vec![format!("# {question}.")];
        let other = found.other.as_ref().map(|other| other.formats.as_slice());
        for formats in [Some(found.formats.as_slice()), other]
            .into_iter()
            .flatten()
        {
            let mut one = Fitting {
                text: self.text,
                document: self.document,
                index: HeaderIndex::default(),
                survey: self.survey,
                edits: Vec::new(),
                losses: Vec::new(),
            };
            one.format(entry, formats);
            let edits = one
                .edits
                .into_iter()
                .map(|(range, text)| (range.start - line.start..range.end - line.start, text));
            lines.push(format!(
                "# {}",
                edited(&self.text[line.clone()], edits.collect())
            ));
        }
        self.edits.push((line, lines.join("\n")));
        self.losses.push(format!(
            "{} is commented out, choose its line: {question}",
            entry.property.value
        ));
    }

    /// Values of the file that the entry's map lacks, if their meaning is known.
    fn values(&mut self, entry: &EntrySpec, idx: usize) {
        let words: &'static Words = match entry.property.value.as_str() {
            "hs_pipeline_stage" => &STAGES,
            "hs_ticket_priority" => &PRIORITIES,
            _ => return,
        };
        let Some((MapSpec::Lines(lines), span)) =
            entry.map.as_ref().map(|map| (&map.value, &map.span))
        else {
            return;
        };
        let column = &self.survey.columns[idx];
        let is_known = |value: &str| {
            let mut lines = lines.iter();
            lines.any(|line| line.from.value.trim().to_lowercase() == value.trim().to_lowercase())
        };
        let mut added = Vec::new();
        let mut unknown = Vec::new();
        for (value, count) in column.choices() {
            let text = replaced(entry, value);
            if is_known(&text) {
                continue;
            }
            match meaning(words, &text) {
                Some(meaning) => added.push(format!("{} = {}, ", quoted(&text), quoted(meaning))),
                None => unknown.push(format!("{} ({count})", quoted(value))),
            }
        }
        let line = self.text[span.start..].lines().next().unwrap_or_default();
        let open = line.find('{').map(|at| span.start + at + 1);
        if let Some(at) = open.filter(|_| !added.is_empty()) {
            self.edits
                .push((at..at, format!(" {}", added.concat().trim_end())));
        }
        if !unknown.is_empty() {
            let shown: Vec<&str> = unknown.iter().take(8).map(String::as_str).collect();
            let more = match unknown.len() > shown.len() {
                true => " and more",
                false => "",
            };
            self.losses.push(format!(
                "values of \"{}\" that the map for {} lacks: {}{more}",
                column.header,
                entry.property.value,
                shown.join(", "),
            ));
        }
    }

    /// The line of an entry, without its end.
    fn line_of(&self, entry: &EntrySpec) -> Range<usize> {
        let at = entry.property.span.start;
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |end| at + end);
        start..end
    }
}

/// A value with the entry's replacements made; it may differ from the cell's text.
fn replaced(entry: &EntrySpec, value: &str) -> String {
    let all = entry.replace.as_ref().map(|all| all.value.as_slice());
    let all = all.unwrap_or_default().iter();
    all.fold(value.to_owned(), |text, one| {
        let replaced = one.pattern.replace_all(&text, one.text.as_str());
        replaced.into_owned()
    })
}

/// The text with its edits, which do not overlap.
fn edited(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, new) in edits {
        if range.start < at {
            continue;
        }
        out.push_str(&text[at..range.start]);
        out.push_str(&new);
        at = range.end;
    }
    out + &text[at..]
}
