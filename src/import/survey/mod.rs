//! What a user should know about an input before mapping it: all rows are read as an import would
//! read them, and counted by column for the proposal of a mapping. One thread reads, another
//! counts; reading is less work, so the reader counts some columns too.

mod footer;
mod dialect;

pub use dialect::{DialectSurvey, survey_dialect};
pub use footer::Footer;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use footer::Tail;

use super::flow::RowOutcome;
use super::read::{Input, Reading, TextFacts};
use crate::error::Error;
use crate::mapping::propose;
use crate::model::event::RefusalGroup;
use crate::model::outcome::RowEnd;
use crate::model::place::Places;

/// Rows of a chunk.
const CHUNK: usize = 256;
/// Bytes of cells in a chunk, about.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Chunks that may wait.
const CHUNKS: usize = 4;

/// The reader counts every column whose position is a multiple of this.
const READERS: usize = 4;

/// Everything found in an input.
#[derive(Debug)]
pub struct Survey {
    /// Its texts.
    pub texts: Vec<TextFacts>,
    /// Records after the headers, whatever they are.
    pub records: u64,
    /// Rows that can be mapped, and what their columns hold.
    pub cells: propose::Survey,
    /// Empty rows; an import skips them.
    pub ghosts: u64,
    /// Repeated headers; an import skips them.
    pub headers_again: u64,
    /// Rows that an import would refuse before mapping them, by code.
    pub refusals: Vec<RefusalGroup>,
    /// Names that several columns have, in file order.
    pub repeated: Vec<String>,
    /// Records at the ends of files that are not rows.
    pub footers: Vec<Footer>,
    /// What else was noticed on the way.
    pub notices: Vec<String>,
}

/// Reads the input to its end.
///
/// # Errors
/// When it can't be read to its end.
pub fn survey(input: &mut Input) -> Result<Survey, Error> {
    let repeated = repeated(input.headers().names());
    let mut counts = Counts {
        cells: propose::Survey::new(input.headers()),
        places: input.places(),
        ghosts: 0,
        headers_again: 0,
        refusals: BTreeMap::new(),
        records: 0,
        tail: Tail::default(),
    };
    let mut share = counts.cells.share(READERS);
    let (sender, chunks) = sync_channel(CHUNKS);
    let (give_back, used) = sync_channel(CHUNKS);
    let mut counts = std::thread::scope(|scope| {
        let counter = scope.spawn(move || counts.all(chunks, &give_back));
        read(input, &mut share, &sender, &used)?;
        drop(sender);
        let died = |_| Error::unexpected("the thread that counts the cells died");
        counter.join().map_err(died)
    })?;
    counts.cells.take_back(share);
    Ok(Survey {
        texts: input.facts(),
        records: counts.records,
        cells: counts.cells,
        ghosts: counts.ghosts,
        headers_again: counts.headers_again,
        refusals: counts.refusals.into_values().collect(),
        repeated,
        footers: counts.tail.finish(),
        notices: input.take_notices(),
    })
}

/// Reads the input to its end. Counted rows are passed back, because memory is freed fastest by the
/// thread that allocated it.
fn read(
    input: &mut Input,
    share: &mut propose::Share,
    chunks: &SyncSender<Vec<Reading>>,
    used: &Receiver<Vec<Reading>>,
) -> Result<(), Error> {
    let mut is_last = false;
    while !is_last {
        used.try_iter().for_each(drop);
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut bytes = 0;
        while chunk.len() < CHUNK && bytes < CHUNK_BYTES && !is_last {
            match input.next_row()? {
                Some(reading) => {
                    bytes += reading.bytes();
                    if let Reading::Row(row) = &reading {
                        share.add(&row.cells, row.address.line);
                    }
                    chunk.push(reading);
                }
                None => is_last = true,
            }
        }
        // Sending only fails if the counting thread has died; joining it will show that.
        is_last |= chunks.send(chunk).is_err();
    }
    Ok(())
}

/// What is counted row by row.
struct Counts {
    cells: propose::Survey,
    places: Places,
    ghosts: u64,
    headers_again: u64,
    refusals: BTreeMap<String, RefusalGroup>,
    records: u64,
    tail: Tail,
}

impl Counts {
    /// Counts all rows.
    fn all(
        mut self,
        chunks: Receiver<Vec<Reading>>,
        give_back: &SyncSender<Vec<Reading>>,
    ) -> Counts {
        for chunk in chunks {
            let mut used = Vec::with_capacity(chunk.len());
            for reading in chunk {
                self.records += 1;
                self.take(&reading);
                used.extend(self.tail.take(reading));
            }
            // If the reader has enough of them, or is done, it is dropped here.
            let _kept = give_back.try_send(used);
        }
        self
    }

    fn take(&mut self, reading: &Reading) {
        match reading {
            Reading::Row(row) => self.cells.add(&row.cells, row.address.line),
            Reading::Fallen(outcome) => self.fell(outcome),
        }
    }

    fn fell(&mut self, outcome: &RowOutcome) {
        let RowEnd::Refused(issue) = &outcome.end else {
            match outcome.source.cells.is_blank() {
                true => self.ghosts += 1,
                false => self.headers_again += 1,
            }
            return;
        };
        let address = outcome.source.address;
        let place = self.places.words(address.file, address.line);
        RefusalGroup::count(&mut self.refusals, &place, issue);
    }
}

/// Repeated names, each reported once.
fn repeated(names: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut repeated = Vec::new();
    for name in names {
        let count = counts.entry(name).or_default();
        *count += 1;
        if *count == 2 && !name.is_empty() {
            repeated.push(name.clone());
        }
    }
    repeated
}
