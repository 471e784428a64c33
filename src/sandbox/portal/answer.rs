//! The portal: a desk behind a lock, until it is closed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{known, scopes};
use crate::sandbox::call::Call;
use crate::sandbox::claim::Claim;
use crate::sandbox::desk::Desk;
use crate::sandbox::problem::Problem;
use crate::sandbox::reply::{Reply, Results};
use crate::sandbox::route::Route;
use crate::sandbox::shapes::{self, MOST_INPUTS};
use crate::sandbox::switches::{Switches, UnknownFields};
use crate::sandbox::version::{Area, Version};
use crate::sandbox::writes::Occasion;

/// What answers calls.
#[derive(Debug)]
pub(crate) struct Portal {
    held: Mutex<Option<Held>>,
    pub(super) switches: Switches,
}

/// An open state, and the claim on its file. The state is closed first.
#[derive(Debug)]
struct Held {
    desk: Desk,
    _claim: Option<Claim>,
}

/// What belongs to a call besides itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around {
    /// How late the search index is just now.
    pub(crate) search_lag: Duration,
    /// Calls of today, and how many there may be.
    pub(crate) today: (u64, u64),
}

impl Portal {
    pub(crate) fn new(desk: Desk, claim: Option<Claim>) -> Portal {
        Portal {
            switches: desk.switches.clone(),
            held: Mutex::new(Some(Held {
                desk,
                _claim: claim,
            })),
        }
    }

    /// Lets go of the state; later calls are answered with a 503.
    pub(crate) fn close(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = held.take();
    }

    pub(crate) fn answer(&self, call: &Call, around: Around) -> Result<Reply, Problem> {
        let (route, version) = Route::of(&call.segments())?;
        if self.switches.unknown_fields == UnknownFields::Refused {
            known::check(call, &route)?;
        }
        scopes::check(call, &route, &self.switches)?;
        let on = Occasion {
            now: call.now,
            version,
        };
        match route {
            Route::Objects(kind) => self.objects(call, kind, on),
            Route::Object(kind, id) => self.object(call, kind, id, on),
            Route::Batch(kind, verb) => self.batch(call, kind, verb, on),
            Route::Search(kind) => self.search(call, kind, around.search_lag),
            Route::Merge(kind) => self.merge(call, kind),
            Route::Erase(kind) => self.erase(call, kind, version),
            Route::Bin(kind, button) => self.bin(call, kind, button),
            Route::PropertyBack(kind, name) => self.property_back(call, kind, &name),
            Route::Properties(_)
            | Route::Property(..)
            | Route::PropertyBatch(..)
            | Route::Groups(_)
            | Route::Group(..) => self.definitions(call, route, version),
            Route::Pipelines
            | Route::Pipeline(_)
            | Route::PipelineAudit(_)
            | Route::Stages(_)
            | Route::Stage(..)
            | Route::StageAudit(..) => self.pipelines(call, route),
            Route::Links(ends, route) => self.links(call, ends, route, version),
            Route::LinkLimits(_)
            | Route::LinkLimitBatch(..)
            | Route::ValueRules(_)
            | Route::ValueRulesOf(..)
            | Route::ValueRule(..) => self.admin(call, route),
            Route::Files(route) => self.files(call, route),
            Route::Account
            | Route::Usage
            | Route::Owners
            | Route::Owner(_)
            | Route::OldProperties(_)
            | Route::Schemas
            | Route::OwnProperties => self.look(call, route, around),
        }
    }

    /// What is only read: owners, the account, and what older paths show.
    fn look(&self, call: &Call, route: Route, around: Around) -> Result<Reply, Problem> {
        if call.method != Method::GET {
            return Err(Problem::method_not_allowed());
        }
        match route {
            Route::Owners => {
                let query = call.owners(&self.switches)?;
                self.with(|desk| desk.owners(&query)).and_then(ok)
            }
            Route::Owner(id) => {
                let (by_user, archived) =
                    (call.one("idProperty") == Some("userId"), call.archived()?);
                self.with(|desk| desk.owner(&id, by_user, archived))
                    .and_then(ok)
            }
            Route::OldProperties(kind) => {
                self.with(|desk| Ok(desk.old_properties(kind))).and_then(ok)
            }
            Route::Schemas => self.with(|desk| Ok(desk.custom_kinds())).and_then(whole),
            Route::OwnProperties => self.with(|desk| Ok(desk.own_properties())).and_then(ok),
            Route::Usage => {
                let (used, limit) = around.today;
                self.with(|desk| Ok(desk.usage(used, limit, call.now)))
                    .and_then(ok)
            }
            _ => self.with(|desk| Ok(desk.account())).and_then(ok),
        }
    }

    /// Runs `work` with the desk. A panic in there has rolled its transaction
    /// back, so the desk can be used again.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut() {
            Some(held) => work(&mut held.desk),
            None => Err(Problem::closing()),
        }
    }

    /// The inputs of a batch of records.
    pub(super) fn inputs<T: DeserializeOwned>(&self, call: &Call) -> Result<Vec<T>, Problem> {
        self.inputs_up_to(call, MOST_INPUTS)
    }

    pub(super) fn inputs_up_to<T: DeserializeOwned>(
        &self,
        call: &Call,
        most: usize,
    ) -> Result<Vec<T>, Problem> {
        shapes::inputs(&call.body, most, self.switches.empty_inputs)
    }
}

pub(super) fn ok<T: Serialize>(body: T) -> Result<Reply, Problem> {
    Ok(Reply::json(200, &body))
}

pub(super) fn created<T: Serialize>(body: T) -> Result<Reply, Problem> {
    Ok(Reply::json(201, &body))
}

pub(super) fn whole<T: Serialize>(results: Vec<T>) -> Result<Reply, Problem> {
    ok(Results::whole(results))
}

pub(super) fn batch_reply<T: Serialize>(
    whole: u16,
    (version, area): (Version, Area),
    out: &shapes::BatchOut<T>,
) -> Reply {
    let status = match out.has_errors() {
        true => version.partial(area, whole),
        false => whole,
    };
    Reply::json(status, out)
}
