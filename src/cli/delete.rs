//! `tickethaul delete`: moves tickets to the recycle bin, by key or by id. It is the
//! operation archive of `import` under a plainer name: it first says how many tickets
//! it would move, and asks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueHint};

use super::archiving;
use super::compile_mapping::refuse_counted;
use super::console::Console;
use super::exit::Exit;
use super::input::say_reading;
use super::mapping_file::{mapping_error, read_mapping};
use super::portal::{Portal, call_error};
use super::portal_facts;
use super::run_args::RunArgs;
use super::running::{finish, new_run, record};
use super::settings::PortalArgs;
use super::undo::{self, CreatedBy};
use crate::error::Error;
use crate::hubspot::{Account, SchemaParts};
use crate::import::flow::Operation;
use crate::import::job::Job;
use crate::import::job::Unknown;
use crate::import::links::LinkKinds;
use crate::import::plan::family_keys::FamilyKeys;
use crate::import::read::{Input, Sources};
use crate::import::resume::folder::RunFolder;
use crate::import::settle::files::IDMAP_COLUMNS;
use crate::journal::{Header, RunOptions};
use crate::mapping::{CompiledMapping, MappingErrors, MappingFile};
use crate::model::dialect::Dialect;
use crate::model::invisible::visible_name;
use crate::model::schema::Schema;

/// Columns that hold ticket ids: in our done.csv, where the source may also have ids of
/// another portal; in a file exported by HubSpot; in our idmap.csv.
const ID_COLUMNS: [&str; 4] = ["_ticket_id", "hs_object_id", "Record ID", "ticket_id"];

/// Names a ticket by its id, in one of `ID_COLUMNS`.
const BY_ID: &str = r#"version = 1

[key]
record_id = { column = ["_ticket_id", "hs_object_id", "Record ID", "ticket_id"] }

[properties]
"#;

/// Lines that are ids and nothing else, with or without a header; others are comments.
const BARE_IDS: &str = r##"version = 1

[source]
header = ["hs_object_id"]
delimiter = ","

[key]
record_id = { column = "hs_object_id" }

[rows]
skip = 'col("hs_object_id") is startingwith("#")'

[properties]
"##;

/// Move tickets to the recycle bin, by key or by id
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub struct DeleteArgs {
    /// CSV files or spreadsheets whose rows name the tickets: by the mapping's key, or without a mapping
    /// by a column hs_object_id, Record ID or ticket_id. From the done.csv or idmap.csv of a run only
    /// tickets created by that run are taken
    #[arg(value_name = "FILE", group = "which")]
    files: Vec<PathBuf>,
    /// Sheet of a spreadsheet, by name or number [default: the only one with content]
    #[arg(long, value_name = "SHEET", requires = "files")]
    sheet: Option<String>,
    /// The mapping; only its key counts
    #[arg(short, long, value_name = "MAPPING", requires = "files", value_hint = ValueHint::FilePath)]
    mapping: Option<PathBuf>,
    /// Ids of tickets
    #[arg(long, value_name = "ID", value_delimiter = ',', group = "which")]
    ids: Vec<String>,
    /// File of ids, one a line; lines that begin with # are comments; - for standard input
    #[arg(long, value_name = "FILE", group = "which")]
    ids_from: Option<PathBuf>,
    /// A run, by name or folder: the tickets that it created, even if others have changed them
    /// since; `tickethaul undo` leaves changed ones alone
    #[arg(long, value_name = "RUN", group = "which")]
    run: Option<PathBuf>,
    /// Don't ask; required without a terminal
    #[arg(long)]
    yes: bool,
    /// The run folder; `tickethaul-runs/<run>` unless named
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    #[command(flatten)]
    run_args: RunArgs,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Archives tickets.
pub async fn run(
    args: DeleteArgs,
    run_options: RunOptions,
    console: &Console,
) -> Result<Exit, Error> {
    if let Some(run) = &args.run {
        let created = CreatedBy {
            run,
            run_dir: args.run_dir.as_deref(),
            yes: args.yes,
            leaves_report: args.run_args.leaves_report(),
        };
        return undo::delete_created(&created, args.portal, console).await;
    }
    archiving::expect_answer(args.yes, console)?;
    let mapping = mapping(&args, console)?;
    let input = open(&args, &mapping)?;
    if args.mapping.is_none() {
        check_columns(&input)?;
    }
    let portal = Portal::open(&args.portal, console).await?;
    let account = portal.account.clone();
    if args.ids.is_empty() {
        say_reading(&input, console);
    }
    let schema = portal
        .client
        .schema(SchemaParts::default())
        .await
        .map_err(call_error)?;
    let compiled = mapping
        .compile(input.headers(), &schema, Operation::Archive.purpose())
        .map_err(|errors| match args.mapping {
            Some(_) => mapping_error(&errors, console),
            None => unfit(&errors),
        })?;
    refuse_counted(&compiled, Operation::Archive)?;
    let compiled = Arc::new(compiled);
    if !archiving::agreed(&input, &compiled, None, &portal, args.yes, console)? {
        portal.close().await;
        return Ok(Exit::Fine);
    }
    let mut job = job(&args, input, mapping, compiled, schema, &account)?;
    job.header.run_options = run_options;
    record(&job, &args.portal, console);
    finish(job, portal, account, args.run_args.leaves_report(), console).await
}

/// The user's mapping, or a built-in one.
fn mapping(args: &DeleteArgs, console: &Console) -> Result<MappingFile, Error> {
    let text = match &args.mapping {
        Some(path) => return read_mapping(path, console),
        None if args.files.is_empty() => BARE_IDS,
        None => BY_ID,
    };
    MappingFile::parse("the ids", text).map_err(Error::unexpected)
}

fn open(args: &DeleteArgs, mapping: &MappingFile) -> Result<Input, Error> {
    let folder = Some(RunFolder::parent_of(args.run_dir.as_deref()));
    let sources = match &args.ids_from {
        _ if !args.ids.is_empty() => Sources::typed("the ids", &args.ids.join("\n"), folder)?,
        Some(path) => {
            check_list(path)?;
            Sources::find(std::slice::from_ref(path), folder)?
        }
        None => Sources::find(&args.files, folder)?.with_sheet(args.sheet.as_deref()),
    };
    Input::open(sources, mapping.dialect())
}

/// Refuses a table where a list of ids is expected; standard input can be read only once.
fn check_list(path: &Path) -> Result<(), Error> {
    if path == Path::new("-") {
        return Ok(());
    }
    let sources = Sources::find(&[path.to_owned()], None)?;
    let table = Input::open(sources, &Dialect::default());
    let is_table = |input: &Input| input.headers().len() + input.headers().own().len() > 1;
    match table.is_ok_and(|input| is_table(&input)) {
        false => Ok(()),
        true => Err(Error::usage(format!(
            "{} has several columns, and --ids-from takes ids, one a line",
            path.display()
        ))
        .advise("give it without --ids-from: then a column with the ids is looked for")),
    }
}

/// Refuses a file whose rows name no tickets by id.
fn check_columns(input: &Input) -> Result<(), Error> {
    let headers = input.headers();
    let names = headers.names().iter().chain(headers.own());
    let names: Vec<String> = names.map(|name| visible_name(name)).collect();
    let has = |wanted: &&str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let is_first_idmap = IDMAP_COLUMNS[..2].iter().all(has) && !IDMAP_COLUMNS.iter().all(has);
    if is_first_idmap {
        return Err(Error::usage(
            "this idmap.csv does not say which of its tickets the run created: an older \
             tickethaul wrote it, or its columns fate and operation were taken out",
        )
        .advise("give the done.csv of that run"));
    }
    let is_id = |name: &String| ID_COLUMNS.iter().any(|id| id.eq_ignore_ascii_case(name));
    if names.iter().any(is_id) {
        return Ok(());
    }
    let known: Vec<String> = headers
        .names()
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect();
    Err(Error::usage(format!(
        "no column of the file holds ids of tickets: its columns are {}",
        known.join(", ")
    ))
    .advise(
        "call that column hs_object_id, Record ID or ticket_id, or say with -m MAPPING how rows \
         name their tickets",
    ))
}

/// What is wrong with a file that the built-in mapping does not fit. The user never saw
/// that mapping, so it is not quoted.
fn unfit(errors: &MappingErrors) -> Error {
    let problems: Vec<String> = errors
        .problems()
        .map(|problem| problem.message.to_owned())
        .collect();
    Error::usage("the file names no tickets as it stands")
        .listing(problems)
        .advise("say with -m MAPPING how rows name their tickets")
}

fn job(
    args: &DeleteArgs,
    mut input: Input,
    mapping: MappingFile,
    compiled: Arc<CompiledMapping>,
    schema: Schema,
    account: &Account,
) -> Result<Job, Error> {
    let operation = Operation::Archive;
    let folder = RunFolder::create(operation.word(), args.run_dir.as_deref())?;
    input.keep_stdin(folder.path())?;
    let header = Header {
        run: new_run()?,
        parent: None,
        operation: operation.word().to_owned(),
        diff: false,
        portal_id: account.portal_id,
        portal: args.portal.path()?,
        mapping_path: mapping_path(args.mapping.as_deref(), folder.path())?,
        mapping_text: mapping.text().to_owned(),
        tables: mapping.tables().clone(),
        inputs: input.fingerprints()?,
        schema,
        no_key: false,
        encoding: None,
        delimiter: None,
        run_options: RunOptions::default(),
        undoes: None,
        plan: None,
    };
    Ok(Job {
        operation,
        input,
        mapping: compiled,
        links: LinkKinds::default(),
        header,
        folder,
        past: None,
        plan: None,
        files: None,
        rivals: FamilyKeys::default(),
        facts: portal_facts::for_runs(account.portal_id),
        options: args
            .run_args
            .options(None, Unknown::Leave, args.portal.horizon()),
    })
}

/// The built-in mapping is kept only in the journal.
fn mapping_path(given: Option<&Path>, folder: &Path) -> Result<PathBuf, Error> {
    let path = given.map_or_else(|| folder.join("mapping.toml"), Path::to_owned);
    std::path::absolute(path)
        .map_err(|error| Error::usage("can't use the mapping's path").because(error))
}
