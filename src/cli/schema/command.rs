//! The subcommands of `tickethaul schema`.

use clap::Subcommand;

use super::{apply, diff, pull, show};
use crate::cli::exit::Exit;
use crate::cli::talk::Talk;
use crate::error::Error;

/// What the portal defines: properties, pipelines, owners
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    Pull(pull::PullArgs),
    Show(show::ShowArgs),
    Diff(diff::DiffArgs),
    Apply(apply::ApplyArgs),
}

/// Runs a schema command.
pub async fn run(command: SchemaCommand, talk: &Talk) -> Result<Exit, Error> {
    match command {
        SchemaCommand::Pull(args) => pull::run(&args, talk).await,
        SchemaCommand::Show(args) => show::run(&args, talk).await,
        SchemaCommand::Diff(args) => diff::run(&args, talk).await,
        SchemaCommand::Apply(args) => apply::run(&args, talk).await,
    }
}
