//! Refused rows by reason, with the first of each, for reports.

use std::collections::BTreeMap;

use super::error::{JournalError, at};
use super::format::refusal_from;
use super::read::{PastRow, Reading, past_row};
use crate::model::issue::gist;

/// Portal messages that are distinguished under one code; others are counted together.
const WORDS: usize = 20;

/// Refused rows of one code, with similar messages from the portal.
#[derive(Clone, Debug)]
pub struct RefusedRows {
    /// The code.
    pub code: String,
    /// What the portal's messages have in common; empty if the code says it all.
    pub words: String,
    /// How many rows.
    pub rows: u64,
    /// The first of them, in the order of the input.
    pub first: Vec<PastRow>,
}

impl Reading {
    /// Refused rows by reason, most rows first, with at most `most` of each. Rows are fetched from
    /// the database one by one.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn refused_rows(&self, most: usize) -> Result<Vec<RefusedRows>, JournalError> {
        let mut groups: BTreeMap<(String, String), RefusedRows> = BTreeMap::new();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
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
            let (code, mut words) = (refusal.code, gist(&refusal.hint));
            if !groups.contains_key(&(code.clone(), words.clone())) {
                let count = counts.entry(code.clone()).or_default();
                *count += 1;
                if *count > WORDS {
                    words.clear();
                }
            }
            let group = groups
                .entry((code.clone(), words.clone()))
                .or_insert_with(|| RefusedRows {
                    code,
                    words,
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
