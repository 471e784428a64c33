//! How a note, e-mail or call is known again in a portal (protocol H3): the property that holds its key,
//! where there is one that can be written, or a mark at the end of its text.

use std::sync::Arc;

use super::part::mark;
use crate::hubspot::records::Record;
use crate::hubspot::{CallError, Client};
use crate::import::stop::stop_for;
use crate::model::event::Stop;
use crate::model::note::Activity;
use crate::model::schema::PropertyDef;

/// HubSpot's own key of activities. Nobody has shown whether it keeps it unique on notes.
const STANDARD: &str = "hs_unique_id";

/// A key that an admin can give notes, where a portal allows properties of one's own.
const OWN: &str = "tickethaul_note_key";

/// How notes of a kind are known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyWay {
    /// What they are.
    pub(super) activity: Activity,
    /// The property that holds the key; none where a mark in the text does.
    pub(super) property: Option<Arc<str>>,
    /// Whether the portal says that it keeps the property unique.
    pub(super) says_unique: bool,
}

/// Asks the portal what it has.
pub(super) async fn read(client: &Client, activity: Activity) -> Result<KeyWay, Stop> {
    let mut plain = None;
    for name in [STANDARD, OWN] {
        let Some(property) = definition(client, activity, name).await? else {
            continue;
        };
        if property.unique {
            return Ok(KeyWay {
                activity,
                property: Some(Arc::from(name)),
                says_unique: true,
            });
        }
        plain = plain.or_else(|| Some(Arc::from(name)));
    }
    Ok(KeyWay {
        activity,
        property: plain,
        says_unique: false,
    })
}

/// A property of notes that can be written. One that may not be read is as good as none.
async fn definition(
    client: &Client,
    activity: Activity,
    name: &str,
) -> Result<Option<PropertyDef>, Stop> {
    match client.property(activity.object(), name).await {
        Ok(property) => Ok(property.filter(|property| !property.read_only)),
        Err(CallError::Refused(_) | CallError::Denied(_) | CallError::Gone { .. }) => Ok(None),
        Err(other) => Err(stop_for(other)),
    }
}

impl KeyWay {
    /// What is read of a note to know it again.
    pub(super) fn reads(&self) -> &str {
        self.property.as_deref().unwrap_or(self.activity.body())
    }

    /// Whether a record is the note of this key.
    pub(super) fn is(&self, record: &Record, key: &str) -> bool {
        let held = record.get(self.reads()).unwrap_or_default();
        match self.property {
            Some(_) => is_key(held, key),
            None => held.contains(&mark(key)),
        }
    }
}

/// Whether a note that holds a key is the one that is wanted: a key that one in the recycle
/// bin holds is written with a number behind it.
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

/// The properties that tell what a note is: those that may hold its key, its time and
/// its text.
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
    fn a_mark_is_found_in_whatever_stands_around_it() {
        let way = KeyWay {
            activity: Activity::Note,
            property: None,
            says_unique: false,
        };
        let record = |body: &str| Record {
            properties: [("hs_note_body".to_owned(), body.to_owned())].into(),
            ..Record::default()
        };
        assert!(way.is(
            &record("<div><p>Hi</p><p>[z&amp;d:1:2]</p></div>"),
            "z&d:1:2"
        ));
        assert!(!way.is(&record("<p>[zd:1:22]</p>"), "zd:1:2"));
    }
}
