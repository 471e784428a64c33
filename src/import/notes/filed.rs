//! Files before their notes (protocol H2): a note is sent once all its files exist. If a file can't
//! be uploaded, its note is not sent, and the row says why; if an upload may still arrive late, its
//! note waits for the next sweep.

use super::Notes;
use super::attachments::{Brought, Uploads, Wanted};
use super::way::KeyWay;
use super::work::{State, Work};
use crate::model::issue::Reason;
use crate::model::stop::Stop;

impl Notes {
    /// Uploads the files of notes that are to be sent.
    pub(super) async fn bring_files(&self, work: &mut Work, way: &KeyWay) -> Result<(), Stop> {
        let mut places = work.todo(way.activity);
        places.retain(|&place| !work.pieces[place].files.is_empty());
        for place in places {
            match &self.uploads {
                Some(uploads) => {
                    let piece = &mut work.pieces[place];
                    piece.files.retain(|file| uploads.takes(file));
                    if !piece.files.is_empty() {
                        self.bring_files_of(uploads, work, place).await?;
                    }
                }
                // The run uploads no files.
                None => work.pieces[place].files.clear(),
            }
        }
        Ok(())
    }

    async fn bring_files_of(
        &self,
        uploads: &Uploads,
        work: &mut Work,
        place: usize,
    ) -> Result<(), Stop> {
        let row = &work.rows[work.pieces[place].row];
        let (seq, ticket) = (row.seq(), row.standing.op.draft.key.clone());
        let files = work.pieces[place].files.clone();
        let mut ids: Vec<String> = Vec::with_capacity(files.len());
        let mut late = false;
        for file in &files {
            if let Some(stop) = self.stop.reason() {
                return Err(stop);
            }
            let wanted = Wanted {
                seq,
                ticket: &ticket,
                file,
            };
            match uploads.bring(wanted).await? {
                Brought::There(id) if ids.contains(&id) => {}
                Brought::There(id) => ids.push(id),
                Brought::Left(fault) => {
                    let reason = Reason::File {
                        name: file.name.clone(),
                        fault: Box::new(fault),
                    };
                    work.pieces[place].state = State::Bad(Box::new(reason));
                    return Ok(());
                }
                Brought::Later { now } => {
                    if now {
                        self.loses();
                    }
                    late = true;
                }
            }
        }
        match late {
            true => work.pieces[place].state = State::Late,
            false => work.pieces[place].attach(&ids),
        }
        Ok(())
    }
}
