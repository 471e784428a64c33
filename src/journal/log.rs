//! run.log: what a run did, one line for each event, for later investigation. It holds
//! no token, no body and no value of a row.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::clock::now;
use crate::model::visible::one_line;
use crate::output::open_regular;

/// The open log of a run.
#[derive(Debug)]
pub struct RunLog {
    file: Mutex<File>,
}

impl RunLog {
    /// Opens the log in the run folder; a resume appends to it.
    pub fn open(folder: &Path) -> io::Result<RunLog> {
        let path = folder.join("run.log");
        let file = open_regular(&path, OpenOptions::new().create(true).append(true))?;
        Ok(RunLog {
            file: Mutex::new(file),
        })
    }

    /// Adds a line with the time in front. A log that can't be written does not stop the run; only
    /// the journal does. Text from the portal can't begin a new line.
    pub fn line(&self, text: impl fmt::Display) {
        let text = text.to_string();
        let line = format!("{:.3} {}\n", now(), one_line(&text));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let _full = file.write_all(line.as_bytes());
    }
}
