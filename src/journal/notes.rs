//! Notes of rows (protocol H1, H3): steps with the same life cycle as a ticket's. A note is
//! intended before it is sent, and settled with its record id. A settled note keeps what `verify`
//! needs: key, time, and a hash of its text. Older journals get the table, or its column for
//! e-mails and calls, when they are opened for writing.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::added_tables::{has_kind, has_notes};
use super::commit::Commit;
use super::error::{JournalError, at};
use super::note_steps::{NoteCounts, NoteEntry, NoteState, NoteStep, SettledNote};
use super::read::Reading;
use super::write::Journal;
use crate::model::key::FoldedKey;
use crate::model::note::Activity;
use crate::model::schema::ObjectType;

/// The mark that says whether the portal keeps the keys of a kind unique: 1 yes, 2 no, absent if
/// not known yet.
fn kept_mark(activity: Activity) -> &'static str {
    match activity {
        Activity::Note => "note_keys_kept",
        Activity::Email => "email_keys_kept",
        Activity::Call => "call_keys_kept",
        Activity::Task => "task_keys_kept",
        Activity::Meeting => "meeting_keys_kept",
        Activity::Communication => "communication_keys_kept",
    }
}

/// The columns of a step; older journals that are only read may lack the kind.
fn columns(db: &Connection) -> rusqlite::Result<&'static str> {
    Ok(match has_kind(db)? {
        true => "seq, key, at_ms, text, state, record, written, until_ms, kind",
        false => "seq, key, at_ms, text, state, record, written, until_ms, NULL",
    })
}

fn step(row: &Row<'_>) -> rusqlite::Result<NoteStep> {
    let word: String = row.get(4)?;
    let state = NoteState::ALL.into_iter().find(|one| one.word() == word);
    let kind: Option<String> = row.get(8)?;
    Ok(NoteStep {
        entry: NoteEntry {
            seq: row.get(0)?,
            key: row.get(1)?,
            at_ms: row.get(2)?,
            text: row.get(3)?,
            activity: kind
                .as_deref()
                .and_then(Activity::named)
                .unwrap_or_default(),
            files: Vec::new(),
        },
        state: state.unwrap_or(NoteState::Open),
        record: row.get(5)?,
        written: row.get(6)?,
        until_ms: row.get(7)?,
    })
}

fn counts(db: &Connection) -> rusqlite::Result<NoteCounts> {
    if !has_notes(db)? {
        return Ok(NoteCounts::default());
    }
    let sql = "SELECT count(*) FILTER (WHERE state IN ('made', 'twin')),
                      count(*) FILTER (WHERE state = 'there') FROM note";
    db.query_row(sql, [], |row| {
        Ok(NoteCounts {
            made: row.get(0)?,
            there: row.get(1)?,
        })
    })
}

impl Journal {
    /// Counts of existing notes.
    pub fn note_counts(&self) -> Result<NoteCounts, JournalError> {
        counts(&self.db).map_err(at(&self.path))
    }
}

impl Commit<'_> {
    /// What is known about a note.
    pub fn note(&self, key: &str) -> Result<Option<NoteStep>, JournalError> {
        // A journal that is open for writing has the column.
        let sql = "SELECT seq, key, at_ms, text, state, record, written, until_ms, kind
                   FROM note WHERE key = ?1";
        let found = self.transaction.prepare_cached(sql);
        let found = found.and_then(|mut query| query.query_row([key], step).optional());
        found.map_err(at(self.path))
    }

    /// Writes the intent to send a note, or to send it again; false if it belongs to another row,
    /// or exists.
    pub fn intend_note(&self, entry: &NoteEntry) -> Result<bool, JournalError> {
        let sql = "INSERT INTO note (key, seq, at_ms, text, state, kind)
             VALUES (?1, ?2, ?3, ?4, 'open', ?5)
             ON CONFLICT (key) DO UPDATE SET until_ms = NULL WHERE seq = ?2 AND state = 'open'";
        let intended = self.transaction.prepare_cached(sql);
        let intended = intended.and_then(|mut statement| {
            let kind = entry.activity.word();
            statement.execute(params![entry.key, entry.seq, entry.at_ms, entry.text, kind])
        });
        let is_ours = intended.map_err(at(self.path))? > 0;
        if is_ours && !entry.files.is_empty() {
            self.attach(entry)?;
        }
        Ok(is_ours)
    }

    /// Records that a call for a note was lost, and can be carried out until this time.
    pub fn lose_note(&self, key: &str, until_ms: i64) -> Result<(), JournalError> {
        self.run(
            "UPDATE note SET until_ms = max(coalesce(until_ms, 0), ?2) WHERE key = ?1",
            params![key, until_ms],
        )
    }

    /// Withdraws the intent of a note: no call can have created it.
    pub fn release_note(&self, key: &str) -> Result<(), JournalError> {
        self.run("DELETE FROM note WHERE key = ?1 AND state = 'open'", [key])
    }

    /// Records that a note exists.
    pub fn settle_note(&self, note: &SettledNote) -> Result<(), JournalError> {
        let entry = &note.entry;
        self.run(
            "INSERT INTO note (key, seq, at_ms, text, state, record, written, kind)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (key) DO UPDATE
             SET state = ?5, record = ?6, written = ?7, until_ms = NULL WHERE seq = ?2",
            params![
                entry.key,
                entry.seq,
                entry.at_ms,
                entry.text,
                note.state.word(),
                note.record,
                note.written,
                entry.activity.word()
            ],
        )
    }

    /// The latest time at which a lost call for a note can have been carried out, in milliseconds
    /// of the portal's clock; none if none is open.
    pub fn notes_until(&self) -> Result<Option<i64>, JournalError> {
        let sql = "SELECT max(until_ms) FROM note WHERE state IN ('open', 'twin')";
        let until = self.transaction.query_row(sql, [], |row| row.get(0));
        until.map_err(at(self.path))
    }

    /// Whether the portal keeps the keys of a kind unique, if known.
    pub fn note_keys_kept(&self, activity: Activity) -> Result<Option<bool>, JournalError> {
        let sql = "SELECT value FROM mark WHERE name = ?1";
        let known = self
            .transaction
            .query_row(sql, [kept_mark(activity)], |row| row.get(0));
        let known: Option<u64> = known.optional().map_err(at(self.path))?;
        Ok(known.map(|known| known == 1))
    }

    /// Records whether the portal keeps the keys of a kind unique.
    pub fn keep_note_keys(&self, activity: Activity, kept: bool) -> Result<(), JournalError> {
        self.mark(kept_mark(activity), if kept { 1 } else { 2 })
    }
}

impl Reading {
    /// Counts of existing notes.
    pub fn note_counts(&self) -> Result<NoteCounts, JournalError> {
        counts(&self.db).map_err(at(&self.path))
    }

    /// Records of the notes that the run made for rows with a key.
    pub(super) fn notes_of_key(
        &self,
        key: &FoldedKey,
    ) -> Result<Vec<(ObjectType, String)>, JournalError> {
        let read = || {
            if !has_notes(&self.db)? {
                return Ok(Vec::new());
            }
            let columns = columns(&self.db)?;
            let sql = format!(
                "SELECT {columns} FROM note WHERE seq IN (SELECT seq FROM row WHERE folded = ?1)"
            );
            let mut query = self.db.prepare_cached(&sql)?;
            let notes = query.query_map([key], step)?;
            notes.collect::<rusqlite::Result<Vec<_>>>()
        };
        let notes = read().map_err(at(&self.path))?.into_iter();
        let made = notes.filter(|note| note.state != NoteState::There);
        let made = made.filter_map(|note| Some((note.entry.activity.object(), note.record?)));
        Ok(made.collect())
    }

    /// The notes of a row, in the order of their keys.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn notes_of(&self, seq: u64) -> Result<Vec<NoteStep>, JournalError> {
        let read = || {
            if !has_notes(&self.db)? {
                return Ok(Vec::new());
            }
            let columns = columns(&self.db)?;
            let sql = format!("SELECT {columns} FROM note WHERE seq = ?1 ORDER BY key");
            let mut query = self.db.prepare_cached(&sql)?;
            let notes = query.query_map([seq], step)?;
            notes.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(at(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::added_tables::NOTE_TABLE;
    use crate::journal::build::Durability;
    use crate::journal::schema::{TABLES, VERSION};

    fn entry(seq: u64, key: &str) -> NoteEntry {
        NoteEntry {
            seq,
            key: key.to_owned(),
            at_ms: 7,
            text: [1; 16],
            activity: Activity::Call,
            files: Vec::new(),
        }
    }

    #[test]
    fn tables_from_before_there_were_calls_get_their_column() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Connection::open(folder.path().join("run.db")).expect("a database");
        let older = NOTE_TABLE.replace(",\n    kind TEXT", "");
        assert_ne!(older, NOTE_TABLE);
        db.execute_batch(&[TABLES, &older].concat())
            .expect("tables");
        let row =
            "INSERT INTO note (key, seq, at_ms, text, state) VALUES ('a', 1, 7, x'00', 'made')";
        db.execute_batch(&row.replace("x'00'", &format!("x'{}'", "01".repeat(16))))
            .expect("a note");
        db.pragma_update(None, "user_version", VERSION)
            .expect("a version");
        assert_eq!(
            columns(&db).expect("read").rsplit_once(' '),
            Some((
                "seq, key, at_ms, text, state, record, written, until_ms,",
                "NULL"
            ))
        );
        drop(db);
        let mut journal = Journal::open(folder.path(), 0, Durability::Off).expect("a journal");
        let commit = journal.begin().expect("a commit");
        let step = commit.note("a").expect("read").expect("a note");
        assert_eq!(step.entry.activity, Activity::Note);
    }

    #[test]
    fn a_note_is_one_rows_and_keeps_what_verifying_needs() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Connection::open(folder.path().join("run.db")).expect("a database");
        db.execute_batch(TABLES).expect("tables without notes");
        db.pragma_update(None, "user_version", VERSION)
            .expect("a version");
        drop(db);
        let mut journal = Journal::open(folder.path(), 0, Durability::Off).expect("a journal");
        let commit = journal.begin().expect("a commit");
        let intend = |seq, key: &str| commit.intend_note(&entry(seq, key)).expect("a step");
        assert!(intend(1, "a"));
        assert!(!intend(2, "a"), "another row has it");
        commit.lose_note("a", 900).expect("lost");
        commit.lose_note("a", 500).expect("lost");
        assert_eq!(commit.notes_until().expect("a time"), Some(900));
        let step = commit.note("a").expect("read").expect("a note");
        assert_eq!((step.entry.seq, step.state), (1, NoteState::Open));
        assert!(intend(1, "a"), "again");
        assert_eq!(commit.notes_until().expect("a time"), None);
        let settled = SettledNote {
            entry: entry(1, "a"),
            written: Some("a~2".to_owned()),
            record: "9".to_owned(),
            state: NoteState::Made,
        };
        commit.settle_note(&settled).expect("settled");
        commit.release_note("a").expect("it stays");
        assert!(!intend(1, "a"), "it is there");
        assert!(intend(3, "b"));
        commit.release_note("b").expect("it goes");
        let kept = |activity| commit.note_keys_kept(activity).expect("read");
        assert_eq!(kept(Activity::Call), None);
        commit.keep_note_keys(Activity::Call, false).expect("kept");
        assert_eq!(
            (kept(Activity::Call), kept(Activity::Note)),
            (Some(false), None)
        );
        commit.commit().expect("durable");
        journal.close().expect("closed");
        let reading = Reading::open(folder.path()).expect("a journal of ours");
        let notes = reading.notes_of(1).expect("notes");
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0].record.as_deref(), Some("9"));
        assert_eq!(notes[0].entry.activity, Activity::Call);
        assert_eq!(notes[0].written.as_deref(), Some("a~2"));
        let one = NoteCounts { made: 1, there: 0 };
        assert_eq!(reading.note_counts().expect("counts"), one);
    }
}
