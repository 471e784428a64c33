//! `tickethaul export`: what was typed becomes an export `Job`. A closed pipe on
//! stdout is a quiet success.

use std::io;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::portal::{Portal, call_error};
use super::settings::PortalArgs;
use super::talk::Talk;
use crate::error::Error;
use crate::export::run::{ExportError, Job, run as run_job};
use crate::export::write::Target;
use crate::model::schema::Schema;

/// Export all tickets with chosen properties as CSV
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Properties by internal name; hs_object_id always comes first
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', required = true)]
    properties: Vec<String>,
    /// The file; it appears when the export is whole [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Runs an export.
pub async fn run(args: ExportArgs, talk: &Talk) -> Result<Exit, Error> {
    let portal = Portal::open(&args.portal).await?;
    let schema = portal.client.schema(false).await.map_err(call_error)?;
    let properties: Vec<String> = args
        .properties
        .iter()
        .map(|name| name.trim().to_owned())
        .collect();
    check(&properties, &schema)?;
    let to_stdout = args.output.is_none();
    let target = match args.output {
        Some(path) => Target::File(path),
        None => Target::Stream(Box::new(io::stdout())),
    };
    let job = Job { properties, target };
    let ended = run_job(job, portal.client.clone(), |_| ()).await;
    portal.close().await;
    match ended {
        Ok(tickets) => {
            talk.say(&format!("{tickets} tickets exported"));
            if !to_stdout {
                talk.result(&json!({"tickets": tickets}));
            }
            Ok(Exit::Fine)
        }
        Err(ExportError::Write(error))
            if to_stdout && error.kind() == io::ErrorKind::BrokenPipe =>
        {
            Ok(Exit::Fine)
        }
        Err(ExportError::Call(error)) => Err(call_error(error)),
        Err(error) => Err(Error::unexpected(error)),
    }
}

/// HubSpot leaves unknown properties out without a word; we don't.
fn check(properties: &[String], schema: &Schema) -> Result<(), Error> {
    let unknown: Vec<String> = properties
        .iter()
        .filter(|name| !schema.tickets.contains_key(*name))
        .map(|name| match nearest(name, schema) {
            Some(nearest) => format!("{name} (did you mean {nearest}?)"),
            None => name.clone(),
        })
        .collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "the portal has no ticket property {}",
            unknown.join(", ")
        ))),
    }
}

fn nearest<'a>(name: &str, schema: &'a Schema) -> Option<&'a str> {
    let score = |known: &&str| strsim::jaro_winkler(name, known);
    let names = schema.tickets.keys().map(String::as_str);
    names
        .max_by(|left, right| score(left).total_cmp(&score(right)))
        .filter(|known| score(known) > 0.8)
}
