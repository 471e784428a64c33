//! `tickethaul get`: a few tickets, looked at by id or by a unique property. How they are shown is
//! in `get_output`. Many tickets are for `export`.

use std::collections::BTreeSet;

use clap::Args;

use super::console::Console;
use super::exit::Exit;
use super::export::check;
use super::get_output::{Links, Shown, TicketOutput};
use super::objects::objects;
use super::portal::{Portal, call_error};
use super::schema::permitted;
use super::settings::PortalArgs;
use crate::error::Error;
use crate::hubspot::contract::{HISTORY_LIMIT, LINKED_LIMIT};
use crate::hubspot::{CallError, Client, Record, SchemaParts};
use crate::model::key::same_key;
use crate::model::schema::{OWNER_PROPERTY, ObjectName, ObjectType, Schema};
use crate::model::shelf::Shelf;

/// The properties that are read by default; those that a portal lacks are left out.
const USUAL: [&str; 11] = [
    "subject",
    "content",
    "hs_pipeline",
    "hs_pipeline_stage",
    "hs_ticket_priority",
    "hs_ticket_category",
    "source_type",
    "hubspot_owner_id",
    "createdate",
    "closed_date",
    "hs_lastmodifieddate",
];

/// Show tickets by their ids, or by a unique property
#[derive(Debug, Args)]
pub struct GetArgs {
    /// Record ids, or values of --id-property
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// The IDs are values of this unique property
    #[arg(long, value_name = "PROPERTY")]
    id_property: Option<String>,
    /// Properties by internal name [default: the most useful ones]; those without a
    /// value are left out
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    properties: Vec<String>,
    /// Also show linked records: tickets, contacts, companies, deals, notes, emails,
    /// calls, meetings, tasks, communications, or a custom object by its name or type id
    /// (2-…)
    #[arg(long, value_name = "OBJECTS", value_delimiter = ',', value_parser = object)]
    associations: Vec<ObjectName>,
    /// Also show the former values of these properties
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    history: Vec<String>,
    /// Look in the recycle bin, and only there
    #[arg(long)]
    archived: bool,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Shows the tickets in the order in which they were asked for. JSON goes out line by
/// line; missing tickets are reported on stderr.
pub async fn run(args: GetArgs, console: &Console) -> Result<Exit, Error> {
    let ids = asked(&args)?;
    let portal = Portal::open(&args.portal, console).await?;
    let (client, account) = (&portal.client, portal.account.clone());
    let parts = SchemaParts {
        owners: asks_owners(&args),
        ..SchemaParts::default()
    };
    let permitted = permitted(client, SchemaParts::default(), parts, console).await;
    let schema = permitted.map_err(call_error)?.schema;
    let associations = objects(client, &args.associations).await?;
    let asks = Asks::new(&args, &associations, &schema)?;
    let mut records = Vec::new();
    for ids in ids.chunks(HISTORY_LIMIT) {
        records.extend(asks.read(client, ids).await.map_err(call_error)?);
    }
    let links = linked(client, asks.associations, &mut records).await;
    let links = links.map_err(call_error)?;
    portal.close().await;
    let face = TicketOutput::new(&schema, &account, &asks.shown());
    let mut missing = Vec::new();
    for id in &ids {
        match records.iter().find(|record| asks.is_meant(record, id)) {
            Some(record) if console.is_json() => console.json_line(&face.json(record, &links)),
            Some(record) => console.data(&face.text(record, &links)),
            None => missing.push(id.as_str()),
        }
    }
    Ok(say_missing(&missing, args.archived, console))
}

/// Whether owners are shown, by name if the token may read them.
fn asks_owners(args: &GetArgs) -> bool {
    let mut named = args.properties.iter().chain(&args.history);
    args.properties.is_empty() || named.any(|name| name.trim() == OWNER_PROPERTY)
}

fn say_missing(missing: &[&str], archived: bool, console: &Console) -> Exit {
    if missing.is_empty() {
        return Exit::Fine;
    }
    let (place, hint) = match archived {
        true => ("the portal's recycle bin", "without --archived"),
        false => ("the portal", "with --archived in the recycle bin"),
    };
    let missing = missing.join(", ");
    console.say(&format!("not in {place}: {missing} (look {hint})"));
    Exit::Refused
}

/// A name that only the portal may know.
fn object(text: &str) -> Result<ObjectName, String> {
    let name = ObjectName::of(text);
    match name.slips_from() {
        None => Ok(name),
        Some(_) => {
            let names = ObjectType::ALL.map(ObjectType::plural).join(", ");
            Err(format!(
                "write one of {names}, or the type id (2-…) of a custom object"
            ))
        }
    }
}

/// The ids, each once. Without a property they are record ids, which are digits.
fn asked(args: &GetArgs) -> Result<Vec<String>, Error> {
    let mut seen = BTreeSet::new();
    let ids = args.ids.iter().map(|id| id.trim().to_owned());
    let ids: Vec<String> = ids.filter(|id| seen.insert(id.clone())).collect();
    let is_id = |id: &String| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    match ids
        .iter()
        .find(|id| args.id_property.is_none() && !is_id(id))
    {
        None => Ok(ids),
        Some(id) => Err(Error::usage(format!("`{id}` is not a record id"))
            .advise("record ids are digits; name a unique property with --id-property")),
    }
}

/// What is asked of each ticket, known to the portal.
struct Asks<'a> {
    id_property: Option<&'a str>,
    /// In the order in which they are shown.
    properties: Vec<&'a str>,
    history: Vec<&'a str>,
    associations: &'a [ObjectType],
    shelf: Shelf,
}

impl<'a> Asks<'a> {
    fn new(
        args: &'a GetArgs,
        associations: &'a [ObjectType],
        schema: &Schema,
    ) -> Result<Asks<'a>, Error> {
        let named = args.properties.iter().chain(&args.history);
        let named: Vec<String> = named.chain(&args.id_property).cloned().collect();
        check(ObjectType::Tickets, &named, &schema.tickets)?;
        check_unique(args.id_property.as_deref(), schema)?;
        let usual = USUAL.into_iter();
        let usual = usual.filter(|name| schema.tickets.contains_key(*name));
        let properties: Vec<&str> = match args.properties.is_empty() {
            true => usual.collect(),
            false => args.properties.iter().map(String::as_str).collect(),
        };
        let mut asks = Asks {
            id_property: args.id_property.as_deref(),
            properties: Vec::new(),
            history: args.history.iter().map(String::as_str).collect(),
            associations,
            shelf: match args.archived {
                true => Shelf::RecycleBin,
                false => Shelf::Live,
            },
        };
        let id = asks.id_property.into_iter();
        let mut seen = BTreeSet::new();
        let wanted = id.chain(properties).filter(|name| seen.insert(*name));
        asks.properties = wanted.collect();
        Ok(asks)
    }

    fn shown(&self) -> Shown<'_> {
        Shown {
            properties: &self.properties,
            associations: self.associations,
            history: &self.history,
        }
    }

    /// The tickets with these ids that exist.
    async fn read(&self, client: &Client, ids: &[String]) -> Result<Vec<Record>, CallError> {
        let reply = client.batch_read_with_history(
            ObjectType::Tickets,
            self.id_property,
            ids,
            &self.properties,
            &self.history,
            self.shelf,
        );
        Ok(reply.await?.results)
    }

    /// Whether a ticket is the one with this id; portals may ignore the case of unique
    /// values.
    fn is_meant(&self, record: &Record, id: &str) -> bool {
        match self.id_property {
            None => record.id == id,
            Some(property) => record
                .get(property)
                .is_some_and(|value| same_key(value, id)),
        }
    }
}

fn check_unique(property: Option<&str>, schema: &Schema) -> Result<(), Error> {
    let Some(name) = property else { return Ok(()) };
    let is_unique = |name| schema.tickets.get(name).is_some_and(|p| p.unique);
    match name == "hs_object_id" || is_unique(name) {
        true => Ok(()),
        false => Err(
            Error::usage(format!("the values of {name} are not unique")).advise(
                "--id-property takes a unique property; `tickethaul export --where` finds tickets by any other",
            ),
        ),
    }
}

/// The links of tickets to these kinds of record. Tickets in the recycle bin have none,
/// which is not an error. Tickets that are gone by the time their links are read are
/// removed from `records` (protocol E6).
async fn linked(
    client: &Client,
    objects: &[ObjectType],
    records: &mut Vec<Record>,
) -> Result<Links, CallError> {
    let mut links = Links::new();
    let live = records.iter().filter(|record| !record.archived);
    let ids: Vec<String> = live.map(|record| record.id.clone()).collect();
    for object in objects {
        for ids in ids.chunks(LINKED_LIMIT) {
            let found = client.linked_live(ObjectType::Tickets, *object, ids);
            let found = found.await?;
            records.retain(|record| !found.gone.contains(&record.id));
            links.extend(
                found
                    .by_record
                    .into_iter()
                    .map(|(id, others)| ((id, *object), others)),
            );
        }
    }
    Ok(links)
}
