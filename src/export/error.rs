//! Why an export stopped before its end.

use std::io;

use super::attachments::BringError;
use super::dataset::BaseError;
use super::page::PageError;
use crate::error::Cause;
use crate::hubspot::SearchError;
use crate::hubspot::error::CallError;

/// Why an export stopped before its end; no file has been published at that point.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The portal can't be read.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The list can't be read.
    #[error(transparent)]
    Page(PageError),
    /// Files can't be downloaded.
    #[error(transparent)]
    Files(BringError),
    /// The target can't be opened; nothing was read.
    #[error("can't write the export")]
    Open(#[source] io::Error),
    /// The existing data set can't be continued.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// The target can't be written.
    #[error("can't write the export")]
    Write(#[from] io::Error),
}

impl ExportError {
    /// What the system or a library said, if the error came from there.
    pub fn into_cause(self) -> Option<Cause> {
        match self {
            ExportError::Open(source)
            | ExportError::Write(source)
            | ExportError::Page(PageError::Spool(source))
            | ExportError::Files(BringError::Spool(source)) => Some(source.into()),
            ExportError::Page(PageError::BadPage(source)) => Some(source.into()),
            ExportError::Base(error) => error.into_cause(),
            ExportError::Call(_) | ExportError::Page(_) | ExportError::Files(_) => None,
        }
    }
}

impl From<BringError> for ExportError {
    fn from(error: BringError) -> ExportError {
        match error {
            BringError::Call(error) => ExportError::Call(error),
            error => ExportError::Files(error),
        }
    }
}

impl From<PageError> for ExportError {
    fn from(error: PageError) -> ExportError {
        match error {
            PageError::Call(error) | PageError::Search(SearchError::Call(error)) => {
                ExportError::Call(error)
            }
            error => ExportError::Page(error),
        }
    }
}
