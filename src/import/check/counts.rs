//! What is counted row by row: how each would end, what is wrong with it, what it would
//! cause.

use std::collections::BTreeMap;
use std::io;

use super::effects::{Allowance, EffectCounts, Setting};
use super::groups::Groups;
use super::judge::{Effect, Judged, ReadyRow, Verdict};
use super::keys::{Keys, Repeats};
use super::unmapped::Unmapped;
use crate::error::Error;
use crate::import::flow::{Operation, RowOutcome};
use crate::import::read::Input;
use crate::import::settle::files::Refusals;
use crate::mapping::CompiledMapping;
use crate::model::check::CheckReport;
use crate::model::outcome::RowEnd;
use crate::model::schema::Pipeline;
use crate::model::ticket::{PlacedRemark, Remark};
use crate::output::{Privacy, Target};

/// The counts of a check.
pub struct Counts<'a> {
    mapping: &'a CompiledMapping,
    read: u64,
    skipped: u64,
    refused: u64,
    groups: Groups,
    file: Option<Refusals>,
    unmapped: Unmapped<'a>,
    remarks: BTreeMap<Remark, u64>,
    keys: Keys,
    effects: EffectCounts<'a>,
}

impl<'a> Counts<'a> {
    /// No counts yet. Refused rows are also written to `refused_to`.
    pub fn new(
        input: &Input,
        mapping: &'a CompiledMapping,
        pipelines: &'a [Pipeline],
        refused_to: Option<&Target>,
    ) -> Result<Counts<'a>, Error> {
        let begin = |target: &Target| {
            let opened = target.open(Privacy::Usual);
            let file = opened.and_then(|to| Refusals::begin(to, input.headers(), input.places()));
            file.map_err(|error| target.unwritten(&error))
        };
        Ok(Counts {
            mapping,
            read: 0,
            skipped: 0,
            refused: 0,
            groups: Groups::new(input.places()),
            file: refused_to.map(begin).transpose()?,
            unmapped: Unmapped::new(mapping),
            remarks: BTreeMap::new(),
            keys: Keys::new(),
            effects: EffectCounts::new(pipelines),
        })
    }

    /// Counts the outcome of the next record.
    ///
    /// # Errors
    /// When a temporary file or the file of refused rows can't be written.
    pub fn take(&mut self, judged: Judged) -> io::Result<()> {
        self.read += 1;
        for stray in &judged.strays {
            self.unmapped.stray(stray);
        }
        match judged.end {
            Verdict::Ready(row) => self.ready(row),
            Verdict::Skipped => {
                self.skipped += 1;
                Ok(())
            }
            Verdict::Refused(outcome, problems) => {
                for problem in &problems {
                    self.unmapped.problem(problem);
                }
                self.refuse(&outcome)
            }
        }
    }

    fn ready(&mut self, row: ReadyRow) -> io::Result<()> {
        for placed in row.remarks {
            *self.remarks.entry(placed.remark).or_default() += 1;
        }
        if let Some(key) = row.key {
            self.keys.take(key)?;
        }
        self.effects.take(&row.effect)
    }

    fn refuse(&mut self, outcome: &RowOutcome) -> io::Result<()> {
        if let RowEnd::Refused(refusal) = &outcome.end {
            self.refused += 1;
            self.groups.take(outcome, refusal);
        }
        match &mut self.file {
            Some(file) => file.add(outcome),
            None => Ok(()),
        }
    }

    /// The rows whose key an earlier row has, once all rows were taken. Keys and e-mails are sorted
    /// in parallel.
    pub fn repeats(&mut self) -> io::Result<Repeats> {
        let keys = std::mem::replace(&mut self.keys, Keys::new());
        let effects = &mut self.effects;
        std::thread::scope(|scope| {
            let counting = scope.spawn(|| effects.count_emails());
            let repeats = keys.repeats();
            let died = |_| io::Error::other("the thread that counts e-mails died");
            counting.join().map_err(died)??;
            repeats
        })
    }

    /// A row that seemed ready is refused after all because its key is repeated.
    pub fn repeated(
        &mut self,
        outcome: &RowOutcome,
        effect: &Effect,
        remarks: &[PlacedRemark],
    ) -> io::Result<()> {
        self.effects.forget(effect);
        for placed in remarks {
            if let Some(count) = self.remarks.get_mut(&placed.remark) {
                *count = count.saturating_sub(1);
            }
        }
        self.refuse(outcome)
    }

    /// Everything that was found.
    pub fn into_report(
        mut self,
        operation: Operation,
        allowance: Allowance,
        setting: Setting,
        notices: Vec<String>,
    ) -> io::Result<CheckReport> {
        if let Some(file) = self.file {
            file.finish()?;
        }
        self.remarks.retain(|_, count| *count > 0);
        Ok(CheckReport {
            clashes: Vec::new(),
            read: self.read,
            ready: self.read - self.skipped - self.refused,
            skipped: self.skipped,
            refused: self.refused,
            refusals: self.groups.into_sorted(),
            unmapped: self.unmapped.into_columns(),
            remarks: self.remarks,
            unused_columns: self.mapping.unused_columns().to_vec(),
            effects: self.effects.into_effects(operation, allowance, setting),
            notices,
        })
    }
}
