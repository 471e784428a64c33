//! Whether a portal keeps the keys of notes unique, which its definitions may say without
//! meaning it (protocol H3): the first note is sent twice. Where both are taken the second
//! is archived, and keys prove nothing. The journal knows of it before the second goes, so
//! that it is found whenever the process dies.

use std::collections::BTreeSet;

use super::Notes;
use super::held::Held;
use super::way::KeyWay;
use super::work::{State, Work};
use crate::import::reply::Verdict;
use crate::import::stop::stop_for;
use crate::journal::NoteState;
use crate::model::event::Stop;
use crate::model::note::Activity;

impl Notes {
    /// Whether the portal keeps keys unique, where that is known.
    pub(super) async fn known_kept(&self, activity: Activity) -> Result<Option<bool>, Stop> {
        let mut kept = self.kept[activity as usize].lock().await;
        if kept.is_none() {
            *kept = self.settle.note_keys_kept(activity).await?;
        }
        Ok(*kept)
    }

    /// Whether the portal keeps keys unique. The first who asks finds out, with notes of
    /// its own; the others wait. Where it can't be found out, it counts as no.
    pub(super) async fn keys_kept(&self, work: &mut Work, way: &KeyWay) -> Result<bool, Stop> {
        if !way.says_unique {
            return Ok(false);
        }
        let mut kept = self.kept[way.activity as usize].lock().await;
        if kept.is_none() {
            *kept = self.settle.note_keys_kept(way.activity).await?;
        }
        while kept.is_none() {
            let Some(&place) = work.todo(way.activity).first() else {
                return Ok(false);
            };
            self.round(work, way, &[place], false).await?;
            let piece = &work.pieces[place];
            if piece.state == State::Done && work.rows[piece.row].added {
                *kept = self.send_twin(work, way, place).await?;
            }
        }
        Ok(kept.unwrap_or_default())
    }

    /// Sends a note that is there once more; none where the reply does not tell.
    async fn send_twin(
        &self,
        work: &mut Work,
        way: &KeyWay,
        place: usize,
    ) -> Result<Option<bool>, Stop> {
        let piece = &work.pieces[place];
        let record = piece.record.clone().unwrap_or_default();
        let twin = piece.settled(&work.rows, NoteState::Twin);
        self.settle.twin_note(twin).await?;
        let sent = self.send(work, way, &[place]).await;
        let kept = match sent.verdicts.into_iter().next() {
            _ if sent.stop.is_some() => None,
            Some(Verdict::Collided(_)) => Some(true),
            Some(Verdict::Written { id, .. }) if id != record => {
                self.archive(way, &[id]).await?;
                Some(false)
            }
            // A refusal says nothing of keys: the careful way, then.
            Some(Verdict::Refused(_) | Verdict::Suspected | Verdict::Missing) => Some(false),
            _ => None,
        };
        match (kept, sent.stop) {
            (_, Some(stop)) => Err(stop),
            (Some(kept), None) => {
                let once = work.pieces[place].settled(&work.rows, NoteState::Made);
                self.settle.twin_note(once).await?;
                self.settle.keep_note_keys(way.activity, kept).await?;
                Ok(Some(kept))
            }
            (None, None) => {
                let horizon = i64::try_from(self.horizon.as_millis()).unwrap_or(i64::MAX);
                let until = self.portal_ms().saturating_add(horizon);
                self.loses();
                let keys = vec![work.pieces[place].key.clone()];
                self.settle.lose_notes(keys, until).await?;
                work.pieces[place].state = State::Parked;
                Ok(None)
            }
        }
    }

    /// Notes of which a second one may be there, now that nothing can come late: it is
    /// archived, and then keys are known not to be kept.
    pub(super) async fn untwin(&self, work: &mut Work, way: &KeyWay) -> Result<(), Stop> {
        let mut twins = Vec::new();
        for (place, piece) in work.pieces.iter().enumerate() {
            if let State::Twin(record) = &piece.state
                && piece.activity == way.activity
            {
                twins.push((place, record.clone()));
            }
        }
        if twins.is_empty() {
            return Ok(());
        }
        let tickets = twins
            .iter()
            .map(|(place, _)| work.ticket_of(*place).to_owned());
        let tickets: BTreeSet<String> = tickets.collect();
        let held = Held::read(&self.client, way, &tickets).await?;
        for (place, record) in twins {
            let found = held.all(work.ticket_of(place), &work.pieces[place].key);
            let ids = found.iter().map(|found| found.id.clone());
            let others: Vec<String> = ids.filter(|id| *id != record).collect();
            if !others.is_empty() {
                self.archive(way, &others).await?;
                self.settle.keep_note_keys(way.activity, false).await?;
                *self.kept[way.activity as usize].lock().await = Some(false);
            }
            let _counted = work.done(place, &record, true);
            let once = work.pieces[place].settled(&work.rows, NoteState::Made);
            self.settle.twin_note(once).await?;
        }
        Ok(())
    }

    /// Archives notes of which there is one too many.
    async fn archive(&self, way: &KeyWay, ids: &[String]) -> Result<(), Stop> {
        let archived = self.client.batch_archive(way.activity.object(), ids).await;
        match archived.map_err(stop_for)?.errors.first() {
            Some(error) if !error.is_missing() => Err(Stop::Later(format!(
                "a note that was sent twice can't be archived: {}",
                error.message
            ))),
            _ => Ok(()),
        }
    }
}
