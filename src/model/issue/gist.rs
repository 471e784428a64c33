//! What a portal's refusals of different rows have in common: its words without numbers, names
//! in quotes and addresses, which differ from row to row.

/// What precedes the portal's own words.
pub(super) const BY_PORTAL: &str = "the portal refused it: ";

/// Maximum letters of a gist.
const MOST: usize = 160;

/// The gist of a hint; empty if the code is one of ours, which already says everything.
pub fn gist(hint: &str) -> String {
    let said = hint.split_once(BY_PORTAL).map(|(_, said)| said);
    let said = said.and_then(|said| said.split("; ").next());
    masked(said.unwrap_or_default())
        .trim()
        .chars()
        .take(MOST)
        .collect()
}

/// A text with `…` for each word that has a digit or an @, and for what is in quotes.
fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' | '\'' | '`' => quoted_end(rest, first),
            _ => word_end(rest),
        };
        let word = &rest[..end.unwrap_or(first.len_utf8())];
        let varies = word.len() > 1 && word.starts_with(['"', '\'', '`']);
        match varies || word.contains(|c: char| c.is_ascii_digit() || c == '@') {
            true => masked.push('…'),
            false => masked.push_str(word),
        }
        rest = &rest[word.len()..];
    }
    masked
}

/// Where a text in quotes ends; none if nothing closes it.
fn quoted_end(text: &str, quote: char) -> Option<usize> {
    let closing = text[1..].find(quote)?;
    Some(closing + 2)
}

/// Where a word ends, with the apostrophes in it; none if there is none.
fn word_end(text: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '@' | '.' | '-' | '_');
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    let word = text[..end].trim_end_matches(['.', '\'', '-']);
    (!word.is_empty()).then_some(word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_the_portal_refused_for_the_same_reason_have_one_gist() {
        for (hint, expected) in [
            (
                "column \"A\": \"x\": the text is not a date; write it as …",
                "",
            ),
            (
                "\"x1\": the portal refused it: Email address x1@y.example wasn't valid. See 9; ask",
                "Email address … wasn't valid. See …",
            ),
            (
                "the portal refused it: Property 'due_2024' of \"T 7\" can't be `set`; take it out.",
                "Property … of … can't be …",
            ),
            (
                "the portal refused it: Cannot set v=1 on 9002-a. (9001) has it; x",
                "Cannot set v=… on …. (…) has it",
            ),
            ("the portal refused it: it's \"open; x", "it's \"open"),
        ] {
            assert_eq!(gist(hint), expected, "{hint}");
        }
        let long = format!("{BY_PORTAL}{}", "wörter ".repeat(90));
        assert_eq!(gist(&long).chars().count(), MOST);
    }
}
