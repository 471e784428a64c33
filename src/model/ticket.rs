//! A ticket on its way to the portal: property values as text and the links that
//! the mapping asks for.

use std::fmt;
use std::sync::Arc;

use crate::model::count::count;
use crate::model::key::Key;
use crate::model::link_by::LinkBy;
use crate::model::note::Note;
use crate::model::schema::ObjectType;
use crate::model::visible::spelled;

/// Property values to be sent: internal name and value as text, in the order of
/// the mapping. HubSpot takes every value as a string.
pub type PropertyValues = Vec<(Arc<str>, String)>;

/// What to do when a linked record does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Create it.
    Create,
    /// Leave the link out.
    Skip,
    /// Refuse the row.
    Refuse,
}

/// A link that a row asks for, by something that identifies the other record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkDraft {
    /// Kind of the other record.
    pub to: ObjectType,
    /// What `value` is.
    pub by: LinkBy,
    /// The value: a key with its prefix, anything else normalised (e-mails and domains are trimmed
    /// and lower-case).
    pub value: String,
    /// Label of the association; none = the default one.
    pub label: Option<Arc<str>>,
    /// Column that the value came from, for messages.
    pub column: Arc<str>,
    /// What to do when there is no such record.
    pub missing: Missing,
    /// Property values for a record that has to be created, `by` included; empty if
    /// none is to be created.
    pub properties: PropertyValues,
}

/// Something that mapping did to a value and that the user should know. Counted in the
/// summary; never a reason to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// A local time that a clock change skips was moved forward.
    TimeInGap,
    /// A local time that a clock change repeats was taken as the earlier one.
    TimeInFold,
    /// A value without a counterpart was left blank as the mapping says.
    LeftBlank,
    /// A value without a counterpart was replaced by the mapping's fallback.
    FellBack,
    /// A text was shortened with a mark, as the mapping says.
    Shortened,
    /// An HTML text was too long or nested too deeply to be made plain.
    HtmlKept,
    /// A comment in HTML was too long or nested too deeply to be cleaned; its text was kept.
    HtmlStripped,
    /// Invisible characters around a key were removed.
    KeyTrimmed,
    /// A date of zeros, which databases write for no date, was taken as an empty cell.
    ZeroDate,
    /// A link to a record that the portal lacks was left out as the mapping says.
    LinkLeftOut,
    /// A row that was refused for its key got another one, which a ticket already had.
    OtherTicket,
    /// A number that another style reads differently, while the mapping names no style.
    OpenNumber,
    /// A comment that was to be an e-mail lacks a sender or recipient, and became a note.
    EmailAsNote,
    /// The row has something that an import has no place for, as the mapping says.
    LeftBehind,
}

impl Remark {
    /// All of them.
    pub const ALL: [Remark; 14] = [
        Remark::TimeInGap,
        Remark::TimeInFold,
        Remark::LeftBlank,
        Remark::FellBack,
        Remark::Shortened,
        Remark::HtmlKept,
        Remark::HtmlStripped,
        Remark::KeyTrimmed,
        Remark::ZeroDate,
        Remark::LinkLeftOut,
        Remark::OtherTicket,
        Remark::OpenNumber,
        Remark::EmailAsNote,
        Remark::LeftBehind,
    ];

    /// Its code in journals and scripts; never changed.
    pub fn code(self) -> &'static str {
        match self {
            Remark::TimeInGap => "time_in_gap",
            Remark::TimeInFold => "time_in_fold",
            Remark::LeftBlank => "left_blank",
            Remark::FellBack => "fell_back",
            Remark::Shortened => "shortened",
            Remark::HtmlKept => "html_kept",
            Remark::HtmlStripped => "html_stripped",
            Remark::KeyTrimmed => "key_trimmed",
            Remark::ZeroDate => "zero_date",
            Remark::LinkLeftOut => "link_left_out",
            Remark::OtherTicket => "other_ticket",
            Remark::OpenNumber => "open_number",
            Remark::EmailAsNote => "email_as_note",
            Remark::LeftBehind => "left_behind",
        }
    }

    /// Whether the values that it is about are counted one by one.
    pub fn counts_values(self) -> bool {
        matches!(
            self,
            Remark::LeftBlank
                | Remark::FellBack
                | Remark::LinkLeftOut
                | Remark::OtherTicket
                | Remark::LeftBehind
        )
    }

    /// What happened, with how often: `1 text shortened with a mark`.
    pub fn counted(self, number: u64) -> String {
        match number {
            1 => format!("1 {}", self.words_for_one()),
            _ => format!("{} {}", count(number), self.words()),
        }
    }

    /// What happened to several, in words.
    pub fn words(self) -> &'static str {
        match self {
            Remark::TimeInGap => "local times in a clock-change gap, moved forward",
            Remark::TimeInFold => "local times that occur twice, taken as the earlier",
            Remark::LeftBlank => "values without a counterpart, left blank as mapped",
            Remark::FellBack => "values without a counterpart, replaced by the fallback",
            Remark::Shortened => "texts shortened with a mark",
            Remark::HtmlKept => {
                "HTML texts too long or too deep to be made plain, left as they are"
            }
            Remark::HtmlStripped => {
                "comments in HTML too long or too deep to be cleaned, of which the text was kept"
            }
            Remark::KeyTrimmed => "keys with invisible characters around them, which were removed",
            Remark::ZeroDate => "dates of zeros (0000-00-00), taken as empty cells",
            Remark::LinkLeftOut => "links to records that the portal lacks, left out as mapped",
            Remark::OtherTicket => {
                "rows refused for their key before, whose new key a ticket had already: it was updated"
            }
            Remark::OpenNumber => {
                "numbers such as 1.000, read with a decimal point; `decimal` in their entry says what they are"
            }
            Remark::EmailAsNote => {
                "comments that name no e-mail address of who sent or got them, written as notes"
            }
            Remark::LeftBehind => {
                "cells with what an import has no place for, left behind as mapped"
            }
        }
    }

    /// The same of one.
    fn words_for_one(self) -> &'static str {
        match self {
            Remark::TimeInGap => "local time in a clock-change gap, moved forward",
            Remark::TimeInFold => "local time that occurs twice, taken as the earlier",
            Remark::LeftBlank => "value without a counterpart, left blank as mapped",
            Remark::FellBack => "value without a counterpart, replaced by the fallback",
            Remark::Shortened => "text shortened with a mark",
            Remark::HtmlKept => "HTML text too long or too deep to be made plain, left as it is",
            Remark::HtmlStripped => {
                "comment in HTML too long or too deep to be cleaned, of which the text was kept"
            }
            Remark::KeyTrimmed => "key with invisible characters around it, which were removed",
            Remark::ZeroDate => "date of zeros (0000-00-00), taken as an empty cell",
            Remark::LinkLeftOut => "link to a record that the portal lacks, left out as mapped",
            Remark::OtherTicket => {
                "row refused for its key before, whose new key a ticket had already: it was updated"
            }
            Remark::OpenNumber => {
                "number such as 1.000, read with a decimal point; `decimal` in its entry says what it is"
            }
            Remark::EmailAsNote => {
                "comment that names no e-mail address of who sent or got it, written as a note"
            }
            Remark::LeftBehind => {
                "cell with what an import has no place for, left behind as mapped"
            }
        }
    }

    /// What happened to one value, for done.csv.
    fn happened(self) -> &'static str {
        match self {
            Remark::TimeInGap => "in a clock-change gap, moved forward",
            Remark::TimeInFold => "occurs twice, taken as the earlier",
            Remark::LeftBlank => "no counterpart, left blank",
            Remark::FellBack => "no counterpart, replaced by the fallback",
            Remark::Shortened => "shortened",
            Remark::HtmlKept => "too long or too deep to be made plain, left as it is",
            Remark::HtmlStripped => "too long or too deep to be cleaned, its text was kept",
            Remark::KeyTrimmed => "invisible characters removed",
            Remark::ZeroDate => "no date, taken as empty",
            Remark::LinkLeftOut => "the portal has no such record, link left out",
            Remark::OtherTicket => "new key of the row, which a ticket had already: it was updated",
            Remark::OpenNumber => "read with a decimal point, as the mapping does not say",
            Remark::EmailAsNote => "no e-mail address, written as a note",
            Remark::LeftBehind => "has no place in an import, left behind",
        }
    }
}

/// A remark with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlacedRemark {
    /// What happened.
    pub remark: Remark,
    /// The property that the value was for.
    pub property: Arc<str>,
    /// Its column, as the file writes it; none for a template without columns.
    pub column: Option<Arc<str>>,
    /// The value, shortened; empty if it says nothing.
    pub value: Box<str>,
}

impl PlacedRemark {
    /// The column, or the property if there is none.
    pub fn place(&self) -> &str {
        self.column.as_deref().unwrap_or(&self.property)
    }
}

/// `Assignee "Oliver Brandt": no counterpart, left blank`.
impl fmt::Display for PlacedRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.place())?;
        if !self.value.is_empty() {
            write!(f, " \"{}\"", spelled(&self.value))?;
        }
        write!(f, ": {}", self.remark.happened())
    }
}

/// The result of mapping one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketDraft {
    /// Value of the key property, prefix included. It is among `properties` too,
    /// unless it is the id of the record.
    pub key: Key,
    /// Property values to be sent. One that is empty clears the property, which only
    /// updates do.
    pub properties: PropertyValues,
    /// Links to other records.
    pub links: Vec<LinkDraft>,
    /// The comments of the ticket, in the order of their times.
    pub notes: Vec<Note>,
    /// What mapping did that the user should know.
    pub remarks: Vec<PlacedRemark>,
}
