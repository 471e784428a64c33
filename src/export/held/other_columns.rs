//! A part whose columns are not those of its data set.

use std::io;

/// The error for a file whose columns are not the recorded ones.
pub(crate) fn other_columns() -> io::Error {
    let words = "its columns are not those that were written";
    io::Error::new(io::ErrorKind::InvalidData, words)
}
