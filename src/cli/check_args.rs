//! The arguments of `tickethaul check`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::import_args::Op;
use super::input::InputArgs;
use super::schema::SchemaFrom;

/// Read files to the end and show what they contain, or with a mapping what an import would
/// do; exit code 4 if rows would be refused
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("written").args(["output", "write_values", "report"]).multiple(true))]
pub struct CheckArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// The mapping: every row is mapped as an import would map it, and nothing is sent
    #[arg(short, long, value_name = "MAPPING")]
    pub mapping: Option<PathBuf>,
    /// What the import would do with the rows
    #[arg(long, value_enum, default_value_t = Op::Create, requires = "mapping")]
    pub op: Op,
    /// Write the rows that would be refused to a new .csv file, in the form of refused.csv;
    /// for JSON input, to a .jsonl file
    #[arg(short, long, value_name = "FILE", requires = "mapping")]
    pub output: Option<PathBuf>,
    /// Write the values for which the mapping has no counterpart to a new .csv file;
    /// filled in, it can be used as `map = { file = "…" }`
    #[arg(long, value_name = "FILE", requires = "mapping")]
    pub write_values: Option<PathBuf>,
    /// Write what the check found as a page that stands for itself, to a new .html file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Replace the files of -o, --write-values and --report where they are there already
    #[arg(long, requires = "written")]
    pub force: bool,
    #[command(flatten)]
    pub from: SchemaFrom,
}
