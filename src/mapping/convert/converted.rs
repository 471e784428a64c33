//! The result of a conversion.

use crate::model::ticket::Remark;

/// The result for a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Converted {
    /// What is sent; none = the property is left out.
    pub(crate) value: Option<String>,
    /// What the user should know.
    pub(crate) remark: Option<Remark>,
}

impl Converted {
    /// A plain value.
    #[inline]
    pub(crate) fn plain(value: impl Into<String>) -> Converted {
        Converted {
            value: Some(value.into()),
            remark: None,
        }
    }

    /// A value with a remark.
    pub(crate) fn remarked(value: impl Into<String>, remark: Option<Remark>) -> Converted {
        Converted {
            value: Some(value.into()),
            remark,
        }
    }

    /// No value, because the mapping says so.
    pub(crate) fn left_blank() -> Converted {
        Converted {
            value: None,
            remark: Some(Remark::LeftBlank),
        }
    }
}
