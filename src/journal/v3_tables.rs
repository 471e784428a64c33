//! Version 3 of the tables: one entry for each row, which holds its intent and its
//! outcome, so that each of them is one write.

/// The tables. A row was intended if `folded` is set: the key in lower case, so that keys that
/// differ only by case coincide in the index (K2, K4). `key` is set if it differs from that.
/// `ticket` of a row without an outcome is the record that was found for it before it was intended
/// (R4). `until_ms` is the latest time, by the portal's clock, at which a call of an earlier
/// process can have been carried out (K6). `settled` counts settlements from 1, so that the derived
/// files can be rebuilt (D3). `change` says what was done for a row that is done, `changes` what
/// its ticket held before (PL6). The fate `waiting` is that of a row whose ticket is written and
/// whose notes and links wait (D6). Notes have their own table (`notes`). A row that waited and was
/// refused keeps its ticket and what was done with it: an undo undoes that.
pub(super) const TABLES: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE input (
    file INTEGER PRIMARY KEY, path TEXT NOT NULL, member TEXT, size INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE row (
    seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, record INTEGER NOT NULL,
    line INTEGER NOT NULL, byte INTEGER NOT NULL, fate TEXT NOT NULL,
    key TEXT, folded TEXT, ticket TEXT, issue TEXT, settled INTEGER, change TEXT,
    body BLOB, intended_ms INTEGER, until_ms INTEGER, changes TEXT) STRICT;
CREATE TABLE step (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, intended_ms INTEGER,
    until_ms INTEGER, state TEXT NOT NULL, record TEXT) STRICT;
CREATE INDEX row_by_key ON row (folded) WHERE folded IS NOT NULL;
CREATE INDEX row_waiting ON row (seq) WHERE fate = 'waiting';
CREATE INDEX step_by_key ON step (key, kind);
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// The key of a row.
pub(super) const KEY: &str = "coalesce(row.key, row.folded)";

/// The earlier row that keeps a row from a key. All rows are of the run's operation.
pub(super) const HOLDER: &str = "
    SELECT coalesce(key, folded), file, line FROM row
    WHERE folded = ?1 AND fate <> 'refused' AND ?3 IS NOT NULL
      AND seq <> ?2 AND coalesce(key, folded) IS NOT ?4 AND body IS NOT ?5 LIMIT 1";

/// The last row before another with its key whose record holds what it says.
pub(super) const EARLIER: &str = "
    SELECT coalesce(key, folded), ticket FROM row
    WHERE folded = ?1 AND ?2 IS NOT NULL AND seq < ?3
      AND fate IN ('done', 'unchanged', 'waiting') AND ticket IS NOT NULL
    ORDER BY seq DESC LIMIT 1";

/// Records which record a row means if its intent lacks it.
pub(super) const NAME_RECORD: &str =
    "UPDATE row SET ticket = ?3 WHERE seq = ?1 AND ?2 IS NOT NULL AND ticket IS NULL";

/// The body of a row, for a query of rows.
pub(super) const BODY: &str = "row.body";

/// Rows that were intended and have no outcome.
pub(super) const UNKNOWN: &str = "
    SELECT seq, intended_ms, body, coalesce(key, folded), ticket, changes, until_ms FROM row
    WHERE settled IS NULL AND fate <> 'waiting' AND folded IS NOT NULL";

/// What is known about another record, by its key and the kind of its step.
pub(super) const FIND_OTHER: &str =
    "SELECT intended_ms, until_ms, record FROM step WHERE key = ?1 AND kind = ?2";

/// Inserts the step of another record, unless it exists.
pub(super) const INTEND_OTHER: &str = "
    INSERT INTO step (kind, key, intended_ms, state) SELECT ?2, ?1, ?3, 'open'
    WHERE NOT EXISTS (SELECT 1 FROM step WHERE key = ?1 AND kind = ?2)";

/// The outcome of another record's step.
pub(super) const SETTLE_OTHER: &str =
    "UPDATE step SET state = ?3, record = ?4 WHERE key = ?1 AND kind = ?2";

/// Withdraws the intent to create another record.
pub(super) const RELEASE_OTHER: &str =
    "DELETE FROM step WHERE key = ?1 AND kind = ?2 AND state = 'open' AND record IS NULL";

/// Whether a row was intended and has no outcome.
pub(super) const IS_UNKNOWN: &str = "row.fate = 'pending' AND row.folded IS NOT NULL";

/// Dates the open intents of earlier processes by a mark.
pub(super) const DATE: &[&str] = &[
    "UPDATE row SET until_ms = (SELECT value FROM mark WHERE name = ?1)
     WHERE fate = 'pending' AND folded IS NOT NULL AND until_ms IS NULL",
    "UPDATE step SET until_ms = (SELECT value FROM mark WHERE name = ?1)
     WHERE state = 'open' AND until_ms IS NULL",
    "UPDATE note SET until_ms = (SELECT value FROM mark WHERE name = ?1)
     WHERE state IN ('open', 'twin') AND until_ms IS NULL",
    "UPDATE file SET until_ms = (SELECT value FROM mark WHERE name = ?1)
     WHERE state = 'open' AND until_ms IS NULL",
];

/// Withdraws the intent of a row.
pub(super) const RELEASE: &[&str] = &["DELETE FROM row WHERE seq = ?1 AND fate = 'pending'"];

/// Calls may begin again for a row that an earlier process intended.
pub(super) const RENEW: &[&str] = &["UPDATE row SET until_ms = NULL WHERE seq = ?1"];
/// The same for another record.
pub(super) const RENEW_OTHER: &[&str] =
    &["UPDATE step SET until_ms = NULL WHERE key = ?1 AND kind = ?2"];

/// What later rows with a key changed.
pub(super) const LATER: &str =
    "SELECT changes FROM row WHERE folded = ?1 AND seq > ?2 AND fate = 'done'";

/// Whether an earlier row has a key.
pub(super) const HAS_BEFORE: &str = "SELECT 1 FROM row WHERE folded = ?1 AND seq < ?2";

/// Whether a row with a key created a ticket.
pub(super) const HAS_CREATED: &str =
    "SELECT 1 FROM row WHERE folded = ?1 AND ticket = ?2 AND change = 'created'";

/// The ticket of a key.
pub(super) const TICKET_OF_KEY: &str =
    "SELECT ticket FROM row WHERE folded = ?1 AND ticket IS NOT NULL LIMIT 1";
