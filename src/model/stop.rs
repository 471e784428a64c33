//! Why a run stops before its end, as data: the variant says what continues it, the reason what
//! happened.

use std::time::Duration;

use crate::model::count::{counted, counted_as};

/// Why a run stopped before its end. As a text, what happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Network, limits, signal: the same run can continue later.
    #[error(transparent)]
    Later(Delay),
    /// Something must be fixed first: token, scope, schema.
    #[error(transparent)]
    MustFix(Obstacle),
    /// More rows were refused than allowed.
    #[error(transparent)]
    TooManyRefused(TooManyRefused),
}

/// What passes by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Delay {
    /// By a signal.
    #[error("interrupted")]
    Interrupted,
    /// The time that the user allowed is over.
    #[error("--max-duration of {} s is over", .0.as_secs_f64())]
    OutOfTime(Duration),
    /// A call that may succeed later, in the client's words.
    #[error("{0}")]
    Call(String),
    /// Replies do not show what became of some of these, for example `rows`.
    #[error("the portal's replies do not say what became of some {0}")]
    Undecided(&'static str),
    /// The portal keeps answering that these are locked or limited.
    #[error("the portal keeps answering that {0} are locked or limited")]
    Locked(&'static str),
    /// The portal keeps answering that these records can't be read now.
    #[error("the portal keeps answering that some {0} can't be read now")]
    Unreadable(String),
    /// The portal does not archive these records now.
    #[error("{records} can't be archived now: {said}")]
    NotArchived {
        /// The records, for example `notes`.
        records: String,
        /// What the portal said.
        said: String,
    },
    /// A surplus copy of a note stays; what the portal said.
    #[error("a note that was sent twice can't be archived: {0}")]
    SurplusNote(String),
    /// The journal of an earlier run can't be read, in the journal's words.
    #[error("{0}")]
    EarlierRun(String),
    /// The thread that settles has ended; its own error says why.
    #[error("the journal can't be written any more")]
    NoJournal,
    /// A task panicked.
    #[error("a part of the run died")]
    Panicked,
    /// The batch that was looking for a record that others wait for stopped.
    #[error("the batch that looked for another record stopped")]
    LookUpStopped,
    /// Another part stops the run and has not said why yet.
    #[error("the run stops")]
    Stopping,
}

/// What stays until somebody fixes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// A call that the portal refuses whenever it is made, in the client's words.
    #[error("{0}")]
    Call(String),
    /// A record that the portal has but does not show, in the portal's words.
    #[error("{0}")]
    Hidden(String),
    /// The portal does not take a property, whatever its value.
    #[error("the portal does not take property {property}: {said}")]
    Property {
        /// Its internal name.
        property: String,
        /// What the portal said.
        said: String,
    },
    /// A ticket of the first batch was written and is not there.
    #[error("ticket {0} was written but can't be read back")]
    NotReadBack(String),
    /// A property of the first batch was accepted and not kept.
    #[error(
        "the portal accepts property {property} but does not keep it: ticket {ticket} was sent \"{sent}\", {}. \
         Take the property out of the mapping, name another one by `read_only = {{ into = … }}`, \
         or map the column to a property of your own",
        held(stored.as_deref())
    )]
    ValueLost {
        /// Its internal name.
        property: String,
        /// Id of the ticket.
        ticket: String,
        /// The value, or its beginning.
        sent: String,
        /// What the portal holds instead, or its beginning; none if nothing.
        stored: Option<String>,
    },
}

fn held(stored: Option<&str>) -> String {
    match stored {
        Some(stored) => format!("the portal holds \"{stored}\""),
        None => "the portal holds nothing".to_owned(),
    }
}

/// Which limit of refused rows was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooManyRefused {
    /// The user's.
    #[error("{} refused, more than --max-refused {limit} allows", counted_as(*refused, "row is", "rows are"))]
    OverLimit {
        /// Refused rows of this process.
        refused: u64,
        /// How many are allowed.
        limit: u64,
    },
    /// So many, and no other: the mapping may be wrong.
    #[error("the first {} are all refused: the mapping may not fit", counted(*.0, "row"))]
    All(u64),
}
