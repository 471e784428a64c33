//! The proxy that the environment names for calls to the portal. One that can't be used
//! is refused: bypassing it would not be what the user wants.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, Proxy, Url};

use crate::hubspot::connect::route::{NamedProxy, Route};
use crate::hubspot::connect::settings::ConnectError;

/// How connections are made.
pub(super) enum Way {
    /// Directly to the host: it is this machine, or is exempt from the proxy.
    Straight,
    /// By the system's settings; the environment names no proxy.
    System,
    /// Through a proxy.
    Through(Box<Through>),
}

/// A proxy in use.
pub(super) struct Through {
    proxy: Proxy,
    /// Host and port, for people; holds no password.
    pub(super) shown: String,
    /// What names it.
    pub(super) variable: &'static str,
}

impl Way {
    /// The route to an address. Calls to this machine never go through a proxy, which
    /// would see the token.
    pub(super) fn to(base: &Url, loopback: bool, route: &Route) -> Result<Way, ConnectError> {
        let named = match &route.proxy {
            _ if loopback => return Ok(Way::Straight),
            None => return Ok(Way::System),
            Some(named) => named,
        };
        let through = Through::new(named)?;
        let excepted = route.no_proxy.as_deref().is_some_and(|hosts| {
            let matcher = Matcher::builder().all("http://proxy.invalid").no(hosts);
            let uri = base.as_str().parse();
            uri.is_ok_and(|uri| matcher.build().intercept(&uri).is_none())
        });
        Ok(match excepted {
            true => Way::Straight,
            false => Way::Through(Box::new(through)),
        })
    }

    /// Sets a client up for it.
    pub(super) fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        match self {
            Way::Straight => builder.no_proxy(),
            Way::System => builder,
            Way::Through(through) => builder.proxy(through.proxy.clone()),
        }
    }

    /// The proxy, if there is one.
    pub(super) fn proxy(self) -> Option<Through> {
        match self {
            Way::Through(through) => Some(*through),
            Way::Straight | Way::System => None,
        }
    }
}

impl Through {
    fn new(named: &NamedProxy) -> Result<Through, ConnectError> {
        let refuse = |reason: String| ConnectError::BadProxy {
            variable: named.variable,
            reason,
        };
        let address = named.address.trim();
        let with_scheme = match address.contains("://") {
            true => address.to_owned(),
            false => format!("http://{address}"),
        };
        let url = Url::parse(&with_scheme).map_err(|error| refuse(error.to_string()))?;
        let host = url.host_str().unwrap_or_default();
        match url.scheme() {
            "http" | "https" if !host.is_empty() => {}
            "http" | "https" => return Err(refuse("it names no host".to_owned())),
            other => {
                let words =
                    format!("a proxy of the kind {other} can't be used; write http://host:port");
                return Err(refuse(words));
            }
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse(
                "something follows its host and port; write http://host:port".to_owned(),
            ));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let shown = format!("{host}:{port}");
        let proxy = Proxy::all(url).map_err(|_| refuse("it is not an address".to_owned()))?;
        Ok(Through {
            proxy,
            shown,
            variable: named.variable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(address: &str, no_proxy: Option<&str>) -> Result<Way, ConnectError> {
        let base = Url::parse("https://api.hubapi.com").expect("an address");
        let route = Route {
            proxy: Some(NamedProxy {
                variable: "HTTPS_PROXY",
                address: address.to_owned(),
            }),
            no_proxy: no_proxy.map(str::to_owned),
            authorities: None,
        };
        Way::to(&base, false, &route)
    }

    #[test]
    fn a_proxy_is_used_or_refused_and_never_passed_by() {
        for (address, shown) in [
            ("http://proxy.example:3128", "proxy.example:3128"),
            ("proxy.example:3128", "proxy.example:3128"),
            (" https://proxy.example/ ", "proxy.example:443"),
            ("http://me:hush@10.0.0.1:8080", "10.0.0.1:8080"),
            ("http://m e:hu sh@10.0.0.1:8080", "10.0.0.1:8080"),
        ] {
            let through = way(address, None).ok().and_then(Way::proxy);
            assert_eq!(
                through.map(|through| through.shown).as_deref(),
                Some(shown),
                "{address}"
            );
        }
        for address in [
            "http://proxy.example:99999",
            "http://[::1",
            "http://",
            "http://me:hush@",
            "socks5://me:hush@proxy.example:1080",
            "ftp://proxy.example",
            "127.0.0.1:1?hush",
            "http://proxy.example:3128/hush",
            "proxy.example#hush",
        ] {
            let Err(error) = way(address, None) else {
                panic!("{address} was taken")
            };
            let words = error.to_string();
            assert!(words.contains("HTTPS_PROXY"), "{words}");
            assert!(!words.contains("hush"), "{words}");
        }
    }

    #[test]
    fn hosts_can_be_excepted() {
        for (hosts, excepted) in [
            ("api.hubapi.com", true),
            (".hubapi.com,localhost", true),
            ("*", true),
            ("example.com", false),
            ("", false),
        ] {
            let way = way("http://proxy.example:1", Some(hosts)).ok();
            let through = way.and_then(Way::proxy).is_some();
            assert_eq!(through, !excepted, "{hosts}");
        }
    }
}
