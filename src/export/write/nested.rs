//! What a whole case holds besides its ticket's own values: a list of objects for each table that
//! other formats have next to the tickets.

use crate::export::cell::Cell;
use crate::export::columns::Column;

/// The rows of a ticket in one table.
pub struct Nested<'a> {
    /// What the table is called.
    pub name: &'a str,
    /// Its columns.
    pub columns: &'a [Column],
    /// The columns about files.
    pub file_columns: &'a [Column],
    /// Its rows.
    pub rows: Vec<NestedRow<'a>>,
}

/// A row, and the columns about each of its files if those are wanted.
pub struct NestedRow<'a> {
    /// In the order of the columns.
    pub cells: Vec<Cell<'a>>,
    /// For each file, in the order of the columns of files.
    pub files: Option<Vec<Vec<Cell<'a>>>>,
}
