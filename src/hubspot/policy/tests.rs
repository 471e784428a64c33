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
            Decision::Stop(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_create_is_never_repeated_when_it_may_have_been_carried_out() {
    let table = [
        (Kind::NotSent, (6, "Unavailable"), (6, "Unavailable")),
        (Kind::Limited, (20, "Unavailable"), (20, "Unavailable")),
        (Kind::Secondly, (20, "Unavailable"), (20, "Unavailable")),
        (Kind::Locked, (10, "Unavailable"), (10, "Unavailable")),
        (Kind::Failing, (6, "Unavailable"), (1, "Ambiguous")),
        (Kind::Cut, (3, "Unavailable"), (1, "Ambiguous")),
        (Kind::Lost, (6, "Unavailable"), (1, "Ambiguous")),
        (Kind::Garbled, (3, "Garbled"), (1, "Ambiguous")),
        (Kind::Strange, (1, "Garbled"), (1, "Ambiguous")),
    ];
    for (kind, read, create) in table {
        assert_eq!(attempts(kind, Effect::Read), read, "{kind:?}");
        assert_eq!(attempts(kind, Effect::Create), create, "{kind:?}");
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
        ..situation(Effect::Create, 1)
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
