//! Makes the sample of this folder, and files of the same kind of any size.
//!
//!     cargo run --release --example tickets -- --rows 1200 --seed 7 --with-mistakes -o samples/zendesk-tickets.csv
//!
//! is the command that wrote `samples/zendesk-tickets.csv`; a test holds the file to it.
//! The sample shows what real exports bring: twelve languages in Latin, Cyrillic, Arabic,
//! Chinese, Japanese and Korean script, bodies of many lines with commas, quotes, semicolons
//! and stack traces, emoji, empty cells, tickets of seven years in every status, an agent who
//! has left, callers without an e-mail. With `--with-mistakes` seven rows can't be imported
//! until one cell of each is mended: a comma that nobody quoted, a date that no calendar has,
//! an empty subject, a name that two agents share, a broken e-mail address, an id that
//! another row has, and a mistyped status.
//!
//!     cargo run --release --example tickets -- --history --rows 300 --seed 11 -o samples/zendesk-history.jsonl --files samples/zendesk-history-files
//!     cargo run --release --example tickets -- --history --later --rows 300 --seed 11 -o samples/zendesk-history-later.jsonl
//!
//! are the commands that wrote the sample of conversations, as JSON lines: 300 tickets with
//! 2,000 answers and 400 small files, and the same export of a later day, with 50 new tickets,
//! 200 that changed and 700 more answers.
//!
//! The same rows and seed give the same bytes on every machine. All people, companies and
//! tickets are invented.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

mod tickets;

use tickets::{Attached, History, Request, write_export, write_history};

/// Writes an invented Zendesk account export as CSV.
#[derive(Parser)]
struct Args {
    /// Rows below the header
    #[arg(long, value_name = "N")]
    rows: u64,
    /// Another seed gives other tickets
    #[arg(long, value_name = "S")]
    seed: u64,
    /// Tickets with their conversations, as lines of a JSON export
    #[arg(long, conflicts_with = "with_mistakes")]
    history: bool,
    /// The same export of a later day: with new tickets, and more said about others
    #[arg(long, requires = "history")]
    later: bool,
    /// The folder for the files that the conversations name [default: none are written]
    #[arg(long, value_name = "DIR", requires = "history")]
    files: Option<PathBuf>,
    /// Spoil seven of the rows, each in its own way (needs about 1,000 rows)
    #[arg(long)]
    with_mistakes: bool,
    /// Where to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    match write(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // A standard error that is closed leaves only the exit code to tell.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write(args: &Args) -> Result<()> {
    if args.history {
        let history = History {
            tickets: args.rows,
            seed: args.seed,
            is_later: args.later,
        };
        if let Some(folder) = &args.files {
            fs::create_dir_all(folder).with_context(|| unwritable(folder))?;
        }
        let keep = |file: &Attached| match &args.files {
            Some(folder) => {
                let path = folder.join(&file.name);
                fs::write(&path, &file.bytes).with_context(|| unwritable(&path))
            }
            None => Ok(()),
        };
        return match &args.output {
            Some(path) => write_history(history, create(path)?, keep),
            None => write_history(history, io::stdout().lock(), keep),
        };
    }
    let request = Request {
        rows: args.rows,
        seed: args.seed,
        with_mistakes: args.with_mistakes,
    };
    match &args.output {
        Some(path) => write_export(request, create(path)?),
        None => write_export(request, io::stdout().lock()),
    }
}

fn create(path: &Path) -> Result<File> {
    File::create(path).with_context(|| unwritable(path))
}

fn unwritable(path: &Path) -> String {
    format!("{} can't be written", path.display())
}

/// True where whoever read our output has read enough, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = match cause.downcast_ref::<csv::Error>().map(csv::Error::kind) {
            Some(csv::ErrorKind::Io(io)) => Some(io),
            _ => cause.downcast_ref::<io::Error>(),
        };
        io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    })
}
