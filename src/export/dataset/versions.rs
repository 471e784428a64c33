//! The versions of tickets that a log holds: a ticket that is read again because it was restored,
//! or because a property exists again, is not a new version. A version of a ticket is identified by
//! when the record was last changed, a version of a property by its whole row.

use std::collections::HashSet;
use std::io;

use super::base::Base;
use super::table::{DataTable, TICKETS};
use crate::export::cell::{Cell, instant_of};
use crate::export::columns::{Column, Kind, Wording};
use crate::export::held::HeldRows;
use crate::export::write::Shape;

/// Header and name of the column that says when a ticket was changed.
const UPDATED: &str = "updated_at";

/// Versions of tickets in a part of a log.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// Positions of the cells that distinguish versions, and whether they hold instants.
    tell: Vec<(usize, bool)>,
    known: HashSet<Vec<String>>,
}

impl Versions {
    /// The versions of these tickets, whose ids ascend, in a part of a table.
    pub fn of(
        table: &DataTable,
        base: &Base,
        part: &str,
        shape: Shape,
        ids: &[u64],
    ) -> io::Result<Versions> {
        let mut versions = Versions {
            tell: telling(table),
            known: HashSet::new(),
        };
        if part.is_empty() {
            return Ok(versions);
        }
        let files = base.held(&table.name, part);
        for row in HeldRows::of(files, shape, &base.columns(&table.name)) {
            let row = row?;
            if ids.binary_search(&row.id).is_ok() {
                let _new = versions.known.insert(versions.key(&row.cells));
            }
        }
        Ok(versions)
    }

    /// Whether a row belongs to a version that is already present.
    pub fn holds(&self, cells: &[Cell<'_>]) -> bool {
        !self.known.is_empty() && self.known.contains(&self.key(cells))
    }

    fn key(&self, cells: &[Cell<'_>]) -> Vec<String> {
        let text = |(place, is_instant): &(usize, bool)| {
            let text = cells.get(*place).map(Cell::to_string).unwrap_or_default();
            // Some formats write an instant differently from the portal.
            let instant = instant_of(&text).filter(|_| *is_instant);
            instant.map_or(text, |instant| instant.as_millisecond().to_string())
        };
        self.tell.iter().map(text).collect()
    }
}

/// The cells that distinguish versions: all of them if times are written in a format that may leave
/// out seconds.
fn telling(table: &DataTable) -> Vec<(usize, bool)> {
    let is_short = |column: &Column| match &column.wording {
        Wording::Moment(dates) => dates.instant_format.is_some(),
        _ => false,
    };
    let is_updated = |column: &Column| column.of_record && column.name == UPDATED;
    let by_time = table.columns.iter().any(|c| is_updated(c) && !is_short(c));
    let differs = |(place, column): &(usize, &Column)| match table.name == TICKETS && by_time {
        true => *place == 0 || is_updated(column),
        false => !column.name.starts_with('_'),
    };
    let columns = table.columns.iter().enumerate();
    let telling = columns.filter(differs);
    telling
        .map(|(place, column)| (place, column.kind == Kind::Instant))
        .collect()
}
