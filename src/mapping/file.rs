//! A parsed mapping file: what can be known of it without an input and without a
//! portal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::mapping::backwards::{Backwards, backwards};
use crate::mapping::compile::{Sources, compile};
use crate::mapping::compiled::CompiledMapping;
use crate::mapping::errors::{Mistakes, Problems};
use crate::mapping::header_index::HeaderIndex;
use crate::mapping::operation::For;
use crate::mapping::parse::parse;
use crate::mapping::static_checks;
use crate::mapping::syntax::{Document, EntrySpec, NotesSpec, Origin, Otherwise};
use crate::mapping::tables::{Tables, place};
use crate::model::dialect::Dialect;
use crate::model::row::Headers;
use crate::model::schema::{NewProperty, OWNER_PROPERTY, ObjectName, ObjectType, Schema};

/// A mapping as its file says it: valid TOML, known keys, values of the right kind.
#[derive(Clone, Debug)]
pub struct MappingFile {
    name: Arc<str>,
    text: Arc<str>,
    document: Document,
    tables: Tables,
    comments: Comments,
    takes_files: bool,
}

/// Where the files of comments that the mapping names are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Comments {
    /// Next to the mapping.
    #[default]
    Beside,
    /// In another place; they exist, whatever the mapping says.
    There,
    /// They do not exist, and what is optional is left out.
    Absent,
}

/// Everything that is wrong with a mapping file, with what could be parsed of it.
pub type MappingErrors = Mistakes<MappingFile>;

impl MappingErrors {
    /// These errors and those found by checking the rest of the mapping against an
    /// input and a portal, so that all are reported at once.
    pub fn and_against(self, headers: &Headers, schema: &Schema, purpose: For) -> MappingErrors {
        let held = self.rest().map(|rest| {
            let schema = schema.clone().with_tickets(rest.new_properties());
            rest.compile(headers, &schema, purpose)
        });
        match held {
            Some(Err(others)) => self.behind(others),
            _ => self,
        }
    }
}

impl MappingFile {
    /// Parses the text of a mapping. `name` is its path, used in messages; the files
    /// that the mapping names are read from its folder, once and now.
    ///
    /// # Errors
    /// With everything that is wrong in the text and the files or, if the text is not TOML, with
    /// every mistake of syntax.
    pub fn parse(name: &str, text: &str) -> Result<MappingFile, MappingErrors> {
        MappingFile::read(name, text, None)
    }

    /// The same for a mapping that may come from somebody else's run folder: of the
    /// files that it names only those with these hashes are read. The caller finds
    /// others by `tables`.
    ///
    /// # Errors
    /// As for `parse`.
    pub fn parse_known(
        name: &str,
        text: &str,
        tables: &BTreeMap<String, String>,
    ) -> Result<MappingFile, MappingErrors> {
        MappingFile::read(name, text, Some(tables))
    }

    fn read(
        name: &str,
        text: &str,
        known: Option<&BTreeMap<String, String>>,
    ) -> Result<MappingFile, MappingErrors> {
        let (name, text) = (Arc::from(name), Arc::from(text));
        let problems = Problems::default();
        let document = parse(&text, &problems);
        let folder = Path::new(&*name).parent().unwrap_or(Path::new(""));
        if let Some(document) = &document {
            static_checks::check(document, &text, &problems);
        }
        let read = document.map(|document| MappingFile {
            tables: Tables::load(&document, folder, known, &problems),
            name: Arc::clone(&name),
            text: Arc::clone(&text),
            document,
            comments: Comments::default(),
            takes_files: false,
        });
        match problems.is_empty() {
            true => problems.conclude(read, &name, &text),
            false => problems
                .conclude(None, &name, &text)
                .map_err(|errors| errors.with_rest(read)),
        }
    }

    /// The name that `parse` was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text that `parse` was given, for fingerprints.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The files next to the mapping that it names, with the BLAKE3 of each in hex, for
    /// fingerprints.
    pub fn tables(&self) -> &BTreeMap<String, String> {
        self.tables.hashes()
    }

    /// The same, with files of comments from elsewhere.
    #[must_use]
    pub fn with_comments(self, comments: Comments) -> MappingFile {
        MappingFile { comments, ..self }
    }

    /// The same for a run that uploads files.
    #[must_use]
    pub fn with_files(self) -> MappingFile {
        MappingFile {
            takes_files: true,
            ..self
        }
    }

    /// Whether it names files of comments or tickets.
    pub fn names_files(&self) -> bool {
        let mut notes = self.document.notes.iter();
        !self.document.attachments.is_empty() || notes.any(|notes| notes.files.is_some())
    }

    /// How many `[[notes]]` have files of their own.
    pub fn count_comment_files(&self) -> usize {
        let notes = self.document.notes.iter();
        notes.filter(|notes| notes.beside().is_some()).count()
    }

    /// Where a file is that the mapping names.
    ///
    /// # Errors
    /// When it does not exist, or is not next to or below the mapping; in words.
    pub fn beside(&self, file: &str) -> Result<PathBuf, String> {
        let folder = Path::new(&*self.name).parent().unwrap_or(Path::new(""));
        place(folder, file).map_err(|fault| fault.to_string())
    }

    /// `[[notes]]` whose files are missing, by position.
    fn absent(&self) -> Vec<usize> {
        let notes = self.document.notes.iter().enumerate();
        let is_absent = |file: &str| match self.comments {
            Comments::Beside => self.beside(file).is_err(),
            Comments::There => false,
            Comments::Absent => true,
        };
        let absent = notes.filter(|(_, notes)| {
            let beside = notes.beside();
            beside.is_some_and(|beside| is_absent(&beside.file.value))
        });
        absent.map(|(entry, _)| entry).collect()
    }

    /// How the CSV is written, as far as the mapping says; the rest is detected.
    pub fn dialect(&self) -> &Dialect {
        &self.document.source.dialect
    }

    /// Internal name of the property that ties a row to its ticket.
    pub fn key_property(&self) -> &str {
        &self.document.key.property.value
    }

    /// What the input's system is called; empty where the mapping does not say it.
    pub fn system(&self) -> &str {
        self.document.system.as_deref().unwrap_or_default()
    }

    /// Internal names of all ticket properties that the mapping may write, the key's
    /// first.
    pub fn property_names(&self) -> Vec<&str> {
        let entries = self.document.properties.value.iter();
        let names = entries.flat_map(|entry| {
            let into = entry.read_only_into.as_ref();
            [Some(&entry.property), into].into_iter().flatten()
        });
        let names = names.map(|name| name.value.as_str());
        std::iter::once(self.key_property()).chain(names).collect()
    }

    /// Ticket properties that the mapping wants created if the portal lacks them.
    pub fn new_properties(&self) -> &[NewProperty] {
        &self.document.new_properties
    }

    /// True when tickets get linked to contacts, so that the schema needs the
    /// properties of contacts too.
    pub fn links_contacts(&self) -> bool {
        let mut links = self.document.links.iter();
        links.any(|link| link.to.value == ObjectName::Standard(ObjectType::Contacts))
    }

    /// True when tickets get linked to a custom object by its name, so that the schema
    /// needs those too.
    pub fn names_custom_objects(&self) -> bool {
        let mut links = self.document.links.iter();
        links.any(|link| link.to.value.is_custom())
    }

    /// True when tickets are given owners, so that the schema needs the portal's owners
    /// too: an entry writes their property, and the input has what it is fed from or the
    /// entry names owners itself.
    pub fn names_owners(&self, headers: &Headers, purpose: For) -> bool {
        let writes = matches!(purpose, For::Create | For::Update | For::Upsert);
        let index = HeaderIndex::new(headers);
        let has_constants = |entry: &EntrySpec| {
            let missing = entry.missing.as_ref().map(|missing| &missing.value);
            entry.default.is_some()
                || entry.map.is_some()
                || matches!(missing, Some(Otherwise::Value(_)))
        };
        let is_absent = |entry: &EntrySpec| match &entry.origin {
            Origin::Column(aliases) => {
                let mut names = aliases.iter();
                entry.optional
                    && !has_constants(entry)
                    && names.all(|alias| index.find(&alias.value).is_empty())
            }
            Origin::Template(_) | Origin::Value(_) => false,
        };
        let lacks = |notes: &NotesSpec| {
            let columns = notes.columns();
            let mut names = columns.iter();
            notes.optional
                && !columns.is_empty()
                && names.all(|name| index.find(&name.value).is_empty())
        };
        let mut entries = self.document.properties.value.iter();
        let mut notes = self.document.notes.iter();
        let writes_own = entries.any(|entry| writes_owner(entry) && !is_absent(entry));
        writes && (writes_own || notes.any(|notes| notes.owner.is_some() && !lacks(notes)))
    }

    /// True when some entry is about owners, whatever the input.
    pub fn has_owners(&self) -> bool {
        let mut entries = self.document.properties.value.iter();
        entries.any(writes_owner)
    }

    /// Compiles the mapping against the headers of an input, the schema of a portal
    /// (with `new_properties` already in it, see `Schema::with_tickets`), and what is
    /// to be done.
    ///
    /// # Errors
    /// With everything that does not fit: columns, properties, options, stages,
    /// zones, formats, templates.
    pub fn compile(
        &self,
        headers: &Headers,
        schema: &Schema,
        purpose: For,
    ) -> Result<CompiledMapping, MappingErrors> {
        let problems = Problems::default();
        let sources = Sources {
            document: &self.document,
            text: &self.text,
            tables: &self.tables,
            absent: &self.absent(),
            takes_files: self.takes_files,
        };
        let compiled = compile(sources, headers, schema, purpose, &problems);
        problems.conclude(compiled, &self.name, &self.text)
    }

    /// The columns of an export that this mapping reads as the values that tickets have.
    ///
    /// # Errors
    /// With everything that can't be run backwards, or that does not fit the portal.
    pub fn backwards(&self, schema: &Schema) -> Result<Backwards, MappingErrors> {
        let problems = Problems::default();
        let sources = Sources {
            document: &self.document,
            text: &self.text,
            tables: &self.tables,
            absent: &[],
            takes_files: false,
        };
        let turned = backwards(sources, schema, &problems);
        problems.conclude(turned, &self.name, &self.text)
    }
}

fn writes_owner(entry: &EntrySpec) -> bool {
    let into = entry.read_only_into.as_ref();
    let mut names = [Some(&entry.property), into].into_iter().flatten();
    names.any(|name| name.value == OWNER_PROPERTY)
}
