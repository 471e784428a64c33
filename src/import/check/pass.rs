//! The pass over an input: one thread reads, this one maps and counts.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::counts::Counts;
use super::effects::Allowance;
use super::second::Second;
use crate::error::Error;
use crate::import::one_per::Rows;
use crate::import::read::{Input, Reading};
use crate::mapping::CompiledMapping;
use crate::model::check::CheckReport;
use crate::model::schema::Pipeline;

/// Rows that are handed on at once.
const CHUNK: usize = 256;
/// Bytes of cells in rows that are handed on at once, about.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Chunks that may wait.
const CHUNKS: usize = 4;

/// What an input is checked against.
pub struct Check<'a> {
    /// What rows become.
    pub mapping: Arc<CompiledMapping>,
    /// The pipelines of the portal, for the names of stages.
    pub pipelines: &'a [Pipeline],
    /// What the portal allows.
    pub allowance: Allowance,
    /// A new file for the rows that would be refused, in the form of refused.csv.
    pub refused_to: Option<&'a Path>,
}

/// Reads and maps an input to its end; where keys come again, it is read twice.
///
/// # Errors
/// When the input can't be read any further, or a file can't be written.
pub fn check(input: Input, what: &Check<'_>) -> Result<CheckReport, Error> {
    let again = input.again();
    let mut counts = Counts::new(&input, &what.mapping, what.refused_to)?;
    let rows = Rows::new(input, Arc::clone(&what.mapping));
    // What came from standard input is gone with the rows, so they stay until the end.
    let mut rows = first(rows, &mut counts)?;
    let repeats = counts.repeats().map_err(unwritten)?;
    if repeats.any {
        let second = Second::new(&again, &what.mapping);
        second.run(again, repeats, &mut counts, unwritten)?;
    }
    let report = counts.into_report(what.pipelines, what.allowance, rows.take_notices());
    report.map_err(unwritten)
}

/// Counts every row; gives the reader back, at its end.
fn first(mut rows: Rows, counts: &mut Counts<'_>) -> Result<Rows, Error> {
    let (sender, chunks) = sync_channel::<Vec<Reading>>(CHUNKS);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            read(&mut rows, &sender)?;
            Ok(rows)
        });
        let mut chunks = chunks.into_iter();
        let counted = chunks.try_for_each(|chunk| {
            let mut readings = chunk.into_iter();
            readings.try_for_each(|reading| counts.take(reading))
        });
        // The reader stops when nobody wants rows any more.
        drop(chunks);
        let died = |_| Error::unexpected("the reader died");
        let read: Result<Rows, Error> = reader.join().map_err(died)?;
        counted.map_err(unwritten)?;
        read
    })
}

/// Reads to the end, or until nobody wants rows any more.
fn read(rows: &mut Rows, chunks: &SyncSender<Vec<Reading>>) -> Result<(), Error> {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut bytes = 0;
        while chunk.len() < CHUNK && bytes < CHUNK_BYTES {
            let Some(reading) = rows.next()? else {
                let _gone = chunks.send(chunk);
                return Ok(());
            };
            bytes += reading.bytes();
            chunk.push(reading);
        }
        if chunks.send(chunk).is_err() {
            return Ok(());
        }
    }
}

fn unwritten(error: io::Error) -> Error {
    Error::unexpected(format!("a file of the check can't be written: {error}"))
        .advise("make room on the disk, also in the folder for temporary files")
}
