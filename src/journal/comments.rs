//! `comments.db`: comments from separate files, by the tickets that they name, so that those of a
//! row are found regardless of the files' size and order. It is created before the journal, so a
//! run that can be resumed has it, and is removed once the run is finished.
//!
//! ```text
//! comment  the mapping's entry, what names the ticket → place, cells as JSON
//! total    name → number            comments that name no row of the input
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, params};

use super::build::ANEW;
use super::error::{JournalError, at};
use super::validate::{connect, is_regular, strange_to};
use crate::model::row::{Cells, Comment};
use crate::output::rename_durably;

/// Its name in the folder of a run or a plan.
pub const COMMENTS: &str = "comments.db";

/// Its name while it is built.
const PART: &str = "comments.db.new";

const TABLES: &str = "
CREATE TABLE comment (entry INTEGER NOT NULL, ticket TEXT NOT NULL, place TEXT NOT NULL, cells TEXT NOT NULL);
CREATE TABLE total (name TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE INDEX comment_by_ticket ON comment (ticket);
";

/// Tickets of the input, while comments are added.
const TICKETS: &str = "CREATE TEMP TABLE ticket (
    entry INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (entry, name)) WITHOUT ROWID";

/// Pages in memory, in KiB: while it is built, and while it is read.
const CACHE: [i64; 2] = [-24_000, -4_000];

/// Maximum size of a comment in bytes; a record of the input may be a little longer.
const LONGEST: i32 = 64 << 20;

/// Comments while they are stored in a folder.
#[derive(Debug)]
pub struct CommentStore {
    db: Connection,
    folder: PathBuf,
}

/// Comments that are looked up.
#[derive(Debug)]
pub struct CommentReading {
    db: Connection,
    path: PathBuf,
}

impl CommentStore {
    /// Begins one in a folder; an unfinished one there is discarded.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn create(folder: &Path) -> Result<CommentStore, JournalError> {
        let path = folder.join(PART);
        let _none = fs::remove_file(&path);
        let make = || {
            let db = connect(&path, ANEW)?;
            db.pragma_update(None, "journal_mode", "MEMORY")?;
            db.pragma_update(None, "synchronous", "OFF")?;
            db.pragma_update(None, "cache_size", CACHE[0])?;
            let (tables, _index) = TABLES.split_once("CREATE INDEX").unwrap_or((TABLES, ""));
            db.execute_batch(&format!("BEGIN; {tables}; {TICKETS}"))?;
            db.execute_batch(&format!("PRAGMA temp.cache_size = {}", CACHE[0]))?;
            Ok(db)
        };
        Ok(CommentStore {
            db: make().map_err(at(&path))?,
            folder: folder.to_owned(),
        })
    }

    /// Adds the name by which comments refer to a row.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn expect(&self, entry: u32, ticket: &str) -> Result<(), JournalError> {
        let sql = "INSERT OR IGNORE INTO temp.ticket (entry, name) VALUES (?1, ?2)";
        let expect = || {
            let mut statement = self.db.prepare_cached(sql)?;
            statement.execute(params![entry, ticket])
        };
        expect().map(drop).map_err(at(&self.folder.join(PART)))
    }

    /// Adds a comment; false if no row has that name, in which case it is not kept.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn take(&self, ticket: &str, comment: &Comment) -> Result<bool, JournalError> {
        let take = || {
            let sql = "SELECT 1 FROM temp.ticket WHERE entry = ?1 AND name = ?2";
            let mut known = self.db.prepare_cached(sql)?;
            if !known.exists(params![comment.entry, ticket])? {
                return Ok(false);
            }
            let cells: Vec<&str> = comment.cells.iter().collect();
            let cells = serde_json::to_string(&cells)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            let sql = "INSERT INTO comment (entry, ticket, place, cells) VALUES (?1, ?2, ?3, ?4)";
            let mut insert = self.db.prepare_cached(sql)?;
            let _one = insert.execute(params![comment.entry, ticket, comment.place, cells])?;
            Ok(true)
        };
        take().map_err(at(&self.folder.join(PART)))
    }

    /// Finishes it: it gets its name once it is on disk. `left` comments named no row.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn finish(self, left: u64) -> Result<(), JournalError> {
        let path = self.folder.join(PART);
        let index = TABLES.find("CREATE INDEX").map_or("", |at| &TABLES[at..]);
        let end = || {
            self.db.execute_batch("DROP TABLE temp.ticket")?;
            self.db.execute_batch(index)?;
            let sql = "INSERT INTO total (name, number) VALUES ('left', ?1)";
            let _one = self.db.execute(sql, params![left])?;
            self.db.execute_batch("COMMIT")
        };
        end().map_err(at(&path))?;
        drop(self.db);
        let named = || {
            File::open(&path)?.sync_all()?;
            rename_durably(&path, &self.folder.join(COMMENTS))
        };
        named().map_err(|source| JournalError::Io {
            path: path.clone(),
            source,
        })
    }
}

impl CommentReading {
    /// Whether a folder has comments.
    pub fn is_there(folder: &Path) -> bool {
        fs::symlink_metadata(folder.join(COMMENTS)).is_ok()
    }

    /// Opens the comments in a folder, which may have come from anywhere.
    ///
    /// # Errors
    /// When there are none, or the file is not ours.
    pub fn open(folder: &Path) -> Result<CommentReading, JournalError> {
        let path = folder.join(COMMENTS);
        if !is_regular(&path) {
            let what = "it is gone, or no regular file".to_owned();
            return Err(JournalError::Strange { path, what });
        }
        let open = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
            let db = connect(&path, flags)?;
            let _before = db.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
            db.pragma_update(None, "cache_size", CACHE[1])?;
            let strange = strange_to(&db, &[TABLES])?;
            Ok((db, strange))
        };
        let (db, strange) = open().map_err(at(&path))?;
        match strange {
            None => Ok(CommentReading { db, path }),
            Some(what) => Err(JournalError::Strange { path, what }),
        }
    }

    /// How many comments named no row of the input.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn left(&self) -> Result<u64, JournalError> {
        let sql = "SELECT coalesce(sum(number), 0) FROM total WHERE name = 'left'";
        let left = self.db.query_row(sql, [], |row| row.get(0));
        left.map_err(at(&self.path))
    }

    /// The comments of an entry that name this ticket, in the order of their files; none if they
    /// are longer than `most` bytes together.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn of(
        &self,
        entry: u32,
        ticket: &str,
        most: usize,
    ) -> Result<Option<Vec<Comment>>, JournalError> {
        let read = || {
            let sql = "SELECT place, cells FROM comment WHERE ticket = ?2 AND entry = ?1
                       ORDER BY rowid";
            let mut query = self.db.prepare_cached(sql)?;
            let mut rows = query.query(params![entry, ticket])?;
            let (mut found, mut bytes) = (Vec::new(), 0_usize);
            while let Some(row) = rows.next()? {
                let (place, cells): (String, String) = (row.get(0)?, row.get(1)?);
                bytes += cells.len();
                if bytes > most {
                    return Ok(None);
                }
                found.push((place, cells));
            }
            Ok(Some(found))
        };
        let Some(found) = read().map_err(at(&self.path))? else {
            return Ok(None);
        };
        let broken = |what: &str| JournalError::Broken {
            path: self.path.clone(),
            what: what.to_owned(),
        };
        let comment = |(place, cells): (String, String)| {
            let cells = serde_json::from_str::<Vec<String>>(&cells).map_err(|_| broken(&place))?;
            Ok(Comment {
                entry,
                place: place.into(),
                cells: Cells::new(cells.iter().map(String::as_str)),
            })
        };
        let comments = found.into_iter().map(comment);
        comments.collect::<Result<_, _>>().map(Some)
    }
}

/// Copies the comments of a plan to the run that applies it.
///
/// # Errors
/// When they can't be copied.
pub fn copy_comments(from: &Path, to: &Path) -> Result<(), JournalError> {
    let (from, part) = (from.join(COMMENTS), to.join(PART));
    let copy = || {
        let _bytes = fs::copy(&from, &part)?;
        File::open(&part)?.sync_all()?;
        rename_durably(&part, &to.join(COMMENTS))
    };
    copy().map_err(|source| JournalError::Io {
        path: from.clone(),
        source,
    })
}

/// Removes the comments of a finished run.
pub fn forget_comments(folder: &Path) {
    // A file that can't be removed does no harm.
    let _gone = fs::remove_file(folder.join(COMMENTS));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(place: &str, text: &str) -> Comment {
        Comment {
            entry: 1,
            place: place.into(),
            cells: Cells::new([text, ""]),
        }
    }

    #[test]
    fn comments_are_found_by_what_they_name() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!CommentReading::is_there(folder.path()));
        let store = CommentStore::create(folder.path()).expect("made");
        for ticket in ["7", "8", "7"] {
            store.expect(1, ticket).expect("taken");
        }
        let took = |ticket: &str, place: &str, text: &str| {
            store.take(ticket, &comment(place, text)).expect("taken")
        };
        assert!(took("8", "c.csv:2", "\u{1F600} \"x\""));
        assert!(took("7", "c.csv:3", "first"));
        assert!(!took("9", "c.csv:4", "nobody's"));
        assert!(took("7", "c.csv:5", "second"));
        store.finish(1).expect("made");
        let reading = CommentReading::open(folder.path()).expect("ours");
        let places = |ticket: &str, most| {
            let found = reading.of(1, ticket, most).expect("read")?;
            Some(
                found
                    .iter()
                    .map(|one| one.place.to_string())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            places("7", 1_000),
            Some(vec!["c.csv:3".to_owned(), "c.csv:5".to_owned()])
        );
        assert_eq!(places("9", 1_000), Some(Vec::new()));
        assert_eq!(places("7", 20), None, "too long together");
        let found = reading.of(1, "8", 1_000).expect("read").expect("short");
        assert_eq!(found, [comment("c.csv:2", "\u{1F600} \"x\"")]);
        assert_eq!(reading.of(0, "8", 1_000).expect("read"), Some(Vec::new()));
        assert_eq!(reading.left().expect("read"), 1);
        let other = tempfile::tempdir().expect("a folder");
        copy_comments(folder.path(), other.path()).expect("copied");
        assert!(CommentReading::open(other.path()).is_ok());
        forget_comments(other.path());
        assert!(!CommentReading::is_there(other.path()));
    }

    #[test]
    fn what_is_no_store_of_ours_is_not_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(COMMENTS);
        let db = Connection::open(&path).expect("made");
        db.execute_batch("CREATE TABLE comment (x INTEGER); CREATE VIEW total AS SELECT 1")
            .expect("made");
        drop(db);
        assert!(CommentReading::open(folder.path()).is_err());
        fs::write(&path, "no database").expect("written");
        assert!(CommentReading::open(folder.path()).is_err());
    }
}
