//! What is wrong with a mapping, and how it is shown: every problem with its place in
//! the TOML file, like a compiler's message. Parsing and compiling collect into
//! `Problems`; what users and callers see is `Mistakes`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

use crate::model::visible::one_line;

/// How many problems are shown.
const DRAWN: usize = 50;

/// A part of a mapping is faulty; the fault has been reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

/// One thing that is wrong with a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    span: Range<usize>,
    message: String,
    label: Option<String>,
    help: Option<String>,
}

impl Problem {
    /// A problem at those bytes of the TOML text.
    pub(crate) fn new(span: &Range<usize>, message: impl Into<String>) -> Problem {
        Problem {
            span: span.clone(),
            message: message.into(),
            label: None,
            help: None,
        }
    }

    /// A few words under the marked place.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = Some(label.into());
        self
    }

    /// What to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// "did you mean" if something similar exists, otherwise the other help.
    pub(crate) fn suggest(self, nearest: Option<&str>, otherwise: impl Into<String>) -> Problem {
        match nearest {
            Some(nearest) => self.help(format!("did you mean `{nearest}`?")),
            None => self.help(otherwise),
        }
    }
}

/// Collects problems while a mapping is read or compiled. Shared by reference, so
/// that every reader of the tree may report.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: RefCell<Vec<Problem>>,
    patterns: Cell<usize>,
}

impl Problems {
    /// Adds one.
    pub(crate) fn report(&self, problem: Problem) {
        self.found.borrow_mut().push(problem);
    }

    /// Adds to the memory that the patterns of the mapping take, and returns the sum.
    pub(crate) fn add_pattern(&self, bytes: usize) -> usize {
        let sum = self.patterns.get().saturating_add(bytes);
        self.patterns.set(sum);
        sum
    }

    /// How many were reported.
    pub(crate) fn count(&self) -> usize {
        self.found.borrow().len()
    }

    /// True while nothing was reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// The value if nothing was reported, otherwise all errors in the order of the
    /// file.
    pub(crate) fn conclude<T, R>(
        self,
        value: Option<T>,
        name: &Arc<str>,
        text: &Arc<str>,
    ) -> Result<T, Mistakes<R>> {
        let mut found = self.found.into_inner();
        match value {
            Some(value) if found.is_empty() => return Ok(value),
            None if found.is_empty() => {
                found.push(Problem::new(&(0..0), "the mapping can't be used"));
            }
            _ => {}
        }
        Err(Mistakes {
            name: Arc::clone(name),
            text: Arc::clone(text),
            found: in_order(found),
            rest: None,
        })
    }
}

/// In the order of the file, none twice; of several at one place, the first that was
/// found comes first.
fn in_order(mut found: Vec<Problem>) -> Vec<Problem> {
    found.sort_by_key(|problem| (problem.span.start, problem.span.end));
    found.dedup_by(|later, first| (&later.span, &later.message) == (&first.span, &first.message));
    found
}

/// Everything that is wrong with a mapping file, in the order of the file; never empty.
/// `R` is what could be parsed of it nevertheless.
#[derive(Debug)]
pub struct Mistakes<R> {
    name: Arc<str>,
    text: Arc<str>,
    found: Vec<Problem>,
    rest: Option<Box<R>>,
}

/// One problem of a mapping file, for callers that show it themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MappingProblem<'a> {
    /// Line in the TOML file, from 1.
    pub line: usize,
    /// Character in that line, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: &'a str,
    /// What to do about it.
    pub help: Option<&'a str>,
}

impl<R> Mistakes<R> {
    /// How many problems there are; at least one.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// These errors, with what could be parsed of the mapping.
    pub(crate) fn with_rest(mut self, rest: Option<R>) -> Mistakes<R> {
        self.rest = rest.map(Box::new);
        self
    }

    /// What could be parsed of the mapping; only for further checks.
    pub fn rest(&self) -> Option<&R> {
        self.rest.as_deref()
    }

    /// These errors after those of a later check; of a problem found twice, the more
    /// specific one is kept.
    pub(crate) fn behind(mut self, mut later: Mistakes<R>) -> Mistakes<R> {
        later.found.append(&mut self.found);
        self.found = in_order(later.found);
        self
    }

    /// The problems with their places.
    pub fn problems(&self) -> impl Iterator<Item = MappingProblem<'_>> {
        self.found.iter().map(|problem| {
            let (line, column) = line_and_column(&self.text, problem.span.start);
            MappingProblem {
                line,
                column,
                message: &problem.message,
                help: problem.help.as_deref(),
            }
        })
    }

    /// The problems as text with the lines they concern, in colour or plain, ending
    /// without a line break. If there are very many, the first ones are shown, since
    /// showing one scans the whole file.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let first = self.found.iter().take(DRAWN);
        let mut drawn: Vec<String> = first
            .map(|problem| renderer.render(&[self.group(problem)]))
            .collect();
        if let more @ 1.. = self.found.len().saturating_sub(DRAWN) {
            drawn.push(format!("and {more} more mistakes of the mapping"));
        }
        drawn.join("\n\n")
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let plain = |words: &str| normalize_untrusted_str(&one_line(words));
        let mark = AnnotationKind::Primary
            .span(within(&self.text, &problem.span))
            .label(problem.label.as_deref().map(plain));
        let group = Level::ERROR.primary_title(plain(&problem.message)).element(
            Snippet::source(&*self.text)
                .path(one_line(&self.name))
                .annotation(mark),
        );
        match &problem.help {
            Some(help) => group.element(Level::HELP.message(plain(help))),
            None => group,
        }
    }
}

impl<R> fmt::Display for Mistakes<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl<R: fmt::Debug> std::error::Error for Mistakes<R> {}

/// The span moved inside the text and onto whole characters.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = floor(text, span.start);
    start..floor(text, span.end).max(start)
}

fn floor(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len()))
        .rev()
        .find(|idx| text.is_char_boundary(*idx))
        .unwrap_or(0)
}

fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..floor(text, byte)];
    let start = before.rfind('\n').map_or(0, |idx| idx + 1);
    (
        before.matches('\n').count() + 1,
        before[start..].chars().count() + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        for (byte, expected) in [(0, (1, 1)), (3, (1, 3)), (5, (2, 1)), (6, (2, 2))] {
            assert_eq!(line_and_column("aéb\ncd", byte), expected, "{byte}");
        }
        assert_eq!(line_and_column("ab", 99), (1, 3));
        assert_eq!(within("é", &(1..9)), 0..2);
    }
}
