//! Calls that merge records or delete them for good, and the buttons of the recycle bin.

use axum::http::Method;

use super::answer::{Portal, ok};
use super::call::Call;
use super::problem::Problem;
use super::reply::Reply;
use super::route::Button;
use super::version::Version;
use crate::sandbox::records::shapes;
use crate::sandbox::records::shapes::Reference;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::switches::TicketGdpr;

impl Portal {
    /// Activities can't be merged.
    pub(super) fn merge(&self, call: &Call, kind: Kind) -> Result<Reply, Problem> {
        posted(call)?;
        if kind.is_activity() {
            return Err(Problem::not_found());
        }
        let input = shapes::read(&call.body)?;
        self.with(|state| state.merge(kind, &input, call.now))
            .and_then(ok)
    }

    /// gdpr-delete; which kinds support it differs between versions.
    pub(super) fn erase(
        &self,
        call: &Call,
        kind: Kind,
        version: Version,
    ) -> Result<Reply, Problem> {
        posted(call)?;
        let is_served = match (kind, version) {
            (Kind::Contact, Version::September2025) => false,
            (Kind::Contact, _) | (Kind::Ticket, Version::September2025) => true,
            (Kind::Ticket, Version::September2026) => {
                self.switches().ticket_gdpr_2026_09 == TicketGdpr::Served
            }
            _ => false,
        };
        if !is_served {
            return Err(Problem::not_found());
        }
        let input = shapes::read(&call.body)?;
        self.with(|state| state.erase(kind, &input, call.now))
            .map(|()| Reply::empty())
    }

    pub(super) fn bin(&self, call: &Call, kind: Kind, button: Button) -> Result<Reply, Problem> {
        posted(call)?;
        let inputs: Vec<Reference> = self.inputs(call)?;
        let pressed = self.with(|state| match button {
            Button::Restore => state.restore(kind, &inputs, call.now),
            Button::Purge => state.purge(kind, &inputs),
        });
        pressed.map(|()| Reply::empty())
    }

    /// The recycle bin's button for a property.
    pub(super) fn property_back(
        &self,
        call: &Call,
        kind: Kind,
        name: &str,
    ) -> Result<Reply, Problem> {
        posted(call)?;
        self.with(|state| state.restore_property(kind, name, call.now))
            .map(|()| Reply::empty())
    }
}

fn posted(call: &Call) -> Result<(), Problem> {
    match call.method {
        Method::POST => Ok(()),
        _ => Err(Problem::method_not_allowed()),
    }
}
