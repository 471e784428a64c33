//! Carries out what undoes rows. Archiving and restoring values may be repeated, so a
//! call with an unknown outcome is checked later and repeated.

use super::decide::Inverse;
use crate::hubspot::Client;
use crate::hubspot::records::WriteInput;
use crate::import::links::{Link, Linked, OfTicket, Way, put};
use crate::import::send::reply::{Input, Item, Matching, Verdict};
use crate::import::send::write::{Verb, write};
use crate::model::issue::{Problem, Reason, RowIssue};
use crate::model::outcome::Change;
use crate::model::schema::ObjectType;
use crate::model::stop::Stop;
use crate::model::ticket::PropertyValues;
use crate::review::expect::Expected;

/// Prefix for the key of an undone ticket, so that the key is free again in portals
/// whose recycle bin holds keys (protocol PL5).
const ASIDE: &str = "~undone";

/// The outcome of a row.
#[derive(Debug)]
pub(super) enum Acted {
    /// It is undone.
    Done(Change),
    /// The portal refused it.
    Refused(RowIssue),
    /// The ticket no longer exists.
    Missing,
    /// It may have been done, or may still be carried out.
    Unclear,
}

/// Carries out inverses, in batches.
pub(super) struct Act<'a> {
    pub(super) client: &'a Client,
    /// The property that holds the run's keys, if the portal has it.
    pub(super) key_property: Option<&'a str>,
    /// Identifies this undo.
    pub(super) tag: &'a str,
}

impl Act<'_> {
    /// The outcomes of these rows, in order; a stop says why the run can't continue.
    pub(super) async fn on(&self, rows: &[(&Expected, &Inverse)]) -> (Vec<Acted>, Option<Stop>) {
        let mut acted: Vec<Acted> = rows.iter().map(|_| Acted::Unclear).collect();
        let restores = chosen(rows, |inverse| !given(inverse).is_empty());
        let stop = self.restore(rows, &restores, &mut acted).await;
        if stop.is_some() {
            return (acted, stop);
        }
        if let Err(stop) = self.cut(rows, &mut acted).await {
            return (acted, Some(stop));
        }
        let archives = chosen(rows, |inverse| *inverse == Inverse::Archive);
        let stop = self.archive(rows, &archives, &mut acted).await;
        (acted, stop)
    }

    async fn restore(
        &self,
        rows: &[(&Expected, &Inverse)],
        chosen: &[usize],
        acted: &mut [Acted],
    ) -> Option<Stop> {
        let items = chosen
            .iter()
            .map(|&idx| item(rows[idx].0, given(rows[idx].1)));
        let items: Vec<Item> = items.collect();
        self.send(Verb::Update(None), &items, chosen, acted, Change::Updated)
            .await
    }

    /// Removes links; a row whose values were not restored keeps its links too.
    async fn cut(&self, rows: &[(&Expected, &Inverse)], acted: &mut [Acted]) -> Result<(), Stop> {
        let is_open = |idx: usize| match &acted[idx] {
            Acted::Done(_) => true,
            Acted::Unclear => given(rows[idx].1).is_empty(),
            Acted::Refused(_) | Acted::Missing => false,
        };
        let chosen: Vec<usize> = chosen(rows, |inverse| !cut_of(inverse).is_empty())
            .into_iter()
            .filter(|idx| is_open(*idx))
            .collect();
        let wanted = chosen.iter().map(|&idx| OfTicket {
            ticket: &rows[idx].0.ticket,
            links: cut_of(rows[idx].1),
        });
        let wanted: Vec<OfTicket<'_>> = wanted.collect();
        if wanted.is_empty() {
            return Ok(());
        }
        // The outcome of a row whose links may or may not be removed is unknown until they are.
        let cut = match put(self.client, Way::Cut, &wanted).await {
            Ok(cut) => cut,
            Err(stop) => {
                chosen.iter().for_each(|&idx| acted[idx] = Acted::Unclear);
                return Err(stop);
            }
        };
        for (&idx, cut) in chosen.iter().zip(cut) {
            acted[idx] = match cut {
                Linked::Done { .. } if given(rows[idx].1).is_empty() => {
                    Acted::Done(Change::Unlinked)
                }
                Linked::Done { .. } => Acted::Done(Change::Updated),
                Linked::Refused { id, detail, .. } => {
                    let problem = Problem::new(Reason::LinkRefused { detail });
                    Acted::Refused(problem.value(&id).into())
                }
            };
        }
        Ok(())
    }

    /// Keys are changed first: an archived ticket can no longer be changed. If that fails,
    /// the ticket is archived with its key.
    async fn archive(
        &self,
        rows: &[(&Expected, &Inverse)],
        chosen: &[usize],
        acted: &mut [Acted],
    ) -> Option<Stop> {
        if let Some(name) = self.key_property {
            let aside = |row: &Expected| {
                let key = format!("{ASIDE}-{}-{}", self.tag, row.key);
                item(row, vec![(name.into(), key)])
            };
            let items: Vec<Item> = chosen.iter().map(|&idx| aside(rows[idx].0)).collect();
            let mut moved: Vec<Acted> = rows.iter().map(|_| Acted::Unclear).collect();
            let (verb, change) = (Verb::Update(None), Change::Updated);
            let stop = self.send(verb, &items, chosen, &mut moved, change).await;
            if stop.is_some() {
                return stop;
            }
        }
        let items = chosen.iter().map(|&idx| item(rows[idx].0, Vec::new()));
        let items: Vec<Item> = items.collect();
        self.send(Verb::Archive, &items, chosen, acted, Change::Archived)
            .await
    }

    async fn send(
        &self,
        verb: Verb<'_>,
        items: &[Item],
        chosen: &[usize],
        acted: &mut [Acted],
        change: Change,
    ) -> Option<Stop> {
        if items.is_empty() {
            return None;
        }
        let items: Vec<&Item> = items.iter().collect();
        let object = ObjectType::Tickets;
        let sent = write(self.client, object, verb, &Matching::Id, &items).await;
        for (&idx, verdict) in chosen.iter().zip(sent.verdicts) {
            acted[idx] = match verdict {
                Verdict::Written { .. } => Acted::Done(change),
                Verdict::Refused(issue) => Acted::Refused(issue),
                Verdict::Missing => Acted::Missing,
                Verdict::Unclear
                | Verdict::Late
                | Verdict::Suspected
                | Verdict::Collided(_)
                | Verdict::Repeat => Acted::Unclear,
            };
        }
        sent.stop
    }
}

fn chosen(rows: &[(&Expected, &Inverse)], wanted: impl Fn(&Inverse) -> bool) -> Vec<usize> {
    let rows = rows.iter().enumerate();
    let rows = rows.filter(|(_, (_, inverse))| wanted(inverse));
    rows.map(|(idx, _)| idx).collect()
}

fn given(inverse: &Inverse) -> PropertyValues {
    match inverse {
        Inverse::Restore { changes, .. } => changes
            .iter()
            .map(|change| (change.name.clone(), change.after.clone()))
            .collect(),
        Inverse::Archive
        | Inverse::Unnote
        | Inverse::Nothing
        | Inverse::Before
        | Inverse::Leave(_) => Vec::new(),
    }
}

fn cut_of(inverse: &Inverse) -> &[Link] {
    match inverse {
        Inverse::Restore { cut, .. } => cut,
        Inverse::Archive
        | Inverse::Unnote
        | Inverse::Nothing
        | Inverse::Before
        | Inverse::Leave(_) => &[],
    }
}

fn item(row: &Expected, properties: PropertyValues) -> Item {
    let input = Input::Change(WriteInput {
        trace_id: row.seq.to_string(),
        id: row.ticket.clone(),
        properties,
    });
    Item {
        input,
        key: row.ticket.as_str().into(),
    }
}
