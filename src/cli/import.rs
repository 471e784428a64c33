//! `tickethaul import`: what was typed becomes a `Job`. Everything that can be wrong
//! is found before the run folder is made, so that nothing is half done.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::associate::{AssociateArgs, LinkWay};
use super::exit::Exit;
use super::fit::{Definitions, Fit, Intent};
use super::input::{InputArgs, say_reading};
use super::portal::{Portal, call_error};
use super::run_args::RunArgs;
use super::schema::create_properties;
use super::settings::PortalArgs;
use super::talk::Talk;
use crate::error::Error;
use crate::hubspot::Account;
use crate::import::flow::Operation;
use crate::import::folder::RunFolder;
use crate::import::links::LinkKinds;
use crate::import::read::Input;
use crate::import::run::{Job, Unknown, run as run_job};
use crate::import::summary::summary_json;
use crate::journal::Header;
use crate::mapping::{CompiledMapping, For, MappingErrors, MappingFile};
use crate::model::schema::Schema;
use crate::report::closing_words;

/// Import rows of CSV files as tickets
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The mapping: how columns become properties
    #[arg(short, long, value_name = "MAPPING")]
    mapping: PathBuf,
    /// What to do with the rows
    #[arg(long, value_enum, default_value_t = Op::Create)]
    op: Op,
    /// Read the tickets first and send only what differs; for update and upsert
    #[arg(long)]
    diff: bool,
    /// Create the key property and the `[[property]]` entries that the portal lacks
    #[arg(long)]
    create_properties: bool,
    /// The run folder; `tickethaul-runs/<run>` unless named
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// Read no more than N rows; `tickethaul resume --no-limit` goes on behind them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Don't write the key property: for portals where it can't be created. A lost
    /// reply then leaves its rows unknown
    #[arg(long)]
    no_key: bool,
    #[command(flatten)]
    run_args: RunArgs,
    #[command(flatten)]
    portal: PortalArgs,
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
            diff: false,
            create_properties: false,
            run_dir: args.run_dir,
            limit: args.limit,
            no_key: false,
            run_args: args.run_args,
            portal: args.portal,
        }
    }
}

impl Op {
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

/// Runs an import.
pub async fn run(args: ImportArgs, talk: &Talk) -> Result<Exit, Error> {
    refuse_contradictions(&args)?;
    let mapping = match parse_mapping(&args.mapping)? {
        Ok(mapping) => mapping,
        Err(errors) => return Err(mapping_error(&all_mistakes(errors, &args).await, talk)),
    };
    let spool_folder = RunFolder::parent_of(args.run_dir.as_deref());
    let mut input = args.input.open(mapping.dialect(), Some(spool_folder))?;
    say_reading(&input, talk);
    let portal = Portal::open(&args.portal).await?;
    let account = portal.client.account().await.map_err(call_error)?;
    let fit = prepare(&args, &mapping, &input, &portal, talk).await?;
    if !input.has_rows()? {
        talk.say(&format!("no rows in {}: nothing to do", args.input.names()));
        portal.close().await;
        return Ok(Exit::Fine);
    }
    let header = header(&args, &mapping, &account, fit.schema)?;
    let job = job(&args, input, (fit.compiled, fit.links), header)?;
    say_start(&job, &account, talk);
    finish(job, portal, account, talk).await
}

/// Options that say nothing for the operation.
fn refuse_contradictions(args: &ImportArgs) -> Result<(), Error> {
    let word = args.op.operation().word();
    let said = match args.op {
        Op::Create if args.diff => "--diff",
        Op::Archive if args.diff => "--diff",
        Op::Update | Op::Upsert | Op::Archive if args.no_key => "--no-key",
        _ => return Ok(()),
    };
    Err(Error::usage(format!("{said} does not go with --op {word}"))
        .advise("--diff is for update and upsert, --no-key for create"))
}

/// Runs a job to its end and says how it ended.
pub async fn finish(
    job: Job,
    portal: Portal,
    account: Account,
    talk: &Talk,
) -> Result<Exit, Error> {
    let ended = run_job(job, portal.client.clone(), account, talk.listener()).await;
    portal.close().await;
    let summary = ended?;
    talk.say(&format!("\n{}", closing_words(&summary).trim_end()));
    talk.result(&summary_json(&summary));
    Ok(Exit::for_summary(&summary))
}

/// Reads and checks a mapping by itself.
pub fn read_mapping(path: &Path, talk: &Talk) -> Result<MappingFile, Error> {
    parse_mapping(path)?.map_err(|errors| mapping_error(&errors, talk))
}

/// Reads a mapping, or tells everything that is wrong with it by itself.
pub fn parse_mapping(path: &Path) -> Result<Result<MappingFile, MappingErrors>, Error> {
    let text = fs::read_to_string(path).map_err(|error| {
        Error::usage(format!(
            "can't read the mapping {}: {error}",
            path.display()
        ))
    })?;
    Ok(MappingFile::parse(&path.to_string_lossy(), &text))
}

/// A mapping with mistakes is still held against file and portal, as far as those can
/// be had, so that all its mistakes are told at once.
async fn all_mistakes(errors: MappingErrors, args: &ImportArgs) -> MappingErrors {
    let insisted = errors.rest().map(|mapping| mapping.dialect().clone());
    let (Ok(input), Ok(portal)) = (
        args.input.open(&insisted.unwrap_or_default(), None),
        Portal::open(&args.portal).await,
    ) else {
        return errors;
    };
    let parts = errors.rest().map(|mapping| {
        let intent = intent(args, mapping, &input);
        intent.parts()
    });
    let schema = portal.client.schema(parts.unwrap_or_default()).await;
    portal.close().await;
    match schema {
        Ok(schema) => errors.and_against(input.headers(), &schema, args.op.purpose()),
        Err(_) => errors,
    }
}

/// Every problem of a mapping, with its place in the file.
pub fn mapping_error(errors: &MappingErrors, talk: &Talk) -> Error {
    Error::usage(errors.render(talk.colors()))
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

/// Holds the mapping against file and portal; creates properties that the portal
/// lacks, once everything else is right.
async fn prepare(
    args: &ImportArgs,
    mapping: &MappingFile,
    input: &Input,
    portal: &Portal,
    talk: &Talk,
) -> Result<Fit, Error> {
    let client = &portal.client;
    let intent = intent(args, mapping, input);
    let schema = client.schema(intent.parts()).await.map_err(call_error)?;
    let fit = intent
        .fit(&schema, Definitions::Portal(client), talk)
        .await?;
    let lacking = &fit.lacking;
    if !lacking.is_empty() {
        let names: Vec<&str> = lacking
            .iter()
            .map(|property| property.name.as_str())
            .collect();
        let names = names.join(", ");
        if !portal.is_sandbox() && !args.create_properties {
            return Err(Error::mend(format!("the portal lacks the properties {names}")).advise(
                "nothing was sent; add --create-properties, or run `tickethaul schema apply -m MAPPING` first",
            ));
        }
        create_properties(client, lacking, &schema).await?;
        talk.say(&format!("created properties: {names}"));
    }
    let unused = fit.compiled.unused_columns();
    if !unused.is_empty() {
        talk.say(&format!("columns that nothing uses: {}", unused.join(", ")));
    }
    Ok(fit)
}

fn header(
    args: &ImportArgs,
    mapping: &MappingFile,
    account: &Account,
    schema: Schema,
) -> Result<Header, Error> {
    let mapping_path = std::path::absolute(&args.mapping)
        .map_err(|error| Error::usage(format!("can't use the mapping's path: {error}")))?;
    Ok(Header {
        operation: args.op.operation().word().to_owned(),
        diff: args.diff,
        portal_id: account.portal_id,
        portal: args.portal.path()?,
        mapping_path,
        mapping_text: mapping.text().to_owned(),
        tables: mapping.tables().clone(),
        inputs: Vec::new(),
        schema,
        no_key: args.no_key,
        encoding: args.input.encoding(),
        delimiter: args.input.delimiter(),
    })
}

fn job(
    args: &ImportArgs,
    mut input: Input,
    (mapping, links): (CompiledMapping, LinkKinds),
    header: Header,
) -> Result<Job, Error> {
    let operation = args.op.operation();
    let folder = RunFolder::create(operation, args.run_dir.as_deref())?;
    input.keep_stdin(folder.path())?;
    let inputs = input.fingerprints()?;
    Ok(Job {
        operation,
        input,
        mapping: Arc::new(mapping),
        links,
        header: Header { inputs, ..header },
        folder,
        past: None,
        options: args
            .run_args
            .options(args.limit, Unknown::Leave, args.portal.horizon()),
    })
}

fn say_start(job: &Job, account: &Account, talk: &Talk) {
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
