//! Counts as people read them, the same in every message: with thousands separators,
//! and the noun in the singular or plural.

/// `1234567` → `1,234,567`.
pub fn count(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let first = digits.len() % 3;
    let mut text = digits[..first].to_owned();
    for group in digits.as_bytes()[first..].chunks(3) {
        if !text.is_empty() {
            text.push(',');
        }
        text.extend(group.iter().map(|digit| char::from(*digit)));
    }
    text
}

/// `1 row`, `1,200 rows`, `2 properties`.
pub fn counted(number: impl TryInto<u64> + Copy, noun: &str) -> String {
    counted_as(number, noun, &plural(noun))
}

/// The same for a noun with a given plural: `3 lists of options`.
pub fn counted_as(number: impl TryInto<u64> + Copy, one: &str, many: &str) -> String {
    match number.try_into() {
        Ok(1) => format!("1 {one}"),
        _ => format!("{} {many}", count(number)),
    }
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with("ch") => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        for (number, expected) in [
            (0, "0"),
            (12, "12"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345, "12,345"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), expected);
        }
        for (number, noun, expected) in [
            (0, "row", "0 rows"),
            (1, "row", "1 row"),
            (1_200, "row", "1,200 rows"),
            (2, "property", "2 properties"),
            (3, "day", "3 days"),
            (2, "batch", "2 batches"),
        ] {
            assert_eq!(counted(number, noun), expected);
        }
        assert_eq!(
            counted_as(2, "list of options", "lists of options"),
            "2 lists of options"
        );
    }
}
