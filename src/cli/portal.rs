//! The portal of a command: a client, and the embedded sandbox when that is it.

use std::path::Path;

use super::config::{Config, Profile};
use super::settings::{Chosen, PortalArgs, SANDBOX_STATE, config, exposed};
use super::talk::Talk;
use super::twin::Twin;
use crate::error::Error;
use crate::hubspot::error::CallError;
use crate::hubspot::{Account, Client, Credentials, Settings, Token, Wait};
use crate::report::{duration, in_time};
use crate::sandbox;

/// A portal that can be called. The sandbox lives as long as this.
pub struct Portal {
    /// Calls it.
    pub client: Client,
    /// The account that it is.
    pub account: Account,
    sandbox: Option<sandbox::Sandbox>,
    is_twin: bool,
}

impl Portal {
    /// Opens the portal that the arguments name; starts the sandbox if that is it. Asks
    /// which account it is, and says so first of all, with what it was chosen by.
    pub async fn open(args: &PortalArgs, talk: &Talk) -> Result<Portal, Error> {
        let chosen = args.chosen()?;
        args.refuse_empty(&chosen)?;
        Portal::open_chosen(args, &chosen, talk).await
    }

    /// Opens a portal that was chosen already.
    pub async fn open_chosen(
        args: &PortalArgs,
        chosen: &Chosen,
        talk: &Talk,
    ) -> Result<Portal, Error> {
        let opened = Portal::reach(args, chosen, talk).await;
        match &opened {
            Ok(portal) => talk.say(&format!("{}: {}", portal.name(), args.choice(chosen))),
            // Whoever reads the error should know which portal was meant.
            Err(_) if !matches!(chosen, Chosen::Nothing) => {
                talk.say(&format!("portal: {}", args.choice(chosen)));
            }
            Err(_) => {}
        }
        opened
    }

    async fn reach(args: &PortalArgs, chosen: &Chosen, talk: &Talk) -> Result<Portal, Error> {
        if let Some(path) = exposed(chosen, args) {
            talk.say(&format!(
                "{} can be read by other users of this machine: `chmod 600` keeps it to yourself",
                path.display()
            ));
        }
        let mut is_twin = false;
        let (base_url, settings, sandbox) = match chosen {
            chosen if chosen.is_sandbox() => {
                let folder = args.made_sandbox_folder(chosen)?;
                let reset = args.reset_words(chosen);
                let twin = twin_in(&folder, args.like(chosen), &reset, talk).await?;
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

    /// Which portal it is, for people: `portal 4711 (standard, app.hubspot.com)`.
    pub fn name(&self) -> String {
        let Account {
            portal_id,
            ui_domain,
            ..
        } = &self.account;
        let traits = [self.account.kind(), ui_domain.clone()];
        let traits: Vec<String> = traits.into_iter().filter(|word| !word.is_empty()).collect();
        match traits.as_slice() {
            [] => format!("portal {portal_id}"),
            traits => format!("portal {portal_id} ({})", traits.join(", ")),
        }
    }

    /// The same for a question: whether it is a rehearsal matters there.
    pub fn name_in_question(&self) -> String {
        let place = if self.is_sandbox() {
            ", the embedded sandbox"
        } else {
            ""
        };
        format!("{}{place}", self.name())
    }

    /// True for the embedded sandbox, where nothing can be spoilt.
    pub fn is_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }

    /// True for a sandbox that gets what it lacks without being asked: the twin of a portal
    /// lacks what that portal lacks.
    pub fn is_forgiving(&self) -> bool {
        self.is_sandbox() && !self.is_twin
    }

    /// Ends it; the sandbox's state is safe then.
    pub async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// A client of the portal at an address, and the account that it is; `token_from` says where
/// its token comes from.
pub async fn connect(
    base_url: &str,
    settings: Settings,
    token_from: &str,
) -> Result<(Client, Account), Error> {
    let client = Client::connect(base_url, settings).map_err(Error::usage)?;
    client.tell_waits(Box::new(|wait| Talk::remark(&wait_words(wait))));
    let account = client.account().await;
    let account = account.map_err(|error| first_error(error, base_url, token_from))?;
    Ok((client, account))
}

/// Refuses a token that leads to another account than that of the name.
fn same_account(profile: &Profile, account: &Account, config: &Config) -> Result<(), Error> {
    let (name, found) = (&profile.name, account.portal_id);
    if profile.id == Some(found) {
        return Ok(());
    }
    let other = config.others_with(found, name);
    let other = other.map(|other| format!(", which is `{}`", other.name));
    let words = match (profile.id, &other) {
        (None, None) => return Ok(()),
        (None, Some(other)) => {
            format!("the token of `{name}` belongs to portal {found}{other}: two names, one portal")
        }
        (Some(id), _) => format!(
            "`{name}` is portal {id}, and its token belongs to portal {found}{}",
            other.unwrap_or_default()
        ),
    };
    Err(Error::mend(words).advise(format!(
        "nothing was written; correct where its token comes from ({}), or, where this is meant, \
         `tickethaul portal add {name} … --force`",
        profile.source.words()
    )))
}

/// Why nothing happens for a while.
fn wait_words(wait: Wait) -> String {
    match wait {
        Wait::Asked(wait) => format!("the portal asks to wait {} s", wait.as_secs()),
        Wait::Day(wait) => format!(
            "the account's calls of today are used up: waiting for {}, until {} (--wait-for-limit); Ctrl-C stops",
            duration(wait),
            in_time(wait)
        ),
    }
}

/// The twin in a folder of a sandbox. A folder that holds a sandbox already is the twin
/// that it was made as, or none.
async fn twin_in(
    folder: &Path,
    like: Option<&str>,
    reset: &str,
    talk: &Talk,
) -> Result<Option<Twin>, Error> {
    let held = Twin::in_folder(folder)?;
    let Some(like) = like else {
        return Ok(held);
    };
    let state = folder.join(SANDBOX_STATE);
    match held {
        Some(twin) => {
            talk.say(&format!("{}; `{reset}` starts over", twin.words()));
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
            let twin = Twin::of(like, talk).await?;
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

/// A sandbox that can't start: somebody else has it, or its place is no good.
pub fn sandbox_error(error: sandbox::StartError) -> Error {
    match error {
        sandbox::StartError::Held { .. } => {
            Error::mend(error).advise("wait for the other command, or use another --sandbox-data")
        }
        other => Error::usage(chain(&other)),
    }
}

/// A message with everything behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let words = causes.map(|cause| format!(": {cause}"));
    format!("{error}{}", words.collect::<String>())
}

/// What the first call's failure means: an address with a path behind the host is what
/// people take from a page of documentation.
fn first_error(error: CallError, base_url: &str, token_from: &str) -> Error {
    if let CallError::Denied(_) = error {
        return Error::mend(error).advise(format!(
            "nothing was written; the token is that of {token_from}: put it right, or its scopes, then run the \
             same command again"
        ));
    }
    let missing = matches!(error, CallError::Gone { .. } | CallError::Garbled(_));
    let behind = base_url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'));
    match behind.map(|(_, path)| path.trim_end_matches('/')) {
        Some(path) if missing && !path.is_empty() => Error::mend(error).advise(format!(
            "the base URL ends in /{path}, which comes before every path: leave it out"
        )),
        _ => call_error(error),
    }
}

/// What a failed call means for a command that has not begun its work.
pub fn call_error(error: CallError) -> Error {
    call_error_after(error, "nothing was written")
}

/// What a failed call means for a command; `written` is what it wrote before.
pub fn call_error_after(error: CallError, written: &str) -> Error {
    match &error {
        CallError::Denied(_) => Error::mend(error).advise(format!(
            "{written}; check the token and its scopes, then run the same command again"
        )),
        CallError::Unavailable(_) | CallError::Paused(_) | CallError::Ambiguous(_) => {
            Error::later(error).advise(format!("{written}; run the same command again"))
        }
        CallError::Refused(_)
        | CallError::Garbled(_)
        | CallError::Gone { .. }
        | CallError::Blocked(_) => Error::mend(error).advise(written),
    }
}
