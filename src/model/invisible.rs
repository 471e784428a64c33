//! Invisible characters: byte order marks, zero-width and no-break blanks, soft
//! hyphens, marks of the writing direction. Exports and spreadsheets scatter them
//! around ids and into headers, where they must not make a different key or column.

/// Whether a character has no width and no shape of its own. Blanks are not among them:
/// `char::is_whitespace` knows those.
pub fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether an invisible character inside a word is part of the spelling in some
/// languages and of emoji: the joiners and the variation selectors.
pub fn is_spelling(letter: char) -> bool {
    matches!(
        letter,
        '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}'
    )
}

/// The text without blanks and invisible characters around it. Most have none, as their
/// first and last bytes show.
#[inline]
pub fn trim_invisible(text: &str) -> &str {
    let is_letter = |byte: &u8| byte.is_ascii_graphic();
    let bytes = text.as_bytes();
    match bytes.first().is_some_and(is_letter) && bytes.last().is_some_and(is_letter) {
        true => text,
        false => text.trim_matches(|letter: char| letter.is_whitespace() || is_invisible(letter)),
    }
}

/// A name as people see it: without invisible characters, each run of blanks of any
/// kind as one space, none around it.
pub fn visible_name(name: &str) -> String {
    let mut visible = String::with_capacity(name.len());
    for letter in name.chars().filter(|letter| !is_invisible(*letter)) {
        match letter.is_whitespace() {
            true if visible.is_empty() || visible.ends_with(' ') => {}
            true => visible.push(' '),
            false => visible.push(letter),
        }
    }
    visible.truncate(visible.trim_end().len());
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_key_goes_whatever_it_is() {
        for around in [
            "\u{feff}", "\u{200b}", "\u{200c}", "\u{200d}", "\u{2060}", "\u{2062}", "\u{a0}",
            "\u{202f}", "\u{ad}", "\u{200e}", "\u{202e}", "\u{2069}", "\u{fe0f}", " \t",
        ] {
            for text in [
                format!("{around}7"),
                format!("7{around}"),
                format!("{around}{around}7 {around}"),
            ] {
                assert_eq!(trim_invisible(&text), "7", "{text:?}");
            }
            assert_eq!(trim_invisible(around), "");
        }
        assert_eq!(trim_invisible("a\u{200b}b"), "a\u{200b}b");
    }

    #[test]
    fn names_are_compared_as_they_look() {
        assert_eq!(
            visible_name("\u{a0}Ticket\u{a0}\u{200b} sub\u{ad}ject "),
            "Ticket subject"
        );
        assert_eq!(visible_name("\u{feff}"), "");
    }
}
