//! Who is let in (contract 1): the portal's one token, and access tokens that are
//! made from it as from a refresh token. A token can be made to expire.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Query;
use axum::http::Uri;
use serde_json::json;
use tokio::time::Instant;

use super::problem::Problem;
use super::reply::Reply;

/// Life of an access token (contract 1).
const LIFE: Duration = Duration::from_secs(1_800);

/// The tokens; they do not show themselves.
pub(super) struct Tokens {
    own: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Access tokens and when they expire.
    made: Vec<(String, Instant)>,
    expired: BTreeSet<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Tokens(…)")
    }
}

impl Tokens {
    pub(super) fn new(own: String) -> Tokens {
        Tokens {
            own,
            state: Mutex::default(),
        }
    }

    /// Refuses a token that is missing, unknown or expired.
    pub(super) fn check(&self, given: Option<&str>, now: Instant) -> Result<(), Problem> {
        let given = given.ok_or_else(Problem::unauthenticated)?;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.expired.contains(given) {
            return Err(Problem::expired(Duration::ZERO));
        }
        let made = state.made.iter().find(|(token, _)| token == given);
        match made {
            Some((_, end)) if *end <= now => Err(Problem::expired(now - *end)),
            Some(_) => Ok(()),
            None if given == self.own => Ok(()),
            None => Err(Problem::unauthenticated()),
        }
    }

    /// Lets a token expire for good.
    pub(super) fn expire(&self, token: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = state.expired.insert(token.to_owned());
    }

    /// Answers a refresh (contract 1): a form with the portal's token as its
    /// `refresh_token`, any `client_id` and `client_secret`. v1 tells less.
    pub(super) fn refresh(&self, form: &[u8], is_v1: bool, hub: i64, now: Instant) -> Reply {
        let fields = fields(form);
        let field = |name: &str| {
            let found = fields.iter().find(|(key, _)| key == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        if field("grant_type") != "refresh_token" {
            return refused("BAD_GRANT_TYPE", "missing or unknown grant type");
        }
        if field("client_id").is_empty() || field("client_secret").is_empty() {
            return refused("BAD_CLIENT_ID", "missing or invalid client id");
        }
        if field("refresh_token") != self.own {
            return refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token");
        }
        let token: String = (0..40).map(|_| fastrand::alphanumeric()).collect();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.made.push((token.clone(), now + LIFE));
        let mut body = json!({
            "token_type": "bearer",
            "access_token": token,
            "refresh_token": self.own,
            "expires_in": LIFE.as_secs(),
        });
        if !is_v1 {
            body["token_use"] = "access_token".into();
            body["hub_id"] = hub.into();
            body["scopes"] = json!(["tickets", "oauth"]);
        }
        Reply::json(200, &body)
    }
}

/// The 400 of the token endpoint, which has a shape of its own.
fn refused(status: &str, message: &str) -> Reply {
    Reply::json(400, &json!({"status": status, "message": message}))
}

/// A form is what a query is.
fn fields(form: &[u8]) -> Vec<(String, String)> {
    let uri = str::from_utf8(form)
        .ok()
        .and_then(|form| format!("/?{form}").parse::<Uri>().ok());
    uri.and_then(|uri| Query::try_from_uri(&uri).ok())
        .map(|Query(fields)| fields)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[u8] = b"grant_type=refresh_token&client_id=a&client_secret=b&refresh_token=own";

    fn refreshed(tokens: &Tokens, now: Instant) -> String {
        let reply = tokens.refresh(FORM, false, 7, now);
        let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!(
            (&body["expires_in"], &body["hub_id"]),
            (&1_800.into(), &7.into())
        );
        body["access_token"].as_str().expect("a token").to_owned()
    }

    #[test]
    fn access_tokens_live_half_an_hour() {
        let (tokens, now) = (Tokens::new("own".to_owned()), Instant::now());
        let token = refreshed(&tokens, now);
        assert!(tokens.check(Some(&token), now).is_ok());
        assert!(tokens.check(Some(&token), now + LIFE).is_err());
        assert!(tokens.check(Some("other"), now).is_err() && tokens.check(None, now).is_err());
        for form in [&b""[..], b"grant_type=refresh_token", &FORM[1..]] {
            assert_eq!(tokens.refresh(form, false, 7, now).status, 400);
        }
    }

    #[test]
    fn an_expired_token_is_of_no_use_and_the_next_is() {
        let (tokens, now) = (Tokens::new("own".to_owned()), Instant::now());
        tokens.expire("own");
        assert!(tokens.check(Some("own"), now).is_err());
        assert!(tokens.check(Some(&refreshed(&tokens, now)), now).is_ok());
    }
}
