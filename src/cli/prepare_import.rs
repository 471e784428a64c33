//! What an import or a plan needs before its first row: a mapping that fits file and portal, what
//! the portal lacks for it, and the header.

use std::sync::Arc;

use super::compile_mapping::{Definitions, Intent, joined_words};
use super::console::Console;
use super::import_args::{ImportArgs, Op};
use super::mapping_file::{mapping_error, parse_mapping};
use super::portal::{Portal, call_error};
use super::running::new_run;
use super::schema::{Lacking, archived, refuse_clashes};
use super::{comments, portal_facts};
use crate::error::Error;
use crate::hubspot::{Account, Client};
use crate::import::flow::Operation;
use crate::import::links::LinkKinds;
use crate::import::read::Input;
use crate::journal::{Header, RunOptions};
use crate::mapping::{CompiledMapping, MappingErrors, MappingFile};
use crate::model::count::counted;
use crate::model::schema::{NewProperty, Schema};

/// The mapping, or everything that is wrong with it.
pub async fn open_mapping(args: &ImportArgs, console: &Console) -> Result<MappingFile, Error> {
    match parse_mapping(&args.mapping)? {
        Ok(mapping) => {
            let mapping = comments::with_typed(mapping, args.input.comments())?;
            args.files.fitted(mapping, console)
        }
        Err(errors) => {
            let errors = all_mistakes(errors, args, console).await;
            Err(mapping_error(&errors, console))
        }
    }
}

/// Names the columns that the mapping does not read. A case has one for each property that
/// HubSpot fills itself: those are counted only, so that the others are seen.
fn say_unused(unused: &[String], held: &Schema, console: &Console) {
    let is_filled_by_portal = |column: &&String| {
        let name = column.strip_prefix("properties.");
        let property = name.and_then(|name| held.tickets.get(name));
        property.is_some_and(|property| property.read_only)
    };
    let (filled, left): (Vec<&String>, Vec<&String>) = unused.iter().partition(is_filled_by_portal);
    let mut words: Vec<String> = left.into_iter().cloned().collect();
    if !filled.is_empty() {
        let columns = counted(filled.len() as u64, "column");
        words.push(format!("{columns} of properties that HubSpot fills itself"));
    }
    if !words.is_empty() {
        console.say(&format!("columns that nothing uses: {}", words.join(", ")));
    }
}

/// A mapping with mistakes is still checked against file and portal as far as possible,
/// so that all its mistakes are reported at once.
pub(super) async fn all_mistakes(
    errors: MappingErrors,
    args: &ImportArgs,
    console: &Console,
) -> MappingErrors {
    let insisted = errors.rest().map(|mapping| mapping.dialect().clone());
    let (Ok(input), Ok(portal)) = (
        args.input.open(&insisted.unwrap_or_default(), None),
        Portal::open(&args.portal, console).await,
    ) else {
        return errors;
    };
    let mapping = errors.rest();
    let parts = mapping.map(|mapping| intent(args, mapping, &input).parts());
    let schema = portal.client.schema(parts.unwrap_or_default()).await;
    portal.close().await;
    match schema {
        Ok(schema) => errors.and_against(input.headers(), &schema, args.op.purpose()),
        Err(_) => errors,
    }
}

/// A mapping that fits file and portal.
pub struct Fit {
    /// The mapping.
    pub compiled: Arc<CompiledMapping>,
    /// Its links, resolved in the portal.
    pub links: LinkKinds,
    /// What the portal defines once nothing is missing.
    pub complete: Schema,
    /// What has to be created before the first row.
    pub lacking: Lacking,
}

/// The options that depend on the portal.
pub(super) fn intent<'a>(
    args: &ImportArgs,
    mapping: &'a MappingFile,
    input: &'a Input,
) -> Intent<'a> {
    Intent {
        mapping,
        headers: input.headers(),
        operation: args.op.operation(),
        no_key: args.no_key,
    }
}

/// Checks the mapping against file and portal. Nothing is written.
pub async fn fit(
    args: &ImportArgs,
    mapping: &MappingFile,
    input: &Input,
    portal: &Portal,
    console: &Console,
) -> Result<Fit, Error> {
    let client = &portal.client;
    let intent = intent(args, mapping, input);
    let held = client.schema(intent.parts()).await.map_err(call_error)?;
    let used = |name: &str| mapping.property_names().contains(&name);
    let (id, operation) = (portal.account.portal_id, args.op.operation());
    let held = portal_facts::completed(held, id, operation, used, console);
    let lacking = lacking(args.op, args.no_key, mapping, &held, client).await?;
    refuse_clashes(&lacking)?;
    // A key that is not written counts as there: the mapping names it all the same.
    let complete = lacking.completed(&held);
    let complete = complete.with_tickets(&wanted(mapping, args.op));
    let definitions = Definitions::Portal(client);
    let (compiled, links) = intent.fit(&complete, definitions, console).await?;
    refuse_no_key(args, mapping, &held)?;
    say_undated(mapping, &compiled, args.op.operation(), console);
    announce_lacking(args, portal, &lacking, console)?;
    say_unused(compiled.unused_columns(), &held, console);
    joined_words(&compiled)
        .iter()
        .for_each(|words| console.say(words));
    Ok(Fit {
        compiled: Arc::new(compiled),
        links,
        complete,
        lacking,
    })
}

/// What the portal lacks for the properties that the operation writes.
pub async fn lacking(
    op: Op,
    no_key: bool,
    mapping: &MappingFile,
    held: &Schema,
    client: &Client,
) -> Result<Lacking, Error> {
    let key = mapping.key_property();
    let mut written = wanted(mapping, op);
    written.retain(|new| !(no_key && new.name == key));
    let mut lacks = written
        .iter()
        .map(|new| !held.tickets.contains_key(&new.name));
    let archived = match lacks.any(|lacks| lacks) {
        true => archived(client).await.map_err(call_error)?,
        false => Vec::new(),
    };
    let lacking = Lacking::of(&written, held, &archived);
    Ok(match op.operation().only_links() {
        // Links touch no property, so none is created for them.
        true => Lacking {
            clashes: lacking.clashes,
            ..Lacking::default()
        },
        false => lacking,
    })
}

/// Tickets are found by the key, so it has to exist.
pub(super) fn refuse_no_key(
    args: &ImportArgs,
    mapping: &MappingFile,
    held: &Schema,
) -> Result<(), Error> {
    let key = mapping.key_property();
    let defined = mapping.new_properties().iter().any(|new| new.name == key);
    if !args.op.operation().only_links() || !defined || held.tickets.contains_key(key) {
        return Ok(());
    }
    Err(Error::must_fix(format!(
        "the portal has no ticket property {key}, by which the rows name their tickets"
    ))
    .advise("nothing was written; import the tickets first, or name them by record_id"))
}

/// The `[[property]]` entries that matter for an operation. Archiving writes none.
pub fn wanted(mapping: &MappingFile, op: Op) -> Vec<NewProperty> {
    match op {
        Op::Archive => Vec::new(),
        _ => mapping.new_properties().to_vec(),
    }
}

/// What the portal lacks is created if asked for. The sandbox is for rehearsals:
/// everything is created there, with a note of what a portal would need.
pub(super) fn announce_lacking(
    args: &ImportArgs,
    portal: &Portal,
    lacking: &Lacking,
    console: &Console,
) -> Result<(), Error> {
    if !lacking.can_be_created() {
        return Ok(());
    }
    let words = format!("the portal lacks {}", lacking.names());
    let way = "add --create-properties, or run `tickethaul schema apply -m MAPPING` first";
    match (args.create_properties, portal.is_forgiving()) {
        (true, _) => console.say(&words),
        (false, true) => console.say(&format!("{words}; for a portal of your own {way}")),
        (false, false) => {
            return Err(Error::must_fix(words).advise(format!("nothing was written; {way}")));
        }
    }
    Ok(())
}

/// Tickets without a creation or closing date get the date of the import, which
/// falsifies a history.
pub(super) fn say_undated(
    mapping: &MappingFile,
    compiled: &CompiledMapping,
    operation: Operation,
    console: &Console,
) {
    let is_sent = |name: &str| {
        compiled
            .properties()
            .iter()
            .any(|property| *property.name == *name)
    };
    let why = |name: &str| match mapping.property_names().contains(&name) {
        true => format!("no value of {name} is sent"),
        false => format!("{name} is not mapped"),
    };
    if !operation.purpose().creates() {
        return;
    }
    if !is_sent("createdate") {
        let why = why("createdate");
        console.say(&format!("{why}: new tickets are dated today"));
    }
    if !is_sent("closed_date") && compiled.column_of("hs_pipeline_stage").is_some() {
        let why = why("closed_date");
        console.say(&format!(
            "{why}: new tickets in a closed stage are closed today"
        ));
    }
}

/// What a run works on, except its inputs.
pub fn header(
    args: &ImportArgs,
    run_options: RunOptions,
    mapping: &MappingFile,
    account: &Account,
    fit: &Fit,
) -> Result<Header, Error> {
    let mapping_path = std::path::absolute(&args.mapping)
        .map_err(|error| Error::usage("can't use the mapping's path").because(error))?;
    Ok(Header {
        run: new_run()?,
        parent: None,
        operation: args.op.operation().word().to_owned(),
        diff: matches!(args.op, Op::Update | Op::Upsert) && !args.blind,
        portal_id: account.portal_id,
        portal: args.portal.path()?,
        mapping_path,
        mapping_text: mapping.text().to_owned(),
        tables: mapping.tables().clone(),
        inputs: Vec::new(),
        schema: fit.complete.clone(),
        no_key: args.no_key,
        encoding: args.input.encoding(),
        delimiter: args.input.delimiter(),
        run_options,
        undoes: None,
        plan: None,
    })
}
