//! What portals do and HubSpot does not document, as far as a run needs it: what is known
//! when it begins, and what it learns on the way. A known fact spares calls. It is never
//! relied on where a wrong one could lose or double something.

use std::collections::BTreeMap;

use super::note::Activity;

/// What is known of a portal. Nothing by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownFacts {
    /// Whether a property that the portal says has unique values is kept unique, by kind of
    /// activity and internal name.
    pub keys_kept: BTreeMap<(Activity, String), bool>,
    /// Whether tickets in the recycle bin are found by their key.
    pub archived_by_key: Option<bool>,
    /// Whether values of dates that a portal may set by itself stay as they were sent with
    /// a new ticket or an update, by internal name.
    pub dates_kept: BTreeMap<(String, Written), bool>,
}

/// What a value was sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// A new record.
    Create,
    /// A change of one that was there.
    Update,
}

/// One fact that a run has met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Learned {
    /// Whether the portal keeps a key of activities unique that it says is.
    KeysKept {
        /// What has the key.
        activity: Activity,
        /// Internal name of the property that holds it.
        property: String,
        /// Whether it is kept unique.
        kept: bool,
    },
    /// Whether tickets in the recycle bin are found by their key.
    ArchivedByKey(bool),
    /// Whether a value that was sent stayed.
    ValueKept {
        /// Internal name of the ticket property.
        property: String,
        /// What it was sent with.
        with: Written,
        /// Whether it stayed.
        kept: bool,
    },
}

impl KnownFacts {
    /// Takes a fact in; what was known before in its place, if anything was.
    pub fn take(&mut self, learned: &Learned) -> Option<bool> {
        match learned {
            Learned::KeysKept {
                activity,
                property,
                kept,
            } => self.keys_kept.insert((*activity, property.clone()), *kept),
            Learned::ArchivedByKey(found) => self.archived_by_key.replace(*found),
            Learned::ValueKept {
                property,
                with,
                kept,
            } => self.dates_kept.insert((property.clone(), *with), *kept),
        }
    }
}

impl Learned {
    /// Whether it says yes.
    pub fn is_yes(&self) -> bool {
        match self {
            Learned::KeysKept { kept, .. } | Learned::ValueKept { kept, .. } => *kept,
            Learned::ArchivedByKey(found) => *found,
        }
    }

    /// What it says, for people.
    pub fn words(&self) -> String {
        let does = |yes: &'static str, no: &'static str| match self.is_yes() {
            true => yes,
            false => no,
        };
        let keeps = does("keeps", "does not keep");
        match self {
            Learned::KeysKept {
                activity, property, ..
            } => {
                let kind = activity.object().plural();
                format!("the portal {keeps} {property} of {kind} unique")
            }
            Learned::ArchivedByKey(_) => {
                let finds = does("finds", "does not find");
                format!("the portal {finds} archived tickets by their key")
            }
            Learned::ValueKept { property, with, .. } => {
                let with = match with {
                    Written::Create => "new tickets",
                    Written::Update => "updates",
                };
                format!("the portal {keeps} {property} as it is sent with {with}")
            }
        }
    }

    /// The same where it was known otherwise.
    pub fn contrary_words(&self) -> String {
        format!(
            "{}, unlike what was found out before; runs go by this from now on",
            self.words()
        )
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
        assert_eq!(facts.take(&keys(Activity::Note, "a", true)), None);
        assert_eq!(facts.take(&keys(Activity::Note, "b", true)), None);
        assert_eq!(facts.take(&keys(Activity::Call, "a", true)), None);
        let contrary = keys(Activity::Note, "a", false);
        assert_eq!(facts.take(&contrary), Some(true));
        let words = contrary.contrary_words();
        assert!(words.contains("does not keep a of notes unique"), "{words}");
        let yes = Learned::ArchivedByKey(true);
        assert_eq!((facts.take(&yes), facts.take(&yes)), (None, Some(true)));
    }
}
