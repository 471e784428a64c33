//! Values of unique properties, by which rows name records, and when a portal may take two of
//! them for the same one (protocol K2).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A key as a row spells it, prefix included: the value of the key property, or the id of a record
/// if that is the key. It is folded once, when it is made.
#[derive(Clone)]
pub struct Key {
    text: Arc<str>,
    /// The same text if the key is folded already.
    folded: FoldedKey,
}

/// A key in the form in which it is compared: portals may treat keys that differ only by case as
/// the same. Whatever looks up or distinguishes records by key uses it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FoldedKey(Arc<str>);

/// The rule: a key in lower case. One that is folded already, as most are, is not copied.
pub fn fold(key: &str) -> Cow<'_, str> {
    let is_folded = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    match key.bytes().all(is_folded) {
        true => Cow::Borrowed(key),
        false => Cow::Owned(key.to_lowercase()),
    }
}

/// Whether a portal may take two keys as the same.
pub fn same_key(one: &str, other: &str) -> bool {
    one == other || fold(one) == fold(other)
}

impl Key {
    fn new(text: Arc<str>) -> Key {
        let folded = match fold(&text) {
            Cow::Owned(folded) if *folded != *text => folded.into(),
            _ => Arc::clone(&text),
        };
        let folded = FoldedKey(folded);
        Key { text, folded }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it is compared by.
    pub fn folded(&self) -> &FoldedKey {
        &self.folded
    }

    /// Whether it is spelled as it is compared.
    pub fn is_folded(&self) -> bool {
        Arc::ptr_eq(&self.text, &self.folded.0)
    }
}

impl FoldedKey {
    /// What a key is compared by.
    pub fn of(key: &str) -> FoldedKey {
        FoldedKey(fold(key).into())
    }

    /// The folded key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// Keys are told apart, ordered and shown by their spelling: the rest follows from it.

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.text == other.text
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Key").field(&self.text).finish()
    }
}

impl Default for Key {
    fn default() -> Key {
        Key::from("")
    }
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Key {
    fn from(key: &str) -> Key {
        Key::new(key.into())
    }
}

impl From<String> for Key {
    fn from(key: String) -> Key {
        Key::new(key.into())
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        key.as_str().to_owned()
    }
}

impl PartialEq<&str> for Key {
    fn eq(&self, other: &&str) -> bool {
        *self.text == **other
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_that_differ_only_by_case_are_the_same_and_no_others() {
        for (one, other, same) in [
            ("zd-7", "zd-7", true),
            ("ZD-7", "zd-7", true),
            ("zd-7", "zd-07", false),
            ("zd-7", " zd-7", false),
            ("É1", "é1", true),
            ("e1", "é1", false),
            // Lower case, not Unicode's case folding.
            ("straße", "STRASSE", false),
            ("ΣΑΣ", "σας", true),
            ("σας", "σασ", false),
            // The sign for kelvin is a K.
            ("\u{212a}1", "k1", true),
            // Composed or not: what looks the same is not the same.
            ("\u{e9}", "e\u{301}", false),
            ("", "", true),
        ] {
            assert_eq!(same_key(one, other), same, "{one} {other}");
            assert_eq!(same_key(other, one), same, "{other} {one}");
        }
    }

    #[test]
    fn keys_are_told_apart_and_ordered_by_their_spelling() {
        let keys = ["b", "B", "a", "A", ""].map(Key::from);
        let distinct: HashSet<Key> = keys.iter().cloned().chain([Key::default()]).collect();
        assert_eq!(distinct.len(), keys.len());
        let mut sorted = keys.clone();
        sorted.sort();
        assert_eq!(sorted, ["", "A", "B", "a", "b"].map(Key::from));
        assert!(Key::default().is_folded());
        assert_eq!(format!("{:?}", keys[1]), "Key(\"B\")");
    }

    proptest! {
        #[test]
        fn there_is_one_rule_however_it_is_asked(
            one in "(?i)[a-c]{1,3}|[A-CΣσςİéÉ]{1,3}|\\PC{0,12}",
            other in "(?i)[a-c]{1,3}|[A-CΣσςİéÉ]{1,3}|\\PC{0,12}",
        ) {
            let (key, folded) = (Key::from(&*one), FoldedKey::of(&one));
            prop_assert_eq!(folded.as_str(), one.to_lowercase());
            prop_assert_eq!(key.folded(), &folded);
            prop_assert_eq!(key.is_folded(), one == folded.as_str());
            prop_assert_eq!(&FoldedKey::of(folded.as_str()), &folded, "folding again");
            prop_assert!(same_key(&one, folded.as_str()));
            prop_assert_eq!(same_key(&one, &other), folded == FoldedKey::of(&other));
        }

        #[test]
        fn a_key_that_is_folded_already_is_not_copied(key in "[a-zéß0-9#:_-]{0,20}") {
            let key = Key::from(key);
            prop_assert!(Arc::ptr_eq(&key.folded().0, &key.text));
        }
    }
}
