//! Delivers the notes of a load: asks the journal what it knows about them and the portal what
//! their tickets hold already, then makes round after round of calls until each note exists, is
//! refused, or has to wait for the next sweep (protocol H3).

use std::collections::{BTreeSet, HashMap};

use futures::future::join_all;
use tokio::time::Instant;

use super::Notes;
use super::held::Held;
use super::unique_keys::Keys;
use super::way::KeyWay;
use super::work::{State, Work};
use crate::hubspot::records::written::WrittenRecord;
use crate::import::flow::Standing;
use crate::import::plan::CALL_BYTES;
use crate::import::send::reply::{Item, Matching, Verdict};
use crate::import::send::write::{Sent, Verb, write};
use crate::import::stop::replies_say_nothing;
use crate::journal::{NoteState, NoteStep, SettledNote};
use crate::model::note::Activity;
use crate::model::outcome::Change;
use crate::model::stop::Stop;

/// How often a note is sent before the run stops for later.
const ATTEMPTS: u32 = 8;

/// The result of a round of calls.
#[derive(Default)]
struct News {
    settled: Vec<SettledNote>,
    /// The replies do not say whether it was written; with whether it may still be carried out
    /// late.
    unclear: Vec<(usize, bool)>,
    /// The key is taken, by the note with the id that the portal names.
    collided: Vec<(usize, Option<String>)>,
}

impl Notes {
    /// Delivers the notes of rows and settles the rows; returns how many rows have to
    /// wait for the next sweep.
    ///
    /// # Errors
    /// When the run has to stop; the rows then keep waiting.
    pub async fn deliver(&self, rows: Vec<Standing>) -> Result<usize, Stop> {
        let mut ways = Vec::new();
        for activity in activities(&rows) {
            ways.push(self.way(activity).await?);
        }
        let mut work = Work::of(rows);
        let sent = self.kinds(&mut work, &ways).await;
        let unsent = work.pieces.iter().filter(|piece| match piece.state {
            State::Bad(_) => true,
            State::Todo => !piece.doubtful,
            State::Done | State::Late | State::Twin(_) => false,
        });
        let unsent = unsent.map(|piece| piece.key.clone()).collect();
        self.settle.release_notes(unsent).await?;
        sent?;
        let (outcomes, open) = work.ended();
        self.settle.settle(outcomes).await?;
        Ok(open)
    }

    /// Delivers one kind after another.
    async fn kinds(&self, work: &mut Work, ways: &[&KeyWay]) -> Result<(), Stop> {
        self.recall(work, ways).await?;
        for way in ways {
            self.rounds(work, way).await?;
        }
        Ok(())
    }

    async fn rounds(&self, work: &mut Work, way: &KeyWay) -> Result<(), Stop> {
        self.archive_copies(work, way).await?;
        self.look(work, way).await?;
        if work.todo(way.activity).is_empty() {
            return Ok(());
        }
        self.look_again(work, way).await?;
        self.send_ready(work, way).await?;
        // Notes without files do not wait for the files of others.
        self.bring_files(work, way).await?;
        self.send_ready(work, way).await
    }

    /// Sends the notes that wait for no files, until none is left.
    async fn send_ready(&self, work: &mut Work, way: &KeyWay) -> Result<(), Stop> {
        if work.ready(way.activity).is_empty() {
            return Ok(());
        }
        let keys = self.keys_kept(work, way).await?;
        loop {
            let ready = work.ready(way.activity);
            if ready.is_empty() {
                return Ok(());
            }
            self.round(work, way, &ready, keys).await?;
        }
    }

    /// Applies what the journal knows about the notes: some exist, some were sent and may exist.
    /// Those whose call may still be carried out late wait, and so does one whose key another row
    /// has in flight.
    async fn recall(&self, work: &mut Work, ways: &[&KeyWay]) -> Result<(), Stop> {
        let keys = work.pieces.iter().map(|piece| piece.key.clone()).collect();
        let steps = self.settle.find_notes(keys).await?;
        let mut kept = BTreeSet::new();
        for way in ways {
            if self.known_kept(way.activity).await? == Some(true) {
                let _new = kept.insert(way.activity);
            }
        }
        let lag = i64::try_from(self.lag().as_millis()).unwrap_or(i64::MAX);
        let safe = self.portal_ms().saturating_sub(lag);
        let mut first: HashMap<String, u64> = HashMap::new();
        for (place, step) in steps.into_iter().enumerate() {
            let seq = work.rows[work.pieces[place].row].seq();
            let key = work.pieces[place].key.clone();
            match (first.insert(key, seq), step) {
                (Some(other), _) if other == seq => work.recalled(place, false),
                (Some(_), _) => work.pieces[place].state = State::Late,
                (None, None) => {}
                (None, Some(step)) => {
                    let late = step.until_ms.is_some_and(|until| until > safe);
                    recalled(work, place, step, late, &kept);
                }
            }
        }
        Ok(())
    }

    /// Looks at the tickets that may already hold some of the notes.
    async fn look(&self, work: &mut Work, way: &KeyWay) -> Result<(), Stop> {
        let mut places = work.todo(way.activity);
        places.retain(|&place| work.rows[work.pieces[place].row].looks);
        self.find(work, way, &places).await
    }

    /// Looks again at tickets that existed before, unless their notes can't be duplicated:
    /// notes created by a run that ended just before this one began are visible by then.
    async fn look_again(&self, work: &mut Work, way: &KeyWay) -> Result<(), Stop> {
        let mut places = work.todo(way.activity);
        places.retain(|&place| {
            let standing = &work.rows[work.pieces[place].row].standing;
            standing.change() != Some(Change::Created)
        });
        let seen = self.started + self.lag();
        let kept = self.known_kept(way.activity).await? == Some(true);
        if places.is_empty() || kept || Instant::now() >= seen {
            return Ok(());
        }
        self.announce_pause(seen);
        self.pause_until(seen).await?;
        self.find(work, way, &places).await
    }

    /// Finds notes on their tickets.
    pub(super) async fn find(
        &self,
        work: &mut Work,
        way: &KeyWay,
        places: &[usize],
    ) -> Result<(), Stop> {
        let tickets = places.iter().map(|&place| work.ticket_of(place).to_owned());
        let tickets: BTreeSet<String> = tickets.collect();
        if tickets.is_empty() {
            return Ok(());
        }
        let held = Held::read(&self.client, way, &tickets).await?;
        let settled = recognised(work, &held, places);
        Ok(self.settle.settle_notes(settled).await?)
    }

    /// Makes one round of calls for these notes.
    pub(super) async fn round(
        &self,
        work: &mut Work,
        way: &KeyWay,
        todo: &[usize],
        keys: Keys,
    ) -> Result<(), Stop> {
        if let Some(stop) = self.stop.reason() {
            return Err(stop);
        }
        let ours = self.intend(work, todo).await?;
        let calls = calls(work, &ours);
        let sent = join_all(calls.iter().map(|call| self.send(work, way, call))).await;
        let mut news = News::default();
        let mut stop = None;
        for (call, sent) in calls.iter().zip(sent) {
            take(work, call, sent.verdicts, &mut news);
            stop = stop.or(sent.stop);
        }
        self.settle.settle_notes(news.settled).await?;
        let keys = match keys {
            Keys::KnownKept if stop.is_none() && !news.unclear.is_empty() => {
                self.prove(work, way).await?
            }
            keys => keys,
        };
        if keys == Keys::Kept && stop.is_none() {
            let unclear: Vec<usize> = news.unclear.iter().map(|(place, _)| *place).collect();
            self.find(work, way, &unclear).await?;
        } else {
            self.let_wait(work, &news.unclear).await?;
        }
        if keys == Keys::KnownNotKept && !news.collided.is_empty() {
            self.met_collision(way).await?;
        }
        match stop {
            Some(stop) => Err(stop),
            None => self.settle_collided(work, way, news.collided).await,
        }
    }

    /// Makes the intents of notes durable; returns those that their rows may send.
    async fn intend(&self, work: &mut Work, todo: &[usize]) -> Result<Vec<usize>, Stop> {
        let entries = todo
            .iter()
            .map(|&place| work.pieces[place].entry(&work.rows));
        let intended = self.settle.intend_notes(entries.collect()).await?;
        let mut ours = Vec::new();
        for (&place, intended) in todo.iter().zip(intended) {
            let piece = &mut work.pieces[place];
            match intended {
                true => ours.push(place),
                false => piece.state = State::Late,
            }
            piece.attempts += 1;
            if piece.attempts > ATTEMPTS {
                return Err(replies_say_nothing());
            }
        }
        Ok(ours)
    }

    /// Makes notes wait that can't be sent again until their calls can no longer be carried out
    /// late.
    async fn let_wait(&self, work: &mut Work, unclear: &[(usize, bool)]) -> Result<(), Stop> {
        let horizon = i64::try_from(self.horizon.as_millis()).unwrap_or(i64::MAX);
        for late in [true, false] {
            let places = unclear.iter().filter(|(_, comes)| *comes == late);
            let mut keys = Vec::new();
            for (place, _) in places {
                let piece = &mut work.pieces[*place];
                piece.state = State::Late;
                keys.push(piece.key.clone());
            }
            if !keys.is_empty() {
                let after = if late { horizon } else { 0 };
                self.loses();
                let until = self.portal_ms().saturating_add(after);
                self.settle.lose_notes(keys, until).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn send(&self, work: &Work, way: &KeyWay, call: &[usize]) -> Sent {
        let item = |&place: &usize| work.pieces[place].item(place, work.ticket_of(place), way);
        let items: Vec<Item> = call.iter().map(item).collect();
        let items: Vec<&Item> = items.iter().collect();
        let same = |item: &Item, record: &WrittenRecord| way.is(record, &item.key);
        let matching = match &way.property {
            Some(property) => Matching::Key(property),
            None => Matching::Content(&same),
        };
        write(
            &self.client,
            way.activity.object(),
            Verb::Create,
            &matching,
            &items,
        )
        .await
    }

    /// Waits for a time, or for the run to stop.
    pub(super) async fn pause_until(&self, time: Instant) -> Result<(), Stop> {
        tokio::select! {
            () = tokio::time::sleep_until(time) => {}
            () = self.stop.pulled() => {}
        }
        self.stop.reason().map_or(Ok(()), Err)
    }
}

/// Finds notes that their tickets hold: by their keys, then, each record for one note, by
/// time and text, in case keys were lost or never stored.
fn recognised(work: &mut Work, held: &Held<'_>, places: &[usize]) -> Vec<SettledNote> {
    let mut settled = Vec::new();
    for &place in places {
        let found = held.all(work.ticket_of(place), &work.pieces[place].key);
        if let Some(record) = found.first() {
            let (id, is_ours) = (record.id.clone(), work.pieces[place].doubtful);
            settled.push(work.done(place, &id, is_ours));
        }
    }
    let taken = work.pieces.iter().filter_map(|piece| piece.record.clone());
    let mut taken: BTreeSet<String> = taken.collect();
    for &place in places {
        let piece = &work.pieces[place];
        if piece.state == State::Done {
            continue;
        }
        let (said, is_ours) = ((piece.at_ms, piece.text), piece.doubtful);
        let found = held.keyless(work.ticket_of(place), &piece.key, said);
        let mut ids = found.into_iter().map(|record| record.id.clone());
        if let Some(id) = ids.find(|id| !taken.contains(id)) {
            settled.push(work.done(place, &id, is_ours));
            let _new = taken.insert(id);
        }
    }
    settled
}

/// The kinds of records that the comments of rows become, each once.
fn activities(rows: &[Standing]) -> BTreeSet<Activity> {
    let notes = rows.iter().flat_map(|row| &row.op.draft.notes);
    notes.map(|note| note.activity).collect()
}

/// Divides notes into calls: at most as many as each of them allows, and as many bytes as a call
/// takes.
fn calls(work: &Work, places: &[usize]) -> Vec<Vec<usize>> {
    let mut calls: Vec<Vec<usize>> = Vec::new();
    let (mut bytes, mut most) = (0, 0);
    for &place in places {
        let piece = &work.pieces[place];
        let fits = |call: &&mut Vec<usize>| {
            call.len() < piece.company.min(most) && bytes + piece.bytes() <= CALL_BYTES
        };
        match calls.last_mut().filter(fits) {
            Some(call) => {
                call.push(place);
                bytes += piece.bytes();
                most = most.min(piece.company);
            }
            None => {
                calls.push(vec![place]);
                (bytes, most) = (piece.bytes(), piece.company);
            }
        }
    }
    calls
}

/// Applies what the journal knows about a note, given whether its call may still be carried out
/// late, and the kinds of notes whose keys the portal keeps unique.
fn recalled(work: &mut Work, place: usize, step: NoteStep, late: bool, kept: &BTreeSet<Activity>) {
    let piece = &mut work.pieces[place];
    let own = step.entry.seq == work.rows[piece.row].seq();
    match step.state {
        NoteState::Open if !own => piece.state = State::Late,
        NoteState::Twin if own && late => piece.state = State::Late,
        NoteState::Twin if own => {
            piece.state = State::Twin(step.record.unwrap_or_default());
        }
        NoteState::Open => {
            piece.doubtful = true;
            if late && !kept.contains(&piece.activity) {
                piece.state = State::Late;
            }
            work.rows[piece.row].looks = true;
        }
        state => work.recalled(place, own && state == NoteState::Made),
    }
}

/// Applies the verdicts of a call.
fn take(work: &mut Work, call: &[usize], verdicts: Vec<Verdict>, news: &mut News) {
    for (&place, verdict) in call.iter().zip(verdicts) {
        match verdict {
            Verdict::Written { id, .. } => {
                work.pieces[place].made = true;
                news.settled.push(work.done(place, &id, true));
            }
            Verdict::Refused(issue) => {
                let reason = issue.first().reason.clone();
                work.pieces[place].state = State::Bad(Box::new(reason));
            }
            Verdict::Collided(named) => news.collided.push((place, named)),
            Verdict::Suspected => work.pieces[place].company = (call.len() / 2).max(1),
            Verdict::Unclear | Verdict::Missing | Verdict::Late => {
                work.pieces[place].doubtful = true;
                news.unclear.push((place, verdict == Verdict::Late));
            }
            Verdict::Repeat => {}
        }
    }
}
