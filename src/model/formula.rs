//! Cells such as `="0017"`: programs write them so that spreadsheets keep the zeros. The
//! sign and the quotes are not part of the text.

/// The text in such a cell; none for other cells.
pub fn formula_text(cell: &[u8]) -> Option<&[u8]> {
    let inner = cell.strip_prefix(b"=\"")?.strip_suffix(b"\"")?;
    // A formula that joins texts is not one of these.
    (memchr::memchr(b'"', inner).is_none()).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_from_formulas() {
        for (cell, text) in [
            ("=\"0017\"", Some("0017")),
            ("=\"\"", Some("")),
            ("0017", None),
            ("=A1", None),
            ("=\"a\"&\"b\"", None),
            ("=\"", None),
        ] {
            assert_eq!(
                formula_text(cell.as_bytes()),
                text.map(str::as_bytes),
                "{cell}"
            );
        }
    }
}
