//! Error replies: one shape for whole calls and its shorter form for single rows
//! of a 207, with the categories and texts of C1 §4. Fields that a case
//! does not have are left out, as the live API does.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::reply::Reply;
use crate::sandbox::switches::{EndedReply, LargeBody, OtherType};

/// Named lists that come with an error, such as the ids that it is about.
pub(crate) type Context = BTreeMap<&'static str, Vec<String>>;

/// One entry of `errors[]`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Detail {
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    pub(crate) context: Context,
}

/// A unique value that another activity has (C2 §1.3).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct TakenValue {
    error_type: &'static str,
    error_tokens: Context,
}

/// A refusal of a whole call.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    #[serde(skip)]
    http: u16,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) context: Context,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Detail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_category: Option<&'static str>,
    /// In its own shape.
    #[serde(flatten)]
    taken: Option<Box<TakenValue>>,
}

/// A refusal of one row, or of some, inside a 207.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowProblem {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_category: Option<&'static str>,
    message: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    context: Context,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Detail>,
    /// In its own shape.
    #[serde(flatten)]
    taken: Option<Box<TakenValue>>,
}

/// A problem with its correlation id, as it is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    status: &'static str,
    correlation_id: &'a str,
    #[serde(flatten)]
    problem: &'a Problem,
}

impl Problem {
    fn new(http: u16, category: Option<&'static str>, message: impl Into<String>) -> Problem {
        let message = message.into();
        Problem {
            http,
            message,
            context: Context::new(),
            errors: Vec::new(),
            category,
            sub_category: None,
            taken: None,
        }
    }

    /// 400 `VALIDATION_ERROR`: what was requested is impossible.
    pub(crate) fn validation(message: impl Into<String>) -> Problem {
        Problem::new(400, Some("VALIDATION_ERROR"), message)
    }

    /// 400 without a category: the body could not be understood (C1 §4.4).
    pub(crate) fn input(message: impl Into<String>) -> Problem {
        Problem::new(400, None, message)
    }

    /// 409 `CONFLICT`: there is such a record already.
    pub(crate) fn conflict(message: impl Into<String>) -> Problem {
        Problem::new(409, Some("CONFLICT"), message)
    }

    /// 400 for a unique value that another activity has: in its own shape, without a category (C2
    /// §1.3).
    pub(crate) fn unique_value_conflict(message: String, tokens: Context) -> Problem {
        let mut problem = Problem::new(400, None, message);
        problem.taken = Some(Box::new(TakenValue {
            error_type: "UNIQUE_VALUE_CONFLICT",
            error_tokens: tokens,
        }));
        problem
    }

    /// 409 for a property name that exists (C1 §6).
    pub(crate) fn property_exists(name: &str) -> Problem {
        let message = format!("A property named '{name}' already exists.");
        let mut problem = Problem::new(409, Some("OBJECT_ALREADY_EXISTS"), message);
        problem.sub_category = Some("Properties.PROPERTY_WITH_NAME_EXISTS");
        problem.with("name", vec![name.to_owned()])
    }

    /// 404 for a record or path that does not exist.
    pub(crate) fn not_found() -> Problem {
        Problem::new(404, None, "resource not found")
    }

    /// The answer for a path whose version has been retired.
    pub(crate) fn ended(reply: EndedReply) -> Problem {
        match reply {
            EndedReply::Missing => Problem::not_found(),
            EndedReply::Gone => Problem::new(410, None, "this version of the API has ended"),
        }
    }

    /// 404 for a named thing other than a record.
    pub(crate) fn no_such(message: impl Into<String>) -> Problem {
        Problem::new(404, Some("OBJECT_NOT_FOUND"), message)
    }

    /// 404 for an invalid id.
    pub(crate) fn not_an_id(id: &str) -> Problem {
        Problem::no_such("Object not found.  objectId are usually numeric.")
            .with("id", vec![id.to_owned()])
    }

    /// 400 for an object type that the portal does not have.
    pub(crate) fn unknown_type(name: &str) -> Problem {
        Problem::validation(format!("Unable to infer object type from: {name}"))
    }

    /// 403 for a call that names another machine; HubSpot has no equivalent.
    pub(crate) fn elsewhere() -> Problem {
        let message = "the sandbox serves this machine only: call it as 127.0.0.1 or localhost";
        Problem::new(403, Some("FORBIDDEN"), message)
    }

    /// 401 for a missing or wrong token (C1 §1.2).
    pub(crate) fn unauthenticated() -> Problem {
        let message = "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can \
                       find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview";
        Problem::new(401, Some("INVALID_AUTHENTICATION"), message)
    }

    /// 403 for a token that has none of the scopes that a call needs (C1 §1.2).
    pub(crate) fn missing_scopes(needed: &[String]) -> Problem {
        let message = "This app hasn't been granted all required scopes to make this call. Read more about required \
                       scopes here: https://developers.hubspot.com/scopes.";
        let mut problem = Problem::new(403, Some("MISSING_SCOPES"), message);
        problem.errors = vec![Detail {
            message: "One or more of the following scopes are required.".to_owned(),
            code: None,
            context: Context::from([("requiredGranularScopes", needed.to_vec())]),
        }];
        problem
    }

    /// 401 for a token that expired this long `ago` (C1 §1.2).
    pub(crate) fn expired(ago: Duration) -> Problem {
        let message = format!(
            "The OAuth token used to make this call expired {} second(s) ago.",
            ago.as_secs()
        );
        Problem::new(401, Some("EXPIRED_AUTHENTICATION"), message)
    }

    /// 423 (C1 §4.4).
    pub(crate) fn locked() -> Problem {
        Problem::new(423, None, "the resource is locked by another request")
    }

    /// 477 (C1 §4.4).
    pub(crate) fn migrating() -> Problem {
        Problem::new(
            477,
            None,
            "the portal is being moved to another data center",
        )
    }

    /// 405, for a path that is served with other methods.
    pub(crate) fn method_not_allowed() -> Problem {
        Problem::new(405, None, "HTTP 405 Method Not Allowed")
    }

    /// 413, or 400 (C1 §12.34), for a body over the limit.
    pub(crate) fn too_large(limit: usize, form: LargeBody) -> Problem {
        let http = match form {
            LargeBody::TooLarge => 413,
            LargeBody::Refused => 400,
        };
        let message = format!("the request body is larger than {limit} bytes");
        Problem::new(http, None, message)
    }

    /// 414, for a path and query over the limit.
    pub(crate) fn uri_too_long(limit: usize) -> Problem {
        Problem::new(
            414,
            None,
            format!("the request URI is longer than {limit} bytes"),
        )
    }

    /// 415, or 400 (C1 §12.34), for a body that says it is not JSON.
    pub(crate) fn not_json(form: OtherType) -> Problem {
        match form {
            OtherType::Unsupported => Problem::new(415, None, "HTTP 415 Unsupported Media Type"),
            OtherType::Refused => Problem::input("the request body is not JSON"),
        }
    }

    /// 415 for an unsupported form.
    pub(crate) fn unsupported(message: impl Into<String>) -> Problem {
        Problem::new(415, None, message)
    }

    /// 413 for a file over the limit.
    pub(crate) fn payload_too_large(message: impl Into<String>) -> Problem {
        Problem::new(413, None, message)
    }

    /// 403 for something that the caller may not access.
    pub(crate) fn forbidden(message: impl Into<String>) -> Problem {
        Problem::new(403, Some("FORBIDDEN"), message)
    }

    /// 500: the portal itself failed, and wrote nothing.
    pub(crate) fn internal(message: impl Into<String>) -> Problem {
        Problem::new(500, Some("INTERNAL_ERROR"), message)
    }

    /// 503: the portal is being stopped.
    pub(crate) fn closing() -> Problem {
        Problem::new(503, None, "the portal is shutting down")
    }

    /// Adds a subcategory.
    pub(crate) fn about(mut self, sub_category: &'static str) -> Problem {
        self.sub_category = Some(sub_category);
        self
    }

    /// Adds a list to the context.
    pub(crate) fn with(mut self, key: &'static str, values: Vec<String>) -> Problem {
        let _ = self.context.insert(key, values);
        self
    }

    /// The row form: without a correlation id, and naming the row if it has a trace id.
    pub(crate) fn into_row(self, trace: Option<&str>) -> RowProblem {
        let traced = match trace {
            Some(trace) => self.with("objectWriteTraceId", vec![trace.to_owned()]),
            None => self,
        };
        RowProblem {
            status: "error",
            category: traced.category,
            sub_category: traced.sub_category,
            message: traced.message,
            context: traced.context,
            errors: traced.errors,
            taken: traced.taken,
        }
    }

    /// The reply that carries it.
    pub(crate) fn reply(&self, correlation_id: &str) -> Reply {
        Reply::json(
            self.http,
            &Body {
                status: "error",
                correlation_id,
                problem: self,
            },
        )
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Problem {
        Problem::internal(format!("the portal's state could not be used: {error}"))
    }
}

/// The 429 of C1 §4.5, which has its own shape.
pub(crate) fn rate_limited(policy: &str, word: &str, correlation_id: &str) -> Reply {
    let body = json!({
        "status": "error",
        "message": format!("You have reached your {word} limit."),
        "errorType": "RATE_LIMIT",
        "correlationId": correlation_id,
        "policyName": policy,
        "requestId": correlation_id,
    });
    Reply::json(429, &body)
}
