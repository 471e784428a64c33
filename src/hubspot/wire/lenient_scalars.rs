//! Scalars that HubSpot sends as text, number or truth value: read as text whatever
//! they are. Anything else counts as absent.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// A scalar as text; none for null and for anything nested.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) Option<String>);

impl Text {
    /// The text, or "" if there is none.
    pub(crate) fn or_empty(self) -> String {
        self.0.unwrap_or_default()
    }

    /// The text, or an error that names the field.
    pub(crate) fn required(self, field: &'static str) -> serde_json::Result<String> {
        self.0.ok_or_else(|| Error::missing_field(field))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Text, D::Error> {
        let mut text = String::new();
        let is_some = Appended(&mut text).deserialize(from)?;
        Ok(Text(is_some.then_some(text)))
    }
}

/// Adds a scalar to the end of a text; false if there is none, for null and for anything nested.
pub(super) struct Appended<'a>(pub(super) &'a mut String);

impl<'de> DeserializeSeed<'de> for Appended<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_any(self)
    }
}

/// A JSON object of scalars; absent ones are left out, and no object at all is an
/// empty one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Values(pub(crate) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Values, D::Error> {
        from.deserialize_any(ValuesVisitor)
    }
}

impl Appended<'_> {
    fn add(self, scalar: impl fmt::Display) -> bool {
        // Writing to a text does not fail.
        let _ = write!(self.0, "{scalar}");
        true
    }
}

impl<'de> Visitor<'de> for Appended<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        self.0.push_str(text);
        Ok(true)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        Ok(self.add(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<bool, E> {
        Ok(self.add(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<bool, E> {
        Ok(self.add(number))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<bool, E> {
        Ok(self.add(truth))
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<bool, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of scalars")
    }

    fn visit_unit<E: Error>(self) -> Result<Values, E> {
        Ok(Values::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Values, A::Error> {
        let mut values = BTreeMap::new();
        while let Some((name, Text(value))) = entries.next_entry::<String, Text>()? {
            if let Some(value) = value {
                let _ = values.insert(name, value);
            }
        }
        Ok(Values(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_of_any_kind_become_text() {
        let json = r#"{"a":"x","b":12345678901234567890,"c":-1,"d":1.5,"e":true,"f":null,
            "g":[1,{"h":2}],"i":{"j":[]},"k":""}"#;
        let values: Values = serde_json::from_str(json).expect("read");
        let pairs: Vec<_> = values
            .0
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("a", "x"),
                ("b", "12345678901234567890"),
                ("c", "-1"),
                ("d", "1.5"),
                ("e", "true"),
                ("k", "")
            ]
        );
    }

    #[test]
    fn nothing_at_all_is_an_empty_object() {
        assert_eq!(
            serde_json::from_str::<Values>("null").expect("read"),
            Values::default()
        );
        assert!(serde_json::from_str::<Values>("3").is_err());
    }
}
