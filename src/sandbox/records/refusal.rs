//! Why one record is not written, before it is known whether that fails a row or the whole call. It
//! is converted to the error forms of C1 §4.2 and §4.3.

use serde::Serialize;

use super::values::Fault;
use crate::sandbox::api::problem::{Context, Detail, Problem, RowProblem};
use crate::sandbox::links::Full;
use crate::sandbox::schema::kind::Kind;

/// One property value that is not accepted.
#[derive(Debug)]
pub(crate) struct Invalid {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) fault: Fault,
}

/// A property without which a ticket is refused, and the code for it.
#[derive(Debug)]
pub(crate) struct Demand {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
}

/// A unique value of an activity that another one has.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) kind: Kind,
    pub(crate) property: String,
    pub(crate) value: String,
    pub(crate) holder: i64,
    /// The record that was to have it; 0 for a new one.
    pub(crate) own: i64,
}

/// The reasons. A record can have several invalid values; the other reasons occur alone.
#[derive(Debug)]
pub(crate) enum Refusal {
    Invalid(Vec<Invalid>),
    /// Required properties that were not given.
    Missing(Kind, Vec<&'static str>),
    /// Properties that the admin of the portal requires (C1 §0.2).
    Demands(Vec<Demand>),
    /// Impossible associations: the context of C1 §4.3.
    Links(Context),
    /// More associations than an admin allows.
    Full(Full),
    /// Another record has the unique value, reported as a conflict.
    Conflict(Kind, i64),
    /// Another activity has the unique value, reported with its id.
    Taken(Taken),
    /// An activity that belongs to no record.
    Lone(Kind),
    /// The input has no `properties`.
    NoProperties,
    /// The state could not be used; not the row's fault.
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Refusal {
        Refusal::Store(error)
    }
}

/// An entry of the array inside the message of C1 §4.2.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Embedded<'a> {
    is_valid: bool,
    message: &'a str,
    error: &'a str,
    name: &'a str,
    localized_error_message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    property_value: Option<&'a str>,
    portal_id: i64,
}

impl Refusal {
    /// The error of a single call, or of a row.
    pub(crate) fn problem(self, portal_id: i64) -> Problem {
        match self {
            Refusal::Invalid(invalid) => invalid_values(&invalid, portal_id),
            Refusal::Missing(kind, names) => missing(kind, &names),
            Refusal::Demands(demands) => demanded(&demands),
            Refusal::Links(context) => {
                let mut problem = Problem::validation("One or more associations are invalid");
                problem.context = context;
                problem
            }
            Refusal::Full(full) => full.problem(),
            Refusal::Conflict(kind, existing) => Problem::conflict(format!(
                "{} already exists. Existing ID: {existing}",
                kind.capital()
            ))
            .with("existingId", vec![existing.to_string()]),
            Refusal::Taken(taken) => taken.problem(portal_id),
            Refusal::Lone(kind) => {
                Problem::validation(format!("A {} needs at least one association", kind.upper()))
            }
            Refusal::NoProperties => super::shapes::no_properties(),
            Refusal::Store(error) => error.into(),
        }
    }

    /// The error of a row of a 207. HubSpot's guide shows no `errors[]` in one whose message
    /// already holds the same.
    pub(crate) fn row(self, portal_id: i64, trace: Option<&str>) -> RowProblem {
        let embeds = matches!(self, Refusal::Invalid(_));
        let mut problem = self.problem(portal_id);
        if embeds {
            problem.errors.clear();
        }
        problem.into_row(trace)
    }

    /// The error of a batch that fails as a whole: every bad property of every bad row, without
    /// naming the row (C1 §2.6); else the first reason.
    pub(crate) fn whole(refusals: Vec<Refusal>, portal_id: i64) -> Problem {
        let mut all = Vec::new();
        let mut first = None;
        for refusal in refusals {
            match refusal {
                Refusal::Invalid(invalid) => all.extend(invalid),
                other => first = first.or(Some(other)),
            }
        }
        match first {
            _ if !all.is_empty() => invalid_values(&all, portal_id),
            Some(Refusal::Conflict(kind, _)) => {
                Problem::conflict(format!("{} already exists", kind.capital()))
            }
            Some(other) => other.problem(portal_id),
            None => invalid_values(&all, portal_id),
        }
    }
}

fn invalid_values(invalid: &[Invalid], portal_id: i64) -> Problem {
    let embedded: Vec<Embedded<'_>> = invalid.iter().map(|one| one.embedded(portal_id)).collect();
    let array = serde_json::to_string(&embedded).unwrap_or_default();
    let mut problem = Problem::validation(format!("Property values were not valid: {array}"));
    problem.errors = invalid.iter().map(Invalid::detail).collect();
    problem
}

impl Taken {
    fn problem(self, portal_id: i64) -> Problem {
        let message = format!(
            "Cannot set PropertyValueCoordinates{{portalId={portal_id}, objectTypeId=ObjectTypeId{{legacyObjectType={}}}, \
             propertyName={}, value={}}} on {}. {} already has that value.",
            self.kind.upper(),
            self.property,
            self.value,
            self.own,
            self.holder
        );
        let tokens = Context::from([
            ("objectTypeId", vec![self.kind.type_id().to_owned()]),
            ("propertyName", vec![self.property]),
            ("portalId", vec![portal_id.to_string()]),
            ("existingObjectId", vec![self.holder.to_string()]),
            ("conflictingValue", vec![self.value]),
            ("objectId", vec![self.own.to_string()]),
        ]);
        Problem::unique_value_conflict(message, tokens)
    }
}

impl Invalid {
    fn embedded(&self, portal_id: i64) -> Embedded<'_> {
        Embedded {
            is_valid: false,
            message: &self.fault.message,
            error: self.fault.code,
            name: &self.name,
            localized_error_message: &self.fault.message,
            property_value: self.value.as_deref(),
            portal_id,
        }
    }

    fn detail(&self) -> Detail {
        let context = Context::from([("propertyName", vec![self.name.clone()])]);
        Detail {
            message: self.fault.message.clone(),
            code: Some(self.fault.code),
            context,
        }
    }
}

fn missing(kind: Kind, names: &[&str]) -> Problem {
    let message = format!(
        "Error creating {}. Some required properties were not set.",
        kind.upper()
    );
    Problem::validation(message).with(
        "properties",
        names.iter().map(|name| (*name).to_owned()).collect(),
    )
}

fn demanded(demands: &[Demand]) -> Problem {
    let mut problem = Problem::validation("The property values provided are invalid");
    let detail = |demand: &Demand| Detail {
        message: format!("A value for {} must be provided", demand.name),
        code: Some(demand.code),
        context: Context::from([("propertyName", vec![demand.name.to_owned()])]),
    };
    problem.errors = demands.iter().map(detail).collect();
    problem
}
