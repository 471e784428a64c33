//! What the reply to a batch of writes says of its records. Hardly any of their values is ever
//! looked at, so those of a record are one text: nothing is allocated for each.

/// A record that was just written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenRecord {
    /// Record id, digits; never a number in our hands (may pass 2^53).
    pub id: String,
    /// Values; unset ones are left out. A record with a trace id has none: it is known by that.
    pub values: PackedValues,
    /// Echo of the input's trace id, if the portal returns it.
    pub trace_id: Option<String>,
    /// Whether an upsert created it; only upserts say.
    pub created: Option<bool>,
}

impl WrittenRecord {
    /// The property's value, if set.
    pub fn get(&self, property: &str) -> Option<&str> {
        self.values.get(property)
    }
}

/// Values by property, in one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedValues {
    /// Each name with its value behind it.
    pub(in crate::hubspot) text: String,
    /// Where they are.
    pub(in crate::hubspot) places: Vec<Place>,
}

/// Where a name and the value behind it are in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hubspot) struct Place {
    pub(in crate::hubspot) name: usize,
    pub(in crate::hubspot) value: usize,
    pub(in crate::hubspot) end: usize,
}

impl PackedValues {
    /// The property's value; the last one if there are several.
    pub fn get(&self, property: &str) -> Option<&str> {
        let mut places = self.places.iter().rev();
        let found = places.find(|at| self.text[at.name..at.value] == *property);
        found.map(|at| &self.text[at.value..at.end])
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for PackedValues {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> PackedValues {
        let mut packed = PackedValues::default();
        for (property, held) in pairs {
            let name = packed.text.len();
            packed.text.push_str(property);
            let value = packed.text.len();
            packed.text.push_str(held);
            let end = packed.text.len();
            packed.places.push(Place { name, value, end });
        }
        packed
    }
}
