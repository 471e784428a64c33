//! A new run, from its entry in the registry to its closing words.

use std::sync::Arc;

use super::console::Console;
use super::exit::Exit;
use super::find_runs;
use super::portal::Portal;
use super::portal_facts::Keeper;
use super::registry::{Kind, NewEntry};
use super::report;
use super::settings::PortalArgs;
use crate::error::Error;
use crate::hubspot::Account;
use crate::import::flow::Operation;
use crate::import::job::Job;
use crate::import::run::run as run_job;
use crate::import::settle::summary::summary_json;
use crate::journal::{now, run_id};
use crate::model::count::{count, counted};
use crate::model::event::Summary;
use crate::model::outcome::Fate;
use crate::report::closing_words;

/// Runs a job to its end and says how it ended; writes a report of it if wanted.
pub async fn finish(
    job: Job,
    portal: Portal,
    account: Account,
    leaves_report: bool,
    console: &Console,
) -> Result<Exit, Error> {
    let (id, run) = (account.portal_id, job.folder.name().to_owned());
    let keeper = Keeper::new(
        console.listener(&portal.client),
        portal.client.clone(),
        id,
        run,
    );
    let ended = run_job(job, portal.client.clone(), account, Arc::new(keeper)).await;
    portal.close().await;
    let summary = ended?;
    console.say_lines(&format!("\n{}", closing_words(&summary).trim_end()));
    if let Some(words) = alert(&summary) {
        console.if_quiet(&words);
    }
    if leaves_report {
        report::leave(&summary.folder, console);
    }
    console.result(&summary_json(&summary));
    Ok(Exit::for_summary(&summary))
}

/// What a user who sees nothing else should still see.
fn alert(summary: &Summary) -> Option<String> {
    let (tally, folder) = (&summary.tally, &summary.folder);
    let open = tally.of(Fate::Pending) + tally.of(Fate::Unknown);
    let refused = tally.of(Fate::Refused);
    match &summary.stop {
        Some(stop) => Some(format!("run {} stopped: {}", folder.display(), stop)),
        None if open > 0 => Some(format!(
            "run {}: {} not settled",
            folder.display(),
            counted(open, "row")
        )),
        None if refused > 0 => Some(format!(
            "{} of {} refused: {}",
            count(refused),
            counted(tally.read(), "row"),
            folder.join(summary.refused_file).display()
        )),
        None => None,
    }
}

/// An id for a new run.
pub fn new_run() -> Result<String, Error> {
    run_id().map_err(|error| Error::unexpected("can't begin a run").because(error))
}

/// Records a new run where `runs`, `status` and `resume` find it.
pub fn record(job: &Job, portal: &PortalArgs, console: &Console) {
    let [token_file, oauth_file] = portal.secret_files();
    let new = NewEntry {
        run: &job.header.run,
        folder: job.folder.path(),
        kind: Kind::Import,
        operation: &job.header.operation,
        begun: now(),
        portal: job.header.portal.clone(),
        token_file,
        oauth_file,
        target: None,
    };
    find_runs::record(&new, console);
}

pub fn say_start(job: &Job, account: &Account, console: &Console) {
    console.say(&format!(
        "{} portal {} ({}), run folder {}",
        match job.operation {
            Operation::Create | Operation::Upsert => "importing into",
            Operation::Update => "updating tickets of",
            Operation::Archive => "archiving tickets of",
            Operation::Associate => "linking tickets of",
            Operation::Dissociate => "unlinking tickets of",
        },
        account.portal_id,
        account.kind(),
        job.folder.path().display()
    ));
}
