//! When a comment was made.

use std::sync::Arc;

use crate::mapping::convert::DateRule;
use crate::mapping::row_context::Findings;
use crate::model::issue::{Reason, excerpt};
use crate::model::ticket::PlacedRemark;

/// HubSpot: the property for the time of a note.
pub(super) const AT: &str = "hs_timestamp";

/// A time as the source writes it, in milliseconds since 1970.
pub(super) fn moment(
    dates: &DateRule,
    text: &str,
    place: &Arc<str>,
    findings: &mut Findings,
) -> Result<i64, Reason> {
    if text.is_empty() {
        return Err(Reason::MissingValue);
    }
    let converted = dates.convert(text, None)?;
    if let Some(remark) = converted.remark {
        findings.remarks.push(PlacedRemark {
            remark,
            property: AT.into(),
            column: Some(Arc::clone(place)),
            value: excerpt(text).into(),
        });
    }
    let instant = converted.value.and_then(|value| value.parse().ok());
    let instant: jiff::Timestamp = instant.ok_or(Reason::MissingValue)?;
    Ok(instant.as_millisecond())
}
