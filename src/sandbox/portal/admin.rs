//! Calls on what an admin sets: limits of associations, rules for values.

use axum::http::Method;

use super::answer::{Portal, ok, whole};
use crate::sandbox::call::Call;
use crate::sandbox::kind::Kind;
use crate::sandbox::links::{BoundInput, BoundName};
use crate::sandbox::problem::Problem;
use crate::sandbox::reply::Reply;
use crate::sandbox::route::{LimitVerb, Route};
use crate::sandbox::shapes::{self, BatchOut};

impl Portal {
    pub(super) fn admin(&self, call: &Call, route: Route) -> Result<Reply, Problem> {
        match (&call.method, route) {
            (&Method::GET, Route::LinkLimits(ends)) => {
                self.with(|desk| Ok(desk.link_bounds(ends))).and_then(whole)
            }
            (&Method::POST, Route::LinkLimitBatch(ends, verb)) => self.bounds(call, ends, verb),
            (&Method::GET, Route::ValueRules(kind)) => {
                self.with(|desk| Ok(desk.value_rules(kind))).and_then(whole)
            }
            (&Method::GET, Route::ValueRulesOf(kind, name)) => {
                self.with(|desk| desk.rules_of(kind, &name)).and_then(whole)
            }
            (&Method::GET, Route::ValueRule(kind, name, rule)) => self
                .with(|desk| desk.rule_of(kind, &name, &rule))
                .and_then(ok),
            (&Method::PUT, Route::ValueRule(kind, name, rule)) => {
                let input = shapes::read(&call.body)?;
                self.with(|desk| desk.put_rule(kind, (&name, &rule), input))
                    .map(|()| Reply::empty())
            }
            _ => Err(Problem::method_not_allowed()),
        }
    }

    fn bounds(&self, call: &Call, ends: (Kind, Kind), verb: LimitVerb) -> Result<Reply, Problem> {
        if verb == LimitVerb::Purge {
            let names: Vec<BoundName> = self.inputs(call)?;
            return self
                .with(|desk| desk.purge_bounds(&names))
                .map(|()| Reply::empty());
        }
        let inputs: Vec<BoundInput> = self.inputs(call)?;
        let bounds = self.with(|desk| desk.put_bounds(ends, inputs))?;
        ok(BatchOut::new(bounds, Vec::new(), call.now.iso()))
    }
}
