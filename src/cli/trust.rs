//! A run folder is data, not orders: what it says about places outside of it counts
//! only if the user's registry says the same of the run in this folder, or if this
//! command line names the place. HubSpot's own address needs neither.

use std::path::{Path, PathBuf};

use super::command_line::CommandLine;
use super::find_runs;
use super::registry::Entry;
use super::settings::PortalArgs;
use crate::error::Error;
use crate::journal::{PortalPath, RunOptions};
use crate::output::resolved;

/// What a run folder says about places outside of it.
pub struct RunPlaces<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// Id of the run, as it says.
    pub run: &'a str,
    /// How its portal is reached.
    pub portal: &'a PortalPath,
    /// Where it writes.
    pub target: Option<&'a Path>,
}

/// Fills in the portal of a run if none is given, once it is confirmed.
///
/// # Errors
/// When a place is not confirmed; the error names it and how to allow it. Nothing has
/// been called or written by then.
pub fn go_to(
    claims: &RunPlaces<'_>,
    args: &mut PortalArgs,
    output: Option<&Path>,
) -> Result<(), Error> {
    let entry = find_runs::vouched(claims.folder, claims.run);
    check_portal(claims, args, entry.as_ref())?;
    if let Some(target) = claims.target {
        check_target(claims, target, output, entry.as_ref())?;
    }
    if let Some(entry) = &entry {
        args.take_secret_files(entry.token_file.as_deref(), entry.oauth_file.as_deref());
    }
    args.go_to(claims.portal)
}

/// The options of a run, once the places that files come from or go to are confirmed: by
/// the registry for the run's own options, by this command line for others.
///
/// # Errors
/// When only the run folder names such a place.
pub fn files(
    folder: &Path,
    run: &str,
    run_options: RunOptions,
    typed: &CommandLine,
) -> Result<RunOptions, Error> {
    let typed = typed.run_options();
    let places = ["attachments", "attachment-host"];
    let claimed = places.iter().find_map(|name| {
        let value = run_options.option(name)?;
        (typed.option(name) != Some(value)).then_some((*name, value))
    });
    match claimed {
        Some((name, value)) if find_runs::vouched(folder, run).is_none() => Err(Error::must_fix(format!(
            "the files of the run {} are at {value}, which only its run folder says: it may come \
             from somebody else",
            folder.display()
        ))
        .advise(format!("if that is yours, add `--{name} {value}`"))),
        _ => Ok(run_options),
    }
}

fn check_portal(
    claims: &RunPlaces<'_>,
    args: &PortalArgs,
    entry: Option<&Entry>,
) -> Result<(), Error> {
    let is_known = entry.is_some_and(|entry| entry.portal == *claims.portal);
    match claims.portal {
        _ if is_known => Ok(()),
        PortalPath::Url(url) if args.names_address() || args.is_usual(url) => Ok(()),
        PortalPath::Url(url) => Err(unknown_address(claims, url)),
        PortalPath::Named { name, .. } if args.names_profile(name) => Ok(()),
        PortalPath::Named { url, .. } if args.has_typed_secret() => match args.is_usual(url) {
            true => Ok(()),
            false if args.names_address() => Ok(()),
            false => Err(unknown_address(claims, url)),
        },
        PortalPath::Named { name, .. } => Err(unknown(
            claims,
            &format!("goes to the portal `{name}`"),
            &format!("--portal {name}"),
        )),
        PortalPath::Sandbox(folder) if args.names_sandbox(folder) => Ok(()),
        PortalPath::Sandbox(folder) if is_inside(folder, claims.folder) => Ok(()),
        PortalPath::Sandbox(folder) => {
            let folder = folder.display();
            Err(unknown(
                claims,
                &format!("has its sandbox in {folder}"),
                &format!("--sandbox-data {folder}"),
            ))
        }
    }
}

fn check_target(
    claims: &RunPlaces<'_>,
    target: &Path,
    output: Option<&Path>,
    entry: Option<&Entry>,
) -> Result<(), Error> {
    let shown = target.display();
    if let Some(output) = output {
        return match resolved(output).is_ok_and(|output| output == target) {
            true => Ok(()),
            false => Err(Error::usage(format!(
                "the export goes to {shown}, not to {}",
                output.display()
            ))
            .advise("leave --output out, or start a new export")),
        };
    }
    match entry.is_some_and(|entry| entry.target.as_deref() == Some(target)) {
        true => Ok(()),
        false => Err(unknown(
            claims,
            &format!("writes {shown}"),
            &format!("--output {shown}"),
        )),
    }
}

fn is_inside(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| -> Option<PathBuf> { path.canonicalize().ok() };
    matches!((real(path), real(folder)), (Some(path), Some(folder)) if path.starts_with(&folder))
}

fn unknown(claims: &RunPlaces<'_>, what: &str, flag: &str) -> Error {
    let run = claims.folder.display();
    Error::must_fix(format!(
        "the run {run} {what}, which only its run folder says: it may come from somebody else"
    ))
    .advise(format!("if that is yours, add `{flag}`"))
}

fn unknown_address(claims: &RunPlaces<'_>, url: &str) -> Error {
    unknown(
        claims,
        &format!("calls {url}"),
        &format!("--base-url {url}"),
    )
}
