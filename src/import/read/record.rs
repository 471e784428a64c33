//! The plain values around a record: the marks of a file's grammar, what was found
//! and where, and what is in it.

/// The marks of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grammar {
    /// Separates cells.
    pub delimiter: u8,
    /// Encloses quoted cells, if cells can be quoted.
    pub quote: Option<u8>,
    /// Escapes a quote inside a quoted cell, in addition to the doubled quote.
    pub escape: Option<u8>,
}

impl Grammar {
    /// The usual marks with this delimiter.
    pub fn usual(delimiter: u8) -> Grammar {
        Grammar {
            delimiter,
            quote: Some(b'"'),
            escape: None,
        }
    }
}

/// Where a record starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Offset of its first byte.
    pub byte: u64,
    /// Physical line, from 1; CR, LF and CRLF each end a line.
    pub line: u64,
}

/// How a record was cut out of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Its end was found.
    Whole,
    /// The text ends inside a quoted cell.
    Unclosed,
    /// It holds bytes that are not text; only for JSON.
    NoText,
    /// It is not a JSON object.
    NoObject,
    /// It is a JSON object that is nested too deeply.
    TooDeep,
    /// It is longer than the limit; reading continues after the line on which it was
    /// cut.
    TooLong,
}

/// A record that was found; `record` has what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it starts.
    pub place: Position,
    /// How it ends.
    pub cut: Cut,
    /// Whether it has more than one line.
    pub multi_line: bool,
}

/// How the records of a text end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineEnds {
    /// Unix.
    pub lf: u64,
    /// Windows.
    pub crlf: u64,
    /// Old Macintosh.
    pub cr: u64,
    /// The last record has no line end.
    pub none: u64,
}

/// How a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// Unix.
    Lf,
    /// Windows.
    Crlf,
    /// Old Macintosh.
    Cr,
}

impl LineEnds {
    /// How most of the records end; none if no kind has a majority.
    pub fn usual(self) -> Option<LineEnd> {
        let LineEnds { lf, crlf, cr, .. } = self;
        match () {
            () if crlf > lf + cr => Some(LineEnd::Crlf),
            () if lf > crlf + cr => Some(LineEnd::Lf),
            () if cr > crlf + lf => Some(LineEnd::Cr),
            () => None,
        }
    }
}

/// What is in a record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its cells, unquoted and concatenated.
    pub text: &'a [u8],
    /// Where each cell ends in `text`.
    pub ends: &'a [usize],
    /// The raw record, without its line end.
    pub raw: &'a [u8],
}

impl<'a> Record<'a> {
    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell at `idx`, unquoted; empty if there is none.
    pub fn get(&self, idx: usize) -> &'a [u8] {
        let Some(&end) = self.ends.get(idx) else {
            return b"";
        };
        let start = idx.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..end]
    }

    /// The cells in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.len()).map(|idx| self.get(idx))
    }
}
