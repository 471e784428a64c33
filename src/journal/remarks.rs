//! What mapping did to values, counted by name in `mark`: by the code of the remark, and by column
//! and value if these are counted one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::ticket::{PlacedRemark, Remark};

/// Prefix of a remark's code.
const REMARK: &str = "remark.";
/// Prefix of a remark's code and the place and text of a value.
const VALUE: &str = "value.";

/// The name of a remark's count.
pub(super) fn remark_name(remark: Remark) -> String {
    format!("{REMARK}{}", remark.code())
}

/// The name of a value's count: `value.left_blank ["property","Column","text"]`.
pub(super) fn value_name(placed: &PlacedRemark) -> String {
    let column = placed.column.as_deref();
    let place = serde_json::json!([&*placed.property, column, &*placed.value]);
    format!("{VALUE}{} {place}", placed.remark.code())
}

/// The remarks that were counted. In older journals their names are English sentences.
pub(super) fn remarks(marks: &BTreeMap<String, u64>) -> BTreeMap<Remark, u64> {
    let count = |name: &str| marks.get(name).copied().unwrap_or(0);
    let counted = |remark: Remark| {
        let former = former_name(remark).map_or(0, count);
        let count = count(&remark_name(remark)) + former;
        (count > 0).then_some((remark, count))
    };
    Remark::ALL.into_iter().filter_map(counted).collect()
}

/// The values that were counted one by one.
pub(super) fn values(marks: &BTreeMap<String, u64>) -> BTreeMap<PlacedRemark, u64> {
    let value = |(name, count): (&String, &u64)| Some((value(name)?, *count));
    marks.iter().filter_map(value).collect()
}

fn value(name: &str) -> Option<PlacedRemark> {
    let (code, place) = name.strip_prefix(VALUE)?.split_once(' ')?;
    let (property, column, value): (String, Option<String>, String) =
        serde_json::from_str(place).ok()?;
    Some(PlacedRemark {
        remark: Remark::ALL.into_iter().find(|one| one.code() == code)?,
        property: property.into(),
        column: column.map(Arc::from),
        value: value.into(),
    })
}

/// The name of a remark's count in tickethaul 0.1.0.
fn former_name(remark: Remark) -> Option<&'static str> {
    Some(match remark {
        Remark::TimeInGap => "remark local times in a clock-change gap, moved forward",
        Remark::TimeInFold => "remark local times that occur twice, taken as the earlier",
        Remark::LeftBlank => "remark values without a counterpart, left blank as mapped",
        Remark::FellBack => "remark values without a counterpart, replaced by the fallback",
        Remark::Shortened => "remark texts shortened with a mark",
        Remark::HtmlKept
        | Remark::HtmlStripped
        | Remark::KeyTrimmed
        | Remark::ZeroDate
        | Remark::LinkLeftOut
        | Remark::OtherTicket
        | Remark::OpenNumber
        | Remark::EmailAsNote
        | Remark::LeftBehind => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_now_and_as_they_once_were() {
        let placed = |column: Option<&str>, value: &str| PlacedRemark {
            remark: Remark::LeftBlank,
            property: "hubspot_owner_id".into(),
            column: column.map(Arc::from),
            value: value.into(),
        };
        let one = placed(Some("Assignee \"x\""), "Brandt, Oliver.csv");
        let other = placed(None, "");
        let marks = [
            (remark_name(Remark::LeftBlank), 3),
            (
                "remark values without a counterpart, left blank as mapped".to_owned(),
                4,
            ),
            ("remark texts shortened with a mark".to_owned(), 1),
            (value_name(&one), 2),
            (value_name(&other), 5),
            ("value.of_later_versions [1]".to_owned(), 9),
            ("filed".to_owned(), 8),
        ];
        let marks = marks.into();
        assert_eq!(
            remarks(&marks),
            [(Remark::LeftBlank, 7), (Remark::Shortened, 1)].into()
        );
        assert_eq!(values(&marks), [(one, 2), (other, 5)].into());
        assert!(marks.keys().all(|name| !name.ends_with(".csv")));
    }
}
