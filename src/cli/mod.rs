//! The command line: the only room that knows clap. Each command's file turns what
//! was typed into a job; printing, asking and exit codes stay here.

#![allow(
    rustdoc::broken_intra_doc_links,
    rustdoc::invalid_html_tags,
    reason = "clap prints doc comments as they are"
)]

mod apply;
mod archiving;
mod associate;
mod objects;
mod check;
mod check_args;
mod check_mapping;
mod clean;
mod comments;
mod config;
mod defaults;
mod delete;
mod exit;
mod export;
mod file_args;
mod compile_mapping;
mod find_runs;
mod get;
mod get_output;
mod help;
mod import;
mod prepare_import;
mod import_args;
mod running;
mod mapping_file;
mod input;
mod portal_facts;
mod map;
mod output;
mod past_run;
mod plan;
mod plan_output_args;
mod portal;
mod open_portal;
mod portals;
mod preview;
mod process;
mod registry;
mod resume;
mod reopen;
mod report;
mod retry;
mod families;
mod run_args;
mod runs;
mod run_status;
mod local_time;
mod sandbox;
mod schema;
mod screen;
mod secrets;
mod settings;
mod shell;
mod signals;
mod slips;
mod console;
mod token_command;
mod trust;
mod twin;
mod twin_folder;
mod command_line;
mod undo;
mod undo_output;
mod verify;
mod global;

use std::ffi::OsString;
use std::panic::catch_unwind;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::Error;
use associate::LinkWay;
use command_line::CommandLine;
use console::Console;
use exit::Exit;
use global::Global;

/// Hauls help-desk tickets into and out of HubSpot in bulk.
#[derive(Debug, Parser)]
#[command(
    name = "tickethaul",
    version,
    after_help = exit::HELP,
    max_term_width = 100,
    args_override_self = true
)]
struct App {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Box<check_args::CheckArgs>),
    Import(Box<import_args::ImportArgs>),
    Plan(Box<plan::PlanArgs>),
    Apply(Box<apply::ApplyArgs>),
    /// Link tickets to contacts, companies, deals, notes or other tickets, row by row
    Associate(associate::AssociateArgs),
    /// Remove links of tickets: with a label only the label, otherwise the whole link
    Dissociate(associate::AssociateArgs),
    Delete(Box<delete::DeleteArgs>),
    Resume(resume::ResumeArgs),
    Retry(Box<retry::RetryArgs>),
    Verify(verify::VerifyArgs),
    Undo(undo::UndoArgs),
    Report(report::ReportArgs),
    Status(runs::StatusArgs),
    Runs(runs::RunsArgs),
    Export(Box<export::ExportArgs>),
    Get(get::GetArgs),
    #[command(subcommand)]
    Schema(schema::SchemaCommand),
    #[command(subcommand)]
    Map(map::MapCommand),
    #[command(subcommand)]
    Portal(portals::PortalCommand),
    Sandbox(sandbox::SandboxArgs),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

/// Runs the tool with these arguments, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    process::keep_out_of_dumps();
    process::report_panics();
    let args: Vec<OsString> = args.into_iter().collect();
    // The error has been reported by then.
    catch_unwind(|| run_words(&args)).unwrap_or_else(|_| Exit::Unexpected.into())
}

fn run_words(args: &[OsString]) -> ExitCode {
    let (app, typed) = match read(args) {
        Ok(read) => read,
        Err(error) => {
            Console::as_asked(args);
            return exit::for_clap(&error);
        }
    };
    let console = Console::new(&app.global);
    let exit =
        runtime().and_then(|runtime| runtime.block_on(dispatch(app.command, typed, &console)));
    let exit = exit.and_then(|exit| console.all_written().map(|()| exit));
    match exit {
        Ok(exit) => exit.into(),
        Err(error) => {
            console.error(&error);
            Exit::for_error(&error).into()
        }
    }
}

/// The command line with what the portal adds to it, parsed and as text.
fn read(args: &[OsString]) -> Result<(App, CommandLine), clap::Error> {
    let args = defaults::completed(&App::command(), args);
    let mut matches = commands(&args).try_get_matches_from(&args)?;
    let words = args.iter().skip(1);
    let words = words.map(|word| word.to_string_lossy().into_owned());
    let typed = CommandLine::new(App::command(), words.collect(), &matches);
    Ok((App::from_arg_matches_mut(&mut matches)?, typed))
}

/// The commands with their help for these arguments.
fn commands(args: &[OsString]) -> clap::Command {
    let command = help::complete(App::command());
    match args.iter().any(|word| word == "--verbose") {
        true => command.long_version(help::build()),
        false => command,
    }
}

async fn dispatch(command: Command, typed: CommandLine, console: &Console) -> Result<Exit, Error> {
    signals::watch();
    match command {
        Command::Check(args) => check::run(&args, console).await,
        Command::Import(args) => import::run(*args, typed.run_options(), console).await,
        Command::Apply(args) => apply::run(&args, &typed, console).await,
        Command::Plan(args) => plan::run(*args, typed.run_options(), console).await,
        Command::Associate(args) => {
            associate::run(args, LinkWay::Associate, typed.run_options(), console).await
        }
        Command::Dissociate(args) => {
            associate::run(args, LinkWay::Dissociate, typed.run_options(), console).await
        }
        Command::Delete(args) => delete::run(*args, typed.run_options(), console).await,
        Command::Resume(args) => resume::run(args, &typed, console).await,
        Command::Undo(args) => undo::run(args, console).await,
        Command::Retry(args) => retry::run(*args, &typed, console).await,
        Command::Verify(args) => verify::run(args, console).await,
        Command::Report(args) => report::run(&args, console),
        Command::Status(args) => runs::status(&args, console),
        Command::Runs(args) => runs::list(&args, console),
        Command::Export(args) => export::run(*args, typed.run_options(), console).await,
        Command::Get(args) => get::run(args, console).await,
        Command::Schema(command) => schema::run(command, console).await,
        Command::Map(command) => map::run(command, console),
        Command::Portal(command) => portals::run(command, console).await,
        Command::Sandbox(args) => sandbox::run(args, console).await,
        Command::Completions(args) => Ok(shell::completions(&args, commands(&[]), console)),
        Command::Man(args) => shell::man(&args, commands(&[]), console),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Runtime::new()
        .map_err(|error| Error::unexpected("can't start the runtime").because(error))
}
