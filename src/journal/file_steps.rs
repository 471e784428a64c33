//! The steps of files, as values: what is intended, where it stands, and how many there are.

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Intended, and perhaps sent.
    Open,
    /// Made by this run.
    Made,
    /// It was there before.
    There,
    /// Deleted by this undo.
    Deleted,
    /// Left as it is: notes of others name it.
    Used,
    /// Left as it is: somebody changed it.
    Changed,
}

impl FileState {
    pub(super) const ALL: [FileState; 6] = [
        FileState::Open,
        FileState::Made,
        FileState::There,
        FileState::Deleted,
        FileState::Used,
        FileState::Changed,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            FileState::Open => "open",
            FileState::Made => "made",
            FileState::There => "there",
            FileState::Deleted => "deleted",
            FileState::Used => "used",
            FileState::Changed => "changed",
        }
    }
}

/// A file that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// What tells it from others of its source.
    pub key: String,
    /// Number of the row that uploads it.
    pub seq: u64,
    /// Where it is put.
    pub path: String,
    /// MD5 of its bytes, in digits.
    pub md5: String,
    /// How many there are.
    pub size: u64,
}

/// What the journal knows of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStep {
    /// The file.
    pub entry: FileEntry,
    /// Where it stands.
    pub state: FileState,
    /// Its id, where it is known.
    pub record: Option<String>,
    /// When it was intended first, in milliseconds of the portal's clock.
    pub since_ms: Option<i64>,
    /// When a lost upload can have been carried out at the latest, in milliseconds of the
    /// portal's clock.
    pub until_ms: Option<i64>,
}

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledFile {
    /// The file.
    pub entry: FileEntry,
    /// Its id.
    pub record: String,
    /// `Made` or `There`.
    pub state: FileState,
}

/// Files of a run that are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// Made by the run.
    pub made: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// They were there before.
    pub there: u64,
}
