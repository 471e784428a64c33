//! The outcome of one record, as far as a check can know it. Pure, so that both threads of a check
//! can do it; what is counted later is reduced here to what is needed.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use super::keys::KeyHash;
use crate::import::flow::RowOutcome;
use crate::import::plan::oversize;
use crate::import::read::Reading;
use crate::journal::Keys;
use crate::mapping::{CompiledMapping, Mapped, Unmatched};
use crate::model::issue::{Problem, Reason, RowIssue};
use crate::model::key::Key;
use crate::model::link_by::LinkBy;
use crate::model::note::Note;
use crate::model::outcome::RowEnd;
use crate::model::row::SourceRow;
use crate::model::schema::{Pipeline, ValueType};
use crate::model::ticket::{LinkDraft, Missing, PlacedRemark, TicketDraft};
use crate::model::value_rule::RuleBook;

/// A record, judged.
pub struct Judged {
    /// What becomes of it.
    pub end: Verdict,
    /// Its texts that the mapping leaves blank or replaces because they have no counterpart.
    pub strays: Vec<Unmatched>,
}

/// What becomes of a record.
pub enum Verdict {
    /// It would be sent.
    Ready(ReadyRow),
    /// It is left out.
    Skipped,
    /// It would be refused; with everything that the mapping found wrong.
    Refused(Box<RowOutcome>, Vec<Problem>),
}

/// What is counted of a row that would be sent.
pub struct ReadyRow {
    /// Its key; none if rows may share a key.
    pub key: Option<KeyHash>,
    /// What it would cause.
    pub effect: Effect,
    /// What mapping did to its values.
    pub remarks: Vec<PlacedRemark>,
}

/// What one ticket would cause.
pub struct Effect {
    /// Position of its stage among those of all pipelines.
    pub stage: Option<usize>,
    /// Hashes of the e-mails of contacts that it is linked to.
    pub emails: Vec<u64>,
    /// Whether contacts are created for it.
    pub creates_contacts: bool,
    /// Hashes of other records that it is linked to and that have to be looked up first:
    /// records of the portal, and tickets of the input.
    pub others: Vec<u64>,
    /// Whether it is linked to tickets of the input.
    pub links_tickets: bool,
    /// Whether it is linked to anything.
    pub links: bool,
    /// Notes that it gets, and the parts into which their bodies are cut.
    pub notes: [u64; 2],
    /// Whether some of them have files.
    pub has_files: bool,
    /// Whether nothing says when it was created.
    pub undated: bool,
    /// Whether it is closed, and nothing says since when.
    pub closed_undated: bool,
}

/// Judges records. Hashes of different judges agree if one was made `with` the other.
pub struct Judge<'a> {
    mapping: &'a CompiledMapping,
    /// Whether a row with a repeated key may be refused.
    minds_keys: bool,
    hasher: RandomState,
    stage_property: Option<&'a str>,
    stages: Vec<&'a str>,
    /// For each stage, whether tickets in it count as closed.
    closed: Vec<bool>,
    /// The portal's rules for values, if they apply to what is sent.
    rules: Option<&'a RuleBook>,
}

impl<'a> Judge<'a> {
    /// A judge for rows that become tickets in these pipelines.
    pub fn new(mapping: &'a CompiledMapping, keys: Keys, pipelines: &'a [Pipeline]) -> Judge<'a> {
        let mut properties = mapping.properties().iter();
        let stage = properties.find(|property| property.value_type == ValueType::Stage);
        let stages = pipelines.iter().flat_map(|pipeline| &pipeline.stages);
        Judge {
            mapping,
            minds_keys: keys != Keys::Shared && !mapping.counts_keys(),
            hasher: RandomState::default(),
            stage_property: stage.map(|property| &*property.name),
            stages: stages.clone().map(|stage| stage.id.as_str()).collect(),
            closed: stages.map(|stage| stage.closed).collect(),
            rules: None,
        }
    }

    /// The judge applies these rules for values.
    #[must_use]
    pub fn minding(mut self, rules: &'a RuleBook) -> Judge<'a> {
        self.rules = Some(rules);
        self
    }

    /// The same judge with its own mapping, for another thread.
    pub fn with(&self, mapping: &'a CompiledMapping) -> Judge<'a> {
        Judge {
            mapping,
            minds_keys: self.minds_keys,
            hasher: self.hasher.clone(),
            stage_property: self.stage_property,
            stages: self.stages.clone(),
            closed: self.closed.clone(),
            rules: self.rules,
        }
    }

    /// The outcomes of records that were read together.
    pub fn all(&self, chunk: &[Reading]) -> Vec<Judged> {
        chunk.iter().map(|reading| self.judge(reading)).collect()
    }

    /// The outcome of one record.
    pub fn judge(&self, reading: &Reading) -> Judged {
        let mut strays = Vec::new();
        let end = match reading {
            Reading::Row(source) => self.row(source, &mut strays),
            Reading::Fallen(outcome) => match outcome.end {
                RowEnd::Refused(_) => Verdict::Refused(outcome.clone(), Vec::new()),
                _ => Verdict::Skipped,
            },
        };
        Judged { end, strays }
    }

    fn row(&self, source: &SourceRow, strays: &mut Vec<Unmatched>) -> Verdict {
        match self.mapping.map_noting(source, strays) {
            Mapped::Skipped => Verdict::Skipped,
            Mapped::Ticket(draft) => match oversize(&draft).or_else(|| self.broken(&draft)) {
                None => Verdict::Ready(self.ready(source, draft)),
                Some(problem) => refused(source, Some(draft.key), problem.into()),
            },
            Mapped::Refused { key, issue } => refused(source, key.map(Key::from), issue),
        }
    }

    /// The first value that breaks a rule of the portal.
    fn broken(&self, draft: &TicketDraft) -> Option<Problem> {
        let values = draft.properties.iter();
        let mut values = values.map(|(name, value)| (&**name, value.as_str()));
        values.find_map(|(name, value)| broken_rule(self.rules?, self.mapping, name, value))
    }

    fn ready(&self, source: &SourceRow, draft: TicketDraft) -> ReadyRow {
        ReadyRow {
            key: self
                .minds_keys
                .then(|| KeyHash::new(&self.hasher, &draft.key, source)),
            effect: self.effect(&draft),
            remarks: draft.remarks,
        }
    }

    /// What a ticket would cause.
    pub fn effect(&self, draft: &TicketDraft) -> Effect {
        let (mut stage, mut undated, mut open_end) = (None, true, true);
        for (name, value) in draft.properties.iter() {
            match &**name {
                "createdate" => undated = false,
                "closed_date" => open_end = false,
                name if Some(name) == self.stage_property => stage = Some(value),
                _ => {}
            }
        }
        let stage = stage.and_then(|id| self.stages.iter().position(|known| known == id));
        let is_closed = stage.is_some_and(|stage| self.closed[stage]);
        let is_contact = |link: &&LinkDraft| link.by.is_email_of(link.to);
        let is_other = |link: &&LinkDraft| !is_contact(link) && link.by.property().is_some();
        let others = draft.links.iter().filter(is_other);
        let contacts = draft.links.iter().filter(is_contact);
        Effect {
            stage,
            undated,
            closed_undated: is_closed && open_end,
            others: others
                .map(|link| {
                    self.hasher
                        .hash_one((link.to.plural(), &link.by, &link.value))
                })
                .collect(),
            links_tickets: draft.links.iter().any(|link| link.by == LinkBy::Key),
            links: !draft.links.is_empty(),
            notes: [
                draft.notes.len() as u64,
                draft.notes.iter().map(Note::parts).sum(),
            ],
            has_files: draft.notes.iter().any(|note| !note.files.is_empty()),
            creates_contacts: contacts.clone().any(|link| link.missing == Missing::Create),
            emails: contacts
                .map(|link| self.hasher.hash_one(&link.value))
                .collect(),
        }
    }
}

/// What is wrong with a value that breaks a rule of the portal, if one does.
pub fn broken_rule(
    rules: &RuleBook,
    mapping: &CompiledMapping,
    property: &str,
    value: &str,
) -> Option<Problem> {
    let rule = rules.broken(property, value)?.words();
    let mut problem = Problem::new(Reason::BreaksRule { rule })
        .property(property)
        .value(value);
    problem.column = mapping.column_of(property).map(str::to_owned);
    Some(problem)
}

fn refused(source: &SourceRow, key: Option<Key>, issue: RowIssue) -> Verdict {
    let problems = issue.problems().cloned().collect();
    let mut outcome = RowOutcome::early(source.clone(), RowEnd::Refused(issue.into()));
    outcome.key = key;
    Verdict::Refused(Box::new(outcome), problems)
}
