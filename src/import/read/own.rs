//! Our own files as input (protocol R6): where the columns stand that we added, and what
//! these say of a row.

use super::record::Record;
use crate::import::files::{DONE_COLUMNS, IDMAP_COLUMNS, REFUSED_COLUMNS};
use crate::model::invisible::trim_invisible;
use crate::model::row::{Kept, KeptEnd};

/// How many columns done.csv got before it had remarks.
const FIRST_DONE_COLUMNS: usize = 4;

/// Cells of a file that we wrote, by what they say; all none in other files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OwnCells {
    pub(super) line: Option<usize>,
    code: Option<usize>,
    key: Option<usize>,
    raw: Option<usize>,
    fate: Option<usize>,
    operation: Option<usize>,
}

/// Positions of the columns that we added to a file: the last ones of their names, since
/// the source may have had such names itself. Empty where the file is none of ours.
pub(super) fn added(names: &[String]) -> Vec<usize> {
    let at = |column: &&str| names.iter().rposition(|name| name == column);
    let all = |columns: &[&str]| columns.iter().map(at).collect::<Option<Vec<usize>>>();
    let mut ours = all(&REFUSED_COLUMNS).unwrap_or_default();
    if all(&DONE_COLUMNS[..FIRST_DONE_COLUMNS]).is_some() {
        ours.extend(DONE_COLUMNS.iter().filter_map(at));
    }
    ours.sort_unstable();
    ours
}

impl OwnCells {
    /// Of a file with these names, of which we added some.
    pub(super) fn new(names: &[String], added: &[usize]) -> OwnCells {
        let cell = |wanted: &str| added.iter().copied().find(|&idx| names[idx] == wanted);
        // The whole of idmap.csv is ours, so that nothing was added to it.
        let is_idmap = names.iter().eq(IDMAP_COLUMNS.iter());
        let of_idmap = |wanted: &str| {
            let mut known = IDMAP_COLUMNS.iter();
            known.position(|name| *name == wanted).filter(|_| is_idmap)
        };
        OwnCells {
            line: cell("_line"),
            code: cell("_code"),
            key: cell("_key"),
            raw: cell("_raw"),
            fate: cell("_fate").or_else(|| of_idmap("fate")),
            operation: cell("_operation").or_else(|| of_idmap("operation")),
        }
    }

    /// What an earlier run wrote of a row; none where it wrote nothing.
    pub(super) fn kept(&self, record: Record<'_>) -> Option<Box<Kept>> {
        let text = |cell: Option<usize>| {
            let text = std::str::from_utf8(record.get(cell?)).ok()?;
            let text = trim_invisible(text);
            (!text.is_empty()).then(|| text.into())
        };
        let kept = Kept {
            line: text(self.line),
            code: text(self.code),
            key: text(self.key),
            end: text(self.fate)
                .zip(text(self.operation))
                .map(|(fate, operation)| KeptEnd { fate, operation }),
        };
        (kept != Kept::default()).then(|| Box::new(kept))
    }

    /// The record that `_raw` holds, where it holds one.
    pub(super) fn raw<'r>(&self, record: Record<'r>) -> Option<&'r [u8]> {
        let raw = record.get(self.raw?);
        (!raw.trim_ascii().is_empty()).then_some(raw)
    }

    /// What a record was refused for before it could be cut into cells.
    pub(super) fn code<'r>(&self, record: Record<'r>) -> &'r [u8] {
        self.code
            .map_or(&[][..], |code| record.get(code).trim_ascii())
    }
}
