//! How a call can fail, by what the caller may conclude: was anything written, may it
//! be repeated, does the run have to stop.

pub(crate) mod body;
pub(crate) mod row;

use crate::hubspot::paths::{self, Shape};
use crate::hubspot::records::ApiError;

/// The failure of a call after all its attempts.
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
    /// The portal can't be reached or keeps failing; attempts are used up and nothing
    /// of this call was written. The run can continue later.
    #[error("{0}")]
    Unavailable(String),
    /// The route to the portal has to be fixed first: proxy, certificate, address.
    /// Nothing was written.
    #[error("{0}")]
    Blocked(String),
    /// The portal has no such path: a version of the API that has ended, or an address
    /// that is not a portal's. Nothing was written.
    #[error("the portal has nothing at {path} ({}): {}{}{}", .error.status, .error.message, .error.reference(), ended(path))]
    Gone {
        /// The path, without its query.
        path: String,
        /// What it said.
        error: Box<ApiError>,
    },
    /// A daily limit, its reserve, or a portal being moved (477): the run can continue
    /// later. An earlier attempt of a write that may be repeated can have been
    /// carried out.
    #[error("{0}")]
    Paused(String),
    /// 401, or 403 with a JSON body: token or scopes must be fixed first.
    #[error("the portal does not accept the token ({}): {}{}", .0.status, .0.message, .0.reference())]
    Denied(Box<ApiError>),
    /// A reply to a read that is not what the contract says: a 2xx that can't be
    /// parsed, a redirect, or a 4xx that is not JSON (somebody else's page).
    #[error("the portal's reply can't be read: {0}")]
    Garbled(String),
}

/// What to do if the path has a version in it.
fn ended(path: &str) -> &'static str {
    match paths::version_in(path) {
        Some(Shape::Numbered) => "; if that version of the API has ended, take --api 2026-09",
        Some(Shape::Dated) => "; if that version of the API has ended, take --api v3",
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_gone_is_named_with_the_other_version() {
        for (path, hint) in [
            ("/crm/v3/objects/tickets", "take --api 2026-09"),
            (
                "/crm/v4/associations/tickets/contacts/batch/read",
                "take --api 2026-09",
            ),
            ("/crm/properties/2026-09/tickets", "take --api v3"),
            ("/other/tickets", "(404): not here"),
        ] {
            let error = Box::new(ApiError {
                status: 404,
                message: "not here".to_owned(),
                ..ApiError::default()
            });
            let path = path.to_owned();
            let words = CallError::Gone {
                path: path.clone(),
                error,
            }
            .to_string();
            assert!(words.contains(&path) && words.ends_with(hint), "{words}");
        }
    }
}
