//! Arguments and results of calls about links.

use super::ApiError;
use super::link_type::LinkType;

/// A link to put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInput {
    /// Record id.
    pub from: String,
    /// Record id.
    pub to: String,
    /// Category and id of each kind; labels are ignored.
    pub types: Vec<LinkType>,
}

/// A 2xx reply to a batch of links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkReply {
    /// Pairs of record ids that are linked now, `from` first.
    pub linked: Vec<(String, String)>,
    /// Entries for links that failed.
    pub errors: Vec<ApiError>,
}

/// The other end of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedRecord {
    /// Record id.
    pub id: String,
    /// Kinds of the link between the two.
    pub types: Vec<LinkType>,
}

/// One page of links, record by record.
#[derive(Debug, Default)]
pub(crate) struct LinkedPage {
    pub(crate) records: Vec<(String, Vec<LinkedRecord>, Option<String>)>,
    pub(crate) errors: Vec<ApiError>,
}
