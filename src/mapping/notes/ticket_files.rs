//! Compiled `[[attachments]]`: the files of a ticket itself, which get a separate note. Its
//! time is that of the first file, else the ticket's, else that of its first comment.

use std::sync::Arc;

use super::element::{Element, Field};
use super::files::FileCut;
use super::listed::listed;
use super::moment::{AT, moment};
use crate::mapping::convert::DateRule;
use crate::mapping::entry::Column;
use crate::mapping::row_context::{Findings, RowContext};
use crate::model::attachment::Attachment;
use crate::model::issue::{Problem, Reason};
use crate::model::note::Note;

/// The id of such a note in its key.
const ID: &str = "attachments";

/// HubSpot: the property that names a note's files.
const ATTACHMENTS: &str = "hs_attachment_ids";

/// Files of the ticket that a row names in one place.
#[derive(Debug)]
pub(crate) struct TicketFiles {
    /// Columns that name them.
    pub(crate) columns: Vec<Column>,
    /// How.
    pub(crate) cut: FileCut,
    /// When they were attached.
    pub(crate) at: Option<(Field, DateRule)>,
}

/// The note with the files of a row's ticket; `around` is a time of the ticket.
/// Problems are added to the findings.
pub(crate) fn note_of_files(
    all: &[TicketFiles],
    scope: &RowContext<'_>,
    ticket: &str,
    around: Option<i64>,
    findings: &mut Findings,
) -> Option<Note> {
    let mut files: Vec<Attachment> = Vec::new();
    let mut first: Option<i64> = None;
    let mut place: Option<Arc<str>> = None;
    for one in all {
        for column in &one.columns {
            let Some(cell) = scope.filled(column.idx) else {
                continue;
            };
            let _first = place.get_or_insert_with(|| Arc::clone(&column.header));
            let found = match one.cut.files(cell) {
                Ok(found) => found,
                Err((reason, value)) => {
                    let problem = Problem::new(reason).property(ATTACHMENTS);
                    let problem = problem.column(&*column.header).value(&value);
                    findings.problems.push(problem);
                    continue;
                }
            };
            for (file, element) in found {
                let at = element.and_then(|element| one.moment(&element, column, findings));
                first = [first, at].into_iter().flatten().min();
                files.push(file);
            }
        }
    }
    let place = place.filter(|_| !files.is_empty())?;
    let Some(at_ms) = first.or(around) else {
        let problem = Problem::new(Reason::NoTimeOfFiles).property(AT);
        findings.problems.push(problem.column(&*place));
        return None;
    };
    Some(Note {
        key: format!("{ticket}:{ID}"),
        at_ms,
        body: listed(&files),
        files,
        ..Note::default()
    })
}

impl TicketFiles {
    /// When a file was attached, if given.
    fn moment(
        &self,
        element: &Element<'_>,
        column: &Column,
        findings: &mut Findings,
    ) -> Option<i64> {
        let (field, dates) = self.at.as_ref()?;
        let text = field.text(element)?;
        match moment(dates, &text, &column.header, findings) {
            Ok(at_ms) => Some(at_ms),
            Err(reason) => {
                let problem = Problem::new(reason).property(AT);
                let problem = problem.column(&*column.header).value(&text);
                findings.problems.push(problem);
                None
            }
        }
    }
}
