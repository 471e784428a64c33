//! The fields and parameters that calls on records know (C1 §12.46). Other calls are not checked.

use axum::http::Method;
use serde_json::Value;

use super::call::Call;
use super::problem::Problem;
use super::route::{Route, Verb};

/// What one call accepts: parameters, fields of the body, fields of its inputs.
struct Fields {
    parameters: &'static [&'static str],
    body: &'static [&'static str],
    inputs: &'static [&'static str],
}

const LIST: Fields = Fields {
    parameters: &[
        "limit",
        "after",
        "properties",
        "propertiesWithHistory",
        "associations",
        "archived",
        "idProperty",
    ],
    body: &["properties", "associations", "objectWriteTraceId"],
    inputs: &[],
};

const SEARCH: Fields = Fields {
    parameters: &[],
    body: &[
        "filterGroups",
        "filters",
        "sorts",
        "query",
        "properties",
        "limit",
        "after",
    ],
    inputs: &[],
};

/// Refuses unknown fields.
pub(super) fn check(call: &Call, route: &Route) -> Result<(), Problem> {
    let fields = match route {
        Route::Objects(_) | Route::Object(..) => LIST,
        Route::Search(_) => SEARCH,
        Route::Batch(_, verb) => batch(*verb),
        _ => return Ok(()),
    };
    let mut parameters = call.parameters();
    if let Some(unknown) = parameters.find(|name| !fields.parameters.contains(name)) {
        return Err(Problem::validation(format!(
            "Unknown parameter '{unknown}'"
        )));
    }
    if call.method == Method::GET {
        return Ok(());
    }
    // A body that is not JSON is reported where it is read.
    let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    known(&body, fields.body)?;
    let inputs = body["inputs"].as_array().map(Vec::as_slice);
    inputs
        .unwrap_or_default()
        .iter()
        .try_for_each(|input| known(input, fields.inputs))
}

fn batch(verb: Verb) -> Fields {
    let (body, inputs): (&[&str], &[&str]) = match verb {
        Verb::Create => (
            &["inputs"],
            &["properties", "associations", "objectWriteTraceId"],
        ),
        Verb::Update | Verb::Upsert => (
            &["inputs"],
            &["id", "idProperty", "properties", "objectWriteTraceId"],
        ),
        Verb::Read => (
            &[
                "inputs",
                "idProperty",
                "properties",
                "propertiesWithHistory",
            ],
            &["id"],
        ),
        Verb::Archive => (&["inputs"], &["id"]),
    };
    Fields {
        parameters: &["archived"],
        body,
        inputs,
    }
}

fn known(object: &Value, fields: &[&str]) -> Result<(), Problem> {
    let mut names = object
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys());
    match names.find(|name| !fields.contains(&name.as_str())) {
        Some(unknown) => Err(Problem::input(format!(
            "Invalid input JSON on line 1, column 1: Unrecognized field \"{unknown}\""
        ))),
        None => Ok(()),
    }
}
