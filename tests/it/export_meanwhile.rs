//! Exports while others work: another process creates, changes and archives tickets
//! all the time, and whatever was there throughout is in the export, once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::desk::Desk;

/// What the others did while the export ran.
#[derive(Default)]
struct Done {
    created: BTreeSet<u64>,
    archived: BTreeSet<u64>,
    changed: usize,
}

/// Creates, changes and archives until it is told to stop: a batch of each at a time,
/// all over the portal.
fn work(desk: &Desk, tickets: &[u64], stop: &AtomicBool) -> Done {
    let mut random = fastrand::Rng::with_seed(u64::from(desk.sandbox.id()));
    let mut done = Done::default();
    while !stop.load(Ordering::Relaxed) {
        done.created
            .extend(desk.create(20, |n| json!({"subject": format!("New {n}")})));
        let mut pick = || tickets[random.usize(..tickets.len())];
        if done.archived.len() < tickets.len() / 4 {
            let gone: BTreeSet<u64> = (0..10).map(|_| pick()).collect();
            desk.archive(&gone.iter().copied().collect::<Vec<_>>());
            done.archived.extend(gone);
        }
        let inputs: BTreeSet<u64> = (0..30).map(|_| pick()).collect();
        let inputs = inputs
            .difference(&done.archived)
            .map(|id| json!({"id": id.to_string(), "properties": {"subject": "Changed"}}));
        let inputs: Vec<_> = inputs.collect();
        done.changed += inputs.len();
        let body = json!({"inputs": inputs});
        let _changed = desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
    }
    done
}

/// Exports while others work; the ids in the file, and what was done.
fn exported_meanwhile(desk: &Desk, tickets: &[u64], more: &[&str]) -> (Vec<u64>, Done) {
    let stop = AtomicBool::new(false);
    let fixed = [
        "--properties",
        "subject",
        "--rate",
        "20/600ms",
        "-o",
        "a.csv",
    ];
    let args = [&fixed[..], more].concat();
    std::thread::scope(|scope| {
        let export = scope.spawn(|| {
            let ended = desk
                .here
                .run_against(&desk.sandbox, &[&["export"], &args[..]].concat());
            stop.store(true, Ordering::Relaxed);
            ended
        });
        let done = work(desk, tickets, &stop);
        let _ended = export.join().expect("it ends").expect(0);
        (desk.ids("a.csv"), done)
    })
}

#[test]
fn nothing_that_was_there_throughout_is_missing_and_nothing_is_twice() {
    let (desk, tickets) = Desk::with_tickets(2_500);
    let (ids, done) = exported_meanwhile(&desk, &tickets, &[]);
    assert!(!done.created.is_empty() && !done.archived.is_empty() && done.changed > 0);
    let seen: BTreeSet<u64> = ids.iter().copied().collect();
    assert_eq!(seen.len(), ids.len(), "nothing is twice");
    let stayed = tickets.iter().filter(|id| !done.archived.contains(id));
    let missing: Vec<&u64> = stayed.filter(|id| !seen.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let known = |id: &&u64| tickets.contains(id) || done.created.contains(id);
    assert!(seen.iter().all(|id| known(&id)), "nothing else is in it");
}

#[test]
fn with_the_recycle_bin_even_what_is_archived_meanwhile_is_there() {
    let (desk, tickets) = Desk::with_tickets(1_500);
    let (ids, done) = exported_meanwhile(&desk, &tickets, &["--archived", "include"]);
    assert!(!done.archived.is_empty());
    let seen: BTreeSet<u64> = ids.iter().copied().collect();
    assert_eq!(seen.len(), ids.len(), "nothing is twice");
    let missing: Vec<&u64> = tickets.iter().filter(|id| !seen.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
