//! Foreign text made safe to show. Tickets, files and replies may hold control
//! characters that control a terminal, change the writing direction or begin new lines;
//! here they become visible characters. Only for what is shown: data that goes into
//! files or pipes stays as it is.

use std::borrow::Cow;
use std::fmt::Write;

use crate::model::invisible::is_invisible;

/// A text that may have several lines: line feeds and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    replaced(text, |c| is_unseen(c) && !matches!(c, '\n' | '\t'), sign)
}

/// A text of ours with colours: those are kept too, but no other escape sequence.
pub fn visible_but_colors(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        let (before, sequence) = rest.split_at(start);
        shown.push_str(&visible(before));
        let is_inside = |c: char| c.is_ascii_digit() || c == ';';
        let inside = sequence[2..].find(|c| !is_inside(c)).map(|end| end + 2);
        let end = match inside {
            Some(end) if sequence[end..].starts_with('m') => end + 1,
            _ => {
                sign('\u{1b}', &mut shown);
                rest = &sequence[1..];
                continue;
            }
        };
        shown.push_str(&sequence[..end]);
        rest = &sequence[end..];
    }
    shown.push_str(&visible(rest));
    shown
}

/// A text inside a line: it can't begin a new one.
pub fn one_line(text: &str) -> Cow<'_, str> {
    replaced(text, is_unseen, sign)
}

/// The same for a text in which every character counts, such as a key: invisible
/// characters and blanks other than the space are shown too.
pub fn spelled(text: &str) -> Cow<'_, str> {
    let is_odd_blank = |c: char| c.is_whitespace() && c != ' ';
    replaced(
        text,
        |c| is_unseen(c) || is_invisible(c) || is_odd_blank(c),
        sign,
    )
}

/// A short text inside a line, such as the name of a column: at most this many characters.
pub fn short(text: &str, most: usize) -> String {
    let start: String = text.chars().take(most).collect();
    let mark = if start.len() < text.len() { "…" } else { "" };
    format!("{}{mark}", one_line(&start))
}

/// JSON with the same meaning, with such characters escaped. JSON has them only inside
/// its strings, so each can be escaped in place.
pub fn safe_json(json: &str) -> Cow<'_, str> {
    let is_line_end = |c| matches!(c, '\n' | '\r' | '\t');
    replaced(
        json,
        |c| is_unseen(c) && !is_line_end(c),
        |c, into| {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String can't fail.
                let _ok = write!(into, "\\u{unit:04x}");
            }
        },
    )
}

/// Control characters, and others that change the writing direction or end a line.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `␛` for those that have a Unicode picture, `⟪U+202E⟫` for the rest.
fn sign(c: char, into: &mut String) {
    let code = u32::from(c);
    let picture = match code {
        0..0x20 => char::from_u32(0x2400 + code),
        0x7f => Some('\u{2421}'),
        _ => None,
    };
    match picture {
        Some(picture) => into.push(picture),
        None => {
            // Writing to a String can't fail.
            let _ok = write!(into, "⟪U+{code:04X}⟫");
        }
    }
}

fn replaced(
    text: &str,
    is_bad: impl Fn(char) -> bool,
    put: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&is_bad) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_bad(c) {
            true => put(c, &mut safe),
            false => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_can_not_be_seen_is_shown() {
        for (text, several, one) in [
            ("Grüße, 全角 😀", "Grüße, 全角 😀", "Grüße, 全角 😀"),
            ("a\n\tb", "a\n\tb", "a␊␉b"),
            ("\u{1b}]0;x\u{7}", "␛]0;x␇", "␛]0;x␇"),
            ("a\r\nb", "a␍\nb", "a␍␊b"),
            (
                "\u{7f}\u{9b}2J\u{85}",
                "␡⟪U+009B⟫2J⟪U+0085⟫",
                "␡⟪U+009B⟫2J⟪U+0085⟫",
            ),
            (
                "\u{202e}cba\u{2028}\u{200f}",
                "⟪U+202E⟫cba⟪U+2028⟫⟪U+200F⟫",
                "⟪U+202E⟫cba⟪U+2028⟫⟪U+200F⟫",
            ),
        ] {
            assert_eq!(visible(text), several, "{text:?}");
            assert_eq!(one_line(text), one, "{text:?}");
            assert_eq!(spelled(one), one, "nothing is left to be shown");
        }
        assert_eq!(
            spelled("\u{feff}a b\u{a0}\u{ad}\n"),
            "⟪U+FEFF⟫a b⟪U+00A0⟫⟪U+00AD⟫␊"
        );
        assert_eq!(
            visible_but_colors("a\u{1b}[1;31mb\u{1b}[0m\u{1b}[2J\u{1b}]0;x\u{7}\u{1b}["),
            "a\u{1b}[1;31mb\u{1b}[0m␛[2J␛]0;x␇␛["
        );
        assert_eq!(short("Name\u{1b}[2J of a column", 6), "Name␛[…");
        assert_eq!(short("Name", 4), "Name");
    }

    proptest! {
        #[test]
        fn json_means_the_same_and_commands_nothing(text in "(\\PC|\\p{Cc}|[\u{202a}-\u{202e}\u{2066}\u{2028}])*") {
            let json = serde_json::json!({"a": [text]});
            let shown = format!("{json:#}");
            let safe = safe_json(&shown);
            let read: serde_json::Value = serde_json::from_str(&safe).expect("JSON");
            prop_assert_eq!(read, json);
            prop_assert!(!safe.contains(|c| is_unseen(c) && c != '\n'));
        }
    }
}
