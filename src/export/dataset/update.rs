//! One run into a data set: what it continues from, what it reads, and what it decides from that.

use std::collections::HashSet;
use std::io;

use super::base::Base;
use super::decide::{Decided, Rules, decide};
use super::evolve::Evolved;
use super::fingerprint::{Fingerprint, Labels, shown};
use super::gather::{Gathered, Wish};
use super::merges::Known;
use super::tombstones::Tombstone;
use crate::export::columns::ID_COLUMN;
use crate::export::error::ExportError;
use crate::export::filter::Judge;
use crate::export::job::{Job, MERGED, Step, Which};
use crate::export::page::Reading;
use crate::export::window::Window;
use crate::export::write::PartBy;
use crate::hubspot::Client;

/// A run, and what it continues from.
pub struct Update {
    /// What is wanted.
    pub job: Job,
    /// What the parts are made by.
    pub by: PartBy,
    /// The existing set; none if all is new.
    pub base: Option<Base>,
    /// Where changes are looked for; none if all tickets are read.
    pub window: Option<Window>,
    /// What is read for tickets, and how.
    pub reading: Reading,
    /// The tickets that the set knows to be gone.
    pub stones: Vec<Tombstone>,
    /// When this run reads, and its id.
    pub stamps: [String; 2],
    /// What is shown for stored values.
    pub labels: Labels,
}

impl Update {
    /// Nothing is read from the portal yet; `stones` are the tombstones so far.
    pub fn new(
        job: Job,
        by: PartBy,
        base: Option<Base>,
        window: Option<Window>,
        stones: Vec<Tombstone>,
        client: Client,
    ) -> Update {
        let reading = Reading {
            client,
            properties: properties(&job, &by),
            history: job.wanted.history.clone(),
            concurrency: job.concurrency,
        };
        let about = job.about();
        Update {
            labels: shown(&job, &by.property),
            stones,
            stamps: [about.extracted_at, about.run],
            reading,
            job,
            by,
            base,
            window,
        }
    }

    /// Reads everything that is needed of tickets.
    pub async fn gather(&self, heard: &mut impl FnMut(Step)) -> Result<Gathered, ExportError> {
        let which = match self.window {
            Some(window) => Which::Since(window),
            None => self.job.which.clone(),
        };
        let base = self.base.as_ref();
        let recheck = base.map(|base| base.state.recheck.clone());
        let mut recheck = recheck.unwrap_or_default();
        if let (Which::Found(..), Some(base)) = (&which, base) {
            // A search does not say which tickets stopped matching.
            recheck.extend(base.index.iter().map(|entry| entry.id));
        }
        let wish = Wish {
            which: &which,
            archived: self.job.archived,
            recheck: &recheck,
            tombstones: &self.stones,
            known: base.filter(|_| self.window.is_some()).map(|base| Known {
                index: &base.index,
                tombstones: &self.stones,
                filtered: self.job.filter.is_some(),
                survivors: base.state.survivors,
            }),
        };
        let mut gathered = Gathered::open(&self.job.work)?;
        gathered.fill(&self.reading, &wish, heard).await?;
        Ok(gathered)
    }

    /// Decides what happens to them.
    pub fn decide(
        &self,
        gathered: &Gathered,
        evolved: &Evolved,
        anew: bool,
    ) -> io::Result<Decided> {
        let (job, reading) = (&self.job, &self.reading);
        let judge = job.filter.as_ref();
        let judge = judge.map(|search| Judge::new(search, &job.schema, &reading.properties));
        let survivors: HashSet<u64> = self.stones.iter().filter_map(|stone| stone.into).collect();
        let place = |name: &str| {
            let place = reading.properties.iter().position(|known| known == name);
            place.unwrap_or(usize::MAX)
        };
        let rules = Rules {
            whole: self.window.is_none(),
            anew,
            archived: job.archived,
            judge: &judge.unwrap_or_default(),
            parts: (&self.by, place(&self.by.property)),
            before: self.base.as_ref().map_or(&[], |base| &base.index),
            merged: place(MERGED),
            tombstones: &self.stones,
            survivors: &survivors,
            stamps: &self.stamps,
            fingerprint: &Fingerprint::new(reading, &evolved.layout, &self.labels),
        };
        decide(self.base.as_ref(), gathered, &rules)
    }
}

/// The properties that are read: those that a row shows, and those that determine whether the
/// ticket belongs to the set and to which part.
fn properties(job: &Job, by: &PartBy) -> Vec<String> {
    let mut properties = job.wanted.properties();
    let tested = job.filter.iter().flat_map(|search| search.tested());
    for name in [by.property.as_str(), MERGED].into_iter().chain(tested) {
        let is_id = name == ID_COLUMN;
        if !is_id && !properties.iter().any(|known| known == name) {
            properties.push(name.to_owned());
        }
    }
    properties
}
