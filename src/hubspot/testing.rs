//! A transport that plays a script: for tests of the client and of what is built on it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use tokio::time::Instant;

use super::connect::token::Token;
use super::exchange::{Reply, Request, Transport, TransportError};

/// What becomes of one attempt.
#[derive(Clone, Debug)]
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

/// Which attempt meets which step.
enum Order {
    /// One after the other; there are no more attempts than steps.
    Once(Mutex<VecDeque<Step>>),
    /// One after the other, and the last one for ever.
    Repeating(Mutex<VecDeque<Step>>),
    /// By the first of these prefixes that the path has; other paths do not reach the portal.
    ByPath(Vec<(&'static str, Reply)>),
}

/// Plays steps, and keeps what it was asked and when.
pub struct Script {
    order: Order,
    sent: Mutex<Vec<(Instant, String)>>,
}

impl Script {
    /// Plays each step once, in order; panics when it is asked more often.
    pub fn once(steps: Vec<Step>) -> Arc<Script> {
        Script::of(Order::Once(Mutex::new(steps.into())))
    }

    /// Plays its steps in order, and the last one for ever.
    pub fn repeating(steps: Vec<Step>) -> Arc<Script> {
        Script::of(Order::Repeating(Mutex::new(steps.into())))
    }

    /// Answers each request with the reply for the first prefix that its path has.
    pub fn by_path(replies: Vec<(&'static str, Reply)>) -> Arc<Script> {
        Script::of(Order::ByPath(replies))
    }

    fn of(order: Order) -> Arc<Script> {
        Arc::new(Script {
            order,
            sent: Mutex::default(),
        })
    }

    /// Method, path and body of each attempt, with blanks between.
    pub fn asked(&self) -> Vec<String> {
        let sent = held(&self.sent);
        sent.iter().map(|(_, line)| line.clone()).collect()
    }

    /// When each attempt was made.
    pub fn sent_at(&self) -> Vec<Instant> {
        held(&self.sent).iter().map(|(at, _)| *at).collect()
    }

    /// Seconds between one attempt and the next, for all attempts.
    pub fn waits(&self) -> Vec<f64> {
        let sent = self.sent_at();
        let pairs = sent.windows(2);
        pairs
            .map(|pair| (pair[1] - pair[0]).as_secs_f64())
            .collect()
    }

    fn step(&self, request: &Request) -> Step {
        match &self.order {
            Order::Once(steps) => held(steps)
                .pop_front()
                .expect("no more attempts than steps"),
            Order::Repeating(steps) => {
                let mut steps = held(steps);
                let next = match steps.len() {
                    1 => steps.front().cloned(),
                    _ => steps.pop_front(),
                };
                next.expect("a step")
            }
            Order::ByPath(replies) => {
                let mut replies = replies.iter();
                let found = replies.find(|(path, _)| request.path.starts_with(path));
                found.map_or(Step::NotSent, |(_, reply)| Step::Reply(reply.clone()))
            }
        }
    }
}

impl Transport for Script {
    fn send<'a>(
        &'a self,
        request: &'a Request,
        _token: Option<&'a Token>,
    ) -> BoxFuture<'a, Result<Reply, TransportError>> {
        held(&self.sent).push((Instant::now(), line(request)));
        let step = self.step(request);
        Box::pin(async move {
            match step {
                Step::Reply(reply) => Ok(reply),
                Step::NotSent => Err(TransportError::NotSent("can't reach it".to_owned())),
                Step::Reset => Err(TransportError::Ambiguous("reset".to_owned())),
                Step::Hang => std::future::pending().await,
            }
        })
    }
}

fn line(request: &Request) -> String {
    let body = request.body.as_deref().unwrap_or_default();
    let (method, body) = (&request.method, String::from_utf8_lossy(body));
    format!("{method} {} {body}", request.path)
}

/// What a lock holds, also after a panic of another test.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
