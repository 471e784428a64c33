//! Where requests arrive: pages are for people, everything else is the API.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Response;

use super::connection::Ending;
use super::front::{self, Front};
use super::pages::{self, Pages};

/// Everything that is served at one address.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) front: Arc<Front>,
    pub(crate) pages: Arc<Pages>,
}

/// Answers one request.
pub(crate) async fn serve(
    State(site): State<Arc<Site>>,
    ConnectInfo(ending): ConnectInfo<Ending>,
    request: Request,
) -> Response<Body> {
    let front = Arc::clone(&site.front);
    if pages::serve(&request) {
        ending.heard();
        return pages::answer(front, Arc::clone(&site.pages), request).await;
    }
    front::answer(State(front), ConnectInfo(ending), request).await
}
