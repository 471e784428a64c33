//! Updates a data set: the new folder is built next to the old one, and replaces it.

use std::io;
use std::path::{Path, PathBuf};

use super::base::{Base, BaseError, tombstones_in};
use super::build::{Plan, build};
use super::columns::columns_read;
use super::decide::Decided;
use super::metadata::{self, published};
use super::noted::Noted;
use super::publish::Building;
use super::records::{self, RecordTable};
use super::side_tables::write_beside;
use super::sweep::sweep;
use super::table::tables;
use super::update::Update;
use crate::export::error::ExportError;
use crate::export::folder;
use crate::export::issues::Issues;
use crate::export::job::{Done, Job, Onward, Step, Which};
use crate::export::names::issues_of;
use crate::export::output::Target;
use crate::export::page::PageError;
use crate::export::profile::Profile;
use crate::export::standing::only_ours;
use crate::export::window::Window;
use crate::export::write::PartBy;
use crate::hubspot::Client;

/// Updates the data set of a job.
pub async fn run(
    mut job: Job,
    client: Client,
    mut heard: impl FnMut(Step),
) -> Result<Done, ExportError> {
    let (path, by) = place_of(&mut job).map_err(ExportError::Open)?;
    let building = Building::open(&path).map_err(ExportError::Open)?;
    let standing = Base::open(&path);
    if let Ok(Some(standing)) = &standing
        && standing.state.run == job.run
    {
        // An earlier process of this run was ended after it had published.
        return Ok(with_places(published(&job, standing), &path));
    }
    let (base, window) = goes_on(&job, standing, &path)?;
    let ended = async {
        let stones = match &base {
            Some(base) => base.tombstones(job.shape)?,
            // It was already reported that they can't be read.
            None => tombstones_in(&path, job.portal_id).unwrap_or_default(),
        };
        let update = Update::new(job, by, base, window, stones, client);
        let issues = Issues::at(Some(issues_of(&path)));
        let done = build_all(&update, building.root(), issues, &mut heard).await?;
        building.publish(|old| only_ours(old).map_err(io::Error::other))?;
        Ok(done)
    };
    let done = ended.await.map_err(|error| of_set(&path, error))?;
    Ok(with_places(done, &path))
}

/// The same with the paths of its files.
fn with_places(mut done: Done, folder: &Path) -> Done {
    for name in &mut done.files {
        *name = folder.join(&*name).to_string_lossy().into_owned();
    }
    done
}

/// A failure to read the existing set is not reported as a disk error.
fn of_set(path: &Path, error: ExportError) -> ExportError {
    match error {
        ExportError::Write(error) | ExportError::Page(PageError::Spool(error))
            if error.kind() == io::ErrorKind::InvalidData =>
        {
            BaseError::Unreadable {
                path: path.to_owned(),
                source: error,
            }
            .into()
        }
        ExportError::Write(error) => ExportError::Write(named(path, &error)),
        error => error,
    }
}

/// An error with the path that it concerns; the files of a set are named by their run.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Where the data set is, and what its parts are made by.
fn place_of(job: &mut Job) -> io::Result<(PathBuf, PartBy)> {
    match std::mem::replace(&mut job.target, Target::Stream(Box::new(io::sink()))) {
        Target::Folder(path, by) => Ok((path, by)),
        Target::File(_) | Target::Stream(_) => Err(io::Error::other("a data set is a folder")),
    }
}

/// The set that this run continues from, and the window that it reads.
fn goes_on(
    job: &Job,
    standing: Result<Option<Base>, BaseError>,
    path: &Path,
) -> Result<(Option<Base>, Option<Window>), BaseError> {
    let (run, window) = match &job.onward {
        Onward::Anew => return Ok((None, None)),
        Onward::Whole(run) => (run, None),
        Onward::Since(run, window) => (run, Some(*window)),
    };
    let Some(base) = standing?.filter(|standing| standing.state.run == *run) else {
        return Err(BaseError::Another(path.to_owned()));
    };
    if window.is_none() {
        base.all_intact()?;
    }
    Ok((Some(base), window))
}

/// Reads what is needed and builds the new folder, the manifest last.
async fn build_all(
    update: &Update,
    root: &Path,
    issues: Issues,
    heard: &mut impl FnMut(Step),
) -> Result<Done, ExportError> {
    let base = update.base.as_ref();
    let mut gathered = update.gather(heard).await?;
    let evolved = columns_read(&update.job, base, &gathered)?;
    let anew = base.is_none() || !evolved.retyped.is_empty();
    let mut decided = update.decide(&gathered, &evolved, anew)?;
    let others = update.job.wanted.others();
    sweep(update, &mut decided, &others, &mut gathered, heard).await?;
    let (reading, window) = (&update.reading, update.window);
    let records = records::read(reading, &update.job, base, window, &gathered).await?;
    let plan = Plan {
        root,
        base,
        gathered: &gathered,
        tables: &tables(&update.job, evolved.layout.clone(), &update.stamps),
        evolved: &evolved,
        anew,
        append: update.job.selection.append,
        by: &update.by,
        shape: update.job.shape,
        about: &update.job.about(),
    };
    let noted = Noted {
        issues,
        profile: Profile::new(&evolved.layout.columns),
    };
    let done = write(&plan, update, decided, &records, noted, heard).await;
    Ok(done?)
}

/// Writes everything that the folder is to hold.
async fn write(
    plan: &Plan<'_>,
    update: &Update,
    mut decided: Decided,
    records: &[RecordTable],
    mut noted: Noted,
    heard: &mut impl FnMut(Step),
) -> io::Result<Done> {
    let mut built = build(plan, &mut decided, &mut noted, heard).await?;
    write_beside(plan, update, &decided, records, &mut built)?;
    let mut done = metadata::done(&update.job, plan, &decided, &noted.issues, &built);
    if let Which::Ids(_) = update.job.which {
        done.missing.clone_from(&plan.gathered.lost.live);
    }
    done.calls = update.reading.client.calls();
    done.columns = noted.profile.reported();
    folder::begin_to_publish(&update.job.work)?;
    metadata::write(plan, update, &decided, &done, records, built)?;
    done.first_issue = noted.issues.finish()?;
    Ok(done)
}
