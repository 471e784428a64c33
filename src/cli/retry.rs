//! `tickethaul retry`: the refused rows of a run again, fixed or not, as a run of its own
//! whose parent is the old one. The old run's folder stays as it is; the new run retries a
//! copy of those rows of its refused.csv that no other retry has settled meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::archiving;
use super::command_line::{CommandLine, began_with};
use super::comments;
use super::console::Console;
use super::exit::Exit;
use super::families::known;
use super::file_args::{FileArgs, absolute};
use super::find_runs::{find, is_run, no_run};
use super::import::{NewRun, haul};
use super::import_args::{ImportArgs, Op};
use super::input::InputArgs;
use super::mapping_file::{parse_mapping, read_mapping};
use super::plan_output_args::PlanOutputArgs;
use super::portal::Portal;
use super::reopen::{mapping_of, operation, same_portal};
use super::run_args::RunArgs;
use super::settings::PortalArgs;
use super::trust::{self, RunPlaces};
use crate::error::Error;
use crate::export::is_export;
use crate::import::flow::Operation;
use crate::import::read::{Input, RowNames, Sources, pick};
use crate::import::resume::folder::RunFolder;
use crate::import::resume::guard::Began;
use crate::import::settle::files::refused_in;
use crate::journal::{COMMENTS_OPTION, Lock, Past, Reading, RunOptions, RunState};
use crate::mapping::MappingFile;
use crate::model::count::counted;
use crate::model::row::Kept;
use crate::model::shell;
use crate::model::visible::one_line;
use crate::review::family::{Member, Retried, descendants};
use crate::review::undo::run::KIND;

/// Try the refused rows of a run again, fixed or not: those in its refused.csv as the file
/// is now. This is a new run, with operation, mapping, portal and options of the old one,
/// which stays as it is; `status` and `runs` count both as one
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// The run whose refused rows to retry, by name or folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// A mapping other than the run's, or the run's as it is now
    #[arg(short, long, value_name = "MAPPING")]
    mapping: Option<PathBuf>,
    /// Only rows refused with one of these codes (column _code); the others stay refused
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    codes: Vec<String>,
    /// File of comments, in place of the one that the mapping names; required if the run
    /// was given one
    #[arg(long, value_name = "FILE")]
    comments: Option<PathBuf>,
    /// Create the key property and the `[[property]]` entries that the portal lacks
    #[arg(long)]
    create_properties: bool,
    /// The folder of the new run; `tickethaul-runs/<run>` unless named
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// Don't ask before tickets are archived; required without a terminal
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    run_args: RunArgs,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Tries the refused rows of a run again.
pub async fn run(args: RetryArgs, typed: &CommandLine, console: &Console) -> Result<Exit, Error> {
    let path = find(&args.run)?;
    if is_export(&path) || !is_run(&path) {
        return Err(not_a_run(&path));
    }
    let past = Reading::open(&path)?.past()?;
    if past.header.operation == KIND {
        return Err(is_undo(&path));
    }
    let operation = operation(&past.header)?;
    expect_finished(&path, past.figures.state)?;
    let run_options = began_with(past.header.run_options.clone()).overlaid(&typed.run_options());
    let run_options = trust::files(&path, &past.header.run, run_options, typed)?;
    let run_options = absolute(run_options);
    let mut args = typed.args_with::<RetryArgs>(&run_options)?;
    if operation == Operation::Archive {
        archiving::expect_answer(args.yes, console)?;
    }
    let claims = RunPlaces {
        folder: &path,
        run: &past.header.run,
        portal: &past.header.portal,
        target: None,
    };
    trust::go_to(&claims, &mut args.portal, None)?;
    let mapping = mapping(&args, &past, console)?;
    expect_comments(&args, &path, &run_options)?;
    let mapping = comments::with_typed(mapping, args.comments.as_deref())?;
    let mapping = args.files.fitted(mapping, console)?;
    let Some(sources) = rows(&args, &path, &past, &mapping, console)? else {
        return Ok(Exit::Fine);
    };
    let args = as_import(args, &path, &past, operation);
    let input = Input::open(sources, &args.input.dialect(mapping.dialect()))?;
    let portal = Portal::open(&args.portal, console).await?;
    same_portal(&past.header, &portal.account, Began::Run)?;
    let new = NewRun {
        mapping,
        input,
        run_options,
        parent: Some(past.header.run).filter(|run| !run.is_empty()),
    };
    haul(&args, new, portal, console).await
}

/// A retry without the run's comments would create tickets without them. A run folder
/// is data: files that it names are not read for this.
fn expect_comments(args: &RetryArgs, path: &Path, run_options: &RunOptions) -> Result<(), Error> {
    match (run_options.option(COMMENTS_OPTION), &args.comments) {
        (Some(file), None) => {
            let message = format!("the run was given the comments in {file}");
            let (run, file) = (shell::path(path), shell::word(file));
            Err(Error::usage(message).advise(format!(
                "name the file again: tickethaul retry {run} --comments {file}"
            )))
        }
        _ => Ok(()),
    }
}

fn not_a_run(path: &Path) -> Error {
    match is_export(path) {
        true => Error::usage(format!("{} is the run of an export", path.display()))
            .advise("an export refuses no rows; run it again"),
        false => no_run(path),
    }
}

/// An unfinished run still writes to its refused.csv.
fn expect_finished(path: &Path, state: RunState) -> Result<(), Error> {
    let shown = path.display();
    let is_whole = match state {
        RunState::Open => false,
        RunState::Limited => true,
        // A process that died just before it wrote the summary left files behind.
        RunState::Finished => path.join("summary.json").is_file(),
    };
    match is_whole && !Lock::is_held(path) {
        true => Ok(()),
        false if Lock::is_held(path) => Err(Error::must_fix(format!(
            "the run {shown} is not finished: a process works on it"
        ))
        .advise("wait for it, then retry")),
        false => Err(
            Error::must_fix(format!("the run {shown} is not finished")).advise(format!(
                "nothing was sent; `tickethaul resume {}` first, then retry",
                shell::path(path)
            )),
        ),
    }
}

/// The mapping that was named, or the run's own, unchanged.
fn mapping(args: &RetryArgs, past: &Past, console: &Console) -> Result<MappingFile, Error> {
    if let Some(path) = &args.mapping {
        return read_mapping(path, console);
    }
    mapping_of(&past.header, Began::Run).map_err(|error| {
        let path = past.header.mapping_path.display();
        match parse_mapping(&past.header.mapping_path) {
            Ok(_) => error.advise(format!(
                "nothing was sent; `-m {path}` retries with the mapping as it is now"
            )),
            Err(_) => error,
        }
    })
}

/// A copy of the rows to be retried; none if there are none.
fn rows(
    args: &RetryArgs,
    path: &Path,
    past: &Past,
    mapping: &MappingFile,
    console: &Console,
) -> Result<Option<Sources>, Error> {
    let known = known([path]);
    let later = descendants(&past.header.run, &known);
    expect_all_finished(&later)?;
    let retried = Retried::by(&later, &known)?;
    let mut pick_one = Choice::new(&args.codes, &retried);
    let file = refused_in(path);
    let found = fs::metadata(&file).ok();
    // A run folder could hold anything, such as a device that never ends.
    if found.as_ref().is_some_and(|found| !found.is_file()) {
        let message = format!("{} is not a regular file", file.display());
        return Err(Error::must_fix(message));
    }
    let name = path.display();
    let is_json = file.extension().is_some_and(|ext| ext == "jsonl");
    if is_json && found.is_some_and(|found| found.len() == 0) {
        console.say(&format!("nothing to retry in {name}"));
        return Ok(None);
    }
    let header = &past.header;
    let input = InputArgs::known(Vec::new(), header.encoding.as_deref(), header.delimiter);
    let folder = RunFolder::parent_of(args.run_dir.as_deref());
    let dialect = input.dialect(mapping.dialect());
    let (sources, rows) = pick(&file, &dialect, folder, |kept| pick_one.wants(kept))?;
    pick_one.expect_codes(&file)?;
    let left = pick_one.left_words();
    console.say(&match rows {
        0 => format!("nothing to retry in {name}{left}"),
        _ => format!("retrying {} of {name}{left}", counted(rows, "refused row")),
    });
    Ok((rows > 0).then_some(sources))
}

/// A row must not be in flight twice.
fn expect_all_finished(later: &[&Member]) -> Result<(), Error> {
    for run in later {
        let state = Reading::open(&run.folder)?.overview()?.state;
        if state == RunState::Open {
            return Err(Error::must_fix(format!(
                "{}, which tries these rows already, is not finished",
                run.folder.display()
            ))
            .advise(format!(
                "nothing was sent; `tickethaul resume {}` first, then retry",
                shell::path(&run.folder)
            )));
        }
    }
    Ok(())
}

/// Which rows of a refused.csv are retried, and how many are not.
struct Choice<'a> {
    codes: &'a [String],
    retried: &'a Retried,
    names: RowNames,
    /// Rows of each code.
    found: BTreeMap<String, u64>,
    settled: u64,
    others: u64,
}

impl<'a> Choice<'a> {
    fn new(codes: &'a [String], retried: &'a Retried) -> Choice<'a> {
        Choice {
            codes,
            retried,
            names: RowNames::default(),
            found: BTreeMap::new(),
            settled: 0,
            others: 0,
        }
    }

    fn wants(&mut self, kept: Option<&Kept>) -> bool {
        let code = kept
            .and_then(|kept| kept.code.as_deref())
            .unwrap_or_default();
        *self.found.entry(code.to_owned()).or_default() += 1;
        let name = self.names.next(kept);
        if name.is_some_and(|name| self.retried.is_settled(&name)) {
            self.settled += 1;
            return false;
        }
        let wanted = |wanted: &String| wanted.trim().eq_ignore_ascii_case(code);
        if !self.codes.is_empty() && !self.codes.iter().any(wanted) {
            self.others += 1;
            return false;
        }
        true
    }

    /// Refuses a code that no row has: it may be misspelt.
    fn expect_codes(&self, file: &Path) -> Result<(), Error> {
        let is_there = |code: &&String| {
            let mut found = self.found.keys();
            found.any(|found| found.eq_ignore_ascii_case(code.trim()))
        };
        let Some(code) = self.codes.iter().find(|code| !is_there(code)) else {
            return Ok(());
        };
        let codes = self.found.iter();
        let codes: Vec<String> = codes
            .map(|(code, rows)| format!("{} ({rows})", one_line(code)))
            .collect();
        let file = file.display();
        Err(Error::usage(format!(
            "no row of {file} was refused with the code {}",
            one_line(code)
        ))
        .advise(match codes.is_empty() {
            true => "it has no rows".to_owned(),
            false => format!("its codes are {}", codes.join(", ")),
        }))
    }

    /// Reports the rows that are not retried.
    fn left_words(&self) -> String {
        let mut words = String::new();
        if self.settled > 0 {
            let rows = counted(self.settled, "row");
            words.push_str(&format!("; {rows} settled by an earlier retry"));
        }
        if self.others > 0 {
            let rows = counted(self.others, "row");
            words.push_str(&format!("; {rows} with other codes not retried"));
        }
        words
    }
}

/// The import that a retry amounts to.
fn as_import(args: RetryArgs, path: &Path, past: &Past, operation: Operation) -> ImportArgs {
    let header = &past.header;
    let looks = matches!(operation, Operation::Update | Operation::Upsert);
    ImportArgs {
        input: InputArgs::known(
            vec![refused_in(path)],
            header.encoding.as_deref(),
            header.delimiter,
        )
        .with_comments(args.comments),
        mapping: args.mapping.unwrap_or_else(|| header.mapping_path.clone()),
        op: Op::of(operation),
        blind: looks && !header.diff,
        diff: false,
        create_properties: args.create_properties,
        run_dir: args.run_dir,
        limit: None,
        no_key: header.no_key,
        yes: args.yes,
        dry_run: false,
        face: PlanOutputArgs::default(),
        files: args.files,
        run_args: args.run_args,
        portal: args.portal,
    }
}

fn is_undo(path: &Path) -> Error {
    Error::usage(format!("{} is the run of an undo", path.display()))
        .advise("`tickethaul undo` on the run that it took back tries again what was left")
}
