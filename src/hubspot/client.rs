//! The client that other modules use. This file has the building blocks of its calls; the calls
//! themselves are in `calls`.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;

use super::attempt::call::{Answer, Caller};
use super::attempt::log::CallLog;
use super::attempt::session::Session;
use super::attempt::waits::HearWait;
use super::connect::route::Route;
use super::connect::settings::{ConnectError, Rate, Settings};
use super::connect::token::Token;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Effect, Request, Transport};
use crate::hubspot::paths::ApiVersion;
use crate::hubspot::transport::HttpTransport;
use crate::hubspot::wire::Read;
use crate::model::pace::Pace;

/// A portal at the other end of a connection. Clones share token, pacer, quota and
/// connections.
#[derive(Clone)]
pub struct Client {
    session: Arc<Session>,
    api: ApiVersion,
    /// The address that it was connected to, and the way there.
    way: Arc<(String, Route)>,
}

impl Client {
    /// Checks the address and sets up TLS; nothing is sent. The address is
    /// `https://api.hubapi.com` or any other that speaks the same; plain http only
    /// on this machine.
    pub fn connect(base_url: &str, settings: Settings) -> Result<Client, ConnectError> {
        let transport = HttpTransport::open(base_url, &settings.route)?;
        let way = Arc::new((base_url.to_owned(), settings.route.clone()));
        Ok(Client {
            way,
            ..Client::over(Arc::new(transport), settings)
        })
    }

    /// A client over any transport.
    pub fn over(transport: Arc<dyn Transport>, settings: Settings) -> Client {
        let api = settings.api;
        let caller = Caller::new(transport, &settings);
        Client {
            session: Arc::new(Session::new(caller, settings.credentials, api)),
            api,
            way: Arc::default(),
        }
    }

    /// Sets the listener for attempts; only the first one set counts.
    pub fn log_to(&self, log: Arc<dyn CallLog>) {
        self.session.caller().log_to(log);
    }

    /// Sets the listener for long waits that the portal asks for; only the first one set
    /// counts.
    pub fn report_waits_to(&self, listener: HearWait) {
        self.session.caller().report_waits_to(listener);
    }

    /// Ends calls that wait for the next day's allowance; from now on no call begins to wait for
    /// it.
    pub fn wait_no_more(&self) {
        self.session.caller().wait_no_more();
    }

    /// Sets the account's time zone, in which its day ends.
    pub(crate) fn day_is_in(&self, zone: &str) {
        self.session.caller().day_is_in(zone);
    }

    /// A lower bound of the portal's clock; none before the first reply.
    pub fn portal_now(&self) -> Option<Timestamp> {
        self.session.caller().portal_clock().now()
    }

    /// How long an attempt may take.
    pub fn deadline(&self) -> Duration {
        self.session.caller().deadline()
    }

    /// From now on no new write begins; what is in flight continues, and so do reads.
    pub fn wind_down(&self) {
        self.session.caller().halt().wind_down();
    }

    /// From now on nothing begins, and what is in flight is cancelled: a write without
    /// a reply is ambiguous.
    pub fn give_up(&self) {
        self.session.caller().halt().give_up();
    }

    /// Attempts made so far, repeats included.
    pub fn calls(&self) -> u64 {
        self.session.caller().attempts()
    }

    /// How many calls in flight use the portal's whole allowance: rate × latency with room for
    /// uneven latencies, from 2 to 64 (protocol P2). It changes as replies arrive; 8 before the
    /// first one.
    pub fn useful_concurrency(&self) -> usize {
        self.session.caller().useful_concurrency()
    }

    /// What the portal lets through from now on, and what calls wait for; for showing progress.
    pub fn pace(&self) -> Pace {
        self.session.caller().pace()
    }

    /// Calls that the portal allows in a window; none before the first reply that shows it, and
    /// none if the portal limits nothing.
    pub fn burst(&self) -> Option<Rate> {
        self.session.caller().burst()
    }

    /// Whether replies show how many calls of the day are left.
    pub(crate) fn is_told_of_day(&self) -> bool {
        self.session.caller().is_told_of_day()
    }

    /// The permanent token, if there is one.
    pub(crate) fn fixed_token(&self) -> Option<&Token> {
        self.session.fixed_token()
    }

    /// The address that it was connected to, and the way there.
    pub(crate) fn way(&self) -> (&str, &Route) {
        (&self.way.0, &self.way.1)
    }

    pub(crate) fn api(&self) -> ApiVersion {
        self.api
    }

    /// Makes a call.
    pub(crate) async fn call<T>(&self, request: &Request, read: Read<T>) -> Result<T, CallError> {
        Ok(self.answer(request, read).await?.value)
    }

    /// Makes a call, and returns whether an earlier attempt may come late.
    pub(crate) async fn answer<T>(
        &self,
        request: &Request,
        read: Read<T>,
    ) -> Result<Answer<T>, CallError> {
        self.session.call(request, read).await
    }

    /// Gets a page or a list.
    pub(crate) async fn get<T>(&self, path: String, read: Read<T>) -> Result<T, CallError> {
        self.call(&Request::get(path), read).await
    }

    /// Posts one new thing.
    pub(crate) async fn post_new<T>(
        &self,
        path: String,
        body: serde_json::Result<Vec<u8>>,
        read: Read<T>,
    ) -> Result<T, CallError> {
        let body = body.map_err(Client::unsendable)?;
        self.call(&Request::post(path, body, Effect::Once), read)
            .await
    }

    /// Changes some of a thing.
    pub(crate) async fn patch<T>(
        &self,
        path: String,
        body: serde_json::Result<Vec<u8>>,
        effect: Effect,
        read: Read<T>,
    ) -> Result<T, CallError> {
        let body = body.map_err(Client::unsendable)?;
        let request = Request::new(Method::PATCH, path, effect).with_body(body);
        self.call(&request, read).await
    }

    /// Text always serialises; if it ever failed, nothing was sent.
    pub(crate) fn unsendable(error: serde_json::Error) -> CallError {
        CallError::Unavailable(format!("the request can't be written: {error}"))
    }
}

/// The result, or nothing if the portal says 404.
pub(crate) fn found<T>(outcome: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match outcome {
        Err(CallError::Refused(error)) if error.status == 404 => Ok(None),
        outcome => outcome.map(Some),
    }
}
