//! Which records the links of rows mean: by id, by the key of a ticket, or by a natural
//! key. What is found by a natural key is kept for the run; ids and ticket keys are read
//! each time, since the run creates tickets meanwhile.

use std::collections::HashMap;
use std::sync::Arc;

use super::found::Found;
use super::kinds::LinkKinds;
use super::look::Look;
use super::others::Others;
use crate::hubspot::Client;
use crate::import::settle::SettleHandle;
use crate::model::link_by::LinkBy;
use crate::model::schema::ObjectType;
use crate::model::stop::Stop;
use crate::model::ticket::LinkDraft;

/// Resolves the records that links mean; shared by all batches in flight.
#[derive(Clone)]
pub struct Ends {
    look: Look,
    others: Arc<HashMap<(ObjectType, LinkBy), Others>>,
}

impl Ends {
    /// For the links of one mapping; tickets have their keys in `key_property`.
    pub fn new(
        client: &Client,
        settle: &SettleHandle,
        kinds: &LinkKinds,
        key_property: &str,
    ) -> Ends {
        let others = kinds.naturals().iter().map(|natural| {
            let others = Others::new(client.clone(), settle.clone(), natural.clone());
            let by = LinkBy::Property(Arc::clone(&natural.property));
            ((natural.object, by), others)
        });
        Ends {
            look: Look::new(client, kinds, key_property),
            others: Arc::new(others.collect()),
        }
    }

    /// What these links mean.
    ///
    /// # Errors
    /// When the run has to stop.
    pub async fn resolve(&self, links: impl Iterator<Item = &LinkDraft>) -> Result<Found, Stop> {
        let mut groups: HashMap<_, Vec<&LinkDraft>> = HashMap::new();
        for link in links {
            let group = (link.to, link.by.clone());
            groups.entry(group).or_default().push(link);
        }
        let mut found = Found::default();
        for (group, links) in groups {
            let resolved = match self.others.get(&group) {
                Some(others) => others.resolve(&links).await?,
                None => self.look.plain(group.0, &group.1, &links).await?,
            };
            let _new = found.0.insert(group, resolved);
        }
        Ok(found)
    }
}
