//! Which page of the list to request next, so that several can be requested at once and every
//! ticket is still read exactly once (protocol E1). Pure: `page` makes the calls.
//!
//! HubSpot lists in ascending id order, and `after` is a lower bound of ids, but ids have gaps and
//! their density is unknown. So a range of ids is never bounded by a guessed number, only by an id
//! that its right neighbour has read: a range is complete when its own cursor has reached that id.
//! A guess (*probe*) only says where a neighbour may begin; when `after` turns out not to be a
//! lower bound, no further probe is made and the existing cursors read to the end.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Fewer expected tickets than this are not worth a separate reader.
const WORTH_A_PROBE: f64 = 200.0;

/// A probe that finds fewer tickets than this was not worth its call.
const FRUITFUL: usize = 50;

/// How many probes may find nothing: this many to locate ids at all, and one more for each so many
/// pages.
const FRUITLESS_ALLOWED: usize = 24;
const PAGES_PER_FRUITLESS: usize = 20;

/// How many empty pages may follow one another: the tickets of a page may have disappeared
/// meanwhile.
const BARREN: usize = 100;

/// A page to request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Where the list starts; none at its very beginning.
    pub after: Option<String>,
    aim: Aim,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Aim {
    /// The first page of all.
    Begin,
    /// The next page of the range with this first id.
    Next(u64),
    /// Whatever lies at this id or above.
    Probe(u64),
}

/// The new part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// First id of the range that it belongs to.
    pub range: u64,
    /// Positions in the page.
    pub records: Range<usize>,
    /// Where the range continues; none once it is complete.
    pub after: Option<String>,
}

/// Why a page can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPage {
    /// Ids don't ascend.
    #[error("a page of the list is not in id order")]
    OutOfOrder,
    /// It repeats ids that were read, or shows lower ones.
    #[error("a page of the list goes back to ids at or below the last one that was read")]
    Backwards,
    /// It would never end.
    #[error("the list's cursor stands still")]
    StandsStill,
    /// It has too many empty pages in a row, and might never end either.
    #[error("{BARREN} pages of the list in a row hold no ticket, and more are to follow")]
    Barren,
}

/// The list as far as it is known: ranges by their first id. Each ends where the next one begins,
/// the last one at the end of the list.
#[derive(Debug, Default)]
pub struct Ranges {
    ranges: BTreeMap<u64, Reader>,
    probes: BTreeSet<u64>,
    begun: bool,
    /// Whether `after` is not a lower bound of ids here.
    unguessable: bool,
    pages: usize,
    fruitless: usize,
    barren: Barren,
}

/// Empty pages in a row.
#[derive(Debug, Default)]
struct Barren(usize);

impl Barren {
    fn take(&mut self, ids: &[u64], after: Option<&str>) -> Result<(), BadPage> {
        self.0 = match ids.is_empty() && after.is_some() {
            true => self.0 + 1,
            false => 0,
        };
        match self.0 > BARREN {
            true => Err(BadPage::Barren),
            false => Ok(()),
        }
    }
}

/// A list that is read by one cursor, page after page.
#[derive(Debug, Default)]
pub struct OneByOne {
    /// Highest id that was read, if any.
    last: Option<u64>,
    barren: Barren,
}

impl OneByOne {
    /// A list that was read up to an id.
    pub fn behind(last: Option<u64>) -> OneByOne {
        OneByOne {
            last,
            barren: Barren::default(),
        }
    }

    /// Takes the ids of the page that was requested with `asked`, and the cursor after it.
    ///
    /// # Errors
    /// If the portal's list is not valid, or would have no end.
    pub fn take(
        &mut self,
        asked: Option<&str>,
        ids: &[u64],
        after: Option<&str>,
    ) -> Result<(), BadPage> {
        check(self.last, asked, ids, after)?;
        self.last = ids.last().copied().or(self.last);
        self.barren.take(ids, after)
    }
}

/// What must hold for every page of a list in id order.
fn check(
    last: Option<u64>,
    asked: Option<&str>,
    ids: &[u64],
    after: Option<&str>,
) -> Result<(), BadPage> {
    if !ids.is_sorted_by(|left, right| left < right) {
        return Err(BadPage::OutOfOrder);
    }
    if ids.first().zip(last).is_some_and(|(id, last)| *id <= last) {
        return Err(BadPage::Backwards);
    }
    if after.is_some() && after == asked {
        return Err(BadPage::StandsStill);
    }
    Ok(())
}

/// A range and the cursor that reads it.
#[derive(Debug)]
struct Reader {
    /// Highest id that was read.
    last: u64,
    /// Cursor of the next page; none once the range is complete.
    after: Option<String>,
    asked: bool,
    /// The id from which on a probe found nothing.
    empty_from: Option<u64>,
    /// Tickets per id on the last page.
    density: f64,
    /// Probes after it that found nothing.
    misses: u32,
}

/// A stretch of ids that no reader has seen.
#[derive(Clone, Copy, Debug)]
struct Gap {
    from: u64,
    to: Option<u64>,
    density: f64,
    misses: u32,
}

impl Gap {
    fn width(&self) -> u64 {
        match self.to {
            Some(to) => to.saturating_sub(self.from),
            None => self.from,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn tickets(&self) -> f64 {
        self.width() as f64 * self.density
    }

    /// Where to probe. If a wide gap was probed in vain before, the next probe is nearer to the
    /// reader, at the geometric mean: bursts of ids are narrow.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate"
    )]
    fn probe(&self) -> u64 {
        let width = match self.to {
            None => return self.from.saturating_mul(2),
            Some(_) => self.width(),
        };
        let page = 100.0 / self.density;
        match self.misses % 2 {
            0 => self.from + width / 2,
            _ => self.from + ((page * width as f64).sqrt() as u64).min(width / 2),
        }
    }
}

impl Ranges {
    /// The page to request next; none while pages in flight have to arrive first, and none at the
    /// end.
    pub fn next(&mut self) -> Option<Ask> {
        if !self.begun {
            self.begun = true;
            return Some(Ask {
                after: None,
                aim: Aim::Begin,
            });
        }
        self.next_page().or_else(|| self.next_probe())
    }

    /// A range as an earlier process left it: read up to `last`, to continue at `after`. Called for
    /// every page that was kept, in order.
    pub fn restore(&mut self, range: u64, last: u64, after: Option<String>) {
        self.begun = true;
        let reader = Reader {
            last,
            after,
            asked: false,
            empty_from: None,
            density: 0.0,
            misses: 0,
        };
        let _older = self.ranges.insert(range, reader);
    }

    /// The portal refused this page. True if that is harmless: a probe whose id can't be used as a
    /// cursor here, which is then true of all probes.
    pub fn refused(&mut self, ask: &Ask) -> bool {
        let Aim::Probe(at) = ask.aim else {
            return false;
        };
        self.unguessable = true;
        self.probes.remove(&at)
    }

    /// Takes the page that was requested: its ids and the cursor after it. Returns the part that is
    /// new.
    ///
    /// # Errors
    /// If the portal's list is not valid; what was taken so far remains valid.
    pub fn take(
        &mut self,
        ask: &Ask,
        ids: &[u64],
        after: Option<String>,
    ) -> Result<Option<Kept>, BadPage> {
        let last = match ask.aim {
            Aim::Next(range) => self.ranges.get(&range).map(|reader| reader.last),
            Aim::Begin | Aim::Probe(_) => None,
        };
        check(last, ask.after.as_deref(), ids, after.as_deref())?;
        if !matches!(ask.aim, Aim::Probe(_)) {
            self.barren.take(ids, after.as_deref())?;
        }
        self.pages += 1;
        Ok(match ask.aim {
            Aim::Begin if ids.is_empty() => {
                // An empty list, or a page whose tickets have disappeared meanwhile.
                self.restore(0, 0, after);
                None
            }
            Aim::Begin => self.open(ids, 0..ids.len(), after),
            Aim::Next(range) => self.read_on(range, ids, after),
            Aim::Probe(at) => self.probed(at, ids, after),
        })
    }

    fn next_page(&mut self) -> Option<Ask> {
        let waiting = |reader: &Reader| !reader.asked && reader.after.is_some();
        let mut readers = self.ranges.iter_mut();
        let (range, reader) = readers.find(|(_, reader)| waiting(reader))?;
        reader.asked = true;
        Some(Ask {
            after: reader.after.clone(),
            aim: Aim::Next(*range),
        })
    }

    /// Probes the gap in which most tickets are expected.
    fn next_probe(&mut self) -> Option<Ask> {
        let allowed = FRUITLESS_ALLOWED + self.pages / PAGES_PER_FRUITLESS;
        if self.unguessable || self.fruitless + self.probes.len() >= allowed {
            return None;
        }
        let gaps = self.gaps();
        let worth = gaps
            .into_iter()
            .filter(|gap| gap.tickets() >= WORTH_A_PROBE);
        let gap = worth.max_by(|left, right| left.tickets().total_cmp(&right.tickets()))?;
        let at = gap.probe();
        let _new = self.probes.insert(at);
        Some(Ask {
            after: Some(at.to_string()),
            aim: Aim::Probe(at),
        })
    }

    /// All ids that no reader has seen and no probe is in flight to.
    fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (range, reader) in &self.ranges {
            if reader.after.is_none() {
                continue;
            }
            let next = self.next_range(*range);
            let to = [reader.empty_from, next].into_iter().flatten().min();
            // The ids before each probe in flight form a gap, and so do those after the last one.
            let mut from = reader.last;
            let (density, misses) = (reader.density, reader.misses);
            for probe in self.probes.range(from..to.unwrap_or(u64::MAX).max(from)) {
                let to = Some(*probe);
                gaps.push(Gap {
                    from,
                    to,
                    density,
                    misses,
                });
                from = *probe;
            }
            // In a gap that is open to the end, one guess at a time is enough.
            if to.is_some() || from == reader.last {
                gaps.push(Gap {
                    from,
                    to,
                    density,
                    misses,
                });
            }
        }
        gaps
    }

    /// First id of the range after this one.
    fn next_range(&self, range: u64) -> Option<u64> {
        let mut behind = self.ranges.range(range.saturating_add(1)..);
        behind.next().map(|(first, _)| *first)
    }

    fn open(&mut self, ids: &[u64], records: Range<usize>, after: Option<String>) -> Option<Kept> {
        let new = &ids[records.clone()];
        let (range, last) = (*new.first()?, *new.last()?);
        let reader = Reader {
            last,
            after: after.clone(),
            asked: false,
            empty_from: None,
            density: density(new.len(), last - range),
            misses: 0,
        };
        let _none = self.ranges.insert(range, reader);
        Some(Kept {
            range,
            records,
            after,
        })
    }

    fn read_on(&mut self, range: u64, ids: &[u64], after: Option<String>) -> Option<Kept> {
        let end = self.next_range(range).unwrap_or(u64::MAX);
        let reader = self.ranges.get_mut(&range)?;
        reader.asked = false;
        // The page may run into the next range, which has its own cursor: then this range is
        // complete.
        let records = between(ids, reader.last, end);
        reader.after = after.filter(|_| records.end == ids.len());
        let last = *ids[records.clone()].last()?;
        reader.density = density(records.len(), last - reader.last);
        reader.last = last;
        Some(Kept {
            range,
            records,
            after: reader.after.clone(),
        })
    }

    fn probed(&mut self, at: u64, ids: &[u64], after: Option<String>) -> Option<Kept> {
        let _known = self.probes.remove(&at);
        // `after` is not a lower bound here, so the page does not show where ids are. Whatever it
        // contains is read by the cursor of its range.
        if ids.first().is_some_and(|first| *first < at) {
            self.unguessable = true;
            return None;
        }
        let (range, _) = self.ranges.range(..=at).next_back()?;
        let end = self.next_range(*range).unwrap_or(u64::MAX);
        let (_, left) = self.ranges.range_mut(..=at).next_back()?;
        let (last, empty_from) = (left.last, left.empty_from);
        // There is nothing between the probe and what it found. If the left cursor has passed the
        // probe meanwhile, it knows better.
        if at > last {
            left.empty_from = Some(empty_from.map_or(at, |before| before.min(at)));
        }
        // What the left cursor has read meanwhile is not taken twice, and ids of the next range
        // belong to that range.
        let records = between(ids, last, end);
        left.misses += u32::from(records.is_empty());
        self.fruitless += usize::from(records.len() < FRUITFUL);
        let after = after.filter(|_| records.end == ids.len());
        let kept = self.open(ids, records, after)?;
        // An older probe further on may have found nothing: its finding now belongs to the new
        // range.
        if let Some(reader) = self.ranges.get_mut(&kept.range) {
            reader.empty_from = empty_from.filter(|from| *from > reader.last);
        }
        Some(kept)
    }
}

/// Positions of the ids above `last` and below `end`.
fn between(ids: &[u64], last: u64, end: u64) -> Range<usize> {
    let start = ids.partition_point(|id| *id <= last);
    let stop = ids.partition_point(|id| *id < end);
    start..stop.max(start)
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn density(tickets: usize, ids: u64) -> f64 {
    tickets as f64 / ids.max(1) as f64
}

#[cfg(test)]
mod tests;
