//! What a run knows about its portal beyond the definitions, and what it learns: new facts are
//! reported to the listener that keeps them for the next run, including those that contradict what
//! was known.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::event::{Event, Listener};
use crate::model::learned::{KnownFacts, Learned, News};
use crate::model::note::Activity;

/// The facts of a run, shared by all of its parts.
pub struct Facts {
    known: Mutex<KnownFacts>,
    listener: Arc<dyn Listener>,
}

impl Facts {
    /// What is known when the run begins, and the listener for what it learns.
    pub fn new(known: KnownFacts, listener: Arc<dyn Listener>) -> Facts {
        Facts {
            known: Mutex::new(known),
            listener,
        }
    }

    /// Whether a property of activities that the portal calls unique really is, if known;
    /// that may be outdated.
    pub fn keys_kept(&self, activity: Activity, property: &str) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.keys_kept.get(&(activity, property.to_owned()));
        kept.copied()
    }

    /// Whether tickets in the recycle bin are found by their key, if known.
    pub fn archived_by_key(&self) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.archived_by_key
    }

    /// Whether anything is known about a property that can hold the key of activities.
    pub fn knows_key(&self, activity: Activity, property: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (activity, property.to_owned());
        known.keys_said.contains_key(&key)
    }

    /// Learns a fact. One that was already known is not reported.
    pub fn learn(&self, learned: Learned) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let news = known.take(&learned);
        drop(known);
        match news {
            News::Same => return,
            News::Contrary => self.listener.hear(&Event::Notice(learned.contrary_words())),
            News::New => {}
        }
        self.listener.hear(&Event::Learned(learned));
    }
}
