//! Which encoding a text has: a byte order mark, the pattern of UTF-16, valid UTF-8, else what
//! chardetng detects. Decided on a sample that begins where ASCII ends, so that a file is never
//! read twice for it.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    ISO_8859_2, ISO_8859_4, ISO_8859_10, ISO_8859_13, ISO_8859_14, ISO_8859_15, ISO_8859_16,
    WINDOWS_1250, WINDOWS_1254, WINDOWS_1257, WINDOWS_1258,
};

use crate::model::dialect::Encoding;

/// Encodings of Latin script that can't be distinguished from Windows-1252 in short texts.
const LATIN: [&encoding_rs::Encoding; 11] = [
    WINDOWS_1250,
    WINDOWS_1254,
    WINDOWS_1257,
    WINDOWS_1258,
    ISO_8859_2,
    ISO_8859_4,
    ISO_8859_10,
    ISO_8859_13,
    ISO_8859_14,
    ISO_8859_15,
    ISO_8859_16,
];
/// From this many bytes beyond ASCII a guess between them is reliable.
const LATIN_EVIDENCE: usize = 32;

/// How much is inspected after the first byte that is not ASCII.
pub(crate) const SAMPLE: usize = 64 * 1024;
/// Longest UTF-8 character, in bytes.
const LONGEST_LETTER: usize = 4;

/// How a text begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    /// The encoding; none if there is only ASCII so far, which most encodings share.
    pub(crate) encoding: Option<Encoding>,
    /// Length of the byte order mark.
    pub(crate) mark: usize,
}

/// Inspects the first bytes of a text. A byte order mark is never wrong and takes
/// precedence, then what the user says, then the bytes' pattern.
pub(crate) fn opening(head: &[u8], insisted: Option<Encoding>) -> Opening {
    if let Some((codec, mark)) = encoding_rs::Encoding::for_bom(head) {
        return Opening {
            encoding: Some(Encoding::from(codec)),
            mark,
        };
    }
    let detect = || utf16_pattern(head).or_else(|| beyond_ascii(head));
    Opening {
        encoding: insisted.or_else(detect),
        mark: 0,
    }
}

/// The encoding of a sample that begins with a byte beyond ASCII.
///
/// It counts as UTF-8 even if some sequences are broken, as long as most are not: one damaged cell
/// must not turn all others into gibberish.
pub(crate) fn of_sample(sample: &[u8]) -> Encoding {
    let (mut valid, mut broken) = (0, 0);
    let mut chunks = sample.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        valid += chunk
            .valid()
            .chars()
            .filter(|letter| !letter.is_ascii())
            .count();
        let cut_off = chunks.peek().is_none() && is_start(chunk.invalid());
        broken += usize::from(!chunk.invalid().is_empty() && !cut_off);
    }
    match valid >= broken && valid > 0 {
        true => Encoding::UTF_8,
        false => legacy(sample),
    }
}

/// A character that the end of the head may have cut off is left to the stream.
fn beyond_ascii(head: &[u8]) -> Option<Encoding> {
    let first = head.iter().position(|byte| !byte.is_ascii())?;
    let sample = &head[first..head.len().min(first + SAMPLE)];
    (sample.len() >= LONGEST_LETTER).then(|| of_sample(sample))
}

/// Whether these bytes may be the start of a longer UTF-8 sequence.
fn is_start(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

fn legacy(sample: &[u8]) -> Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let _ascii_only = detector.feed(sample, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let evidence = sample.iter().filter(|byte| !byte.is_ascii()).count();
    match LATIN.contains(&guess) && evidence < LATIN_EVIDENCE {
        true => Encoding::WINDOWS_1252,
        false => Encoding::from(guess),
    }
}

/// UTF-16 without a byte order mark: the high bytes of Latin letters, digits,
/// delimiters and line ends are NUL, and all on the same side.
fn utf16_pattern(head: &[u8]) -> Option<Encoding> {
    let units = head.len() / 2;
    let zeros = |side: usize| {
        let bytes = head.iter().skip(side).step_by(2);
        bytes.filter(|&&byte| byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let clear = |side: usize, other: usize| side * 8 > units && other * 4 <= side;
    match () {
        () if clear(odd, even) => Some(Encoding::UTF_16LE),
        () if clear(even, odd) => Some(Encoding::UTF_16BE),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(head: &[u8]) -> Option<&'static str> {
        opening(head, None).encoding.map(Encoding::name)
    }

    fn utf16(text: &str, low_first: bool) -> Vec<u8> {
        let bytes = |unit: u16| match low_first {
            true => unit.to_le_bytes(),
            false => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn encodings_are_told_by_their_first_bytes() {
        let table: [(&[u8], Option<&str>, usize); 8] = [
            (b"Id,Subject\n1,a\n", None, 0),
            (b"\xEF\xBB\xBFId\n", Some("UTF-8"), 3),
            (b"\xFF\xFEI\0d\0", Some("UTF-16LE"), 2),
            (b"\xFE\xFF\0I\0d", Some("UTF-16BE"), 2),
            ("Id,Größe".as_bytes(), Some("UTF-8"), 0),
            (b"Id,Gr\xF6\xDFe\n", Some("windows-1252"), 0),
            (b"Id,\xE9\xC3\xA9\xC3\xA9\n", Some("UTF-8"), 0),
            (b"Id,Caf\xC3", None, 0),
        ];
        for (head, expected, mark) in table {
            let found = opening(head, None);
            assert_eq!(found.encoding.map(Encoding::name), expected, "{head:?}");
            assert_eq!(found.mark, mark, "{head:?}");
        }
    }

    #[test]
    fn utf16_is_known_without_a_mark() {
        for text in [
            "Id,Subject\r\n1,Größe\r\n",
            "Id,主题,状态\n1,打印机坏了,打开\n2,门,关\n",
        ] {
            assert_eq!(encoding(&utf16(text, true)), Some("UTF-16LE"), "{text}");
            assert_eq!(encoding(&utf16(text, false)), Some("UTF-16BE"), "{text}");
        }
        let mut few_nuls = b"Id,Subject\n".repeat(100);
        few_nuls[301] = 0;
        few_nuls[405] = 0;
        assert_eq!(encoding(&few_nuls), None);
    }

    #[test]
    fn western_texts_are_windows_1252_and_others_are_not() {
        let western = [
            "Café",
            "£5",
            "naïve “quotes” – dash",
            "l’été",
            "Ærø Ålborg",
            "100 €",
        ];
        for text in western {
            let (bytes, _, lost) = encoding_rs::WINDOWS_1252.encode(text);
            assert!(!lost);
            assert_eq!(of_sample(&bytes).name(), "windows-1252", "{text}");
        }
        let (polish, _, _) = WINDOWS_1250.encode("Zażółć gęślą jaźń, źdźbło. Łódź, wąż, świętość");
        assert_eq!(encoding(&polish.repeat(3)), Some("windows-1250"));
        let (russian, _, _) = encoding_rs::WINDOWS_1251.encode("Принтер не работает");
        assert_eq!(encoding(&russian), Some("windows-1251"));
        let (japanese, _, _) = encoding_rs::SHIFT_JIS.encode("こんにちは、チケット");
        assert_eq!(encoding(&japanese), Some("Shift_JIS"));
    }

    #[test]
    fn insisting_counts_more_than_looks_but_not_than_a_mark() {
        let name =
            |head: &[u8], insisted| opening(head, Some(insisted)).encoding.map(Encoding::name);
        let utf8 = "Id,Größe\n".as_bytes();
        assert_eq!(name(utf8, Encoding::WINDOWS_1252), Some("windows-1252"));
        assert_eq!(
            name(b"\xEF\xBB\xBFId", Encoding::WINDOWS_1252),
            Some("UTF-8")
        );
        assert_eq!(name(b"\xFE\xFF\0I", Encoding::UTF_16LE), Some("UTF-16BE"));
    }
}
