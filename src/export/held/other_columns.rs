//! A part whose columns are not those of its data set.

use std::io;

/// Other columns than the file was said to have.
pub(crate) fn other_columns() -> io::Error {
    let words = "its columns are not those that were written";
    io::Error::new(io::ErrorKind::InvalidData, words)
}
