//! Where run folders are created by default, and how one is removed.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::clock::now;

/// Where run folders are by default.
pub const RUNS: &str = "tickethaul-runs";

/// The file in a run folder that is locked by the process that works in it.
pub const LOCK: &str = "lock";

/// The folder for a new run: the one given, or a new one in `tickethaul-runs`.
pub fn new_run_folder(operation: &str, given: Option<&Path>) -> PathBuf {
    match given {
        Some(path) => path.to_owned(),
        None => Path::new(RUNS).join(name(operation)),
    }
}

/// Name for a new run: local time, operation, four random letters.
fn name(operation: &str) -> String {
    let letters: String = (0..4).map(|_| fastrand::lowercase()).collect();
    let now = now().to_zoned(TimeZone::system());
    format!("{}-{operation}-{letters}", now.strftime("%Y%m%d-%H%M%S"))
}

/// Removes the folder of a run that is not kept, if it is empty, and `tickethaul-runs` with the
/// last run. A folder that holds something else, or is a process's working directory, stays.
pub fn remove_run_folder(path: &Path) {
    let _stays = fs::remove_dir(path);
    if let Some(runs) = path.parent().filter(|runs| runs.ends_with(RUNS)) {
        let _other_runs = fs::remove_dir(runs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_goes_and_the_folder_of_runs_with_the_last_one() {
        let around = tempfile::tempdir().expect("a folder");
        let runs = around.path().join(RUNS);
        let [one, other] = ["one", "other"].map(|name| runs.join(name));
        for folder in [&one, &other] {
            fs::create_dir_all(folder).expect("a folder");
        }
        remove_run_folder(&one);
        assert!(!one.exists() && other.exists());
        fs::write(other.join("notes.txt"), "mine").expect("a file");
        remove_run_folder(&other);
        assert!(other.exists(), "it holds something");
        fs::remove_file(other.join("notes.txt")).expect("removed");
        remove_run_folder(&other);
        assert!(!runs.exists(), "that was the last");
        assert!(around.path().exists());
    }

    #[test]
    fn a_run_has_its_own_folder_unless_one_is_given() {
        let given = Path::new("night");
        assert_eq!(new_run_folder("create", Some(given)), given);
        let own = new_run_folder("create", None);
        assert_eq!(own.parent(), Some(Path::new(RUNS)));
        let name = own.file_name().unwrap_or_default().to_string_lossy();
        assert!(name.contains("-create-"), "{name}");
    }
}
