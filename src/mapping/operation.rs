//! What rows are mapped for: what a mapping must say, and what a row must have,
//! depends on it.

/// What is done with mapped tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// A new ticket for each row: subject and stage are needed.
    Create,
    /// Tickets that exist already: only the key is needed.
    Update,
    /// One or the other: what a new ticket needs is needed.
    Upsert,
    /// Tickets that exist are archived: only the key is made.
    Archive,
    /// Links of existing tickets are made or removed: only the key and links are made.
    Associate,
}

impl For {
    /// Whether a ticket may be created.
    pub(crate) fn creates(self) -> bool {
        matches!(self, For::Create | For::Upsert)
    }

    /// Whether a ticket may exist, so that an empty value has something to clear.
    pub(crate) fn updates(self) -> bool {
        matches!(self, For::Update | For::Upsert)
    }

    /// Its name in messages.
    pub(crate) fn word(self) -> &'static str {
        match self {
            For::Create => "create",
            For::Update => "update",
            For::Upsert => "upsert",
            For::Archive => "archive",
            For::Associate => "associate",
        }
    }
}
