//! What the links of a mapping mean in a portal: the type of each label, and whether a
//! natural key is unique there. Read before a run begins, so that a label that does not
//! exist costs no row.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::link::Link;
use super::natural::Natural;
use crate::hubspot::records::association_types::from_ticket;
use crate::hubspot::{CallError, Client, LinkType};
use crate::mapping::{CompiledMapping, MappedLink};
use crate::model::issue::{Problem, Reason};
use crate::model::schema::ObjectType;
use crate::model::ticket::{LinkDraft, Missing};

/// The links of a mapping, resolved.
#[derive(Clone, Debug, Default)]
pub struct LinkKinds {
    labelled: HashMap<(ObjectType, Arc<str>), LinkType>,
    /// Plain links to custom objects, which every portal numbers in its own way.
    plain: HashMap<ObjectType, LinkType>,
    /// How many links of a type a ticket may have, if an admin set a limit.
    limits: BTreeMap<u32, u64>,
    naturals: Vec<Natural>,
}

/// Why links can't be made in this portal.
#[derive(Debug, thiserror::Error)]
pub enum KindsError {
    /// The portal could not be asked.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A copy of the portal's definitions does not have them.
    #[error("nothing is known of {what} in the portal")]
    Unread {
        /// What is missing.
        what: String,
    },
    /// That label is not defined.
    #[error("links from tickets to {} have no label \"{label}\" in the portal; they have {known}", to.plural())]
    NoLabel {
        /// Kind of the other records.
        to: ObjectType,
        /// The label.
        label: String,
        /// The labels that exist.
        known: String,
    },
    /// Links between tickets and such records are not defined.
    #[error("the portal does not link tickets to {}", to.plural())]
    NotLinked {
        /// Kind of the other records.
        to: ObjectType,
    },
    /// That property is not defined.
    #[error("the portal has no {} property {by}", to.singular())]
    NoProperty {
        /// Kind of the other records.
        to: ObjectType,
        /// The property.
        by: String,
    },
    /// Creating records by it could produce two with the same value.
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

/// What a portal defines about other records, as far as links need it. A kind of record that is
/// missing was not queried.
#[derive(Clone, Debug, Default)]
pub struct LinkDefinitions {
    /// Kinds of link from tickets, by the other end.
    pub types: BTreeMap<ObjectType, Vec<LinkType>>,
    /// Properties by kind of record and name: whether their values are unique.
    pub unique: BTreeMap<ObjectType, BTreeMap<String, bool>>,
    /// How many links of a type a record may have, if an admin set a limit.
    pub limits: BTreeMap<u32, u64>,
}

impl LinkDefinitions {
    /// Kinds of link from tickets to this kind of record.
    fn types_to(&self, to: ObjectType) -> Result<&[LinkType], KindsError> {
        let types = self.types.get(&to).map(Vec::as_slice);
        types.ok_or_else(|| KindsError::Unread {
            what: format!("the kinds of link to {}", to.plural()),
        })
    }

    /// Reads from the portal what the links of a mapping need, and nothing else.
    ///
    /// # Errors
    /// If the portal can't be read.
    pub async fn read(
        client: &Client,
        mapping: &CompiledMapping,
    ) -> Result<LinkDefinitions, CallError> {
        let mut found = LinkDefinitions::default();
        if mapping.links().next().is_some() {
            // A portal that does not report limits still refuses too many links.
            let limits = client.link_limits().await?.unwrap_or_default();
            let limits = limits.into_iter().map(|limit| (limit.type_id, limit.most));
            found.limits = limits.collect();
        }
        for link in mapping.links() {
            let to = link.to;
            if asks_for_types(link) && !found.types.contains_key(&to) {
                let types = client.link_types(ObjectType::Tickets, to).await?;
                let _none = found.types.insert(to, types);
            }
            if asks_for_key(link) {
                let known = found.unique.entry(to).or_default();
                if let Some(property) = client.property(to, link.by.word()).await? {
                    let _same = known.insert(property.name, property.unique);
                }
            }
        }
        Ok(found)
    }
}

/// Whether the portal has to be queried for the kinds of a link: those without a label have the
/// same numbers everywhere, except for custom objects.
fn asks_for_types(link: MappedLink<'_>) -> bool {
    link.label.is_some() || from_ticket(link.to).is_none()
}

/// Whether the portal has to be queried about the key of a link: ids and our own keys are unique
/// everywhere, and so are the e-mails of contacts.
fn asks_for_key(link: MappedLink<'_>) -> bool {
    link.by.property().is_some() && !link.by.is_email_of(link.to)
}

impl LinkKinds {
    /// Asks the portal for what the links of a mapping need.
    ///
    /// # Errors
    /// When the portal lacks a label or a property that they name.
    pub async fn read(client: &Client, mapping: &CompiledMapping) -> Result<LinkKinds, KindsError> {
        let definitions = LinkDefinitions::read(client, mapping).await?;
        LinkKinds::of_mapping(mapping, &definitions)
    }

    /// Resolves the links of a mapping with these definitions.
    ///
    /// # Errors
    /// When they lack a label or a property that the links name.
    pub fn of_mapping(
        mapping: &CompiledMapping,
        definitions: &LinkDefinitions,
    ) -> Result<LinkKinds, KindsError> {
        let mut kinds = LinkKinds {
            limits: definitions.limits.clone(),
            ..LinkKinds::default()
        };
        for link in mapping.links() {
            kinds.label(definitions, link)?;
            kinds.plain(definitions, link)?;
            kinds.natural(definitions, link)?;
        }
        Ok(kinds)
    }

    fn label(
        &mut self,
        definitions: &LinkDefinitions,
        link: MappedLink<'_>,
    ) -> Result<(), KindsError> {
        let Some(label) = link.label else {
            return Ok(());
        };
        let types = definitions.types_to(link.to)?;
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

    /// The plain kind of a link to a custom object: the one without a label.
    fn plain(
        &mut self,
        definitions: &LinkDefinitions,
        link: MappedLink<'_>,
    ) -> Result<(), KindsError> {
        let to = link.to;
        if from_ticket(to).is_some() {
            return Ok(());
        }
        let mut types = definitions.types_to(to)?.iter();
        let plain = types.find(|kind| kind.label.is_none());
        let plain = plain.ok_or(KindsError::NotLinked { to })?;
        let _same = self.plain.insert(to, plain.clone());
        Ok(())
    }

    fn natural(
        &mut self,
        definitions: &LinkDefinitions,
        link: MappedLink<'_>,
    ) -> Result<(), KindsError> {
        let (to, by) = (link.to, link.by);
        let Some(property) = by.property() else {
            return Ok(());
        };
        let unique = match asks_for_key(link) {
            false => true,
            true => {
                let unread = || KindsError::Unread {
                    what: format!("the properties of {}", to.plural()),
                };
                let missing = || KindsError::NoProperty {
                    to,
                    by: by.to_string(),
                };
                let known = definitions.unique.get(&to).ok_or_else(unread)?;
                *known.get(&**property).ok_or_else(missing)?
            }
        };
        if !unique && link.missing == Missing::Create {
            let by = by.to_string();
            return Err(KindsError::NotUnique { to, by });
        }
        let natural = Natural {
            object: to,
            property: Arc::clone(property),
            unique,
        };
        if !self.naturals.contains(&natural) {
            self.naturals.push(natural);
        }
        Ok(())
    }

    /// The journal's name for steps of records that a link finds by a natural key; none
    /// if it does not use one.
    pub fn step_kind(&self, draft: &LinkDraft) -> Option<String> {
        let mut naturals = self.naturals.iter();
        let natural = naturals.find(|one| one.is_for(draft.to, &draft.by))?;
        Some(natural.kind())
    }

    /// Natural keys that the links use.
    pub fn naturals(&self) -> &[Natural] {
        &self.naturals
    }

    /// The same for links that are removed, to which limits don't apply.
    #[must_use]
    pub fn unlimited(self) -> LinkKinds {
        LinkKinds {
            limits: BTreeMap::new(),
            ..self
        }
    }

    /// The plain kind of a link to such a record.
    fn plain_to(&self, to: ObjectType) -> LinkType {
        let known = || LinkType::plain(from_ticket(to).unwrap_or_default());
        self.plain.get(&to).cloned().unwrap_or_else(known)
    }

    /// The problem of a ticket with more links than an admin allows.
    pub(super) fn too_many(&self, links: &[Link]) -> Option<Problem> {
        self.limits.iter().find_map(|(&type_id, &most)| {
            let counts = |link: &&Link| {
                self.plain_to(link.to).id == type_id
                    || link.types.iter().any(|kind| kind.id == type_id)
            };
            let of_type: Vec<&Link> = links.iter().filter(counts).collect();
            let beyond = of_type.get(usize::try_from(most).unwrap_or(usize::MAX))?;
            let kind = beyond.types.iter().find(|kind| kind.id == type_id);
            let reason = Reason::TooManyLinks {
                object: beyond.to,
                label: kind.and_then(|kind| kind.label.clone()),
                links: of_type.len() as u64,
                most,
            };
            let problem = Problem::new(reason).column(beyond.column.clone());
            Some(problem.value(&beyond.id))
        })
    }

    /// The kind of a link.
    pub fn of(&self, draft: &LinkDraft) -> LinkType {
        let label = draft.label.as_ref();
        let labelled = label.and_then(|label| self.labelled.get(&(draft.to, Arc::clone(label))));
        labelled.cloned().unwrap_or_else(|| self.plain_to(draft.to))
    }
}
