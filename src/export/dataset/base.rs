//! The data set at the target, from which a run continues.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::index::{self, Entry};
use super::state::{State, VERSION};
use super::tombstones::{self, DELETED, Tombstone};
use crate::error::Cause;
use crate::export::columns::Column;
use crate::export::held::HeldRows;
use crate::export::names::{Beside, STATE};
use crate::export::selection::Selection;
use crate::export::write::{FileFacts, Shape};

/// The file with what it knows about each ticket.
pub const IDS: &str = "_state.ids";

/// Longer files are not ours: they would hold hundreds of millions of tickets.
const LONGEST: u64 = 16 << 30;

/// An existing data set.
#[derive(Clone, Debug)]
pub struct Base {
    /// Where it is.
    pub folder: PathBuf,
    /// What it keeps for the next run.
    pub state: State,
    /// Its tickets in id order.
    pub index: Vec<Entry>,
    /// Its files by their folder in it, without the state and the index.
    files: BTreeMap<PathBuf, Vec<FileFacts>>,
}

/// Why a data set can't be continued.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// It can't be read.
    #[error("can't read {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another version wrote its state.
    #[error("the state of {} was written by another version of tickethaul", .0.display())]
    Version(PathBuf),
    /// A file of it is missing, or is not as it was written.
    #[error("{} is missing, or was changed after the data set was written", .0.display())]
    Lacks(PathBuf),
    /// State and data are not of the same run.
    #[error("{} holds state and data of different runs", .0.display())]
    Mixed(PathBuf),
    /// Another run has written it since this one began.
    #[error("{} is not the data set that this export began with any more", .0.display())]
    Another(PathBuf),
}

impl BaseError {
    /// What the system said, if the error came from there.
    pub fn into_cause(self) -> Option<Cause> {
        match self {
            BaseError::Unreadable { source, .. } => Some(source.into()),
            BaseError::Version(_)
            | BaseError::Lacks(_)
            | BaseError::Mixed(_)
            | BaseError::Another(_) => None,
        }
    }
}

#[derive(Deserialize)]
struct StoredManifest {
    run: String,
    portal: u64,
    #[serde(default)]
    selection: serde_json::Value,
    files: Vec<ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    name: String,
    bytes: u64,
    blake3: String,
    rows: Option<u64>,
}

impl ManifestFile {
    fn facts(self) -> FileFacts {
        FileFacts {
            path: Some(PathBuf::from(self.name)),
            bytes: self.bytes,
            hash: self.blake3,
            rows: self.rows,
        }
    }
}

/// The tombstones of the data set in a folder, which another set is about to replace: nothing else
/// records which tickets were purged. None if it belongs to another portal.
///
/// # Errors
/// When they can't be read, or are not as they were written.
pub fn tombstones_in(folder: &Path, portal: u64) -> io::Result<Vec<Tombstone>> {
    let manifest = Beside::inside(folder).manifest;
    if !manifest.exists() {
        return Ok(Vec::new());
    }
    let stored: StoredManifest = serde_json::from_slice(&bytes(&manifest)?)?;
    let selection: Selection = serde_json::from_value(stored.selection)?;
    let files = stored.files.into_iter().map(ManifestFile::facts);
    let files = files.filter(|file| {
        file.path
            .as_ref()
            .is_some_and(|path| path.starts_with(DELETED))
    });
    let files = files.map(|file| there(folder, &file));
    let files = match stored.portal == portal {
        true => files.collect(),
        false => Vec::new(),
    };
    stones(files, selection.shape(), &tombstones::columns())
}

fn stones(files: Vec<FileFacts>, shape: Shape, columns: &[Column]) -> io::Result<Vec<Tombstone>> {
    let mut stones: Vec<Tombstone> = Vec::new();
    for row in HeldRows::of(files, shape, columns) {
        let row = row?;
        stones.extend(Tombstone::of(row.id, &row.cells, stones.last()));
    }
    Ok(stones)
}

/// A file of the set in a folder, with the path where it is.
fn there(folder: &Path, file: &FileFacts) -> FileFacts {
    let name = file.path.as_deref().unwrap_or(Path::new(""));
    FileFacts {
        path: Some(folder.join(name)),
        ..file.clone()
    }
}

impl Base {
    /// Opens the data set in a folder; none if there is none that a run could continue from. Its
    /// state is checked against the hashes in the manifest now; its other files are checked when
    /// they are read.
    pub fn open(folder: &Path) -> Result<Option<Base>, BaseError> {
        let state = folder.join(STATE);
        if !state.is_file() {
            // The rest of the set is not discarded just because its state is missing.
            return match folder.join(IDS).exists() {
                true => Err(unreadable(&state, io::ErrorKind::NotFound.into())),
                false => Ok(None),
            };
        }
        let stored: StoredManifest = json(&Beside::inside(folder).manifest)?;
        let mut files: BTreeMap<PathBuf, Vec<FileFacts>> = BTreeMap::new();
        for file in stored.files.into_iter().map(ManifestFile::facts) {
            let name = file.path.clone().unwrap_or_default();
            if [STATE, IDS].iter().any(|own| name == Path::new(own)) {
                intact(&there(folder, &file))?;
                continue;
            }
            let folder = name.parent().unwrap_or(Path::new("")).to_owned();
            files.entry(folder).or_default().push(file);
        }
        let state: State = json(&state)?;
        if state.version != VERSION {
            return Err(BaseError::Version(folder.to_owned()));
        }
        if stored.run != state.run {
            return Err(BaseError::Mixed(folder.to_owned()));
        }
        let ids = folder.join(IDS);
        let index = index_of(&ids).map_err(|error| unreadable(&ids, error))?;
        let base = Base {
            folder: folder.to_owned(),
            state,
            index,
            files,
        };
        match base.first_that_lacks() {
            Some(path) => Err(BaseError::Lacks(path)),
            None => Ok(Some(base)),
        }
    }

    /// A file that the set should hold but doesn't, so nothing can be carried over from it.
    fn first_that_lacks(&self) -> Option<PathBuf> {
        let is_there = |file: &&FileFacts| {
            let found = fs::metadata(self.path_of(file));
            found.is_ok_and(|found| found.is_file() && found.len() == file.bytes)
        };
        let mut files = self.files();
        let lacking = files.find(|file| !is_there(file));
        lacking.map(|file| self.path_of(file))
    }

    /// Checks every file against its recorded hash.
    ///
    /// # Errors
    /// `Lacks` with the first one that differs.
    pub fn all_intact(&self) -> Result<(), BaseError> {
        let mut files = self.files();
        files.try_for_each(|file| intact(&there(&self.folder, file)))
    }

    /// All its files.
    pub fn files(&self) -> impl Iterator<Item = &FileFacts> {
        self.files.values().flatten()
    }

    /// The files of a part of a table, or of a table without parts (""), in order.
    pub fn files_of(&self, table: &str, part: &str) -> Vec<FileFacts> {
        let folder = match part {
            "" => PathBuf::from(table),
            part => Path::new(table).join(part),
        };
        let mut files = self.files.get(&folder).cloned().unwrap_or_default();
        files.sort_by(|left, right| left.path.cmp(&right.path));
        files
    }

    /// The same, with the paths where they are: to be read.
    pub fn held(&self, table: &str, part: &str) -> Vec<FileFacts> {
        let files = self.files_of(table, part);
        files.iter().map(|file| there(&self.folder, file)).collect()
    }

    /// The files of a table, of all its parts.
    pub fn files_below(&self, table: &str) -> Vec<FileFacts> {
        let files = self.files();
        let files = files.filter(|file| {
            file.path
                .as_ref()
                .is_some_and(|path| path.starts_with(table))
        });
        files.cloned().collect()
    }

    /// The tickets that it lists as gone.
    pub fn tombstones(&self, shape: Shape) -> io::Result<Vec<Tombstone>> {
        stones(self.held(DELETED, ""), shape, &self.columns(DELETED))
    }

    /// Where a file of it is.
    pub fn path_of(&self, file: &FileFacts) -> PathBuf {
        let name = file.path.as_deref().unwrap_or(Path::new(""));
        self.folder.join(name)
    }

    /// The columns of a table.
    pub fn columns(&self, table: &str) -> Vec<Column> {
        let kept = self.state.columns.get(table).into_iter().flatten();
        kept.map(super::state::KeptColumn::column).collect()
    }

    /// The name of the part at a position.
    pub fn part(&self, place: u32) -> &str {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        self.state.parts.get(place).map_or("", String::as_str)
    }

    /// Positions of its parts by their name.
    pub fn places(&self) -> BTreeMap<String, u32> {
        let parts = self.state.parts.iter().cloned();
        parts.zip(0..).collect()
    }
}

fn intact(file: &FileFacts) -> Result<(), BaseError> {
    let path = file.path.clone().unwrap_or_default();
    match file.is_intact() {
        Ok(true) => Ok(()),
        Ok(false) => Err(BaseError::Lacks(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BaseError::Lacks(path)),
        Err(error) => Err(unreadable(&path, error)),
    }
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, BaseError> {
    let read = bytes(path).and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
    read.map_err(|error| unreadable(path, error))
}

fn index_of(path: &Path) -> io::Result<Vec<Entry>> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len().min(LONGEST);
    index::read(BufReader::new(file), bytes)
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let most = fs::metadata(path)?.len().min(LONGEST);
    let mut bytes = Vec::new();
    let _bytes = File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, source: io::Error) -> BaseError {
    BaseError::Unreadable {
        path: path.to_owned(),
        source,
    }
}
