//! What a run would cause in the portal, and what it costs in calls and time.

use std::io;
use std::time::Duration;

use super::judge::Effect;
use super::keys::Distinct;
use crate::import::dispatch::canary;
use crate::import::flow::Operation;
use crate::model::check::{CallCounts, Effects, FileSums, Held, NoteCounts, StageRows};
use crate::model::schema::Pipeline;

/// HubSpot: inputs of a batch call.
const BATCH: u64 = 100;

/// Values of one search for other records.
const SEARCHED: u64 = 20;
/// Tickets whose links are made together once all are written.
const LAST: u64 = 500;

/// What a portal allows.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Calls in a window.
    pub rate: (u32, Duration),
    /// Calls per day, if known.
    pub daily_calls: Option<u64>,
}

/// What a run does before its first row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting {
    /// Calls before the first row, without those for properties.
    pub begin: u64,
    /// Calls that create what the portal lacks.
    pub properties: u64,
    /// Kinds of records that tickets are linked to.
    pub kinds: u64,
    /// Whether tickets are named by a key, so that extra calls are needed to find their ids.
    pub by_key: bool,
    /// Whether updates are sent without reading the tickets first.
    pub blind: bool,
    /// Whether other records may be created.
    pub creates_others: bool,
    /// Which of the tickets the portal already has.
    pub held: Option<Held>,
}

/// Counts what the tickets of a run would do.
pub struct EffectCounts<'a> {
    pipelines: &'a [Pipeline],
    /// Tickets by the position of their stage among those of all pipelines.
    stages: Vec<u64>,
    seen: Distinct,
    emails: u64,
    tickets: u64,
    creates_contacts: bool,
    others_seen: Distinct,
    others: u64,
    linked: u64,
    linked_tickets: u64,
    notes: NoteCounts,
    undated: u64,
    closed_undated: u64,
}

impl<'a> EffectCounts<'a> {
    /// No effects yet; the stages are those of these pipelines.
    pub fn new(pipelines: &'a [Pipeline]) -> EffectCounts<'a> {
        let stages = pipelines.iter().map(|pipeline| pipeline.stages.len()).sum();
        EffectCounts {
            pipelines,
            stages: vec![0; stages],
            seen: Distinct::new(),
            emails: 0,
            tickets: 0,
            creates_contacts: false,
            others_seen: Distinct::new(),
            others: 0,
            linked: 0,
            linked_tickets: 0,
            notes: NoteCounts::default(),
            undated: 0,
            closed_undated: 0,
        }
    }

    /// Counts a ticket that would be written.
    pub fn take(&mut self, effect: &Effect) -> io::Result<()> {
        self.tickets += 1;
        if let Some(rows) = effect.stage.and_then(|stage| self.stages.get_mut(stage)) {
            *rows += 1;
        }
        self.linked += u64::from(effect.links);
        self.linked_tickets += u64::from(effect.links_tickets);
        self.take_notes(effect);
        self.creates_contacts |= effect.creates_contacts;
        self.undated += u64::from(effect.undated);
        self.closed_undated += u64::from(effect.closed_undated);
        let mut others = effect.others.iter();
        others.try_for_each(|other| self.others_seen.take(*other))?;
        let mut emails = effect.emails.iter();
        emails.try_for_each(|email| self.seen.take(*email))
    }

    /// Counts the notes of a ticket that already holds its row's values.
    pub fn take_notes(&mut self, effect: &Effect) {
        let [notes, parts] = effect.notes;
        self.notes.tickets += u64::from(notes > 0);
        self.notes.filed_tickets += u64::from(effect.has_files);
        self.notes.notes += notes;
        self.notes.parts += parts;
    }

    /// Counts the e-mails, once all tickets were taken.
    pub fn count_emails(&mut self) -> io::Result<()> {
        let seen = std::mem::replace(&mut self.seen, Distinct::new());
        self.emails = seen.count()?;
        let others = std::mem::replace(&mut self.others_seen, Distinct::new());
        self.others = others.count()?;
        Ok(())
    }

    /// Takes a ticket off the count because its key is repeated. Its e-mails stay
    /// counted, so their number is an upper limit.
    pub fn forget(&mut self, effect: &Effect) {
        self.tickets = self.tickets.saturating_sub(1);
        if let Some(rows) = effect.stage.and_then(|stage| self.stages.get_mut(stage)) {
            *rows = rows.saturating_sub(1);
        }
        let [notes, parts] = effect.notes;
        self.notes.tickets -= u64::from(notes > 0);
        self.notes.filed_tickets -= u64::from(effect.has_files);
        self.notes.notes -= notes;
        self.notes.parts -= parts;
        self.undated -= u64::from(effect.undated);
        self.closed_undated -= u64::from(effect.closed_undated);
    }

    /// The sum of it, once the e-mails were counted.
    pub fn into_effects(
        self,
        operation: Operation,
        allowance: Allowance,
        setting: Setting,
    ) -> Effects {
        let (emails, notes) = (self.emails, self.notes);
        let creates = operation.purpose().creates();
        let calls = self.calls(operation, setting);
        Effects {
            operation: operation.word(),
            stages: stage_rows(&self.stages, self.pipelines),
            emails,
            creates_contacts: self.creates_contacts,
            notes,
            files: FileSums::default(),
            undated: if creates { self.undated } else { 0 },
            closed_undated: if creates { self.closed_undated } else { 0 },
            calls,
            held: setting.held,
            time: time(calls.total(), allowance.rate),
            rate: allowance.rate,
            daily_calls: allowance.daily_calls,
        }
    }
}

impl EffectCounts<'_> {
    /// The maximum number of calls of the run. The first batch is small, and its tickets are read
    /// back; a batch looks up its new contacts at most once and creates them at most once, and no
    /// e-mail is looked up twice.
    fn calls(&self, operation: Operation, setting: Setting) -> CallCounts {
        let first = self.tickets.min(canary::SIZE as u64);
        let batches = u64::from(first > 0) + (self.tickets - first).div_ceil(BATCH);
        let found = |values: u64, at_once: u64| values.min(batches + values / at_once);
        let mut contacts = found(self.emails, BATCH) * (1 + u64::from(self.creates_contacts));
        contacts += found(self.others, SEARCHED);
        contacts += u64::from(setting.creates_others) * found(self.others, BATCH);
        // Links of new tickets are sent with them, except those to other tickets of the input.
        let is_separate = operation != Operation::Create;
        let linked_batches = if is_separate {
            self.linked.min(batches)
        } else {
            0
        };
        let last = self.linked_tickets.div_ceil(LAST);
        let names_ids = matches!(operation, Operation::Archive) || operation.only_links();
        let looks = match operation {
            Operation::Update | Operation::Upsert => !setting.blind,
            _ => names_ids && setting.by_key,
        };
        CallCounts {
            begin: setting.begin,
            properties: setting.properties,
            tickets: if operation.only_links() { 0 } else { batches },
            look_ups: self.linked_tickets.div_ceil(BATCH).min(self.linked_tickets)
                + u64::from(first > 0 && !names_ids)
                + if looks { batches } else { 0 },
            contacts,
            links: 2 * setting.kinds * linked_batches
                + 2 * last.max(self.linked_tickets.div_ceil(BATCH)),
            // Notes of a ticket with files are sent separately, some before its files.
            notes: self.notes.parts.div_ceil(BATCH) + 2 * self.notes.filed_tickets,
            files: 0,
        }
    }
}

/// Stages with tickets, most first.
fn stage_rows(counts: &[u64], pipelines: &[Pipeline]) -> Vec<StageRows> {
    let stages = pipelines.iter().flat_map(|pipeline| {
        let stages = pipeline.stages.iter();
        stages.map(move |stage| (&pipeline.label, &stage.label))
    });
    let stages = stages.zip(counts).filter(|(_, rows)| **rows > 0);
    let mut rows: Vec<StageRows> = stages
        .map(|((pipeline, stage), rows)| StageRows {
            pipeline: pipeline.clone(),
            stage: stage.clone(),
            rows: *rows,
        })
        .collect();
    rows.sort_by_key(|stage| std::cmp::Reverse(stage.rows));
    rows
}

/// How long this many calls take if each window is fully used.
pub fn time(calls: u64, (in_window, window): (u32, Duration)) -> Duration {
    let windows = calls / u64::from(in_window.max(1));
    let rest = u32::try_from(calls % u64::from(in_window.max(1))).unwrap_or(u32::MAX);
    let whole = u32::try_from(windows).unwrap_or(u32::MAX);
    window.saturating_mul(whole) + window * rest / in_window.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_rows_take_nine_minutes_at_the_usual_rate() {
        let window = Duration::from_secs(10);
        assert_eq!(time(190, (190, window)), window);
        assert_eq!(time(95, (190, window)), window / 2);
        assert_eq!(time(10_000, (190, window)).as_secs(), 526);
    }
}
