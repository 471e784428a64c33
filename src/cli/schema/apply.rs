//! `tickethaul schema apply`: creates in the portal what a mapping defines and the
//! portal lacks, after showing it. Nothing is ever deleted or changed.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::diff::{REMEDY, show};
use super::lacking::Lacking;
use super::pull::pull;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::mapping_file::read_mapping;
use crate::cli::portal::Portal;
use crate::cli::settings::PortalArgs;
use crate::error::Error;
use crate::hubspot::SchemaParts;

/// Create every `[[property]]` of a mapping that the portal lacks, with its group and options
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The mapping
    #[arg(short, long, value_name = "MAPPING")]
    mapping: PathBuf,
    /// Don't ask; required without a terminal
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Runs `schema apply`.
pub async fn run(args: &ApplyArgs, console: &Console) -> Result<Exit, Error> {
    console.expect_answer(args.yes, "create properties")?;
    let mapping = read_mapping(&args.mapping, console)?;
    let portal = Portal::open(&args.portal, console).await?;
    let client = &portal.client;
    let copy = pull(&portal, SchemaParts::default(), console).await?;
    let lacking = Lacking::of(mapping.new_properties(), &copy.schema, &copy.archived);
    let lacking = lacking.grouped(&copy.groups);
    refuse_clashes(&lacking)?;
    show(&lacking, console);
    let question = format!(
        "create {} in {}",
        lacking.names(),
        portal.name_in_question()
    );
    let create = lacking.can_be_created() && console.confirmed(args.yes, &question);
    if create {
        let _created = super::create(client, &lacking, console).await?;
        console.say(&format!("created in portal {}", copy.portal_id));
    }
    let names: Vec<&str> = lacking
        .properties
        .iter()
        .map(|property| property.name.as_str())
        .collect();
    console.result(&json!({
        "portal": copy.portal_id,
        "lacking": names,
        "created": create,
        "details": lacking.json(),
    }));
    portal.close().await;
    Ok(Exit::Fine)
}

/// Refuses to write to a portal whose properties differ from the mapping's definitions,
/// and lists every difference.
pub fn refuse_clashes(lacking: &Lacking) -> Result<(), Error> {
    match lacking.clashes.as_slice() {
        [] => Ok(()),
        clashes => Err(Error::must_fix("the portal and the mapping differ")
            .listing(clashes)
            .advise(format!("nothing was written; {REMEDY}"))),
    }
}
