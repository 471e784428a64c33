//! Reading a few values out of a record's JSON without keeping the others: this makes scanning a
//! hundred thousand records bearable.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::sandbox::records::shapes::Values;

/// The names of the values that are wanted.
pub(super) struct Picked<'a>(pub(super) &'a BTreeSet<&'a str>);

impl Picked<'_> {
    pub(super) fn of(&self, json: &str) -> serde_json::Result<Values> {
        self.deserialize(&mut serde_json::Deserializer::from_str(json))
    }
}

impl<'de> DeserializeSeed<'de> for &Picked<'_> {
    type Value = Values;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Values, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &Picked<'_> {
    type Value = Values;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the values of a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
        let mut values = Values::new();
        while let Some(Name(name)) = map.next_key()? {
            match self.0.contains(name) {
                true => drop(values.insert(name.to_owned(), map.next_value()?)),
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(values)
    }
}

/// Property names contain nothing that JSON escapes.
#[derive(Deserialize)]
struct Name<'a>(&'a str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_wanted_is_passed_over() {
        let names = BTreeSet::from(["subject", "absent"]);
        let values = Picked(&names)
            .of(r#"{"content":"a \"b\"","subject":"x\ny","z":"1"}"#)
            .expect("values");
        assert_eq!(
            values,
            Values::from([("subject".to_owned(), "x\ny".to_owned())])
        );
    }
}
