//! Compiling the whole: key, rule, entries in the order of the file, links.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::mapping::compiled::{CompiledMapping, MappedProperty, OnePer, Rule};
use crate::mapping::convert::{Owners, Pipelines, ZONES};
use crate::mapping::entry::{Column, Entry, Feed};
use crate::mapping::errors::{Problem, Problems};
use crate::mapping::header_index::HeaderIndex;
use crate::mapping::key::Key;
use crate::mapping::notes::{Notes, TicketFiles};
use crate::mapping::operation::For;
use crate::mapping::static_checks::check_zone;
use crate::mapping::syntax::{At, Document, EntrySpec, MapSpec, RowsSpec};
use crate::mapping::tables::Tables;
use crate::mapping::template::Templates;
use crate::mapping::value_map::Fixed;
use crate::model::row::Headers;
use crate::model::schema::{ObjectType, Schema, ValueType};

/// HubSpot does not document which properties a ticket needs; its create call refuses
/// tickets without these two.
const REQUIRED: [&str; 2] = ["subject", "hs_pipeline_stage"];

/// What is known about the pipeline of a row when its stage is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowPipeline {
    /// Every row goes to the pipeline at this position.
    Always(usize),
    /// Each row names its own.
    Varies,
    /// The tickets exist, in an unknown pipeline.
    Unknown,
    /// The entry of the pipeline is faulty, which is reported there.
    Faulty,
}

/// A parsed mapping: what there is to compile.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    /// Its content.
    pub(crate) document: &'a Document,
    /// The text that places refer to.
    pub(crate) text: &'a str,
    /// The files that it names.
    pub(crate) tables: &'a Tables,
    /// `[[notes]]` whose files are missing, by their positions in the mapping.
    pub(crate) absent: &'a [usize],
    /// Whether files are uploaded.
    pub(crate) takes_files: bool,
}

impl Sources<'_> {
    /// The left-hand sides of a value map, in its order.
    pub(crate) fn lines(&self, map: &MapSpec) -> Vec<String> {
        match map {
            MapSpec::Lines(lines) => lines.iter().map(|line| line.from.value.clone()).collect(),
            MapSpec::File(table) => {
                let lines = self.tables.lines(table).iter();
                lines.map(|line| line.from.clone()).collect()
            }
        }
    }
}

/// A mapping while it is compiled.
pub(crate) struct Compiler<'a> {
    pub(crate) document: &'a Document,
    pub(crate) text: &'a str,
    pub(crate) tables: &'a Tables,
    pub(crate) purpose: For,
    pub(crate) headers: Arc<HeaderIndex>,
    pub(crate) schema: &'a Schema,
    pub(crate) problems: &'a Problems,
    pub(crate) templates: Templates,
    pub(crate) empty: Arc<[String]>,
    pub(crate) used: Vec<bool>,
    pub(crate) pipelines: Arc<Pipelines>,
    pub(crate) owners: Arc<Owners>,
    pub(crate) zone: Option<TimeZone>,
    pub(crate) row_pipeline: RowPipeline,
    /// `[[notes]]` whose files are missing, by their positions in the mapping.
    pub(crate) absent: &'a [usize],
    pub(crate) takes_files: bool,
}

/// Compiles a mapping. None when something was reported.
pub(crate) fn compile(
    sources: Sources<'_>,
    headers: &Headers,
    schema: &Schema,
    purpose: For,
    problems: &Problems,
) -> Option<CompiledMapping> {
    let document = sources.document;
    let mut compiler = Compiler::new(sources, headers, schema, purpose, problems);
    let zone = document.source.timezone.as_ref();
    compiler.zone = zone.and_then(|zone| compiler.time_zone(zone));
    let key = compiler.key(&document.key);
    let (skip, one_per) = compiler.rows(&document.rows);
    let left_behind = compiler.left_behind(&document.rows);
    // Archived tickets are neither written nor linked.
    let (mut entries, mut links) = (Vec::new(), Vec::new());
    let writes = !matches!(purpose, For::Archive | For::Associate);
    if writes {
        entries = compiler.properties(&document.properties);
    }
    if purpose != For::Archive {
        links.extend(document.links.iter().filter_map(|link| compiler.link(link)));
    }
    let (notes, files) = match writes {
        true => compiler.notes_and_files(document, key.as_ref()),
        false => Default::default(),
    };
    if !problems.is_empty() {
        return None;
    }
    let key = key?;
    let mut unused = Vec::new();
    if writes {
        unused = compiler.headers.unused(&compiler.used);
    }
    Some(CompiledMapping {
        system: document.system.clone().unwrap_or_default(),
        properties: mapped_properties(&key, &entries),
        unused,
        left_behind,
        key,
        skip,
        one_per,
        entries,
        default_pipeline: compiler.default_pipeline(),
        pipelines: compiler.pipelines,
        links,
        notes,
        files,
        templates: compiler.templates,
        empty: compiler.empty,
        only_created: purpose == For::Archive,
        rows_are_tickets: !document.properties.value.is_empty(),
    })
}

/// A property that both entries write or may write.
fn shared<'e>(one: &'e Entry, other: &'e Entry) -> Option<&'e str> {
    let names = |entry: &'e Entry| {
        let fallback = entry.instead.as_ref().map(|instead| &*instead.name);
        [Some(&*entry.name), fallback].into_iter().flatten()
    };
    names(one).find(|name| names(other).any(|known| known == *name))
}

fn mapped_properties(key: &Key, entries: &[Entry]) -> Vec<MappedProperty> {
    let key = key.is_written().then(|| MappedProperty {
        name: Arc::clone(key.property()),
        value_type: ValueType::String,
        instead: None,
    });
    let others = entries.iter().map(|entry| MappedProperty {
        name: Arc::clone(&entry.name),
        value_type: entry.value_type,
        instead: entry.instead.clone(),
    });
    key.into_iter().chain(others).collect()
}

impl<'a> Compiler<'a> {
    /// What a ticket gets apart from its own values.
    fn notes_and_files(
        &mut self,
        document: &Document,
        key: Option<&Key>,
    ) -> (Vec<Notes>, Vec<TicketFiles>) {
        let notes = document.notes.iter().enumerate();
        let notes = notes.filter_map(|(entry, spec)| self.notes(entry, spec, key));
        let notes = notes.collect();
        let files = document.attachments.iter();
        let files = files.filter_map(|spec| self.ticket_files(spec));
        (notes, files.collect())
    }

    fn new(
        sources: Sources<'a>,
        headers: &Headers,
        schema: &'a Schema,
        purpose: For,
        problems: &'a Problems,
    ) -> Compiler<'a> {
        let empty: Arc<[String]> = sources.document.source.empty.clone().into();
        let index = Arc::new(HeaderIndex::new(headers));
        Compiler {
            document: sources.document,
            text: sources.text,
            tables: sources.tables,
            purpose,
            headers: Arc::clone(&index),
            schema,
            problems,
            templates: Templates::new(index, Arc::clone(&empty)),
            empty,
            used: vec![false; headers.len()],
            pipelines: Arc::new(Pipelines::new(&schema.pipelines)),
            owners: Arc::new(Owners::new(&schema.owners)),
            zone: None,
            row_pipeline: RowPipeline::Varies,
            absent: sources.absent,
            takes_files: sources.takes_files,
        }
    }

    fn rows(&mut self, spec: &RowsSpec) -> (Option<Rule>, Option<OnePer>) {
        let skip = spec.skip.as_ref().and_then(|rule| self.skip(rule));
        let columns = spec.one_per.as_ref();
        let column = columns.and_then(|columns| self.single_column(columns, None));
        let one_per = column.map(|column| OnePer {
            column,
            keep: spec.keep,
        });
        (skip, one_per)
    }

    /// Columns that the import has no place for, as far as the file has them.
    fn left_behind(&mut self, spec: &RowsSpec) -> Vec<Column> {
        let names = spec.left_behind.iter();
        let found = names.filter_map(|name| self.columns(std::slice::from_ref(name), true, None));
        found.flatten().collect()
    }

    fn skip(&mut self, rule: &At<String>) -> Option<Rule> {
        let header = self.expression_columns(rule).ok()?;
        match self.templates.add_expression(&rule.value) {
            Ok(expression) => Some(Rule { expression, header }),
            Err(faults) => {
                self.template_faults(rule, &faults);
                None
            }
        }
    }

    /// All entries in the order of the file. The pipeline's is compiled first,
    /// because the stage's constants are looked up in it.
    fn properties(&mut self, specs: &At<Vec<EntrySpec>>) -> Vec<Entry> {
        self.check_required(specs);
        let is_pipeline = |spec: &&EntrySpec| {
            let definition = self.schema.tickets.get(&spec.property.value);
            definition.is_some_and(|found| found.value_type == ValueType::Pipeline)
        };
        let pipeline = specs.value.iter().find(is_pipeline);
        let compiled = pipeline.and_then(|spec| self.ticket_entry(spec));
        self.row_pipeline = self.row_pipeline_of(pipeline, compiled.as_ref());
        let mut compiled = compiled;
        let mut entries: Vec<Entry> = Vec::with_capacity(specs.value.len());
        for spec in &specs.value {
            let entry = match pipeline {
                Some(pipeline) if std::ptr::eq(pipeline, spec) => compiled.take(),
                _ => self.ticket_entry(spec),
            };
            let Some(entry) = entry else { continue };
            if let Some(name) = entries.iter().find_map(|other| shared(other, &entry)) {
                self.written_twice(spec, name);
            }
            entries.push(entry);
        }
        entries
    }

    /// Only `read_only.into` can lead two entries to one property.
    fn written_twice(&self, spec: &EntrySpec, name: &str) {
        let span = spec.read_only_into.as_ref().map(|into| &into.span);
        self.problems.report(
            Problem::new(
                span.unwrap_or(&spec.property.span),
                format!("two entries write `{name}`"),
            )
            .help("write one of them into another property"),
        );
    }

    fn row_pipeline_of(&self, spec: Option<&EntrySpec>, entry: Option<&Entry>) -> RowPipeline {
        let default = || match self.default_pipeline() {
            Some(idx) => RowPipeline::Always(idx),
            None => RowPipeline::Unknown,
        };
        match (spec, entry.map(|entry| &entry.feed)) {
            (None, _) => default(),
            (Some(spec), None) if spec.optional && self.problems.is_empty() => default(),
            (Some(_), None) => RowPipeline::Faulty,
            (Some(_), Some(Feed::Constant(Fixed::Ready(Some(id))))) => self
                .pipelines
                .position(id)
                .map_or_else(default, RowPipeline::Always),
            (Some(_), Some(_)) => RowPipeline::Varies,
        }
    }

    /// The pipeline of rows that name none: that of new tickets. Tickets which exist
    /// stay where they are.
    fn default_pipeline(&self) -> Option<usize> {
        self.pipelines
            .default_position()
            .filter(|_| self.purpose.creates())
    }

    fn ticket_entry(&mut self, spec: &EntrySpec) -> Option<Entry> {
        if spec.property.value == self.document.key.property.value {
            self.problems.report(
                Problem::new(
                    &spec.property.span,
                    format!(
                        "`{}` is the key and gets its value from [key]",
                        spec.property.value
                    ),
                )
                .help("take this entry out"),
            );
            return None;
        }
        let name = spec.property.value.as_str();
        let required = self.purpose.creates() && REQUIRED.contains(&name);
        self.entry(spec, ObjectType::Tickets, required)
    }

    fn check_required(&self, specs: &At<Vec<EntrySpec>>) {
        for name in REQUIRED.iter().filter(|_| self.purpose.creates()) {
            let is_written = specs.value.iter().any(|spec| spec.property.value == *name);
            if !is_written && !self.document.faulty.contains(*name) {
                self.problems.report(
                    Problem::new(&specs.span, format!("nothing is mapped to `{name}`"))
                        .help("HubSpot creates no ticket without it"),
                );
            }
        }
    }

    /// A zone by its IANA name.
    pub(crate) fn time_zone(&self, name: &At<String>) -> Option<TimeZone> {
        check_zone(name, self.problems);
        ZONES.get(&name.value).ok()
    }
}
