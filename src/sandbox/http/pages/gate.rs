//! Who sees the pages: anybody with the key that the sandbox prints at its start. The key
//! is exchanged for a cookie, so that it is in no other link or history entry. Both are new
//! at each start.

use std::io;

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use crate::sandbox::http::secret::new_token;

use super::visit::pairs;

/// What opens the pages.
pub(crate) struct Pages {
    key: String,
    cookie: String,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pages").finish_non_exhaustive()
    }
}

/// What a request may see.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Open,
    /// The request came with the key, and gets this cookie.
    Cookie(String),
    Closed,
}

impl Pages {
    /// A new key and a new cookie.
    ///
    /// # Errors
    /// When the system can't provide random bytes.
    pub(crate) fn new() -> io::Result<Pages> {
        Ok(Pages {
            key: new_token()?,
            cookie: new_token()?,
        })
    }

    /// The path to open in a browser, below the portal's address.
    pub(crate) fn way_in(&self) -> String {
        format!("/?key={}", self.key)
    }

    pub(super) fn entry(&self, head: &Parts) -> Entry {
        let host = text(&head.headers, header::HOST.as_str());
        // Browsers send cookies to every port of a host.
        let name = format!("tickethaul-{}", host.rsplit(':').next().unwrap_or_default());
        let given = pairs(head.uri.query().unwrap_or_default());
        let has_key = given
            .iter()
            .any(|(name, value)| name == "key" && *value == self.key);
        if head.method == Method::GET && has_key {
            let cookie = &self.cookie;
            return Entry::Cookie(format!(
                "{name}={cookie}; Path=/; HttpOnly; SameSite=Strict"
            ));
        }
        let cookies = text(&head.headers, header::COOKIE.as_str());
        let mut cookies = cookies
            .split(';')
            .filter_map(|cookie| cookie.trim().split_once('='));
        let is_known = cookies.any(|(given, value)| given == name && value == self.cookie);
        let is_from_here = match head.method == Method::GET {
            true => true,
            false => text(&head.headers, header::ORIGIN.as_str()) == format!("http://{host}"),
        };
        match is_known && is_from_here {
            true => Entry::Open,
            false => Entry::Closed,
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    /// Name and value of a header.
    type Header<'h> = (&'h str, &'h str);

    fn asked(method: &str, address: &str, headers: &[Header<'_>]) -> Parts {
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn the_key_gives_the_cookie_and_the_cookie_opens_the_pages() {
        let pages = Pages::new().expect("pages");
        let host = ("host", "127.0.0.1:81");
        let entry = |method: &str, address: &str, headers: &[Header<'_>]| {
            pages.entry(&asked(method, address, headers))
        };
        let Entry::Cookie(cookie) = entry("GET", &pages.way_in(), &[host]) else {
            panic!("no cookie");
        };
        let cookie = cookie.split(';').next().expect("a cookie");
        let with = [host, ("cookie", cookie)];
        assert_eq!(entry("GET", "/", &with), Entry::Open);
        assert_eq!(
            entry("GET", "/", &[host, ("cookie", &format!("a=b; {cookie}"))]),
            Entry::Open
        );
        let own = ("origin", "http://127.0.0.1:81");
        assert_eq!(
            entry("POST", "/pages/x", &[with[0], with[1], own]),
            Entry::Open
        );
        let closed: [(&str, &str, &[Header<'_>]); 6] = [
            ("GET", "/", &[host]),
            ("GET", "/?key=", &[host]),
            ("GET", "/", &[host, ("cookie", "tickethaul-81=")]),
            ("POST", &pages.way_in(), &[host, own]),
            ("POST", "/", &with),
            (
                "POST",
                "/",
                &[with[0], with[1], ("origin", "http://127.0.0.1:82")],
            ),
        ];
        for (method, address, headers) in closed {
            assert_eq!(
                entry(method, address, headers),
                Entry::Closed,
                "{method} {address}"
            );
        }
        let other = [("host", "127.0.0.1:82"), ("cookie", cookie)];
        assert_eq!(entry("GET", "/", &other), Entry::Closed);
    }
}
