//! Version 2 of the tables, as tickethaul 0.1.0 created them: two entries for each row, one of them
//! for its step. A run that began with them is finished with them; no new run uses them.

/// The tables. `step.folded` is the key in lower case. `step.record` of an open step is
/// the record that was found for it before it was intended (R4).
pub(super) const TABLES: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE input (
    file INTEGER PRIMARY KEY, path TEXT NOT NULL, member TEXT, size INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE row (
    seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, record INTEGER NOT NULL,
    line INTEGER NOT NULL, byte INTEGER NOT NULL, fate TEXT NOT NULL,
    key TEXT, ticket TEXT, issue TEXT, settled INTEGER, change TEXT) STRICT;
CREATE TABLE step (
    id INTEGER PRIMARY KEY, row INTEGER, kind TEXT NOT NULL, key TEXT NOT NULL,
    folded TEXT NOT NULL, body BLOB, intended_ms INTEGER, state TEXT NOT NULL,
    record TEXT) STRICT;
CREATE INDEX step_by_row ON step (row) WHERE row IS NOT NULL;
CREATE INDEX step_by_key ON step (folded, kind);
CREATE INDEX row_waiting ON row (seq) WHERE fate = 'waiting';
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// The key of a row.
pub(super) const KEY: &str = "row.key";

/// The earlier row that keeps a row from a key.
pub(super) const HOLDER: &str = "
    SELECT step.key, row.file, row.line FROM step JOIN row ON row.seq = step.row
    WHERE step.folded = ?1 AND step.kind = ?3 AND step.state <> 'refused'
      AND step.row <> ?2 AND step.key IS NOT ?4 AND step.body IS NOT ?5 LIMIT 1";

/// The last row before another with its key whose record holds what it says.
pub(super) const EARLIER: &str = "
    SELECT step.key, row.ticket FROM step JOIN row ON row.seq = step.row
    WHERE step.folded = ?1 AND step.kind = ?2 AND step.row < ?3
      AND row.fate IN ('done', 'unchanged', 'waiting') AND row.ticket IS NOT NULL
    ORDER BY step.row DESC LIMIT 1";

/// Records which record a row means if its intent lacks it.
pub(super) const NAME_RECORD: &str =
    "UPDATE step SET record = ?3 WHERE row = ?1 AND kind = ?2 AND record IS NULL";

/// The body of a row, for a query of rows.
pub(super) const BODY: &str =
    "(SELECT body FROM step WHERE step.row = row.seq AND body IS NOT NULL)";

/// Rows that were intended and have no outcome.
pub(super) const UNKNOWN: &str = "
    SELECT row.seq, step.intended_ms, step.body, step.key, step.record, NULL, NULL FROM row
    JOIN step ON step.row = row.seq
      AND step.kind = (SELECT value FROM meta WHERE name = 'operation')
    WHERE row.settled IS NULL AND row.fate <> 'waiting'";

/// What is known about another record, by its key and the kind of its step.
pub(super) const FIND_OTHER: &str =
    "SELECT intended_ms, NULL, record FROM step WHERE folded = ?1 AND kind = ?2";

/// Inserts the step of another record, unless it exists.
pub(super) const INTEND_OTHER: &str = "
    INSERT INTO step (kind, key, folded, intended_ms, state) SELECT ?2, ?1, ?1, ?3, 'open'
    WHERE NOT EXISTS (SELECT 1 FROM step WHERE folded = ?1 AND kind = ?2)";

/// The outcome of another record's step.
pub(super) const SETTLE_OTHER: &str =
    "UPDATE step SET state = ?3, record = ?4 WHERE folded = ?1 AND kind = ?2";

/// Withdraws the intent to create another record.
pub(super) const RELEASE_OTHER: &str = "
    DELETE FROM step WHERE folded = ?1 AND kind = ?2 AND state = 'open'
      AND row IS NULL AND record IS NULL";

/// Whether a row was intended and has no outcome.
pub(super) const IS_UNKNOWN: &str = "
    row.fate = 'pending' AND EXISTS (SELECT 1 FROM step WHERE step.row = row.seq
      AND step.kind = (SELECT value FROM meta WHERE name = 'operation'))";

/// These tables can't date intents.
pub(super) const DATE: &[&str] = &[];
/// Nor renew them.
pub(super) const RENEW: &[&str] = &[];
/// Nor those of other records.
pub(super) const RENEW_OTHER: &[&str] = &[];

/// Withdraws the intent of a row.
pub(super) const RELEASE: &[&str] = &[
    "DELETE FROM step WHERE row = ?1 AND state = 'open'
       AND EXISTS (SELECT 1 FROM row WHERE seq = ?1 AND fate = 'pending')",
    "DELETE FROM row WHERE seq = ?1 AND fate = 'pending'
       AND NOT EXISTS (SELECT 1 FROM step WHERE step.row = ?1)",
];

/// What later rows with a key changed: these tables do not record it.
pub(super) const LATER: &str = "
    SELECT NULL FROM step JOIN row ON row.seq = step.row
    WHERE step.folded = ?1 AND step.row > ?2 AND row.fate = 'done'";

/// Whether an earlier row has a key.
pub(super) const HAS_BEFORE: &str = "SELECT 1 FROM step WHERE folded = ?1 AND row < ?2";

/// Whether a row with a key created a ticket.
pub(super) const HAS_CREATED: &str = "
    SELECT 1 FROM step JOIN row ON row.seq = step.row
    WHERE step.folded = ?1 AND row.ticket = ?2 AND row.change = 'created'";

/// The ticket of a key.
pub(super) const TICKET_OF_KEY: &str = "
    SELECT row.ticket FROM step JOIN row ON row.seq = step.row
    WHERE step.folded = ?1 AND row.ticket IS NOT NULL LIMIT 1";
