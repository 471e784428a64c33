//! Links between records, and their kinds.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lenient_scalars::Text;
use super::outgoing::{Batch, IdShape, SpecShape};
use super::paging::{ListShape, PagingShape, after, whole};
use crate::hubspot::error::body;
use crate::hubspot::records::ApiError;
use crate::hubspot::records::link_type::LinkType;
use crate::hubspot::records::linked::{LinkInput, LinkReply, LinkedPage, LinkedRecord};

#[derive(Serialize)]
struct PutShape<'a> {
    from: IdShape<'a>,
    to: IdShape<'a>,
    types: Vec<SpecShape<'a>>,
}

#[derive(Serialize)]
struct CutShape<'a> {
    from: IdShape<'a>,
    to: [IdShape<'a>; 1],
}

#[derive(Serialize)]
struct AskShape<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LabelShape<'a> {
    name: &'a str,
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    inverse_label: Option<&'a str>,
}

/// Body of a batch that puts links, or removes kinds of link.
pub(crate) fn link_body(links: &[LinkInput]) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Batch {
        inputs: links.iter().map(put_shape).collect(),
    })
}

fn put_shape(link: &LinkInput) -> PutShape<'_> {
    PutShape {
        from: IdShape { id: &link.from },
        to: IdShape { id: &link.to },
        types: link.types.iter().map(SpecShape::of).collect(),
    }
}

/// Body of a batch that removes all links of pairs.
pub(crate) fn unlink_body(pairs: &[(String, String)]) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Batch {
        inputs: pairs.iter().map(cut_shape).collect(),
    })
}

fn cut_shape((from, to): &(String, String)) -> CutShape<'_> {
    CutShape {
        from: IdShape { id: from },
        to: [IdShape { id: to }],
    }
}

/// Body of a batch that reads the links of records, each from its cursor on.
pub(crate) fn linked_body(asked: &[(&str, Option<&str>)]) -> serde_json::Result<Vec<u8>> {
    let inputs = asked.iter().map(|&(id, after)| AskShape { id, after });
    serde_json::to_vec(&Batch {
        inputs: inputs.collect(),
    })
}

/// Body of a label's creation.
pub(crate) fn label_body(
    name: &str,
    label: &str,
    inverse_label: Option<&str>,
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&LabelShape {
        name,
        label,
        inverse_label,
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct KindShape {
    category: Text,
    type_id: Option<u32>,
    label: Text,
}

#[derive(Deserialize)]
struct RepliesShape<T> {
    results: Option<Vec<T>>,
    errors: Option<Vec<Value>>,
}

/// Ids are numbers in live replies, text in the schema.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PairShape {
    from_object_id: Text,
    to_object_id: Text,
}

#[derive(Deserialize)]
struct LinkedShape {
    from: FromShape,
    #[serde(default)]
    to: Vec<ToShape>,
    paging: Option<PagingShape>,
}

#[derive(Deserialize)]
struct FromShape {
    id: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToShape {
    to_object_id: Text,
    #[serde(default)]
    association_types: Vec<KindShape>,
}

/// Reads kinds of link.
pub(crate) fn link_types(body: &[u8]) -> serde_json::Result<Vec<LinkType>> {
    let shape: ListShape<KindShape> = serde_json::from_slice(body)?;
    whole(shape)?.into_iter().map(kind).collect()
}

fn kind(shape: KindShape) -> serde_json::Result<LinkType> {
    let missing = || serde::de::Error::missing_field("typeId");
    Ok(LinkType {
        category: shape.category.required("category")?,
        id: shape.type_id.ok_or_else(missing)?,
        label: shape.label.0,
    })
}

/// Reads the reply to a batch that put links.
pub(crate) fn link_reply(body: &[u8]) -> serde_json::Result<LinkReply> {
    let shape: RepliesShape<PairShape> = serde_json::from_slice(body)?;
    let pair = |pair: PairShape| Some((pair.from_object_id.0?, pair.to_object_id.0?));
    let linked = shape.results.into_iter().flatten().filter_map(pair);
    Ok(LinkReply {
        linked: linked.collect(),
        errors: errors(shape.errors),
    })
}

/// Reads the reply to a batch that removed links: usually empty.
pub(crate) fn unlinked(body: &[u8]) -> serde_json::Result<LinkReply> {
    match body.trim_ascii() {
        b"" => Ok(LinkReply::default()),
        body => link_reply(body),
    }
}

/// Reads one page of the links of records.
pub(crate) fn linked(body: &[u8]) -> serde_json::Result<LinkedPage> {
    let shape: RepliesShape<LinkedShape> = serde_json::from_slice(body)?;
    let records = shape.results.into_iter().flatten().map(|linked| {
        let to = linked.to.into_iter().map(linked_record);
        let to = to.collect::<serde_json::Result<_>>()?;
        let next = linked.paging.and_then(after);
        Ok((linked.from.id.required("from.id")?, to, next))
    });
    Ok(LinkedPage {
        records: records.collect::<serde_json::Result<_>>()?,
        errors: errors(shape.errors),
    })
}

fn linked_record(shape: ToShape) -> serde_json::Result<LinkedRecord> {
    let types = shape.association_types.into_iter().map(kind);
    Ok(LinkedRecord {
        id: shape.to_object_id.required("toObjectId")?,
        types: types.collect::<serde_json::Result<_>>()?,
    })
}

fn errors(entries: Option<Vec<Value>>) -> Vec<ApiError> {
    entries.iter().flatten().map(body::entry).collect()
}
