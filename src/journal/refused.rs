//! Refused rows by reason, with the first of each, for reports.

use std::collections::BTreeMap;

use super::error::{JournalError, at};
use super::format::refusal_from;
use super::read::{PastRow, Reading, past_row};

/// Refused rows of one code.
#[derive(Clone, Debug)]
pub struct RefusedRows {
    /// The code.
    pub code: String,
    /// How many rows.
    pub rows: u64,
    /// The first of them, in the order of the input.
    pub first: Vec<PastRow>,
}

impl Reading {
    /// Refused rows by code, most rows first, with at most `most` of each code. Rows come out
    /// of the database one by one.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn refused_rows(&self, most: usize) -> Result<Vec<RefusedRows>, JournalError> {
        let mut groups: BTreeMap<String, RefusedRows> = BTreeMap::new();
        let failed = || at(&self.path);
        let mut query = self
            .db
            .prepare(&format!(
                "SELECT seq, file, record, line, byte, {}, fate, ticket, issue, change FROM row
                 WHERE fate = 'refused' ORDER BY seq",
                self.tables().statements().key
            ))
            .map_err(failed())?;
        let rows = query.query_map([], past_row).map_err(failed())?;
        for row in rows {
            let row = row.map_err(failed())?;
            let issue = row.issue.as_deref().unwrap_or_default();
            let refusal = refusal_from(issue).map_err(|_| self.broken("issue"))?;
            let group = groups
                .entry(refusal.code.clone())
                .or_insert_with(|| RefusedRows {
                    code: refusal.code,
                    rows: 0,
                    first: Vec::new(),
                });
            group.rows += 1;
            if group.first.len() < most {
                group.first.push(self.ended(row)?);
            }
        }
        let mut groups: Vec<RefusedRows> = groups.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.rows));
        Ok(groups)
    }
}
