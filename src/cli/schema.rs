//! `tickethaul schema`: what the portal lacks for a mapping, shown and created.
//! Nothing is ever deleted or changed.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::Exit;
use super::import::read_mapping;
use super::portal::{Portal, call_error};
use super::settings::PortalArgs;
use super::talk::Talk;
use crate::error::Error;
use crate::hubspot::Client;
use crate::model::schema::{NewProperty, ObjectType, Schema};

/// HubSpot: unique-value properties of an object type.
const UNIQUE_LIMIT: usize = 10;

/// Properties of the portal
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    Apply(ApplyArgs),
}

/// Create the key property and every `[[property]]` of a mapping that the portal lacks
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

/// Runs a schema command.
pub async fn run(command: SchemaCommand, talk: &Talk) -> Result<Exit, Error> {
    let SchemaCommand::Apply(args) = command;
    let mapping = read_mapping(&args.mapping, talk)?;
    let portal = Portal::open(&args.portal).await?;
    let account = portal.client.account().await.map_err(call_error)?;
    let schema = portal.client.schema(false).await.map_err(call_error)?;
    let lacking = lacking(mapping.new_properties(), &schema);
    refuse_archived_key(&portal.client, mapping.key_property(), &lacking).await?;
    show(&lacking, talk);
    let question = format!("Create them in portal {}?", account.portal_id);
    let create = !lacking.is_empty() && (args.yes || talk.agreed(&question));
    if create {
        create_properties(&portal.client, &lacking, &schema).await?;
        talk.say(&format!("created in portal {}", account.portal_id));
    }
    let names: Vec<&str> = lacking
        .iter()
        .map(|property| property.name.as_str())
        .collect();
    talk.result(&json!({"portal": account.portal_id, "lacking": names, "created": create}));
    portal.close().await;
    Ok(Exit::Fine)
}

/// The properties of a mapping that the portal does not have.
pub fn lacking(wanted: &[NewProperty], schema: &Schema) -> Vec<NewProperty> {
    let new = |property: &&NewProperty| !schema.tickets.contains_key(&property.name);
    wanted.iter().filter(new).cloned().collect()
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

/// Creates them, one by one.
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
    for property in lacking {
        let _definition = client.create_property(property).await.map_err(call_error)?;
    }
    Ok(())
}

/// Shows what would be created.
fn show(lacking: &[NewProperty], talk: &Talk) {
    if lacking.is_empty() {
        talk.say("the portal has every property that the mapping needs");
        return;
    }
    let mut table = comfy_table::Table::new();
    let _same = table.load_style(comfy_table::presets::NOTHING);
    for property in lacking {
        let unique = if property.unique { "unique" } else { "" };
        let _same = table.add_row([&property.name, &property.label, &property.type_name, unique]);
    }
    talk.say("the portal lacks these ticket properties:");
    talk.say(&table.to_string());
}
