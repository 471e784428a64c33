//! Texts of the source that have no counterpart: which they are, what they most
//! likely mean, and the lines that a value file starts from. Nothing is decided here.

use crate::mapping::compiled::CompiledMapping;
use crate::mapping::entry::Entry;
use crate::mapping::nearest::fold;

/// A line of a value map, as the mapping writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueLine<'m> {
    /// A text of the source.
    pub from: &'m str,
    /// What it becomes; empty = no value.
    pub to: &'m str,
}

impl CompiledMapping {
    /// What a text most likely means for a property: what the most similar line of its value map
    /// says, else the nearest of what the portal has.
    pub fn suggestion(&self, property: &str, text: &str) -> Option<String> {
        let entry = self.entry(property)?;
        let mapped = entry.map.as_ref().and_then(|map| map.nearest(text));
        let mapped = mapped.map(str::to_owned);
        let likely = mapped.or_else(|| entry.conversion.nearest(text));
        // A text that several have is its own nearest, which helps nobody.
        likely.filter(|likely| fold(likely) != fold(text))
    }

    /// The lines of a property's value map; empty if it has none.
    pub fn value_lines(&self, property: &str) -> Vec<ValueLine<'_>> {
        let map = self.entry(property).and_then(|entry| entry.map.as_ref());
        let lines = map.into_iter().flat_map(|map| map.lines());
        lines.map(|(from, to)| ValueLine { from, to }).collect()
    }

    /// The form in which texts are compared for a property: that of its value map, else without
    /// case and surrounding blanks.
    pub fn value_form(&self, property: &str, text: &str) -> String {
        let map = self.entry(property).and_then(|entry| entry.map.as_ref());
        map.map_or_else(|| fold(text), |map| map.form(text))
    }

    /// Whether a property has a value map.
    pub fn has_value_map(&self, property: &str) -> bool {
        self.entry(property)
            .is_some_and(|entry| entry.map.is_some())
    }

    /// The entry of a property of tickets, else of a record that is created for a link.
    fn entry(&self, property: &str) -> Option<&Entry> {
        let linked = self.links.iter().flat_map(|link| &link.properties);
        let mut entries = self.entries.iter().chain(linked);
        entries.find(|entry| *entry.name == *property)
    }
}
