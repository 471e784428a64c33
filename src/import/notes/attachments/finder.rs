//! Where the bytes of a file are, before any of them is read: in the folder of attachments, or
//! at an address whose host was named.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::FileSources;
use super::local::{Local, find};
use crate::hubspot::Fetcher;
use crate::model::attachment::Attachment;
use crate::model::file_fault::FileFault;

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the folder.
    Folder(Local),
    /// At an address.
    Address(String),
}

/// Finds files.
pub struct Finder {
    pub(super) folder: Option<PathBuf>,
    pub(super) fetcher: Fetcher,
    pub(super) most: u64,
    /// Keys of the files that a plan found by their name alone.
    named: Mutex<HashMap<PathBuf, String>>,
}

impl Finder {
    /// A finder for these sources; makes no calls.
    pub fn new(sources: FileSources, patience: Duration) -> Finder {
        Finder {
            folder: sources.folder,
            fetcher: Fetcher::new(sources.hosts, sources.route, patience),
            most: sources.most,
            named: Mutex::default(),
        }
    }

    /// Whether a file is uploaded at all: pictures on hosts that were not named are not.
    pub fn takes(&self, file: &Attachment) -> bool {
        !file.is_picture || self.place(file).is_ok()
    }

    /// Where the bytes of a file are.
    pub(super) fn place(&self, file: &Attachment) -> Result<Place, FileFault> {
        if file.size.is_some_and(|size| size > self.most) {
            return Err(FileFault::TooLarge { most: self.most });
        }
        let in_folder = self.in_folder(file);
        if let Ok(Some(local)) = in_folder {
            return Ok(Place::Folder(local));
        }
        let address = file.url.as_deref().filter(|url| url.contains("://"));
        match address {
            Some(address) if self.fetcher.has_hosts() || self.folder.is_none() => {
                let refused = self.fetcher.refuses(address);
                refused.map_or_else(|| Ok(Place::Address(address.to_owned())), Err)
            }
            _ => Err(in_folder.err().unwrap_or_else(|| FileFault::Missing {
                folder: self.folder.as_ref().map(|path| path.display().to_string()),
            })),
        }
    }

    /// Where a file is in the folder.
    pub(super) fn in_folder(&self, file: &Attachment) -> Result<Option<Local>, FileFault> {
        match self.folder.as_deref() {
            Some(folder) => find(folder, file),
            None => Ok(None),
        }
    }

    /// Whether a file that was found by its name alone is the first to use that name.
    pub(super) fn takes_name(&self, local: &Local, key: &str) -> bool {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = named.entry(local.path.clone());
        taken.or_insert_with(|| key.to_owned()) == key
    }
}
