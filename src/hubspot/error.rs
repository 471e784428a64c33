//! How a call can fail, told apart by what the caller may conclude: was anything
//! written, may it be repeated, does the run have to stop.

use crate::hubspot::records::ApiError;

/// The end of a call after all its attempts.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// A JSON 4xx: the portal says no, nothing was written (protocol S1). 413, 414
    /// and an HTML 403 from the edge count too: the body never got through.
    #[error("the portal refused the call ({}): {}{}", .0.status, .0.message, .0.reference())]
    Refused(Box<ApiError>),
    /// A write whose outcome is not known: timeout, reset, truncated body, 5xx
    /// after the body went out (protocol S3). Never from a read; from a write that
    /// may be repeated only once its attempts are used up.
    #[error("no answer to a write: {0}")]
    Ambiguous(String),
    /// The portal can't be reached or keeps failing; attempts are used up and
    /// nothing of this call was written. The run can go on later.
    #[error("{0}")]
    Unavailable(String),
    /// A daily limit, its reserve, or a portal being moved (477): the run can go on
    /// later. An earlier attempt of a write that may be repeated can have been
    /// carried out.
    #[error("{0}")]
    Paused(String),
    /// 401, or 403 with a JSON body: token or scopes must be mended first.
    #[error("the portal does not accept the token ({}): {}{}", .0.status, .0.message, .0.reference())]
    Denied(Box<ApiError>),
    /// A reply to a read that is not what the contract says: a 2xx that can't be
    /// read, a redirect, or a 4xx that is no JSON (somebody else's page).
    #[error("the portal's reply can't be read: {0}")]
    Garbled(String),
}
