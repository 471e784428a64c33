//! The user's own record of runs, in the user's data folder: where each run folder is,
//! which run it holds, and where that run reads and writes outside of it. It finds runs
//! wherever they are, and confirms what a run folder says: a folder that came from
//! elsewhere is not in it.
//!
//! A small file for each run folder, written in one step, so several processes may
//! write at once and a damaged file costs one run. If it can't be written, only
//! convenience is lost: runs continue without it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::journal::PortalPath;
use crate::output::{private_folder, replace_shared_file};

/// The version of files written here; files of other versions are ignored.
const VERSION: u32 = 1;

/// Beyond this many files, those of runs whose folders are gone are removed, and then
/// the oldest.
const MOST: usize = 1_000;

/// In bytes; a longer file is not ours.
const LONGEST: u64 = 256 << 10;

/// What is known of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    version: u32,
    /// Id of the run, as in its folder.
    pub run: String,
    /// Its folder, absolute and without symbolic links.
    pub folder: PathBuf,
    /// The folder in which it was started.
    pub here: PathBuf,
    /// `import`, `export` or `plan`.
    pub kind: Kind,
    /// What it does with rows; `export`.
    pub operation: String,
    /// When it began, by this machine's clock.
    pub begun: Timestamp,
    /// How its portal is reached.
    pub portal: PortalPath,
    /// The file that its token comes from.
    pub token_file: Option<PathBuf>,
    /// The file that its OAuth app comes from.
    pub oauth_file: Option<PathBuf>,
    /// Where it writes, outside its folder.
    pub target: Option<PathBuf>,
}

/// What a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Rows into a portal, or links.
    Import,
    /// Tickets out of a portal.
    Export,
    /// What an import would do.
    Plan,
}

/// A run as it is recorded.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// Id of the run.
    pub run: &'a str,
    /// Its folder.
    pub folder: &'a Path,
    /// What it is.
    pub kind: Kind,
    /// What it does.
    pub operation: &'a str,
    /// When it began.
    pub begun: Timestamp,
    /// How its portal is reached.
    pub portal: PortalPath,
    /// The file that its token comes from.
    pub token_file: Option<&'a Path>,
    /// The file that its OAuth app comes from.
    pub oauth_file: Option<&'a Path>,
    /// Where it writes, outside its folder.
    pub target: Option<&'a Path>,
}

/// The registry in a folder.
#[derive(Clone, Debug)]
pub struct Registry {
    folder: PathBuf,
}

impl Registry {
    /// The registry in this folder, which need not exist yet.
    pub fn new(folder: PathBuf) -> Registry {
        Registry { folder }
    }

    /// Records a run; one that the same folder held before is forgotten.
    pub fn record(&self, new: &NewEntry<'_>) -> io::Result<()> {
        let absolute = |path: Option<&Path>| path.map(std::path::absolute).transpose();
        let entry = Entry {
            version: VERSION,
            run: new.run.to_owned(),
            folder: new.folder.canonicalize()?,
            here: Path::new(".").canonicalize()?,
            kind: new.kind,
            operation: new.operation.to_owned(),
            begun: new.begun,
            portal: new.portal.clone(),
            token_file: absolute(new.token_file)?,
            oauth_file: absolute(new.oauth_file)?,
            target: absolute(new.target)?,
        };
        private_folder(&self.folder)?;
        self.make_room();
        replace_shared_file(
            &self.place(&entry.folder),
            &serde_json::to_vec_pretty(&entry)?,
        )
    }

    /// All runs that are known and whose folders are there, oldest first.
    pub fn all(&self) -> Vec<Entry> {
        let mut entries = self.entries();
        entries.retain(|(_, entry)| entry.folder.is_dir());
        let mut entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
        entries.sort_by_key(|entry| entry.begun);
        entries
    }

    /// What is known of the run in a folder, if it is the one with this id.
    pub fn of(&self, folder: &Path, run: &str) -> Option<Entry> {
        let folder = folder.canonicalize().ok()?;
        let entry = read(&self.place(&folder))?;
        (entry.folder == folder && entry.run == run && !run.is_empty()).then_some(entry)
    }

    /// Forgets the run of a folder. A file that can't be removed is ignored later,
    /// since the folder is gone.
    pub fn forget(&self, folder: &Path) {
        if let Ok(folder) = folder.canonicalize() {
            let _gone = fs::remove_file(self.place(&folder));
        }
    }

    fn place(&self, folder: &Path) -> PathBuf {
        let hash = blake3::hash(folder.as_os_str().as_encoded_bytes());
        self.folder.join(format!("{}.json", &hash.to_hex()[..32]))
    }

    fn entries(&self) -> Vec<(PathBuf, Entry)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let paths = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
        paths
            .filter_map(|path| Some((path.clone(), read(&path)?)))
            .collect()
    }

    fn make_room(&self) {
        let mut entries = self.entries();
        if entries.len() < MOST {
            return;
        }
        entries.sort_by_key(|(_, entry)| (entry.folder.is_dir(), entry.begun));
        let gone = entries
            .iter()
            .filter(|(_, entry)| !entry.folder.is_dir())
            .count();
        let surplus = gone.max(entries.len() + 1 - MOST);
        for (path, _) in entries.iter().take(surplus) {
            let _gone = fs::remove_file(path);
        }
    }
}

/// A file that can't be read or parsed is ignored.
fn read(path: &Path) -> Option<Entry> {
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    let file = File::open(path).ok()?;
    let _bytes = file.take(LONGEST).read_to_end(&mut text).ok()?;
    let entry: Entry = serde_json::from_slice(&text).ok()?;
    (entry.version == VERSION).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn record(registry: &Registry, folder: &Path, run: &str, second: i64) {
        let new = NewEntry {
            run,
            folder,
            kind: Kind::Import,
            operation: "create",
            begun: begun(second),
            portal: PortalPath::Url("https://api.hubapi.com".to_owned()),
            token_file: None,
            oauth_file: None,
            target: None,
        };
        registry.record(&new).expect("recorded");
    }

    #[test]
    fn a_run_is_known_by_its_folder_and_its_id() {
        let around = tempfile::tempdir().expect("a folder");
        let registry = Registry::new(around.path().join("new").join("runs"));
        let folder = around.path().join("run");
        fs::create_dir(&folder).expect("a folder");
        assert!(registry.all().is_empty());
        record(&registry, &folder, "first", 2);
        let around_it = folder.join("..").join("run");
        assert!(registry.of(&around_it, "first").is_some());
        assert!(registry.of(&folder, "other").is_none() && registry.of(&folder, "").is_none());
        record(&registry, &folder, "second", 3);
        assert!(registry.of(&folder, "first").is_none());
        assert_eq!(registry.all().len(), 1);
        registry.forget(&folder);
        assert!(registry.all().is_empty());
    }

    #[test]
    fn damage_costs_one_run_and_it_stays_small() {
        let around = tempfile::tempdir().expect("a folder");
        let registry = Registry::new(around.path().join("runs"));
        for run in 0..3 {
            let folder = around.path().join(run.to_string());
            fs::create_dir(&folder).expect("a folder");
            record(&registry, &folder, "id", 9 - run);
        }
        let order = |entries: Vec<Entry>| -> Vec<i64> {
            entries
                .iter()
                .map(|entry| entry.begun.as_second())
                .collect()
        };
        assert_eq!(order(registry.all()), [7, 8, 9]);
        let first = registry.entries().remove(0).0;
        fs::write(first, "{").expect("damaged");
        assert_eq!(registry.all().len(), 2);
        let (_, left) = registry.entries().remove(0);
        for run in 0..MOST {
            let folder = around.path().join(format!("gone {run}"));
            let place = registry.place(&folder);
            let entry = Entry {
                folder,
                ..left.clone()
            };
            fs::write(place, serde_json::to_vec(&entry).expect("JSON")).expect("written");
        }
        assert_eq!(
            registry.all().len(),
            2,
            "folders that are gone are not shown"
        );
        record(&registry, around.path(), "id", 10);
        assert_eq!(registry.entries().len(), 3, "and leave room");
    }

    #[cfg(unix)]
    #[test]
    fn it_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let around = tempfile::tempdir().expect("a folder");
        let registry = Registry::new(around.path().join("runs"));
        record(&registry, around.path(), "id", 1);
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&around.path().join("runs")), 0o700);
        assert_eq!(mode(&registry.entries().remove(0).0), 0o600);
    }
}
