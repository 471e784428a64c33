//! Whether a portal keeps the keys of notes unique, which its definitions may claim wrongly
//! (protocol H3): the first note is sent twice. If both are accepted the second is archived, and
//! keys prove nothing. The journal records the second before it is sent, so that it is found
//! whenever the process dies.
//!
//! If an earlier run or a check has found this out, nothing is sent twice at first. That may be
//! outdated, so it is not enough to send a note again whose call was lost: in that case this run
//! finds out for itself first.

use std::collections::BTreeSet;

use super::Notes;
use super::held::Held;
use super::way::KeyWay;
use super::work::{State, Work};
use crate::import::send::reply::Verdict;
use crate::import::stop::stop_for;
use crate::journal::NoteState;
use crate::model::learned::Learned;
use crate::model::note::Activity;
use crate::model::stop::{Delay, Stop};

/// Whether a portal keeps keys unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// It does: this run has seen it.
    Kept,
    /// It did, as far as is known; this run has not seen it.
    KnownKept,
    /// It did not, as far as is known; this run has not seen it.
    KnownNotKept,
    /// It does not, or it is unknown.
    NotKept,
}

impl Keys {
    fn seen(kept: bool) -> Keys {
        match kept {
            true => Keys::Kept,
            false => Keys::NotKept,
        }
    }
}

impl Notes {
    /// Whether the portal keeps keys unique, if this run has seen it.
    pub(super) async fn known_kept(&self, activity: Activity) -> Result<Option<bool>, Stop> {
        let mut kept = self.kept[activity as usize].lock().await;
        if kept.is_none() {
            *kept = self.settle.note_keys_kept(activity).await?;
        }
        Ok(*kept)
    }

    /// Whether the portal keeps keys unique. If nothing is known, the first caller finds out, with
    /// its own notes; the others wait. If that fails, the answer is no.
    pub(super) async fn keys_kept(&self, work: &mut Work, way: &KeyWay) -> Result<Keys, Stop> {
        if !way.says_unique {
            return Ok(Keys::NotKept);
        }
        let mut kept = self.kept[way.activity as usize].lock().await;
        if kept.is_none() {
            *kept = self.settle.note_keys_kept(way.activity).await?;
        }
        match (*kept, self.kept_before(way)) {
            (None, Some(true)) => return Ok(Keys::KnownKept),
            (None, Some(false)) => return Ok(Keys::KnownNotKept),
            _ => {}
        }
        while kept.is_none() {
            let Some(&place) = work.ready(way.activity).first() else {
                return Ok(Keys::NotKept);
            };
            self.round(work, way, &[place], Keys::NotKept).await?;
            let piece = &work.pieces[place];
            if piece.state == State::Done && work.rows[piece.row].added {
                *kept = self.send_twin(work, way, place).await?;
            }
        }
        Ok(Keys::seen(kept.unwrap_or_default()))
    }

    /// Whether the portal kept keys unique when it was found out before.
    fn kept_before(&self, way: &KeyWay) -> Option<bool> {
        let property = way.property.as_deref()?;
        self.facts.keys_kept(way.activity, property)
    }

    /// Verifies for this run what was only known from before, now that it matters: a note that this
    /// load created is sent again. If the load has created none yet, the answer is no for now.
    pub(super) async fn prove(&self, work: &mut Work, way: &KeyWay) -> Result<Keys, Stop> {
        let mut kept = self.kept[way.activity as usize].lock().await;
        if kept.is_none() {
            let made = |place: &usize| {
                let piece = &work.pieces[*place];
                piece.activity == way.activity && piece.made
            };
            let place = (0..work.pieces.len()).find(made);
            let Some(place) = place else {
                return Ok(Keys::NotKept);
            };
            *kept = self.send_twin(work, way, place).await?;
        }
        Ok(Keys::seen(kept.unwrap_or_default()))
    }

    /// A key was taken in a portal that was thought not to keep keys unique.
    pub(super) async fn met_collision(&self, way: &KeyWay) -> Result<(), Stop> {
        let mut kept = self.kept[way.activity as usize].lock().await;
        if kept.is_none() {
            *kept = Some(true);
            self.keep(way, true).await?;
        }
        Ok(())
    }

    /// Keeps what this run has seen, for a resume and for other runs.
    async fn keep(&self, way: &KeyWay, kept: bool) -> Result<(), Stop> {
        self.settle.keep_note_keys(way.activity, kept).await?;
        if let Some(property) = way.property.as_deref().filter(|_| way.says_unique) {
            self.facts.learn(Learned::KeysKept {
                activity: way.activity,
                property: property.to_owned(),
                kept,
            });
        }
        Ok(())
    }

    /// A note whose second copy may still be created late waits.
    async fn let_twin_wait(&self, work: &mut Work, place: usize) -> Result<(), Stop> {
        let horizon = i64::try_from(self.horizon.as_millis()).unwrap_or(i64::MAX);
        let until = self.portal_ms().saturating_add(horizon);
        self.loses();
        let keys = vec![work.pieces[place].key.clone()];
        self.settle.lose_notes(keys, until).await?;
        work.pieces[place].state = State::Late;
        Ok(())
    }

    /// Sends an existing note again; none if the reply does not say.
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
            // A refusal says nothing about keys, so keys don't count as unique.
            Some(Verdict::Refused(_) | Verdict::Suspected | Verdict::Missing) => Some(false),
            _ => None,
        };
        match (kept, sent.stop) {
            (_, Some(stop)) => Err(stop),
            (Some(kept), None) => {
                let once = work.pieces[place].settled(&work.rows, NoteState::Made);
                self.settle.twin_note(once).await?;
                self.keep(way, kept).await?;
                Ok(Some(kept))
            }
            (None, None) => {
                self.let_twin_wait(work, place).await?;
                Ok(None)
            }
        }
    }

    /// Handles notes of which a second copy may exist, now that no call can be carried out late:
    /// the copy is archived, and then keys are known not to be unique.
    pub(super) async fn archive_copies(&self, work: &mut Work, way: &KeyWay) -> Result<(), Stop> {
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
                self.keep(way, false).await?;
                *self.kept[way.activity as usize].lock().await = Some(false);
            }
            let _counted = work.done(place, &record, true);
            let once = work.pieces[place].settled(&work.rows, NoteState::Made);
            self.settle.twin_note(once).await?;
        }
        Ok(())
    }

    /// Archives surplus copies of notes.
    async fn archive(&self, way: &KeyWay, ids: &[String]) -> Result<(), Stop> {
        let archived = self.client.batch_archive(way.activity.object(), ids).await;
        match archived.map_err(stop_for)?.errors.first() {
            Some(error) if !error.is_missing() => {
                let said = error.message.clone();
                Err(Stop::Later(Delay::SurplusNote(said)))
            }
            _ => Ok(()),
        }
    }
}
