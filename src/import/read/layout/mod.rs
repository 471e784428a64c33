//! Which cell of a record is which column of the run: the tool's own columns are left
//! out (protocol R6), an unnamed last column is resolved, and later files of a run are
//! brought into the order of the first.

pub(crate) mod own;

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::model::invisible::visible_name;
use crate::model::row::Headers;
use own::{OwnCells, added};

/// The layout of a file's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Names of all cells of a record, in file order.
    pub(super) names: Vec<String>,
    /// For each column of the run, the cell that fills it.
    pub(super) columns: Vec<usize>,
    /// For each column that we added to the run's first file, the cell that fills it;
    /// a later file may lack it.
    added: Vec<(String, Option<usize>)>,
    /// What our own columns say about a row.
    pub(super) own: OwnCells,
    /// The cells of a row: those of the run's columns, then those that we added.
    pub(super) cells: Vec<Option<usize>>,
    /// Whether these are the record's cells unchanged.
    pub(super) is_plain: bool,
}

/// The shape of a record in the file's head: how many cells, and whether the last is empty.
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
        let ours = added(&names);
        let layout = Layout {
            columns: (0..names.len()).filter(|idx| !ours.contains(idx)).collect(),
            own: OwnCells::new(&names, &ours),
            added: ours
                .into_iter()
                .map(|idx| (names[idx].clone(), Some(idx)))
                .collect(),
            names,
            cells: Vec::new(),
            is_plain: false,
        };
        layout.with_cells()
    }

    /// Works out which cells a row consists of.
    fn with_cells(mut self) -> Layout {
        let columns = self.columns.iter().copied().map(Some);
        let added = self.added.iter().map(|(_, cell)| *cell);
        self.cells = columns.chain(added).collect();
        self.is_plain = self.cells.len() == self.names.len()
            && (0..).zip(&self.cells).all(|(at, cell)| Some(at) == *cell);
        self
    }

    /// How many cells a whole record has.
    pub(super) fn width(&self) -> usize {
        self.names.len()
    }

    /// Whether the file is one of our own.
    pub(super) fn is_ours(&self) -> bool {
        self.columns.len() < self.names.len()
    }

    /// The columns, in their order.
    pub(super) fn headers(&self) -> Headers {
        let names = self.columns.iter().map(|&idx| self.names[idx].clone());
        let own = self.added.iter().map(|(name, _)| name.clone());
        Headers::new(names.collect()).with_own(own.collect())
    }

    /// Brings the columns into the order of the run's first file. Names that differ only by case,
    /// or by invisible characters, are the same; of several columns with the same name, the first
    /// matches the first.
    pub(super) fn arrange(&mut self, first: &Headers) -> Result<(), Difference> {
        let mut exact: HashMap<&str, VecDeque<usize>> = HashMap::new();
        let mut alike: HashMap<String, VecDeque<usize>> = HashMap::new();
        for &idx in &self.columns {
            let name = self.names[idx].as_str();
            exact.entry(name).or_default().push_back(idx);
            alike.entry(fold(name)).or_default().push_back(idx);
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
            match found.or_else(|| take(alike.get_mut(&fold(wanted)))) {
                Some(idx) => arranged.push(idx),
                None => lacks.push(wanted.clone()),
            }
        }
        if lacks.is_empty() && free.is_empty() {
            self.columns = arranged;
            let added = std::mem::take(&mut self.added);
            let cell = |name: &String| added.iter().find(|(own, _)| own == name)?.1;
            let own = first.own().iter();
            self.added = own.map(|name| (name.clone(), cell(name))).collect();
            *self = self.clone().with_cells();
            return Ok(());
        }
        let has = free.iter().map(|&idx| self.names[idx].clone()).collect();
        Err(Difference { lacks, has })
    }
}

/// The form in which column names are compared.
fn fold(name: &str) -> String {
    visible_name(name).to_lowercase()
}

/// Some exports end each row with a delimiter but not the header, or the other way
/// round. If most rows agree with one another, they decide; nothing is decided by
/// single rows, in which a missing or surplus delimiter means a shift.
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
        let ours = [
            "_line", "_code", "_column", "_value", "_hint", "_key", "_raw",
        ];
        let refused = layout(&[&["Id", "S"][..], &ours].concat(), &[]);
        assert_eq!(refused.columns, [0, 1]);
        assert!(refused.is_ours() && refused.is_plain);
        assert_eq!(refused.headers().own(), ours);
        let doubled = layout(&[&["_key", "Id"][..], &ours].concat(), &[]);
        assert_eq!(
            doubled.headers().names(),
            ["_key", "Id"],
            "the last is ours"
        );
        for (names, columns) in [
            (
                &["Id", "_fate", "_ticket_id", "_operation", "_link", "S"][..],
                [0, 5],
            ),
            (
                &[
                    "Id",
                    "S",
                    "_fate",
                    "_ticket_id",
                    "_operation",
                    "_link",
                    "_remark",
                ],
                [0, 1],
            ),
            (&["Id", "_raw"], [0, 1]),
        ] {
            assert_eq!(layout(names, &[]).columns, columns, "{names:?}");
        }
        assert!(!layout(&["Id", "_raw", "_code"], &[]).is_ours());
    }

    #[test]
    fn our_own_columns_are_those_of_the_first_file() {
        let done = ["Id", "_fate", "_ticket_id", "_operation", "_link"];
        let first = layout(&done, &[]).headers();
        let mut plain = layout(&["id"], &[]);
        assert_eq!(plain.arrange(&first), Ok(()));
        assert_eq!(plain.cells, [Some(0), None, None, None, None]);
        let mut ours = layout(&done, &[]);
        assert_eq!(ours.arrange(&layout(&["Id"], &[]).headers()), Ok(()));
        assert_eq!(ours.cells, [Some(0)]);
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
