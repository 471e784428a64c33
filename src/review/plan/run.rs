//! Joins the parts of a plan: pages are looked up concurrently and decided in order; links
//! to tickets of the input are resolved at the end, when all tickets are known.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;

use super::decide::{Decision, Known, Rules};
use super::look::{Looker, RowLinks, Seen, locked, stopped};
use super::page::{Page, Reader, ReaderThread, Row};
use super::sums::Sums;
use crate::error::Error;
use crate::hubspot::Client;
use crate::import::check::Judge;
use crate::import::flow::{Operation, PlannedOp, RowOutcome};
use crate::import::links::{Link, LinkKinds, Look, OfTicket, Resolved, Way};
use crate::import::notes::attachments::{Finder, Looked};
use crate::import::plan::family_keys::FamilyKeys;
use crate::import::read::Input;
use crate::import::send::fallback_properties::FallbackProperties;
use crate::import::stop::stop_for;
use crate::journal::{KeyHolder, PlanWriter, PlannedRow, RowEntry};
use crate::mapping::CompiledMapping;
use crate::model::check::FileSums;
use crate::model::issue::{Problem, Reason, RowIssue};
use crate::model::outcome::RowEnd;
use crate::model::place::Places;
use crate::model::plan::{LinkState, PlannedAction, PlannedLink};
use crate::model::schema::{ObjectType, Pipeline};
use crate::model::shelf::Shelf;
use crate::model::ticket::LinkDraft;
use crate::model::value_rule::RuleBook;

/// Pages that are looked up concurrently: enough for the portal's whole allowance at 800 ms a call.
/// The pacer keeps them within its limits.
const IN_FLIGHT: usize = 16;

/// Rows whose links to tickets of the input are resolved together.
const OPEN: usize = 500;

/// What is planned.
pub struct Planning<'a> {
    /// The portal.
    pub client: &'a Client,
    /// The operation.
    pub operation: Operation,
    /// What rows become.
    pub mapping: Arc<CompiledMapping>,
    /// What links mean.
    pub kinds: &'a LinkKinds,
    /// The pipelines of the portal, for the names of stages.
    pub pipelines: &'a [Pipeline],
    /// Runs whose rows hold their keys.
    pub rivals: FamilyKeys,
    /// Whether the portal has the property that names tickets.
    pub knows_keys: bool,
    /// The portal's rules for values that are sent.
    pub values: RuleBook,
    /// The maximum number of rows.
    pub limit: Option<u64>,
    /// Where files are, if any are uploaded, and whether they must be recognised later.
    pub files: Option<(Arc<Finder>, bool)>,
}

/// The result of planning, once plan.db is complete.
pub struct Planned<'a> {
    /// The totals.
    pub sums: Sums<'a>,
    /// What the user should know about the input.
    pub notices: Vec<String>,
    /// Rows of the input.
    pub read: u64,
    /// Files that rows name, if any are uploaded.
    pub files: Option<FileSums>,
}

/// Plans every row of an input; `hear` receives the number of rows so far, and the byte of the
/// input that they end at.
///
/// # Errors
/// When the input or the portal can't be read, or plan.db can't be written.
pub async fn plan<'a>(
    what: &Planning<'a>,
    input: Input,
    writer: PlanWriter,
    hear: impl FnMut(u64, u64),
) -> Result<Planned<'a>, Error> {
    let places = input.places();
    // Standard input's copy is removed with the rows, so they are kept until the end.
    let _kept = input.again();
    let (pages, thread) = what.reader().start(input);
    let writer = Mutex::new(writer);
    let has_bin = what.knows_keys && has_bin(what.client).await?;
    let looker = what.looker(has_bin, &writer);
    let fallbacks = FallbackProperties::new(&what.mapping);
    let mut decider = what.decider(&looker, &fallbacks, &places, hear);
    decider.pages(pages).await?;
    let notices = joined(thread)?;
    decider.resolve_open().await?;
    let Decider { sums, read, .. } = decider;
    drop(looker);
    let writer = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
    let files = what
        .files
        .as_ref()
        .map(|_| writer.file_sums())
        .transpose()?;
    writer.finish()?;
    Ok(Planned {
        sums,
        notices,
        read,
        files,
    })
}

impl<'a> Planning<'a> {
    fn reader(&self) -> Reader {
        Reader {
            mapping: Arc::clone(&self.mapping),
            operation: self.operation,
            limit: self.limit,
        }
    }

    fn looker<'p>(&'p self, has_bin: bool, writer: &'p Mutex<PlanWriter>) -> Looker<'p> {
        Looker {
            client: self.client,
            has_bin,
            operation: self.operation,
            mapping: &self.mapping,
            kinds: self.kinds,
            look: Look::new(self.client, self.kinds, self.mapping.key_property()),
            knows_keys: self.knows_keys,
            files: self.files.as_ref(),
            writer,
        }
    }

    /// A decider that has read no row yet.
    fn decider<'p, H>(
        &'p self,
        looker: &'p Looker<'p>,
        fallbacks: &'p FallbackProperties,
        places: &'p Places,
        hear: H,
    ) -> Decider<'p, 'a, H> {
        let keys = self.operation.keys(self.mapping.rows_are_tickets());
        Decider {
            rules: Rules {
                operation: self.operation,
                mapping: &self.mapping,
                fallbacks,
                places,
                values: &self.values,
            },
            looker,
            rivals: &self.rivals,
            judge: Judge::new(&self.mapping, keys, self.pipelines),
            sums: Sums::new(self.pipelines, places.clone()),
            read: 0,
            hear,
        }
    }
}

/// Whether the recycle bin has any tickets: otherwise no key needs to be looked up there.
async fn has_bin(client: &Client) -> Result<bool, Error> {
    let page = client
        .list(ObjectType::Tickets, &[], None, Shelf::RecycleBin)
        .await;
    let page = page.map_err(|error| stopped(stop_for(error)))?;
    Ok(!page.results.is_empty())
}

fn joined(thread: ReaderThread) -> Result<Vec<String>, Error> {
    let died = |_| Error::unexpected("the reader died");
    thread.join().map_err(died)?
}

struct Decider<'a, 'p, H> {
    rules: Rules<'a>,
    looker: &'a Looker<'a>,
    rivals: &'a FamilyKeys,
    judge: Judge<'a>,
    sums: Sums<'p>,
    read: u64,
    hear: H,
}

impl<H: FnMut(u64, u64)> Decider<'_, '_, H> {
    /// Has pages looked up concurrently, and decides them in order.
    async fn pages(&mut self, pages: mpsc::Receiver<Page>) -> Result<(), Error> {
        let pages = stream::unfold(pages, |mut pages| async move {
            let page = pages.recv().await?;
            Some((Ok::<_, Error>(page), pages))
        });
        let looker = self.looker;
        let seen = pages.map_ok(|page| async move {
            let seen = looker.at(page.rows).await?;
            Ok::<_, Error>((seen, page.ends))
        });
        let mut seen = std::pin::pin!(seen.try_buffered(IN_FLIGHT));
        while let Some((seen, ends)) = seen.next().await.transpose()? {
            self.page(seen).await?;
            (self.hear)(self.read, ends);
        }
        Ok(())
    }
}

impl<H> Decider<'_, '_, H> {
    async fn page(&mut self, mut seen: Seen) -> Result<(), Error> {
        let rows = std::mem::take(&mut seen.rows);
        let links = std::mem::take(&mut seen.links);
        let files = std::mem::take(&mut seen.files);
        for ((row, links), files) in rows.into_iter().zip(links).zip(files) {
            self.read += 1;
            match row {
                Row::Ended(outcome) => self.ended(*outcome)?,
                Row::Op(op) => self.op(*op, links, files, &seen).await?,
            }
        }
        Ok(())
    }

    /// A row that ends before the portal is read.
    fn ended(&mut self, outcome: RowOutcome) -> Result<(), Error> {
        let (action, refusal) = match outcome.end {
            RowEnd::Refused(refusal) => (PlannedAction::Refused, Some(refusal)),
            _ => (PlannedAction::Skipped, None),
        };
        self.keep(&PlannedRow {
            row: RowEntry {
                seq: outcome.source.seq,
                address: outcome.source.address,
            },
            action,
            key: outcome.key,
            ticket: None,
            body: None,
            changes: Vec::new(),
            links: Vec::new(),
            refusal,
        })
    }

    fn keep(&mut self, row: &PlannedRow) -> Result<(), Error> {
        locked(self.looker.writer).add(row)?;
        self.sums.take(row);
        Ok(())
    }

    async fn op(
        &mut self,
        mut op: PlannedOp,
        links: RowLinks,
        files: Vec<Looked>,
        seen: &Seen,
    ) -> Result<(), Error> {
        let numbered = self.number(&mut op)?;
        let (live, hidden) = match numbered {
            true => self.looker.one(&op.draft.key).await?,
            false => seen.live(self.looker.tickets(), &op.draft.key),
        };
        let earlier = locked(self.looker.writer).of_key(&op.draft.key)?;
        let known = Known {
            live: live.as_deref(),
            in_bin: seen.in_bin(self.looker.tickets(), &op.draft.key),
            refused: self.rivals.taken(&op)?.or(hidden),
            earlier: &earlier,
        };
        let decision = self.rules.decide(&mut op, &known);
        if decision.action == PlannedAction::Create && known.in_bin.is_some() {
            self.sums.held_in_bin += 1;
        }
        let mut row = planned_row(&op, decision);
        let links = links.map(|links| made_before(links, &earlier));
        self.link(&mut row, &op, links)?;
        self.file(&mut row, &op, files)?;
        let taken = self.sums.take_effect(&row, &op, earlier.len(), &self.judge);
        taken.map_err(unwritten)?;
        self.keep(&row)
    }

    /// The files of a row that has, or gets, a ticket; the first that can't be uploaded says
    /// why its note would not be written.
    fn file(&self, row: &mut PlannedRow, op: &PlannedOp, files: Vec<Looked>) -> Result<(), Error> {
        if matches!(row.action, PlannedAction::Exists | PlannedAction::Refused) {
            return Ok(());
        }
        for looked in files {
            let file = &looked.planned.file;
            let key = file.key(&op.draft.key);
            locked(self.looker.writer).add_file(&key, &looked.planned)?;
            if let (Some(fault), None) = (looked.fault, &row.refusal) {
                let note = Reason::File {
                    name: file.name.clone(),
                    fault: Box::new(fault),
                };
                let reason = Reason::NoteLeft {
                    ticket: row.ticket.clone().unwrap_or_default(),
                    note: Box::new(note),
                };
                row.refusal = Some(RowIssue::new(Problem::new(reason).value(&file.name)).into());
            }
        }
        Ok(())
    }

    /// Gives identical rows different keys (K3), if keys are made of cells; true if the row's key
    /// has changed.
    fn number(&self, op: &mut PlannedOp) -> Result<bool, Error> {
        let first = op.draft.key.clone();
        if !self.rules.mapping.counts_keys() {
            return Ok(false);
        }
        let mut number = 1;
        while !locked(self.looker.writer).of_key(&op.draft.key)?.is_empty() {
            number += 1;
            op.rekey(
                self.rules.mapping.key_property(),
                format!("{first}-{number}").into(),
            );
        }
        Ok(number > 1)
    }

    /// The links of a row that has, or gets, a ticket.
    fn link(&mut self, row: &mut PlannedRow, op: &PlannedOp, links: RowLinks) -> Result<(), Error> {
        let with_links = [
            PlannedAction::Create,
            PlannedAction::Update,
            PlannedAction::Unchanged,
        ];
        if !with_links.contains(&row.action) || self.rules.operation == Operation::Archive {
            return Ok(());
        }
        let links = match links {
            Ok(links) => links,
            Err(problem) if row.action == PlannedAction::Unchanged => {
                row.refusal = Some(left(row, *problem).into());
                return Ok(());
            }
            Err(problem) => {
                row.action = PlannedAction::Refused;
                row.changes.clear();
                row.ticket = None;
                row.refusal = Some((*problem).into());
                return Ok(());
            }
        };
        for (link, draft) in links.iter().zip(&op.draft.links) {
            if link.state == LinkState::Create {
                self.want(draft)?;
            }
        }
        if row.action == PlannedAction::Unchanged && links.iter().any(|link| link.state.writes()) {
            row.action = PlannedAction::Link;
        }
        row.links = links;
        Ok(())
    }

    /// Counts a record that is created, once.
    fn want(&mut self, draft: &LinkDraft) -> Result<(), Error> {
        let Some(kind) = self.looker.kinds.step_kind(draft) else {
            return Ok(());
        };
        if locked(self.looker.writer).want_other(&kind, &draft.value)? {
            *self.sums.others.entry(draft.to).or_default() += 1;
        }
        Ok(())
    }

    /// Resolves the links to tickets of the input, now that all of those are known.
    async fn resolve_open(&mut self) -> Result<(), Error> {
        let mut after = 0;
        loop {
            let rows = locked(self.looker.writer).open(after, OPEN)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.row.seq;
            self.resolve(rows).await?;
        }
    }

    async fn resolve(&mut self, mut rows: Vec<PlannedRow>) -> Result<(), Error> {
        let made = self.name_ends(&mut rows).await?;
        let known: Vec<(String, Vec<Link>)> = rows
            .iter()
            .filter_map(|row| {
                let ticket = row.ticket.clone()?;
                let links = row.links.iter().filter_map(|link| self.known_link(link));
                Some((ticket, links.collect()))
            })
            .collect();
        let held = self.looker.held(&known).await?;
        for mut row in rows {
            let before = row.action;
            let ticket = row.ticket.clone();
            let mut lacking = None;
            let key = row.key.as_deref().unwrap_or_default();
            let mut earlier = locked(self.looker.writer).of_key(key)?;
            earlier.retain(|one| one.row.seq < row.row.seq);
            for link in &mut row.links {
                let LinkState::Later { skips } = link.state else {
                    continue;
                };
                let is_there = self.known_link(link).is_some_and(|known| {
                    let links = std::slice::from_ref(&known);
                    let of = |ticket| OfTicket { ticket, links };
                    ticket
                        .as_deref()
                        .is_some_and(|ticket| held.is_as_wanted(Way::Make, of(ticket)))
                });
                let is_there = is_there || is_made(link, &earlier);
                let is_known = link.record.is_some() || made.contains(&link.value);
                link.state = match (is_known, is_there, skips) {
                    (true, true, _) => LinkState::There,
                    (true, false, _) => LinkState::Make,
                    (false, _, true) => LinkState::LeftOut,
                    (false, _, false) => {
                        let object = ObjectType::Tickets;
                        let problem = Problem::new(Reason::NoSuchRecord { object });
                        let problem = problem.column(&*link.column).value(&link.value);
                        lacking = lacking.or(Some(problem));
                        LinkState::Refused
                    }
                };
            }
            if let Some(problem) = lacking {
                row.refusal = Some(left(&row, problem).into());
            }
            if row.action == PlannedAction::Unchanged
                && row.links.iter().any(|link| link.state.writes())
            {
                row.action = PlannedAction::Link;
            }
            locked(self.looker.writer).add(&row)?;
            self.sums.retake(before, &row);
        }
        Ok(())
    }

    /// Finds the tickets that open links lead to: in the plan, else in the portal.
    /// Returns the keys of those that the plan creates, which have no ids yet.
    async fn name_ends(&self, rows: &mut [PlannedRow]) -> Result<BTreeSet<String>, Error> {
        let mut made = BTreeSet::new();
        let mut unknown: Vec<LinkDraft> = Vec::new();
        for link in rows.iter_mut().flat_map(|row| &mut row.links) {
            let LinkState::Later { .. } = link.state else {
                continue;
            };
            match locked(self.looker.writer).ticket_of_key(&link.value)? {
                Some(KeyHolder::Ticket(id)) => link.record = Some(id),
                Some(KeyHolder::Planned) => {
                    let _new = made.insert(link.value.clone());
                }
                None => unknown.push(link.draft()),
            }
        }
        if unknown.is_empty() || !self.looker.knows_keys {
            return Ok(made);
        }
        let drafts: Vec<&LinkDraft> = unknown.iter().collect();
        let found = self.looker.look.find(&drafts).await.map_err(stopped)?;
        for link in rows.iter_mut().flat_map(|row| &mut row.links) {
            let mut drafts = unknown.iter();
            let asked = drafts.find(|draft| draft.value == link.value);
            if let (LinkState::Later { .. }, Some(draft)) = (link.state, asked)
                && let Resolved::Id(id) = found.of(draft)
            {
                link.record = Some(id.clone());
            }
        }
        Ok(made)
    }

    /// A link whose other end is in the portal.
    fn known_link(&self, link: &PlannedLink) -> Option<Link> {
        let record = link.record.clone().filter(|id| !id.is_empty())?;
        Some(Link {
            to: link.to,
            id: record,
            types: vec![self.looker.kinds.of(&link.draft())],
            column: link.column.clone(),
        })
    }
}

/// A row with what is decided for it, without its links.
fn planned_row(op: &PlannedOp, decision: Decision) -> PlannedRow {
    PlannedRow {
        row: RowEntry {
            seq: op.source.seq,
            address: op.source.address,
        },
        action: decision.action,
        key: Some(op.draft.key.clone()),
        ticket: decision.ticket,
        body: Some(op.body),
        changes: decision.changes,
        links: Vec::new(),
        refusal: decision.problem.map(Into::into),
    }
}

/// Links that earlier rows of the ticket make will exist by the time a row would make them.
fn made_before(mut links: Vec<PlannedLink>, earlier: &[PlannedRow]) -> Vec<PlannedLink> {
    for link in links.iter_mut().filter(|link| link.state.writes()) {
        if is_made(link, earlier) {
            link.state = LinkState::There;
            // A link that an earlier row makes need not exist when the run begins.
            link.record = None;
        }
    }
    links
}

fn is_made(link: &PlannedLink, earlier: &[PlannedRow]) -> bool {
    let made = earlier.iter().flat_map(|row| &row.links);
    let mut made = made.filter(|made| made.state.writes());
    made.any(|made| made.is_same(link))
}

/// A row whose ticket exists, or will, and one of whose links can't be made.
fn left(row: &PlannedRow, problem: Problem) -> RowIssue {
    let reason = Reason::LinkLeft {
        ticket: row.ticket.clone().unwrap_or_default(),
        link: Box::new(problem.reason.clone()),
    };
    RowIssue::new(Problem { reason, ..problem })
}

fn unwritten(error: io::Error) -> Error {
    Error::unexpected("a file of the plan can't be written")
        .because(error)
        .advise("make room on the disk, also in the folder for temporary files")
}
