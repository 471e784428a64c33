//! The before-images of a row, as JSON: `[["subject","old","new"],["content",null,"new"]]`,
//! a property with its former value and the row's. Written with the row's intent and never
//! replaced (protocol PL6).

use std::sync::Arc;

use crate::model::property_change::PropertyChange;

/// Changes as JSON.
pub(super) fn changes_text(changes: &[PropertyChange]) -> String {
    let triple =
        |change: &PropertyChange| serde_json::json!([&*change.name, change.before, change.after]);
    serde_json::Value::Array(changes.iter().map(triple).collect()).to_string()
}

/// Changes from their JSON.
pub(super) fn changes_from(text: &str) -> serde_json::Result<Vec<PropertyChange>> {
    let triples: Vec<(String, Option<String>, String)> = serde_json::from_str(text)?;
    let change = |(name, before, after): (String, Option<String>, String)| PropertyChange {
        name: Arc::from(name),
        before,
        after,
    };
    Ok(triples.into_iter().map(change).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_back_as_they_went_in() {
        let change = |before: Option<&str>, after: &str| PropertyChange {
            name: "subject".into(),
            before: before.map(str::to_owned),
            after: after.to_owned(),
        };
        let changes = vec![
            change(None, "a\"\n\u{1f600}"),
            change(Some(""), ""),
            change(Some("x"), "y"),
        ];
        let text = changes_text(&changes);
        assert_eq!(changes_from(&text).expect("JSON"), changes);
        assert!(changes_from("[[1]]").is_err());
    }
}
