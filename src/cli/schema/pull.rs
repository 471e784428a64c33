//! `tickethaul schema pull`: everything that a portal defines, put into a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::copy::{LeftOut, PortalCopy};
use super::place;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::portal::{Portal, call_error};
use crate::cli::settings::PortalArgs;
use crate::error::Error;
use crate::hubspot::{CallError, Client, LinkType, PropertyForm, SchemaParts};
use crate::model::schema::{ObjectType, Schema};
use crate::output::{Privacy, Target};

/// Keep a copy of what the portal defines: properties and rules for their values, groups,
/// pipelines, stages, owners, labels and limits of links
#[derive(Debug, Args)]
pub struct PullArgs {
    /// The .toml file for the copy; an older copy is replaced [default: in the user's
    /// cache folder, where `check` finds it]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file even if it is not a copy of a portal
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Runs `schema pull`.
pub async fn run(args: &PullArgs, console: &Console) -> Result<Exit, Error> {
    let target = args
        .output
        .as_ref()
        .map(|path| place::target(path, args.force));
    let target = target.transpose()?;
    let portal = Portal::open(&args.portal, console).await?;
    let pulled = pull(&portal, SchemaParts::default(), console).await;
    portal.close().await;
    let copy = pulled?;
    let target = match target {
        Some(target) => target,
        None => place::place(copy.portal_id)?,
    };
    let text = copy.text().map_err(Error::unexpected)?;
    target.write(&text, Privacy::Private)?;
    let file = match &target {
        Target::File(path) => path.display().to_string(),
        // stdout is the copy.
        Target::Stdout(_) | Target::Device(_) => return Ok(Exit::Fine),
    };
    console.say(&format!(
        "portal {}: {} ticket properties, {} pipelines, {} owners, written to {file}",
        copy.portal_id,
        copy.schema.tickets.len(),
        copy.schema.pipelines.len(),
        copy.schema.owners.len(),
    ));
    console.result(&json!({"portal": copy.portal_id, "file": file}));
    Ok(Exit::Fine)
}

/// Asks a portal for everything that it defines and the token may read; what is `needed`
/// must be readable.
pub async fn pull(
    portal: &Portal,
    needed: SchemaParts,
    console: &Console,
) -> Result<PortalCopy, Error> {
    let copy = copy_of(portal, needed, console).await;
    copy.map_err(call_error)
}

/// What `pull` gives; its error is the call that failed.
async fn copy_of(
    portal: &Portal,
    needed: SchemaParts,
    console: &Console,
) -> Result<PortalCopy, CallError> {
    let client = &portal.client;
    let permitted = permitted(client, needed, SchemaParts::ALL, console).await?;
    let archived = archived(client).await?;
    let groups = client.property_groups(ObjectType::Tickets).await;
    let custom = custom_kinds(&permitted.schema);
    let usage = allowed(client.daily_usage().await)?;
    let link_limits = client.link_limits().await?;
    let rules = client.value_rules().await?;
    let left_out = LeftOut {
        link_limits: link_limits.is_none(),
        rules: rules.is_none(),
        ..permitted.left_out
    };
    let links = links(client, &custom).await?;
    let back = links_back(client, &links).await?;
    Ok(PortalCopy {
        links_back: back,
        portal_id: portal.account.portal_id,
        pulled: client.portal_now().unwrap_or(Timestamp::UNIX_EPOCH),
        daily_calls: usage.flatten().map(|usage| usage.limit),
        burst: client.burst(),
        schema: permitted.schema,
        left_out,
        link_limits: link_limits.unwrap_or_default(),
        rules: rules.unwrap_or_default(),
        archived,
        groups: groups?,
        links,
        forms: forms(client).await?,
        locked_stages: client.locked_stages().await?,
        others: others(client, &custom).await?,
    })
}

/// The portal's custom objects.
fn custom_kinds(schema: &Schema) -> Vec<ObjectType> {
    let custom = schema.custom.iter();
    custom
        .map(|custom| ObjectType::Custom(custom.object))
        .collect()
}

/// Further details of ticket and contact properties.
async fn forms(
    client: &Client,
) -> Result<BTreeMap<ObjectType, BTreeMap<String, PropertyForm>>, CallError> {
    let mut forms = BTreeMap::new();
    for object in [ObjectType::Tickets, ObjectType::Contacts] {
        if let Some(found) = allowed(client.property_forms(object).await)? {
            let _none = forms.insert(object, found);
        }
    }
    Ok(forms)
}

/// Names of archived ticket properties.
pub async fn archived(client: &Client) -> Result<Vec<String>, CallError> {
    let archived = client.properties(ObjectType::Tickets, true).await?;
    Ok(archived.into_iter().map(|property| property.name).collect())
}

/// The part of a portal's definitions that a token may read.
pub struct Permitted {
    /// The definitions.
    pub schema: Schema,
    /// What it may not read.
    pub left_out: LeftOut,
}

/// Reads the parts that are needed, and those that are wanted if the token may read
/// them: tickets can be imported and shown without them.
pub async fn permitted(
    client: &Client,
    needed: SchemaParts,
    wanted: SchemaParts,
    console: &Console,
) -> Result<Permitted, CallError> {
    let mut schema = client.schema(needed).await?;
    let mut left_out = LeftOut::default();
    if wanted.contacts && !needed.contacts {
        let contacts = client.properties(ObjectType::Contacts, false).await;
        match unless_denied(contacts)? {
            Some(contacts) => {
                let named = contacts.into_iter().map(|p| (p.name.clone(), p));
                schema.contacts = named.collect();
            }
            None => left_out.contacts = true,
        }
    }
    if wanted.owners && !needed.owners {
        match unless_denied(client.owners().await)? {
            Some(owners) => schema.owners = owners,
            None => left_out.owners = true,
        }
    }
    if wanted.custom && !needed.custom {
        match unless_denied(client.custom_objects().await)? {
            Some(custom) => schema.custom = custom,
            None => left_out.custom = true,
        }
    }
    left_out.say(console);
    Ok(Permitted { schema, left_out })
}

impl LeftOut {
    fn say(&self, console: &Console) {
        if self.contacts {
            console.say("the token may not read properties of contacts; they are left out");
        }
        if self.owners {
            console.say(
                "the token may not read owners (scope crm.objects.owners.read); they are left out",
            );
        }
        if self.custom {
            console.say(
                "the token may not read custom objects (scope crm.schemas.custom.read); they are \
             left out",
            );
        }
    }
}

fn unless_denied<T>(outcome: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(CallError::Denied(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Properties of the other kinds of record, as far as links need them: which have unique
/// values.
async fn others(
    client: &Client,
    custom: &[ObjectType],
) -> Result<BTreeMap<ObjectType, BTreeMap<String, bool>>, CallError> {
    let mut others = BTreeMap::new();
    let is_other =
        |object: &ObjectType| !matches!(object, ObjectType::Tickets | ObjectType::Contacts);
    let known = ObjectType::ALL.into_iter().filter(is_other);
    for object in known.chain(custom.iter().copied()) {
        if let Some(properties) = allowed(client.properties(object, false).await)? {
            let unique = properties.into_iter().map(|p| (p.name, p.unique));
            let _none = others.insert(object, unique.collect());
        }
    }
    Ok(others)
}

/// Kinds of link that the token may see.
async fn links(
    client: &Client,
    custom: &[ObjectType],
) -> Result<Vec<(ObjectType, LinkType)>, CallError> {
    let mut links = Vec::new();
    for to in ObjectType::ALL.into_iter().chain(custom.iter().copied()) {
        let types = allowed(client.link_types(ObjectType::Tickets, to).await)?;
        links.extend(types.into_iter().flatten().map(|link| (to, link)));
    }
    Ok(links)
}

/// Labels that an admin made, from other records to tickets: each direction has its own
/// type and limits.
async fn links_back(
    client: &Client,
    links: &[(ObjectType, LinkType)],
) -> Result<Vec<(ObjectType, LinkType)>, CallError> {
    let own = links.iter().filter(|(_, link)| link.is_users());
    let mut kinds: Vec<ObjectType> = own.map(|(to, _)| *to).collect();
    // Between tickets both directions are among the labels already.
    kinds.retain(|to| *to != ObjectType::Tickets);
    kinds.sort_unstable();
    kinds.dedup();
    let mut back = Vec::new();
    for from in kinds {
        let types = allowed(client.link_types(from, ObjectType::Tickets).await)?;
        let own = types.into_iter().flatten();
        let own = own.filter(LinkType::is_users);
        back.extend(own.map(|link| (from, link)));
    }
    Ok(back)
}

/// The result, or nothing if the token may not ask or the portal has no such thing.
fn allowed<T>(outcome: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(CallError::Denied(_) | CallError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
