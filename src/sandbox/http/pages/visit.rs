//! A parsed request for a page.

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use percent_encoding::percent_decode_str;

use crate::sandbox::clock::Moment;

/// A request for a page, or a submitted form.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) method: Method,
    /// The path's parts, decoded.
    pub(super) path: Vec<String>,
    /// The fields of the address or the form.
    fields: Vec<(String, String)>,
    pub(super) now: Moment,
}

impl Visit {
    pub(super) fn new(head: &Parts, form: &[u8], now: Moment) -> Visit {
        let parts = head.uri.path().split('/').filter(|part| !part.is_empty());
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let fields = match head.method == Method::POST {
            true => pairs(str::from_utf8(form).unwrap_or_default()),
            false => pairs(head.uri.query().unwrap_or_default()),
        };
        Visit {
            method: head.method.clone(),
            path: parts.map(decoded).collect(),
            fields,
            now,
        }
    }

    /// The value of a field; empty if missing.
    pub(super) fn field(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(given, _)| given == name);
        field.map_or("", |(_, value)| value.as_str())
    }

    /// All fields, in their order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter();
        fields.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Names and values of a query or a form; none if it can't be read.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let uri = format!("/?{text}").parse::<Uri>().ok();
    let query = uri.and_then(|uri| Query::try_from_uri(&uri).ok());
    query.map(|Query(pairs)| pairs).unwrap_or_default()
}
