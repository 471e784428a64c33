//! Tickets that two runs say they created. Where two runs send the same row at about the same
//! time, a reply that is lost leaves it open whose call made the ticket (protocol K5), and
//! both count it as theirs. Only the user knows whose it is.

use std::fs;

use jiff::{SignedDuration, Timestamp};

use crate::error::Error;
use crate::journal::Reading;
use crate::review::family::Member;

/// How far apart two runs may be and still speak of one call: clocks differ, and calls
/// come late.
const APART: SignedDuration = SignedDuration::from_mins(10);

/// Journals of other runs of the portal that were under way at the time of one.
#[derive(Default)]
pub struct Claims(Vec<(String, Reading)>);

impl Claims {
    /// Opens the journals of those of these runs that wrote to the portal of a run while that
    /// one was under way.
    pub fn against(own: &Member, known: &[Member]) -> Claims {
        let Some((begun, ended)) = span(own) else {
            return Claims::default();
        };
        let meets =
            |other: &Member| span(other).is_some_and(|other| begun <= other.1 && other.0 <= ended);
        let others = known.iter().filter(|other| {
            other.kin.run != own.kin.run
                && other.kin.undoes.is_none()
                && other.kin.portal == own.kin.portal
                && meets(other)
        });
        // What can't be read is reported where that very run is asked for.
        let opened = others.filter_map(|other| {
            let journal = Reading::open(&other.folder).ok()?;
            Some((other.name(), journal))
        });
        Claims(opened.collect())
    }

    /// The name of another run that says that it created this ticket.
    ///
    /// # Errors
    /// When a journal can't be read.
    pub fn other(&self, key: &str, ticket: &str) -> Result<Option<&str>, Error> {
        for (name, journal) in &self.0 {
            if journal.has_created(key, ticket)? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

/// From when to when a run was under way, a little more to either side.
fn span(run: &Member) -> Option<(Timestamp, Timestamp)> {
    let changed = |name: &str| {
        let changed = fs::metadata(run.folder.join(name)).ok()?.modified().ok()?;
        Timestamp::try_from(changed).ok()
    };
    let ended = ["run.db", "run.db-wal"]
        .into_iter()
        .filter_map(changed)
        .max()?;
    let begun = run.kin.begun.checked_sub(APART).ok()?;
    Some((begun, ended.checked_add(APART).ok()?))
}
