//! A portal of canned replies in memory, for the client.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use tickethaul::hubspot::{
    ApiVersion, Client, Headers, Reply, Request, Settings, Token, Transport, TransportError,
};
use tokio::time::Instant;

/// Answers each request with the reply of the first path that it starts with, and
/// keeps the requests.
pub struct Replies {
    by_path: Vec<(&'static str, Reply)>,
    asked: Mutex<Vec<String>>,
}

impl Replies {
    /// Method, path and body of each request, with blanks between.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("unpoisoned").clone()
    }
}

impl Transport for Replies {
    fn send<'a>(
        &'a self,
        request: &'a Request,
        _token: Option<&'a Token>,
    ) -> BoxFuture<'a, Result<Reply, TransportError>> {
        self.asked.lock().expect("unpoisoned").push(line(request));
        let found = self
            .by_path
            .iter()
            .find(|(path, _)| request.path.starts_with(path));
        let reply = found.map(|(_, reply)| reply.clone());
        Box::pin(async move { reply.ok_or(TransportError::NotSent("no such path".to_owned())) })
    }
}

/// Calls by the paths of v3, which these replies are pinned to; those of both versions
/// are a table beside them.
pub fn numbered() -> Settings {
    Settings {
        api: ApiVersion::V3,
        ..Settings::default()
    }
}

/// A client of a portal that answers by path.
pub fn portal(by_path: Vec<(&'static str, Reply)>) -> (Client, Arc<Replies>) {
    portal_with(numbered(), by_path)
}

/// The same with other settings.
pub fn portal_with(
    settings: Settings,
    by_path: Vec<(&'static str, Reply)>,
) -> (Client, Arc<Replies>) {
    let asked = Mutex::default();
    let replies = Arc::new(Replies { by_path, asked });
    (Client::over(replies.clone(), settings), replies)
}

/// A reply with a correlation id in its header.
pub fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        headers: Headers::default().with("X-HubSpot-Correlation-Id", "from-header"),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// What becomes of one attempt.
#[derive(Clone)]
pub enum Step {
    /// A whole reply.
    Reply(Reply),
    /// Nothing reached the portal.
    NotSent,
    /// The connection broke off after the request.
    Reset,
    /// No answer ever.
    Hang,
}

/// Plays its steps in order, and the last one for ever.
pub struct Script {
    steps: Mutex<VecDeque<Step>>,
    sent: Mutex<Vec<(Instant, String)>>,
}

impl Script {
    /// Seconds between one attempt and the next, for all attempts.
    pub fn waits(&self) -> Vec<f64> {
        let sent = self.sent.lock().expect("unpoisoned");
        let pairs = sent.windows(2);
        pairs
            .map(|pair| (pair[1].0 - pair[0].0).as_secs_f64())
            .collect()
    }

    /// Method, path and body of each attempt, with blanks between.
    pub fn asked(&self) -> Vec<String> {
        let sent = self.sent.lock().expect("unpoisoned");
        sent.iter().map(|(_, line)| line.clone()).collect()
    }
}

impl Transport for Script {
    fn send<'a>(
        &'a self,
        request: &'a Request,
        _token: Option<&'a Token>,
    ) -> BoxFuture<'a, Result<Reply, TransportError>> {
        let sent = (Instant::now(), line(request));
        self.sent.lock().expect("unpoisoned").push(sent);
        let mut steps = self.steps.lock().expect("unpoisoned");
        let step = match steps.len() {
            1 => steps.front().cloned(),
            _ => steps.pop_front(),
        };
        Box::pin(async move {
            match step.expect("a step") {
                Step::Reply(reply) => Ok(reply),
                Step::NotSent => Err(TransportError::NotSent("can't reach it".to_owned())),
                Step::Reset => Err(TransportError::Ambiguous("reset".to_owned())),
                Step::Hang => std::future::pending().await,
            }
        })
    }
}

/// A client of a portal that plays a script.
pub fn scripted(steps: Vec<Step>) -> (Client, Arc<Script>) {
    let script = Arc::new(Script {
        steps: Mutex::new(steps.into()),
        sent: Mutex::default(),
    });
    (Client::over(script.clone(), numbered()), script)
}

fn line(request: &Request) -> String {
    let body = request.body.as_deref().unwrap_or_default();
    let (method, body) = (&request.method, String::from_utf8_lossy(body));
    format!("{method} {} {body}", request.path)
}
