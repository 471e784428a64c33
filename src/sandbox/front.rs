//! The portal as HTTP: lets calls in or not (address length, token, allowance,
//! size), hands them to the portal on a thread that may block, dresses replies
//! with the headers of contract 5, and makes the troubles happen.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use futures::StreamExt;

use super::call::Call;
use super::clock::{Clock, Moment};
use super::connection::Ending;
use super::limits::{Allowance, Meter, Policy};
use super::portal::Portal;
use super::problem::{Problem, rate_limited};
use super::reply::Reply;
use super::troubles::{Ill, Troubles};

/// Largest request body that is read (contract 4.4 leaves the number open).
const MOST_BODY: usize = 10 * 1024 * 1024;

/// Of a larger body this much is read and dropped, so that the client sees the
/// 413 and not a broken connection.
const MOST_DROPPED: usize = 64 * 1024 * 1024;

/// Longest path and query (contract 2.5: 6 to 8 kB).
const LONGEST_URI: usize = 8 * 1024;

/// The token that is let in; it does not show itself.
pub(super) struct Token(pub(super) String);

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(…)")
    }
}

/// What answers at the door.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) portal: Portal,
    pub(super) token: Token,
    pub(super) clock: Clock,
    pub(super) allowance: Mutex<Allowance>,
    pub(super) troubles: Troubles,
}

/// Answers one request, whatever it is.
pub(super) async fn answer(
    State(front): State<Arc<Front>>,
    ConnectInfo(ending): ConnectInfo<Ending>,
    request: Request,
) -> Response<Body> {
    let correlation_id = correlation_id();
    let (head, body) = request.into_parts();
    let now = front.clock.now();
    let (meter, refused) = front.let_in(&head, now, &correlation_id);
    let reply = match refused {
        Some(reply) => reply,
        None => {
            let ill = front.troubles.strike(head.uri.path());
            let answered = front.clone().answered(head, body, now).await;
            let reply = answered.unwrap_or_else(|problem| problem.reply(&correlation_id));
            afflicted(reply, ill, &ending)
        }
    };
    dressed(reply, meter, &correlation_id, front.clock.now())
}

impl Front {
    /// The reply that keeps a call out, if any, and what is left of the allowance.
    /// Calls without the right token cost nothing.
    fn let_in(
        &self,
        head: &Parts,
        now: Moment,
        correlation_id: &str,
    ) -> (Option<Meter>, Option<Reply>) {
        let length = head
            .uri
            .path_and_query()
            .map_or(0, |text| text.as_str().len());
        if length > LONGEST_URI {
            return (
                None,
                Some(Problem::uri_too_long(LONGEST_URI).reply(correlation_id)),
            );
        }
        if !self.has_token(&head.headers) {
            return (None, Some(Problem::unauthenticated().reply(correlation_id)));
        }
        let arrival = self
            .allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .arrive(now);
        let refused = arrival.refused.map(|policy| match policy {
            Policy::TenSecondlyRolling => rate_limited(
                "TEN_SECONDLY_ROLLING",
                "ten_secondly_rolling",
                correlation_id,
            ),
            Policy::Daily => rate_limited("DAILY", "daily", correlation_id),
        });
        (arrival.meter, refused)
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        given
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|token| token == self.token.0)
    }

    async fn answered(
        self: Arc<Self>,
        head: Parts,
        body: Body,
        now: Moment,
    ) -> Result<Reply, Problem> {
        let body = whole(body).await?;
        let declared = head
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        if !body.is_empty() && declared.is_some_and(|declared| !declared.contains("json")) {
            return Err(Problem::not_json());
        }
        let host = head
            .headers
            .get(header::HOST)
            .and_then(|value| value.to_str().ok());
        let call = Call::new(head.method, head.uri, host.unwrap_or_default(), body, now);
        let answered = tokio::task::spawn_blocking(move || self.portal.answer(&call)).await;
        answered.unwrap_or_else(|_| Err(Problem::internal("the portal failed on this call")))
    }
}

async fn whole(body: Body) -> Result<Bytes, Problem> {
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
        true => Err(Problem::too_large(MOST_BODY)),
        false => Ok(kept.into()),
    }
}

/// The reply after a trouble has struck; the work is done in any case. A reply
/// without a body has no half to keep, so truncating it is losing it.
fn afflicted(reply: Reply, ill: Option<Ill>, ending: &Ending) -> Reply {
    match ill {
        None => {}
        Some(Ill::Post502) => return Reply::bad_gateway(),
        Some(Ill::ResetAfter) => ending.reset(),
        Some(Ill::Truncate) if reply.body.is_empty() => ending.reset(),
        Some(Ill::Truncate) => ending.truncate(reply.body.len() / 2),
    }
    reply
}

fn dressed(
    reply: Reply,
    meter: Option<Meter>,
    correlation_id: &str,
    now: Moment,
) -> Response<Body> {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = axum::http::StatusCode::from_u16(reply.status).unwrap_or_default();
    let headers = response.headers_mut();
    put(headers, "content-type", reply.content_type);
    put(headers, "date", &now.http_date());
    put(headers, "x-hubspot-correlation-id", correlation_id);
    // A gateway's page has not passed through what counts.
    if let Some(meter) = meter.filter(|_| reply.status != 502) {
        put_meter(headers, meter);
    }
    response
}

/// The rate headers of contract 5. The per-second pair is still sent by the live
/// API and no longer enforced.
fn put_meter(headers: &mut HeaderMap, meter: Meter) {
    let secondly = (meter.max / 10).max(1);
    put(headers, "x-hubspot-ratelimit-max", &meter.max.to_string());
    put(
        headers,
        "x-hubspot-ratelimit-remaining",
        &meter.remaining.to_string(),
    );
    put(
        headers,
        "x-hubspot-ratelimit-interval-milliseconds",
        &meter.window.as_millis().to_string(),
    );
    put(
        headers,
        "x-hubspot-ratelimit-daily",
        &meter.daily.to_string(),
    );
    put(
        headers,
        "x-hubspot-ratelimit-daily-remaining",
        &meter.daily_remaining.to_string(),
    );
    put(
        headers,
        "x-hubspot-ratelimit-secondly",
        &secondly.to_string(),
    );
    put(
        headers,
        "x-hubspot-ratelimit-secondly-remaining",
        &(secondly - 1).to_string(),
    );
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        let _ = headers.insert(name, value);
    }
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
