//! What separates cells, found from the head of a text. Each candidate cuts the head with the
//! reader's own grammar, so that quoted texts and their line breaks are treated as they will be
//! later; the best is the one that cuts most records into as many cells as the header.

use super::cut::RecordReader;
use crate::import::read::record::{Cut, Grammar};
use crate::model::dialect::DELIMITERS;

/// The delimiter of a text; if in doubt, a comma. `is_whole` says whether `head` is the
/// whole text, or was cut off.
pub(crate) fn delimiter_of(head: &[u8], is_whole: bool, grammar: Grammar) -> u8 {
    let mut best = (b',', 0.0);
    for delimiter in DELIMITERS {
        let score = score(
            head,
            is_whole,
            Grammar {
                delimiter,
                ..grammar
            },
        );
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

/// The delimiter of an Excel hint, such as `sep=;` on the first line; programs that did
/// not recognise it may have put it in quotes.
pub(crate) fn hinted_delimiter(head: &[u8]) -> Option<u8> {
    if let Some(quoted) = head.strip_prefix(b"\"")
        && let [start @ .., b'"'] = quoted.get(..6)?
    {
        let line = [start, b"\n"].concat();
        let ends = matches!(quoted.get(6), Some(b'\r' | b'\n'));
        return hinted_delimiter(&line).filter(|_| ends);
    }
    match head {
        [
            b's' | b'S',
            b'e' | b'E',
            b'p' | b'P',
            b'=',
            delimiter,
            b'\r' | b'\n',
            ..,
        ] => DELIMITERS.contains(delimiter).then_some(*delimiter),
        _ => None,
    }
}

/// The most cells that any delimiter cuts a record into; for records whose file is not available.
pub(crate) fn most_cells(record: &[u8]) -> usize {
    let cells = |delimiter| {
        let widths = widths(record, true, Grammar::usual(delimiter));
        widths.first().copied().unwrap_or(1)
    };
    DELIMITERS.into_iter().map(cells).max().unwrap_or(1)
}

/// How well a grammar fits: the share of records that have the header's cells, and
/// among equal shares more for more cells; nothing for a single column.
fn score(head: &[u8], is_whole: bool, grammar: Grammar) -> f64 {
    let widths = widths(head, is_whole, grammar);
    let Some(&header) = widths.first().filter(|&&header| header > 1) else {
        return 0.0;
    };
    let same = widths.iter().filter(|&&width| width == header).count();
    ratio(same, widths.len()) * (1.0 - ratio(1, header))
}

/// Cells of each record of a head; the last record of a head that was cut off is
/// incomplete and left out.
fn widths(head: &[u8], is_whole: bool, grammar: Grammar) -> Vec<usize> {
    let mut reader = RecordReader::new(head, grammar, 0);
    let mut widths = Vec::new();
    while let Ok(Some(found)) = reader.next() {
        if found.cut == Cut::Whole {
            widths.push(reader.record().len());
        }
    }
    if !is_whole && widths.len() > 1 {
        let _last = widths.pop();
    }
    widths
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share of a few thousand records"
)]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_told_from_marks_in_texts() {
        let prose = "Hello; this, is | a text\n".repeat(30);
        let ghosts = ";;\n".repeat(200);
        let table: [(u8, &str); 17] = [
            (
                b',',
                "Id,Subject,Status\n1,Printer; broken,open\n2,Door,closed\n",
            ),
            (
                b';',
                "Id;Subject;Status\n1;Printer, broken, again;open\n2;Door, window;closed\n",
            ),
            (
                b'\t',
                "Id\tSubject, text\tStatus\n1\ta, b\topen\n2\tc, d\tclosed\n",
            ),
            (b'|', "Id|Subject|Status\n1|a, b;c|open\n2|c, d|closed\n"),
            (
                b',',
                &format!("Description,Id\n\"{prose}\",1\n\"{prose}\",2\n"),
            ),
            (
                b';',
                &format!("Id;Description\n1;\"{prose}\"\n2;\"{prose}\"\n"),
            ),
            (b';', "Id;Subject;Status\n"),
            (b',', "Id\n1\n2\n"),
            (b',', "Subject\nHello, you\nBye\nA; b\n"),
            (b';', "Betrag;Menge\n1,50;2,5\n2,75;3,0\n"),
            (b',', "Id,Tags\n1,a;b;c\n2,d;e;f\n"),
            (b';', "Id;Tags\n1;\"a,b,c\"\n2;\"d,e,f\"\n"),
            (
                b',',
                "Key,Comment,Comment\nA,19/Apr/26;u;text,\nB,19/Apr/26;u;more,19/Apr/26;x;y\n",
            ),
            (b',', "a,b,c\n1,2,3\n1,2,3,4\n1,2\n4,5,6\n"),
            (b';', &format!("a;b;c\n1;2;3\n{ghosts}")),
            (b',', "a,b;x\r1,2\r3,4\r"),
            (b',', "Id;Subject,_line,_raw\n,3,\"1;2;3;4\"\n"),
        ];
        for (expected, text) in table {
            let found = delimiter_of(text.as_bytes(), true, Grammar::usual(b','));
            assert_eq!(char::from(found), char::from(expected), "{text}");
        }
    }

    #[test]
    fn excel_hints_are_known() {
        assert_eq!(hinted_delimiter(b"sep=;\r\nId;S\n"), Some(b';'));
        assert_eq!(hinted_delimiter(b"\"sep=;\"\nId;S\n"), Some(b';'));
        assert_eq!(hinted_delimiter(b"\"sep=;\",x\n"), None);
        assert_eq!(hinted_delimiter(b"\"a\n"), None);
        assert_eq!(hinted_delimiter(b"sep=x\nId"), None);
        assert_eq!(hinted_delimiter(b"separator,b\n"), None);
    }
}
