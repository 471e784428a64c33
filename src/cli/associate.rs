//! `tickethaul associate` and `dissociate`: links of existing tickets, by the
//! `[[associate]]` of a mapping. Both are imports that write nothing else.

use std::path::PathBuf;

use clap::Args;

use super::console::Console;
use super::exit::Exit;
use super::file_args::FileArgs;
use super::import;
use super::import_args::{ImportArgs, Op};
use super::input::InputArgs;
use super::plan_output_args::PlanOutputArgs;
use super::run_args::{RunArgs, from_one};
use super::settings::PortalArgs;
use crate::error::Error;
use crate::journal::RunOptions;

/// Which tickets, and which links.
#[derive(Debug, Args)]
pub struct AssociateArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// The mapping: its key (or record_id) names the ticket, its `[[associate]]` the links
    #[arg(short, long, value_name = "MAPPING")]
    pub mapping: PathBuf,
    /// The run folder; `tickethaul-runs/<run>` unless named
    #[arg(long, value_name = "DIR")]
    pub run_dir: Option<PathBuf>,
    /// Read no more than N rows; `tickethaul resume --no-limit` continues after them
    #[arg(long, value_name = "N", value_parser = from_one, allow_negative_numbers = true)]
    pub limit: Option<u64>,
    #[command(flatten)]
    pub run_args: RunArgs,
    #[command(flatten)]
    pub portal: PortalArgs,
}

/// What is done with the links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkWay {
    /// Make them.
    Associate,
    /// Remove them: only the label where one is given, otherwise all links of the pair.
    Dissociate,
}

/// Makes or removes links.
pub async fn run(
    args: AssociateArgs,
    way: LinkWay,
    run_options: RunOptions,
    console: &Console,
) -> Result<Exit, Error> {
    import::run(ImportArgs::links(args, way), run_options, console).await
}

impl ImportArgs {
    /// What to associate or dissociate: an import that writes nothing but links.
    pub fn links(args: AssociateArgs, way: LinkWay) -> ImportArgs {
        ImportArgs {
            input: args.input,
            mapping: args.mapping,
            op: match way {
                LinkWay::Associate => Op::Associate,
                LinkWay::Dissociate => Op::Dissociate,
            },
            blind: false,
            diff: false,
            create_properties: false,
            run_dir: args.run_dir,
            limit: args.limit,
            no_key: false,
            yes: false,
            dry_run: false,
            face: PlanOutputArgs::default(),
            files: FileArgs::default(),
            run_args: args.run_args,
            portal: args.portal,
        }
    }
}
