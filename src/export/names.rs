//! The names of the files of an export: those next to a file of data, and those in a
//! folder of parts. Pure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::write::Shape;

/// The state in a data set.
pub const STATE: &str = "_state.json";

/// Paths of the files next to the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// What each column is.
    pub schema: PathBuf,
    /// What the export is.
    pub manifest: PathBuf,
    /// Values that don't fit their columns; exists only if there are any.
    pub issues: PathBuf,
}

impl Beside {
    /// The paths next to a file.
    pub fn file(data: &Path) -> Beside {
        Beside {
            schema: with_ending(data, ".schema.json"),
            manifest: with_ending(data, ".manifest.json"),
            issues: issues_of(data),
        }
    }

    /// The paths in a folder: readers of such folders skip names that begin with `_`. The list of
    /// issues is next to the folder.
    pub fn inside(folder: &Path) -> Beside {
        Beside {
            schema: folder.join("_schema.json"),
            manifest: folder.join("_manifest.json"),
            issues: issues_of(folder),
        }
    }
}

/// Where values that don't fit an export are reported.
pub fn issues_of(data: &Path) -> PathBuf {
    with_ending(data, ".issues.csv")
}

/// The table `history` of `tickets.csv.gz` is `tickets.history.csv.gz`.
pub fn table_beside(data: &Path, table: &str, shape: Shape) -> PathBuf {
    let mut stem = data.to_owned();
    for endings in [&["gz", "zst"][..], &["csv", "jsonl", "ndjson", "parquet"]] {
        let ending = stem.extension().unwrap_or_default().to_ascii_lowercase();
        if endings.iter().any(|known| ending == *known) {
            let _was_there = stem.set_extension("");
        }
    }
    with_ending(&stem, &format!(".{table}.{}", shape.ending()))
}

fn with_ending(data: &Path, ending: &str) -> PathBuf {
    let mut path = OsString::from(data);
    path.push(ending);
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_called_after_the_file() {
        let shape = Shape::default();
        for (data, expected) in [
            ("a/tickets.csv", "a/tickets.history.csv"),
            ("tickets.CSV.gz", "tickets.history.csv"),
            ("tickets.2026.csv", "tickets.2026.history.csv"),
            ("tickets", "tickets.history.csv"),
        ] {
            let name = table_beside(Path::new(data), "history", shape);
            assert_eq!(name, Path::new(expected), "{data}");
        }
    }
}
