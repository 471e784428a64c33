//! The columns of the main table of a data set: those that a job wants, those that identify each
//! row's run, and those that the set already has.

use std::io;

use super::base::Base;
use super::evolve::{Evolved, evolved};
use super::gather::Gathered;
use super::state::KeptColumn;
use super::table::{TICKETS, stamp_columns};
use crate::export::columns::Archived;
use crate::export::job::Job;
use crate::export::layout::{Layout, Source};
use crate::export::spool::Ticket;

/// The columns of the main table: existing ones first, then new ones.
pub fn columns(job: &Job, base: Option<&Base>) -> Evolved {
    let kept = kept(base);
    let mut layout = Layout::new(&job.wanted, &job.schema);
    if job.wanted.skip_empty {
        layout = without_unknown(layout, kept);
    }
    evolved(kept, stamped(layout, job), job.selection.append)
}

fn kept(base: Option<&Base>) -> &[KeptColumn] {
    let kept = base.and_then(|base| base.state.columns.get(TICKETS));
    kept.map_or(&[], Vec::as_slice)
}

fn without_unknown(layout: Layout, kept: &[KeptColumn]) -> Layout {
    let names: Vec<String> = layout
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let sources = layout.sources.clone();
    layout.without_empty(|place| {
        let mut columns = sources.iter().zip(&names);
        columns.any(|(source, name)| {
            *source == Source::Value(place) && kept.iter().any(|kept| kept.name == *name)
        })
    })
}

fn stamped(mut layout: Layout, job: &Job) -> Layout {
    let about = job.about();
    let [extracted, run] = stamp_columns();
    layout.add_stamp(extracted, &about.extracted_at);
    layout.add_stamp(run, &about.run);
    layout
}

/// The columns once it is known which of them hold something.
pub fn columns_read(job: &Job, base: Option<&Base>, gathered: &Gathered) -> io::Result<Evolved> {
    if !job.wanted.skip_empty {
        return Ok(columns(job, base));
    }
    let kept = kept(base);
    let layout = Layout::new(&job.wanted, &job.schema);
    let known = without_unknown(layout.clone(), kept).sources;
    let mut held = vec![false; job.wanted.properties().len()];
    // Fewer properties are read from the recycle bin if it does not belong to the set.
    let bin = (job.archived != Archived::No).then_some(&gathered.bin);
    for spool in [&gathered.live, &gathered.restored].into_iter().chain(bin) {
        for ticket in spool.read::<Ticket>()? {
            for (held, value) in held.iter_mut().zip(ticket?.values) {
                *held |= value.is_some_and(|value| !value.is_empty());
            }
        }
    }
    let holds = |place: usize| {
        let source = Source::Value(place);
        held.get(place).is_some_and(|held| *held) || known.contains(&source)
    };
    let layout = stamped(layout.without_empty(holds), job);
    Ok(evolved(kept, layout, job.selection.append))
}
