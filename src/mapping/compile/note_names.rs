//! How fields of comments and files are found: by their names, or by their places.

use crate::mapping::notes::{Field, Place};
use crate::mapping::syntax::{At, EntrySpec, FieldSpec, MomentSpec, Origin, ZoneSpec};

/// How a comment's fields are found.
pub(super) enum Names {
    /// By names, which each comment contains.
    Carried,
    /// By positions among these names.
    Given(Vec<String>),
}

/// Where a field is among the parts of a cell, the fields of an element, or the columns of
/// a file.
pub(super) fn place(field: &FieldSpec, names: &Names) -> Field {
    let fields = field.names.iter();
    let places = match names {
        Names::Carried => fields.map(|name| Place::Name(name.value.clone())).collect(),
        Names::Given(given) => {
            let position = |name: &At<String>| given.iter().position(|one| *one == name.value);
            fields.filter_map(position).map(Place::Part).collect()
        }
    };
    Field { places }
}

/// The time of a comment, in the form of a property's entry.
pub(super) fn dated(spec: &MomentSpec) -> EntrySpec {
    let zone = spec.timezone.as_ref();
    let property = At::new("hs_timestamp".to_owned(), 0..0);
    EntrySpec {
        format: spec.format.clone(),
        timezone: zone.map(|zone| At::new(ZoneSpec::Name(zone.value.clone()), zone.span.clone())),
        ..EntrySpec::new(property, Origin::Column(Vec::new()))
    }
}
