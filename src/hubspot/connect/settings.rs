//! How a client calls: credentials, limit and reserve of the rate, deadline of an
//! attempt, version of the paths. `transport` opens the connection.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::credentials::Credentials;
use super::route::Route;
use crate::hubspot::paths::ApiVersion;

/// How a client calls, whatever the transport.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Goes into every call's `Authorization` header; none for a transport that
    /// needs none.
    pub credentials: Option<Credentials>,
    /// Our own limit below the portal's (`--rate`).
    pub rate: Option<Rate>,
    /// What is left for others (`--reserve`).
    pub reserve: Reserve,
    /// Deadline of one attempt. HubSpot's edge gives up after 100 s (524).
    pub timeout: Duration,
    /// Whether calls wait for the next day once the allowance of this one is used up
    /// (`--wait-for-limit`), instead of ending.
    pub wait_for_limit: bool,
    /// Shape of the paths (`--api`).
    pub api: ApiVersion,
    /// Proxy and authorities, for a transport over sockets.
    pub route: Route,
}

impl Default for Settings {
    /// No credentials, no ceiling, the usual reserve, 100 s, 2026-09.
    fn default() -> Settings {
        Settings {
            credentials: None,
            rate: None,
            reserve: Reserve::default(),
            timeout: Duration::from_secs(100),
            wait_for_limit: false,
            api: ApiVersion::default(),
            route: Route::default(),
        }
    }
}

/// Shares of the portal's allowances that stay unused, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reserve {
    /// Of the burst window.
    pub burst: f64,
    /// Of the day: calls stop when what is left falls below it.
    pub day: f64,
}

impl Default for Reserve {
    /// Nothing of the burst, a tenth of the day: the day is shared with every other
    /// integration of the account.
    fn default() -> Reserve {
        Reserve {
            burst: 0.0,
            day: 0.1,
        }
    }
}

/// This many calls in any window of this length, e.g. `190/10s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At least 1.
    pub calls: u32,
    /// Longer than zero.
    pub window: Duration,
}

/// A rate that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rate; write calls, a slash and a time, such as 190/10s")]
pub struct RateSyntax(String);

impl FromStr for Rate {
    type Err = RateSyntax;

    fn from_str(text: &str) -> Result<Rate, RateSyntax> {
        parse_rate(text).ok_or_else(|| RateSyntax(text.to_owned()))
    }
}

impl fmt::Display for Rate {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.window.subsec_millis() {
            0 => write!(f, "{}/{}s", self.calls, self.window.as_secs()),
            _ => write!(f, "{}/{}ms", self.calls, self.window.as_millis()),
        }
    }
}

fn parse_rate(text: &str) -> Option<Rate> {
    let (calls, window) = text.split_once('/')?;
    let window = match window.strip_suffix("ms") {
        Some(millis) => Duration::from_millis(millis.parse().ok()?),
        None => Duration::from_secs(window.strip_suffix('s')?.parse().ok()?),
    };
    let calls = calls.parse().ok()?;
    (calls > 0 && !window.is_zero()).then_some(Rate { calls, window })
}

/// Why a client could not be created; nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not an address of the form `https://host[:port][/path]`.
    #[error("the base URL `{url}` is not usable: {reason}")]
    BadUrl {
        /// As given, without user name and password.
        url: String,
        /// In plain words.
        reason: String,
    },
    /// The token would travel in clear text.
    #[error(
        "the base URL `{0}` is plain http; that is allowed for loopback addresses only, since the token would be readable on the way"
    )]
    PlainHttp(String),
    /// A proxy that can't be used; calls don't go past it.
    #[error("{variable} names a proxy that can't be used: {reason}")]
    BadProxy {
        /// What names it.
        variable: &'static str,
        /// In plain words, without the address: it may hold a password.
        reason: String,
    },
    /// Certificates that can't be read.
    #[error("{variable} names {}, which can't be used: {reason}", path.display())]
    BadAuthorities {
        /// What names the file or folder.
        variable: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// In plain words.
        reason: String,
    },
    /// TLS or the HTTP stack could not be set up.
    #[error("the HTTP client can't be set up: {0}")]
    Setup(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_calls_by_time() {
        let rate = |calls, millis| Rate {
            calls,
            window: Duration::from_millis(millis),
        };
        assert_eq!("190/10s".parse(), Ok(rate(190, 10_000)));
        assert_eq!("5/500ms".parse(), Ok(rate(5, 500)));
        for text in ["190/10s", "5/500ms", "1/1500ms"] {
            let rate: Rate = text.parse().expect("a rate");
            assert_eq!(rate.to_string(), text);
        }
        for odd in [
            "", "190", "0/10s", "190/0s", "190/10", "-1/1s", "x/10s", "1/ s",
        ] {
            let refused = odd.parse::<Rate>().expect_err(odd);
            assert!(refused.to_string().contains("190/10s"));
        }
    }
}
