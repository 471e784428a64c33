//! Comments of tickets become notes, e-mails, calls and other activities (protocol H1 to H4), all
//! called notes here: the step of a row that comes after its ticket. Rows whose tickets are written
//! wait in the journal; the last phase reads them again and passes them here, some hundreds of
//! notes at a time.
//!
//! `way` says how a note is recognised in this portal: by a key that the portal keeps unique, by
//! one that it does not, or by a mark in its text; `unique_keys` finds out which, with the first
//! note. Notes of earlier runs are recognised in whichever of these ways they were created, and by
//! time and text if the property that held their keys is gone. `part` cuts long texts. `deliver`
//! delivers the notes of a load: `held` reads what the tickets have, `conflict` finds out who holds
//! a taken key. A note whose call was lost is sent again at once only if the portal keeps keys
//! unique; otherwise its row waits for the next sweep, when the call can no longer be carried out.
//! `filed` handles notes with files, which `attachments` uploads before them.

mod conflict;
mod deliver;
mod filed;
mod held;
mod part;
mod unique_keys;
mod way;
mod work;
pub mod comments;
pub mod attachments;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use super::send::facts::Facts;
use super::settle::SettleHandle;
use super::stop::{StopSwitch, stop_for};
use crate::error::Error;
use crate::hubspot::{CallError, Client};
use crate::model::event::{Event, Listener};
use crate::model::note::Activity;
use crate::model::shelf::Shelf;
use crate::model::stop::Stop;
use attachments::Uploads;
use way::KeyWay;

pub use part::{same_text, text_hash};
pub use way::{is_key, key_properties, read_properties};
pub use work::ATTACHMENTS;

/// Notes of a load: several calls, of which only the last is not full.
pub const LOAD: usize = 500;

/// Approximate bytes of text in a load.
pub const LOAD_BYTES: usize = 4 << 20;

/// What all notes of a run share.
pub struct Notes {
    client: Client,
    settle: SettleHandle,
    stop: StopSwitch,
    /// How long after an attempt was lost it may still be carried out (S4).
    horizon: Duration,
    /// When this process started or resumed the run: notes of earlier runs are read once they are
    /// visible.
    started: Instant,
    /// By kind.
    ways: [OnceCell<KeyWay>; Activity::ALL.len()],
    /// Whether the portal keeps the keys of a kind unique, once this run has seen it.
    kept: [Mutex<Option<bool>>; Activity::ALL.len()],
    /// What is known about the portal.
    facts: Arc<Facts>,
    /// Uploads files, if any are uploaded.
    uploads: Option<Uploads>,
    /// Notified of waits.
    listener: Arc<dyn Listener>,
    /// Whether it was announced that tickets are read again.
    announced: AtomicBool,
    /// When this process last lost a call for notes.
    lost: std::sync::Mutex<Option<Instant>>,
}

impl Notes {
    /// Whatever `facts` knows, this run has not seen it yet.
    pub fn new(
        client: Client,
        settle: SettleHandle,
        stop: StopSwitch,
        horizon: Duration,
        listener: Arc<dyn Listener>,
        facts: Arc<Facts>,
    ) -> Notes {
        Notes {
            client,
            settle,
            stop,
            horizon,
            started: Instant::now(),
            ways: Activity::ALL.map(|_| OnceCell::new()),
            kept: Activity::ALL.map(|_| Mutex::new(None)),
            facts,
            uploads: None,
            listener,
            announced: AtomicBool::new(false),
            lost: std::sync::Mutex::new(None),
        }
    }

    /// The same for a run that uploads files.
    #[must_use]
    pub fn with_files(self, uploads: Uploads) -> Notes {
        Notes {
            uploads: Some(uploads),
            ..self
        }
    }

    /// How long it may take for the associations of a new note to become visible: a quarter of the
    /// horizon, 30 s by default.
    pub fn lag(&self) -> Duration {
        self.horizon / 4
    }

    /// How long after an attempt was lost it may still be carried out.
    pub fn horizon(&self) -> Duration {
        self.horizon
    }

    /// How long a call that this process lost may still be carried out.
    pub fn loses_until(&self) -> Duration {
        let lost = *self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = lost.map_or(self.horizon, |lost| lost.elapsed());
        self.horizon.saturating_sub(passed)
    }

    /// Records that a call was lost just now.
    fn loses(&self) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        *lost = Some(Instant::now());
    }

    /// Reports once that tickets are read again after a while.
    fn announce_pause(&self, until: Instant) {
        if !self.announced.swap(true, Ordering::Relaxed) {
            let seconds = until
                .saturating_duration_since(Instant::now())
                .as_secs_f64();
            self.listener.hear(&Event::Notice(format!(
                "notes that tickets have got just now may be read late: tickets that lack some are \
                 read again in {:.0} s",
                seconds.ceil()
            )));
        }
    }

    async fn way(&self, activity: Activity) -> Result<&KeyWay, Stop> {
        let way = &self.ways[activity as usize];
        way.get_or_try_init(|| way::read(&self.client, &self.facts, activity))
            .await
    }

    fn portal_ms(&self) -> i64 {
        let now = self.client.portal_now();
        now.map_or(i64::MAX, |now| now.as_millisecond())
    }
}

/// Checks that notes of these kinds may be read and written, before anything is written: a call
/// that archives no notes needs the same scopes as creating one.
///
/// # Errors
/// When a scope is missing, which the error names, or the portal can't be reached.
pub async fn check_access(
    client: &Client,
    activities: impl IntoIterator<Item = Activity>,
) -> Result<(), CallError> {
    for activity in activities {
        let object = activity.object();
        let _page = client.list(object, &[], None, Shelf::Live).await?;
        match client.batch_archive(object, &[]).await {
            // The refusal is about missing inputs, so the call was allowed.
            Ok(_) | Err(CallError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Those of these properties that the portal lacks, such as `task property hs_x`. If definitions
/// may not be read, the first note will show it.
///
/// # Errors
/// When the portal can't be reached.
pub async fn lacking_properties(
    client: &Client,
    named: &BTreeMap<Activity, BTreeSet<&str>>,
) -> Result<Vec<String>, CallError> {
    let mut lacking = Vec::new();
    for (activity, names) in named {
        let object = activity.object();
        let defined = match client.properties(object, false).await {
            Ok(defined) => defined,
            Err(CallError::Refused(_) | CallError::Denied(_) | CallError::Gone { .. }) => continue,
            Err(error) => return Err(error),
        };
        let is_known = |name: &str| defined.iter().any(|property| property.name == name);
        let unknown = names.iter().filter(|name| !is_known(name));
        lacking.extend(unknown.map(|name| format!("{} property {name}", object.singular())));
    }
    Ok(lacking)
}

/// Why a run can't begin.
pub fn denied(error: CallError) -> Error {
    match error {
        CallError::Denied(_) => Error::must_fix("notes can't be written")
            .because(error)
            .advise("give the token these scopes, or take [[notes]] out of the mapping"),
        CallError::Unavailable(_) | CallError::Ambiguous(_) | CallError::Paused(_) => {
            Error::later(error.to_string())
        }
        other => Error::must_fix(other.to_string()),
    }
}

/// Why a run that uploads files can't begin.
pub fn denied_files(error: CallError) -> Error {
    match error {
        CallError::Denied(_) => Error::must_fix("files can't be uploaded")
            .because(error)
            .advise(
                "give the token these scopes, or leave --attachments and --attachment-host out",
            ),
        other => denied(other),
    }
}

/// What a failed read means for the run.
fn unreadable(error: CallError) -> Stop {
    stop_for(error)
}
