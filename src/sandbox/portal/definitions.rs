//! Calls on properties, groups, pipelines and stages (contract 6 and 7.1).

use axum::http::Method;
use serde::Deserialize;

use super::answer::{Portal, batch_reply, created, ok, whole};
use crate::sandbox::call::Call;
use crate::sandbox::kind::Kind;
use crate::sandbox::problem::Problem;
use crate::sandbox::properties::{group_of, property_from, property_of};
use crate::sandbox::reply::Reply;
use crate::sandbox::route::{Route, Verb};
use crate::sandbox::schema::Property;
use crate::sandbox::shapes::{self, Text};
use crate::sandbox::version::Version;

/// A property by its name.
#[derive(Debug, Deserialize)]
struct Named {
    name: Text,
}

/// The part of a property batch read that is not its inputs.
#[derive(Debug, Deserialize)]
struct ReadProperties {
    #[serde(default)]
    archived: bool,
}

impl Portal {
    pub(super) fn definitions(
        &self,
        call: &Call,
        route: Route,
        version: Version,
    ) -> Result<Reply, Problem> {
        match (&call.method, route) {
            (&Method::GET, Route::Properties(kind)) => {
                let archived = call.archived()?;
                self.with(|desk| Ok(desk.properties(kind, archived)))
                    .and_then(whole)
            }
            (&Method::POST, Route::Properties(kind)) => {
                let property = property_of(&call.body, call.now)?;
                self.with(|desk| desk.create_property(kind, property))
                    .and_then(created)
            }
            (_, Route::Property(kind, name)) => self.property(call, kind, &name),
            (&Method::POST, Route::PropertyBatch(kind, verb)) => {
                self.property_batch(call, kind, verb, version)
            }
            (&Method::GET, Route::Groups(kind)) => {
                self.with(|desk| Ok(desk.groups(kind))).and_then(whole)
            }
            (&Method::POST, Route::Groups(kind)) => {
                let group = group_of(&call.body)?;
                self.with(|desk| desk.create_group(kind, group))
                    .and_then(created)
            }
            (_, Route::Group(kind, name)) => self.group(call, kind, &name),
            _ => Err(Problem::method_not_allowed()),
        }
    }

    fn property(&self, call: &Call, kind: Kind, name: &str) -> Result<Reply, Problem> {
        match call.method {
            Method::GET => {
                let archived = call.archived()?;
                self.with(|desk| desk.property(kind, name, archived))
                    .and_then(ok)
            }
            Method::PATCH => {
                let patch = shapes::read(&call.body)?;
                self.with(|desk| desk.update_property(kind, name, patch, call.now))
                    .and_then(ok)
            }
            Method::DELETE => self
                .with(|desk| desk.archive_property(kind, name, call.now))
                .map(|()| Reply::empty()),
            _ => Err(Problem::method_not_allowed()),
        }
    }

    fn property_batch(
        &self,
        call: &Call,
        kind: Kind,
        verb: Verb,
        version: Version,
    ) -> Result<Reply, Problem> {
        let names = || -> Result<Vec<String>, Problem> {
            let named: Vec<Named> = self.inputs(call)?;
            Ok(named.into_iter().map(|named| named.name.0).collect())
        };
        match verb {
            Verb::Create => {
                let inputs = self.inputs(call)?.into_iter();
                let properties: Vec<Property> = inputs
                    .map(|input| property_from(input, &call.body, call.now))
                    .collect::<Result<_, _>>()?;
                self.with(|desk| Ok(desk.create_properties(kind, properties, call.now)))
                    .map(|out| batch_reply(201, version, &out))
            }
            Verb::Read => {
                let read: ReadProperties = shapes::read(&call.body)?;
                let names = names()?;
                self.with(|desk| Ok(desk.read_properties(kind, &names, read.archived, call.now)))
                    .map(|out| batch_reply(200, version, &out))
            }
            Verb::Archive => {
                let names = names()?;
                self.with(|desk| {
                    desk.archive_properties(kind, &names, call.now);
                    Ok(Reply::empty())
                })
            }
            Verb::Update | Verb::Upsert => Err(Problem::not_found()),
        }
    }

    fn group(&self, call: &Call, kind: Kind, name: &str) -> Result<Reply, Problem> {
        match call.method {
            Method::GET => self.with(|desk| desk.group(kind, name)).and_then(ok),
            Method::PATCH => {
                let patch = shapes::read(&call.body)?;
                self.with(|desk| desk.update_group(kind, name, patch))
                    .and_then(ok)
            }
            Method::DELETE => self
                .with(|desk| desk.delete_group(kind, name))
                .map(|()| Reply::empty()),
            _ => Err(Problem::method_not_allowed()),
        }
    }

    pub(super) fn pipelines(&self, call: &Call, route: Route) -> Result<Reply, Problem> {
        let now = call.now;
        match (&call.method, route) {
            (&Method::GET, Route::Pipelines) => {
                self.with(|desk| Ok(desk.pipelines())).and_then(whole)
            }
            (&Method::POST, Route::Pipelines) => {
                let input = shapes::read(&call.body)?;
                self.with(|desk| desk.create_pipeline(input, now))
                    .and_then(created)
            }
            (&Method::GET, Route::Pipeline(id)) => {
                self.with(|desk| desk.pipeline(&id)).and_then(ok)
            }
            (&Method::PATCH, Route::Pipeline(id)) => {
                let change = shapes::read(&call.body)?;
                self.with(|desk| desk.update_pipeline(&id, change, now))
                    .and_then(ok)
            }
            (&Method::GET, Route::Stages(id)) => self
                .with(|desk| Ok(desk.pipeline(&id)?.stages))
                .and_then(whole),
            (&Method::POST, Route::Stages(id)) => {
                let input = shapes::read(&call.body)?;
                self.with(|desk| desk.create_stage(&id, input, now))
                    .and_then(created)
            }
            (&Method::GET, Route::Stage(pipeline, id)) => {
                self.with(|desk| desk.stage(&pipeline, &id)).and_then(ok)
            }
            (&Method::PATCH, Route::Stage(pipeline, id)) => {
                let change = shapes::read(&call.body)?;
                self.with(|desk| desk.update_stage(&pipeline, &id, change, now))
                    .and_then(ok)
            }
            _ => Err(Problem::method_not_allowed()),
        }
    }
}
