//! `tickethaul schema show`: what a portal defines, as tables.

use std::path::PathBuf;

use clap::Args;
use comfy_table::Table;
use serde_json::{Value, json};

use super::copy::PortalCopy;
use super::store::SchemaFrom;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::mapping_file::read_mapping;
use crate::error::Error;
use crate::hubspot::SchemaParts;
use crate::model::schema::{CustomObject, Owner, Pipeline, PropertyDef};
use crate::model::value_rule::ValueRule;
use crate::model::visible::one_line;

/// Labels of options that are shown.
const OPTIONS: usize = 8;

/// Show what the portal defines: ticket properties, pipelines with their stages, owners
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Show only the properties that this mapping writes
    #[arg(short, long, value_name = "MAPPING")]
    mapping: Option<PathBuf>,
    #[command(flatten)]
    from: SchemaFrom,
}

/// Runs `schema show`.
pub async fn run(args: &ShowArgs, console: &Console) -> Result<Exit, Error> {
    let mapping = match &args.mapping {
        Some(path) => Some(read_mapping(path, console)?),
        None => None,
    };
    let copy = args.from.read(SchemaParts::default(), console).await?;
    let names = mapping.as_ref().map(|mapping| mapping.property_names());
    let is_shown = |property: &&PropertyDef| {
        let names = names.as_ref();
        names.is_none_or(|names| names.contains(&property.name.as_str()))
    };
    let properties: Vec<&PropertyDef> = copy.schema.tickets.values().filter(is_shown).collect();
    console.show(&words(&copy, &properties));
    console.result(&schema_json(&copy, &properties));
    Ok(Exit::Fine)
}

fn words(copy: &PortalCopy, properties: &[&PropertyDef]) -> String {
    let mut text = format!("portal {}\n\n", copy.portal_id);
    let rows = properties.iter().map(|property| {
        [
            property.name.clone(),
            property.label.clone(),
            property.value_type.word().to_owned(),
            traits(property, copy.rules.get(&property.name)),
        ]
    });
    text += &table(["property", "label", "type", ""], rows);
    let stages = copy.schema.pipelines.iter().flat_map(stage_rows);
    text += &table(["pipeline", "stage", "id", ""], stages);
    let active = copy.schema.owners.iter().filter(|owner| !owner.archived);
    let owners = active.map(|owner| {
        [
            owner.full_name(),
            owner.email.clone(),
            owner.id.clone(),
            String::new(),
        ]
    });
    text += &table(["owner", "e-mail", "id", ""], owners);
    let custom = copy.schema.custom.iter().map(|custom| {
        [
            custom.name.clone(),
            custom.plural.clone(),
            custom.object.to_string(),
            String::new(),
        ]
    });
    if !copy.schema.custom.is_empty() {
        text += &table(["custom object", "label", "id", ""], custom);
    }
    text.trim_end().to_owned()
}

fn stage_rows(pipeline: &Pipeline) -> impl Iterator<Item = [String; 4]> {
    pipeline.stages.iter().map(|stage| {
        let closed = if stage.closed { "closed" } else { "" };
        [
            format!("{} ({})", pipeline.label, pipeline.id),
            stage.label.clone(),
            stage.id.clone(),
            closed.to_owned(),
        ]
    })
}

fn table(header: [&str; 4], rows: impl Iterator<Item = [String; 4]>) -> String {
    let mut table = Table::new();
    let _same = table
        .load_style(comfy_table::presets::NOTHING)
        .set_header(header)
        .add_rows(rows.map(|cells| cells.map(|cell| one_line(&cell).into_owned())));
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    format!("{}\n\n", lines.join("\n"))
}

/// What is special about a property, and its options.
fn traits(property: &PropertyDef, rules: Option<&Vec<ValueRule>>) -> String {
    let mut words = Vec::new();
    if property.unique {
        words.push("unique".to_owned());
    }
    if property.read_only {
        words.push("read-only".to_owned());
    }
    words.extend(rules.into_iter().flatten().map(ValueRule::words));
    let labels = property.options.iter().map(|option| option.label.clone());
    words.extend(labels.take(OPTIONS));
    if property.options.len() > OPTIONS {
        words.push(format!("and {} more", property.options.len() - OPTIONS));
    }
    words.join(", ")
}

fn schema_json(copy: &PortalCopy, properties: &[&PropertyDef]) -> Value {
    json!({
        "version": 1,
        "portal": copy.portal_id,
        "pulled": copy.pulled.to_string(),
        "daily_calls": copy.daily_calls,
        "properties": properties.iter().map(|one| property_json(one)).collect::<Vec<_>>(),
        "rules": copy.rules,
        "pipelines": copy.schema.pipelines.iter().map(pipeline_json).collect::<Vec<_>>(),
        "owners": copy.schema.owners.iter().map(owner_json).collect::<Vec<_>>(),
        "custom_objects": copy.schema.custom.iter().map(custom_json).collect::<Vec<_>>(),
    })
}

fn custom_json(custom: &CustomObject) -> Value {
    json!({
        "id": custom.object.to_string(),
        "name": custom.name,
        "full_name": custom.full_name,
        "singular": custom.singular,
        "plural": custom.plural,
    })
}

fn property_json(property: &PropertyDef) -> Value {
    let options = property.options.iter();
    let options: Vec<Value> = options
        .map(|option| json!({"value": option.value, "label": option.label}))
        .collect();
    json!({
        "name": property.name,
        "label": property.label,
        "type": property.value_type.word(),
        "unique": property.unique,
        "read_only": property.read_only,
        "options": options,
    })
}

fn pipeline_json(pipeline: &Pipeline) -> Value {
    let stages = pipeline.stages.iter();
    let stages: Vec<Value> = stages
        .map(|stage| json!({"id": stage.id, "label": stage.label, "closed": stage.closed}))
        .collect();
    json!({"id": pipeline.id, "label": pipeline.label, "stages": stages})
}

fn owner_json(owner: &Owner) -> Value {
    json!({
        "id": owner.id,
        "email": owner.email,
        "name": owner.full_name(),
        "archived": owner.archived,
    })
}
