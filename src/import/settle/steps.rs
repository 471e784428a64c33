//! The I/O steps of a run, so that a test can end a run at each of them in turn: from that step on
//! nothing more is written, as if the process had died.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;

/// Whether the run survives a step.
type Alive = dyn Fn(&'static str) -> bool + Send + Sync;

/// The observer of steps; a real run has none.
#[derive(Clone, Default)]
pub struct Steps(Option<Arc<Alive>>);

impl Steps {
    /// Steps that the run survives as long as `alive` says so.
    pub fn watched(alive: impl Fn(&'static str) -> bool + Send + Sync + 'static) -> Steps {
        Steps(Some(Arc::new(alive)))
    }

    /// Passes a step.
    ///
    /// # Errors
    /// When the run has been ended.
    pub fn pass(&self, name: &'static str) -> Result<(), Error> {
        match &self.0 {
            Some(alive) if !alive(name) => {
                Err(Error::unexpected(format!("ended at the step {name}")))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "watched" } else { "free" })
    }
}
