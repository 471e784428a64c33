//! Numbers as decimal text. A number never becomes a float on the way, so that an
//! id of nineteen digits keeps all of them.

use crate::model::issue::Reason;

/// How a column writes its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberStyle {
    /// The decimal mark.
    pub(crate) decimal: char,
    /// The mark between groups of three digits, if there is one. A blank stands for
    /// every kind of blank that exports use.
    pub(crate) thousands: Option<char>,
}

impl Default for NumberStyle {
    /// A point, and no mark between groups: `1,234` could be either number.
    fn default() -> NumberStyle {
        NumberStyle {
            decimal: '.',
            thousands: None,
        }
    }
}

impl NumberStyle {
    /// The number as HubSpot takes it: digits, at most one point, no needless zeros,
    /// no exponent.
    pub(crate) fn convert(self, text: &str) -> Result<String, Reason> {
        self.canonical(text.trim())
            .ok_or_else(|| Reason::InvalidNumber {
                example: self.example(),
                styles: known_styles(text.trim()),
            })
    }

    fn canonical(self, text: &str) -> Option<String> {
        // Most numbers are whole, and stay as they are.
        if is_digits(text) && (text == "0" || !text.starts_with('0')) {
            return Some(text.to_owned());
        }
        let (minus, digits) = match text.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = match digits.split_once(self.decimal) {
            Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (digits, ""),
        };
        let whole = match self.thousands {
            _ if whole.is_empty() && !fraction.is_empty() => String::new(),
            Some(mark) => self.ungrouped(whole, mark)?,
            None => is_digits(whole).then(|| whole.to_owned())?,
        };
        Some(written(minus, &whole, fraction))
    }

    /// The digits without marks. Groups must be of three digits, so that a decimal
    /// number in another style is not taken for a large one.
    fn ungrouped(self, whole: &str, mark: char) -> Option<String> {
        let is_mark = |c: char| c == mark || (mark == ' ' && matches!(c, '\u{a0}' | '\u{202f}'));
        let groups: Vec<&str> = whole.split(is_mark).collect();
        let (first, others) = groups.split_first()?;
        let sound = match others {
            [] => is_digits(first),
            _ => {
                is_digits(first)
                    && first.len() <= 3
                    && others
                        .iter()
                        .all(|group| group.len() == 3 && is_digits(group))
            }
        };
        sound.then(|| groups.concat())
    }

    /// Whether a text is a number in this style.
    pub(crate) fn reads(self, text: &str) -> bool {
        self.canonical(text).is_some()
    }

    /// Whether a text may be a number with a fraction of three digits or one of thousands:
    /// `1.000`.
    pub(crate) fn is_open(text: &str) -> bool {
        let digits = text.trim().trim_start_matches(['-', '+', '\u{2212}']);
        digits.split_once('.').is_some_and(|(whole, fraction)| {
            let is_group = (1..=3).contains(&whole.len()) && whole != "0" && fraction.len() == 3;
            is_group && is_digits(whole) && is_digits(fraction)
        })
    }

    /// The settings of an entry for it.
    pub(crate) fn settings(self) -> String {
        let decimal = format!("decimal = \"{}\"", self.decimal);
        match self.thousands {
            Some(mark) => format!("{decimal}, thousands = \"{mark}\""),
            None => decimal,
        }
    }

    fn example(self) -> String {
        let mark = self.thousands.map(String::from).unwrap_or_default();
        format!("1{mark}234{}5", self.decimal)
    }
}

/// The known styles of numbers in files, the plain one first.
pub(crate) const STYLES: [NumberStyle; 6] = [
    style('.', None),
    style(',', None),
    style(',', Some('.')),
    style('.', Some(',')),
    style(',', Some(' ')),
    style('.', Some('\'')),
];

const fn style(decimal: char, thousands: Option<char>) -> NumberStyle {
    NumberStyle { decimal, thousands }
}

/// The styles that read a text: their settings, and the number. Of those with the same
/// result one is enough.
fn known_styles(text: &str) -> Vec<(String, String)> {
    let mut known: Vec<(String, String)> = Vec::new();
    for style in STYLES {
        if let Some(number) = style.canonical(text)
            && !known.iter().any(|(_, other)| *other == number)
        {
            known.push((style.settings(), number));
        }
    }
    known
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn written(minus: bool, whole: &str, fraction: &str) -> String {
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let fraction = fraction.trim_end_matches('0');
    let sign = if minus && (whole != "0" || !fraction.is_empty()) {
        "-"
    } else {
        ""
    };
    match fraction {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(decimal: char, thousands: Option<char>, text: &str) -> Option<String> {
        let style = NumberStyle { decimal, thousands };
        style.convert(text).ok()
    }

    #[test]
    fn numbers_become_canonical() {
        for (decimal, thousands, text, expected) in [
            ('.', None, "12", Some("12")),
            ('.', None, " +7.50 ", Some("7.5")),
            ('.', None, "-0.0", Some("0")),
            ('.', None, "\u{2212}3", Some("-3")),
            ('.', None, ".5", Some("0.5")),
            ('.', None, "007", Some("7")),
            (
                '.',
                None,
                "9007199254740993123",
                Some("9007199254740993123"),
            ),
            ('.', None, "1,234", None),
            ('.', None, "5.", None),
            ('.', None, "1e3", None),
            ('.', None, "1.2.3", None),
            ('.', None, "", None),
            ('.', None, "-", None),
            ('.', None, "٣", None),
            (',', Some('.'), "1.234,50", Some("1234.5")),
            (',', Some('.'), "1234,5", Some("1234.5")),
            (',', Some('.'), "1.23", None),
            (',', Some('.'), "1..234", None),
            (
                ',',
                Some(' '),
                "12\u{a0}345\u{202f}678,9",
                Some("12345678.9"),
            ),
            ('.', Some(','), "1,234,567.89", Some("1234567.89")),
            ('.', Some(','), "1234,567", None),
            ('.', Some(','), ",5", None),
        ] {
            assert_eq!(
                read(decimal, thousands, text).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn the_example_is_in_the_style_asked_for() {
        let style = NumberStyle {
            decimal: ',',
            thousands: Some('.'),
        };
        let example = "1.234,5".to_owned();
        let styles = Vec::new();
        assert_eq!(
            style.convert("x"),
            Err(Reason::InvalidNumber { example, styles })
        );
    }

    #[test]
    fn the_settings_that_would_read_a_number_are_told() {
        let styles_of = |text: &str| match NumberStyle::default().convert(text) {
            Err(Reason::InvalidNumber { styles, .. }) => styles,
            other => panic!("{text}: {other:?}"),
        };
        let of = |settings: &str, number: &str| (settings.to_owned(), number.to_owned());
        assert_eq!(styles_of("9,99"), [of("decimal = \",\"", "9.99")]);
        let both = [
            of("decimal = \",\"", "1.234"),
            of("decimal = \".\", thousands = \",\"", "1234"),
        ];
        assert_eq!(styles_of("1,234"), both);
        assert_eq!(
            styles_of("1\u{a0}234"),
            [of("decimal = \",\", thousands = \" \"", "1234")]
        );
        assert_eq!(styles_of("many"), []);
    }

    proptest! {
        #[test]
        fn whole_numbers_survive_whatever_their_size(digits in "[1-9][0-9]{0,40}") {
            prop_assert_eq!(read('.', None, &digits), Some(digits));
        }

        #[test]
        fn a_canonical_number_stays_as_it_is(text in "[-+]?[0-9]{0,12}\\.?[0-9]{0,12}") {
            if let Some(once) = read('.', None, &text) {
                prop_assert_eq!(read('.', None, &once), Some(once));
            }
        }
    }
}
