//! Who repeats what, how often and after how long.

use super::*;

fn trouble(kind: Kind) -> Trouble {
    Trouble {
        kind,
        words: "status 502".to_owned(),
        delay: None,
    }
}

fn situation(effect: Effect, attempts: u32) -> Situation {
    Situation {
        effect,
        attempts,
        unclear_before: false,
        answered_before: true,
    }
}

fn choose(trouble: &Trouble, situation: Situation) -> Decision {
    decide(trouble, situation, &mut Quota::default(), 1.0)
}

/// How many attempts a call of that effect gets, and how it ends.
fn attempts(kind: Kind, effect: Effect) -> (u32, &'static str) {
    let mut attempts = 1;
    loop {
        match choose(&trouble(kind), situation(effect, attempts)) {
            Decision::After(_) => attempts += 1,
            Decision::Stop(CallError::Ambiguous(_)) => return (attempts, "Ambiguous"),
            Decision::Stop(CallError::Unavailable(_)) => return (attempts, "Unavailable"),
            Decision::Stop(CallError::Garbled(_)) => return (attempts, "Garbled"),
            Decision::Stop(CallError::Paused(_)) => return (attempts, "Paused"),
            Decision::Stop(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_may_have_been_carried_out_is_repeated_only_where_that_does_no_harm() {
    let (gone, unclear, garbled) = ("Unavailable", "Ambiguous", "Garbled");
    let table = [
        (Kind::NotSent, (6, gone), (6, gone), (6, gone)),
        (Kind::Limited, (20, gone), (20, gone), (20, gone)),
        (Kind::Secondly, (20, gone), (20, gone), (20, gone)),
        (Kind::Locked, (10, gone), (10, gone), (10, gone)),
        (Kind::Moving, (10, "Paused"), (10, "Paused"), (10, "Paused")),
        (Kind::Failing, (6, gone), (6, unclear), (1, unclear)),
        (Kind::Cut, (3, gone), (3, unclear), (1, unclear)),
        (Kind::Lost, (6, gone), (6, unclear), (1, unclear)),
        (Kind::Garbled, (3, garbled), (3, unclear), (1, unclear)),
        (Kind::Strange, (1, garbled), (1, unclear), (1, unclear)),
    ];
    for (kind, read, repeatable, once) in table {
        assert_eq!(attempts(kind, Effect::Read), read, "{kind:?}");
        assert_eq!(attempts(kind, Effect::Repeatable), repeatable, "{kind:?}");
        assert_eq!(attempts(kind, Effect::Once), once, "{kind:?}");
    }
}

#[test]
fn a_clear_end_does_not_clear_an_unclear_start() {
    let after_a_loss = Situation {
        unclear_before: true,
        ..situation(Effect::Repeatable, 20)
    };
    for kind in [Kind::NotSent, Kind::Limited, Kind::Locked] {
        let end = choose(&trouble(kind), after_a_loss);
        let unclear = matches!(end, Decision::Stop(CallError::Ambiguous(_)));
        assert!(unclear, "{kind:?}: {end:?}");
    }
}

fn wait(kind: Kind, asked: Option<u64>, attempts: u32) -> Duration {
    let trouble = Trouble {
        delay: asked.map(Duration::from_secs),
        ..trouble(kind)
    };
    match choose(&trouble, situation(Effect::Read, attempts)) {
        Decision::After(wait) => wait,
        Decision::Stop(error) => panic!("{error}"),
    }
}

#[test]
fn the_portals_wait_wins_and_is_clamped() {
    let table = [
        (Kind::Failing, None, 1, 1),
        (Kind::Failing, None, 3, 4),
        (Kind::Failing, None, 5, 16),
        (Kind::Failing, Some(3), 5, 3),
        (Kind::Failing, Some(86_400), 1, 60),
        (Kind::Limited, None, 1, 10),
        (Kind::Limited, None, 9, 10),
        (Kind::Limited, Some(4), 1, 4),
        (Kind::Secondly, None, 1, 1),
        (Kind::Secondly, Some(0), 1, 1),
        (Kind::Locked, None, 1, 2),
        (Kind::Locked, Some(1), 1, 2),
        (Kind::Locked, None, 9, 20),
    ];
    for (kind, asked, attempts, seconds) in table {
        let wait = wait(kind, asked, attempts);
        assert_eq!(
            wait,
            Duration::from_secs(seconds),
            "{kind:?} {asked:?} {attempts}"
        );
    }
}

#[test]
fn jitter_halves_a_wait_at_most() {
    let choose = |jitter| {
        let mut quota = Quota::default();
        decide(
            &trouble(Kind::Lost),
            situation(Effect::Read, 1),
            &mut quota,
            jitter,
        )
    };
    let Decision::After(shortest) = choose(0.0) else {
        panic!("a repeat expected");
    };
    assert_eq!(shortest, FIRST_WAIT / 2);
}

#[test]
fn a_wrong_address_is_told_at_once() {
    let first = Situation {
        answered_before: false,
        ..situation(Effect::Once, 1)
    };
    let Decision::Stop(CallError::Unavailable(words)) = choose(&trouble(Kind::NotSent), first)
    else {
        panic!("an end expected");
    };
    assert_eq!(words, "status 502");
}

#[test]
fn a_spent_quota_ends_a_storm_but_not_a_wait() {
    let mut quota = Quota::default();
    let mut repeats = 0;
    let read = situation(Effect::Read, 1);
    while let Decision::After(_) = decide(&trouble(Kind::Lost), read, &mut quota, 0.5) {
        repeats += 1;
    }
    assert_eq!(repeats, QUOTA / REPEAT_PRICE);
    let limited = decide(&trouble(Kind::Limited), read, &mut quota, 0.5);
    assert!(matches!(limited, Decision::After(_)));
    (0..REPEAT_PRICE).for_each(|_| quota.earn());
    let lost = decide(&trouble(Kind::Lost), read, &mut quota, 0.5);
    assert!(matches!(lost, Decision::After(_)));
}
