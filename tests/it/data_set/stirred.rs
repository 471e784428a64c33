//! A data set of a portal that others change throughout, brought up to date by run after
//! run, some of them killed, by a search index that is late: once the portal is quiet and
//! the index has caught up, one more run makes it the same as a full export.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::data_set::{is_whole, rows};
use crate::support::{Args, FilledPortal, Row, id, wait_at_most};

/// Columns whose values change without changing when a ticket was modified.
const CALCULATED: [&str; 3] = ["hs_num_", "num_", "time_to_"];

const NIGHTLY: &str = "export --all-properties --since last -o lake";

/// What the others did so far.
#[derive(Default)]
struct Stirred {
    touched: BTreeSet<u64>,
    rounds: usize,
}

/// Creates, updates, archives, restores, merges, adds properties and takes them away,
/// until it is told to stop.
fn stir(desk: &FilledPortal, tickets: &[u64], stop: &AtomicBool, stirred: &Mutex<Stirred>) {
    let mut random = fastrand::Rng::with_seed(u64::from(desk.sandbox.id()));
    let mut live = tickets.to_vec();
    let mut bin: Vec<u64> = Vec::new();
    let mut round = 0_usize;
    let inputs = |ids: &[u64]| {
        let ids = ids.iter().map(|id| json!({"id": id.to_string()}));
        json!({"inputs": ids.collect::<Vec<_>>()})
    };
    while !stop.load(Ordering::Relaxed) && live.len() > 20 {
        round += 1;
        random.shuffle(&mut live);
        let mut touched: Vec<u64> = Vec::new();
        match random.usize(0..6) {
            0 => {
                let new = desk.create(
                    random.usize(1..5),
                    |n| json!({"subject": format!("{round}.{n}")}),
                );
                touched.extend(&new);
                live.extend(new);
            }
            1 => {
                let gone = live.split_off(live.len() - 3);
                desk.archive(&gone);
                touched.extend(&gone);
                bin.extend(gone);
            }
            2 if bin.len() > 4 => {
                let back = bin.split_off(bin.len() - 2);
                desk.call("POST", "/_sandbox/tickets/restore", &inputs(&back));
                touched.extend(&back);
                live.extend(back);
            }
            3 => {
                let (Some(primary), Some(loser)) = (live.pop(), live.pop()) else {
                    return;
                };
                let body = json!({"primaryObjectId": primary.to_string(), "objectIdToMerge": loser.to_string()});
                let survivor = id(&desk.call("POST", "/crm/v3/objects/tickets/merge", &body));
                touched.extend([primary, loser, survivor]);
                live.push(survivor);
            }
            4 if round.is_multiple_of(5) => {
                let name = format!("p{round}");
                let body = json!({"name": name, "label": name, "groupName": "ticketinformation", "type": "string", "fieldType": "text"});
                desk.call("POST", "/crm/v3/properties/tickets", &body);
                let values = json!({"inputs": [{"id": live[0].to_string(), "properties": {name.as_str(): "x"}}]});
                desk.call("POST", "/crm/v3/objects/tickets/batch/update", &values);
                touched.push(live[0]);
                if random.bool() {
                    let path = format!("/crm/v3/properties/tickets/{name}");
                    desk.call("DELETE", &path, &json!({}));
                }
            }
            _ => {
                let month = 1 + random.usize(0..12);
                let values = json!({"subject": format!("round {round}"), "createdate": format!("2025-{month:02}-03T00:00:00Z")});
                let changed = live[..random.usize(1..10)].to_vec();
                let inputs = changed
                    .iter()
                    .map(|id| json!({"id": id.to_string(), "properties": values}));
                let body = json!({"inputs": inputs.collect::<Vec<_>>()});
                desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
                touched.extend(changed);
            }
        }
        let mut stirred = stirred.lock().expect("a lock");
        stirred.touched.extend(touched);
        stirred.rounds += 1;
    }
}

/// Stops the others, however the story ends.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs the tool and kills it after a while, or lets it end.
fn killed(desk: &FilledPortal, args: impl Args, after: Duration) {
    let mut child = desk
        .tool(args)
        .command()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the tool starts");
    wait_at_most(&mut child, after);
    let _gone = child.kill();
    let _ended = child.wait();
}

/// Rows, each as a text, without the columns that may differ and, where names are given,
/// those that are not among them: a hundred thousand maps would fill the memory.
fn comparable(rows: impl Iterator<Item = Row>, names: &[String], but: &[&str]) -> Vec<String> {
    let texts = rows.map(|mut row| {
        row.retain(|name, _| {
            let differs = but.iter().any(|start| name.starts_with(start));
            !differs && (names.is_empty() || names.contains(name))
        });
        format!("{row:?}")
    });
    let mut texts: Vec<String> = texts.collect();
    texts.sort_unstable();
    texts
}

/// What a run may call: everything that was touched so far lies in its overlap.
#[track_caller]
fn holds_the_bound(manifest: &Value, stirred: &Mutex<Stirred>, archived: usize) {
    let touched = stirred.lock().expect("a lock").touched.len();
    let most = touched * 3 / 200 + archived / 100 + 50;
    let calls = manifest["calls"].as_u64().expect("a number");
    assert!(calls <= most as u64, "{calls} calls, {touched} touched");
}

/// Waits until the search index shows everything, which is after exactly its lag.
#[expect(
    clippy::disallowed_methods,
    reason = "the index of another process is late by real time"
)]
fn catch_up(lag: Duration) {
    std::thread::sleep(lag);
}

fn stirred_runs(tickets: usize, runs: usize, lag: Duration) {
    let (seeds, lag_words) = (
        tickets.to_string(),
        format!("search_lag={}ms", lag.as_millis()),
    );
    let desk = FilledPortal::new(format!(
        "--rate off --seed-tickets {seeds} --switch {lag_words}"
    ));
    let run = || desk.run(NIGHTLY);
    run().expect(0);
    let first = rows(&desk, "lake", "tickets");
    let ids: Vec<u64> = first
        .map(|row| row["hs_object_id"].parse().expect("an id"))
        .collect();
    let (stop, stirred) = (AtomicBool::new(false), Mutex::new(Stirred::default()));
    std::thread::scope(|scope| {
        let others = scope.spawn(|| stir(&desk, &ids, &stop, &stirred));
        let stop_at_end = Stop(&stop);
        let mut random = fastrand::Rng::with_seed(u64::from(desk.sandbox.id()));
        for round in 0..runs {
            if round % 3 == 1 {
                killed(
                    &desk,
                    (NIGHTLY, "--run-dir run"),
                    Duration::from_millis(random.u64(20..1_500)),
                );
                match desk.here.path("run/export.json").exists() {
                    true if random.bool() => {
                        let ended = desk.run("resume run");
                        // Every property was asked for, and there are others by now.
                        if ended.code == 7 {
                            ended.says("properties have changed");
                            fs::remove_dir_all(desk.here.path("run")).expect("the run folder");
                        } else {
                            ended.expect(0);
                        }
                    }
                    true => fs::remove_dir_all(desk.here.path("run")).expect("the run folder"),
                    false => drop(fs::remove_dir_all(desk.here.path("run"))),
                }
            }
            run().expect(0);
            let manifest = is_whole(&desk, "lake");
            let archived = rows(&desk, "lake", "deleted").count();
            holds_the_bound(&manifest, &stirred, archived);
        }
        drop(stop_at_end);
        others.join().expect("the others end");
    });
    catch_up(lag);
    run().expect(0);
    desk.run("export --all-properties --since last -o fresh")
        .expect(0);
    let stirred = stirred.into_inner().expect("a lock");
    assert!(stirred.rounds > runs, "{} rounds", stirred.rounds);
    is_the_same(&desk, &CALCULATED);
    desk.run((NIGHTLY, "--reconcile")).expect(0);
    is_the_same(&desk, &[]);
}

/// The data set is a full export, but for columns whose names begin so.
#[track_caller]
fn is_the_same(desk: &FilledPortal, but: &[&str]) {
    for name in [
        "tickets",
        "deleted",
        "pipelines",
        "stages",
        "properties",
        "owners",
    ] {
        let names = rows(desk, "fresh", name).next();
        let names: Vec<String> = names.map_or_else(Vec::new, |row| row.into_keys().collect());
        let expected = comparable(rows(desk, "fresh", name), &[], but);
        let held = comparable(rows(desk, "lake", name), &names, but);
        for (held, expected) in held.iter().zip(&expected) {
            assert_eq!(held, expected, "{name}");
        }
        assert_eq!(held.len(), expected.len(), "{name}");
    }
}

#[test]
fn after_runs_into_a_portal_that_others_change_it_is_a_full_export() {
    stirred_runs(150, 4, Duration::from_millis(300));
}

#[test]
#[ignore = "a hundred thousand tickets and thirty runs take a while; run once for each change of the protocol"]
fn a_hundred_thousand_tickets_and_thirty_runs() {
    stirred_runs(100_000, 30, Duration::from_secs(30));
}
