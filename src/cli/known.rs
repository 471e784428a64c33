//! What was found out about portals, in the user's data folder: a small file for each
//! account, by its id, written by `portal check`. Runs go by it instead of finding the
//! same out again; definitions are always read anew.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::settings::known_folder;
use crate::hubspot::FoundOut;
use crate::import::flow::Operation;
use crate::model::schema::Schema;
use crate::output::private_folder;

/// Written by this version; others are passed over.
const VERSION: u32 = 1;

/// A longer file is none of ours, in bytes.
const LONGEST: u64 = 1 << 20;

/// What is known of a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    version: u32,
    /// HubSpot portal id.
    pub portal: u64,
    /// When it was last asked, by its own clock.
    pub checked: Timestamp,
    /// When a ticket was last written to find out more.
    pub probed: Option<Timestamp>,
    /// Scopes of the token, where the portal says.
    pub scopes: Option<Vec<String>>,
    /// What HubSpot does not document, by name.
    pub found: FoundOut,
    /// Links of a ticket by the type's id: how many an admin allows.
    pub link_limits: BTreeMap<String, u64>,
    /// Ticket properties whose values have rules, with the kinds of the rules.
    pub rules: BTreeMap<String, Vec<String>>,
}

impl Known {
    /// Nothing yet.
    pub fn new(portal: u64, checked: Timestamp) -> Known {
        Known {
            version: VERSION,
            portal,
            checked,
            probed: None,
            scopes: None,
            found: FoundOut::new(),
            link_limits: BTreeMap::new(),
            rules: BTreeMap::new(),
        }
    }

    /// What is known of a portal. A file that can't be read or understood says nothing.
    pub fn of(portal: u64) -> Option<Known> {
        let path = place(portal)?;
        let metadata = fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len() > LONGEST {
            return None;
        }
        let known: Known = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (known.version == VERSION && known.portal == portal).then_some(known)
    }

    /// Keeps it, in one step.
    pub fn keep(&self) -> io::Result<()> {
        let path = place(self.portal).ok_or(io::ErrorKind::NotFound)?;
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        private_folder(&folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.flush()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    /// The definitions with what they do not say: dates that the portal takes no values
    /// of, or none but with a new ticket.
    pub fn told(&self, schema: &mut Schema, operation: Operation) {
        let found = |name: &str| self.found.get(name).map(String::as_str);
        let created = match found("createdate_writable") {
            Some("no") => true,
            Some("create") => operation == Operation::Update,
            _ => false,
        };
        let closed = found("closed_date_writable") == Some("no");
        for (name, is_fixed) in [("createdate", created), ("closed_date", closed)] {
            if let Some(property) = schema.tickets.get_mut(name) {
                property.read_only |= is_fixed;
            }
        }
    }
}

/// The definitions of now, with what a run knew beyond them when it began.
pub fn as_begun(now: &mut Schema, begun: &Schema) {
    for name in ["createdate", "closed_date"] {
        let knew = begun
            .tickets
            .get(name)
            .is_some_and(|property| property.read_only);
        if let Some(property) = now.tickets.get_mut(name) {
            property.read_only |= knew;
        }
    }
}

/// The definitions that a portal gives, with what was found out about it.
pub fn completed(mut schema: Schema, portal: u64, operation: Operation) -> Schema {
    if let Some(known) = Known::of(portal) {
        known.told(&mut schema, operation);
    }
    schema
}

fn place(portal: u64) -> Option<PathBuf> {
    Some(known_folder()?.join(format!("{portal}.json")))
}
