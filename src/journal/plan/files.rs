//! The files of a plan: what it found out about each, to count them and to check a run against
//! them.

use rusqlite::{Row, params};

use super::read::PlanReading;
use super::write::PlanWriter;
use crate::journal::error::{JournalError, at};
use crate::journal::file_table::has_files;
use crate::model::attachment::Attachment;
use crate::model::check::FileSums;

/// What a plan found out about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// The file, as its source names it.
    pub file: Attachment,
    /// Its size in bytes, if known.
    pub size: Option<u64>,
    /// How it is recognised; none if it is not in the folder of attachments.
    pub held: Option<HeldFile>,
    /// Why it can't be uploaded, as a code of refused rows.
    pub code: Option<String>,
}

/// A file in the folder of attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFile {
    /// When it was last changed.
    pub modified_ms: i64,
    /// MD5 of its bytes, in hex digits.
    pub md5: String,
}

impl PlanWriter {
    /// Adds a file, unless there is one with its key.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn add_file(&self, key: &str, planned: &PlannedFile) -> Result<(), JournalError> {
        let (file, held) = (&planned.file, planned.held.as_ref());
        let add = || {
            let mut insert = self.db.prepare_cached(
                "INSERT OR IGNORE INTO file (key, id, name, url, size, modified_ms, md5, code)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            insert.execute(params![
                key,
                file.id,
                file.name,
                file.url,
                planned.size,
                held.map(|held| held.modified_ms),
                held.map(|held| &held.md5),
                planned.code
            ])
        };
        add().map(drop).map_err(at(&self.building))
    }

    /// How many files can be uploaded, and their total size.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn file_sums(&self) -> Result<FileSums, JournalError> {
        let sql = "SELECT count(*), coalesce(sum(size), 0), count(*) FILTER (WHERE size IS NULL)
                   FROM file WHERE code IS NULL";
        let sums = self.db.query_row(sql, [], |row| {
            Ok(FileSums {
                files: row.get(0)?,
                bytes: row.get(1)?,
                unsized_files: row.get(2)?,
            })
        });
        sums.map_err(at(&self.building))
    }
}

fn planned(row: &Row<'_>) -> rusqlite::Result<(String, PlannedFile)> {
    let (modified_ms, md5): (Option<i64>, Option<String>) = (row.get(5)?, row.get(6)?);
    let held = modified_ms.zip(md5);
    Ok((
        row.get(0)?,
        PlannedFile {
            file: Attachment {
                id: row.get(1)?,
                name: row.get(2)?,
                url: row.get(3)?,
                ..Attachment::default()
            },
            size: row.get(4)?,
            held: held.map(|(modified_ms, md5)| HeldFile { modified_ms, md5 }),
            code: row.get(7)?,
        },
    ))
}

impl PlanReading {
    /// Files after `after`, each with its key, at most `most`.
    ///
    /// # Errors
    /// When the plan can't be read.
    pub fn files(
        &self,
        after: &str,
        most: usize,
    ) -> Result<Vec<(String, PlannedFile)>, JournalError> {
        let db = self.reading.db();
        let read = || {
            if !has_files(db)? {
                return Ok(Vec::new());
            }
            let sql = "SELECT key, id, name, url, size, modified_ms, md5, code FROM file
                       WHERE key > ?1 ORDER BY key LIMIT ?2";
            let mut query = db.prepare_cached(sql)?;
            let files = query.query_map(params![after, most as u64], planned)?;
            files.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(at(self.reading.path()))
    }
}
