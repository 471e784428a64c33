//! `tickethaul delete`: moves tickets to the recycle bin, by key or by id. It is the
//! operation archive of `import` under a plainer name: it says how many of what first,
//! and asks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueHint};

use super::exit::Exit;
use super::fit::refuse_counted;
use super::import::{finish, mapping_error, read_mapping};
use super::input::say_reading;
use super::portal::{Portal, call_error};
use super::run_args::RunArgs;
use super::settings::PortalArgs;
use super::talk::Talk;
use crate::error::Error;
use crate::hubspot::{Account, SchemaParts};
use crate::import::flow::Operation;
use crate::import::folder::RunFolder;
use crate::import::links::LinkKinds;
use crate::import::read::{Input, Reading, Sources};
use crate::import::run::{Job, Unknown};
use crate::journal::Header;
use crate::mapping::{CompiledMapping, MappingFile};
use crate::model::schema::Schema;

/// Names a ticket by its id, in a file of HubSpot, of ours, or of somebody who knows
/// what the API calls it.
const BY_ID: &str = r#"version = 1

[key]
record_id = { column = ["hs_object_id", "Record ID", "ticket_id"] }

[properties]
"#;

/// Lines that are ids and nothing else, with or without a header.
const BARE_IDS: &str = r#"version = 1

[source]
header = ["hs_object_id"]
delimiter = ","

[key]
record_id = { column = "hs_object_id" }

[properties]
"#;

/// Move tickets to the recycle bin, by key or by id
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub struct DeleteArgs {
    /// CSV files whose rows name the tickets: by the mapping's key, or without a mapping
    /// by a column hs_object_id, Record ID or ticket_id
    #[arg(value_name = "FILE", group = "which")]
    files: Vec<PathBuf>,
    /// The mapping; only its key counts
    #[arg(short, long, value_name = "MAPPING", requires = "files", value_hint = ValueHint::FilePath)]
    mapping: Option<PathBuf>,
    /// Ids of tickets
    #[arg(long, value_name = "ID", value_delimiter = ',', group = "which")]
    ids: Vec<String>,
    /// File of ids, one a line; - for standard input
    #[arg(long, value_name = "FILE", group = "which")]
    ids_from: Option<PathBuf>,
    /// Don't ask; needed where there is no terminal
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
pub async fn run(args: DeleteArgs, talk: &Talk) -> Result<Exit, Error> {
    if !args.yes && !talk.can_ask() {
        return Err(
            Error::usage("nobody can be asked whether to delete tickets")
                .advise("say --yes where there is no terminal"),
        );
    }
    let mapping = mapping(&args, talk)?;
    let input = open(&args, &mapping)?;
    say_reading(&input, talk);
    let portal = Portal::open(&args.portal).await?;
    let account = portal.client.account().await.map_err(call_error)?;
    let schema = portal
        .client
        .schema(SchemaParts::default())
        .await
        .map_err(call_error)?;
    let compiled = mapping
        .compile(input.headers(), &schema, Operation::Archive.purpose())
        .map_err(|errors| mapping_error(&errors, talk))?;
    refuse_counted(&compiled, Operation::Archive)?;
    if !agreed(&args, &input, &account, talk)? {
        portal.close().await;
        return Ok(Exit::Fine);
    }
    let job = job(&args, input, (mapping, compiled), schema, &account)?;
    finish(job, portal, account, talk).await
}

/// The user's mapping, or one of ours.
fn mapping(args: &DeleteArgs, talk: &Talk) -> Result<MappingFile, Error> {
    let text = match &args.mapping {
        Some(path) => return read_mapping(path, talk),
        None if args.files.is_empty() => BARE_IDS,
        None => BY_ID,
    };
    MappingFile::parse("the ids", text).map_err(Error::unexpected)
}

fn open(args: &DeleteArgs, mapping: &MappingFile) -> Result<Input, Error> {
    let folder = Some(RunFolder::parent_of(args.run_dir.as_deref()));
    let sources = match &args.ids_from {
        _ if !args.ids.is_empty() => Sources::typed("the ids", &args.ids.join("\n"), folder)?,
        Some(path) => Sources::find(std::slice::from_ref(path), folder)?,
        None => Sources::find(&args.files, folder)?,
    };
    Input::open(sources, mapping.dialect())
}

/// Says how many tickets of what, and asks.
fn agreed(args: &DeleteArgs, input: &Input, account: &Account, talk: &Talk) -> Result<bool, Error> {
    let rows = match count(input)? {
        1 => "the ticket of 1 row".to_owned(),
        rows => format!("the tickets of {rows} rows"),
    };
    let what = format!(
        "archive {rows} in portal {} ({})",
        account.portal_id,
        account.kind()
    );
    if args.yes {
        talk.say(&format!("going to {what}"));
        return Ok(true);
    }
    Ok(talk.agreed(&format!("{what}?")))
}

/// Rows that name a ticket, or should.
fn count(input: &Input) -> Result<u64, Error> {
    let mut input = input.again();
    let mut rows = 0;
    while let Some(reading) = input.next_row()? {
        rows += u64::from(matches!(reading, Reading::Row(_)));
    }
    Ok(rows)
}

fn job(
    args: &DeleteArgs,
    mut input: Input,
    (mapping, compiled): (MappingFile, CompiledMapping),
    schema: Schema,
    account: &Account,
) -> Result<Job, Error> {
    let operation = Operation::Archive;
    let folder = RunFolder::create(operation, args.run_dir.as_deref())?;
    input.keep_stdin(folder.path())?;
    let header = Header {
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
    };
    Ok(Job {
        operation,
        input,
        mapping: Arc::new(compiled),
        links: LinkKinds::default(),
        header,
        folder,
        past: None,
        options: args
            .run_args
            .options(None, Unknown::Leave, args.portal.horizon()),
    })
}

/// A mapping of ours stands nowhere but in the journal.
fn mapping_path(given: Option<&Path>, folder: &Path) -> Result<PathBuf, Error> {
    let path = given.map_or_else(|| folder.join("mapping.toml"), Path::to_owned);
    std::path::absolute(path)
        .map_err(|error| Error::usage(format!("can't use the mapping's path: {error}")))
}
