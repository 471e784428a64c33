//! How a CSV file is written: its encoding, and what the user specifies instead of
//! having it detected.

/// The encoding of a text file: one of those that browsers know (WHATWG).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Encoding = Encoding(encoding_rs::UTF_8);
    /// UTF-16, low byte first, as Windows writes it.
    pub const UTF_16LE: Encoding = Encoding(encoding_rs::UTF_16LE);
    /// UTF-16, high byte first.
    pub const UTF_16BE: Encoding = Encoding(encoding_rs::UTF_16BE);
    /// What Western Windows calls ANSI; it holds Latin-1 (ISO-8859-1).
    pub const WINDOWS_1252: Encoding = Encoding(encoding_rs::WINDOWS_1252);

    /// The encoding of a name as people write it: `utf-8`, `UTF-16LE`, `latin-1`,
    /// `windows-1252`, `Shift_JIS`…
    pub fn named(name: &str) -> Option<Encoding> {
        let label = |name: &str| encoding_rs::Encoding::for_label_no_replacement(name.as_bytes());
        label(name)
            .or_else(|| label(&name.replace(['-', '_'], "")))
            .map(Encoding)
    }

    /// The encoding in `encoding_rs`, for decoding.
    pub fn codec(self) -> &'static encoding_rs::Encoding {
        self.0
    }

    /// Its name, as the standard writes it in messages: `UTF-8`, `windows-1252`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl From<&'static encoding_rs::Encoding> for Encoding {
    fn from(codec: &'static encoding_rs::Encoding) -> Encoding {
        Encoding(codec)
    }
}

/// What is known of a file before it is inspected: `[source]` of a mapping, or options.
/// What is absent is detected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The encoding.
    pub encoding: Option<Encoding>,
    /// What separates cells: `,` `;` `|` or tab.
    pub delimiter: Option<u8>,
    /// The quote around cells that hold delimiters or line breaks; none if cells are
    /// never quoted. Never detected: `"` by default.
    pub quote: Option<u8>,
    /// The escape for a quote inside a quoted cell, in addition to the doubled quote.
    pub escape: Option<u8>,
    /// The columns of a file that has no header line.
    pub header: Option<Vec<String>>,
    /// A header with more columns is not taken for one.
    pub max_columns: usize,
    /// Lines above the header that belong to no record.
    pub skip_lines: u64,
    /// Records at the end of a file that are not rows: totals, who made the report.
    pub skip_last: usize,
    /// Whether `="0017"`, which spreadsheets read as the text 0017, is read so here.
    pub text_formulas: bool,
}

/// More records than this at the end of a file are not a footer.
pub const LONGEST_FOOTER: usize = 100;

/// No help desk exports this many; memory and time grow with them.
pub const MOST_COLUMNS: usize = 10_000;

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect {
            encoding: None,
            delimiter: None,
            quote: Some(b'"'),
            escape: None,
            header: None,
            max_columns: MOST_COLUMNS,
            skip_lines: 0,
            skip_last: 0,
            text_formulas: false,
        }
    }
}

/// Delimiters that files are read with.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The name of a delimiter in messages.
pub fn delimiter_word(delimiter: u8) -> &'static str {
    match delimiter {
        b',' => "`,`",
        b';' => "`;`",
        b'|' => "`|`",
        _ => "tab",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_go_by_the_names_that_people_write() {
        let name = |text: &str| Encoding::named(text).map(Encoding::name);
        assert_eq!(name("utf-8"), Some("UTF-8"));
        assert_eq!(name("UTF8"), Some("UTF-8"));
        assert_eq!(name("UTF-16LE"), Some("UTF-16LE"));
        assert_eq!(name("Latin-1"), Some("windows-1252"));
        assert_eq!(name("iso-8859-1"), Some("windows-1252"));
        assert_eq!(name("cp1252"), Some("windows-1252"));
        assert_eq!(name("shift_jis"), Some("Shift_JIS"));
        assert_eq!(name("utf-7"), None);
    }
}
