//! Who is let in (C1 §1): the portal's one token, and access tokens that are issued for it as for a
//! refresh token. A token can be made to expire.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Query;
use axum::http::Uri;
use serde_json::json;
use tokio::time::Instant;

use super::secret::new_token;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::api::reply::Reply;
use crate::sandbox::api::version::Version;

/// Life of an access token (C1 §1).
const LIFE: Duration = Duration::from_secs(1_800);

/// The scopes that tokens are reported to have.
const SCOPES: [&str; 12] = [
    "oauth",
    "tickets",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.objects.owners.read",
    "crm.schemas.contacts.read",
    "crm.schemas.companies.read",
    "crm.schemas.deals.read",
];

/// The additional scopes of private apps.
const OF_APPS: [&str; 11] = [
    "crm.objects.tickets.read",
    "crm.objects.tickets.write",
    "crm.schemas.tickets.read",
    "crm.schemas.tickets.write",
    "crm.objects.custom.read",
    "crm.objects.custom.write",
    "crm.schemas.custom.read",
    "sales-email-read",
    "files",
    "files.read",
    "files.write",
];

/// Requests to the OAuth endpoints (C1 §0.1); none of them needs a token in its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OAuth {
    /// A new access token; v1 says less about it.
    Refresh { is_v1: bool },
    /// What a token is.
    Introspect,
    /// The end of a token.
    Revoke,
    /// What this token is, in the form of v1.
    About(String),
    /// What a private app's token is; requested with JSON.
    App,
}

impl OAuth {
    /// What a path requests; none for paths of other endpoints.
    pub(crate) fn of(path: &str) -> Option<OAuth> {
        let path = path.strip_prefix("/oauth/")?;
        let (version, rest) = path.split_once('/')?;
        match (version, rest) {
            ("v1", "token") => Some(OAuth::Refresh { is_v1: true }),
            ("v1", rest) => {
                let token = rest.strip_prefix("access-tokens/")?;
                Some(OAuth::About(token.to_owned()))
            }
            ("v2", "private-apps/get/access-token-info") => Some(OAuth::App),
            (version, rest) if version == "v3" || Version::dated(version).is_some() => match rest {
                "token" => Some(OAuth::Refresh { is_v1: false }),
                "token/introspect" => Some(OAuth::Introspect),
                "token/revoke" => Some(OAuth::Revoke),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The tokens; `Debug` does not show them.
pub(crate) struct Tokens {
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
    pub(crate) fn new(own: String) -> Tokens {
        Tokens {
            own,
            state: Mutex::default(),
        }
    }

    /// The portal's own token.
    pub(crate) fn own(&self) -> &str {
        &self.own
    }

    /// Refuses a token that is missing, unknown or expired.
    pub(crate) fn check(&self, given: Option<&str>, now: Instant) -> Result<(), Problem> {
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
    pub(crate) fn expire(&self, token: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = state.expired.insert(token.to_owned());
    }

    /// Answers a request to an OAuth endpoint.
    pub(crate) fn answer(&self, asked: &OAuth, form: &[u8], hub: i64, now: Instant) -> Reply {
        let fields = fields(form);
        let field = |name: &str| {
            let found = fields.iter().find(|(key, _)| key == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        match asked {
            OAuth::Refresh { is_v1 } => self.refresh(&field, *is_v1, hub, now),
            OAuth::Introspect => self.about(field("token"), hub, now),
            OAuth::Revoke => {
                self.expire(field("token"));
                Reply::empty()
            }
            OAuth::About(token) if self.check(Some(token), now).is_err() => {
                refused(404, "NOT_FOUND", "token not found")
            }
            OAuth::About(token) => self.about(token, hub, now),
            OAuth::App => refused(400, "BAD_REQUEST", "missing or invalid token"),
        }
    }

    /// What a private app's token may do, except for the scopes that it lacks.
    pub(crate) fn app(
        &self,
        body: &[u8],
        hub: i64,
        lacking: &BTreeSet<String>,
        now: Instant,
    ) -> Reply {
        let asked: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let token = asked["tokenKey"].as_str();
        if self.check(token, now).is_err() {
            return refused(400, "BAD_REQUEST", "missing or invalid token");
        }
        let scopes = SCOPES.iter().chain(&OF_APPS);
        let scopes: Vec<&&str> = scopes.filter(|scope| !lacking.contains(**scope)).collect();
        let body = json!({"userId": 1, "hubId": hub, "appId": 1, "scopes": scopes});
        Reply::json(200, &body)
    }

    /// What a token is, without the token itself.
    fn about(&self, token: &str, hub: i64, now: Instant) -> Reply {
        if self.check(Some(token), now).is_err() {
            return Reply::json(200, &json!({"active": false}));
        }
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let made = state.made.iter().find(|(known, _)| known == token);
        let left = made.map_or(LIFE, |(_, end)| end.saturating_duration_since(now));
        let body = json!({
            "active": true,
            "token_type": "access",
            "token_use": "access_token",
            "hub_id": hub,
            "expires_in": left.as_secs(),
            "scopes": SCOPES,
        });
        Reply::json(200, &body)
    }

    /// Answers a refresh (C1 §1): a form with the portal's token as its
    /// `refresh_token`, any `client_id` and `client_secret`.
    fn refresh<'a>(
        &self,
        field: &impl Fn(&str) -> &'a str,
        is_v1: bool,
        hub: i64,
        now: Instant,
    ) -> Reply {
        if field("grant_type") != "refresh_token" {
            return refused(400, "BAD_GRANT_TYPE", "missing or unknown grant type");
        }
        if field("client_id").is_empty() || field("client_secret").is_empty() {
            return refused(400, "BAD_CLIENT_ID", "missing or invalid client id");
        }
        if field("refresh_token") != self.own {
            return refused(400, "BAD_REFRESH_TOKEN", "missing or invalid refresh token");
        }
        let Ok(token) = new_token() else {
            return refused(500, "INTERNAL_ERROR", "no token could be made");
        };
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
            body["scopes"] = json!(SCOPES);
        }
        Reply::json(200, &body)
    }
}

/// An error of the OAuth endpoints, which has its own shape.
fn refused(http: u16, status: &str, message: &str) -> Reply {
    Reply::json(http, &json!({"status": status, "message": message}))
}

/// The fields of a form, which is encoded like a query.
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

    const REFRESH: OAuth = OAuth::Refresh { is_v1: false };

    fn refreshed(tokens: &Tokens, now: Instant) -> String {
        let reply = tokens.answer(&REFRESH, FORM, 7, now);
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
            assert_eq!(tokens.answer(&REFRESH, form, 7, now).status, 400);
        }
    }

    #[test]
    fn what_a_token_is_can_be_asked_and_it_can_be_revoked() {
        let (tokens, now) = (Tokens::new("own".to_owned()), Instant::now());
        let token = refreshed(&tokens, now);
        let ask = |path: &str, form: &str| {
            let asked = OAuth::of(path).expect(path);
            let reply = tokens.answer(&asked, form.as_bytes(), 7, now);
            let body = serde_json::from_slice(&reply.body).unwrap_or_default();
            (reply.status, body)
        };
        let form = format!("token={token}");
        let is_active = || {
            let reply: (u16, serde_json::Value) = ask("/oauth/2026-09/token/introspect", &form);
            reply.1["active"] == true
        };
        assert!(is_active());
        assert_eq!(ask(&format!("/oauth/v1/access-tokens/{token}"), "").0, 200);
        assert_eq!(ask("/oauth/v1/access-tokens/other", "").0, 404);
        assert_eq!(ask("/oauth/v3/token/revoke", &form).0, 204);
        assert!(!is_active());
        for path in [
            "/oauth/v2/token",
            "/oauth/v1/token/introspect",
            "/crm/v3/owners",
        ] {
            assert_eq!(OAuth::of(path), None, "{path}");
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
