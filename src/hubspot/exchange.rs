//! One request, one reply, and the trait between them. Transports that talk to a
//! socket, to memory or from a script plug in here; what a reply means is decided
//! elsewhere.

use bytes::Bytes;
use futures::future::BoxFuture;

/// Carries one request to the portal and brings the reply. It neither repeats nor
/// follows redirects, and gives every status back as a reply.
pub trait Transport: Send + Sync {
    /// Sends once. A reply's body must have come whole, else the outcome is
    /// `Ambiguous`.
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Reply, TransportError>>;
}

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without a body.
    Get,
    /// With a JSON body.
    Post,
}

/// What repeating a request does to the portal (contract: retry safety by verb).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing: repeats are safe whatever became of the first.
    Read,
    /// Makes records: a repeat after a lost reply may make them twice.
    Create,
}

/// The allowance that a call is paid from (contract: rate limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// So many calls in 10 s, per app.
    General,
    /// 5 a second, per account.
    Search,
    /// Like `General` until a reply proves an allowance of their own.
    Associations,
}

/// One request; the transport adds address and token.
#[derive(Clone, Debug)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Path and query, from the first slash.
    pub path: String,
    /// JSON, shared between attempts.
    pub body: Option<Bytes>,
    /// Whether it may be repeated when its outcome is unclear.
    pub effect: Effect,
}

impl Request {
    /// Asks for a page or a list.
    pub(crate) fn get(path: String) -> Request {
        Request {
            method: Method::Get,
            path,
            body: None,
            effect: Effect::Read,
        }
    }

    /// Posts a JSON body.
    pub(crate) fn post(path: String, body: Vec<u8>, effect: Effect) -> Request {
        Request {
            method: Method::Post,
            path,
            body: Some(Bytes::from(body)),
            effect,
        }
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

    /// The first of that name, if it is a whole number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.trim().parse().ok()
    }
}

/// Why no whole reply came. The words are for people and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nothing reached the portal: no connection, no such host, TLS refused.
    #[error("{0}")]
    NotSent(String),
    /// The request may have been carried out: time over, connection reset, reply
    /// cut short.
    #[error("{0}")]
    Ambiguous(String),
}
