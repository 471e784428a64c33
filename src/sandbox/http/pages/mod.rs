//! The portal as people see it: pages at its own address, rendered on the server, with forms and
//! links that work without a script. They show the current state; the search index is never late
//! for them, and viewing them counts towards no allowance.
//!
//! Whoever opens the address that the sandbox prints at its start gets a cookie (`gate`); nobody
//! else can see the pages.

mod gate;
mod visit;
mod ask;
mod render;
mod names;
mod tickets;
mod board;
mod record;
mod conversation;
mod lists;
mod calls;
mod behaviour;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::front::Front;
use super::neighbours;
use ask::Ask;
use gate::Entry;
use render::{Page, closed, failed, icon, problem, script, style};
use visit::Visit;

pub(crate) use gate::Pages;

/// Maximum size of a form in bytes.
const MOST_FORM: usize = 1 << 20;

/// What pages may load, and from where: their own style and script, nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Whether a page is requested. Programs, which send a token, get an API reply.
pub(crate) fn serve(request: &Request) -> bool {
    let path = request.uri().path();
    let is_program = request.headers().contains_key(header::AUTHORIZATION);
    (path == "/" && !is_program) || path.starts_with("/pages/")
}

/// Answers a request for a page.
pub(crate) async fn answer(
    front: Arc<Front>,
    pages: Arc<Pages>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    if neighbours::check(&head.headers).is_err() {
        return response(closed());
    }
    match pages.entry(&head) {
        Entry::Closed => return response(closed()),
        Entry::Cookie(cookie) => {
            let mut answer = response(Page::moved("/"));
            put(answer.headers_mut(), header::SET_COOKIE, &cookie);
            return answer;
        }
        Entry::Open => {}
    }
    let Ok(form) = to_bytes(body, MOST_FORM).await else {
        return response(problem(
            "The form could not be read",
            "It is too long, or it ended early.",
        ));
    };
    let visit = Visit::new(&head, &form, front.clock.now());
    let made = tokio::task::spawn_blocking(move || page(&front, &visit)).await;
    response(made.unwrap_or_else(|_| failed("That is a fault of the sandbox.")))
}

/// The page at an address.
fn page(front: &Front, visit: &Visit) -> Page {
    let ask = Ask::new(&front.portal, visit.now);
    let path: Vec<&str> = visit.path.iter().map(String::as_str).collect();
    let made = match (&visit.method, path.as_slice()) {
        (&Method::GET, []) => tickets::page(&ask, visit),
        (&Method::GET, ["pages", "style.css"]) => Ok(style()),
        (&Method::GET, ["pages", "live.js"]) => Ok(script()),
        (&Method::GET, ["pages", "icon.svg"]) => Ok(icon()),
        (&Method::GET, ["pages", "board"]) => board::page(&ask, visit),
        (&Method::GET, ["pages", "owners"]) => lists::owners(&ask),
        (&Method::GET, ["pages", "properties"]) => lists::properties(&ask, visit),
        (&Method::GET, ["pages", "files", id]) => record::file(&ask, id),
        (&Method::GET, ["pages", "calls"]) => Ok(calls::page(&front.log)),
        (&Method::GET, ["pages", "calls", "rows"]) => Ok(calls::rows(&front.log, visit)),
        (&Method::GET, ["pages", "calls", number]) => Ok(calls::one(&front.log, number)),
        (&Method::GET, ["pages", "behaviour"]) => Ok(behaviour::page(front, None)),
        (&Method::POST, ["pages", "behaviour", what]) => Ok(behaviour::change(front, visit, what)),
        (&Method::GET, ["pages", kind @ ("contacts" | "companies")]) => {
            lists::records(&ask, visit, kind)
        }
        (&Method::GET, ["pages", kind @ ("tickets" | "contacts" | "companies"), id]) => {
            record::page(&ask, kind, id)
        }
        _ => Err(ask::Refusal("There is no such page.".to_owned())),
    };
    made.unwrap_or_else(|refusal| problem("Nothing to show", &refusal.0))
}

fn response(page: Page) -> Response<Body> {
    let mut response = Response::new(Body::from(page.body));
    *response.status_mut() = StatusCode::from_u16(page.status).unwrap_or_default();
    let headers = response.headers_mut();
    put(headers, header::CONTENT_TYPE, page.content_type);
    put(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    put(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // With no referrer at all, the browser would not say where a form comes from either.
    put(headers, header::REFERRER_POLICY, "same-origin");
    put(headers, header::CACHE_CONTROL, "no-store");
    if let Some(place) = page.moved_to {
        put(headers, header::LOCATION, &place);
    }
    if page.is_download {
        put(headers, header::CONTENT_DISPOSITION, "attachment");
    }
    response
}

fn put(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        let _old = headers.insert(name, value);
    }
}
