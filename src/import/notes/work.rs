//! A load in progress: rows whose tickets are written, and the notes that they need.

use std::sync::Arc;

use super::part::{marked_body, parts, text_hash};
use super::way::KeyWay;
use crate::hubspot::LinkType;
use crate::hubspot::contract::BATCH_LIMIT;
use crate::hubspot::records::association_types;
use crate::hubspot::records::{Association, CreateInput};
use crate::import::flow::{RowOutcome, Standing};
use crate::import::send::reply::{Input, Item};
use crate::journal::{NoteEntry, NoteState, SettledNote};
use crate::model::attachment::Attachment;
use crate::model::issue::{Problem, Reason};
use crate::model::note::Activity;
use crate::model::outcome::Change;

/// HubSpot: the property that names the files of an activity.
pub const ATTACHMENTS: &str = "hs_attachment_ids";

/// The state of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is to be sent.
    Todo,
    /// It is on its ticket.
    Done,
    /// Nothing can be known about it before the next sweep.
    Late,
    /// It is refused.
    Bad(Box<Reason>),
    /// An earlier process created it, and perhaps a second copy.
    Twin(String),
}

/// A row of a load.
pub(super) struct Row {
    pub(super) standing: Standing,
    /// Whether its ticket may already hold notes of the row.
    pub(super) looks: bool,
    /// Whether this run created one of its notes.
    pub(super) added: bool,
}

impl Row {
    pub(super) fn ticket(&self) -> &str {
        &self.standing.ticket
    }

    pub(super) fn seq(&self) -> u64 {
        self.standing.op.source.seq
    }
}

/// A note, or a part of one.
pub(super) struct Piece {
    /// Its row, in the load.
    pub(super) row: usize,
    /// What it is.
    pub(super) activity: Activity,
    /// Its key.
    pub(super) key: String,
    /// The key that it is sent with: with a number added if one in the recycle bin has it.
    pub(super) name: String,
    pub(super) at_ms: i64,
    body: String,
    /// Further properties; the parts of a note share them.
    more: Arc<[(Arc<str>, String)]>,
    /// Files that have to be uploaded before it is sent.
    pub(super) files: Vec<Attachment>,
    /// Record ids of those that have been uploaded.
    attached: Vec<String>,
    pub(super) text: [u8; 16],
    pub(super) state: State,
    /// Its record id, once it exists.
    pub(super) record: Option<String>,
    /// Whether a send of ours may have created it.
    pub(super) doubtful: bool,
    /// Whether a reply said that this load created it.
    pub(super) made: bool,
    pub(super) attempts: u32,
    pub(super) collisions: u32,
    /// Maximum number of inputs in its call.
    pub(super) company: usize,
}

impl Piece {
    /// Its files have been uploaded.
    pub(super) fn attach(&mut self, ids: &[String]) {
        let mut more = self.more.to_vec();
        more.push((ATTACHMENTS.into(), ids.join(";")));
        self.more = more.into();
        self.attached = ids.to_vec();
        self.files.clear();
    }

    /// Maximum number of bytes that it takes in a call.
    pub(super) fn bytes(&self) -> usize {
        let more: usize = self.more.iter().map(|(_, value)| value.len()).sum();
        (self.body.len() + more) * 2 + 512
    }

    /// What the journal keeps about it.
    pub(super) fn entry(&self, rows: &[Row]) -> NoteEntry {
        NoteEntry {
            seq: rows[self.row].seq(),
            key: self.key.clone(),
            at_ms: self.at_ms,
            text: self.text,
            activity: self.activity,
            files: self.attached.clone(),
        }
    }

    /// A step for the journal that records that it exists.
    pub(super) fn settled(&self, rows: &[Row], state: NoteState) -> SettledNote {
        let entry = self.entry(rows);
        SettledNote {
            entry,
            written: (self.name != self.key).then(|| self.name.clone()),
            record: self.record.clone().unwrap_or_default(),
            state,
        }
    }

    /// What is sent for it.
    pub(super) fn item(&self, place: usize, ticket: &str, way: &KeyWay) -> Item {
        let body = match way.property {
            Some(_) => self.body.clone(),
            None => marked_body(&self.body, &self.name),
        };
        let at = jiff::Timestamp::from_millisecond(self.at_ms);
        let at = at.map_or_else(|_| self.at_ms.to_string(), |at| at.to_string());
        let mut properties = vec![
            ("hs_timestamp".into(), at),
            (self.activity.body().into(), body),
        ];
        let more = self.more.iter();
        properties.extend(more.cloned());
        let key = way.property.iter();
        properties.extend(key.map(|name| (name.clone(), self.name.clone())));
        let input = CreateInput {
            trace_id: place.to_string(),
            properties,
            associations: vec![Association {
                to: ticket.to_owned(),
                types: vec![LinkType::plain(to_ticket(self.activity))],
            }],
        };
        Item {
            input: Input::New(input),
            key: self.name.as_str().into(),
        }
    }
}

/// Rows and their notes.
pub(super) struct Work {
    pub(super) rows: Vec<Row>,
    pub(super) pieces: Vec<Piece>,
}

impl Work {
    /// The notes of rows.
    pub(super) fn of(rows: Vec<Standing>) -> Work {
        let mut work = Work {
            rows: Vec::new(),
            pieces: Vec::new(),
        };
        for mut standing in rows {
            for mut note in std::mem::take(&mut standing.op.draft.notes) {
                let more: Arc<[_]> = note.more.clone().into();
                for part in parts(&note) {
                    // The first part carries them all.
                    let files = std::mem::take(&mut note.files);
                    work.pieces.push(Piece {
                        row: work.rows.len(),
                        activity: note.activity,
                        more: Arc::clone(&more),
                        files,
                        attached: Vec::new(),
                        name: part.key.clone(),
                        text: text_hash(&part.body, &part.key),
                        key: part.key,
                        at_ms: note.at_ms,
                        body: part.body,
                        state: State::Todo,
                        record: None,
                        doubtful: false,
                        made: false,
                        attempts: 0,
                        collisions: 0,
                        company: BATCH_LIMIT,
                    });
                }
            }
            work.rows.push(Row {
                looks: standing.change() != Some(Change::Created),
                standing,
                added: false,
            });
        }
        work
    }

    /// Positions of the notes of a kind that are to be sent.
    pub(super) fn todo(&self, activity: Activity) -> Vec<usize> {
        let is_todo = |place: &usize| {
            let piece = &self.pieces[*place];
            piece.state == State::Todo && piece.activity == activity
        };
        (0..self.pieces.len()).filter(is_todo).collect()
    }

    /// Those of them that do not have to wait for files.
    pub(super) fn ready(&self, activity: Activity) -> Vec<usize> {
        let mut places = self.todo(activity);
        places.retain(|&place| self.pieces[place].files.is_empty());
        places
    }

    pub(super) fn ticket_of(&self, place: usize) -> &str {
        self.rows[self.pieces[place].row].ticket()
    }

    /// Marks a note as existing; returns what the journal keeps about it.
    pub(super) fn done(&mut self, place: usize, record: &str, is_ours: bool) -> SettledNote {
        let piece = &mut self.pieces[place];
        piece.state = State::Done;
        piece.record = Some(record.to_owned());
        self.rows[piece.row].added |= is_ours;
        let state = match is_ours {
            true => NoteState::Made,
            false => NoteState::There,
        };
        self.pieces[place].settled(&self.rows, state)
    }

    /// Marks a note as finished without being written.
    pub(super) fn recalled(&mut self, place: usize, is_ours: bool) {
        let piece = &mut self.pieces[place];
        piece.state = State::Done;
        self.rows[piece.row].added |= is_ours;
    }

    /// The rows that are finished, and how many are not.
    pub(super) fn ended(self) -> (Vec<RowOutcome>, usize) {
        let mut bad: Vec<Option<(String, Reason)>> = self.rows.iter().map(|_| None).collect();
        let mut open = vec![false; self.rows.len()];
        for piece in self.pieces {
            match piece.state {
                State::Done => {}
                State::Bad(reason) => {
                    let _first = bad[piece.row].get_or_insert((piece.key, *reason));
                }
                State::Todo | State::Late | State::Twin(_) => open[piece.row] = true,
            }
        }
        let mut outcomes = Vec::new();
        let n_open = open.iter().filter(|open| **open).count();
        for ((row, bad), open) in self.rows.into_iter().zip(bad).zip(open) {
            if open {
                continue;
            }
            let standing = row.standing.with(row.added.then_some(Change::Noted));
            outcomes.push(match bad {
                Some((key, reason)) => {
                    let reason = Reason::NoteLeft {
                        ticket: standing.ticket.to_string(),
                        note: Box::new(reason),
                    };
                    standing.refused(Problem::new(reason).value(&key))
                }
                None => standing.ended(),
            });
        }
        (outcomes, n_open)
    }
}

/// HubSpot's plain kind of link from a note to its ticket.
fn to_ticket(activity: Activity) -> u32 {
    let link = match activity {
        Activity::Note => association_types::NOTE,
        Activity::Email => association_types::EMAIL,
        Activity::Call => association_types::CALL,
        Activity::Task => association_types::TASK,
        Activity::Meeting => association_types::MEETING,
        Activity::Communication => association_types::COMMUNICATION,
    };
    link.to_ticket
}
