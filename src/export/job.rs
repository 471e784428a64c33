//! What is to be exported, resolved, and the result.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::attachments::Sum;
use super::cell::Misfit;
use super::columns::{Archived, ID_COLUMN, Wanted};
use super::output::Target;
use super::selection::Selection;
use super::window::Window;
use super::write::{About, FileFacts, Shape};
use crate::hubspot::Search;
use crate::model::column_report::ReportedColumns;
use crate::model::schema::Schema;

/// Everything an export needs, resolved.
pub struct Job {
    /// Which tickets.
    pub which: Which,
    /// Whether those in the recycle bin are exported.
    pub archived: Archived,
    /// The wanted columns and tables.
    pub wanted: Wanted,
    /// The portal's definitions.
    pub schema: Schema,
    /// Form of the file.
    pub shape: Shape,
    /// Where it goes.
    pub target: Target,
    /// The folder that files of activities go into, where they are wanted.
    pub attachments: Option<PathBuf>,
    /// Folder for pages while the export runs.
    pub work: PathBuf,
    /// Calls in flight, at most.
    pub concurrency: usize,
    /// HubSpot portal id.
    pub portal_id: u64,
    /// The portal's time when reading began.
    pub started: Option<Timestamp>,
    /// Id of the run; none if it can't be resumed.
    pub run: String,
    /// What was requested, for the manifest.
    pub selection: Selection,
    /// The resolved filter; tickets that are not read through the search are judged by it as well.
    pub filter: Option<Search>,
    /// How a data set continues; none for another target.
    pub onward: Onward,
    /// Whether the token may not read owners, whose table a data set has.
    pub owners_denied: bool,
}

impl Job {
    /// Separates the job from its target.
    pub fn without_target(mut self) -> (Job, Target) {
        let none = Target::Stream(Box::new(std::io::sink()));
        let target = std::mem::replace(&mut self.target, none);
        (self, target)
    }

    /// Which export its files belong to.
    pub fn about(&self) -> About {
        let started = self.started.map(|stamp| format!("{stamp:.3}"));
        About {
            run: self.run.clone(),
            portal: self.portal_id,
            extracted_at: started.unwrap_or_default(),
        }
    }

    /// The properties that are read: those that a row shows, and those that determine its part and
    /// whether it passes the filter.
    pub fn properties(&self) -> Vec<String> {
        let mut properties = self.wanted.properties();
        if let Target::Folder(_, by) = &self.target
            && !properties.contains(&by.property)
        {
            properties.push(by.property.clone());
        }
        if let Which::Since(_) = self.which {
            for name in self.filter.iter().flat_map(Search::tested) {
                if name != ID_COLUMN && !properties.iter().any(|known| known == name) {
                    properties.push(name.to_owned());
                }
            }
        }
        properties
    }
}

/// The property that names the tickets that were merged into one.
pub const MERGED: &str = "hs_merged_object_ids";

/// How a data set continues from the existing one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Onward {
    /// It does not: everything is read, and replaces what is there.
    #[default]
    Anew,
    /// All is read and merged into what the run of this id left.
    Whole(String),
    /// What changed in a window is read and merged into what the run of this id left.
    Since(String, Window),
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
    /// What changed in a window and passes the filter.
    Since(Window),
}

/// The progress of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// This many tickets are read.
    Read(u64),
    /// The links of this many tickets are known.
    Linked(u64),
    /// This many files are settled.
    Brought(u64),
    /// This many tickets are written.
    Written(u64),
}

/// The result of an export.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Tickets in it.
    pub tickets: u64,
    /// How many of them are in the recycle bin.
    pub archived: u64,
    /// Row counts of the tables next to it, by their names.
    pub tables: Vec<(String, u64)>,
    /// Values that do not fit their columns; their cells are empty, or their rows left out.
    pub issues: u64,
    /// The first of these values, with the id of its ticket.
    pub first_issue: Option<(u64, Misfit)>,
    /// Requested ids that do not exist.
    pub missing: Vec<u64>,
    /// Tickets that were listed, but archived or merged before their links were read;
    /// they are not in it.
    pub left_out: u64,
    /// Tickets that a data set holds beyond those that the portal counts.
    pub uncounted: u64,
    /// Lines in a log, over all versions; none for other targets.
    pub lines: Option<u64>,
    /// The changes of a data set that continued; none for other targets.
    pub merged: Option<Merged>,
    /// Counts of the files of activities, if they were wanted.
    pub attachments: Option<Sum>,
    /// Calls made, retries included.
    pub calls: u64,
    /// Names of the files, the data first.
    pub files: Vec<String>,
    /// What is known about these files, with their names next to the target or in it.
    pub written: Vec<FileFacts>,
    /// What the columns of the written tickets hold.
    pub columns: ReportedColumns,
}

impl Done {
    /// Values, rows and files that should be in it but are missing.
    pub fn lacking(&self) -> u64 {
        self.issues + self.attachments.as_ref().map_or(0, |sum| sum.lacking)
    }
}

/// What changed in a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Tickets that are new or changed.
    pub changed: u64,
    /// Tickets that left the set.
    pub gone: u64,
}
