//! What a run would set off in the portal, and what it costs in calls and time.

use std::io;
use std::time::Duration;

use super::judge::Effect;
use super::keys::Distinct;
use crate::import::flow::Operation;
use crate::model::check::{Effects, StageRows};
use crate::model::schema::Pipeline;

/// HubSpot: inputs of a batch call.
const BATCH: u64 = 100;

/// Calls of a run that do not depend on its rows: the account, the schema in five, the
/// first tickets read back.
const ALWAYS: u64 = 7;

/// What a portal allows.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Calls in a window.
    pub rate: (u32, Duration),
    /// Calls of a day, where that is known.
    pub daily_calls: Option<u64>,
}

/// Counts what the tickets of a run would do.
pub struct EffectCounts<'a> {
    pipelines: &'a [Pipeline],
    /// Tickets by the position of their stage among those of all pipelines.
    stages: Vec<u64>,
    seen: Distinct,
    emails: u64,
    tickets: u64,
    links_contacts: bool,
    creates_contacts: bool,
    undated: u64,
    closed_undated: u64,
}

impl<'a> EffectCounts<'a> {
    /// Nothing yet; the stages are those of these pipelines.
    pub fn new(pipelines: &'a [Pipeline]) -> EffectCounts<'a> {
        let stages = pipelines.iter().map(|pipeline| pipeline.stages.len()).sum();
        EffectCounts {
            pipelines,
            stages: vec![0; stages],
            seen: Distinct::new(),
            emails: 0,
            tickets: 0,
            links_contacts: false,
            creates_contacts: false,
            undated: 0,
            closed_undated: 0,
        }
    }

    /// Takes a ticket that would be written.
    pub fn take(&mut self, effect: &Effect) -> io::Result<()> {
        self.tickets += 1;
        if let Some(rows) = effect.stage.and_then(|stage| self.stages.get_mut(stage)) {
            *rows += 1;
        }
        self.links_contacts |= !effect.emails.is_empty();
        self.creates_contacts |= effect.creates_contacts;
        self.undated += u64::from(effect.undated);
        self.closed_undated += u64::from(effect.closed_undated);
        let mut emails = effect.emails.iter();
        emails.try_for_each(|email| self.seen.take(*email))
    }

    /// Counts the e-mails, once all tickets were taken.
    pub fn count_emails(&mut self) -> io::Result<()> {
        let seen = std::mem::replace(&mut self.seen, Distinct::new());
        self.emails = seen.count()?;
        Ok(())
    }

    /// A ticket less: its key turned out to be a repeated one. Its e-mails stay, so
    /// that their number is one at most.
    pub fn forget(&mut self, effect: &Effect) {
        self.tickets = self.tickets.saturating_sub(1);
        if let Some(rows) = effect.stage.and_then(|stage| self.stages.get_mut(stage)) {
            *rows = rows.saturating_sub(1);
        }
        self.undated -= u64::from(effect.undated);
        self.closed_undated -= u64::from(effect.closed_undated);
    }

    /// The sum of it, once the e-mails were counted.
    pub fn into_effects(self, operation: Operation, allowance: Allowance) -> Effects {
        let emails = self.emails;
        let creates = operation.purpose().creates();
        let batches = self.tickets.div_ceil(BATCH);
        // A batch of tickets asks at most once for its new contacts and creates them
        // at most once; no e-mail is asked for twice.
        let contacts = match (self.links_contacts, self.creates_contacts) {
            (false, _) => 0,
            (true, creates) => emails.min(batches) * (1 + u64::from(creates)),
        };
        let calls = ALWAYS + batches + contacts;
        Effects {
            operation: operation.word(),
            stages: stage_rows(&self.stages, self.pipelines),
            emails,
            creates_contacts: self.creates_contacts,
            undated: if creates { self.undated } else { 0 },
            closed_undated: if creates { self.closed_undated } else { 0 },
            calls,
            time: time(calls, allowance.rate),
            rate: allowance.rate,
            daily_calls: allowance.daily_calls,
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

/// How long so many calls take when each window is used to the full.
fn time(calls: u64, (in_window, window): (u32, Duration)) -> Duration {
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
