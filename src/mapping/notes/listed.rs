//! The text of a note that has only files.

use super::body::{Head, body};
use crate::mapping::syntax::BodyForm;
use crate::model::attachment::Attachment;

/// The names of a ticket's files, as the body of a note.
pub(super) fn listed(files: &[Attachment]) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let text = format!("Attachments of the ticket: {}", names.join(", "));
    body(&Head::default(), &text, BodyForm::Plain).html
}
