//! A reply as an HTTP response: the headers of C1 §5 and those that every
//! reply has.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::limits::Meter;
use crate::sandbox::api::reply::Reply;
use crate::sandbox::clock::Moment;
use crate::sandbox::switches::RateHeaders;

/// Adds the headers to a reply. A page of the edge says nothing about the allowance.
pub(crate) fn dressed(
    reply: Reply,
    meter: Option<Meter>,
    rate_headers: RateHeaders,
    correlation_id: &str,
    now: Moment,
) -> Response<Body> {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    let headers = response.headers_mut();
    put(headers, "content-type", reply.content_type);
    put(headers, "date", &now.http_date());
    put(headers, "x-hubspot-correlation-id", correlation_id);
    if let Some(seconds) = reply.retry_after {
        put(headers, "retry-after", &seconds.to_string());
    }
    let is_shown = !reply.is_edge && rate_headers != RateHeaders::Absent;
    if let Some(meter) = meter.filter(|_| is_shown) {
        put_meter(headers, meter, rate_headers == RateHeaders::Present);
    }
    response
}

/// The rate headers of C1 §5. The live API still sends the per-second pair but no longer enforces
/// it.
fn put_meter(headers: &mut HeaderMap, meter: Meter, with_daily: bool) {
    let secondly = u64::from((meter.max / 10).max(1));
    let mut numbers = vec![
        ("x-hubspot-ratelimit-max", u64::from(meter.max)),
        ("x-hubspot-ratelimit-remaining", u64::from(meter.remaining)),
        ("x-hubspot-ratelimit-secondly", secondly),
        ("x-hubspot-ratelimit-secondly-remaining", secondly - 1),
    ];
    if with_daily {
        numbers.push(("x-hubspot-ratelimit-daily", meter.daily));
        numbers.push(("x-hubspot-ratelimit-daily-remaining", meter.daily_remaining));
    }
    for (name, number) in numbers {
        put(headers, name, &number.to_string());
    }
    let millis = meter.window.as_millis().to_string();
    put(
        headers,
        "x-hubspot-ratelimit-interval-milliseconds",
        &millis,
    );
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        let _ = headers.insert(name, value);
    }
}
