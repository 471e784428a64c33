//! Comments in separate files, handled before the run: which columns they have, which tickets they
//! name, and which name no ticket of the input. They are stored in the run folder by the tickets
//! that they name; the rest goes into a file next to them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Error;
use crate::import::flow::RowOutcome;
use crate::import::read::{Input, Reading, Sources};
use crate::import::settle::files::Refusals;
use crate::journal::{CommentReading, CommentStore};
use crate::mapping::{CommentColumns, CommentFile, CompiledMapping};
use crate::model::dialect::Dialect;
use crate::model::issue::{Problem, Reason};
use crate::model::outcome::RowEnd;
use crate::model::row::{Comment, SourceRow};
use crate::output::{Writer, new_private_file};

/// Name of the file of comments that name no row, without its extension.
const LEFT: &str = "comments-left";

/// A file of comments that has been inspected.
pub struct CommentInput {
    file: CommentFile,
    columns: CommentColumns,
    input: Input,
}

/// What was done with the comments of all files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Comments of rows of the input.
    pub comments: u64,
    /// Those that name none, or can't be read.
    pub left: u64,
    /// The files with those.
    pub files: Vec<PathBuf>,
}

/// What is done with comments that name no row of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// They are counted and written to a file.
    Written,
    /// They are counted.
    Counted,
    /// Nothing: the input is part of another one.
    Ignored,
}

impl CommentInput {
    /// Inspects the files with the comments of one `[[notes]]`.
    ///
    /// # Errors
    /// When they can't be read, or lack a column.
    pub fn open(file: CommentFile, sources: Sources) -> Result<CommentInput, Error> {
        let input = Input::open(sources, &Dialect::default())?;
        let columns = file.columns(input.headers()).map_err(|lack| {
            let facts = input.facts();
            let name = facts.first().map_or(&*file.file, |text| &*text.name);
            Error::usage(format!("{name} {}", lack.words)).advise(lack.advice)
        })?;
        Ok(CommentInput {
            file,
            columns,
            input,
        })
    }

    /// What it reads.
    pub fn input(&self) -> &Input {
        &self.input
    }
}

/// Stores the comments of all files in a folder by the rows that they name; from now on
/// the input's rows get them. Both are read once.
///
/// # Errors
/// When a file can't be read, or the folder can't be written.
pub fn gather(
    input: &mut Input,
    mapping: &Arc<CompiledMapping>,
    files: Vec<CommentInput>,
    folder: &Path,
    rest: Rest,
) -> Result<Gathered, Error> {
    if !mapping.has_comment_files() {
        return Ok(Gathered::default());
    }
    let store = CommentStore::create(folder)?;
    let mut rows = input.again();
    while let Some(reading) = rows.next_row()? {
        if let Reading::Row(row) = reading {
            for (entry, ticket) in mapping.named(&row) {
                store.expect(entry, &ticket)?;
            }
        }
    }
    let mut gathered = Gathered::default();
    for file in files {
        let mut taking = Taking {
            store: &store,
            left: Left::new(folder, gathered.files.len(), rest),
            gathered: &mut gathered,
        };
        taking.take(file)?;
    }
    store.finish(gathered.left)?;
    input.join_comments(folder, mapping)?;
    Ok(gathered)
}

/// How many comments named no row, for a run whose folder still has them.
///
/// # Errors
/// When they can't be read.
pub fn left_in(folder: &Path) -> Result<u64, Error> {
    match CommentReading::is_there(folder) {
        true => Ok(CommentReading::open(folder)?.left()?),
        false => Ok(0),
    }
}

/// The comments of one file while they are stored.
struct Taking<'a> {
    store: &'a CommentStore,
    left: Left<'a>,
    gathered: &'a mut Gathered,
}

impl Taking<'_> {
    fn take(&mut self, file: CommentInput) -> Result<(), Error> {
        let CommentInput {
            file,
            columns,
            mut input,
        } = file;
        let places = input.places();
        while let Some(reading) = input.next_row()? {
            let row = match reading {
                Reading::Row(row) => row,
                Reading::Fallen(outcome) if outcome.end == RowEnd::Skipped => continue,
                Reading::Fallen(outcome) => {
                    self.leave(&input, &outcome)?;
                    continue;
                }
            };
            let ticket = columns.ticket(&row.cells).to_owned();
            let comment = Comment {
                entry: file.entry,
                place: places.whole_cell(row.address).into(),
                cells: columns.fields(&row.cells),
            };
            match !ticket.is_empty() && self.store.take(&ticket, &comment)? {
                true => self.gathered.comments += 1,
                false => self.leave(&input, &without_ticket(row, &file, &ticket))?,
            }
        }
        self.gathered.files.extend(self.left.finish()?);
        Ok(())
    }

    fn leave(&mut self, input: &Input, outcome: &RowOutcome) -> Result<(), Error> {
        if self.left.rest != Rest::Ignored {
            self.gathered.left += 1;
        }
        self.left.add(input, outcome)
    }
}

fn without_ticket(row: SourceRow, file: &CommentFile, ticket: &str) -> RowOutcome {
    let problem = Problem::new(Reason::NoTicketOfComment);
    let column = file.ticket.first().cloned().unwrap_or_default();
    let problem = problem.column(column).value(ticket);
    RowOutcome::early(row, RowEnd::Refused(problem.into()))
}

/// The file of comments that name no row, created for the first one.
struct Left<'a> {
    folder: &'a Path,
    /// How many such files exist already.
    before: usize,
    rest: Rest,
    file: Option<(PathBuf, Refusals)>,
}

impl Left<'_> {
    fn new(folder: &Path, before: usize, rest: Rest) -> Left<'_> {
        Left {
            folder,
            before,
            rest,
            file: None,
        }
    }

    fn add(&mut self, input: &Input, outcome: &RowOutcome) -> Result<(), Error> {
        if self.rest != Rest::Written {
            return Ok(());
        }
        let (_, file) = match &mut self.file {
            Some(file) => file,
            none => none.insert(begin(self.folder, self.before, input)?),
        };
        file.add(outcome)
            .map_err(|error| unwritten(self.folder, error))
    }

    fn finish(&mut self) -> Result<Option<PathBuf>, Error> {
        let Some((path, file)) = self.file.take() else {
            return Ok(None);
        };
        let written = file.finish();
        written.map_err(|error| unwritten(self.folder, error))?;
        Ok(Some(path))
    }
}

fn begin(folder: &Path, before: usize, input: &Input) -> Result<(PathBuf, Refusals), Error> {
    let ending = if input.is_json() { "jsonl" } else { "csv" };
    let number = match before {
        0 => String::new(),
        before => format!("-{}", before + 1),
    };
    let path = folder.join(format!("{LEFT}{number}.{ending}"));
    // An interrupted plan may have left one.
    let _none = std::fs::remove_file(&path);
    let begun = new_private_file(&path).and_then(|file| {
        let to = Writer::Stream(Box::new(file));
        Refusals::begin(to, input.headers(), input.places())
    });
    let file = begun.map_err(|error| unwritten(folder, error))?;
    Ok((path, file))
}

fn unwritten(folder: &Path, error: std::io::Error) -> Error {
    let folder = folder.display();
    Error::unexpected(format!(
        "can't write the comments that are left into {folder}"
    ))
    .because(error)
    .advise("make room, or choose another place with --run-dir")
}
