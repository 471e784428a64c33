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
use crate::hubspot::{Client, SchemaParts};
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
    let copy = pull(client, SchemaParts::default(), talk).await?;
    let lacking = Lacking::of(mapping.new_properties(), &copy);
    let key = mapping.key_property();
    let is_lacking = lacking.properties.iter().any(|new| new.name == key);
    if is_lacking && copy.archived.contains(key) {
        return Err(archived_key(key));
    }
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

/// A key property that was archived in the portal: its name is taken, and values can't
/// be written.
pub fn archived_key(key_property: &str) -> Error {
    Error::mend(format!(
        "KEY_ARCHIVED_PROPERTY: the portal holds property {key_property} among the archived ones"
    ))
    .advise("restore it in HubSpot's property settings, or name another key property")
}

/// Refuses more unique properties than the portal takes.
pub fn refuse_unique_overflow(lacking: &[NewProperty], schema: &Schema) -> Result<(), Error> {
    let properties = schema.tickets.values();
    // HubSpot's own do not count.
    let own = |name: &str| name.starts_with("hs_");
    let unique = properties
        .filter(|property| property.unique && !own(&property.name))
        .count();
    let more = lacking.iter().filter(|property| property.unique).count();
    if more == 0 || unique + more <= UNIQUE_LIMIT {
        return Ok(());
    }
    Err(Error::mend(format!(
        "KEY_LIMIT: the portal has {unique} unique ticket properties, {UNIQUE_LIMIT} is the most"
    ))
    .advise("archive one that is not needed, or use one of them as the key"))
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
    refuse_unique_overflow(lacking, schema)?;
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
