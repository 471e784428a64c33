//! Records, one by one and in batches.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Error, Value};

use super::lenient_scalars;
use super::lenient_scalars::Text;
use super::outgoing::{Batch, IdShape, SpecShape, Values};
use super::paging::{ListShape, after};
use crate::hubspot::error::body;
use crate::hubspot::records::{
    Association, BatchReply, CreateInput, FormerValue, Page, Record, RecordTimes, WriteInput,
};
use crate::model::ticket::PropertyValues;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateShape<'a> {
    /// Batches only.
    #[serde(skip_serializing_if = "Option::is_none")]
    object_write_trace_id: Option<&'a str>,
    properties: Values<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    associations: Vec<LinkShape<'a>>,
}

#[derive(Serialize)]
struct LinkShape<'a> {
    to: IdShape<'a>,
    types: Vec<SpecShape<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WriteShape<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id_property: Option<&'a str>,
    id: &'a str,
    properties: Values<'a>,
    object_write_trace_id: &'a str,
}

#[derive(Serialize)]
struct PropertiesShape<'a> {
    properties: Values<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadBatch<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id_property: Option<&'a str>,
    inputs: Vec<IdShape<'a>>,
    properties: &'a [&'a str],
    /// HubSpot's schema asks for it, empty or not.
    properties_with_history: &'a [&'a str],
}

/// Body of a batch create.
pub(crate) fn create_body(inputs: &[&CreateInput]) -> serde_json::Result<Vec<u8>> {
    let room = inputs.iter().map(|input| room_for(&input.properties)).sum();
    let inputs = inputs.iter();
    let inputs = inputs.map(|input| create_shape(input, Some(&input.trace_id)));
    written_into(room, inputs)
}

/// The body of a batch, in a buffer of about the size that it needs: one that grows is copied
/// each time.
fn written_into<T: Serialize>(
    room: usize,
    inputs: impl Iterator<Item = T>,
) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(room);
    let inputs = inputs.collect();
    serde_json::to_writer(&mut body, &Batch { inputs })?;
    Ok(body)
}

/// Bytes for an input with these properties, its id and its trace id.
fn room_for(properties: &PropertyValues) -> usize {
    let pairs = properties.iter();
    let pairs = pairs.map(|(name, value)| name.len() + value.len() + value.len() / 16 + 8);
    192 + pairs.sum::<usize>()
}

/// Body of a single create.
pub(crate) fn create_one_body(input: &CreateInput) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&create_shape(input, None))
}

fn create_shape<'a>(input: &'a CreateInput, trace_id: Option<&'a str>) -> CreateShape<'a> {
    CreateShape {
        object_write_trace_id: trace_id,
        properties: values(&input.properties),
        associations: input.associations.iter().map(link_shape).collect(),
    }
}

fn link_shape(link: &Association) -> LinkShape<'_> {
    LinkShape {
        to: IdShape { id: &link.to },
        types: link.types.iter().map(SpecShape::of).collect(),
    }
}

/// Body of a batch update.
pub(crate) fn update_body(
    id_property: Option<&str>,
    inputs: &[&WriteInput],
) -> serde_json::Result<Vec<u8>> {
    write_batch(inputs, |input| write_shape(input, id_property, None))
}

/// Body of a batch upsert. Every input holds its id among its properties too: HubSpot
/// does not say whether a created record gets it from `id`.
pub(crate) fn upsert_body(
    id_property: &str,
    inputs: &[&WriteInput],
) -> serde_json::Result<Vec<u8>> {
    let id = Some(id_property);
    write_batch(inputs, |input| write_shape(input, id, id))
}

fn write_batch<'a>(
    inputs: &'a [&WriteInput],
    shape: impl Fn(&'a WriteInput) -> WriteShape<'a>,
) -> serde_json::Result<Vec<u8>> {
    let room = inputs.iter().map(|input| room_for(&input.properties)).sum();
    written_into(room, inputs.iter().map(|input| shape(input)))
}

fn write_shape<'a>(
    input: &'a WriteInput,
    id_property: Option<&'a str>,
    added: Option<&'a str>,
) -> WriteShape<'a> {
    WriteShape {
        id_property,
        id: &input.id,
        properties: Values {
            own: &input.properties,
            id: added.map(|name| (name, input.id.as_str())),
        },
        object_write_trace_id: &input.trace_id,
    }
}

/// Body of a single update.
pub(crate) fn update_one_body(properties: &PropertyValues) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&PropertiesShape {
        properties: values(properties),
    })
}

/// Body of a batch archive.
pub(crate) fn archive_body(ids: &[String]) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Batch {
        inputs: ids.iter().map(|id| IdShape { id }).collect(),
    })
}

/// Body of a batch read.
pub(crate) fn read_body(
    id_property: Option<&str>,
    ids: &[String],
    properties: &[&str],
    history: &[&str],
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&ReadBatch {
        id_property,
        inputs: ids.iter().map(|id| IdShape { id }).collect(),
        properties,
        properties_with_history: history,
    })
}

fn values(own: &PropertyValues) -> Values<'_> {
    Values { own, id: None }
}

#[derive(Default, Deserialize)]
#[serde(
    rename_all = "camelCase",
    default,
    bound(deserialize = "P: Default + Deserialize<'de>")
)]
pub(super) struct RecordShape<P = lenient_scalars::Values> {
    pub(super) id: Text,
    pub(super) properties: P,
    pub(super) object_write_trace_id: Text,
    archived: Option<bool>,
    pub(super) new: Option<bool>,
    created_at: Text,
    updated_at: Text,
    archived_at: Text,
    properties_with_history: Option<BTreeMap<String, Vec<FormerShape>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FormerShape {
    value: Text,
    timestamp: Text,
    source_type: Text,
    source_id: Text,
    updated_by_user_id: Text,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "P: Default + Deserialize<'de>"))]
pub(super) struct BatchShape<P> {
    results: Option<Vec<RecordShape<P>>>,
    errors: Option<Vec<Value>>,
}

/// Reads the reply to a batch call; `results` or `errors` must be there.
pub(crate) fn batch(body: &[u8]) -> serde_json::Result<BatchReply> {
    batch_of(serde_json::from_slice(body)?, record)
}

/// A reply of records that are read with `record`.
pub(super) fn batch_of<P, R>(
    shape: BatchShape<P>,
    record: impl Fn(RecordShape<P>) -> serde_json::Result<R>,
) -> serde_json::Result<BatchReply<R>> {
    if shape.results.is_none() && shape.errors.is_none() {
        return Err(Error::missing_field("results"));
    }
    let records = shape.results.into_iter().flatten().map(record);
    Ok(BatchReply {
        results: records.collect::<Result<_, _>>()?,
        errors: shape.errors.iter().flatten().map(body::entry).collect(),
        may_come_late: false,
    })
}

/// Reads an empty reply.
pub(crate) fn nothing(_body: &[u8]) -> serde_json::Result<()> {
    Ok(())
}

/// Reads one record.
pub(crate) fn one(body: &[u8]) -> serde_json::Result<Record> {
    record(serde_json::from_slice(body)?)
}

/// Reads one page of records.
pub(crate) fn page(body: &[u8]) -> serde_json::Result<Page> {
    let shape: ListShape<RecordShape> = serde_json::from_slice(body)?;
    Ok(Page {
        after: shape.paging.and_then(after),
        results: records(shape.results)?,
    })
}

pub(super) fn records(shapes: Vec<RecordShape>) -> serde_json::Result<Vec<Record>> {
    shapes.into_iter().map(record).collect()
}

fn record(shape: RecordShape) -> serde_json::Result<Record> {
    Ok(Record {
        id: shape.id.required("id")?,
        properties: shape.properties.0,
        trace_id: shape.object_write_trace_id.0,
        archived: shape.archived.unwrap_or_default(),
        created: shape.new,
        times: RecordTimes {
            created: shape.created_at.0,
            updated: shape.updated_at.0,
            archived: shape.archived_at.0,
        },
        history: history(shape.properties_with_history.unwrap_or_default()),
    })
}

fn history(shapes: BTreeMap<String, Vec<FormerShape>>) -> BTreeMap<String, Vec<FormerValue>> {
    let former = |shape: FormerShape| FormerValue {
        value: shape.value.or_empty(),
        at: shape.timestamp.or_empty(),
        source: shape.source_type.or_empty(),
        source_id: shape.source_id.or_empty(),
        user: shape.updated_by_user_id.0,
    };
    let values = |(name, shapes): (String, Vec<FormerShape>)| {
        (name, shapes.into_iter().map(former).collect())
    };
    shapes.into_iter().map(values).collect()
}
