//! Arguments and results of the client: plain values, free of JSON shapes (those are in
//! `wire`). One word per HubSpot idea.

pub(crate) mod query;
pub(crate) mod link_type;
pub(crate) mod linked;
pub mod association_types;
pub(crate) mod written;

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use crate::model::record_id::RecordId;
use crate::model::ticket::PropertyValues;
use link_type::LinkType;

/// The account that a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// HubSpot portal id.
    pub portal_id: u64,
    /// `STANDARD`, `SANDBOX`, `DEVELOPER_TEST`…
    pub account_type: String,
    /// IANA zone (or HubSpot's older names such as `US/Eastern`).
    pub time_zone: String,
    /// Host for links to records, e.g. `app.hubspot.com`.
    pub ui_domain: String,
}

impl Account {
    /// `developer test`, as people write it.
    pub fn kind(&self) -> String {
        self.account_type.to_lowercase().replace('_', " ")
    }

    /// Link to a ticket's page. HubSpot: object type id of tickets is `0-5`.
    pub fn ticket_url(&self, id: &str) -> String {
        format!(
            "https://{}/contacts/{}/record/0-5/{id}",
            self.ui_domain, self.portal_id
        )
    }
}

/// Calls of a day, of all private apps of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyUsage {
    /// Calls that the account may make in a day.
    pub limit: u64,
    /// Calls that were made.
    pub used: u64,
    /// When the count is reset.
    pub resets_at: Option<Timestamp>,
}

/// A file of the file manager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredFile {
    /// Its id.
    pub id: String,
    /// Its name, without the extension.
    pub name: String,
    /// Its path, with the extension.
    pub path: String,
    /// The extension of its name, without the dot.
    pub extension: String,
    /// Bytes.
    pub size: Option<u64>,
    /// MD5 of them, in digits.
    pub md5: Option<String>,
    /// When it was uploaded.
    pub created: Option<Timestamp>,
    /// Whether it is deleted.
    pub archived: bool,
}

/// A group of properties, as the settings page shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyGroup {
    /// Internal name.
    pub name: String,
    /// What a person sees.
    pub label: String,
}

/// Details of a property that mappings don't need: how it is shown, and whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropertyForm {
    /// HubSpot's `type`, such as `string`.
    pub type_name: String,
    /// HubSpot's `fieldType`, such as `textarea`.
    pub field_type: String,
    /// Its group.
    pub group: String,
    /// It is the account's own, not one of HubSpot's.
    pub own: bool,
    /// Its values are calculated.
    pub calculated: bool,
    /// It is hidden in HubSpot's pages.
    pub hidden: bool,
    /// What its values are ids of, such as `OWNER`.
    pub references: Option<String>,
}

/// One input of a create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateInput {
    /// Correlates replies with inputs; unique in its batch (protocol S1).
    pub trace_id: String,
    /// Internal names and values as text.
    pub properties: PropertyValues,
    /// Links of the new record, put inline.
    pub associations: Vec<Association>,
}

/// One input of a batch update or upsert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteInput {
    /// Correlates replies with inputs; unique in its batch (protocol S1).
    pub trace_id: String,
    /// Record id, or the value of the call's id property.
    pub id: String,
    /// Internal names and values as text; "" clears, a leading `;` appends.
    pub properties: PropertyValues,
}

/// An inline link from a new record to an existing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// Record id of the other record.
    pub to: String,
    /// Kinds of the link, from the new record; labels are ignored.
    pub types: Vec<LinkType>,
}

/// A record as the portal gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Record id, digits; never a number in our hands (may pass 2^53).
    pub id: String,
    /// Values; unset ones are left out.
    pub properties: BTreeMap<String, String>,
    /// Echo of the input's trace id, if the portal returns it.
    pub trace_id: Option<String>,
    /// True for a record in the recycle bin.
    pub archived: bool,
    /// Whether an upsert created it; only upserts say.
    pub created: Option<bool>,
    /// When it was made, changed and archived, as the portal says of the record itself.
    pub times: RecordTimes,
    /// Former values by property, the newest first; only if asked for.
    pub history: BTreeMap<String, Vec<FormerValue>>,
}

/// Times of a record itself, apart from its properties: ISO 8601, none if the portal does
/// not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordTimes {
    /// When it was made.
    pub created: Option<String>,
    /// When it was last changed.
    pub updated: Option<String>,
    /// When it went to the recycle bin, if it is there.
    pub archived: Option<String>,
}

/// A former or present value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerValue {
    /// The value; "" if it was cleared.
    pub value: String,
    /// When it was set, as the portal writes it.
    pub at: String,
    /// What set it: `INTEGRATION`, `CRM_UI`… Empty if the portal does not say.
    pub source: String,
    /// Which one of that source: an app, an import, a workflow. May be empty too.
    pub source_id: String,
    /// Id of the user who set it, if it was a user.
    pub user: Option<String>,
}

impl Record {
    /// The id, which every record from a reply has.
    pub fn record_id(&self) -> RecordId {
        RecordId::given(&self.id)
    }

    /// The property's value, if set.
    pub fn get(&self, property: &str) -> Option<&str> {
        self.properties.get(property).map(String::as_str)
    }

    /// A time, in milliseconds since the epoch. Given as ISO 8601 or as such a number.
    pub fn millis(&self, property: &str) -> Option<i64> {
        let text = self.get(property)?;
        match text.parse::<i64>() {
            Ok(millis) => Some(millis),
            Err(_) => text.parse().ok().map(Timestamp::as_millisecond),
        }
    }

    /// `hs_createdate`: when the record was really inserted (protocol K6). Given
    /// as ISO 8601 or epoch milliseconds.
    pub fn inserted_at(&self) -> Option<Timestamp> {
        let text = self.get("hs_createdate")?;
        match text.parse::<i64>() {
            Ok(millis) => Timestamp::from_millisecond(millis).ok(),
            Err(_) => text.parse().ok(),
        }
    }
}

/// A property that the portal found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyProblem {
    /// `INVALID_OPTION`, `PROPERTY_DOESNT_EXIST`, `CONFLICTING_UNIQUE_VALUE`…
    pub code: String,
    /// Internal name of the property; empty when the portal names none.
    pub property: String,
    /// The portal's words.
    pub message: String,
    /// The offending value, if the portal quotes it.
    pub value: Option<String>,
}

/// An error body, of a whole reply or of one row of a 207. Every field may be
/// missing on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status of the reply; for an entry of a 207 the status that its
    /// category stands for, else 207.
    pub status: u16,
    /// `VALIDATION_ERROR`, `CONFLICT`, `OBJECT_NOT_FOUND`, `RATE_LIMITS`…
    pub category: String,
    /// Finer than the category, e.g. `Properties.PROPERTY_WITH_NAME_EXISTS`.
    pub sub_category: String,
    /// The portal's words, without the JSON that HubSpot embeds in them.
    pub message: String,
    /// Every property reported as wrong: from `errors[]`, else from the JSON inside the
    /// message.
    pub problems: Vec<PropertyProblem>,
    /// `context.objectWriteTraceId`: the inputs that this entry is about.
    pub trace_ids: Vec<String>,
    /// The ids or key values that this entry is about: `context.ids`, or whatever
    /// HubSpot calls them there.
    pub ids: Vec<String>,
    /// `context.existingId`, else an id named in the message.
    pub existing_id: Option<String>,
    /// HubSpot's correlation id, for support.
    pub correlation_id: Option<String>,
    /// True when an earlier attempt of the refused call was lost: it may still be
    /// carried out (protocol S4). Never for a read or a create.
    pub may_come_late: bool,
}

impl ApiError {
    /// Those of these ids that it is about: named in its context, else in its message.
    /// Empty if it names none of them.
    pub fn speaks_of(&self, asked: &[String]) -> Vec<String> {
        let among = |named: &HashSet<&str>| -> Vec<String> {
            let asked = asked.iter().filter(|id| named.contains(id.as_str()));
            asked.cloned().collect()
        };
        let named = among(&self.ids.iter().map(String::as_str).collect());
        if !named.is_empty() {
            return named;
        }
        let words = self.message.split(|c: char| !c.is_ascii_digit());
        among(&words.filter(|word| !word.is_empty()).collect())
    }

    /// The correlation id as the end of a message; nothing if there is none.
    pub fn reference(&self) -> String {
        let id = self.correlation_id.as_deref();
        id.map_or_else(String::new, |id| format!(" (correlation id {id})"))
    }
}

/// A 2xx reply to a batch call. `errors` is empty unless it was a partial success.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchReply<R = Record> {
    /// Records, in the portal's own order.
    pub results: Vec<R>,
    /// Entries for inputs that failed.
    pub errors: Vec<ApiError>,
    /// True when an earlier attempt of this call was lost: it may still be carried
    /// out, after this reply (protocol S4). Never after a read or a create.
    pub may_come_late: bool,
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Records in ascending id order.
    pub results: Vec<Record>,
    /// Where the next page starts; none on the last page.
    pub after: Option<String>,
}
