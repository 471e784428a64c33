//! Where activities name their files. Pure.

use crate::export::activities::ATTACHMENTS;
use crate::export::columns::Wanted;
use crate::export::links::{Links, Other};

/// A kind of activity that names files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// The name of one of them: `note`.
    pub kind: String,
    /// The position of the kind among the wanted ones.
    pub place: usize,
    /// The position of the property that names files.
    property: usize,
}

/// The kinds whose files are known.
pub fn namings(wanted: &Wanted) -> Vec<Naming> {
    let others = wanted.others().into_iter().enumerate();
    let naming = others.filter_map(|(place, others)| {
        let mut properties = others.properties.iter();
        Some(Naming {
            kind: others.object.singular().into_owned(),
            place,
            property: properties.position(|name| name == ATTACHMENTS)?,
        })
    });
    naming.collect()
}

impl Naming {
    /// The activities of this kind that a ticket has.
    pub fn of<'a>(&self, links: &'a Links) -> &'a [Other] {
        links.others.get(self.place).map_or(&[], Vec::as_slice)
    }

    /// Ids of the files that one of them names, in its order.
    pub fn ids<'a>(&self, activity: &'a Other) -> impl Iterator<Item = &'a str> + use<'a> {
        let named = activity.values.get(self.property);
        let named = named.and_then(Option::as_deref).unwrap_or_default();
        named.split(';').map(str::trim).filter(|id| !id.is_empty())
    }
}
