//! A portal at first contact and after it: `portal check` under the switches, and a migration
//! that uses what it found and needs no option.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tickethaul::sandbox::Switches;
use tokio::runtime::Handle;

use crate::support::unknowns::{ALONE, empty_portal, known, portal};
use crate::support::{Portal, Rehearsal, keyed};

const MAPPING: &str = keyed!(
    "desk_key",
    r#"subject = "Subject"
content = "Text"
hs_pipeline = { value = "0" }
hs_pipeline_stage = "Stage"
hs_resolution = "Resolution"
createdate = { column = "Made", format = "iso", timezone = "UTC", read_only = { into = "made_on" } }
closed_date = { column = "Closed", format = "iso", timezone = "UTC", read_only = { into = "closed_on" } }
[[property]]
name = "made_on"
type = "datetime"
[[property]]
name = "closed_on"
type = "datetime"
[[notes]]
column = "Comment"
parts = { separator = ";", names = ["at", "author", "id", "body"], last = "rest" }
at = "at"
author = "author"
id = "id"
body = "body"
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
"#
);

/// More than the first ten rows, which a run looks at more closely.
const ROWS: usize = 13;

fn rows() -> String {
    let row = |n: usize| {
        let (stage, closed, resolution) = match n % 2 {
            0 => ("New", String::new(), ""),
            _ => ("Closed", format!("2021-02-{n:02}T10:00:00Z"), "Issue fixed"),
        };
        format!(
            "desk-{n},Ticket {n},\"some, text\",{stage},{resolution},2020-01-{n:02}T08:00:00Z,{closed},\
             a{n}@x.example,2021-01-{n:02}T09:00:00Z;Ann;{n};says {n}\n"
        )
    };
    let rows: String = (1..=ROWS).map(row).collect();
    format!("Id,Subject,Text,Stage,Resolution,Made,Closed,Mail,Comment\n{rows}")
}

/// Switches by name, as they are turned.
type Turned = BTreeMap<&'static str, String>;

/// What came of one portal: how many unknowns were found out, and what was wrong.
struct Came {
    turned: Turned,
    found: usize,
    wrong: Option<String>,
}

#[expect(
    clippy::print_stdout,
    reason = "the table is what the long form is run for"
)]
async fn migrated(turned: Turned) -> Came {
    let switches: Vec<String> = turned
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    // What fills a portal goes by the numbered paths, which there need not be.
    let is_whole = !["served_paths", "ended_versions"]
        .iter()
        .any(|name| turned.contains_key(name));
    let portal = match is_whole {
        true => portal(&switches).await,
        false => empty_portal(&switches).await,
    };
    let portal = Arc::new(portal);
    let by_date = turned.get("served_paths").map(String::as_str) != Some("numbered")
        && !turned
            .get("ended_versions")
            .is_some_and(|ended| ended.contains("2026-09"));
    let of_process = Arc::clone(&portal);
    let went = tokio::task::spawn_blocking(move || in_process(&of_process, by_date));
    let (found, wrong) = match went.await.expect("it does not panic") {
        Ok(found) => (found, None),
        Err(wrong) => (0, Some(wrong)),
    };
    let ended = wrong.as_ref().map_or("exact", |_| "WRONG");
    println!("{turned:?}\t{found}\t{ended}");
    Came {
        turned,
        found,
        wrong,
    }
}

/// Adds, checks, migrates, verifies, and migrates once more; how many unknowns the check found
/// out.
fn in_process(portal: &Portal, by_date: bool) -> Result<usize, String> {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    here.write("in.csv", rows());
    here.write("token", "sandbox");
    let run = |args: &str, code: i32| {
        let ended = here.run(args);
        match ended.code == code {
            true => Ok(ended),
            false => Err(format!(
                "{args:?} ended with {}: {}{}",
                ended.code, ended.stdout, ended.stderr
            )),
        }
    };
    let url = portal.sandbox.base_url();
    let add = format!("portal add live --token-file token --base-url {url}");
    // Where the dated paths are not there, `portal add` says so, and takes the others.
    let version = if by_date { "" } else { "--api v3" };
    let _added = run(&format!("{add} {version}"), 0)?;
    let _used = run("portal use live", 0)?;
    let told = run("portal check --write-probe --yes --json", 0)?.stdout;
    let told: Value = serde_json::from_str(&told).map_err(|error| error.to_string())?;
    let _made = run("schema apply -m m.toml --yes", 0)?;
    let _ended = run("import in.csv -m m.toml --run-dir run", 0)?;
    let _ended = run("verify run", 0)?;
    exact(portal)?;
    let _ended = run("import in.csv -m m.toml --run-dir again", 0)?;
    let again: Value =
        serde_json::from_str(&here.read("again/summary.json")).map_err(|e| e.to_string())?;
    if again["rows"]["exists"] != ROWS {
        return Err(format!("the second import: {}", again["rows"]));
    }
    exact(portal)?;
    Ok(told["found"].as_object().map_or(0, serde_json::Map::len))
}

/// Each row is one ticket with its dates, its contact and its note.
fn exact(portal: &Portal) -> Result<(), String> {
    let page = |kind: &str, query: &str| {
        let path = format!("{kind}?limit=100{query}");
        let read = async {
            let old = portal.get(&format!("/crm/v3/objects/{path}")).await;
            match old.status {
                200 => old,
                _ => portal.get(&format!("/crm/objects/2026-09/{path}")).await,
            }
        };
        let page = Handle::current().block_on(read).expect(200);
        page["results"].as_array().cloned().unwrap_or_default()
    };
    let names =
        "&properties=desk_key,createdate,made_on,closed_date,closed_on&associations=contacts";
    let tickets = page("tickets", names);
    let ours: Vec<&Value> = tickets
        .iter()
        .filter(|one| one["properties"]["desk_key"].is_string())
        .collect();
    let notes = page("notes", "");
    if (ours.len(), notes.len()) != (ROWS, ROWS) {
        return Err(format!("{} tickets and {} notes", ours.len(), notes.len()));
    }
    for ticket in ours {
        let held = |name: &str| ticket["properties"][name].as_str().unwrap_or_default();
        let key = held("desk_key");
        let n: usize = key
            .trim_start_matches("desk-")
            .parse()
            .map_err(|_| key.to_owned())?;
        let day = |wanted: String, names: [&str; 2]| {
            names.iter().any(|name| held(name).starts_with(&wanted))
        };
        let made = day(
            format!("2020-01-{n:02}T08:00:00"),
            ["createdate", "made_on"],
        );
        let closed = n.is_multiple_of(2)
            || day(
                format!("2021-02-{n:02}T10:00:00"),
                ["closed_date", "closed_on"],
            );
        if !made || !closed {
            return Err(format!("the dates of {ticket}"));
        }
    }
    Ok(())
}

/// Every value of every switch but the first, each in a portal of its own.
fn each() -> Vec<Turned> {
    let table = Switches::TABLE.iter();
    let turned = table.flat_map(|known| {
        let values = known.values.iter().skip(1);
        values.map(|value| BTreeMap::from([(known.name, (*value).to_owned())]))
    });
    let free = [
        ("not_kept", "createdate"),
        ("not_kept", "closed_date"),
        ("ended_versions", "v3"),
        ("ended_versions", "2026-09"),
        ("link_lag", "50ms"),
        ("search_lag", "0s"),
        ("daily_limit", "100000"),
        ("search_rate", "100/1s"),
        ("day_ends", "1h"),
        ("missing_scopes", "crm.objects.deals.read"),
    ];
    let free = free.map(|(name, value)| BTreeMap::from([(name, value.to_owned())]));
    turned.chain(free).collect()
}

/// The k-th value of each switch at once, but for those that hide others.
fn at_once(k: usize) -> Turned {
    let table = Switches::TABLE.iter();
    let turned = table.filter(|known| !ALONE.contains(&known.name));
    let turned = turned.filter_map(|known| Some((known.name, (*known.values.get(k)?).to_owned())));
    turned.collect()
}

async fn all_migrated(portals: Vec<Turned>, most: usize) -> Vec<Came> {
    use futures::StreamExt;
    let portals = portals.into_iter().map(migrated);
    futures::stream::iter(portals)
        .buffer_unordered(most)
        .collect()
        .await
}

fn expect_no_wrong(came: &[Came]) {
    let wrong = came
        .iter()
        .filter_map(|one| Some(format!("{:?}: {}", one.turned, one.wrong.as_ref()?)));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_goes_by_what_a_check_found() {
    let alone = |name: &'static str, value: &str| BTreeMap::from([(name, value.to_owned())]);
    let claimed = known("activity_key")
        .values
        .iter()
        .find(|value| **value == "claimed");
    let portals = vec![
        at_once(1),
        alone("createdate_writable", "no"),
        alone("activity_key", claimed.expect("a value")),
    ];
    let came = all_migrated(portals, 3).await;
    expect_no_wrong(&came);
    assert!(came.iter().all(|one| one.found > 40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "some minutes: every value of every switch, each in a portal of its own"]
async fn a_migration_goes_by_what_a_check_found_under_every_switch() {
    let came = all_migrated(each(), 3).await;
    expect_no_wrong(&came);
}
