//! Everything that can be wrong with a row.

use crate::model::file_fault::FileFault;
use crate::model::schema::ObjectType;

/// What has changed about a ticket since a plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SincePlan {
    /// Another ticket has the key of one that was to be created.
    KeyTaken {
        /// Its id.
        id: String,
    },
    /// It is no longer live.
    Gone,
    /// Another ticket has its key.
    OtherTicket {
        /// Its id.
        id: String,
    },
    /// A link that it had was removed: `contacts 1234`.
    LinkCut {
        /// Kind and id of the other record.
        link: String,
    },
    /// A record that it was to be linked to is gone.
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

/// What can be wrong with a row. The table in `words` has a stable code, a sentence and
/// a hint for each.
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
    /// A quote that opens a cell does not close at its end.
    UnclosedQuote,
    /// The record is longer than the limit.
    RecordTooLong {
        /// The longest, in bytes.
        limit: usize,
    },
    /// Bytes that are not text in the file's encoding.
    NotText,
    /// A NUL character.
    NulCharacter,
    /// The record is not a JSON object.
    NoObject,
    /// The JSON object is nested too deeply.
    NestedTooDeep {
        /// The deepest that is read.
        limit: usize,
    },
    /// The text is not a JSON list of comments.
    NoList,
    /// Nothing says when the files of a ticket were attached.
    NoTimeOfFiles,
    /// A comment in a separate file names no row of the input.
    NoTicketOfComment,
    /// The comments of the row from separate files are too long.
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
        /// Where that row is: `line 17`.
        place: String,
    },
    /// An earlier row has a key that differs only by case.
    KeyCase {
        /// The earlier key.
        other: String,
        /// Where that row is: `line 17`.
        place: String,
    },
    /// An earlier run refused the row because another one had its key, and it still has
    /// that key.
    StillRepeated {
        /// Line of the first input.
        line: Option<String>,
        /// The two keys differ by case.
        only_case: bool,
    },
    /// A cell in which an earlier run wrote why it refused the row is empty or rewritten.
    OwnCellLost {
        /// `_code`, `_key` or `_line`.
        column: &'static str,
    },
    /// The cell begins with what the mapping puts before ids.
    KeyPrefixed {
        /// What it puts there.
        prefix: String,
    },
    /// A record was corrected in `_raw`, and the cells next to it say something else.
    RawAndCells,
    /// `_raw` holds several records.
    RawRecords {
        /// How many.
        records: usize,
    },
    /// `_raw` holds as many cells as there are columns, but only if cut at a mark that may
    /// not be the delimiter.
    RawDelimiter {
        /// The mark, in words.
        mark: &'static str,
    },
    /// The record in `_raw` was removed, and no cell was filled in.
    RawEmptied {
        /// What the row was refused for.
        code: &'static str,
    },
    /// The key is written as spreadsheets write numbers, and is hardly the original id.
    KeyRewritten {
        /// Whether the mapping may say that ids are written like this.
        may_be: bool,
    },
    /// No format reads the cell as a date.
    InvalidDate {
        /// The accepted forms.
        formats: Vec<String>,
        /// Readings in other usual formats: the date, and the format.
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
        /// Settings of the mapping with which the text is a number, and that number.
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
        /// Label of the pipeline; empty if any would do.
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
    /// Longer than the portal accepts.
    TooLong {
        /// Length in UTF-16 units.
        units: usize,
        /// HubSpot: 65,536 for a text.
        limit: usize,
    },
    /// The mapping makes a text of it that is longer than the limit.
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
    /// A look-up file has no line for it, and it is not a value by itself either.
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
    /// The portal has a record that the row needs, and does not allow reading it.
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
        /// Label of the links; none if all links to such records count.
        label: Option<String>,
        /// How many there are.
        links: u64,
        /// How many there may be.
        most: u64,
    },
    /// The row's ticket was written, but one of its links has a problem.
    LinkLeft {
        /// Id of the row's ticket.
        ticket: String,
        /// What is wrong with the link.
        link: Box<Reason>,
    },
    /// The portal has changed since the plan that the run applies.
    ChangedSincePlan {
        /// What changed.
        what: SincePlan,
    },
    /// The row's ticket was written, but one of its notes has a problem.
    NoteLeft {
        /// Id of the row's ticket.
        ticket: String,
        /// What is wrong with the note.
        note: Box<Reason>,
    },
    /// A file of a note can't be uploaded, so the note is not written.
    File {
        /// Its name.
        name: String,
        /// What is wrong with it.
        fault: Box<FileFault>,
    },
    /// A note of another ticket holds the note's key.
    NoteKeyHeld {
        /// Id of that note, if known.
        note: Option<String>,
        /// Id of its ticket, if it has one.
        ticket: Option<String>,
    },
    /// Another ticket holds the value of a unique property that is not the key.
    ConflictingUniqueValue {
        /// Id of that ticket, if the portal names it.
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
        /// True if it was looked up by key: then it may be in the recycle bin.
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
    /// The row alone is too large for a call.
    RowTooLarge {
        /// Its size in bytes of JSON.
        bytes: usize,
        /// The largest that is sent.
        limit: usize,
    },
    /// The portal has a rule for values of the property that this one breaks.
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
