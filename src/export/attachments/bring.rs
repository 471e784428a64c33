//! Downloads files (protocol E9): each into its place below the folder of attachments, once,
//! streamed, and checked against the size and MD5 that the portal has for it. Files that exist with
//! those bytes are not fetched again, so an export that stopped continues, and the next one fetches
//! what is new. The URL that a file is fetched from is signed, valid for a limited time, and needs
//! no token; none is sent there.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use futures::stream::{self, StreamExt};
use md5::{Digest, Md5};

use super::brought::{Brought, Files, Sum};
use super::named::Naming;
use super::place::{name_of, path_of, place_of};
use crate::export::folder::FILES;
use crate::export::links::Links;
use crate::export::page::Reading;
use crate::export::spool::{Spool, Ticket};
use crate::hubspot::error::CallError;
use crate::hubspot::{Fetcher, StoredFile};
use crate::model::file_fault::FileFault;
use crate::output::{PartFile, Privacy};

/// Files requested at once: as many as one call describes.
const BATCH: usize = 100;

/// Maximum number of concurrent downloads; one chunk of each is in memory.
const AT_ONCE: usize = 16;

/// Bytes of a file that are read at once.
const CHUNK: usize = 64 * 1024;

/// Maximum size of a file whose size the portal does not say, in bytes.
const MOST: u64 = 4 << 30;

/// How many times a URL is requested: a signed one may have expired.
const ADDRESSES: u32 = 2;

/// Why downloading stopped.
#[derive(Debug, thiserror::Error)]
pub enum BringError {
    /// The portal can't be called.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Intermediate data can't be written or read back.
    #[error("can't keep the pages of the export")]
    Spool(#[from] io::Error),
    /// A file can't be written.
    #[error("can't write {}: {words}", .path.display())]
    Write {
        /// Its path.
        path: PathBuf,
        /// Why.
        words: String,
    },
}

/// A file, with the ticket that first names it.
#[derive(Clone, Debug)]
struct Asked {
    id: String,
    ticket: u64,
}

/// Downloads the files of an export.
pub struct Bringing<'a> {
    reading: &'a Reading,
    fetcher: Fetcher,
    folder: &'a Path,
    spool: Spool,
    known: HashSet<u64>,
    files: Files,
    sum: Sum,
}

impl<'a> Bringing<'a> {
    /// Into a folder; the work folder says what an earlier process downloaded.
    pub fn open(
        reading: &'a Reading,
        folder: &'a Path,
        work: &Path,
    ) -> Result<Bringing<'a>, BringError> {
        let spool = Spool::open(work, FILES)?;
        let brought = spool.read::<Brought>()?.map(|file| Ok(file?.id));
        Ok(Bringing {
            fetcher: reading.client.file_fetcher(),
            reading,
            folder,
            known: brought.collect::<io::Result<_>>()?,
            spool,
            files: Files::default(),
            sum: Sum::default(),
        })
    }

    /// Downloads all files that these tickets' activities name; `heard` receives the number settled
    /// so far.
    pub async fn all(
        mut self,
        namings: &[Naming],
        tickets: impl Iterator<Item = io::Result<(Ticket, Links)>>,
        mut heard: impl FnMut(u64),
    ) -> Result<(Files, Sum), BringError> {
        let mut seen: HashSet<String> = HashSet::new();
        let mut open: Vec<Asked> = Vec::new();
        for ticket in tickets {
            let (ticket, links) = ticket?;
            for naming in namings {
                for activity in naming.of(&links) {
                    let new = naming
                        .ids(activity)
                        .filter(|id| seen.insert((*id).to_owned()));
                    open.extend(new.map(|id| Asked {
                        id: id.to_owned(),
                        ticket: ticket.id,
                    }));
                }
            }
            while open.len() >= BATCH {
                let rest = open.split_off(BATCH);
                self.batch(std::mem::replace(&mut open, rest)).await?;
                heard(self.files.0.len() as u64);
            }
        }
        self.batch(open).await?;
        Ok((self.files, self.sum))
    }

    async fn batch(&mut self, asked: Vec<Asked>) -> Result<(), BringError> {
        if asked.is_empty() {
            return Ok(());
        }
        let ids = asked.iter().map(|asked| asked.id.as_str());
        let ids: Vec<&str> = ids.filter(|id| id.parse::<u64>().is_ok()).collect();
        let stored = self.reading.client.stored_files(&ids).await?;
        let one = |asked: Asked| {
            let stored = stored.iter().find(|file| file.id == asked.id).cloned();
            let this = &*self;
            async move { Ok((this.one(&asked, stored).await?, asked)) }
        };
        let settled: Vec<Result<_, BringError>> = stream::iter(asked)
            .map(one)
            .buffered(self.reading.width().min(AT_ONCE))
            .collect()
            .await;
        let mut new = Vec::new();
        let mut stopped = None;
        for settled in settled {
            match settled {
                Ok(((file, fetched), asked)) => {
                    self.count(&asked, &file, fetched);
                    if file.path.is_some() && !self.known.contains(&file.id) {
                        new.push(file.clone());
                    }
                    let _new = self.files.0.insert(asked.id, file);
                }
                Err(error) => stopped = Some(error),
            }
        }
        new.sort_unstable_by_key(|file| file.id);
        self.spool.add(0, None, &new)?;
        stopped.map_or(Ok(()), Err)
    }

    fn count(&mut self, asked: &Asked, file: &Brought, fetched: bool) {
        let sum = &mut self.sum;
        match &file.problem {
            Some(problem) => {
                sum.lacking += 1;
                let first = || (asked.id.clone(), asked.ticket, problem.clone());
                let _first = sum.first.get_or_insert_with(first);
            }
            None => {
                // What an earlier process of this run downloaded counts as this run's.
                match fetched || self.known.contains(&file.id) {
                    true => sum.downloaded += 1,
                    false => sum.there += 1,
                }
                sum.bytes += file.bytes.unwrap_or_default();
            }
        }
    }

    /// Downloads a file; returns whether it had to be fetched.
    async fn one(
        &self,
        asked: &Asked,
        stored: Option<StoredFile>,
    ) -> Result<(Brought, bool), BringError> {
        let file = Brought {
            id: asked.id.parse().unwrap_or_default(),
            ..Brought::default()
        };
        let stored = match stored {
            Some(stored) => Ok(stored),
            None => self.looked_up(&asked.id).await?,
        };
        match stored {
            Ok(stored) => self.settled(asked.ticket, file, &stored).await,
            Err(problem) => Ok((file.lacking(problem), false)),
        }
    }

    /// Downloads a file that the portal has.
    async fn settled(
        &self,
        ticket: u64,
        file: Brought,
        stored: &StoredFile,
    ) -> Result<(Brought, bool), BringError> {
        let name = name_of(stored);
        let place = place_of(ticket, file.id, &name);
        let path = self.folder.join(path_of(&place));
        let file = Brought {
            name,
            bytes: stored.size,
            md5: stored.md5.clone(),
            path: Some(place),
            ..file
        };
        if holds(&path, stored).await {
            return Ok((file, false));
        }
        Ok(match self.fetched(stored, path).await? {
            Ok((size, md5)) => (file.of(size, md5), true),
            Err(problem) => (file.lacking(problem), false),
        })
    }

    /// A file that no search finds: it is hidden, or does not exist.
    async fn looked_up(&self, id: &str) -> Result<Result<StoredFile, String>, BringError> {
        if id.parse::<u64>().is_err() {
            return Ok(Err("its id is not a number".to_owned()));
        }
        let file = unless_refused(self.reading.client.stored_file(id).await)?;
        Ok(file.and_then(|file| file.ok_or("the portal has no such file".to_owned())))
    }

    /// Fetches a file into its place; returns its size and MD5, or what is wrong with it.
    async fn fetched(
        &self,
        stored: &StoredFile,
        path: PathBuf,
    ) -> Result<Result<(u64, String), String>, BringError> {
        let unwritten = |error: io::Error| BringError::Write {
            path: path.clone(),
            words: error.to_string(),
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(unwritten)?;
        }
        let part = PartFile::claim(path.clone(), Privacy::Usual).map_err(unwritten)?;
        let mut problem = String::new();
        for _address in 0..ADDRESSES {
            let address = self.reading.client.signed_address(&stored.id).await;
            let address = match unless_refused(address)? {
                Ok(Some(address)) => address,
                Ok(None) => return Ok(Err("the portal has no such file any more".to_owned())),
                Err(problem) => return Ok(Err(problem)),
            };
            let mut to = tokio::fs::File::from_std(part.emptied().map_err(unwritten)?);
            // Whatever arrives, its size and MD5 show whether it is the file.
            let most = stored.size.unwrap_or(MOST);
            match self.fetcher.fetch(&address, true, &mut to, most).await {
                Ok(fetched) => match differs(stored, fetched.size, &fetched.md5) {
                    None => {
                        let _path = part.appear().map_err(unwritten)?;
                        return Ok(Ok((fetched.size, fetched.md5)));
                    }
                    Some(words) => problem = words,
                },
                Err(FileFault::Unreadable { words }) => {
                    return Err(BringError::Write { path, words });
                }
                Err(fault) => problem = fault.words(),
            }
        }
        Ok(Err(problem))
    }
}

/// What the portal says about a single file, or why it says nothing.
fn unless_refused<T>(said: Result<T, CallError>) -> Result<Result<T, String>, CallError> {
    match said {
        Ok(said) => Ok(Ok(said)),
        Err(CallError::Refused(error)) => Ok(Err(error.message.clone())),
        Err(CallError::Denied(error)) => Ok(Err(format!(
            "{} (hidden files need the scope files.ui_hidden.read)",
            error.message
        ))),
        Err(error) => Err(error),
    }
}

/// How the downloaded bytes differ from what the portal has.
fn differs(stored: &StoredFile, size: u64, md5: &str) -> Option<String> {
    if let Some(wanted) = stored.size.filter(|wanted| *wanted != size) {
        return Some(format!("{size} bytes came, and the portal has {wanted}"));
    }
    let other = stored.md5.as_deref().filter(|wanted| *wanted != md5)?;
    Some(format!(
        "its bytes have the MD5 {md5}, and the portal's {other}"
    ))
}

/// Whether the file exists with the portal's bytes; if the portal does not say, it is fetched
/// again.
async fn holds(path: &Path, stored: &StoredFile) -> bool {
    let (Some(size), Some(wanted)) = (stored.size, stored.md5.clone()) else {
        return false;
    };
    let found = fs::symlink_metadata(path);
    if !found.is_ok_and(|found| found.is_file() && found.len() == size) {
        return false;
    }
    let path = path.to_owned();
    let hashed = tokio::task::spawn_blocking(move || md5_of(&path)).await;
    hashed.is_ok_and(|hashed| hashed.is_ok_and(|md5| md5 == wanted))
}

fn md5_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer) = (Md5::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    let digits = hash.finalize();
    Ok(digits.iter().map(|byte| format!("{byte:02x}")).collect())
}
