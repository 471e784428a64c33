//! The bytes of a file, on this machine: already there, or fetched into a file in the run
//! folder that is removed after the upload. No file is ever whole in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::FileSources;
use super::finder::{Finder, Place};
use super::local::{Local, measured};
use crate::model::attachment::Attachment;
use crate::model::file_fault::FileFault;

/// Prefix of the names of fetched files.
const FETCHED: &str = "fetched-";

/// A file on this machine.
#[derive(Debug)]
pub struct Bytes {
    /// Where it is.
    pub path: PathBuf,
    /// How many there are.
    pub size: u64,
    /// Their MD5, in hex digits.
    pub md5: String,
    /// Whether it was identified by its name alone.
    pub by_name: bool,
    /// Set if the file is removed with this value.
    _fetched: Option<NamedTempFile>,
}

/// Provides the bytes of files.
pub(super) struct Source {
    finder: Arc<Finder>,
    /// The folder for fetched files.
    spool: PathBuf,
}

impl Source {
    /// From a folder and hosts. What an earlier process left in the spool is removed.
    pub(super) fn new(sources: FileSources, spool: &Path, patience: std::time::Duration) -> Source {
        forget_fetched(spool);
        Source {
            finder: Arc::new(Finder::new(sources, patience)),
            spool: spool.to_owned(),
        }
    }

    /// Whether a file is uploaded at all.
    pub(super) fn takes(&self, file: &Attachment) -> bool {
        self.finder.takes(file)
    }

    /// The bytes of a file.
    pub(super) async fn bytes(&self, file: &Attachment) -> Result<Bytes, FileFault> {
        let bytes = match self.place(file).await? {
            Place::Folder(local) => self.local(local).await?,
            Place::Address(address) => self.fetched(&address, file).await?,
        };
        is_declared(file, bytes.size)?;
        Ok(bytes)
    }

    async fn place(&self, file: &Attachment) -> Result<Place, FileFault> {
        let (finder, file) = (Arc::clone(&self.finder), file.clone());
        let place = tokio::task::spawn_blocking(move || finder.place(&file));
        place.await.map_err(died)?
    }

    async fn local(&self, local: Local) -> Result<Bytes, FileFault> {
        let Local { path, by_name } = local;
        let (place, most) = (path.clone(), self.finder.most);
        let measured = tokio::task::spawn_blocking(move || measured(&place, most)).await;
        let (size, md5) = measured.map_err(died)??;
        Ok(Bytes {
            path,
            size,
            md5,
            by_name,
            _fetched: None,
        })
    }

    async fn fetched(&self, address: &str, file: &Attachment) -> Result<Bytes, FileFault> {
        let kept = |error: std::io::Error| FileFault::Unreadable {
            words: format!("it can't be kept in {}: {error}", self.spool.display()),
        };
        let place = tempfile::Builder::new()
            .prefix(FETCHED)
            .tempfile_in(&self.spool)
            .map_err(kept)?;
        let mut to = tokio::fs::File::from_std(place.reopen().map_err(kept)?);
        let is_page = is_page(&file.name);
        let (fetcher, most) = (&self.finder.fetcher, self.finder.most);
        let fetched = fetcher.fetch(address, is_page, &mut to, most).await?;
        Ok(Bytes {
            path: place.path().to_owned(),
            size: fetched.size,
            md5: fetched.md5,
            by_name: false,
            _fetched: Some(place),
        })
    }
}

/// Checks that a file has the size that its source says.
pub(super) fn is_declared(file: &Attachment, found: u64) -> Result<(), FileFault> {
    match file.size {
        Some(declared) if declared != found => Err(FileFault::Size { declared, found }),
        _ => Ok(()),
    }
}

fn died(_: tokio::task::JoinError) -> FileFault {
    FileFault::Unreadable {
        words: "it can't be read".to_owned(),
    }
}

/// Whether a file's name says that it is a web page.
fn is_page(name: &str) -> bool {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    matches!(ending.as_deref(), Some("html" | "htm" | "xhtml"))
}

fn forget_fetched(spool: &Path) {
    let entries = std::fs::read_dir(spool).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(FETCHED));
    for entry in ours {
        // A file that can't be removed takes up space but does no harm.
        let _gone = std::fs::remove_file(entry.path());
    }
}
