//! `tickethaul portal check`: a portal at first contact. What the token may do, what the
//! account allows and holds, which versions of the API answer, and what HubSpot does not
//! document, as far as reading or one ticket can settle it. What is found out is kept.

use std::fs::File;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::needs;
use super::report::Report;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::portal::{Portal, call_error, call_error_after};
use crate::cli::portal_facts::{PortalFacts, Witness, probe_lock};
use crate::cli::schema::{PortalCopy, pull};
use crate::cli::settings::{PortalArgs, PortalName};
use crate::error::Error;
use crate::hubspot::{Cleared, DailyUsage, Facts, FoundOut, SchemaParts, Trace};
use crate::model::count::counted;
use crate::model::value_rule::ValueRule;
use crate::report::age_words;

/// How long after its start a probe's records may still appear: HubSpot's search shows new
/// records after some seconds.
const LATEST: SignedDuration = SignedDuration::from_mins(10);

/// Find out what a portal allows, holds and does, before the first row
///
/// Only reads, unless --write-probe is given; what an interrupted check with it left behind
/// is archived. What is found out is kept for this account, shown by `tickethaul portal
/// show`, and used by every run.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The portal's name [default: as with other commands]
    #[arg(value_name = "NAME", conflicts_with = "portal")]
    name: Option<PortalName>,
    /// Find out more with one ticket and three notes, which are made, changed and archived;
    /// they stay in the recycle bin for 90 days, and workflows see them
    #[arg(long)]
    write_probe: bool,
    /// Don't ask before they are created; required without a terminal
    #[arg(long, requires = "write_probe")]
    yes: bool,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Runs `portal check`.
pub async fn run(mut args: CheckArgs, console: &Console) -> Result<Exit, Error> {
    if args.write_probe {
        console.expect_answer(args.yes, "make a ticket")?;
    }
    if let Some(name) = args.name.take() {
        args.portal.portal = Some(name);
    }
    let portal = Portal::open(&args.portal, console).await?;
    let checked = check(&args, &portal, console).await;
    portal.close().await;
    checked
}

async fn check(args: &CheckArgs, portal: &Portal, console: &Console) -> Result<Exit, Error> {
    let id = portal.account.portal_id;
    let before = PortalFacts::of(id).unwrap_or_else(|| PortalFacts::new(id));
    let lock = lock(args, &before)?;
    let open = match lock {
        Some(_) => clear(portal, before.probes.clone(), console).await,
        None => before.probes.clone(),
    };
    let seen = look(portal, console).await?;
    let mut known = seen.known(portal, &before);
    known.probes = open;
    let failed = match args.write_probe {
        true => probe(args, portal, &mut known, console).await.err(),
        false => None,
    };
    keep(&known)?;
    let report = Report {
        account: &portal.account,
        known: &known,
        facts: &seen.facts,
        copy: &seen.copy,
        usage: seen.usage.as_ref(),
    };
    console.show(&report.text());
    console.result(&report.json());
    match failed {
        Some(error) => Err(error),
        None => Ok(Exit::Fine),
    }
}

fn keep(known: &PortalFacts) -> Result<(), Error> {
    known.keep().map_err(|error| {
        let id = known.portal;
        Error::unexpected(format!("can't keep what was found out about portal {id}")).because(error)
    })
}

/// Keeps other checks from archiving what this one creates, and this one from archiving
/// what others create.
fn lock(args: &CheckArgs, known: &PortalFacts) -> Result<Option<File>, Error> {
    if !args.write_probe && known.probes.is_empty() {
        return Ok(None);
    }
    let id = known.portal;
    let lock = probe_lock(id).map_err(|error| {
        Error::unexpected(format!("can't lock what is known of portal {id}")).because(error)
    })?;
    match lock {
        None if args.write_probe => Err(Error::later(format!(
            "another check of portal {id} is at work with a ticket"
        ))
        .advise("nothing was written; run the same command again when it has ended")),
        lock => Ok(lock),
    }
}

/// Archives what interrupted probes have left; returns those whose records may still appear.
async fn clear(portal: &Portal, probes: Vec<Trace>, console: &Console) -> Vec<Trace> {
    let now = portal.client.portal_now().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut open = Vec::new();
    for mut trace in probes {
        let begun = age_words(trace.begun);
        let what = format!("a check with --write-probe that began {begun} was interrupted");
        let may_come = now < trace.begun.saturating_add(LATEST).unwrap_or(now);
        match portal.client.clear_probe(&trace).await {
            Err(error) => {
                console.say(&format!(
                    "{what}; what it left can't be archived, the next check tries again: {error}"
                ));
                open.push(trace);
                continue;
            }
            Ok(cleared) if cleared != Cleared::default() => {
                console.say(&format!("{what}: {} that it left", cleared_words(&cleared)));
                trace.tickets.extend(cleared.tickets);
            }
            // What was there has been archived already.
            Ok(_) if !trace.tickets.is_empty() => {}
            Ok(_) if may_come => console.say(&format!(
                "{what}: nothing of it is to be seen yet, the next check looks again"
            )),
            Ok(_) => console.say(&format!("{what}: nothing of it is in the portal")),
        }
        if may_come {
            open.push(trace);
        }
    }
    open
}

fn cleared_words(cleared: &Cleared) -> String {
    let notes = counted(cleared.notes.len() as u64, "note");
    match (cleared.tickets.as_slice(), cleared.notes.as_slice()) {
        ([], _) => format!("archived {notes}"),
        (tickets, []) => format!("archived the ticket {}", tickets.join(", ")),
        (tickets, _) => format!("archived the ticket {} and {notes}", tickets.join(", ")),
    }
}

/// What can be found out by reading.
struct Seen {
    copy: PortalCopy,
    facts: Facts,
    usage: Option<DailyUsage>,
    found: FoundOut,
}

async fn look(portal: &Portal, console: &Console) -> Result<Seen, Error> {
    let client = &portal.client;
    let copy = pull(portal, SchemaParts::default(), console).await?;
    let facts = client.facts().await.map_err(call_error)?;
    let found = client.unknowns_by_reading().await.map_err(call_error)?;
    Ok(Seen {
        copy,
        facts,
        // Portals that report no usage, and tokens that may not ask, are fine too.
        usage: client.daily_usage().await.ok().flatten(),
        found,
    })
}

impl Seen {
    /// What is known now: what a ticket once showed is kept, what is read is from today.
    fn known(&self, portal: &Portal, before: &PortalFacts) -> PortalFacts {
        let now = portal.client.portal_now().unwrap_or(Timestamp::UNIX_EPOCH);
        let mut known = PortalFacts::new(portal.account.portal_id);
        known.facts.clone_from(&before.facts);
        known.probed = before.probed;
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

/// Creates one ticket, and reports what becomes of it.
async fn probe(
    args: &CheckArgs,
    portal: &Portal,
    known: &mut PortalFacts,
    console: &Console,
) -> Result<(), Error> {
    let question = format!(
        "make one ticket with three notes in {}, change it and archive all of it; they stay in the recycle \
         bin for 90 days, and workflows see them",
        portal.name_in_question()
    );
    if !console.confirmed(args.yes, &question) {
        return Ok(());
    }
    let now = known.checked.unwrap_or(Timestamp::UNIX_EPOCH);
    let (id, trace) = (known.portal, Trace::new(now));
    known.put_probe(&trace);
    keep(known)?;
    // The word that marks all its records is kept, so nothing is lost if ids can't be kept.
    let mut kept = |trace: &Trace| drop(PortalFacts::keep_probe(id, trace));
    let read = known.found();
    let asked = portal.client.unknowns_by_writing(&read, trace, &mut kept);
    let (trace, found) = asked.await;
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            known.put_probe(&trace);
            return Err(call_error_after(error, &left_over(&trace)));
        }
    };
    known.drop_probe(&trace);
    console.say(&match trace.tickets.last() {
        Some(id) => format!("the ticket was {id}; it and its notes are archived"),
        None => "no ticket could be made".to_owned(),
    });
    known.take(found, now, &Witness::Probe);
    known.probed = Some(now);
    Ok(())
}

/// What a probe that failed may have left in the portal.
fn left_over(trace: &Trace) -> String {
    let what = match trace.tickets.last() {
        Some(id) => format!("the ticket {id} and notes of it may be left"),
        None => "a ticket \"Probe of tickethaul\" may be left".to_owned(),
    };
    format!("{what}: the next `tickethaul portal check` archives it")
}
