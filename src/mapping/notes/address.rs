//! Addresses of e-mails as sources write them: `Ann <ann@x.example>; bo@x.example`, a JSON
//! list, or a name with its address in brackets, as the look-up of an author returns it.

use serde_json::{Value, json};

use crate::mapping::convert::email;
use crate::model::json::scalars;

/// Somebody with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// As written; may be empty.
    name: String,
    /// In lower case.
    email: String,
}

impl Address {
    /// In the form of HubSpot's e-mail headers.
    pub(super) fn json(&self) -> Value {
        let (first, last) = self.name.split_once(' ').unwrap_or((&self.name, ""));
        json!({"email": self.email, "firstName": first, "lastName": last})
    }
}

/// All addresses of a text; none if one of them is not valid.
pub(super) fn addresses(text: &str) -> Option<Vec<Address>> {
    if let Some(items) = scalars(text) {
        let items = items.iter().filter(|item| !item.trim().is_empty());
        let lists: Option<Vec<Vec<Address>>> = items.map(|item| addresses(item)).collect();
        return Some(lists?.concat());
    }
    match text.contains(['<', '(']) {
        true => named(text),
        false => {
            let mails = text.split([',', ';', ' ', '\t', '\n']);
            let mails = mails.map(str::trim).filter(|mail| !mail.is_empty());
            mails.map(|mail| address("", mail)).collect()
        }
    }
}

/// `Ann Lee <ann@x.example>, "Poe, Bo" (bo@x.example)`.
fn named(text: &str) -> Option<Vec<Address>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['<', '(']) {
        let name = rest[..start].trim_matches([',', ';', ' ', '"', '\'']);
        let inside = &rest[start + 1..];
        let end = inside.find(['>', ')'])?;
        found.push(address(name, inside[..end].trim())?);
        rest = &inside[end + 1..];
    }
    let rest = rest.trim_matches([',', ';', ' ']);
    if !rest.is_empty() {
        found.extend(addresses(rest)?);
    }
    Some(found)
}

fn address(name: &str, mail: &str) -> Option<Address> {
    Some(Address {
        name: name.to_owned(),
        email: email(mail).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_sources_write_them() {
        let read = |text: &str| {
            let found = addresses(text)?.into_iter();
            let words = found.map(|one| format!("{}|{}", one.name, one.email));
            Some(words.collect::<Vec<_>>().join(" "))
        };
        for (text, expected) in [
            ("Ann@X.example", "|ann@x.example"),
            (
                "a@x.example, b@x.example;c@x.example",
                "|a@x.example |b@x.example |c@x.example",
            ),
            ("Ann Lee <ann@x.example>", "Ann Lee|ann@x.example"),
            ("Ann Lee (ann@x.example)", "Ann Lee|ann@x.example"),
            (
                "\"Poe, Bo\" <bo@x.example>; ann@x.example",
                "Poe, Bo|bo@x.example |ann@x.example",
            ),
            (
                r#"["a@x.example","Bo <b@x.example>"]"#,
                "|a@x.example Bo|b@x.example",
            ),
            ("", ""),
            ("[]", ""),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "Ann",
            "a@x.example, Ann",
            "Ann <nobody>",
            "Ann <a@x.example",
            "[1,2]",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
