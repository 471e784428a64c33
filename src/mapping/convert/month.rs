//! The words in dates of other languages: names of months, halves of the day, UTC. They
//! become the English ones, which formats read.

use std::borrow::Cow;

/// Names of months, whole and shortened, as Unicode's CLDR has them for English, German,
/// French, Spanish, Portuguese, Italian, Dutch, Polish, Swedish, Danish, Norwegian,
/// Russian and Turkish. No name means two months.
const MONTHS: [(&str, &[&str]); 12] = [
    (
        "Jan",
        &[
            "ene",
            "enero",
            "gen",
            "gennaio",
            "jan",
            "janeiro",
            "januar",
            "januari",
            "january",
            "janv",
            "janvier",
            "oca",
            "ocak",
            "sty",
            "styczeń",
            "stycznia",
            "янв",
            "январь",
            "января",
        ],
    ),
    (
        "Feb",
        &[
            "feb",
            "febbraio",
            "febrero",
            "februar",
            "februari",
            "february",
            "fev",
            "fevereiro",
            "févr",
            "février",
            "lut",
            "lutego",
            "luty",
            "şub",
            "şubat",
            "февр",
            "февраль",
            "февраля",
        ],
    ),
    (
        "Mar",
        &[
            "maart",
            "mar",
            "marca",
            "march",
            "mars",
            "mart",
            "marts",
            "marzec",
            "marzo",
            "março",
            "mrt",
            "mär",
            "märz",
            "мар",
            "март",
            "марта",
        ],
    ),
    (
        "Apr",
        &[
            "abr",
            "abril",
            "apr",
            "april",
            "aprile",
            "avr",
            "avril",
            "kwi",
            "kwiecień",
            "kwietnia",
            "nis",
            "nisan",
            "апр",
            "апрель",
            "апреля",
        ],
    ),
    (
        "May",
        &[
            "mag", "maggio", "mai", "maio", "maj", "maja", "may", "mayo", "mayıs", "mei", "май",
            "мая",
        ],
    ),
    (
        "Jun",
        &[
            "cze", "czerwca", "czerwiec", "giu", "giugno", "haz", "haziran", "juin", "jun", "june",
            "junho", "juni", "junio", "июн", "июнь", "июня",
        ],
    ),
    (
        "Jul",
        &[
            "juil", "juillet", "jul", "julho", "juli", "julio", "july", "lip", "lipca", "lipiec",
            "lug", "luglio", "tem", "temmuz", "июл", "июль", "июля",
        ],
    ),
    (
        "Aug",
        &[
            "ago",
            "agosto",
            "août",
            "aug",
            "august",
            "augusti",
            "augustus",
            "ağu",
            "ağustos",
            "sie",
            "sierpień",
            "sierpnia",
            "авг",
            "август",
            "августа",
        ],
    ),
    (
        "Sep",
        &[
            "eyl",
            "eylül",
            "sep",
            "sept",
            "september",
            "septembre",
            "septiembre",
            "set",
            "setembro",
            "settembre",
            "wrz",
            "wrzesień",
            "września",
            "сент",
            "сентябрь",
            "сентября",
        ],
    ),
    (
        "Oct",
        &[
            "eki",
            "ekim",
            "oct",
            "october",
            "octobre",
            "octubre",
            "okt",
            "oktober",
            "ott",
            "ottobre",
            "out",
            "outubro",
            "paź",
            "październik",
            "października",
            "окт",
            "октябрь",
            "октября",
        ],
    ),
    (
        "Nov",
        &[
            "kas",
            "kasım",
            "lis",
            "listopad",
            "listopada",
            "nov",
            "november",
            "novembre",
            "novembro",
            "noviembre",
            "нояб",
            "ноябрь",
            "ноября",
        ],
    ),
    (
        "Dec",
        &[
            "ara",
            "aralık",
            "dec",
            "december",
            "des",
            "desember",
            "dez",
            "dezember",
            "dezembro",
            "dic",
            "dicembre",
            "diciembre",
            "déc",
            "décembre",
            "gru",
            "grudnia",
            "grudzień",
            "дек",
            "декабрь",
            "декабря",
        ],
    ),
];

/// Names that a date may contain besides digits, in their English form.
pub(super) fn english(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((half, len)) = half_of_day(rest).filter(|_| !ends_in_letter(&out)) {
            out.push_str(half);
            rest = &rest[len..];
            continue;
        }
        let word = word_at(rest);
        if word.is_empty() {
            out.push(if first.is_whitespace() { ' ' } else { first });
            rest = &rest[first.len_utf8()..];
            continue;
        }
        rest = &rest[word.len()..];
        match month(word) {
            Some(name) => {
                out.push_str(name);
                rest = without_dot(rest);
            }
            None if matches!(word, "UTC" | "GMT") => out.push_str("+0000"),
            None => out.push_str(word),
        }
    }
    Cow::Owned(out)
}

/// The English short name of a month.
pub(super) fn month(word: &str) -> Option<&'static str> {
    /// The longest name has twelve letters of two bytes.
    const LONGEST: usize = 24;
    if word.len() > LONGEST {
        return None;
    }
    if let Some((name, _)) = MONTHS.iter().find(|(name, _)| *name == word) {
        return Some(name);
    }
    let word = word.to_lowercase();
    let found = MONTHS.iter().find(|(_, names)| names.contains(&&*word));
    found.map(|(name, _)| *name)
}

/// `AM` or `PM` if a text begins with one, as English, Spanish and Dutch write them
/// (`p. m.`), and its length.
pub(super) fn half_of_day(text: &str) -> Option<(&'static str, usize)> {
    let mut letters = text
        .char_indices()
        .filter(|(_, c)| !matches!(c, '.' | ' ' | '\u{a0}' | '\u{202f}'));
    let (start, first) = letters.next()?;
    let half = match first {
        'a' | 'A' => "AM",
        'p' | 'P' => "PM",
        _ => return None,
    };
    let (end, _) = letters
        .next()
        .filter(|(at, c)| matches!(c, 'm' | 'M') && at - start <= 8)?;
    let dotted = text[start..end].contains('.');
    let end = end + 1;
    let rest = &text[end..];
    let end = end + usize::from(dotted && rest.starts_with('.'));
    let is_done = !text[end..].starts_with(char::is_alphanumeric);
    (start == 0 && is_done).then_some((half, end))
}

fn ends_in_letter(text: &str) -> bool {
    text.ends_with(char::is_alphabetic)
}

/// The letters that a text begins with.
pub(super) fn word_at(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphabetic());
    &text[..end.unwrap_or(text.len())]
}

/// A shortened name may end in a dot.
pub(super) fn without_dot(rest: &str) -> &str {
    match rest.strip_prefix('.') {
        Some(behind) if behind.starts_with(char::is_whitespace) => behind,
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_languages_become_english() {
        for (text, expected) in [
            ("10 mars 2024", "10 Mar 2024"),
            ("10 de març. de 2024", "10 de març. de 2024"),
            ("10 de mar. de 2024", "10 de Mar de 2024"),
            ("3. März 2024 07:30", "3. Mar 2024 07:30"),
            ("10/03/24, 7:30\u{202f}p.\u{202f}m.", "10/03/24, 7:30 PM"),
            ("7:30 a. m.", "7:30 AM"),
            ("7:30pm", "7:30PM"),
            ("15 мая 2024", "15 May 2024"),
            ("2024-03-10 07:30 UTC", "2024-03-10 07:30 +0000"),
            ("10.03.2024", "10.03.2024"),
            ("Sep. 3, 2024", "Sep 3, 2024"),
        ] {
            assert_eq!(english(text), expected, "{text}");
        }
    }

    #[test]
    fn no_name_means_two_months() {
        let mut all: Vec<&str> = MONTHS
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
