//! The properties that a proposal looks for, the names of their columns in exports, and
//! the content of such columns.

use super::column::ratio;
use crate::mapping::propose::column::{Column, VALUES};
use crate::mapping::propose::words::{CATEGORIES, PRIORITIES, SOURCES, STAGES, Words, meaning};

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `[key]`.
    Key,
    /// `[properties]`.
    Ticket,
    /// The e-mail of `[[associate]]`.
    Contact,
    /// The properties of a contact that is created.
    ContactProperty,
    /// `[properties]`, in a property of the source's own that has to be created.
    Own,
}

/// What a column for a property holds.
#[derive(Clone, Copy)]
pub(crate) enum Holds {
    /// Distinct values.
    Ids,
    /// Short texts, hardly any of them equal.
    Titles,
    /// Long texts.
    Texts,
    /// Names of people.
    Names,
    /// E-mail addresses.
    Emails,
    /// Times.
    Times,
    /// One of a few words that are known.
    Choice(&'static Words),
    /// One of a few words, whichever they are.
    Labels,
    /// Several values, or one that is spread over several columns; what separates them.
    Several(&'static str),
    /// Anything.
    Anything,
}

/// A property to look for.
pub(crate) struct Target {
    /// Where its value goes.
    pub(crate) place: Place,
    /// Internal name.
    pub(crate) property: &'static str,
    /// Names of its column in English exports, the most specific first.
    pub(crate) names: &'static [&'static str],
    /// Its name in `vocabulary.toml`, which has the names in other languages.
    pub(crate) role: &'static str,
    /// What is in it.
    pub(crate) holds: Holds,
}

const fn target(
    place: Place,
    property: &'static str,
    role: &'static str,
    names: &'static [&'static str],
    holds: Holds,
) -> Target {
    Target {
        place,
        property,
        names,
        role,
        holds,
    }
}

/// All of them. Names are in their normal form: lower case, blanks for other marks, without
/// brackets at the end.
pub(crate) const TARGETS: [Target; 28] = [
    target(
        Place::Key,
        "source_ticket_id",
        "id",
        &[
            "ticket id",
            "ticket number",
            "ticket#",
            "issue key",
            "conversation id",
            "bug id",
            "case number",
            "case id",
            "incident id",
            "request id",
            "problem number",
            "case enquiry id",
            "unique key",
            "ticket",
            "issue",
            "number",
            "#",
            "record id",
            "id",
            "key",
            "reference",
            "hs object id",
        ],
        Holds::Ids,
    ),
    target(
        Place::Ticket,
        "subject",
        "subject",
        &[
            "subject",
            "summary",
            "short description",
            "ticket name",
            "ticket title",
            "title",
            "headline",
            "case title",
            "topic",
        ],
        Holds::Titles,
    ),
    target(
        Place::Ticket,
        "content",
        "description",
        &[
            "description",
            "ticket description",
            "content",
            "body",
            "message",
            "details",
        ],
        Holds::Texts,
    ),
    target(
        Place::Ticket,
        "hs_pipeline",
        "pipeline",
        &["pipeline", "hs pipeline"],
        Holds::Labels,
    ),
    target(
        Place::Ticket,
        "hs_pipeline_stage",
        "status",
        &[
            "status category",
            "current ticket state category",
            "status",
            "ticket status",
            "current status",
            "state",
            "current conversation state",
            "stage",
            "hs pipeline stage",
        ],
        Holds::Choice(&STAGES),
    ),
    target(
        Place::Ticket,
        "hs_ticket_priority",
        "priority",
        &["priority", "hs ticket priority", "urgency"],
        Holds::Choice(&PRIORITIES),
    ),
    target(
        Place::Ticket,
        "hs_ticket_category",
        "",
        &["category", "hs ticket category"],
        Holds::Choice(&CATEGORIES),
    ),
    target(
        Place::Ticket,
        "hubspot_owner_id",
        "assignee",
        &[
            "assignee email",
            "assignee",
            "ticket owner",
            "agent",
            "assigned to",
            "agent assigned",
            "owner",
            "assigned to technician",
            "teammate currently assigned",
            "hubspot owner id",
        ],
        Holds::Names,
    ),
    target(
        Place::Ticket,
        "createdate",
        "created",
        &[
            "created at",
            "created time",
            "created",
            "create date",
            "date created",
            "opened at",
            "opened",
            "conversation started at",
            "ticket created",
            "creation date",
            "opening date",
            "open dt",
            "created date",
            "created on",
            "date opened",
            "createdate",
            // MantisBT.
            "date submitted",
        ],
        Holds::Times,
    ),
    target(
        Place::Ticket,
        "closed_date",
        "closed",
        &[
            "closed at",
            "closed time",
            "ticket closed time",
            "solved at",
            "closed date",
            "close date",
            "resolved at",
            "resolved",
            "resolved time",
            "ticket last resolved",
            "date closed",
            "closed dt",
            "resolved date",
            "resolution date",
            "closing date",
        ],
        Holds::Times,
    ),
    target(
        Place::Ticket,
        "source_type",
        "",
        &["source", "channel", "via", "source type"],
        Holds::Choice(&SOURCES),
    ),
    target(
        Place::Contact,
        "email",
        "email",
        &[
            "requester email",
            "email",
            "from email",
            "e mail",
            "mail",
            "requester e mail",
            "customer e mail",
            "contact e mail",
            "requestors",
            "customer email",
            "contact email",
            "user email",
            "caller email",
            "caller id email",
            "associated contact email",
        ],
        Holds::Emails,
    ),
    target(
        Place::ContactProperty,
        "firstname",
        "requester",
        &[
            "first name",
            "requester",
            "requester requester",
            "full name",
            "requester name",
            "contact name",
            "customer name",
            "from",
            "caller",
            "caller id",
            "user name",
            "customer",
        ],
        Holds::Names,
    ),
    target(
        Place::ContactProperty,
        "lastname",
        "",
        &["last name", "surname"],
        Holds::Names,
    ),
    target(
        Place::ContactProperty,
        "phone",
        "",
        &["work phone", "phone", "phone number"],
        Holds::Anything,
    ),
    target(
        Place::ContactProperty,
        "mobilephone",
        "",
        &["mobile phone", "mobile"],
        Holds::Anything,
    ),
    target(
        Place::ContactProperty,
        "jobtitle",
        "",
        &["job title", "title"],
        Holds::Anything,
    ),
    target(
        Place::ContactProperty,
        "company",
        "",
        &["company name", "company", "account name", "organization"],
        Holds::Anything,
    ),
    target(
        Place::Own,
        "source_requester",
        "requester",
        &[
            "requester",
            "requester requester",
            "reporter",
            "requester name",
            "full name",
            "contact name",
            "customer name",
            "customer user",
            "caller",
            "caller id",
            "user name",
            "customer",
            "author",
            "requestor",
        ],
        Holds::Names,
    ),
    target(
        Place::Own,
        "source_ticket_type",
        "type",
        &[
            "ticket type",
            "issue type",
            "type",
            "tracker",
            "request type",
        ],
        Holds::Labels,
    ),
    target(
        Place::Own,
        "source_category",
        "",
        &["category", "help topic"],
        Holds::Labels,
    ),
    target(
        Place::Own,
        "source_group",
        "group",
        &[
            "group",
            "assignment group",
            "team",
            "team assigned",
            "queue",
            "department",
        ],
        Holds::Labels,
    ),
    target(
        Place::Own,
        "source_tags",
        "tags",
        &["tags", "labels", "tag", "label"],
        Holds::Several(";"),
    ),
    target(
        Place::Own,
        "source_updated_at",
        "updated",
        &[
            "updated at",
            "updated",
            "last updated",
            "last update",
            "last updated time",
            "last update time",
            "modified",
            "changed",
            "last modified",
        ],
        Holds::Times,
    ),
    target(
        Place::Own,
        "source_due_date",
        "due",
        &["due date", "due", "due by", "due at", "due by time"],
        Holds::Times,
    ),
    target(
        Place::Own,
        "source_parent",
        "parent",
        &[
            "parent key",
            "parent",
            "parent id",
            "parent task",
            "parent issue",
        ],
        Holds::Anything,
    ),
    target(
        Place::Own,
        "source_comments",
        "comment",
        &["comments", "comment", "additional comments", "notes"],
        Holds::Several("\n\n"),
    ),
    target(
        Place::Own,
        "source_attachments",
        "attachment",
        &["attachments", "attachment"],
        Holds::Several("\n"),
    ),
];

impl Holds {
    /// How well the cells of a column fit, from 0 to 1, and in words. A column with a usual name is
    /// what its name says, unless its cells contradict that; the meaning of its values may still be
    /// unknown.
    pub(crate) fn fit(self, column: &Column, rows: u64, is_usual: bool) -> (f64, String) {
        if column.filled == 0 {
            return (0.85, "no cell of it is filled".to_owned());
        }
        let filled = ratio(column.filled, rows);
        match self {
            Holds::Ids => ids(column, filled, is_usual),
            Holds::Titles => titles(column, is_usual),
            Holds::Texts => texts(column, is_usual),
            Holds::Names => names(column),
            Holds::Emails => mostly(column.email_share(), "e-mail addresses"),
            Holds::Times => mostly(column.date_share(), "dates"),
            Holds::Choice(words) => choice(column, words, is_usual),
            Holds::Labels => labels(column),
            Holds::Anything | Holds::Several(_) => {
                (1.0, format!("{} of it is filled", percent(filled)))
            }
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Ids that repeat are those of a log, which has several rows for a ticket; even then they are not
/// a choice of a few.
fn ids(column: &Column, filled: f64, is_usual: bool) -> (f64, String) {
    let distinct = column.distinct.share();
    let words = format!("{} of its values differ", percent(distinct));
    let is_log =
        is_usual && filled > 0.95 && column.distinct.values() > 1 && column.date_share() < 0.5;
    let fit = match () {
        () if distinct > 0.7 && filled > 0.8 => 1.0,
        () if is_log => 0.9,
        () => 0.3,
    };
    (fit, words)
}

/// Rows of one ticket have its title again and again.
fn titles(column: &Column, is_usual: bool) -> (f64, String) {
    let distinct = column.distinct.share();
    let short = column.mean_length() < 200.0 && column.multiline_share() < 0.2;
    let is_text = short && column.number_share() < 0.5;
    let words = format!("{} of its texts differ", percent(distinct));
    let fit = match is_text {
        true if distinct > 0.5 => 1.0,
        // Of several columns with such names, the one with the most different texts.
        true if is_usual => 0.7 + 0.2 * distinct,
        _ => 0.6,
    };
    (fit, words)
}

/// What is called a description may be short in a file of few rows.
fn texts(column: &Column, is_usual: bool) -> (f64, String) {
    let length = column.mean_length();
    let words = format!("its texts have {length:.0} characters");
    let fit = match is_usual {
        _ if length > 20.0 => 1.0,
        true if column.number_share() < 0.5 => 0.85,
        _ => 0.6,
    };
    (fit, words)
}

fn names(column: &Column) -> (f64, String) {
    let others = column.number_share().max(column.date_share());
    let words = format!("{} are neither numbers nor dates", percent(1.0 - others));
    (1.0 - 0.8 * others, words)
}

/// Most cells are enough: exports have slips, and the others are reported as such.
fn mostly(share: f64, what: &str) -> (f64, String) {
    let fit = if share > 0.6 { 1.0 } else { share };
    (0.2 + 0.8 * fit, format!("{} are {what}", percent(share)))
}

fn choice(column: &Column, words: &'static Words, is_usual: bool) -> (f64, String) {
    /// More distinct values are not statuses.
    const MOST: usize = 40;
    let known = column.known_share(|value| meaning(words, value).is_some());
    let few = (1..=MOST).contains(&column.choices().len());
    let is_ids = column.number_share() >= 1.0 && known == 0.0;
    let least = if is_usual && few && !is_ids {
        0.75
    } else {
        0.4
    };
    let fit = 0.4 + 0.6 * (known * 2.0).min(1.0);
    (
        f64::max(fit, least),
        format!("{} of its values are known", percent(known)),
    )
}

/// Digits are ids, and most likely those of another portal.
fn labels(column: &Column) -> (f64, String) {
    let few = column.choices().len();
    let fits = (1..VALUES).contains(&few) && column.number_share() < 0.5;
    let words = format!("it has {few} different values");
    (if fits { 1.0 } else { 0.6 }, words)
}
