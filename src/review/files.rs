//! Files of rows against the portal as it is now: each must exist, with the bytes that were
//! uploaded, and its note must name it.

use std::collections::{BTreeSet, HashMap};

use futures::{StreamExt, TryStreamExt, stream};

use super::expect::Expected;
use super::finding::{Difference, FileName};
use super::notes::HeldNotes;
use crate::hubspot::{CallError, Client, StoredFile};
use crate::journal::{AttachedFile, FileEntry, FileStep};

/// Files that are read at once: each takes a call.
const IN_FLIGHT: usize = 8;

/// Files as they are now, by their ids; missing ones are absent.
#[derive(Debug, Default)]
pub(super) struct HeldFiles(HashMap<String, StoredFile>);

impl HeldFiles {
    /// Reads files by their ids.
    pub(super) async fn read(
        client: &Client,
        ids: impl IntoIterator<Item = &String>,
    ) -> Result<HeldFiles, CallError> {
        let ids: BTreeSet<&String> = ids.into_iter().collect();
        let read = stream::iter(ids).map(|id| async move {
            let file = client.file_by_id(id).await?;
            Ok::<_, CallError>(file.map(|file| (id.clone(), file)))
        });
        let read = read.buffer_unordered(IN_FLIGHT);
        let read = read.try_filter_map(|file| async move { Ok(file) });
        Ok(HeldFiles(read.try_collect().await?))
    }

    /// Reads the files that notes of rows name.
    pub(super) async fn of(client: &Client, rows: &[Expected]) -> Result<HeldFiles, CallError> {
        let files = rows.iter().flat_map(|row| &row.files);
        HeldFiles::read(client, files.filter_map(|one| one.file.record.as_ref())).await
    }

    /// A file, if it exists.
    pub(super) fn get(&self, step: &FileStep) -> Option<&StoredFile> {
        self.0.get(step.record.as_ref()?)
    }

    /// What differs in the files of a row.
    pub(super) fn differences(&self, row: &Expected, notes: &HeldNotes) -> Vec<Difference> {
        let differs = row.files.iter();
        differs
            .filter_map(|one| self.difference(row, one, notes))
            .collect()
    }

    fn difference(
        &self,
        row: &Expected,
        attached: &AttachedFile,
        notes: &HeldNotes,
    ) -> Option<Difference> {
        let file = FileName {
            path: attached.file.entry.path.clone(),
            id: attached.file.record.clone().unwrap_or_default(),
        };
        let Some(held) = self.get(&attached.file) else {
            return Some(Difference::FileLacking(file));
        };
        if let Some((property, wrote, holds)) = other_bytes(held, &attached.file.entry) {
            return Some(Difference::FileDiffers {
                file,
                property,
                wrote,
                holds,
            });
        }
        let mut of_row = row.notes.iter();
        let note = of_row.find(|note| note.entry.key == attached.note)?;
        let names = notes.names_file(note, &file.id)?;
        (!names).then(|| Difference::FileNotNamed {
            file,
            note: attached.note.clone(),
            id: note.record.clone().unwrap_or_default(),
        })
    }
}

/// How a file's bytes differ from what was uploaded: the field, the expected and the actual
/// value, if the portal reports them.
pub(super) fn other_bytes(
    held: &StoredFile,
    entry: &FileEntry,
) -> Option<(&'static str, String, String)> {
    let md5 = held.md5.as_ref().filter(|md5| **md5 != entry.md5);
    let md5 = md5.map(|md5| ("md5", entry.md5.clone(), md5.clone()));
    let size = || held.size.filter(|size| *size != entry.size);
    md5.or_else(|| size().map(|size| ("size", entry.size.to_string(), size.to_string())))
}
