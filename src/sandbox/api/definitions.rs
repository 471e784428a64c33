//! Calls on properties, groups, pipelines and stages (C1 §6 and §7.1).

use axum::http::Method;
use serde::Deserialize;

use super::answer::{Portal, batch_reply, created, ok, whole};
use super::call::Call;
use super::problem::Problem;
use super::reply::Reply;
use super::route::{Route, Verb};
use super::version::{Area, Version};
use crate::sandbox::records::shapes;
use crate::sandbox::records::shapes::Text;
use crate::sandbox::schema::Property;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::schema::properties::{group_of, property_from, property_of};

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
                self.with(|state| Ok(state.properties(kind, archived)))
                    .and_then(whole)
            }
            (&Method::POST, Route::Properties(kind)) => {
                let property = property_of(&call.body, call.now)?;
                self.with(|state| state.create_property(kind, property))
                    .and_then(created)
            }
            (_, Route::Property(kind, name)) => self.property(call, kind, &name),
            (&Method::POST, Route::PropertyBatch(kind, verb)) => {
                self.property_batch(call, kind, verb, version)
            }
            (&Method::GET, Route::Groups(kind)) => {
                self.with(|state| Ok(state.groups(kind))).and_then(whole)
            }
            (&Method::POST, Route::Groups(kind)) => {
                let group = group_of(&call.body)?;
                self.with(|state| state.create_group(kind, group))
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
                self.with(|state| state.property(kind, name, archived))
                    .and_then(ok)
            }
            Method::PATCH => {
                let patch = shapes::read(&call.body)?;
                self.with(|state| state.update_property(kind, name, patch, call.now))
                    .and_then(ok)
            }
            Method::DELETE => self
                .with(|state| state.archive_property(kind, name, call.now))
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
        let area = (version, Area::Properties);
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
                self.with(|state| Ok(state.create_properties(kind, properties, call.now)))
                    .map(|out| batch_reply(version.created(area.1), area, &out))
            }
            Verb::Read => {
                let read: ReadProperties = shapes::read(&call.body)?;
                let names = names()?;
                self.with(|state| Ok(state.read_properties(kind, &names, read.archived, call.now)))
                    .map(|out| batch_reply(200, area, &out))
            }
            Verb::Archive => {
                let names = names()?;
                self.with(|state| {
                    state.archive_properties(kind, &names, call.now);
                    Ok(Reply::empty())
                })
            }
            Verb::Update | Verb::Upsert => Err(Problem::not_found()),
        }
    }

    fn group(&self, call: &Call, kind: Kind, name: &str) -> Result<Reply, Problem> {
        match call.method {
            Method::GET => self.with(|state| state.group(kind, name)).and_then(ok),
            Method::PATCH => {
                let patch = shapes::read(&call.body)?;
                self.with(|state| state.update_group(kind, name, patch))
                    .and_then(ok)
            }
            Method::DELETE => self
                .with(|state| state.delete_group(kind, name))
                .map(|()| Reply::empty()),
            _ => Err(Problem::method_not_allowed()),
        }
    }

    pub(super) fn pipelines(&self, call: &Call, route: Route) -> Result<Reply, Problem> {
        match (&call.method, route) {
            (&Method::GET, Route::Pipelines) => {
                self.with(|state| Ok(state.pipelines())).and_then(whole)
            }
            (&Method::POST, Route::Pipelines) => {
                let input = shapes::read(&call.body)?;
                self.with(|state| state.create_pipeline(input, call.now))
                    .and_then(created)
            }
            (&Method::GET, Route::PipelineAudit(id)) => {
                self.with(|state| state.pipeline_audit(&id)).and_then(whole)
            }
            (&Method::GET, Route::StageAudit(pipeline, id)) => self
                .with(|state| state.stage_audit(&pipeline, &id))
                .and_then(whole),
            (&Method::GET, Route::Stages(id)) => self
                .with(|state| Ok(state.pipeline(&id)?.stages))
                .and_then(whole),
            (&Method::POST, Route::Stages(id)) => {
                let input = shapes::read(&call.body)?;
                self.with(|state| state.create_stage(&id, input, call.now))
                    .and_then(created)
            }
            (_, Route::Pipeline(id)) => self.pipeline(call, &id),
            (_, Route::Stage(pipeline, id)) => self.stage(call, &pipeline, &id),
            _ => Err(Problem::method_not_allowed()),
        }
    }

    fn pipeline(&self, call: &Call, id: &str) -> Result<Reply, Problem> {
        match call.method {
            Method::GET => self.with(|state| state.pipeline(id)).and_then(ok),
            Method::PATCH => {
                let change = shapes::read(&call.body)?;
                self.with(|state| state.update_pipeline(id, change, call.now))
                    .and_then(ok)
            }
            Method::PUT => {
                let input = shapes::read(&call.body)?;
                self.with(|state| state.replace_pipeline(id, input, call.now))
                    .and_then(ok)
            }
            Method::DELETE => self
                .with(|state| state.delete_pipeline(id))
                .map(|()| Reply::empty()),
            _ => Err(Problem::method_not_allowed()),
        }
    }

    fn stage(&self, call: &Call, pipeline: &str, id: &str) -> Result<Reply, Problem> {
        match call.method {
            Method::GET => self.with(|state| state.stage(pipeline, id)).and_then(ok),
            Method::PATCH => {
                let change = shapes::read(&call.body)?;
                self.with(|state| state.update_stage(pipeline, id, change, call.now))
                    .and_then(ok)
            }
            Method::PUT => {
                let input = shapes::read(&call.body)?;
                self.with(|state| state.replace_stage(pipeline, id, input, call.now))
                    .and_then(ok)
            }
            Method::DELETE => self
                .with(|state| state.delete_stage(pipeline, id))
                .map(|()| Reply::empty()),
            _ => Err(Problem::method_not_allowed()),
        }
    }
}
