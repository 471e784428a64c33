//! HTTP clients for all calls: they neither repeat calls nor follow redirects by themselves.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Certificate, ClientBuilder};

use super::authorities::read;
use super::cause::Cause;
use super::proxy::Way;
use crate::hubspot::connect::route::Route;
use crate::hubspot::connect::settings::ConnectError;

/// A host that does not accept the connection within this time is not reachable.
const CONNECT_TIME: Duration = Duration::from_secs(10);

pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Sets up a client for addresses of this kind. A machine without a store of certificate
/// authorities can't build the usual verifier, not even for plain http; Mozilla's list,
/// compiled in, steps in there.
pub(super) fn setup(
    way: &Way,
    scheme: &str,
    route: &Route,
    more: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<reqwest::Client, ConnectError> {
    let authorities = match &route.authorities {
        Some(named) if scheme == "https" => Some(read(named)?),
        _ => None,
    };
    // Another part of the process may have chosen a provider already, which is then
    // used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || more(way.apply(basics()));
    let built = match authorities {
        Some(authorities) => builder().tls_certs_only(authorities).build(),
        None => builder()
            .build()
            .or_else(|_| builder().tls_certs_only(compiled_in_roots()).build()),
    };
    built.map_err(|error| ConnectError::Setup(Cause::of(&error).words))
}

/// Nothing is repeated or followed behind the attempt loop's back.
fn basics() -> ClientBuilder {
    let json = HeaderValue::from_static("application/json");
    reqwest::Client::builder()
        .user_agent(concat!("tickethaul/", env!("CARGO_PKG_VERSION")))
        .default_headers(HeaderMap::from_iter([(ACCEPT, json)]))
        .connect_timeout(CONNECT_TIME)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .gzip(true)
}

fn compiled_in_roots() -> impl Iterator<Item = Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_roots_make_a_client() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        assert!(compiled_in_roots().count() > 100);
        let builder = basics().tls_certs_only(compiled_in_roots());
        assert!(builder.build().is_ok());
    }
}
