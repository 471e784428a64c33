//! A comment of the source on its way to the portal, where it becomes a note of its
//! ticket, or an e-mail, call, task, meeting or message on its timeline.

use std::sync::Arc;

use super::attachment::Attachment;
use super::object::ObjectType;

/// What a comment becomes in the portal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Activity {
    /// A note.
    #[default]
    Note,
    /// An e-mail.
    Email,
    /// A call.
    Call,
    /// A task.
    Task,
    /// A meeting.
    Meeting,
    /// A message of WhatsApp, LinkedIn or SMS.
    Communication,
}

impl Activity {
    /// All of them, in the order of their numbers.
    pub const ALL: [Activity; 6] = [
        Activity::Note,
        Activity::Email,
        Activity::Call,
        Activity::Task,
        Activity::Meeting,
        Activity::Communication,
    ];

    /// The kind of record.
    pub fn object(self) -> ObjectType {
        match self {
            Activity::Note => ObjectType::Notes,
            Activity::Email => ObjectType::Emails,
            Activity::Call => ObjectType::Calls,
            Activity::Task => ObjectType::Tasks,
            Activity::Meeting => ObjectType::Meetings,
            Activity::Communication => ObjectType::Communications,
        }
    }

    /// The property that holds its text, as HTML.
    pub fn body(self) -> &'static str {
        match self {
            Activity::Note => "hs_note_body",
            Activity::Email => "hs_email_html",
            Activity::Call => "hs_call_body",
            Activity::Task => "hs_task_body",
            Activity::Meeting => "hs_meeting_body",
            Activity::Communication => "hs_communication_body",
        }
    }

    /// The property that holds its subject; notes and messages have none.
    pub fn subject(self) -> Option<&'static str> {
        match self {
            Activity::Note | Activity::Communication => None,
            Activity::Email => Some("hs_email_subject"),
            Activity::Call => Some("hs_call_title"),
            Activity::Task => Some("hs_task_subject"),
            Activity::Meeting => Some("hs_meeting_title"),
        }
    }

    /// Prefix of the comment's id in the key: a source numbers comments and calls
    /// separately.
    pub fn mark(self) -> &'static str {
        match self {
            Activity::Note => "",
            Activity::Email => "email:",
            Activity::Call => "call:",
            Activity::Task => "task:",
            Activity::Meeting => "meeting:",
            Activity::Communication => "communication:",
        }
    }

    /// Its name in journals, never changed.
    pub fn word(self) -> &'static str {
        match self {
            Activity::Note => "note",
            Activity::Email => "email",
            Activity::Call => "call",
            Activity::Task => "task",
            Activity::Meeting => "meeting",
            Activity::Communication => "communication",
        }
    }

    /// The activity that a journal calls this.
    pub fn named(word: &str) -> Option<Activity> {
        Activity::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// One comment, as it should be in the portal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// What it becomes.
    pub activity: Activity,
    /// Identifies the note: `<key of its ticket>:<id>`, the ticket's prefix included; the id of
    /// anything but a note is preceded by its kind. The id is the source's own, or a hash of time,
    /// author and body if the source has none (protocol H3).
    pub key: String,
    /// When the comment was made, in milliseconds since 1970 (`hs_timestamp`).
    pub at_ms: i64,
    /// HTML for the property that holds its text: a first line that says who wrote it, who may
    /// see it and where it was written, then the comment. Of any length; the writer cuts it into
    /// numbered parts (protocol H4).
    pub body: String,
    /// Further properties by internal name: a subject, a direction, an owner.
    pub more: Vec<(Arc<str>, String)>,
    /// Its files, if they are uploaded.
    pub files: Vec<Attachment>,
}

/// HubSpot: UTF-16 units that a body takes.
const LONGEST_BODY: u64 = 65_536;

impl Note {
    /// Into how many notes the body is cut, at least (protocol H4).
    pub fn parts(&self) -> u64 {
        let units = match self.body.len() as u64 <= LONGEST_BODY {
            true => 0,
            false => self.body.encode_utf16().count() as u64,
        };
        units.div_ceil(LONGEST_BODY).max(1)
    }

    /// Changes the ticket's key in the note's; `old` is the present one.
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
    fn long_bodies_are_several_notes() {
        let parts = |body: String| {
            let note = Note {
                body,
                ..Note::default()
            };
            note.parts()
        };
        assert_eq!(parts(String::new()), 1);
        assert_eq!(parts("ä".repeat(65_536)), 1);
        assert_eq!(parts("😀".repeat(32_769)), 2);
        assert_eq!(parts("x".repeat(10_000_000)), 153);
    }

    #[test]
    fn a_note_follows_the_key_of_its_ticket() {
        let mut note = Note {
            key: "jira-7:9".to_owned(),
            ..Note::default()
        };
        note.rekey("jira-7", "jira-7#2");
        assert_eq!(note.key, "jira-7#2:9");
        note.rekey("other", "jira-8");
        assert_eq!(note.key, "jira-7#2:9");
    }
}
