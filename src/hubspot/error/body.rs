//! Reads the body of an error into an `ApiError`. Bodies vary by endpoint, age and
//! edge: every field may be missing or of another type, and HTML pages come too, so
//! this walks an untyped value and never fails.

use serde_json::Value;

use crate::hubspot::contract;
use crate::hubspot::exchange::Reply;
use crate::hubspot::records::{ApiError, PropertyProblem};

/// Before the JSON that HubSpot embeds in a message.
const EMBEDDED: &str = "Property values were not valid: ";

/// HubSpot's name (2026-09) for a missing property; older replies name only the
/// properties, in `context.properties`.
const MISSING: &str = "MISSING_REQUIRED_PROPERTY";

/// A parsed error reply.
#[derive(Debug)]
pub(crate) struct ErrorBody {
    /// What it says.
    pub(crate) error: ApiError,
    /// False for a page of HTML, plain text, or nothing.
    pub(crate) json: bool,
    /// `policyName` of a 429: `TEN_SECONDLY_ROLLING`, `SECONDLY`, `DAILY`.
    pub(crate) policy: Option<String>,
}

/// Reads a reply that is not a 2xx.
pub(crate) fn read(reply: &Reply) -> ErrorBody {
    let header_id = reply.headers.get(contract::CORRELATION_ID);
    let body = serde_json::from_slice::<Value>(&reply.body).ok();
    let mut read = match body.filter(Value::is_object) {
        Some(body) => ErrorBody {
            error: api_error(reply.status, &body),
            json: true,
            policy: word(&body["policyName"]),
        },
        None => ErrorBody {
            error: page_error(reply),
            json: false,
            policy: None,
        },
    };
    if read.error.correlation_id.is_none() {
        read.error.correlation_id = header_id.map(|id| cut(id, contract::ERROR_WORD_LIMIT));
    }
    read
}

/// Reads an entry of `errors[]` of a 207. Its status is the one that its category
/// stands for.
pub(crate) fn entry(value: &Value) -> ApiError {
    let status = match value["category"].as_str().unwrap_or_default() {
        "VALIDATION_ERROR" => 400,
        "MISSING_SCOPES" | "FORBIDDEN" => 403,
        "OBJECT_NOT_FOUND" => 404,
        "CONFLICT" | "OBJECT_ALREADY_EXISTS" => 409,
        "RATE_LIMITS" => 429,
        "INTERNAL_ERROR" => 500,
        _ => 207,
    };
    api_error(status, value)
}

fn api_error(status: u16, body: &Value) -> ApiError {
    let whole = whole_text(&body["message"]).unwrap_or_default();
    let context = &body["context"];
    let (message, embedded) = split_message(&whole);
    let problems = problems(body, &embedded);
    ApiError {
        status,
        category: word(&body["category"]).unwrap_or_default(),
        sub_category: word(&body["subCategory"]).unwrap_or_default(),
        existing_id: existing_id(context, &body["errorTokens"], &whole, &problems),
        message: bounded(&with_details(message, body)),
        problems,
        trace_ids: texts(&context["objectWriteTraceId"]),
        ids: named_ids(context),
        correlation_id: word(&body["correlationId"]),
        may_come_late: false,
    }
}

/// The records that an error is about, under the first of HubSpot's names for them that
/// is present: batches of records use the first, those of associations the others.
fn named_ids(context: &Value) -> Vec<String> {
    let names = ["ids", "id", "fromObjectId", "objectId"].into_iter();
    let named = names.map(|name| texts(&context[name]));
    named
        .into_iter()
        .find(|ids| !ids.is_empty())
        .unwrap_or_default()
}

/// The words before the embedded JSON, and the entries of that JSON.
fn split_message(whole: &str) -> (&str, Vec<Value>) {
    let Some(start) = whole.find(EMBEDDED) else {
        return (whole, Vec::new());
    };
    let json = &whole[start + EMBEDDED.len()..];
    let mut values = serde_json::Deserializer::from_str(json).into_iter();
    match values.next() {
        Some(Ok(Value::Array(entries))) => {
            let words = &whole[..start + EMBEDDED.len()];
            (words.trim_end_matches([':', ' ']), entries)
        }
        _ => (whole, Vec::new()),
    }
}

/// The embedded entries come first: they can be more than `errors[]` and repeat
/// the value.
fn problems(body: &Value, embedded: &[Value]) -> Vec<PropertyProblem> {
    let mut found: Vec<PropertyProblem> = Vec::new();
    for problem in embedded
        .iter()
        .take(contract::PROBLEM_LIMIT)
        .map(embedded_problem)
    {
        if !found.iter().any(|known| same(known, &problem)) {
            found.push(problem);
        }
    }
    let listed = items(&body["errors"]).iter().take(contract::PROBLEM_LIMIT);
    for problem in listed.filter_map(listed_problem) {
        if !found.iter().any(|known| says_as_much(known, &problem)) {
            found.push(problem);
        }
    }
    if found.is_empty() {
        found.extend(taken_value(body));
    }
    if found.is_empty() {
        found.extend(
            texts(&body["context"]["properties"])
                .iter()
                .map(|name| missing(cut(name, contract::ERROR_WORD_LIMIT))),
        );
    }
    found
}

/// A unique value that another record has, in the form that activities have it:
/// `errorType` and `errorTokens` in place of a category and `errors[]`.
fn taken_value(body: &Value) -> Option<PropertyProblem> {
    if body["errorType"] != "UNIQUE_VALUE_CONFLICT" {
        return None;
    }
    let token = |name: &str| texts(&body["errorTokens"][name]).into_iter().next();
    Some(PropertyProblem {
        code: "CONFLICTING_UNIQUE_VALUE".to_owned(),
        property: token("propertyName").unwrap_or_default(),
        message: bounded(&text(&body["message"]).unwrap_or_default()),
        value: token("conflictingValue"),
    })
}

fn same(one: &PropertyProblem, other: &PropertyProblem) -> bool {
    one.code == other.code && one.property == other.property && one.value == other.value
}

/// An entry of `errors[]` usually has no value: then it adds nothing to a known problem of the same
/// code and property.
fn says_as_much(known: &PropertyProblem, listed: &PropertyProblem) -> bool {
    same(known, listed)
        || (listed.value.is_none()
            && known.code == listed.code
            && known.property == listed.property)
}

fn embedded_problem(entry: &Value) -> PropertyProblem {
    PropertyProblem {
        code: word(&entry["error"]).unwrap_or_default(),
        property: word(&entry["name"]).unwrap_or_default(),
        message: bounded(&text(&entry["message"]).unwrap_or_default()),
        value: text(&entry["propertyValue"]),
    }
}

/// None for an entry that is not about a property (missing scopes).
fn listed_problem(entry: &Value) -> Option<PropertyProblem> {
    let context = &entry["context"];
    let code = word(&entry["code"]);
    let names = [
        &context["propertyName"][0],
        &context["propertyName"],
        &entry["in"],
    ];
    let property = names.into_iter().find_map(word);
    if code.is_none() && property.is_none() {
        return None;
    }
    Some(PropertyProblem {
        code: code.unwrap_or_default(),
        property: property.unwrap_or_default(),
        message: bounded(&text(&entry["message"]).unwrap_or_default()),
        value: texts(&context["propertyValue"]).into_iter().next(),
    })
}

fn missing(property: String) -> PropertyProblem {
    PropertyProblem {
        code: MISSING.to_owned(),
        message: format!("a value for {property} must be provided"),
        property,
        value: None,
    }
}

/// Some messages have the important part in the context: which scopes, which records.
fn with_details(message: &str, body: &Value) -> String {
    let scopes = |value: &Value| texts(&value["context"]["requiredGranularScopes"]);
    let mut details = texts(&body["context"]["INVALID_OBJECT_IDS"]);
    details.extend(scopes(body));
    details.extend(items(&body["errors"]).iter().flat_map(scopes));
    if details.is_empty() {
        return message.to_owned();
    }
    format!("{} ({})", message.trim_end_matches('.'), details.join(", "))
}

fn existing_id(
    context: &Value,
    tokens: &Value,
    message: &str,
    problems: &[PropertyProblem],
) -> Option<String> {
    let named = [&context["existingId"][0], &context["existingId"]];
    let named = named.into_iter().find_map(word);
    named
        .or_else(|| texts(&tokens["existingObjectId"]).into_iter().next())
        .or_else(|| id_in_words(message))
        .or_else(|| {
            problems
                .iter()
                .find_map(|problem| id_in_words(&problem.message))
        })
}

/// `Contact already exists. Existing ID: 123`, or `… 123 already has that value`.
fn id_in_words(words: &str) -> Option<String> {
    if let Some((_, after)) = words.split_once("Existing ID: ") {
        let end = after.find(|c: char| !c.is_ascii_digit());
        return digits(&after[..end.unwrap_or(after.len())]);
    }
    let (before, _) = words.split_once(" already has that value")?;
    digits(before.split_whitespace().next_back()?)
}

fn digits(word: &str) -> Option<String> {
    let all = !word.is_empty() && word.len() <= 20 && word.bytes().all(|b| b.is_ascii_digit());
    all.then(|| word.to_owned())
}

fn page_error(reply: &Reply) -> ApiError {
    let start = &reply.body[..reply.body.len().min(contract::ERROR_TEXT_LIMIT)];
    let page = String::from_utf8_lossy(start);
    let message = match title(&page) {
        Some(title) => format!("a web page instead of JSON, titled \"{title}\""),
        None if page.trim().is_empty() => "an empty reply".to_owned(),
        None => "something other than JSON".to_owned(),
    };
    ApiError {
        status: reply.status,
        message,
        ..ApiError::default()
    }
}

fn title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let words: Vec<&str> = page[start..end].split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" ").chars().take(120).collect())
}

fn bounded(text: &str) -> String {
    cut(text, contract::ERROR_TEXT_LIMIT)
}

fn cut(text: &str, limit: usize) -> String {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// A code, a category, a name or an id.
fn word(value: &Value) -> Option<String> {
    whole_text(value).map(|word| cut(&word, contract::ERROR_WORD_LIMIT))
}

fn text(value: &Value) -> Option<String> {
    whole_text(value).map(|text| cut(&text, contract::ERROR_VALUE_LIMIT))
}

/// A scalar as text, however long; ids come as numbers at times.
fn whole_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A list of scalars, or a single one.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => {
            let texts = items.iter().filter_map(text);
            texts.take(contract::PROBLEM_LIMIT).collect()
        }
        alone => text(alone).into_iter().collect(),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
