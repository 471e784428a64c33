//! The other rows of a family (protocol R7): a row that was refused, for whatever reason, is
//! tried again, and its key may be that of another row, whose ticket is there.

use std::path::Path;

use super::flow::PlannedOp;
use crate::error::Error;
use crate::journal::Reading;
use crate::mapping::CompiledMapping;
use crate::model::issue::{Problem, Reason, Refusal};
use crate::model::outcome::RowEnd;

/// Runs in whose refused rows the rows of a new one stood, and their retries; of an operation
/// of which each row has a key of its own.
#[derive(Default)]
pub struct Rivals(Vec<(String, Reading)>);

impl Rivals {
    /// Opens the journals of runs.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn open<'p>(folders: impl IntoIterator<Item = &'p Path>) -> Result<Rivals, Error> {
        let open = |folder: &Path| {
            let name = folder.file_name().unwrap_or(folder.as_os_str());
            let reading = Reading::open(folder)?;
            Ok((name.to_string_lossy().into_owned(), reading))
        };
        let runs = folders.into_iter().map(open);
        Ok(Rivals(runs.collect::<Result<_, Error>>()?))
    }

    /// The end of a row that was refused before, where another row's ticket has its key.
    ///
    /// # Errors
    /// When a journal can't be read.
    pub fn refuse(
        &self,
        op: &PlannedOp,
        mapping: &CompiledMapping,
    ) -> Result<Option<RowEnd>, Error> {
        let was_refused = op
            .source
            .kept
            .as_ref()
            .is_some_and(|kept| kept.line.is_some());
        if !was_refused {
            return Ok(None);
        }
        for (name, run) in &self.0 {
            if let Some((_file, line)) = run.holder(&op.draft.key)? {
                let place = format!("line {line} of the run {name}");
                let problem = Problem::new(Reason::RepeatedKey { place });
                let mut problem = problem.property(mapping.key_property());
                problem.column = mapping.column_of(mapping.key_property()).map(str::to_owned);
                let problem = problem.value(&op.draft.key);
                return Ok(Some(RowEnd::Refused(Refusal::from(problem))));
            }
        }
        Ok(None)
    }
}
