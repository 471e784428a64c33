//! An export as a page, read from its run folder.

use std::path::Path;

use super::head::{self, portal_words, text_file};
use crate::cli::export::folder_error;
use crate::cli::run_status::{State, export_state};
use crate::error::Error;
use crate::export::{self, Asked, Outcome};
use crate::import::settle::log::calls_over_time;
use crate::model::count::counted;
use crate::model::export_report::{ExportReport, ExportedFile};
use crate::model::run_report::ReportHead;
use crate::report::export_html;

/// The page.
pub(super) fn page(folder: &Path) -> Result<String, Error> {
    let asked = export::look(folder).map_err(folder_error)?;
    let unreadable = |error| {
        let folder = folder.display();
        Error::must_fix(format!("can't read summary.json of {folder}")).because(error)
    };
    let outcome = export::outcome(folder).map_err(unreadable)?;
    let (state, tickets) = export::progress(folder);
    let state = export_state(folder, &asked, state);
    let calls = calls_over_time(folder).ok().flatten();
    let report = ExportReport {
        head: head(folder, &asked, outcome.as_ref(), state),
        target: asked.target.display().to_string(),
        selection: asked.selection.given(),
        facts: match &outcome {
            Some(outcome) => outcome.facts.clone(),
            None => vec![format!("{} read so far", counted(tickets, "ticket"))],
        },
        files: outcome.as_ref().map(files).unwrap_or_default(),
        columns: outcome.map(|outcome| outcome.columns),
        calls,
    };
    export_html(&report).map_err(head::unmade)
}

fn head(folder: &Path, asked: &Asked, outcome: Option<&Outcome>, state: State) -> ReportHead {
    let ended = outcome.map_or(asked.begun, |outcome| outcome.ended);
    let mapping = asked.mapping.as_ref();
    let mapping = mapping.map(|mapping| {
        let path = mapping.path.display().to_string();
        text_file(path, &mapping.text)
    });
    ReportHead {
        portal: Some((asked.portal_id, portal_words(&asked.portal))),
        mapping,
        ..head::bare(folder, state.word(), (asked.begun, ended))
    }
}

fn files(outcome: &Outcome) -> Vec<ExportedFile> {
    let files = outcome.files.iter();
    let files = files.map(|file| ExportedFile {
        name: file.name.clone(),
        rows: file.rows,
        bytes: file.bytes,
        hash: file.blake3.clone(),
    });
    files.collect()
}
