//! Why a row is refused: a problem is a reason with its place, that is column, property
//! and value. `reason` has the reasons, `words` the one table of their codes, sentences and
//! hints. Codes are stable, scripts may rely on them; the words may get better.

mod gist;
mod reason;
mod words;

pub use gist::gist;
pub use reason::{Reason, SincePlan};

use std::fmt;

/// How much of a value is kept in a problem, in characters.
const EXCERPT: usize = 200;

/// The code of a row whose ticket was written, and one of whose notes the portal refused.
pub const NOTE_REFUSED: &str = "NOTE_REFUSED";

/// The code of a row whose ticket was written and that names a missing ticket.
pub const LINKED_TICKET_MISSING: &str = "LINKED_TICKET_MISSING";

/// The code of a row whose ticket was written and one of whose links the portal refused.
pub const LINK_REFUSED: &str = "LINK_REFUSED";

/// The code of a row whose ticket was written, and one of whose notes has a key that is taken.
pub const NOTE_KEY_HELD: &str = "NOTE_KEY_HELD";

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub reason: Reason,
    /// Column of the input, if there is one.
    pub column: Option<String>,
    /// Property of the portal, if there is one.
    pub property: Option<String>,
    /// The value, shortened to 200 characters; empty if there is none.
    pub value: String,
}

impl Problem {
    /// A problem without a place yet.
    pub fn new(reason: Reason) -> Problem {
        Problem {
            reason,
            column: None,
            property: None,
            value: String::new(),
        }
    }

    /// Names the column.
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Problem {
        self.column = Some(column.into());
        self
    }

    /// Names the property.
    #[must_use]
    pub fn property(mut self, property: impl Into<String>) -> Problem {
        self.property = Some(property.into());
        self
    }

    /// Shows the value, shortened.
    #[must_use]
    pub fn value(mut self, value: &str) -> Problem {
        self.value = excerpt(value);
        self
    }
}

/// The first 200 characters of a text, with a mark if it was longer.
pub fn excerpt(value: &str) -> String {
    match value.char_indices().nth(EXCERPT) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}…", &value[..end]),
    }
}

/// Why a row is refused: everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowIssue {
    first: Problem,
    others: Vec<Problem>,
}

impl RowIssue {
    /// An issue with one problem.
    pub fn new(problem: Problem) -> RowIssue {
        RowIssue {
            first: problem,
            others: Vec::new(),
        }
    }

    /// An issue of several problems; none when there is no problem.
    pub fn from_problems(problems: Vec<Problem>) -> Option<RowIssue> {
        let mut problems = problems.into_iter();
        Some(RowIssue {
            first: problems.next()?,
            others: problems.collect(),
        })
    }

    /// The problem that fills code, column and value of refused.csv.
    pub fn first(&self) -> &Problem {
        &self.first
    }

    /// All problems in the order they were found.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The hint of refused.csv: names every problem and what to do about it.
    pub fn hint(&self) -> String {
        if self.others.is_empty() {
            return self.first.to_string();
        }
        let all: Vec<String> = self
            .problems()
            .enumerate()
            .map(|(idx, problem)| format!("({}) {problem}", idx + 1))
            .collect();
        all.join(" ")
    }
}

/// A refusal as in the journal and in refused.csv: plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code of the first problem.
    pub code: String,
    /// Its column, or its property if no column feeds it; may be empty.
    pub column: String,
    /// Its value, shortened; may be empty.
    pub value: String,
    /// Every problem in words, with what to do about it.
    pub hint: String,
}

impl From<RowIssue> for Refusal {
    fn from(issue: RowIssue) -> Refusal {
        let hint = issue.hint();
        let first = issue.first;
        Refusal {
            code: first.reason.code().to_owned(),
            column: first.column.or(first.property).unwrap_or_default(),
            value: first.value,
            hint,
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        RowIssue::new(problem).into()
    }
}

impl From<Problem> for RowIssue {
    fn from(problem: Problem) -> RowIssue {
        RowIssue::new(problem)
    }
}

/// `value "x" in column "C" (property p): sentence; advice`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.column {
            write!(f, "column \"{column}\": ")?;
        } else if let Some(property) = &self.property {
            write!(f, "property {property}: ")?;
        }
        if !self.value.is_empty() {
            write!(f, "\"{}\": ", self.value)?;
        }
        let words = self.reason.words();
        write!(f, "{}; {}.", words.sentence, words.advice)
    }
}

/// Codes of rows that were refused as they were read, so that their key was not known.
const UNREAD: [&str; 6] = [
    "RAGGED_ROW",
    "UNCLOSED_QUOTE",
    "RECORD_TOO_LONG",
    "NOT_TEXT",
    "NUL_CHARACTER",
    "RAW_AND_CELLS",
];

/// Whether a row that was refused with this code had cells, so that its key could be made.
pub fn was_read(code: &str) -> bool {
    !UNREAD
        .iter()
        .any(|unread| unread.eq_ignore_ascii_case(code))
}
