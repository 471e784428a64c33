//! E-mail addresses: a check for typing errors, not the grammar of the standards.

use crate::mapping::row_context::trimmed;
use crate::model::issue::Reason;

/// Longest address and longest part before the `@` that mail servers accept.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// The address trimmed and in lower case, as HubSpot stores and compares it.
pub(crate) fn email(text: &str) -> Result<String, Reason> {
    let text = trimmed(text);
    match text.split_once('@') {
        Some((local, domain)) if text.len() <= LONGEST && is_local(local) && is_domain(domain) => {
            Ok(match text.is_ascii() {
                true => text.to_ascii_lowercase(),
                false => text.to_lowercase(),
            })
        }
        _ => Err(Reason::InvalidEmail),
    }
}

fn is_local(local: &str) -> bool {
    let is_mark = |c: char| {
        matches!(
            c,
            '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | ',' | '\\' | '"' | '@'
        )
    };
    let is_never = |c: char| match c.is_ascii() {
        true => is_mark(c) || !c.is_ascii_graphic(),
        false => c.is_whitespace() || c.is_control(),
    };
    let has_two_dots = || local.as_bytes().windows(2).any(|pair| pair == b"..");
    (1..=LONGEST_LOCAL).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !has_two_dots()
        && !local.chars().any(is_never)
}

fn is_domain(domain: &str) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && (label.as_bytes().iter().all(is_letter)
                || label.chars().all(|c| c.is_alphanumeric() || c == '-'))
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folded() {
        for (text, expected) in [
            (
                " Liam.OConnor@Harborline.EXAMPLE ",
                "liam.oconnor@harborline.example",
            ),
            (
                "o'brien+tag@mail.example.org",
                "o'brien+tag@mail.example.org",
            ),
            ("jörg@bücher.example", "jörg@bücher.example"),
        ] {
            assert_eq!(email(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn slips_are_found() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "grace",
            "grace@",
            "@example.com",
            "a@b@c.example",
            "a b@c.example",
            "a@example",
            "a@.example",
            "a@ex..com",
            "a@-ex.com",
            "a,b@ex.com",
            "Grace <g@ex.com>",
            ".a@ex.com",
            "a..b@ex.com",
            "a@ex.com\u{7}",
            "a\u{0}@ex.com",
            &long,
        ] {
            assert_eq!(email(text), Err(Reason::InvalidEmail), "{text}");
        }
    }
}
