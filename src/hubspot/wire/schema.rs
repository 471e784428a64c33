//! Property definitions and their groups, pipelines with stages, owners.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lenient_scalars::{Text, Values};
use super::paging::{ListShape, after, whole};
use crate::hubspot::records::{PropertyForm, PropertyGroup};
use crate::model::schema::{
    CustomObject, CustomType, NewProperty, Owner, Pipeline, PropertyDef, PropertyOption, Stage,
    ValueType,
};

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

/// Options as the portal gave them, with new ones after them. Unknown fields of an
/// option are sent back unchanged.
pub(crate) fn options_body(
    mut options: Vec<Value>,
    new: &[PropertyOption],
) -> serde_json::Result<Vec<u8>> {
    let first = options.len();
    for (index, option) in new.iter().enumerate() {
        options.push(serde_json::to_value(option_shape((first + index, option)))?);
    }
    serde_json::to_vec(&json!({ "options": options }))
}

/// Body of a group's creation.
pub(crate) fn group_body(group: &PropertyGroup) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&json!({ "name": group.name, "label": group.label }))
}

#[derive(Deserialize)]
struct OptionsShape {
    options: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GroupShape {
    name: Text,
    label: Text,
    archived: Option<bool>,
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
    group_name: Text,
    hidden: Option<bool>,
    hubspot_defined: Option<bool>,
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
    #[serde(rename = "writePermissions")]
    permissions: Text,
}

/// HubSpot: `writePermissions` of most stages.
const USUAL_PERMISSIONS: &str = "CRM_PERMISSIONS_ENFORCEMENT";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OwnerShape {
    id: Text,
    email: Text,
    first_name: Text,
    last_name: Text,
    archived: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CustomObjectShape {
    object_type_id: Text,
    name: Text,
    fully_qualified_name: Text,
    labels: LabelsShape,
    archived: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LabelsShape {
    singular: Text,
    plural: Text,
}

/// Reads custom kinds of record; archived ones, and standard ones, are left out.
pub(crate) fn custom_objects(body: &[u8]) -> serde_json::Result<Vec<CustomObject>> {
    let shape: ListShape<CustomObjectShape> = serde_json::from_slice(body)?;
    let shapes = whole(shape)?.into_iter();
    let live = shapes.filter(|shape| shape.archived != Some(true));
    let custom = live.filter_map(|shape| {
        Some(CustomObject {
            object: CustomType::of(&shape.object_type_id.or_empty())?,
            name: shape.name.or_empty(),
            full_name: shape.fully_qualified_name.or_empty(),
            singular: shape.labels.singular.or_empty(),
            plural: shape.labels.plural.or_empty(),
        })
    });
    Ok(custom.collect())
}

/// Reads the property definitions of an object type.
pub(crate) fn properties(body: &[u8]) -> serde_json::Result<Vec<PropertyDef>> {
    let shape: ListShape<PropertyShape> = serde_json::from_slice(body)?;
    whole(shape)?.into_iter().map(definition).collect()
}

/// Reads further details of properties, by name.
pub(crate) fn property_forms(body: &[u8]) -> serde_json::Result<Vec<(String, PropertyForm)>> {
    let shape: ListShape<PropertyShape> = serde_json::from_slice(body)?;
    let forms = whole(shape)?.into_iter().map(|shape| {
        let form = PropertyForm {
            type_name: shape.type_name.or_empty(),
            field_type: shape.field_type.or_empty(),
            group: shape.group_name.or_empty(),
            own: !shape.hubspot_defined.unwrap_or_default(),
            calculated: shape.calculated.unwrap_or_default(),
            hidden: shape.hidden.unwrap_or_default(),
            references: shape.referenced_object_type.0,
        };
        Ok((shape.name.required("name")?, form))
    });
    forms.collect()
}

/// Reads who may write tickets into stages that are restricted.
pub(crate) fn locked_stages(body: &[u8]) -> serde_json::Result<Vec<(String, String)>> {
    let shape: ListShape<PipelineShape> = serde_json::from_slice(body)?;
    let stages = shape
        .results
        .into_iter()
        .flat_map(|pipeline| pipeline.stages);
    let locked = stages.flatten().filter_map(|stage| {
        let permissions = stage.permissions.0?;
        (permissions != USUAL_PERMISSIONS).then_some((stage.id.0?, permissions))
    });
    Ok(locked.collect())
}

/// Reads one property definition.
pub(crate) fn property(body: &[u8]) -> serde_json::Result<PropertyDef> {
    definition(serde_json::from_slice(body)?)
}

/// Reads the options of a property, untouched.
pub(crate) fn options_of(body: &[u8]) -> serde_json::Result<Vec<Value>> {
    let shape: OptionsShape = serde_json::from_slice(body)?;
    Ok(shape.options)
}

/// Reads groups of properties; archived ones are left out.
pub(crate) fn groups(body: &[u8]) -> serde_json::Result<Vec<PropertyGroup>> {
    let shape: ListShape<GroupShape> = serde_json::from_slice(body)?;
    let groups = whole(shape)?.into_iter();
    let live = groups.filter(|g| g.archived != Some(true));
    live.map(property_group).collect()
}

/// Reads one group of properties.
pub(crate) fn group(body: &[u8]) -> serde_json::Result<PropertyGroup> {
    property_group(serde_json::from_slice(body)?)
}

fn property_group(shape: GroupShape) -> serde_json::Result<PropertyGroup> {
    Ok(PropertyGroup {
        name: shape.name.required("name")?,
        label: shape.label.or_empty(),
    })
}

/// Reads pipelines with their stages, both in display order; archived ones can't
/// be given to tickets and are left out.
pub(crate) fn pipelines(body: &[u8]) -> serde_json::Result<Vec<Pipeline>> {
    let shape: ListShape<PipelineShape> = serde_json::from_slice(body)?;
    let mut pipelines = whole(shape)?;
    pipelines.sort_by_key(|pipeline| pipeline.order);
    let live = pipelines.into_iter().filter(|p| p.archived != Some(true));
    live.map(pipeline).collect()
}

/// Reads one page of owners, and where the next starts.
pub(crate) fn owners(body: &[u8]) -> serde_json::Result<(Vec<Owner>, Option<String>)> {
    let shape: ListShape<OwnerShape> = serde_json::from_slice(body)?;
    let owners: serde_json::Result<_> = shape.results.into_iter().map(owner).collect();
    Ok((owners?, shape.paging.and_then(after)))
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
