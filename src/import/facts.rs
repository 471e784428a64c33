//! What a run knows of its portal beyond the definitions, and what it learns: new facts are
//! heard by whoever keeps them for the next run; one that is contrary to what was known is
//! told too.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::event::{Event, Listener};
use crate::model::learned::{KnownFacts, Learned};
use crate::model::note::Activity;

/// The facts of a run, shared by all of its parts.
pub struct Facts {
    known: Mutex<KnownFacts>,
    listener: Arc<dyn Listener>,
}

impl Facts {
    /// What is known when the run begins, and who hears of what it learns.
    pub fn new(known: KnownFacts, listener: Arc<dyn Listener>) -> Facts {
        Facts {
            known: Mutex::new(known),
            listener,
        }
    }

    /// Whether a property of activities that the portal says is unique is kept so, as far
    /// as that is known: it may be wrong by now.
    pub fn keys_kept(&self, activity: Activity, property: &str) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.keys_kept.get(&(activity, property.to_owned()));
        kept.copied()
    }

    /// Whether tickets in the recycle bin are found by their key, as far as that is known.
    pub fn archived_by_key(&self) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.archived_by_key
    }

    /// The portal has shown something. What was known already is not news.
    pub fn learn(&self, learned: Learned) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.take(&learned);
        drop(known);
        if before == Some(learned.is_yes()) {
            return;
        }
        if before.is_some() {
            self.listener.hear(&Event::Notice(learned.contrary_words()));
        }
        self.listener.hear(&Event::Learned(learned));
    }
}
