//! Which path means what (C1 §0.1): the same resources under v3, v4 and the dated versions. Methods
//! are handled by the portal.

use super::problem::Problem;
use super::version::Version;
use crate::sandbox::files::FileRoute;
use crate::sandbox::schema::kind::Kind;

/// The paths that are served.
#[derive(Debug)]
pub(crate) enum Route {
    Account,
    Usage,
    Properties(Kind),
    Property(Kind, String),
    PropertyBatch(Kind, Verb),
    Groups(Kind),
    Group(Kind, String),
    Pipelines,
    Pipeline(String),
    Stages(String),
    Stage(String, String),
    PipelineAudit(String),
    StageAudit(String, String),
    Owners,
    Owner(String),
    Objects(Kind),
    Object(Kind, String),
    Batch(Kind, Verb),
    Search(Kind),
    /// As v1 and v2 show them; none for a kind of which the portal holds no records.
    OldProperties(Option<Kind>),
    /// Kinds of record that the account defined itself.
    Schemas,
    /// How many links an admin allows, from one kind to another or between any kinds.
    LinkLimits(Option<(Kind, Kind)>),
    /// Limits of links that are set or removed.
    LinkLimitBatch((Kind, Kind), LimitVerb),
    /// Rules that an admin made for values of properties.
    ValueRules(Kind),
    /// Those of a property.
    ValueRulesOf(Kind, String),
    /// That of a property and a type of rule.
    ValueRule(Kind, String, String),
    /// How many custom properties the account has of each kind, and may have.
    OwnProperties,
    Merge(Kind),
    /// gdpr-delete.
    Erase(Kind),
    /// Outside the API: the recycle bin's buttons.
    Bin(Kind, Button),
    /// The same for a property's definition.
    PropertyBack(Kind, String),
    Links((Kind, Kind), LinkRoute),
    Files(FileRoute),
}

/// The last segment of a batch path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Read,
    Update,
    Upsert,
    Archive,
}

/// What is done with limits of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitVerb {
    Create,
    Update,
    Purge,
}

/// What a person can do with records in the recycle bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Button {
    Restore,
    Purge,
}

/// Prefix of the paths outside the API.
pub(crate) const BESIDE: &str = "/_sandbox/";

/// Paths about associations from one kind to another.
#[derive(Debug)]
pub(crate) enum LinkRoute {
    /// All of one record.
    Of(String),
    /// Between two.
    Pair(String, String),
    DefaultPair(String, String),
    Batch(Verb),
    BatchDefault,
    BatchLabels,
    Labels,
    Label(u32),
    LegacyOf(String),
    LegacyPair(String, String, String),
    LegacyBatch(Verb),
}

impl LinkRoute {
    /// Whether it is one of v4's predecessors.
    pub(super) fn is_legacy(&self) -> bool {
        matches!(
            self,
            LinkRoute::LegacyOf(_) | LinkRoute::LegacyPair(..) | LinkRoute::LegacyBatch(_)
        )
    }
}

/// Kinds that HubSpot defines in every account, and that this portal does not hold.
const OTHERS: [&str; 8] = [
    "deal_split",
    "feedback_submission",
    "form",
    "goal_target",
    "lead",
    "line_item",
    "product",
    "quote",
];

impl Route {
    /// What the segments of a path mean, and in which version.
    pub(crate) fn of(segments: &[String]) -> Result<(Route, Version), Problem> {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let numbered = |route| Ok((route, Version::Numbered));
        match segments.as_slice() {
            ["account-info", version, rest @ ..] => Ok((account(rest)?, named(version)?)),
            ["files", version, rest @ ..] => {
                Ok((Route::Files(FileRoute::of(rest)?), named(version)?))
            }
            ["_signed", id] => numbered(Route::Files(FileRoute::Signed((*id).to_owned()))),
            ["crm-object-schemas", version, "schemas"] => Ok((Route::Schemas, named(version)?)),
            ["crm", "v3", "schemas"] => numbered(Route::Schemas),
            ["properties", "v1" | "v2", kind, "properties"] => numbered(old_properties(kind)?),
            ["companies", "v2", "properties"] => {
                numbered(Route::OldProperties(Some(Kind::Company)))
            }
            ["crm", "v4", "objects", rest @ ..] => match rest {
                [_, _, "associations", ..] => numbered(modern_single(rest)?),
                rest => numbered(objects(rest)?),
            },
            ["_sandbox", kind, "restore"] => {
                numbered(Route::Bin(Kind::named(kind)?, Button::Restore))
            }
            ["_sandbox", kind, "properties", name, "restore"] => {
                let name = (*name).to_owned();
                numbered(Route::PropertyBack(Kind::named(kind)?, name))
            }
            ["_sandbox", kind, "purge"] => numbered(Route::Bin(Kind::named(kind)?, Button::Purge)),
            ["crm", "v4", "associations", rest @ ..] | ["crm", "associations", "v4", rest @ ..] => {
                numbered(modern(rest)?)
            }
            ["crm", "v3", "associations", rest @ ..] => numbered(legacy(rest)?),
            ["crm", "v3", "objects", kind, id, "associations", rest @ ..] => {
                numbered(legacy_single(kind, id, rest)?)
            }
            ["crm", "v3", area, rest @ ..] => numbered(Route::crm(area, rest)?),
            ["crm", area, version, rest @ ..] => {
                let version = Version::dated(version).ok_or_else(Problem::not_found)?;
                let route = match (*area, rest) {
                    ("associations", rest) => modern(rest)?,
                    ("objects", [_, _, "associations", ..]) => modern_single(rest)?,
                    (area, rest) => Route::crm(area, rest)?,
                };
                Ok((route, version))
            }
            _ => Err(Problem::not_found()),
        }
    }

    fn crm(area: &str, rest: &[&str]) -> Result<Route, Problem> {
        match (area, rest) {
            ("objects", rest) => objects(rest),
            ("properties", rest) => properties(rest),
            ("pipelines", [kind, rest @ ..]) if Kind::named(kind)? == Kind::Ticket => {
                pipelines(rest)
            }
            ("property-validations", [kind, rest @ ..]) => value_rules(Kind::named(kind)?, rest),
            ("limits", ["custom-properties"]) => Ok(Route::OwnProperties),
            ("owners", []) => Ok(Route::Owners),
            ("owners", [id]) => Ok(Route::Owner((*id).to_owned())),
            _ => Err(Problem::not_found()),
        }
    }
}

/// Rules for values of a kind of record.
fn value_rules(kind: Kind, rest: &[&str]) -> Result<Route, Problem> {
    let text = |text: &str| text.to_owned();
    match rest {
        [] => Ok(Route::ValueRules(kind)),
        [name] => Ok(Route::ValueRulesOf(kind, text(name))),
        [name, "rule-type", rule] => Ok(Route::ValueRule(kind, text(name), text(rule))),
        _ => Err(Problem::not_found()),
    }
}

/// v3, or a dated version.
fn named(version: &str) -> Result<Version, Problem> {
    match version {
        "v3" => Ok(Version::Numbered),
        dated => Version::dated(dated).ok_or_else(Problem::not_found),
    }
}

/// Properties of any kind that HubSpot itself defines: programs list them all.
fn old_properties(kind: &str) -> Result<Route, Problem> {
    let singular = kind.strip_suffix('s').unwrap_or(kind);
    match Kind::known(kind) {
        Some(kind) => Ok(Route::OldProperties(Some(kind))),
        None if OTHERS.contains(&singular) => Ok(Route::OldProperties(None)),
        None => Err(Problem::unknown_type(kind)),
    }
}

fn account(rest: &[&str]) -> Result<Route, Problem> {
    match rest {
        ["details"] => Ok(Route::Account),
        ["api-usage", "daily"] | ["api-usage", "daily", "private-apps"] => Ok(Route::Usage),
        _ => Err(Problem::not_found()),
    }
}

fn objects(rest: &[&str]) -> Result<Route, Problem> {
    match rest {
        [kind] => Ok(Route::Objects(Kind::named(kind)?)),
        [kind, "search"] => Ok(Route::Search(Kind::named(kind)?)),
        [kind, "merge"] => Ok(Route::Merge(Kind::named(kind)?)),
        [kind, "gdpr-delete"] => Ok(Route::Erase(Kind::named(kind)?)),
        [kind, "batch", verb] => Ok(Route::Batch(Kind::named(kind)?, Verb::named(verb)?)),
        [kind, id] => Ok(Route::Object(Kind::named(kind)?, (*id).to_owned())),
        _ => Err(Problem::not_found()),
    }
}

fn properties(rest: &[&str]) -> Result<Route, Problem> {
    match rest {
        [kind] => Ok(Route::Properties(Kind::named(kind)?)),
        [kind, "groups"] => Ok(Route::Groups(Kind::named(kind)?)),
        [kind, "groups", name] => Ok(Route::Group(Kind::named(kind)?, (*name).to_owned())),
        [kind, "batch", verb] => Ok(Route::PropertyBatch(Kind::named(kind)?, Verb::named(verb)?)),
        [kind, name] => Ok(Route::Property(Kind::named(kind)?, (*name).to_owned())),
        _ => Err(Problem::not_found()),
    }
}

fn pipelines(rest: &[&str]) -> Result<Route, Problem> {
    match rest {
        [] => Ok(Route::Pipelines),
        [id] => Ok(Route::Pipeline((*id).to_owned())),
        [id, "audit"] => Ok(Route::PipelineAudit((*id).to_owned())),
        [pipeline, "stages", id, "audit"] => {
            Ok(Route::StageAudit((*pipeline).to_owned(), (*id).to_owned()))
        }
        [id, "stages"] => Ok(Route::Stages((*id).to_owned())),
        [pipeline, "stages", id] => Ok(Route::Stage((*pipeline).to_owned(), (*id).to_owned())),
        _ => Err(Problem::not_found()),
    }
}

/// Batches and labels, as v4 and the dated versions have them.
fn modern(rest: &[&str]) -> Result<Route, Problem> {
    if let ["definitions", "configurations", ends @ ..] = rest {
        return match ends {
            ["all"] => Ok(Route::LinkLimits(None)),
            [from, to] => {
                let ends = (Kind::named(from)?, Kind::named(to)?);
                Ok(Route::LinkLimits(Some(ends)))
            }
            [from, to, "batch", verb] => {
                let ends = (Kind::named(from)?, Kind::named(to)?);
                let verb = match *verb {
                    "create" => LimitVerb::Create,
                    "update" => LimitVerb::Update,
                    "purge" => LimitVerb::Purge,
                    _ => return Err(Problem::not_found()),
                };
                Ok(Route::LinkLimitBatch(ends, verb))
            }
            _ => Err(Problem::not_found()),
        };
    }
    let [from, to, rest @ ..] = rest else {
        return Err(Problem::not_found());
    };
    let route = match rest {
        ["batch", "associate", "default"] => LinkRoute::BatchDefault,
        ["batch", "labels", "archive"] => LinkRoute::BatchLabels,
        ["batch", verb] => LinkRoute::Batch(Verb::named(verb)?),
        ["labels"] => LinkRoute::Labels,
        ["labels", id] => LinkRoute::Label(id.parse().map_err(|_| Problem::not_found())?),
        _ => return Err(Problem::not_found()),
    };
    Ok(Route::Links((Kind::named(from)?, Kind::named(to)?), route))
}

fn modern_single(rest: &[&str]) -> Result<Route, Problem> {
    let text = |text: &str| text.to_owned();
    let (from, to, route) = match rest {
        [from, id, "associations", "default", to, to_id] => {
            (from, to, LinkRoute::DefaultPair(text(id), text(to_id)))
        }
        [from, id, "associations", to] => (from, to, LinkRoute::Of(text(id))),
        [from, id, "associations", to, to_id] => (from, to, LinkRoute::Pair(text(id), text(to_id))),
        _ => return Err(Problem::not_found()),
    };
    Ok(Route::Links((Kind::named(from)?, Kind::named(to)?), route))
}

fn legacy(rest: &[&str]) -> Result<Route, Problem> {
    let [from, to, "batch", verb] = rest else {
        return Err(Problem::not_found());
    };
    let route = LinkRoute::LegacyBatch(Verb::named(verb)?);
    Ok(Route::Links((Kind::named(from)?, Kind::named(to)?), route))
}

fn legacy_single(from: &str, id: &str, rest: &[&str]) -> Result<Route, Problem> {
    let text = |text: &str| text.to_owned();
    let (to, route) = match rest {
        [to] => (to, LinkRoute::LegacyOf(text(id))),
        [to, to_id, named] => (
            to,
            LinkRoute::LegacyPair(text(id), text(to_id), text(named)),
        ),
        _ => return Err(Problem::not_found()),
    };
    Ok(Route::Links((Kind::named(from)?, Kind::named(to)?), route))
}

impl Verb {
    fn named(name: &str) -> Result<Verb, Problem> {
        match name {
            "create" => Ok(Verb::Create),
            "read" => Ok(Verb::Read),
            "update" => Ok(Verb::Update),
            "upsert" => Ok(Verb::Upsert),
            "archive" => Ok(Verb::Archive),
            _ => Err(Problem::not_found()),
        }
    }
}
