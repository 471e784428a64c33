//! Makes and removes links between tickets and other records that are all known. Existing links are
//! not sent: links are read first, a thousand tickets at a time, so that a row can report that
//! nothing had to be done, and labels of others are kept (HubSpot: putting a label removes the
//! other labels of a pair). No pair is in a call twice, and every call may be repeated (protocol
//! L4).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::link::Link;
use crate::hubspot::contract::{LINK_LIMIT, LINKED_LIMIT, UNLINK_LIMIT};
use crate::hubspot::{ApiError, CallError, Client, LinkInput, LinkReply, LinkType};
use crate::import::send::parts::Parts;
use crate::import::stop::stop_for;
use crate::model::made_link::{MadeKind, MadeLink};
use crate::model::schema::ObjectType;
use crate::model::stop::Stop;

/// What is done with links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Make them.
    Make,
    /// Remove them: a label; without one, everything between the two records.
    Cut,
}

/// The links that one ticket is to have, or to lose.
#[derive(Clone, Copy, Debug)]
pub struct OfTicket<'a> {
    /// Id of the ticket.
    pub ticket: &'a str,
    /// Its links, each other record once.
    pub links: &'a [Link],
}

/// The outcome of the links of one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// They are as wanted.
    Done {
        /// False if all were so before.
        changed: bool,
    },
    /// One of them can't be made: the column that requested it, and the portal's words.
    Refused {
        /// Column of the input.
        column: String,
        /// Record id of its other end.
        id: String,
        /// What the portal said.
        detail: String,
    },
}

/// Ids of a ticket and of another record.
type Pair = (String, String);
/// Existing links between pairs of records.
type Between = HashMap<Pair, Vec<LinkType>>;

/// Makes or removes links; returns the outcome of each ticket's, in their order.
///
/// # Errors
/// When the run has to stop; links may have been written then.
pub async fn put(client: &Client, way: Way, wanted: &[OfTicket<'_>]) -> Result<Vec<Linked>, Stop> {
    let held = Held::read(client, wanted).await?;
    held.put(client, way, wanted, &mut BTreeSet::new()).await
}

/// Existing links between tickets and other records.
#[derive(Debug)]
pub struct Held(Vec<(ObjectType, Between)>);

impl Held {
    /// Reads which of the wanted links exist.
    pub async fn read(client: &Client, wanted: &[OfTicket<'_>]) -> Result<Held, Stop> {
        let mut held = Vec::new();
        let links = wanted.iter().flat_map(|of| of.links);
        let objects: BTreeSet<ObjectType> = links.map(|link| link.to).collect();
        for object in objects {
            let tickets: BTreeSet<&str> = wanted
                .iter()
                .filter(|of| of.links.iter().any(|link| link.to == object))
                .map(|of| of.ticket)
                .collect();
            held.push((object, read(client, object, &tickets).await?));
        }
        Ok(Held(held))
    }

    /// Whether nothing has to be done for the links of a ticket.
    pub fn is_as_wanted(&self, way: Way, wanted: OfTicket<'_>) -> bool {
        let mut objects = self.0.iter();
        objects.all(|(object, between)| Todo::of(way, *object, &[wanted], between).0.is_empty())
    }

    /// What making the links of a ticket adds.
    pub fn added(&self, wanted: OfTicket<'_>) -> Vec<MadeLink> {
        let mut added = Vec::new();
        for (object, between) in &self.0 {
            for link in wanted.links.iter().filter(|link| link.to == *object) {
                let held = between.get(&pair(&wanted, link));
                let held = held.map_or(&[][..], Vec::as_slice);
                let new = link.types.iter();
                let new = new.filter(|kind| !held.iter().any(|other| same(other, kind)));
                let kinds: Vec<MadeKind> = new.map(made).collect();
                if !kinds.is_empty() {
                    added.push(MadeLink {
                        to: link.to,
                        record: link.id.clone(),
                        kinds,
                        alone: held.is_empty(),
                    });
                }
            }
        }
        added
    }

    /// Makes or removes links, as `put` does; `began` gets the tickets for which a call
    /// may have done so.
    pub async fn put(
        &self,
        client: &Client,
        way: Way,
        wanted: &[OfTicket<'_>],
        began: &mut BTreeSet<String>,
    ) -> Result<Vec<Linked>, Stop> {
        let mut linked = vec![Linked::Done { changed: false }; wanted.len()];
        for (object, between) in &self.0 {
            let todo = Todo::of(way, *object, wanted, between);
            let refused = todo.send(client, *object, way, began).await?;
            for (linked, of) in linked.iter_mut().zip(wanted) {
                for link in of.links.iter().filter(|link| link.to == *object) {
                    todo.record(linked, &pair(of, link), link, &refused);
                }
            }
        }
        Ok(linked)
    }
}

fn made(kind: &LinkType) -> MadeKind {
    MadeKind {
        category: kind.category.clone(),
        id: kind.id,
        label: kind.label.clone(),
    }
}

fn pair(of: &OfTicket<'_>, link: &Link) -> Pair {
    (of.ticket.to_owned(), link.id.clone())
}

/// Existing links between tickets and all other records of a kind. A ticket that no
/// longer exists has none: the portal refuses its new links.
async fn read(
    client: &Client,
    object: ObjectType,
    tickets: &BTreeSet<&str>,
) -> Result<Between, Stop> {
    let ids: Vec<String> = tickets.iter().map(|id| (*id).to_owned()).collect();
    let mut between = Between::new();
    for ids in ids.chunks(LINKED_LIMIT) {
        let linked = client.linked_live(ObjectType::Tickets, object, ids).await;
        for (ticket, others) in linked.map_err(stop_for)?.by_record {
            let of_ticket = others
                .into_iter()
                .map(|other| ((ticket.clone(), other.id), other.types));
            between.extend(of_ticket);
        }
    }
    Ok(between)
}

/// What is to be sent: each pair once, with the kinds to make or remove; with none if
/// everything between the two is removed.
#[derive(Debug, Default)]
struct Todo(BTreeMap<Pair, Vec<LinkType>>);

impl Todo {
    fn of(way: Way, object: ObjectType, wanted: &[OfTicket<'_>], between: &Between) -> Todo {
        let mut todo = Todo::default();
        for of in wanted {
            for link in of.links.iter().filter(|link| link.to == object) {
                todo.add(way, pair(of, link), link, between);
            }
        }
        todo
    }

    fn add(&mut self, way: Way, pair: Pair, link: &Link, between: &Between) {
        let held = between.get(&pair).map_or(&[][..], Vec::as_slice);
        let is_held = |kind: &LinkType| held.iter().any(|other| same(other, kind));
        match way {
            Way::Make if link.types.iter().all(is_held) => {}
            Way::Make => {
                let labels = held.iter().filter(|kind| kind.is_users());
                let types = self
                    .0
                    .entry(pair)
                    .or_insert_with(|| labels.cloned().collect());
                merge(types, &link.types);
            }
            Way::Cut if held.is_empty() => {}
            Way::Cut if link.types.iter().any(|kind| kind.label.is_none()) => {
                let _all = self.0.insert(pair, Vec::new());
            }
            Way::Cut => {
                let gone: Vec<LinkType> = link
                    .types
                    .iter()
                    .filter(|kind| is_held(kind))
                    .cloned()
                    .collect();
                let all_go = self.0.get(&pair).is_some_and(Vec::is_empty);
                if !gone.is_empty() && !all_go {
                    merge(self.0.entry(pair).or_default(), &gone);
                }
            }
        }
    }

    async fn send(
        &self,
        client: &Client,
        object: ObjectType,
        way: Way,
        began: &mut BTreeSet<String>,
    ) -> Result<HashMap<Pair, String>, Stop> {
        let inputs = self.0.iter().map(|((from, to), types)| LinkInput {
            from: from.clone(),
            to: to.clone(),
            types: types.clone(),
        });
        let (whole, kinds): (Vec<_>, Vec<_>) = inputs.partition(|input| input.types.is_empty());
        let parts = whole.chunks(UNLINK_LIMIT).chain(kinds.chunks(LINK_LIMIT));
        let mut call = Call {
            client,
            object,
            way,
            parts: Parts::new(parts.map(<[_]>::to_vec).collect(), "links"),
            refused: HashMap::new(),
            began,
        };
        call.run().await?;
        Ok(call.refused)
    }

    /// Records the outcome of one of a ticket's links.
    fn record(
        &self,
        linked: &mut Linked,
        pair: &Pair,
        link: &Link,
        refused: &HashMap<Pair, String>,
    ) {
        let Linked::Done { changed } = linked else {
            return;
        };
        match refused.get(pair) {
            None => *changed |= self.0.contains_key(pair),
            Some(detail) => {
                *linked = Linked::Refused {
                    column: link.column.clone(),
                    id: link.id.clone(),
                    detail: detail.clone(),
                };
            }
        }
    }
}

/// Labels are for people; category and id identify a kind.
fn same(one: &LinkType, other: &LinkType) -> bool {
    (&one.category, one.id) == (&other.category, other.id)
}

fn merge(types: &mut Vec<LinkType>, more: &[LinkType]) {
    for kind in more {
        if !types.iter().any(|known| same(known, kind)) {
            types.push(kind.clone());
        }
    }
}

/// The calls for many pairs, until each is done or refused: a call refused as a whole is split
/// until the culprit is alone (protocol S5).
struct Call<'a> {
    client: &'a Client,
    object: ObjectType,
    way: Way,
    parts: Parts<LinkInput>,
    refused: HashMap<Pair, String>,
    /// Tickets for which a call may have been carried out.
    began: &'a mut BTreeSet<String>,
}

impl Call<'_> {
    async fn run(&mut self) -> Result<(), Stop> {
        while let Some(part) = self.parts.next() {
            let called = self.call(&part).await;
            if matches!(called, Ok(_) | Err(CallError::Ambiguous(_))) {
                self.began
                    .extend(part.iter().map(|input| input.from.clone()));
            }
            match called {
                Ok(reply) => self.take(part, reply).await?,
                Err(CallError::Refused(error)) => self.split(part, &error),
                Err(other) => return Err(stop_for(other)),
            }
        }
        Ok(())
    }

    async fn call(&self, part: &[LinkInput]) -> Result<LinkReply, CallError> {
        let (client, from, to) = (self.client, ObjectType::Tickets, self.object);
        let all = part.iter().all(|input| input.types.is_empty());
        match (self.way, all) {
            (Way::Make, _) => client.link(from, to, part).await,
            (Way::Cut, false) => client.unlabel(from, to, part).await,
            (Way::Cut, true) => {
                let pairs: Vec<Pair> = part.iter().map(ends).collect();
                client.unlink(from, to, &pairs).await
            }
        }
    }

    fn split(&mut self, part: Vec<LinkInput>, error: &ApiError) {
        if let Some(only) = self.parts.halve(part) {
            let _new = self.refused.insert(ends(&only), error.message.clone());
        }
    }

    /// Handles a 2xx: without an error everything is done. An error that names a record
    /// is about its pairs; other pairs that are not reported as done are sent again.
    async fn take(&mut self, part: Vec<LinkInput>, reply: LinkReply) -> Result<(), Stop> {
        let Some(first) = reply.errors.first() else {
            return Ok(());
        };
        let linked: BTreeSet<&Pair> = reply.linked.iter().collect();
        let size = part.len();
        let mut left: Vec<LinkInput> = part
            .into_iter()
            .filter(|input| !linked.contains(&ends(input)))
            .collect();
        if reply.errors.iter().any(ApiError::is_passing) {
            return self.parts.again(left).await;
        }
        left.retain(|input| {
            let mut errors = reply.errors.iter();
            let named = |error: &&ApiError| {
                error.ids.contains(&input.from) || error.ids.contains(&input.to)
            };
            let Some(error) = errors.find(named) else {
                return true;
            };
            let _new = self.refused.insert(ends(input), error.message.clone());
            false
        });
        match left.len() {
            fewer if fewer < size => self.parts.put(left),
            _ => self.split(left, first),
        }
        Ok(())
    }
}

fn ends(input: &LinkInput) -> Pair {
    (input.from.clone(), input.to.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(id: u32) -> LinkType {
        LinkType {
            category: crate::hubspot::USER_DEFINED.to_owned(),
            id,
            label: Some(format!("Label {id}")),
        }
    }

    fn link(types: &[LinkType]) -> Link {
        Link {
            to: ObjectType::Contacts,
            id: "7".to_owned(),
            types: types.to_vec(),
            column: "Mail".to_owned(),
        }
    }

    /// The kinds that are sent for one pair, given its existing links; none if nothing
    /// is sent for it.
    fn sent(way: Way, held: &[LinkType], wanted: &[&[LinkType]]) -> Option<Vec<u32>> {
        let pair = ("1".to_owned(), "7".to_owned());
        let mut between = Between::new();
        if !held.is_empty() {
            let _new = between.insert(pair.clone(), held.to_vec());
        }
        let mut todo = Todo::default();
        for types in wanted {
            todo.add(way, pair.clone(), &link(types), &between);
        }
        let types = todo.0.remove(&pair)?;
        let mut ids: Vec<u32> = types.iter().map(|kind| kind.id).collect();
        ids.sort_unstable();
        Some(ids)
    }

    #[test]
    fn only_what_is_not_there_is_made_and_other_labels_stay() {
        let plain = || LinkType::plain(16);
        let make = |held: &[LinkType], wanted: &[&[LinkType]]| sent(Way::Make, held, wanted);
        assert_eq!(make(&[], &[&[plain()]]), Some(vec![16]));
        assert_eq!(make(&[plain()], &[&[plain()]]), None);
        assert_eq!(make(&[plain(), label(36)], &[&[plain()]]), None);
        assert_eq!(make(&[plain(), label(36)], &[&[label(36)]]), None);
        assert_eq!(
            make(&[plain(), label(36)], &[&[label(37)]]),
            Some(vec![36, 37])
        );
        let twice: [&[LinkType]; 2] = [&[label(36)], &[label(37)]];
        assert_eq!(make(&[], &twice), Some(vec![36, 37]), "two rows, one pair");
    }

    #[test]
    fn a_label_is_cut_alone_and_without_one_all_goes() {
        let plain = || LinkType::plain(16);
        let cut = |held: &[LinkType], wanted: &[&[LinkType]]| sent(Way::Cut, held, wanted);
        let held = [plain(), label(36), label(37)];
        assert_eq!(cut(&[], &[&[plain()]]), None);
        assert_eq!(cut(&held, &[&[label(38)]]), None);
        assert_eq!(cut(&held, &[&[label(36)]]), Some(vec![36]));
        assert_eq!(cut(&held, &[&[plain()]]), Some(vec![]));
        let both: [&[LinkType]; 2] = [&[plain()], &[label(36)]];
        assert_eq!(cut(&held, &both), Some(vec![]), "all, in whichever order");
        let both: [&[LinkType]; 2] = [&[label(36)], &[plain()]];
        assert_eq!(cut(&held, &both), Some(vec![]));
    }
}
