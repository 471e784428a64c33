//! The words of other languages than English, each with its source (`vocabulary.toml`).

use std::collections::HashMap;
use std::sync::LazyLock;

use toml::{Table, Value};

use crate::mapping::propose::names::words;

const TEXT: &str = include_str!("vocabulary.toml");

/// The words, in the form in which names are compared.
struct Vocabulary {
    /// Names of columns, by what the column is.
    columns: HashMap<String, Vec<String>>,
    /// Values, by what they mean.
    values: HashMap<String, Vec<String>>,
}

static WORDS: LazyLock<Vocabulary> = LazyLock::new(|| {
    let root = TEXT.parse::<Table>().unwrap_or_default();
    Vocabulary {
        columns: section(&root, "columns"),
        values: section(&root, "values"),
    }
});

/// Whether other languages call a column of this kind so.
pub(crate) fn is_column(role: &str, name: &str) -> bool {
    let known = WORDS.columns.get(role);
    known.is_some_and(|known| known.iter().any(|word| word == name))
}

/// The names of a kind of column in other languages.
pub(crate) fn column_names(role: &str) -> &'static [String] {
    WORDS.columns.get(role).map_or(&[], Vec::as_slice)
}

/// Which of some meanings a value of another language has.
pub(crate) fn value_meaning<'m>(
    meanings: impl IntoIterator<Item = &'m str>,
    value: &str,
) -> Option<&'m str> {
    let value = words(value);
    let has = |meaning: &&'m str| {
        let known = WORDS.values.get(*meaning);
        known.is_some_and(|known| known.contains(&value))
    };
    match value.is_empty() {
        true => None,
        false => meanings.into_iter().find(has),
    }
}

/// The words of a section, those of all sources together.
fn section(root: &Table, name: &str) -> HashMap<String, Vec<String>> {
    let Some(Value::Table(section)) = root.get(name) else {
        return HashMap::new();
    };
    let sources = |kind: &Value| {
        let sources = kind.as_table().into_iter().flat_map(Table::values);
        let texts = sources.filter_map(Value::as_array).flatten();
        texts.filter_map(Value::as_str).map(words).collect()
    };
    let kinds = section.iter();
    kinds
        .map(|(kind, value)| (kind.clone(), sources(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_is_read_and_every_word_has_a_source() {
        let root = TEXT.parse::<Table>().expect("TOML");
        for name in ["columns", "values"] {
            let section = root[name].as_table().expect("a section");
            for (kind, sources) in section {
                for (source, texts) in sources.as_table().expect("sources") {
                    assert!(!source.is_empty(), "{kind}");
                    assert!(
                        texts.as_array().is_some_and(|texts| !texts.is_empty()),
                        "{kind}"
                    );
                }
            }
        }
        assert!(is_column("subject", "betreff"));
        assert!(is_column("created", "data de abertura"));
        assert!(!is_column("subject", "status"));
        let stages = ["New", "Closed"];
        assert_eq!(value_meaning(stages, "Fechado com êxito"), Some("Closed"));
        assert_eq!(value_meaning(stages, "Новая"), Some("New"));
        assert_eq!(value_meaning(stages, "?"), None);
    }

    #[test]
    fn no_word_names_two_kinds_of_column_or_two_meanings() {
        for section in [&WORDS.columns, &WORDS.values] {
            let mut kinds: HashMap<&str, &str> = HashMap::new();
            for (kind, known) in section {
                for word in known {
                    let other = kinds.insert(word, kind);
                    assert!(
                        other.is_none_or(|other| other == kind),
                        "{word}: {kind}, {other:?}"
                    );
                }
            }
        }
    }
}
