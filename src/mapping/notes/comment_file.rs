//! Comments in a separate file: the columns that they need, and how they name the row of
//! their ticket.

use crate::mapping::entry::Column;
use crate::mapping::header_index::HeaderIndex;
use crate::mapping::nearest::nearest;
use crate::mapping::syntax::ColumnName;
use crate::model::invisible::trim_invisible;
use crate::model::row::{Cells, Headers};

/// How many columns a message names.
const SHOWN: usize = 12;

/// A file of comments, as the mapping describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentFile {
    /// Position of its `[[notes]]` in the mapping.
    pub entry: u32,
    /// The file, as the mapping names it.
    pub file: String,
    /// Columns that name the ticket; the first filled one counts.
    pub ticket: Vec<String>,
    /// Columns that the comments are made of, each once.
    pub fields: Vec<String>,
    /// For each field that the mapping reads, the columns of which the file must have one.
    pub(crate) needed: Vec<Vec<String>>,
}

/// Positions of the columns in a file of comments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommentColumns {
    ticket: Vec<usize>,
    /// In the order of `CommentFile::fields`; none if the file lacks one.
    fields: Vec<Option<usize>>,
}

/// A column that a file of comments lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LacksColumn {
    /// `has no column "created_at"`
    pub words: String,
    /// What to do.
    pub advice: String,
}

/// How comments name a row.
#[derive(Clone, Debug)]
pub(crate) enum Joint {
    /// By the text of its key, without the prefix.
    Key,
    /// By the first of these cells that is filled.
    Columns(Vec<Column>),
}

/// Comments in a file, compiled.
#[derive(Clone, Debug)]
pub(crate) struct CommentsInFile {
    /// The file.
    pub(crate) file: CommentFile,
    /// What names a row.
    pub(crate) joint: Joint,
}

impl CommentFile {
    /// Finds the columns in the headers of the file.
    ///
    /// # Errors
    /// When it lacks one.
    pub fn columns(&self, headers: &Headers) -> Result<CommentColumns, LacksColumn> {
        let index = HeaderIndex::new(headers);
        let find = |name: &String| {
            let found = index.find(&ColumnName::Name(name.clone()));
            found.first().copied()
        };
        let ticket: Vec<usize> = self.ticket.iter().filter_map(find).collect();
        let needed = std::iter::once(&self.ticket).chain(&self.needed);
        for names in needed {
            if !names.iter().any(|name| find(name).is_some()) {
                return Err(lacks(names, headers));
            }
        }
        Ok(CommentColumns {
            ticket,
            fields: self.fields.iter().map(find).collect(),
        })
    }
}

fn lacks(names: &[String], headers: &Headers) -> LacksColumn {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let known = || headers.names().iter().map(String::as_str);
    let near = names.first().and_then(|name| nearest(name, known()));
    let meant = near.map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
    let shown: Vec<&str> = known().take(SHOWN).collect();
    LacksColumn {
        words: format!("has no column {}", quoted.join(" or ")),
        advice: format!(
            "{meant}its columns are {}; name them in [[notes]] of the mapping",
            shown.join(", ")
        ),
    }
}

impl CommentColumns {
    /// The name of a comment's ticket; empty if it names none.
    pub fn ticket<'r>(&self, cells: &'r Cells) -> &'r str {
        let named = self.ticket.iter().filter_map(|idx| cells.get(*idx));
        let mut named = named.map(trim_invisible);
        named.find(|name| !name.is_empty()).unwrap_or_default()
    }

    /// The cells that the comment is made of.
    pub fn fields(&self, cells: &Cells) -> Cells {
        let cell = |idx: &Option<usize>| idx.and_then(|idx| cells.get(idx)).unwrap_or("");
        Cells::new(self.fields.iter().map(cell))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> CommentFile {
        let texts = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        CommentFile {
            entry: 0,
            file: "comments.csv".to_owned(),
            ticket: texts(&["ticket_id", "Ticket"]),
            fields: texts(&["at", "html", "text"]),
            needed: vec![texts(&["at"]), texts(&["html", "text"])],
        }
    }

    #[test]
    fn columns_are_found_and_what_lacks_is_named() {
        let headers =
            |names: &[&str]| Headers::new(names.iter().map(|&name| name.to_owned()).collect());
        let found = file().columns(&headers(&["Text", "ticket", "At", "more"]));
        let found = found.expect("all that is needed");
        assert_eq!(
            (found.ticket.clone(), found.fields.clone()),
            (vec![1], vec![Some(2), None, Some(0)])
        );
        let cells = Cells::new(["hi", "\u{a0}7 ", "now", "x"]);
        assert_eq!(found.ticket(&cells), "7");
        assert_eq!(
            found.fields(&cells).iter().collect::<Vec<_>>(),
            ["now", "", "hi"]
        );
        let lack = file().columns(&headers(&["ticket_id", "at", "test"]));
        let lack = lack.expect_err("no text");
        assert_eq!(lack.words, "has no column \"html\" or \"text\"");
        assert!(
            lack.advice.contains("its columns are ticket_id, at, test"),
            "{}",
            lack.advice
        );
    }
}
