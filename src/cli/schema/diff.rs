//! `tickethaul schema diff`: what the portal lacks for a mapping.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::lacking::Lacking;
use super::store::SchemaFrom;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::mapping_file::read_mapping;
use crate::error::Error;
use crate::hubspot::SchemaParts;
use crate::model::visible::one_line;

/// Show what the portal lacks for a mapping; exit code 4 if it lacks anything
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The mapping
    #[arg(short, long, value_name = "MAPPING")]
    mapping: PathBuf,
    #[command(flatten)]
    from: SchemaFrom,
}

/// What to do when a portal and a mapping differ.
pub const REMEDY: &str = "change the [[property]] of the mapping, take it out to use the property \
                          as the portal has it, or change the property in HubSpot";

/// Runs `schema diff`.
pub async fn run(args: &DiffArgs, console: &Console) -> Result<Exit, Error> {
    let mapping = read_mapping(&args.mapping, console)?;
    let copy = args.from.read(SchemaParts::default(), console).await?;
    let lacking = Lacking::of(mapping.new_properties(), &copy.schema, &copy.archived);
    let lacking = lacking.grouped(&copy.groups);
    show(&lacking, console);
    console.result(&json!({"portal": copy.portal_id, "lacking": lacking.json()}));
    Ok(match lacking.is_empty() {
        true => Exit::Fine,
        false => Exit::Found,
    })
}

/// Shows what is lacking.
pub fn show(lacking: &Lacking, console: &Console) {
    if lacking.is_empty() {
        console.say("the portal has every property that the mapping needs");
        return;
    }
    let words = lacking.words();
    if !words.is_empty() {
        let words: Vec<_> = words.iter().map(|words| one_line(words)).collect();
        console.say_lines(&format!("the portal lacks\n  {}", words.join("\n  ")));
    }
    for words in &lacking.clashes {
        console.say(words);
    }
    if !lacking.clashes.is_empty() {
        console.say(REMEDY);
    }
}
