//! `tickethaul verify`: the tickets of a run as they are now, against what the run wrote.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::fit::kinds_error;
use super::found::{find, is_run};
use super::import::mapping_error;
use super::portal::{Portal, call_error};
use super::resume::{input_of, operation, same_portal};
use super::runs::latest;
use super::settings::PortalArgs;
use super::talk::Talk;
use super::trust::{self, Claims};
use crate::error::Error;
use crate::export::is_export;
use crate::import::links::LinkKinds;
use crate::import::recover::Again;
use crate::journal::{JournalError, Past, Reading};
use crate::report::{count, counted};
use crate::review::expect::DoneRows;
use crate::review::finding::Difference;
use crate::review::findings_file::{FindingsFile, NAME};
use crate::review::verify::{Verified, verify};

/// Compare the tickets of a run with what the run wrote: values, links, and whether they
/// are still there. Nothing is written to the portal; findings go to verify.csv in the run
/// folder
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The run, by name or folder [default: the last one of this folder]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Compare no more than the first N rows that are done
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    sample: Option<u64>,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Verifies a run.
pub async fn run(mut args: VerifyArgs, talk: &Talk) -> Result<Exit, Error> {
    let path = match &args.run {
        Some(run) => find(run)?,
        None => last()?,
    };
    if is_export(&path) || !is_run(&path) {
        return Err(not_a_run(&path));
    }
    let journal = Reading::open(&path)?;
    let past = journal.past()?;
    let claims = Claims {
        folder: &path,
        run: &past.header.run,
        portal: &past.header.portal,
        target: None,
    };
    trust::go_to(&claims, &mut args.portal, None)?;
    let (input, mapping) = input_of(&past)?;
    let portal = Portal::open(&args.portal, talk).await?;
    same_portal(&past, &portal.account)?;
    let purpose = operation(&past)?.purpose();
    let compiled = mapping.compile(input.headers(), &past.header.schema, purpose);
    let compiled = Arc::new(compiled.map_err(|errors| mapping_error(&errors, talk))?);
    let kinds = LinkKinds::read(&portal.client, &compiled).await;
    let rows = DoneRows {
        journal,
        again: Again::new(&input),
        places: input.places(),
        mapping: compiled,
        kinds: kinds.map_err(kinds_error)?,
        after: 0,
    };
    let unwritable = |error| unwritable(&path, &error);
    let mut file = FindingsFile::create(&path).map_err(unwritable)?;
    let verified = verify(
        &portal.client,
        rows,
        args.sample,
        call_error,
        |found, _rows| {
            found
                .iter()
                .try_for_each(|one| file.add(one))
                .map_err(unwritable)
        },
    );
    let verified = verified.await?;
    let written = file.finish().map_err(unwritable)?;
    let calls = portal.client.calls();
    portal.close().await;
    say(&past, &verified, (&written, calls), talk);
    Ok(if verified.is_clean() {
        Exit::Fine
    } else {
        Exit::Found
    })
}

fn last() -> Result<PathBuf, Error> {
    let run = latest(|run| !is_export(&run.path)).ok_or_else(|| {
        Error::usage("no import was run in this folder")
            .advise("`tickethaul runs` lists runs, with --all those of other folders")
    })?;
    Ok(run.path)
}

fn not_a_run(path: &Path) -> Error {
    match is_export(path) {
        true => Error::usage(format!("{} is the run of an export", path.display()))
            .advise("an export changes nothing in a portal, so there is nothing to verify"),
        false => JournalError::Missing(path.to_owned()).into(),
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::mend(format!(
        "can't write {}: {error}",
        path.join(NAME).display()
    ))
    .advise("make room, or copy the run folder to where it can be written")
}

fn say(past: &Past, verified: &Verified, (file, calls): (&Path, u64), talk: &Talk) {
    talk.result(&json!({
        "run": past.header.run,
        "rows": verified.rows,
        "equal": verified.equal,
        "findings": verified.findings,
        "file": file.display().to_string(),
        "calls": calls,
    }));
    let mut text = format!(
        "{} compared, the tickets of {} are as the run left {}\n",
        counted(verified.rows, "row"),
        count(verified.equal),
        if verified.equal == 1 { "it" } else { "them" },
    );
    for (word, number) in &verified.findings {
        text += &format!(
            "{:>12} {word:<12} {}\n",
            count(*number),
            Difference::meaning(word)
        );
    }
    if !verified.is_clean() {
        text += &format!("\neach of them, with what it holds now: {}", file.display());
    }
    talk.say_lines(text.trim_end());
}
