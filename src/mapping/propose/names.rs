//! Names of columns, so that they can be compared and become names of properties: words
//! in lower case, without accents, in Latin letters.

use deunicode::deunicode;

use crate::mapping::convert::ZONES;

/// What may follow a name in brackets without being part of it: the module or the kind
/// of field in some systems, and time zones.
const MARKS: [&str; 14] = [
    "ticket", "contact", "account", "list", "txt", "text", "int", "integer", "decimal", "flag",
    "date", "utc", "gmt", "in hrs",
];

/// What precedes brackets that contain the name itself.
const WRAPPERS: [&str; 2] = ["custom field", "campo personalizado"];

/// A name in normal form, for comparing.
pub(crate) fn normal(header: &str) -> String {
    words(bare(header))
}

/// A name as people read it: without additions in brackets.
pub(crate) fn bare(header: &str) -> &str {
    let header = header.trim_start_matches('\u{feff}').trim();
    let Some((outside, inside)) = brackets(header) else {
        return header;
    };
    let folded = inside.to_lowercase();
    match () {
        () if MARKS.contains(&&*folded) || ZONES.get(inside).is_ok() => outside,
        () if WRAPPERS.contains(&&*outside.to_lowercase()) => inside,
        () => header,
    }
}

/// What precedes brackets at the end of a name, and what is in them.
fn brackets(header: &str) -> Option<(&str, &str)> {
    let rest = header.strip_suffix([')', ']'])?;
    let start = rest.find(['(', '['])?;
    let (outside, inside) = (rest[..start].trim(), rest[start + 1..].trim());
    (!outside.is_empty() && !inside.is_empty()).then_some((outside, inside))
}

/// The words of a text: cut at blanks, marks and where a capital letter follows a small
/// one. `#` counts as a letter: some systems call the number of a ticket so.
pub(crate) fn words(text: &str) -> String {
    let mut cut = String::with_capacity(text.len());
    let mut before = ' ';
    // Accents may be letters of their own.
    let letters = text
        .chars()
        .filter(|letter| !matches!(letter, '\u{300}'..='\u{36f}'));
    for letter in letters {
        if before.is_lowercase() && letter.is_uppercase() {
            cut.push(' ');
        }
        let is_part = letter.is_alphanumeric() || letter == '#';
        cut.push(if is_part { letter } else { ' ' });
        before = letter;
    }
    let latin = deunicode(&cut).to_lowercase();
    let words = latin.split(|c: char| !(c.is_ascii_alphanumeric() || c == '#'));
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_marks() {
        for (header, expected) in [
            (
                "Conversation started at (America/New_York)",
                "conversation started at",
            ),
            ("Product area [list]", "product area"),
            ("Status (Ticket)", "status"),
            ("Custom field (Root cause)", "root cause"),
            ("Campo personalizado (Severidad)", "severidad"),
            ("Inward issue link (Blocks)", "inward issue link blocks"),
            ("\u{feff} short_description ", "short description"),
            ("caller_id.email", "caller id email"),
            ("CaseID", "case id"),
            ("createdAt", "created at"),
            ("(x)", "x"),
            ("Größe", "grosse"),
            ("Título", "titulo"),
            ("Ti\u{301}tulo", "titulo"),
            ("i\u{307}ptal", "iptal"),
            ("Заявка", "zaiavka"),
            ("件名", "jian ming"),
            ("#", "#"),
            ("Ticket#", "ticket#"),
            ("--", ""),
        ] {
            assert_eq!(normal(header), expected, "{header}");
        }
    }
}
