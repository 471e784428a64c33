//! The reader thread of a plan: rows as an import would read and map them, in pages that
//! are looked up together.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use crate::error::Error;
use crate::import::flow::{Operation, PlannedOp, RowOutcome};
use crate::import::plan::feed::map;
use crate::import::plan::one_per::Rows;
use crate::import::plan::plan;
use crate::import::read::{Input, Reading};
use crate::mapping::CompiledMapping;

/// Rows that are looked up together. HubSpot: a batch read takes 100 keys.
pub(super) const PAGE: usize = 100;

/// Bytes of cells in a page, about.
const BYTES: usize = 1024 * 1024;

/// Pages that may wait.
const WAITING: usize = 4;

/// A row, as far as the input alone shows.
pub(super) enum Row {
    /// It would be sent.
    Op(Box<PlannedOp>),
    /// It ends before that.
    Ended(Box<RowOutcome>),
}

/// Rows that are looked at together.
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    /// The byte of the input that they end at.
    pub(super) ends: u64,
}

/// What is read, and how.
pub(super) struct Reader {
    pub(super) mapping: Arc<CompiledMapping>,
    pub(super) operation: Operation,
    pub(super) limit: Option<u64>,
}

/// The reading thread; returns its notes at the end.
pub(super) type ReaderThread = JoinHandle<Result<Vec<String>, Error>>;

impl Reader {
    /// Starts it. It ends with the input, at the limit, or when no more pages are wanted.
    pub(super) fn start(self, input: Input) -> (mpsc::Receiver<Page>, ReaderThread) {
        let (pages, receiver) = mpsc::channel(WAITING);
        let thread = std::thread::spawn(move || self.run(input, &pages));
        (receiver, thread)
    }

    fn run(&self, input: Input, pages: &mpsc::Sender<Page>) -> Result<Vec<String>, Error> {
        let mut rows = Rows::new(input, Arc::clone(&self.mapping));
        loop {
            let (page, is_last) = self.page(&mut rows)?;
            let page = Page {
                rows: page,
                ends: rows.offset(),
            };
            let gone = !page.rows.is_empty() && pages.blocking_send(page).is_err();
            if is_last || gone {
                return Ok(rows.take_notices());
            }
        }
    }

    /// The next rows, and whether they are the last.
    fn page(&self, rows: &mut Rows) -> Result<(Vec<Row>, bool), Error> {
        let mut page = Vec::with_capacity(PAGE);
        let mut bytes = 0;
        while page.len() < PAGE && bytes < BYTES {
            if self.limit.is_some_and(|limit| rows.rows_read() >= limit) {
                return Ok((page, true));
            }
            let Some(reading) = rows.next()? else {
                return Ok((page, true));
            };
            bytes += reading.bytes();
            page.push(self.planned(reading));
        }
        Ok((page, false))
    }

    fn planned(&self, reading: Reading) -> Row {
        let planned = match reading {
            Reading::Fallen(outcome) => Err(outcome),
            Reading::Row(source) => {
                map(&self.mapping, source).and_then(|row| plan(self.operation, row))
            }
        };
        match planned {
            Ok(op) => Row::Op(Box::new(op)),
            Err(outcome) => Row::Ended(outcome),
        }
    }
}
