//! `tickethaul portal use` and `remove`: which portal is the default, and removing a
//! portal's name.

use clap::Args;
use serde_json::json;

use crate::cli::config::{SANDBOX, Source};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::settings::{config, named_sandbox};
use crate::error::Error;

/// Make a portal the default for commands that name none
#[derive(Debug, Args)]
pub struct UseArgs {
    /// The name, or `sandbox`
    #[arg(value_name = "NAME", required_unless_present = "none")]
    name: Option<String>,
    /// Have no default for commands that name no portal
    #[arg(long, conflicts_with = "name")]
    none: bool,
}

/// Remove a portal's name from the configuration; the portal itself is not touched
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The name
    #[arg(value_name = "NAME")]
    name: String,
}

/// Runs `portal use`.
pub fn choose(args: &UseArgs, console: &Console) -> Result<Exit, Error> {
    let mut config = config()?;
    let name = args.name.as_deref();
    if let Some(name) = name.filter(|name| *name != SANDBOX) {
        let _known = config.portal(name)?;
    }
    config.set_default(name);
    config.write()?;
    console.say(&match name {
        Some(name) => format!("`{name}` is the default portal now"),
        None => "no portal is the default now".to_owned(),
    });
    console.result(&json!({"default": name}));
    Ok(Exit::Fine)
}

/// Runs `portal remove`.
pub fn remove(args: &RemoveArgs, console: &Console) -> Result<Exit, Error> {
    let mut config = config()?;
    let name = &args.name;
    let profile = config.portal(name)?;
    let (id, is_sandbox) = (profile.id, matches!(profile.source, Source::Sandbox(_)));
    let was_default = config.default_name() == Some(name);
    config.remove(name);
    config.write()?;
    let default = match was_default {
        true => "; no portal is the default now",
        false => "",
    };
    let stays = match is_sandbox {
        true => format!("its state stays in {}", named_sandbox(name)?.display()),
        false => "its token is where it was".to_owned(),
    };
    console.say(&format!(
        "`{name}` is not the name of a portal any more{default}; {stays}"
    ));
    console.result(&json!({"removed": name, "id": id}));
    Ok(Exit::Fine)
}
