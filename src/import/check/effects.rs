//! What a run would set off in the portal, and what it costs in calls and time.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use super::keys::Distinct;
use crate::mapping::CompiledMapping;
use crate::model::check::{Effects, StageRows};
use crate::model::schema::{ObjectType, Pipeline, ValueType};
use crate::model::ticket::{Missing, TicketDraft};

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
pub struct EffectCounts {
    stage_property: Option<String>,
    stages: HashMap<String, u64>,
    emails: Distinct,
    tickets: u64,
    links_contacts: bool,
    creates_contacts: bool,
}

impl EffectCounts {
    /// Nothing yet.
    pub fn new(mapping: &CompiledMapping) -> EffectCounts {
        let mut properties = mapping.properties().iter();
        let stage = properties.find(|property| property.value_type == ValueType::Stage);
        EffectCounts {
            stage_property: stage.map(|property| property.name.to_string()),
            stages: HashMap::new(),
            emails: Distinct::new(),
            tickets: 0,
            links_contacts: false,
            creates_contacts: false,
        }
    }

    /// Takes a ticket that would be created.
    pub fn take(&mut self, draft: &TicketDraft) -> io::Result<()> {
        self.tickets += 1;
        if let Some(stage) = stage_of(self.stage_property.as_deref(), draft) {
            match self.stages.get_mut(stage) {
                Some(count) => *count += 1,
                None => drop(self.stages.insert(stage.to_owned(), 1)),
            }
        }
        for link in &draft.links {
            if link.to == ObjectType::Contacts && *link.by == *"email" {
                self.links_contacts = true;
                self.creates_contacts |= link.missing == Missing::Create;
                self.emails.take(&link.value)?;
            }
        }
        Ok(())
    }

    /// A ticket less: its key turned out to be a repeated one. Its e-mails stay, so
    /// that their number is one at most.
    pub fn forget(&mut self, draft: &TicketDraft) {
        self.tickets = self.tickets.saturating_sub(1);
        let stage = stage_of(self.stage_property.as_deref(), draft);
        if let Some(count) = stage.and_then(|stage| self.stages.get_mut(stage)) {
            *count = count.saturating_sub(1);
        }
    }

    /// The sum of it. `pipelines` name the stages.
    pub fn into_effects(self, pipelines: &[Pipeline], allowance: Allowance) -> io::Result<Effects> {
        let emails = self.emails.count()?;
        let batches = self.tickets.div_ceil(BATCH);
        // A batch of tickets asks at most once for its new contacts and creates them
        // at most once; no e-mail is asked for twice.
        let contacts = match (self.links_contacts, self.creates_contacts) {
            (false, _) => 0,
            (true, creates) => emails.min(batches) * (1 + u64::from(creates)),
        };
        let calls = ALWAYS + batches + contacts;
        Ok(Effects {
            stages: stage_rows(self.stages, pipelines),
            emails,
            creates_contacts: self.creates_contacts,
            calls,
            time: time(calls, allowance.rate),
            rate: allowance.rate,
            daily_calls: allowance.daily_calls,
        })
    }
}

fn stage_of<'d>(property: Option<&str>, draft: &'d TicketDraft) -> Option<&'d str> {
    let mut values = draft.properties.iter();
    let (_, stage) = values.find(|(name, _)| Some(&**name) == property)?;
    Some(stage)
}

fn stage_rows(stages: HashMap<String, u64>, pipelines: &[Pipeline]) -> Vec<StageRows> {
    let mut rows: Vec<StageRows> = stages
        .into_iter()
        .filter(|(_, rows)| *rows > 0)
        .map(|(id, rows)| {
            let (pipeline, stage) = labels(&id, pipelines);
            StageRows {
                pipeline,
                stage,
                rows,
            }
        })
        .collect();
    rows.sort_by(|left, right| {
        let by_rows = right.rows.cmp(&left.rows);
        by_rows.then_with(|| (&left.pipeline, &left.stage).cmp(&(&right.pipeline, &right.stage)))
    });
    rows
}

/// HubSpot's ids of stages are unique over all pipelines.
fn labels(id: &str, pipelines: &[Pipeline]) -> (String, String) {
    let found = pipelines.iter().find_map(|pipeline| {
        let stage = pipeline.stages.iter().find(|stage| stage.id == id)?;
        Some((pipeline.label.clone(), stage.label.clone()))
    });
    found.unwrap_or_else(|| (String::new(), id.to_owned()))
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
