//! The compiled mapping: a row in, a ticket draft or the reasons for refusing it out.
//! This runs once for every row, so names, columns and values have all been resolved
//! before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fallback::Fallback;
use super::unmatched::Unmatched;
use crate::mapping::convert::Pipelines;
use crate::mapping::entry::{Column, Entry, Feed};
use crate::mapping::key::Key;
use crate::mapping::link::{Link, MappedLink};
use crate::mapping::notes::{
    CommentFile, CommentsInFile, Cutting, Joint, Notes, TicketFiles, note_of_files, notes,
};
use crate::mapping::row_context::{Findings, RowContext};
use crate::mapping::syntax::Keep;
use crate::mapping::template::{TemplateId, Templates};
use crate::model::invisible::trim_invisible;
use crate::model::issue::{Problem, Reason, RowIssue};
use crate::model::json::items;
use crate::model::note::Activity;
use crate::model::row::SourceRow;
use crate::model::schema::ValueType;
use crate::model::ticket::{PlacedRemark, PropertyValues, Remark, TicketDraft};

/// A mapping compiled against the headers of an input and the schema of a portal. It
/// can be shared between threads.
#[derive(Debug)]
pub struct CompiledMapping {
    pub(crate) system: String,
    pub(crate) key: Key,
    pub(crate) skip: Option<Rule>,
    pub(crate) one_per: Option<OnePer>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) pipelines: Arc<Pipelines>,
    /// Position of the pipeline of rows that name none.
    pub(crate) default_pipeline: Option<usize>,
    pub(crate) links: Vec<Link>,
    pub(crate) notes: Vec<Notes>,
    pub(crate) files: Vec<TicketFiles>,
    pub(crate) templates: Templates,
    pub(crate) empty: Arc<[String]>,
    pub(crate) unused: Vec<String>,
    /// Columns that the import has no place for, as the mapping says.
    pub(crate) left_behind: Vec<Column>,
    pub(crate) properties: Vec<MappedProperty>,
    /// The operation archives tickets, and our own files say which of them their run
    /// created.
    pub(crate) only_created: bool,
    /// Whether each row is a ticket: the mapping has entries for properties.
    pub(crate) rows_are_tickets: bool,
}

/// A ticket property that a mapping may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedProperty {
    /// Internal name.
    pub name: Arc<str>,
    /// Its type in the portal, for comparing.
    pub value_type: ValueType,
    /// The property of its `read_only.into`, for a portal that does not keep this one
    /// although it is not defined as read-only.
    pub instead: Option<Fallback>,
}

/// The result of mapping a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// It is mapped.
    Ticket(TicketDraft),
    /// The `[rows]` rule leaves it out.
    Skipped,
    /// It is refused.
    Refused {
        /// Its key, if that could be made.
        key: Option<String>,
        /// Everything that is wrong with it.
        issue: RowIssue,
    },
}

/// The `skip` of `[rows]`.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) expression: TemplateId,
    pub(crate) header: Option<Arc<str>>,
}

/// The `one_per` of `[rows]`.
#[derive(Debug)]
pub(crate) struct OnePer {
    pub(crate) column: Column,
    pub(crate) keep: Keep,
}

impl CompiledMapping {
    /// Maps one row. All its problems are collected, not only the first; the key's
    /// come first, then those of properties, links and notes in the order of the mapping.
    pub fn map(&self, row: &SourceRow) -> Mapped {
        self.map_noting(row, &mut Vec::new())
    }

    /// Maps one row, and adds the texts that were left blank or replaced because the
    /// mapping has no counterpart for them.
    pub fn map_noting(&self, row: &SourceRow, strays: &mut Vec<Unmatched>) -> Mapped {
        let mut scope = RowContext::new(row, &self.empty, &self.templates);
        let mut findings = Findings::default();
        let skip = self.skip.as_ref();
        let is_skipped = skip.is_some_and(|rule| rule.holds(&scope, &mut findings));
        if is_skipped || self.only_created && row.is_left_alone() {
            return Mapped::Skipped;
        }
        let key = self.key.value(&scope, &mut findings);
        let mut properties = PropertyValues::with_capacity(self.properties.len());
        if let Some(key) = key.as_ref().filter(|_| self.key.is_written()) {
            properties.push((Arc::clone(self.key.property()), key.clone()));
        }
        self.write_properties(&mut scope, &mut properties, &mut findings);
        let mut links = Vec::with_capacity(self.links.len());
        for link in &self.links {
            link.draft(&scope, &mut findings, &mut links);
        }
        let ticket = key.as_deref().unwrap_or_default();
        let mut notes = notes(&self.notes, &scope, ticket, &mut findings);
        let earliest = notes.iter().map(|note| note.at_ms).min();
        let around = created(&properties).or(earliest);
        notes.extend(note_of_files(
            &self.files,
            &scope,
            ticket,
            around,
            &mut findings,
        ));
        self.say_left_behind(&scope, &mut findings);
        strays.append(&mut findings.strays);
        match (key, RowIssue::from_problems(findings.problems)) {
            (Some(key), None) => Mapped::Ticket(TicketDraft {
                key: key.into(),
                properties,
                links,
                notes,
                remarks: findings.remarks,
            }),
            (key, Some(issue)) => Mapped::Refused { key, issue },
            (None, None) => Mapped::Refused {
                key: None,
                issue: RowIssue::new(Problem::new(Reason::MissingKey)),
            },
        }
    }

    /// Adds a remark for each thing of the row that the import has no place for.
    fn say_left_behind(&self, scope: &RowContext<'_>, findings: &mut Findings) {
        for column in &self.left_behind {
            let cell = scope.filled(column.idx);
            if cell.is_some_and(|cell| items(cell).is_none_or(|items| !items.is_empty())) {
                findings.remarks.push(PlacedRemark {
                    remark: Remark::LeftBehind,
                    property: Arc::clone(&column.header),
                    column: Some(Arc::clone(&column.header)),
                    value: Box::default(),
                });
            }
        }
    }

    /// Whether each row is a ticket, and not just a row of a table of links.
    pub fn rows_are_tickets(&self) -> bool {
        self.rows_are_tickets
    }

    /// Columns of the input that the mapping does not read, in file order, without
    /// those of the tool's own files.
    pub fn unused_columns(&self) -> &[String] {
        &self.unused
    }

    /// Columns of one name whose values are put together though the mapping does not say so:
    /// their name, their number, and the property.
    pub fn joined_columns(&self) -> impl Iterator<Item = (&str, usize, &str)> {
        self.entries.iter().filter_map(|entry| {
            let _unasked = entry.list.as_ref().filter(|list| list.is_unasked)?;
            match &entry.feed {
                Feed::Columns(columns) => {
                    Some((&*columns.first()?.header, columns.len(), &*entry.name))
                }
                _ => None,
            }
        })
    }

    /// Every ticket property that the mapping may write, the key's first.
    pub fn properties(&self) -> &[MappedProperty] {
        &self.properties
    }

    /// The column that feeds a property (of a template, the first one named), to show
    /// users where to look when the portal refuses the property's value.
    pub fn column_of(&self, property: &str) -> Option<&str> {
        let header = if **self.key.property() == *property {
            self.key.header()
        } else {
            let mut entries = self.entries.iter();
            entries
                .find(|entry| *entry.name == *property)?
                .feed
                .header()
        };
        header.map(|header| &**header)
    }

    /// What is wrong with a row's key, with its property and column.
    pub fn key_problem(&self, reason: Reason, key: &str) -> Problem {
        let property = self.key_property();
        let mut problem = Problem::new(reason).property(property).value(key);
        problem.column = self.column_of(property).map(str::to_owned);
        problem
    }

    /// The unique property by which rows name their tickets; none if they name them by
    /// record id.
    pub fn id_property(&self) -> Option<&str> {
        let property = Some(&**self.key.property());
        property.filter(|_| self.key.is_written())
    }

    /// The type of a property in the portal, for comparing; text if the mapping does
    /// not know it.
    pub fn type_of(&self, name: &str) -> ValueType {
        let own =
            |property: &MappedProperty| (*property.name == *name).then_some(property.value_type);
        let fallback = |property: &MappedProperty| {
            let instead = property.instead.as_ref()?;
            (*instead.name == *name).then_some(instead.value_type)
        };
        let known = self.properties.iter().find_map(own);
        known
            .or_else(|| self.properties.iter().find_map(fallback))
            .unwrap_or(ValueType::String)
    }

    /// Internal name of the property that ties a row to its ticket.
    pub fn key_property(&self) -> &str {
        self.key.property()
    }

    /// Whether the key is the same for identical rows, which are then numbered
    /// (protocol K3).
    pub fn counts_keys(&self) -> bool {
        self.key.is_counted()
    }

    /// What rows of one ticket share, if the mapping uses one of them (`one_per`); none
    /// if it uses all, or if the row's cell is empty. Rows of one ticket are adjacent
    /// in such a file.
    pub fn group<'r>(&self, row: &'r SourceRow) -> Option<&'r str> {
        let column = &self.one_per.as_ref()?.column;
        let cell = trim_invisible(row.cells.get(column.idx)?);
        (!cell.is_empty()).then_some(cell)
    }

    /// Which of the rows of one ticket counts; none if the mapping uses all.
    pub fn keep(&self) -> Option<Keep> {
        self.one_per.as_ref().map(|one_per| one_per.keep)
    }

    /// The name of the input's system; empty if the mapping does not give it.
    pub fn system(&self) -> &str {
        &self.system
    }

    /// Whether rows may have comments, which become notes of their tickets.
    pub fn has_notes(&self) -> bool {
        !self.notes.is_empty() || !self.files.is_empty()
    }

    /// Whether rows may have files, which are uploaded for their notes.
    pub fn has_files(&self) -> bool {
        !self.files.is_empty() || self.notes.iter().any(|notes| notes.files.is_some())
    }

    /// Kinds of record that comments may become.
    pub fn activities(&self) -> BTreeSet<Activity> {
        let kinds = self
            .notes
            .iter()
            .flat_map(|notes| notes.becomes.activities());
        let of_files = (!self.files.is_empty()).then_some(Activity::Note);
        kinds.copied().chain(of_files).collect()
    }

    /// Properties of what comments become that the mapping names, by kind.
    pub fn note_properties(&self) -> BTreeMap<Activity, BTreeSet<&str>> {
        let mut named: BTreeMap<Activity, BTreeSet<&str>> = BTreeMap::new();
        for notes in self
            .notes
            .iter()
            .filter(|notes| !notes.properties.is_empty())
        {
            let names = notes.properties.iter().map(|(name, _)| &**name);
            named
                .entry(notes.becomes.activity())
                .or_default()
                .extend(names);
        }
        named
    }

    /// Whether comments of rows are in separate files.
    pub fn has_comment_files(&self) -> bool {
        self.beside().next().is_some()
    }

    /// The separate files of comments.
    pub fn comment_files(&self) -> Vec<CommentFile> {
        self.beside().map(|beside| beside.file.clone()).collect()
    }

    /// How comments in separate files name a row: the file's position in the mapping, and
    /// the name.
    pub fn named(&self, row: &SourceRow) -> Vec<(u32, String)> {
        let named = self.beside().filter_map(|beside| {
            let name = match &beside.joint {
                Joint::Key => {
                    let scope = RowContext::new(row, &self.empty, &self.templates);
                    self.key.name_of(&scope)?
                }
                Joint::Columns(columns) => {
                    let cells = columns
                        .iter()
                        .filter_map(|column| row.cells.get(column.idx));
                    let mut cells = cells.map(trim_invisible);
                    cells.find(|cell| !cell.is_empty())?.to_owned()
                }
            };
            Some((beside.file.entry, name))
        });
        named.collect()
    }

    fn beside(&self) -> impl Iterator<Item = &CommentsInFile> {
        self.notes.iter().filter_map(|notes| match &notes.cut {
            Cutting::File(beside) => Some(beside),
            Cutting::Parts { .. } | Cutting::List => None,
        })
    }

    /// What the links of this mapping need from a portal, in the order of the mapping.
    pub fn links(&self) -> impl Iterator<Item = MappedLink<'_>> {
        self.links.iter().map(Link::asks)
    }

    /// The values in the order of the mapping. The pipeline comes first, because stages
    /// are looked up in it; if it fails, its stage is not reported too.
    fn write_properties(
        &self,
        scope: &mut RowContext<'_>,
        properties: &mut PropertyValues,
        findings: &mut Findings,
    ) {
        let before = findings.problems.len();
        let pipeline = self
            .entries
            .iter()
            .find(|entry| entry.value_type == ValueType::Pipeline)
            .map(|entry| entry.value(scope, findings));
        let pipeline_failed = findings.problems.len() > before;
        let pipeline = pipeline.flatten();
        scope.pipeline = match &pipeline {
            Some(id) => self.pipelines.position(id),
            None => self.default_pipeline,
        };
        for entry in &self.entries {
            let value = match entry.value_type {
                ValueType::Pipeline => pipeline.clone(),
                ValueType::Stage if pipeline_failed => None,
                _ => entry.value(scope, findings),
            };
            if let Some(value) = value {
                properties.push((Arc::clone(&entry.name), value));
            }
        }
    }
}

/// When a ticket was created, according to its properties, in milliseconds since 1970.
fn created(properties: &PropertyValues) -> Option<i64> {
    let mut values = properties.iter();
    let (_, value) = values.find(|(name, _)| **name == *"createdate")?;
    let instant = value.parse().map(jiff::Timestamp::as_millisecond);
    instant.ok().or_else(|| value.parse().ok())
}

impl Rule {
    /// Whether the row is left out. A row for which the rule fails is not.
    fn holds(&self, scope: &RowContext<'_>, findings: &mut Findings) -> bool {
        scope.holds(&self.expression).unwrap_or_else(|reason| {
            let problem = Problem::new(reason);
            findings.problems.push(match &self.header {
                Some(header) => problem.column(&**header),
                None => problem,
            });
            false
        })
    }
}
