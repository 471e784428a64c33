//! Uploads each file to the portal once (protocol H5): its intent is durable before it is sent, and
//! its place is checked before it is sent again. If the reply to an upload is lost, the file is
//! looked for at its place at once; if nothing is there, it waits until the upload can no longer
//! arrive late, is looked for again, by place and by its bytes, and only then sent again.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex as Turn;

use super::FileSources;
use super::bytes::{Bytes, Source};
use super::earlier::EarlierFiles;
use crate::hubspot::{CallError, Client, NewFile, StoredFile};
use crate::import::settle::SettleHandle;
use crate::import::stop::{StopSwitch, stop_for};
use crate::journal::{FileEntry, FileState, FileStep, SettledFile};
use crate::model::attachment::{Attachment, folder};
use crate::model::file_fault::FileFault;
use crate::model::stop::{Delay, Stop};

/// Characters of a file's name by which it is searched for. HubSpot: fewer than 20.
const MARK: usize = 16;

/// A file that a note waits for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Number of its row.
    pub seq: u64,
    /// Key of its ticket.
    pub ticket: &'a str,
    /// The file.
    pub file: &'a Attachment,
}

/// The outcome of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brought {
    /// It exists, with this id.
    There(String),
    /// It can't go in.
    Left(FileFault),
    /// A call for it was lost that may still be carried out: it waits for the next sweep. `now`
    /// says whether that just happened.
    Later {
        /// True if this call was lost, false if an earlier one was.
        now: bool,
    },
}

/// Uploads files.
pub struct Uploads {
    client: Client,
    settle: SettleHandle,
    source: Source,
    earlier: Arc<EarlierFiles>,
    /// Name of the system that the files come from.
    system: String,
    /// How long after an attempt was lost it may still be carried out (S4).
    horizon: Duration,
    stop: StopSwitch,
    /// Several notes may name one file: one of them uploads it.
    turns: Mutex<HashMap<String, Arc<Turn<()>>>>,
}

impl Uploads {
    /// Uploads files from these sources; `spool` is the folder for fetched ones.
    pub fn new(
        client: Client,
        settle: SettleHandle,
        sources: FileSources,
        system: String,
        spool: &Path,
        horizon: Duration,
        stop: StopSwitch,
    ) -> Uploads {
        let earlier = Arc::clone(&sources.earlier);
        let source = Source::new(sources, spool, client.deadline());
        Uploads {
            client,
            settle,
            source,
            earlier,
            system,
            horizon,
            stop,
            turns: Mutex::new(HashMap::new()),
        }
    }

    /// Whether a file is uploaded at all: pictures on hosts that were not named are not.
    pub fn takes(&self, file: &Attachment) -> bool {
        self.source.takes(file)
    }

    /// Uploads a file to the portal, unless it already exists there.
    ///
    /// # Errors
    /// When the run has to stop.
    pub async fn bring(&self, wanted: Wanted<'_>) -> Result<Brought, Stop> {
        let key = wanted.file.key(wanted.ticket);
        let turn = self.turn(&key);
        let brought = {
            let _alone = turn.lock().await;
            self.bring_alone(wanted, &key).await
        };
        drop(turn);
        self.forget_turn(&key);
        brought
    }

    async fn bring_alone(&self, wanted: Wanted<'_>, key: &str) -> Result<Brought, Stop> {
        let mut before = None;
        match self.settle.find_file(key.to_owned()).await? {
            Some(FileStep {
                state: FileState::Made | FileState::There,
                record: Some(id),
                ..
            }) => return Ok(Brought::There(id)),
            Some(step) => {
                if let Some(brought) = self.recall(&step).await? {
                    return Ok(brought);
                }
                before = Some(step);
            }
            None => {}
        }
        let bytes = match self.bytes(wanted.file).await? {
            Ok(bytes) => bytes,
            Err(fault) => return Ok(Brought::Left(fault)),
        };
        if let Some(fault) = self.name_shared(wanted.file, &bytes, key).await? {
            return Ok(Brought::Left(fault));
        }
        let entry = FileEntry {
            key: key.to_owned(),
            seq: wanted.seq,
            path: self.place_of(wanted, before.as_ref()),
            md5: bytes.md5.clone(),
            size: bytes.size,
        };
        if let (None, Some(there)) = (&before, self.of_earlier_run(&entry).await?) {
            return Ok(there);
        }
        let since_ms = before.and_then(|step| step.since_ms);
        self.send(entry, &bytes, since_ms).await
    }

    /// Whether the file of another key was found by the same name, and only the name suggests that
    /// the bytes are this one's.
    async fn name_shared(
        &self,
        file: &Attachment,
        bytes: &Bytes,
        key: &str,
    ) -> Result<Option<FileFault>, Stop> {
        if !bytes.by_name || file.size.is_some() {
            return Ok(None);
        }
        let path = bytes.path.display().to_string();
        let is_ours = self.settle.take_name(path.clone(), key.to_owned()).await?;
        Ok((!is_ours).then_some(FileFault::NameShared { path }))
    }

    /// Where a file is put. If another ticket has begun to upload it, that place is kept.
    fn place_of(&self, wanted: Wanted<'_>, before: Option<&FileStep>) -> String {
        match before {
            Some(step) => step.entry.path.clone(),
            None => {
                let name = wanted.file.stored_name(wanted.ticket);
                format!("{}/{name}", folder(&self.system, wanted.ticket))
            }
        }
    }

    /// A file that an earlier run uploaded, if it still exists.
    async fn of_earlier_run(&self, entry: &FileEntry) -> Result<Option<Brought>, Stop> {
        let known = self.earlier.like(entry, &self.system);
        let known = known.map_err(|error| Stop::Later(Delay::EarlierRun(format!("{error:#}"))))?;
        for step in known {
            let Some(id) = &step.record else { continue };
            let there = self.client.file_by_id(id).await.map_err(stop_for)?;
            let there = there.filter(|there| there.path == step.entry.path && says(there, entry));
            if let Some(there) = there {
                // Without the time of a request, it counts as the other run's.
                let theirs = FileStep {
                    entry: entry.clone(),
                    since_ms: None,
                    ..step
                };
                return Ok(Some(self.settled(&theirs, there).await?));
            }
        }
        Ok(None)
    }

    /// The bytes of a file, unless the run stops: a slow host does not delay that.
    async fn bytes(&self, file: &Attachment) -> Result<Result<Bytes, FileFault>, Stop> {
        tokio::select! {
            bytes = self.source.bytes(file) => Ok(bytes),
            () = self.stop.pulled() => {
                let stop = self.stop.reason();
                Err(stop.unwrap_or(Stop::Later(Delay::Stopping)))
            }
        }
    }

    /// A file that was sent before, perhaps by an earlier process: it exists, or has to
    /// wait, or may be sent again.
    async fn recall(&self, step: &FileStep) -> Result<Option<Brought>, Stop> {
        if let Some(there) = self.at_its_place(&step.entry).await? {
            return Ok(Some(self.settled(step, there).await?));
        }
        let lag = millis(self.horizon / 4);
        let safe = self.now_ms().unwrap_or(i64::MAX).saturating_sub(lag);
        if step.until_ms.is_some_and(|until| until > safe) {
            return Ok(Some(Brought::Later { now: false }));
        }
        let mark = mark_of(&step.entry.path);
        let found = self.client.files_with(mark, &step.entry.md5).await;
        let found = found.map_err(stop_for)?;
        let (within, _) = parted(&step.entry.path);
        let mut found: Vec<StoredFile> = found
            .into_iter()
            .filter(|file| parted(&file.path).0.eq_ignore_ascii_case(within))
            .filter(|file| !file.archived && says(file, &step.entry))
            .collect();
        found.sort_by_key(|file| file.created);
        let mut found = found.into_iter();
        let Some(first) = found.next() else {
            return Ok(None);
        };
        for double in found.filter(|file| is_since(file, step.since_ms)) {
            self.delete(&double).await?;
        }
        Ok(Some(self.settled(step, first).await?))
    }

    /// The file with these bytes at its place.
    async fn at_its_place(&self, entry: &FileEntry) -> Result<Option<StoredFile>, Stop> {
        let there = self.client.file_at(&entry.path).await.map_err(stop_for)?;
        Ok(there.filter(|file| !file.archived && says(file, entry)))
    }

    /// Sends a file; `since_ms` is when it was first intended, if that was before.
    async fn send(
        &self,
        entry: FileEntry,
        bytes: &Bytes,
        since_ms: Option<i64>,
    ) -> Result<Brought, Stop> {
        let since_ms = since_ms.or_else(|| self.now_ms());
        self.settle.intend_file(entry.clone(), since_ms).await?;
        let (within, name) = parted(&entry.path);
        let mut new = NewFile {
            folder: within.to_owned(),
            name: name.to_owned(),
            bytes: bytes.path.clone(),
            size: bytes.size,
            regardless: false,
        };
        let mut sent = self.client.upload(&new).await;
        if matches!(&sent, Ok(file) if file.archived) {
            // The portal treats a deleted file as a duplicate.
            new.regardless = true;
            sent = self.client.upload(&new).await;
        }
        let step = FileStep {
            entry,
            state: FileState::Open,
            record: None,
            since_ms,
            until_ms: None,
        };
        match sent {
            Ok(file) => self.take(&step, file).await,
            Err(CallError::Ambiguous(_)) => self.count_unknown(&step).await,
            Err(CallError::Refused(error)) if error.status == 409 => {
                match self.at_its_place(&step.entry).await? {
                    Some(there) => self.settled(&step, there).await,
                    None => self.refused(&step, &error.message).await,
                }
            }
            Err(CallError::Refused(error)) => self.refused(&step, &error.message).await,
            Err(other) => {
                self.settle.release_file(step.entry.key).await?;
                Err(stop_for(other))
            }
        }
    }

    async fn refused(&self, step: &FileStep, words: &str) -> Result<Brought, Stop> {
        self.settle.release_file(step.entry.key.clone()).await?;
        Ok(Brought::Left(FileFault::Refused {
            words: words.to_owned(),
        }))
    }

    async fn count_unknown(&self, step: &FileStep) -> Result<Brought, Stop> {
        if let Ok(Some(there)) = self.at_its_place(&step.entry).await {
            return self.settled(step, there).await;
        }
        let now = self.now_ms().unwrap_or_default();
        let until = now.saturating_add(millis(self.horizon));
        self.settle.lose_file(step.entry.key.clone(), until).await?;
        Ok(Brought::Later { now: true })
    }

    /// Judges the reply to an upload.
    async fn take(&self, step: &FileStep, file: StoredFile) -> Result<Brought, Stop> {
        let is_new = is_since(&file, step.since_ms);
        if !says(&file, &step.entry) {
            let is_ours = is_new && is_own(&file, &step.entry);
            if is_ours {
                self.delete(&file).await?;
            }
            self.settle.release_file(step.entry.key.clone()).await?;
            return Ok(Brought::Left(match is_ours {
                true => FileFault::Changed,
                false => FileFault::Differs { path: file.path },
            }));
        }
        if is_new && is_own(&file, &step.entry) && !is_named(&file, &step.entry.path) {
            // Its name was taken by the same bytes, from a call that was carried out late.
            let there = self.at_its_place(&step.entry).await?;
            if let Some(there) = there.filter(|there| there.id != file.id) {
                let brought = self.settled(step, there).await?;
                self.delete(&file).await?;
                return Ok(brought);
            }
        }
        self.settled(step, file).await
    }

    /// Records that a file exists, and whether this run made it: one that was created before we
    /// sent it is somebody else's.
    async fn settled(&self, step: &FileStep, file: StoredFile) -> Result<Brought, Stop> {
        let state = match is_since(&file, step.since_ms) {
            true => FileState::Made,
            false => FileState::There,
        };
        let settled = SettledFile {
            entry: FileEntry {
                path: file.path,
                ..step.entry.clone()
            },
            record: file.id.clone(),
            state,
        };
        self.settle.settle_file(settled).await?;
        Ok(Brought::There(file.id))
    }

    async fn delete(&self, file: &StoredFile) -> Result<(), Stop> {
        self.client.delete_file(&file.id).await.map_err(stop_for)
    }

    fn now_ms(&self) -> Option<i64> {
        self.client.portal_now().map(Timestamp::as_millisecond)
    }

    fn turn(&self, key: &str) -> Arc<Turn<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(key.to_owned()).or_default())
    }

    /// Removes a turn that no other note waits for.
    fn forget_turn(&self, key: &str) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns
            .get(key)
            .is_some_and(|turn| Arc::strong_count(turn) == 1)
        {
            let _gone = turns.remove(key);
        }
    }
}

/// Whether a file holds the wanted bytes, as far as the portal says.
fn says(file: &StoredFile, entry: &FileEntry) -> bool {
    file.md5.as_deref().is_none_or(|md5| md5 == entry.md5)
        && file.size.is_none_or(|size| size == entry.size)
        && (file.md5.is_some() || file.size.is_some())
}

/// Whether a file was created since a time, by the portal's clock.
fn is_since(file: &StoredFile, since_ms: Option<i64>) -> bool {
    let made = file.created.map(Timestamp::as_millisecond);
    made.zip(since_ms)
        .is_some_and(|(made, since)| made >= since)
}

/// Folder and name of a path.
fn parted(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The characters by which the file of a path is found.
fn mark_of(path: &str) -> &str {
    let (_, name) = parted(path);
    name.get(..MARK).unwrap_or(name)
}

/// Whether a file has the mark of this one: no other key's file has it.
fn is_own(file: &StoredFile, entry: &FileEntry) -> bool {
    mark_of(&file.path) == mark_of(&entry.path)
}

/// Whether a file has the requested place and name.
fn is_named(file: &StoredFile, path: &str) -> bool {
    let (_, name) = parted(path);
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.eq_ignore_ascii_case(&file.extension) => stem,
        _ => name,
    };
    same_but_for_ending(&file.path, path) && file.name == stem
}

/// Whether two paths are the same, ignoring the extension's case, which portals may change.
fn same_but_for_ending(one: &str, other: &str) -> bool {
    match (one.rsplit_once('.'), other.rsplit_once('.')) {
        (Some((one, ending)), Some((other, its))) => {
            one == other && ending.eq_ignore_ascii_case(its)
        }
        _ => one == other,
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
