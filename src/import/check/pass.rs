//! The pass over an input: one thread reads, this one maps and counts. Reading is less
//! work, so the reader also maps chunks when this thread can't keep up.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use super::counts::Counts;
use super::effects::{Allowance, Setting};
use super::judge::{Judge, Judged};
use super::second::Second;
use crate::error::Error;
use crate::import::flow::Operation;
use crate::import::plan::one_per::Rows;
use crate::import::read::{Input, Reading};
use crate::mapping::CompiledMapping;
use crate::model::check::CheckReport;
use crate::model::schema::Pipeline;
use crate::model::value_rule::RuleBook;
use crate::output::Target;

/// Rows of a chunk.
const CHUNK: usize = 256;
/// Bytes of cells in a chunk, about.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Chunks that may wait.
const CHUNKS: usize = 4;

/// What an input is checked against.
pub struct Check<'a> {
    /// What a run would do with the rows.
    pub operation: Operation,
    /// What rows become.
    pub mapping: &'a CompiledMapping,
    /// The same, compiled again for the reader: values share their property's name by a
    /// reference count, and two threads changing one count are slower than one thread.
    pub readers: Arc<CompiledMapping>,
    /// The pipelines of the portal, for the names of stages.
    pub pipelines: &'a [Pipeline],
    /// The portal's rules for values that are sent.
    pub rules: RuleBook,
    /// What the portal allows.
    pub allowance: Allowance,
    /// What the run does before its first row.
    pub setting: Setting,
    /// The file for rows that would be refused, in the form of refused.csv.
    pub refused_to: Option<&'a Target>,
    /// Receives how many rows were read, and how many bytes of the input they represent.
    pub hear: &'a (dyn Fn(u64, u64) + Sync),
}

/// Records passed between the threads, in order.
enum Chunk {
    /// As read.
    Read(Vec<Reading>),
    /// Judged by the reader.
    Judged(Vec<Judged>),
}

/// Reads and maps an input to its end; if keys are repeated, it is read twice.
///
/// # Errors
/// When the input can't be read to its end, or a file can't be written.
pub fn check(input: Input, what: &Check<'_>) -> Result<CheckReport, Error> {
    let again = input.again();
    let keys = what.operation.keys(what.mapping.rows_are_tickets());
    let judge = Judge::new(what.mapping, keys, what.pipelines).minding(&what.rules);
    let readers = judge.with(&what.readers);
    let mut counts = Counts::new(&input, what.mapping, what.pipelines, what.refused_to)?;
    let rows = Rows::new(input, Arc::clone(&what.readers));
    // Data from standard input is removed with the rows, so they are kept until the end.
    let mut rows = first(rows, &judge, &readers, &mut counts, what.hear)?;
    let repeats = counts.repeats().map_err(unwritten)?;
    if repeats.any {
        let second = Second::new(&again, what.mapping, keys, &judge);
        second.run(again, repeats, &mut counts, unwritten)?;
    }
    let notices = rows.take_notices();
    let report = counts.into_report(what.operation, what.allowance, what.setting, notices);
    report.map_err(unwritten)
}

/// Counts every row; returns the reader at its end.
fn first(
    mut rows: Rows,
    judge: &Judge<'_>,
    readers: &Judge<'_>,
    counts: &mut Counts<'_>,
    hear: &(dyn Fn(u64, u64) + Sync),
) -> Result<Rows, Error> {
    let (sender, chunks) = sync_channel(CHUNKS);
    let (give_back, used) = sync_channel(CHUNKS);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            read(&mut rows, readers, &sender, &used, hear)?;
            Ok(rows)
        });
        let mut chunks = chunks.into_iter();
        let counted = chunks.try_for_each(|chunk| match chunk {
            Chunk::Read(chunk) => {
                let mut readings = chunk.iter();
                let counted = readings.try_for_each(|reading| counts.take(judge.judge(reading)));
                // If the reader has enough of them, or is done, it is dropped here.
                let _kept = give_back.try_send(chunk);
                counted
            }
            Chunk::Judged(judged) => judged.into_iter().try_for_each(|row| counts.take(row)),
        });
        // The reader stops when the receiver is dropped.
        drop(chunks);
        let died = |_| Error::unexpected("the reader died");
        let read: Result<Rows, Error> = reader.join().map_err(died)?;
        counted.map_err(unwritten)?;
        read
    })
}

/// Reads to the end, or until no more rows are wanted. Counted rows are passed back, because memory
/// is freed fastest by the thread that allocated it.
fn read(
    rows: &mut Rows,
    judge: &Judge<'_>,
    chunks: &SyncSender<Chunk>,
    used: &Receiver<Vec<Reading>>,
    hear: &(dyn Fn(u64, u64) + Sync),
) -> Result<(), Error> {
    loop {
        used.try_iter().for_each(drop);
        let (chunk, is_last) = read_chunk(rows)?;
        hear(rows.rows_read(), rows.offset());
        let wanted = match chunks.try_send(Chunk::Read(chunk)) {
            Err(TrySendError::Full(Chunk::Read(chunk))) => {
                chunks.send(Chunk::Judged(judge.all(&chunk))).is_ok()
            }
            sent => sent.is_ok(),
        };
        if is_last || !wanted {
            return Ok(());
        }
    }
}

/// The next rows, and whether they are the last.
fn read_chunk(rows: &mut Rows) -> Result<(Vec<Reading>, bool), Error> {
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut bytes = 0;
    while chunk.len() < CHUNK && bytes < CHUNK_BYTES {
        let Some(reading) = rows.next()? else {
            return Ok((chunk, true));
        };
        bytes += reading.bytes();
        chunk.push(reading);
    }
    Ok((chunk, false))
}

fn unwritten(error: io::Error) -> Error {
    Error::unexpected("a file of the check can't be written")
        .because(error)
        .advise("make room on the disk, also in the folder for temporary files")
}
