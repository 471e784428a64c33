//! Which files the notes of a run name (protocol H9): kept with the intent of the note, so that verifying
//! and taking back need not read the input for it. A file that two notes name stays as long
//! as one of them does.

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
    /// Keeps the files of a note that is about to be sent, by their record ids.
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
