//! The portal: a state behind a lock, until it is closed.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::problem::Problem;
use super::reply::{Reply, Results};
use super::route::Route;
use super::version::{Area, Version};
use super::{known, scopes};
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::records::shapes;
use crate::sandbox::records::shapes::MOST_INPUTS;
use crate::sandbox::records::writes::Occasion;
use crate::sandbox::server::state_lock::StateLock;
use crate::sandbox::switches::{Switches, UnknownFields};

/// What answers calls.
#[derive(Debug)]
pub(crate) struct Portal {
    held: Mutex<Option<Held>>,
    switches: RwLock<Arc<Switches>>,
}

/// An open state, and the lock on its file. The state is closed first.
#[derive(Debug)]
struct Held {
    state: PortalState,
    _lock: Option<StateLock>,
}

/// The circumstances of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around {
    /// How late the search index is at the moment.
    pub(crate) search_lag: Duration,
    /// Calls of today, and how many there may be.
    pub(crate) today: (u64, u64),
}

impl Portal {
    pub(crate) fn new(state: PortalState, lock: Option<StateLock>) -> Portal {
        Portal {
            switches: RwLock::new(Arc::new(state.switches.clone())),
            held: Mutex::new(Some(Held { state, _lock: lock })),
        }
    }

    /// How it currently behaves.
    pub(crate) fn switches(&self) -> Arc<Switches> {
        let switches = self.switches.read();
        Arc::clone(&switches.unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the behaviour from the next call on.
    pub(crate) fn turn(&self, switches: Switches) -> Result<(), Problem> {
        self.with(|state| {
            let mut here = self
                .switches
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            let failed = |error| Problem::internal(format!("the portal can't be turned: {error}"));
            state.turn(switches.clone()).map_err(failed)?;
            *here = Arc::new(switches);
            Ok(())
        })
    }

    /// Releases the state; later calls are answered with a 503.
    pub(crate) fn close(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = held.take();
    }

    pub(crate) fn answer(&self, call: &Call, around: Around) -> Result<Reply, Problem> {
        let (route, version) = Route::of(&call.segments())?;
        let switches = self.switches();
        if switches.unknown_fields == UnknownFields::Refused {
            known::check(call, &route)?;
        }
        scopes::check(call, &route, &switches)?;
        self.carried_out(call, (route, version), around)
    }

    /// What people see in the portal's own pages: no scopes are needed, and nothing is late.
    pub(crate) fn shown(&self, call: &Call) -> Result<Reply, Problem> {
        let around = Around {
            search_lag: Duration::ZERO,
            today: (0, 0),
        };
        self.carried_out(call, Route::of(&call.segments())?, around)
    }

    /// Removes all records for good; definitions stay.
    pub(crate) fn remove_records(&self) -> Result<(), Problem> {
        self.with(|state| Ok(state.store.remove_records()?))
    }

    fn carried_out(
        &self,
        call: &Call,
        (route, version): (Route, Version),
        around: Around,
    ) -> Result<Reply, Problem> {
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

    /// Answers reads of what can't be changed: owners, the account, and what older paths show.
    fn look(&self, call: &Call, route: Route, around: Around) -> Result<Reply, Problem> {
        if call.method != Method::GET {
            return Err(Problem::method_not_allowed());
        }
        match route {
            Route::Owners => {
                let query = call.owners(&self.switches())?;
                self.with(|state| state.owners(&query)).and_then(ok)
            }
            Route::Owner(id) => {
                let (by_user, archived) =
                    (call.one("idProperty") == Some("userId"), call.archived()?);
                self.with(|state| state.owner(&id, by_user, archived))
                    .and_then(ok)
            }
            Route::OldProperties(kind) => self
                .with(|state| Ok(state.old_properties(kind)))
                .and_then(ok),
            Route::Schemas => self.with(|state| Ok(state.custom_kinds())).and_then(whole),
            Route::OwnProperties => self.with(|state| Ok(state.own_properties())).and_then(ok),
            Route::Usage => {
                let (used, limit) = around.today;
                self.with(|state| Ok(state.usage(used, limit, call.now)))
                    .and_then(ok)
            }
            _ => self.with(|state| Ok(state.account())).and_then(ok),
        }
    }

    /// Runs `work` with the state. A panic in there has rolled its transaction
    /// back, so the state can be used again.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&mut PortalState) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut() {
            Some(held) => work(&mut held.state),
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
        shapes::inputs(&call.body, most, self.switches().empty_inputs)
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
