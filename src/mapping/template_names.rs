//! The names in the code of templates, by what they stand for: filters, tests, or anything else.
//! The engine notices a filter or test that does not exist only when it uses it; this finds all of
//! them, with their places, without evaluating anything. Pure.

use std::ops::Range;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A filter: what follows `|`, or the `filter` of a block.
    Filter,
    /// A test: what follows `is` or `is not`.
    Test,
    /// A variable, a function, a word of the language.
    Plain,
}

/// A name in code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameUse<'s> {
    pub(super) name: &'s str,
    pub(super) role: Role,
    /// Where it is in the template.
    pub(super) range: Range<usize>,
}

/// What precedes a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The beginning of a block, `{%`.
    Block,
    Pipe,
    /// `is`, or `is not`.
    Is,
    Dot,
    Other,
}

/// All names in these parts of a template, in their order; attributes don't count.
pub(super) fn names<'s>(source: &'s str, code: &[Range<usize>]) -> Vec<NameUse<'s>> {
    let parts = code.iter().flat_map(|range| in_part(source, range));
    parts.collect()
}

fn in_part<'s>(source: &'s str, part: &Range<usize>) -> Vec<NameUse<'s>> {
    let mut found = Vec::new();
    let mut before = match source[part.clone()].starts_with("{%") {
        true => Before::Block,
        false => Before::Other,
    };
    let mut at = part.start;
    while let Some(first) = source[at..part.end].chars().next() {
        let rest = &source[at..part.end];
        let length = match first {
            '"' | '\'' => quoted(rest, first),
            _ => word(rest).unwrap_or(first.len_utf8()),
        };
        let text = &rest[..length];
        let is_word = first.is_alphabetic() || first == '_';
        if is_word && before != Before::Dot && !(before == Before::Is && text == "not") {
            let role = match before {
                Before::Pipe => Role::Filter,
                Before::Is => Role::Test,
                _ => Role::Plain,
            };
            let range = at..at + length;
            let name = text;
            found.push(NameUse { name, role, range });
        }
        before = after(before, text, first);
        at += length;
    }
    found
}

/// What precedes the word that follows a piece of code.
fn after(before: Before, text: &str, first: char) -> Before {
    match (text, before) {
        ("filter", Before::Block) | ("|", _) => Before::Pipe,
        ("is", Before::Block | Before::Other) | ("not", Before::Is) => Before::Is,
        (".", _) => Before::Dot,
        ("{" | "%" | "-" | "+", Before::Block) => Before::Block,
        _ if first.is_whitespace() => before,
        _ => Before::Other,
    }
}

/// The length of a text in quotes; all of the rest if nothing closes it.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, c)| {
        let closes = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    });
    end.map_or(rest.len(), |(at, _)| at + 1)
}

/// The length of a word or number; none if there is none.
fn word(rest: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
    (end > 0).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names with a letter for their role.
    fn all(source: &str) -> String {
        let found = names(source, std::slice::from_ref(&(0..source.len())));
        let words = found.iter().map(|found| {
            assert_eq!(&source[found.range.clone()], found.name);
            let role = match found.role {
                Role::Filter => "f",
                Role::Test => "t",
                Role::Plain => "p",
            };
            format!("{role}:{}", found.name)
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn filters_and_tests_are_told_from_other_names() {
        for (code, expected) in [
            ("col('is | x') | upper|trim", "p:col f:upper f:trim"),
            (
                "a is defined and b is not\n none",
                "p:a p:is t:defined p:and p:b p:is t:none",
            ),
            ("a.is.upper | d('|x', true)", "p:a f:d p:true"),
            ("{%- filter shout %}", "p:filter f:shout"),
            ("{% if a is odd(2) | x %}", "p:if p:a p:is t:odd f:x"),
            ("\"a\\\" | b\" ~ é | größe", "p:é f:größe"),
            ("this ~ visit ~ 1.5e3 | round", "p:this p:visit f:round"),
            ("'open | x", ""),
            ("", ""),
        ] {
            assert_eq!(all(code), expected, "{code}");
        }
    }
}
