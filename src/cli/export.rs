//! `tickethaul export`: what was typed becomes an export `Job`. A closed pipe on
//! stdout is a quiet success.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::exit::Exit;
pub use super::export_args::ExportArgs;
use super::portal::{Portal, call_error};
use super::talk::Talk;
use crate::error::Error;
use crate::export::columns::Wanted;
use crate::export::run::{Archived, Done, ExportError, Job, run as run_job};
use crate::hubspot::Client;
use crate::model::schema::{ObjectType, PropertyDef, Schema};

/// Runs an export.
pub async fn run(args: ExportArgs, talk: &Talk) -> Result<Exit, Error> {
    let portal = Portal::open(&args.portal).await?;
    let account = portal.client.account().await.map_err(call_error)?;
    let schema = portal.client.schema(false).await.map_err(call_error)?;
    let which = args.which(&schema)?;
    let wanted = wanted(&args, &schema, &portal.client).await?;
    let work = work_folder(args.output.as_deref())?;
    let to_stdout = args.output.is_none();
    let job = Job {
        which,
        archived: args.archived(),
        wanted,
        schema,
        dates: args.dates(),
        shape: args.shape()?,
        target: args.target(),
        work: work.path().to_owned(),
        concurrency: usize::from(args.concurrency),
        portal_id: account.portal_id,
    };
    let ended = run_job(job, portal.client.clone(), |_| ()).await;
    portal.close().await;
    match ended {
        Ok(done) => {
            tell(&done, to_stdout, talk);
            Ok(match done.issues {
                0 => Exit::Fine,
                _ => Exit::Refused,
            })
        }
        Err(ExportError::Write(error))
            if to_stdout && error.kind() == io::ErrorKind::BrokenPipe =>
        {
            Ok(Exit::Fine)
        }
        Err(ExportError::Call(error)) => Err(call_error(error)),
        Err(error @ ExportError::Open(_)) => Err(Error::usage(error)),
        Err(error) => Err(Error::unexpected(error)),
    }
}

fn tell(done: &Done, to_stdout: bool, talk: &Talk) {
    let archived = match done.archived {
        0 => String::new(),
        archived => format!(", {archived} of them archived"),
    };
    talk.say(&format!("{} tickets exported{archived}", done.tickets));
    if let Some(first) = done.missing.first() {
        let count = done.missing.len();
        talk.say(&format!(
            "{count} ids are not in the portal, such as {first}"
        ));
    }
    if let Some((id, misfit)) = &done.first_issue {
        talk.say(&format!(
            "{} tickets are not in the export but in the .issues.csv beside it: ticket {id} has `{}` in {}, which holds {}",
            done.issues, misfit.value, misfit.column, misfit.wanted
        ));
    }
    if !to_stdout {
        talk.result(&json!({
            "tickets": done.tickets,
            "archived": done.archived,
            "issues": done.issues,
            "missing": done.missing.iter().map(u64::to_string).collect::<Vec<_>>(),
        }));
    }
}

/// Pages on their way lie beside the file, which has room for them; for stdout in the
/// folder for temporary files.
fn work_folder(output: Option<&Path>) -> Result<TempDir, Error> {
    let folder = output.and_then(Path::parent);
    let made = match folder {
        None => tempfile::tempdir(),
        Some(folder) if folder == Path::new("") => tempfile::tempdir_in("."),
        Some(folder) => tempfile::tempdir_in(folder),
    };
    made.map_err(|error| Error::usage(format!("can't make a folder for the export: {error}")))
}

/// The columns that were asked for, known to the portal.
async fn wanted(args: &ExportArgs, schema: &Schema, client: &Client) -> Result<Wanted, Error> {
    let properties: Vec<String> = match args.all_properties {
        true => schema.tickets.keys().cloned().collect(),
        false => args
            .properties
            .iter()
            .map(|name| name.trim().to_owned())
            .collect(),
    };
    let parted = args.partition_by.iter().map(|by| by.property.clone());
    let read: Vec<String> = properties.iter().cloned().chain(parted).collect();
    check(ObjectType::Tickets, &read, &schema.tickets)?;
    check_others(args, client).await?;
    Ok(Wanted {
        properties,
        with: args.with.clone(),
        archived: args.archived() == Archived::Include,
        headers: args.headers(),
        values: args.values(),
    })
}

async fn check_others(args: &ExportArgs, client: &Client) -> Result<(), Error> {
    let mut asked: BTreeMap<ObjectType, Vec<String>> = BTreeMap::new();
    for with in &args.with {
        if let Some(property) = &with.property {
            asked.entry(with.object).or_default().push(property.clone());
        }
    }
    for (object, properties) in asked {
        let defined = client.properties(object, false).await.map_err(call_error)?;
        let defined = defined.into_iter().map(|p| (p.name.clone(), p)).collect();
        check(object, &properties, &defined)?;
    }
    Ok(())
}

/// HubSpot leaves unknown properties out without a word; we don't.
fn check(
    object: ObjectType,
    properties: &[String],
    defined: &BTreeMap<String, PropertyDef>,
) -> Result<(), Error> {
    let unknown: Vec<String> = properties
        .iter()
        .filter(|name| !defined.contains_key(*name))
        .map(|name| match nearest(name, defined) {
            Some(nearest) => format!("{name} (did you mean {nearest}?)"),
            None => name.clone(),
        })
        .collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "the portal has no {} property {}",
            object.singular(),
            unknown.join(", ")
        ))),
    }
}

fn nearest<'a>(name: &str, defined: &'a BTreeMap<String, PropertyDef>) -> Option<&'a str> {
    let score = |known: &&str| strsim::jaro_winkler(name, known);
    let names = defined.keys().map(String::as_str);
    names
        .max_by(|left, right| score(left).total_cmp(&score(right)))
        .filter(|known| score(known) > 0.8)
}
