//! Whether mapping, file and portal go together: everything that an import finds out
//! before its first row. `check` finds out the same, from the portal or from a copy of
//! its definitions.

use std::collections::BTreeSet;

use super::import::mapping_error;
use super::portal::call_error;
use super::schema::{PortalCopy, archived_key, lacking, refuse_unique_overflow};
use super::talk::Talk;
use crate::error::Error;
use crate::hubspot::{CallError, Client, SchemaParts};
use crate::import::flow::Operation;
use crate::import::links::{KindsError, LinkDefinitions, LinkKinds};
use crate::mapping::{CompiledMapping, MappingFile};
use crate::model::row::Headers;
use crate::model::schema::{NewProperty, ObjectType, Schema};

/// What is to be done with the rows of an input.
#[derive(Clone, Copy)]
pub struct Intent<'a> {
    /// How columns become properties.
    pub mapping: &'a MappingFile,
    /// The columns.
    pub headers: &'a Headers,
    /// What becomes of the rows.
    pub operation: Operation,
    /// Whether tickets get no key.
    pub no_key: bool,
}

/// Where the portal's definitions are asked for.
#[derive(Clone, Copy)]
pub enum Definitions<'a> {
    /// In the portal.
    Portal(&'a Client),
    /// In a copy of them.
    Copy(&'a PortalCopy),
}

/// What goes together.
pub struct Fit {
    /// The mapping, held against file and portal.
    pub compiled: CompiledMapping,
    /// What its links mean in the portal.
    pub links: LinkKinds,
    /// Properties that the portal lacks.
    pub lacking: Vec<NewProperty>,
    /// What the portal defines, with the properties that it lacks.
    pub schema: Schema,
}

/// Why it does not.
#[derive(Debug)]
pub enum Unfit {
    /// The mapping can't be used, or the portal could not be asked.
    Unusable(Error),
    /// Something in the portal is in the way.
    Portal(Error),
}

impl From<Error> for Unfit {
    fn from(error: Error) -> Unfit {
        Unfit::Unusable(error)
    }
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Error {
        match unfit {
            Unfit::Unusable(error) | Unfit::Portal(error) => error,
        }
    }
}

impl Intent<'_> {
    /// The parts of a schema that are needed, each with a scope of its own.
    pub fn parts(&self) -> SchemaParts {
        let purpose = self.operation.purpose();
        SchemaParts {
            contacts: self.mapping.links_contacts(),
            owners: self.mapping.names_owners(self.headers, purpose),
        }
    }

    /// The mapping, held against the file and a schema.
    pub fn compile(&self, schema: &Schema, talk: &Talk) -> Result<CompiledMapping, Error> {
        let purpose = self.operation.purpose();
        let compiled = self.mapping.compile(self.headers, schema, purpose);
        compiled.map_err(|errors| mapping_error(&errors, talk))
    }

    /// Holds everything against each other; nothing is written.
    pub async fn fit(
        &self,
        schema: &Schema,
        definitions: Definitions<'_>,
        talk: &Talk,
    ) -> Result<Fit, Unfit> {
        let mut lacking = match self.operation {
            // What is archived is not written.
            Operation::Archive => Vec::new(),
            _ => lacking(self.mapping.new_properties(), schema),
        };
        let complete = schema.clone().with_tickets(&lacking);
        let compiled = self.compile(&complete, talk)?;
        refuse_counted(&compiled, self.operation)?;
        self.refuse_links(&compiled)?;
        let known = definitions.of_links(&compiled).await.map_err(call_error)?;
        let links = LinkKinds::of_mapping(&compiled, &known).map_err(kinds_error)?;
        let key = self.mapping.key_property();
        if self.no_key {
            lacking.retain(|property| property.name != key);
        }
        if lacking.iter().any(|property| property.name == key)
            && definitions.archived().await?.contains(key)
        {
            return Err(Unfit::Portal(archived_key(key)));
        }
        refuse_unique_overflow(&lacking, schema).map_err(Unfit::Portal)?;
        Ok(Fit {
            compiled,
            links,
            lacking,
            schema: complete,
        })
    }

    /// Links that can't be: none to associate, or by a key that the portal does not get.
    fn refuse_links(&self, compiled: &CompiledMapping) -> Result<(), Error> {
        if self.operation.only_links() && compiled.links().next().is_none() {
            let error = Error::usage("the mapping has no [[associate]]: nothing to link");
            return Err(error.advise("say which other records its rows name"));
        }
        if self.no_key && compiled.links().any(|link| &**link.by == "key") {
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

    /// Names of ticket properties in the recycle bin.
    async fn archived(&self) -> Result<BTreeSet<String>, Error> {
        match self {
            Definitions::Portal(client) => {
                let archived = client.properties(ObjectType::Tickets, true).await;
                let archived = archived.map_err(call_error)?.into_iter();
                Ok(archived.map(|property| property.name).collect())
            }
            Definitions::Copy(copy) => Ok(copy.archived.clone()),
        }
    }
}

/// A portal in which the links of a mapping can't be made.
pub fn kinds_error(error: KindsError) -> Error {
    match error {
        KindsError::Call(error) => call_error(error),
        KindsError::Unread { .. } => Error::mend(error)
            .advise("run `tickethaul schema pull` again, with a token that may read them"),
        other => Error::usage(other).advise("nothing was sent; correct the [[associate]]"),
    }
}

/// Whoever reads a row again can't tell which of several identical rows it is.
pub fn refuse_counted(compiled: &CompiledMapping, operation: Operation) -> Result<(), Error> {
    if !compiled.counts_keys() || operation.purpose().creates() {
        return Ok(());
    }
    let word = operation.word();
    let message = format!("rows whose key is a row_hash can't be used to {word} tickets");
    Err(Error::usage(message)
        .advise("name tickets by record_id: idmap.csv of the run that made them has the ids"))
}
