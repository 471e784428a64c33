//! Bringing a run's files back to what its journal says (protocol D3): rows that
//! were settled after the last lengths that the journal knows are appended again,
//! their cells read once more from the input.

use super::files::RunFiles;
use super::flow::RowOutcome;
use super::folder::RunFolder;
use super::read::{Input, Reading};
use crate::error::Error;
use crate::journal::{PastRow, Reading as JournalReading};

/// Appends the rows settled after `filed`.
///
/// # Errors
/// When journal or input can't be read, or the files can't be written.
pub fn refile(
    folder: &RunFolder,
    input: &Input,
    filed: u64,
    files: &mut RunFiles,
) -> Result<(), Error> {
    let rows = JournalReading::open(folder.path())?.settled_after(filed)?;
    let mut source = input.again();
    let mut next_seq = 0;
    for row in rows {
        if row.row.seq != next_seq {
            source.seek_to(row.row)?;
        }
        next_seq = row.row.seq + 1;
        let Some(reading) = source.next_row()? else {
            return Err(Error::mend("the input is shorter than it was"));
        };
        files
            .add(&outcome(row, reading))
            .map_err(|error| folder.unusable(&error))?;
    }
    files.flush().map_err(|error| folder.unusable(&error))
}

/// The row as it is read again, with the end that the journal has for it.
fn outcome(past: PastRow, reading: Reading) -> RowOutcome {
    let mut outcome = match reading {
        Reading::Row(source) => RowOutcome::early(source, past.end.clone()),
        Reading::Fallen(outcome) => *outcome,
    };
    outcome.end = past.end;
    outcome.key = past.key;
    outcome
}
