//! Why an export stopped before its end.

use std::io;

use super::attachments::BringError;
use super::dataset::BaseError;
use super::page::PageError;
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
    #[error("can't write the export: {0}")]
    Open(io::Error),
    /// The existing data set can't be continued.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// The target can't be written.
    #[error("can't write the export: {0}")]
    Write(#[from] io::Error),
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
