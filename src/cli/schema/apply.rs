//! `tickethaul schema apply`: creates in the portal what a mapping defines and the
//! portal lacks, after showing it. Nothing is ever deleted or changed.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::diff::show;
use super::lacking::{Lacking, lacking_groups};
use super::pull::pull;
use crate::cli::exit::Exit;
use crate::cli::import::read_mapping;
use crate::cli::portal::{Portal, call_error};
use crate::cli::settings::PortalArgs;
use crate::cli::talk::Talk;
use crate::error::Error;
use crate::hubspot::Client;
use crate::model::schema::{NewProperty, ObjectType, Schema};

/// HubSpot: unique-value properties of an object type.
const UNIQUE_LIMIT: usize = 10;

/// Create every `[[property]]` of a mapping that the portal lacks, with its group and options
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The mapping
    #[arg(short, long, value_name = "MAPPING")]
    mapping: PathBuf,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Runs `schema apply`.
pub async fn run(args: &ApplyArgs, talk: &Talk) -> Result<Exit, Error> {
    let mapping = read_mapping(&args.mapping, talk)?;
    let portal = Portal::open(&args.portal).await?;
    let client = &portal.client;
    let copy = pull(client, talk).await?;
    let lacking = Lacking::of(mapping.new_properties(), &copy);
    refuse_archived_key(client, mapping.key_property(), &lacking.properties).await?;
    show(&lacking, talk);
    let question = format!("Create it in portal {}?", copy.portal_id);
    let create = lacking.can_be_created() && (args.yes || talk.agreed(&question));
    if create {
        create_properties(client, &lacking.properties, &copy.schema).await?;
        add_options(client, &lacking).await?;
        talk.say(&format!("created in portal {}", copy.portal_id));
    }
    let names: Vec<&str> = lacking
        .properties
        .iter()
        .map(|property| property.name.as_str())
        .collect();
    talk.result(&json!({
        "portal": copy.portal_id,
        "lacking": names,
        "created": create,
        "details": lacking.json(),
    }));
    portal.close().await;
    Ok(Exit::Fine)
}

/// Refuses a key property that was archived in the portal: its name is taken, and
/// values can't be written.
pub async fn refuse_archived_key(
    client: &Client,
    key_property: &str,
    lacking: &[NewProperty],
) -> Result<(), Error> {
    if !lacking.iter().any(|property| property.name == key_property) {
        return Ok(());
    }
    let archived = client
        .properties(ObjectType::Tickets, true)
        .await
        .map_err(call_error)?;
    match archived.iter().any(|property| property.name == key_property) {
        false => Ok(()),
        true => Err(Error::mend(format!(
            "KEY_ARCHIVED_PROPERTY: the portal holds property {key_property} among the archived ones"
        ))
        .advise("restore it in HubSpot's property settings, or name another key property")),
    }
}

/// Creates them, one by one, with the groups that they are to be in.
///
/// # Errors
/// When the portal has no room for another unique property, or refuses one.
pub async fn create_properties(
    client: &Client,
    lacking: &[NewProperty],
    schema: &Schema,
) -> Result<(), Error> {
    let unique = schema
        .tickets
        .values()
        .filter(|property| property.unique)
        .count();
    let more = lacking.iter().filter(|property| property.unique).count();
    if more > 0 && unique + more > UNIQUE_LIMIT {
        return Err(Error::mend(format!(
            "KEY_LIMIT: the portal has {unique} unique ticket properties, {UNIQUE_LIMIT} is the most"
        ))
        .advise("archive one that is not needed, or use one of them as the key"));
    }
    create_groups(client, lacking).await?;
    for property in lacking {
        let _definition = client.create_property(property).await.map_err(call_error)?;
    }
    Ok(())
}

async fn create_groups(client: &Client, properties: &[NewProperty]) -> Result<(), Error> {
    if properties.is_empty() {
        return Ok(());
    }
    let object = ObjectType::Tickets;
    let known = client.property_groups(object).await.map_err(call_error)?;
    for group in lacking_groups(properties, &known) {
        let created = client.create_property_group(object, &group).await;
        let _group = created.map_err(call_error)?;
    }
    Ok(())
}

async fn add_options(client: &Client, lacking: &Lacking) -> Result<(), Error> {
    for (name, options) in &lacking.options {
        let added = client.add_property_options(ObjectType::Tickets, name, options);
        let _definition = added.await.map_err(call_error)?;
    }
    Ok(())
}
