//! Continues an export that stopped: the resolved job is in its run folder. What is at
//! its target by now counts (E8).

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use super::newer::newer;
use super::run::{Ends, What, finish, give_up_superseded, job, stopped, unless_stopped};
use super::target::{Goes, folder_of_files, standing};
use super::work::{Work, is_inside};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::file_args::FOLDER;
use crate::cli::local_time::second;
use crate::cli::mapping_file::mapping_error;
use crate::cli::portal::Portal;
use crate::cli::settings::PortalArgs;
use crate::error::Error;
use crate::export::{Asked, AskedMapping, Job, Onward, RunFolder, has_published};
use crate::mapping::MappingFile;
use crate::model::shell;
use crate::report::age_words;

/// How a stopped export is continued.
pub struct Again<'a> {
    /// Which portal, as typed now and as the run knows it.
    pub portal: &'a PortalArgs,
    /// Calls in flight, at most.
    pub concurrency: u16,
    /// After how long it stops again.
    pub max_duration: Option<Duration>,
    /// Whether a target that is newer than the export is replaced.
    pub force: bool,
    /// Whether a report stays in the run folder.
    pub leaves_report: bool,
}

/// Continues an export that stopped.
pub async fn resume(
    folder: RunFolder,
    asked: Asked,
    again: &Again<'_>,
    console: &Console,
) -> Result<Exit, Error> {
    let (run, target) = (folder.path().display(), asked.target.display());
    let (age, begun) = (age_words(asked.begun), second(asked.begun));
    console.say(&format!(
        "resuming export {run}, started {age} ({begun}), to {target}"
    ));
    check_target(&folder, &asked, again.force)?;
    let mapping = asked.mapping.as_ref().map(|mapping| read(mapping, console));
    let mapping = mapping.transpose()?;
    let mut stop = pin!(stopped(again.max_duration));
    let goes = Goes::There(asked.target.clone());
    let attachments = asked.run_options.option(FOLDER).map(Path::new);
    let attachments = attachments.map(folder_of_files).transpose()?;
    let what = What {
        selection: &asked.selection,
        ids: asked.ids.as_deref(),
        mapping: mapping.as_ref(),
        goes: &goes,
        attachments: attachments.as_deref(),
        concurrency: again.concurrency,
        missing_as_null: asked.missing_as_null,
        goes_on: asked.onward != Onward::Anew,
        search: asked.search.as_ref(),
        as_of: asked.started,
    };
    let begin = async {
        let portal = Portal::open(again.portal, console).await?;
        Ok((job(&what, &portal, console).await?, portal))
    };
    let (mut job, portal) = unless_stopped(begin, stop.as_mut()).await?;
    same(&job, &asked)?;
    job.started = asked.started;
    job.run = asked.run;
    job.onward = asked.onward;
    folder.path().clone_into(&mut job.work);
    let ends = Ends {
        goes: &goes,
        leaves_report: again.leaves_report,
    };
    let exit = finish(job, Work::Run(folder), stop, ends, portal, console).await?;
    give_up_superseded(goes.path(), asked.begun, console);
    Ok(exit)
}

/// The mapping as it was; the files that it names must still exist.
fn read(mapping: &AskedMapping, console: &Console) -> Result<MappingFile, Error> {
    let name = mapping.path.to_string_lossy();
    let parsed = MappingFile::parse_known(&name, &mapping.text, &mapping.tables);
    let parsed = parsed.map_err(|errors| mapping_error(&errors, console))?;
    match *parsed.tables() == mapping.tables {
        true => Ok(parsed),
        false => Err(Error::must_fix(format!(
            "a file that the mapping {name} names has changed since the export began"
        ))
        .advise("put it back, or start the export again")),
    }
}

/// Checks that what is at the target may still be replaced: it must not be newer than the export,
/// or somebody else's. If the export was killed while it replaced the target, what is there is its
/// own.
fn check_target(folder: &RunFolder, asked: &Asked, force: bool) -> Result<(), Error> {
    let target = asked.target.as_path();
    if is_inside(target, folder.path()) {
        return Err(Error::must_fix(format!(
            "the output {} lies in the run folder {}",
            target.display(),
            folder.path().display()
        ))
        .advise("start the export again, to another place"));
    }
    if force {
        return Ok(());
    }
    let (shown, begun) = (target.display(), second(asked.begun));
    if let Some(written) = newer(folder.path(), asked) {
        let written = second(written);
        let message = format!(
            "{shown} was written at {written}, after this export was begun at {begun}: it is left alone"
        );
        return Err(Error::must_fix(message).advise(format!(
            "`tickethaul resume {run} --force` replaces it; remove {run} to give the stopped export up",
            run = shell::path(folder.path())
        )));
    }
    if !has_published(folder.path()) {
        let found = standing(target, &asked.selection, asked.replace);
        let _same = found.map_err(Error::to_be_fixed)?;
    }
    Ok(())
}

/// The portal and the properties must be those that the pages come from.
fn same(job: &Job, asked: &Asked) -> Result<(), Error> {
    if job.portal_id != asked.portal_id {
        return Err(Error::must_fix(format!(
            "the export belongs to portal {}, the token to portal {}",
            asked.portal_id, job.portal_id
        )));
    }
    match job.properties() == asked.properties {
        true => Ok(()),
        false => Err(Error::must_fix(
            "the portal's ticket properties have changed since the export began",
        )
        .advise("start it again")),
    }
}
