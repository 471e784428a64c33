//! What HubSpot does not document, asked of sandboxes of which each does it in its own way:
//! every switch is found out, or it is said that it can't be.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tickethaul::hubspot::{Client, Credentials, FoundOut, Settings, Token, Trace, UNKNOWNS, Way};
use tickethaul::sandbox::{KnownSwitch, Switches};

use crate::support::unknowns::{ALONE, empty_portal, known, portal};
use crate::support::{Args, FilledPortal, Portal, keyed, troubled};

async fn client(portal: &Portal) -> Client {
    let settings = Settings {
        credentials: Some(Credentials::Token(
            Token::new("sandbox".to_owned()).expect("a token"),
        )),
        ..Settings::default()
    };
    let client = Client::connect(&portal.sandbox.base_url(), settings).expect("a client");
    let _account = client.account().await.expect("an account");
    client
}

async fn found(switches: &[String]) -> FoundOut {
    let portal = portal(switches).await;
    let client = client(&portal).await;
    let mut found = client.unknowns_by_reading().await.expect("read");
    let mut kept = Vec::new();
    let trace = Trace::new(client.portal_now().expect("a clock"));
    let mut keep = |trace: &Trace| kept.push(trace.clone());
    let (trace, written) = client.unknowns_by_writing(&found, trace, &mut keep).await;
    found.extend(written.expect("written"));
    assert_eq!(kept.last(), Some(&trace), "its keeper knows all of it");
    // The ticket is archived: nothing stays among the live ones.
    let id = trace.tickets.last().expect("a ticket").clone();
    let list = portal
        .get("/crm/v3/objects/tickets?limit=100")
        .await
        .expect(200);
    let live = list["results"].as_array().expect("tickets");
    assert!(live.iter().all(|ticket| ticket["id"] != json!(id)), "{id}");
    assert_eq!(live.len(), 58);
    found
}

/// What a switch is found as; none for what can't be found out.
fn expected(name: &str, value: &str) -> Option<String> {
    let words = match (name, value) {
        ("partial_success", "207" | "400-upsert") => "207 or 400-upsert",
        ("partial_success", "400" | "400-create") => "400 or 400-create",
        ("write_reply", "set+system" | "all") => "set+system or all",
        ("validation_2026_09", "off") => return None,
        (_, value) => value,
    };
    Some(words.to_owned())
}

/// Those of them that stories tell.
pub const BY_STORY: [&str; 5] = [
    "served_paths",
    "ended_versions",
    "ended_reply",
    "missing_scopes",
    "not_kept",
];

/// Compares what was found with the switches as they stand.
fn compare(found: &FoundOut, turned: &BTreeMap<&str, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for unknown in UNKNOWNS {
        let name = unknown.name;
        let told = found.get(name);
        if let Way::Neither(_) = unknown.way {
            assert_eq!(told, None, "{name} can't be found out");
            continue;
        }
        // Only their own portals have anything to show of these.
        if ALONE.contains(&name) && !turned.contains_key(name) || name == "ended_reply" {
            continue;
        }
        let value = turned.get(name).cloned();
        let value = value.unwrap_or_else(|| known(name).values[0].to_owned());
        let wanted = expected(name, &value);
        if told != wanted.as_ref() {
            wrong.push(format!("{name}={value}: {told:?}, not {wanted:?}"));
        }
    }
    wrong
}

/// Of some switches nothing is to be seen where another one is turned: they are not found
/// out then, which is better than a guess.
const HIDDEN: [(&str, &[&str], &str); 5] = [
    // A ticket that rules keep out of closed stages is never opened again.
    ("validation_2026_09", &["on"], "closed_date_on_reopen"),
    // Every batch with a bad row is refused, whatever else is wrong with it.
    (
        "partial_success",
        &["400", "400-create"],
        "duplicate_trace_ids",
    ),
    ("activity_key", &["absent"], "activity_key_reads"),
    // Where no key is kept unique, none is taken.
    (
        "activity_key",
        &["claimed", "plain", "read-only", "absent"],
        "activity_collision",
    ),
    // Both dates are always the same.
    (
        "createdate_writable",
        &["no"],
        "created_at_follows_createdate",
    ),
];

/// What is found otherwise than it was turned, of one portal.
async fn unlike(turned: BTreeMap<&'static str, String>) -> Vec<String> {
    let switches: Vec<String> = turned
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let found = found(&switches).await;
    let mut wrong = compare(&found, &turned);
    for (name, values, hidden) in HIDDEN {
        let turned = turned.get(name).map_or("", String::as_str);
        if values.contains(&turned) {
            wrong.retain(|one| !one.starts_with(&format!("{hidden}=")) || !one.contains(": None"));
        }
    }
    wrong
        .iter_mut()
        .for_each(|one| one.push_str(&format!(" ({turned:?})")));
    wrong
}

async fn all_found(portals: impl Iterator<Item = BTreeMap<&'static str, String>>) {
    let portals = portals.map(|turned| tokio::spawn(unlike(turned)));
    let wrong = futures::future::join_all(portals).await.into_iter();
    let wrong: Vec<String> = wrong.flat_map(|one| one.expect("compared")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_switch_has_its_place_among_the_unknowns() {
    let mut switches: Vec<&str> = Switches::TABLE.iter().map(|known| known.name).collect();
    let mut unknowns: Vec<&str> = UNKNOWNS.iter().map(|unknown| unknown.name).collect();
    switches.sort_unstable();
    switches.dedup();
    unknowns.sort_unstable();
    assert_eq!(unknowns, switches);
}

/// The k-th value of each switch at once, as far as they leave each other alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switches_are_found_out_however_they_are_turned() {
    let most = Switches::TABLE.iter().map(|known| known.values.len()).max();
    let portals = (0..most.unwrap_or(0)).map(|k| {
        // What hides others does not do so by itself.
        let alone = |known: &&KnownSwitch| {
            let alone = ALONE.contains(&known.name) && k > 0;
            !alone && !BY_STORY.contains(&known.name)
        };
        let turned = Switches::TABLE.iter().filter(alone);
        let turned = turned.filter_map(|known| {
            let value = *known.values.get(k)?;
            Some((known.name, value.to_owned()))
        });
        turned.collect()
    });
    all_found(portals).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switches_that_hide_others_are_found_out_alone() {
    let alone = ALONE.iter().filter(|name| !BY_STORY.contains(name));
    let portals = alone.flat_map(|name| {
        let values = known(name).values.iter().skip(1);
        values.map(|value| BTreeMap::from([(*name, (*value).to_owned())]))
    });
    all_found(portals).await;
}

/// Whichever versions are gone, each of them is named.
#[tokio::test]
async fn versions_that_are_gone_are_found_out_one_by_one() {
    for (ended, served) in [
        ("v1", "all"),
        ("v4", "all"),
        ("v1,v2,v4", "all"),
        ("v1,v2,v3,v4", "dated"),
        ("2025-09,2026-03", "all"),
        ("v3,2026-03", "all"),
    ] {
        let portal = empty_portal(&[format!("ended_versions={ended}")]).await;
        let client = client(&portal).await;
        let found = client.unknowns_by_reading().await.expect("read");
        assert_eq!(found["ended_versions"], ended);
        assert_eq!(found["served_paths"], served, "{ended}");
    }
}

/// What is taken and not kept shows with what the ticket is given.
#[tokio::test]
async fn properties_that_are_not_kept_are_found_out() {
    for lost in [
        "subject",
        "content",
        "createdate",
        "hs_timestamp",
        "content,subject",
    ] {
        let found = found(&[format!("not_kept={lost}")]).await;
        assert_eq!(found["not_kept"], lost);
    }
}

fn check(desk: &FilledPortal, more: impl Args) -> Value {
    desk.run(("portal check --json", more)).expect(0).json()
}

#[test]
fn a_check_tells_what_a_token_may_do_and_which_versions_answer() {
    let desk = FilledPortal::new(
        "--rate 100/10s --switch missing_scopes=crm.objects.contacts.write \
         --switch ended_versions=v3",
    );
    let told = check(&desk, "");
    assert_eq!(
        told["lacking_scopes"][0]["scopes"],
        json!(["crm.objects.contacts.write"])
    );
    assert_eq!(told["calls"]["burst"], "100/10s");
    assert_eq!(told["found"]["ended_versions"], "v3");
    assert_eq!(
        told["found"]["missing_scopes"],
        "crm.objects.contacts.write"
    );
    assert_eq!(told["probed"], Value::Null);
    let all = desk.run("portal check").expect(0);
    for words in [
        "v3 is not there",
        "lacks crm.objects.contacts.write",
        "--write-probe finds it out",
        "a property of notes would be left behind",
    ] {
        assert!(all.stdout.contains(words), "{words}\n{}", all.stdout);
    }
    // Where the token's own path is gone, its scopes can't be found out.
    let desk = FilledPortal::new("--rate off --switch served_paths=dated");
    let told = check(&desk, "");
    assert_eq!(
        (&told["scopes"], &told["found"]["served_paths"]),
        (&Value::Null, &json!("dated"))
    );
    let desk =
        FilledPortal::new("--rate off --switch served_paths=numbered --switch ended_reply=410");
    let told = check(&desk, "--api v3");
    assert_eq!(told["found"]["served_paths"], "numbered");
    assert_eq!(told["found"]["ended_reply"], "410");
    // Without --yes nobody is asked where there is no terminal.
    desk.run("portal check --write-probe")
        .expect(64)
        .says("--yes");
}

/// A check that is killed while it makes something: whatever it left, the next check finds
/// and archives it, and says so.
#[test]
fn what_a_killed_probe_left_is_archived_by_the_next_check() {
    const CHECK: &str = "portal check";
    const PROBE: &str = "portal check --write-probe --yes";
    let killed = |path: &str, n: usize, next: &str| {
        let base = "--rate off --switch search_lag=0s --data portal.db";
        let trouble = format!("hold@{n}=committed:objects/2026-09/{path}");
        let mut desk = FilledPortal::new((base, troubled(&[&trouble])));
        assert!(desk.kill_tool_while_held(PROBE), "{trouble}");
        let folder = desk.here.path(".local/share/tickethaul/portals");
        let files = std::fs::read_dir(folder).expect("what is known");
        let files = files.map(|file| file.expect("an entry").path());
        let mut kept = files.filter(|file| file.extension().is_some_and(|end| end == "json"));
        let kept = std::fs::read(kept.next().expect("what is known")).expect("read");
        let kept: Value = serde_json::from_slice(&kept).expect("JSON");
        let known = kept["probes"][0]["tickets"].as_array().expect("ids").len();
        let desk = desk.served(base);
        let ended = desk.run(next).expect(0);
        let told = ended.says("was interrupted").stderr;
        for kind in ["tickets", "notes"] {
            let path = format!("/crm/v3/objects/{kind}?limit=100");
            let live = desk.call("GET", &path, &Value::Null);
            assert_eq!(live["results"], json!([]), "{trouble}: {told}");
        }
        let again = desk.run("portal check");
        let again = again.expect(0).stderr;
        assert!(!again.contains("archived"), "{trouble}: {again}");
        (known, told.contains("archived the ticket"))
    };
    let (tickets, notes) = std::thread::scope(|scope| {
        // Among these is the call that makes the ticket: its id is not known then.
        let tickets = scope.spawn(|| [15, 16, 17].map(|n| killed("tickets", n, CHECK)));
        let notes = [(2, CHECK), (4, PROBE)].map(|(n, next)| killed("notes", n, next));
        (tickets.join().expect("told"), notes)
    });
    assert!(tickets.contains(&(0, true)), "{tickets:?}");
    assert_eq!(notes, [(1, true); 2]);
}

const MAPPING: &str = keyed!(
    "desk_id",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "New" }
createdate = { column = "Made", format = "iso", timezone = "UTC", read_only = { into = "made_on" } }
[[property]]
name = "made_on"
type = "datetime"
"#
);

#[test]
fn what_one_ticket_showed_is_kept_and_runs_go_by_it() {
    let desk = FilledPortal::new("--rate off --switch not_kept=createdate");
    let told = check(&desk, "--write-probe --yes");
    assert_eq!(told["found"]["createdate_writable"], "no");
    assert_eq!(told["found"]["not_kept"], "createdate");
    // A later look without a ticket keeps that.
    let told = check(&desk, "");
    assert_eq!(told["found"]["createdate_writable"], "no");
    assert!(told["probed"].is_string(), "{told}");
    desk.here.write("m.toml", MAPPING);
    desk.here.write(
        "in.csv",
        "Id,Subject,Made\n1,a,2020-01-01T00:00:00Z\n2,b,2020-01-02T00:00:00Z\n",
    );
    let import = "import in.csv -m m.toml --create-properties --run-dir run --limit 1";
    desk.run(import).expect(0);
    desk.run("resume run --no-limit").expect(0);
    // No row went with a value that is known to be lost.
    desk.run("export --properties made_on,desk_id -o out.csv")
        .expect(0);
    assert_eq!(desk.here.rows("out.csv").len(), 2);
    for row in desk.here.rows("out.csv") {
        assert!(row["made_on"].starts_with("2020-01-0"), "{row:?}");
    }
    desk.here.write("token", crate::support::TOKEN);
    let add = [
        "portal",
        "add",
        "live",
        "--token-file",
        "token",
        "--base-url",
        desk.sandbox.url(),
    ];
    desk.here.run(add).expect(0);
    let shown = desk.here.run("portal show live").expect(0).stdout;
    assert!(shown.contains("createdate_writable"), "{shown}");
    let kept = std::fs::read_dir(desk.here.path(".local/share/tickethaul/portals"));
    for entry in kept.expect("what is known") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        assert!(!text.contains(crate::support::TOKEN));
    }
}
