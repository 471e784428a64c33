//! Rows made by hand, for unit tests.

use crate::import::flow::PlannedOp;
use crate::model::place::RowAddress;
use crate::model::row::{Cells, SourceRow};
use crate::model::ticket::TicketDraft;

/// A row with a key and this many bytes in a call.
pub(super) fn op(seq: u64, key: &str, bytes: usize) -> PlannedOp {
    let address = RowAddress {
        file: 0,
        record: seq,
        line: seq + 1,
        byte: 0,
    };
    PlannedOp {
        source: SourceRow {
            seq,
            address,
            cells: Cells::default(),
            kept: None,
            object: None,
            comments: Vec::new(),
        },
        draft: TicketDraft {
            key: key.into(),
            ..TicketDraft::default()
        },
        ticket: None,
        notes: 0,
        times_late: 0,
        bytes,
        body: [0; 16],
        changes: None,
        past: None,
        planned: None,
    }
}
