//! Which files the notes of a run name (protocol H9): stored with the intent of the note, so that
//! `verify` and `undo` need not read the input for them. A file that two notes name is kept as long
//! as one of them is.

use rusqlite::params;

use super::commit::Commit;
use super::error::{JournalError, at};
use super::file_steps::FileStep;
use super::file_table::has_attached;
use super::files::{STEP, step};
use super::note_steps::NoteEntry;
use super::read::Reading;
use crate::model::note::Activity;

/// A note, by its kind and its record id.
pub type NoteId = (Activity, String);

/// A file that a note names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedFile {
    /// Key of the note.
    pub note: String,
    /// The file.
    pub file: FileStep,
}

impl Commit<'_> {
    /// Stores the files of a note that is about to be sent, by their record ids.
    pub(super) fn attach(&self, entry: &NoteEntry) -> Result<(), JournalError> {
        self.run("DELETE FROM attached WHERE note = ?1", [&entry.key])?;
        for file in &entry.files {
            self.run(
                "INSERT OR IGNORE INTO attached (note, file) VALUES (?1, ?2)",
                params![entry.key, file],
            )?;
        }
        Ok(())
    }
}

impl Reading {
    /// The files that the notes of a row name.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn files_of(&self, seq: u64) -> Result<Vec<AttachedFile>, JournalError> {
        let sql = format!(
            "{STEP}, attached.note FROM note
             JOIN attached ON attached.note = note.key
             JOIN file ON file.key = (
                SELECT key FROM file WHERE record = attached.file ORDER BY state <> 'made', key)
             WHERE note.seq = ?1 ORDER BY attached.id"
        );
        self.about_files(&sql, params![seq], |row| {
            Ok(AttachedFile {
                note: row.get(9)?,
                file: step(row)?,
            })
        })
    }

    /// Files that the run made and that a row uploaded, or that its notes name.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn made_files(&self, seq: u64) -> Result<Vec<FileStep>, JournalError> {
        let sql = format!(
            "{STEP} FROM file WHERE state = 'made' AND (seq = ?1 OR record IN (
                SELECT attached.file FROM note JOIN attached ON attached.note = note.key
                WHERE note.seq = ?1)) ORDER BY key"
        );
        self.about_files(&sql, params![seq], step)
    }

    /// Files that existed before the run and that the notes of a row name.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn found_files(&self, seq: u64) -> Result<Vec<FileStep>, JournalError> {
        let sql = format!(
            "{STEP} FROM file WHERE state = 'there' AND record IN (
                SELECT attached.file FROM note JOIN attached ON attached.note = note.key
                WHERE note.seq = ?1) ORDER BY key"
        );
        self.about_files(&sql, params![seq], step)
    }

    /// Notes of the run that name a file.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn notes_with(&self, file: &str) -> Result<Vec<NoteId>, JournalError> {
        let sql =
            "SELECT note.kind, note.record FROM attached JOIN note ON note.key = attached.note
                   WHERE attached.file = ?1 AND note.record IS NOT NULL";
        self.about_files(sql, params![file], |row| {
            let kind: Option<String> = row.get(0)?;
            let activity = kind.as_deref().and_then(Activity::named);
            Ok((activity.unwrap_or_default(), row.get(1)?))
        })
    }

    /// Whether any note of the run names a file.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn names_files(&self) -> Result<bool, JournalError> {
        let sql = "SELECT 1 FROM attached LIMIT 1";
        let some = self.about_files(sql, params![], |_row| Ok(()))?;
        Ok(!some.is_empty())
    }

    fn about_files<T>(
        &self,
        sql: &str,
        asked: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, JournalError> {
        let rows = || {
            if !has_attached(self.db())? {
                return Ok(Vec::new());
            }
            let mut query = self.db().prepare_cached(sql)?;
            let rows = query.query_map(asked, read)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        rows().map_err(at(self.path()))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::journal::build::Durability;
    use crate::journal::file_steps::{FileEntry, FileState, SettledFile};
    use crate::journal::note_steps::{NoteState, SettledNote};
    use crate::journal::schema::{TABLES, VERSION};
    use crate::journal::write::Journal;

    fn file(key: &str, seq: u64, state: FileState) -> SettledFile {
        SettledFile {
            entry: FileEntry {
                key: key.to_owned(),
                seq,
                path: format!("/t/s/k/{key}"),
                md5: "5d41402abc4b2a76b9719d911017c592".to_owned(),
                size: 5,
            },
            record: format!("record of {key}"),
            state,
        }
    }

    fn note(key: &str, seq: u64, files: &[&SettledFile]) -> SettledNote {
        SettledNote {
            entry: NoteEntry {
                seq,
                key: key.to_owned(),
                at_ms: 7,
                text: [1; 16],
                activity: Activity::Email,
                files: files.iter().map(|file| file.record.clone()).collect(),
            },
            written: None,
            record: format!("record of {key}"),
            state: NoteState::Made,
        }
    }

    #[test]
    fn the_notes_of_a_file_and_the_files_of_a_note_are_known() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Connection::open(folder.path().join("run.db")).expect("a database");
        db.execute_batch(TABLES).expect("tables");
        db.pragma_update(None, "user_version", VERSION)
            .expect("a version");
        drop(db);
        let reading = Reading::open(folder.path()).expect("a journal of ours");
        assert!(
            reading.files_of(1).expect("none").is_empty(),
            "without the table"
        );
        let mut journal = Journal::open(folder.path(), 0, Durability::Off).expect("a journal");
        let commit = journal.begin().expect("a commit");
        let (own, shared) = (
            file("own", 1, FileState::Made),
            file("shared", 1, FileState::Made),
        );
        let other = file("other", 2, FileState::There);
        for file in [&own, &shared, &other] {
            let _state = commit.settle_file(file).expect("settled");
        }
        for note in [
            note("a", 1, &[&own, &shared]),
            note("b", 2, &[&shared, &other]),
        ] {
            assert!(commit.intend_note(&note.entry).expect("intended"));
            // Intended again after a kill, with the same files.
            assert!(commit.intend_note(&note.entry).expect("intended"));
            commit.settle_note(&note).expect("settled");
        }
        commit.commit().expect("durable");
        journal.close().expect("closed");
        let reading = Reading::open(folder.path()).expect("a journal of ours");
        let named = |seq| {
            let files = reading.files_of(seq).expect("files").into_iter();
            let files: Vec<(String, String)> =
                files.map(|one| (one.note, one.file.entry.key)).collect();
            files
        };
        let pair = |note: &str, file: &str| (note.to_owned(), file.to_owned());
        assert_eq!(named(1), [pair("a", "own"), pair("a", "shared")]);
        assert_eq!(named(2), [pair("b", "shared"), pair("b", "other")]);
        let made = |seq| {
            let files = reading.made_files(seq).expect("files").into_iter();
            files.map(|file| file.entry.key).collect::<Vec<_>>()
        };
        assert_eq!(
            (made(1), made(2)),
            (
                vec!["own".to_owned(), "shared".to_owned()],
                vec!["shared".to_owned()]
            )
        );
        let notes = reading.notes_with(&shared.record).expect("notes");
        let email = |key: &str| (Activity::Email, format!("record of {key}"));
        assert_eq!(notes, [email("a"), email("b")]);
        assert!(reading.names_files().expect("read"));
    }
}
