//! Reading and extending what a portal defines: properties, pipelines, owners.

use std::collections::BTreeMap;

use crate::hubspot::client::Client;
use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::wire;
use crate::model::schema::{
    NewProperty, ObjectType, Owner, Pipeline, PropertyDef, Schema, ValueType,
};

impl Client {
    /// Everything that a mapping is compiled against; contact properties only
    /// where asked for (they need a scope of their own).
    pub async fn schema(&self, with_contacts: bool) -> Result<Schema, CallError> {
        let contacts = async {
            match with_contacts {
                true => self.contact_properties().await,
                false => Ok(Vec::new()),
            }
        };
        let (tickets, contacts, pipelines, owners) = futures::try_join!(
            self.ticket_properties(),
            contacts,
            self.pipelines(),
            self.owners()
        )?;
        Ok(Schema {
            tickets: by_name(tickets),
            contacts: by_name(contacts),
            pipelines,
            owners,
        })
    }

    /// Definitions of all ticket properties, archived ones left out.
    pub async fn ticket_properties(&self) -> Result<Vec<PropertyDef>, CallError> {
        let path = contract::properties(ObjectType::Tickets);
        let mut found = self.get(path, wire::properties).await?;
        found.iter_mut().for_each(name_ticket_type);
        Ok(found)
    }

    /// Definitions of all contact properties, archived ones left out.
    pub async fn contact_properties(&self) -> Result<Vec<PropertyDef>, CallError> {
        let path = contract::properties(ObjectType::Contacts);
        self.get(path, wire::properties).await
    }

    /// Ticket pipelines with their stages, in display order.
    pub async fn pipelines(&self) -> Result<Vec<Pipeline>, CallError> {
        self.get(contract::TICKET_PIPELINES.to_owned(), wire::pipelines)
            .await
    }

    /// All owners, the live ones first. HubSpot lists archived ones apart.
    pub async fn owners(&self) -> Result<Vec<Owner>, CallError> {
        let mut owners = self.owners_that_are(false).await?;
        owners.extend(self.owners_that_are(true).await?);
        Ok(owners)
    }

    /// Creates a ticket property. `Ambiguous` when the outcome is unclear: read the
    /// definitions to see.
    pub async fn create_property(&self, new: &NewProperty) -> Result<PropertyDef, CallError> {
        let path = contract::properties(ObjectType::Tickets);
        let mut created = self
            .create(path, wire::property_body(new), wire::property)
            .await?;
        name_ticket_type(&mut created);
        Ok(created)
    }

    async fn owners_that_are(&self, archived: bool) -> Result<Vec<Owner>, CallError> {
        let mut owners = Vec::new();
        let mut after = None;
        loop {
            let path = owners_path(archived, after.as_deref());
            let (page, next) = self.get(path, wire::owners).await?;
            owners.extend(page);
            match next {
                // A cursor that stands still would never end.
                Some(_) if next == after => break,
                Some(_) => after = next,
                None => break,
            }
        }
        owners
            .iter_mut()
            .for_each(|owner| owner.archived |= archived);
        Ok(owners)
    }
}

fn owners_path(archived: bool, after: Option<&str>) -> String {
    let (limit, archived) = (contract::PAGE_LIMIT.to_string(), archived.to_string());
    let mut query = vec![("limit", limit.as_str()), ("archived", archived.as_str())];
    query.extend(after.map(|after| ("after", after)));
    contract::with_query(contract::OWNERS, &query)
}

/// HubSpot declares these three as plain enumerations.
fn name_ticket_type(property: &mut PropertyDef) {
    property.value_type = match property.name.as_str() {
        "hs_pipeline" => ValueType::Pipeline,
        "hs_pipeline_stage" => ValueType::Stage,
        "hubspot_owner_id" => ValueType::Owner,
        _ => return,
    };
}

fn by_name(properties: Vec<PropertyDef>) -> BTreeMap<String, PropertyDef> {
    let named = properties.into_iter().map(|p| (p.name.clone(), p));
    named.collect()
}
