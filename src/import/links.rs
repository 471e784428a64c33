//! The links of a row, once its contacts are known: inline associations of the
//! create call.

use std::collections::HashMap;

use super::contacts::Resolved;
use crate::hubspot::records::Association;
use crate::model::issue::{Problem, Reason};
use crate::model::ticket::{LinkDraft, Missing};

/// HubSpot: default association ticket → contact.
const TICKET_TO_CONTACT: u32 = 16;

/// The inline links of a row, no record twice, or why the row can't go in.
pub fn associations(
    links: &[LinkDraft],
    found: &HashMap<String, Resolved>,
) -> Result<Vec<Association>, Box<Problem>> {
    let mut all: Vec<Association> = Vec::new();
    for link in links {
        let problem = |reason| {
            let problem = Problem::new(reason).column(&*link.column);
            Box::new(problem.value(&link.value))
        };
        match found.get(&link.value) {
            Some(Resolved::Id(id)) => {
                if all.iter().all(|other| other.to != *id) {
                    all.push(Association {
                        to: id.clone(),
                        category: "HUBSPOT_DEFINED".to_owned(),
                        type_id: TICKET_TO_CONTACT,
                    });
                }
            }
            Some(Resolved::Refused(detail)) => {
                let detail = detail.clone();
                return Err(problem(Reason::ContactRefused { detail }));
            }
            Some(Resolved::Missing) | None if link.missing == Missing::Skip => {}
            Some(Resolved::Missing) | None => return Err(problem(Reason::ContactMissing)),
        }
    }
    Ok(all)
}
