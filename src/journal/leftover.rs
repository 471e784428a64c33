//! What a process that dies before its run or plan has begun leaves in a folder.

use super::run_folder::LOCK;

/// Files that are written before `run.db` or `plan.db` exists.
const BEFORE: [&str; 11] = [
    "comments-left.csv",
    "comments-left.jsonl",
    "comments.db",
    "comments.db.new",
    "input-stdin",
    LOCK,
    "plan.db.new",
    "retried.csv",
    "retried.jsonl",
    "run.db.new",
    "run.db.try",
];

/// What SQLite writes next to a database.
const COMPANIONS: [&str; 3] = ["-journal", "-shm", "-wal"];

/// Whether a file of this name may exist although no run or plan has begun.
pub fn is_leftover(name: &str) -> bool {
    let database = COMPANIONS.iter().find_map(|end| name.strip_suffix(end));
    match database {
        Some(database) => database.contains(".db") && BEFORE.contains(&database),
        None => BEFORE.contains(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_run_that_did_not_begin_are_known_by_name() {
        for name in ["lock", "run.db.try", "run.db.try-wal", "comments.db-shm"] {
            assert!(is_leftover(name), "{name}");
        }
        for name in [
            "run.db",
            "run.db-wal",
            "plan.db",
            "lock-wal",
            "in.csv",
            "-wal",
        ] {
            assert!(!is_leftover(name), "{name}");
        }
    }
}
