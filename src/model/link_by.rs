//! How a link names its other record.

use std::fmt;
use std::sync::Arc;

use crate::model::schema::ObjectType;

/// What the value of a link is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LinkBy {
    /// Its record id.
    Id,
    /// The key of a ticket in this input, which may come later in it.
    Key,
    /// The value of this property, such as `email`.
    Property(Arc<str>),
}

const ID: &str = "id";
const KEY: &str = "key";

impl LinkBy {
    /// What a word means for links to records of a kind: only tickets have the mapping's
    /// key.
    pub fn named(to: ObjectType, word: &str) -> LinkBy {
        match word {
            ID => LinkBy::Id,
            KEY if to == ObjectType::Tickets => LinkBy::Key,
            name => LinkBy::Property(name.into()),
        }
    }

    /// Its name in mappings, files and messages.
    pub fn word(&self) -> &str {
        match self {
            LinkBy::Id => ID,
            LinkBy::Key => KEY,
            LinkBy::Property(name) => name,
        }
    }

    /// The property, if it is one.
    pub fn property(&self) -> Option<&Arc<str>> {
        match self {
            LinkBy::Property(name) => Some(name),
            LinkBy::Id | LinkBy::Key => None,
        }
    }

    /// Whether it is the e-mail of a contact, which HubSpot keeps unique without calling
    /// it so.
    pub fn is_email_of(&self, to: ObjectType) -> bool {
        to == ObjectType::Contacts && self.word() == "email"
    }
}

impl fmt::Display for LinkBy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}
