//! `tickethaul portal add`: a name for a portal, once its token has said which it is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgGroup, Args};
use serde_json::json;

use crate::cli::config::{
    COMMAND_SECONDS, Config, Named, Profile, SANDBOX, Source, check_name, source_of,
};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::portal::{Portal, connect};
use crate::cli::settings::{By, Chosen, PortalArgs, PortalName, config, named_sandbox};
use crate::error::Error;
use crate::hubspot::{ApiVersion, Rate};

/// Give a portal a name: where its token comes from, and its defaults; or make a sandbox of
/// that name
///
/// The portal is asked which account it is; the name is only ever used for that account.
/// The token itself is never kept.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("source").required(true))]
pub struct AddArgs {
    /// The name: letters, digits, `-`, `_` and `.`
    #[arg(value_name = "NAME", value_parser = name)]
    name: String,
    /// The environment variable that holds its token
    #[arg(
        long,
        value_name = "VARIABLE",
        group = "source",
        help_heading = "Token"
    )]
    token_env: Option<String>,
    /// The file that holds its token
    #[arg(long, value_name = "FILE", group = "source", help_heading = "Token")]
    token_file: Option<PathBuf>,
    /// The command, run by the shell, that prints its token, such as "op read op://…"
    #[arg(long, value_name = "COMMAND", group = "source", help_heading = "Token")]
    token_command: Option<String>,
    /// Seconds that the command may take
    #[arg(long, value_name = "SECONDS", default_value_t = COMMAND_SECONDS, value_parser = clap::value_parser!(u64).range(1..=3600), help_heading = "Token")]
    token_command_seconds: u64,
    /// The TOML file with client_id, client_secret and refresh_token of an OAuth app
    #[arg(long, value_name = "FILE", group = "source", help_heading = "Token")]
    oauth_file: Option<PathBuf>,
    /// A sandbox with its own state, which needs no token
    #[arg(long, group = "source", help_heading = "Token")]
    sandbox: bool,
    /// With --sandbox: the twin of a portal, by its name or by a copy that `schema pull -o`
    /// wrote
    #[arg(
        long,
        value_name = "NAME|FILE",
        requires = "sandbox",
        help_heading = "Token"
    )]
    like: Option<String>,
    /// Address of its API [default: HubSpot's]
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "sandbox",
        help_heading = "Defaults"
    )]
    base_url: Option<String>,
    /// Version of the API's paths
    #[arg(long, value_name = "VERSION", help_heading = "Defaults")]
    api: Option<ApiVersion>,
    /// Limit of calls, such as 100/10s
    #[arg(long, value_name = "N/10s", help_heading = "Defaults")]
    rate: Option<Rate>,
    /// Percent of its allowance that is left for others
    #[arg(long, value_name = "PERCENT", value_parser = percent, help_heading = "Defaults")]
    reserve: Option<f64>,
    /// The mapping for imports that name none: a file, or the name of a built-in one
    #[arg(long, value_name = "MAPPING", help_heading = "Defaults")]
    mapping: Option<PathBuf>,
    /// Time zone of datetimes for exports that name none, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", value_parser = zone, help_heading = "Defaults")]
    time_zone: Option<String>,
    /// Replace a portal of that name, and allow a second name for one account
    #[arg(long)]
    force: bool,
}

fn name(text: &str) -> Result<String, String> {
    match text {
        SANDBOX => Err("this is the name of the embedded portal".to_owned()),
        text => check_name(text).map(|()| text.to_owned()),
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').trim().parse::<f64>() {
        Ok(percent) if (0.0..100.0).contains(&percent) => Ok(percent),
        _ => Err("a number from 0 to 99 is expected".to_owned()),
    }
}

fn zone(text: &str) -> Result<String, String> {
    match jiff::tz::TimeZone::get(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("a time zone such as Europe/Berlin is expected".to_owned()),
    }
}

/// Runs `portal add`.
pub async fn run(args: AddArgs, console: &Console) -> Result<Exit, Error> {
    let mut config = config()?;
    let force = args.force;
    let mut profile = profile(args)?;
    if config.has(&profile.name) && !force {
        let message = format!("there is a portal `{}` already", profile.name);
        return Err(Error::usage(message).advise("`--force` replaces it"));
    }
    let args = PortalArgs::named(PortalName::Named(profile.name.clone()));
    let chosen = Chosen::of(profile.clone(), By::Flag);
    if chosen.is_sandbox() {
        let portal = Box::pin(Portal::open_chosen(&args, &chosen, console)).await?;
        portal.close().await;
        return written_sandbox(profile, config, console);
    }
    let settings = args.settings(&chosen).await?;
    let from = args.token_from(&chosen);
    let (_, account) = connect(&args.url(&chosen), settings, &from).await?;
    profile.id = Some(account.portal_id);
    refuse_twice(&profile, &config, force)?;
    let (name, id) = (profile.name.clone(), account.portal_id);
    let (kind, domain) = (account.kind(), &account.ui_domain);
    config.put(profile);
    config.write()?;
    let file = config.path().display();
    console.say(&format!(
        "`{name}` is portal {id} ({kind}, {domain}), written to {file}; choose it by --portal {name}, \
         or make it the default with `tickethaul portal use {name}`"
    ));
    console.result(&json!({"name": name, "id": id, "file": file.to_string()}));
    Ok(Exit::Fine)
}

/// A sandbox can't share its account with another: its state is its own.
fn written_sandbox(profile: Profile, mut config: Config, console: &Console) -> Result<Exit, Error> {
    let name = profile.name.clone();
    let folder = named_sandbox(&name)?;
    config.put(profile);
    config.write()?;
    let (file, state) = (config.path().display(), folder.display());
    console.say(&format!(
        "`{name}` is a sandbox with its state in {state}, written to {file}; choose it by --portal {name}, \
         empty it by `tickethaul sandbox reset {name}`"
    ));
    console.result(&json!({"name": name, "sandbox": state.to_string(), "file": file.to_string()}));
    Ok(Exit::Fine)
}

/// One account with two names is usually a mistake: a token in the wrong place.
fn refuse_twice(profile: &Profile, config: &Config, force: bool) -> Result<(), Error> {
    let id = profile.id.unwrap_or_default();
    let other = config.others_with(id, &profile.name).filter(|_| !force);
    let Some(other) = other else {
        return Ok(());
    };
    let message = format!(
        "the token belongs to portal {id}, which is there already, as `{}` with its token from {}",
        other.name,
        other.source.words()
    );
    Err(Error::must_fix(message).advise(format!(
        "nothing was written; use that name, give the token of another portal, or add `{}` with --force",
        profile.name
    )))
}

fn profile(args: AddArgs) -> Result<Profile, Error> {
    let limit = Duration::from_secs(args.token_command_seconds);
    let command = args.token_command.map(|line| (line, limit));
    let file = args.token_file.as_deref().map(absolute).transpose()?;
    let oauth_file = args.oauth_file.as_deref().map(absolute).transpose()?;
    let like = args.like.as_deref().map(copy_or_name).transpose()?;
    let source = source_of(Named {
        variable: args.token_env,
        file,
        command,
        oauth_file,
        sandbox: args.sandbox,
        like,
    });
    let mapping = args.mapping.as_deref().map(mapping).transpose()?;
    Ok(Profile {
        name: args.name,
        id: None,
        source: source.map_err(Error::usage)?,
        base_url: args.base_url,
        api: args.api,
        rate: args.rate,
        reserve: args.reserve,
        mapping,
        time_zone: args.time_zone,
    })
}

/// A copy by its absolute path; the name of a portal is left as it is.
fn copy_or_name(like: &str) -> Result<String, Error> {
    match like.ends_with(".toml") {
        true => Ok(absolute(Path::new(like))?.display().to_string()),
        false => Ok(like.to_owned()),
    }
}

/// A file by its absolute path; the name of a built-in mapping is left as it is.
fn mapping(path: &Path) -> Result<PathBuf, Error> {
    match path.exists() {
        true => absolute(path),
        false => {
            // Whether there is such a mapping or portal is checked elsewhere.
            let _mapping = crate::cli::mapping_file::parse_mapping(path)?;
            Ok(path.to_owned())
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path)
        .map_err(|error| Error::usage(format!("can't use {}", path.display())).because(error))
}

/// Where its token comes from, as options.
pub fn option_of(source: &Source) -> &'static str {
    match source {
        Source::Variable(_) => "token-env",
        Source::File(_) => "token-file",
        Source::Command(..) => "token-command",
        Source::OAuthFile(_) => "oauth-file",
        Source::Sandbox(_) => "sandbox",
    }
}
