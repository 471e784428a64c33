//! What is counted row by row: how each would end, what stands against it, what it
//! would set off.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::effects::{Allowance, EffectCounts};
use super::groups::Groups;
use super::keys::{Keys, Repeats};
use super::unmapped::Unmapped;
use crate::error::Error;
use crate::import::files::Refusals;
use crate::import::flow::RowOutcome;
use crate::import::plan::oversize;
use crate::import::read::{Input, Reading};
use crate::mapping::{CompiledMapping, Mapped, Stray};
use crate::model::check::CheckReport;
use crate::model::issue::RowIssue;
use crate::model::outcome::RowEnd;
use crate::model::row::SourceRow;
use crate::model::schema::Pipeline;
use crate::model::ticket::{Remark, TicketDraft};

/// The counts of a check.
pub struct Counts<'a> {
    mapping: &'a CompiledMapping,
    read: u64,
    skipped: u64,
    refused: u64,
    groups: Groups,
    file: Option<Refusals>,
    unmapped: Unmapped<'a>,
    strays: Vec<Stray>,
    remarks: BTreeMap<Remark, u64>,
    keys: Keys,
    effects: EffectCounts,
}

impl<'a> Counts<'a> {
    /// Nothing yet. Refused rows are written to `refused_to` too, which must be new.
    pub fn new(
        input: &Input,
        mapping: &'a CompiledMapping,
        refused_to: Option<&Path>,
    ) -> Result<Counts<'a>, Error> {
        let create = |path: &Path| {
            let file = Refusals::create(path, input.headers(), input.places());
            file.map_err(|error| {
                Error::usage(format!("can't write {}: {error}", path.display()))
                    .advise("name another file")
            })
        };
        Ok(Counts {
            mapping,
            read: 0,
            skipped: 0,
            refused: 0,
            groups: Groups::new(input.places()),
            file: refused_to.map(create).transpose()?,
            unmapped: Unmapped::new(mapping),
            strays: Vec::new(),
            remarks: BTreeMap::new(),
            keys: Keys::new(),
            effects: EffectCounts::new(mapping),
        })
    }

    /// Takes what became of the next record.
    ///
    /// # Errors
    /// When a temporary file or that of the refused rows can't be written.
    pub fn take(&mut self, reading: Reading) -> io::Result<()> {
        self.read += 1;
        match reading {
            Reading::Row(source) => self.row(source),
            Reading::Fallen(outcome) => match outcome.end {
                RowEnd::Refused(_) => self.refuse(&outcome),
                _ => self.skip(),
            },
        }
    }

    fn row(&mut self, source: SourceRow) -> io::Result<()> {
        let mapped = self.mapping.map_noting(&source, &mut self.strays);
        for stray in self.strays.drain(..) {
            self.unmapped.stray(&stray);
        }
        match mapped {
            Mapped::Skipped => self.skip(),
            Mapped::Ticket(draft) => match oversize(&draft) {
                None => self.ready(&source, &draft),
                Some(problem) => self.refuse_row(source, Some(draft.key), problem.into()),
            },
            Mapped::Refused { key, issue } => {
                issue
                    .problems()
                    .for_each(|problem| self.unmapped.problem(problem));
                self.refuse_row(source, key, issue)
            }
        }
    }

    fn ready(&mut self, source: &SourceRow, draft: &TicketDraft) -> io::Result<()> {
        for remark in &draft.remarks {
            *self.remarks.entry(*remark).or_default() += 1;
        }
        // Identical rows without an id are numbered, so none repeats another's key.
        if !self.mapping.counts_keys() {
            self.keys.take(&draft.key, source)?;
        }
        self.effects.take(draft)
    }

    fn skip(&mut self) -> io::Result<()> {
        self.skipped += 1;
        Ok(())
    }

    fn refuse_row(
        &mut self,
        source: SourceRow,
        key: Option<String>,
        issue: RowIssue,
    ) -> io::Result<()> {
        let mut outcome = RowOutcome::early(source, RowEnd::Refused(issue.into()));
        outcome.key = key;
        self.refuse(&outcome)
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

    /// The rows whose key an earlier row has, as far as rows were taken.
    pub fn repeats(&mut self) -> io::Result<Repeats> {
        std::mem::replace(&mut self.keys, Keys::new()).repeats()
    }

    /// A row that seemed ready is refused after all: its key is a repeated one.
    pub fn repeated(
        &mut self,
        source: SourceRow,
        draft: TicketDraft,
        issue: RowIssue,
    ) -> io::Result<()> {
        self.effects.forget(&draft);
        for remark in &draft.remarks {
            if let Some(count) = self.remarks.get_mut(remark) {
                *count = count.saturating_sub(1);
            }
        }
        self.refuse_row(source, Some(draft.key), issue)
    }

    /// Everything that was found.
    pub fn into_report(
        mut self,
        pipelines: &[Pipeline],
        allowance: Allowance,
        notices: Vec<String>,
    ) -> io::Result<CheckReport> {
        if let Some(file) = self.file {
            file.finish()?;
        }
        self.remarks.retain(|_, count| *count > 0);
        Ok(CheckReport {
            read: self.read,
            ready: self.read - self.skipped - self.refused,
            skipped: self.skipped,
            refused: self.refused,
            refusals: self.groups.into_sorted(),
            unmapped: self.unmapped.into_columns(),
            remarks: self.remarks,
            unused_columns: self.mapping.unused_columns().to_vec(),
            effects: self.effects.into_effects(pipelines, allowance)?,
            notices,
        })
    }
}
