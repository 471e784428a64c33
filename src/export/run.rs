//! Brings an export to its end: page by page into the target.

use std::io;

use super::page::Pages;
use super::project::{cells, columns};
use super::write::{CsvOut, Target};
use crate::hubspot::Client;
use crate::hubspot::error::CallError;

/// Everything an export needs, resolved.
pub struct Job {
    /// Properties by internal name, in column order.
    pub properties: Vec<String>,
    /// Where it goes.
    pub target: Target,
}

/// Why an export did not come to its end; no file has appeared then.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The portal can't be read.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The target can't be written.
    #[error("can't write the export: {0}")]
    Write(#[from] io::Error),
}

/// Exports all live tickets; gives their number. `progress` hears it now and then.
pub async fn run(
    job: Job,
    client: Client,
    mut progress: impl FnMut(u64),
) -> Result<u64, ExportError> {
    let mut out = CsvOut::open(job.target)?;
    let columns = columns(&job.properties);
    out.write(columns.iter().map(String::as_str))?;
    let mut pages = Pages::new(client, job.properties);
    let mut tickets = 0;
    while let Some(records) = pages.next().await? {
        for record in &records {
            out.write(cells(record, &columns))?;
            tickets += 1;
        }
        progress(tickets);
    }
    out.finish()?;
    Ok(tickets)
}
