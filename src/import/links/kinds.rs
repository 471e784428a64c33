//! What the links of a mapping mean in a portal: the type of each label, and whether a
//! natural key is unique there. Read before a run begins, so that a label that does not
//! exist costs no row.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::natural::Natural;
use crate::hubspot::association_types::{COMPANY, CONTACT, DEAL, NOTE, TICKET};
use crate::hubspot::{CallError, Client, LinkType};
use crate::mapping::{CompiledMapping, MappedLink};
use crate::model::schema::ObjectType;
use crate::model::ticket::{LinkDraft, Missing};

/// The links of a mapping, understood.
#[derive(Clone, Debug, Default)]
pub struct LinkKinds {
    labelled: HashMap<(ObjectType, Arc<str>), LinkType>,
    naturals: Vec<Natural>,
}

/// Why links can't be made in this portal.
#[derive(Debug, thiserror::Error)]
pub enum KindsError {
    /// The portal could not be asked.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Nobody defined that label.
    #[error("links from tickets to {} have no label \"{label}\" in the portal; they have {known}", to.plural())]
    NoLabel {
        /// Kind of the other records.
        to: ObjectType,
        /// The label.
        label: String,
        /// Those that there are.
        known: String,
    },
    /// Nobody defined that property.
    #[error("the portal has no {} property {by}", to.singular())]
    NoProperty {
        /// Kind of the other records.
        to: ObjectType,
        /// The property.
        by: String,
    },
    /// Creating by it could make two records of one value.
    #[error(
        "the values of the {} property {by} are not unique, so records can't be created by it exactly once",
        to.singular()
    )]
    NotUnique {
        /// Kind of the other records.
        to: ObjectType,
        /// The property.
        by: String,
    },
}

impl LinkKinds {
    /// Asks the portal for what the links of a mapping need.
    ///
    /// # Errors
    /// When the portal lacks a label or a property that they name.
    pub async fn read(client: &Client, mapping: &CompiledMapping) -> Result<LinkKinds, KindsError> {
        let mut kinds = LinkKinds::default();
        for link in mapping.links() {
            kinds.label(client, link).await?;
            kinds.natural(client, link).await?;
        }
        Ok(kinds)
    }

    async fn label(&mut self, client: &Client, link: MappedLink<'_>) -> Result<(), KindsError> {
        let Some(label) = link.label else {
            return Ok(());
        };
        let types = client.link_types(ObjectType::Tickets, link.to).await?;
        let words = |kind: &LinkType| kind.label.clone();
        let is = |kind: &&LinkType| {
            let words = kind.label.as_deref().unwrap_or_default();
            words.to_lowercase() == label.to_lowercase()
        };
        let Some(found) = types.iter().find(is) else {
            let known: BTreeSet<String> = types.iter().filter_map(words).collect();
            let known: Vec<String> = known.iter().map(|words| format!("\"{words}\"")).collect();
            return Err(KindsError::NoLabel {
                to: link.to,
                label: label.to_string(),
                known: match known.is_empty() {
                    true => "none".to_owned(),
                    false => known.join(", "),
                },
            });
        };
        let key = (link.to, Arc::clone(label));
        let _same = self.labelled.insert(key, found.clone());
        Ok(())
    }

    async fn natural(&mut self, client: &Client, link: MappedLink<'_>) -> Result<(), KindsError> {
        let (to, by) = (link.to, link.by);
        if matches!(&**by, "id" | "key") {
            return Ok(());
        }
        let unique = match (to, &**by) {
            (ObjectType::Contacts, "email") => true,
            _ => {
                let property = client.property(to, by).await?;
                let missing = || KindsError::NoProperty {
                    to,
                    by: by.to_string(),
                };
                property.ok_or_else(missing)?.unique
            }
        };
        if !unique && link.missing == Missing::Create {
            let by = by.to_string();
            return Err(KindsError::NotUnique { to, by });
        }
        let natural = Natural {
            object: to,
            by: Arc::clone(by),
            unique,
        };
        if !self.naturals.contains(&natural) {
            self.naturals.push(natural);
        }
        Ok(())
    }

    /// Natural keys that the links use.
    pub fn naturals(&self) -> &[Natural] {
        &self.naturals
    }

    /// The kind of a link.
    pub fn of(&self, draft: &LinkDraft) -> LinkType {
        let label = draft.label.as_ref();
        let labelled = label.and_then(|label| self.labelled.get(&(draft.to, Arc::clone(label))));
        let plain = || LinkType::plain(plain(draft.to));
        labelled.cloned().unwrap_or_else(plain)
    }
}

/// HubSpot's own kind of link from tickets.
fn plain(to: ObjectType) -> u32 {
    let link = match to {
        ObjectType::Tickets => TICKET,
        ObjectType::Contacts => CONTACT,
        ObjectType::Companies => COMPANY,
        ObjectType::Deals => DEAL,
        ObjectType::Notes => NOTE,
    };
    link.from_ticket
}
