//! What every report begins with.

use std::path::Path;

use jiff::Timestamp;

use crate::error::{Cause, Error};
use crate::journal::{Header, InputFile, PortalPath};
use crate::model::run_report::{ReportHead, ReportedFile};

/// The version of this tool.
const TOOL: &str = env!("CARGO_PKG_VERSION");

/// A page that can't be made.
pub(super) fn unmade(error: impl Into<Cause>) -> Error {
    Error::unexpected("can't make the page").because(error)
}

/// The head of a report that knows no more than its name.
pub(super) fn bare(name: &Path, state: &str, times: (Timestamp, Timestamp)) -> ReportHead {
    let name = name.file_name().unwrap_or(name.as_os_str());
    ReportHead {
        name: name.to_string_lossy().into_owned(),
        state: state.to_owned(),
        times,
        portal: None,
        inputs: Vec::new(),
        mapping: None,
        tool: TOOL,
    }
}

/// The head of a folder's page, from its journal.
pub(super) fn of_header(
    folder: &Path,
    header: &Header,
    state: &str,
    times: (Timestamp, Timestamp),
) -> ReportHead {
    let path = header.mapping_path.display().to_string();
    ReportHead {
        portal: Some((header.portal_id, portal_words(&header.portal))),
        inputs: files(&header.inputs),
        mapping: Some(text_file(path, &header.mapping_text)),
        ..bare(folder, state, times)
    }
}

/// How a portal is reached, for people.
pub(super) fn portal_words(portal: &PortalPath) -> String {
    match portal {
        PortalPath::Sandbox(_) => "the embedded sandbox".to_owned(),
        PortalPath::Url(url) => url.clone(),
        PortalPath::Named { name, url } => format!("{name}, {url}"),
    }
}

/// Inputs, as they were.
pub(super) fn files(inputs: &[InputFile]) -> Vec<ReportedFile> {
    let files = inputs.iter().map(|input| ReportedFile {
        name: input.name(),
        bytes: input.size,
        hash: input.hash.clone(),
    });
    files.collect()
}

/// A file whose text is known.
pub(super) fn text_file(name: String, text: &str) -> ReportedFile {
    ReportedFile {
        name,
        bytes: text.len() as u64,
        hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
    }
}
