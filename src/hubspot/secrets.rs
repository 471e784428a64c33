//! What a client proves itself with, kept so that it can be cut out of replies: gateways
//! and debugging proxies repeat what was sent to them, and what a reply says is shown and
//! kept in files.

use std::sync::{PoisonError, RwLock};

use memchr::memmem;

use crate::hubspot::credentials::Credentials;
use crate::hubspot::exchange::{Budget, Effect, Reply, Request};
use crate::hubspot::paths;
use crate::hubspot::token::Token;

/// Stands where a secret stood.
const CUT: &str = "[secret]";

/// Shorter secrets are words that may stand in any text.
const SHORTEST: usize = 8;

/// The secrets of a client, in every form in which a reply may repeat them.
#[derive(Default)]
pub(crate) struct Secrets {
    forms: RwLock<Vec<String>>,
}

impl Secrets {
    /// Those of a client's credentials.
    pub(crate) fn learn_all(&self, credentials: &Credentials) {
        match credentials {
            Credentials::Token(token) => self.learn(token),
            Credentials::OAuth(app) => {
                self.learn(&app.client_secret);
                self.learn(&app.refresh_token);
            }
        }
    }

    /// One more, such as an access token that was granted.
    pub(crate) fn learn(&self, token: &Token) {
        let plain = token.expose();
        if plain.len() < SHORTEST {
            return;
        }
        let encoded = paths::form(&[("", plain)]).split_off(1);
        let json = serde_json::Value::from(plain).to_string();
        let json = json.trim_matches('"').to_owned();
        let lower = with_lower_digits(&encoded);
        let throughout = encoded_throughout(plain);
        let throughout_lower = with_lower_digits(&throughout);
        let mut forms = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        for form in [
            plain.to_owned(),
            encoded,
            lower,
            throughout,
            throughout_lower,
            json,
        ] {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        // A secret may hold another.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// Cuts them out of a reply. What was read or granted stays as it is: it is data, and
    /// nobody shows it as words of the portal.
    pub(crate) fn cut(&self, request: &Request, reply: &mut Reply) {
        let is_data = request.effect == Effect::Read || request.budget == Budget::Tokens;
        if is_data && reply.is_success() && reply.status != 207 {
            return;
        }
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        for form in forms.iter() {
            if memmem::find(&reply.body, form.as_bytes()).is_some() {
                reply.body = without(&reply.body, form).into();
            }
            reply.headers.replace(form, CUT);
        }
    }
}

fn without(body: &[u8], secret: &str) -> Vec<u8> {
    let mut kept = Vec::with_capacity(body.len());
    let mut behind = 0;
    for start in memmem::find_iter(body, secret.as_bytes()) {
        kept.extend_from_slice(&body[behind..start]);
        kept.extend_from_slice(CUT.as_bytes());
        behind = start + secret.len();
    }
    kept.extend_from_slice(&body[behind..]);
    kept
}

/// Percent-encoded with the letters and digits too, as some gateways write values.
fn encoded_throughout(plain: &str) -> String {
    let bytes = plain.bytes();
    bytes.map(|byte| format!("%{byte:02X}")).collect()
}

/// `%2f` for `%2F`.
fn with_lower_digits(encoded: &str) -> String {
    let mut digits = 0;
    let lower = encoded.chars().map(|c| {
        digits = match c {
            '%' => 2,
            _ => i32::max(digits - 1, -1),
        };
        match digits >= 0 {
            true => c.to_ascii_lowercase(),
            false => c,
        }
    });
    lower.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::exchange::{Headers, Method};

    fn cut(status: u16, effect: Effect, body: &str) -> String {
        let token = Token::new("pat-na1/SECRET+12".to_owned()).expect("a token");
        let secrets = Secrets::default();
        secrets.learn_all(&Credentials::Token(token));
        let request = Request::new(Method::Post, "/crm".to_owned(), effect);
        let mut reply = Reply {
            status,
            headers: Headers::default().with("x-hubspot-correlation-id", body),
            body: body.to_owned().into(),
        };
        secrets.cut(&request, &mut reply);
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.headers.get("x-hubspot-correlation-id"), Some(&*text));
        text
    }

    #[test]
    fn secrets_are_cut_in_every_form() {
        for (body, expected) in [
            (
                "Bearer pat-na1/SECRET+12, pat-na1/SECRET+12!",
                "Bearer [secret], [secret]!",
            ),
            ("t=pat-na1%2FSECRET%2B12&x", "t=[secret]&x"),
            ("t=pat-na1%2fSECRET%2b12&x", "t=[secret]&x"),
            ("pat-na1", "pat-na1"),
        ] {
            assert_eq!(cut(401, Effect::Read, body), expected);
            assert_eq!(cut(207, Effect::Read, body), expected);
            assert_eq!(cut(201, Effect::Once, body), expected);
            assert_eq!(cut(200, Effect::Read, body), body, "data stays");
        }
        assert_eq!(with_lower_digits("A%2FB%20C"), "A%2fB%20C");
    }

    #[test]
    fn short_words_are_no_secrets() {
        let token = Token::new("sandbox".to_owned()).expect("a token");
        let secrets = Secrets::default();
        secrets.learn_all(&Credentials::Token(token));
        let forms = secrets.forms.read().expect("unpoisoned");
        assert!(forms.is_empty());
    }
}
