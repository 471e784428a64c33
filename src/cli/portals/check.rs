//! `tickethaul portal check`: a portal at first contact. What the token may do, what the
//! account allows and holds, which versions of the API answer, and what HubSpot does not
//! document, as far as reading or one ticket can settle it. What was found is kept.

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::needs;
use super::report::Report;
use crate::cli::exit::Exit;
use crate::cli::known::{Known, Witness};
use crate::cli::portal::{Portal, call_error, call_error_after};
use crate::cli::schema::{PortalCopy, pull};
use crate::cli::settings::{PortalArgs, PortalName};
use crate::cli::talk::Talk;
use crate::error::Error;
use crate::hubspot::{DailyUsage, Facts, FoundOut, SchemaParts};
use crate::model::value_rule::ValueRule;

/// Find out what a portal allows, holds and does, before the first row
///
/// Only reads, unless --write-probe is given. What is found is kept for this account, shown
/// by `tickethaul portal show`, and used by every run.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The portal's name [default: as with other commands]
    #[arg(value_name = "NAME", conflicts_with = "portal")]
    name: Option<PortalName>,
    /// Find out more with one ticket and three notes, which are made, changed and archived;
    /// they stay in the recycle bin for 90 days, and workflows see them
    #[arg(long)]
    write_probe: bool,
    /// Don't ask before they are made; needed where there is no terminal
    #[arg(long, requires = "write_probe")]
    yes: bool,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Runs `portal check`.
pub async fn run(mut args: CheckArgs, talk: &Talk) -> Result<Exit, Error> {
    if args.write_probe {
        talk.expect_answer(args.yes, "make a ticket")?;
    }
    if let Some(name) = args.name.take() {
        args.portal.portal = Some(name);
    }
    let portal = Portal::open(&args.portal, talk).await?;
    let checked = check(&args, &portal, talk).await;
    portal.close().await;
    checked
}

async fn check(args: &CheckArgs, portal: &Portal, talk: &Talk) -> Result<Exit, Error> {
    let seen = look(portal, talk).await?;
    let id = portal.account.portal_id;
    let now = portal.client.portal_now().unwrap_or(Timestamp::UNIX_EPOCH);
    let before = Known::of(id);
    let mut known = seen.known(id, now, before.as_ref());
    let failed = match args.write_probe {
        true => probe(args, portal, &mut known, talk).await.err(),
        false => None,
    };
    known.keep().map_err(|error| {
        Error::unexpected(format!(
            "can't keep what was found out about portal {id}: {error}"
        ))
    })?;
    let report = Report {
        account: &portal.account,
        known: &known,
        facts: &seen.facts,
        copy: &seen.copy,
        usage: seen.usage.as_ref(),
    };
    talk.show(&report.text());
    talk.result(&report.json());
    match failed {
        Some(error) => Err(error),
        None => Ok(Exit::Fine),
    }
}

/// What reading shows.
struct Seen {
    copy: PortalCopy,
    facts: Facts,
    usage: Option<DailyUsage>,
    found: FoundOut,
}

async fn look(portal: &Portal, talk: &Talk) -> Result<Seen, Error> {
    let client = &portal.client;
    let copy = pull(portal, SchemaParts::default(), talk).await?;
    let facts = client.facts().await.map_err(call_error)?;
    let found = client.unknowns_by_reading().await.map_err(call_error)?;
    Ok(Seen {
        copy,
        facts,
        // Portals that count nothing, and tokens that may not ask, are as good.
        usage: client.daily_usage().await.ok().flatten(),
        found,
    })
}

impl Seen {
    /// What is known now: what a ticket showed once stays, what is read is of today.
    fn known(&self, id: u64, now: Timestamp, before: Option<&Known>) -> Known {
        let mut known = Known::new(id);
        if let Some(before) = before {
            known.facts.clone_from(&before.facts);
            known.probed = before.probed;
        }
        known.checked = Some(now);
        let mut found = self.found.clone();
        known.scopes.clone_from(&self.facts.scopes);
        if let Some(scopes) = &self.facts.scopes {
            let missing = needs::missing(scopes);
            let _none = found.insert("missing_scopes".to_owned(), missing);
        }
        known.take(found, now, &Witness::Reading);
        let limits = self.copy.link_limits.iter();
        known.link_limits = limits
            .map(|limit| (limit.type_id.to_string(), limit.most))
            .collect();
        let rules = self.copy.rules.iter().map(|(name, rules)| {
            let rules = rules.iter().map(ValueRule::words).collect();
            (name.clone(), rules)
        });
        known.rules = rules.collect();
        known
    }
}

/// Makes one ticket, and says what becomes of it.
async fn probe(
    args: &CheckArgs,
    portal: &Portal,
    known: &mut Known,
    talk: &Talk,
) -> Result<(), Error> {
    let question = format!(
        "make one ticket with three notes in {}, change it and archive all of it; they stay in the recycle \
         bin for 90 days, and workflows see them",
        portal.name_in_question()
    );
    if !talk.confirmed(args.yes, &question) {
        return Ok(());
    }
    let (id, found) = portal.client.unknowns_by_writing(&known.found()).await;
    match &id {
        Some(id) => talk.say(&format!(
            "the ticket was {id}; it and its notes are archived"
        )),
        None => talk.say("no ticket could be made"),
    }
    let written = match &id {
        Some(id) => format!("archive the ticket {id} and its notes, if they are there"),
        None => "a ticket \"Probe of tickethaul\" may be there: archive it".to_owned(),
    };
    let found = found.map_err(|error| call_error_after(error, &written))?;
    let now = known.checked.unwrap_or(Timestamp::UNIX_EPOCH);
    known.take(found, now, &Witness::Probe);
    known.probed = Some(now);
    Ok(())
}

/// The unknowns of a portal as JSON, for `portal show`.
pub fn known_json(known: &Known) -> serde_json::Value {
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
