//! The portal of a command: a client, and the embedded sandbox when that is it.

use super::settings::{PortalArgs, PortalName};
use crate::error::Error;
use crate::hubspot::error::CallError;
use crate::hubspot::{Client, Credentials, Token};
use crate::sandbox;

/// A portal that can be called. The sandbox lives as long as this.
pub struct Portal {
    /// Calls it.
    pub client: Client,
    sandbox: Option<sandbox::Sandbox>,
}

impl Portal {
    /// Opens the portal that the arguments name; starts the sandbox if that is it.
    pub async fn open(args: &PortalArgs) -> Result<Portal, Error> {
        let (base_url, settings, sandbox) = match args.portal {
            None => (args.url().to_owned(), args.settings()?, None),
            Some(PortalName::Sandbox) => {
                let (sandbox, token) = start_sandbox(args).await?;
                let settings = args.settings_with(Credentials::Token(token));
                (sandbox.base_url(), settings, Some(sandbox))
            }
        };
        let client = Client::connect(&base_url, settings).map_err(Error::usage)?;
        Ok(Portal { client, sandbox })
    }

    /// True for the embedded sandbox, where nothing can be spoilt.
    pub fn is_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }

    /// Ends it; the sandbox's state is safe then.
    pub async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

async fn start_sandbox(args: &PortalArgs) -> Result<(sandbox::Sandbox, Token), Error> {
    let secret = sandbox::new_token().map_err(Error::unexpected)?;
    let token = Token::new(secret.clone()).map_err(Error::unexpected)?;
    let options = sandbox::Options {
        data: sandbox::Data::File(args.sandbox_file()?),
        token: Some(secret),
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

/// What a failed call means for a command that has not begun its work.
pub fn call_error(error: CallError) -> Error {
    match &error {
        CallError::Denied(_) => Error::mend(error).advise(
            "nothing was sent; check the token and its scopes, then run the same command again",
        ),
        CallError::Unavailable(_) | CallError::Paused(_) | CallError::Ambiguous(_) => {
            Error::later(error).advise("nothing was sent; run the same command again")
        }
        CallError::Refused(_) | CallError::Garbled(_) => Error::mend(error),
    }
}
