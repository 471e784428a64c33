//! A link whose other end is known.

use crate::hubspot::LinkType;
use crate::hubspot::records::Association;
use crate::model::schema::ObjectType;

/// A link whose other end is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Kind of the other record.
    pub to: ObjectType,
    /// Its record id.
    pub id: String,
    /// Kinds of the link; no two alike.
    pub types: Vec<LinkType>,
    /// Column that first requested it, for messages.
    pub column: String,
}

impl From<Link> for Association {
    fn from(link: Link) -> Association {
        Association {
            to: link.id,
            types: link.types,
        }
    }
}
