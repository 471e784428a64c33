//! What the portal holds for a page of rows: their tickets, those in the recycle bin if that
//! explains why a row is refused, and the records that they are to be linked to. What is known
//! about such a record is kept in plan.db, so that it is read only once.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::page::Row;
use crate::error::Error;
use crate::hubspot::Client;
use crate::hubspot::records::Record;
use crate::import::flow::{Operation, PlannedOp};
use crate::import::links::{
    Found, HeldLinks, Link, LinkKinds, Look, OfTicket, Resolved, Way, fit, links,
};
use crate::import::notes::attachments::{Finder, Looked, look};
use crate::import::send::reading::{Closed, Given};
use crate::import::send::tickets::{Tickets, compared};
use crate::journal::{PlanWriter, Sought};
use crate::mapping::CompiledMapping;
use crate::model::attachment::Attachment;
use crate::model::issue::{Problem, Reason};
use crate::model::link_by::LinkBy;
use crate::model::plan::{LinkState, PlannedLink};
use crate::model::shelf::Shelf;
use crate::model::stop::Stop;
use crate::model::ticket::{LinkDraft, Missing};

/// Reads from the portal for the rows of one mapping.
pub(super) struct Looker<'a> {
    pub(super) client: &'a Client,
    pub(super) operation: Operation,
    pub(super) mapping: &'a CompiledMapping,
    pub(super) kinds: &'a LinkKinds,
    pub(super) look: Look,
    /// Whether the recycle bin has any tickets.
    pub(super) has_bin: bool,
    /// Whether the portal has the property that names tickets; without it no ticket has a key.
    pub(super) knows_keys: bool,
    /// Where files are, if any are uploaded, and whether they must be recognised later.
    pub(super) files: Option<&'a (Arc<Finder>, bool)>,
    pub(super) writer: &'a Mutex<PlanWriter>,
}

/// The links of a row, or why one of them can't be made.
pub(super) type RowLinks = Result<Vec<PlannedLink>, Box<Problem>>;

/// The live ticket that a row names, if there is one, and why the row is refused if the portal has
/// it but does not show it.
pub(super) type Live<'a> = (Option<Cow<'a, Record>>, Option<Reason>);

/// A page with what the portal holds for it.
pub(super) struct Seen {
    pub(super) rows: Vec<Row>,
    /// The links of each row.
    pub(super) links: Vec<RowLinks>,
    /// The files of each row.
    pub(super) files: Vec<Vec<Looked>>,
    live: Vec<Record>,
    bin: Vec<Record>,
    closed: Vec<Closed>,
}

impl Seen {
    /// The live ticket with this name, or why that can't be known.
    pub(super) fn live(&self, tickets: Tickets<'_>, name: &str) -> Live<'_> {
        let mut closed = self.closed.iter();
        let hidden = closed.find(|closed| closed.name == name);
        let live = tickets.find(&self.live, name);
        (live.map(Cow::Borrowed), hidden.map(Closed::reason))
    }

    /// Id of the ticket in the recycle bin with this name.
    pub(super) fn in_bin(&self, tickets: Tickets<'_>, name: &str) -> Option<&str> {
        tickets.find(&self.bin, name).map(|record| &*record.id)
    }
}

/// Locks the writer. Nothing else writes plan.db, so it is consistent even after a panic.
pub(super) fn locked(writer: &Mutex<PlanWriter>) -> MutexGuard<'_, PlanWriter> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a failed read means for a plan.
pub(super) fn stopped(stop: Stop) -> Error {
    let advice = "nothing was written; run the same command again";
    match stop {
        Stop::Later(_) | Stop::TooManyRefused(_) => Error::later(stop).advise(advice),
        Stop::MustFix(_) => Error::must_fix(stop).advise(advice),
    }
}

impl Looker<'_> {
    /// The tickets as rows name them.
    pub(super) fn tickets(&self) -> Tickets<'_> {
        Tickets {
            client: self.client,
            by: self.mapping.id_property(),
        }
    }

    /// Reads everything that a page needs.
    pub(super) async fn at(&self, rows: Vec<Row>) -> Result<Seen, Error> {
        let names: BTreeSet<&str> = ops(&rows).map(|op| &*op.draft.key).collect();
        let Given {
            records: live,
            mut closed,
        } = self.live(&names).await.map_err(stopped)?;
        let absent: Vec<String> = names
            .iter()
            .filter(|name| self.tickets().find(&live, name).is_none())
            .map(|name| (*name).to_owned())
            .collect();
        let bin = match self.operation {
            _ if self.knows_keys && self.has_bin => {
                self.tickets()
                    .read_each(&absent, &[], Shelf::RecycleBin)
                    .await
            }
            _ => Ok(Given::default()),
        };
        let bin = bin.map_err(stopped)?;
        closed.extend(bin.closed);
        let links = self.links(&rows, &live).await?;
        let files = self.files(&rows).await?;
        Ok(Seen {
            rows,
            links,
            files,
            live,
            bin: bin.records,
            closed,
        })
    }

    /// Inspects the files that rows name.
    async fn files(&self, rows: &[Row]) -> Result<Vec<Vec<Looked>>, Error> {
        let Some((finder, binds)) = self.files else {
            return Ok(rows.iter().map(|_| Vec::new()).collect());
        };
        let named: Vec<(String, Vec<Attachment>)> = rows.iter().map(named).collect();
        let (finder, binds) = (Arc::clone(finder), *binds);
        let looked = tokio::task::spawn_blocking(move || {
            let of_row = |(ticket, files): &(String, Vec<Attachment>)| -> Vec<Looked> {
                files
                    .iter()
                    .filter(|file| finder.takes(file))
                    .map(|file| look(&finder, ticket, file, binds))
                    .collect()
            };
            named.iter().map(of_row).collect()
        });
        looked
            .await
            .map_err(|_| Error::unexpected("the look at files died"))
    }

    async fn live(&self, names: &BTreeSet<&str>) -> Result<Given, Stop> {
        if !self.knows_keys {
            return Ok(Given::default());
        }
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let wanted = compared(self.mapping);
        self.tickets().read_each(&names, &wanted, Shelf::Live).await
    }

    /// The live ticket of a key that was given only after mapping, or why it can't be known.
    pub(super) async fn one(&self, key: &str) -> Result<Live<'static>, Error> {
        let read = self.live(&BTreeSet::from([key])).await.map_err(stopped)?;
        let live = self.tickets().find(&read.records, key).cloned();
        let hidden = read.closed.first().map(Closed::reason);
        Ok((live.map(Cow::Owned), hidden))
    }

    async fn links(&self, rows: &[Row], live: &[Record]) -> Result<Vec<RowLinks>, Error> {
        let found = self.found(rows).await?;
        let ticket = |row: &Row| match row {
            Row::Op(op) => self.tickets().find(live, &op.draft.key),
            Row::Ended(_) => None,
        };
        let known: Vec<(String, Vec<Link>)> = rows
            .iter()
            .filter_map(|row| match row {
                Row::Op(op) => Some((ticket(row)?.id.clone(), self.resolved(op, &found))),
                Row::Ended(_) => None,
            })
            .filter(|(_, links)| !links.is_empty())
            .collect();
        let held = self.held(&known).await?;
        let of_row = rows.iter().map(|row| match row {
            Row::Op(op) => {
                let ticket = ticket(row).map(|record| &*record.id);
                let links = op.draft.links.iter();
                let links = links.map(|draft| self.link(draft, &found, ticket, &held));
                let links: Result<_, _> = links.collect();
                links.and_then(|links| self.fit(op, &found).map(|()| links))
            }
            Row::Ended(_) => Ok(Vec::new()),
        });
        Ok(of_row.collect())
    }

    /// Existing links between these tickets and the records that they are to be linked to.
    pub(super) async fn held(&self, known: &[(String, Vec<Link>)]) -> Result<HeldLinks, Error> {
        let wanted: Vec<OfTicket<'_>> = known
            .iter()
            .map(|(ticket, links)| OfTicket { ticket, links })
            .collect();
        HeldLinks::read(self.client, &wanted).await.map_err(stopped)
    }

    /// Whether a link leads to a ticket that may come later in the input.
    fn is_for_last(&self, draft: &LinkDraft) -> bool {
        self.operation.purpose().creates() && draft.by == LinkBy::Key
    }

    /// The records that the links of a page lead to.
    async fn found(&self, rows: &[Row]) -> Result<Found, Error> {
        let drafts = ops(rows).flat_map(|op| &op.draft.links);
        let drafts: Vec<&LinkDraft> = drafts.filter(|draft| !self.is_for_last(draft)).collect();
        let mut found = Found::default();
        let mut unknown = Vec::new();
        for draft in drafts {
            let kind = self.kinds.step_kind(draft);
            let known = match &kind {
                Some(kind) => locked(self.writer).other(kind, &draft.value)?,
                None => None,
            };
            match known {
                Some(Sought::Found(id)) => found.take(draft, Resolved::Id(id)),
                Some(Sought::Nowhere) => found.take(draft, Resolved::Missing),
                None => unknown.push(draft),
            }
        }
        let read = self.look.find(&unknown).await.map_err(stopped)?;
        for draft in unknown {
            let means = read.of(draft).clone();
            if let Some(kind) = self.kinds.step_kind(draft) {
                let keep =
                    |sought: &Sought| locked(self.writer).keep_other(&kind, &draft.value, sought);
                match &means {
                    Resolved::Id(id) => keep(&Sought::Found(id.clone()))?,
                    Resolved::Missing => keep(&Sought::Nowhere)?,
                    Resolved::Refused(_) | Resolved::Hidden(_) | Resolved::Ambiguous(_) => {}
                }
            }
            found.take(draft, means);
        }
        Ok(found)
    }

    /// Refuses more links than the portal allows.
    fn fit(&self, op: &PlannedOp, found: &Found) -> Result<(), Box<Problem>> {
        let now = op.draft.links.iter();
        fit(
            now.filter(|draft| !self.is_for_last(draft)),
            found,
            self.kinds,
        )
    }

    /// The links of a row whose other end exists; none if they are too many.
    fn resolved(&self, op: &PlannedOp, found: &Found) -> Vec<Link> {
        let now = op.draft.links.iter();
        let now = now.filter(|draft| !self.is_for_last(draft));
        let known = now.filter(|draft| matches!(found.of(draft), Resolved::Id(_)));
        links(known, found, self.kinds).unwrap_or_default()
    }

    fn link(
        &self,
        draft: &LinkDraft,
        found: &Found,
        ticket: Option<&str>,
        held: &HeldLinks,
    ) -> Result<PlannedLink, Box<Problem>> {
        let skips = draft.missing == Missing::Skip;
        if self.is_for_last(draft) {
            return Ok(planned(draft, None, LinkState::Later { skips }));
        }
        if draft.missing == Missing::Create && *found.of(draft) == Resolved::Missing {
            return Ok(planned(draft, None, LinkState::Create));
        }
        let links = links([draft].into_iter(), found, self.kinds)?;
        Ok(match links.first() {
            None => planned(draft, None, LinkState::LeftOut),
            Some(link) => {
                let is_there = ticket.is_some_and(|ticket| {
                    let links = std::slice::from_ref(link);
                    held.is_as_wanted(Way::Make, OfTicket { ticket, links })
                });
                let state = match is_there {
                    true => LinkState::There,
                    false => LinkState::Make,
                };
                planned(draft, Some(link.id.clone()), state)
            }
        })
    }
}

fn planned(draft: &LinkDraft, record: Option<String>, state: LinkState) -> PlannedLink {
    PlannedLink {
        to: draft.to,
        by: draft.by.clone(),
        value: draft.value.clone(),
        label: draft.label.as_deref().map(str::to_owned),
        column: draft.column.to_string(),
        record,
        state,
    }
}

/// The key of a row's ticket, and the files that it names.
fn named(row: &Row) -> (String, Vec<Attachment>) {
    match row {
        Row::Op(op) => {
            let notes = op.draft.notes.iter();
            let files = notes.flat_map(|note| note.files.iter().cloned());
            (op.draft.key.to_string(), files.collect())
        }
        Row::Ended(_) => (String::new(), Vec::new()),
    }
}

fn ops(rows: &[Row]) -> impl Iterator<Item = &PlannedOp> {
    rows.iter().filter_map(|row| match row {
        Row::Op(op) => Some(&**op),
        Row::Ended(_) => None,
    })
}
