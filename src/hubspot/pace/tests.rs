//! The pacer against a pretended portal in paused time.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use tokio::time::{sleep, timeout};

use super::*;

/// When the pretended portal counts a call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Counts {
    OnArrival,
    BeforeReply,
}

/// A rolling window over everybody's calls.
struct Portal {
    max: usize,
    window: Duration,
    counts: Counts,
    calls: Mutex<Vec<Call>>,
}

#[derive(Clone, Copy)]
struct Call {
    sent: Instant,
    counted: Instant,
    refused: bool,
}

impl Portal {
    fn new(max: usize, counts: Counts) -> Arc<Portal> {
        Arc::new(Portal {
            max,
            window: Duration::from_secs(10),
            counts,
            calls: Mutex::default(),
        })
    }

    fn count(&self, sent: Instant) -> Reply {
        let now = Instant::now();
        let mut calls = self.calls.lock().expect("no panic holds it");
        let recent = calls.iter().rev();
        let used = recent.take_while(|call| call.counted + self.window > now);
        let used = used.filter(|call| !call.refused).count();
        let refused = used >= self.max;
        calls.push(Call {
            sent,
            counted: now,
            refused,
        });
        let left = (self.max - used).saturating_sub(1);
        reply(if refused { 429 } else { 200 }, Some((self.max, left)))
    }

    async fn answer(&self, latency: Duration, way_there: f64) -> Reply {
        let sent = Instant::now();
        sleep(latency.mul_f64(way_there)).await;
        let early = (self.counts == Counts::OnArrival).then(|| self.count(sent));
        sleep(latency.mul_f64(1.0 - way_there)).await;
        early.unwrap_or_else(|| self.count(sent))
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no panic holds it").clone()
    }
}

fn reply(status: u16, rate: Option<(usize, usize)>) -> Reply {
    let headers = match rate {
        Some((max, left)) => Headers::default()
            .with("X-HubSpot-RateLimit-Max", &max.to_string())
            .with("X-HubSpot-RateLimit-Remaining", &left.to_string())
            .with("X-HubSpot-RateLimit-Interval-Milliseconds", "10000"),
        None => Headers::default(),
    };
    Reply {
        status,
        headers,
        body: Bytes::new(),
    }
}

/// Calls as fast as the pacer lets, `workers` at a time, for `length`.
async fn load(
    pacer: Arc<Pacer>,
    portal: Arc<Portal>,
    millis: std::ops::Range<u64>,
    workers: usize,
    length: Duration,
) {
    let end = Instant::now() + length;
    let worker = |seed: usize| {
        let (pacer, portal, millis) = (pacer.clone(), portal.clone(), millis.clone());
        async move {
            let mut dice = fastrand::Rng::with_seed(seed as u64);
            while Instant::now() < end {
                let slot = pacer.slot(Budget::General).await;
                let latency = Duration::from_millis(dice.u64(millis.clone()));
                let reply = portal.answer(latency, dice.f64()).await;
                let refused = reply.status == 429;
                slot.replied(&reply);
                if refused {
                    pacer.hold_all(Budget::General, Duration::from_secs(10));
                }
            }
        }
    };
    let _ = futures::future::join_all((0..workers).map(worker)).await;
}

fn paused<T>(run: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(run)
}

/// The most times in any half-open window.
fn most_in_a_window(times: impl Iterator<Item = Instant>, window: Duration) -> usize {
    let mut times: Vec<Instant> = times.collect();
    times.sort_unstable();
    let within = |(index, time): (usize, &Instant)| {
        let start = times.partition_point(|other| *other + window <= *time);
        index + 1 - start
    };
    times.iter().enumerate().map(within).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_window_ever_holds_more_than_the_allowance(
        max in 1_usize..40,
        shortest in 1_u64..400,
        spread in 1_u64..3_000,
        workers in 1_usize..64,
        arrival: bool,
    ) {
        let counts = if arrival { Counts::OnArrival } else { Counts::BeforeReply };
        let portal = Portal::new(max, counts);
        paused(load(
            Arc::new(Pacer::new(None, 0.0)),
            portal.clone(),
            shortest..shortest + spread,
            workers,
            Duration::from_secs(60),
        ));
        let calls = portal.calls();
        prop_assert!(calls.iter().all(|call| !call.refused));
        prop_assert!(most_in_a_window(calls.iter().map(|c| c.sent), portal.window) <= max);
        prop_assert!(most_in_a_window(calls.iter().map(|c| c.counted), portal.window) <= max);
    }
}

/// How many calls go out at once.
async fn burst(pacer: &Pacer) -> usize {
    let mut slots = Vec::new();
    while let Ok(slot) = timeout(Duration::from_millis(1), pacer.slot(Budget::General)).await {
        slots.push(slot);
        if slots.len() == 1_000 {
            break;
        }
    }
    slots.len()
}

#[tokio::test(start_paused = true)]
async fn the_first_call_goes_alone_and_tells_what_is_left() {
    let pacer = Pacer::new(None, 0.0);
    let first = pacer.slot(Budget::General).await;
    assert_eq!(burst(&pacer).await, 0);
    first.replied(&reply(200, Some((100, 40))));
    // 60 are used: this call, and 59 of somebody else or of an earlier run; 5 stay
    // open to them.
    assert_eq!(burst(&pacer).await, 35);
    sleep(Duration::from_secs(10)).await;
    // What was read is too old to go by: one goes alone again.
    let next = pacer.slot(Budget::General).await;
    assert_eq!(burst(&pacer).await, 0);
    next.replied(&reply(200, Some((100, 99))));
    assert_eq!(burst(&pacer).await, 94);
    sleep(Duration::from_secs(20)).await;
    // Nobody was seen for two windows: one slot stays open, for newcomers.
    assert_eq!(burst(&pacer).await, 99);
}

#[tokio::test(start_paused = true)]
async fn without_headers_a_success_means_no_limit_and_an_edge_page_means_nothing() {
    let pacer = Pacer::new(None, 0.0);
    pacer.slot(Budget::General).await.replied(&reply(502, None));
    let second = pacer.slot(Budget::General).await;
    assert_eq!(burst(&pacer).await, 0);
    second.replied(&reply(201, None));
    assert_eq!(burst(&pacer).await, 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_known_allowance_survives_replies_without_headers() {
    let pacer = Pacer::new(None, 0.0);
    pacer
        .slot(Budget::General)
        .await
        .replied(&reply(200, Some((5, 4))));
    pacer.slot(Budget::General).await.replied(&reply(200, None));
    assert_eq!(burst(&pacer).await, 2);
}

#[tokio::test(start_paused = true)]
async fn our_own_ceiling_holds_beside_the_portals() {
    let ceiling = Rate {
        calls: 3,
        window: Duration::from_secs(1),
    };
    let pacer = Pacer::new(Some(ceiling), 0.0);
    pacer
        .slot(Budget::General)
        .await
        .replied(&reply(200, Some((7, 6))));
    assert_eq!(burst(&pacer).await, 2);
    sleep(Duration::from_millis(1_010)).await;
    assert_eq!(burst(&pacer).await, 3);
    sleep(Duration::from_millis(1_010)).await;
    // One, two and three were sent within the portal's window, and one slot of the
    // seven stays open.
    assert_eq!(burst(&pacer).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_not_sent_costs_nothing() {
    let pacer = Pacer::new(None, 0.0);
    pacer
        .slot(Budget::General)
        .await
        .replied(&reply(200, Some((3, 2))));
    pacer.slot(Budget::General).await.not_sent();
    assert_eq!(burst(&pacer).await, 1);
    assert_eq!(burst(&pacer).await, 0);
}

#[tokio::test(start_paused = true)]
async fn all_wait_while_the_window_is_said_to_be_used_up() {
    let pacer = Pacer::new(None, 0.0);
    pacer
        .slot(Budget::General)
        .await
        .replied(&reply(200, Some((5, 4))));
    let start = Instant::now();
    pacer.hold_all(Budget::General, Duration::from_secs(4));
    pacer.hold_all(Budget::General, Duration::from_secs(2));
    drop(pacer.slot(Budget::General).await);
    assert_eq!(start.elapsed().as_secs(), 4);
}
