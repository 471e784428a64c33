//! The subcommands of `tickethaul portal`.

use clap::Subcommand;

use super::{add, check, default, list};
use crate::cli::exit::Exit;
use crate::cli::talk::Talk;
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
pub async fn run(command: PortalCommand, talk: &Talk) -> Result<Exit, Error> {
    match command {
        PortalCommand::Add(args) => add::run(*args, talk).await,
        PortalCommand::List(args) => list::run(&args, talk),
        PortalCommand::Check(args) => check::run(*args, talk).await,
        PortalCommand::Show(args) => list::show(&args, talk),
        PortalCommand::Use(args) => default::choose(&args, talk),
        PortalCommand::Remove(args) => default::remove(&args, talk),
    }
}
