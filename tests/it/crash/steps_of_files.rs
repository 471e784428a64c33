//! Crash points of runs that upload files, enumerated as in `steps`: ended at the k-th I/O
//! step, opened again and finished.

use std::path::Path;
use std::sync::Arc;

use tickethaul::import::flow::Operation;
use tickethaul::model::learned::KnownFacts;
use tokio::runtime::Handle;

use crate::support::filed::{Filed, mapping};
use crate::support::in_process::{InProcess, Life};
use crate::support::scenario::portal_with;

async fn run_in(folder: &Path, filed: &Filed, switches: &[&str]) -> InProcess {
    filed.write(folder);
    let portal = portal_with(&folder.join("portal.db"), 0, switches).await;
    portal.unique_property("source_ticket_id").await;
    InProcess {
        portal: Arc::new(portal),
        operation: Operation::Create,
        diff: false,
        input: folder.join("in.jsonl"),
        mapping: mapping(),
        folder: folder.join("run"),
        batch_size: 10,
        facts: KnownFacts::default(),
        tamper: None,
        unsent: None,
    }
}

/// Ends the run at every `stride`-th step in turn and finishes it; how often it died.
async fn die((switches, by_bytes): (&[&str], bool), (from, stride): (u64, usize)) -> usize {
    let filed = Filed::new(7);
    let mut deaths = 0;
    for k in (from..).step_by(stride) {
        let folder = tempfile::tempdir().expect("a folder");
        let run = run_in(folder.path(), &filed, switches).await;
        let story = format!("{switches:?} ended at step {k}");
        let ended = run.go(&Life::until(k)).await;
        let died = ended.is_none();
        if let Some(ended) = ended {
            let _summary = ended.expect("a run without trouble");
        } else {
            deaths += 1;
            let again = run.go(&Life::whole()).await;
            let again = again.expect("nothing ends this life");
            let summary = again.unwrap_or_else(|error| panic!("{story}: {error}"));
            let made = filed.count(by_bytes) as u64;
            assert_eq!(summary.files_made, made, "{story}");
        }
        let get = |path: &str| {
            let got = || Handle::current().block_on(run.portal.get(path));
            tokio::task::block_in_place(got).expect(200)
        };
        filed.check(&get, (filed.count(by_bytes), &story));
        if !died {
            return deaths;
        }
    }
    deaths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ends_at_any_step_is_finished_later() {
    let deaths = die((&["file_search_lag=0s"], true), (20, 8)).await;
    assert!(deaths > 5, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ends_at_any_step_is_finished_later_whatever_a_duplicate_is() {
    let switches = [
        "file_search_lag=0s",
        "file_duplicate=name",
        "file_names=slugged",
    ];
    let deaths = die((&switches, false), (22, 12)).await;
    assert!(deaths > 3, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "every step takes minutes; run once for each change of the protocol"]
async fn a_run_that_ends_at_each_step_is_finished_later() {
    for portal in [
        (&["file_search_lag=0s"][..], true),
        (&["file_search_lag=0s", "file_duplicate=name"], false),
        (&["file_search_lag=0s", "file_names=slugged"], true),
    ] {
        let deaths = die(portal, (12, 1)).await;
        assert!(deaths > 40, "the run has steps to end at: {deaths}");
    }
}
