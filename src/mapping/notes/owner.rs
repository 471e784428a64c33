//! Which user of the portal owns an activity.

use std::sync::Arc;

use super::element::Element;
use super::words::Words;
use crate::mapping::convert::OwnerRule;
use crate::mapping::row_context::Findings;
use crate::mapping::unmatched::Unmatched;
use crate::model::issue::{Reason, excerpt};
use crate::model::schema::OWNER_PROPERTY;
use crate::model::ticket::PlacedRemark;

/// How comments name their owners.
#[derive(Debug)]
pub(crate) struct Owned {
    /// Where the owner is named.
    pub(crate) words: Words,
    /// How the owner is found among the portal's users; one that the portal lacks is left out.
    pub(crate) rule: OwnerRule,
}

impl Owned {
    /// The id of the owner; none if nobody is named or the name is unknown. A name that several
    /// users have is a problem.
    pub(super) fn of(
        &self,
        element: &Element<'_>,
        place: &Arc<str>,
        findings: &mut Findings,
    ) -> Result<Option<String>, (Reason, String)> {
        let Some(text) = self.words.of(element) else {
            return Ok(None);
        };
        let converted = match self.rule.convert(&text) {
            Ok(converted) => converted,
            Err(reason) => return Err((reason, text)),
        };
        if let Some(remark) = converted.remark {
            findings.strays.push(Unmatched {
                property: OWNER_PROPERTY.into(),
                column: Some(Arc::clone(place)),
                text: text.clone(),
            });
            findings.remarks.push(PlacedRemark {
                remark,
                property: OWNER_PROPERTY.into(),
                column: Some(Arc::clone(place)),
                value: excerpt(&text).into(),
            });
        }
        Ok(converted.value)
    }
}
