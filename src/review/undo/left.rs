//! A ticket that an undo leaves as it is, and why.

use crate::model::issue::excerpt;
use crate::review::absent::Absence;

/// Why a ticket is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// Somebody else has given this property another value.
    Touched {
        /// Internal name.
        property: String,
        /// What it holds now.
        holds: String,
    },
    /// Somebody else has linked it: `notes 1234`.
    Linked(String),
    /// It is no longer live, and not because of this undo; where it is, if known.
    NotLive(Option<Absence>),
    /// The run did not record what the ticket held before.
    NotKnown,
    /// The run archived it, and HubSpot has no call that restores tickets.
    Archived,
    /// The run removed some of its links, or its journal does not say which ones it made.
    OnlyLinks {
        /// Whether the run removed them.
        cut: bool,
    },
    /// Somebody else has changed this note of the run, or linked it to another ticket.
    NoteTouched(String),
    /// This other run also claims to have created the ticket.
    ClaimedBy(String),
}

impl Left {
    /// Its code in files and journals; must never change.
    pub fn code(&self) -> &'static str {
        match self {
            Left::Touched { .. } => "TOUCHED",
            Left::Linked(_) => "LINKED_BY_OTHERS",
            Left::NotLive(_) => "NOT_LIVE",
            Left::NotKnown => "NOT_KNOWN",
            Left::Archived => "ARCHIVED_BY_RUN",
            Left::OnlyLinks { .. } => "ONLY_LINKS",
            Left::NoteTouched(_) => "NOTE_TOUCHED",
            Left::ClaimedBy(_) => "CLAIMED_BY_OTHER_RUN",
        }
    }

    /// What it is about, in words for people: `TOUCHED: subject holds "edited": …`.
    pub fn words(&self) -> String {
        let about = match self {
            Left::Touched { property, holds } => {
                format!("{property} holds \"{}\": ", excerpt(holds))
            }
            Left::Linked(record) => format!("{record}: "),
            Left::NoteTouched(note) => format!("note {note}: "),
            Left::ClaimedBy(run) => format!("{run}: "),
            Left::NotLive(Some(absence)) => format!("{}: ", absence.words()),
            Left::NotLive(None) | Left::NotKnown | Left::Archived | Left::OnlyLinks { .. } => {
                String::new()
            }
        };
        format!("{}: {about}{}", self.code(), self.hint())
    }

    /// What it means and what can be done.
    pub fn hint(&self) -> &'static str {
        match self {
            Left::Touched { .. } => {
                "somebody else, or another run, has set this property since, so it is kept; \
                 undo that run first, or change it by hand"
            }
            Left::Linked(_) => {
                "somebody else, or another run, has linked this record to the ticket since, so both \
                 are kept; undo that run first, or change it by hand"
            }
            Left::NoteTouched(_) => {
                "somebody else has changed this note since, or linked it to another ticket, \
                 so it and its ticket are left as they are; change them by hand if they are no \
                 longer needed"
            }
            Left::ClaimedBy(_) => {
                "this run says too that it created the ticket: both sent it at about the same time, and a \
                 reply was lost; `tickethaul delete --run` archives it for either"
            }
            Left::NotLive(_) => {
                "somebody else archived, merged or deleted the ticket: nothing is left to undo"
            }
            Left::NotKnown => {
                "the run did not read the ticket before it wrote it (--blind, or an older \
                 version), so what it held is not known"
            }
            Left::Archived => {
                "HubSpot has no call that restores a ticket: restore it in the recycle bin"
            }
            Left::OnlyLinks { cut: true } => {
                "links that a run cut are not made again: make them with `tickethaul associate`"
            }
            Left::OnlyLinks { cut: false } => {
                "the run's journal does not say which links it made, as an older version wrote it: \
                 cut them with `tickethaul dissociate`"
            }
        }
    }
}
