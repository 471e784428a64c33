//! Compiling the whole: key, rule, entries in the order of the file, links.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::mapping::compiled::{CompiledMapping, Key, Link, MappedProperty, Rule};
use crate::mapping::convert::{Owners, Pipelines, ZONES};
use crate::mapping::entry::{Entry, Feed};
use crate::mapping::errors::{Problem, Problems};
use crate::mapping::header_index::HeaderIndex;
use crate::mapping::nearest::nearest;
use crate::mapping::shape::{At, Document, EntrySpec, KeySpec, LinkSpec};
use crate::mapping::template::Templates;
use crate::mapping::value_map::Fixed;
use crate::model::row::Headers;
use crate::model::schema::{ObjectType, Schema, ValueType};

/// HubSpot says nowhere which properties a ticket needs; its create call refuses
/// tickets without these two.
const REQUIRED: [&str; 2] = ["subject", "hs_pipeline_stage"];

/// What is known about the pipeline of a row when its stage is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowPipeline {
    /// Every row goes to the pipeline at this position.
    Always(usize),
    /// Each row says its own.
    Varies,
    /// The entry of the pipeline is faulty, which is reported there.
    Faulty,
}

/// A mapping while it is compiled.
pub(crate) struct Compiler<'a> {
    pub(crate) document: &'a Document,
    pub(crate) text: &'a str,
    pub(crate) headers: Arc<HeaderIndex>,
    pub(crate) schema: &'a Schema,
    pub(crate) problems: &'a Problems,
    pub(crate) templates: Templates,
    pub(crate) used: Vec<bool>,
    pub(crate) pipelines: Arc<Pipelines>,
    pub(crate) owners: Arc<Owners>,
    pub(crate) zone: Option<TimeZone>,
    pub(crate) row_pipeline: RowPipeline,
}

/// Compiles a document; `text` is what its places refer to. None when something was
/// reported.
pub(crate) fn compile(
    document: &Document,
    text: &str,
    headers: &Headers,
    schema: &Schema,
    problems: &Problems,
) -> Option<CompiledMapping> {
    let empty: Arc<[String]> = document.source.empty.clone().into();
    let index = Arc::new(HeaderIndex::new(headers));
    let mut compiler = Compiler {
        document,
        text,
        headers: Arc::clone(&index),
        schema,
        problems,
        templates: Templates::new(Arc::clone(&index), Arc::clone(&empty)),
        used: vec![false; headers.len()],
        pipelines: Arc::new(Pipelines::new(&schema.pipelines)),
        owners: Arc::new(Owners::new(&schema.owners)),
        zone: None,
        row_pipeline: RowPipeline::Varies,
    };
    compiler.zone = document
        .source
        .timezone
        .as_ref()
        .and_then(|zone| compiler.time_zone(zone));
    let key = compiler.key(&document.key);
    let skip = document.skip.as_ref().and_then(|rule| compiler.skip(rule));
    let entries = compiler.properties(&document.properties);
    let links: Vec<Link> = document
        .links
        .iter()
        .filter_map(|link| compiler.link(link))
        .collect();
    if !problems.is_empty() {
        return None;
    }
    let key = key?;
    Some(CompiledMapping {
        properties: mapped_properties(&key, &entries),
        unused: index.unused(&compiler.used),
        key,
        skip,
        entries,
        pipelines: compiler.pipelines,
        links,
        templates: compiler.templates,
        empty,
    })
}

fn mapped_properties(key: &Key, entries: &[Entry]) -> Vec<MappedProperty> {
    let key = MappedProperty {
        name: Arc::clone(&key.property),
        value_type: ValueType::String,
    };
    let others = entries.iter().map(|entry| MappedProperty {
        name: Arc::clone(&entry.name),
        value_type: entry.value_type,
    });
    std::iter::once(key).chain(others).collect()
}

impl Compiler<'_> {
    /// Protocol K1: the key is a text property with unique values.
    fn key(&mut self, spec: &KeySpec) -> Option<Key> {
        let feed = self.feed(&spec.origin, false, None);
        let name = &spec.property.value;
        let definition = self.definition(&spec.property, ObjectType::Tickets)?;
        let fault = match (definition.value_type, definition.unique) {
            (ValueType::String, true) => None,
            (ValueType::String, false) => Some(format!("the values of `{name}` are not unique")),
            _ => Some(format!("`{name}` is no text property")),
        };
        if let Some(fault) = fault {
            self.problems.report(
                Problem::new(
                    &spec.property.span,
                    format!("{fault}, so it can't be the key"),
                )
                .help(
                    "a key is a text property with unique values; HubSpot sets that only when a \
                     property is created, so choose another name",
                ),
            );
            return None;
        }
        Some(Key {
            property: Arc::from(name.as_str()),
            feed: feed?,
            prefix: spec.prefix.clone(),
        })
    }

    fn skip(&mut self, rule: &At<String>) -> Option<Rule> {
        let header = self.expression_columns(rule)?;
        match self.templates.add_expression(&rule.value) {
            Ok(expression) => Some(Rule { expression, header }),
            Err(fault) => {
                self.template_fault(rule, &fault);
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
        let entries = specs.value.iter().filter_map(|spec| match pipeline {
            Some(pipeline) if std::ptr::eq(pipeline, spec) => compiled.take(),
            _ => self.ticket_entry(spec),
        });
        entries.collect()
    }

    fn row_pipeline_of(&self, spec: Option<&EntrySpec>, entry: Option<&Entry>) -> RowPipeline {
        let default = || match self.pipelines.default_position() {
            Some(idx) => RowPipeline::Always(idx),
            None => RowPipeline::Varies,
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
        let required = REQUIRED.contains(&spec.property.value.as_str());
        self.entry(spec, ObjectType::Tickets, required)
    }

    fn check_required(&self, specs: &At<Vec<EntrySpec>>) {
        for name in REQUIRED {
            if !specs.value.iter().any(|spec| spec.property.value == name) {
                self.problems.report(
                    Problem::new(&specs.span, format!("nothing is mapped to `{name}`"))
                        .help("HubSpot creates no ticket without it"),
                );
            }
        }
    }

    fn link(&mut self, spec: &LinkSpec) -> Option<Link> {
        const BY: &str = "email";
        let column = self.column(&spec.column, spec.optional, spec.nth.as_ref());
        let properties = spec.properties.iter().filter_map(|entry| {
            if entry.property.value == BY {
                self.problems.report(Problem::new(
                    &entry.property.span,
                    format!("`{BY}` gets its value from the column of this link"),
                ));
                return None;
            }
            self.entry(entry, ObjectType::Contacts, false)
        });
        let properties = properties.collect();
        Some(Link {
            column: column??,
            by: Arc::from(BY),
            missing: spec.missing,
            properties,
        })
    }

    /// A zone by its IANA name.
    pub(crate) fn time_zone(&self, name: &At<String>) -> Option<TimeZone> {
        if let Ok(zone) = ZONES.get(&name.value) {
            return Some(zone);
        }
        let known: Vec<String> = ZONES.available().map(|zone| zone.to_string()).collect();
        self.problems.report(
            Problem::new(
                &name.span,
                format!("there is no time zone `{}`", name.value),
            )
            .suggest(
                nearest(&name.value, known.iter().map(String::as_str)),
                "write an IANA name such as \"Europe/Berlin\" or \"UTC\"",
            ),
        );
        None
    }
}
