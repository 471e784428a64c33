//! Tickets that two runs say they created. If two runs send the same row at about the same
//! time and a reply is lost, it is not known whose call created the ticket (protocol K5), and
//! both count it as theirs. Only the user can decide.

use std::fs;

use jiff::{SignedDuration, Timestamp};

use crate::error::Error;
use crate::journal::Reading;
use crate::review::family::Member;

/// How far apart two runs may be and still claim the same call: clocks differ, and calls arrive
/// late.
const APART: SignedDuration = SignedDuration::from_mins(10);

/// Journals of other runs of the portal that were running at the same time as one.
#[derive(Default)]
pub struct CoCreators(Vec<(String, Reading)>);

impl CoCreators {
    /// Opens the journals of those of these runs that wrote to the portal of a run while it
    /// was running.
    pub fn against(own: &Member, known: &[Member]) -> CoCreators {
        let Some((begun, ended)) = span(own) else {
            return CoCreators::default();
        };
        let meets =
            |other: &Member| span(other).is_some_and(|other| begun <= other.1 && other.0 <= ended);
        let others = known.iter().filter(|other| {
            other.lineage.run != own.lineage.run
                && other.lineage.undoes.is_none()
                && other.lineage.portal == own.lineage.portal
                && meets(other)
        });
        // A run that can't be read is reported when that run itself is requested.
        let opened = others.filter_map(|other| {
            let journal = Reading::open(&other.folder).ok()?;
            Some((other.name(), journal))
        });
        CoCreators(opened.collect())
    }

    /// The name of another run that claims to have created this ticket.
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

/// When a run was running, with a margin on either side.
fn span(run: &Member) -> Option<(Timestamp, Timestamp)> {
    let changed = |name: &str| {
        let changed = fs::metadata(run.folder.join(name)).ok()?.modified().ok()?;
        Timestamp::try_from(changed).ok()
    };
    let ended = ["run.db", "run.db-wal"]
        .into_iter()
        .filter_map(changed)
        .max()?;
    let begun = run.lineage.begun.checked_sub(APART).ok()?;
    Some((begun, ended.checked_add(APART).ok()?))
}
