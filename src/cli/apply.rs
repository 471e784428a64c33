//! `tickethaul apply`: carries out a plan, and nothing else. It is an import of the plan's
//! inputs and mapping in which every row is checked against the plan.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::command_line::{CommandLine, FILES, began_with};
use super::compile_mapping::kinds_error;
use super::console::Console;
use super::exit::Exit;
use super::families::known;
use super::file_args::{FileArgs, absolute, for_run, same_files};
use super::find_runs::find;
use super::import_args::Op;
use super::input::say_reading;
use super::mapping_file::mapping_error;
use super::portal::{Portal, call_error};
use super::portal_facts;
use super::prepare_import::lacking;
use super::reopen::{open_input, operation, same_portal};
use super::run_args::RunArgs;
use super::running::{finish, new_run, record, say_start};
use super::schema::{Lacking, create, refuse_clashes};
use super::settings::PortalArgs;
use super::trust::{self, RunPlaces};
use crate::error::Error;
use crate::hubspot::SchemaParts;
use crate::import::flow::Operation;
use crate::import::job::Job;
use crate::import::job::Unknown;
use crate::import::links::LinkKinds;
use crate::import::notes::attachments::FileSources;
use crate::import::plan::family_keys::FamilyKeys;
use crate::import::read::Input;
use crate::import::resume::folder::{RunFolder, has_begun};
use crate::import::resume::guard::{Began, same_schema};
use crate::journal::{
    Applied, Header, JournalError, PlanReading, PlanRef, Reading, RunOptions, copy_comments,
};
use crate::mapping::{CompiledMapping, MappingFile};
use crate::model::count::counted;
use crate::model::plan::PlannedAction;
use crate::model::shell;
use crate::review::plan::folder::PlanFolder;

/// Carry out a plan, and nothing else: rows whose tickets have changed since are
/// refused (CHANGED_SINCE_PLAN), all others are carried out as shown
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The folder of the plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The run folder; `tickethaul-runs/<run>` unless named
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// Don't ask before tickets are changed or archived; required without a terminal
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    run_args: RunArgs,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Applies a plan.
pub async fn run(args: &ApplyArgs, typed: &CommandLine, console: &Console) -> Result<Exit, Error> {
    // By its folder, or by the name that `runs` lists.
    let path = match args.plan.exists() {
        true => args.plan.clone(),
        false => find(&args.plan).unwrap_or_else(|_| args.plan.clone()),
    };
    if !PlanReading::is_there(&path) {
        return Err(JournalError::NoPlan(path).into());
    }
    let folder = PlanFolder::open(&path)?;
    let plan = Plan::open(folder.path())?;
    plan.refuse_applied()?;
    if plan.asks() {
        console.expect_answer(args.yes, "apply the plan")?;
    }
    apply(&plan, typed, console).await
}

/// Applies it with the options that were given to the plan, unless `typed` gives them again.
async fn apply(plan: &Plan, typed: &CommandLine, console: &Console) -> Result<Exit, Error> {
    let run_options = began_with(plan.header.run_options.clone()).overlaid(&typed.run_options());
    let run_options = trust::files(&plan.folder, &plan.header.run, run_options, typed)?;
    let run_options = absolute(run_options);
    let mut args = typed.args_with::<ApplyArgs>(&run_options)?;
    let claims = RunPlaces {
        folder: &plan.folder,
        run: &plan.header.run,
        portal: &plan.header.portal,
        target: None,
    };
    trust::go_to(&claims, &mut args.portal, None)?;
    let (input, mapping) = open_input(&plan.header, &plan.folder, Began::Plan)?;
    let mapping = args.files.fitted(mapping, console)?;
    let files = for_run(plan.files(&args.files)?, &plan.header).await?;
    let portal = Portal::open(&args.portal, console).await?;
    say_reading(&input, console);
    let ready = match plan.ready(&input, &mapping, &portal, console).await {
        Ok(ready) => ready,
        Err(error) => {
            portal.close().await;
            return Err(error);
        }
    };
    let what = format!("{} in {}", plan.words(), portal.name_in_question());
    let agreed = match plan.asks() {
        true => console.confirmed(args.yes, &what),
        false => console.confirmed(true, &what),
    };
    if !agreed {
        portal.close().await;
        return Ok(Exit::Fine);
    }
    let applying = Applying {
        args: &args,
        plan,
        run_options,
    };
    applying.run(input, files, ready, portal, console).await
}

/// A plan as it is about to be applied.
struct Plan {
    folder: PathBuf,
    reading: PlanReading,
    header: Header,
    operation: Operation,
    /// Tickets by what is done.
    rows: Vec<(PlannedAction, u64)>,
}

/// What a run that applies it needs.
struct Ready {
    compiled: CompiledMapping,
    links: LinkKinds,
    lacking: Lacking,
}

impl Plan {
    fn open(folder: &Path) -> Result<Plan, Error> {
        let reading = PlanReading::open(folder)?;
        let header = reading.header()?;
        let folder = folder.canonicalize();
        Ok(Plan {
            folder: folder.map_err(|_| Error::unexpected("the plan's folder is gone"))?,
            operation: operation(&header)?,
            rows: reading.tickets()?.into_iter().collect(),
            reading,
            header,
        })
    }

    /// A plan is applied once: afterwards what it found no longer holds.
    fn refuse_applied(&self) -> Result<(), Error> {
        let Some(run) = self.applied_by()? else {
            return Ok(());
        };
        let (plan, shown) = (self.folder.display(), run.display());
        let run = shell::path(&run);
        Err(Error::must_fix(format!(
            "the plan {plan} was applied before, by the run {shown}"
        ))
        .advise(format!(
            "nothing was sent; `tickethaul status {run}` says how far that came, `tickethaul \
             resume {run}` continues it; make a new plan for anything else"
        )))
    }

    /// The folder of the run that applied it, or a copy of it.
    fn applied_by(&self) -> Result<Option<PathBuf>, Error> {
        if let Some(by) = self.reading.applied()? {
            let has_journal = || -> Result<bool, JournalError> {
                let run = Reading::open(&by.folder)?.lineage()?.run;
                Ok(run == by.run)
            };
            // A folder without a journal belongs to a run that never began.
            let never_began = by.folder.is_dir() && !has_journal().unwrap_or(false);
            if by.began && !never_began || has_journal().unwrap_or(false) {
                return Ok(Some(by.folder));
            }
        }
        let known = known(std::iter::empty());
        let mut known = known.into_iter();
        let by = known.find(|one| one.lineage.plan.as_ref() == Some(&self.header.run));
        Ok(by.map(|one| one.folder))
    }

    /// Where files come from, once all files that the plan found are known to be unchanged.
    fn files(&self, args: &FileArgs) -> Result<Option<FileSources>, Error> {
        let Some(sources) = args.sources()? else {
            return Ok(None);
        };
        let was_given = |name: &&str| self.header.run_options.option(name).is_some();
        if !FILES.iter().any(was_given) {
            return Err(Error::usage("the plan takes no files along").advise(
                "nothing was sent; make a new plan with --attachments or --attachment-host",
            ));
        }
        same_files(&self.reading, &sources)?;
        Ok(Some(sources))
    }

    /// Whether anything in the portal is changed or removed.
    fn asks(&self) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|(action, rows)| action.changes() && *rows > 0)
    }

    /// What is about to be done.
    fn words(&self) -> String {
        let verbs = [
            (PlannedAction::Create, "create"),
            (PlannedAction::Update, "change"),
            (PlannedAction::Link, "link"),
            (PlannedAction::Archive, "archive"),
        ];
        let parts: Vec<String> = verbs
            .into_iter()
            .filter_map(|(action, verb)| {
                let mut rows = self.rows.iter();
                let (_, rows) = rows.find(|(one, rows)| *one == action && *rows > 0)?;
                Some(format!("{verb} {}", counted(*rows, "ticket")))
            })
            .collect();
        match parts.is_empty() {
            true => "change no ticket".to_owned(),
            false => parts.join(", "),
        }
    }

    /// The mapping and the portal as the plan found them, except for what it says will be created.
    async fn ready(
        &self,
        input: &Input,
        mapping: &MappingFile,
        portal: &Portal,
        console: &Console,
    ) -> Result<Ready, Error> {
        same_portal(&self.header, &portal.account, Began::Plan)?;
        let schema = &self.header.schema;
        let compiled = mapping
            .compile(input.headers(), schema, self.operation.purpose())
            .map_err(|errors| mapping_error(&errors, console))?;
        let parts = SchemaParts {
            contacts: mapping.links_contacts(),
            owners: !schema.owners.is_empty(),
            custom: false,
        };
        let client = &portal.client;
        let mut held = client.schema(parts).await.map_err(call_error)?;
        portal_facts::as_begun(&mut held, schema);
        let lacks = self.reading.lacks()?;
        let mut lacking = lacking(Op::of(self.operation), false, mapping, &held, client).await?;
        lacking.properties.retain(|new| lacks.contains(&new.name));
        lacking.options.retain(|(name, _)| lacks.contains(name));
        refuse_clashes(&lacking)?;
        let written: Vec<&str> = compiled
            .properties()
            .iter()
            .map(|property| &*property.name)
            .collect();
        same_schema(schema, &lacking.completed(&held), &written, Began::Plan)?;
        let links = LinkKinds::read(client, &compiled).await;
        let links = links.map_err(kinds_error)?;
        Ok(Ready {
            compiled,
            links,
            lacking,
        })
    }
}

/// The run that applies a plan.
struct Applying<'a> {
    args: &'a ApplyArgs,
    plan: &'a Plan,
    run_options: RunOptions,
}

impl Applying<'_> {
    async fn run(
        self,
        mut input: Input,
        files: Option<FileSources>,
        ready: Ready,
        portal: Portal,
        console: &Console,
    ) -> Result<Exit, Error> {
        let plan = self.plan;
        let folder = RunFolder::create(plan.operation.word(), self.args.run_dir.as_deref())?;
        let path = folder.path().to_owned();
        let header = self.header()?;
        let mut by = Applied {
            run: header.run.clone(),
            folder: path.canonicalize().unwrap_or_else(|_| path.clone()),
            began: false,
        };
        PlanReading::mark_applied(&plan.folder, &by)?;
        let created = match create(&portal.client, &ready.lacking, console).await {
            Ok(created) => created,
            Err(error) => {
                folder.abandon();
                portal.close().await;
                return Err(error);
            }
        };
        let compiled = Arc::new(ready.compiled);
        if compiled.has_comment_files() {
            copy_comments(&plan.folder, &path)?;
            input.join_comments(&path, &compiled)?;
        }
        let job = self.job(input, files, compiled, ready.links, header, folder)?;
        record(&job, &self.args.portal, console);
        // From here on a run may have begun, even if its folder is moved.
        by.began = true;
        PlanReading::mark_applied(&plan.folder, &by)?;
        let account = portal.account.clone();
        let reports = self.args.run_args.leaves_report();
        say_start(&job, &account, console);
        let ended = finish(job, portal, account, reports, console).await;
        by.began = has_begun(&path);
        if !by.began {
            PlanReading::mark_applied(&plan.folder, &by)?;
        }
        ended.map_err(|error| match by.began {
            true => error,
            false => created.stays(error),
        })
    }

    fn job(
        &self,
        input: Input,
        files: Option<FileSources>,
        mapping: Arc<CompiledMapping>,
        links: LinkKinds,
        header: Header,
        folder: RunFolder,
    ) -> Result<Job, Error> {
        let held = header.plan.as_ref().map(PlanReading::open_for_run);
        let horizon = self.args.portal.horizon();
        Ok(Job {
            operation: self.plan.operation,
            input,
            mapping,
            links,
            plan: held.transpose()?,
            header,
            folder,
            past: None,
            files,
            rivals: FamilyKeys::default(),
            facts: portal_facts::for_runs(self.plan.header.portal_id),
            options: self.args.run_args.options(None, Unknown::Leave, horizon),
        })
    }

    fn header(&self) -> Result<Header, Error> {
        let plan = self.plan;
        Ok(Header {
            run: new_run()?,
            portal: self.args.portal.path()?,
            run_options: self.run_options.clone(),
            plan: Some(PlanRef {
                id: plan.header.run.clone(),
                folder: plan.folder.clone(),
            }),
            ..plan.header.clone()
        })
    }
}
