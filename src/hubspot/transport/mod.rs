//! The transport over real sockets: with its folder the only place that knows reqwest, and the one
//! that puts the token into the `Authorization` header. One request, one reply; the attempt loop
//! repeats, paces and sets deadlines.

mod authorities;
mod cause;
mod clients;
mod fetch;
mod hosts;
mod proxy;
mod upload;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, Url};

use cause::{Blame, Cause};
use clients::{is_loopback, setup};
use proxy::{Through, Way};

pub use fetch::{Fetched, Fetcher};
pub use hosts::FileHost;

use super::connect::route::Route;
use super::connect::settings::ConnectError;
use super::connect::token::Token;
use crate::hubspot::contract;
use crate::hubspot::exchange::{Content, Headers, Reply, Request, Transport, TransportError};

/// Calls a portal over HTTP/1.1.
pub(crate) struct HttpTransport {
    /// Without a slash at its end; holds no name or password.
    base: String,
    client: reqwest::Client,
    proxy: Option<Through>,
}

impl HttpTransport {
    /// Checks the address, proxy and certificates, and sets up TLS; nothing is sent.
    pub(crate) fn open(base_url: &str, route: &Route) -> Result<HttpTransport, ConnectError> {
        let url = parse_base(base_url)?;
        let loopback = url.host_str().is_some_and(is_loopback);
        if url.scheme() == "http" && !loopback {
            return Err(ConnectError::PlainHttp(url.to_string()));
        }
        let way = Way::to(&url, loopback, route)?;
        Ok(HttpTransport {
            base: url.as_str().trim_end_matches('/').to_owned(),
            client: setup(&way, url.scheme(), route, |builder| builder)?,
            proxy: way.proxy(),
        })
    }

    async fn exchange(
        &self,
        request: &Request,
        token: Option<&Token>,
    ) -> Result<Reply, TransportError> {
        let url = format!("{}{}", self.base, request.path);
        let mut builder = self.client.request(request.method.clone(), url);
        if let Some(token) = token {
            builder = builder.header(AUTHORIZATION, bearer(token)?);
        }
        if let Some(body) = &request.body {
            let content = HeaderValue::from_static(content(request.content));
            builder = builder.header(CONTENT_TYPE, content).body(body.clone());
        }
        if let Some(form) = &request.upload {
            let content = format!("multipart/form-data; boundary={}", form.boundary);
            builder = builder.header(CONTENT_TYPE, content);
            builder = builder.header(CONTENT_LENGTH, form.length());
            builder = builder.body(upload::body(form).await?);
        }
        let response = builder.send().await.map_err(|error| self.failure(error))?;
        let (status, headers) = (response.status().as_u16(), kept(response.headers()));
        let body = self.body(response).await?;
        Ok(Reply {
            status,
            headers,
            body,
        })
    }

    /// Reads the body to its end. A reply that is too long counts as none.
    async fn body(&self, mut response: Response) -> Result<Bytes, TransportError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.failure(error))?
        {
            if body.len() + chunk.len() > contract::REPLY_LIMIT {
                let megabytes = contract::REPLY_LIMIT >> 20;
                let words = format!("the reply is larger than {megabytes} MB");
                return Err(TransportError::Ambiguous(words));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn failure(&self, error: reqwest::Error) -> TransportError {
        let not_sent = error.is_connect() || error.is_builder();
        let Cause { words, blame } = Cause::of(&error.without_url());
        if !not_sent {
            return TransportError::Ambiguous(format!("the connection broke off: {words}"));
        }
        let base = &self.base;
        let straight = format!("can't reach {base}: {words}");
        let Some(Through {
            shown, variable, ..
        }) = &self.proxy
        else {
            return match blame {
                Blame::Tls => TransportError::Blocked(straight),
                _ => TransportError::NotSent(straight),
            };
        };
        let proxy = format!("the proxy {shown} ({variable})");
        match blame {
            Blame::Proxy => {
                TransportError::NotSent(format!("can't reach {base} through {proxy}: {words}"))
            }
            Blame::ProxyLogin => TransportError::Blocked(format!(
                "{proxy} wants a name and a password (407): write them into {variable}, as in \
                 http://NAME:PASSWORD@{shown}"
            )),
            Blame::Tls => TransportError::Blocked(format!("{straight} (asked through {proxy})")),
            Blame::Way => TransportError::NotSent(format!("{straight} (asked through {proxy})")),
        }
    }
}

impl Transport for HttpTransport {
    fn send<'a>(
        &'a self,
        request: &'a Request,
        token: Option<&'a Token>,
    ) -> BoxFuture<'a, Result<Reply, TransportError>> {
        Box::pin(self.exchange(request, token))
    }
}

fn content(content: Content) -> &'static str {
    match content {
        Content::Json => "application/json",
        Content::Form => "application/x-www-form-urlencoded",
    }
}

fn bearer(token: &Token) -> Result<HeaderValue, TransportError> {
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| TransportError::NotSent("the token does not fit a header".to_owned()))?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

fn parse_base(text: &str) -> Result<Url, ConnectError> {
    let refuse = |shown: &str, reason: &str| ConnectError::BadUrl {
        url: shown.to_owned(),
        reason: reason.to_owned(),
    };
    let shown = shown(text);
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) if text.contains("://") => return Err(refuse(shown, &error.to_string())),
        Err(_) => return Err(refuse(shown, "it must start with https://")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        let host = url.host_str().unwrap_or_default();
        return Err(refuse(host, "a name or password does not belong there"));
    }
    match url.scheme() {
        "http" | "https" if url.query().is_some() || url.fragment().is_some() => {
            Err(refuse(shown, "it must end with the path"))
        }
        "http" | "https" => Ok(url),
        _ => Err(refuse(shown, "it must start with https://")),
    }
}

/// An address without a name and password, and without a query: both may be secret.
fn shown(address: &str) -> &str {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let start = address[..end].rfind('@').map_or(0, |at| at + 1);
    &address[start..end]
}

fn kept(headers: &HeaderMap) -> Headers {
    contract::HEADERS
        .into_iter()
        .filter_map(|name| Some((name, headers.get(name)?.to_str().ok()?)))
        .fold(Headers::default(), |kept, (name, value)| {
            kept.with(name, value)
        })
}

#[cfg(test)]
mod tests;
