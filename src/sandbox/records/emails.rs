//! The headers of e-mails (C2 §1.2): a JSON text that is checked,
//! and the read-only values that follow from it.

use serde_json::Value;

use super::shapes::Values;
use super::values::Fault;

/// The property that holds them.
pub(crate) const HEADERS: &str = "hs_email_headers";

/// Property, and where its value is in the headers.
const DERIVED: [(&str, &str, &str); 8] = [
    ("hs_email_from_email", "from", "email"),
    ("hs_email_from_firstname", "from", "firstName"),
    ("hs_email_from_lastname", "from", "lastName"),
    ("hs_email_to_email", "to", "email"),
    ("hs_email_to_firstname", "to", "firstName"),
    ("hs_email_to_lastname", "to", "lastName"),
    ("hs_email_cc_email", "cc", "email"),
    ("hs_email_bcc_email", "bcc", "email"),
];

/// Headers in their stored form.
pub(crate) fn checked(text: &str) -> Result<String, Fault> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(_)) => Ok(text.to_owned()),
        _ => Err(Fault::new(
            "INVALID_JSON",
            format!("{HEADERS} is not valid JSON"),
        )),
    }
}

/// Writes what follows from the headers of an e-mail into its values.
pub(crate) fn derive(values: &mut Values) {
    let headers = values
        .get(HEADERS)
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    let headers = headers.unwrap_or_default();
    for (name, side, part) in DERIVED {
        let people: Vec<&Value> = match &headers[side] {
            Value::Array(people) => people.iter().collect(),
            one => vec![one],
        };
        let texts: Vec<&str> = people.iter().filter_map(|one| one[part].as_str()).collect();
        let _ = match texts.is_empty() {
            true => values.remove(name),
            false => values.insert(name.to_owned(), texts.join(";")),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_follow_from_the_headers() {
        let text = r#"{"from":{"email":"a@x.example","firstName":"A"},"to":[{"email":"b@x.example"},{"email":"c@x.example"}],"cc":[]}"#;
        let mut values = Values::from([(HEADERS.to_owned(), text.to_owned())]);
        derive(&mut values);
        assert_eq!(values["hs_email_from_email"], "a@x.example");
        assert_eq!(values["hs_email_to_email"], "b@x.example;c@x.example");
        assert!(!values.contains_key("hs_email_cc_email"));
        assert_eq!(
            checked("{oops").map_err(|fault| fault.code),
            Err("INVALID_JSON")
        );
    }
}
