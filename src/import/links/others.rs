//! Other records that rows need, by a natural key such as a contact's e-mail (protocol
//! L1-L3): found in the journal, else in the portal, else created. Each key is handled
//! by one batch at a time; others that need it wait. What is known is in the journal,
//! not in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::found::Resolved;
use super::natural::Natural;
use crate::hubspot::Client;
use crate::hubspot::records::{CreateInput, Record};
use crate::import::send::reading::{Closed, Given};
use crate::import::send::reply::{Input, Item, Matching, Verdict};
use crate::import::send::write::{Sent, Verb, write};
use crate::import::settle::{SettleHandle, SettledOther};
use crate::journal::OtherState;
use crate::model::stop::{Delay, Obstacle, Stop};
use crate::model::ticket::{LinkDraft, Missing};
use crate::model::window::Window;

/// HubSpot: batch limit of records.
const BATCH: usize = 100;
/// Rounds of create and look-up before the run stops for later.
const ROUNDS: usize = 4;

type Answer = watch::Receiver<Option<Resolved>>;

/// Finds and creates records by one natural key; shared by all batches in flight.
pub struct Others {
    client: Client,
    settle: SettleHandle,
    natural: Natural,
    in_hand: Mutex<HashMap<String, Answer>>,
}

/// The keys that one batch is handling; released when dropped, also if the batch stops
/// half way.
struct Hand<'a> {
    others: &'a Others,
    senders: HashMap<String, watch::Sender<Option<Resolved>>>,
}

impl Drop for Hand<'_> {
    fn drop(&mut self) {
        let mut in_hand = self.others.in_hand();
        for key in self.senders.keys() {
            let _answer = in_hand.remove(key);
        }
    }
}

/// A record that is not resolved yet.
#[derive(Clone, Copy)]
struct Open<'a> {
    draft: &'a LinkDraft,
    /// Set when a send of ours may have created it, in this time of the portal's clock.
    sent: Option<Window>,
}

impl Open<'_> {
    fn is_ours(&self, record: &Record) -> bool {
        let plain = || record.get("createdate")?.parse::<Timestamp>().ok();
        let created = record.inserted_at().or_else(plain);
        self.sent.is_some_and(|window| window.holds(created))
    }
}

impl Others {
    /// Records of one portal.
    pub fn new(client: Client, settle: SettleHandle, natural: Natural) -> Others {
        Others {
            client,
            settle,
            natural,
            in_hand: Mutex::default(),
        }
    }

    /// The outcomes of the records that `links` need, by their values.
    ///
    /// # Errors
    /// When the run has to stop.
    pub async fn resolve(&self, links: &[&LinkDraft]) -> Result<HashMap<String, Resolved>, Stop> {
        let mut wanted: BTreeMap<&str, &LinkDraft> = BTreeMap::new();
        for &link in links {
            let draft = wanted.entry(&link.value).or_insert(link);
            if link.missing == Missing::Create {
                *draft = link;
            }
        }
        let mut found = HashMap::new();
        let (hand, mut others) = self.take(&wanted);
        let mine: Vec<&LinkDraft> = hand
            .senders
            .keys()
            .filter_map(|key| wanted.get(key.as_str()).copied())
            .collect();
        for part in mine.chunks(BATCH) {
            for (key, resolved) in self.work(part).await? {
                if let Some(sender) = hand.senders.get(&key) {
                    let _old = sender.send_replace(Some(resolved.clone()));
                }
                let _new = found.insert(key, resolved);
            }
        }
        drop(hand);
        for (key, answer) in &mut others {
            if let Ok(resolved) = answer.wait_for(Option::is_some).await {
                found.extend(resolved.clone().map(|resolved| (key.clone(), resolved)));
            } else {
                return Err(Stop::Later(Delay::LookUpStopped));
            }
        }
        Ok(found)
    }

    /// Takes the keys that no batch is handling; for the others, where to wait.
    fn take(&self, wanted: &BTreeMap<&str, &LinkDraft>) -> (Hand<'_>, Vec<(String, Answer)>) {
        let mut senders = HashMap::new();
        let mut others = Vec::new();
        let mut in_hand = self.in_hand();
        for &key in wanted.keys() {
            if let Some(answer) = in_hand.get(key) {
                others.push((key.to_owned(), answer.clone()));
            } else {
                let (sender, answer) = watch::channel(None);
                let _new = in_hand.insert(key.to_owned(), answer);
                let _new = senders.insert(key.to_owned(), sender);
            }
        }
        drop(in_hand);
        let hand = Hand {
            others: self,
            senders,
        };
        (hand, others)
    }

    fn in_hand(&self) -> MutexGuard<'_, HashMap<String, Answer>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves at most 100 keys that this batch is handling.
    async fn work(&self, drafts: &[&LinkDraft]) -> Result<Vec<(String, Resolved)>, Stop> {
        let keys: Vec<String> = drafts.iter().map(|draft| draft.value.clone()).collect();
        let known = self.settle.find_others(self.natural.kind(), keys).await?;
        let mut done = Vec::new();
        let mut open = Vec::new();
        for (draft, state) in drafts.iter().zip(known) {
            match state {
                Some(OtherState::Exists(id)) => done.push((draft.value.clone(), Resolved::Id(id))),
                Some(OtherState::Intended(window)) => open.push(Open {
                    draft,
                    sent: Some(window),
                }),
                None => open.push(Open { draft, sent: None }),
            }
        }
        let (open, unsearchable): (Vec<_>, Vec<_>) = open
            .into_iter()
            .partition(|open| self.natural.can_find(&open.draft.value));
        done.extend(unsearchable.iter().map(|open| too_long(&open.draft.value)));
        let mut open = self.read(open, &mut done).await?;
        let (create, leave): (Vec<_>, Vec<_>) = open
            .drain(..)
            .partition(|open| open.draft.missing == Missing::Create);
        let missing = leave
            .into_iter()
            .map(|open| (open.draft.value.clone(), Resolved::Missing));
        done.extend(missing);
        self.create(create, &mut done).await?;
        Ok(done)
    }

    /// Reads records by their keys; returns those that do not exist. One that an
    /// earlier send of ours may have created, and that is no older, is ours (K6).
    async fn read<'a>(
        &self,
        open: Vec<Open<'a>>,
        done: &mut Vec<(String, Resolved)>,
    ) -> Result<Vec<Open<'a>>, Stop> {
        if open.is_empty() {
            return Ok(open);
        }
        let keys: Vec<String> = open.iter().map(|open| open.draft.value.clone()).collect();
        let Given { records, closed } = self.natural.read(&self.client, &keys).await?;
        let open = shown(open, closed, done)?;
        let mut missing = Vec::new();
        let mut settled = Vec::new();
        for open in open {
            let key = &open.draft.value;
            let mut held = records
                .iter()
                .filter(|record| self.natural.holds(record, key));
            match (held.next(), held.next()) {
                (None, _) => missing.push(open),
                (Some(record), None) => {
                    settled.push(other(key, &record.id, open.is_ours(record)));
                }
                (Some(one), Some(two)) => {
                    let ids = [one, two].into_iter().chain(held);
                    let ids = ids.map(|record| record.id.clone()).collect();
                    done.push((key.clone(), Resolved::Ambiguous(ids)));
                }
            }
        }
        self.keep(settled, done).await?;
        Ok(missing)
    }

    /// Creates missing records, until each has an id or is refused.
    async fn create(
        &self,
        mut open: Vec<Open<'_>>,
        done: &mut Vec<(String, Resolved)>,
    ) -> Result<(), Stop> {
        for _round in 0..ROUNDS {
            if open.is_empty() {
                return Ok(());
            }
            let now = self.client.portal_now();
            let keys = open.iter().map(|open| open.draft.value.clone()).collect();
            self.settle
                .intend_others(self.natural.kind(), keys, now)
                .await?;
            for open in &mut open {
                open.sent = open.sent.map(|window| Window::open(window.since));
            }
            let Sent { verdicts, stop } = self.send(&open).await;
            let judged = open.into_iter().zip(verdicts);
            let sorted = sorted(judged, now, done);
            self.keep(sorted.settled, done).await?;
            let unsent = unsent(&sorted.doubtful);
            let read = match stop {
                Some(stop) => Err(stop),
                None => self.read_again(sorted.named, sorted.doubtful, done).await,
            };
            if read.is_err() {
                self.release(unsent).await;
            }
            open = read?;
        }
        if open.is_empty() {
            return Ok(());
        }
        self.release(unsent(&open)).await;
        Err(Stop::Later(Delay::Undecided("records that are linked to")))
    }

    /// Reads records again that a round of creates has not settled; returns those that do
    /// not exist.
    async fn read_again<'a>(
        &self,
        named: Vec<(Open<'a>, String)>,
        doubtful: Vec<Open<'a>>,
        done: &mut Vec<(String, Resolved)>,
    ) -> Result<Vec<Open<'a>>, Stop> {
        self.read_named(named, done).await?;
        self.read(doubtful, done).await
    }

    /// Settles records whose creation collided with the record of this id (L2), which an
    /// earlier send of ours may have created: its call may have been carried out after it
    /// was looked for. One that was created in that time is ours, in doubt it is not (K6).
    async fn read_named(
        &self,
        named: Vec<(Open<'_>, String)>,
        done: &mut Vec<(String, Resolved)>,
    ) -> Result<(), Stop> {
        if named.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = named.iter().map(|(_, id)| id.clone()).collect();
        let Given { records, closed } = self.natural.read_ids(&self.client, &ids).await?;
        if let Some(Closed { words, .. }) = closed.into_iter().next() {
            return Err(Stop::MustFix(Obstacle::Hidden(words)));
        }
        let settled = named.iter().map(|(open, id)| {
            let key = &open.draft.value;
            let is_ours = records
                .iter()
                .filter(|record| record.id == *id && self.natural.holds(record, key))
                .any(|record| open.is_ours(record));
            other(key, id, is_ours)
        });
        self.keep(settled.collect(), done).await
    }

    /// Withdraws the intents of records for which no call began.
    async fn release(&self, keys: Vec<String>) {
        // If the settle thread has ended, it reports its own error.
        let _gone = self.settle.release_others(self.natural.kind(), keys).await;
    }

    async fn send(&self, open: &[Open<'_>]) -> Sent {
        let items: Vec<Item> = open.iter().enumerate().map(item).collect();
        let items: Vec<&Item> = items.iter().collect();
        let matching = Matching::Key(&self.natural.property);
        let object = self.natural.object;
        write(&self.client, object, Verb::Create, &matching, &items).await
    }

    async fn keep(
        &self,
        settled: Vec<SettledOther>,
        done: &mut Vec<(String, Resolved)>,
    ) -> Result<(), Stop> {
        if settled.is_empty() {
            return Ok(());
        }
        let resolved = |other: &SettledOther| (other.key.clone(), Resolved::Id(other.id.clone()));
        done.extend(settled.iter().map(resolved));
        self.settle
            .settle_others(self.natural.object, self.natural.kind(), settled)
            .await?;
        Ok(())
    }
}

/// Records that the portal shows or does not have. What a send of ours may have created
/// stays in doubt until it can be read.
fn shown<'a>(
    mut open: Vec<Open<'a>>,
    closed: Vec<Closed>,
    done: &mut Vec<(String, Resolved)>,
) -> Result<Vec<Open<'a>>, Stop> {
    for Closed { name, words, .. } in closed {
        if open
            .iter()
            .any(|open| open.draft.value == name && open.sent.is_some())
        {
            return Err(Stop::MustFix(Obstacle::Hidden(words)));
        }
        open.retain(|open| open.draft.value != name);
        done.push((name, Resolved::Hidden(words)));
    }
    Ok(open)
}

/// Keys of records that no call can have created.
fn unsent(open: &[Open<'_>]) -> Vec<String> {
    let unsent = open.iter().filter(|open| open.sent.is_none());
    unsent.map(|open| open.draft.value.clone()).collect()
}

/// Protocol E5: a search is limited to 3,000 characters.
pub(super) fn too_long(key: &str) -> (String, Resolved) {
    let words = format!(
        "a value of {} characters is too long to be searched for",
        key.chars().count()
    );
    (key.to_owned(), Resolved::Refused(words))
}

/// Records by what the portal said about their creation.
#[derive(Default)]
struct Sorted<'a> {
    /// They exist, and who created them is known.
    settled: Vec<SettledOther>,
    /// They exist with this id; an earlier send of ours may have created them.
    named: Vec<(Open<'a>, String)>,
    /// They are looked for again.
    doubtful: Vec<Open<'a>>,
}

/// Sorts records by what the portal said about them; refused ones are finished.
fn sorted<'a>(
    judged: impl Iterator<Item = (Open<'a>, Verdict)>,
    now: Option<Timestamp>,
    done: &mut Vec<(String, Resolved)>,
) -> Sorted<'a> {
    let mut sorted = Sorted::default();
    for (mut open, verdict) in judged {
        let key = &open.draft.value;
        match verdict {
            Verdict::Written { id, .. } => sorted.settled.push(other(key, &id, true)),
            Verdict::Collided(Some(id)) if open.sent.is_some() => sorted.named.push((open, id)),
            Verdict::Collided(Some(id)) => sorted.settled.push(other(key, &id, false)),
            Verdict::Refused(issue) => {
                let detail = issue.first().reason.sentence();
                done.push((key.clone(), Resolved::Refused(detail)));
            }
            Verdict::Unclear | Verdict::Late => {
                open.sent = open.sent.or(Some(Window::open(now)));
                sorted.doubtful.push(open);
            }
            Verdict::Collided(None) | Verdict::Suspected | Verdict::Missing | Verdict::Repeat => {
                sorted.doubtful.push(open);
            }
        }
    }
    sorted
}

fn other(key: &str, id: &str, created: bool) -> SettledOther {
    SettledOther {
        key: key.to_owned(),
        id: id.to_owned(),
        created,
    }
}

fn item((idx, open): (usize, &Open<'_>)) -> Item {
    Item {
        input: Input::New(CreateInput {
            trace_id: idx.to_string(),
            properties: open.draft.properties.clone(),
            associations: Vec::new(),
        }),
        key: open.draft.value.as_str().into(),
    }
}
