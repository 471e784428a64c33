//! Properties that a portal accepts silently and does not keep, such as a `createdate` (protocol
//! S6). If the mapping names a fallback property, the first tickets get the value in both; the
//! canary shows which of them is kept, so no ticket ever lacks it, whenever the run dies.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::mapping::{CompiledMapping, MappedProperty};
use crate::model::ticket::PropertyValues;

/// Where the values of properties with `read_only.into` go.
#[derive(Debug)]
pub struct FallbackProperties {
    /// Properties, each with the one that may take its values.
    pairs: Vec<(Arc<str>, Arc<str>)>,
    /// Properties that the portal does not keep, once the canary has shown it.
    not_kept: OnceLock<BTreeSet<Arc<str>>>,
}

impl FallbackProperties {
    /// Nothing is known about the portal yet.
    pub fn new(mapping: &CompiledMapping) -> FallbackProperties {
        let pair = |property: &MappedProperty| {
            let instead = property.instead.as_ref()?;
            Some((Arc::clone(&property.name), Arc::clone(&instead.name)))
        };
        FallbackProperties {
            pairs: mapping.properties().iter().filter_map(pair).collect(),
            not_kept: OnceLock::new(),
        }
    }

    /// Records what the canary has shown about what the portal does not keep.
    pub fn settle(&self, not_kept: BTreeSet<Arc<str>>) {
        // There is one canary; what it found first counts.
        let _first = self.not_kept.set(not_kept);
    }

    /// Removes a value that a ticket keeps in the other property of a pair: until the
    /// canary has shown which is kept, rows have it in both.
    pub fn apply_to(&self, values: &mut PropertyValues, holds: impl Fn(&str, &str) -> bool) {
        self.apply(values);
        if self.not_kept.get().is_some() {
            return;
        }
        for (name, instead) in &self.pairs {
            let is_held = |wanted: &Arc<str>| {
                let value = values.iter().find(|(known, _)| known == wanted);
                value.is_some_and(|(_, value)| !value.is_empty() && holds(wanted, value))
            };
            let needless = match (is_held(name), is_held(instead)) {
                (false, true) => name,
                (true, false) => instead,
                (true, true) | (false, false) => continue,
            };
            values.retain(|(known, _)| known != needless);
        }
    }

    /// Moves the values of a row to where they are kept. Doing so again changes nothing.
    pub fn apply(&self, values: &mut PropertyValues) {
        for (name, instead) in &self.pairs {
            let Some(at) = values.iter().position(|(known, _)| known == name) else {
                continue;
            };
            let is_there = values.iter().any(|(known, _)| known == instead);
            match (self.not_kept.get(), is_there) {
                (None, false) => values.push((Arc::clone(instead), values[at].1.clone())),
                (Some(not_kept), false) if not_kept.contains(name) => {
                    values[at].0 = Arc::clone(instead);
                }
                (Some(not_kept), true) if not_kept.contains(name) => {
                    let _moved = values.remove(at);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fallbacks() -> FallbackProperties {
        FallbackProperties {
            pairs: vec![("a".into(), "b".into())],
            not_kept: OnceLock::new(),
        }
    }

    fn values(names: &[&str]) -> PropertyValues {
        let value = |name: &&str| (Arc::from(*name), "1".to_owned());
        names.iter().map(value).collect()
    }

    fn applied(fallbacks: &FallbackProperties, names: &[&str]) -> PropertyValues {
        let mut found = values(names);
        fallbacks.apply(&mut found);
        found
    }

    #[test]
    fn the_first_tickets_get_both_and_later_ones_what_the_portal_keeps() {
        let not_kept = fallbacks();
        assert_eq!(applied(&not_kept, &["a", "c"]), values(&["a", "c", "b"]));
        assert_eq!(applied(&not_kept, &["c"]), values(&["c"]));
        not_kept.settle(["a".into()].into());
        assert_eq!(applied(&not_kept, &["a", "c"]), values(&["b", "c"]));
        assert_eq!(applied(&not_kept, &["a", "c", "b"]), values(&["c", "b"]));
        assert_eq!(applied(&not_kept, &["b", "c"]), values(&["b", "c"]));
        let first = fallbacks();
        let held_in = |held: &'static str| {
            let mut found = values(&["a", "c"]);
            first.apply_to(&mut found, |name, _| name == held);
            found
        };
        assert_eq!(held_in("a"), values(&["a", "c"]));
        assert_eq!(held_in("b"), values(&["c", "b"]));
        assert_eq!(held_in("none"), values(&["a", "c", "b"]));
        let kept = fallbacks();
        kept.settle(BTreeSet::new());
        assert_eq!(applied(&kept, &["a", "c"]), values(&["a", "c"]));
    }
}
