//! Whether a mapping can be carried out in a portal: what an import finds out before its
//! first row, apart from what the portal lacks. `check` finds out the same, from the
//! portal or from a copy of its definitions.

use super::console::Console;
use super::mapping_file::mapping_error;
use super::portal::call_error;
use super::schema::PortalCopy;
use crate::error::Error;
use crate::hubspot::{CallError, Client, SchemaParts};
use crate::import::flow::Operation;
use crate::import::links::{KindsError, LinkDefinitions, LinkKinds};
use crate::import::settle::files::IDMAP_COLUMNS as IDMAP;
use crate::mapping::propose::recognise;
use crate::mapping::{CompiledMapping, MappingFile};
use crate::model::link_by::LinkBy;
use crate::model::row::Headers;
use crate::model::schema::Schema;

/// What is to be done with the rows of an input.
#[derive(Clone, Copy)]
pub struct Intent<'a> {
    /// How columns become properties.
    pub mapping: &'a MappingFile,
    /// The columns.
    pub headers: &'a Headers,
    /// What is done with the rows.
    pub operation: Operation,
    /// Whether tickets are written without a key.
    pub no_key: bool,
}

/// Where the portal's definitions come from.
#[derive(Clone, Copy)]
pub enum Definitions<'a> {
    /// From the portal.
    Portal(&'a Client),
    /// From a copy of them.
    Copy(&'a PortalCopy),
}

impl Intent<'_> {
    /// The parts of a schema that are needed, each with its own scope.
    pub fn parts(&self) -> SchemaParts {
        let purpose = self.operation.purpose();
        SchemaParts {
            contacts: self.mapping.links_contacts(),
            owners: self.mapping.names_owners(self.headers, purpose),
            custom: self.mapping.names_custom_objects(),
        }
    }

    /// The mapping, checked against the file and a schema.
    pub fn compile(&self, schema: &Schema, console: &Console) -> Result<CompiledMapping, Error> {
        let purpose = self.operation.purpose();
        let compiled = self.mapping.compile(self.headers, schema, purpose);
        compiled.map_err(|errors| {
            let error = mapping_error(&errors, console);
            let lacks = |message: &str| message.starts_with("the file has no");
            let lacks = errors.problems().any(|problem| lacks(problem.message));
            match self.stranger().filter(|_| lacks) {
                Some(words) => error.advise(words),
                None => error,
            }
        })
    }

    /// What the file seems to be, if the mapping is meant for something else.
    fn stranger(&self) -> Option<String> {
        if self.headers.names() == IDMAP {
            return Some(
                "this is the idmap.csv of a run: it says which ticket a key has, and holds no values; \
                 give the file that the run was given, or its done.csv"
                    .to_owned(),
            );
        }
        let preset = recognise(self.headers)?;
        (preset.system != self.mapping.system()).then(|| {
            format!(
                "the file looks like an export of {}: -m {} is the built-in mapping for it",
                preset.system, preset.name
            )
        })
    }

    /// The compiled mapping, and what its links mean in the portal.
    ///
    /// # Errors
    /// With what an import refuses before its first row.
    pub async fn fit(
        &self,
        schema: &Schema,
        definitions: Definitions<'_>,
        console: &Console,
    ) -> Result<(CompiledMapping, LinkKinds), Error> {
        let compiled = self.compile(schema, console)?;
        refuse_counted(&compiled, self.operation)?;
        self.refuse_links(&compiled)?;
        let known = definitions.of_links(&compiled).await.map_err(call_error)?;
        let links = LinkKinds::of_mapping(&compiled, &known).map_err(kinds_error)?;
        Ok((compiled, links))
    }

    /// Links that are not possible: none to associate, or by a key that is not written.
    fn refuse_links(&self, compiled: &CompiledMapping) -> Result<(), Error> {
        if self.operation.only_links() && compiled.links().next().is_none() {
            let error = Error::usage("the mapping has no [[associate]]: nothing to link");
            return Err(error.advise("say which other records its rows name"));
        }
        if self.no_key && compiled.links().any(|link| *link.by == LinkBy::Key) {
            let error = Error::usage("with --no-key tickets can't be linked by their keys");
            return Err(error.advise("take the [[associate]] with by = \"key\" out"));
        }
        Ok(())
    }
}

impl Definitions<'_> {
    async fn of_links(&self, compiled: &CompiledMapping) -> Result<LinkDefinitions, CallError> {
        match self {
            Definitions::Portal(client) => LinkDefinitions::read(client, compiled).await,
            Definitions::Copy(copy) => Ok(copy.of_links()),
        }
    }
}

/// What is said of columns of one name that are put together without being asked.
pub fn joined_words(compiled: &CompiledMapping) -> Vec<String> {
    let joined = compiled.joined_columns();
    joined
        .map(|(column, number, property)| {
            format!(
                "{number} columns are called {column}: {property} gets the values of all of them, \
                 with ; between; in the mapping, nth = 1 takes the first, and join says that it is meant"
            )
        })
        .collect()
}

/// A portal in which the links of a mapping can't be made.
pub fn kinds_error(error: KindsError) -> Error {
    match error {
        KindsError::Call(error) => call_error(error),
        KindsError::Unread { .. } => Error::must_fix(error)
            .advise("run `tickethaul schema pull` again, with a token that may read them"),
        other => Error::usage(other).advise("nothing was written; correct the [[associate]]"),
    }
}

/// When a row is read again, nothing shows which of several identical rows it is.
pub fn refuse_counted(compiled: &CompiledMapping, operation: Operation) -> Result<(), Error> {
    if !compiled.counts_keys() || operation.purpose().creates() {
        return Ok(());
    }
    let word = operation.word();
    let message = format!("rows whose key is a row_hash can't be used to {word} tickets");
    Err(Error::usage(message)
        .advise("name tickets by record_id: idmap.csv of the run that made them has the ids"))
}
