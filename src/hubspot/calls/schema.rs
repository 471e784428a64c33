//! Reading and extending what a portal defines: properties, pipelines, owners.

use std::collections::BTreeMap;

use super::progress::Progress;
use crate::hubspot::client::{Client, found};
use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::Effect;
use crate::hubspot::paths::with_query;
use crate::hubspot::records::{PropertyForm, PropertyGroup};
use crate::hubspot::wire;
use crate::model::schema::{
    CustomObject, NewProperty, OWNER_PROPERTY, ObjectType, Owner, Pipeline, PropertyDef,
    PropertyOption, Schema, ValueType,
};

/// Parts of a schema that need their own scopes, so that they are read only if they are
/// used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaParts {
    /// Properties of contacts.
    pub contacts: bool,
    /// Owners.
    pub owners: bool,
    /// Custom kinds of record.
    pub custom: bool,
}

impl SchemaParts {
    /// All parts.
    pub const ALL: SchemaParts = SchemaParts {
        contacts: true,
        owners: true,
        custom: true,
    };
}

impl Client {
    /// Everything that a mapping is compiled against: ticket properties, pipelines, and
    /// the parts asked for.
    pub async fn schema(&self, parts: SchemaParts) -> Result<Schema, CallError> {
        let contacts = async {
            match parts.contacts {
                true => self.properties(ObjectType::Contacts, false).await,
                false => Ok(Vec::new()),
            }
        };
        let owners = async {
            match parts.owners {
                true => self.owners().await,
                false => Ok(Vec::new()),
            }
        };
        let custom = async {
            match parts.custom {
                true => self.custom_objects().await,
                false => Ok(Vec::new()),
            }
        };
        let (tickets, contacts, pipelines, owners, custom) = futures::try_join!(
            self.properties(ObjectType::Tickets, false),
            contacts,
            self.pipelines(),
            owners,
            custom
        )?;
        Ok(Schema {
            tickets: by_name(tickets),
            contacts: by_name(contacts),
            pipelines,
            owners,
            custom,
        })
    }

    /// Custom kinds of record. HubSpot: scope `crm.schemas.custom.read`.
    pub async fn custom_objects(&self) -> Result<Vec<CustomObject>, CallError> {
        self.get(self.api().custom_objects(), wire::custom_objects)
            .await
    }

    /// Definitions of all properties of an object type; `archived` brings archived
    /// ones and only those.
    pub async fn properties(
        &self,
        object: ObjectType,
        archived: bool,
    ) -> Result<Vec<PropertyDef>, CallError> {
        let archived = archived.to_string();
        let path = with_query(&self.api().properties(object), &[("archived", &archived)]);
        let mut defined = self.get(path, wire::properties).await?;
        for property in &mut defined {
            name_ticket_type(object, property);
        }
        Ok(defined)
    }

    /// Further details of the properties of an object type, by name.
    pub async fn property_forms(
        &self,
        object: ObjectType,
    ) -> Result<BTreeMap<String, PropertyForm>, CallError> {
        let path = with_query(&self.api().properties(object), &[("archived", "false")]);
        let forms = self.get(path, wire::property_forms).await?;
        Ok(forms.into_iter().collect())
    }

    /// Stages into which only some may write tickets, and who may.
    pub async fn locked_stages(&self) -> Result<BTreeMap<String, String>, CallError> {
        let path = self.api().pipelines(ObjectType::Tickets);
        let locked = self.get(path, wire::locked_stages).await?;
        Ok(locked.into_iter().collect())
    }

    /// One property's definition.
    pub async fn property(
        &self,
        object: ObjectType,
        name: &str,
    ) -> Result<Option<PropertyDef>, CallError> {
        let path = self.api().property(object, name);
        let mut defined = found(self.get(path, wire::property).await)?;
        if let Some(property) = &mut defined {
            name_ticket_type(object, property);
        }
        Ok(defined)
    }

    /// Creates a ticket property. `Ambiguous` when the outcome is unclear: read the
    /// definitions to see.
    pub async fn create_property(&self, new: &NewProperty) -> Result<PropertyDef, CallError> {
        let object = ObjectType::Tickets;
        let path = self.api().properties(object);
        let mut created = self
            .post_new(path, wire::property_body(new), wire::property)
            .await?;
        name_ticket_type(object, &mut created);
        Ok(created)
    }

    /// Adds options to an enumeration after those that it has, which stay as they are.
    /// HubSpot accepts only the whole list, so it is read first: a change made by
    /// somebody else in between is overwritten.
    pub async fn add_property_options(
        &self,
        object: ObjectType,
        name: &str,
        new: &[PropertyOption],
    ) -> Result<PropertyDef, CallError> {
        let path = self.api().property(object, name);
        let options = self.get(path.clone(), wire::options_of).await?;
        let body = wire::options_body(options, new);
        self.patch(path, body, Effect::Repeatable, wire::property)
            .await
    }

    /// Groups of properties of an object type.
    pub async fn property_groups(
        &self,
        object: ObjectType,
    ) -> Result<Vec<PropertyGroup>, CallError> {
        let path = self.api().property_groups(object);
        self.get(path, wire::groups).await
    }

    /// Creates a group of properties. `Ambiguous` when the outcome is unclear: read
    /// the groups to see.
    pub async fn create_property_group(
        &self,
        object: ObjectType,
        group: &PropertyGroup,
    ) -> Result<PropertyGroup, CallError> {
        let path = self.api().property_groups(object);
        self.post_new(path, wire::group_body(group), wire::group)
            .await
    }

    /// Ticket pipelines with their stages, in display order.
    pub async fn pipelines(&self) -> Result<Vec<Pipeline>, CallError> {
        let path = self.api().pipelines(ObjectType::Tickets);
        self.get(path, wire::pipelines).await
    }

    /// All owners, active ones first. HubSpot lists archived ones separately.
    pub async fn owners(&self) -> Result<Vec<Owner>, CallError> {
        let mut owners = self.owners_that_are(false).await?;
        owners.extend(self.owners_that_are(true).await?);
        Ok(owners)
    }

    async fn owners_that_are(&self, archived: bool) -> Result<Vec<Owner>, CallError> {
        let mut owners = Vec::new();
        let mut progress = Progress::of("the portal's owners", contract::OWNERS);
        let mut after = None;
        loop {
            let path = owners_path(&self.api().owners(), archived, after.as_deref());
            let (page, next) = self.get(path, wire::owners).await?;
            let ids = page.iter().map(|owner| owner.id.as_str());
            let new = progress.take(ids, next.as_deref())?;
            let page = page.into_iter().zip(new);
            owners.extend(page.filter_map(|(owner, is_new)| is_new.then_some(owner)));
            after = next;
            if after.is_none() {
                break;
            }
        }
        owners
            .iter_mut()
            .for_each(|owner| owner.archived |= archived);
        Ok(owners)
    }
}

fn owners_path(base: &str, archived: bool, after: Option<&str>) -> String {
    let (limit, archived) = (contract::PAGE_LIMIT.to_string(), archived.to_string());
    let mut query = vec![("limit", limit.as_str()), ("archived", archived.as_str())];
    query.extend(after.map(|after| ("after", after)));
    with_query(base, &query)
}

/// HubSpot declares these three of tickets as plain enumerations.
fn name_ticket_type(object: ObjectType, property: &mut PropertyDef) {
    if object != ObjectType::Tickets {
        return;
    }
    property.value_type = match property.name.as_str() {
        "hs_pipeline" => ValueType::Pipeline,
        "hs_pipeline_stage" => ValueType::Stage,
        OWNER_PROPERTY => ValueType::Owner,
        _ => return,
    };
}

fn by_name(properties: Vec<PropertyDef>) -> BTreeMap<String, PropertyDef> {
    let named = properties.into_iter().map(|p| (p.name.clone(), p));
    named.collect()
}
