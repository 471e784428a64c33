//! Calls on records: single ones, the list, batches, searches (C1 §2).

use std::time::Duration;

use axum::http::Method;
use serde::Deserialize;

use super::answer::{Portal, batch_reply, created, ok};
use super::call::Call;
use super::problem::Problem;
use super::reply::Reply;
use super::route::Verb;
use super::version::Area;
use crate::sandbox::records::shapes;
use crate::sandbox::records::shapes::{CreateInput, Incoming, ReadBatch, Reference};
use crate::sandbox::records::writes::Occasion;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::search::Ask;

/// The body of a PATCH. Whether a record is archived cannot be changed with it.
#[derive(Debug, Deserialize)]
struct PatchInput {
    properties: Option<Incoming>,
}

impl Portal {
    pub(super) fn objects(&self, call: &Call, kind: Kind, on: Occasion) -> Result<Reply, Problem> {
        match call.method {
            Method::GET => {
                let (page, view) = (call.page(&self.switches)?, call.view());
                self.with(|state| state.list(kind, &page, &view))
                    .and_then(ok)
            }
            Method::POST => {
                let input: CreateInput = shapes::read(&call.body)?;
                self.with(|state| state.create(kind, &input, on))
                    .and_then(created)
            }
            _ => Err(Problem::method_not_allowed()),
        }
    }

    pub(super) fn object(
        &self,
        call: &Call,
        kind: Kind,
        id: String,
        on: Occasion,
    ) -> Result<Reply, Problem> {
        match call.method {
            Method::GET => {
                let (which, view) = (call.which(id)?, call.view());
                self.with(|state| state.read(kind, &which, &view))
                    .and_then(ok)
            }
            Method::PATCH => {
                let (which, patch) = (call.which(id)?, shapes::read::<PatchInput>(&call.body)?);
                let given = patch.properties.ok_or_else(shapes::no_properties)?;
                self.with(|state| state.update(kind, &which, &given, on))
                    .and_then(ok)
            }
            Method::DELETE => self
                .with(|state| state.delete(kind, &id, on.now))
                .map(|()| Reply::empty()),
            _ => Err(Problem::method_not_allowed()),
        }
    }

    pub(super) fn batch(
        &self,
        call: &Call,
        kind: Kind,
        verb: Verb,
        on: Occasion,
    ) -> Result<Reply, Problem> {
        if call.method != Method::POST {
            return Err(Problem::method_not_allowed());
        }
        let out = match verb {
            Verb::Create => {
                let inputs: Vec<CreateInput> = self.inputs(call)?;
                self.with(|state| state.create_batch(kind, &inputs, on))?
            }
            Verb::Update => {
                let inputs = self.inputs(call)?;
                self.with(|state| state.update_batch(kind, &inputs, on))?
            }
            Verb::Upsert => {
                let inputs = self.inputs(call)?;
                self.with(|state| state.upsert_batch(kind, &inputs, on))?
            }
            Verb::Read => {
                let (batch, ids) = ReadBatch::of(&call.body, self.switches.empty_inputs)?;
                let archived = call.archived()?;
                self.with(|state| state.read_batch(kind, &batch, &ids, archived, on.now))?
            }
            Verb::Archive => {
                let inputs: Vec<Reference> = self.inputs(call)?;
                self.with(|state| state.archive_batch(kind, &inputs, on.now))?;
                return Ok(Reply::empty());
            }
        };
        let status = match verb {
            Verb::Create => on.version.created(Area::Objects),
            _ => 200,
        };
        Ok(batch_reply(status, (on.version, Area::Objects), &out))
    }

    pub(super) fn search(&self, call: &Call, kind: Kind, lag: Duration) -> Result<Reply, Problem> {
        if call.method != Method::POST {
            return Err(Problem::method_not_allowed());
        }
        let ask = Ask::of(&call.body, &self.switches)?;
        let link = call.link();
        self.with(|state| state.search(kind, &ask, &link, call.now, lag))
            .and_then(ok)
    }
}
