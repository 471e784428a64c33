//! `tickethaul import`: what was typed becomes a `Job`. Everything that can be wrong
//! is found before the run folder is made, so that nothing is half done.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::archiving;
use super::associate::{AssociateArgs, LinkWay};
use super::comments;
use super::exit::Exit;
use super::fit::{Definitions, Intent};
use super::found;
use super::input::{InputArgs, say_reading};
use super::known::{self, Keeper};
use super::plan::{self, PlanFace};
use super::portal::{Portal, call_error};
use super::registry::{Kind, NewEntry};
use super::relatives::rivals;
use super::run_args::RunArgs;
use super::schema::{Lacking, archived, create, refuse_clashes};
use super::settings::PortalArgs;
use super::talk::Talk;
use crate::error::Error;
use crate::hubspot::{Account, Client};
use crate::import::comments::{CommentInput, Rest, gather};
use crate::import::flow::Operation;
use crate::import::folder::{RunFolder, has_begun};
use crate::import::links::LinkKinds;
use crate::import::read::Input;
use crate::import::run::{Job, Unknown, run as run_job};
use crate::import::summary::summary_json;
use crate::journal::{Header, Told, now, run_id};
use crate::mapping::{CompiledMapping, For, MappingErrors, MappingFile, PRESETS, nearest};
use crate::model::schema::{NewProperty, Schema};
use crate::report::closing_words;

/// Bytes; a longer file is no mapping that anybody wrote.
const LONGEST_MAPPING: u64 = 16 << 20;

/// Import rows of CSV files as tickets
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// The mapping: how columns become properties; a file, or the name of a built-in one
    #[arg(short, long, value_name = "MAPPING")]
    pub mapping: PathBuf,
    /// What to do with the rows
    #[arg(long, value_enum, default_value_t = Op::Create)]
    pub op: Op,
    /// Update and upsert without reading the tickets first: every row is sent whole, no row
    /// is reported as unchanged, and what the tickets held is not kept, so that the run can't
    /// be undone
    #[arg(long, conflicts_with = "diff")]
    pub blind: bool,
    /// What update and upsert do anyway: read the tickets first and send only what differs
    #[arg(long, hide = true)]
    pub diff: bool,
    /// Create the key property and the `[[property]]` entries that the portal lacks
    #[arg(long)]
    pub create_properties: bool,
    /// The run folder; `tickethaul-runs/<run>` unless named
    #[arg(long, value_name = "DIR")]
    pub run_dir: Option<PathBuf>,
    /// Read no more than N rows; `tickethaul resume --no-limit` continues after them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Don't write the key property: for portals where it can't be created. A lost
    /// reply then leaves its rows unknown
    #[arg(long)]
    pub no_key: bool,
    /// Don't ask before tickets are archived; needed where there is no terminal
    #[arg(long)]
    pub yes: bool,
    /// Only show what would be done, row by row: the portal is read, and nothing is written
    /// or kept; `tickethaul plan -o` keeps it
    #[arg(long, conflicts_with_all = ["run_dir", "no_key"])]
    pub dry_run: bool,
    #[command(flatten)]
    pub face: PlanFace,
    #[command(flatten)]
    pub run_args: RunArgs,
    #[command(flatten)]
    pub portal: PortalArgs,
}

/// Operations by their word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Op {
    /// A new ticket for each row
    Create,
    /// Write the values of tickets that exist, named by key or id
    Update,
    /// Update tickets whose key exists, create the others
    Upsert,
    /// Move tickets to the recycle bin, named by key or id
    Archive,
    /// A command of its own: associate
    #[value(skip)]
    Associate,
    /// A command of its own: dissociate
    #[value(skip)]
    Dissociate,
}

impl ImportArgs {
    /// What to associate or dissociate: an import that writes nothing but links.
    pub fn links(args: AssociateArgs, way: LinkWay) -> ImportArgs {
        ImportArgs {
            input: args.input,
            mapping: args.mapping,
            op: match way {
                LinkWay::Associate => Op::Associate,
                LinkWay::Dissociate => Op::Dissociate,
            },
            blind: false,
            diff: false,
            create_properties: false,
            run_dir: args.run_dir,
            limit: args.limit,
            no_key: false,
            yes: false,
            dry_run: false,
            face: PlanFace::default(),
            run_args: args.run_args,
            portal: args.portal,
        }
    }
}

impl Op {
    /// The word for what a run did.
    pub fn of(operation: Operation) -> Op {
        match operation {
            Operation::Create => Op::Create,
            Operation::Update => Op::Update,
            Operation::Upsert => Op::Upsert,
            Operation::Archive => Op::Archive,
            Operation::Associate => Op::Associate,
            Operation::Dissociate => Op::Dissociate,
        }
    }

    /// What the import room calls it.
    pub fn operation(self) -> Operation {
        match self {
            Op::Create => Operation::Create,
            Op::Update => Operation::Update,
            Op::Upsert => Operation::Upsert,
            Op::Archive => Operation::Archive,
            Op::Associate => Operation::Associate,
            Op::Dissociate => Operation::Dissociate,
        }
    }

    /// What the mapping is compiled for.
    fn purpose(self) -> For {
        self.operation().purpose()
    }
}

/// Runs an import, once everything that can be found out beforehand is right.
pub async fn run(args: ImportArgs, told: Told, talk: &Talk) -> Result<Exit, Error> {
    refuse_contradictions(&args)?;
    if args.dry_run {
        return plan::make(&args, None, told, talk).await;
    }
    if args.op == Op::Archive {
        archiving::expect_answer(args.yes, talk)?;
    }
    let mapping = open_mapping(&args, talk).await?;
    let spool_folder = RunFolder::parent_of(args.run_dir.as_deref());
    let input = args.input.open(mapping.dialect(), Some(spool_folder))?;
    let portal = Portal::open(&args.portal, talk).await?;
    let new = NewRun {
        mapping,
        input,
        told,
        parent: None,
    };
    haul(&args, new, portal, talk).await
}

/// The mapping, or everything that is wrong with it.
pub async fn open_mapping(args: &ImportArgs, talk: &Talk) -> Result<MappingFile, Error> {
    match parse_mapping(&args.mapping)? {
        Ok(mapping) => comments::with_typed(mapping, args.input.comments()),
        Err(errors) => {
            let errors = all_mistakes(errors, args, talk).await;
            Err(mapping_error(&errors, talk))
        }
    }
}

/// What a new run is about, beside what was typed.
pub struct NewRun {
    /// How columns become properties.
    pub mapping: MappingFile,
    /// The rows.
    pub input: Input,
    /// What a resume takes up again.
    pub told: Told,
    /// Id of the run whose refused rows these are.
    pub parent: Option<String>,
}

/// Imports rows once mapping, input and portal are known; what can still be wrong is found
/// before the run folder is made.
pub async fn haul(
    args: &ImportArgs,
    new: NewRun,
    portal: Portal,
    talk: &Talk,
) -> Result<Exit, Error> {
    let NewRun {
        mapping,
        mut input,
        told,
        parent,
    } = new;
    say_reading(&input, talk);
    let fit = fit(args, &mapping, &input, &portal, talk).await?;
    if !input.has_rows()? {
        talk.say(&format!("no rows in {}: nothing to do", args.input.names()));
        portal.close().await;
        return Ok(Exit::Fine);
    }
    let limit = args.limit;
    if args.op == Op::Archive
        && !archiving::agreed(&input, (&fit.compiled, limit), &portal, args.yes, talk)?
    {
        portal.close().await;
        return Ok(Exit::Fine);
    }
    let comments = comments::open(&mapping, &fit.compiled, args.input.comments(), talk)?;
    let header = Header {
        parent,
        ..header(args, told, &mapping, &portal.account, &fit)?
    };
    begin(args, (input, comments), fit, header, portal, talk).await
}

/// Makes the run folder, then creates what the portal lacks, then imports.
async fn begin(
    args: &ImportArgs,
    inputs: (Input, Vec<CommentInput>),
    fit: Fit,
    header: Header,
    portal: Portal,
    talk: &Talk,
) -> Result<Exit, Error> {
    let folder = RunFolder::create(args.op.operation().word(), args.run_dir.as_deref())?;
    let created = match create(&portal.client, &fit.lacking, talk).await {
        Ok(created) => created,
        Err(error) => {
            folder.abandon();
            return Err(error);
        }
    };
    let path = folder.path().to_owned();
    let account = portal.account.clone();
    let ended = match job(args, inputs, fit, header, folder, talk) {
        Ok(job) => {
            record(&job, &args.portal, talk);
            say_start(&job, &account, talk);
            finish(job, portal, account, talk).await
        }
        Err(error) => Err(error),
    };
    ended.map_err(|error| match has_begun(&path) {
        true => error,
        false => created.stays(error),
    })
}

/// Options that say nothing for the operation, or without another one.
fn refuse_contradictions(args: &ImportArgs) -> Result<(), Error> {
    let of_plans = match &args.face {
        PlanFace { show: Some(_), .. } => Some("--show"),
        PlanFace {
            detailed_exitcode: true,
            ..
        } => Some("--detailed-exitcode"),
        PlanFace { .. } => None,
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

/// Runs a job to its end and says how it ended.
pub async fn finish(
    job: Job,
    portal: Portal,
    account: Account,
    talk: &Talk,
) -> Result<Exit, Error> {
    let (id, run) = (account.portal_id, job.folder.name().to_owned());
    let keeper = Keeper::new(talk.listener(), portal.client.clone(), id, run);
    let ended = run_job(job, portal.client.clone(), account, Arc::new(keeper)).await;
    portal.close().await;
    let summary = ended?;
    talk.say_lines(&format!("\n{}", closing_words(&summary).trim_end()));
    talk.result(&summary_json(&summary));
    Ok(Exit::for_summary(&summary))
}

/// Reads and checks a mapping by itself.
pub fn read_mapping(path: &Path, talk: &Talk) -> Result<MappingFile, Error> {
    parse_mapping(path)?.map_err(|errors| mapping_error(&errors, talk))
}

/// Reads a mapping, or tells everything that is wrong with it by itself.
pub fn parse_mapping(path: &Path) -> Result<Result<MappingFile, MappingErrors>, Error> {
    let name = path.to_string_lossy();
    let text = match mapping_text(path) {
        Ok(text) => text,
        Err(error) => match built_in(&name) {
            Some(text) => text.to_owned(),
            None => return Err(unreadable(path, &error)),
        },
    };
    Ok(MappingFile::parse(&name, &text))
}

/// The text of a mapping; a pipe is read too.
pub fn mapping_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let mut file = File::open(path)?.take(LONGEST_MAPPING + 1);
    match file.read_to_string(&mut text)? as u64 > LONGEST_MAPPING {
        false => Ok(text),
        true => Err(io::Error::other(format!(
            "it has more than {} MiB",
            LONGEST_MAPPING >> 20
        ))),
    }
}

/// The preset of that name, where no file is called so.
fn built_in(name: &str) -> Option<&'static str> {
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text)
}

/// A mapping that is not there, with where one can be had.
fn unreadable(path: &Path, error: &io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            let presets = PRESETS.map(|(name, _)| name);
            let meant = nearest(&path.to_string_lossy(), presets);
            let meant = meant.map_or_else(String::new, |name| format!("did you mean {name}? "));
            let presets = presets.join(", ");
            Error::usage(format!("can't read the mapping {shown}: there is no such file")).advise(format!(
                "{meant}`tickethaul map init FILE -o {shown}` writes one for your file; `tickethaul map list` shows the built-in ones: {presets}"
            ))
        }
        io::ErrorKind::IsADirectory => {
            Error::usage(format!("can't read the mapping {shown}: it is a folder"))
                .advise("name a TOML file in it")
        }
        _ => Error::usage(format!("can't read the mapping {shown}: {error}")),
    }
}

/// A mapping with mistakes is still held against file and portal, as far as those can
/// be had, so that all its mistakes are told at once.
async fn all_mistakes(errors: MappingErrors, args: &ImportArgs, talk: &Talk) -> MappingErrors {
    let insisted = errors.rest().map(|mapping| mapping.dialect().clone());
    let (Ok(input), Ok(portal)) = (
        args.input.open(&insisted.unwrap_or_default(), None),
        Portal::open(&args.portal, talk).await,
    ) else {
        return errors;
    };
    let mapping = errors.rest();
    let parts = mapping.map(|mapping| intent(args, mapping, &input).parts());
    let schema = portal.client.schema(parts.unwrap_or_default()).await;
    portal.close().await;
    match schema {
        Ok(schema) => errors.and_against(input.headers(), &schema, args.op.purpose()),
        Err(_) => errors,
    }
}

/// Every problem of a mapping, with its place in the file.
pub fn mapping_error(errors: &MappingErrors, talk: &Talk) -> Error {
    Error::drawn(errors.render(talk.colors()))
}

/// A mapping that fits file and portal.
pub struct Fit {
    /// The mapping.
    pub compiled: Arc<CompiledMapping>,
    /// What its links mean in the portal.
    pub links: LinkKinds,
    /// What the portal defines once nothing is lacking.
    pub complete: Schema,
    /// What it has to define before the first row.
    pub lacking: Lacking,
}

/// What was typed, as far as it has to go together with a portal.
fn intent<'a>(args: &ImportArgs, mapping: &'a MappingFile, input: &'a Input) -> Intent<'a> {
    Intent {
        mapping,
        headers: input.headers(),
        operation: args.op.operation(),
        no_key: args.no_key,
    }
}

/// Holds the mapping against file and portal. Nothing is written.
pub async fn fit(
    args: &ImportArgs,
    mapping: &MappingFile,
    input: &Input,
    portal: &Portal,
    talk: &Talk,
) -> Result<Fit, Error> {
    let client = &portal.client;
    let intent = intent(args, mapping, input);
    let held = client.schema(intent.parts()).await.map_err(call_error)?;
    let used = |name: &str| mapping.property_names().contains(&name);
    let (id, operation) = (portal.account.portal_id, args.op.operation());
    let held = known::completed(held, id, operation, used, talk);
    let lacking = lacking((args.op, args.no_key), mapping, &held, client).await?;
    refuse_clashes(&lacking)?;
    // A key that is not written counts as there: the mapping names it all the same.
    let complete = lacking.completed(&held);
    let complete = complete.with_tickets(&wanted(mapping, args.op));
    let definitions = Definitions::Portal(client);
    let (compiled, links) = intent.fit(&complete, definitions, talk).await?;
    refuse_no_key(args, mapping, &held)?;
    say_undated(mapping, &compiled, args.op.operation(), talk);
    announce_lacking(args, portal, &lacking, talk)?;
    let unused = compiled.unused_columns();
    if !unused.is_empty() {
        talk.say(&format!("columns that nothing uses: {}", unused.join(", ")));
    }
    Ok(Fit {
        compiled: Arc::new(compiled),
        links,
        complete,
        lacking,
    })
}

/// What the portal lacks for the properties that the operation writes.
pub async fn lacking(
    (op, no_key): (Op, bool),
    mapping: &MappingFile,
    held: &Schema,
    client: &Client,
) -> Result<Lacking, Error> {
    let key = mapping.key_property();
    let mut written = wanted(mapping, op);
    written.retain(|new| !(no_key && new.name == key));
    let mut lacks = written
        .iter()
        .map(|new| !held.tickets.contains_key(&new.name));
    let archived = match lacks.any(|lacks| lacks) {
        true => archived(client).await.map_err(call_error)?,
        false => Vec::new(),
    };
    let lacking = Lacking::of(&written, held, &archived);
    Ok(match op.operation().only_links() {
        // Links touch no property, so none is created for them.
        true => Lacking {
            clashes: lacking.clashes,
            ..Lacking::default()
        },
        false => lacking,
    })
}

/// Tickets are found by the key, which therefore has to be there.
fn refuse_no_key(args: &ImportArgs, mapping: &MappingFile, held: &Schema) -> Result<(), Error> {
    let key = mapping.key_property();
    let defined = mapping.new_properties().iter().any(|new| new.name == key);
    if !args.op.operation().only_links() || !defined || held.tickets.contains_key(key) {
        return Ok(());
    }
    Err(Error::mend(format!(
        "the portal has no ticket property {key}, by which the rows name their tickets"
    ))
    .advise("nothing was written; import the tickets first, or name them by record_id"))
}

/// The `[[property]]` entries that matter to an operation. What is archived is not
/// written.
pub fn wanted(mapping: &MappingFile, op: Op) -> Vec<NewProperty> {
    match op {
        Op::Archive => Vec::new(),
        _ => mapping.new_properties().to_vec(),
    }
}

/// What the portal lacks is created where that was asked for. The sandbox is for
/// rehearsals: it gets everything, and says what a portal would want.
fn announce_lacking(
    args: &ImportArgs,
    portal: &Portal,
    lacking: &Lacking,
    talk: &Talk,
) -> Result<(), Error> {
    if !lacking.can_be_created() {
        return Ok(());
    }
    let words = format!("the portal lacks {}", lacking.names());
    let way = "add --create-properties, or run `tickethaul schema apply -m MAPPING` first";
    match (args.create_properties, portal.is_forgiving()) {
        (true, _) => talk.say(&words),
        (false, true) => talk.say(&format!("{words}; for a portal of your own {way}")),
        (false, false) => {
            return Err(Error::mend(words).advise(format!("nothing was written; {way}")));
        }
    }
    Ok(())
}

/// Tickets without a creation or a closing date get those of the day on which they are
/// written: for a history that is a loss.
fn say_undated(
    mapping: &MappingFile,
    compiled: &CompiledMapping,
    operation: Operation,
    talk: &Talk,
) {
    let is_sent = |name: &str| {
        compiled
            .properties()
            .iter()
            .any(|property| *property.name == *name)
    };
    let why = |name: &str| match mapping.property_names().contains(&name) {
        true => format!("no value of {name} is sent"),
        false => format!("{name} is not mapped"),
    };
    if !operation.purpose().creates() {
        return;
    }
    if !is_sent("createdate") {
        let why = why("createdate");
        talk.say(&format!("{why}: new tickets are dated today"));
    }
    if !is_sent("closed_date") && compiled.column_of("hs_pipeline_stage").is_some() {
        let why = why("closed_date");
        talk.say(&format!(
            "{why}: new tickets in a closed stage are closed today"
        ));
    }
}

/// What a run is about, but for its inputs.
pub fn header(
    args: &ImportArgs,
    told: Told,
    mapping: &MappingFile,
    account: &Account,
    fit: &Fit,
) -> Result<Header, Error> {
    let mapping_path = std::path::absolute(&args.mapping)
        .map_err(|error| Error::usage(format!("can't use the mapping's path: {error}")))?;
    Ok(Header {
        run: new_run()?,
        parent: None,
        operation: args.op.operation().word().to_owned(),
        diff: matches!(args.op, Op::Update | Op::Upsert) && !args.blind,
        portal_id: account.portal_id,
        portal: args.portal.path()?,
        mapping_path,
        mapping_text: mapping.text().to_owned(),
        tables: mapping.tables().clone(),
        inputs: Vec::new(),
        schema: fit.complete.clone(),
        no_key: args.no_key,
        encoding: args.input.encoding(),
        delimiter: args.input.delimiter(),
        told,
        undoes: None,
        plan: None,
    })
}

fn job(
    args: &ImportArgs,
    (mut input, comments): (Input, Vec<CommentInput>),
    fit: Fit,
    header: Header,
    folder: RunFolder,
    talk: &Talk,
) -> Result<Job, Error> {
    input.keep_stdin(folder.path())?;
    let inputs = input.fingerprints()?;
    let header = Header { inputs, ..header };
    if fit.compiled.has_comment_files() {
        // The rows of a retry are a part of another input, which has the other tickets.
        let rest = match header.parent {
            Some(_) => Rest::Ignored,
            None => Rest::Told,
        };
        let gathered = gather(&mut input, &fit.compiled, comments, folder.path(), rest)?;
        talk.say(&comments::words(&gathered));
    }
    let rivals = rivals(&header)?;
    Ok(Job {
        operation: args.op.operation(),
        input,
        mapping: fit.compiled,
        links: fit.links,
        rivals,
        facts: known::for_runs(header.portal_id),
        header,
        folder,
        past: None,
        plan: None,
        options: args
            .run_args
            .options(args.limit, Unknown::Leave, args.portal.horizon()),
    })
}

/// An id for a new run.
pub fn new_run() -> Result<String, Error> {
    run_id().map_err(|error| Error::unexpected(format!("can't begin a run: {error}")))
}

/// Records a new run where `runs`, `status` and `resume` find it.
pub fn record(job: &Job, portal: &PortalArgs, talk: &Talk) {
    let [token_file, oauth_file] = portal.secret_files();
    let new = NewEntry {
        run: &job.header.run,
        folder: job.folder.path(),
        kind: Kind::Import,
        operation: &job.header.operation,
        begun: now(),
        portal: job.header.portal.clone(),
        token_file,
        oauth_file,
        target: None,
    };
    found::record(&new, talk);
}

pub fn say_start(job: &Job, account: &Account, talk: &Talk) {
    talk.say(&format!(
        "{} portal {} ({}), run folder {}",
        match job.operation {
            Operation::Create | Operation::Upsert => "importing into",
            Operation::Update => "updating tickets of",
            Operation::Archive => "archiving tickets of",
            Operation::Associate => "linking tickets of",
            Operation::Dissociate => "unlinking tickets of",
        },
        account.portal_id,
        account.kind(),
        job.folder.path().display()
    ));
}
