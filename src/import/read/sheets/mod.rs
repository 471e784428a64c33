//! Spreadsheets: a sheet of a `workbook` becomes delimited text, `cell` by cell. `bounds` checks an
//! archive before it is read, `old_workbook` the cells of an old .xls.

pub(crate) mod workbook;
mod old_workbook;
mod cell;
mod bounds;
