//! A mapping run backwards: the columns whose texts it would read as the values that
//! tickets have. Keys that lose information are refused by name, and so is anything
//! that would be wrong forwards.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::mapping::compile::{Sources, compile};
use crate::mapping::compiled::CompiledMapping;
use crate::mapping::convert::{Conversion, DateRule, ISO};
use crate::mapping::entry::Entry;
use crate::mapping::errors::{Problem, Problems};
use crate::mapping::nearest::fold;
use crate::mapping::operation::For;
use crate::mapping::syntax::{
    At, ColumnName, Document, EntrySpec, KeyOrigin, KeySpec, LookupSpec, MapSpec, Origin,
    Otherwise, ZoneSpec,
};
use crate::mapping::value_map::Fixed;
use crate::mapping::way_back::WayBack;
use crate::model::dialect::{Dialect, Encoding};
use crate::model::row::Headers;
use crate::model::schema::{Owner, Schema};

/// Columns for the values of tickets, as the mapping reads them.
#[derive(Clone, Debug)]
pub struct Backwards {
    /// Header of the tickets' ids, if the mapping reads them.
    pub id_header: Option<String>,
    /// The other columns, in the order of the mapping; the key's comes first.
    pub columns: Vec<BackColumn>,
}

/// A column for the values of one property.
#[derive(Clone, Debug)]
pub struct BackColumn {
    /// Its header.
    pub header: String,
    /// Internal name of the property.
    pub property: String,
    /// How values become texts.
    pub way: WayBack,
}

/// Inverts a mapping. None if something was reported.
pub(crate) fn backwards(
    sources: Sources<'_>,
    schema: &Schema,
    problems: &Problems,
) -> Option<Backwards> {
    let document = sources.document;
    let turn = Turn {
        sources,
        schema,
        problems,
    };
    turn.check_whole(document);
    let key = turn.key_header(&document.key);
    let entries = document.properties.value.iter();
    let headers: Vec<Option<String>> = entries.map(|entry| turn.header(entry)).collect();
    let headers: Vec<String> = headers.into_iter().collect::<Option<_>>()?;
    let key = key?;
    turn.check_twice(&key, &headers);
    if !problems.is_empty() {
        return None;
    }
    let all = std::iter::once(key.clone()).chain(headers.iter().cloned());
    let all = Headers::new(all.collect());
    let forwards = compile(sources, &all, schema, For::Update, problems)?;
    turn.columns(key, headers, &forwards)
}

struct Turn<'a> {
    sources: Sources<'a>,
    schema: &'a Schema,
    problems: &'a Problems,
}

impl Turn<'_> {
    fn refuse(&self, span: &Range<usize>, what: impl Into<String>, help: &str) {
        self.problems
            .report(Problem::new(span, what).help(help.to_owned()));
    }

    /// Problems that are not about one property.
    fn check_whole(&self, document: &Document) {
        if let Some(skip) = &document.rows.skip {
            let help = "choose tickets with --where";
            self.refuse(&skip.span, "`skip` can't be run backwards", help);
        }
        if let Some(column) = document.rows.one_per.iter().flatten().next() {
            let help = "an export has one row for each ticket anyway";
            self.refuse(&column.span, "`one_per` can't be run backwards", help);
        }
        for link in &document.links {
            let words = format!("links to {} can't be run backwards", link.to.value);
            self.refuse(&link.by.span, words, "export them with --with");
        }
        self.check_dialect(&document.source.dialect);
    }

    fn check_dialect(&self, dialect: &Dialect) {
        let plain = Dialect::default();
        let utf_8 = [None, Some(Encoding::UTF_8)].contains(&dialect.encoding);
        let is_ours = utf_8
            && [None, Some(b',')].contains(&dialect.delimiter)
            && (dialect.quote, dialect.escape, &dialect.header)
                == (plain.quote, plain.escape, &plain.header);
        if !is_ours {
            let words = "[source] asks for another CSV than exports write";
            let help = "exports are UTF-8 with commas, \" for quotes and a header: leave \
                        encoding, delimiter, quote, escape and header out, they are detected";
            self.refuse(&(0..0), words, help);
        }
    }

    /// The header of the ids, or of the key's values.
    fn key_header(&self, key: &KeySpec) -> Option<String> {
        let help = "name a column: `record_id = { column = \"hs_object_id\" }`";
        match &key.origin {
            KeyOrigin::RecordId(origin) | KeyOrigin::Text(origin, None) => {
                self.column(origin, &key.property.span)
            }
            KeyOrigin::Text(_, Some(nth)) => {
                self.refuse(&nth.span, "`nth` can't be run backwards", help);
                None
            }
            KeyOrigin::RowHash => {
                let words = "`row_hash` can't be run backwards";
                self.refuse(&key.property.span, words, help);
                None
            }
        }
    }

    /// The header of an entry; none when something of it was reported.
    fn header(&self, entry: &EntrySpec) -> Option<String> {
        let before = self.problems.count();
        let header = self.column(&entry.origin, &entry.property.span);
        for (word, span) in one_way(entry) {
            let words = format!(
                "`{}` can't be run backwards: `{word}` forgets what the value was",
                entry.property.value
            );
            self.refuse(&span, words, "take it out in a mapping for exports");
        }
        header.filter(|_| self.problems.count() == before)
    }

    /// The first name of a column.
    fn column(&self, origin: &Origin, place: &Range<usize>) -> Option<String> {
        let (span, what) = match origin {
            Origin::Column(aliases) => {
                let names = aliases.iter().find_map(|alias| match &alias.value {
                    ColumnName::Name(name) => Some(name.clone()),
                    ColumnName::Pattern(_) => None,
                });
                match names {
                    Some(name) => return Some(name),
                    None => (
                        aliases.first().map_or(place, |alias| &alias.span),
                        "a pattern",
                    ),
                }
            }
            Origin::Value(text) => (&text.span, "a constant"),
            Origin::Template(text) => (&text.span, "a template"),
        };
        let words = format!("{what} can't be run backwards");
        self.refuse(span, words, "name the column that an export shall have");
        None
    }

    fn check_twice(&self, key: &str, headers: &[String]) {
        let mut known: Vec<String> = vec![fold(key)];
        for (entry, header) in self.sources.document.properties.value.iter().zip(headers) {
            let folded = fold(header);
            if known.contains(&folded) {
                let words = format!("the column `{header}` is written twice");
                let help = "an exported column holds one property: take one of the entries out";
                self.refuse(&entry.property.span, words, help);
            }
            known.push(folded);
        }
    }

    /// The columns; `forwards` is the mapping compiled for them, an entry for each.
    fn columns(
        &self,
        key: String,
        headers: Vec<String>,
        forwards: &CompiledMapping,
    ) -> Option<Backwards> {
        let document = self.sources.document;
        let is_id = matches!(document.key.origin, KeyOrigin::RecordId(_));
        let mut columns = Vec::new();
        if !is_id {
            columns.push(BackColumn {
                header: key.clone(),
                property: document.key.property.value.clone(),
                way: WayBack::Prefixed(document.key.prefix.clone()),
            });
        }
        let specs = document.properties.value.iter();
        for ((spec, header), entry) in specs.zip(headers).zip(&forwards.entries) {
            columns.push(BackColumn {
                header,
                property: entry.name.to_string(),
                way: self.way(spec, entry)?,
            });
        }
        Some(Backwards {
            id_header: is_id.then_some(key),
            columns,
        })
    }

    fn way(&self, spec: &EntrySpec, entry: &Entry) -> Option<WayBack> {
        if let Some(map) = &spec.map {
            return self.map(spec, map, entry);
        }
        Some(match &entry.conversion {
            Conversion::Owner(rule) if !rule.by_id => WayBack::Texts {
                texts: Arc::new(emails(&self.schema.owners)),
                others: false,
            },
            Conversion::Number(style, _) if style.decimal != '.' => WayBack::Decimal(style.decimal),
            Conversion::Date(rule) => date(spec, rule),
            _ => WayBack::Stored,
        })
    }

    /// A map can be inverted if no two of its lines have the same value.
    fn map(&self, spec: &EntrySpec, map: &At<MapSpec>, entry: &Entry) -> Option<WayBack> {
        let forwards = entry.map.as_ref()?;
        let mut texts: HashMap<String, String> = HashMap::new();
        for from in self.sources.lines(&map.value) {
            let values = match forwards.get(&from) {
                Some(Fixed::Ready(Some(value))) => vec![value.clone()],
                Some(Fixed::Stage(stage)) => self.stages(stage),
                Some(Fixed::Ready(None)) | None => Vec::new(),
            };
            if values.is_empty() {
                self.one_to_one(spec, map, format!("`{from}` becomes no value"));
                return None;
            }
            for value in values {
                if let Some(other) = texts.insert(value, from.clone()) {
                    self.one_to_one(spec, map, format!("`{other}` and `{from}` become the same"));
                    return None;
                }
            }
        }
        let unmapped = spec.unmapped.as_ref();
        Some(WayBack::Texts {
            texts: Arc::new(texts),
            others: unmapped.is_some_and(|unmapped| unmapped.value == Otherwise::Keep),
        })
    }

    fn one_to_one(&self, spec: &EntrySpec, map: &At<MapSpec>, why: String) {
        let words = format!(
            "the map of `{}` can't be run backwards: {why}",
            spec.property.value
        );
        self.refuse(&map.span, words, "leave one line for each value");
    }

    /// Ids of the stages that a line of a map may mean, in whichever pipeline.
    fn stages(&self, text: &str) -> Vec<String> {
        let stages = self.schema.pipelines.iter().flat_map(|p| &p.stages);
        let meant = stages.filter(|stage| stage.id == text || fold(&stage.label) == fold(text));
        let ids: BTreeMap<&str, ()> = meant.map(|stage| (stage.id.as_str(), ())).collect();
        ids.into_keys().map(str::to_owned).collect()
    }
}

/// The keys of an entry that lose what a value was, with their places.
fn one_way(entry: &EntrySpec) -> Vec<(&'static str, Range<usize>)> {
    let plain_split = |marks: &&At<Vec<String>>| marks.value != [";"];
    let other = |otherwise: &&At<Otherwise>| {
        matches!(otherwise.value, Otherwise::Blank | Otherwise::Value(_))
    };
    let by_file = |lookup: &&At<LookupSpec>| matches!(lookup.value, LookupSpec::File(_));
    let by_row = |zone: &&At<ZoneSpec>| matches!(zone.value, ZoneSpec::Column(_));
    let spans = [
        ("nth", entry.nth.as_ref().map(|at| &at.span)),
        ("replace", entry.replace.as_ref().map(|at| &at.span)),
        (
            "html",
            entry.html.as_ref().filter(|at| at.value).map(|at| &at.span),
        ),
        (
            "split",
            entry.split.as_ref().filter(plain_split).map(|at| &at.span),
        ),
        ("join", entry.join.as_ref().map(|at| &at.span)),
        (
            "unmapped",
            entry.unmapped.as_ref().filter(other).map(|at| &at.span),
        ),
        (
            "lookup",
            entry.lookup.as_ref().filter(by_file).map(|at| &at.span),
        ),
        ("default", entry.default.as_ref().map(|at| &at.span)),
        (
            "timezone",
            entry.timezone.as_ref().filter(by_row).map(|at| &at.span),
        ),
        ("truncate", entry.truncate.as_ref().map(|at| &at.span)),
    ];
    let found = spans.into_iter();
    found
        .filter_map(|(word, span)| Some((word, span?.clone())))
        .collect()
}

/// Dates in the first of the entry's formats, which says how exact they are; without
/// one as ISO 8601.
fn date(spec: &EntrySpec, rule: &DateRule) -> WayBack {
    let formats = spec.format.iter().flat_map(|formats| &formats.value);
    let format = formats
        .map(|format| format.value.clone())
        .next()
        .filter(|format| *format != ISO);
    match rule.instant {
        true => WayBack::Instant {
            format,
            zone: rule.zone.clone().unwrap_or(TimeZone::UTC),
        },
        false => WayBack::Day { format },
    }
}

/// Owners that can be given tickets, by id.
fn emails(owners: &[Owner]) -> HashMap<String, String> {
    let active = owners.iter().filter(|owner| !owner.archived);
    active
        .map(|owner| (owner.id.clone(), owner.email.clone()))
        .collect()
}
