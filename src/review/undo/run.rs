//! The undo as a run: page by page, the newest rows first. Intents are durable before calls; a row
//! whose call was lost is checked again when that call can no longer be carried out (protocol S4).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::act::{Act, Acted};
use super::co_creators::CoCreators;
use super::decide::{Inverse, Now, decide};
use super::file_codes::left_code;
use super::files::{Candidates, FileUsers, OwnFiles};
use super::left::Left;
use super::observe::Held;
use crate::error::Error;
use crate::hubspot::Client;
use crate::hubspot::contract::BATCH_LIMIT;
use crate::import::stop::{StopSwitch, stop_for};
use crate::journal::{
    FileState, Intent, Journal, Keys, NOTES_ARCHIVED, NoteId, NoteState, NoteStep, Past, RowEntry,
    RunState,
};
use crate::mapping::CompiledMapping;
use crate::model::issue::Refusal;
use crate::model::key::Key;
use crate::model::note::Activity;
use crate::model::outcome::{Change, Fate, RowEnd, Written};
use crate::model::schema::ObjectType;
use crate::model::stop::{Delay, Stop};
use crate::review::expect::{DoneRows, Expected};

/// Rows that are undone together. HubSpot: 50 records with their history in a call.
const PAGE: usize = 50;

/// Steps of an undo have this kind.
pub const KIND: &str = "undo";

/// How often rows whose calls were lost are checked again.
const ROUNDS: usize = 3;

/// Everything that an undo needs.
pub struct Undo {
    /// The portal.
    pub client: Client,
    /// The rows of the run.
    pub rows: DoneRows,
    /// How the run mapped its rows.
    pub mapping: Arc<CompiledMapping>,
    /// Properties that anybody can set.
    pub writable: BTreeSet<String>,
    /// The journal of the undo; none in a dry run.
    pub journal: Option<Journal>,
    /// Rows that an earlier process of this undo settled.
    pub settled: HashSet<u64>,
    /// Rows that it intended and whose outcome is unknown.
    pub begun: HashSet<u64>,
    /// Rows that an earlier undo of the run undid.
    pub taken_back: HashSet<u64>,
    /// Runs that may also claim to have created its tickets.
    pub claims: CoCreators,
    /// Runs whose notes may name its files.
    pub users: FileUsers,
    /// Notes that an earlier process of this undo put into the recycle bin.
    pub notes: u64,
    /// In a dry run, what tickets of several rows would hold by now.
    pub shown: HashMap<String, BTreeMap<String, String>>,
    /// In a dry run, notes that would be gone by now.
    pub going: HashSet<NoteId>,
    /// In a dry run, the outcome of files.
    pub files: BTreeMap<String, FileState>,
    /// Id of the undo.
    pub run: String,
    /// How long a lost call may still be carried out.
    pub horizon: Duration,
    /// Only tickets that the run created are archived, whoever has changed them since;
    /// nothing else is undone.
    pub created_only: bool,
    /// Stops it from outside.
    pub stop: StopSwitch,
    /// Receives how many rows of the run have been processed.
    pub hear: Box<dyn Fn(u64)>,
}

/// The result of an undo.
#[derive(Debug, Default)]
pub struct Undone {
    /// Rows by what was done: `archived`, `restored`, `unlinked`, `unchanged`; `partly` for
    /// those undone in part, `before` for those that an earlier undo undid.
    pub done: BTreeMap<&'static str, u64>,
    /// Rows that were left as they are, by code.
    pub left: BTreeMap<String, u64>,
    /// Notes that the run made and that are moved to the recycle bin.
    pub notes: u64,
    /// Files that the run uploaded and that are deleted.
    pub files: u64,
    /// Files that it uploaded and that are kept, by code.
    pub files_left: BTreeMap<&'static str, u64>,
    /// Rows whose outcome is not known.
    pub unknown: u64,
    /// Kinds of activities that the token may not read: whether somebody linked any is not
    /// known.
    pub hidden: BTreeSet<ObjectType>,
    /// The first of those that were left, as examples for people.
    pub examples: Vec<(String, Left)>,
    /// Why it stopped before its end.
    pub stop: Option<Stop>,
}

/// Rows undone in part.
const PARTLY: &str = "partly";

/// Examples that are kept.
const EXAMPLES: usize = 20;

impl Undone {
    fn count(&mut self, row: &Expected, inverse: &Inverse) {
        let word = match inverse {
            Inverse::Archive => "archived",
            Inverse::Restore {
                changes,
                left: None,
                ..
            } if changes.is_empty() => "unlinked",
            Inverse::Restore { left: None, .. } => "restored",
            Inverse::Unnote => "noted",
            Inverse::Nothing => "unchanged",
            Inverse::Before => "before",
            Inverse::Leave(left)
            | Inverse::Restore {
                left: Some(left), ..
            } => {
                if acts(inverse) {
                    *self.done.entry(PARTLY).or_default() += 1;
                }
                *self.left.entry(left.code().to_owned()).or_default() += 1;
                if self.examples.len() < EXAMPLES {
                    self.examples.push((row.place.clone(), left.clone()));
                }
                return;
            }
        };
        *self.done.entry(word).or_default() += 1;
    }

    /// Counts files by outcome.
    pub fn count_files(&mut self, states: impl IntoIterator<Item = FileState>) {
        for state in states {
            match left_code(state) {
                None if state == FileState::Deleted => self.files += 1,
                None => {}
                Some(code) => *self.files_left.entry(code).or_default() += 1,
            }
        }
    }

    /// Counts the rows in the journal of an undo, including those settled by an earlier
    /// process of it.
    pub fn of_journal(self, past: &Past) -> Undone {
        let mut done: BTreeMap<&'static str, u64> = past
            .figures
            .changes
            .iter()
            .map(|(change, rows)| (taken_back(*change), *rows))
            .collect();
        for (word, rows) in [
            ("unchanged", past.figures.tally.of(Fate::Unchanged)),
            ("before", past.figures.tally.of(Fate::Skipped)),
            (PARTLY, past.figures.refused_in_part),
        ] {
            if rows > 0 {
                let _none = done.insert(word, rows);
            }
        }
        let left = past.refusals.iter();
        Undone {
            done,
            left: left.map(|group| (group.code.clone(), group.rows)).collect(),
            ..self
        }
    }
}

/// The outcome of a row of an undo, by what was done for it.
fn taken_back(change: Change) -> &'static str {
    match change {
        Change::Archived | Change::Created => "archived",
        Change::Updated | Change::Linked => "restored",
        Change::Unlinked => "unlinked",
        Change::Noted => "noted",
    }
}

impl Undo {
    /// Undoes rows until there are none left or it has to stop.
    ///
    /// # Errors
    /// When a journal or the input can't be read or written.
    pub async fn run(mut self) -> Result<Undone, Error> {
        let mut undone = Undone {
            notes: self.notes,
            ..Undone::default()
        };
        let mut late = Vec::new();
        let mut before = i64::MAX.unsigned_abs();
        let mut gone_through = 0;
        while undone.stop.is_none() {
            if let Some(stop) = self.stop.reason() {
                undone.stop = Some(stop);
                break;
            }
            let page = self.rows.back(before, PAGE)?;
            let Some(last) = page.last() else { break };
            before = last.seq;
            gone_through += page.len() as u64;
            let open = page.into_iter();
            let is_wanted = |row: &Expected| !self.created_only || row.change == Change::Created;
            let open = open
                .filter(|row| !self.settled.contains(&row.seq) && is_wanted(row))
                .collect();
            late.extend(self.page(open, &mut undone).await?);
            (self.hear)(gone_through);
        }
        self.again(late, &mut undone).await?;
        undone.count_files(std::mem::take(&mut self.files).into_values());
        if let Some(mut journal) = self.journal {
            let state = match undone.stop {
                None => RunState::Finished,
                Some(_) => RunState::Open,
            };
            let commit = journal.begin()?;
            commit.mark_state(state)?;
            commit.commit()?;
            journal.close()?;
        }
        Ok(undone)
    }

    /// Handles rows whose outcome is not known, once their calls can no longer be carried out (S4).
    async fn again(&mut self, mut late: Vec<Expected>, undone: &mut Undone) -> Result<(), Error> {
        for _round in 0..ROUNDS {
            if late.is_empty() || undone.stop.is_some() {
                break;
            }
            tokio::time::sleep(self.horizon).await;
            self.begun.extend(late.iter().map(|row: &Expected| row.seq));
            let mut again = Vec::new();
            for page in std::mem::take(&mut late).chunks(PAGE) {
                again.extend(self.page(page.to_vec(), undone).await?);
            }
            late = again;
        }
        if !late.is_empty() {
            undone.unknown = late.len() as u64;
            let undecided = Stop::Later(Delay::Undecided("tickets"));
            let _first = undone.stop.get_or_insert(undecided);
        }
        Ok(())
    }

    /// Undoes some rows; returns those with an unknown outcome.
    async fn page(
        &mut self,
        rows: Vec<Expected>,
        undone: &mut Undone,
    ) -> Result<Vec<Expected>, Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let read = match self.created_only {
            true => Held::read_created(&self.client, &rows).await,
            false => Held::read(&self.client, &rows, &self.writable).await,
        };
        let mut held = match read {
            Ok(held) => held,
            Err(error) => {
                undone.stop = Some(stop_for(error));
                return Ok(Vec::new());
            }
        };
        undone.hidden.extend(&held.hidden);
        held.pretend(&self.shown);
        let decided = rows.into_iter().map(|row| {
            let inverse = self.decided(&row, &held);
            let inverse = self.unless_claimed(&row, inverse)?;
            Ok((row, inverse))
        });
        let decided = decided.collect::<Result<Vec<_>, Error>>()?;
        let notes = own_notes(&decided, &held, &self.begun);
        let files = match self.own_files(&decided, &held)?.judged(&self.client).await {
            Ok(files) => files,
            Err(error) => {
                undone.stop = Some(stop_for(error));
                return Ok(Vec::new());
            }
        };
        match self.journal {
            Some(_) => self.act(&decided, &notes, &files, undone).await,
            None => self.show_all(&decided, &notes, &files, undone),
        }
    }

    /// Counts what would be done.
    fn show_all(
        &mut self,
        decided: &[(Expected, Inverse)],
        notes: &OwnNotes,
        files: &OwnFiles,
        undone: &mut Undone,
    ) -> Result<Vec<Expected>, Error> {
        undone.notes += notes.counts.values().sum::<u64>();
        self.files.extend(files.states());
        for (row, inverse) in decided {
            undone.count(row, inverse);
            self.show(row, inverse)?;
        }
        Ok(Vec::new())
    }

    /// Files that the run uploaded for rows whose notes are deleted.
    fn own_files(
        &mut self,
        decided: &[(Expected, Inverse)],
        held: &Held,
    ) -> Result<Candidates, Error> {
        let rows = decided.iter();
        let rows = rows.filter(|(row, inverse)| notes_go(row, inverse, held));
        let rows: Vec<&Expected> = rows.map(|(row, _)| row).collect();
        let notes = rows.iter().flat_map(|row| made_notes(row));
        let going = notes.filter_map(|note| Some((note.entry.activity, note.record.clone()?)));
        if self.journal.is_some() {
            // Notes that are already in the recycle bin need no call.
            self.going.clear();
        }
        self.going.extend(going);
        let rows: Vec<u64> = rows.iter().map(|row| row.seq).collect();
        Candidates::of(&self.rows.journal, &self.users, &rows, &self.going)
    }

    /// Does what was decided; returns the rows with an unknown outcome.
    async fn act(
        &mut self,
        decided: &[(Expected, Inverse)],
        notes: &OwnNotes,
        files: &OwnFiles,
        undone: &mut Undone,
    ) -> Result<Vec<Expected>, Error> {
        let Some(journal) = &mut self.journal else {
            return Ok(Vec::new());
        };
        intend(journal, decided, files)?;
        // They are the run's own, and may be archived and deleted repeatedly.
        let mut gone = archive_notes(&self.client, &notes.live).await;
        if gone.is_ok() {
            gone = files.delete(&self.client).await;
        }
        if let Err(stop) = gone {
            undone.stop = Some(stop);
            return Ok(Vec::new());
        }
        files.settle(journal)?;
        settle_still(journal, decided, &self.begun, notes, undone)?;
        let acting = decided.iter().map(|(row, inverse)| (row, inverse));
        let acting: Vec<_> = acting.filter(|(_, inverse)| acts(inverse)).collect();
        let act = Act {
            client: &self.client,
            key_property: self.mapping.id_property(),
            tag: self.run.get(..8).unwrap_or(&self.run),
        };
        let (acted, stop) = act.on(&acting).await;
        undone.stop = stop;
        let settled = acting.into_iter().zip(acted);
        settle(journal, settled, notes, undone)
    }

    /// Remembers what a ticket would hold, for the rows before this one that changed it too.
    fn show(&mut self, row: &Expected, inverse: &Inverse) -> Result<(), Error> {
        let Inverse::Restore { changes, .. } = inverse else {
            return Ok(());
        };
        if self.rows.journal.has_before(&row.key, row.seq)? {
            let given = changes.iter();
            let given = given.map(|change| (change.name.to_string(), change.after.clone()));
            self.shown
                .entry(row.ticket.clone())
                .or_default()
                .extend(given);
        }
        Ok(())
    }

    fn decided(&self, row: &Expected, held: &Held) -> Inverse {
        let now = Now {
            record: held.record(&row.ticket),
            begun: self.begun.contains(&row.seq),
            links: held.links(&row.ticket),
            between: held.between(&row.ticket),
            gone: held.is_gone(&row.ticket),
            absence: held.absence(&row.ticket),
            touched_note: held.notes.touched(&row.notes, &row.ticket),
            companies: held.companies(&row.ticket),
            key_property: self.mapping.id_property().unwrap_or_default(),
        };
        // What was undone counts as it was before, whatever has happened since.
        let is_taken_back = self.taken_back.contains(&row.seq);
        if is_taken_back && (row.change != Change::Created || now.record.is_none()) {
            return Inverse::Before;
        }
        if self.created_only {
            return created_alone(&now);
        }
        decide(row, &now, &self.writable, |name| self.mapping.type_of(name))
    }

    /// Lets only those tickets be archived that no other run claims.
    fn unless_claimed(&self, row: &Expected, inverse: Inverse) -> Result<Inverse, Error> {
        if self.created_only || inverse != Inverse::Archive {
            return Ok(inverse);
        }
        let other = self.claims.other(&row.key, &row.ticket)?;
        Ok(other.map_or(inverse, |run| {
            Inverse::Leave(Left::ClaimedBy(run.to_owned()))
        }))
    }
}

/// What removes a ticket that the run created, whoever has changed it since.
fn created_alone(now: &Now<'_>) -> Inverse {
    match now.record {
        Some(_) => Inverse::Archive,
        None if now.begun => Inverse::Nothing,
        None => Inverse::Leave(Left::NotLive(now.absence.cloned())),
    }
}

/// The notes that the run made for rows that are undone.
#[derive(Default)]
struct OwnNotes {
    /// Those that exist.
    live: Vec<(Activity, String)>,
    /// How many each row has, by its number, counting those that exist or that an earlier process
    /// of this undo may have archived.
    counts: HashMap<u64, u64>,
}

impl OwnNotes {
    fn of(&self, row: &Expected) -> u64 {
        self.counts.get(&row.seq).copied().unwrap_or(0)
    }
}

/// Whether the run's notes on a ticket are deleted.
fn notes_go(row: &Expected, inverse: &Inverse, held: &Held) -> bool {
    match (row.change, inverse) {
        (Change::Created, Inverse::Archive) => true,
        // The notes were left behind when somebody archived the ticket.
        (Change::Created, Inverse::Leave(Left::NotLive(_))) => {
            held.notes.touched(&row.notes, &row.ticket).is_none()
        }
        (Change::Updated | Change::Linked, Inverse::Restore { .. } | Inverse::Nothing) => true,
        (_, inverse) => *inverse == Inverse::Unnote,
    }
}

fn own_notes(decided: &[(Expected, Inverse)], held: &Held, begun: &HashSet<u64>) -> OwnNotes {
    let mut own = OwnNotes::default();
    let going = decided.iter();
    for (row, _) in going.filter(|(row, inverse)| notes_go(row, inverse, held)) {
        for note in made_notes(row) {
            let activity = note.entry.activity;
            let live = note.record.as_ref();
            let live = live.filter(|id| held.notes.is_live(activity, id));
            own.live.extend(live.map(|id| (activity, id.clone())));
            if live.is_some() || begun.contains(&row.seq) {
                *own.counts.entry(row.seq).or_default() += 1;
            }
        }
    }
    own
}

/// The notes of a row that the run made: an undo must not delete others.
fn made_notes(row: &Expected) -> impl Iterator<Item = &NoteStep> {
    let notes = row.notes.iter();
    notes.filter(|note| matches!(note.state, NoteState::Made | NoteState::Twin))
}

/// Puts notes into the recycle bin, before their tickets.
async fn archive_notes(client: &Client, notes: &[(Activity, String)]) -> Result<(), Stop> {
    for activity in Activity::ALL {
        let of_kind = notes.iter().filter(|(kind, _)| *kind == activity);
        let ids: Vec<String> = of_kind.map(|(_, id)| id.clone()).collect();
        for part in ids.chunks(BATCH_LIMIT) {
            let archived = client.batch_archive(activity.object(), part).await;
            let reply = archived.map_err(stop_for)?;
            if let Some(error) = reply.errors.iter().find(|error| !error.is_missing()) {
                return Err(Stop::Later(Delay::NotArchived {
                    records: activity.object().plural().into_owned(),
                    said: error.message.clone(),
                }));
            }
        }
    }
    Ok(())
}

fn acts(inverse: &Inverse) -> bool {
    matches!(inverse, Inverse::Archive | Inverse::Restore { .. })
}

fn entry(row: &Expected) -> RowEntry {
    RowEntry {
        seq: row.seq,
        address: row.address,
    }
}

/// One commit: intents of what is to be done.
fn intend(
    journal: &mut Journal,
    decided: &[(Expected, Inverse)],
    files: &OwnFiles,
) -> Result<(), Error> {
    let commit = journal.begin()?;
    for file in files.goes() {
        commit.intend_deletion(file)?;
    }
    let calls = |inverse: &Inverse| acts(inverse) || *inverse == Inverse::Unnote;
    for (row, inverse) in decided.iter().filter(|(_, inverse)| calls(inverse)) {
        let changes = match inverse {
            Inverse::Restore { changes, .. } if !changes.is_empty() => Some(changes.as_slice()),
            _ => None,
        };
        let _free = commit.intend(
            &Intent {
                row: entry(row),
                kind: KIND,
                keys: Keys::Shared,
                key: &Key::from(&*row.key),
                record: Some(&row.ticket),
                body: [0; 16],
                changes,
                counted: false,
            },
            None,
        )?;
    }
    commit.commit()?;
    Ok(())
}

/// One commit: the outcome of rows that need no call except for their notes.
fn settle_still(
    journal: &mut Journal,
    decided: &[(Expected, Inverse)],
    begun: &HashSet<u64>,
    notes: &OwnNotes,
    undone: &mut Undone,
) -> Result<(), Error> {
    let mut commit = journal.begin()?;
    for (row, inverse) in decided {
        let end = match inverse {
            Inverse::Archive | Inverse::Restore { .. } => continue,
            Inverse::Unnote => RowEnd::Done {
                ticket: row.ticket.clone(),
                change: Change::Noted,
            },
            // A row that was begun and is back to its former state was undone by this undo.
            Inverse::Nothing if begun.contains(&row.seq) => RowEnd::Done {
                ticket: row.ticket.clone(),
                change: match row.change {
                    Change::Created => Change::Archived,
                    Change::Linked => Change::Unlinked,
                    _ => Change::Updated,
                },
            },
            Inverse::Nothing => RowEnd::Unchanged {
                ticket: row.ticket.clone(),
            },
            Inverse::Before => RowEnd::Skipped,
            Inverse::Leave(left) => RowEnd::Refused(refusal(left)),
        };
        undone.count(row, inverse);
        undone.notes += notes.of(row);
        commit.settle(entry(row), Some(&row.key), &end)?;
        commit.name_record(KIND, row.seq, &row.ticket)?;
    }
    commit.mark(NOTES_ARCHIVED, undone.notes)?;
    commit.commit()?;
    Ok(())
}

fn refusal(left: &Left) -> Refusal {
    let (column, value) = match left {
        Left::Touched { property, holds } => (property.clone(), holds.clone()),
        Left::Linked(record) => (String::new(), record.clone()),
        Left::NoteTouched(note) => (String::new(), format!("notes {note}")),
        Left::ClaimedBy(run) => (String::new(), run.clone()),
        Left::NotLive(Some(absence)) => (String::new(), absence.words()),
        _ => (String::new(), String::new()),
    };
    Refusal {
        code: left.code().to_owned(),
        column,
        value,
        hint: left.hint().to_owned(),
    }
}

/// The outcome of a row, and what was written if a part of it is refused; none if its outcome
/// is not known.
fn ended(
    row: &Expected,
    inverse: &Inverse,
    acted: Acted,
    notes: &OwnNotes,
    undone: &mut Undone,
) -> Option<(RowEnd, Option<Written>)> {
    let ticket = row.ticket.clone();
    let end = match acted {
        Acted::Done(change) => {
            undone.count(row, inverse);
            undone.notes += notes.of(row);
            if let Inverse::Restore { left, .. } = inverse
                && let Some(left) = left
            {
                let refused = RowEnd::Refused(refusal(left));
                return Some((refused, Some(Written { ticket, change })));
            }
            RowEnd::Done { ticket, change }
        }
        Acted::Missing => {
            let left = Left::NotLive(None);
            undone.count(row, &Inverse::Leave(left.clone()));
            RowEnd::Refused(refusal(&left))
        }
        Acted::Refused(issue) => {
            *undone.left.entry("REFUSED".to_owned()).or_default() += 1;
            RowEnd::Refused(issue.into())
        }
        Acted::Unclear => return None,
    };
    Some((end, None))
}

/// Records the outcomes of rows in one commit; returns those with an unknown outcome.
fn settle<'a>(
    journal: &mut Journal,
    acted: impl Iterator<Item = ((&'a Expected, &'a Inverse), Acted)>,
    notes: &OwnNotes,
    undone: &mut Undone,
) -> Result<Vec<Expected>, Error> {
    let mut commit = journal.begin()?;
    let mut late = Vec::new();
    for ((row, inverse), acted) in acted {
        let Some((end, partly)) = ended(row, inverse, acted, notes, &mut *undone) else {
            late.push(row.clone());
            continue;
        };
        commit.settle(entry(row), Some(&row.key), &end)?;
        commit.name_record(KIND, row.seq, &row.ticket)?;
        if let Some(partly) = &partly {
            commit.keep_written(row.seq, partly)?;
        }
    }
    commit.mark(NOTES_ARCHIVED, undone.notes)?;
    commit.commit()?;
    Ok(late)
}
