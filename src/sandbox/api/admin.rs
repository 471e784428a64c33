//! Calls on settings of an admin: limits of associations, rules for values.

use axum::http::Method;

use super::answer::{Portal, ok, whole};
use super::call::Call;
use super::problem::Problem;
use super::reply::Reply;
use super::route::{LimitVerb, Route};
use crate::sandbox::links::{BoundInput, BoundName};
use crate::sandbox::records::shapes;
use crate::sandbox::records::shapes::BatchOut;
use crate::sandbox::schema::kind::Kind;

impl Portal {
    pub(super) fn admin(&self, call: &Call, route: Route) -> Result<Reply, Problem> {
        match (&call.method, route) {
            (&Method::GET, Route::LinkLimits(ends)) => self
                .with(|state| Ok(state.link_bounds(ends)))
                .and_then(whole),
            (&Method::POST, Route::LinkLimitBatch(ends, verb)) => self.bounds(call, ends, verb),
            (&Method::GET, Route::ValueRules(kind)) => self
                .with(|state| Ok(state.value_rules(kind)))
                .and_then(whole),
            (&Method::GET, Route::ValueRulesOf(kind, name)) => self
                .with(|state| state.rules_of(kind, &name))
                .and_then(whole),
            (&Method::GET, Route::ValueRule(kind, name, rule)) => self
                .with(|state| state.rule_of(kind, &name, &rule))
                .and_then(ok),
            (&Method::PUT, Route::ValueRule(kind, name, rule)) => {
                let input = shapes::read(&call.body)?;
                self.with(|state| state.put_rule(kind, (&name, &rule), input))
                    .map(|()| Reply::empty())
            }
            _ => Err(Problem::method_not_allowed()),
        }
    }

    fn bounds(&self, call: &Call, ends: (Kind, Kind), verb: LimitVerb) -> Result<Reply, Problem> {
        if verb == LimitVerb::Purge {
            let names: Vec<BoundName> = self.inputs(call)?;
            return self
                .with(|state| state.purge_bounds(&names))
                .map(|()| Reply::empty());
        }
        let inputs: Vec<BoundInput> = self.inputs(call)?;
        let bounds = self.with(|state| state.put_bounds(ends, inputs))?;
        ok(BatchOut::new(bounds, Vec::new(), call.now.iso()))
    }
}
