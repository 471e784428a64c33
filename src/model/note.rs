//! A comment of the source on its way to the portal, where it becomes a note of its
//! ticket.

/// One comment, as it is wanted in the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Tells the note from all others: `<key of its ticket>:<id>`, the ticket's prefix
    /// included. The id is the source's own, or a hash of time, author and body where
    /// the source has none (protocol H3).
    pub key: String,
    /// When the comment was made, in milliseconds since 1970 (`hs_timestamp`).
    pub at_ms: i64,
    /// HTML as `hs_note_body` takes it: a first line that says who wrote it, who may see
    /// it and where it was written, then the comment. Of any length; the writer cuts it
    /// into numbered parts (protocol H4).
    pub body: String,
}

impl Note {
    /// Ties the note to another key of its ticket; `old` is the one that it is tied to.
    pub fn rekey(&mut self, old: &str, new: &str) {
        if let Some(id) = self.key.strip_prefix(old) {
            self.key = [new, id].concat();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_follows_the_key_of_its_ticket() {
        let mut note = Note {
            key: "jira-7:9".to_owned(),
            at_ms: 0,
            body: String::new(),
        };
        note.rekey("jira-7", "jira-7#2");
        assert_eq!(note.key, "jira-7#2:9");
        note.rekey("other", "jira-8");
        assert_eq!(note.key, "jira-7#2:9");
    }
}
