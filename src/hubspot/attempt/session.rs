//! Calls with a valid token. An OAuth access token is renewed a minute before it expires, and again
//! when the portal says that it has expired; however many calls notice that, one of them renews it
//! and the others wait.

use std::time::Duration;

use http::Method;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::call::{Answer, Caller};
use crate::hubspot::connect::credentials::{Credentials, OAuthApp};
use crate::hubspot::connect::token::Token;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Budget, Content, Effect, Request};
use crate::hubspot::paths::{self, ApiVersion};
use crate::hubspot::wire::{self, Grant, Read};

/// The longest life of an access token that is believed; HubSpot's live half an hour.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long before its end an access token is renewed.
const EARLY: Duration = Duration::from_secs(60);

/// HubSpot: category of a 401 that a renewed token can fix.
const EXPIRED: &str = "EXPIRED_AUTHENTICATION";

/// The attempt loop, and the token for it.
pub(crate) struct Session {
    caller: Caller,
    bearer: Bearer,
    api: ApiVersion,
}

enum Bearer {
    None,
    Fixed(Token),
    Renewed(Mutex<Renewal>),
}

/// An OAuth app and the access token that it last got.
struct Renewal {
    app: OAuthApp,
    access: Option<Access>,
}

#[derive(Clone)]
struct Access {
    token: Token,
    renew_at: Instant,
}

impl Session {
    /// Sends nothing yet.
    pub(crate) fn new(
        caller: Caller,
        credentials: Option<Credentials>,
        api: ApiVersion,
    ) -> Session {
        if let Some(credentials) = &credentials {
            caller.secrets().learn_all(credentials);
        }
        let bearer = match credentials {
            None => Bearer::None,
            Some(Credentials::Token(token)) => Bearer::Fixed(token),
            Some(Credentials::OAuth(app)) => {
                Bearer::Renewed(Mutex::new(Renewal { app, access: None }))
            }
        };
        Session {
            caller,
            bearer,
            api,
        }
    }

    /// What all calls share.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The permanent token, if there is one.
    pub(crate) fn fixed_token(&self) -> Option<&Token> {
        match &self.bearer {
            Bearer::Fixed(token) => Some(token),
            Bearer::None | Bearer::Renewed(_) => None,
        }
    }

    /// Makes a call, with as many attempts as its kind of trouble allows.
    pub(crate) async fn call<T>(
        &self,
        request: &Request,
        read: Read<T>,
    ) -> Result<Answer<T>, CallError> {
        let renewal = match &self.bearer {
            Bearer::None => return self.caller.call(request, None, read).await,
            Bearer::Fixed(token) => return self.caller.call(request, Some(token), read).await,
            Bearer::Renewed(renewal) => renewal,
        };
        let token = self.token(renewal, None).await?;
        let outcome = self.caller.call(request, Some(&token), read).await;
        match outcome {
            Err(CallError::Denied(error)) if error.category == EXPIRED => {
                let token = self.token(renewal, Some(&token)).await?;
                self.caller.call(request, Some(&token), read).await
            }
            outcome => outcome,
        }
    }

    /// A token that is valid for a while, and not the one that `ended`.
    async fn token(
        &self,
        renewal: &Mutex<Renewal>,
        ended: Option<&Token>,
    ) -> Result<Token, CallError> {
        let mut renewal = renewal.lock().await;
        let good = |access: &&Access| {
            let other = ended.is_none_or(|ended| ended.expose() != access.token.expose());
            other && Instant::now() < access.renew_at
        };
        if let Some(access) = renewal.access.as_ref().filter(good) {
            return Ok(access.token.clone());
        }
        let grant = self.renew(&renewal.app).await?;
        self.caller.secrets().learn(&grant.access_token);
        if let Some(refresh_token) = grant.refresh_token {
            self.caller.secrets().learn(&refresh_token);
            renewal.app.refresh_token = refresh_token;
        }
        renewal.access = Some(Access {
            token: grant.access_token.clone(),
            renew_at: Instant::now() + grant.lifetime.min(LONGEST_LIFE).saturating_sub(EARLY),
        });
        Ok(grant.access_token)
    }

    /// HubSpot answers a bad refresh token, client id or secret with a plain 400.
    /// Nothing of the call itself was sent before this.
    async fn renew(&self, app: &OAuthApp) -> Result<Grant, CallError> {
        let form = paths::form(&[
            ("grant_type", "refresh_token"),
            ("client_id", app.client_id.expose()),
            ("client_secret", app.client_secret.expose()),
            ("refresh_token", app.refresh_token.expose()),
        ]);
        let path = self.api.oauth_token();
        let request = Request {
            content: Content::Form,
            budget: Budget::Tokens,
            ..Request::new(Method::POST, path, Effect::Repeatable).with_body(form.into_bytes())
        };
        match self.caller.call(&request, None, wire::grant).await {
            Ok(answer) => Ok(answer.value),
            Err(CallError::Refused(error)) => Err(CallError::Denied(error)),
            Err(CallError::Ambiguous(words)) => Err(CallError::Unavailable(words)),
            Err(other) => Err(other),
        }
    }
}

#[cfg(test)]
mod tests;
