//! How a portal is opened: one with an address is called, the embedded sandbox is started
//! first, as the twin of another portal where one is named.

use std::path::Path;

use super::console::Console;
use super::portal::{Portal, connect, same_account, sandbox_error};
use super::settings::{Chosen, PortalArgs, SANDBOX_STATE, config, exposed};
use super::twin::Twin;
use crate::error::Error;
use crate::hubspot::{Credentials, Token};
use crate::sandbox;

impl Portal {
    /// Opens the portal that the arguments name; starts the sandbox if that is it. Asks which
    /// account it is, and reports that before anything else, with how it was chosen.
    pub async fn open(args: &PortalArgs, console: &Console) -> Result<Portal, Error> {
        let chosen = args.chosen()?;
        args.refuse_empty(&chosen)?;
        Portal::open_chosen(args, &chosen, console).await
    }

    /// Opens a portal that has already been chosen.
    pub async fn open_chosen(
        args: &PortalArgs,
        chosen: &Chosen,
        console: &Console,
    ) -> Result<Portal, Error> {
        let opened = Portal::reach(args, chosen, console).await;
        match &opened {
            Ok(portal) => console.say(&format!("{}: {}", portal.name(), args.choice(chosen))),
            // The error should say which portal was meant.
            Err(_) if !matches!(chosen, Chosen::Nothing) => {
                console.say(&format!("portal: {}", args.choice(chosen)));
            }
            Err(_) => {}
        }
        opened
    }

    async fn reach(args: &PortalArgs, chosen: &Chosen, console: &Console) -> Result<Portal, Error> {
        if let Some(path) = exposed(chosen, args) {
            console.say(&format!(
                "{} can be read by other users of this machine: `chmod 600` keeps it to yourself",
                path.display()
            ));
        }
        let mut is_twin = false;
        let (base_url, settings, sandbox) = match chosen {
            chosen if chosen.is_sandbox() => {
                let folder = args.made_sandbox_folder(chosen)?;
                let reset = args.reset_words(chosen);
                let twin = twin_in(&folder, args.like(chosen), &reset, console).await?;
                is_twin = twin.is_some();
                let (sandbox, token) = start_sandbox(&folder, twin).await?;
                let settings = args.settings_with(Credentials::Token(token), chosen);
                (sandbox.base_url(), settings, Some(sandbox))
            }
            chosen => (args.url(chosen), args.settings(chosen).await?, None),
        };
        let (client, account) = connect(&base_url, settings, &args.token_from(chosen)).await?;
        if let Chosen::Named(profile, _) = chosen {
            same_account(profile, &account, &config()?)?;
        }
        Ok(Portal {
            client,
            account,
            sandbox,
            is_twin,
        })
    }
}

/// The twin for a sandbox's folder. An existing sandbox is the twin that it was made
/// as, or none.
async fn twin_in(
    folder: &Path,
    like: Option<&str>,
    reset: &str,
    console: &Console,
) -> Result<Option<Twin>, Error> {
    let held = Twin::in_folder(folder)?;
    let Some(like) = like else {
        return Ok(held);
    };
    let state = folder.join(SANDBOX_STATE);
    match held {
        Some(twin) => {
            console.say(&format!("{}; `{reset}` starts over", twin.words()));
            Ok(Some(twin))
        }
        None if state.exists() => {
            Err(
                Error::usage(format!("the sandbox in {} is not a twin", folder.display())).advise(
                    format!("name another folder with --sandbox-data, or empty it with `{reset}`"),
                ),
            )
        }
        None => {
            let twin = Twin::of(like, console).await?;
            twin.keep(folder)?;
            Ok(Some(twin))
        }
    }
}

async fn start_sandbox(
    folder: &Path,
    twin: Option<Twin>,
) -> Result<(sandbox::Sandbox, Token), Error> {
    let secret = sandbox::new_token().map_err(Error::unexpected)?;
    let token = Token::new(secret.clone()).map_err(Error::unexpected)?;
    let usual = sandbox::Options::default();
    let options = sandbox::Options {
        data: sandbox::Data::File(folder.join(SANDBOX_STATE)),
        token: Some(secret),
        rate: twin.as_ref().and_then(Twin::rate).unwrap_or(usual.rate),
        switches: twin.iter().flat_map(Twin::switches).collect(),
        like: twin.as_ref().map(Twin::blueprint).transpose()?,
        ..sandbox::Options::default()
    };
    let sandbox = sandbox::Sandbox::start(options)
        .await
        .map_err(sandbox_error)?;
    Ok((sandbox, token))
}
