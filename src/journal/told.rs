//! What a run was told on its command line and takes up again when it is resumed (R3):
//! options by name, with their values as they were typed. Only what was said is here, by the
//! user or by the portal's configuration, and the version of the API; any other default is
//! that of whichever version resumes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Options by the name that they have on the command line, without dashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Told(BTreeMap<String, String>);

impl Told {
    /// These options.
    pub fn new(options: impl IntoIterator<Item = (String, String)>) -> Told {
        Told(options.into_iter().collect())
    }

    /// True when nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every option with its value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// These options, in which `later` wins.
    #[must_use]
    pub fn overlaid(mut self, later: &Told) -> Told {
        self.0.extend(later.0.clone());
        self
    }

    /// Those that `others` does not name.
    #[must_use]
    pub fn without(mut self, others: &Told) -> Told {
        self.0.retain(|name, _| !others.0.contains_key(name));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(options: &[(&str, &str)]) -> Told {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Told::new(options.iter().map(owned))
    }

    #[test]
    fn the_later_word_counts() {
        let first = told(&[("rate", "50/10s"), ("timeout", "5")]);
        let later = told(&[("rate", "20/10s"), ("api", "2026-09")]);
        assert_eq!(
            first.clone().overlaid(&later),
            told(&[("api", "2026-09"), ("rate", "20/10s"), ("timeout", "5")])
        );
        assert_eq!(first.without(&later), told(&[("timeout", "5")]));
    }

    #[test]
    fn what_was_told_is_plain_json() {
        let told = told(&[("rate", "50/10s")]);
        let text = serde_json::to_string(&told).expect("JSON");
        assert_eq!(text, r#"{"rate":"50/10s"}"#);
        assert_eq!(serde_json::from_str::<Told>(&text).expect("JSON"), told);
    }
}
