//! A stray quote joins its row with the rows below it. This distinguishes such a record from one
//! that merely has line breaks in its cells: in the former, the first line is followed by whole
//! rows.

use memchr::{memchr, memchr2};

use super::cut::RecordReader;
use crate::import::read::record::{Cut, Grammar};

/// How many records after the first line are inspected.
const LOOKED_AT: usize = 100;

/// Whether a text is made of whole rows: at least nine in ten of its first hundred
/// records have `width` cells, and no quote is misplaced. Never for one column, where
/// any line would match.
pub(crate) fn are_rows(text: &[u8], grammar: Grammar, width: usize) -> bool {
    if width < 2 {
        return false;
    }
    let mut reader = RecordReader::new(text, grammar, 0);
    let (mut records, mut rows) = (0, 0);
    while records < LOOKED_AT
        && let Ok(Some(found)) = reader.next()
    {
        let record = reader.record();
        records += 1;
        let is_row = found.cut == Cut::Whole && record.len() == width;
        rows += usize::from(is_row && are_sound(record.raw, grammar));
    }
    rows > 0 && rows * 10 >= records * 9
}

/// Whether each quote of a record opens a cell, closes one, or is escaped in one. The
/// parser takes others as ordinary characters, as most programs do.
pub(crate) fn are_sound(raw: &[u8], grammar: Grammar) -> bool {
    let Some(quote) = grammar.quote else {
        return true;
    };
    let between = |byte: u8| byte == grammar.delimiter || byte == b'\r' || byte == b'\n';
    let mut at = 0;
    while let Some(idx) = memchr(quote, &raw[at..]) {
        let open = at + idx;
        if open > 0 && !between(raw[open - 1]) {
            return false;
        }
        let Some(close) = closing(raw, open + 1, quote, grammar.escape) else {
            return false;
        };
        at = close + 1;
        if raw.get(at).is_some_and(|&byte| !between(byte)) {
            return false;
        }
    }
    true
}

/// What a record's quotes do to its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// A quoted cell holds `\"`, which closes it for this grammar.
    Backslash,
    /// A cell begins with a quote that closes before its end: both are lost.
    EarlyEnd,
}

/// What the quotes of a record do to its texts, if anything; a quote inside a cell that
/// does not begin with one is an ordinary character, and harmless.
pub(crate) fn damage(raw: &[u8], grammar: Grammar) -> Option<Damage> {
    let quote = grammar.quote?;
    let between = |byte: u8| byte == grammar.delimiter || byte == b'\r' || byte == b'\n';
    let mut at = 0;
    while let Some(idx) = memchr(quote, &raw[at..]) {
        let open = at + idx;
        at = open + 1;
        if open > 0 && !between(raw[open - 1]) {
            continue;
        }
        let close = closing(raw, open + 1, quote, grammar.escape)?;
        at = close + 1;
        if raw.get(at).is_some_and(|&byte| !between(byte)) {
            let is_escaped = grammar.escape.is_none() && raw[close - 1] == b'\\';
            return Some(if is_escaped {
                Damage::Backslash
            } else {
                Damage::EarlyEnd
            });
        }
    }
    None
}

/// Position of the quote that closes the cell whose first byte is at `at`.
fn closing(raw: &[u8], mut at: usize, quote: u8, escape: Option<u8>) -> Option<usize> {
    loop {
        at += memchr2(quote, escape.unwrap_or(quote), raw.get(at..)?)?;
        if raw[at] == quote && raw.get(at + 1) != Some(&quote) {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_that_belong_and_quotes_that_do_not() {
        let table = [
            ("a,b", true),
            ("\"a\",\"b\nc\"", true),
            ("\"a \"\"x\"\" b\",", true),
            ("\"\",\"\"", true),
            ("5\" screen,b", false),
            ("\"a\"b,c", false),
            ("a,\"b", false),
        ];
        for (raw, sound) in table {
            assert_eq!(
                are_sound(raw.as_bytes(), Grammar::usual(b',')),
                sound,
                "{raw}"
            );
        }
        let escaped = Grammar {
            escape: Some(b'\\'),
            ..Grammar::usual(b',')
        };
        assert!(are_sound(br#""a \" b",c"#, escaped));
        let unquoted = Grammar {
            quote: None,
            ..Grammar::usual(b'\t')
        };
        assert!(are_sound(b"5\" screen\tb", unquoted));
    }

    #[test]
    fn quotes_that_change_texts_are_told() {
        for (raw, expected) in [
            (r#"1,"Rename \"Start\" button",x"#, Some(Damage::Backslash)),
            (r#""Printer" on floor 3,x"#, Some(Damage::EarlyEnd)),
            (r#"1,"Door"s hinge,x"#, Some(Damage::EarlyEnd)),
            (r#"1,5" screen,"a ""b"" c""#, None),
            (r#"1,"C:\temp\",x"#, None),
            ("1,plain,x", None),
        ] {
            assert_eq!(
                damage(raw.as_bytes(), Grammar::usual(b',')),
                expected,
                "{raw}"
            );
        }
        let escaped = Grammar {
            escape: Some(b'\\'),
            ..Grammar::usual(b',')
        };
        assert_eq!(damage(br#"1,"Rename \"Start\" button",x"#, escaped), None);
    }

    #[test]
    fn rows_are_told_from_prose() {
        let rows = |text: &str, width| are_rows(text.as_bytes(), Grammar::usual(b','), width);
        assert!(rows("6,\"x\",\"y\"\n", 3));
        assert!(rows("6,x,y\n7,\"multi\nline\",z\n", 3));
        assert!(!rows("line two, with a comma\nline three\",x", 3));
        assert!(!rows("hello, you\"", 2));
        assert!(!rows("anything\n", 1));
        assert!(!rows("", 3));
        assert!(rows(&format!("{}only one cell\n", "1,2,3\n".repeat(9)), 3));
        assert!(!rows(&format!("{}one\ntwo\n", "1,2,3\n".repeat(9)), 3));
    }
}
