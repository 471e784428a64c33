//! A mapping file that has been read: what can be known of it without an input and
//! without a portal.

use std::sync::Arc;

use crate::mapping::compile::compile;
use crate::mapping::compiled::CompiledMapping;
use crate::mapping::errors::{MappingErrors, Problems};
use crate::mapping::parse::parse;
use crate::mapping::shape::Document;
use crate::model::row::Headers;
use crate::model::schema::{NewProperty, Schema};

/// A mapping as its file says it: valid TOML, known keys, values of the right kind.
#[derive(Clone, Debug)]
pub struct MappingFile {
    name: Arc<str>,
    text: Arc<str>,
    document: Document,
}

impl MappingFile {
    /// Reads the text of a mapping; `name` is how messages call the file.
    ///
    /// # Errors
    /// With everything that is wrong in the text, or, where it is not TOML, with
    /// every mistake of syntax.
    pub fn parse(name: &str, text: &str) -> Result<MappingFile, MappingErrors> {
        let (name, text) = (Arc::from(name), Arc::from(text));
        let problems = Problems::default();
        let document = parse(&text, &problems);
        let document = problems.conclude(document, &name, &text)?;
        Ok(MappingFile {
            name,
            text,
            document,
        })
    }

    /// The name that `parse` was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text that `parse` was given, for fingerprints.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The CSV delimiter, where the mapping insists on one; otherwise it is detected.
    pub fn delimiter(&self) -> Option<u8> {
        self.document.source.delimiter
    }

    /// Internal name of the property that ties a row to its ticket.
    pub fn key_property(&self) -> &str {
        &self.document.key.property.value
    }

    /// Ticket properties that the mapping wants created where the portal lacks them.
    pub fn new_properties(&self) -> &[NewProperty] {
        &self.document.new_properties
    }

    /// True when tickets get linked to contacts, so that the schema needs the
    /// properties of contacts too.
    pub fn links_contacts(&self) -> bool {
        !self.document.links.is_empty()
    }

    /// Holds the mapping against the headers of an input and the schema of a portal
    /// (with `new_properties` already in it, see `Schema::with_tickets`).
    ///
    /// # Errors
    /// With everything that does not fit: columns, properties, options, stages,
    /// zones, formats, templates.
    pub fn compile(
        &self,
        headers: &Headers,
        schema: &Schema,
    ) -> Result<CompiledMapping, MappingErrors> {
        let problems = Problems::default();
        let compiled = compile(&self.document, &self.text, headers, schema, &problems);
        problems.conclude(compiled, &self.name, &self.text)
    }
}
