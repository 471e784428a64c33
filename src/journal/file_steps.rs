//! The steps of files, as values: what is intended, its state, and how many there are.

/// The state of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Intended, and perhaps sent.
    Open,
    /// Made by this run.
    Made,
    /// It existed before.
    There,
    /// Deleted by this undo.
    Deleted,
    /// Kept: other notes name it.
    Used,
    /// Kept: somebody changed it.
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

/// A file to be uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Identifies it among the files of its source.
    pub key: String,
    /// Number of the row that uploads it.
    pub seq: u64,
    /// Where it is put.
    pub path: String,
    /// MD5 of its bytes, in hex digits.
    pub md5: String,
    /// Number of bytes.
    pub size: u64,
}

/// What the journal knows about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStep {
    /// The file.
    pub entry: FileEntry,
    /// Its state.
    pub state: FileState,
    /// Its id, if known.
    pub record: Option<String>,
    /// When it was first intended, in milliseconds of the portal's clock.
    pub since_ms: Option<i64>,
    /// The latest time at which a lost upload can have been carried out, in milliseconds of the
    /// portal's clock.
    pub until_ms: Option<i64>,
}

/// An existing file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledFile {
    /// The file.
    pub entry: FileEntry,
    /// Its id.
    pub record: String,
    /// `Made` or `There`.
    pub state: FileState,
}

/// Counts of existing files of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// Made by the run.
    pub made: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Those that existed before.
    pub there: u64,
}
