//! The file manager's tables: folders and files by path, and the content of each file once, by its
//! MD5.

use bytes::Bytes;
use rusqlite::{OptionalExtension, Row, params};

use super::Store;

const FILE: &str =
    "SELECT id, folder, name, ending, path, size, md5, access, created, archived FROM file";

const FOLDER: &str = "SELECT id, parent, path, created FROM folder";

/// A file of the file manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredFile {
    pub(crate) id: i64,
    /// None at the top level.
    pub(crate) folder: Option<i64>,
    /// Without its extension.
    pub(crate) name: String,
    pub(crate) ending: String,
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) md5: String,
    pub(crate) access: String,
    pub(crate) created: i64,
    pub(crate) archived: Option<i64>,
}

/// A folder of the file manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredFolder {
    pub(crate) id: i64,
    pub(crate) parent: Option<i64>,
    pub(crate) path: String,
    pub(crate) created: i64,
}

impl Store {
    /// Stores a file and its content.
    pub(crate) fn put_file(&self, file: &StoredFile, bytes: &[u8]) -> rusqlite::Result<()> {
        let _ = self.connection.execute(
            "INSERT OR IGNORE INTO content (md5, bytes) VALUES (?1, ?2)",
            params![file.md5, bytes],
        )?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO file (id, folder, name, ending, path, size, md5, access, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        let values = params![
            file.id,
            file.folder,
            file.name,
            file.ending,
            file.path,
            file.size,
            file.md5,
            file.access,
            file.created
        ];
        statement.execute(values).map(drop)
    }

    /// A live file.
    pub(crate) fn file(&self, id: i64) -> rusqlite::Result<Option<StoredFile>> {
        let query = format!("{FILE} WHERE id = ?1 AND archived IS NULL");
        let mut query = self.connection.prepare_cached(&query)?;
        query.query_row([id], stored_file).optional()
    }

    /// The live files at a path, oldest first; there is one, unless clashes change only the
    /// name.
    pub(crate) fn files_at(&self, path: &str) -> rusqlite::Result<Vec<StoredFile>> {
        let query = format!("{FILE} WHERE path = ?1 AND archived IS NULL ORDER BY id");
        let mut query = self.connection.prepare_cached(&query)?;
        query.query_map([path], stored_file)?.collect()
    }

    /// All files, including archived ones, oldest first; only those with this content if `md5` is
    /// given.
    pub(crate) fn files(&self, md5: Option<&str>) -> rusqlite::Result<Vec<StoredFile>> {
        let condition = match md5 {
            Some(_) => "md5 = ?1",
            None => "?1 IS NULL",
        };
        let query = format!("{FILE} WHERE {condition} ORDER BY id");
        let mut query = self.connection.prepare_cached(&query)?;
        query.query_map([md5], stored_file)?.collect()
    }

    /// The content of a file.
    pub(crate) fn content(&self, md5: &str) -> rusqlite::Result<Bytes> {
        let query = "SELECT bytes FROM content WHERE md5 = ?1";
        let bytes: Vec<u8> = self.connection.query_row(query, [md5], |row| row.get(0))?;
        Ok(bytes.into())
    }

    /// Deletes a live file; returns whether there was one.
    pub(crate) fn archive_file(&self, id: i64, at: i64) -> rusqlite::Result<bool> {
        let statement = "UPDATE file SET archived = ?2 WHERE id = ?1 AND archived IS NULL";
        Ok(self.connection.execute(statement, [id, at])? > 0)
    }

    /// Stores a folder.
    pub(crate) fn put_folder(&self, folder: &StoredFolder) -> rusqlite::Result<()> {
        let statement = "INSERT INTO folder (id, parent, path, created) VALUES (?1, ?2, ?3, ?4)";
        let values = params![folder.id, folder.parent, folder.path, folder.created];
        self.connection.execute(statement, values).map(drop)
    }

    /// A live folder by its path.
    pub(crate) fn folder_at(&self, path: &str) -> rusqlite::Result<Option<StoredFolder>> {
        let query = format!("{FOLDER} WHERE path = ?1 AND archived IS NULL");
        let mut query = self.connection.prepare_cached(&query)?;
        query.query_row([path], stored_folder).optional()
    }

    /// A live folder.
    pub(crate) fn folder(&self, id: i64) -> rusqlite::Result<Option<StoredFolder>> {
        let query = format!("{FOLDER} WHERE id = ?1 AND archived IS NULL");
        let mut query = self.connection.prepare_cached(&query)?;
        query.query_row([id], stored_folder).optional()
    }

    /// Deletes a folder with everything in it.
    pub(crate) fn archive_folder(&self, folder: &StoredFolder, at: i64) -> rusqlite::Result<()> {
        let below = format!("{}/", folder.path);
        for statement in [
            "UPDATE folder SET archived = ?1 WHERE archived IS NULL AND (path = ?2 OR substr(path, 1, length(?3)) = ?3)",
            "UPDATE file SET archived = ?1 WHERE archived IS NULL AND (path = ?2 OR substr(path, 1, length(?3)) = ?3)",
        ] {
            let _ = self
                .connection
                .execute(statement, params![at, folder.path, below])?;
        }
        Ok(())
    }

    /// Removes the id of a file from the activities that name it.
    pub(crate) fn detach(&self, file: i64) -> rusqlite::Result<()> {
        let query = "SELECT id, json_extract(properties, '$.hs_attachment_ids') FROM record
                     WHERE json_extract(properties, '$.hs_attachment_ids') LIKE ?1";
        let mut query = self.connection.prepare(query)?;
        let naming = query.query_map([format!("%{file}%")], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        for naming in naming.collect::<rusqlite::Result<Vec<_>>>()? {
            let file = file.to_string();
            let kept = naming.1.split(';').filter(|id| *id != file);
            let kept = kept.collect::<Vec<_>>().join(";");
            let statement =
                "UPDATE record SET properties = json_set(properties, '$.hs_attachment_ids', ?2)
                             WHERE id = ?1";
            let _ = self
                .connection
                .execute(statement, params![naming.0, kept])?;
        }
        Ok(())
    }
}

fn stored_file(row: &Row<'_>) -> rusqlite::Result<StoredFile> {
    Ok(StoredFile {
        id: row.get(0)?,
        folder: row.get(1)?,
        name: row.get(2)?,
        ending: row.get(3)?,
        path: row.get(4)?,
        size: row.get(5)?,
        md5: row.get(6)?,
        access: row.get(7)?,
        created: row.get(8)?,
        archived: row.get(9)?,
    })
}

fn stored_folder(row: &Row<'_>) -> rusqlite::Result<StoredFolder> {
    Ok(StoredFolder {
        id: row.get(0)?,
        parent: row.get(1)?,
        path: row.get(2)?,
        created: row.get(3)?,
    })
}
