//! Why uploaded files are kept: the codes of undo.csv, and what they mean.

use crate::journal::FileState;

/// The code of a file that is kept; none for others.
pub(super) fn left_code(state: FileState) -> Option<&'static str> {
    match state {
        FileState::Used => Some("FILE_USED"),
        FileState::Changed => Some("FILE_CHANGED"),
        FileState::Open | FileState::Made | FileState::There | FileState::Deleted => None,
    }
}

/// What a code means and what can be done.
pub(super) fn left_hint(code: &str) -> &'static str {
    match code {
        "FILE_USED" => "notes that stay, or those of another run, name this file, so it stays",
        _ => {
            "somebody has given this file other bytes or another place since, so it is kept; \
             delete it by hand if it is no longer needed"
        }
    }
}
