//! A reply before it is sent: status and body, nothing else of HTTP. Headers are added by the
//! front.

use std::time::Duration;

use serde::Serialize;

/// Status and body of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// Whether it comes from the edge, before the portal: nothing has been counted there.
    pub(crate) is_edge: bool,
    /// Seconds, for the header of that name.
    pub(crate) retry_after: Option<u64>,
}

/// `{"results": [...]}`, the envelope of unpaged lists.
#[derive(Debug, Serialize)]
pub(crate) struct Results<T> {
    pub(crate) results: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paging: Option<Paging>,
}

/// Where the next page begins.
#[derive(Debug, Serialize)]
pub(crate) struct Paging {
    next: Next,
}

#[derive(Debug, Serialize)]
struct Next {
    after: String,
    link: String,
}

impl Paging {
    pub(crate) fn new(after: String, link: String) -> Paging {
        Paging {
            next: Next { after, link },
        }
    }
}

impl<T> Results<T> {
    /// A list without further pages.
    pub(crate) fn whole(results: Vec<T>) -> Results<T> {
        Results {
            results,
            paging: None,
        }
    }
}

impl Reply {
    /// `body` as JSON. Our shapes have string keys only and so always serialise;
    /// a failure would come out as an empty body.
    pub(crate) fn json<T: Serialize>(status: u16, body: &T) -> Reply {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Reply {
            status,
            content_type: "application/json;charset=utf-8",
            body,
            is_edge: false,
            retry_after: None,
        }
    }

    /// Bytes as they are.
    pub(crate) fn bytes(body: &[u8]) -> Reply {
        Reply {
            status: 200,
            content_type: "application/octet-stream",
            body: body.to_vec(),
            is_edge: false,
            retry_after: None,
        }
    }

    /// A 204.
    pub(crate) fn empty() -> Reply {
        Reply {
            status: 204,
            content_type: "application/json;charset=utf-8",
            body: Vec::new(),
            is_edge: false,
            retry_after: None,
        }
    }

    /// The page that a gateway or the edge shows instead of a reply (C1 §4.6).
    pub(crate) fn page(status: u16) -> Reply {
        let title = match status {
            403 => "403 Forbidden",
            502 => "502 Bad Gateway",
            503 => "503 Service Temporarily Unavailable",
            504 => "504 Gateway Time-out",
            521 => "521 Web server is down",
            522 => "522 Connection timed out",
            523 => "523 Origin is unreachable",
            524 => "524 A timeout occurred",
            525 => "525 SSL handshake failed",
            _ => "526 Invalid SSL certificate",
        };
        let body = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
             </body>\r\n</html>\r\n"
        );
        Reply {
            status,
            content_type: "text/html",
            body: body.into_bytes(),
            is_edge: true,
            retry_after: None,
        }
    }

    /// Says when to retry, in seconds.
    pub(crate) fn retry_after(mut self, wait: Duration) -> Reply {
        self.retry_after = Some(wait.as_secs().max(1));
        self
    }
}
