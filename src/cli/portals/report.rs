//! What `portal check` found, for people and as JSON.

use serde_json::{Value, json};

use super::needs::{self, Lack};
use crate::cli::portal_facts::{PortalFacts, Witness};
use crate::cli::schema::PortalCopy;
use crate::hubspot::{Account, DailyUsage, Facts, LinkLimit, LinkType, UNKNOWNS, Way};
use crate::model::count::{count, counted};
use crate::report::age_words;

/// Maximum width of a line of names.
const SCREEN: usize = 96;

/// What there is to report.
pub struct Report<'a> {
    /// The portal's account.
    pub account: &'a Account,
    /// What is kept.
    pub known: &'a PortalFacts,
    /// What the portal says about token and limits.
    pub facts: &'a Facts,
    /// What it defines.
    pub copy: &'a PortalCopy,
    /// Today's calls.
    pub usage: Option<&'a DailyUsage>,
}

impl Report<'_> {
    /// All of it, a line for each thing.
    pub fn text(&self) -> String {
        let mut lines = vec![
            line("account", &self.account_words()),
            line("versions", &self.version_words()),
            line("calls", &self.call_words()),
            line("scopes", &scope_words(self.known)),
        ];
        let lacking = self.known.scopes.as_deref().map(needs::lacking);
        for lack in lacking.iter().flatten() {
            lines.push(line("", &lack.words()));
        }
        lines.push(line("properties", &self.property_words()));
        lines.push(line("pipelines", &self.pipeline_words()));
        lines.push(line("owners", &self.owner_words()));
        lines.push(line("links", &self.link_words()));
        lines.push(line("rules", &self.rule_words()));
        lines.push(String::new());
        lines.push(found_text(self.known));
        lines.join("\n")
    }

    fn account_words(&self) -> String {
        let Account {
            portal_id,
            ui_domain,
            time_zone,
            ..
        } = self.account;
        let kind = self.account.kind();
        format!("portal {portal_id}, {kind}, {ui_domain}, zone {time_zone}")
    }

    fn version_words(&self) -> String {
        let found = self.known.found();
        let ended = found.get("ended_versions").map_or("none", String::as_str);
        let ended: Vec<&str> = ended.split(',').filter(|one| *one != "none").collect();
        let are = if ended.len() == 1 { "is" } else { "are" };
        let gone = format!("{} {are} not there", ended.join(", "));
        let has = |version| !ended.contains(&version);
        match (has("2026-09"), has("v3"), has("v4")) {
            _ if ended.is_empty() => "2026-09 and v3 both answer".to_owned(),
            (false, false, _) => gone,
            (true, false, _) => format!("{gone}; --api 2026-09 is what answers"),
            (false, true, _) => format!("{gone}; --api v3 is what answers"),
            (true, true, false) => {
                format!("2026-09 and v3 both answer; {gone}, so --api v3 has no links")
            }
            (true, true, true) => {
                format!("2026-09 and v3 both answer; {gone}, which no command needs")
            }
        }
    }

    fn call_words(&self) -> String {
        let burst = self.copy.burst.map(|rate| rate.to_string());
        let burst = burst.unwrap_or_else(|| "the portal announces no limit".to_owned());
        match self.usage {
            Some(usage) => format!(
                "{burst}; {} of {} used today",
                count(usage.used),
                count(usage.limit)
            ),
            None => format!("{burst}; the portal does not say how many a day"),
        }
    }

    fn property_words(&self) -> String {
        let properties = counted(self.copy.schema.tickets.len() as u64, "ticket property");
        let archived = count(self.copy.archived.len() as u64);
        let own = match self.facts.own_properties {
            Some((used, most)) => {
                format!("; {} of {} of the account's own", count(used), count(most))
            }
            None => String::new(),
        };
        format!("{properties}, {archived} archived{own}")
    }

    fn pipeline_words(&self) -> String {
        let pipelines = self.copy.schema.pipelines.iter();
        let pipelines = pipelines.map(|pipeline| {
            let stages = counted(pipeline.stages.len() as u64, "stage");
            format!("{} ({stages})", pipeline.label)
        });
        pipelines.collect::<Vec<_>>().join(", ")
    }

    fn owner_words(&self) -> String {
        if self.copy.left_out.owners {
            return "the token may not read them".to_owned();
        }
        let owners = &self.copy.schema.owners;
        let gone = owners.iter().filter(|owner| owner.archived).count();
        format!(
            "{}, {} of them deactivated",
            count(owners.len() as u64),
            count(gone as u64)
        )
    }

    fn link_words(&self) -> String {
        let labels = self.copy.links.iter();
        let labels: Vec<&str> = labels
            .filter_map(|(_, link)| link.label.as_deref())
            .collect();
        let labels = match labels.as_slice() {
            [] => "no labels".to_owned(),
            labels => format!("labels {}", labels.join(", ")),
        };
        let limits: Vec<String> = self
            .copy
            .link_limits
            .iter()
            .map(|limit| self.limit_words(limit))
            .collect();
        let limits = match limits.as_slice() {
            _ if self.copy.left_out.link_limits => "their limits can't be found out".to_owned(),
            [] => "no limit set by an admin".to_owned(),
            limits => limits.join(", "),
        };
        format!("{labels}; {limits}")
    }

    /// How many links a record may have, with the kind if it is one from tickets.
    fn limit_words(&self, limit: &LinkLimit) -> String {
        let mut links = self.copy.links.iter();
        let known =
            links.find(|(_, link)| (link.id, &link.category) == (limit.type_id, &limit.category));
        let most = count(limit.most);
        match known {
            Some((
                to,
                LinkType {
                    label: Some(label), ..
                },
            )) => {
                format!("at most {most} {} labelled {label} a ticket", to.plural())
            }
            Some((to, _)) => format!("at most {most} {} a ticket", to.plural()),
            None => format!("at most {most} of type {}", limit.type_id),
        }
    }

    fn rule_words(&self) -> String {
        let rules = self.known.rules.iter();
        let rules = rules.map(|(name, rules)| format!("{name} ({})", rules.join("; ")));
        let rules: Vec<String> = rules.collect();
        match rules.as_slice() {
            _ if self.copy.left_out.rules => {
                "whether values have rules can't be found out".to_owned()
            }
            [] => "no property has rules for its values".to_owned(),
            rules => rules.join(", "),
        }
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let lacking = self.known.scopes.as_deref().map(needs::lacking);
        let lacking: Vec<Value> = lacking.iter().flatten().map(Lack::json).collect();
        let mut found = known_json(self.known);
        found["account"] = json!({
            "type": self.account.account_type,
            "time_zone": self.account.time_zone,
        });
        found["lacking_scopes"] = json!(lacking);
        found["calls"] = json!({
            "burst": self.copy.burst.map(|rate| rate.to_string()),
            "used_today": self.usage.map(|usage| usage.used),
            "a_day": self.usage.map(|usage| usage.limit),
        });
        found["ticket_properties"] = json!(self.copy.schema.tickets.len());
        found["pipelines"] = json!(self.copy.schema.pipelines.len());
        found["owners"] = json!(self.copy.schema.owners.len());
        found["not_found"] = json!(
            not_found(self.known)
                .into_iter()
                .map(|(name, why)| json!({"name": name, "why": why}))
                .collect::<Vec<_>>()
        );
        found
    }
}

fn line(head: &str, words: &str) -> String {
    format!("{head:<11} {words}")
}

fn scope_words(known: &PortalFacts) -> String {
    match &known.scopes {
        None => "can't be found out; a call that lacks one says which".to_owned(),
        Some(scopes) => match needs::lacking(scopes).is_empty() {
            true => "all that any command needs".to_owned(),
            false => format!(
                "{}; what they do not allow:",
                counted(scopes.len() as u64, "scope")
            ),
        },
    }
}

/// What was found out about what HubSpot does not document, and what was not.
pub fn found_text(known: &PortalFacts) -> String {
    let is_unknown = |name: &&String| UNKNOWNS.iter().any(|one| one.name == **name);
    let probed = match known.probed {
        Some(at) => format!(", with a ticket {}", age_words(at)),
        None => String::new(),
    };
    let checked = known.checked.map(age_words);
    let mut lines = vec![format!(
        "of {} things that HubSpot does not document, {} were found out, {}{probed}:",
        UNKNOWNS.len(),
        known.facts.keys().filter(is_unknown).count(),
        checked.unwrap_or_else(|| "by runs; `tickethaul portal check` looks at all".to_owned()),
    )];
    for (name, fact) in &known.facts {
        // What this check itself has shown needs no further note.
        let source = match &fact.by {
            Witness::Reading | Witness::Probe if Some(fact.at) == known.checked => String::new(),
            _ => format!("  ({})", fact.source()),
        };
        let line = format!("  {name:<30} {value}{source}", value = fact.value);
        lines.push(line);
    }
    let mut left: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, why) in not_found(known) {
        match left.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => left.push((why, vec![name])),
        }
    }
    if !left.is_empty() {
        lines.push("not found out:".to_owned());
    }
    for (why, names) in left {
        lines.push(format!("  {why}:"));
        lines.extend(wrapped(&names));
    }
    lines.join("\n")
}

/// Names separated by commas, in lines that fit a screen.
fn wrapped(names: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let comma = if place + 1 < names.len() { "," } else { "" };
        match lines.last_mut() {
            Some(line) if line.len() + name.len() < SCREEN => {
                line.push_str(&format!(" {name}{comma}"));
            }
            _ => lines.push(format!("    {name}{comma}")),
        }
    }
    lines
}

/// What was not found out, and why.
fn not_found(known: &PortalFacts) -> Vec<(&'static str, &'static str)> {
    let open = UNKNOWNS
        .iter()
        .filter(|one| !known.facts.contains_key(one.name));
    let why = |way: Way| match way {
        Way::Read => "the portal holds nothing that shows it",
        Way::Write if known.probed.is_some() => "the ticket did not show it",
        Way::Write => "--write-probe finds it out",
        Way::Neither(why) => why,
    };
    open.map(|one| (one.name, why(one.way))).collect()
}

/// The unknowns of a portal as JSON, for `portal show`.
pub fn known_json(known: &PortalFacts) -> serde_json::Value {
    json!({
        "portal": known.portal,
        "checked": known.checked.map(|at| at.to_string()),
        "probed": known.probed.map(|at| at.to_string()),
        "scopes": known.scopes,
        "found": known.found(),
        "facts": known.facts,
        "association_limits": known.link_limits,
        "rules": known.rules,
    })
}
