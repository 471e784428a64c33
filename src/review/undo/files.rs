//! The files that a run uploaded are deleted once no note names them any more (protocol PL5):
//! neither one of this run nor one of any run known here. This includes a file of another run whose
//! undo kept it for notes that are only undone now. HubSpot can't be asked which notes name a file,
//! so manual uses of it are not known. A file whose bytes or place somebody has changed is kept.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use futures::{StreamExt, TryStreamExt, stream};

use crate::error::Error;
use crate::hubspot::contract::BATCH_LIMIT;
use crate::hubspot::{CallError, Client, StoredFile};
use crate::import::stop::stop_for;
use crate::journal::{FileEntry, FileState, FileStep, Journal, NoteId, Reading};
use crate::model::note::Activity;
use crate::model::shelf::Shelf;
use crate::model::stop::Stop;
use crate::review::family::Member;
use crate::review::files::{HeldFiles, other_bytes};

/// Files that are deleted at once: each takes a call.
const IN_FLIGHT: usize = 8;

/// How other runs use files.
#[derive(Debug, Default)]
pub struct FileUsers {
    /// Folders of those whose notes name files. There may be very many: each journal is open
    /// only while it is read.
    folders: Vec<PathBuf>,
    /// Files of runs that were undone while notes of others named them, by record id.
    given_up: HashMap<String, FileStep>,
}

impl FileUsers {
    /// Those of these runs that wrote to the portal of a run.
    pub fn against(own: &Member, known: &[Member]) -> FileUsers {
        let others = known.iter().filter(|other| {
            other.lineage.run != own.lineage.run && other.lineage.portal == own.lineage.portal
        });
        let (imports, undos): (Vec<_>, Vec<_>) =
            others.partition(|other| other.lineage.undoes.is_none());
        // A run that can't be read is reported when that run itself is requested.
        let names_files = |folder: &Path| {
            let journal = Reading::open(folder);
            journal
                .and_then(|journal| journal.names_files())
                .is_ok_and(|some| some)
        };
        let folders = imports.iter().map(|other| other.folder.clone());
        let given_up = undos.iter().flat_map(|undo| given_up(&undo.folder));
        FileUsers {
            folders: folders.filter(|folder| names_files(folder)).collect(),
            given_up: given_up.collect(),
        }
    }
}

/// Files that an undo kept for notes of others, by record id.
fn given_up(undo: &Path) -> Vec<(String, FileStep)> {
    let kept = Reading::open(undo).and_then(|journal| journal.deletions());
    let kept = kept.unwrap_or_default().into_iter();
    let kept = kept.filter(|file| file.state == FileState::Used);
    kept.filter_map(|file| Some((file.record.clone()?, file)))
        .collect()
}

/// Files of rows that are undone, and what is done with them.
#[derive(Debug, Default)]
pub(super) struct OwnFiles {
    /// Those that are deleted.
    goes: Vec<FileStep>,
    /// Those that are gone.
    gone: Vec<FileStep>,
    /// Those that are kept, and why.
    stays: Vec<(FileStep, FileState)>,
}

/// Files that a run made for rows, each with the notes that name it.
pub(super) struct Candidates(BTreeMap<String, (FileStep, Vec<NoteId>)>);

impl Candidates {
    /// The files of the rows with these numbers; `going` are notes that are deleted with them.
    pub(super) fn of(
        journal: &Reading,
        users: &FileUsers,
        rows: &[u64],
        going: &HashSet<NoteId>,
    ) -> Result<Candidates, Error> {
        let mut files = BTreeMap::new();
        for seq in rows {
            let made = journal.made_files(*seq)?.into_iter();
            let made = made.filter(|file| file.record.is_some());
            let found = journal.found_files(*seq)?.into_iter();
            let given_up = found.filter_map(|file| {
                let known = users.given_up.get(file.record.as_deref()?)?.clone();
                let entry = FileEntry {
                    seq: *seq,
                    ..known.entry
                };
                Some(FileStep { entry, ..known })
            });
            let all = made.chain(given_up);
            files.extend(all.map(|file| (file.entry.key.clone(), (file, Vec::new()))));
        }
        let mut candidates = Candidates(files);
        if candidates.0.is_empty() {
            return Ok(candidates);
        }
        candidates.add_notes(journal, going)?;
        for folder in &users.folders {
            candidates.add_notes(&Reading::open(folder)?, going)?;
        }
        Ok(candidates)
    }

    /// Adds the notes of a run that name the files, except those that are deleted.
    fn add_notes(&mut self, journal: &Reading, going: &HashSet<NoteId>) -> Result<(), Error> {
        for (file, notes) in self.0.values_mut() {
            let found = journal.notes_with(file.record.as_deref().unwrap_or_default())?;
            notes.extend(found.into_iter().filter(|note| !going.contains(note)));
        }
        Ok(())
    }

    /// What is done with each.
    pub(super) async fn judged(self, client: &Client) -> Result<OwnFiles, CallError> {
        let notes = self.0.values().flat_map(|(_, notes)| notes);
        let live = live(client, notes.cloned().collect()).await?;
        let is_used = |notes: &[NoteId]| notes.iter().any(|note| live.contains(note));
        let (used, free): (Vec<_>, Vec<_>) =
            self.0.into_values().partition(|(_, notes)| is_used(notes));
        let ids = free.iter().filter_map(|(file, _)| file.record.as_ref());
        let held = HeldFiles::read(client, ids).await?;
        let used = used.into_iter().map(|(file, _)| (file, FileState::Used));
        let mut own = OwnFiles {
            stays: used.collect(),
            ..OwnFiles::default()
        };
        for (file, _) in free {
            match held.get(&file) {
                None => own.gone.push(file),
                Some(held) if is_changed(held, &file) => own.stays.push((file, FileState::Changed)),
                Some(_) => own.goes.push(file),
            }
        }
        Ok(own)
    }
}

/// Whether somebody has given a file other bytes, or another place.
fn is_changed(held: &StoredFile, file: &FileStep) -> bool {
    held.path != file.entry.path || other_bytes(held, &file.entry).is_some()
}

/// Those of these notes that exist.
async fn live(client: &Client, notes: BTreeSet<NoteId>) -> Result<BTreeSet<NoteId>, CallError> {
    let mut live = BTreeSet::new();
    for activity in Activity::ALL {
        let of_kind = notes.iter().filter(|(kind, _)| *kind == activity);
        let ids: Vec<String> = of_kind.map(|(_, id)| id.clone()).collect();
        for part in ids.chunks(BATCH_LIMIT) {
            let object = activity.object();
            let read = client.read_existing(object, part, &["hs_object_id"], &[], Shelf::Live);
            let records = read.await?.into_iter();
            live.extend(records.map(|record| (activity, record.id)));
        }
    }
    Ok(live)
}

impl OwnFiles {
    /// Those that are deleted.
    pub(super) fn goes(&self) -> &[FileStep] {
        &self.goes
    }

    /// The outcome of each, by its key.
    pub(super) fn states(&self) -> impl Iterator<Item = (String, FileState)> {
        let goes = self.goes.iter().map(|file| (file, FileState::Deleted));
        let stays = self.stays.iter().map(|(file, why)| (file, *why));
        goes.chain(stays)
            .map(|(file, state)| (file.entry.key.clone(), state))
    }

    /// Deletes those that are to be deleted. Deleting may be repeated.
    pub(super) async fn delete(&self, client: &Client) -> Result<(), Stop> {
        let ids = self.goes.iter().filter_map(|file| file.record.as_deref());
        let deleted = stream::iter(ids).map(|id| client.delete_file(id));
        let deleted = deleted.buffer_unordered(IN_FLIGHT);
        deleted.try_collect::<()>().await.map_err(stop_for)
    }

    /// Records their outcomes in one commit.
    pub(super) fn settle(&self, journal: &mut Journal) -> Result<(), Error> {
        if self.goes.is_empty() && self.gone.is_empty() && self.stays.is_empty() {
            return Ok(());
        }
        let commit = journal.begin()?;
        for file in self.goes.iter().chain(&self.gone) {
            commit.settle_deletion(&file.entry.key)?;
        }
        for (file, why) in &self.stays {
            commit.leave_file(file, *why)?;
        }
        commit.commit()?;
        Ok(())
    }
}
