//! HubSpot's JSON shapes and nothing else: requests borrow from our records,
//! replies become them. Unknown fields are passed over, ids and values may come as
//! text, number or truth value. The only file with serde derives in this room.

use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Error, Value};

use crate::hubspot::error_body;
use crate::hubspot::loose::{Text, Values};
use crate::hubspot::records::{Account, Association, BatchReply, CreateInput, Page, Record};
use crate::model::schema::{
    NewProperty, Owner, Pipeline, PropertyDef, PropertyOption, Stage, ValueType,
};

/// Turns the body of a 2xx into a value of ours.
pub(crate) type Read<T> = fn(&[u8]) -> serde_json::Result<T>;

// Requests

#[derive(Serialize)]
struct CreateBatch<'a> {
    inputs: Vec<CreateShape<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateShape<'a> {
    object_write_trace_id: &'a str,
    #[serde(serialize_with = "as_map")]
    properties: &'a [(Arc<str>, String)],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    associations: Vec<LinkShape<'a>>,
}

#[derive(Serialize)]
struct LinkShape<'a> {
    to: IdShape<'a>,
    types: [LinkType<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkType<'a> {
    association_category: &'a str,
    association_type_id: u32,
}

#[derive(Serialize)]
struct IdShape<'a> {
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadBatch<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id_property: Option<&'a str>,
    inputs: Vec<IdShape<'a>>,
    properties: &'a [&'a str],
    /// HubSpot's schema asks for it, empty or not.
    properties_with_history: [&'a str; 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewPropertyShape<'a> {
    name: &'a str,
    label: &'a str,
    group_name: &'a str,
    #[serde(rename = "type")]
    type_name: &'a str,
    field_type: &'a str,
    description: &'a str,
    has_unique_value: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<NewOptionShape<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewOptionShape<'a> {
    label: &'a str,
    value: &'a str,
    display_order: usize,
    hidden: bool,
}

fn as_map<S: Serializer>(pairs: &[(Arc<str>, String)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(pairs.iter().map(|(name, value)| (name.as_ref(), value)))
}

/// Body of a batch create.
pub(crate) fn create_body(inputs: &[&CreateInput]) -> serde_json::Result<Vec<u8>> {
    let inputs = inputs.iter().map(|input| create_shape(input)).collect();
    serde_json::to_vec(&CreateBatch { inputs })
}

fn create_shape(input: &CreateInput) -> CreateShape<'_> {
    CreateShape {
        object_write_trace_id: &input.trace_id,
        properties: &input.properties,
        associations: input.associations.iter().map(link_shape).collect(),
    }
}

fn link_shape(link: &Association) -> LinkShape<'_> {
    LinkShape {
        to: IdShape { id: &link.to },
        types: [LinkType {
            association_category: link.category,
            association_type_id: link.type_id,
        }],
    }
}

/// Body of a batch read.
pub(crate) fn read_body(
    id_property: Option<&str>,
    ids: &[String],
    properties: &[&str],
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&ReadBatch {
        id_property,
        inputs: ids.iter().map(|id| IdShape { id }).collect(),
        properties,
        properties_with_history: [],
    })
}

/// Body of a property's creation.
pub(crate) fn property_body(new: &NewProperty) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&NewPropertyShape {
        name: &new.name,
        label: &new.label,
        group_name: &new.group,
        type_name: &new.type_name,
        field_type: &new.field_type,
        description: &new.description,
        has_unique_value: new.unique,
        options: new.options.iter().enumerate().map(option_shape).collect(),
    })
}

fn option_shape((display_order, option): (usize, &PropertyOption)) -> NewOptionShape<'_> {
    NewOptionShape {
        label: &option.label,
        value: &option.value,
        display_order,
        hidden: false,
    }
}

// Replies

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AccountShape {
    portal_id: Text,
    account_type: Text,
    time_zone: Text,
    ui_domain: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RecordShape {
    id: Text,
    properties: Values,
    object_write_trace_id: Text,
    archived: Option<bool>,
}

#[derive(Deserialize)]
struct BatchShape {
    results: Option<Vec<RecordShape>>,
    errors: Option<Vec<Value>>,
}

/// A list without `results` is no list: an export must not take it for the end.
#[derive(Deserialize)]
struct ListShape<T> {
    results: Vec<T>,
    paging: Option<PagingShape>,
}

#[derive(Deserialize)]
struct PagingShape {
    next: Option<NextShape>,
}

#[derive(Deserialize)]
struct NextShape {
    #[serde(default)]
    after: Text,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PropertyShape {
    name: Text,
    label: Text,
    #[serde(rename = "type")]
    type_name: Text,
    field_type: Text,
    options: Option<Vec<OptionShape>>,
    external_options: Option<bool>,
    calculated: Option<bool>,
    has_unique_value: Option<bool>,
    referenced_object_type: Text,
    modification_metadata: Option<ModificationShape>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ModificationShape {
    read_only_value: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OptionShape {
    label: Text,
    value: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PipelineShape {
    id: Text,
    label: Text,
    #[serde(rename = "displayOrder")]
    order: Option<i64>,
    archived: Option<bool>,
    stages: Option<Vec<StageShape>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StageShape {
    id: Text,
    label: Text,
    #[serde(rename = "displayOrder")]
    order: Option<i64>,
    archived: Option<bool>,
    metadata: Values,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OwnerShape {
    id: Text,
    email: Text,
    first_name: Text,
    last_name: Text,
    archived: Option<bool>,
}

/// Reads account details; the portal's id is the one field that must be there.
pub(crate) fn account(body: &[u8]) -> serde_json::Result<Account> {
    let shape: AccountShape = serde_json::from_slice(body)?;
    let portal_id = shape.portal_id.required("portalId")?;
    Ok(Account {
        portal_id: portal_id.parse().map_err(Error::custom)?,
        account_type: shape.account_type.or_empty(),
        time_zone: shape.time_zone.or_empty(),
        ui_domain: shape.ui_domain.or_empty(),
    })
}

/// Reads the reply to a batch call; `results` or `errors` must be there.
pub(crate) fn batch(body: &[u8]) -> serde_json::Result<BatchReply> {
    let shape: BatchShape = serde_json::from_slice(body)?;
    if shape.results.is_none() && shape.errors.is_none() {
        return Err(Error::missing_field("results"));
    }
    Ok(BatchReply {
        results: records(shape.results.unwrap_or_default())?,
        errors: shape
            .errors
            .iter()
            .flatten()
            .map(error_body::entry)
            .collect(),
    })
}

/// Reads one page of records.
pub(crate) fn page(body: &[u8]) -> serde_json::Result<Page> {
    let shape: ListShape<RecordShape> = serde_json::from_slice(body)?;
    Ok(Page {
        after: shape.paging.and_then(after),
        results: records(shape.results)?,
    })
}

/// Reads the property definitions of an object type.
pub(crate) fn properties(body: &[u8]) -> serde_json::Result<Vec<PropertyDef>> {
    let shape: ListShape<PropertyShape> = serde_json::from_slice(body)?;
    shape.results.into_iter().map(definition).collect()
}

/// Reads one property definition.
pub(crate) fn property(body: &[u8]) -> serde_json::Result<PropertyDef> {
    definition(serde_json::from_slice(body)?)
}

/// Reads pipelines with their stages, both in display order; archived ones can't
/// be given to tickets and are left out.
pub(crate) fn pipelines(body: &[u8]) -> serde_json::Result<Vec<Pipeline>> {
    let mut shape: ListShape<PipelineShape> = serde_json::from_slice(body)?;
    shape.results.sort_by_key(|pipeline| pipeline.order);
    let live = shape
        .results
        .into_iter()
        .filter(|p| p.archived != Some(true));
    live.map(pipeline).collect()
}

/// Reads one page of owners, and where the next starts.
pub(crate) fn owners(body: &[u8]) -> serde_json::Result<(Vec<Owner>, Option<String>)> {
    let shape: ListShape<OwnerShape> = serde_json::from_slice(body)?;
    let owners: serde_json::Result<_> = shape.results.into_iter().map(owner).collect();
    Ok((owners?, shape.paging.and_then(after)))
}

fn after(paging: PagingShape) -> Option<String> {
    paging.next?.after.0
}

fn records(shapes: Vec<RecordShape>) -> serde_json::Result<Vec<Record>> {
    shapes.into_iter().map(record).collect()
}

fn record(shape: RecordShape) -> serde_json::Result<Record> {
    Ok(Record {
        id: shape.id.required("id")?,
        properties: shape.properties.0,
        trace_id: shape.object_write_trace_id.0,
        archived: shape.archived.unwrap_or_default(),
    })
}

fn definition(shape: PropertyShape) -> serde_json::Result<PropertyDef> {
    let locked = shape.modification_metadata.and_then(|m| m.read_only_value);
    let type_name = shape.type_name.or_empty();
    let value_type = match shape.referenced_object_type.0.as_deref() {
        Some("OWNER") => ValueType::Owner,
        _ => ValueType::from_hubspot(&type_name, &shape.field_type.or_empty()),
    };
    Ok(PropertyDef {
        name: shape.name.required("name")?,
        label: shape.label.or_empty(),
        value_type,
        options: shape.options.into_iter().flatten().map(choice).collect(),
        external_options: shape.external_options.unwrap_or_default(),
        read_only: locked.unwrap_or_default() || shape.calculated.unwrap_or_default(),
        unique: shape.has_unique_value.unwrap_or_default(),
    })
}

fn choice(shape: OptionShape) -> PropertyOption {
    PropertyOption {
        label: shape.label.or_empty(),
        value: shape.value.or_empty(),
    }
}

fn pipeline(shape: PipelineShape) -> serde_json::Result<Pipeline> {
    let mut stages = shape.stages.unwrap_or_default();
    stages.sort_by_key(|stage| stage.order);
    let live = stages.into_iter().filter(|s| s.archived != Some(true));
    Ok(Pipeline {
        id: shape.id.required("id")?,
        label: shape.label.or_empty(),
        stages: live.map(stage).collect::<serde_json::Result<_>>()?,
    })
}

/// HubSpot: `metadata` values are strings; `isClosed` may be absent.
fn stage(shape: StageShape) -> serde_json::Result<Stage> {
    let metadata = |name: &str| shape.metadata.0.get(name).map(String::as_str);
    Ok(Stage {
        closed: metadata("ticketState") == Some("CLOSED") || metadata("isClosed") == Some("true"),
        id: shape.id.required("id")?,
        label: shape.label.or_empty(),
    })
}

fn owner(shape: OwnerShape) -> serde_json::Result<Owner> {
    Ok(Owner {
        id: shape.id.required("id")?,
        email: shape.email.or_empty(),
        first_name: shape.first_name.or_empty(),
        last_name: shape.last_name.or_empty(),
        archived: shape.archived.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
