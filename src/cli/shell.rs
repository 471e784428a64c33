//! `tickethaul completions` and `tickethaul man`: shell completions and man pages, generated
//! from the same definitions as --help.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use super::console::Console;
use super::exit::Exit;
use crate::error::Error;

/// The program's name.
const NAME: &str = "tickethaul";

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tickethaul completions bash > ~/.local/share/bash-completion/completions/tickethaul
  tickethaul completions zsh > ~/.zfunc/_tickethaul
  tickethaul completions fish > ~/.config/fish/completions/tickethaul.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Print the man page of the tool, or write one for each command into a folder
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tickethaul man | man -l -
  tickethaul man -o ~/.local/share/man/man1")]
pub struct ManArgs {
    /// The folder for all pages
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

/// Prints the completions of a shell.
pub fn completions(args: &CompletionsArgs, mut command: Command, console: &Console) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, NAME, &mut text);
    console.data(String::from_utf8_lossy(&text).trim_end());
    Exit::Fine
}

/// Prints the man page, or writes all of them.
pub fn man(args: &ManArgs, command: Command, console: &Console) -> Result<Exit, Error> {
    match &args.output {
        None => {
            let mut text = Vec::new();
            let page = clap_mangen::Man::new(command);
            page.render(&mut text)
                .and_then(|()| text.flush())
                .map_err(|error| Error::unexpected("can't make the page").because(error))?;
            console.data(String::from_utf8_lossy(&text).trim_end());
        }
        Some(folder) => {
            let written = std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(command, folder));
            written.map_err(|error| {
                Error::must_fix(format!("can't write {}", folder.display()))
                    .because(error)
                    .advise("name another folder with -o")
            })?;
            console.say(&format!("written to {}", folder.display()));
        }
    }
    Ok(Exit::Fine)
}
