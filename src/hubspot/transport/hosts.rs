//! The hosts that files may be fetched from, by name, and the addresses that have to be
//! named themselves: private ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::hubspot::connect::token::HostToken;

/// A host that was named.
#[derive(Clone, Debug)]
pub struct FileHost {
    /// Its name or address, perhaps with a port; a leading `*.` stands for all hosts below it.
    pub name: String,
    /// What it expects: a whole `Authorization` header, or a bearer token.
    pub token: Option<HostToken>,
}

/// All named hosts.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    named: Vec<FileHost>,
    /// Stands for all others, if they may be called too; it has no token.
    other: Option<FileHost>,
}

/// A private address that was not named.
#[derive(Debug, thiserror::Error)]
#[error("it is at {0}, within a network")]
pub(super) struct Private(pub(super) IpAddr);

impl Hosts {
    pub(super) fn new(mut hosts: Vec<FileHost>) -> Hosts {
        for host in &mut hosts {
            host.name = host.name.to_lowercase();
        }
        Hosts {
            named: hosts,
            other: None,
        }
    }

    /// Any host, since a portal signs addresses of its choice; of private ones only the
    /// portal's own.
    pub(super) fn of_portal(base_url: &str) -> Hosts {
        let free = |name: &str| FileHost {
            name: name.to_lowercase(),
            token: None,
        };
        let url = Url::parse(base_url).ok();
        let host = url.as_ref().and_then(Url::host_str);
        Hosts {
            named: host.into_iter().map(free).collect(),
            other: Some(free("")),
        }
    }

    /// Whether no host is called that was not named.
    pub(super) fn are_all_named(&self) -> bool {
        self.other.is_none()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.other.is_none()
    }

    /// The entry that names the host of an address; the narrowest counts.
    pub(super) fn of(&self, url: &Url) -> Option<&FileHost> {
        let host = bare(url.host_str()?).to_lowercase();
        let port = url.port_or_known_default();
        let named = self
            .named
            .iter()
            .filter(|named| names(&named.name, &host, port));
        let narrowest = named.max_by_key(|named| (!named.name.starts_with("*."), named.name.len()));
        narrowest.or(self.other.as_ref())
    }

    /// Whether an address may be called, whatever its name.
    pub(super) fn allow(&self, address: IpAddr) -> bool {
        let mut named = self.named.iter();
        let local = address.is_loopback() && named.any(|named| named.name == "localhost");
        let text = address.to_string();
        let mut named = self.named.iter();
        !is_private(address) || local || named.any(|named| names(&named.name, &text, None))
    }
}

/// Whether a given name matches a host. A name without a port matches all ports.
fn names(name: &str, host: &str, port: Option<u16>) -> bool {
    let (name, wanted) = match name.rsplit_once(':') {
        Some((before, digits)) if !before.contains(':') || before.ends_with(']') => {
            match digits.parse::<u16>() {
                Ok(wanted) => (before, Some(wanted)),
                Err(_) => (name, None),
            }
        }
        _ => (name, None),
    };
    let fits = match name.strip_prefix("*.") {
        Some(above) => host
            .strip_suffix(above)
            .is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => bare(name) == host,
    };
    fits && (wanted.is_none() || port.is_none() || wanted == port)
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Private addresses, those of this machine, and those of no particular host.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inside) => is_private_v4(inside),
            None => {
                let first = address.segments()[0];
                address.is_loopback()
                    || address.is_unspecified()
                    || address.is_multicast()
                    || first & 0xfe00 == 0xfc00
                    || first & 0xffc0 == 0xfe80
            }
        },
    }
}

/// The address of version 4 that one of version 6 stands for.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    let is_nat = parts[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    let last = Ipv4Addr::from((u32::from(parts[6]) << 16) | u32::from(parts[7]));
    address.to_ipv4_mapped().or(is_nat.then_some(last))
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        || (first == 100 && (64..128).contains(&second))
        || (first == 198 && (18..20).contains(&second))
}

/// Resolves names, and leaves out addresses that may not be called.
pub(super) struct Guard(pub(super) Arc<Hosts>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let hosts = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (good, bad): (Vec<SocketAddr>, Vec<SocketAddr>) =
                found.partition(|address| hosts.allow(address.ip()));
            match (good.is_empty(), bad.first()) {
                (true, Some(private)) => Err(Private(private.ip()).into()),
                _ => Ok(Box::new(good.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(names: &[&str]) -> Hosts {
        let host = |name: &&str| FileHost {
            name: (*name).to_owned(),
            token: None,
        };
        Hosts::new(names.iter().map(host).collect())
    }

    #[test]
    fn hosts_are_named_with_or_without_a_port_or_all_below_a_name() {
        for (name, url, is) in [
            ("files.example", "https://files.example/a", true),
            ("Files.Example", "https://files.EXAMPLE:8443/a", true),
            ("files.example:8443", "https://files.example:8443/a", true),
            ("files.example:443", "https://files.example/a", true),
            ("files.example:8443", "https://files.example/a", false),
            ("*.example", "https://files.example/a", true),
            ("*.example", "https://a.b.example/a", true),
            ("*.files.example", "https://files.example/a", false),
            ("*.example", "https://badexample/a", false),
            ("files.example", "https://files.example.evil.test/a", false),
            ("127.0.0.1", "http://127.0.0.1:9/a", true),
            ("::1", "http://[::1]:9/a", true),
            ("[::1]:9", "http://[::1]:9/a", true),
        ] {
            let url = url.parse().expect("an address");
            assert_eq!(hosts(&[name]).of(&url).is_some(), is, "{name} {url}");
        }
        let both = hosts(&["*.example", "files.example"]);
        let url = "https://files.example/".parse().expect("an address");
        assert_eq!(
            both.of(&url).map(|host| host.name.as_str()),
            Some("files.example")
        );
    }

    #[test]
    fn addresses_within_a_network_have_to_be_named() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.9",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
        ] {
            let address: IpAddr = private.parse().expect("an address");
            assert!(!hosts(&["files.example"]).allow(address), "{private}");
            assert!(hosts(&[private]).allow(address), "{private}");
        }
        let public: IpAddr = "93.184.215.14".parse().expect("an address");
        assert!(hosts(&[]).allow(public));
        let here: IpAddr = "127.0.0.1".parse().expect("an address");
        assert!(hosts(&["localhost"]).allow(here));
    }
}
