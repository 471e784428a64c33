//! The tables of a data set without parts: tickets that are gone, linked records, and the tables
//! that explain the values of tickets. None of them is removed once it exists.

use std::io;

use super::build::{Built, Plan, write_table};
use super::decide::Decided;
use super::dimensions::{OWNERS, dimensions};
use super::records::RecordTable;
use super::tombstones::{self, DELETED};
use super::update::Update;

/// Writes them. If nothing more is gone than before, that table is hard-linked.
pub fn write_beside(
    plan: &Plan<'_>,
    update: &Update,
    decided: &Decided,
    records: &[RecordTable],
    built: &mut Built,
) -> io::Result<()> {
    match plan.base {
        Some(base) if update.stones == decided.tombstones => {
            built.link(base, plan.root, base.files_of(DELETED, ""))?;
        }
        _ => {
            let rows = decided.tombstones.iter().map(|stone| Ok(stone.cells()));
            write_table(plan, DELETED, &tombstones::columns(), rows, built)?;
        }
    }
    for table in records {
        table.write(plan, plan.base, &update.job, &update.stamps, built)?;
    }
    let job = &update.job;
    for table in dimensions(&job.schema, &update.stamps) {
        let old = plan.base.map(|base| (base, base.files_of(table.name, "")));
        let kept = old.filter(|(_, files)| !files.is_empty());
        if let Some((base, files)) = kept.filter(|_| table.name == OWNERS && job.owners_denied) {
            built.link(base, plan.root, files)?;
            continue;
        }
        let rows = table.rows.into_iter().map(Ok);
        write_table(plan, table.name, &table.columns, rows, built)?;
    }
    Ok(())
}
