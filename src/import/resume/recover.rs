//! Reading rows again. A run's files are brought back to what its journal says (protocol D3): rows
//! that were settled after the last lengths that the journal knows are appended again, with their
//! cells from the input. Rows whose links wait are read again by the last phase.

use super::folder::RunFolder;
use crate::error::Error;
use crate::import::flow::RowOutcome;
use crate::import::read::{Input, Reading};
use crate::import::settle::files::RunFiles;
use crate::journal::{PastRow, Reading as JournalReading, RowEntry};
use crate::mapping::{CompiledMapping, Mapped};

/// Appends the rows settled after `filed`.
///
/// # Errors
/// When journal or input can't be read, or the files can't be written.
pub fn refile(
    folder: &RunFolder,
    input: &Input,
    mapping: &CompiledMapping,
    filed: u64,
    files: &mut RunFiles,
) -> Result<(), Error> {
    let rows = JournalReading::open(folder.path())?.settled_after(filed)?;
    let mut source = Again::new(input);
    for row in rows {
        let reading = source.row(row.row)?;
        files
            .add(&outcome(row, reading, mapping))
            .map_err(|error| folder.unusable(error))?;
    }
    files.flush().map_err(|error| folder.unusable(error))
}

/// The input, to read single rows of it again.
pub struct Again {
    source: Input,
    next_seq: u64,
}

impl Again {
    /// A reader of the rows of `input`.
    pub fn new(input: &Input) -> Again {
        Again {
            source: input.again(),
            next_seq: 0,
        }
    }

    /// Reads again a row that was read before; fastest in file order.
    pub fn row(&mut self, row: RowEntry) -> Result<Reading, Error> {
        if row.seq != self.next_seq {
            self.source.seek_to(row)?;
        }
        self.next_seq = row.seq + 1;
        let reading = self.source.next_row()?;
        reading.ok_or_else(|| Error::must_fix("the input is shorter than it was"))
    }
}

/// The row as read again, with the outcome that the journal has for it.
fn outcome(past: PastRow, reading: Reading, mapping: &CompiledMapping) -> RowOutcome {
    let mut outcome = match reading {
        Reading::Row(source) => {
            // The journal has no remarks; the row is mapped as before.
            let remarks = match mapping.map(&source) {
                Mapped::Ticket(draft) => draft.remarks,
                Mapped::Skipped | Mapped::Refused { .. } => Vec::new(),
            };
            let outcome = RowOutcome::early(source, past.end.clone());
            RowOutcome { remarks, ..outcome }
        }
        Reading::Fallen(outcome) => *outcome,
    };
    outcome.end = past.end;
    outcome.key = past.key;
    outcome
}
