//! Crash points of runs that write notes, enumerated as in `steps`: ended at the k-th I/O
//! step for every k, opened again and finished. Where the portal keeps keys unique, and
//! where it only says so.

use std::path::Path;
use std::sync::Arc;

use tickethaul::import::flow::Operation;
use tickethaul::model::learned::KnownFacts;
use tickethaul::model::note::Activity;
use tokio::runtime::Handle;

use crate::support::conversation::{Conversations, Form};
use crate::support::in_process::{InProcess, Life};
use crate::support::scenario::portal_with;

async fn run_in(
    folder: &Path,
    form: Form,
    conversations: &Conversations,
    (switch, facts): (&str, &KnownFacts),
) -> InProcess {
    let input = folder.join(form.input());
    conversations.write(folder, form);
    let portal = portal_with(&folder.join("portal.db"), 0, &[switch]).await;
    portal.unique_property("source_ticket_id").await;
    InProcess {
        portal: Arc::new(portal),
        operation: Operation::Create,
        diff: false,
        input,
        mapping: form.mapping(),
        folder: folder.join("run"),
        batch_size: 10,
        facts: facts.clone(),
        tamper: None,
        unsent: None,
    }
}

/// Ends the run at every `stride`-th step in turn and finishes it; how often it died.
async fn die(form: Form, switch: &str, steps: (u64, usize)) -> usize {
    die_knowing(form, (switch, &KnownFacts::default()), steps).await
}

/// The same for a run that knows something of its portal, or believes so.
async fn die_knowing(
    form: Form,
    (switch, facts): (&str, &KnownFacts),
    (from, stride): (u64, usize),
) -> usize {
    let conversations = Conversations::new(24);
    let mut deaths = 0;
    for k in (from..).step_by(stride) {
        let folder = tempfile::tempdir().expect("a folder");
        let run = run_in(folder.path(), form, &conversations, (switch, facts)).await;
        let story = format!("{form:?}, {switch} ended at step {k}");
        let ended = run.go(&Life::until(k)).await;
        let died = ended.is_none();
        if let Some(ended) = ended {
            let _summary = ended.expect("a run without trouble");
        } else {
            deaths += 1;
            let again = run.go(&Life::whole()).await;
            let again = again.expect("nothing ends this life");
            let summary = again.unwrap_or_else(|error| panic!("{story}: {error}"));
            let notes = conversations.comments.len() as u64;
            assert_eq!(summary.notes_made, notes, "{story}");
        }
        let get = |path: &str| {
            let got = || Handle::current().block_on(run.portal.get(path));
            tokio::task::block_in_place(got).expect(200)
        };
        conversations.check(&get, &story);
        if !died {
            return deaths;
        }
    }
    deaths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ends_at_any_step_is_finished_later() {
    let deaths = die(Form::Columns, "activity_key=unique", (12, 1)).await;
    assert!(deaths > 30, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_portal_only_says_that_keys_are_unique_is_finished_later() {
    let deaths = die(Form::Columns, "activity_key=claimed", (20, 1)).await;
    assert!(deaths > 20, "the run has steps to end at: {deaths}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_of_other_forms_that_end_at_any_step_are_finished_later() {
    for form in [Form::Objects, Form::Beside] {
        let deaths = die(form, "activity_key=unique", (12, 5)).await;
        assert!(deaths > 6, "the run has steps to end at: {deaths}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "every step of each form takes minutes; run once for each change of the protocol"]
async fn runs_of_other_forms_that_end_at_each_step_are_finished_later() {
    for form in [Form::Objects, Form::Beside] {
        let deaths = die(form, "activity_key=unique", (12, 1)).await;
        assert!(deaths > 30, "the run has steps to end at: {deaths}");
    }
}

/// What is known of a portal may be wrong by now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_knows_something_wrong_and_ends_at_any_step_is_finished_later() {
    let told = |kept: bool| KnownFacts {
        keys_kept: [((Activity::Note, "hs_unique_id".to_owned()), kept)].into(),
        ..KnownFacts::default()
    };
    for (switch, kept) in [
        ("activity_key=claimed", true),
        ("activity_key=unique", false),
        ("activity_key=unique", true),
    ] {
        let deaths = die_knowing(Form::Columns, (switch, &told(kept)), (14, 6)).await;
        assert!(deaths > 3, "the run has steps to end at: {deaths}");
    }
}
