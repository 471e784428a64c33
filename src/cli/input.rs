//! The input of a command: which files, and what is known of them before they are read.
//! Options take precedence over the mapping.

use std::path::{Path, PathBuf};

use clap::Args;

use super::console::Console;
use crate::error::Error;
use crate::import::read::{Input, Sources};
use crate::model::count::counted;
use crate::model::dialect::{DELIMITERS, Dialect, Encoding};

/// Files that are listed one by one.
const TOLD: usize = 10;

/// CSV files and how they are written.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// CSV files, JSON (a list, or one object per line), also compressed (.gz, .zst,
    /// .zip), spreadsheets (.xlsx, .xls, .ods), globs, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Encoding of the files, such as windows-1252 [default: detected]
    #[arg(long, value_name = "NAME", value_parser = encoding, help_heading = "Input")]
    encoding: Option<Encoding>,
    /// The delimiter: , ; | or tab [default: detected]
    #[arg(long, value_name = "MARK", value_parser = delimiter, help_heading = "Input")]
    delimiter: Option<u8>,
    /// Sheet of a spreadsheet, by name or number [default: the only one with content]
    #[arg(long, value_name = "SHEET", help_heading = "Input")]
    sheet: Option<String>,
    /// File of comments, or a quoted glob of several, in place of the one that the mapping
    /// names (`[[notes]]` with `file`)
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    comments: Option<PathBuf>,
}

impl InputArgs {
    /// The files of a run, and the options given for them when it began.
    pub fn known(files: Vec<PathBuf>, encoding: Option<&str>, delimiter: Option<u8>) -> InputArgs {
        InputArgs {
            files,
            encoding: encoding.and_then(Encoding::named),
            delimiter,
            sheet: None,
            comments: None,
        }
    }

    /// The same, with a file of comments.
    #[must_use]
    pub fn with_comments(self, comments: Option<PathBuf>) -> InputArgs {
        InputArgs { comments, ..self }
    }

    /// The file of comments that was typed.
    pub fn comments(&self) -> Option<&Path> {
        self.comments.as_deref()
    }

    /// The files as typed, for messages.
    pub fn names(&self) -> String {
        let names = self.files.iter().map(|path| path.display().to_string());
        names.collect::<Vec<_>>().join(", ")
    }

    /// The encoding given by the user, by name.
    pub fn encoding(&self) -> Option<String> {
        self.encoding.map(|encoding| encoding.name().to_owned())
    }

    /// The delimiter given by the user.
    pub fn delimiter(&self) -> Option<u8> {
        self.delimiter
    }

    /// Opens the files; `dialect` is what the mapping says of them. Standard input is
    /// spooled in `spool_folder`, or in the system's folder for such files.
    pub fn open(&self, dialect: &Dialect, spool_folder: Option<&Path>) -> Result<Input, Error> {
        let sources = Sources::find(&self.files, spool_folder)?;
        let sources = sources.with_sheet(self.sheet.as_deref());
        Input::open(sources, &self.dialect(dialect))
    }

    /// What is known of the files; options go before the mapping.
    pub fn dialect(&self, dialect: &Dialect) -> Dialect {
        Dialect {
            encoding: self.encoding.or(dialect.encoding),
            delimiter: self.delimiter.or(dialect.delimiter),
            ..dialect.clone()
        }
    }
}

/// Reports what each file is.
pub fn say_reading(input: &Input, console: &Console) {
    let facts = input.facts();
    for facts in facts.iter().take(TOLD) {
        console.say(&format!("reading {}: {}", facts.name, facts.words));
    }
    if facts.len() > TOLD {
        console.say(&format!("and {}", counted(facts.len() - TOLD, "more file")));
    }
    say_others(input, console);
    for (name, oddity) in input.oddities() {
        console.say(&format!("{name}: {}", oddity.words()));
    }
}

/// Reports what is not read in archives.
pub fn say_others(input: &Input, console: &Console) {
    let others = input.others();
    if others.is_empty() {
        return;
    }
    let named = others[..others.len().min(TOLD)].join(", ");
    let more = match others.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    console.say(&format!("no CSV or JSON, not read: {named}{more}"));
}

fn encoding(name: &str) -> Result<Encoding, String> {
    Encoding::named(name).ok_or_else(|| {
        "there is no such encoding; the usual ones are utf-8, utf-16, windows-1252 and latin-1"
            .to_owned()
    })
}

fn delimiter(mark: &str) -> Result<u8, String> {
    let byte = match mark {
        "tab" | "\\t" => Some(b'\t'),
        _ => mark.bytes().next().filter(|_| mark.len() == 1),
    };
    byte.filter(|byte| DELIMITERS.contains(byte))
        .ok_or_else(|| "a delimiter is one of , ; | and tab".to_owned())
}
