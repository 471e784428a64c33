//! The bytes of a file, on this machine: where they are already, or fetched into a file of
//! the run folder that goes when it is uploaded. None of them is ever whole in memory.

use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::FileSources;
use super::local::{find, measured};
use crate::hubspot::Fetcher;
use crate::model::attachment::Attachment;
use crate::model::file_fault::FileFault;

/// How files begin that are fetched.
const FETCHED: &str = "fetched-";

/// A file on this machine.
#[derive(Debug)]
pub struct Bytes {
    /// Where it is.
    pub path: PathBuf,
    /// How many there are.
    pub size: u64,
    /// MD5 of them, in digits.
    pub md5: String,
    /// Set where it goes with this.
    _fetched: Option<NamedTempFile>,
}

/// Brings bytes.
pub(super) struct Source {
    folder: Option<PathBuf>,
    fetcher: Fetcher,
    most: u64,
    /// Where fetched files are kept meanwhile.
    spool: PathBuf,
}

impl Source {
    /// From a folder and hosts. What an earlier process left in the spool goes.
    pub(super) fn new(sources: FileSources, spool: &Path, patience: std::time::Duration) -> Source {
        forget_fetched(spool);
        Source {
            folder: sources.folder,
            fetcher: Fetcher::new(sources.hosts, sources.route, patience),
            most: sources.most,
            spool: spool.to_owned(),
        }
    }

    /// The bytes of a file.
    pub(super) async fn bytes(&self, file: &Attachment) -> Result<Bytes, FileFault> {
        if file.size.is_some_and(|size| size > self.most) {
            return Err(FileFault::TooLarge { most: self.most });
        }
        if let Some(path) = self.found(file).await {
            return self.local(path).await;
        }
        let address = file.url.as_deref().filter(|url| url.contains("://"));
        match address {
            Some(address) if self.fetcher.has_hosts() || self.folder.is_none() => {
                self.fetched(address, file).await
            }
            _ => Err(FileFault::Missing {
                folder: self.folder.as_ref().map(|path| path.display().to_string()),
            }),
        }
    }

    async fn found(&self, file: &Attachment) -> Option<PathBuf> {
        let (folder, file) = (self.folder.clone()?, file.clone());
        let found = tokio::task::spawn_blocking(move || find(&folder, &file));
        found.await.ok().flatten()
    }

    async fn local(&self, path: PathBuf) -> Result<Bytes, FileFault> {
        let (place, most) = (path.clone(), self.most);
        let measured = tokio::task::spawn_blocking(move || measured(&place, most)).await;
        let died = |_| FileFault::Unreadable {
            words: "it can't be read".to_owned(),
        };
        let (size, md5) = measured.map_err(died)??;
        Ok(Bytes {
            path,
            size,
            md5,
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
        let fetch = self.fetcher.fetch(address, is_page, &mut to, self.most);
        let fetched = fetch.await?;
        Ok(Bytes {
            path: place.path().to_owned(),
            size: fetched.size,
            md5: fetched.md5,
            _fetched: Some(place),
        })
    }
}

/// Whether a file is a page by its name.
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
        // One that stays takes room and harms nobody.
        let _gone = std::fs::remove_file(entry.path());
    }
}
