//! Rows whose ticket is written and whose links wait for the end of the input, because
//! they lead to tickets that may come later in it (D6). Such a row is not settled, but a
//! resumed run does not read it with the others: its last phase does.

use rusqlite::params;

use super::commit::Commit;
use super::entry::RowEntry;
use super::error::{JournalError, at};
use super::read::entry;
use super::schema::Tables;
use super::v2_rows;
use crate::model::key::Key;
use crate::model::outcome::Change;

/// A row that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The row's number and place.
    pub row: RowEntry,
    /// The key that its ticket has.
    pub key: Key,
    /// Hash of what was sent; none if nothing was.
    pub body: Option<[u8; 16]>,
    /// Id of the ticket.
    pub ticket: String,
    /// What was done with the ticket; none if it already held what the row says.
    pub change: Option<Change>,
}

impl Commit<'_> {
    /// Records that a row's ticket holds what the row says and that its links wait;
    /// `body` is ignored: the row's intent has it.
    pub fn wait(&self, waiting: &Waiting) -> Result<(), JournalError> {
        let place = waiting.row.address;
        self.run(
            "INSERT INTO row (seq, file, record, line, byte, fate, key, ticket, change)
             VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6, ?7, ?8)
             ON CONFLICT (seq) DO UPDATE
             SET fate = 'waiting', key = ?6, ticket = ?7, change = ?8",
            params![
                waiting.row.seq,
                place.file,
                place.record,
                place.line,
                place.byte,
                waiting.key,
                waiting.ticket,
                waiting.change.map(Change::word)
            ],
        )?;
        match self.tables {
            Tables::Second => v2_rows::wait(self, waiting.row.seq, &waiting.ticket),
            Tables::Third => Ok(()),
        }
    }

    /// At most `most` waiting rows, in file order, after row `after`.
    pub fn waiting(&self, after: u64, most: usize) -> Result<Vec<Waiting>, JournalError> {
        let read = || {
            let sql = format!(
                "SELECT seq, file, record, line, byte, {}, ticket, change, {}
                 FROM row WHERE fate = 'waiting' AND seq > ?1 ORDER BY seq LIMIT ?2",
                self.statements.key, self.statements.body
            );
            let mut query = self.transaction.prepare_cached(&sql)?;
            let rows = query.query_map(params![after, most as u64], waiting)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(at(self.path))
    }

    /// How many rows wait.
    pub fn count_waiting(&self) -> Result<u64, JournalError> {
        let sql = "SELECT count(*) FROM row WHERE fate = 'waiting'";
        let count = self.transaction.query_row(sql, [], |row| row.get(0));
        count.map_err(at(self.path))
    }
}

fn waiting(row: &rusqlite::Row<'_>) -> rusqlite::Result<Waiting> {
    let change: Option<String> = row.get(7)?;
    Ok(Waiting {
        row: entry(row)?,
        key: row.get(5)?,
        body: row.get(8)?,
        ticket: row.get(6)?,
        change: Change::ALL
            .into_iter()
            .find(|one| Some(one.word()) == change.as_deref()),
    })
}
