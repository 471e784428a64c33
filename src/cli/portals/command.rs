//! The subcommands of `tickethaul portal`.

use clap::Subcommand;

use super::{add, check, default, list};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::error::Error;

/// Portals by name: where their tokens come from, and how they are called
#[derive(Debug, Subcommand)]
pub enum PortalCommand {
    Add(Box<add::AddArgs>),
    List(list::ListArgs),
    Check(Box<check::CheckArgs>),
    Show(list::ShowArgs),
    Use(default::UseArgs),
    Remove(default::RemoveArgs),
}

/// Runs a command on portals.
pub async fn run(command: PortalCommand, console: &Console) -> Result<Exit, Error> {
    match command {
        PortalCommand::Add(args) => add::run(*args, console).await,
        PortalCommand::List(args) => list::run(&args, console),
        PortalCommand::Check(args) => check::run(*args, console).await,
        PortalCommand::Show(args) => list::show(&args, console),
        PortalCommand::Use(args) => default::choose(&args, console),
        PortalCommand::Remove(args) => default::remove(&args, console),
    }
}
