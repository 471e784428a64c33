//! HubSpot's paths, limits and header names as constants, each with where it
//! comes from. The one place that knows the version of the paths (v3).

use std::fmt::Write;
use std::time::Duration;

use crate::hubspot::connection::Rate;
use crate::model::schema::ObjectType;

/// Inputs of one batch call. HubSpot: "The maximum number of inputs supported in
/// a batch is 100".
pub const BATCH_LIMIT: usize = 100;

/// Records of one page of a list. HubSpot: list endpoints, `limit` at most 100.
pub const PAGE_LIMIT: usize = 100;

/// The burst window. HubSpot: usage guidelines, `TEN_SECONDLY_ROLLING`; a reply's
/// `X-HubSpot-RateLimit-Interval-Milliseconds` wins.
pub(crate) const BURST_WINDOW: Duration = Duration::from_secs(10);

/// Searches of an account, whatever their object. HubSpot: CRM search, "five requests
/// per second"; replies to them carry no rate headers.
pub(crate) const SEARCH_RATE: Rate = Rate {
    calls: 5,
    window: Duration::from_secs(1),
};

/// How long a locked record (423) stays so. HubSpot: error handling, "2 seconds".
pub(crate) const LOCK_TIME: Duration = Duration::from_secs(2);

/// Longest path with query that is asked for. HubSpot answers 414 at a length that
/// it does not name; edges commonly stop at 8 kB.
pub(crate) const PATH_LIMIT: usize = 6_000;

/// Largest reply that is read, unpacked. A portal's ticket properties can pass
/// 1 MB; 100 tickets of full length stay far below this.
pub(crate) const REPLY_LIMIT: usize = 64 << 20;

/// Longest text of an error that is kept.
pub(crate) const ERROR_TEXT_LIMIT: usize = 16 << 10;

/// Most problems of one error that are kept; a batch of 100 rows with ten bad
/// properties each names as many.
pub(crate) const PROBLEM_LIMIT: usize = 1_000;

/// Allowance of the burst window.
pub(crate) const RATE_MAX: &str = "x-hubspot-ratelimit-max";
/// Calls left in the burst window.
pub(crate) const RATE_REMAINING: &str = "x-hubspot-ratelimit-remaining";
/// Length of the burst window in milliseconds.
pub(crate) const RATE_INTERVAL: &str = "x-hubspot-ratelimit-interval-milliseconds";
/// HubSpot support asks for this id.
pub(crate) const CORRELATION_ID: &str = "x-hubspot-correlation-id";
/// Seconds. HubSpot: documented for 477 only.
pub(crate) const RETRY_AFTER: &str = "retry-after";
/// The portal's clock, in whole seconds.
pub(crate) const DATE: &str = "date";

/// Headers of a reply that anything here reads.
pub(crate) const HEADERS: [&str; 6] = [
    RATE_MAX,
    RATE_REMAINING,
    RATE_INTERVAL,
    CORRELATION_ID,
    RETRY_AFTER,
    DATE,
];

/// Details of the account that the token belongs to.
pub(crate) const ACCOUNT: &str = "/account-info/v3/details";

/// Owners, paged.
pub(crate) const OWNERS: &str = "/crm/v3/owners";

/// Pipelines of tickets, not paged.
pub(crate) const TICKET_PIPELINES: &str = "/crm/v3/pipelines/tickets";

/// Property definitions of an object type, not paged.
pub(crate) fn properties(object: ObjectType) -> String {
    format!("/crm/v3/properties/{}", object.plural())
}

/// Records of an object type.
pub(crate) fn objects(object: ObjectType) -> String {
    format!("/crm/v3/objects/{}", object.plural())
}

/// A batch call on records of an object type.
pub(crate) fn batch(object: ObjectType, verb: &str) -> String {
    format!("/crm/v3/objects/{}/batch/{verb}", object.plural())
}

/// Adds a query string; values are percent-encoded, commas stay (HubSpot takes
/// lists as one comma-separated value).
pub(crate) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut whole = path.to_owned();
    for (index, (name, value)) in pairs.iter().enumerate() {
        whole.push(if index == 0 { '?' } else { '&' });
        whole.push_str(name);
        whole.push('=');
        encode(value, &mut whole);
    }
    whole
}

fn encode(value: &str, into: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~,".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded_and_lists_keep_their_commas() {
        assert_eq!(with_query("/a", &[]), "/a");
        assert_eq!(
            with_query("/a", &[("after", "NTI1Cg%3D&x=ä"), ("properties", "a,b_c")]),
            "/a?after=NTI1Cg%253D%26x%3D%C3%A4&properties=a,b_c"
        );
    }

    #[test]
    fn paths_name_the_object_type() {
        assert_eq!(
            batch(ObjectType::Contacts, "read"),
            "/crm/v3/objects/contacts/batch/read"
        );
        assert_eq!(
            properties(ObjectType::Tickets),
            "/crm/v3/properties/tickets"
        );
    }
}
