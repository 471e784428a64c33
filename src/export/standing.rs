//! What exists where an export is to go, and whether it may be replaced: only an export of ours may
//! be replaced, by the same export (E7). A manifest says what it is, and which files belong to it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::issues::is_list_of_issues;
use super::names::{Beside, STATE, table_beside};
use super::selection::Selection;
use super::write::Shape;

/// Longer manifests are not read: they list millions of parts, or are not ours.
const LONGEST: u64 = 256 << 20;

/// How our manifests name what wrote them.
const TOOL: &str = "tickethaul ";

/// What an earlier export says about itself.
#[derive(Clone, Debug, Deserialize)]
pub struct Earlier {
    tool: String,
    /// HubSpot portal id.
    pub portal: u64,
    /// The portal's time when reading began.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// Id of the run that wrote it.
    #[serde(default)]
    pub run: Option<String>,
    #[serde(default)]
    issues: u64,
    #[serde(default)]
    selection: Value,
    files: Vec<EarlierFile>,
}

#[derive(Clone, Debug, Deserialize)]
struct EarlierFile {
    name: String,
    bytes: u64,
}

/// Why an existing target is not replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Taken {
    /// Nothing says that an export wrote it.
    #[error("{} is there already, and is not an export of tickethaul", .0.display())]
    Unknown(PathBuf),
    /// It is not as the export left it.
    #[error("{} has been changed since it was exported", .0.display())]
    Changed(PathBuf),
    /// A data set without the manifest that lists its files.
    #[error("{} is missing, or can't be read: nothing says which files belong to the data set", .0.display())]
    Manifest(PathBuf),
    /// The folder contains something that no export put there.
    #[error("the folder {} is not replaced: {} is not part of the export in it", .folder.display(), .file.display())]
    Stranger {
        /// The folder.
        folder: PathBuf,
        /// What it contains.
        file: PathBuf,
    },
}

impl Earlier {
    /// What the manifest says, if it is one of ours.
    pub fn read(manifest: &Path) -> Option<Earlier> {
        let file = File::open(manifest).ok()?;
        let mut text = Vec::new();
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        let read = file.take(LONGEST + 1).read_to_end(&mut text).ok()?;
        let earlier: Earlier = match read as u64 > LONGEST {
            true => return None,
            false => serde_json::from_slice(&text).ok()?,
        };
        earlier.tool.starts_with(TOOL).then_some(earlier)
    }

    /// The same for the export at a file.
    pub fn beside(data: &Path) -> Option<Earlier> {
        Earlier::read(&Beside::file(data).manifest)
    }

    /// The same for the data set in a folder.
    pub fn inside(folder: &Path) -> Option<Earlier> {
        Earlier::read(&Beside::inside(folder).manifest)
    }

    /// How an export that is to replace this one differs; nothing if it is the same.
    pub fn differences(&self, now: &Selection) -> Vec<String> {
        match serde_json::from_value::<Selection>(self.selection.clone()) {
            Ok(before) => before.differences(now),
            Err(_) => vec!["its manifest does not say what was selected".to_owned()],
        }
    }

    fn file(&self, name: &Path) -> Option<&EarlierFile> {
        let mut files = self.files.iter();
        files.find(|known| Path::new(&known.name) == name)
    }

    /// Checks that a file is as this export left it.
    fn left(&self, name: &Path, file: &Path) -> Result<(), Taken> {
        let Some(known) = self.file(name) else {
            return Err(Taken::Unknown(file.to_owned()));
        };
        match fs::symlink_metadata(file) {
            Ok(found) if found.is_file() && found.len() == known.bytes => Ok(()),
            _ => Err(Taken::Changed(file.to_owned())),
        }
    }
}

/// The export at a file, if there is one.
///
/// # Errors
/// If something else is there, or at the paths of its tables, manifest or schema.
pub fn at_file(data: &Path, tables: &[String], shape: Shape) -> Result<Option<Earlier>, Taken> {
    let beside = Beside::file(data);
    let earlier = Earlier::read(&beside.manifest);
    let unknown = |path: &Path| Err(Taken::Unknown(path.to_owned()));
    let tables = tables.iter().map(|table| table_beside(data, table, shape));
    for path in std::iter::once(data.to_owned()).chain(tables) {
        match &earlier {
            _ if !is_there(&path) => {}
            Some(earlier) => {
                earlier.left(Path::new(path.file_name().unwrap_or_default()), &path)?
            }
            None => unknown(&path)?,
        }
    }
    for path in [&beside.schema, &beside.manifest] {
        if earlier.is_none() && is_there(path) {
            unknown(path)?;
        }
    }
    if is_strange(&beside.issues, earlier.as_ref()) {
        unknown(&beside.issues)?;
    }
    Ok(earlier.filter(|_| is_there(data)))
}

/// The data set in a folder, if there is one.
///
/// # Errors
/// If something else is there, or in it.
pub fn at_folder(folder: &Path) -> Result<Option<Earlier>, Taken> {
    if !is_there(folder) || is_empty(folder) {
        return Ok(None);
    }
    let beside = Beside::inside(folder);
    let Some(earlier) = Earlier::read(&beside.manifest) else {
        return Err(match is_there(&folder.join(STATE)) {
            true => Taken::Manifest(beside.manifest),
            false => Taken::Unknown(folder.to_owned()),
        });
    };
    if is_strange(&beside.issues, Some(&earlier)) {
        return Err(Taken::Unknown(beside.issues));
    }
    let files = files_in(folder).map_err(|_| Taken::Unknown(folder.to_owned()))?;
    let about = [&beside.schema, &beside.manifest];
    let parts: Vec<(&Path, &PathBuf)> = files
        .iter()
        .filter(|file| !about.contains(file))
        .filter_map(|file| Some((file.strip_prefix(folder).ok()?, file)))
        .collect();
    if let Some((_, file)) = parts.iter().find(|(name, _)| earlier.file(name).is_none()) {
        return Err(Taken::Stranger {
            folder: folder.to_owned(),
            file: (*file).clone(),
        });
    }
    for (name, file) in parts {
        earlier.left(name, file)?;
    }
    Ok(Some(earlier))
}

/// Whether there is a file at the path for issues that is not a list of ours.
fn is_strange(issues: &Path, earlier: Option<&Earlier>) -> bool {
    let has_issues = earlier.is_some_and(|earlier| earlier.issues > 0);
    is_there(issues) && !has_issues && !is_list_of_issues(issues)
}

/// Whether a folder is a data set of ours.
pub fn is_data_set(folder: &Path) -> bool {
    is_there(&folder.join(STATE)) && Earlier::inside(folder).is_some()
}

/// Whether a folder may be removed: everything in it is ours, changed or not.
pub fn only_ours(folder: &Path) -> Result<(), Taken> {
    match at_folder(folder) {
        Ok(_) | Err(Taken::Changed(_)) => Ok(()),
        Err(taken) => Err(taken),
    }
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Everything below a folder that is not a folder itself; links are not followed.
fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(files: &[(&str, u64)]) -> String {
        let files: Vec<Value> = files
            .iter()
            .map(|(name, bytes)| json!({"name": name, "bytes": bytes}))
            .collect();
        let selection = serde_json::to_value(Selection::default()).expect("JSON");
        json!({"tool": "tickethaul 1.0.0", "portal": 7, "files": files, "selection": selection})
            .to_string()
    }

    /// What is at `data.csv` in a folder with these files.
    fn at(files: &[(&str, &str)]) -> Result<bool, String> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let data = folder.path().join("data.csv");
        let found = at_file(&data, &["history".to_owned()], Shape::default());
        let name = |path: PathBuf| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        };
        found
            .map(|earlier| earlier.is_some())
            .map_err(|taken| match taken {
                Taken::Unknown(path) => format!("unknown {}", name(path).unwrap_or_default()),
                Taken::Changed(path) => format!("changed {}", name(path).unwrap_or_default()),
                Taken::Stranger { .. } | Taken::Manifest(_) => "stranger".to_owned(),
            })
    }

    #[test]
    fn only_what_a_manifest_names_is_ours() {
        let ours = manifest(&[("data.csv", 4)]);
        let with_table = manifest(&[("data.csv", 4), ("data.history.csv", 4)]);
        let theirs = r#"{"made by": "another tool"}"#;
        let expected = |words: &str| Err::<bool, _>(words.to_owned());
        for (files, found) in [
            (&[][..], Ok(false)),
            (&[("data.csv", "text")], expected("unknown data.csv")),
            (
                &[("data.csv", "text"), ("data.csv.manifest.json", &ours)],
                Ok(true),
            ),
            (
                &[("data.csv", "other"), ("data.csv.manifest.json", &ours)],
                expected("changed data.csv"),
            ),
            (&[("data.csv.manifest.json", &ours)], Ok(false)),
            (
                &[("data.csv.manifest.json", theirs)],
                expected("unknown data.csv.manifest.json"),
            ),
            (
                &[
                    ("data.csv", "text"),
                    ("data.history.csv", "mine"),
                    ("data.csv.manifest.json", &ours),
                ],
                expected("unknown data.history.csv"),
            ),
            (
                &[
                    ("data.csv", "text"),
                    ("data.history.csv", "text"),
                    ("data.csv.manifest.json", &with_table),
                ],
                Ok(true),
            ),
            (
                &[("data.csv.issues.csv", "mine")],
                expected("unknown data.csv.issues.csv"),
            ),
            (
                &[(
                    "data.csv.issues.csv",
                    "hs_object_id,_column,_value,_hints\n",
                )],
                expected("unknown data.csv.issues.csv"),
            ),
            (
                &[(
                    "data.csv.issues.csv",
                    "hs_object_id,_column,_value,_hint\n1,a",
                )],
                Ok(false),
            ),
        ] {
            assert_eq!(at(files), found, "{files:?}");
        }
    }

    #[test]
    fn a_folder_is_ours_only_as_a_whole() {
        let around = tempfile::tempdir().expect("a folder");
        let lake = around.path().join("lake");
        assert!(matches!(at_folder(&lake), Ok(None)));
        fs::create_dir_all(lake.join("month=1")).expect("folders");
        let part = lake.join("month=1").join("part-0.csv");
        fs::write(&part, "text").expect("a file");
        assert!(matches!(at_folder(&lake), Err(Taken::Unknown(path)) if path == lake));
        let written = manifest(&[("month=1/part-0.csv", 4)]);
        let broken = lake.join("_manifest.json");
        fs::write(lake.join(STATE), "{}").expect("a file");
        for text in [None, Some(&written[..written.len() / 2])] {
            if let Some(text) = text {
                fs::write(&broken, text).expect("a file");
            }
            assert_eq!(
                at_folder(&lake).err(),
                Some(Taken::Manifest(broken.clone()))
            );
        }
        fs::remove_file(lake.join(STATE)).expect("removed");
        fs::write(lake.join("_manifest.json"), written).expect("a file");
        assert!(matches!(at_folder(&lake), Ok(Some(_))));
        let issues = around.path().join("lake.issues.csv");
        for (text, refused) in [
            ("mine", true),
            ("hs_object_id,_column,_value,_hint\n", false),
        ] {
            fs::write(&issues, text).expect("a file");
            assert_eq!(at_folder(&lake).is_err(), refused, "{text}");
        }
        fs::write(&part, "other").expect("a file");
        assert_eq!(at_folder(&lake).err(), Some(Taken::Changed(part)));
        assert_eq!(only_ours(&lake), Ok(()));
        let precious = lake.join("precious.txt");
        fs::write(&precious, "thesis").expect("a file");
        for found in [only_ours(&lake).err(), at_folder(&lake).err()] {
            assert!(
                matches!(found, Some(Taken::Stranger { file, .. }) if file == precious),
                "whatever else has changed"
            );
        }
    }
}
