//! Exports while others work: another process creates, changes, archives, merges and
//! restores tickets all the time, and whatever was there throughout is in the export,
//! once and with all its links.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::{FilledPortal, id};

/// What the others did while the export ran.
#[derive(Default)]
struct Done {
    created: BTreeSet<u64>,
    archived: BTreeSet<u64>,
    changed: usize,
}

/// Creates, changes and archives until it is told to stop: a batch of each at a time,
/// all over the portal.
fn work(desk: &FilledPortal, tickets: &[u64], stop: &AtomicBool) -> Done {
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
        desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
    }
    done
}

/// Exports while others work; the ids in the file, and what was done.
fn exported_meanwhile(desk: &FilledPortal, tickets: &[u64], more: &str) -> (Vec<u64>, Done) {
    let stop = AtomicBool::new(false);
    let fixed = "--properties subject --rate 20/600ms -o a.csv";
    let args = (fixed, more);
    std::thread::scope(|scope| {
        let export = scope.spawn(|| {
            let ended = desk.run(("export", args));
            stop.store(true, Ordering::Relaxed);
            ended
        });
        let done = work(desk, tickets, &stop);
        export.join().expect("it ends").expect(0);
        (desk.ids("a.csv"), done)
    })
}

#[test]
fn nothing_that_was_there_throughout_is_missing_and_nothing_is_twice() {
    let (desk, tickets) = FilledPortal::with_tickets(2_500);
    let (ids, done) = exported_meanwhile(&desk, &tickets, "");
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
    let (desk, tickets) = FilledPortal::with_tickets(1_500);
    let (ids, done) = exported_meanwhile(&desk, &tickets, "--archived include");
    assert!(!done.archived.is_empty());
    let seen: BTreeSet<u64> = ids.iter().copied().collect();
    assert_eq!(seen.len(), ids.len(), "nothing is twice");
    let missing: Vec<&u64> = tickets.iter().filter(|id| !seen.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Archives, merges and restores until it is told to stop or there is little left; gives
/// the tickets that were not there throughout, and those that merges made.
fn stir(desk: &FilledPortal, tickets: &[u64], stop: &AtomicBool) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let mut random = fastrand::Rng::with_seed(u64::from(desk.sandbox.id()));
    let mut untouched = tickets.to_vec();
    random.shuffle(&mut untouched);
    let (mut moved, mut made) = (BTreeSet::new(), BTreeSet::new());
    while !stop.load(Ordering::Relaxed) && untouched.len() > tickets.len() / 2 {
        let mut take = || untouched.pop().expect("one is left");
        let archived: Vec<u64> = (0..4).map(|_| take()).collect();
        let (primary, loser) = (take(), take());
        desk.archive(&archived);
        let body =
            json!({"primaryObjectId": primary.to_string(), "objectIdToMerge": loser.to_string()});
        let survivor = desk.call("POST", "/crm/v3/objects/tickets/merge", &body);
        made.insert(id(&survivor));
        let restored = archived[..2].iter().map(|id| json!({"id": id.to_string()}));
        let body = json!({"inputs": restored.collect::<Vec<_>>()});
        desk.call("POST", "/_sandbox/tickets/restore", &body);
        moved.extend(archived);
        moved.extend([primary, loser]);
    }
    (moved, made)
}

#[test]
fn no_ticket_is_half_while_others_archive_merge_and_restore() {
    for (more, missing) in [
        ("", "missing_from=207-id"),
        ("--archived include", "missing_from=404-bare"),
    ] {
        let desk = FilledPortal::new(["--rate", "off", "--switch", missing]);
        let tickets = desk.create(1_200, |n| json!({"subject": format!("Ticket {n}")}));
        let contacts = desk.link_contacts(&tickets, 2);
        let contacts: Vec<String> = contacts.iter().map(u64::to_string).collect();
        let stop = AtomicBool::new(false);
        let args = "export --properties subject --with contacts,contacts.email";
        let (moved, made) = std::thread::scope(|scope| {
            let export = scope.spawn(|| {
                let ended = desk.run((args, "--rate 10/400ms -o a.csv", more));
                stop.store(true, Ordering::Relaxed);
                ended
            });
            let stirred = stir(&desk, &tickets, &stop);
            export.join().expect("it ends").expect(0);
            stirred
        });
        assert!(!moved.is_empty());
        let rows = desk.here.rows("a.csv");
        let seen: BTreeSet<u64> = desk.ids("a.csv").into_iter().collect();
        assert_eq!(seen.len(), rows.len(), "nothing is twice");
        let stayed = tickets.iter().filter(|id| !moved.contains(id));
        let missing: Vec<&u64> = stayed.filter(|id| !seen.contains(id)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let known = |id: &u64| tickets.contains(id) || made.contains(id);
        assert!(seen.iter().all(known), "nothing else is in it");
        for row in rows {
            let is_archived = row.get("archived").is_some_and(|word| word == "true");
            // Between the read of the recycle bin and that of its links, a ticket may
            // have come back.
            if !(is_archived && row["contacts"].is_empty()) {
                assert_eq!(row["contacts"], contacts.join(";"), "{row:?}");
                assert_eq!(row["contacts.email"].matches('@').count(), 2, "{row:?}");
            }
        }
    }
}
