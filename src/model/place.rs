//! Where a row stands in the input, so that every message and every file of a
//! run can point at it.

/// The address of one CSV record.
///
/// All numbers count from 1 except `file` (position in the run's list of inputs,
/// from 0) and `byte` (offset of the record's first byte in the file's text,
/// from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowAddress {
    /// Position of the file in the run's list of inputs.
    pub file: u32,
    /// Record number in that file; the header is not counted.
    pub record: u64,
    /// Physical line on which the record starts; the header is line 1.
    pub line: u64,
    /// Offset of the record's first byte.
    pub byte: u64,
}
