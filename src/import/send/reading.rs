//! Reads records by whatever rows name them with, until the portal has returned each or said why
//! not. A record that it has but does not show is not missing: treating it as missing would refuse
//! a row for the wrong reason, leave out a link, or create the record twice.

use std::time::Duration;

use crate::hubspot::Client;
use crate::hubspot::records::{ApiError, Record};
use crate::import::stop::stop_for;
use crate::model::issue::Reason;
use crate::model::key::same_key;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::model::stop::{Delay, Obstacle, Stop};

/// First of the growing waits before reading again records that can't be read now.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// How often they are read before the run stops for later.
const READS: u32 = 6;

/// How records are read from the record store.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The portal.
    pub client: &'a Client,
    /// Kind of the records.
    pub object: ObjectType,
    /// The unique property that names them; none if their ids do.
    pub by: Option<&'a str>,
    /// The properties to read.
    pub properties: &'a [&'a str],
    /// Whether to read live records or the recycle bin.
    pub shelf: Shelf,
}

/// What a portal said about the requested records. Those in neither list do not exist.
#[derive(Debug, Default)]
pub struct Given {
    /// Those that it returned.
    pub records: Vec<Record>,
    /// Those that it has but does not show.
    pub closed: Vec<Closed>,
}

/// A record that the portal does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The name by which it was requested.
    pub name: String,
    /// Its kind.
    pub object: ObjectType,
    /// What the portal said about it, in a sentence.
    pub words: String,
}

impl Closed {
    /// Why a row that needs the record is refused.
    pub fn reason(&self) -> Reason {
        Reason::RecordHidden {
            object: self.object,
            detail: self.words.clone(),
        }
    }
}

impl Given {
    /// The record requested by this name, if the portal does not show it.
    pub fn of(&self, name: &str) -> Option<&Closed> {
        self.closed.iter().find(|closed| closed.name == name)
    }
}

impl Reading<'_> {
    /// The records named by these, at most 100; `is` says whether a record has a name.
    ///
    /// # Errors
    /// When the run has to stop: also if the portal withholds records without saying
    /// which.
    pub async fn read(
        &self,
        names: &[String],
        is: impl Fn(&Record, &str) -> bool,
    ) -> Result<Given, Stop> {
        let mut given = Given::default();
        let mut left = names.to_vec();
        let mut wait = FIRST_WAIT;
        for _round in 0..READS {
            if left.is_empty() {
                return Ok(given);
            }
            let reply =
                self.client
                    .batch_read(self.object, self.by, &left, self.properties, self.shelf);
            let reply = reply.await.map_err(stop_for)?;
            given.records.extend(reply.results);
            let errors = reply.errors.iter().filter(|error| !error.is_missing());
            let (passing, lasting): (Vec<_>, Vec<_>) = errors.partition(|error| error.is_passing());
            for error in lasting {
                given.closed.extend(self.closed(error, &left)?);
            }
            if passing.is_empty() {
                return Ok(given);
            }
            let is_settled = |name: &String| {
                given.records.iter().any(|record| is(record, name))
                    || given.closed.iter().any(|closed| closed.name == *name)
            };
            left.retain(|name| !is_settled(name));
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(Stop::Later(Delay::Unreadable(
            self.object.plural().into_owned(),
        )))
    }

    fn closed(&self, error: &ApiError, asked: &[String]) -> Result<Vec<Closed>, Stop> {
        let names: Vec<&String> = match asked {
            [only] => vec![only],
            _ => {
                let named = |name: &&String| error.ids.iter().any(|id| same_key(id, name));
                asked.iter().filter(named).collect()
            }
        };
        if names.is_empty() {
            let some = format!("some {}", self.object.plural());
            return Err(Stop::MustFix(Obstacle::Hidden(held_back(&some, error))));
        }
        let closed = names.into_iter().map(|name| Closed {
            name: name.clone(),
            object: self.object,
            words: held_back(&format!("{} {name}", self.object.singular()), error),
        });
        Ok(closed.collect())
    }
}

fn held_back(which: &str, error: &ApiError) -> String {
    format!(
        "the portal does not let {which} be read ({}): {}",
        error.category, error.message
    )
}
