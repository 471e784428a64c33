//! What portals do and HubSpot does not document, as far as a run needs it: what is known
//! when it begins, and what it learns meanwhile. A known fact saves calls. It is never
//! relied on where a wrong one could lose or double something.

use std::collections::BTreeMap;

use super::note::Activity;

/// What is known of a portal; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownFacts {
    /// Whether a property that the portal calls unique really is, by kind of activity and
    /// internal name.
    pub keys_kept: BTreeMap<(Activity, String), bool>,
    /// What the portal's definitions say of such a property.
    pub keys_said: BTreeMap<(Activity, String), KeySaid>,
    /// Whether tickets in the recycle bin are found by their key.
    pub archived_by_key: Option<bool>,
    /// Whether dates that a portal may set by itself are kept as sent with a new ticket or
    /// an update, by internal name.
    pub dates_kept: BTreeMap<(String, Written), bool>,
}

/// What the definitions of a portal say of a property that can hold the key of activities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySaid {
    /// Its values are unique.
    Unique,
    /// It can be written, and its values are not said to be unique.
    Plain,
    /// It accepts no values.
    ReadOnly,
    /// There is no such property.
    Absent,
}

/// How a fact relates to what was known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing was known of it.
    New,
    /// It was known.
    Same,
    /// Something else was known.
    Contrary,
}

/// The kind of call that sent a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// A new record.
    Create,
    /// A change of an existing one.
    Update,
}

/// One fact that a run has learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Learned {
    /// Whether the portal keeps a key of activities unique that it calls unique.
    KeysKept {
        /// What has the key.
        activity: Activity,
        /// Internal name of the property that holds it.
        property: String,
        /// Whether it is kept unique.
        kept: bool,
    },
    /// What the definitions say of a property that can hold the key of activities.
    KeySaid {
        /// What would have the key.
        activity: Activity,
        /// Internal name of the property.
        property: String,
        /// What they say.
        said: KeySaid,
    },
    /// Whether tickets in the recycle bin are found by their key.
    ArchivedByKey(bool),
    /// Whether a value that was sent was kept.
    ValueKept {
        /// Internal name of the ticket property.
        property: String,
        /// The kind of call that sent it.
        with: Written,
        /// Whether it was kept.
        kept: bool,
    },
}

impl KnownFacts {
    /// Adds a fact, replacing what was known about the same thing.
    pub fn take(&mut self, learned: &Learned) -> News {
        match learned {
            Learned::KeysKept {
                activity,
                property,
                kept,
            } => {
                let key = (*activity, property.clone());
                let _former = self.keys_said.insert(key.clone(), KeySaid::Unique);
                news(self.keys_kept.insert(key, *kept), *kept)
            }
            Learned::KeySaid {
                activity,
                property,
                said,
            } => {
                let key = (*activity, property.clone());
                if *said != KeySaid::Unique {
                    let _former = self.keys_kept.remove(&key);
                }
                news(self.keys_said.insert(key, *said), *said)
            }
            Learned::ArchivedByKey(found) => news(self.archived_by_key.replace(*found), *found),
            Learned::ValueKept {
                property,
                with,
                kept,
            } => news(
                self.dates_kept.insert((property.clone(), *with), *kept),
                *kept,
            ),
        }
    }
}

fn news<T: PartialEq>(before: Option<T>, now: T) -> News {
    match before {
        None => News::New,
        Some(before) if before == now => News::Same,
        Some(_) => News::Contrary,
    }
}

impl Learned {
    /// What it says, for people.
    pub fn words(&self) -> String {
        let does = |is_so: bool, yes: &'static str, no: &'static str| if is_so { yes } else { no };
        match self {
            Learned::KeysKept {
                activity,
                property,
                kept,
            } => {
                let kind = activity.object().plural();
                let keeps = does(*kept, "keeps", "does not keep");
                format!("the portal {keeps} {property} of {kind} unique")
            }
            Learned::KeySaid {
                activity,
                property,
                said,
            } => said.words(&format!("{property} of {}", activity.object().plural())),
            Learned::ArchivedByKey(found) => {
                let finds = does(*found, "finds", "does not find");
                format!("the portal {finds} archived tickets by their key")
            }
            Learned::ValueKept {
                property,
                with,
                kept,
            } => {
                let with = match with {
                    Written::Create => "new tickets",
                    Written::Update => "updates",
                };
                let keeps = does(*kept, "keeps", "does not keep");
                format!("the portal {keeps} {property} as it is sent with {with}")
            }
        }
    }

    /// The same if something else was known.
    pub fn contrary_words(&self) -> String {
        format!(
            "{}, unlike what was found out before; runs go by this from now on",
            self.words()
        )
    }
}

impl KeySaid {
    /// The property that it is about: `hs_unique_id of notes`.
    fn words(self, property: &str) -> String {
        match self {
            KeySaid::Unique => format!("the portal says that {property} is unique"),
            KeySaid::Plain => format!("the portal does not say that {property} is unique"),
            KeySaid::ReadOnly => format!("the portal takes no values of {property}"),
            KeySaid::Absent => format!("the portal has no {property}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_takes_the_place_of_what_was_known_of_the_same() {
        let mut facts = KnownFacts::default();
        let keys = |activity, property: &str, kept| Learned::KeysKept {
            activity,
            property: property.to_owned(),
            kept,
        };
        assert_eq!(facts.take(&keys(Activity::Note, "a", true)), News::New);
        assert_eq!(facts.take(&keys(Activity::Note, "b", true)), News::New);
        assert_eq!(facts.take(&keys(Activity::Call, "a", true)), News::New);
        let contrary = keys(Activity::Note, "a", false);
        assert_eq!(facts.take(&contrary), News::Contrary);
        let words = contrary.contrary_words();
        assert!(words.contains("does not keep a of notes unique"), "{words}");
        let yes = Learned::ArchivedByKey(true);
        let twice = (facts.take(&yes), facts.take(&yes));
        assert_eq!(twice, (News::New, News::Same));
        // A property that is gone keeps nothing unique.
        let gone = Learned::KeySaid {
            activity: Activity::Note,
            property: "a".to_owned(),
            said: KeySaid::Absent,
        };
        assert_eq!(facts.take(&gone), News::Contrary);
        assert_eq!(facts.keys_kept.len(), 2);
        assert!(gone.words().contains("has no a of notes"));
    }
}
