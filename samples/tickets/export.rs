//! The file: a header and one record for each ticket, in the order of their creation.

use std::io::Write;

use anyhow::Result;

use super::mistakes::Planter;
use super::moment::Moment;
use super::people::People;
use super::phrases::Phrases;
use super::random::Random;
use super::row::{HEADER, Row};
use super::ticket::{Desk, Ticket};
use super::wording::Wording;

/// Bytes that are collected before they are written.
const BUFFER: usize = 256 * 1024;
/// The id before the first one's.
const IDS_START_AFTER: u64 = 100_000;

/// What file is wanted. Equal requests give equal files, byte for byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// Records below the header.
    pub(crate) rows: u64,
    pub(crate) seed: u64,
    /// Spoil seven of the rows.
    pub(crate) with_mistakes: bool,
}

/// Writes the file; what is kept in memory does not depend on its size. Fails where
/// `out` does, and where the rows are too few for the mistakes.
pub(crate) fn write_export(request: Request, out: impl Write) -> Result<()> {
    let phrases = Phrases::load()?;
    let people = People::load(&phrases)?;
    let desk = Desk { phrases, people };
    let mut file = csv::WriterBuilder::new()
        .flexible(true) // a mistake makes one record longer than the header
        .buffer_capacity(BUFFER)
        .from_writer(out);
    file.write_record(HEADER)?;
    write_rows(request, &desk, &mut file)?;
    file.flush()?;
    Ok(())
}

fn write_rows(request: Request, desk: &Desk, file: &mut csv::Writer<impl Write>) -> Result<()> {
    let mut planter = Planter::new(request.rows, request.with_mistakes);
    let mut wording = Wording::default();
    let mut row = Row::default();
    let mut id = IDS_START_AFTER;
    for number in 0..request.rows {
        let mut random = Random::for_row(request.seed, number);
        id += id_step(&mut random);
        let created = creation(&mut random, number, request.rows);
        let ticket = Ticket::draw(&mut random, desk, id, created);
        wording.draw(&mut random, &desk.phrases, &ticket.about());
        ticket.write(&wording, &mut row);
        planter.plant(number, &ticket, &mut row);
        file.write_record(row.cells())?;
    }
    planter.finish()
}

/// How far the next id is: gaps are tickets that were deleted or merged.
pub(crate) fn id_step(random: &mut Random) -> u64 {
    if random.chance(80) {
        1
    } else {
        2 + random.mostly_small(12)
    }
}

/// When the ticket of this row came in, somewhere in the row's own stretch of time.
pub(crate) fn creation(random: &mut Random, number: u64, rows: u64) -> Moment {
    const STEPS: u64 = 1 << 20;
    let within = random.below(STEPS) as f64 / STEPS as f64;
    Moment::at_share((number as f64 + within) / rows as f64)
}
