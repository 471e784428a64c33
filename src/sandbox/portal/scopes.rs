//! The scopes that calls need (contract 1.1), for a token that lacks some (the switch
//! `missing_scopes`). Without that switch every token has all of them.

use axum::http::Method;

use crate::sandbox::call::Call;
use crate::sandbox::free_values::Names;
use crate::sandbox::kind::Kind;
use crate::sandbox::links::End;
use crate::sandbox::problem::Problem;
use crate::sandbox::route::{LinkRoute, Route, Verb};

/// Scopes of which one is enough.
type AnyOf = Vec<String>;

/// Refuses a call for which the token has no scope.
pub(super) fn check(call: &Call, route: &Route, missing: &Names) -> Result<(), Problem> {
    if missing.0.is_empty() {
        return Ok(());
    }
    let lacks = |needed: &&AnyOf| needed.iter().all(|scope| missing.0.contains(scope));
    match needs(&call.method, route).iter().find(lacks) {
        Some(needed) => Err(Problem::missing_scopes(needed)),
        None => Ok(()),
    }
}

/// What a call needs: one scope of each list.
fn needs(method: &Method, route: &Route) -> Vec<AnyOf> {
    let access = match *method == Method::GET || only_reads(route) {
        true => "read",
        false => "write",
    };
    match route {
        Route::Objects(kind)
        | Route::Object(kind, _)
        | Route::Batch(kind, _)
        | Route::Search(kind)
        | Route::Merge(kind)
        | Route::Erase(kind) => vec![records(*kind, access)],
        Route::Properties(kind)
        | Route::Property(kind, _)
        | Route::PropertyBatch(kind, _)
        | Route::Groups(kind)
        | Route::Group(kind, _)
        | Route::OldProperties(Some(kind)) => vec![definitions(*kind, access)],
        Route::Pipelines
        | Route::Pipeline(_)
        | Route::PipelineAudit(_)
        | Route::Stages(_)
        | Route::Stage(..)
        | Route::StageAudit(..) => vec![definitions(Kind::Ticket, access)],
        Route::Links((from, to), _) => [from, to].map(|end| linked(*end, access)).into(),
        Route::Owners | Route::Owner(_) => vec![vec!["crm.objects.owners.read".to_owned()]],
        // Granted to every private app without asking, or no call of the API.
        Route::Bin(..)
        | Route::Account
        | Route::Usage
        | Route::Schemas
        | Route::OldProperties(None) => Vec::new(),
    }
}

/// Whether a call that is no GET only reads.
fn only_reads(route: &Route) -> bool {
    matches!(
        route,
        Route::Search(_)
            | Route::Batch(_, Verb::Read)
            | Route::PropertyBatch(_, Verb::Read)
            | Route::Links(
                _,
                LinkRoute::Batch(Verb::Read) | LinkRoute::LegacyBatch(Verb::Read)
            )
    )
}

fn records(kind: Kind, access: &str) -> AnyOf {
    match kind {
        Kind::Ticket => vec![
            format!("crm.objects.tickets.{access}"),
            "tickets".to_owned(),
        ],
        // Activities are guarded by the scopes of contacts.
        Kind::Note => records(Kind::Contact, access),
        kind => vec![format!("crm.objects.{}.{access}", kind.plural())],
    }
}

/// Whoever may read records may read their definitions too.
fn definitions(kind: Kind, access: &str) -> AnyOf {
    let shelf = if kind == Kind::Note {
        Kind::Contact
    } else {
        kind
    };
    let mut any = vec![format!("crm.schemas.{}.{access}", shelf.plural())];
    match (kind, access) {
        (kind, "read") => any.extend(records(kind, access)),
        (Kind::Ticket, _) => any.push("tickets".to_owned()),
        _ => {}
    }
    any
}

fn linked(end: End, access: &str) -> AnyOf {
    records(end.kind().unwrap_or(Kind::Note), access)
}
