//! Files from other hosts than the portal's (protocol H6): only from those that were named,
//! streamed into a file, with limits on size and time. A host's token goes to it and to no
//! other, wherever it redirects. A proxy resolves names itself: whether it calls a private
//! address is only known as far as this machine resolves the same name.

use std::collections::HashMap;
use std::error::Error as _;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use md5::{Digest, Md5};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::cause::Cause;
use super::clients::{is_loopback, setup};
use super::hosts::{FileHost, Guard, Hosts, Private};
use super::proxy::Way;
use crate::hubspot::connect::route::Route;
use crate::hubspot::connect::settings::ConnectError;
use crate::hubspot::connect::token::HostToken;
use crate::model::file_fault::FileFault;

/// How often a file is requested.
const ATTEMPTS: u32 = 3;

/// How often a host may redirect.
const LEADS: usize = 5;

/// Bytes per second that a host has to send at least.
const SLOWEST: u64 = 16 << 10;

/// How long to look up a name that a proxy will resolve: if only the proxy knows it, nobody may
/// answer.
const LOOK_UP: Duration = Duration::from_secs(3);

/// The longest wait that a host may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How many files in a row a host may fail to send before it is given up.
const IN_VAIN: u32 = 8;

/// Fetches files.
pub struct Fetcher {
    hosts: Arc<Hosts>,
    route: Route,
    /// How long a host may take to begin, and in addition to the time for its bytes.
    patience: Duration,
    /// By host and port: each may have a different route.
    clients: Mutex<HashMap<String, Caller>>,
    /// How many files in a row each host did not send.
    in_vain: Mutex<HashMap<String, u32>>,
    /// The private address of each host behind a proxy that was looked up.
    looked_up: Mutex<HashMap<String, Option<IpAddr>>>,
}

/// A client for a host.
#[derive(Clone)]
struct Caller {
    client: reqwest::Client,
    /// Whether a proxy resolves the host's name.
    is_proxied: bool,
}

/// A file that has been fetched completely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Bytes.
    pub size: u64,
    /// MD5 of them, in digits.
    pub md5: String,
}

/// Why an attempt failed.
enum Failure {
    /// Another one would fail too.
    Final(FileFault),
    /// Another one may succeed, after a wait that the host may have asked for.
    Passing(FileFault, Option<Duration>),
}

impl From<FileFault> for Failure {
    fn from(fault: FileFault) -> Failure {
        Failure::Final(fault)
    }
}

impl Fetcher {
    /// From these hosts; nothing is called.
    pub fn new(hosts: Vec<FileHost>, route: Route, patience: Duration) -> Fetcher {
        Fetcher::of(Hosts::new(hosts), route, patience)
    }

    /// From addresses that the portal at an address has signed, without any token.
    pub fn of_portal(base_url: &str, route: Route, patience: Duration) -> Fetcher {
        Fetcher::of(Hosts::of_portal(base_url), route, patience)
    }

    fn of(hosts: Hosts, route: Route, patience: Duration) -> Fetcher {
        Fetcher {
            hosts: Arc::new(hosts),
            route,
            patience,
            clients: Mutex::default(),
            in_vain: Mutex::default(),
            looked_up: Mutex::default(),
        }
    }

    /// Whether any host was named.
    pub fn has_hosts(&self) -> bool {
        !self.hosts.is_empty()
    }

    /// Why an address is not called, as far as that is known in advance; hosts may redirect.
    pub fn refuses(&self, address: &str) -> Option<FileFault> {
        match parsed(address) {
            Ok(url) if self.hosts.of(&url).is_none() => Some(FileFault::HostNotNamed {
                host: host_of(&url),
            }),
            Ok(_) => None,
            Err(fault) => Some(fault),
        }
    }

    /// Writes the file at an address into `to`, which is empty. `is_page` says that a web
    /// page is expected; `most` is how many bytes it may have. A host that was named and sends
    /// nothing is given up after a while: whoever waits for it keeps others waiting.
    ///
    /// # Errors
    /// With what is wrong with the file, or with its host.
    pub async fn fetch(
        &self,
        address: &str,
        is_page: bool,
        to: &mut File,
        most: u64,
    ) -> Result<Fetched, FileFault> {
        let url = parsed(address)?;
        let host = host_of(&url);
        if self
            .in_vain()
            .get(&host)
            .is_some_and(|&files| files >= IN_VAIN)
        {
            return unreachable_words(&format!(
                "{host} did not send the {IN_VAIN} files before it, and is not asked any more"
            ));
        }
        let fetched = self.fetch_in_attempts(&url, is_page, to, most).await;
        if self.hosts.are_all_named() {
            let mut in_vain = self.in_vain();
            let files = in_vain.entry(host).or_default();
            *files = match &fetched {
                Err(FileFault::Unreachable { .. }) => *files + 1,
                _ => 0,
            };
        }
        fetched
    }

    fn in_vain(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.in_vain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch_in_attempts(
        &self,
        url: &Url,
        is_page: bool,
        to: &mut File,
        most: u64,
    ) -> Result<Fetched, FileFault> {
        let mut wait = self.patience / 100;
        for attempt in 1.. {
            match self.attempt(url, is_page, to, most).await {
                Ok(fetched) => return Ok(fetched),
                Err(Failure::Final(fault)) => return Err(fault),
                Err(Failure::Passing(fault, _)) if attempt >= ATTEMPTS => return Err(fault),
                Err(Failure::Passing(_, asked)) => {
                    tokio::time::sleep(asked.unwrap_or(wait).min(LONGEST_WAIT)).await;
                    wait *= 4;
                }
            }
            emptied(to).await.map_err(|error| disk_fault(&error))?;
        }
        unreachable_words("it was not asked for")
    }

    async fn attempt(
        &self,
        url: &Url,
        is_page: bool,
        to: &mut File,
        most: u64,
    ) -> Result<Fetched, Failure> {
        let until = Instant::now() + self.patience;
        let response = timeout_at(until, self.asked(url)).await;
        let response = response.map_err(|_| too_slow(url))??;
        let host = host_of(response.url());
        if !is_page && says_page(&response) {
            return Err(FileFault::Page { host }.into());
        }
        if response
            .content_length()
            .is_some_and(|length| length > most)
        {
            return Err(FileFault::TooLarge { most }.into());
        }
        self.taken(response, is_page, host, to, most).await
    }

    /// The reply of the host that has the file, after all redirects.
    async fn asked(&self, url: &Url) -> Result<Response, Failure> {
        let mut url = url.clone();
        for _ in 0..=LEADS {
            let response = self.called(&url).await?;
            let status = response.status();
            // Other successful statuses have a part of the file, or nothing of it.
            if status == StatusCode::OK {
                return Ok(response);
            }
            if !status.is_redirection() {
                return Err(refused(&url, &response));
            }
            let to = response.headers().get(LOCATION);
            let to = to.and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| url.join(to).ok());
            let Some(to) = to else {
                return Err(refused(&url, &response));
            };
            if !matches!(to.scheme(), "http" | "https") {
                let words = format!(
                    "{} sends on to {to}, which is not http or https",
                    host_of(&url)
                );
                return Err(FileFault::NoAddress { words }.into());
            }
            let downwards = url.scheme() == "https" && to.scheme() != "https";
            if downwards || self.hosts.of(&to).is_none() {
                let to = host_of(&to);
                return Err(FileFault::LeadsElsewhere { to }.into());
            }
            url = to;
        }
        let words = format!("{} sends on again and again", host_of(&url));
        Err(FileFault::NoAddress { words }.into())
    }

    async fn called(&self, url: &Url) -> Result<Response, Failure> {
        let host = host_of(url);
        let Some(named) = self.hosts.of(url) else {
            return Err(FileFault::HostNotNamed { host }.into());
        };
        let literal = host.trim_matches(['[', ']']).parse();
        if literal.is_ok_and(|address| !self.hosts.allow(address)) {
            let address = host.clone();
            return Err(FileFault::PrivateAddress { host, address }.into());
        }
        let caller = self.caller(url)?;
        if caller.is_proxied
            && let Some(address) = self.private_address(&host).await
        {
            let address = address.to_string();
            return Err(FileFault::PrivateAddress { host, address }.into());
        }
        let mut request = caller.client.get(url.clone()).header(ACCEPT, "*/*");
        if let Some(token) = &named.token {
            if url.scheme() != "https" && !is_loopback(&host) {
                return Err(FileFault::PlainToken { host }.into());
            }
            request = request.header(AUTHORIZATION, credentials(token)?);
        }
        request.send().await.map_err(|error| uncalled(url, &error))
    }

    /// A private address that was not named and that this machine finds under a host's name;
    /// none where it does not know the name.
    async fn private_address(&self, host: &str) -> Option<IpAddr> {
        let lock = || {
            self.looked_up
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = lock().get(host) {
            return *known;
        }
        let found = timeout(LOOK_UP, tokio::net::lookup_host((host, 0))).await;
        let private = found.ok().and_then(Result::ok).and_then(|found| {
            let mut addresses = found.map(|address| address.ip());
            addresses.find(|address| !self.hosts.allow(*address))
        });
        let _new = lock().insert(host.to_owned(), private);
        private
    }

    /// A client with the route to a host, like the portal's.
    fn caller(&self, url: &Url) -> Result<Caller, FileFault> {
        let key = format!("{}:{:?}", host_of(url), url.port_or_known_default());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let built = self.build(url).map_err(|error| FileFault::Unreachable {
            words: error.to_string(),
        })?;
        let _new = clients.insert(key, built.clone());
        Ok(built)
    }

    fn build(&self, url: &Url) -> Result<Caller, ConnectError> {
        let loopback = url.host_str().is_some_and(is_loopback);
        let way = Way::to(url, loopback, &self.route)?;
        let is_proxied = matches!(way, Way::Through(_));
        let guard = Arc::new(Guard(Arc::clone(&self.hosts)));
        let client = setup(
            &way,
            url.scheme(),
            &self.route,
            |builder| match is_proxied {
                // Only the proxy's own name is resolved here, and it may be within the network.
                true => builder,
                false => builder.dns_resolver(Arc::clone(&guard)),
            },
        )?;
        Ok(Caller { client, is_proxied })
    }

    /// Writes a reply into a file as it arrives.
    async fn taken(
        &self,
        mut response: Response,
        is_page: bool,
        host: String,
        to: &mut File,
        most: u64,
    ) -> Result<Fetched, Failure> {
        let begun = Instant::now();
        let url = response.url().clone();
        let mut hash = Md5::new();
        let mut size: u64 = 0;
        loop {
            let worth = Duration::from_secs_f64(size as f64 / SLOWEST as f64);
            let until = begun + self.patience + worth;
            let chunk = timeout_at(until, response.chunk()).await;
            let chunk: Option<Bytes> = chunk
                .map_err(|_| too_slow(&url))?
                .map_err(|error| uncalled(&url, &error))?;
            let Some(chunk) = chunk else { break };
            if size == 0 && !is_page && begins_page(&chunk) {
                return Err(FileFault::Page { host }.into());
            }
            size += chunk.len() as u64;
            if size > most {
                return Err(FileFault::TooLarge { most }.into());
            }
            hash.update(&chunk);
            to.write_all(&chunk)
                .await
                .map_err(|error| disk_fault(&error))?;
        }
        to.flush().await.map_err(|error| disk_fault(&error))?;
        let digits = hash.finalize();
        Ok(Fetched {
            size,
            md5: digits.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }
}

fn parsed(address: &str) -> Result<Url, FileFault> {
    let wrong = |words: String| FileFault::NoAddress { words };
    let url = Url::parse(address.trim()).map_err(|error| wrong(error.to_string()))?;
    match url.scheme() {
        "http" | "https" => {}
        other => return Err(wrong(format!("{other} is not http or https"))),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("a name or password does not belong there".to_owned()));
    }
    Ok(url)
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// The header for the host: the token itself if it begins with its scheme.
fn credentials(token: &HostToken) -> Result<HeaderValue, FileFault> {
    let text = token.expose();
    let header = match text.split_once(' ') {
        Some(_) => text.to_owned(),
        None => format!("Bearer {text}"),
    };
    let mut header = HeaderValue::try_from(header).map_err(|_| FileFault::Unreachable {
        words: "the host's token does not fit a header".to_owned(),
    })?;
    header.set_sensitive(true);
    Ok(header)
}

fn says_page(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim().to_ascii_lowercase().starts_with("text/html")
}

fn begins_page(chunk: &[u8]) -> bool {
    let start = chunk.trim_ascii_start();
    let start = start.get(..14.min(start.len())).unwrap_or_default();
    let start = start.to_ascii_lowercase();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// An error status; some are temporary.
fn refused(url: &Url, response: &Response) -> Failure {
    let status = response.status().as_u16();
    let fault = FileFault::Status {
        host: host_of(url),
        status,
    };
    match status {
        408 | 429 | 500..=599 => {
            let wait = response.headers().get(RETRY_AFTER);
            let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
            Failure::Passing(fault, wait.map(Duration::from_secs))
        }
        _ => Failure::Final(fault),
    }
}

fn uncalled(url: &Url, error: &reqwest::Error) -> Failure {
    let host = host_of(url);
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(Private(address)) = inner.downcast_ref() {
            let address = address.to_string();
            return FileFault::PrivateAddress { host, address }.into();
        }
        cause = inner.source();
    }
    let words = format!("can't fetch it from {host}: {}", Cause::of(error).words);
    Failure::Passing(FileFault::Unreachable { words }, None)
}

fn too_slow(url: &Url) -> Failure {
    let words = format!("{} sends it too slowly", host_of(url));
    FileFault::Unreachable { words }.into()
}

fn disk_fault(error: &std::io::Error) -> FileFault {
    FileFault::Unreadable {
        words: format!("it can't be kept: {error}"),
    }
}

fn unreachable_words(words: &str) -> Result<Fetched, FileFault> {
    Err(FileFault::Unreachable {
        words: words.to_owned(),
    })
}

async fn emptied(file: &mut File) -> std::io::Result<()> {
    file.set_len(0).await?;
    file.rewind().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::connect::route::NamedProxy;

    fn behind_a_proxy(names: &[&str]) -> Fetcher {
        let host = |name: &&str| FileHost {
            name: (*name).to_owned(),
            token: None,
        };
        let route = Route {
            proxy: Some(NamedProxy {
                variable: "HTTPS_PROXY",
                address: "http://127.0.0.1:1".to_owned(),
            }),
            ..Route::default()
        };
        let hosts = names.iter().map(host).collect();
        Fetcher::new(hosts, route, Duration::from_secs(1))
    }

    #[tokio::test]
    async fn names_of_private_addresses_are_not_given_to_a_proxy() {
        let fetcher = behind_a_proxy(&["files.invalid"]);
        let found = fetcher.private_address("localhost").await;
        assert!(
            found.is_some_and(|address| address.is_loopback()),
            "{found:?}"
        );
        assert_eq!(fetcher.private_address("localhost").await, found, "known");
        assert_eq!(fetcher.private_address("files.invalid").await, None);
        let named = behind_a_proxy(&["127.0.0.1", "::1"]);
        assert_eq!(named.private_address("localhost").await, None);
    }

    #[test]
    fn a_proxy_resolves_what_is_not_excepted_from_it() {
        let mut fetcher = behind_a_proxy(&["files.invalid"]);
        let is_proxied = |fetcher: &Fetcher, url: &str| {
            let caller = fetcher.caller(&url.parse().expect("an address"));
            caller.map(|caller| caller.is_proxied).ok()
        };
        assert_eq!(is_proxied(&fetcher, "http://files.invalid/a"), Some(true));
        assert_eq!(is_proxied(&fetcher, "http://localhost/a"), Some(false));
        fetcher = behind_a_proxy(&[]);
        fetcher.route.no_proxy = Some("invalid".to_owned());
        assert_eq!(is_proxied(&fetcher, "http://files.invalid/a"), Some(false));
    }
}
