//! Where the bytes of a file are, before any of them is read: in the folder of attachments, or
//! at an address whose host was named.

use std::path::PathBuf;
use std::time::Duration;

use super::FileSources;
use super::local::find;
use crate::hubspot::Fetcher;
use crate::model::attachment::Attachment;
use crate::model::file_fault::FileFault;

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the folder.
    Folder(PathBuf),
    /// At an address.
    Address(String),
}

/// Finds files.
pub struct Finder {
    pub(super) folder: Option<PathBuf>,
    pub(super) fetcher: Fetcher,
    pub(super) most: u64,
}

impl Finder {
    /// In these sources; nothing is called.
    pub fn new(sources: FileSources, patience: Duration) -> Finder {
        Finder {
            folder: sources.folder,
            fetcher: Fetcher::new(sources.hosts, sources.route, patience),
            most: sources.most,
        }
    }

    /// Where the bytes of a file are.
    pub(super) fn place(&self, file: &Attachment) -> Result<Place, FileFault> {
        if file.size.is_some_and(|size| size > self.most) {
            return Err(FileFault::TooLarge { most: self.most });
        }
        if let Some(path) = self.in_folder(file) {
            return Ok(Place::Folder(path));
        }
        let address = file.url.as_deref().filter(|url| url.contains("://"));
        match address {
            Some(address) if self.fetcher.has_hosts() || self.folder.is_none() => {
                let refused = self.fetcher.refuses(address);
                refused.map_or_else(|| Ok(Place::Address(address.to_owned())), Err)
            }
            _ => Err(FileFault::Missing {
                folder: self.folder.as_ref().map(|path| path.display().to_string()),
            }),
        }
    }

    /// Where a file is in the folder.
    pub(super) fn in_folder(&self, file: &Attachment) -> Option<PathBuf> {
        find(self.folder.as_deref()?, file)
    }
}
