//! From a call to its answer: which path and method mean which verb. Bodies are
//! read before the lock is taken and replies written after it is released. Knows
//! nothing of tokens, rates, headers and sockets.

use std::sync::{Mutex, PoisonError};

use axum::http::Method;
use serde::Serialize;

use super::call::Call;
use super::claim::Claim;
use super::desk::Desk;
use super::kind::Kind;
use super::problem::Problem;
use super::properties::{group_of, property_of};
use super::reply::{Reply, Results};
use super::shapes::{self, BatchOut, CreateInput, Incoming, ReadBatch, Reference, UpdateInput};

/// The portal: a desk behind a lock, until it is closed.
#[derive(Debug)]
pub(super) struct Portal(Mutex<Option<Held>>);

/// An open state, and the claim on its file. The state is closed first.
#[derive(Debug)]
struct Held {
    desk: Desk,
    _claim: Option<Claim>,
}

/// The paths that are served.
#[derive(Debug)]
enum Route {
    Account,
    Properties(Kind),
    Property(Kind, String),
    Groups(Kind),
    Pipelines,
    Pipeline(String),
    Stages(String),
    Stage(String, String),
    Owners,
    Owner(String),
    Objects(Kind),
    Object(Kind, String),
    Batch(Kind, Verb),
}

/// The last segment of a batch path.
#[derive(Debug, Clone, Copy)]
enum Verb {
    Create,
    Read,
    Update,
    Archive,
}

/// The body of a PATCH. Whether a record is archived cannot be changed with it.
#[derive(Debug, serde::Deserialize)]
struct PatchInput {
    properties: Option<Incoming>,
}

impl Portal {
    pub(super) fn new(desk: Desk, claim: Option<Claim>) -> Portal {
        Portal(Mutex::new(Some(Held {
            desk,
            _claim: claim,
        })))
    }

    /// Lets go of the state; later calls are answered with a 503.
    pub(super) fn close(&self) {
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(super) fn answer(&self, call: &Call) -> Result<Reply, Problem> {
        let method = &call.method;
        match Route::of(&call.segments())? {
            Route::Objects(kind) => self.objects(call, kind),
            Route::Object(kind, id) => self.object(call, kind, id),
            Route::Batch(kind, verb) => self.batch(call, kind, verb),
            Route::Properties(kind) if *method == Method::POST => {
                let property = property_of(&call.body, call.now)?;
                self.with(|desk| desk.create_property(kind, property))
                    .and_then(created)
            }
            Route::Groups(kind) if *method == Method::POST => {
                let group = group_of(&call.body)?;
                self.with(|desk| desk.create_group(kind, group))
                    .and_then(created)
            }
            route if *method == Method::GET => self.look(call, route),
            _ => Err(Problem::method_not_allowed()),
        }
    }

    /// Everything that is only read, other than records.
    fn look(&self, call: &Call, route: Route) -> Result<Reply, Problem> {
        match route {
            Route::Account => self.with(|desk| Ok(desk.account())).and_then(ok),
            // No archived properties: none can be archived here.
            Route::Properties(_) if call.archived()? => ok(Results::<()>::whole(Vec::new())),
            Route::Properties(kind) => self.with(|desk| Ok(desk.properties(kind))).and_then(whole),
            Route::Property(kind, name) => {
                self.with(|desk| desk.property(kind, &name)).and_then(ok)
            }
            Route::Groups(kind) => self.with(|desk| Ok(desk.groups(kind))).and_then(whole),
            Route::Pipelines => self.with(|desk| Ok(desk.pipelines())).and_then(whole),
            Route::Pipeline(id) => self.with(|desk| desk.pipeline(&id)).and_then(ok),
            Route::Stages(id) => self
                .with(|desk| Ok(desk.pipeline(&id)?.stages))
                .and_then(whole),
            Route::Stage(pipeline, id) => self.with(|desk| desk.stage(&pipeline, &id)).and_then(ok),
            Route::Owners => {
                let query = call.owners()?;
                self.with(|desk| desk.owners(&query)).and_then(ok)
            }
            Route::Owner(id) => {
                let (by_user, archived) =
                    (call.one("idProperty") == Some("userId"), call.archived()?);
                self.with(|desk| desk.owner(&id, by_user, archived))
                    .and_then(ok)
            }
            Route::Objects(_) | Route::Object(..) | Route::Batch(..) => {
                Err(Problem::method_not_allowed())
            }
        }
    }

    fn objects(&self, call: &Call, kind: Kind) -> Result<Reply, Problem> {
        match call.method {
            Method::GET => {
                let (page, view) = (call.page()?, call.view());
                self.with(|desk| desk.list(kind, &page, &view)).and_then(ok)
            }
            Method::POST => {
                let input: CreateInput = shapes::read(&call.body)?;
                self.with(|desk| desk.create(kind, &input, call.now))
                    .and_then(created)
            }
            _ => Err(Problem::method_not_allowed()),
        }
    }

    fn object(&self, call: &Call, kind: Kind, id: String) -> Result<Reply, Problem> {
        match call.method {
            Method::GET => {
                let (which, view) = (call.which(id)?, call.view());
                self.with(|desk| desk.read(kind, &which, &view))
                    .and_then(ok)
            }
            Method::PATCH => {
                let (which, patch) = (call.which(id)?, shapes::read::<PatchInput>(&call.body)?);
                let given = patch.properties.ok_or_else(shapes::no_properties)?;
                self.with(|desk| desk.update(kind, &which, &given, call.now))
                    .and_then(ok)
            }
            Method::DELETE => self
                .with(|desk| desk.delete(kind, &id, call.now))
                .map(|()| Reply::empty()),
            _ => Err(Problem::method_not_allowed()),
        }
    }

    fn batch(&self, call: &Call, kind: Kind, verb: Verb) -> Result<Reply, Problem> {
        if call.method != Method::POST {
            return Err(Problem::method_not_allowed());
        }
        match verb {
            Verb::Create => {
                let inputs: Vec<CreateInput> = shapes::inputs(&call.body)?;
                self.with(|desk| desk.create_batch(kind, &inputs, call.now))
                    .map(|out| batch_reply(201, &out))
            }
            Verb::Update => {
                let inputs: Vec<UpdateInput> = shapes::inputs(&call.body)?;
                self.with(|desk| desk.update_batch(kind, &inputs, call.now))
                    .map(|out| batch_reply(200, &out))
            }
            Verb::Read => {
                let (batch, ids) = ReadBatch::of(&call.body)?;
                let archived = call.archived()?;
                self.with(|desk| desk.read_batch(kind, &batch, &ids, archived, call.now))
                    .map(|out| batch_reply(200, &out))
            }
            Verb::Archive => {
                let inputs: Vec<Reference> = shapes::inputs(&call.body)?;
                self.with(|desk| desk.archive_batch(kind, &inputs, call.now))
                    .map(|()| Reply::empty())
            }
        }
    }

    /// Runs `work` with the desk. A panic in there has rolled its transaction
    /// back, so the desk can be used again.
    fn with<T>(&self, work: impl FnOnce(&mut Desk) -> Result<T, Problem>) -> Result<T, Problem> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut() {
            Some(held) => work(&mut held.desk),
            None => Err(Problem::closing()),
        }
    }
}

fn ok<T: Serialize>(body: T) -> Result<Reply, Problem> {
    Ok(Reply::json(200, &body))
}

fn created<T: Serialize>(body: T) -> Result<Reply, Problem> {
    Ok(Reply::json(201, &body))
}

fn whole<T: Serialize>(results: Vec<T>) -> Result<Reply, Problem> {
    ok(Results::whole(results))
}

fn batch_reply(status: u16, out: &BatchOut) -> Reply {
    Reply::json(out.status(status), out)
}

impl Route {
    /// The v3 paths of contract 0.1.
    fn of(segments: &[String]) -> Result<Route, Problem> {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["account-info", "v3", "details"] => Ok(Route::Account),
            ["crm", "v3", "properties", kind] => Ok(Route::Properties(Kind::named(kind)?)),
            ["crm", "v3", "properties", kind, "groups"] => Ok(Route::Groups(Kind::named(kind)?)),
            ["crm", "v3", "properties", kind, name] => {
                Ok(Route::Property(Kind::named(kind)?, (*name).to_owned()))
            }
            ["crm", "v3", "pipelines", kind, rest @ ..] => {
                Route::pipelines(Kind::named(kind)?, rest)
            }
            ["crm", "v3", "owners"] => Ok(Route::Owners),
            ["crm", "v3", "owners", id] => Ok(Route::Owner((*id).to_owned())),
            ["crm", "v3", "objects", kind] => Ok(Route::Objects(Kind::named(kind)?)),
            ["crm", "v3", "objects", kind, "batch", verb] => {
                Ok(Route::Batch(Kind::named(kind)?, Verb::named(verb)?))
            }
            ["crm", "v3", "objects", kind, id] => {
                Ok(Route::Object(Kind::named(kind)?, (*id).to_owned()))
            }
            _ => Err(Problem::not_found()),
        }
    }

    fn pipelines(kind: Kind, rest: &[&str]) -> Result<Route, Problem> {
        match (kind, rest) {
            (Kind::Ticket, []) => Ok(Route::Pipelines),
            (Kind::Ticket, [id]) => Ok(Route::Pipeline((*id).to_owned())),
            (Kind::Ticket, [id, "stages"]) => Ok(Route::Stages((*id).to_owned())),
            (Kind::Ticket, [pipeline, "stages", id]) => {
                Ok(Route::Stage((*pipeline).to_owned(), (*id).to_owned()))
            }
            _ => Err(Problem::not_found()),
        }
    }
}

impl Verb {
    fn named(name: &str) -> Result<Verb, Problem> {
        match name {
            "create" => Ok(Verb::Create),
            "read" => Ok(Verb::Read),
            "update" => Ok(Verb::Update),
            "archive" => Ok(Verb::Archive),
            _ => Err(Problem::not_found()),
        }
    }
}
