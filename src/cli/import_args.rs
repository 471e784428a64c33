//! The arguments of an import.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::file_args::FileArgs;
use super::input::InputArgs;
use super::plan_output_args::PlanOutputArgs;
use super::run_args::{RunArgs, from_one};
use super::settings::PortalArgs;
use crate::import::flow::Operation;
use crate::mapping::For;

/// Import rows of CSV files as tickets
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// The mapping: how columns become properties; a file, or the name of a built-in one
    #[arg(short, long, value_name = "MAPPING")]
    pub mapping: PathBuf,
    /// What to do with the rows
    #[arg(long, value_enum, default_value_t = Op::Create)]
    pub op: Op,
    /// Update and upsert without reading the tickets first: every row is sent whole, no row
    /// is reported as unchanged, and former values are not kept, so the run can't be undone
    #[arg(long, conflicts_with = "diff")]
    pub blind: bool,
    /// The default of update and upsert: read the tickets first and send only what differs
    #[arg(long, hide = true)]
    pub diff: bool,
    /// Create the key property and the `[[property]]` entries that the portal lacks
    #[arg(long)]
    pub create_properties: bool,
    /// The run folder; `tickethaul-runs/<run>` unless named
    #[arg(long, value_name = "DIR")]
    pub run_dir: Option<PathBuf>,
    /// Read no more than N rows; `tickethaul resume --no-limit` continues after them
    #[arg(long, value_name = "N", value_parser = from_one, allow_negative_numbers = true)]
    pub limit: Option<u64>,
    /// Don't write the key property: for portals where it can't be created. The outcome
    /// of rows whose reply is lost is then unknown
    #[arg(long)]
    pub no_key: bool,
    /// Don't ask before tickets are archived; required without a terminal
    #[arg(long)]
    pub yes: bool,
    /// Only show what would be done, row by row: the portal is read, and nothing is written
    /// or kept; `tickethaul plan -o` keeps it
    #[arg(long, conflicts_with_all = ["run_dir", "no_key"])]
    pub dry_run: bool,
    #[command(flatten)]
    pub face: PlanOutputArgs,
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub run_args: RunArgs,
    #[command(flatten)]
    pub portal: PortalArgs,
}

/// Operations by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Op {
    /// A new ticket for each row
    Create,
    /// Write the values of tickets that exist, named by key or id
    Update,
    /// Update tickets whose key exists, create the others
    Upsert,
    /// Move tickets to the recycle bin, named by key or id
    Archive,
    /// A command of its own: associate
    #[value(skip)]
    Associate,
    /// A command of its own: dissociate
    #[value(skip)]
    Dissociate,
}

impl Op {
    /// The word on the command line for what a run did.
    pub fn of(operation: Operation) -> Op {
        match operation {
            Operation::Create => Op::Create,
            Operation::Update => Op::Update,
            Operation::Upsert => Op::Upsert,
            Operation::Archive => Op::Archive,
            Operation::Associate => Op::Associate,
            Operation::Dissociate => Op::Dissociate,
        }
    }

    /// The same operation in `import`.
    pub fn operation(self) -> Operation {
        match self {
            Op::Create => Operation::Create,
            Op::Update => Operation::Update,
            Op::Upsert => Operation::Upsert,
            Op::Archive => Operation::Archive,
            Op::Associate => Operation::Associate,
            Op::Dissociate => Operation::Dissociate,
        }
    }

    /// The purpose that the mapping is compiled for.
    pub(super) fn purpose(self) -> For {
        self.operation().purpose()
    }
}
