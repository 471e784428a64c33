//! The subcommands of `tickethaul schema`.

use clap::Subcommand;

use super::{apply, diff, pull, show};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
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
pub async fn run(command: SchemaCommand, console: &Console) -> Result<Exit, Error> {
    match command {
        SchemaCommand::Pull(args) => pull::run(&args, console).await,
        SchemaCommand::Show(args) => show::run(&args, console).await,
        SchemaCommand::Diff(args) => diff::run(&args, console).await,
        SchemaCommand::Apply(args) => apply::run(&args, console).await,
    }
}
