//! The scopes that calls need (C1 §1.1), for a token that lacks some (the switch
//! `missing_scopes`). Without that switch every token has all of them.

use axum::http::Method;

use super::call::Call;
use super::problem::Problem;
use super::route::{LinkRoute, Route, Verb};
use crate::sandbox::files::FileRoute;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::switches::{ActivityScopes, Switches};

/// Scopes of which one is enough.
type AnyOf = Vec<String>;

/// Refuses a call for which the token has no scope.
pub(super) fn check(call: &Call, route: &Route, switches: &Switches) -> Result<(), Problem> {
    let missing = &switches.missing_scopes;
    if missing.0.is_empty() {
        return Ok(());
    }
    let lacks = |needed: &&AnyOf| needed.iter().all(|scope| missing.0.contains(scope));
    match needs(&call.method, route, switches.activity_scopes)
        .iter()
        .find(lacks)
    {
        Some(needed) => Err(Problem::missing_scopes(needed)),
        None => Ok(()),
    }
}

/// What a call needs: one scope of each list.
fn needs(method: &Method, route: &Route, guard: ActivityScopes) -> Vec<AnyOf> {
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
        | Route::Erase(kind) => reaching(*kind, access, guard),
        Route::Properties(kind)
        | Route::Property(kind, _)
        | Route::PropertyBatch(kind, _)
        | Route::Groups(kind)
        | Route::Group(kind, _)
        | Route::OldProperties(Some(kind)) => vec![definitions(*kind, access, guard)],
        Route::Pipelines
        | Route::Pipeline(_)
        | Route::PipelineAudit(_)
        | Route::Stages(_)
        | Route::Stage(..)
        | Route::StageAudit(..) => vec![definitions(Kind::Ticket, access, guard)],
        Route::Links((from, to), _) => [from, to].map(|end| records(*end, access, guard)).into(),
        Route::Files(route) => files(method, route, access),
        Route::Owners | Route::Owner(_) => vec![vec!["crm.objects.owners.read".to_owned()]],
        Route::Schemas => vec![vec!["crm.schemas.custom.read".to_owned()]],
        // Granted to every private app without asking, or not a call of the API.
        Route::Bin(..)
        | Route::PropertyBack(..)
        | Route::Account
        | Route::Usage
        | Route::LinkLimits(_)
        | Route::LinkLimitBatch(..)
        | Route::ValueRules(_)
        | Route::ValueRulesOf(..)
        | Route::ValueRule(..)
        | Route::OwnProperties
        | Route::OldProperties(None) => Vec::new(),
    }
}

/// Calls on files; deleting needs another scope in addition (C2 §2.4).
fn files(method: &Method, route: &FileRoute, access: &str) -> Vec<AnyOf> {
    let named = |last: &str| format!("files.{last}");
    let mut any = vec![
        "files".to_owned(),
        named(access),
        format!("files.ui_hidden.{access}"),
    ];
    match (route, method) {
        (FileRoute::Signed(_), _) => return Vec::new(),
        (_, &Method::DELETE) => any.push(named("delete")),
        _ => {}
    }
    vec![any]
}

/// Whether a call other than a GET only reads.
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

/// E-mails need one more scope than other activities.
fn reaching(kind: Kind, access: &str, guard: ActivityScopes) -> Vec<AnyOf> {
    let mut needed = vec![records(kind, access, guard)];
    if kind == Kind::Email {
        needed.push(vec!["sales-email-read".to_owned()]);
    }
    needed
}

fn records(kind: Kind, access: &str, guard: ActivityScopes) -> AnyOf {
    let named = |kind: Kind| format!("crm.objects.{}.{access}", kind.scope());
    match kind {
        Kind::Ticket => vec![
            format!("crm.objects.tickets.{access}"),
            "tickets".to_owned(),
        ],
        kind if kind.is_activity() => match guard {
            ActivityScopes::Contacts => vec![named(Kind::Contact)],
            ActivityScopes::Own => vec![named(kind)],
            ActivityScopes::Either => vec![named(Kind::Contact), named(kind)],
        },
        kind => vec![named(kind)],
    }
}

/// Whoever may read records may read their definitions too.
fn definitions(kind: Kind, access: &str, guard: ActivityScopes) -> AnyOf {
    let shelf = if kind.is_activity() {
        Kind::Contact
    } else {
        kind
    };
    let mut any = vec![format!("crm.schemas.{}.{access}", shelf.scope())];
    match (kind, access) {
        (kind, "read") => any.extend(records(kind, access, guard)),
        (Kind::Ticket, _) => any.push("tickets".to_owned()),
        _ => {}
    }
    any
}
