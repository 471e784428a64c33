//! An earlier run, opened with its portal: what `verify` and `undo` begin with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command_line::began_with;
use super::compile_mapping::kinds_error;
use super::console::Console;
use super::find_runs::{find, is_run, no_run};
use super::mapping_file::mapping_error;
use super::portal::Portal;
use super::reopen::{input_of, operation, same_portal};
use super::run_status::latest;
use super::settings::PortalArgs;
use super::trust::{self, RunPlaces};
use crate::error::Error;
use crate::export::is_export;
use crate::hubspot::ApiVersion;
use crate::import::links::LinkKinds;
use crate::import::resume::guard::Began;
use crate::import::resume::recover::Again;
use crate::journal::{Past, Reading, RunOptions};
use crate::mapping::CompiledMapping;
use crate::model::shell;
use crate::review::expect::DoneRows;
use crate::review::undo::run::KIND;

/// An earlier run, and the portal that it wrote to.
pub struct PastRun {
    /// Its folder.
    pub path: PathBuf,
    /// What its journal says.
    pub past: Past,
    /// Its portal.
    pub portal: Portal,
    /// Its mapping, compiled.
    pub mapping: Arc<CompiledMapping>,
    /// Its rows that are done.
    pub rows: DoneRows,
}

impl PastRun {
    /// Opens a run, or the last one of this folder, and its portal.
    ///
    /// # Errors
    /// When there is none, when it is not an import, or when its input has changed.
    pub async fn open(
        run: Option<&Path>,
        args: &mut PortalArgs,
        console: &Console,
    ) -> Result<PastRun, Error> {
        let path = run.map_or_else(last, find)?;
        let journal = journal(&path)?;
        let past = journal.past()?;
        refuse_undo(&path, &past)?;
        let claims = RunPlaces {
            folder: &path,
            run: &past.header.run,
            portal: &past.header.portal,
            target: None,
        };
        trust::go_to(&claims, args, None)?;
        args.keep_version(version(&past.header.run_options)?);
        let (input, mapping) = input_of(&past.header).map_err(|error| {
            error.advise(format!(
                "put the file back as it was: its rows are read again; where it is gone, \
                 `tickethaul delete {}` archives the tickets that the run created",
                shell::path(&path.join("idmap.csv"))
            ))
        })?;
        let portal = Portal::open(args, console).await?;
        same_portal(&past.header, &portal.account, Began::Run)?;
        let purpose = operation(&past.header)?.purpose();
        let compiled = mapping.compile(input.headers(), &past.header.schema, purpose);
        let compiled = Arc::new(compiled.map_err(|errors| mapping_error(&errors, console))?);
        let kinds = LinkKinds::read(&portal.client, &compiled).await;
        Ok(PastRun {
            rows: DoneRows {
                journal,
                again: Again::new(&input),
                places: input.places(),
                mapping: Arc::clone(&compiled),
                kinds: kinds.map_err(kinds_error)?,
                after: 0,
            },
            path,
            past,
            portal,
            mapping: compiled,
        })
    }
}

/// The version of the API that a run began with.
fn version(run_options: &RunOptions) -> Result<ApiVersion, Error> {
    let run_options = began_with(run_options.clone());
    let mut named = run_options.iter().filter(|(name, _)| *name == "api");
    let version = named
        .next()
        .map_or(Ok(ApiVersion::default()), |(_, word)| word.parse());
    version.map_err(Error::must_fix)
}

fn journal(path: &Path) -> Result<Reading, Error> {
    if is_export(path) {
        let message = format!("{} is the run of an export", path.display());
        return Err(Error::usage(message).advise("an export changes nothing in a portal"));
    }
    match is_run(path) {
        true => Ok(Reading::open(path)?),
        false => Err(no_run(path)),
    }
}

/// The last import of this folder.
pub fn last() -> Result<PathBuf, Error> {
    let run =
        latest(|run| run.operation() != "export" && run.operation() != KIND).ok_or_else(|| {
            Error::usage("no import was run in this folder")
                .advise("`tickethaul runs` lists runs, with --all those of other folders")
        })?;
    Ok(run.path)
}

fn refuse_undo(path: &Path, past: &Past) -> Result<(), Error> {
    if past.header.operation != KIND {
        return Ok(());
    }
    Err(
        Error::usage(format!("{} is the run of an undo", path.display()))
            .advise("undo.csv in its folder says what became of each row"),
    )
}
