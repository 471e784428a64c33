//! Which cell of a record is which column of the run: the tool's own columns go
//! (protocol R6), an unnamed last column is settled, and later files of a run are
//! brought into the order of the first.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::import::files::{DONE_COLUMNS, REFUSED_COLUMNS};
use crate::model::row::Headers;

/// How the records of a file are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Names of all cells of a record, in file order.
    pub(super) names: Vec<String>,
    /// For each column of the run, the cell that fills it.
    pub(super) columns: Vec<usize>,
    /// Where our own refused.csv keeps code, key and raw text.
    pub(super) refused: Option<RefusedCells>,
}

/// Cells of our own refused.csv.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RefusedCells {
    pub(super) code: usize,
    pub(super) key: usize,
    pub(super) raw: usize,
}

/// A record of the file's head: how many cells, and whether the last is empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampled {
    pub(super) cells: usize,
    pub(super) ends_empty: bool,
}

/// How the columns of a file differ from those of the first file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Columns of the first file that this one lacks.
    pub(super) lacks: Vec<String>,
    /// Columns of this file that the first one lacks.
    pub(super) has: Vec<String>,
}

impl Layout {
    /// The layout of a file with this header and these first rows.
    pub(super) fn new(mut names: Vec<String>, rows: &[Sampled]) -> Layout {
        settle_last_column(&mut names, rows);
        let has = |columns: &[&str]| {
            columns
                .iter()
                .all(|column| names.iter().any(|name| name == column))
        };
        let ours: &[&str] = match () {
            () if has(&REFUSED_COLUMNS) => &REFUSED_COLUMNS,
            () if has(&DONE_COLUMNS) => &DONE_COLUMNS,
            () => &[],
        };
        let cell = |wanted: &str| {
            let is_ours = ours.contains(&wanted);
            names.iter().position(|name| is_ours && name == wanted)
        };
        let refused = || {
            Some(RefusedCells {
                code: cell("_code")?,
                key: cell("_key")?,
                raw: cell("_raw")?,
            })
        };
        Layout {
            refused: refused(),
            columns: (0..names.len())
                .filter(|&idx| !ours.contains(&names[idx].as_str()))
                .collect(),
            names,
        }
    }

    /// How many cells a whole record has.
    pub(super) fn width(&self) -> usize {
        self.names.len()
    }

    /// Whether the file is one of our own.
    pub(super) fn is_ours(&self) -> bool {
        self.columns.len() < self.names.len()
    }

    /// Whether the columns are the cells as they stand.
    pub(super) fn is_plain(&self) -> bool {
        self.columns.len() == self.names.len()
            && self.columns.iter().enumerate().all(|(at, &idx)| at == idx)
    }

    /// The columns, in their order.
    pub(super) fn headers(&self) -> Headers {
        let names = self.columns.iter().map(|&idx| self.names[idx].clone());
        Headers::new(names.collect())
    }

    /// Brings the columns into the order of the run's first file. Names that differ
    /// by case alone are the same; of several columns of one name the first is the
    /// first.
    pub(super) fn arrange(&mut self, first: &Headers) -> Result<(), Difference> {
        let mut exact: HashMap<&str, VecDeque<usize>> = HashMap::new();
        let mut alike: HashMap<String, VecDeque<usize>> = HashMap::new();
        for &idx in &self.columns {
            let name = self.names[idx].as_str();
            exact.entry(name).or_default().push_back(idx);
            alike.entry(name.to_lowercase()).or_default().push_back(idx);
        }
        let mut free: BTreeSet<usize> = self.columns.iter().copied().collect();
        let mut arranged = Vec::new();
        let mut lacks = Vec::new();
        for wanted in first.names() {
            let mut take = |queue: Option<&mut VecDeque<usize>>| {
                let queue = queue?;
                std::iter::from_fn(|| queue.pop_front()).find(|idx| free.remove(idx))
            };
            let found = take(exact.get_mut(wanted.as_str()));
            match found.or_else(|| take(alike.get_mut(&wanted.to_lowercase()))) {
                Some(idx) => arranged.push(idx),
                None => lacks.push(wanted.clone()),
            }
        }
        if lacks.is_empty() && free.is_empty() {
            self.columns = arranged;
            return Ok(());
        }
        let has = free.iter().map(|&idx| self.names[idx].clone()).collect();
        Err(Difference { lacks, has })
    }
}

/// Some exports end each row with a delimiter but not the header, or the other way
/// round. Where most rows agree with one another, they decide; nothing is done by
/// single rows, where a delimiter that is missing or too many means a shift.
fn settle_last_column(names: &mut Vec<String>, rows: &[Sampled]) {
    let width = names.len();
    let named = names
        .iter()
        .rposition(|name| !name.is_empty())
        .map_or(0, |last| last + 1);
    let most = |matches: &dyn Fn(&Sampled) -> bool| {
        rows.iter().filter(|row| matches(row)).count() * 2 > rows.len()
    };
    if most(&|row| row.cells == width + 1 && row.ends_empty) {
        names.push(String::new());
    } else if let Some(cells) =
        (named..width).find(|&cells| most(&|row: &Sampled| row.cells == cells))
    {
        names.truncate(cells);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(names: &[&str], rows: &[Sampled]) -> Layout {
        Layout::new(names.iter().map(|&name| name.to_owned()).collect(), rows)
    }

    fn rows(cells: usize, ends_empty: bool, count: usize) -> Vec<Sampled> {
        vec![Sampled { cells, ends_empty }; count]
    }

    #[test]
    fn an_unnamed_last_column_is_settled_by_most_rows() {
        assert_eq!(layout(&["a", "b"], &rows(3, true, 5)).width(), 3);
        assert_eq!(layout(&["a", "b"], &rows(3, false, 5)).width(), 2);
        assert_eq!(layout(&["a", "b", ""], &rows(2, false, 5)).width(), 2);
        assert_eq!(layout(&["a", "b", ""], &rows(3, true, 5)).width(), 3);
        assert_eq!(layout(&["a", "b", ""], &[]).width(), 3);
        let few = [rows(3, true, 1), rows(2, false, 5)].concat();
        assert_eq!(layout(&["a", "b"], &few).width(), 2);
    }

    #[test]
    fn our_own_columns_go_and_are_known() {
        let refused = layout(
            &[
                "Id", "S", "_line", "_code", "_column", "_value", "_hint", "_key", "_raw",
            ],
            &[],
        );
        assert_eq!(refused.columns, [0, 1]);
        assert_eq!(
            refused.refused,
            Some(RefusedCells {
                code: 3,
                key: 7,
                raw: 8
            })
        );
        let done = layout(
            &["Id", "_fate", "_ticket_id", "_operation", "_link", "S"],
            &[],
        );
        assert_eq!(
            (done.columns.as_slice(), done.refused),
            ([0, 5].as_slice(), None)
        );
        assert!(!layout(&["Id", "_raw", "_code"], &[]).is_ours());
    }

    #[test]
    fn later_files_follow_the_first() {
        let first = layout(&["Id", "Label", "Label", "Status"], &[]).headers();
        let mut same = layout(&["status", "Label", "Id", "Label"], &[]);
        assert_eq!(same.arrange(&first), Ok(()));
        assert_eq!(same.columns, [2, 1, 3, 0]);
        let mut other = layout(&["Id", "Label", "Subject"], &[]);
        let difference = Difference {
            lacks: vec!["Label".to_owned(), "Status".to_owned()],
            has: vec!["Subject".to_owned()],
        };
        assert_eq!(other.arrange(&first), Err(difference));
    }
}
