//! Contacts that rows need, by e-mail (protocol L1, L2): found in the journal, else
//! in the portal, else created. Each e-mail is in one hand at a time; other batches
//! that need it wait. What is known stands in the journal, not in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::reply::{Input, Item, Matching, Verdict};
use super::settle::{SettleHandle, SettledContact};
use super::stop::stop_for;
use super::write::{Sent, Verb, write};
use crate::hubspot::Client;
use crate::hubspot::records::{CreateInput, Record};
use crate::journal::ContactState;
use crate::model::event::Stop;
use crate::model::schema::ObjectType;
use crate::model::ticket::{LinkDraft, Missing};

/// HubSpot: batch limit of contacts.
const BATCH: usize = 100;
/// Rounds of create and look-up before the run stops for later.
const ROUNDS: usize = 4;

/// Protocol K6: how far the portal's clocks may be apart.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(5);

/// What became of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// It exists, with this id.
    Id(String),
    /// There is none, and nobody asked to create it.
    Missing,
    /// The portal refused to create it, in its words.
    Refused(String),
}

type Answer = watch::Receiver<Option<Resolved>>;

/// Finds and creates contacts; shared by all batches in flight.
#[derive(Clone)]
pub struct Contacts {
    client: Client,
    settle: SettleHandle,
    in_hand: Arc<Mutex<HashMap<String, Answer>>>,
}

/// The e-mails that one batch has taken in hand; given back when dropped, also
/// when the batch stops half way.
struct Hand<'a> {
    contacts: &'a Contacts,
    senders: HashMap<String, watch::Sender<Option<Resolved>>>,
}

impl Drop for Hand<'_> {
    fn drop(&mut self) {
        let mut in_hand = self.contacts.in_hand();
        for email in self.senders.keys() {
            let _answer = in_hand.remove(email);
        }
    }
}

/// A contact that is not resolved yet.
#[derive(Clone, Copy)]
struct Open<'a> {
    draft: &'a LinkDraft,
    /// When a send of ours that may have created it was intended, by the portal's
    /// clock.
    intended: Option<Timestamp>,
}

impl Open<'_> {
    fn is_ours(&self, record: &Record) -> bool {
        let since = self
            .intended
            .map(|at| at.checked_sub(CLOCK_SLACK).unwrap_or(at));
        let created = record
            .get("createdate")
            .and_then(|text| text.parse::<Timestamp>().ok());
        since
            .zip(created)
            .is_some_and(|(since, created)| created >= since)
    }
}

impl Contacts {
    /// Contacts of one portal.
    pub fn new(client: Client, settle: SettleHandle) -> Contacts {
        Contacts {
            client,
            settle,
            in_hand: Arc::default(),
        }
    }

    /// What becomes of the contacts that `links` ask for, by e-mail.
    ///
    /// # Errors
    /// When the run has to stop.
    pub async fn resolve(
        &self,
        links: impl Iterator<Item = &LinkDraft>,
    ) -> Result<HashMap<String, Resolved>, Stop> {
        let mut wanted: BTreeMap<&str, &LinkDraft> = BTreeMap::new();
        for link in links {
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
            .filter_map(|email| wanted.get(email.as_str()).copied())
            .collect();
        for part in mine.chunks(BATCH) {
            for (email, resolved) in self.work(part).await? {
                if let Some(sender) = hand.senders.get(&email) {
                    let _old = sender.send_replace(Some(resolved.clone()));
                }
                let _new = found.insert(email, resolved);
            }
        }
        drop(hand);
        for (email, answer) in &mut others {
            if let Ok(resolved) = answer.wait_for(Option::is_some).await {
                found.extend(resolved.clone().map(|resolved| (email.clone(), resolved)));
            } else {
                return Err(Stop::Later(
                    "the batch that looked for a contact stopped".to_owned(),
                ));
            }
        }
        Ok(found)
    }

    /// Takes the e-mails that nobody has in hand; for the others, where to wait.
    fn take(&self, wanted: &BTreeMap<&str, &LinkDraft>) -> (Hand<'_>, Vec<(String, Answer)>) {
        let mut senders = HashMap::new();
        let mut others = Vec::new();
        let mut in_hand = self.in_hand();
        for &email in wanted.keys() {
            if let Some(answer) = in_hand.get(email) {
                others.push((email.to_owned(), answer.clone()));
            } else {
                let (sender, answer) = watch::channel(None);
                let _new = in_hand.insert(email.to_owned(), answer);
                let _new = senders.insert(email.to_owned(), sender);
            }
        }
        drop(in_hand);
        let hand = Hand {
            contacts: self,
            senders,
        };
        (hand, others)
    }

    fn in_hand(&self) -> MutexGuard<'_, HashMap<String, Answer>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves at most 100 e-mails that are in our hand.
    async fn work(&self, drafts: &[&LinkDraft]) -> Result<Vec<(String, Resolved)>, Stop> {
        let emails: Vec<String> = drafts.iter().map(|draft| draft.value.clone()).collect();
        let known = self.settle.find_contacts(emails).await?;
        let mut done = Vec::new();
        let mut open = Vec::new();
        for (draft, state) in drafts.iter().zip(known) {
            match state {
                Some(ContactState::Exists(id)) => {
                    done.push((draft.value.clone(), Resolved::Id(id)))
                }
                Some(ContactState::Intended(at)) => open.push(Open {
                    draft,
                    intended: at,
                }),
                None => open.push(Open {
                    draft,
                    intended: None,
                }),
            }
        }
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

    /// Reads contacts by e-mail; gives back those that are not there. One that an
    /// earlier send of ours may have created, and that is no older, is ours (K6).
    async fn read<'a>(
        &self,
        open: Vec<Open<'a>>,
        done: &mut Vec<(String, Resolved)>,
    ) -> Result<Vec<Open<'a>>, Stop> {
        if open.is_empty() {
            return Ok(open);
        }
        let emails: Vec<String> = open.iter().map(|open| open.draft.value.clone()).collect();
        let wanted = ["email", "hs_additional_emails", "createdate"];
        let reply = self
            .client
            .batch_read(ObjectType::Contacts, Some("email"), &emails, &wanted, false)
            .await
            .map_err(stop_for)?;
        let mut missing = Vec::new();
        let mut settled = Vec::new();
        for open in open {
            let email = &open.draft.value;
            let mut records = reply.results.iter();
            match records.find(|record| has_email(record, email)) {
                Some(record) => settled.push(contact(email, &record.id, open.is_ours(record))),
                None => missing.push(open),
            }
        }
        self.keep(settled, done).await?;
        Ok(missing)
    }

    /// Creates contacts that are not there, until each has an id or is refused.
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
            let emails = open.iter().map(|open| open.draft.value.clone()).collect();
            self.settle.intend_contacts(emails, now).await?;
            let Sent { verdicts, stop } = self.send(&open).await;
            let mut settled = Vec::new();
            let mut doubtful = Vec::new();
            for (mut open, verdict) in open.into_iter().zip(verdicts) {
                let email = &open.draft.value;
                match verdict {
                    Verdict::Written { id, .. } => settled.push(contact(email, &id, true)),
                    Verdict::Collided(Some(id)) => settled.push(contact(email, &id, false)),
                    Verdict::Refused(issue) => {
                        let detail = issue.first().reason.sentence();
                        done.push((email.clone(), Resolved::Refused(detail)));
                    }
                    Verdict::Unclear | Verdict::Late => {
                        open.intended = open.intended.or(now);
                        doubtful.push(open);
                    }
                    Verdict::Collided(None)
                    | Verdict::Suspected
                    | Verdict::Missing
                    | Verdict::Repeat => doubtful.push(open),
                }
            }
            self.keep(settled, done).await?;
            if let Some(stop) = stop {
                return Err(stop);
            }
            open = self.read(doubtful, done).await?;
        }
        match open.is_empty() {
            true => Ok(()),
            false => Err(Stop::Later(
                "the portal's replies do not say what became of some contacts".to_owned(),
            )),
        }
    }

    async fn send(&self, open: &[Open<'_>]) -> Sent {
        let items: Vec<Item> = open.iter().enumerate().map(item).collect();
        let items: Vec<&Item> = items.iter().collect();
        let matching = Matching::Key("email");
        let object = ObjectType::Contacts;
        write(&self.client, object, Verb::Create, &matching, &items).await
    }

    async fn keep(
        &self,
        settled: Vec<SettledContact>,
        done: &mut Vec<(String, Resolved)>,
    ) -> Result<(), Stop> {
        if settled.is_empty() {
            return Ok(());
        }
        let resolved =
            |contact: &SettledContact| (contact.email.clone(), Resolved::Id(contact.id.clone()));
        done.extend(settled.iter().map(resolved));
        self.settle.settle_contacts(settled).await?;
        Ok(())
    }
}

fn contact(email: &str, id: &str, created: bool) -> SettledContact {
    SettledContact {
        email: email.to_owned(),
        id: id.to_owned(),
        created,
    }
}

/// Secondary e-mails count: HubSpot resolves them but answers with the first (L2).
fn has_email(record: &Record, email: &str) -> bool {
    let is = |held: &str| held.trim().eq_ignore_ascii_case(email);
    let first = record.get("email").is_some_and(is);
    let others = record.get("hs_additional_emails").unwrap_or_default();
    first || others.split(';').any(is)
}

fn item((idx, open): (usize, &Open<'_>)) -> Item {
    Item {
        input: Input::New(CreateInput {
            trace_id: idx.to_string(),
            properties: open.draft.properties.clone(),
            associations: Vec::new(),
        }),
        key: open.draft.value.clone(),
    }
}
