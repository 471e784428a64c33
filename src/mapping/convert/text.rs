//! Texts: unchanged, within the portal's limit.

use crate::mapping::convert::Converted;
use crate::model::issue::Reason;
use crate::model::ticket::Remark;

/// HubSpot: a text takes 65,536 characters, counted in UTF-16 units.
const LIMIT: usize = 65_536;

/// The end of a shortened text.
const MARK: &str = " […]";

/// What happens to a text that is too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextRule {
    /// Shorten to this many UTF-16 units; none = a text over the limit is refused.
    pub(crate) truncate: Option<usize>,
}

impl TextRule {
    /// Whether a text fits as it is.
    #[inline]
    pub(crate) fn check(self, text: &str) -> Result<(), Reason> {
        let limit = self.truncate.unwrap_or(LIMIT);
        // No character has more UTF-16 units than UTF-8 bytes, so most texts need no count.
        if text.len() <= limit {
            return Ok(());
        }
        match text.encode_utf16().count() {
            units if units <= limit => Ok(()),
            units => Err(Reason::TooLong { units, limit }),
        }
    }

    /// The text itself, or its beginning with a mark.
    #[inline]
    pub(crate) fn convert(self, text: &str) -> Result<Converted, Reason> {
        match (self.check(text), self.truncate) {
            (Ok(()), _) => Ok(Converted::plain(text)),
            (Err(reason), None) => Err(reason),
            (Err(_), Some(limit)) => Ok(Converted::remarked(
                shortened(text, limit),
                Some(Remark::Shortened),
            )),
        }
    }
}

/// The longest beginning of whole characters that leaves room for the mark.
fn shortened(text: &str, limit: usize) -> String {
    let room = limit.saturating_sub(MARK.encode_utf16().count());
    let mut units = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            units += c.len_utf16();
            units > room
        })
        .map_or(text.len(), |(end, _)| end);
    format!("{}{MARK}", text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_utf16_units() {
        let rule = TextRule::default();
        let emoji = "😀".repeat(LIMIT / 2);
        assert_eq!(rule.convert(&emoji), Ok(Converted::plain(emoji.clone())));
        let units = LIMIT + 1;
        assert_eq!(
            rule.convert(&format!("{emoji}x")),
            Err(Reason::TooLong {
                units,
                limit: LIMIT
            })
        );
    }

    #[test]
    fn shortening_cuts_whole_characters_and_says_so() {
        let rule = TextRule { truncate: Some(10) };
        assert_eq!(
            rule.convert("0123456789"),
            Ok(Converted::plain("0123456789"))
        );
        for (text, expected) in [
            ("0123456789a", "012345 […]"),
            ("01234😀6789a", "01234 […]"),
            ("0123 5678901", "0123 5 […]"),
            ("01234 678901", "01234 […]"),
        ] {
            assert_eq!(
                rule.convert(text),
                Ok(Converted::remarked(expected, Some(Remark::Shortened))),
                "{text}"
            );
        }
    }
}
