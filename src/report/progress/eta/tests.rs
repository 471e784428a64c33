//! Work with pretended portals in pretended time: what was estimated is compared with how long it
//! then took.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;
use crate::model::pace::Allowance;

const WINDOW: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(20);

/// How a portal behaves from a certain time on.
#[derive(Clone, Copy, Debug)]
struct Manner {
    /// Calls in a window.
    slots: usize,
    latency: Duration,
    /// Calls in flight.
    workers: usize,
    /// Nothing is sent before this time.
    pause_until: Duration,
}

/// What an estimate was, and how long it then took.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    at: Duration,
    /// From 0 to 1.
    done: f64,
    left: Duration,
    truth: Duration,
    /// How long a call takes: calls in flight are never half done.
    call: Duration,
}

impl Estimate {
    fn error(&self) -> f64 {
        let truth = self.truth.as_secs_f64();
        (self.left.as_secs_f64() - truth).abs() / truth
    }
}

/// Work of so many calls; `manner` says at each step how the portal behaves.
fn work(calls: usize, manner: impl Fn(Duration) -> Manner) -> Vec<Estimate> {
    uneven_work(calls, |_call| 1, manner)
}

/// The same with calls that settle several rows each.
fn uneven_work(
    calls: usize,
    rows: impl Fn(usize) -> usize,
    manner: impl Fn(Duration) -> Manner,
) -> Vec<Estimate> {
    let all: usize = (0..calls).map(&rows).sum();
    let mut settled = 0;
    let mut eta = Eta::default();
    let mut said = Vec::new();
    let mut held: BinaryHeap<Reverse<Duration>> = BinaryHeap::new();
    let mut flying: Vec<Duration> = Vec::new();
    let (mut sent, mut done, mut now) = (0, 0, Duration::ZERO);
    while done < calls {
        let portal = manner(now);
        while held.peek().is_some_and(|free| free.0 <= now) {
            let _free = held.pop();
        }
        let before = flying.len();
        flying.retain(|reply| *reply > now);
        for _replied in flying.len()..before {
            held.push(Reverse(now + WINDOW));
            let pace = pace(&portal, (&held, &flying), (sent, now));
            // Rows are settled one after the other.
            for _row in 0..rows(done) {
                settled += 1;
                eta.note(now, settled as f64, &pace);
            }
            done += 1;
        }
        while sent < calls
            && flying.len() < portal.workers
            && flying.len() + held.len() < portal.slots
            && now >= portal.pause_until
        {
            sent += 1;
            flying.push(now + portal.latency);
        }
        if now.as_millis().is_multiple_of(200) {
            let pace = pace(&portal, (&held, &flying), (sent, now));
            eta.note(now, settled as f64, &pace);
            let left = eta.left((all - settled) as f64);
            said.extend(left.map(|left| (now, settled, left)));
        }
        now += STEP;
    }
    let (end, call) = (now, manner(now).latency);
    let estimates = said.into_iter().map(|(at, settled, left)| Estimate {
        at,
        done: settled as f64 / all as f64,
        left,
        truth: end - at,
        call,
    });
    estimates.collect()
}

/// The pace as the client reports it.
fn pace(
    portal: &Manner,
    (held, flying): (&BinaryHeap<Reverse<Duration>>, &[Duration]),
    (sent, now): (usize, Duration),
) -> Pace {
    let cycle = WINDOW + portal.latency;
    let used = held.len() + flying.len();
    let free = std::iter::repeat_n(Duration::ZERO, portal.slots.saturating_sub(used));
    let held = held.iter().map(|free| free.0.saturating_sub(now));
    let flown = flying.iter().map(|_| cycle);
    let mut slots: Vec<Duration> = free.chain(held).chain(flown).collect();
    slots.sort_unstable();
    let pause = portal.pause_until.saturating_sub(now);
    slots.iter_mut().for_each(|slot| *slot = pause.max(*slot));
    Pace {
        allowances: vec![Allowance {
            calls: (sent - flying.len()) as u64,
            in_flight: flying.len() as u64,
            slots: slots.split_off(used.saturating_sub(portal.slots)),
            latency: portal.latency,
            cycle,
        }],
        pause: (!pause.is_zero()).then_some(pause),
        hold: None,
    }
}

fn steady(slots: usize, millis: u64) -> Manner {
    Manner {
        slots,
        latency: Duration::from_millis(millis),
        workers: 8,
        pause_until: Duration::ZERO,
    }
}

/// Estimates are in whole seconds and calls are done as a whole, so such differences are no error.
fn is_good(estimate: &Estimate) -> bool {
    let grain = Duration::from_secs(1) + estimate.call;
    estimate.error() <= 0.2 || estimate.left.abs_diff(estimate.truth) <= grain
}

/// All estimates after a tenth of the work are good.
fn all_good(estimates: &[Estimate]) -> Result<(), Estimate> {
    // Nothing is shown earlier.
    let is_late = |one: &&Estimate| one.done >= 0.1 && one.at >= Duration::from_secs(1);
    let late = estimates.iter().filter(is_late);
    late.copied().find(|one| !is_good(one)).map_or(Ok(()), Err)
}

/// Within a minute the predicted end moves by less than a fifth of the time left.
fn is_calm(estimates: &[Estimate]) -> Result<(), Box<(Estimate, Estimate)>> {
    let late: Vec<&Estimate> = estimates.iter().filter(|one| one.done >= 0.1).collect();
    for (place, first) in late.iter().enumerate() {
        let minute = late[place..]
            .iter()
            .filter(|other| other.at - first.at <= Duration::from_secs(60));
        let moved = |other: &&&Estimate| (other.at + other.left).abs_diff(first.at + first.left);
        let most = first.left / 5 + Duration::from_secs(1) + first.call;
        if let Some(other) = minute.into_iter().find(|other| moved(other) > most) {
            return Err(Box::new((**first, **other)));
        }
    }
    Ok(())
}

#[test]
fn on_a_steady_portal_the_estimate_is_good_after_a_tenth_and_calm() {
    for (calls, slots, millis) in [
        // Bound by the allowance, in bursts.
        (1_200, 190, 60),
        (12_000, 190, 60),
        (6_000, 100, 250),
        (800, 20, 30),
        // Bound by latency.
        (3_000, 190, 800),
        (900, 190, 3_000),
        // Within the first window.
        (150, 190, 300),
    ] {
        let estimates = work(calls, |_now| steady(slots, millis));
        let case = format!("{calls} calls, {slots} slots, {millis} ms");
        assert!(estimates.len() > 20, "{case}: {}", estimates.len());
        assert!(
            all_good(&estimates).is_ok(),
            "{case}: {:?}",
            all_good(&estimates)
        );
        assert!(
            is_calm(&estimates).is_ok(),
            "{case}: {:?}",
            is_calm(&estimates)
        );
    }
}

#[test]
fn what_a_work_begins_with_is_not_taken_for_what_follows() {
    for (slots, first, rest) in [
        // As observed: facts and definitions, a small first batch, contacts that are created.
        (20, 20, 117),
        (20, 20, 400),
        (190, 150, 2_000),
        (60, 15, 600),
    ] {
        let rows = |call: usize| match call {
            _ if call < first / 3 => 0,
            _ if call < first => 25,
            _ => 100,
        };
        let estimates = uneven_work(first + rest, rows, |_now| steady(slots, 30));
        let found = all_good(&estimates);
        assert!(found.is_ok(), "{slots} slots, {first} calls: {found:?}");
    }
}

/// Estimates are good from two minutes after a change on.
fn good_two_minutes_after(change: u64, estimates: &[Estimate]) -> Result<(), Estimate> {
    let after = Duration::from_secs(change + 120);
    let late = estimates.iter().filter(|one| one.at >= after);
    late.copied().find(|one| !is_good(one)).map_or(Ok(()), Err)
}

#[test]
fn two_minutes_after_a_change_the_estimate_is_good() {
    let change = 200;
    let from = Duration::from_secs(change);
    let usual = steady(190, 100);
    let pause = |seconds| Manner {
        pause_until: from + Duration::from_secs(seconds),
        ..usual
    };
    for (name, changed) in [
        ("slower", steady(190, 2_000)),
        ("much slower", steady(190, 10_000)),
        ("a smaller allowance", steady(60, 100)),
        ("a pause of 30 s", pause(30)),
        ("a pause of 90 s", pause(90)),
    ] {
        let manner = |now| if now < from { usual } else { changed };
        let estimates = work(14_000, manner);
        let found = good_two_minutes_after(change, &estimates);
        assert!(found.is_ok(), "{name}: {found:?}");
        assert!(
            estimates.iter().any(|one| one.at > from + 2 * from),
            "{name}"
        );
    }
}

#[test]
fn a_single_pause_is_added_and_pauses_that_come_again_are_a_part_of_the_speed() {
    let usual = steady(190, 2_000);
    let pausing = |begin: u64, every: u64, seconds: u64| {
        move |now: Duration| {
            let passed = now.as_secs().saturating_sub(begin);
            let turn = now.as_secs() >= begin && passed % every < seconds;
            let until = Duration::from_secs(begin + passed / every * every + seconds);
            Manner {
                pause_until: if turn { until } else { Duration::ZERO },
                ..usual
            }
        }
    };
    let once = work(1_600, pausing(150, 100_000, 40));
    let (before, later): (Vec<&Estimate>, Vec<&Estimate>) = once
        .iter()
        .partition(|one| one.at < Duration::from_secs(150));
    assert!(later.iter().all(|one| is_good(one)), "also at once");
    assert!(before.len() > 100);
    let again = work(1_600, pausing(150, 50, 20));
    // With only two pauses left, it matters where between them the estimate is made.
    let many: Vec<Estimate> = again
        .into_iter()
        .filter(|one| one.truth > Duration::from_secs(100))
        .collect();
    assert!(many.iter().any(|one| one.at > Duration::from_secs(350)));
    let found = good_two_minutes_after(150, &many);
    assert!(found.is_ok(), "{found:?}");
}

#[test]
fn nothing_is_said_before_anything_is_known() {
    let mut eta = Eta::default();
    assert_eq!((eta.speed(), eta.left(1.0)), (None, None));
    let pace = Pace::default();
    eta.note(Duration::ZERO, 5.0, &pace);
    eta.note(Duration::from_secs(3), 5.0, &pace);
    assert_eq!(eta.left(1.0), None, "nothing was done yet");
    eta.note(Duration::from_secs(4), 7.0, &pace);
    assert_eq!(
        eta.left(1.0),
        None,
        "how long it took to begin says nothing"
    );
    eta.note(Duration::from_secs(6), 9.0, &pace);
    assert_eq!(eta.speed(), Some(1.0));
    assert_eq!(eta.left(10.0), Some(Duration::from_secs(10)));
    assert_eq!(eta.left(0.0), Some(Duration::ZERO));
    assert_eq!(eta.left(f64::MAX), None, "for ever");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_steady_portal_is_foretold(
        slots in 10_usize..200,
        millis in 20_u64..3_000,
        workers in 1_usize..40,
        windows in 1_u64..30,
    ) {
        let portal = Manner { workers, ..steady(slots, millis) };
        let by_latency = workers as f64 / portal.latency.as_secs_f64();
        let rate = by_latency.min(slots as f64 / 10.0);
        // A tenth must be several calls of each worker, or it shows nothing.
        let calls = ((rate * 10.0 * windows as f64) as usize).max(30 * workers);
        let estimates = work(calls, |_now| portal);
        prop_assert!(all_good(&estimates).is_ok(), "{:?}", all_good(&estimates));
    }

    #[test]
    fn any_change_is_known_two_minutes_later(
        before in (20_usize..200, 20_u64..3_000),
        after in (20_usize..200, 20_u64..3_000),
        change in 60_u64..200,
    ) {
        let manner = |now: Duration| match now < Duration::from_secs(change) {
            true => steady(before.0, before.1),
            false => steady(after.0, after.1),
        };
        let estimates = work(6_000, manner);
        let found = good_two_minutes_after(change, &estimates);
        prop_assert!(found.is_ok(), "{:?}", found);
    }

    #[test]
    fn no_course_of_events_breaks_it(
        notes in proptest::collection::vec(
            (0_u64..20_000, 0_u32..1_000, proptest::option::of(0_u64..50_000)), 0..60
        )
    ) {
        let mut eta = Eta::default();
        let (mut at, mut done) = (Duration::ZERO, 0.0);
        for (millis, more, pause) in notes {
            at += Duration::from_millis(millis);
            done += f64::from(more);
            let pace = Pace {
                pause: pause.map(Duration::from_millis),
                ..Pace::default()
            };
            eta.note(at, done, &pace);
            prop_assert!(eta.speed().is_none_or(|speed| speed.is_finite() && speed >= 0.0));
            let _any = eta.left(1_000.0);
        }
    }
}
