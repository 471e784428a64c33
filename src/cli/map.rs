//! `tickethaul map`: a mapping proposed for a file, mappings checked by themselves, and
//! the JSON Schema of the language. None of it calls a portal.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::console::Console;
use super::exit::Exit;
use super::mapping_file::read_mapping;
use super::output::new_file;
use super::preview::preview_proposed;
use crate::error::Error;
use crate::import::read::{Input, Sources};
use crate::import::survey::{DialectSurvey, survey_dialect};
use crate::mapping::propose::{
    Preset, Proposed, Survey, from_preset, matches, proposal, recognise,
};
use crate::mapping::{JSON_SCHEMA, MappingFile, PRESETS};
use crate::model::dialect::Dialect;
use crate::model::shell;
use crate::output::{Privacy, Target};

/// Stands for "no system": only the columns are considered.
const NONE: &str = "none";

/// Mappings: propose one for a file, check them
#[derive(Debug, Subcommand)]
pub enum MapCommand {
    Init(InitArgs),
    List(ListArgs),
    Check(CheckArgs),
    Schema(SchemaArgs),
}

/// Propose a mapping for a CSV file: that of the system it comes from, or matches of its columns
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The CSV file or spreadsheet (.xlsx, .xls, .ods)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Sheet of a spreadsheet, by name or number [default: the only one with content]
    #[arg(long, value_name = "SHEET")]
    sheet: Option<String>,
    /// The system that the file comes from, `none` to look only at the columns
    /// [default: recognised by the columns]
    #[arg(long, value_name = "SYSTEM", value_parser = systems())]
    from: Option<String>,
    /// The .toml file that the mapping goes to [default: stdout]
    #[arg(short, long, value_name = "MAPPING")]
    output: Option<PathBuf>,
    /// Replace the file if it already exists
    #[arg(long, requires = "output")]
    force: bool,
}

/// Check mappings by themselves: grammar, keys, zones, formats, templates, files beside them
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The mappings
    #[arg(value_name = "MAPPING", required = true)]
    mappings: Vec<PathBuf>,
}

/// List the built-in mappings, which `-m NAME` and `map init --from NAME` take
#[derive(Debug, Args)]
pub struct ListArgs {}

/// Print the JSON Schema of mappings, for editors
#[derive(Debug, Args)]
pub struct SchemaArgs {}

fn systems() -> PossibleValuesParser {
    PossibleValuesParser::new(PRESETS.map(|(name, _)| name).into_iter().chain([NONE]))
}

/// Runs a map command.
pub fn run(command: MapCommand, console: &Console) -> Result<Exit, Error> {
    match command {
        MapCommand::Init(args) => init(&args, console),
        MapCommand::List(ListArgs {}) => {
            list(console);
            Ok(Exit::Fine)
        }
        MapCommand::Check(args) => check(&args, console),
        MapCommand::Schema(SchemaArgs {}) => {
            console.data(JSON_SCHEMA);
            Ok(Exit::Fine)
        }
    }
}

fn init(args: &InitArgs, console: &Console) -> Result<Exit, Error> {
    // A mapping that people have edited is not overwritten.
    let toml = |path: &PathBuf| new_file(path, &["toml"], args.force);
    let target = args.output.as_ref().map(toml).transpose()?;
    let sounded = read(args)?;
    let (survey, dialect) = (&sounded.survey.cells, &sounded.dialect);
    let preset = preset_of(args, survey);
    let file = args.file.file_name().unwrap_or_default().to_string_lossy();
    let Proposed { text, losses } = match &preset {
        Some(preset) => from_preset(preset, survey, dialect, &file),
        None => proposal(survey, dialect, &file),
    };
    console.say(&found(preset.as_ref(), args.from.is_some(), survey));
    let losses_in_words = losses.iter().map(|loss| format!("- {loss}"));
    let said = sounded.findings.iter().cloned().chain(losses_in_words);
    said.for_each(|line| console.say(&line));
    match &target {
        Some(target @ Target::File(path)) => {
            target.write(&text, Privacy::Usual)?;
            let (mapping, file) = (shell::path(path), shell::path(&args.file));
            let shown = path.display();
            console.say(&format!(
                "written to {shown}: go over it, then try it with `tickethaul import {file} -m {mapping} --portal sandbox`"
            ));
            console.result(&result(preset.as_ref(), survey, &losses));
        }
        Some(stream) => stream.write(&text, Privacy::Usual)?,
        None if console.is_json() => {
            let mut result = result(preset.as_ref(), survey, &losses);
            result["mapping"] = text.as_str().into();
            console.result(&result);
        }
        None => console.data(&text),
    }
    show_preview(args, dialect, &text, console)?;
    Ok(Exit::Fine)
}

/// The preset of the system that was named, else of the one that the columns look like.
fn preset_of(args: &InitArgs, survey: &Survey) -> Option<Preset> {
    match args.from.as_deref() {
        None => recognise(survey.headers()),
        Some(NONE) => None,
        Some(name) => Preset::find(name, survey.headers()),
    }
}

/// The first tickets by the mapping that was proposed.
fn show_preview(
    args: &InitArgs,
    dialect: &Dialect,
    text: &str,
    console: &Console,
) -> Result<(), Error> {
    let Ok(mapping) = MappingFile::parse("the proposal", text) else {
        return Ok(());
    };
    let shown = preview_proposed(Input::open(sources(args)?, dialect)?, &mapping)?;
    if !shown.is_empty() {
        console.say_lines(&format!("\n{shown}"));
    }
    Ok(())
}

/// The built-in mappings, one per line.
fn list(console: &Console) {
    let lines = PRESETS
        .iter()
        .map(|(name, text)| format!("{name:<12} {}", first_sentence(text)));
    console.show(&lines.collect::<Vec<_>>().join("\n"));
    let names: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
    console.result(&json!({"mappings": names}));
}

/// The first sentence of the comment that a mapping begins with.
fn first_sentence(mapping: &str) -> String {
    let lines = mapping.lines().map_while(|line| line.strip_prefix('#'));
    let lines = lines.take_while(|line| !line.trim().is_empty());
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let text = words.join(" ");
    match text.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => text,
    }
}

/// Surveys every cell of a file.
fn read(args: &InitArgs) -> Result<DialectSurvey, Error> {
    let dialect = Dialect::default();
    survey_dialect(Input::open(sources(args)?, &dialect)?, &dialect)
}

fn sources(args: &InitArgs) -> Result<Sources, Error> {
    let sources = Sources::find(std::slice::from_ref(&args.file), None)?;
    Ok(sources.with_sheet(args.sheet.as_deref()))
}

fn found(preset: Option<&Preset>, is_named: bool, survey: &Survey) -> String {
    let columns = survey.headers().len();
    match preset {
        Some(preset) => format!(
            "{} {}: the preset {} reads {} of the file's {columns} columns{}",
            if is_named {
                "taken as"
            } else {
                "recognised as"
            },
            preset.system,
            preset.name,
            preset.used.len(),
            match preset.complete {
                true => "",
                false => ", but the file lacks some that it needs",
            }
        ),
        None => format!(
            "no known system: {} of the file's {columns} columns look like properties of tickets and contacts",
            matches(survey).len()
        ),
    }
}

fn result(preset: Option<&Preset>, survey: &Survey, losses: &[String]) -> Value {
    let name = |idx: usize| survey.headers().name(idx).to_owned();
    let matches: Vec<Value> = match preset {
        Some(_) => Vec::new(),
        None => matches(survey)
            .into_iter()
            .map(|found| {
                json!({
                    "property": found.property,
                    "object": if found.of_contact { "contacts" } else { "tickets" },
                    "column": name(found.column),
                    "score": (found.score * 100.0).round() / 100.0,
                    "reason": found.reason,
                    "rival": found.rival.map(|(column, _)| name(column)),
                })
            })
            .collect(),
    };
    json!({
        "rows": survey.rows(),
        "system": preset.map(|preset| preset.name),
        "matches": matches,
        "losses": losses,
    })
}

fn check(args: &CheckArgs, console: &Console) -> Result<Exit, Error> {
    let mut failed = 0;
    for path in &args.mappings {
        match read_mapping(path, console) {
            Ok(_) => console.say(&format!("{}: nothing is wrong with it", path.display())),
            Err(error) => {
                failed += 1;
                console.error(&error);
            }
        }
    }
    console.result(&json!({"checked": args.mappings.len(), "wrong": failed}));
    Ok(match failed {
        0 => Exit::Fine,
        _ => Exit::Usage,
    })
}
