//! The portal as HTTP: lets calls in or not (address length, token, allowance, size), hands them to
//! the portal on a thread that may block, and applies troubles. A call that has been let in is
//! carried out even if its client disconnects.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Response, header};
use futures::StreamExt;

use super::call_log::CallLog;
use super::connection::Ending;
use super::headers::dressed;
use super::holds::Holds;
use super::limits::{Allowance, Budget, Meter, Policy, Rate};
use super::neighbours;
use super::tokens::{OAuth, Tokens};
use crate::sandbox::api::call::Call;
use crate::sandbox::api::problem::{Problem, rate_limited};
use crate::sandbox::api::reply::Reply;
use crate::sandbox::api::route::BESIDE;
use crate::sandbox::api::version::{Naming, version_named};
use crate::sandbox::api::{Around, Portal};
use crate::sandbox::clock::Clock;
use crate::sandbox::files::{Form, SIGNED, boundary};
use crate::sandbox::switches::{CountRequests, RetryAfter, ServedPaths, Switches};
use crate::sandbox::troubles::{HoldAt, Injected, TroubleKind, Troubles};

/// Largest request body that is read (C1 §4.4 leaves the number open).
const MOST_BODY: usize = 10 * 1024 * 1024;

/// How much of a larger body is read and dropped, so that the client sees the 413 and not a broken
/// connection.
const MOST_DROPPED: usize = 64 * 1024 * 1024;

/// Longest path and query (C1 §2.5: 6 to 8 kB).
const LONGEST_URI: usize = 8 * 1024;

/// The entry point for calls.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) portal: Portal,
    pub(crate) portal_id: i64,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Clock,
    pub(crate) allowance: Mutex<Allowance>,
    pub(crate) troubles: Troubles,
    pub(crate) holds: Holds,
    pub(crate) log: CallLog,
}

/// The reply to a call, once there is one, and what it says about the allowance.
#[derive(Default)]
struct Answer {
    reply: Option<Reply>,
    meter: Option<Meter>,
}

impl Answer {
    fn is_refusal(&self) -> bool {
        self.reply.is_some()
    }

    fn with(self, reply: Reply) -> Answer {
        Answer {
            reply: Some(reply),
            ..self
        }
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Answer {
        Answer::default().with(reply)
    }
}

/// Answers one request, whatever it is.
pub(crate) async fn answer(
    State(front): State<Arc<Front>>,
    ConnectInfo(ending): ConnectInfo<Ending>,
    request: Request,
) -> Response<Body> {
    let id = correlation_id();
    let (head, body) = request.into_parts();
    let address = head.uri.path_and_query().map_or("", PathAndQuery::as_str);
    let (method, now) = (head.method.as_str(), front.clock.now());
    front.log.arrives(&id, (method, address), now);
    let answer = match front.clone().answered(head, body, &ending, &id).await {
        Ok(answer) => answer,
        Err(problem) => problem.reply(&id).into(),
    };
    let headers = front.portal.switches().rate_headers;
    let reply = answer.reply.unwrap_or_else(|| failed().reply(&id));
    front.log.answered(&id, &reply);
    dressed(reply, answer.meter, headers, &id, front.clock.now())
}

impl Front {
    fn switches(&self) -> Arc<Switches> {
        self.portal.switches()
    }

    /// Changes the limits of searches and of the day from now on.
    pub(crate) fn limit(&self, searches: Rate, daily: u64) {
        let mut allowance = self
            .allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        allowance.limit(searches, daily);
    }

    async fn oauth(&self, asked: &OAuth, body: Body) -> Result<Answer, Problem> {
        let form = whole(body, &self.switches()).await?;
        let now = self.clock.now().instant;
        let reply = match asked {
            OAuth::App => {
                let lacking = &self.switches().missing_scopes.0;
                self.tokens.app(&form, self.portal_id, lacking, now)
            }
            _ => self.tokens.answer(asked, &form, self.portal_id, now),
        };
        Ok(reply.into())
    }

    async fn answered(
        self: Arc<Self>,
        head: Parts,
        body: Body,
        ending: &Ending,
        id: &str,
    ) -> Result<Answer, Problem> {
        ending.heard();
        neighbours::check(&head.headers)?;
        let uri = &head.uri;
        let is_signed = uri.path().starts_with(SIGNED);
        let is_beside = uri.path().starts_with(BESIDE);
        let body = match is_beside {
            true => body,
            false => self.let_in(body).await?,
        };
        if uri.path_and_query().map_or(0, |text| text.as_str().len()) > LONGEST_URI {
            return Err(Problem::uri_too_long(LONGEST_URI));
        }
        let path = uri.path().to_owned();
        if !self.serves(&path) {
            return Err(Problem::ended(self.switches().ended_reply));
        }
        if let Some(asked) = OAuth::of(&path) {
            return self.oauth(&asked, body).await;
        }
        if is_signed {
            let call = self.call(head, body, id).await?;
            return Ok(self.beside(call, id).await);
        }
        let token = bearer(&head.headers).map(str::to_owned);
        self.tokens
            .check(token.as_deref(), self.clock.now().instant)?;
        if is_beside {
            let call = self.call(head, body, id).await?;
            return Ok(self.beside(call, id).await);
        }
        let latency = self.troubles.latency(&path);
        let counted = match self.switches().count_requests {
            CountRequests::Arrival => self.count(&path, id),
            CountRequests::Reply => Answer::default(),
        };
        if counted.is_refusal() {
            return Ok(counted);
        }
        let injected = self.troubles.inject(&path, self.clock.now().instant);
        if let Some(trouble) = injected.place.and_then(|place| self.troubles.text(place)) {
            self.log.is_struck(id, trouble);
        }
        let reply = self.instead(injected, token.as_deref(), ending, id).await?;
        if let Some(reply) = reply {
            tokio::time::sleep(latency).await;
            return Ok(counted.with(reply));
        }
        let call = self.call(head, body, id).await?;
        self.carried_out(call, counted, latency, injected, ending, id)
            .await
    }

    /// Whether the version that a path names exists (C1 §12.50).
    fn serves(&self, path: &str) -> bool {
        let ended = &self.switches().ended_versions.0;
        if version_named(path).is_some_and(|version| ended.contains(version)) {
            return false;
        }
        !matches!(
            (self.switches().served_paths, Naming::of(path)),
            (ServedPaths::Dated, Some(Naming::Number))
                | (ServedPaths::Numbered, Some(Naming::Date))
        )
    }

    /// What a person does in the portal's pages: it is not a call of the API, so it is
    /// not counted, and no trouble or hold applies to it.
    async fn beside(self: Arc<Self>, call: Call, id: &str) -> Answer {
        let around = Around {
            search_lag: Duration::ZERO,
            today: (0, 0),
        };
        let answered = tokio::task::spawn_blocking(move || self.portal.answer(&call, around));
        let answered = answered.await.unwrap_or_else(|_| Err(failed()));
        answered.unwrap_or_else(|problem| problem.reply(id)).into()
    }

    /// Counts a call; the answer has a reply if the allowance refuses it.
    fn count(&self, path: &str, id: &str) -> Answer {
        let budget = match path.ends_with("/search") && !path.starts_with("/files/") {
            true => Budget::Search,
            false => Budget::General,
        };
        let arrival = self
            .allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .arrive(self.clock.now(), budget);
        Answer {
            reply: arrival.refused.map(|policy| self.too_many(policy, id)),
            meter: arrival.meter,
        }
    }

    /// The 429 (C1 §4.5, §12.31).
    fn too_many(&self, policy: Policy, id: &str) -> Reply {
        let (name, word, wait) = match policy {
            Policy::TenSecondlyRolling => ("TEN_SECONDLY_ROLLING", "ten_secondly_rolling", 10),
            Policy::Secondly => ("SECONDLY", "secondly", 1),
            Policy::Daily => ("DAILY", "daily", 60 * 60),
        };
        let reply = rate_limited(name, word, id);
        match self.switches().retry_after {
            RetryAfter::Absent => reply,
            RetryAfter::Seconds => reply.retry_after(Duration::from_secs(wait)),
        }
    }

    /// The reply to a call that is not carried out because of a trouble.
    async fn instead(
        &self,
        injected: Injected,
        token: Option<&str>,
        ending: &Ending,
        id: &str,
    ) -> Result<Option<Reply>, Problem> {
        let reply = match injected.kind {
            Some(TroubleKind::Status(429)) => self.too_many(Policy::TenSecondlyRolling, id),
            Some(TroubleKind::Status(500)) => {
                return Err(Problem::internal("internal error"));
            }
            Some(TroubleKind::Status(status)) => Reply::page(status),
            Some(TroubleKind::Outage(_)) => Reply::page(503),
            Some(TroubleKind::Html403) => Reply::page(403),
            Some(TroubleKind::Html52x) => {
                let last = u16::try_from(self.troubles.roll(6)).unwrap_or_default();
                Reply::page(521 + last)
            }
            Some(TroubleKind::Locked) => return Err(Problem::locked()),
            Some(TroubleKind::Migrating(_)) => {
                Problem::migrating().reply(id).retry_after(injected.left)
            }
            Some(TroubleKind::ExpiredToken) => {
                self.tokens.expire(token.unwrap_or_default());
                return Err(Problem::expired(Duration::ZERO));
            }
            Some(TroubleKind::ResetBefore) => {
                ending.reset();
                Reply::empty()
            }
            Some(TroubleKind::Hang) => std::future::pending().await,
            _ => return Ok(None),
        };
        Ok(Some(reply))
    }

    /// Carries out the call, and applies the trouble to its reply.
    async fn carried_out(
        self: Arc<Self>,
        call: Call,
        counted: Answer,
        latency: Duration,
        injected: Injected,
        ending: &Ending,
        id: &str,
    ) -> Result<Answer, Problem> {
        if let Some((HoldAt::Received, ordinal)) = injected.hold {
            self.holds.hold(ordinal, HoldAt::Received).await;
        }
        let delay = match injected.kind {
            Some(TroubleKind::LateCommit(delay)) => latency + delay,
            _ => latency,
        };
        // The work continues even if the client has disconnected and this future is dropped.
        let (worker, name) = (Arc::clone(&self), id.to_owned());
        let work = tokio::spawn(async move { worker.worked(call, counted, delay, &name).await });
        if let Some(TroubleKind::LateCommit(_)) = injected.kind {
            tokio::time::sleep(latency).await;
            return Ok(Answer::from(Reply::page(504)));
        }
        let answer = work.await.unwrap_or_else(|_| failed().reply(id).into());
        match injected.hold {
            Some((HoldAt::Committed, ordinal)) => {
                self.holds.hold(ordinal, HoldAt::Committed).await;
            }
            Some((HoldAt::Answered, ordinal)) => {
                self.holds.shut();
                let (sent, gone) = (ending.sent(), ending.gone());
                drop(tokio::spawn(async move {
                    self.holds.shut_after(ordinal, sent, gone).await;
                }));
            }
            Some((HoldAt::Received, _)) | None => {}
        }
        Ok(afflicted(answer, injected.kind, ending))
    }

    /// Waits while the portal accepts no calls. The body is read before that: only afterwards does
    /// the server notice that a client has disconnected.
    async fn let_in(&self, body: Body) -> Result<Body, Problem> {
        if self.holds.is_open() {
            return Ok(body);
        }
        let body = whole(body, &self.switches()).await?;
        self.holds.pass().await;
        Ok(body.into())
    }

    async fn call(&self, head: Parts, body: Body, id: &str) -> Result<Call, Problem> {
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let declared = text(header::CONTENT_TYPE);
        if let Some(boundary) = declared.and_then(boundary) {
            let form = Form::read(body, boundary, self.switches().file_limit.0).await?;
            let host = text(header::HOST).unwrap_or_default().to_owned();
            let now = self.clock.now();
            let call = Call::new(head.method, head.uri, &host, Bytes::new(), now);
            return Ok(call.with_form(form));
        }
        let body = whole(body, &self.switches()).await?;
        self.log.sends(id, &body);
        if !body.is_empty() && declared.is_some_and(|declared| !declared.contains("json")) {
            return Err(Problem::not_json(self.switches().other_type));
        }
        let host = text(header::HOST).unwrap_or_default().to_owned();
        Ok(Call::new(
            head.method,
            head.uri,
            &host,
            body,
            self.clock.now(),
        ))
    }

    /// Does the work after a delay.
    async fn worked(
        self: Arc<Self>,
        call: Call,
        counted: Answer,
        delay: Duration,
        id: &str,
    ) -> Answer {
        tokio::time::sleep(delay).await;
        let counted = match self.switches().count_requests {
            CountRequests::Arrival => counted,
            CountRequests::Reply => self.count(call.path(), id),
        };
        if counted.is_refusal() {
            return counted;
        }
        let today = self
            .allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .today();
        let search_lag = self.troubles.search_lag();
        let around = Around {
            search_lag: search_lag.unwrap_or(self.switches().search_lag.0),
            today,
        };
        // A late call is written with the time at which it is carried out.
        let call = call.at(self.clock.now());
        let answered = tokio::task::spawn_blocking(move || self.portal.answer(&call, around)).await;
        let answered = answered.unwrap_or_else(|_| Err(failed()));
        counted.with(answered.unwrap_or_else(|problem| problem.reply(id)))
    }
}

fn failed() -> Problem {
    Problem::internal("the portal failed on this call")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    given.strip_prefix("Bearer ")
}

async fn whole(body: Body, switches: &Switches) -> Result<Bytes, Problem> {
    let mut chunks = body.into_data_stream();
    let (mut kept, mut total) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::input("the request body ended early"))?;
        total += chunk.len();
        if total <= MOST_BODY {
            kept.extend_from_slice(&chunk);
        } else if total > MOST_DROPPED {
            break;
        }
    }
    match total > MOST_BODY {
        true => Err(Problem::too_large(MOST_BODY, switches.large_body)),
        false => Ok(kept.into()),
    }
}

/// The answer as changed by a trouble; the work is done in any case.
fn afflicted(answer: Answer, kind: Option<TroubleKind>, ending: &Ending) -> Answer {
    match kind {
        Some(TroubleKind::Post(status)) => return Reply::page(status).into(),
        Some(TroubleKind::ResetAfter) => ending.reset(),
        Some(TroubleKind::Truncate) => {
            let length = answer.reply.as_ref().map_or(0, |reply| reply.body.len());
            ending.truncate(length / 2);
        }
        _ => {}
    }
    answer
}

/// A random version 4 UUID.
fn correlation_id() -> String {
    let (high, low) = (fastrand::u64(..), fastrand::u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}
