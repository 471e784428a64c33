//! Crash points of runs that link, enumerated as in `steps`: ended at the k-th I/O step
//! for every k, opened again and finished. An import whose links wait for its last
//! phase, `associate` and `dissociate`.

use std::path::Path;
use std::sync::Arc;

use tickethaul::import::flow::Operation;
use tokio::runtime::Handle;

use crate::support::in_process::{InProcess, Life};
use crate::support::linking::Linking;
use crate::support::scenario::portal_in;

const ROWS: usize = 80;

async fn run_in(folder: &Path, planted: &Path, linking: &Linking) -> InProcess {
    let input = folder.join("input.csv");
    std::fs::write(&input, &linking.csv).expect("an input");
    let state = folder.join("portal.db");
    let _bytes = std::fs::copy(planted, &state).expect("a copy");
    InProcess {
        portal: Arc::new(portal_in(&state, 0).await),
        operation: linking.operation,
        diff: false,
        input,
        mapping: linking.mapping(),
        folder: folder.join("run"),
        batch_size: 40,
        facts: tickethaul::model::learned::KnownFacts::default(),
        tamper: None,
        unsent: None,
    }
}

fn check(run: &InProcess, linking: &Linking, story: &str) {
    let get = |path: &str| {
        let got = || Handle::current().block_on(run.portal.get(path));
        tokio::task::block_in_place(got).expect(200)
    };
    linking.check(&run.folder, get, story);
}

/// Ends the run at every step in turn and finishes it; how often it died.
async fn die_at_every_step(operation: Operation) -> usize {
    let linking = Linking::new(operation, ROWS);
    let base = tempfile::tempdir().expect("a folder");
    let planted = base.path().join("portal.db");
    linking.plant(&planted).await;
    let mut deaths = 0;
    // The first steps only read the portal's schema and labels.
    for k in 12.. {
        let folder = tempfile::tempdir().expect("a folder");
        let run = run_in(folder.path(), &planted, &linking).await;
        let story = format!("{} ended at step {k}", operation.word());
        let ended = run.go(&Life::until(k)).await;
        let died = ended.is_none();
        if let Some(ended) = ended {
            let _summary = ended.expect("a run without trouble");
        } else {
            deaths += 1;
            let again = run.go(&Life::whole()).await;
            let again = again.expect("nothing ends this life");
            let _summary = again.unwrap_or_else(|error| panic!("{story}: {error}"));
        }
        check(&run, &linking, &story);
        if !died {
            return deaths;
        }
    }
    deaths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_with_a_last_phase_that_ends_at_any_step_is_finished_later() {
    let deaths = die_at_every_step(Operation::Create).await;
    assert!(deaths > 40, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_associate_that_ends_at_any_step_is_finished_later() {
    let deaths = die_at_every_step(Operation::Associate).await;
    assert!(deaths > 25, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dissociate_that_ends_at_any_step_is_finished_later() {
    let deaths = die_at_every_step(Operation::Dissociate).await;
    assert!(deaths > 20, "the run has steps to end at: {deaths}");
}
