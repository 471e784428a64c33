//! `verify`: every row that a run carried out, against the portal as it is now (protocol
//! PL4). Nothing is written to the portal, and memory does not grow with the run.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};

use super::expect::{DoneRows, Expected};
use super::finding::Finding;
use super::observe::differences;
use crate::error::Error;
use crate::hubspot::{CallError, Client};

/// Pages that are read at once; the pacer keeps them within the portal's limits.
const IN_FLIGHT: usize = 8;

/// The result of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Rows that were compared.
    pub rows: u64,
    /// Rows whose tickets are as the run wrote them.
    pub equal: u64,
    /// Findings by code.
    pub findings: BTreeMap<&'static str, u64>,
}

impl Verified {
    /// Whether every ticket is as the run wrote it.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn count(&mut self, rows: u64, findings: &[Finding]) {
        let mut lines: Vec<&str> = findings.iter().map(|one| one.place.as_str()).collect();
        lines.dedup();
        self.rows += rows;
        self.equal += rows - lines.len() as u64;
        for finding in findings {
            *self.findings.entry(finding.difference.word()).or_default() += 1;
        }
    }
}

/// Compares all rows, or `sample` of them; `hear` receives the findings in the order of the input,
/// page by page, and how many rows have been compared so far.
///
/// # Errors
/// When the journal, the input or the portal can't be read, or `hear` fails.
pub async fn verify(
    client: &Client,
    rows: DoneRows,
    sample: Option<u64>,
    call_error: impl Fn(CallError) -> Error,
    mut hear: impl FnMut(u64, &[Finding]) -> Result<(), Error>,
) -> Result<Verified, Error> {
    let pages = stream::try_unfold((rows, sample), |(mut rows, left)| async move {
        if left == Some(0) {
            return Ok(None);
        }
        let Some(mut page) = rows.page()? else {
            return Ok(None);
        };
        if let Some(left) = left {
            page.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        let left = left.map(|left| left - page.len() as u64);
        Ok::<_, Error>(Some((page, (rows, left))))
    });
    let call_error = &call_error;
    let compared = pages.map_ok(|page: Vec<Expected>| async move {
        let findings = differences(client, &page).await.map_err(call_error)?;
        Ok::<_, Error>((page.len() as u64, findings))
    });
    let mut compared = std::pin::pin!(compared.try_buffered(IN_FLIGHT));
    let mut verified = Verified::default();
    while let Some((rows, findings)) = compared.next().await.transpose()? {
        verified.count(rows, &findings);
        hear(verified.rows, &findings)?;
    }
    Ok(verified)
}
