//! How long work will still take: the slower of its own speed in the last minute and what the
//! portal's allowances let through. Pure: callers pass in the time.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::pace::Pace;

/// The speed is what was done in this time. It is a whole number of HubSpot's windows, since calls
/// come in bursts within one.
const HORIZON: Duration = Duration::from_secs(60);

/// The minimum time between two samples, and the maximum length of one piece.
const GRAIN: Duration = Duration::from_millis(500);

/// A piece is whole after this long without news.
const QUIET: Duration = Duration::from_millis(100);

/// Speeds are smoothed over this time, or over a quarter of the time passed if that is less.
const CALM: Duration = Duration::from_secs(15);

/// If nothing is done for this long, that is news too.
const STALL: Duration = Duration::from_secs(10);

/// Pauses that the portal asks for this soon after each other are its usual behaviour.
const AGAIN: Duration = Duration::from_secs(120);

/// Estimates the time left for some work.
#[derive(Debug, Default)]
pub struct Eta {
    /// Samples of the last minute; the first may be older.
    samples: VecDeque<Sample>,
    last: Sample,
    /// When the newest sample was first taken.
    sampled: Duration,
    /// Whether anything was done.
    is_begun: bool,
    /// The piece that is being done: when it began, and how far it is.
    piece: Option<(Duration, Sample)>,
    pace: Pace,
    /// Units done per second.
    speed: Calm,
    /// The time that a unit takes, without the time in which something waits for the portal's
    /// permission. In bursts it is close to zero.
    cost: Calm,
    pauses: Pauses,
}

/// What was done by a certain time.
#[derive(Clone, Debug, Default)]
struct Sample {
    at: Duration,
    /// Time in which nothing waited for the portal's permission.
    free: Duration,
    done: f64,
    /// Calls paid from each allowance.
    calls: Vec<u64>,
}

impl Eta {
    /// Records how much is done, in any unit, at this time since the start. The first time recorded
    /// is the start.
    pub fn note(&mut self, at: Duration, done: f64, pace: &Pace) {
        let passed = at.saturating_sub(self.last.at);
        let is_news = !self.samples.is_empty() && done > self.last.done;
        if is_news && !self.is_begun {
            // Until something is done for the first time, calls go one by one and are in flight:
            // that says nothing about those that follow.
            self.samples.clear();
            self.is_begun = true;
        }
        let waits = pace.pause.is_some() || pace.allowances.iter().any(|one| one.is_used_up());
        self.last = Sample {
            at,
            free: self.last.free + if waits { Duration::ZERO } else { passed },
            done,
            calls: pace.allowances.iter().map(|one| one.calls).collect(),
        };
        self.pauses.note(at, pace.pause.is_some());
        self.pace.clone_from(pace);
        self.keep_last(is_news);
        self.measure_speed();
        self.measure_cost(is_news);
    }

    /// Measures what was done in the last minute.
    fn measure_speed(&mut self) {
        let at = self.last.at;
        let Some(first) = self.samples.front().filter(|first| first.at < at) else {
            return;
        };
        let done = (self.last.done - first.done).max(0.0);
        if done > 0.0 || self.speed.is_known() {
            let speed = done / (at - first.at).as_secs_f64();
            self.speed.note(speed, at);
        }
    }

    /// Measures what a unit cost in the last minute. Work is done in pieces, such as the rows of a
    /// batch one after the other: the cost is known when a piece is whole, and nothing is learned
    /// between two pieces.
    fn measure_cost(&mut self, is_news: bool) {
        let at = self.last.at;
        let is_whole = |(began, piece): &mut (Duration, Sample)| {
            at >= piece.at + QUIET || (at > piece.at && at >= *began + GRAIN)
        };
        let piece = self.piece.take_if(is_whole).map(|(_, piece)| piece);
        if is_news {
            let began = self.piece.take().map_or(at, |(began, _)| began);
            self.piece = Some((began, self.last.clone()));
        }
        let is_stalled = self.piece.is_none() && at > self.cost.at + STALL;
        let measured = piece.or_else(|| is_stalled.then(|| self.last.clone()));
        if let Some(sample) = measured
            && let Some(cost) = self.cost_at(&sample)
        {
            self.cost.note(cost, sample.at);
        }
    }

    /// What a unit cost in the minute before a sample.
    fn cost_at(&self, sample: &Sample) -> Option<f64> {
        let first = self.samples.front().filter(|first| first.at < sample.at)?;
        let done = sample.done - first.done;
        let free = sample.free.saturating_sub(first.free);
        (done > 0.0).then(|| free.as_secs_f64() / done)
    }

    /// What a unit costs; while the first pieces are in progress, what they have cost so far.
    fn cost(&self) -> Option<f64> {
        self.cost.value.or_else(|| self.cost_at(&self.last))
    }

    /// Units done per second, lately.
    pub fn speed(&self) -> Option<f64> {
        self.speed.value
    }

    /// How long this many more units will take; none before anything is known.
    pub fn left(&self, rest: f64) -> Option<Duration> {
        let rest = rest.max(0.0);
        let by_itself = match self.pauses.are_usual(self.last.at) {
            true => rest / self.speed.value?,
            false => {
                let pause = self.pace.pause.unwrap_or_default();
                rest * self.cost()? + pause.as_secs_f64()
            }
        };
        let by_itself = Duration::try_from_secs_f64(by_itself).ok()?;
        Some(by_itself.max(self.by_allowance(rest)))
    }

    /// How long the rest takes with the portal's allowances. The calls at the beginning, which look
    /// up and create what later parts of the work find in place, are not repeated: so what was done
    /// first is left out, up to half of everything done.
    fn by_allowance(&self, rest: f64) -> Duration {
        let half = self.last.done / 2.0;
        let early = self.samples.iter().take_while(|one| one.done <= half);
        let Some(first) = early.last().or(self.samples.front()) else {
            return Duration::ZERO;
        };
        let done = self.last.done - first.done;
        let allowances = self.pace.allowances.iter().enumerate();
        let times = allowances.map(|(place, allowance)| {
            let before = first.calls.get(place).copied().unwrap_or_default();
            let calls = allowance.calls.saturating_sub(before) as f64;
            let each = self.cost().unwrap_or_default() * done / calls;
            match done > 0.0 && calls > 0.0 {
                true => allowance.time_for(
                    rest * calls / done,
                    Duration::try_from_secs_f64(each).unwrap_or_default(),
                ),
                false => Duration::ZERO,
            }
        });
        times.max().unwrap_or_default()
    }

    /// Keeps the last sample. If it is too close to the sample before it, it replaces that one,
    /// provided that something was done meanwhile. Forgets samples older than the horizon, except
    /// for one.
    fn keep_last(&mut self, is_news: bool) {
        match self.samples.back_mut() {
            Some(newest) if self.last.at < self.sampled + GRAIN => {
                if is_news {
                    newest.clone_from(&self.last);
                }
            }
            _ => {
                self.samples.push_back(self.last.clone());
                self.sampled = self.last.at;
            }
        }
        let begin = self.last.at.saturating_sub(HORIZON);
        while self.samples.get(1).is_some_and(|next| next.at <= begin) {
            let _old = self.samples.pop_front();
        }
    }
}

/// A smoothed measure; none before the first value.
#[derive(Debug, Default)]
struct Calm {
    value: Option<f64>,
    /// When a value was last noted.
    at: Duration,
}

impl Calm {
    /// Adds the latest value. Its weight depends on the time since a value was last noted.
    fn note(&mut self, lately: f64, at: Duration) {
        let calm = CALM.min(at / 4).as_secs_f64();
        let passed = at.saturating_sub(self.at).as_secs_f64();
        let weight = match passed > 0.0 {
            true => passed / (passed + calm),
            false => 0.0,
        };
        let before = self.value.unwrap_or(lately);
        self.value = Some(before + weight * (lately - before));
        self.at = at;
    }

    fn is_known(&self) -> bool {
        self.value.is_some()
    }
}

/// Pauses that the portal asked for.
#[derive(Debug, Default)]
struct Pauses {
    is_on: bool,
    ended: Option<Duration>,
    /// When a pause last began soon after another.
    again: Option<Duration>,
}

impl Pauses {
    fn note(&mut self, at: Duration, is_on: bool) {
        match (self.is_on, is_on) {
            (false, true) if self.ended.is_some_and(|end| at < end + AGAIN) => {
                self.again = Some(at);
            }
            (true, false) => self.ended = Some(at),
            _ => {}
        }
        self.is_on = is_on;
    }

    /// Whether further pauses have to be expected.
    fn are_usual(&self, at: Duration) -> bool {
        self.again.is_some_and(|again| at < again + AGAIN)
    }
}

#[cfg(test)]
mod tests;
