//! One request, one reply, and the trait between them. Transports that talk to a
//! socket, to memory or from a script plug in here; what a reply means is decided
//! elsewhere.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::Method;

use super::connect::token::Token;

/// Sends one request to the portal and returns the reply. It neither repeats nor
/// follows redirects, and returns every status as a reply.
pub trait Transport: Send + Sync {
    /// Sends once, with the token if there is one. A reply's body must be complete,
    /// otherwise the outcome is `Ambiguous`.
    fn send<'a>(
        &'a self,
        request: &'a Request,
        token: Option<&'a Token>,
    ) -> BoxFuture<'a, Result<Reply, TransportError>>;
}

/// What repeating a request does to the portal (C1 §4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing: repeats are safe whatever happened to the first.
    Read,
    /// Writes the same state however often it is carried out: absolute values,
    /// archive, links.
    Repeatable,
    /// Makes records, or appends to values: a repeat after a lost reply may do it
    /// twice.
    Once,
}

/// The allowance that a call is paid from (C1 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// So many calls in 10 s, per app.
    General,
    /// 5 a second, per account.
    Search,
    /// Like `General` until a reply shows a separate allowance.
    Associations,
    /// Paid like `General`, but replies show no allowance: OAuth.
    Tokens,
}

/// Form of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`; holds secrets.
    Form,
}

/// A form with a file, which is read again for each attempt.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The boundary between the parts of the form.
    pub boundary: &'static str,
    /// The form up to the file's bytes.
    pub before: Bytes,
    /// Where those are, and how many.
    pub file: Option<(PathBuf, u64)>,
    /// What follows them.
    pub after: Bytes,
}

impl Upload {
    /// Bytes of the whole form.
    pub fn length(&self) -> u64 {
        let around = self.before.len() + self.after.len();
        let file = self.file.as_ref().map_or(0, |(_, size)| *size);
        file.saturating_add(around as u64)
    }
}

/// One request; the transport adds address and token.
#[derive(Clone)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Path and query, from the first slash.
    pub path: String,
    /// Shared between attempts.
    pub body: Option<Bytes>,
    /// Form of the body.
    pub content: Content,
    /// In place of the body: a form with a file.
    pub upload: Option<Upload>,
    /// Whether it may be repeated when its outcome is unclear.
    pub effect: Effect,
    /// What it is paid from.
    pub budget: Budget,
}

impl Request {
    /// A request without a body, paid from the general budget.
    pub(crate) fn new(method: Method, path: String, effect: Effect) -> Request {
        Request {
            method,
            path,
            body: None,
            content: Content::Json,
            upload: None,
            effect,
            budget: Budget::General,
        }
    }

    /// Asks for a page or a list.
    pub(crate) fn get(path: String) -> Request {
        Request::new(Method::GET, path, Effect::Read)
    }

    /// Posts a JSON body.
    pub(crate) fn post(path: String, body: Vec<u8>, effect: Effect) -> Request {
        Request::new(Method::POST, path, effect).with_body(body)
    }

    /// This request with a body.
    pub(crate) fn with_body(mut self, body: Vec<u8>) -> Request {
        self.body = Some(Bytes::from(body));
        self
    }

    /// This request, paid from another budget.
    pub(crate) fn paid_from(self, budget: Budget) -> Request {
        Request { budget, ..self }
    }

    /// The path without its query, whose values may be the user's.
    pub fn bare_path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// Does not show the body: it holds the user's values, or secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body.as_ref().map_or(0, Bytes::len);
        let (method, path) = (&self.method, self.bare_path());
        write!(f, "Request({method} {path}, {bytes} bytes)")
    }
}

/// A whole reply, whatever its status.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Those that the client reads; others may be left out.
    pub headers: Headers,
    /// Unpacked.
    pub body: Bytes,
}

impl Reply {
    /// True for 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Headers of a reply; names compare without regard to case.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Adds one and hands the whole back.
    pub fn with(mut self, name: &str, value: &str) -> Headers {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// Replaces every value for which `change` returns one.
    pub(crate) fn change(&mut self, other: impl Fn(&str) -> Option<String>) {
        for (_, value) in &mut self.0 {
            if let Some(other) = other(value) {
                *value = other;
            }
        }
    }

    /// The first of that name, if it is a whole number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.trim().parse().ok()
    }
}

/// Why no whole reply arrived. The words are for people and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nothing reached the portal: no connection, no such host.
    #[error("{0}")]
    NotSent(String),
    /// Nothing reached the portal, and nothing will until something on this side is
    /// fixed: a certificate that is not trusted, a proxy that requires a password.
    #[error("{0}")]
    Blocked(String),
    /// The request may have been carried out: time over, connection reset, reply
    /// cut short.
    #[error("{0}")]
    Ambiguous(String),
}
