//! The options of a run that a resume uses again (R3), by name, with their values as they were
//! typed. Only options given by the user or by the portal's configuration, and the version of the
//! API, are stored; other defaults are those of the version that resumes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The file of comments that was given. A run stores the comments themselves; its retries need the
/// file again.
pub const COMMENTS_OPTION: &str = "comments";

/// Options by their names on the command line, without dashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunOptions(BTreeMap<String, String>);

impl RunOptions {
    /// These options.
    pub fn new(options: impl IntoIterator<Item = (String, String)>) -> RunOptions {
        RunOptions(options.into_iter().collect())
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of an option, if it was given.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Every option with its value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// These options, overridden by `later`.
    #[must_use]
    pub fn overlaid(mut self, later: &RunOptions) -> RunOptions {
        self.0.extend(later.0.clone());
        self
    }

    /// Those that are not in `others`.
    #[must_use]
    pub fn without(mut self, others: &RunOptions) -> RunOptions {
        self.0.retain(|name, _| !others.0.contains_key(name));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_options(options: &[(&str, &str)]) -> RunOptions {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        RunOptions::new(options.iter().map(owned))
    }

    #[test]
    fn the_later_word_counts() {
        let first = run_options(&[("rate", "50/10s"), ("timeout", "5")]);
        let later = run_options(&[("rate", "20/10s"), ("api", "2026-09")]);
        assert_eq!(
            first.clone().overlaid(&later),
            run_options(&[("api", "2026-09"), ("rate", "20/10s"), ("timeout", "5")])
        );
        assert_eq!(first.without(&later), run_options(&[("timeout", "5")]));
    }

    #[test]
    fn what_was_told_is_plain_json() {
        let run_options = run_options(&[("rate", "50/10s")]);
        let text = serde_json::to_string(&run_options).expect("JSON");
        assert_eq!(text, r#"{"rate":"50/10s"}"#);
        assert_eq!(
            serde_json::from_str::<RunOptions>(&text).expect("JSON"),
            run_options
        );
    }
}
