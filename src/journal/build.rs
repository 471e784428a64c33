//! Creates run.db, with its header complete before it gets its name (protocol D1), opens it
//! to continue a run, and closes it as a single file (D4).

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, params};

use super::clock::now;
use super::format::{Header, schema_text};
use super::schema::{TABLES, VERSION};
use super::validate::connect;

/// A database that is created if missing.
pub(super) const ANEW: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_CREATE);

/// Does everything that a journal does to a file system: creates a file, a log next to it, and a
/// commit that waits for the disk.
pub(super) fn build_empty(path: &Path) -> rusqlite::Result<()> {
    let db = open(path, Durability::Full)?;
    db.execute_batch(TABLES)?;
    db.close().map_err(|(_, error)| error)
}

/// Creates the database with its header, under a temporary name.
pub(super) fn build(path: &Path, header: &Header) -> rusqlite::Result<()> {
    let mut db = connect(path, ANEW)?;
    db.pragma_update(None, "user_version", VERSION)?;
    let transaction = db.transaction()?;
    transaction.execute_batch(TABLES)?;
    write_header(&transaction, header)?;
    transaction.commit()?;
    db.close().map_err(|(_, error)| error)
}

/// Writes what a run or a plan is about, and when it began.
pub(super) fn write_header(transaction: &Transaction<'_>, header: &Header) -> rusqlite::Result<()> {
    for (name, value) in meta(header)? {
        let _one = transaction.execute("INSERT INTO meta VALUES (?1, ?2)", params![name, value])?;
    }
    for (idx, input) in header.inputs.iter().enumerate() {
        let _one = transaction.execute(
            "INSERT INTO input VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                idx as u64,
                input.path.to_string_lossy(),
                input.member,
                input.size,
                input.modified.as_millisecond(),
                input.hash
            ],
        )?;
    }
    let now = now().as_millisecond();
    let sql = "INSERT INTO mark VALUES ('started_ms', ?1), ('updated_ms', ?1)";
    transaction.execute(sql, [now]).map(drop)
}

/// The header as names and texts.
fn meta(header: &Header) -> rusqlite::Result<[(&'static str, String); 18]> {
    let undoes = header.undoes.as_ref();
    let undone = undoes.map(|undone| undone.folder.display().to_string());
    let plan = header.plan.as_ref();
    let plan = plan.map(|plan| json(serde_json::to_string(plan)));
    let delimiter = header.delimiter.map(|byte| char::from(byte).to_string());
    Ok([
        ("tool", env!("CARGO_PKG_VERSION").to_owned()),
        ("run", header.run.clone()),
        ("parent", header.parent.clone().unwrap_or_default()),
        ("operation", header.operation.clone()),
        ("portal", header.portal_id.to_string()),
        ("portal_path", json(serde_json::to_string(&header.portal))?),
        ("mapping_path", header.mapping_path.display().to_string()),
        ("mapping", header.mapping_text.clone()),
        ("tables", json(serde_json::to_string(&header.tables))?),
        ("schema", json(schema_text(&header.schema))?),
        ("no_key", header.no_key.to_string()),
        ("diff", header.diff.to_string()),
        ("undoes", undone.unwrap_or_default()),
        (
            "undoes_run",
            undoes.map_or(String::new(), |undone| undone.run.clone()),
        ),
        ("plan", plan.transpose()?.unwrap_or_default()),
        ("told", json(serde_json::to_string(&header.run_options))?),
        ("encoding", header.encoding.clone().unwrap_or_default()),
        ("delimiter", delimiter.unwrap_or_default()),
    ])
}

/// A failed serialisation as an error of the database.
pub(super) fn json<T>(text: serde_json::Result<T>) -> rusqlite::Result<T> {
    text.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Opens the database for writing.
pub(super) fn open(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let db = connect(path, ANEW)?;
    let _mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Off => "OFF",
    };
    db.pragma_update(None, "synchronous", synchronous)?;
    db.pragma_update(None, "cache_size", -1_500)?;
    // With this, bound values never change a statement's plan. Without it SQLite, which is
    // built with STAT4 here, prepares the look-up of a key again for each row that is
    // intended.
    let _on = db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// Time between two tries to have the database alone.
const PAUSE: Duration = Duration::from_millis(10);

/// Closes the database as a single file, if it can be had alone within `patience`: SQLite refuses
/// to leave WAL mode while another process has it open, as `tickethaul runs` does for a moment.
/// With a process that keeps it open, the log stays next to it and nothing is lost.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite waits for a lock by the same clock"
)]
pub(super) fn close(db: Connection, patience: Duration) -> rusqlite::Result<()> {
    let end = Instant::now() + patience;
    while let Err(error) = db.pragma_update(None, "journal_mode", "DELETE") {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) if Instant::now() < end => sleep(PAUSE),
            Some(ErrorCode::DatabaseBusy) => break,
            _ => return Err(error),
        }
    }
    db.close().map_err(|(_, error)| error)
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// SQLite `synchronous = FULL`: what every run does (D2).
    Full,
    /// SQLite `synchronous = OFF`: for measuring what `Full` costs.
    Off,
}
