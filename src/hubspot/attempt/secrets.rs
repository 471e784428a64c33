//! The client's secrets, kept so that they can be removed from replies: gateways and
//! debugging proxies echo what was sent to them, and replies are shown and kept in files.

use std::sync::{PoisonError, RwLock};

use memchr::memchr3_iter;

use crate::hubspot::connect::credentials::Credentials;
use crate::hubspot::connect::token::Token;
use crate::hubspot::exchange::{Budget, Effect, Reply, Request};

/// Replaces a secret.
const CUT: &str = "[secret]";

/// Shorter secrets are words that may be in any text.
const SHORTEST: usize = 8;

/// The secrets of a client.
#[derive(Default)]
pub(crate) struct Secrets {
    known: RwLock<Vec<String>>,
}

impl Secrets {
    /// The secrets in a client's credentials.
    pub(crate) fn learn_all(&self, credentials: &Credentials) {
        match credentials {
            Credentials::Token(token) => self.learn(token),
            Credentials::OAuth(app) => {
                self.learn(&app.client_secret);
                self.learn(&app.refresh_token);
            }
        }
    }

    /// Adds one, such as an access token that was granted.
    pub(crate) fn learn(&self, token: &Token) {
        let plain = token.expose();
        if plain.len() < SHORTEST {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if !known.iter().any(|secret| secret == plain) {
            known.push(plain.to_owned());
        }
        // A secret may contain another.
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// Removes them from an error reply. Data that was read or granted stays as it is,
    /// since it is not shown as a message of the portal.
    pub(crate) fn cut(&self, request: &Request, reply: &mut Reply) {
        let is_data = request.effect == Effect::Read || request.budget == Budget::Tokens;
        if is_data && reply.is_success() && reply.status != 207 {
            return;
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        for secret in known.iter() {
            if let Some(body) = without(&reply.body, secret.as_bytes()) {
                reply.body = body.into();
            }
            reply.headers.change(|value| {
                let cut = without(value.as_bytes(), secret.as_bytes())?;
                String::from_utf8(cut).ok()
            });
        }
    }
}

/// The text without a secret, or nothing if it does not hold it.
fn without(text: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let first = *secret.first()?;
    // A secret begins plainly or with an encoded character, so most positions can be skipped.
    let starts = memchr3_iter(first, b'\\', b'%', text);
    let mut kept = Vec::new();
    let mut behind = 0;
    for start in starts {
        if start < behind {
            continue;
        }
        if let Some(length) = length_of(secret, &text[start..]) {
            kept.extend_from_slice(&text[behind..start]);
            kept.extend_from_slice(CUT.as_bytes());
            behind = start + length;
        }
    }
    (behind > 0).then(|| {
        kept.extend_from_slice(&text[behind..]);
        kept
    })
}

/// The length of a secret that a text begins with, however each of its letters is written.
fn length_of(secret: &[u8], text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for letter in secret {
        at += length_of_letter(*letter, text.get(at..)?)?;
    }
    Some(at)
}

/// The same for a letter: as it is, percent-encoded, or escaped as in JSON, which may be within a
/// text of JSON again.
fn length_of_letter(letter: u8, text: &[u8]) -> Option<usize> {
    let is_letter = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).ok();
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        code == Some(u32::from(letter))
    };
    if let Some(digits) = text.strip_prefix(b"%").and_then(|rest| rest.get(..2))
        && is_letter(digits)
    {
        return Some(3);
    }
    let slashes = text.iter().take_while(|byte| **byte == b'\\').count();
    let rest = &text[slashes..];
    if slashes > 0 {
        let digits = rest.strip_prefix(b"u").and_then(|rest| rest.get(..4));
        if digits.is_some_and(is_letter) {
            return Some(slashes + 5);
        }
    }
    if letter == b'\\' {
        return (slashes > 0).then_some(slashes);
    }
    (rest.first() == Some(&letter)).then_some(slashes + 1)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::hubspot::exchange::Headers;

    fn cut(status: u16, effect: Effect, body: &str) -> String {
        let token = Token::new("pat-na1/SECRET+12".to_owned()).expect("a token");
        let secrets = Secrets::default();
        secrets.learn_all(&Credentials::Token(token));
        let request = Request::new(Method::POST, "/crm".to_owned(), effect);
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
            (r"pat\u002dna1\/SECRET\u002B12", "[secret]"),
            (
                r#"{\"message\":\"token pat-na1\u002fSECRET+12 is wrong\"}"#,
                r#"{\"message\":\"token [secret] is wrong\"}"#,
            ),
            (
                r#"{"inner":"{\\"t\\":\\"\\u0070at\\u002dna1\\/SECRET+12\\"}"}"#,
                r#"{"inner":"{\\"t\\":\\"[secret]\\"}"}"#,
            ),
            ("%70%61%74%2Dna1/SECRET%2b12", "[secret]"),
            ("pat-na1/SECRET+1", "pat-na1/SECRET+1"),
            ("pat-na1/pat-na1/SECRET+12", "pat-na1/[secret]"),
            ("pat-na1", "pat-na1"),
        ] {
            assert_eq!(cut(401, Effect::Read, body), expected);
            assert_eq!(cut(207, Effect::Read, body), expected);
            assert_eq!(cut(201, Effect::Once, body), expected);
            assert_eq!(cut(200, Effect::Read, body), body, "data stays");
        }
    }

    #[test]
    fn short_words_are_no_secrets() {
        let token = Token::new("sandbox".to_owned()).expect("a token");
        let secrets = Secrets::default();
        secrets.learn_all(&Credentials::Token(token));
        let known = secrets.known.read().expect("unpoisoned");
        assert!(known.is_empty());
    }
}
