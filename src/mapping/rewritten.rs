//! Ids that a spreadsheet took for numbers and rewrote as such. The new form would be a
//! different key, and the ticket would be created twice. The same goes for ids with the
//! marks that tell a spreadsheet to keep a text. Each cell is judged by itself, and only
//! by forms that are typical of spreadsheets and unlikely for ids.

/// Thousands separators.
const GROUP_MARKS: [char; 8] = [
    ',', '.', '\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}', '\u{2009}',
];

/// Whether a trimmed cell is a number as spreadsheets write it: with an exponent
/// (`1.00011E+05`), decimals that are all zero (`100004.0`), or groups (`100,015`); or as
/// people write texts into them (`="100004"`, `'100004`), or as it is shown in a column that
/// is too narrow (`######`).
pub(crate) fn is_rewritten(text: &str) -> bool {
    is_number(text) || is_marked(text)
}

/// `="100004"`, `'100004`, `+100004`, `######`, `１００００４`.
fn is_marked(text: &str) -> bool {
    match text.chars().next() {
        Some('=') => text.len() > 2 && text.starts_with("=\"") && text.ends_with('"'),
        // An apostrophe before letters may be a name's.
        Some('\'') => text[1..].starts_with(|second: char| second.is_ascii_digit()),
        Some('+') => is_digits(&text[1..]),
        Some('#') => text.len() > 2 && text.bytes().all(|byte| byte == b'#'),
        Some(_) => text.contains(|letter| ('\u{ff10}'..='\u{ff19}').contains(&letter)),
        None => false,
    }
}

fn is_number(text: &str) -> bool {
    // Nearly all keys are decided here.
    text.starts_with(|first: char| first.is_ascii_digit() || first == '-' || first == '+')
        && text.ends_with(|last: char| last.is_ascii_digit())
        && !is_digits(text)
        && (has_exponent(text) || has_empty_decimals(text) || is_grouped(text))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1E+05`, `1.00011E+05`, `1,5e16`. Without decimals and plus it may be an id of
/// hexadecimal digits: `1e5`, `3E-12`.
fn has_exponent(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let Some((number, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let (whole, decimals) = match number.split_once(['.', ',']) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (number, None),
    };
    let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    is_digits(whole)
        && whole.len() <= 3
        && decimals.is_none_or(is_digits)
        && is_digits(digits)
        && digits.len() <= 3
        && (decimals.is_some() || exponent.starts_with('+'))
}

/// `100004.0`, `100004,00`.
fn has_empty_decimals(text: &str) -> bool {
    let parts = text.split_once(['.', ',']);
    parts.is_some_and(|(whole, decimals)| is_digits(whole) && is_zero(decimals))
}

fn is_zero(decimals: &str) -> bool {
    !decimals.is_empty() && decimals.bytes().all(|byte| byte == b'0')
}

/// `100,015`, `1.234.567`, `100 015`, `1'234'567`, `12,34,567`, also with decimals that
/// are all zero. No number begins with a zero.
fn is_grouped(text: &str) -> bool {
    let Some(mark) = text.chars().find(|letter| GROUP_MARKS.contains(letter)) else {
        return false;
    };
    let whole = match text.rsplit_once(['.', ',']) {
        Some((whole, decimals)) if !text.ends_with(&format!("{mark}{decimals}")) => {
            match is_zero(decimals) {
                true => whole,
                false => return false,
            }
        }
        _ => text,
    };
    let groups: Vec<&str> = whole.split(mark).collect();
    let [first, middle @ .., last] = groups.as_slice() else {
        return false;
    };
    let are = |width: usize| middle.iter().all(|group| group.len() == width);
    groups.iter().all(|group| is_digits(group))
        && first.len() <= 3
        && !first.starts_with('0')
        && last.len() == 3
        && (are(3) || (mark == ',' && first.len() <= 2 && are(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_spreadsheets_write_them() {
        for text in [
            "1.00011E+05",
            "1,00011E+05",
            "1E+05",
            "1e+05",
            "1.5E16",
            "-1.2E+15",
            "123.4E+03",
            "100004.0",
            "100004.00",
            "100004,0",
            "2.0",
            "100,015",
            "1,234,567",
            "12,34,567",
            "100.015",
            "1.234.567",
            "100 015",
            "100\u{a0}015",
            "100\u{202f}015",
            "1'234'567",
            "1\u{2019}234",
            "100,015.00",
            "100.015,0",
            "1 234,00",
            "=\"100004\"",
            "=\"OPS-12\"",
            "'100004",
            "'007",
            "+100004",
            "######",
            "###",
            "１００００４",
            "OPS-１２",
        ] {
            assert!(is_rewritten(text), "{text}");
        }
    }

    #[test]
    fn ids_are_left_alone() {
        for text in [
            "",
            "7",
            "100004",
            "00042",
            "1e5",
            "5E10",
            "3E-12",
            "12e4567",
            "1.2.3",
            "10.0.0.1",
            "2024.001",
            "012.345",
            "0,015",
            "1,2",
            "1,23",
            "100,15",
            "1234,567",
            "1,234.567",
            "100.5",
            "1.10",
            "PROJ-12",
            "INC0010023",
            "12-345",
            "a100,015",
            "1,234,56",
            "1.00011E",
            "E+05",
            "'t Hooft",
            "=1+1",
            "#12",
            "#",
            "+49 30 1234x",
            "K+1",
            "١٠٠",
        ] {
            assert!(!is_rewritten(text), "{text}");
        }
    }
}
