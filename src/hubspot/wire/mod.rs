//! HubSpot's JSON shapes and nothing else: requests borrow from our records, replies
//! become them. Unknown fields are ignored, ids and values may come as text, number or
//! truth value. The only folder of this module with serde derives.

mod account;
mod files;
mod links;
mod records;
mod schema;
mod search;
mod written;
mod lenient_scalars;

mod outgoing;
mod paging;

pub(crate) use account::{Grant, account, daily_usage, grant};
pub(crate) use files::{file, files, signed, stat, upload_options};
pub(crate) use links::{
    label_body, link_body, link_reply, link_types, linked, linked_body, unlink_body, unlinked,
};
pub(crate) use paging::COMES_IN_PAGES;
pub(crate) use records::{
    archive_body, batch, create_body, create_one_body, nothing, one, page, read_body, update_body,
    update_one_body, upsert_body,
};
pub(crate) use schema::{
    custom_objects, group, group_body, groups, locked_stages, options_body, options_of, owners,
    pipelines, properties, property, property_body, property_forms,
};
pub(crate) use search::{found, search_body};
pub(crate) use written::{archived, written};

/// Reads any JSON; null if there is none.
pub(crate) fn anything(body: &[u8]) -> serde_json::Result<serde_json::Value> {
    match body.trim_ascii() {
        b"" => Ok(serde_json::Value::Null),
        body => serde_json::from_slice(body),
    }
}

/// Turns the body of a 2xx into a value of ours.
pub(crate) type Read<T> = fn(&[u8]) -> serde_json::Result<T>;

#[cfg(test)]
mod tests;
