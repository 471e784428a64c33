//! `tickethaul resume`: opens the journal of a run, checks it against input, mapping
//! and portal, and continues the same run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::command_line::{CommandLine, began_with};
use super::compile_mapping::kinds_error;
use super::console::Console;
use super::exit::Exit;
use super::export::{self, Again, folder_error};
use super::families::rivals;
use super::file_args::{FOLDER, FileArgs, absolute, for_run};
use super::find_runs::{find, is_run, no_run};
use super::local_time::second;
use super::mapping_file::mapping_error;
use super::portal::{Portal, call_error};
use super::portal_facts;
use super::reopen::{open_input, operation, same_portal};
use super::run_args::RunArgs;
use super::run_status::{RunStatus, State, latest};
use super::running::finish;
use super::settings::PortalArgs;
use super::trust::{self, RunPlaces};
use super::undo;
use crate::error::Error;
use crate::export::{RunFolder as ExportFolder, is_export, outcome};
use crate::hubspot::{Account, ApiVersion, SchemaParts};
use crate::import::job::Job;
use crate::import::job::Unknown;
use crate::import::links::LinkKinds;
use crate::import::read::Input;
use crate::import::resume::folder::RunFolder;
use crate::import::resume::guard::{Began, same_schema};
use crate::journal::{Header, Past, PlanReading, Reading, RunOptions, RunState};
use crate::mapping::{CompiledMapping, MappingFile};
use crate::model::count::{count, counted};
use crate::model::outcome::Fate;
use crate::model::shell;
use crate::report::age_words;
use crate::review::undo::run::KIND;

/// Resume a run that stopped
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// The run, by name or folder [default: the last one that is not finished]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Continue beyond the --limit of the run
    #[arg(long)]
    no_limit: bool,
    /// Replace the output of an export even if it is newer than the export
    #[arg(long)]
    force: bool,
    /// The output of an export whose run folder came from elsewhere, given again: a run
    /// folder alone does not decide where files are written
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// In a run with --no-key: rows whose outcome is unknown are in the portal (done),
    /// or are not and are sent again (resend)
    #[arg(long, value_enum, value_name = "done|resend")]
    unknown: Option<Decision>,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    run_args: RunArgs,
    #[command(flatten)]
    portal: PortalArgs,
}

impl ResumeArgs {
    /// What to do with unknown rows.
    fn unknown(&self) -> Unknown {
        match self.unknown {
            None => Unknown::Leave,
            Some(Decision::Done) => Unknown::Done,
            Some(Decision::Resend) => Unknown::Resend,
        }
    }
}

/// What the user found out about unknown rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Decision {
    /// They are in the portal
    Done,
    /// They are not: send them again
    Resend,
}

/// Resumes a run, with the options that were given to it unless `typed` gives them again (R3).
pub async fn run(args: ResumeArgs, typed: &CommandLine, console: &Console) -> Result<Exit, Error> {
    let path = match &args.run {
        Some(run) => find(run)?,
        None => last_unfinished()?,
    };
    if is_export(&path) {
        return resume_export(&path, typed, console).await;
    }
    typed.fits_import()?;
    if !is_run(&path) {
        return Err(no_run(&path));
    }
    let folder = RunFolder::open(&path)?;
    let past = Reading::open(folder.path())?.past()?;
    if past.header.operation == KIND {
        let run = undo::run_of(folder.path(), &past)?;
        let mut portal = args.portal;
        let leaves = args.run_args.leaves_report();
        return undo::resume(folder, past, &run, &mut portal, leaves, console).await;
    }
    match nothing_to_do(&args, &folder, &past, console) {
        Some(exit) => Ok(exit),
        None => resume_import(folder, past, typed, console).await,
    }
}

async fn resume_import(
    folder: RunFolder,
    past: Past,
    typed: &CommandLine,
    console: &Console,
) -> Result<Exit, Error> {
    let (run_options, args) = args_of_run(folder.path(), &past.header, typed)?;
    let plan = past.header.plan.as_ref().map(PlanReading::open_for_run);
    let plan = plan.transpose()?;
    let (mut input, mapping) = open_input(&past.header, folder.path(), Began::Run)?;
    let mapping = args.files.fitted(mapping, console)?;
    let files = for_run(args.files.sources()?, &past.header).await?;
    let portal = Portal::open(&args.portal, console).await?;
    let account = portal.account.clone();
    let compiled = check_portal(&past, &input, &mapping, &portal, &account, console).await?;
    let compiled = Arc::new(compiled);
    if compiled.has_comment_files() {
        input.join_comments(folder.path(), &compiled)?;
    }
    let links = LinkKinds::read(&portal.client, &compiled).await;
    let links = links.map_err(kinds_error)?;
    say_resuming(
        folder.name(),
        &past,
        account.portal_id,
        input.size(),
        console,
    );
    say_options(&run_options, console);
    let limit = if args.no_limit { None } else { past.limit };
    let options = args
        .run_args
        .options(limit, args.unknown(), args.portal.horizon());
    let job = Job {
        operation: operation(&past.header)?,
        input,
        mapping: compiled,
        links,
        header: Header {
            run_options,
            ..past.header.clone()
        },
        folder,
        rivals: rivals(&past.header)?,
        facts: portal_facts::for_runs(past.header.portal_id),
        past: Some(past),
        plan,
        files,
        options,
    };
    finish(job, portal, account, args.run_args.leaves_report(), console).await
}

/// The options of a run, as far as its folder can be trusted; those typed now take precedence.
fn args_of_run(
    folder: &Path,
    header: &Header,
    typed: &CommandLine,
) -> Result<(RunOptions, ResumeArgs), Error> {
    let run_options = began_with(header.run_options.clone()).overlaid(&typed.run_options());
    let run_options = absolute(trust::files(folder, &header.run, run_options, typed)?);
    let mut args = typed.args_with::<ResumeArgs>(&run_options)?;
    let claims = RunPlaces {
        folder,
        run: &header.run,
        portal: &header.portal,
        target: None,
    };
    trust::go_to(&claims, &mut args.portal, None)?;
    Ok((run_options, args))
}

/// Which run is continued, and how far it got; `size`: bytes of its input.
fn say_resuming(name: &str, past: &Past, portal: u64, size: u64, console: &Console) {
    console.say(&format!(
        "resuming {name}, started {} ({}), in portal {portal}: {} settled, {} pending, {} unknown, \
         {}% done",
        age_words(past.figures.times.0),
        second(past.figures.times.0),
        counted(past.figures.tally.settled(), "row"),
        count(past.figures.tally.of(Fate::Pending)),
        count(past.figures.tally.of(Fate::Unknown)),
        past.figures.tally.settled_bytes(past.offset) * 100 / size.max(1),
    ));
}

/// Reports options that apply although they were not typed just now. The default
/// version of the API is not worth mentioning.
fn say_options(run_options: &RunOptions, console: &Console) {
    let usual = ApiVersion::default().to_string();
    let words = run_options
        .iter()
        .filter(|(name, value)| *name != "api" || *value != usual)
        .map(|(name, value)| format!(" --{name} {value}"))
        .collect::<String>();
    if !words.is_empty() {
        console.say(&format!("with the options of the run:{words}"));
    }
}

/// An export uses the options given to it again, except those typed now (R3).
async fn resume_export(path: &Path, typed: &CommandLine, console: &Console) -> Result<Exit, Error> {
    typed.fits_export()?;
    if let Some(exit) = finished_export(path, console)? {
        return Ok(exit);
    }
    let (folder, mut asked) = ExportFolder::open(path).map_err(folder_error)?;
    let run_options = began_with(asked.run_options).overlaid(&typed.run_options());
    if run_options.option(FOLDER).is_some() != asked.selection.attachments {
        return Err(Error::usage("--attachments means nothing to this export")
            .advise("leave it out, or start another export with it"));
    }
    asked.run_options = absolute(trust::files(folder.path(), &asked.run, run_options, typed)?);
    let mut args = typed.args_with::<ResumeArgs>(&asked.run_options)?;
    let claims = RunPlaces {
        folder: folder.path(),
        run: &asked.run,
        portal: &asked.portal,
        target: Some(&asked.target),
    };
    trust::go_to(&claims, &mut args.portal, args.output.as_deref())?;
    folder.keep(&asked).map_err(folder_error)?;
    let again = Again {
        portal: &args.portal,
        concurrency: args.run_args.concurrency(),
        max_duration: args.run_args.max_duration(),
        force: args.force,
        leaves_report: args.run_args.leaves_report(),
    };
    export::resume(folder, asked, &again, console).await
}

/// Says that an export has nothing left to do, if that is so.
fn finished_export(path: &Path, console: &Console) -> Result<Option<Exit>, Error> {
    let unreadable = |error| {
        let path = path.display();
        Error::must_fix(format!("can't read summary.json of {path}")).because(error)
    };
    let Some(outcome) = outcome(path).map_err(unreadable)? else {
        return Ok(None);
    };
    console.say(&format!(
        "export {} is finished, with {}",
        path.display(),
        counted(outcome.tickets, "ticket")
    ));
    Ok(Some(match outcome.lacking {
        0 => Exit::Fine,
        _ => Exit::Refused,
    }))
}

/// The run of this folder that was started last and that no process is working on.
fn last_unfinished() -> Result<PathBuf, Error> {
    let is_open = |run: &RunStatus| matches!(run.state, State::Stopped | State::Limited);
    let run = latest(is_open).ok_or_else(|| {
        Error::usage("no run in this folder is unfinished")
            .advise("`tickethaul runs` lists them, with --all those of other folders")
    })?;
    Ok(run.path)
}

/// A run that is finished, or has reached its limit.
fn nothing_to_do(
    args: &ResumeArgs,
    folder: &RunFolder,
    past: &Past,
    console: &Console,
) -> Option<Exit> {
    let words = match past.figures.state {
        // A process that died just before it wrote the summary left it to be written.
        RunState::Finished if !folder.has_summary() => return None,
        RunState::Finished => "is finished: every row is settled".to_owned(),
        RunState::Limited if !args.no_limit => format!(
            "came to its limit of {}, and nothing was done; `tickethaul resume {} --no-limit` continues",
            counted(past.limit.unwrap_or(0), "row"),
            shell::path(folder.path())
        ),
        RunState::Limited | RunState::Open => return None,
    };
    console.say(&format!("run {} {words}", folder.name()));
    if past.figures.state == RunState::Limited {
        return Some(Exit::Later);
    }
    let refused = past
        .figures
        .fates
        .iter()
        .any(|(fate, _)| *fate == Fate::Refused);
    Some(if refused { Exit::Refused } else { Exit::Fine })
}

/// The run's portal, in which nothing that it would send has changed; the mapping,
/// compiled against the schema that the run knows.
async fn check_portal(
    past: &Past,
    input: &Input,
    mapping: &MappingFile,
    portal: &Portal,
    account: &Account,
    console: &Console,
) -> Result<CompiledMapping, Error> {
    same_portal(&past.header, account, Began::Run)?;
    let compiled = mapping
        .compile(
            input.headers(),
            &past.header.schema,
            operation(&past.header)?.purpose(),
        )
        .map_err(|errors| mapping_error(&errors, console))?;
    // What was missing when the run began, and not needed, does not matter now.
    let parts = SchemaParts {
        contacts: mapping.links_contacts(),
        owners: !past.header.schema.owners.is_empty(),
        custom: false,
    };
    let mut now = portal.client.schema(parts).await.map_err(call_error)?;
    portal_facts::as_begun(&mut now, &past.header.schema);
    let written: Vec<&str> = compiled
        .properties()
        .iter()
        .map(|property| &*property.name)
        .filter(|name| !past.header.no_key || *name != compiled.key_property())
        .collect();
    same_schema(&past.header.schema, &now, &written, Began::Run)?;
    Ok(compiled)
}
