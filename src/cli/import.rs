//! `tickethaul import`: the command line becomes a `Job`. Everything that can be wrong
//! is found before the run folder is made, so that nothing is half done.

use super::archiving;
use super::comments;
use super::console::Console;
use super::exit::Exit;
use super::families::rivals;
use super::file_args::{absolute, for_run};
use super::import_args::{ImportArgs, Op};
use super::input::say_reading;
use super::plan;
use super::plan_output_args::PlanOutputArgs;
use super::portal::Portal;
use super::portal_facts;
use super::prepare_import::{Fit, fit, header, open_mapping};
use super::running::{finish, record, say_start};
use super::schema::create;
use crate::error::Error;
use crate::import::job::Job;
use crate::import::job::Unknown;
use crate::import::notes::attachments::FileSources;
use crate::import::notes::comments::{CommentInput, Rest, gather};
use crate::import::read::Input;
use crate::import::resume::folder::{RunFolder, has_begun};
use crate::journal::{Header, RunOptions};
use crate::mapping::MappingFile;

/// Runs an import, once everything that can be checked beforehand is right.
pub async fn run(
    args: ImportArgs,
    run_options: RunOptions,
    console: &Console,
) -> Result<Exit, Error> {
    refuse_contradictions(&args)?;
    let run_options = absolute(run_options);
    if args.dry_run {
        return plan::make(&args, None, run_options, console).await;
    }
    if args.op == Op::Archive {
        archiving::expect_answer(args.yes, console)?;
    }
    let mapping = open_mapping(&args, console).await?;
    let spool_folder = RunFolder::parent_of(args.run_dir.as_deref());
    let input = args.input.open(mapping.dialect(), Some(spool_folder))?;
    let portal = Portal::open(&args.portal, console).await?;
    let new = NewRun {
        mapping,
        input,
        run_options,
        parent: None,
    };
    haul(&args, new, portal, console).await
}

/// What a new run works on, apart from its options.
pub struct NewRun {
    /// How columns become properties.
    pub mapping: MappingFile,
    /// The rows.
    pub input: Input,
    /// What a resume uses again.
    pub run_options: RunOptions,
    /// Id of the run whose refused rows these are.
    pub parent: Option<String>,
}

/// Imports rows once mapping, input and portal are known; what can still be wrong is found
/// before the run folder is made.
pub async fn haul(
    args: &ImportArgs,
    new: NewRun,
    portal: Portal,
    console: &Console,
) -> Result<Exit, Error> {
    let NewRun {
        mapping,
        mut input,
        run_options,
        parent,
    } = new;
    say_reading(&input, console);
    let fit = fit(args, &mapping, &input, &portal, console).await?;
    // A run without rows gets a folder too, so that whatever looks at the run later finds it.
    let has_rows = input.has_rows()?;
    if !has_rows {
        console.say(&format!("no rows in {}: nothing to do", args.input.names()));
    }
    let limit = args.limit;
    if has_rows
        && args.op == Op::Archive
        && !archiving::agreed(&input, &fit.compiled, limit, &portal, args.yes, console)?
    {
        portal.close().await;
        return Ok(Exit::Fine);
    }
    let comments = comments::open(&mapping, &fit.compiled, args.input.comments(), console)?;
    let header = Header {
        parent,
        ..header(args, run_options, &mapping, &portal.account, &fit)?
    };
    begin(args, input, comments, fit, header, portal, console).await
}

/// Makes the run folder, then creates what the portal lacks, then imports.
async fn begin(
    args: &ImportArgs,
    input: Input,
    comments: Vec<CommentInput>,
    fit: Fit,
    header: Header,
    portal: Portal,
    console: &Console,
) -> Result<Exit, Error> {
    let files = for_run(args.files.sources()?, &header).await?;
    let folder = RunFolder::create(args.op.operation().word(), args.run_dir.as_deref())?;
    let created = match create(&portal.client, &fit.lacking, console).await {
        Ok(created) => created,
        Err(error) => {
            folder.abandon();
            return Err(error);
        }
    };
    let path = folder.path().to_owned();
    let account = portal.account.clone();
    let inputs = Inputs {
        input,
        comments,
        files,
    };
    let ended = match job(args, inputs, fit, header, folder, console) {
        Ok(job) => {
            record(&job, &args.portal, console);
            say_start(&job, &account, console);
            finish(job, portal, account, args.run_args.leaves_report(), console).await
        }
        Err(error) => Err(error),
    };
    ended.map_err(|error| match has_begun(&path) {
        true => error,
        false => created.stays(error),
    })
}

/// Options that have no meaning for the operation, or without another option.
fn refuse_contradictions(args: &ImportArgs) -> Result<(), Error> {
    let of_plans = match &args.face {
        PlanOutputArgs { show: Some(_), .. } => Some("--show"),
        PlanOutputArgs {
            detailed_exitcode: true,
            ..
        } => Some("--detailed-exitcode"),
        PlanOutputArgs { .. } => None,
    };
    if let (Some(said), false) = (of_plans, args.dry_run) {
        return Err(Error::usage(format!("{said} goes with --dry-run"))
            .advise("add --dry-run, or use `tickethaul plan`"));
    }
    let word = args.op.operation().word();
    let said = match args.op {
        Op::Create | Op::Archive if args.diff => "--diff",
        Op::Create | Op::Archive if args.blind => "--blind",
        Op::Update | Op::Upsert | Op::Archive if args.no_key => "--no-key",
        _ => return Ok(()),
    };
    Err(Error::usage(format!("{said} does not go with --op {word}"))
        .advise("--blind and --diff are for update and upsert, --no-key for create"))
}

/// What a run reads.
struct Inputs {
    input: Input,
    comments: Vec<CommentInput>,
    files: Option<FileSources>,
}

fn job(
    args: &ImportArgs,
    inputs: Inputs,
    fit: Fit,
    header: Header,
    folder: RunFolder,
    console: &Console,
) -> Result<Job, Error> {
    let Inputs {
        mut input,
        comments,
        files,
    } = inputs;
    input.keep_stdin(folder.path())?;
    let inputs = input.fingerprints()?;
    let header = Header { inputs, ..header };
    if fit.compiled.has_comment_files() {
        // The rows of a retry are part of another input, which has the other tickets.
        let rest = match header.parent {
            Some(_) => Rest::Ignored,
            None => Rest::Written,
        };
        let gathered = gather(&mut input, &fit.compiled, comments, folder.path(), rest)?;
        console.say(&comments::words(&gathered));
    }
    let rivals = rivals(&header)?;
    Ok(Job {
        operation: args.op.operation(),
        input,
        mapping: fit.compiled,
        links: fit.links,
        rivals,
        facts: portal_facts::for_runs(header.portal_id),
        header,
        folder,
        past: None,
        plan: None,
        files,
        options: args
            .run_args
            .options(args.limit, Unknown::Leave, args.portal.horizon()),
    })
}
