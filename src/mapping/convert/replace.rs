//! `replace`: what a pattern matches becomes another text, with a size limit. A short line of a
//! mapping could turn a long cell into terabytes.

use std::borrow::Cow;

use regex::Regex;

use crate::model::issue::Reason;

/// The longest text that is made, in bytes: twice the longest record.
pub(crate) const LONGEST: usize = 32 * 1024 * 1024;

/// The text with all matches of the pattern replaced; `$1` is the first group.
pub(crate) fn replaced<'t>(
    pattern: &Regex,
    by: &str,
    text: &'t str,
) -> Result<Cow<'t, str>, Reason> {
    let groups = by.matches('$').count();
    let mut made = String::new();
    let mut behind = None;
    let mut put = |start: usize, end: usize, put: &dyn Fn(&mut String)| {
        let kept = &text[behind.unwrap_or(0)..start];
        let most = groups.saturating_mul(end - start).saturating_add(by.len());
        let most = most.saturating_add(made.len() + kept.len());
        if most > LONGEST {
            return Err(Reason::MadeTooLong { limit: LONGEST });
        }
        made.push_str(kept);
        put(&mut made);
        behind = Some(end);
        Ok(())
    };
    if groups == 0 {
        for found in pattern.find_iter(text) {
            put(found.start(), found.end(), &|made| made.push_str(by))?;
        }
    } else {
        for groups in pattern.captures_iter(text) {
            let Some(found) = groups.get(0) else { continue };
            put(found.start(), found.end(), &|made| groups.expand(by, made))?;
        }
    }
    let Some(behind) = behind else {
        return Ok(Cow::Borrowed(text));
    };
    made.push_str(&text[behind..]);
    Ok(Cow::Owned(made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_replacement_makes_more_than_fits() {
        let pattern = Regex::new("x").expect("a pattern");
        let long = "x".repeat(1_000_000);
        let refused = replaced(&pattern, &"y".repeat(100_000), &long);
        assert_eq!(refused, Err(Reason::MadeTooLong { limit: LONGEST }));
        let all = Regex::new("(?s).+").expect("a pattern");
        let refused = replaced(&all, &"$0".repeat(100_000), &long);
        assert_eq!(refused, Err(Reason::MadeTooLong { limit: LONGEST }));
    }

    proptest! {
        #[test]
        fn it_replaces_as_the_engine_does(
            text in "[a-c ]{0,20}",
            pattern in prop::sample::select(vec!["a", "(b)(c)?", "^", "$", "", "(?<n>[ab]+)"]),
            by in prop::sample::select(vec!["", "-", "$1", "${n}x", "$0$0", "$$"]),
        ) {
            let pattern = Regex::new(pattern).expect("a pattern");
            let expected = pattern.replace_all(&text, by);
            prop_assert_eq!(replaced(&pattern, by, &text), Ok(expected));
        }
    }
}
