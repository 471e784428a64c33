//! Where a row is in the input, so that every message and every file of a run can point
//! at it.

use std::sync::Arc;

/// The address of one CSV record.
///
/// All numbers count from 1 except `file` (position in the run's list of inputs, from
/// 0) and `byte` (from 0). An archive is in that list once for each CSV file in it.
///
/// `byte` is an offset in the file's text as it is read: unpacked, and as UTF-8. For a
/// plain UTF-8 file, with or without byte order mark, that is the offset in the file
/// itself. For other encodings and archives the place can only be found by reading from
/// the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowAddress {
    /// Position of the file in the run's list of inputs.
    pub file: u32,
    /// Record number in that file; the header is not counted.
    pub record: u64,
    /// Physical line on which the record starts; the first line of a file, most
    /// often its header, is line 1.
    pub line: u64,
    /// Offset of the record's first byte.
    pub byte: u64,
}

/// The names of a run's inputs, which turn addresses into text.
#[derive(Clone, Debug)]
pub struct Places {
    names: Arc<[String]>,
}

impl Places {
    /// Inputs by their names, in the order of the run.
    pub fn new(names: impl IntoIterator<Item = String>) -> Places {
        Places {
            names: names.into_iter().collect(),
        }
    }

    /// `line 17`, or with several inputs `line 17 of b.csv`.
    pub fn words(&self, file: u32, line: u64) -> String {
        match self.name(file) {
            Some(name) => format!("line {line} of {name}"),
            None => format!("line {line}"),
        }
    }

    /// `b.csv:17`, even if a run has one input.
    pub fn whole_cell(&self, address: RowAddress) -> String {
        let name = self.names.get(address.file as usize);
        format!("{}:{}", name.map_or("", String::as_str), address.line)
    }

    /// `17`, or with several inputs `b.csv:17`.
    pub fn cell(&self, address: RowAddress) -> String {
        match self.name(address.file) {
            Some(name) => format!("{name}:{}", address.line),
            None => address.line.to_string(),
        }
    }

    fn name(&self, file: u32) -> Option<&str> {
        match &*self.names {
            [] | [_] => None,
            names => names.get(file as usize).map(String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_input_is_not_named() {
        let address = RowAddress {
            file: 1,
            record: 9,
            line: 17,
            byte: 300,
        };
        let two = Places::new(["a.csv".to_owned(), "b.csv".to_owned()]);
        assert_eq!(two.words(0, 3), "line 3 of a.csv");
        assert_eq!(two.cell(address), "b.csv:17");
        let one = Places::new(["b.csv".to_owned()]);
        assert_eq!(one.words(0, 3), "line 3");
        assert_eq!(one.cell(address), "17");
    }
}
