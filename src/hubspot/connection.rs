//! What it takes to reach a portal: address, token, ceiling of the rate and the
//! deadline of an attempt. Opening the connection is left to `transport`.

use std::str::FromStr;
use std::time::Duration;

use crate::hubspot::token::Token;

/// How to reach a portal.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `https://api.hubapi.com`, or any other address that speaks the same; plain
    /// http only on a loopback address.
    pub base_url: String,
    /// Goes into every call's `Authorization` header and nowhere else.
    pub token: Token,
    /// A ceiling of our own below the portal's (`--rate`).
    pub rate: Option<Rate>,
    /// Deadline of one attempt; 100 s unless the user says otherwise. HubSpot's
    /// edge gives up after 100 s too (524).
    pub timeout: Duration,
}

/// So many calls in any window of that length, e.g. `190/10s`.
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

fn parse_rate(text: &str) -> Option<Rate> {
    let (calls, window) = text.split_once('/')?;
    let window = match window.strip_suffix("ms") {
        Some(millis) => Duration::from_millis(millis.parse().ok()?),
        None => Duration::from_secs(window.strip_suffix('s')?.parse().ok()?),
    };
    let calls = calls.parse().ok()?;
    (calls > 0 && !window.is_zero()).then_some(Rate { calls, window })
}

/// Why no client could be made; nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not an address of the form `https://host[:port][/path]`.
    #[error("the base URL `{url}` is not usable: {reason}")]
    BadUrl {
        /// As given, without a name and password in it.
        url: String,
        /// In plain words.
        reason: String,
    },
    /// The token would travel in clear text.
    #[error(
        "the base URL `{0}` is plain http; that is allowed for loopback addresses only, since the token would be readable on the way"
    )]
    PlainHttp(String),
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
        for odd in [
            "", "190", "0/10s", "190/0s", "190/10", "-1/1s", "x/10s", "1/ s",
        ] {
            let refused = odd.parse::<Rate>().expect_err(odd);
            assert!(refused.to_string().contains("190/10s"));
        }
    }
}
