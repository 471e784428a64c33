//! The other rows of a family (protocol R7): a row that was refused, for whatever reason, is
//! retried, and its key may belong to another row, whose ticket exists.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::import::flow::PlannedOp;
use crate::import::read::names_in;
use crate::journal::Reading;
use crate::model::issue::Reason;

/// The runs that refused the rows of the new run, and their retries; for operations in which
/// each row has its own key.
#[derive(Default)]
pub struct FamilyKeys(Vec<FamilyRun>);

/// One of those runs.
struct FamilyRun {
    folder: PathBuf,
    journal: Reading,
    /// For the rows that it retried, their lines in the first input, by row number; read when first
    /// needed.
    lines: OnceCell<HashMap<u64, Box<str>>>,
}

impl FamilyKeys {
    /// Opens the journals of runs.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn open<'p>(folders: impl IntoIterator<Item = &'p Path>) -> Result<FamilyKeys, Error> {
        let open = |folder: &Path| {
            Ok(FamilyRun {
                folder: folder.to_owned(),
                journal: Reading::open(folder)?,
                lines: OnceCell::new(),
            })
        };
        let runs = folders.into_iter().map(open);
        Ok(FamilyKeys(runs.collect::<Result<_, Error>>()?))
    }

    /// Why a row that was refused before is refused again: another row's ticket has its key.
    ///
    /// # Errors
    /// When a journal can't be read.
    pub fn taken(&self, op: &PlannedOp) -> Result<Option<Reason>, Error> {
        let kept = op.source.kept.as_ref();
        let Some(line) = kept.and_then(|kept| kept.line.as_deref()) else {
            return Ok(None);
        };
        for rival in &self.0 {
            if let Some(holder) = rival.holder(&op.draft.key)?
                && holder != line
            {
                let place = format!("{} of the run {}", words(&holder), rival.name());
                return Ok(Some(Reason::RepeatedKey { place }));
            }
        }
        Ok(None)
    }
}

impl FamilyRun {
    fn name(&self) -> Cow<'_, str> {
        let name = self.folder.file_name();
        name.unwrap_or(self.folder.as_os_str()).to_string_lossy()
    }

    /// The line of the row whose ticket has a key, as `_line` has it. A row that this run
    /// retried may be the row itself.
    fn holder(&self, key: &str) -> Result<Option<String>, Error> {
        let Some(holder) = self.journal.holder(key)? else {
            return Ok(None);
        };
        let lines = match self.lines.get() {
            Some(lines) => lines,
            None => {
                let rows = names_in(&self.folder)?.unwrap_or_default().into_iter();
                let lines = rows.map(|(seq, (line, _times))| (seq, line));
                self.lines.get_or_init(|| lines.collect())
            }
        };
        let own = || holder.address.line.to_string();
        Ok(Some(
            lines
                .get(&holder.seq)
                .map_or_else(own, |line| line.to_string()),
        ))
    }
}

/// `line 3 of b.csv`, from a `_line` that reads `b.csv:3`.
fn words(line: &str) -> String {
    match line.rsplit_once(':') {
        Some((file, line)) => format!("line {line} of {file}"),
        None => format!("line {line}"),
    }
}
