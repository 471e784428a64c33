//! `tickethaul portal list` and `show`: what the configuration says of portals, without
//! anything secret.

use clap::Args;
use comfy_table::Table;
use serde_json::{Value, json};

use super::add::option_of;
use super::report::found_text;
use super::report::known_json;
use crate::cli::config::{Config, Profile, SANDBOX, Source};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::portal_facts::PortalFacts;
use crate::cli::settings::{SANDBOX_STATE, config, named_sandbox};
use crate::error::Error;
use crate::sandbox;

/// List the portals that have names, and where the configuration is
#[derive(Debug, Args)]
pub struct ListArgs {}

/// Show what is known of a portal that has a name
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The name [default: the default portal]
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// Runs `portal list`.
pub fn run(_args: &ListArgs, console: &Console) -> Result<Exit, Error> {
    let config = config()?;
    let place = config.path().display();
    match config.portals().next() {
        None => console.say(&format!(
            "no portal has a name yet; `tickethaul portal add` writes them to {place}"
        )),
        Some(_) => console.show(&table(&config)),
    }
    if config.portals().next().is_some() {
        console.say(&format!("the configuration is {place}"));
    }
    match config.default_name() {
        Some(SANDBOX) => console.say("the default is the embedded sandbox"),
        Some(name) if !config.has(name) => console.say(&format!(
            "the default, `{name}`, is not a portal of the configuration: `tickethaul portal use` sets another one"
        )),
        Some(_) | None => {}
    }
    let portals: Vec<Value> = config
        .portals()
        .map(|profile| as_json(profile, &config))
        .collect();
    console.result(&json!({
        "file": place.to_string(), "default": config.default_name(), "portals": portals,
    }));
    Ok(Exit::Fine)
}

fn table(config: &Config) -> String {
    let mut table = Table::new();
    let _same = table.load_style(comfy_table::presets::NOTHING);
    let _same = table.set_header(["name", "portal", "token from", "defaults"]);
    for profile in config.portals() {
        let mark = match is_default(profile, config) {
            true => " (default)",
            false => "",
        };
        let _same = table.add_row([
            format!("{}{mark}", profile.name),
            portal_words(profile),
            profile.source.words(),
            defaults(profile).join(", "),
        ]);
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// Which portal it is: an account, or the state of a sandbox.
fn portal_words(profile: &Profile) -> String {
    match (state_of(profile), profile.id) {
        (Some(state), _) => state,
        (None, Some(id)) => id.to_string(),
        (None, None) => "not asked yet".to_owned(),
    }
}

/// The account of a portal, if known; a sandbox has it in its state.
fn account_of(profile: &Profile) -> Option<u64> {
    match profile.source {
        Source::Sandbox(_) => {
            let folder = named_sandbox(&profile.name).ok()?;
            sandbox::account_of(&folder.join(SANDBOX_STATE))
        }
        _ => profile.id,
    }
}

/// Where the state of a sandbox is.
fn state_of(profile: &Profile) -> Option<String> {
    let Source::Sandbox(_) = profile.source else {
        return None;
    };
    let folder = named_sandbox(&profile.name).ok()?;
    Some(folder.display().to_string())
}

fn is_default(profile: &Profile, config: &Config) -> bool {
    config.default_name() == Some(profile.name.as_str())
}

/// The options that it adds to a command line.
fn defaults(profile: &Profile) -> Vec<String> {
    let words = [
        profile.base_url.as_ref().map(|url| format!("at {url}")),
        profile.api.map(|api| format!("api {api}")),
        profile.rate.map(|rate| format!("rate {rate}")),
        profile
            .reserve
            .map(|percent| format!("reserve {percent} %")),
        profile
            .mapping
            .as_ref()
            .map(|path| format!("mapping {}", path.display())),
        profile
            .time_zone
            .as_ref()
            .map(|zone| format!("zone {zone}")),
    ];
    words.into_iter().flatten().collect()
}

fn as_json(profile: &Profile, config: &Config) -> Value {
    json!({
        "name": profile.name,
        "default": is_default(profile, config),
        "id": profile.id,
        "sandbox": state_of(profile),
        "token": option_of(&profile.source),
        "token_from": profile.source.words(),
        "base_url": profile.base_url,
        "api": profile.api.map(|api| api.to_string()),
        "rate": profile.rate.map(|rate| rate.to_string()),
        "reserve": profile.reserve,
        "mapping": profile.mapping,
        "time_zone": profile.time_zone,
    })
}

/// Runs `portal show`.
pub fn show(args: &ShowArgs, console: &Console) -> Result<Exit, Error> {
    let config = config()?;
    let name = args.name.as_deref().or(config.default_name());
    let name = name.ok_or_else(|| {
        Error::usage("no portal is the default").advise("name one of `tickethaul portal list`")
    })?;
    let profile = config.portal(name)?;
    let mut lines = vec![
        format!("name      {}", profile.name),
        format!("portal    {}", portal_words(profile)),
        format!("token     from {}", profile.source.words()),
    ];
    let defaults = defaults(profile);
    if !defaults.is_empty() {
        lines.push(format!("defaults  {}", defaults.join(", ")));
    }
    let known = account_of(profile).and_then(PortalFacts::of);
    match &known {
        Some(known) => lines.extend([String::new(), found_text(known)]),
        None => lines.push(format!(
            "found     nothing yet: `tickethaul portal check {}`",
            profile.name
        )),
    }
    console.show(&lines.join("\n"));
    let mut shown = as_json(profile, &config);
    shown["known"] = known.as_ref().map_or(Value::Null, known_json);
    console.result(&shown);
    Ok(Exit::Fine)
}
