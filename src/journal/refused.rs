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
        let mut groups = Groups::default();
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
            let group = groups.of(refusal.code, gist(&refusal.hint));
            group.rows += 1;
            if group.first.len() < most {
                group.first.push(self.ended(row)?);
            }
        }
        let mut groups: Vec<RefusedRows> = groups.by_reason.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.rows));
        Ok(groups)
    }
}

/// Refused rows while they are read.
#[derive(Default)]
struct Groups {
    /// By code and words.
    by_reason: BTreeMap<(String, String), RefusedRows>,
    /// How many words are told apart, by code.
    told: BTreeMap<String, usize>,
}

impl Groups {
    /// The group of a row. Once `WORDS` words of its code are told apart, all others share one.
    fn of(&mut self, code: String, mut words: String) -> &mut RefusedRows {
        if !self.by_reason.contains_key(&(code.clone(), words.clone())) {
            let told = self.told.entry(code.clone()).or_default();
            *told += 1;
            if *told > WORDS {
                words.clear();
            }
        }
        self.by_reason
            .entry((code.clone(), words.clone()))
            .or_insert_with(|| RefusedRows {
                code,
                words,
                rows: 0,
                first: Vec::new(),
            })
    }
}
