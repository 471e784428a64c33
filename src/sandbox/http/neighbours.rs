//! Who may call: programs on this machine, except those that use another host's name. A web page
//! can make its own name resolve to this machine (DNS rebinding), and would then read tickets; its
//! calls carry that name as `Host` or `Origin`.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

use crate::sandbox::api::problem::Problem;

/// Refuses calls that name another machine.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let is_ours = headers.get_all(header::HOST).iter().all(|host| {
        let host = host.to_str().unwrap_or_default();
        is_loopback(host)
    });
    let is_page_of_ours = headers.get_all(header::ORIGIN).iter().all(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        let (_, host) = origin.split_once("://").unwrap_or_default();
        is_loopback(host)
    });
    match is_ours && is_page_of_ours {
        true => Ok(()),
        false => Err(Problem::elsewhere()),
    }
}

/// Whether a host, with or without a port, is this machine.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => authority.split(':').next(),
    };
    let host = host.unwrap_or_default();
    let address = host.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_served() {
        for (host, origin, is_served) in [
            ("127.0.0.1:8080", None, true),
            ("localhost", None, true),
            ("LocalHost:1", Some("http://localhost:3000"), true),
            ("[::1]:80", Some("http://[::1]"), true),
            ("127.8.9.1", Some("https://127.0.0.1"), true),
            ("evil.example", None, false),
            ("127.0.0.1.evil.example:80", None, false),
            ("localhost.evil.example", None, false),
            ("", None, false),
            ("192.168.0.1", None, false),
            ("127.0.0.1", Some("https://evil.example"), false),
            ("127.0.0.1", Some("null"), false),
        ] {
            let mut headers = HeaderMap::new();
            let _new = headers.insert(header::HOST, host.parse().expect("a host"));
            if let Some(origin) = origin {
                let _new = headers.insert(header::ORIGIN, origin.parse().expect("an origin"));
            }
            assert_eq!(check(&headers).is_ok(), is_served, "{host} {origin:?}");
        }
        assert!(check(&HeaderMap::new()).is_ok());
    }
}
