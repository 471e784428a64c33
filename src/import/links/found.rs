//! What was found for the other ends of links.

use std::collections::HashMap;

use crate::model::link_by::LinkBy;
use crate::model::schema::ObjectType;
use crate::model::ticket::LinkDraft;

/// What was found for links.
#[derive(Debug, Default)]
pub struct Found(pub(super) HashMap<(ObjectType, LinkBy), HashMap<String, Resolved>>);

impl Found {
    /// Adds what a link means.
    pub fn take(&mut self, draft: &LinkDraft, resolved: Resolved) {
        let group = self.0.entry((draft.to, draft.by.clone())).or_default();
        let _old = group.insert(draft.value.clone(), resolved);
    }

    /// Whether a link has been resolved.
    pub fn knows(&self, draft: &LinkDraft) -> bool {
        let group = self.0.get(&(draft.to, draft.by.clone()));
        group.is_some_and(|group| group.contains_key(&draft.value))
    }

    /// What a link means. It holds everything that was requested.
    pub fn of(&self, draft: &LinkDraft) -> &Resolved {
        let group = self.0.get(&(draft.to, draft.by.clone()));
        let found = group.and_then(|group| group.get(&draft.value));
        found.unwrap_or(&Resolved::Missing)
    }
}

/// What became of another record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// It exists, with this id.
    Id(String),
    /// There is none, and the link does not ask for it to be created.
    Missing,
    /// The portal refused to create it, in its words.
    Refused(String),
    /// The portal has it and does not allow reading it; its reason as a sentence.
    Hidden(String),
    /// Several records hold the value: their ids.
    Ambiguous(Vec<String>),
}
