//! The pacer against a pretended portal in paused time.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use tokio::time::{sleep, timeout};

use super::scenarios::{Counts, Latency, Portal, paused};
use super::*;

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

/// Calls for a minute as fast as the pacer allows, `workers` at a time.
async fn load(pacer: Arc<Pacer>, portal: Arc<Portal>, millis: Latency, workers: usize) {
    let end = Instant::now() + Duration::from_secs(60);
    let worker = || async {
        while Instant::now() < end {
            let slot = pacer.slot(Budget::General).await;
            slot.replied(&portal.answer(0, millis.clone()).await);
        }
    };
    let _ = futures::future::join_all((0..workers).map(|_| worker())).await;
}

/// The most times in any half-open window of 10 s.
fn most_in_a_window(times: impl Iterator<Item = Instant>) -> usize {
    let window = Duration::from_secs(10);
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
        seed: u64,
    ) {
        let counts = if arrival { Counts::OnArrival } else { Counts::BeforeReply };
        let seen = paused(seed, async {
            let portal = Portal::allowing(max, counts);
            let pacer = Arc::new(Pacer::new(None, 0.0));
            load(pacer, portal.clone(), shortest..shortest + spread, workers).await;
            portal.seen()
        });
        prop_assert!(seen.iter().all(|call| !call.refused));
        prop_assert!(most_in_a_window(seen.iter().map(|call| call.sent)) <= max);
        prop_assert!(most_in_a_window(seen.iter().map(|call| call.at)) <= max);
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
    // The last reading is too old to rely on: one goes alone again.
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

#[tokio::test(start_paused = true)]
async fn a_reserve_of_the_burst_stays_unused() {
    let pacer = Pacer::new(None, 0.2);
    let first = pacer.slot(Budget::General).await;
    first.replied(&reply(200, Some((190, 189))));
    assert_eq!(burst(&pacer).await, 190 - 38 - 1);
}

#[tokio::test(start_paused = true)]
async fn searches_go_beside_a_used_up_window_five_a_second() {
    let pacer = Pacer::new(None, 0.0);
    let first = pacer.slot(Budget::General).await;
    first.replied(&reply(200, Some((190, 189))));
    pacer.hold_all(Budget::General, Duration::from_secs(10));
    let start = Instant::now();
    for _ in 0..6 {
        // Replies to searches carry no headers, and teach nothing.
        let slot = pacer.slot(Budget::Search).await;
        slot.replied(&reply(200, None));
    }
    assert_eq!(start.elapsed().as_millis(), 1_000);
    assert_eq!(burst(&pacer).await, 0);
}

#[tokio::test(start_paused = true)]
async fn associations_pay_from_the_general_budget_until_they_have_their_own() {
    let pacer = Pacer::new(None, 0.0);
    let pay = async |budget, shown| pacer.slot(budget).await.replied(&reply(200, shown));
    pay(Budget::General, Some((20, 19))).await;
    pay(Budget::Associations, Some((20, 18))).await;
    pay(Budget::Associations, None).await;
    assert_eq!(burst(&pacer).await, 16);
    sleep(Duration::from_secs(11)).await;
    pay(Budget::Associations, Some((150, 149))).await;
    // From now on they are counted apart.
    pay(Budget::Associations, Some((150, 148))).await;
    assert_eq!(burst(&pacer).await, 18);
    let another = timeout(Duration::from_millis(1), pacer.slot(Budget::Associations));
    assert!(another.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn calls_for_tokens_teach_nothing() {
    let pacer = Pacer::new(None, 0.0);
    let token = pacer.slot(Budget::Tokens).await;
    token.replied(&reply(200, None));
    // The allowance is unknown still: one goes alone.
    assert_eq!(burst(&pacer).await, 1);
}

/// Concurrency after replies that took this long.
async fn concurrency(pacer: &Pacer, shown: Option<(usize, usize)>, millis: u64) -> usize {
    let slot = pacer.slot(Budget::General).await;
    sleep(Duration::from_millis(millis)).await;
    slot.replied(&reply(200, shown));
    pacer.useful_concurrency()
}

#[tokio::test(start_paused = true)]
async fn concurrency_is_twice_rate_times_latency_from_2_to_64() {
    let table = [(5, 2), (200, 8), (400, 16), (1_000, 38), (3_000, 64)];
    for (millis, wanted) in table {
        let pacer = Pacer::new(None, 0.0);
        assert_eq!(pacer.useful_concurrency(), USUAL_IN_FLIGHT);
        let useful = concurrency(&pacer, Some((190, 189)), millis).await;
        assert_eq!(useful, wanted, "{millis} ms");
    }
    let unlimited = Pacer::new(None, 0.0);
    assert_eq!(concurrency(&unlimited, None, 1_000).await, USUAL_IN_FLIGHT);
    let ceiling = Rate {
        calls: 10,
        window: Duration::from_secs(1),
    };
    let own = Pacer::new(Some(ceiling), 0.0);
    assert_eq!(concurrency(&own, Some((190, 189)), 400).await, 8);
}
