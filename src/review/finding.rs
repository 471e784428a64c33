//! What differs between what a run wrote and what the portal holds.

/// A difference between a row's ticket and what the run wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Line of the row, `file:line` if the run has several inputs.
    pub place: String,
    /// The row's key.
    pub key: String,
    /// Id of its ticket.
    pub ticket: String,
    /// What differs.
    pub difference: Difference,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A property holds another value.
    Value {
        /// Internal name.
        property: String,
        /// What the run wrote.
        wrote: String,
        /// What the ticket holds; none if the property is empty.
        holds: Option<String>,
        /// When that was set, as the portal writes it; empty if it does not say.
        since: String,
        /// What set it: `CRM_UI`, `INTEGRATION`…; empty if the portal does not say.
        source: String,
    },
    /// The ticket is in the recycle bin.
    InRecycleBin {
        /// Since when, as the portal writes it; empty if it does not say.
        since: String,
    },
    /// The ticket was merged into the one with this id.
    MergedInto(String),
    /// The ticket no longer exists.
    Gone,
    /// The run archived the ticket, but it is live.
    Live,
    /// A link that the run made does not exist: `contacts 1234`.
    LinkLacking(String),
    /// A link that the run removed exists: `contacts 1234`.
    LinkThere(String),
    /// A note is not on the ticket: its key.
    NoteLacking(String),
    /// A note is not as it was written.
    NoteDiffers {
        /// Its key.
        note: String,
        /// Its record id.
        id: String,
        /// The property with another value.
        property: &'static str,
        /// What the run wrote; empty for texts, of which only a hash is kept.
        wrote: String,
        /// What the note holds.
        holds: String,
    },
    /// A file is not in the portal.
    FileLacking(FileName),
    /// A file holds other bytes.
    FileDiffers {
        /// The file.
        file: FileName,
        /// `md5` or `size`.
        property: &'static str,
        /// The value for the uploaded bytes.
        wrote: String,
        /// The value for the bytes that it holds.
        holds: String,
    },
    /// A note does not name its file.
    FileNotNamed {
        /// The file.
        file: FileName,
        /// Key of the note.
        note: String,
        /// Its record id.
        id: String,
    },
}

/// A file of the file manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// Where it was put.
    pub path: String,
    /// Its id.
    pub id: String,
}

impl Difference {
    /// Its code in files and summaries; must never change.
    pub fn word(&self) -> &'static str {
        match self {
            Difference::Value { .. } => "differs",
            Difference::InRecycleBin { .. } => "archived",
            Difference::MergedInto(_) => "merged",
            Difference::Gone => "gone",
            Difference::Live => "live",
            Difference::LinkLacking(_) => "link_lacking",
            Difference::LinkThere(_) => "link_there",
            Difference::NoteLacking(_) => "note_lacking",
            Difference::NoteDiffers { .. } => "note_differs",
            Difference::FileLacking(_) => "file_lacking",
            Difference::FileDiffers { .. } => "file_differs",
            Difference::FileNotNamed { .. } => "file_not_named",
        }
    }

    /// What it means, in words for people.
    pub fn meaning(word: &str) -> &'static str {
        match word {
            "differs" => "values are not what the run wrote",
            "archived" => "tickets are in the recycle bin",
            "merged" => "tickets were merged into others",
            "gone" => "tickets are nowhere any more",
            "live" => "tickets that the run archived are live",
            "link_lacking" => "links that the run made are not there",
            "note_lacking" => "notes are not on their tickets",
            "note_differs" => "notes are not what the run wrote",
            "file_lacking" => "files of notes are not in the portal any more",
            "file_differs" => "files do not hold the bytes that were uploaded",
            "file_not_named" => "files are not on their notes any more",
            _ => "links that the run took away are there",
        }
    }
}
