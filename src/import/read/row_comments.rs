//! Comments in separate files: each row gets those of its ticket as it is read, so that all later
//! stages find them with the row.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::delimited::cut::LONGEST;
use super::rows::Reading;
use crate::error::Error;
use crate::import::flow::RowOutcome;
use crate::journal::CommentReading;
use crate::mapping::CompiledMapping;
use crate::model::issue::{Problem, Reason};
use crate::model::outcome::RowEnd;
use crate::model::row::SourceRow;

/// Where the comments of rows are.
#[derive(Debug)]
pub(super) struct RowComments {
    folder: PathBuf,
    mapping: Arc<CompiledMapping>,
    /// Opened when the first row is read.
    reading: Option<CommentReading>,
}

impl RowComments {
    /// Comments in the folder of a run or a plan; `mapping` says what names a row.
    pub(super) fn open(
        folder: &Path,
        mapping: &Arc<CompiledMapping>,
    ) -> Result<RowComments, Error> {
        Ok(RowComments {
            folder: folder.to_owned(),
            mapping: Arc::clone(mapping),
            reading: Some(CommentReading::open(folder)?),
        })
    }

    /// The same, for another reader.
    pub(super) fn again(&self) -> RowComments {
        RowComments {
            folder: self.folder.clone(),
            mapping: Arc::clone(&self.mapping),
            reading: None,
        }
    }

    /// Adds its comments to a row. Together they are no longer than a record may be.
    pub(super) fn join(&mut self, reading: Reading) -> Result<Reading, Error> {
        let Reading::Row(mut row) = reading else {
            return Ok(reading);
        };
        let named = self.mapping.named(&row);
        if named.is_empty() {
            return Ok(Reading::Row(row));
        }
        let store = match &mut self.reading {
            Some(store) => store,
            none => none.insert(CommentReading::open(&self.folder)?),
        };
        let mut left = LONGEST;
        for (entry, ticket) in named {
            let Some(comments) = store.of(entry, &ticket, left)? else {
                return Ok(too_long(row));
            };
            let bytes = comments.iter().map(|one| one.cells.text_len());
            left = left.saturating_sub(bytes.sum());
            row.comments.extend(comments);
        }
        Ok(Reading::Row(row))
    }
}

fn too_long(mut row: SourceRow) -> Reading {
    row.comments = Vec::new();
    let problem = Problem::new(Reason::CommentsTooLong { limit: LONGEST });
    let end = RowEnd::Refused(problem.into());
    Reading::Fallen(Box::new(RowOutcome::early(row, end)))
}
