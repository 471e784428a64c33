//! The totals of a plan: rows by what is done, updates by property, refusals by reason
//! with their first rows, links, records that are created for them.

use std::collections::BTreeMap;
use std::io;

use crate::import::check::{Allowance, Effect, EffectCounts, Judge, Setting, time};
use crate::import::flow::{Operation, PlannedOp};
use crate::journal::PlannedRow;
use crate::model::check::{Effects, FileSums, RefusedRow, RefusedRows};
use crate::model::issue::Refusal;
use crate::model::place::Places;
use crate::model::plan::{LinkState, PlannedAction, PropertyCounts};
use crate::model::schema::{ObjectType, Pipeline};
use crate::model::ticket::Remark;

/// Rows of one code that are listed.
const EXAMPLES: usize = 20;

/// HubSpot: inputs of a batch call.
const BATCH: u64 = 100;

/// Calls that check whether files may be uploaded.
const FILE_SCOPES: u64 = 2;

/// What a plan counts.
pub struct Sums<'a> {
    /// Rows by what is done.
    pub actions: BTreeMap<PlannedAction, u64>,
    /// What updates change, by property.
    pub properties: BTreeMap<String, PropertyCounts>,
    /// Links that are made.
    pub links: BTreeMap<ObjectType, u64>,
    /// New tickets whose key belongs to one in the recycle bin.
    pub held_in_bin: u64,
    /// Links that are left out.
    pub left_out: u64,
    /// Records that are created for links.
    pub others: BTreeMap<ObjectType, u64>,
    /// What mapping did to values.
    pub remarks: BTreeMap<Remark, u64>,
    refusals: BTreeMap<String, RefusedRows>,
    /// Rows that wait for an earlier one with their key.
    repeated: u64,
    /// The largest number of them with one key.
    deepest: u64,
    effects: EffectCounts<'a>,
    places: Places,
}

impl<'a> Sums<'a> {
    /// No rows yet.
    pub(super) fn new(pipelines: &'a [Pipeline], places: Places) -> Sums<'a> {
        Sums {
            actions: BTreeMap::new(),
            properties: BTreeMap::new(),
            links: BTreeMap::new(),
            held_in_bin: 0,
            left_out: 0,
            others: BTreeMap::new(),
            remarks: BTreeMap::new(),
            refusals: BTreeMap::new(),
            repeated: 0,
            deepest: 0,
            effects: EffectCounts::new(pipelines),
            places,
        }
    }

    /// Adds a row, including its links if they are resolved.
    pub(super) fn take(&mut self, row: &PlannedRow) {
        *self.actions.entry(row.action).or_default() += 1;
        if row.action == PlannedAction::Update {
            for change in &row.changes {
                let counts = self.properties.entry(change.name.to_string()).or_default();
                counts.take(change);
            }
        }
        if !row.is_open() {
            self.take_links(row);
        }
    }

    /// Counts a row again after its links have been resolved.
    pub(super) fn retake(&mut self, before: PlannedAction, row: &PlannedRow) {
        if let Some(rows) = self.actions.get_mut(&before) {
            *rows -= 1;
        }
        *self.actions.entry(row.action).or_default() += 1;
        self.take_links(row);
    }

    fn take_links(&mut self, row: &PlannedRow) {
        if let Some(refusal) = &row.refusal {
            self.refuse(row, refusal);
        }
        for link in &row.links {
            match link.state {
                LinkState::Make | LinkState::Create => {
                    *self.links.entry(link.to).or_default() += 1;
                }
                LinkState::LeftOut => self.left_out += 1,
                LinkState::There | LinkState::Refused | LinkState::Later { .. } => {}
            }
        }
    }

    fn refuse(&mut self, row: &PlannedRow, refusal: &Refusal) {
        let new = || RefusedRows {
            code: refusal.code.clone(),
            rows: 0,
            examples: Vec::new(),
        };
        let group = self
            .refusals
            .entry(refusal.code.clone())
            .or_insert_with(new);
        group.rows += 1;
        if group.examples.len() < EXAMPLES {
            group.examples.push(RefusedRow {
                place: self.places.cell(row.row.address),
                column: refusal.column.clone(),
                value: refusal.value.clone(),
                hint: refusal.hint.clone(),
            });
        }
    }

    /// Counts what a row causes in the portal, given how many earlier rows have its key.
    /// An unchanged ticket causes nothing.
    pub(super) fn take_effect(
        &mut self,
        row: &PlannedRow,
        op: &PlannedOp,
        earlier: usize,
        judge: &Judge<'_>,
    ) -> io::Result<()> {
        self.repeated += u64::from(earlier > 0);
        self.deepest = self.deepest.max(earlier as u64);
        let remarks = op.draft.remarks.iter();
        for placed in remarks.filter(|_| row.action != PlannedAction::Refused) {
            *self.remarks.entry(placed.remark).or_default() += 1;
        }
        let effect = judge.effect(&op.draft);
        match row.action {
            PlannedAction::Create | PlannedAction::Archive => self.effects.take(&effect),
            PlannedAction::Update => {
                let is_moved = row
                    .changes
                    .iter()
                    .any(|change| &*change.name == "hs_pipeline_stage");
                self.effects.take(&Effect {
                    stage: effect.stage.filter(|_| is_moved),
                    undated: false,
                    closed_undated: false,
                    ..effect
                })
            }
            PlannedAction::Unchanged | PlannedAction::Link => {
                self.effects.take_notes(&effect);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Refusals, most rows first.
    pub fn refusals(&self) -> Vec<RefusedRows> {
        let mut refusals: Vec<RefusedRows> = self.refusals.values().cloned().collect();
        refusals.sort_by(|one, other| {
            let by_rows = other.rows.cmp(&one.rows);
            by_rows.then_with(|| one.code.cmp(&other.code))
        });
        refusals
    }

    /// What the run causes and costs. It reads again both what it changes and what stays the same.
    /// `files`: what it uploads, if anything.
    ///
    /// # Errors
    /// When a temporary file can't be written.
    pub fn into_effects(
        mut self,
        operation: Operation,
        allowance: Allowance,
        setting: Setting,
        files: Option<FileSums>,
    ) -> io::Result<Effects> {
        self.effects.count_emails()?;
        let rows = |action| self.actions.get(&action).copied().unwrap_or(0);
        let stay = rows(PlannedAction::Unchanged) + rows(PlannedAction::Link);
        let (stay, exist) = (stay.div_ceil(BATCH), rows(PlannedAction::Exists));
        let read = match operation {
            Operation::Update | Operation::Upsert => {
                rows(PlannedAction::Update).div_ceil(BATCH) + stay
            }
            Operation::Archive => 2 * stay,
            Operation::Create | Operation::Associate | Operation::Dissociate => {
                exist.div_ceil(BATCH)
            }
        };
        let linked = setting.kinds * (stay + rows(PlannedAction::Link).div_ceil(BATCH));
        // Rows of one key are sent one after another, in batches that are not full.
        let again = match self.repeated {
            0 => 0,
            rows => self.deepest + rows.div_ceil(BATCH),
        };
        let absent = ["TICKET_MISSING", "TICKET_ARCHIVED"];
        let absent = absent.iter().filter_map(|code| self.refusals.get(*code));
        let absent: u64 = absent.map(|group| group.rows).sum();
        let mut effects = self.effects.into_effects(operation, allowance, setting);
        effects.calls.look_ups += read + again + 2 * absent.div_ceil(BATCH);
        effects.calls.tickets += again;
        effects.calls.links += linked + 2 * setting.kinds * again;
        if let Some(files) = files {
            effects.files = files;
            effects.calls.files = FILE_SCOPES + files.files;
        }
        effects.time = time(effects.calls.total(), allowance.rate);
        Ok(effects)
    }
}
