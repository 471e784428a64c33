//! Why a row is refused: the one table of codes, sentences and hints.
//!
//! A `Problem` is a reason with its place: column, property and value. Codes are
//! stable, scripts may rely on them; the words may get better.

use std::fmt;

use crate::model::file_fault::FileFault;
use crate::model::schema::ObjectType;

/// How much of a value is kept in a problem, in characters.
const EXCERPT: usize = 200;

/// The code of a row whose ticket is there, and one of whose notes the portal refused.
pub const NOTE_REFUSED: &str = "NOTE_REFUSED";

/// Code of a row whose ticket is there and that names a ticket which is not.
pub const LINKED_TICKET_MISSING: &str = "LINKED_TICKET_MISSING";

/// Code of a row whose ticket is there and one of whose links the portal refused.
pub const LINK_REFUSED: &str = "LINK_REFUSED";

/// The code of a row whose ticket is there, and one of whose notes lost its key to another.
pub const NOTE_KEY_HELD: &str = "NOTE_KEY_HELD";

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub reason: Reason,
    /// Column of the input, where there is one.
    pub column: Option<String>,
    /// Property of the portal, where there is one.
    pub property: Option<String>,
    /// The value, shortened to 200 characters; empty where there is none.
    pub value: String,
}

impl Problem {
    /// A problem without a place yet.
    pub fn new(reason: Reason) -> Problem {
        Problem {
            reason,
            column: None,
            property: None,
            value: String::new(),
        }
    }

    /// Names the column.
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Problem {
        self.column = Some(column.into());
        self
    }

    /// Names the property.
    #[must_use]
    pub fn property(mut self, property: impl Into<String>) -> Problem {
        self.property = Some(property.into());
        self
    }

    /// Shows the value, shortened.
    #[must_use]
    pub fn value(mut self, value: &str) -> Problem {
        self.value = excerpt(value);
        self
    }
}

/// The first 200 characters of a text, with a mark where more was cut.
pub fn excerpt(value: &str) -> String {
    match value.char_indices().nth(EXCERPT) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}…", &value[..end]),
    }
}

/// A row that can't go in, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowIssue {
    first: Problem,
    others: Vec<Problem>,
}

impl RowIssue {
    /// An issue with one problem.
    pub fn new(problem: Problem) -> RowIssue {
        RowIssue {
            first: problem,
            others: Vec::new(),
        }
    }

    /// An issue of several problems; none when there is no problem.
    pub fn from_problems(problems: Vec<Problem>) -> Option<RowIssue> {
        let mut problems = problems.into_iter();
        Some(RowIssue {
            first: problems.next()?,
            others: problems.collect(),
        })
    }

    /// The problem that fills code, column and value of refused.csv.
    pub fn first(&self) -> &Problem {
        &self.first
    }

    /// All problems in the order they were found.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The hint of refused.csv: names every problem and what to do about it.
    pub fn hint(&self) -> String {
        if self.others.is_empty() {
            return self.first.to_string();
        }
        let all: Vec<String> = self
            .problems()
            .enumerate()
            .map(|(idx, problem)| format!("({}) {problem}", idx + 1))
            .collect();
        all.join(" ")
    }
}

/// A refusal as it stands in the journal and in refused.csv: plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code of the first problem.
    pub code: String,
    /// Its column, or its property where no column feeds it; may be empty.
    pub column: String,
    /// Its value, shortened; may be empty.
    pub value: String,
    /// Every problem in words, with what to do about it.
    pub hint: String,
}

impl From<RowIssue> for Refusal {
    fn from(issue: RowIssue) -> Refusal {
        let hint = issue.hint();
        let first = issue.first;
        Refusal {
            code: first.reason.code().to_owned(),
            column: first.column.or(first.property).unwrap_or_default(),
            value: first.value,
            hint,
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        RowIssue::new(problem).into()
    }
}

impl From<Problem> for RowIssue {
    fn from(problem: Problem) -> RowIssue {
        RowIssue::new(problem)
    }
}

/// What became of a ticket since a plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SincePlan {
    /// Another ticket has the key of one that was to be made.
    KeyTaken {
        /// Its id.
        id: String,
    },
    /// It is not live any more.
    Gone,
    /// Another ticket has its key.
    OtherTicket {
        /// Its id.
        id: String,
    },
    /// A link that it had was cut: `contacts 1234`.
    LinkCut {
        /// Kind and id of the other record.
        link: String,
    },
    /// A record is gone that it was to be linked to.
    RecordGone {
        /// Kind and id of the record.
        record: String,
    },
    /// A property holds another value.
    Value {
        /// What it held.
        planned: String,
        /// What it holds.
        holds: String,
    },
}

/// What can be wrong with a row. Each variant has a stable code, a sentence and a
/// hint that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The record has more or fewer cells than the header.
    RaggedRow {
        /// Cells in the record.
        cells: usize,
        /// Columns in the header.
        columns: usize,
    },
    /// A line break inside a text that is not quoted cuts the record short.
    TornRow,
    /// A quote opens a cell and does not close where a cell ends.
    UnclosedQuote,
    /// The record is longer than any that is read whole.
    RecordTooLong {
        /// The longest, in bytes.
        limit: usize,
    },
    /// Bytes that are no text in the file's encoding.
    NotText,
    /// A NUL among the letters.
    NulCharacter,
    /// The record is not a JSON object.
    NoObject,
    /// The JSON object is nested too deeply.
    NestedTooDeep {
        /// The deepest that is read.
        limit: usize,
    },
    /// The text is no JSON list of comments.
    NoList,
    /// A comment in a file of its own names no row of the input.
    NoTicketOfComment,
    /// The comments of the row, which stand in files of their own, are too long.
    CommentsTooLong {
        /// The longest that is read, in bytes.
        limit: usize,
    },
    /// A required property has no value.
    MissingValue,
    /// The key is empty.
    MissingKey,
    /// The key holds control characters.
    InvalidKey,
    /// An earlier row has the same key.
    RepeatedKey {
        /// Where that row stands: `line 17`.
        place: String,
    },
    /// An earlier row has a key that differs only by case.
    KeyCase {
        /// The earlier key.
        other: String,
        /// Where that row stands: `line 17`.
        place: String,
    },
    /// An earlier run refused the row since another one had its key, and it has that
    /// key still.
    StillRepeated {
        /// Line of the first input.
        line: Option<String>,
        /// The two keys differ by case.
        only_case: bool,
    },
    /// A cell is empty or rewritten in which an earlier run wrote why it refused the row.
    OwnCellLost {
        /// `_code`, `_key` or `_line`.
        column: &'static str,
    },
    /// The cell begins with what the mapping puts before ids.
    KeyPrefixed {
        /// What it puts there.
        prefix: String,
    },
    /// A record was corrected in `_raw`, and the cells beside it say something else.
    RawAndCells,
    /// `_raw` holds several records.
    RawRecords {
        /// How many.
        records: usize,
    },
    /// `_raw` holds as many cells as there are columns, but only by a mark of which nobody
    /// knows whether it is the one between cells.
    RawDelimiter {
        /// The mark, in words.
        mark: &'static str,
    },
    /// The record in `_raw` was removed, and no cell was filled in.
    RawEmptied {
        /// What the row was refused for.
        code: &'static str,
    },
    /// The key is written as spreadsheets write numbers, and hardly the id that it was.
    KeyRewritten {
        /// Whether the mapping may say that ids are written like this.
        may_be: bool,
    },
    /// No format reads the cell as a date.
    InvalidDate {
        /// The accepted forms.
        formats: Vec<String>,
        /// What the text is in other usual formats: the date, and the format.
        known: Vec<(String, String)>,
    },
    /// Two formats read the cell as different dates.
    AmbiguousDate {
        /// The two readings.
        readings: [String; 2],
    },
    /// Not a number.
    InvalidNumber {
        /// An example in the accepted form.
        example: String,
        /// The settings of the mapping by which the text is a number, and that number.
        styles: Vec<(String, String)>,
    },
    /// Neither true nor false.
    InvalidBool,
    /// Not one of the property's options.
    InvalidOption {
        /// Accepted values, by label.
        accepted: Vec<String>,
        /// The accepted value that looks most like it.
        nearest: Option<String>,
    },
    /// Several options, pipelines or stages have this label.
    AmbiguousOption {
        /// Their internal values.
        values: Vec<String>,
    },
    /// The mapping's value map has no entry for it.
    UnmappedValue {
        /// Values that the map knows.
        accepted: Vec<String>,
        /// The known value that looks most like it.
        nearest: Option<String>,
    },
    /// No pipeline of that label or id.
    UnknownPipeline {
        /// Labels of the portal's pipelines.
        accepted: Vec<String>,
        /// The label that looks most like it.
        nearest: Option<String>,
    },
    /// The row's pipeline has no stage of that label or id.
    UnknownStage {
        /// Label of the pipeline; empty where any would do.
        pipeline: String,
        /// Labels of its stages.
        accepted: Vec<String>,
        /// The label that looks most like it.
        nearest: Option<String>,
    },
    /// No active owner of that e-mail or name.
    UnknownOwner {
        /// True when an archived owner has it.
        archived: bool,
        /// The name or e-mail that looks most like it.
        nearest: Option<String>,
    },
    /// Several owners have that name.
    AmbiguousOwner {
        /// Their e-mails.
        emails: Vec<String>,
    },
    /// Not an e-mail address.
    InvalidEmail,
    /// Longer than the portal takes.
    TooLong {
        /// Length in UTF-16 units.
        units: usize,
        /// HubSpot: 65,536 for a text.
        limit: usize,
    },
    /// The mapping makes a text of it that is longer than any that is made.
    MadeTooLong {
        /// In bytes.
        limit: usize,
    },
    /// Not the id of a record: ids are digits.
    InvalidId,
    /// The cell that gives the row's time zone names none.
    UnknownZone {
        /// The IANA name that looks most like it.
        nearest: Option<String>,
    },
    /// A look-up file has no line for it, and by itself it is no value either.
    NotInFile {
        /// The file as the mapping names it.
        file: String,
        /// The text of the file that looks most like it.
        nearest: Option<String>,
    },
    /// Two comments of the row's ticket have one id and say different things.
    RepeatedNote {
        /// The id of the other, which may differ by case.
        other: String,
    },
    /// A template or expression failed on this row.
    TemplateFailed {
        /// What the template engine said.
        detail: String,
    },
    /// The mapping says `missing = "refuse"` and there is no such record.
    NoSuchRecord {
        /// Kind of the other record.
        object: ObjectType,
    },
    /// Several records hold the value by which one is meant.
    AmbiguousRecord {
        /// Kind of the other records.
        object: ObjectType,
        /// Their ids.
        ids: Vec<String>,
    },
    /// The portal has a record that the row needs, and does not let it be read.
    RecordHidden {
        /// Kind of the record.
        object: ObjectType,
        /// What the portal said, in a sentence.
        detail: String,
    },
    /// The record that the row needs could not be created.
    RecordRefused {
        /// Kind of the other record.
        object: ObjectType,
        /// What the portal said.
        detail: String,
    },
    /// The portal refused to link the row's ticket.
    LinkRefused {
        /// What the portal said.
        detail: String,
    },
    /// The row links its ticket to more records than an admin of the portal allows.
    TooManyLinks {
        /// Kind of the other records.
        object: ObjectType,
        /// Label of the links; none where all links to such records count.
        label: Option<String>,
        /// How many there are.
        links: u64,
        /// How many there may be.
        most: u64,
    },
    /// The row's ticket is there, but what is wrong with one of its links is left.
    LinkLeft {
        /// Id of the row's ticket.
        ticket: String,
        /// What is wrong with the link.
        link: Box<Reason>,
    },
    /// The portal is not as the plan found it that the run applies.
    ChangedSincePlan {
        /// What changed.
        what: SincePlan,
    },
    /// The row's ticket is there, but what is wrong with one of its notes is left.
    NoteLeft {
        /// Id of the row's ticket.
        ticket: String,
        /// What is wrong with the note.
        note: Box<Reason>,
    },
    /// A file of a note can't go in, and the note waits for it.
    File {
        /// What it is called.
        name: String,
        /// What is wrong with it.
        fault: Box<FileFault>,
    },
    /// A note that does not hang on the row's ticket holds the note's key.
    NoteKeyHeld {
        /// Id of that note, where it is known.
        note: Option<String>,
        /// Id of the ticket that it hangs on, if it hangs on one.
        ticket: Option<String>,
    },
    /// Another ticket holds the value of a unique property that is not the key.
    ConflictingUniqueValue {
        /// Id of that ticket, where the portal names it.
        id: Option<String>,
    },
    /// The key collides, but no ticket can be found that holds it.
    KeyHeldElsewhere {
        /// Id of the ticket that the portal names.
        id: Option<String>,
    },
    /// An archived ticket holds the key.
    KeyInRecycleBin {
        /// Its id.
        id: String,
    },
    /// There is no ticket of that key or id.
    TicketMissing {
        /// True where it was looked for by its key: it may be in the recycle bin then.
        by_key: bool,
    },
    /// The ticket was merged into another.
    TicketMerged {
        /// Its id.
        id: String,
        /// Id of the other.
        into: String,
    },
    /// The ticket of that key or id is archived.
    TicketArchived {
        /// Its id.
        id: String,
    },
    /// The row alone is larger than one call may be.
    RowTooLarge {
        /// Its size in bytes of JSON.
        bytes: usize,
        /// The largest that is sent.
        limit: usize,
    },
    /// The portal has a rule for values of the property, by which it refuses this one.
    BreaksRule {
        /// The rule: `MAX_LENGTH 40`.
        rule: String,
    },
    /// Anything else that the portal refuses.
    Portal {
        /// The portal's code or category.
        code: String,
        /// The portal's words.
        message: String,
    },
}

/// Codes of rows that were refused as they were read, so that their key was not known.
const UNREAD: [&str; 6] = [
    "RAGGED_ROW",
    "UNCLOSED_QUOTE",
    "RECORD_TOO_LONG",
    "NOT_TEXT",
    "NUL_CHARACTER",
    "RAW_AND_CELLS",
];

/// Whether a row that was refused with this code had cells, so that its key could be made.
pub fn was_read(code: &str) -> bool {
    !UNREAD
        .iter()
        .any(|unread| unread.eq_ignore_ascii_case(code))
}

impl Reason {
    /// The stable code of refused.csv.
    pub fn code(&self) -> &str {
        match self {
            Reason::RaggedRow { .. } | Reason::TornRow => "RAGGED_ROW",
            Reason::UnclosedQuote => "UNCLOSED_QUOTE",
            Reason::RecordTooLong { .. } => "RECORD_TOO_LONG",
            Reason::NotText => "NOT_TEXT",
            Reason::NulCharacter => "NUL_CHARACTER",
            Reason::NoObject => "NO_JSON_OBJECT",
            Reason::NestedTooDeep { .. } => "NESTED_TOO_DEEP",
            Reason::NoList => "NO_JSON_LIST",
            Reason::NoTicketOfComment => "NO_TICKET_OF_COMMENT",
            Reason::CommentsTooLong { .. } => "COMMENTS_TOO_LONG",
            Reason::MissingValue => "MISSING_VALUE",
            Reason::MissingKey => "MISSING_KEY",
            Reason::InvalidKey => "INVALID_KEY",
            Reason::RepeatedKey { .. } => "REPEATED_KEY",
            Reason::KeyCase { .. } => "KEY_CASE",
            Reason::StillRepeated {
                only_case: false, ..
            } => "REPEATED_KEY",
            Reason::StillRepeated {
                only_case: true, ..
            } => "KEY_CASE",
            Reason::OwnCellLost { .. } => "OWN_CELL_LOST",
            Reason::KeyPrefixed { .. } => "KEY_PREFIXED",
            Reason::RawAndCells => "RAW_AND_CELLS",
            Reason::RawRecords { .. } | Reason::RawDelimiter { .. } => "RAGGED_ROW",
            Reason::RawEmptied { code } => code,
            Reason::KeyRewritten { .. } => "KEY_REWRITTEN",
            Reason::InvalidDate { .. } => "INVALID_DATE",
            Reason::AmbiguousDate { .. } => "AMBIGUOUS_DATE",
            Reason::InvalidNumber { .. } => "INVALID_NUMBER",
            Reason::InvalidBool => "INVALID_BOOL",
            Reason::InvalidOption { .. } => "INVALID_OPTION",
            Reason::AmbiguousOption { .. } => "AMBIGUOUS_OPTION",
            Reason::UnmappedValue { .. } => "UNMAPPED_VALUE",
            Reason::UnknownPipeline { .. } => "UNKNOWN_PIPELINE",
            Reason::UnknownStage { .. } => "UNKNOWN_STAGE",
            Reason::UnknownOwner { .. } => "UNKNOWN_OWNER",
            Reason::AmbiguousOwner { .. } => "AMBIGUOUS_OWNER",
            Reason::InvalidEmail => "INVALID_EMAIL",
            Reason::TooLong { .. } | Reason::MadeTooLong { .. } => "TOO_LONG",
            Reason::InvalidId => "INVALID_ID",
            Reason::UnknownZone { .. } => "UNKNOWN_ZONE",
            Reason::NotInFile { .. } => "NOT_IN_FILE",
            Reason::RepeatedNote { .. } => "REPEATED_NOTE",
            Reason::TemplateFailed { .. } => "TEMPLATE_FAILED",
            Reason::NoSuchRecord { object } => match object {
                ObjectType::Tickets => LINKED_TICKET_MISSING,
                ObjectType::Contacts => "CONTACT_MISSING",
                ObjectType::Companies => "COMPANY_MISSING",
                ObjectType::Deals => "DEAL_MISSING",
                ObjectType::Notes => "NOTE_MISSING",
                ObjectType::Emails => "EMAIL_MISSING",
                ObjectType::Calls => "CALL_MISSING",
                ObjectType::Meetings => "MEETING_MISSING",
                ObjectType::Tasks => "TASK_MISSING",
                ObjectType::Communications => "COMMUNICATION_MISSING",
                ObjectType::Custom(_) => "RECORD_MISSING",
            },
            Reason::AmbiguousRecord { .. } => "AMBIGUOUS",
            Reason::RecordHidden { object, .. } => match object {
                ObjectType::Tickets => "TICKET_HIDDEN",
                ObjectType::Contacts => "CONTACT_HIDDEN",
                _ => "RECORD_HIDDEN",
            },
            Reason::RecordRefused { object, .. } => match object {
                ObjectType::Contacts => "CONTACT_REFUSED",
                _ => "RECORD_REFUSED",
            },
            Reason::LinkRefused { .. } => LINK_REFUSED,
            Reason::TooManyLinks { .. } => "TOO_MANY_LINKS",
            // The ticket is there: a retry goes on with it, unlike a row that was not sent.
            Reason::LinkLeft { link, .. } => match **link {
                Reason::TooManyLinks { .. } => LINK_REFUSED,
                _ => link.code(),
            },
            Reason::ChangedSincePlan { .. } => "CHANGED_SINCE_PLAN",
            Reason::NoteLeft { note, .. } => match **note {
                Reason::NoteKeyHeld { .. } | Reason::File { .. } => note.code(),
                _ => NOTE_REFUSED,
            },
            Reason::File { fault, .. } => fault.code(),
            Reason::NoteKeyHeld { .. } => NOTE_KEY_HELD,
            Reason::ConflictingUniqueValue { .. } => "CONFLICTING_UNIQUE_VALUE",
            Reason::KeyHeldElsewhere { .. } => "KEY_HELD_ELSEWHERE",
            Reason::KeyInRecycleBin { .. } => "KEY_IN_RECYCLE_BIN",
            Reason::TicketMissing { .. } => "TICKET_MISSING",
            Reason::TicketMerged { .. } => "TICKET_MERGED",
            Reason::TicketArchived { .. } => "TICKET_ARCHIVED",
            Reason::RowTooLarge { .. } => "ROW_TOO_LARGE",
            Reason::BreaksRule { .. } => "FAILED_VALIDATION",
            Reason::Portal { code, .. } => code,
        }
    }

    /// What is wrong, as a sentence without a final stop.
    pub fn sentence(&self) -> String {
        match self {
            Reason::RaggedRow { cells, columns } => {
                format!("the record has {cells} cells, the header has {columns} columns")
            }
            Reason::TornRow => {
                "the last text of this record goes on in the next line, by a line break that is \
                 not quoted"
                    .to_owned()
            }
            Reason::UnclosedQuote => "a quote on this line does not close its cell".to_owned(),
            Reason::RecordTooLong { limit } => {
                format!("the record is longer than {limit} bytes and was not read whole")
            }
            Reason::NotText => "the cell holds bytes that are not text".to_owned(),
            Reason::NulCharacter => "the cell holds a NUL character".to_owned(),
            Reason::NoObject => "the record is not a JSON object".to_owned(),
            Reason::NestedTooDeep { limit } => {
                format!("the JSON object is nested more than {limit} deep")
            }
            Reason::NoList => "this is not a JSON list of objects".to_owned(),
            Reason::NoTicketOfComment => "no row of the input has this ticket".to_owned(),
            Reason::CommentsTooLong { limit } => format!(
                "the comments of this ticket have more than {} MiB together",
                limit >> 20
            ),
            Reason::MissingValue => "a value is required here and there is none".to_owned(),
            Reason::MissingKey => "the key is empty".to_owned(),
            Reason::InvalidKey => {
                "the key holds control characters or others that can't be seen".to_owned()
            }
            Reason::RepeatedKey { place } => format!("{place} has the same key"),
            Reason::KeyCase { other, place } => {
                format!("{place} has the key \"{other}\", which differs only by case")
            }
            Reason::StillRepeated { line, only_case } => {
                let row = match line {
                    Some(line) => format!("line {line} of the first input"),
                    None => "this row".to_owned(),
                };
                let same = match only_case {
                    true => "a key that differs only by case",
                    false => "the same key",
                };
                format!(
                    "{row} was refused because an earlier row has {same}, and its key is unchanged"
                )
            }
            Reason::OwnCellLost { column: "_key" } => {
                "the row was refused for its key, and the cell _key, which held that key, is empty, \
                 was edited or was rewritten by a spreadsheet"
                    .to_owned()
            }
            Reason::OwnCellLost { column: "_line" } => {
                "the cell _line, which said which row of the first input this is, is empty"
                    .to_owned()
            }
            Reason::OwnCellLost { column } => {
                format!("the cell {column}, which held what the row was refused for, is empty")
            }
            Reason::KeyPrefixed { prefix } => {
                format!(
                    "the id begins with \"{prefix}\", which the mapping puts before it once more"
                )
            }
            Reason::RawAndCells => {
                "the record in _raw can be read, and the cells beside it say something else"
                    .to_owned()
            }
            Reason::RawRecords { records } => format!("_raw holds {records} records, not one"),
            Reason::RawDelimiter { mark } => format!(
                "the record in _raw has as many cells as there are columns if it is cut at {mark}, \
                 and nothing says that it is"
            ),
            Reason::RawEmptied { .. } => {
                "_raw and all cells are empty, so that nothing is left of the record that was \
                 refused"
                    .to_owned()
            }
            Reason::KeyRewritten { .. } => {
                "this looks like what a spreadsheet made of an id".to_owned()
            }
            Reason::InvalidDate { .. } => "this is not a date that the mapping reads".to_owned(),
            Reason::AmbiguousDate { readings } => {
                format!("this may be {} or {}", readings[0], readings[1])
            }
            Reason::InvalidNumber { .. } => "this is not a number".to_owned(),
            Reason::InvalidBool => "this is neither true nor false".to_owned(),
            Reason::InvalidOption { .. } => "this is not one of the property's options".to_owned(),
            Reason::AmbiguousOption { values } => {
                format!("{} choices of the portal have this label", values.len())
            }
            Reason::UnmappedValue { .. } => {
                "the mapping's value map has no entry for it".to_owned()
            }
            Reason::UnknownPipeline { .. } => "the portal has no such pipeline".to_owned(),
            Reason::UnknownStage { pipeline, .. } if pipeline.is_empty() => {
                "no pipeline of the portal has such a stage".to_owned()
            }
            Reason::UnknownStage { pipeline, .. } => {
                format!("pipeline \"{pipeline}\" has no such stage")
            }
            Reason::UnknownOwner { archived: true, .. } => {
                "this owner is deactivated and can't be given tickets".to_owned()
            }
            Reason::UnknownOwner { .. } => "the portal has no such owner".to_owned(),
            Reason::AmbiguousOwner { emails } => format!("{} owners have this name", emails.len()),
            Reason::InvalidEmail => "this is not an e-mail address".to_owned(),
            Reason::TooLong { units, limit } => {
                format!("the text has {units} UTF-16 units, the portal takes {limit}")
            }
            Reason::MadeTooLong { limit } => {
                format!("the mapping makes a text of more than {limit} bytes of it")
            }
            Reason::InvalidId => "this is not the id of a record".to_owned(),
            Reason::UnknownZone { .. } => "there is no such time zone".to_owned(),
            Reason::NotInFile { file, .. } => format!("{file} has no line for it"),
            Reason::RepeatedNote { other } => {
                format!(
                    "another comment of the ticket has the id \"{other}\" and says something else"
                )
            }
            Reason::TemplateFailed { detail } => format!("the template failed: {detail}"),
            Reason::NoSuchRecord { object } => {
                format!("the portal has no such {}", object.singular())
            }
            Reason::AmbiguousRecord { object, ids } => {
                let ids = one_of(ids);
                format!("it may be one of several {}: {ids}", object.plural())
            }
            Reason::RecordHidden { detail, .. } => detail.clone(),
            Reason::RecordRefused { object, detail } => {
                let object = object.singular();
                format!("the portal refused to create this {object}: {detail}")
            }
            Reason::LinkRefused { detail } => format!("the portal refused this link: {detail}"),
            Reason::TooManyLinks {
                object,
                label,
                links,
                most,
            } => {
                let kind = object.plural();
                let label = label.as_ref().map(|label| format!(" labelled \"{label}\""));
                let label = label.unwrap_or_default();
                format!(
                    "the row links its ticket to {links} {kind}{label}, and the portal's limit for \
                     a ticket is {most}"
                )
            }
            Reason::LinkLeft { ticket, link } => {
                format!(
                    "ticket {ticket} is there, but not this link: {}",
                    link.sentence()
                )
            }
            Reason::ChangedSincePlan { what } => match what {
                SincePlan::KeyTaken { id } => {
                    format!("ticket {id} has this key, which no ticket had when the plan was made")
                }
                SincePlan::Gone => {
                    "no live ticket has this key any more: the one that had it when the plan was made was archived, merged or deleted, or has another key"
                        .to_owned()
                }
                SincePlan::OtherTicket { id } => format!(
                    "ticket {id} has this key, which another ticket had when the plan was made"
                ),
                SincePlan::LinkCut { link } => format!(
                    "the ticket was linked to {link} when the plan was made, and is not any more"
                ),
                SincePlan::RecordGone { record } => format!(
                    "the ticket was to be linked to {record}, which is not there any more"
                ),
                SincePlan::Value { planned, holds } => format!(
                    "the plan counted on {} here, and the ticket holds {}",
                    quoted(planned),
                    quoted(holds)
                ),
            },
            Reason::NoteLeft { ticket, note } => {
                format!(
                    "ticket {ticket} is there, but not this note: {}",
                    note.sentence()
                )
            }
            Reason::File { name, fault } => {
                format!("its file {} can't go in: {}", quoted(name), fault.words())
            }
            Reason::NoteKeyHeld { note, ticket } => {
                let note = note
                    .as_deref()
                    .map_or("another note".to_owned(), |id| format!("note {id}"));
                let place = match ticket {
                    Some(ticket) => format!(" of ticket {ticket}"),
                    None => String::new(),
                };
                format!("{note}{place} holds its key")
            }
            Reason::ConflictingUniqueValue { id } => {
                format!("{} has this unique value already", ticket(id.as_deref()))
            }
            Reason::KeyHeldElsewhere { id } => format!(
                "the portal says that {} holds this key, but it can't be read by it",
                ticket(id.as_deref())
            ),
            Reason::KeyInRecycleBin { id } => {
                format!("ticket {id} in the recycle bin holds this key")
            }
            Reason::TicketMissing { .. } => "the portal has no such ticket".to_owned(),
            Reason::TicketMerged { id, into } => format!("ticket {id} was merged into {into}"),
            Reason::TicketArchived { id } => format!("ticket {id} is in the recycle bin"),
            Reason::RowTooLarge { bytes, limit } => {
                format!("the row takes {bytes} bytes, one call takes {limit}")
            }
            Reason::BreaksRule { rule } => {
                format!("it breaks the rule {rule} that the portal has for values of the property")
            }
            Reason::Portal { message, .. } => format!("the portal refused it: {message}"),
        }
    }

    /// What to do about it, as a sentence without a final stop.
    pub fn advice(&self) -> String {
        match self {
            Reason::RaggedRow { .. } => {
                "correct the record in _raw, or fill in the columns of this row; most often a \
                 quote, a delimiter or a line break inside a text is not quoted"
                    .to_owned()
            }
            Reason::TornRow => {
                "add the rest of the text, which is refused as a row of its own, to the record in \
                 _raw, in quotes, and take that row out"
                    .to_owned()
            }
            Reason::UnclosedQuote => {
                "correct the record in _raw, or fill in the columns of this row; a quote inside a \
                 quoted text is written twice"
                    .to_owned()
            }
            Reason::RecordTooLong { .. } => {
                "look at this line of the file; most often a quote is never closed or line ends \
                 are missing"
                    .to_owned()
            }
            Reason::NotText => {
                "retype the cell; where many rows say so, state the file's encoding, such as \
                 encoding = \"windows-1252\" under [source] of the mapping"
                    .to_owned()
            }
            Reason::NulCharacter => {
                "retype the cell: its text was damaged on the way, or the file's encoding is \
                 another"
                    .to_owned()
            }
            Reason::NoObject => {
                "correct the object in _raw; most often a quote, comma or brace is missing, or the \
                 file was cut off"
                    .to_owned()
            }
            Reason::NestedTooDeep { .. } => {
                "look at this record: no help desk nests its fields so deeply".to_owned()
            }
            Reason::NoList => {
                "correct the cell, or take the column out of the mapping".to_owned()
            }
            Reason::NoTicketOfComment => {
                "import it with the file that has its ticket, or leave it out".to_owned()
            }
            Reason::CommentsTooLong { .. } => {
                "look at them: a ticket that a machine wrote to, most likely; leave some out".to_owned()
            }
            Reason::MissingValue => "fill in the cell".to_owned(),
            Reason::MissingKey => "give the row its id of the old system".to_owned(),
            Reason::InvalidKey => "remove line breaks and other invisible characters".to_owned(),
            Reason::RepeatedKey { .. } => {
                "remove one of the two rows, or give this one an id of its own".to_owned()
            }
            Reason::KeyCase { .. } => {
                "portals may treat the two as one; give one of the rows another id".to_owned()
            }
            Reason::StillRepeated { .. } => {
                "give this row an id of its own, or remove it".to_owned()
            }
            Reason::OwnCellLost { .. } => {
                "copy the cell from the refused.csv that the run wrote, or empty all columns that \
                 it added to make this a new row"
                    .to_owned()
            }
            Reason::KeyPrefixed { .. } => {
                "give the id without it; where ids are written like this, say as_written = true \
                 under [key]"
                    .to_owned()
            }
            Reason::RawAndCells => "empty _raw, or the cells beside it".to_owned(),
            Reason::RawRecords { .. } => {
                "leave one record in _raw, below the header line if there is one, and give each \
                 other a row of its own"
                    .to_owned()
            }
            Reason::RawDelimiter { .. } => {
                "write the header line of the file above the record in _raw, or fill in the columns \
                 of this row"
                    .to_owned()
            }
            Reason::RawEmptied { .. } => {
                "fill in the columns of this row, or remove the row".to_owned()
            }
            Reason::KeyRewritten { may_be } => format!(
                "write the id as the old system has it, and open the file with every column as \
                 text (Excel: Data, From Text/CSV, \"Do not detect data types\"){}",
                match may_be {
                    true => "; where ids are written like this, say as_written = true under [key]",
                    false => "",
                }
            ),
            Reason::InvalidDate { formats, known } => other_form(
                known
                    .iter()
                    .map(|(date, format)| format!("format = \"{format}\" reads it as {date}")),
                &format!("write it as {}", one_of(formats)),
            ),
            Reason::AmbiguousDate { readings } => format!(
                "write the date as {} or {}, or keep one format in the mapping",
                readings[0], readings[1]
            ),
            Reason::InvalidNumber { example, styles } => other_form(
                styles
                    .iter()
                    .map(|(settings, number)| format!("{settings} reads it as {number}")),
                &format!("write it like {example}"),
            ),
            Reason::InvalidBool => "write true or false".to_owned(),
            Reason::InvalidOption { accepted, nearest }
            | Reason::UnknownPipeline { accepted, nearest }
            | Reason::UnknownStage {
                accepted, nearest, ..
            } => choice(accepted, nearest.as_deref()),
            Reason::AmbiguousOption { values } => {
                format!("use the internal value instead: {}", one_of(values))
            }
            Reason::UnmappedValue { accepted, nearest } => format!(
                "{}, or add an entry to the mapping",
                choice(accepted, nearest.as_deref())
            ),
            Reason::UnknownOwner { nearest, .. } => match nearest {
                Some(nearest) => format!(
                    "did you mean \"{nearest}\"? Otherwise use the e-mail of an active user"
                ),
                None => "use the e-mail or full name of an active user".to_owned(),
            },
            Reason::AmbiguousOwner { emails } => {
                format!("use the e-mail instead: {}", one_of(emails))
            }
            Reason::InvalidEmail => "write it like name@example.com".to_owned(),
            Reason::TooLong { .. } => {
                "shorten it, or let the mapping do it with truncate".to_owned()
            }
            Reason::MadeTooLong { .. } => "correct the replace or join of the mapping".to_owned(),
            Reason::InvalidId => "write the digits of its id, as HubSpot shows them".to_owned(),
            Reason::UnknownZone { nearest } => match nearest {
                Some(nearest) => format!("did you mean \"{nearest}\"?"),
                None => "write an IANA name such as \"Europe/Berlin\"".to_owned(),
            },
            Reason::NotInFile { file, nearest } => match nearest {
                Some(nearest) => format!("did you mean \"{nearest}\"? Otherwise add it to {file}"),
                None => format!("add it to {file}"),
            },
            Reason::RepeatedNote { .. } => {
                "give each comment an id of its own, or leave `id` out of [[notes]]: then what \
                 comments say tells them apart"
                    .to_owned()
            }
            Reason::TemplateFailed { .. } => {
                "correct the cells that the template uses, or the template".to_owned()
            }
            Reason::NoSuchRecord {
                object: object @ (ObjectType::Tickets | ObjectType::Notes),
            } => format!(
                "correct it, or say missing = \"skip\" in the mapping to leave {} out that are not there",
                object.plural()
            ),
            Reason::NoSuchRecord { object } => format!(
                "create the {} first, or say missing = \"create\" in the mapping",
                object.singular()
            ),
            Reason::AmbiguousRecord { object, .. } => format!(
                "link by the id of the {} that is meant, or by a unique property",
                object.singular()
            ),
            Reason::RecordHidden { object, .. } => format!(
                "let the token's app and user read this {}, then run the row again",
                object.singular()
            ),
            Reason::RecordRefused { object, .. } => {
                format!("correct the {}'s columns", object.singular())
            }
            Reason::LinkRefused { .. } => "correct the link as the portal says".to_owned(),
            Reason::TooManyLinks { .. } => {
                "leave the others out, or have an admin raise the limit of this association in \
                 HubSpot"
                    .to_owned()
            }
            Reason::LinkLeft { .. } => {
                "correct the link, then give this row to `tickethaul retry`".to_owned()
            }
            Reason::ChangedSincePlan { .. } => {
                "make a new plan of this row, or carry it out on what the portal holds now with `tickethaul retry`"
                    .to_owned()
            }
            Reason::NoteLeft { note, .. } if matches!(**note, Reason::File { .. }) => format!(
                "{}; then give this row to `tickethaul retry`, or import the file with `--op upsert`: what its \
                 ticket lacks is added",
                note.advice()
            ),
            Reason::NoteLeft { .. } => {
                "correct the comment, then give this row to `tickethaul retry`, or import the file with \
                 `--op upsert`: what its ticket lacks is added"
                    .to_owned()
            }
            Reason::File { fault, .. } => fault.advice(),
            Reason::NoteKeyHeld { .. } => {
                "look at that note in HubSpot: it may belong to this ticket".to_owned()
            }
            Reason::ConflictingUniqueValue { .. } => {
                "change the value, or take the row out if it is the same ticket".to_owned()
            }
            Reason::KeyHeldElsewhere { .. } => {
                "look at that ticket in HubSpot and clear or change its key".to_owned()
            }
            Reason::KeyInRecycleBin { .. } => {
                "restore that ticket in HubSpot, or delete it there for good, and run again"
                    .to_owned()
            }
            Reason::TicketMissing { by_key: false } => {
                "correct the cell, or take the row out: `tickethaul import` makes tickets, by creating or upserting"
                    .to_owned()
            }
            Reason::TicketMissing { by_key: true } => {
                "correct the cell, or take the row out: `tickethaul import` makes tickets, by creating or upserting; \
                 it may be in the recycle bin, where portals need not find a ticket by its key"
                    .to_owned()
            }
            Reason::TicketMerged { into, .. } => {
                format!("name ticket {into} instead, or take the row out")
            }
            Reason::TicketArchived { .. } => {
                "restore it in HubSpot and run again, or take the row out".to_owned()
            }
            Reason::RowTooLarge { .. } => "shorten the longest texts of the row".to_owned(),
            Reason::BreaksRule { .. } => {
                "correct the value, or have an admin change the rule in HubSpot".to_owned()
            }
            Reason::Portal { code, .. } => portal_advice(code).to_owned(),
        }
    }
}

/// `value "x" in column "C" (property p): sentence; advice`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.column {
            write!(f, "column \"{column}\": ")?;
        } else if let Some(property) = &self.property {
            write!(f, "property {property}: ")?;
        }
        if !self.value.is_empty() {
            write!(f, "\"{}\": ", self.value)?;
        }
        write!(f, "{}; {}.", self.reason.sentence(), self.reason.advice())
    }
}

/// What to do about codes that only the portal gives.
fn portal_advice(code: &str) -> &'static str {
    match code {
        "INVALID_OPTION" => "use a value that the portal offers for this property",
        "INVALID_INTEGER" => "write a plain number",
        "INVALID_LONG" | "INVALID_DATE" => "write a date that the mapping reads",
        "INVALID_EMAIL" => "write it like name@example.com",
        "MISSING_REQUIRED_PROPERTY" | "MISSING_CONDITIONAL_REQUIRED_PROPERTY" => {
            "the portal requires a value here: fill in the cell or map the property"
        }
        "STAGE_READ_ONLY" => "choose a stage that the portal lets apps write to",
        _ => "correct the row as the portal says and run again",
    }
}

/// A value in a sentence.
fn quoted(value: &str) -> String {
    match value {
        "" => "nothing".to_owned(),
        value => format!("\"{}\"", excerpt(value)),
    }
}

fn ticket(id: Option<&str>) -> String {
    match id {
        Some(id) => format!("ticket {id}"),
        None => "another ticket".to_owned(),
    }
}

/// `"a", "b" or "c"`, at most eight of them.
fn one_of(values: &[String]) -> String {
    const SHOWN: usize = 8;
    let quoted: Vec<String> = values
        .iter()
        .take(SHOWN)
        .map(|value| format!("\"{value}\""))
        .collect();
    match quoted.as_slice() {
        [] => "another value".to_owned(),
        [one] => one.clone(),
        _ if values.len() > SHOWN => {
            format!("{} or {} more", quoted.join(", "), values.len() - SHOWN)
        }
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}

/// What to set in the mapping, where that helps, or else how to write the cell.
fn other_form(settings: impl Iterator<Item = String>, otherwise: &str) -> String {
    let settings: Vec<String> = settings.collect();
    match settings.is_empty() {
        true => otherwise.to_owned(),
        false => format!(
            "in the mapping, {}; or {otherwise}",
            settings.join(", and ")
        ),
    }
}

fn choice(accepted: &[String], nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean \"{nearest}\"? Accepted: {}", one_of(accepted)),
        None => format!("accepted: {}", one_of(accepted)),
    }
}
