//! A CSV record as read: headers once for a file, cells once for a row.

use crate::model::outcome::{Change, Fate};
use crate::model::place::RowAddress;

/// The header line of an input, in file order and as written there (without blanks and
/// invisible characters around a name). Names may repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    names: Vec<String>,
    own: Vec<String>,
    of_objects: bool,
}

impl Headers {
    /// Headers in file order.
    pub fn new(names: Vec<String>) -> Headers {
        Headers {
            names,
            own: Vec::new(),
            of_objects: false,
        }
    }

    /// The same, for rows that are JSON objects.
    #[must_use]
    pub fn of_objects(mut self) -> Headers {
        self.of_objects = true;
        self
    }

    /// Whether rows are JSON objects, which go into refused.jsonl whole (protocol H1).
    pub fn are_of_objects(&self) -> bool {
        self.of_objects
    }

    /// The same, with the columns that the tool itself has added to the file. Their
    /// cells come after the others; mappings may name them, and no file gets them again.
    #[must_use]
    pub fn with_own(mut self, own: Vec<String>) -> Headers {
        self.own = own;
        self
    }

    /// The columns that the tool itself has added (protocol R6).
    pub fn own(&self) -> &[String] {
        &self.own
    }

    /// All names in file order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many columns a record of this file has.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True when there is no column at all.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Name of the column at `idx`, or an empty text if a record is longer than its
    /// header.
    pub fn name(&self, idx: usize) -> &str {
        self.names.get(idx).map_or("", String::as_str)
    }
}

/// The cells of one record: one text and where each cell ends in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Cells {
    /// Packs cells in column order.
    pub fn new<'a>(cells: impl IntoIterator<Item = &'a str>) -> Cells {
        let mut text = String::new();
        let mut ends = Vec::new();
        for cell in cells {
            text.push_str(cell);
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        Cells {
            text: text.into_boxed_str(),
            ends: ends.into_boxed_slice(),
        }
    }

    /// Packs cells that follow each other in `text`, each up to one of `ends`; none if
    /// an end is inside a character, or the text is longer than 4 GiB.
    pub fn packed(text: &str, ends: &[usize]) -> Option<Cells> {
        let fits = u32::try_from(text.len()).is_ok();
        if !fits || !ends.iter().all(|&end| text.is_char_boundary(end)) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "no end is beyond the text, which fits"
        )]
        let ends = ends.iter().map(|&end| end as u32).collect();
        Some(Cells {
            text: text.into(),
            ends,
        })
    }

    /// The cell at `idx`, exactly as in the file (not trimmed).
    #[inline]
    pub fn get(&self, idx: usize) -> Option<&str> {
        let end = *self.ends.get(idx)? as usize;
        let start = match idx {
            0 => 0,
            _ => self.ends[idx - 1] as usize,
        };
        self.text.get(start..end)
    }

    /// How many cells the record has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True when the record has no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// True when every cell is empty or blank.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// True when each of the first `count` cells is empty or blank.
    pub fn are_blank(&self, count: usize) -> bool {
        let end = match count.checked_sub(1) {
            None => 0,
            Some(last) => self
                .ends
                .get(last)
                .map_or(self.text.len(), |end| *end as usize),
        };
        self.text[..end].trim().is_empty()
    }

    /// Length of all cells together, in bytes.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// The cells in column order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|idx| self.get(idx))
    }
}

/// One record of the input: `read → map`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// Number of the row in the run, from 1, over all inputs.
    pub seq: u64,
    /// Its place in its file.
    pub address: RowAddress,
    /// Its cells, in the order of the run's headers.
    pub cells: Cells,
    /// What an earlier run wrote about it, if the input is a file of that run (protocol
    /// R6).
    pub kept: Option<Box<Kept>>,
    /// The object as in the file, if that is JSON.
    pub object: Option<Box<str>>,
    /// Its comments from separate files; taken once they are mapped.
    pub comments: Vec<Comment>,
}

/// A comment from a separate file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Position of its `[[notes]]` in the mapping.
    pub entry: u32,
    /// Its place: `comments.csv:17`.
    pub place: Box<str>,
    /// Its cells, in the order in which that `[[notes]]` names their columns.
    pub cells: Cells,
}

impl SourceRow {
    /// Whether an earlier run wrote that it did not create this row's ticket, so that
    /// the ticket must not be deleted by that run's files.
    pub fn is_left_alone(&self) -> bool {
        let end = self.kept.as_ref().and_then(|kept| kept.end.as_ref());
        end.is_some_and(|end| !end.is_created())
    }

    /// Replaces the row's line by its line in the first input, if an earlier run recorded that one:
    /// its line in a refused.csv, or in the copy that a retry keeps, means nothing to anybody.
    pub fn stand_where_it_stood(&mut self) {
        let line = self.kept.as_ref().and_then(|kept| kept.line.as_deref());
        let line = line.map(|line| line.rsplit_once(':').map_or(line, |(_file, line)| line));
        if let Some(line) = line.and_then(|line| line.parse::<u32>().ok()) {
            self.address.line = line.into();
        }
    }
}

/// What the added columns of our own refused.csv, done.csv or idmap.csv say of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// `_line`: its place in the first input.
    pub line: Option<Box<str>>,
    /// `_code`: what it was refused for.
    pub code: Option<Box<str>>,
    /// `_key`: the key that it had. It counts if keys are made of cells, which may have
    /// been edited since.
    pub key: Option<Box<str>>,
    /// `_value`: what was wrong in it; of a repeated key the key itself.
    pub value: Option<Box<str>>,
    /// `_fate` and `_operation`: its outcome.
    pub end: Option<KeptEnd>,
}

/// What an earlier run did with a row's ticket, by the words of done.csv.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptEnd {
    /// Where the row ended: `done`, `exists`…
    pub fate: Box<str>,
    /// What was done, or was to be done: `create`, `update`…
    pub operation: Box<str>,
}

impl KeptEnd {
    /// A word that no run writes, with its column, without the underscore of done.csv.
    pub fn unknown_word(&self) -> Option<(&'static str, &str)> {
        let settled = [Fate::Done, Fate::Exists, Fate::Unchanged];
        let changes = Change::ALL.map(Change::verb);
        let operations = ["upsert", "associate", "dissociate"];
        let mut known = changes.iter().chain(&operations);
        if !settled.iter().any(|fate| fate.word() == &*self.fate) {
            return Some(("fate", &self.fate));
        }
        match known.any(|word| *word == &*self.operation) {
            true => None,
            false => Some(("operation", &self.operation)),
        }
    }

    /// Whether that run made the ticket.
    pub fn is_created(&self) -> bool {
        &*self.fate == Fate::Done.word() && &*self.operation == Change::Created.verb()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_went_in() {
        let cells = Cells::new(["a", "", "çé", " x "]);
        assert_eq!(cells.len(), 4);
        assert_eq!(cells.iter().collect::<Vec<_>>(), ["a", "", "çé", " x "]);
        assert_eq!(cells.get(4), None);
        assert!(!cells.is_blank());
        assert!(Cells::new(["", " ", "\t"]).is_blank());
        let cells = Cells::new([" ", "", "x"]);
        assert!(cells.are_blank(2) && !cells.are_blank(3) && !cells.is_blank());
        assert_eq!(
            Cells::packed("açéb", &[1, 1, 5, 6]),
            Some(Cells::new(["a", "", "çé", "b"]))
        );
        assert_eq!(Cells::packed("açb", &[2, 4]), None);
    }
}
