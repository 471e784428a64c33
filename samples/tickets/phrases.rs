//! The texts of `phrases.toml` as values: products, topics, and for each language its
//! names, its ways to write a date or an amount, and what people say about each topic.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::template::Template;

/// Everything that phrases.toml holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phrases {
    pub(crate) products: Vec<String>,
    pub(crate) emoji: Vec<String>,
    /// Traces, logs and other machine text, several lines each.
    pub(crate) snippets: Vec<Template>,
    #[serde(rename = "topic")]
    pub(crate) topics: Vec<Topic>,
    #[serde(rename = "language")]
    pub(crate) languages: Vec<Language>,
}

/// What a ticket is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topic {
    pub(crate) name: String,
    /// The value of `Product area [list]`.
    pub(crate) area: String,
    pub(crate) group: String,
    /// Values of `Ticket type`; the empty text is a ticket without one.
    pub(crate) kinds: Vec<String>,
    pub(crate) tags: Vec<String>,
}

/// How the people of one language are called and write.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    pub(crate) code: String,
    /// How often a new requester speaks it, compared with the others.
    pub(crate) weight: u64,
    /// What stands between two sentences.
    pub(crate) joint: String,
    /// Order of `{given}` and `{family}`.
    pub(crate) name: String,
    pub(crate) date: Template,
    pub(crate) amount: Template,
    /// E-mails of those of people.json who write in it.
    pub(crate) regulars: Vec<String>,
    /// `name=latin`, where `latin` is its form in an e-mail; without one the name itself.
    pub(crate) given: Vec<String>,
    pub(crate) family: Vec<String>,
    /// `name=domain`; no name for private people.
    pub(crate) companies: Vec<String>,
    pub(crate) greetings: Vec<Template>,
    pub(crate) details: Vec<Template>,
    pub(crate) asks: Vec<Template>,
    pub(crate) closings: Vec<Template>,
    /// By name of the topic.
    pub(crate) topics: BTreeMap<String, Sayings>,
}

/// What is said about one topic in one language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sayings {
    pub(crate) subjects: Vec<Template>,
    pub(crate) bodies: Vec<Template>,
}

impl Phrases {
    /// Reads the texts that are compiled in.
    pub(crate) fn load() -> Result<Phrases> {
        let phrases: Phrases =
            toml::from_str(include_str!("phrases.toml")).context("phrases.toml can't be read")?;
        for language in &phrases.languages {
            for topic in &phrases.topics {
                ensure!(
                    language.topics.contains_key(&topic.name),
                    "phrases.toml says nothing about {} in {}",
                    topic.name,
                    language.code
                );
            }
        }
        Ok(phrases)
    }
}

/// The two halves of `text=latin`; without an equals sign the second is the first in
/// lower case.
pub(crate) fn with_latin(entry: &str) -> (&str, String) {
    match entry.split_once('=') {
        Some((text, latin)) => (text, latin.to_owned()),
        None => (entry, entry.to_lowercase()),
    }
}
