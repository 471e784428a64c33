//! A reply before it is put on the wire: status and body, nothing of HTTP beyond
//! that. Headers are the front's.

use serde::Serialize;

/// Status and body of an answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

/// `{"results": [...]}`, the envelope of unpaged lists.
#[derive(Debug, Serialize)]
pub(super) struct Results<T> {
    pub(super) results: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) paging: Option<Paging>,
}

/// Where the next page begins.
#[derive(Debug, Serialize)]
pub(super) struct Paging {
    next: Next,
}

#[derive(Debug, Serialize)]
struct Next {
    after: String,
    link: String,
}

impl Paging {
    pub(super) fn new(after: String, link: String) -> Paging {
        Paging {
            next: Next { after, link },
        }
    }
}

impl<T> Results<T> {
    /// All there is.
    pub(super) fn whole(results: Vec<T>) -> Results<T> {
        Results {
            results,
            paging: None,
        }
    }
}

impl Reply {
    /// `body` as JSON. Our shapes have string keys only and so always serialise;
    /// a failure would come out as an empty body.
    pub(super) fn json<T: Serialize>(status: u16, body: &T) -> Reply {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Reply {
            status,
            content_type: "application/json;charset=utf-8",
            body,
        }
    }

    /// 204.
    pub(super) fn empty() -> Reply {
        Reply {
            status: 204,
            content_type: "application/json;charset=utf-8",
            body: Vec::new(),
        }
    }

    /// The page that a gateway shows in place of a reply (contract 4.6).
    pub(super) fn bad_gateway() -> Reply {
        let body = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
            <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
        Reply {
            status: 502,
            content_type: "text/html",
            body: body.to_vec(),
        }
    }
}
