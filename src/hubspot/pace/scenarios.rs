//! Minutes with a pretended portal in paused time: one client alone, two that share the allowance,
//! one alongside an app that does not pace itself, one after a kill.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::*;
use crate::hubspot::attempt::call::Caller;
use crate::hubspot::connect::settings::Settings;
use crate::hubspot::connect::token::Token;
use crate::hubspot::exchange::{Effect, Headers, Reply, Request, Transport, TransportError};

/// The allowance of all scenarios: HubSpot's for a private app.
const MAX: usize = 190;
const WINDOW: Duration = Duration::from_secs(10);

/// When the pretended portal counts a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Counts {
    OnArrival,
    BeforeReply,
}

const BOTH: [Counts; 2] = [Counts::OnArrival, Counts::BeforeReply];

/// Milliseconds of a call, there and back.
pub(super) type Latency = std::ops::Range<u64>;
const STEADY: Latency = 150..251;
const WILD: Latency = 50..801;

/// A rolling window over everybody's calls.
pub(super) struct Portal {
    max: usize,
    counts: Counts,
    start: Instant,
    seen: Mutex<Vec<Seen>>,
}

#[derive(Clone, Copy)]
pub(super) struct Seen {
    who: usize,
    pub(super) sent: Instant,
    pub(super) at: Instant,
    pub(super) refused: bool,
}

impl Portal {
    fn open(counts: Counts) -> Arc<Portal> {
        Portal::allowing(MAX, counts)
    }

    pub(super) fn allowing(max: usize, counts: Counts) -> Arc<Portal> {
        Arc::new(Portal {
            max,
            counts,
            start: Instant::now(),
            seen: Mutex::default(),
        })
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic holds it").clone()
    }

    fn count(&self, who: usize, sent: Instant) -> Reply {
        let at = Instant::now();
        let mut seen = self.seen.lock().expect("no panic holds it");
        let recent = seen.iter().rev().take_while(|call| call.at + WINDOW > at);
        let used = recent.filter(|call| !call.refused).count();
        let refused = used >= self.max;
        seen.push(Seen {
            who,
            sent,
            at,
            refused,
        });
        let left = (self.max - used).saturating_sub(1);
        let headers = Headers::default()
            .with(contract::RATE_MAX, &self.max.to_string())
            .with(contract::RATE_REMAINING, &left.to_string())
            .with(contract::RATE_INTERVAL, "10000");
        let (status, body): (_, &[u8]) = match refused {
            true => (429, br#"{"policyName":"TEN_SECONDLY_ROLLING"}"#),
            false => (200, b"{}"),
        };
        Reply {
            status,
            headers,
            body: Bytes::from_static(body),
        }
    }

    pub(super) async fn answer(&self, who: usize, latency: Latency) -> Reply {
        let sent = Instant::now();
        let latency = Duration::from_millis(fastrand::u64(latency));
        let way_there = fastrand::f64();
        sleep(latency.mul_f64(way_there)).await;
        let early = (self.counts == Counts::OnArrival).then(|| self.count(who, sent));
        sleep(latency.mul_f64(1.0 - way_there)).await;
        early.unwrap_or_else(|| self.count(who, sent))
    }

    /// Calls answered and calls refused of one client, between two seconds.
    fn calls(&self, who: usize, seconds: std::ops::Range<u64>) -> (usize, usize) {
        let seen = self.seen.lock().expect("no panic holds it");
        let mine = seen
            .iter()
            .filter(|call| call.who == who && seconds.contains(&(call.at - self.start).as_secs()));
        let (refused, answered): (Vec<Seen>, Vec<Seen>) = mine.partition(|call| call.refused);
        (answered.len(), refused.len())
    }

    /// Share of the allowance that went to one client between two seconds.
    fn share(&self, who: usize, seconds: std::ops::Range<u64>) -> f64 {
        let windows = (seconds.end - seconds.start) as f64 / WINDOW.as_secs_f64();
        self.calls(who, seconds).0 as f64 / (windows * MAX as f64)
    }

    fn refused(&self, who: usize) -> f64 {
        let (answered, refused) = self.calls(who, 0..u64::MAX);
        refused as f64 / (answered + refused) as f64
    }
}

/// One client's way to the portal.
struct Way {
    portal: Arc<Portal>,
    who: usize,
    latency: Latency,
}

impl Transport for Way {
    fn send<'a>(
        &'a self,
        _: &'a Request,
        _: Option<&'a Token>,
    ) -> BoxFuture<'a, Result<Reply, TransportError>> {
        Box::pin(async move { Ok(self.portal.answer(self.who, self.latency.clone()).await) })
    }
}

/// Calls as an import does, as many in flight as are useful, until the time or the calls are up.
/// Returns when it ended.
async fn haul(portal: Arc<Portal>, who: usize, latency: Latency, calls: usize, end: u64) -> u64 {
    let way = Way {
        portal: portal.clone(),
        who,
        latency,
    };
    let caller = Arc::new(Caller::new(Arc::new(way), &Settings::default()));
    let mut in_flight = JoinSet::new();
    let mut left = calls;
    loop {
        let ended = (Instant::now() - portal.start).as_secs() >= end;
        while left > 0 && !ended && in_flight.len() < caller.useful_concurrency() {
            left -= 1;
            let caller = caller.clone();
            let _task = in_flight.spawn(async move {
                let request = Request::post("/x".to_owned(), Vec::new(), Effect::Read);
                caller.call(&request, None, |_| Ok(())).await
            });
        }
        match in_flight.join_next().await {
            Some(outcome) => drop(outcome.expect("no panic").expect("an answer")),
            None => return (Instant::now() - portal.start).as_secs(),
        }
    }
}

/// An app that calls at its own pace whatever the portal says: `burst` calls at
/// once, every so often.
async fn app(portal: Arc<Portal>, who: usize, burst: usize, every: Duration, from: u64, to: u64) {
    sleep(Duration::from_secs(from)).await;
    let mut calls = JoinSet::new();
    while (Instant::now() - portal.start).as_secs() < to {
        for _ in 0..burst {
            let portal = portal.clone();
            let _task = calls.spawn(async move { portal.answer(who, STEADY).await });
        }
        sleep(every).await;
    }
    let _ = calls.join_all().await;
}

pub(super) fn paused<T>(seed: u64, run: impl Future<Output = T>) -> T {
    fastrand::seed(seed);
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(run)
}

/// One client alone for five minutes; its share of the allowance in the whole
/// windows after the first.
fn alone(counts: Counts, latency: Latency) -> f64 {
    let portal = paused(1, async {
        let portal = Portal::open(counts);
        let _ = haul(portal.clone(), 0, latency, usize::MAX, 300).await;
        portal
    });
    assert_eq!(portal.refused(0), 0.0, "{counts:?}");
    portal.share(0, 10..300)
}

#[test]
fn alone_the_allowance_is_used_to_the_full_without_a_refusal() {
    for counts in BOTH {
        let steady = alone(counts, STEADY);
        assert!(steady >= 0.97, "{counts:?}: {steady} at 200±50 ms");
        let wild = alone(counts, WILD);
        assert!(wild >= 0.95, "{counts:?}: {wild} at 50-800 ms");
    }
}

/// Two clients with 2,000 calls each, the second a while after the first.
fn two(counts: Counts, latency: Latency, late: u64) {
    let (portal, ends) = paused(2, async {
        let portal = Portal::open(counts);
        let second = async {
            sleep(Duration::from_secs(late)).await;
            haul(portal.clone(), 1, latency.clone(), 3_000, 900).await
        };
        let ends = tokio::join!(haul(portal.clone(), 0, latency.clone(), 3_000, 900), second);
        (portal, ends)
    });
    let case = format!("{counts:?} {latency:?} second after {late} s, ends {ends:?}");
    for who in [0, 1] {
        assert_eq!(portal.calls(who, 0..900).0, 3_000, "{case}");
        assert!(
            portal.refused(who) < 0.01,
            "{case}: {}",
            portal.refused(who)
        );
    }
    // Alone each would take 160 s; together they need what is left open to newcomers.
    assert!(ends.0.max(ends.1) < late + 400, "{case}");
    let even = |who| portal.share(who, late + 80..late + 120);
    assert!(
        even(0) > 0.25 && even(1) > 0.25,
        "{case}: {} {}",
        even(0),
        even(1)
    );
}

#[test]
fn two_clients_share_evenly_and_both_finish() {
    for counts in BOTH {
        for latency in [STEADY, WILD] {
            two(counts, latency.clone(), 0);
            two(counts, latency, 30);
        }
    }
}

/// Alongside an app that takes half of the allowance from the second minute to the fourth, whatever
/// it is answered.
fn beside_an_app(counts: Counts, latency: Latency, burst: usize, every: u64) {
    let portal = paused(3, async {
        let portal = Portal::open(counts);
        let every = Duration::from_millis(every);
        let _ = tokio::join!(
            haul(portal.clone(), 0, latency.clone(), usize::MAX, 300),
            app(portal.clone(), 1, burst, every, 60, 240),
        );
        portal
    });
    let (ours, theirs) = (portal.calls(0, 0..300), portal.calls(1, 0..300));
    let all = ours.0 + ours.1 + theirs.0 + theirs.1;
    let refused = (ours.1 + theirs.1) as f64 / all as f64;
    let case = format!("{counts:?} {latency:?} {burst} calls each {every} ms");
    assert!(refused < 0.01, "{case}: {refused} refused");
    assert!(
        portal.refused(0) < 0.002,
        "{case}: ours {}",
        portal.refused(0)
    );
    let shares = (portal.share(0, 90..240), portal.share(1, 90..240));
    assert!(shares.0 > 0.3 && shares.1 > 0.49, "{case}: {shares:?}");
    let after = portal.share(0, 270..300);
    assert!(after > 0.9, "{case}: {after} once the app is gone");
}

#[test]
fn an_app_that_takes_half_gets_it() {
    for counts in BOTH {
        for latency in [STEADY, WILD] {
            beside_an_app(counts, latency.clone(), 1, 105);
            beside_an_app(counts, latency, 5, 526);
        }
    }
}

#[test]
fn after_a_kill_the_first_call_goes_alone_and_nothing_is_refused() {
    for counts in BOTH {
        let portal = paused(4, async {
            let portal = Portal::open(counts);
            let killed = haul(portal.clone(), 0, STEADY, usize::MAX, 900);
            let _ = tokio::time::timeout(Duration::from_secs(35), killed).await;
            let _ = haul(portal.clone(), 1, STEADY, 1_000, 900).await;
            portal
        });
        assert_eq!(portal.calls(1, 0..900), (1_000, 0), "{counts:?}");
        let seen = portal.seen();
        let mut second = seen.iter().filter(|call| call.who == 1).map(|call| call.at);
        let (first, next) = (second.next(), second.next());
        assert!(next > first, "{counts:?}");
    }
}
