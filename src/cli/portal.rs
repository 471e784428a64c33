//! The portal of a command: a client, and the embedded sandbox if that is the portal.

use super::config::{Config, Profile};
use super::console::Console;
use crate::error::Error;
use crate::hubspot::error::CallError;
use crate::hubspot::{Account, Client, Settings, Wait};
use crate::report::{duration, in_time};
use crate::sandbox;

/// A portal that can be called. The sandbox runs as long as this value lives.
pub struct Portal {
    /// Calls it.
    pub client: Client,
    /// The account that it is.
    pub account: Account,
    pub(super) sandbox: Option<sandbox::Sandbox>,
    pub(super) is_twin: bool,
}

impl Portal {
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

    /// The same for a question, which also says whether it is a rehearsal.
    pub fn name_in_question(&self) -> String {
        let place = if self.is_sandbox() {
            ", the embedded sandbox"
        } else {
            ""
        };
        format!("{}{place}", self.name())
    }

    /// True for the embedded sandbox, where nothing can be damaged.
    pub fn is_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }

    /// True for a sandbox in which missing definitions are created without being asked for:
    /// a twin lacks what its portal lacks.
    pub fn is_forgiving(&self) -> bool {
        self.is_sandbox() && !self.is_twin
    }

    /// Closes it; the sandbox's state is then safe.
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
    client.report_waits_to(Box::new(|wait| Console::remark(&wait_words(wait))));
    let account = client.account().await;
    let account = account.map_err(|error| first_error(error, base_url, token_from))?;
    Ok((client, account))
}

/// Refuses a token of an account other than the one that the name stands for.
pub(super) fn same_account(
    profile: &Profile,
    account: &Account,
    config: &Config,
) -> Result<(), Error> {
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
    Err(Error::must_fix(words).advise(format!(
        "nothing was written; correct where its token comes from ({}), or, where this is meant, \
         `tickethaul portal add {name} … --force`",
        profile.source.words()
    )))
}

/// Reports why nothing happens for a while.
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

/// A sandbox that can't start: it is in use, or its folder can't be used.
pub fn sandbox_error(error: sandbox::StartError) -> Error {
    match error {
        sandbox::StartError::Held { .. } => Error::must_fix(error)
            .advise("wait for the other command, or use another --sandbox-data"),
        other => Error::usage(chain(&other)),
    }
}

/// A message with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let words = causes.map(|cause| format!(": {cause}"));
    format!("{error}{}", words.collect::<String>())
}

/// What the first call's failure means: an address with a path after the host is often
/// copied from the documentation.
fn first_error(error: CallError, base_url: &str, token_from: &str) -> Error {
    if let CallError::Denied(_) = error {
        return Error::must_fix(error).advise(format!(
            "nothing was written; the token is that of {token_from}: put it right, or its scopes, then run the \
             same command again"
        ));
    }
    let missing = matches!(error, CallError::Gone { .. } | CallError::Garbled(_));
    let behind = base_url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'));
    match behind.map(|(_, path)| path.trim_end_matches('/')) {
        Some(path) if missing && !path.is_empty() => Error::must_fix(error).advise(format!(
            "the base URL ends in /{path}, which comes before every path: leave it out"
        )),
        _ => call_error(error),
    }
}

/// The error of a failed call in a command that has not begun its work.
pub fn call_error(error: CallError) -> Error {
    call_error_after(error, "nothing was written")
}

/// The error of a failed call in a command; `written` is what it wrote before.
pub fn call_error_after(error: CallError, written: &str) -> Error {
    match &error {
        CallError::Denied(_) => Error::must_fix(error).advise(format!(
            "{written}; check the token and its scopes, then run the same command again"
        )),
        CallError::Unavailable(_) | CallError::Paused(_) | CallError::Ambiguous(_) => {
            Error::later(error).advise(format!("{written}; run the same command again"))
        }
        CallError::Refused(_)
        | CallError::Garbled(_)
        | CallError::Gone { .. }
        | CallError::Blocked(_) => Error::must_fix(error).advise(written),
    }
}
