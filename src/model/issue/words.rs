//! The table of reasons: one arm for each, with its code, what is wrong and what to do.

use std::borrow::Cow;

use super::gist::BY_PORTAL;
use super::reason::{Reason, SincePlan};
use super::{LINK_REFUSED, LINKED_TICKET_MISSING, NOTE_KEY_HELD, NOTE_REFUSED, excerpt};
use crate::model::schema::ObjectType;

/// What refused.csv says of a reason.
pub struct Words<'r> {
    /// The stable code.
    pub code: &'r str,
    /// What is wrong, as a sentence without a final stop.
    pub sentence: Cow<'r, str>,
    /// What to do about it, as a sentence without a final stop.
    pub advice: Cow<'r, str>,
}

/// A line of the table.
fn words<'r>(
    code: &'r str,
    sentence: impl Into<Cow<'r, str>>,
    advice: impl Into<Cow<'r, str>>,
) -> Words<'r> {
    Words {
        code,
        sentence: sentence.into(),
        advice: advice.into(),
    }
}

impl Reason {
    /// The stable code of refused.csv.
    pub fn code(&self) -> &str {
        self.words().code
    }

    /// What is wrong, as a sentence without a final stop.
    pub fn sentence(&self) -> String {
        self.words().sentence.into_owned()
    }

    /// What to do about it, as a sentence without a final stop.
    pub fn advice(&self) -> String {
        self.words().advice.into_owned()
    }

    /// The table. It is long because it is one: a new reason is one arm here.
    pub fn words(&self) -> Words<'_> {
        match self {
            Reason::RaggedRow { cells, columns } => words(
                "RAGGED_ROW",
                format!("the record has {cells} cells, the header has {columns} columns"),
                "correct the record in _raw, or fill in the columns of this row; most often a \
                 quote, a delimiter or a line break inside a text is not quoted",
            ),
            Reason::TornRow => words(
                "RAGGED_ROW",
                "the last text of this record continues in the next line, after a line break that \
                 is not quoted",
                "add the rest of the text, which is refused as a separate row, to the record in \
                 _raw, in quotes, and remove that row",
            ),
            Reason::UnclosedQuote => words(
                "UNCLOSED_QUOTE",
                "a quote on this line does not close its cell",
                "correct the record in _raw, or fill in the columns of this row; a quote inside a \
                 quoted text is written twice",
            ),
            Reason::RecordTooLong { limit } => words(
                "RECORD_TOO_LONG",
                format!("the record is longer than {limit} bytes and was not read whole"),
                "check this line of the file; most often a quote is never closed or line ends \
                 are missing",
            ),
            Reason::NotText => words(
                "NOT_TEXT",
                "the cell holds bytes that are not text",
                "retype the cell; if many rows have this, state the file's encoding, such as \
                 encoding = \"windows-1252\" under [source] of the mapping",
            ),
            Reason::NulCharacter => words(
                "NUL_CHARACTER",
                "the cell holds a NUL character",
                "retype the cell: its text was damaged, or the file has a different encoding",
            ),
            Reason::NoObject => words(
                "NO_JSON_OBJECT",
                "the record is not a JSON object",
                "correct the object in _raw; most often a quote, comma or brace is missing, or the \
                 file was truncated",
            ),
            Reason::NestedTooDeep { limit } => words(
                "NESTED_TOO_DEEP",
                format!("the JSON object is nested more than {limit} deep"),
                "check this record: no help desk nests its fields so deeply",
            ),
            Reason::NoList => words(
                "NO_JSON_LIST",
                "this is not a JSON list of objects",
                "correct the cell, or take the column out of the mapping",
            ),
            Reason::NoTicketOfComment => words(
                "NO_TICKET_OF_COMMENT",
                "no row of the input has this ticket",
                "import it with the file that has its ticket, or leave it out",
            ),
            Reason::CommentsTooLong { limit } => words(
                "COMMENTS_TOO_LONG",
                format!(
                    "the comments of this ticket have more than {} MiB together",
                    limit >> 20
                ),
                "check them: most likely a machine wrote to this ticket; leave some out",
            ),
            Reason::NoTimeOfFiles => words(
                "NO_TIME_OF_FILES",
                "nothing says when these files were attached",
                "give `at` in [[attachments]] of the mapping, or a `createdate` to the ticket",
            ),
            Reason::MissingValue => words(
                "MISSING_VALUE",
                "a value is required here and there is none",
                "fill in the cell",
            ),
            Reason::MissingKey => words(
                "MISSING_KEY",
                "the key is empty",
                "give the row its id of the old system",
            ),
            Reason::InvalidKey => words(
                "INVALID_KEY",
                "the key holds control characters or others that can't be seen",
                "remove line breaks and other invisible characters",
            ),
            Reason::RepeatedKey { place } => words(
                "REPEATED_KEY",
                format!("{place} has the same key"),
                "remove one of the two rows, or give this one an id of its own",
            ),
            Reason::KeyCase { other, place } => words(
                "KEY_CASE",
                format!("{place} has the key \"{other}\", which differs only by case"),
                "portals may treat the two as one; give one of the rows another id",
            ),
            Reason::StillRepeated { line, only_case } => {
                still_repeated(line.as_deref(), *only_case)
            }
            Reason::OwnCellLost { column } => words(
                "OWN_CELL_LOST",
                cell_lost(column),
                "copy the cell from the refused.csv that the run wrote, or empty all columns that \
                 it added to make this a new row",
            ),
            Reason::KeyPrefixed { prefix } => words(
                "KEY_PREFIXED",
                format!("the id begins with \"{prefix}\", which the mapping adds to it again"),
                "give the id without it; if ids are written like this, say as_written = true \
                 under [key]",
            ),
            Reason::RawAndCells => words(
                "RAW_AND_CELLS",
                "the record in _raw can be read, and the cells next to it say something else",
                "empty _raw, or the cells next to it",
            ),
            Reason::RawRecords { records } => words(
                "RAGGED_ROW",
                format!("_raw holds {records} records, not one"),
                "leave one record in _raw, below the header line if there is one, and put each \
                 other one into a separate row",
            ),
            Reason::RawDelimiter { mark } => words(
                "RAGGED_ROW",
                format!(
                    "the record in _raw has as many cells as there are columns if it is cut at \
                     {mark}, but nothing shows that it should be"
                ),
                "write the header line of the file above the record in _raw, or fill in the columns \
                 of this row",
            ),
            Reason::RawEmptied { code } => words(
                code,
                "_raw and all cells are empty, so nothing is left of the record that was refused",
                "fill in the columns of this row, or remove the row",
            ),
            Reason::KeyRewritten { may_be } => words(
                "KEY_REWRITTEN",
                "this looks like what a spreadsheet made of an id",
                key_rewritten_advice(*may_be),
            ),
            Reason::InvalidDate { formats, known } => words(
                "INVALID_DATE",
                "this is not a date that the mapping reads",
                other_form(
                    known
                        .iter()
                        .map(|(date, format)| format!("format = \"{format}\" reads it as {date}")),
                    &format!("write it as {}", one_of(formats)),
                ),
            ),
            Reason::AmbiguousDate { readings } => words(
                "AMBIGUOUS_DATE",
                format!("this may be {} or {}", readings[0], readings[1]),
                format!(
                    "write the date as {} or {}, or keep one format in the mapping",
                    readings[0], readings[1]
                ),
            ),
            Reason::InvalidNumber { example, styles } => words(
                "INVALID_NUMBER",
                "this is not a number",
                other_form(
                    styles
                        .iter()
                        .map(|(settings, number)| format!("{settings} reads it as {number}")),
                    &format!("write it like {example}"),
                ),
            ),
            Reason::InvalidBool => words(
                "INVALID_BOOL",
                "this is neither true nor false",
                "write true or false",
            ),
            Reason::InvalidOption { accepted, nearest } => words(
                "INVALID_OPTION",
                "this is not one of the property's options",
                choice(accepted, nearest.as_deref()),
            ),
            Reason::AmbiguousOption { values } => words(
                "AMBIGUOUS_OPTION",
                format!("{} choices of the portal have this label", values.len()),
                format!("use the internal value instead: {}", one_of(values)),
            ),
            Reason::UnmappedValue { accepted, nearest } => words(
                "UNMAPPED_VALUE",
                "the mapping's value map has no entry for it",
                format!(
                    "{}, or add an entry to the mapping",
                    choice(accepted, nearest.as_deref())
                ),
            ),
            Reason::UnknownPipeline { accepted, nearest } => words(
                "UNKNOWN_PIPELINE",
                "the portal has no such pipeline",
                choice(accepted, nearest.as_deref()),
            ),
            Reason::UnknownStage {
                pipeline,
                accepted,
                nearest,
            } => words(
                "UNKNOWN_STAGE",
                match pipeline.as_str() {
                    "" => "no pipeline of the portal has such a stage".to_owned(),
                    pipeline => format!("pipeline \"{pipeline}\" has no such stage"),
                },
                choice(accepted, nearest.as_deref()),
            ),
            Reason::UnknownOwner { archived, nearest } => words(
                "UNKNOWN_OWNER",
                match archived {
                    true => "this owner is deactivated and can't be given tickets",
                    false => "the portal has no such owner",
                },
                match nearest {
                    Some(nearest) => format!(
                        "did you mean \"{nearest}\"? Otherwise use the e-mail of an active user"
                    ),
                    None => "use the e-mail or full name of an active user".to_owned(),
                },
            ),
            Reason::AmbiguousOwner { emails } => words(
                "AMBIGUOUS_OWNER",
                format!("{} owners have this name", emails.len()),
                format!("use the e-mail instead: {}", one_of(emails)),
            ),
            Reason::InvalidEmail => words(
                "INVALID_EMAIL",
                "this is not an e-mail address",
                "write it like name@example.com",
            ),
            Reason::TooLong { units, limit } => words(
                "TOO_LONG",
                format!("the text has {units} UTF-16 units, the portal takes {limit}"),
                "shorten it, or let the mapping do it with truncate",
            ),
            Reason::MadeTooLong { limit } => words(
                "TOO_LONG",
                format!("the mapping makes a text of more than {limit} bytes of it"),
                "correct the replace or join of the mapping",
            ),
            Reason::InvalidId => words(
                "INVALID_ID",
                "this is not the id of a record",
                "write the digits of its id, as HubSpot shows them",
            ),
            Reason::UnknownZone { nearest } => words(
                "UNKNOWN_ZONE",
                "there is no such time zone",
                match nearest {
                    Some(nearest) => format!("did you mean \"{nearest}\"?"),
                    None => "write an IANA name such as \"Europe/Berlin\"".to_owned(),
                },
            ),
            Reason::NotInFile { file, nearest } => words(
                "NOT_IN_FILE",
                format!("{file} has no line for it"),
                match nearest {
                    Some(nearest) => {
                        format!("did you mean \"{nearest}\"? Otherwise add it to {file}")
                    }
                    None => format!("add it to {file}"),
                },
            ),
            Reason::RepeatedNote { other } => words(
                "REPEATED_NOTE",
                format!(
                    "another comment of the ticket has the id \"{other}\" and says something else"
                ),
                "give each comment an id of its own, or leave `id` out of [[notes]]: comments are \
                 then distinguished by their content",
            ),
            Reason::TemplateFailed { detail } => words(
                "TEMPLATE_FAILED",
                format!("the template failed: {detail}"),
                "correct the cells that the template uses, or the template",
            ),
            Reason::NoSuchRecord { object } => words(
                missing_code(*object),
                format!("the portal has no such {}", object.singular()),
                missing_advice(*object),
            ),
            Reason::AmbiguousRecord { object, ids } => words(
                "AMBIGUOUS",
                format!(
                    "it may be one of several {}: {}",
                    object.plural(),
                    one_of(ids)
                ),
                format!(
                    "link by the id of the right {}, or by a unique property",
                    object.singular()
                ),
            ),
            Reason::RecordHidden { object, detail } => words(
                match object {
                    ObjectType::Tickets => "TICKET_HIDDEN",
                    ObjectType::Contacts => "CONTACT_HIDDEN",
                    _ => "RECORD_HIDDEN",
                },
                detail,
                format!(
                    "let the token's app and user read this {}, then run the row again",
                    object.singular()
                ),
            ),
            Reason::RecordRefused { object, detail } => words(
                match object {
                    ObjectType::Contacts => "CONTACT_REFUSED",
                    _ => "RECORD_REFUSED",
                },
                format!(
                    "the portal refused to create this {}: {detail}",
                    object.singular()
                ),
                format!("correct the {}'s columns", object.singular()),
            ),
            Reason::LinkRefused { detail } => words(
                LINK_REFUSED,
                format!("the portal refused this link: {detail}"),
                "correct the link as the portal says",
            ),
            Reason::TooManyLinks {
                object,
                label,
                links,
                most,
            } => words(
                "TOO_MANY_LINKS",
                format!(
                    "the row links its ticket to {links} {}{}, and the portal's limit for a ticket \
                     is {most}",
                    object.plural(),
                    match label {
                        Some(label) => format!(" labelled \"{label}\""),
                        None => String::new(),
                    }
                ),
                "leave some out, or have an admin raise the limit of this association in HubSpot",
            ),
            Reason::LinkLeft { ticket, link } => words(
                match **link {
                    // The ticket exists: unlike a row that was not sent, a retry continues with it.
                    Reason::TooManyLinks { .. } => LINK_REFUSED,
                    _ => link.code(),
                },
                format!(
                    "ticket {ticket} is there, but not this link: {}",
                    link.sentence()
                ),
                "correct the link, then give this row to `tickethaul retry`",
            ),
            Reason::ChangedSincePlan { what } => words(
                "CHANGED_SINCE_PLAN",
                since_plan(what),
                "make a new plan of this row, or carry it out on what the portal holds now with \
                 `tickethaul retry`",
            ),
            Reason::NoteLeft { ticket, note } => words(
                match **note {
                    Reason::NoteKeyHeld { .. } | Reason::File { .. } => note.code(),
                    _ => NOTE_REFUSED,
                },
                match ticket.as_str() {
                    // A note of a plan: there is no ticket yet.
                    "" => format!("a note of it can't go in: {}", note.sentence()),
                    _ => format!(
                        "ticket {ticket} is there, but not this note: {}",
                        note.sentence()
                    ),
                },
                note_left_advice(ticket, note),
            ),
            Reason::File { name, fault } => words(
                fault.code(),
                format!("its file {} can't go in: {}", quoted(name), fault.words()),
                fault.advice(),
            ),
            Reason::NoteKeyHeld { note, ticket } => words(
                NOTE_KEY_HELD,
                format!(
                    "{}{} holds its key",
                    match note {
                        Some(id) => format!("note {id}"),
                        None => "another note".to_owned(),
                    },
                    match ticket {
                        Some(ticket) => format!(" of ticket {ticket}"),
                        None => String::new(),
                    }
                ),
                "look at that note in HubSpot: it may belong to this ticket",
            ),
            Reason::ConflictingUniqueValue { id } => words(
                "CONFLICTING_UNIQUE_VALUE",
                format!("{} already has this unique value", ticket(id.as_deref())),
                "change the value, or remove the row if it is the same ticket",
            ),
            Reason::KeyHeldElsewhere { id } => words(
                "KEY_HELD_ELSEWHERE",
                format!(
                    "the portal says that {} holds this key, but it can't be read by it",
                    ticket(id.as_deref())
                ),
                "look at that ticket in HubSpot and clear or change its key",
            ),
            Reason::KeyInRecycleBin { id } => words(
                "KEY_IN_RECYCLE_BIN",
                format!("ticket {id} in the recycle bin holds this key"),
                "restore that ticket in HubSpot, or delete it there for good, and run again",
            ),
            Reason::TicketMissing { by_key } => words(
                "TICKET_MISSING",
                "the portal has no such ticket",
                ticket_missing_advice(*by_key),
            ),
            Reason::TicketMerged { id, into } => words(
                "TICKET_MERGED",
                format!("ticket {id} was merged into {into}"),
                format!("name ticket {into} instead, or remove the row"),
            ),
            Reason::TicketArchived { id } => words(
                "TICKET_ARCHIVED",
                format!("ticket {id} is in the recycle bin"),
                "restore it in HubSpot and run again, or remove the row",
            ),
            Reason::RowTooLarge { bytes, limit } => words(
                "ROW_TOO_LARGE",
                format!("the row takes {bytes} bytes, one call takes {limit}"),
                "shorten the longest texts of the row",
            ),
            Reason::BreaksRule { rule } => words(
                "FAILED_VALIDATION",
                format!("it breaks the portal's rule {rule} for values of the property"),
                "correct the value, or have an admin change the rule in HubSpot",
            ),
            Reason::Portal { code, message } => {
                words(code, format!("{BY_PORTAL}{message}"), portal_advice(code))
            }
        }
    }
}

fn still_repeated(line: Option<&str>, only_case: bool) -> Words<'static> {
    let row = match line {
        Some(line) => format!("line {line} of the first input"),
        None => "this row".to_owned(),
    };
    let (code, same) = match only_case {
        true => ("KEY_CASE", "a key that differs only by case"),
        false => ("REPEATED_KEY", "the same key"),
    };
    words(
        code,
        format!("{row} was refused because an earlier row has {same}, and its key is unchanged"),
        "give this row an id of its own, or remove it",
    )
}

fn cell_lost(column: &str) -> String {
    match column {
        "_key" => {
            "the row was refused for its key, and the cell _key, which held that key, is empty, \
             was edited or was rewritten by a spreadsheet"
                .to_owned()
        }
        "_line" => {
            "the cell _line, which said which row of the first input this is, is empty".to_owned()
        }
        column => format!("the cell {column}, which held what the row was refused for, is empty"),
    }
}

fn key_rewritten_advice(may_be: bool) -> String {
    format!(
        "write the id as the old system has it, and open the file with every column as text \
         (Excel: Data, From Text/CSV, \"Do not detect data types\"){}",
        match may_be {
            true => "; if ids are written like this, say as_written = true under [key]",
            false => "",
        }
    )
}

fn missing_code(object: ObjectType) -> &'static str {
    match object {
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
    }
}

fn missing_advice(object: ObjectType) -> String {
    match object {
        ObjectType::Tickets | ObjectType::Notes => format!(
            "correct it, or say missing = \"skip\" in the mapping to leave out {} that do not exist",
            object.plural()
        ),
        _ => format!(
            "create the {} first, or say missing = \"create\" in the mapping",
            object.singular()
        ),
    }
}

fn since_plan(what: &SincePlan) -> String {
    match what {
        SincePlan::KeyTaken { id } => {
            format!("ticket {id} has this key, which no ticket had when the plan was made")
        }
        SincePlan::Gone => "no live ticket has this key any more: the one that had it when the \
             plan was made was archived, merged or deleted, or has another key"
            .to_owned(),
        SincePlan::OtherTicket { id } => {
            format!("ticket {id} has this key, which another ticket had when the plan was made")
        }
        SincePlan::LinkCut { link } => {
            format!("the ticket was linked to {link} when the plan was made, and no longer is")
        }
        SincePlan::RecordGone { record } => {
            format!("the ticket was to be linked to {record}, which no longer exists")
        }
        SincePlan::Value { planned, holds } => format!(
            "the plan counted on {} here, and the ticket holds {}",
            quoted(planned),
            quoted(holds)
        ),
    }
}

fn note_left_advice(ticket: &str, note: &Reason) -> String {
    let first = match note {
        Reason::File { fault, .. } => format!("{}; then", fault.advice()),
        _ => "correct the comment, then".to_owned(),
    };
    if ticket.is_empty() {
        return format!("{first} make the plan again");
    }
    format!(
        "{first} give this row to `tickethaul retry`, or import the file with `--op upsert`: what \
         its ticket lacks is added"
    )
}

fn ticket_missing_advice(by_key: bool) -> &'static str {
    match by_key {
        false => {
            "correct the cell, or remove the row: `tickethaul import` makes tickets, by creating \
             or upserting"
        }
        true => {
            "correct the cell, or remove the row: `tickethaul import` makes tickets, by creating \
             or upserting; it may be in the recycle bin, where portals may not find a ticket by \
             its key"
        }
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

/// What to set in the mapping, if that helps, or else how to write the cell.
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
