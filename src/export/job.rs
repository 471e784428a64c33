//! What is to be exported, resolved, and what it came to.

use std::path::PathBuf;

use super::columns::{Archived, Wanted};
use super::output::Target;
use super::project::Misfit;
use super::selection::Selection;
use super::write::Shape;
use crate::hubspot::Search;
use crate::model::schema::Schema;
use jiff::Timestamp;

/// Everything an export needs, resolved.
pub struct Job {
    /// Which tickets.
    pub which: Which,
    /// Whether those in the recycle bin are exported.
    pub archived: Archived,
    /// What columns and tables there are to be.
    pub wanted: Wanted,
    /// The portal's definitions.
    pub schema: Schema,
    /// Form of the file.
    pub shape: Shape,
    /// Where it goes.
    pub target: Target,
    /// Folder for pages on their way.
    pub work: PathBuf,
    /// Calls in flight, at most.
    pub concurrency: usize,
    /// HubSpot portal id.
    pub portal_id: u64,
    /// The portal's time when reading began.
    pub started: Option<Timestamp>,
    /// Id of the run; none where it can't be resumed.
    pub run: String,
    /// What was asked for, for the manifest.
    pub selection: Selection,
}

impl Job {
    /// What is read of a ticket: what its row shows, and what says which part it is
    /// in.
    pub fn properties(&self) -> Vec<String> {
        let mut properties = self.wanted.properties();
        if let Target::Folder(_, by) = &self.target
            && !properties.contains(&by.property)
        {
            properties.push(by.property.clone());
        }
        properties
    }
}

/// Which tickets are exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// The first ones in id order.
    First(u64),
    /// These, in ascending order.
    Ids(Vec<u64>),
    /// What a search finds, or the first of it.
    Found(Search, Option<u64>),
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many tickets are read.
    Read(u64),
    /// Of so many it is known what they are linked to.
    Linked(u64),
    /// So many are written.
    Written(u64),
}

/// What an export came to.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Tickets in it.
    pub tickets: u64,
    /// Those of them that are in the recycle bin.
    pub archived: u64,
    /// Rows of the tables beside it, by their names.
    pub tables: Vec<(String, u64)>,
    /// Rows with a value that has no place in its column; they are not in it.
    pub issues: u64,
    /// The first of these values, with the id of its ticket.
    pub first_issue: Option<(u64, Misfit)>,
    /// Ids that were asked for and are nowhere.
    pub missing: Vec<u64>,
    /// Tickets that were listed, but archived or merged before their links were read;
    /// they are not in it.
    pub left_out: u64,
}
