//! What a run of rows is to do, and how.

use std::sync::Arc;
use std::time::Duration;

use super::flow::Operation;
use super::links::LinkKinds;
use super::notes::attachments::FileSources;
use super::plan::family_keys::FamilyKeys;
use super::read::Input;
use super::resume::folder::RunFolder;
use super::settle::steps::Steps;
use super::stop::StopSwitch;
use crate::journal::{Durability, Header, Past, PlanReading};
use crate::mapping::CompiledMapping;
use crate::model::learned::KnownFacts;

/// How a run is carried out; may differ between a run and its resume.
#[derive(Clone, Debug)]
pub struct Options {
    /// Rows of a batch, at most 100.
    pub batch_size: usize,
    /// Batches in flight, at most.
    pub concurrency: usize,
    /// `--max-refused`: counts the rows settled from now on.
    pub max_refused: Option<u64>,
    /// `--limit`: the run pauses after this many rows.
    pub limit: Option<u64>,
    /// `--horizon`: how long after an attempt was lost it may still be carried out (S4).
    pub horizon: Duration,
    /// `--unknown`: what to do with rows that can't be looked up (S7).
    pub unknown: Unknown,
    /// Whether commits wait for the disk.
    pub durability: Durability,
    /// Stops the run from outside.
    pub stop: StopSwitch,
    /// Where a test may kill the run.
    pub steps: Steps,
}

/// What to do with rows of a run without keys whose outcome is unknown (S7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// They stay unknown.
    Leave,
    /// The user has checked: they are in the portal.
    Done,
    /// The user has checked: they are not; send them again.
    Resend,
}

/// Everything an import needs, resolved.
pub struct Job {
    /// What is done with rows.
    pub operation: Operation,
    /// The rows.
    pub input: Input,
    /// What they become.
    pub mapping: Arc<CompiledMapping>,
    /// Its links, resolved in the portal.
    pub links: LinkKinds,
    /// The journal's header.
    pub header: Header,
    /// The run folder, locked.
    pub folder: RunFolder,
    /// What happened before, if the run is resumed.
    pub past: Option<Past>,
    /// The plan that the run applies, if any (PL3).
    pub plan: Option<PlanReading>,
    /// Other rows, whose keys retried rows must not have (R7).
    pub rivals: FamilyKeys,
    /// What is known about the portal beyond its definitions.
    pub facts: KnownFacts,
    /// Where the bytes of files come from, if any are uploaded.
    pub files: Option<FileSources>,
    /// How the run is carried out.
    pub options: Options,
}
