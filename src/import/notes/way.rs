//! How a note, e-mail or call is recognised in a portal (protocol H3): by the property that holds its
//! key, if there is one that can be written, or by a mark at the end of its text.

use std::sync::Arc;

use super::part::{ends_in_mark, mark, same_text};
use crate::hubspot::records::Record;
use crate::hubspot::records::written::WrittenRecord;
use crate::hubspot::{CallError, Client};
use crate::import::send::facts::Facts;
use crate::import::stop::stop_for;
use crate::model::learned::{KeySaid, Learned};
use crate::model::note::Activity;
use crate::model::stop::Stop;

/// HubSpot's own key of activities. It is not known whether it is unique on notes.
const STANDARD: &str = "hs_unique_id";

/// A key property that an admin can define for notes, if a portal allows custom properties.
const OWN: &str = "tickethaul_note_key";

/// How notes of a kind are recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyWay {
    /// What they are.
    pub(super) activity: Activity,
    /// The property that holds the key; none if a mark in the text does.
    pub(super) property: Option<Arc<str>>,
    /// Whether the portal says that it keeps the property unique.
    pub(super) says_unique: bool,
}

/// Asks the portal which properties it has; what its definitions say now is also kept as a fact.
pub(super) async fn read(
    client: &Client,
    facts: &Facts,
    activity: Activity,
) -> Result<KeyWay, Stop> {
    let mut plain = None;
    for name in [STANDARD, OWN] {
        let Some(said) = definition(client, activity, name).await? else {
            continue;
        };
        // That notes lack a custom property is not news.
        if name == STANDARD || facts.knows_key(activity, name) {
            facts.learn(Learned::KeySaid {
                activity,
                property: name.to_owned(),
                said,
            });
        }
        match said {
            KeySaid::Unique => {
                return Ok(KeyWay {
                    activity,
                    property: Some(Arc::from(name)),
                    says_unique: true,
                });
            }
            KeySaid::Plain => plain = plain.or_else(|| Some(Arc::from(name))),
            KeySaid::ReadOnly | KeySaid::Absent => {}
        }
    }
    Ok(KeyWay {
        activity,
        property: plain,
        says_unique: false,
    })
}

/// The definition of a property of notes; none if it may not be read, which counts as
/// missing.
async fn definition(
    client: &Client,
    activity: Activity,
    name: &str,
) -> Result<Option<KeySaid>, Stop> {
    match client.property(activity.object(), name).await {
        Ok(None) => Ok(Some(KeySaid::Absent)),
        Ok(Some(property)) => Ok(Some(match (property.read_only, property.unique) {
            (true, _) => KeySaid::ReadOnly,
            (false, true) => KeySaid::Unique,
            (false, false) => KeySaid::Plain,
        })),
        Err(CallError::Refused(_) | CallError::Denied(_) | CallError::Gone { .. }) => Ok(None),
        Err(other) => Err(stop_for(other)),
    }
}

impl KeyWay {
    /// How a reply about a note that was just written is matched.
    pub(super) fn reads(&self) -> &str {
        self.property.as_deref().unwrap_or(self.activity.body())
    }

    /// Whether a reply is about the note with this key.
    pub(super) fn is(&self, record: &WrittenRecord, key: &str) -> bool {
        let held = record.get(self.reads()).unwrap_or_default();
        match self.property {
            Some(_) => is_key(held, key),
            None => held.contains(&mark(key)),
        }
    }
}

/// Whether a note has this key, in whichever way it was written: the portal may have
/// stored keys differently when it was created.
pub(super) fn has_key(record: &Record, activity: Activity, key: &str) -> bool {
    let held: Vec<&str> = keys_of(record).collect();
    match held.as_slice() {
        [] => ends_in_mark(record.get(activity.body()).unwrap_or_default(), key),
        held => held.iter().any(|held| is_key(held, key)),
    }
}

/// Whether a note that has no key says the same at the same time: the way to recognise one
/// whose key was removed with its property.
pub(super) fn says_the_same(
    record: &Record,
    activity: Activity,
    key: &str,
    at_ms: i64,
    text: [u8; 16],
) -> bool {
    let body = record.get(activity.body()).unwrap_or_default();
    keys_of(record).next().is_none()
        && record.millis("hs_timestamp") == Some(at_ms)
        && same_text(text, body, key)
}

/// The values of the properties that may hold a note's key.
fn keys_of(record: &Record) -> impl Iterator<Item = &str> {
    let held = key_properties().into_iter();
    let held = held.filter_map(|name| record.get(name));
    held.filter(|held| !held.is_empty())
}

/// Whether a note that holds a key is the wanted one: if one in the recycle bin holds a
/// key, it is written with a number added.
pub fn is_key(held: &str, key: &str) -> bool {
    let Some(rest) = held.strip_prefix(key) else {
        return false;
    };
    let is_number = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
    rest.is_empty() || rest.strip_prefix('~').is_some_and(is_number)
}

/// The properties that may hold the key of a note.
pub fn key_properties() -> [&'static str; 2] {
    [STANDARD, OWN]
}

/// The properties that identify a note: those that may hold its key, its time and its
/// text.
pub fn read_properties(activity: Activity) -> [&'static str; 4] {
    [STANDARD, OWN, "hs_timestamp", activity.body()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_behind_a_key_makes_it_no_other() {
        for (held, is) in [
            ("k:1", true),
            ("k:1~2", true),
            ("k:1#2", false),
            ("k:12", false),
            ("k", false),
        ] {
            assert_eq!(is_key(held, "k:1"), is, "{held}");
        }
    }

    #[test]
    fn a_note_is_known_by_its_key_wherever_that_stands_or_else_by_time_and_text() {
        let note = |key: &str, body: &str| Record {
            properties: [
                ("hs_unique_id".to_owned(), key.to_owned()),
                ("hs_timestamp".to_owned(), "2021-03-01T09:00:00Z".to_owned()),
                ("hs_note_body".to_owned(), body.to_owned()),
            ]
            .into(),
            ..Record::default()
        };
        let has = |record: &Record| has_key(record, Activity::Note, "k:1");
        assert!(has(&note("k:1~2", "<p>Hi</p>")) && has(&note("", "<p>Hi</p><p>[k:1]</p>")));
        assert!(!has(&note("k:2", "<p>Hi</p>")));
        // A text that merely mentions the mark does not carry it.
        assert!(!has(&note("k:2", "<p>[k:1]</p>")) && !has(&note("", "<p>see [k:1] there</p>")));
        let at = 1_614_589_200_000;
        let text = crate::import::notes::text_hash("<p>Hi</p>", "k:1");
        for (record, at, same) in [
            (note("", "<div>Hi</div>"), at, true),
            (note("", "<div>Hi</div>"), at + 1, false),
            (note("", "<div>Ho</div>"), at, false),
            // It has a key, so it is a different note.
            (note("k:2", "<p>Hi</p>"), at, false),
            (note("", "<p>Hi</p><p>[k:2]</p>"), at, false),
        ] {
            assert_eq!(
                says_the_same(&record, Activity::Note, "k:1", at, text),
                same,
                "{record:?}"
            );
        }
    }

    #[test]
    fn a_mark_is_found_in_whatever_stands_around_it() {
        let way = KeyWay {
            activity: Activity::Note,
            property: None,
            says_unique: false,
        };
        let record = |body: &str| WrittenRecord {
            values: [("hs_note_body", body)].into_iter().collect(),
            ..WrittenRecord::default()
        };
        assert!(way.is(
            &record("<div><p>Hi</p><p>[z&amp;d:1:2]</p></div>"),
            "z&d:1:2"
        ));
        assert!(!way.is(&record("<p>[zd:1:22]</p>"), "zd:1:2"));
    }
}
