//! Crash points of update, upsert and archive, enumerated as in `steps`: a run is
//! ended at its k-th I/O step for every k, opened again and finished. Portal and files
//! are the same each time.

use std::path::Path;
use std::sync::Arc;

use tickethaul::import::flow::Operation;

use crate::support::in_process::{InProcess, Life, tickets};
use crate::support::scenario::{CHECKED, Held, Scenario, Setting, plant, portal_with};

const ROWS: usize = 200;

async fn run_in(folder: &Path, planted: &Path, scenario: &Scenario, diff: bool) -> InProcess {
    let input = folder.join("input.csv");
    std::fs::write(&input, &scenario.csv).expect("an input");
    let state = folder.join("portal.db");
    let _bytes = std::fs::copy(planted, &state).expect("a copy");
    InProcess {
        portal: Arc::new(portal_with(&state, 0, &scenario.setting.switches()).await),
        operation: scenario.operation,
        diff,
        input,
        mapping: scenario.mapping(),
        folder: folder.join("run"),
        batch_size: 100,
        facts: tickethaul::model::learned::KnownFacts::default(),
        tamper: None,
        unsent: None,
    }
}

async fn check(run: &InProcess, scenario: &Scenario, story: &str) {
    let mut held = Vec::new();
    for query in [CHECKED.to_owned(), format!("{CHECKED}&archived=true")] {
        for ticket in tickets(&run.portal, &query).await {
            let text = |name: &str| ticket["properties"][name].as_str().unwrap_or_default();
            held.push(Held {
                id: ticket["id"].as_str().unwrap_or_default().to_owned(),
                key: text("source_ticket_id").to_owned(),
                subject: text("subject").to_owned(),
                content: text("content").to_owned(),
                archived: ticket["archived"] == true,
            });
        }
    }
    scenario.check(&held, &run.folder, story);
}

/// Ends the run at every `stride`-th step in turn and finishes it; how often it died.
async fn die_at_every(stride: usize, operation: Operation, diff: bool) -> usize {
    die_in(stride, Scenario::new(operation, ROWS), diff).await
}

async fn die_in(stride: usize, scenario: Scenario, diff: bool) -> usize {
    die(stride, scenario, diff, false).await
}

/// The same; where it `applies`, the run is held to a plan that was made before.
async fn die(stride: usize, mut scenario: Scenario, diff: bool, applies: bool) -> usize {
    let operation = scenario.operation;
    let base = tempfile::tempdir().expect("a folder");
    let planted = base.path().join("portal.db");
    plant(&mut scenario, &planted).await;
    let mut deaths = 0;
    // The first steps only read the portal's schema.
    for k in (10..).step_by(stride) {
        let folder = tempfile::tempdir().expect("a folder");
        let run = run_in(folder.path(), &planted, &scenario, diff).await;
        if applies {
            run.plan().await;
        }
        let story = format!("{} ended at step {k}", operation.word());
        match run.go(&Life::until(k)).await {
            Some(ended) => {
                let _summary = ended.expect("a run without trouble");
                check(&run, &scenario, &story).await;
                return deaths;
            }
            None => {
                deaths += 1;
                let again = run
                    .go(&Life::whole())
                    .await
                    .expect("nothing ends this life");
                let _summary = again.unwrap_or_else(|error| panic!("{story}: {error}"));
            }
        }
        check(&run, &scenario, &story).await;
    }
    deaths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_ends_at_any_step_is_finished_later() {
    let deaths = die_at_every(1, Operation::Update, false).await;
    assert!(deaths > 20, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upsert_that_ends_at_any_step_is_finished_later() {
    let deaths = die_at_every(1, Operation::Upsert, false).await;
    assert!(deaths > 20, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_that_ends_at_any_step_is_finished_later() {
    let deaths = die_at_every(1, Operation::Archive, false).await;
    assert!(deaths > 20, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_into_a_bin_that_no_key_leads_to_is_finished_later() {
    let setting = Setting {
        finds_archived: false,
        ..Setting::PLAIN
    };
    let scenario = Scenario::with(Operation::Archive, setting, ROWS);
    let deaths = die_in(1, scenario, false).await;
    assert!(deaths > 20, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compared_update_that_ends_at_any_step_is_finished_later() {
    let deaths = die_at_every(2, Operation::Update, true).await;
    assert!(deaths > 10, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_whose_run_ends_at_any_step_are_applied_once() {
    use Operation::{Archive, Create, Update, Upsert};
    for (operation, diff) in [
        (Create, false),
        (Update, true),
        (Upsert, true),
        (Archive, false),
    ] {
        let deaths = die(7, Scenario::new(operation, ROWS), diff, true).await;
        assert!(deaths > 3, "{operation:?} has steps to end at: {deaths}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "every step of each operation takes minutes; run once for each change of the protocol"]
async fn plans_whose_run_ends_at_each_step_are_applied_once() {
    use Operation::{Archive, Create, Update, Upsert};
    for (operation, diff) in [
        (Create, false),
        (Update, true),
        (Upsert, true),
        (Archive, false),
    ] {
        let deaths = die(1, Scenario::new(operation, ROWS), diff, true).await;
        assert!(deaths > 20, "{operation:?} has steps to end at: {deaths}");
    }
}
