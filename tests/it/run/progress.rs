//! Progress: the time that is left, held against how long it then took at pretended portals
//! in paused time; JSON lines for programs, and nothing else; a line that fits its terminal.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use serde_json::Value;
use tickethaul::hubspot::{
    Client, Headers, Reply, Request, Settings, Token, Transport, TransportError,
};
use tickethaul::model::schema::ObjectType;
use tickethaul::model::shelf::Shelf;
use tickethaul::report::Eta;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::support::{Rehearsal, SUBJECTS, TOKEN};

const WINDOW: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(200);

/// How a portal behaves.
#[derive(Clone, Copy, Debug)]
struct Manner {
    /// Calls in a window.
    most: usize,
    latency: Duration,
    /// It asks everybody to wait until then.
    paused_until: Duration,
}

const fn manner(most: usize, millis: u64) -> Manner {
    Manner {
        most,
        latency: Duration::from_millis(millis),
        paused_until: Duration::ZERO,
    }
}

/// A portal that behaves otherwise from some time on.
struct Portal {
    begun: Instant,
    first: Manner,
    then: (Duration, Manner),
    counted: Mutex<VecDeque<Instant>>,
}

impl Portal {
    fn now(&self) -> Manner {
        match self.begun.elapsed() < self.then.0 {
            true => self.first,
            false => self.then.1,
        }
    }

    fn answer(&self, manner: Manner) -> Reply {
        let now = Instant::now();
        let mut counted = self.counted.lock().expect("unpoisoned");
        while counted.front().is_some_and(|call| *call + WINDOW <= now) {
            let _old = counted.pop_front();
        }
        counted.push_back(now);
        let left = manner.most.saturating_sub(counted.len());
        let pause = manner.paused_until.saturating_sub(self.begun.elapsed());
        let headers = Headers::default()
            .with("X-HubSpot-RateLimit-Max", &manner.most.to_string())
            .with("X-HubSpot-RateLimit-Remaining", &left.to_string())
            .with("X-HubSpot-RateLimit-Interval-Milliseconds", "10000");
        let (status, headers, body) = match pause.is_zero() {
            true => (200, headers, "{\"results\":[]}"),
            false => (
                429,
                headers.with("Retry-After", &pause.as_secs().max(1).to_string()),
                "{\"policyName\":\"TEN_SECONDLY_ROLLING\"}",
            ),
        };
        Reply {
            status,
            headers,
            body: Bytes::from_static(body.as_bytes()),
        }
    }
}

impl Transport for Portal {
    fn send<'a>(
        &'a self,
        _request: &'a Request,
        _token: Option<&'a Token>,
    ) -> BoxFuture<'a, Result<Reply, TransportError>> {
        Box::pin(async move {
            let manner = self.now();
            sleep(manner.latency / 2).await;
            let reply = self.answer(manner);
            sleep(manner.latency / 2).await;
            Ok(reply)
        })
    }
}

/// What was estimated when, and how long it then took.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    at: Duration,
    done: f64,
    left: Duration,
    truth: Duration,
    /// Whole calls are done, and whole seconds said.
    grain: Duration,
}

impl Estimate {
    fn is_good(&self) -> bool {
        let off = self.left.abs_diff(self.truth);
        off <= self.grain || off <= self.truth / 5
    }
}

/// Makes so many calls, some at a time, and estimates meanwhile.
async fn work(calls: usize, first: Manner, then: (Duration, Manner)) -> Vec<Estimate> {
    let begun = Instant::now();
    let portal = Arc::new(Portal {
        begun,
        first,
        then,
        counted: Mutex::default(),
    });
    let client = Client::over(portal, Settings::default());
    let (sent, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut workers = JoinSet::new();
    for _worker in 0..8 {
        let (client, sent, done) = (client.clone(), Arc::clone(&sent), Arc::clone(&done));
        let _task = workers.spawn(async move {
            while sent.fetch_add(1, Ordering::Relaxed) < calls {
                let page = client.list(ObjectType::Tickets, &[], None, Shelf::Live);
                let _none = page.await.expect("a page");
                let _before = done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let (mut eta, mut told) = (Eta::default(), Vec::new());
    while !workers.is_empty() {
        let now = done.load(Ordering::Relaxed);
        eta.note(begun.elapsed(), now as f64, &client.pace());
        let left = eta.left((calls - now) as f64);
        told.extend(left.map(|left| (begun.elapsed(), now, left)));
        sleep(STEP).await;
        while workers.try_join_next().is_some() {}
    }
    let (end, grain) = (begun.elapsed(), first.latency.max(then.1.latency));
    let estimates = told.into_iter().map(|(at, done, left)| Estimate {
        at,
        done: done as f64 / calls as f64,
        left,
        truth: end - at,
        grain: grain + Duration::from_secs(1),
    });
    estimates.collect()
}

#[tokio::test(start_paused = true)]
async fn on_a_steady_portal_the_time_left_is_known_after_a_tenth() {
    for (calls, portal) in [
        (2_000, manner(190, 100)),
        (700, manner(190, 900)),
        (400, manner(40, 60)),
        (100, manner(190, 400)),
    ] {
        let estimates = work(calls, portal, (Duration::MAX, portal)).await;
        // Sooner nothing is said.
        let is_late = |one: &&Estimate| one.done >= 0.1 && one.at >= Duration::from_secs(1);
        let late: Vec<&Estimate> = estimates.iter().filter(is_late).collect();
        let off = late.iter().find(|one| !one.is_good());
        assert!(off.is_none(), "{calls} calls, {portal:?}: {off:?}");
        for first in &late {
            let minute = first.at + Duration::from_secs(60);
            let later = late
                .iter()
                .filter(|one| one.at >= first.at && one.at <= minute);
            let moved = |one: &&&Estimate| (one.at + one.left).abs_diff(first.at + first.left);
            let most = first.left / 5 + first.grain;
            let other = later.max_by_key(moved).filter(|one| moved(one) > most);
            assert!(
                other.is_none(),
                "{calls} calls, {portal:?}: {first:?} {other:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_minutes_after_a_change_the_time_left_is_known() {
    let (usual, change) = (manner(190, 100), Duration::from_secs(100));
    let paused = Manner {
        paused_until: change + Duration::from_secs(30),
        ..usual
    };
    for (name, calls, changed) in [
        ("slower", 3_500, manner(190, 2_000)),
        ("a smaller allowance", 4_000, manner(60, 100)),
        ("a larger allowance", 12_000, manner(400, 100)),
        ("a pause", 6_000, paused),
    ] {
        let estimates = work(calls, usual, (change, changed)).await;
        let known = change + Duration::from_secs(120);
        let late: Vec<&Estimate> = estimates.iter().filter(|one| one.at >= known).collect();
        let off = late.iter().find(|one| !one.is_good());
        assert!(
            off.is_none() && late.len() > 100,
            "{name}: {} {off:?}",
            late.len()
        );
    }
}

fn rows(count: usize) -> Rehearsal {
    let here = Rehearsal::new();
    let rows: String = (0..count).map(|n| format!("{n},subject {n}\n")).collect();
    here.write("in.csv", format!("Id,Subject\n{rows}"));
    here.write("m.toml", SUBJECTS);
    here
}

const IMPORT: &str = "import in.csv -m m.toml --create-properties --batch-size 10 --run-dir run";

/// Each line of a text as JSON.
#[track_caller]
fn events(stderr: &str) -> Vec<Value> {
    let event = |line: &str| match serde_json::from_str::<Value>(line) {
        Ok(event) => event,
        Err(error) => panic!("{error}: {line}"),
    };
    stderr.lines().map(event).collect()
}

#[test]
fn progress_for_programs_is_json_and_nothing_else() {
    let here = rows(600);
    let portal = here.serve("--rate 30/1s");
    let json = "--progress json";
    let ended = here.run_against(&portal, (IMPORT, json)).expect(0);
    let told = events(&ended.stderr);
    let of = |name: &str| {
        told.iter()
            .filter(|event| event["event"] == name)
            .collect::<Vec<_>>()
    };
    for event in &told {
        assert!(event["v"] == 1 && event["time"].is_string(), "{event}");
    }
    let progress = of("progress");
    let imports = progress
        .iter()
        .filter(|event| event["phase"] == "importing");
    let imports: Vec<_> = imports.collect();
    let last = imports.last().expect("lines");
    assert!(last["seconds"].as_f64() > Some(0.5), "{last}");
    assert!(last["rate"].as_f64() > Some(1.0), "{last}");
    assert!(
        imports.iter().any(|event| event["seconds_left"].is_f64()),
        "{imports:?}"
    );
    let shares: Vec<f64> = imports
        .iter()
        .filter_map(|one| one["share"].as_f64())
        .collect();
    assert!(
        shares.len() == imports.len() && shares.is_sorted(),
        "{shares:?}"
    );
    assert_eq!(of("finished")[0]["rows"]["done"], 600);
    let said = |words: &str| {
        of("notice").iter().any(|one| {
            one["text"]
                .as_str()
                .is_some_and(|text| text.contains(words))
        })
    };
    assert!(
        said("importing into portal") && said("600 done"),
        "{told:?}"
    );
    // Where nobody wants words, there are none.
    let ended = here
        .run_against(&portal, "verify run --progress json -q")
        .expect(0);
    assert!(
        events(&ended.stderr)
            .iter()
            .all(|one| one["event"] == "progress")
    );
    for (args, code, text) in [
        ("import none.csv -m m.toml", 64, "there is no such file"),
        ("import in.csv -m in.csv", 64, "this is a table"),
        ("import in.csv", 64, "--mapping <MAPPING>"),
        ("delete in.csv --dry-run", 64, "no --dry-run"),
        ("resume nowhere", 64, "nowhere"),
    ] {
        let ended = here.run_against(&portal, (args, json)).expect(code);
        let told = events(&ended.stderr);
        let error = told.iter().find(|event| event["event"] == "error");
        let said = error
            .and_then(|error| error["text"].as_str())
            .unwrap_or_default();
        assert!(said.contains(text), "{args:?}: {told:?}");
    }
}

/// All commands that take a while show the same.
#[test]
fn every_long_work_has_one_look() {
    let here = rows(300);
    let portal = here.serve("--rate off --trouble slow=30ms@100%");
    let json = "--progress json";
    let phases = |args: &str, code| {
        let ended = here.run_against(&portal, (args, json)).expect(code);
        let told = events(&ended.stderr).into_iter();
        let told = told.filter(|event| event["event"] == "progress");
        let whole = |event: &Value| {
            let fields = [
                "unit",
                "done",
                "total",
                "share",
                "rate",
                "seconds_left",
                "waits",
            ];
            fields.iter().all(|field| event.get(field).is_some())
        };
        let told: Vec<Value> = told
            .inspect(|event| assert!(whole(event), "{event}"))
            .collect();
        let mut phases: Vec<String> = told
            .iter()
            .map(|event| event["phase"].as_str().unwrap_or_default().to_owned())
            .collect();
        phases.dedup();
        phases
    };
    assert_eq!(phases(IMPORT, 0), ["creating", "importing"]);
    for (args, phase) in [
        ("plan in.csv -m m.toml", "planning"),
        ("check in.csv -m m.toml", "checking"),
        ("verify run", "comparing"),
        ("export --properties subject -o held.csv", "reading"),
        ("undo run --yes", "undoing"),
    ] {
        let found = phases(args, 0);
        assert_eq!(found.first().map(String::as_str), Some(phase), "{args:?}");
    }
}

/// What a terminal of so many columns was shown, a draw of the line each.
#[cfg(target_os = "linux")]
fn drawn(here: &Rehearsal, url: &str, columns: usize, terminal: &str) -> String {
    let tool = env!("CARGO_BIN_EXE_tickethaul");
    let run = format!("run{columns}{terminal}");
    let line = format!(
        "stty cols {columns} rows 24; {tool} import in.csv -m m.toml --create-properties --batch-size 10 \
         --concurrency 4 --run-dir {run}"
    );
    let output = std::process::Command::new("script")
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .current_dir(here.path(""))
        .env_clear()
        .env("HOME", here.path(""))
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .env("TERM", terminal)
        .env("TICKETHAUL_BASE_URL", url)
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("script of util-linux");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn the_line_is_as_wide_as_its_terminal() {
    for columns in [30, 60, 140] {
        let here = rows(300);
        let portal = here.serve("--rate off --trouble slow=60ms@100%");
        let shown = drawn(&here, portal.url(), columns, "xterm-256color");
        let lines: Vec<&str> = shown
            .split(['\r', '\n'])
            .map(|line| {
                line.trim_start_matches(|c: char| {
                    c == '\u{1b}' || "[?0123456789;KABCDGhl".contains(c)
                })
            })
            .filter(|line| line.contains("importing") && line.contains('%'))
            .collect();
        assert!(lines.len() > 2, "{columns}: {shown:?}");
        for line in &lines {
            let drawn = line.split('\u{1b}').next().unwrap_or_default();
            let width = drawn.trim_end().chars().count();
            assert!(width < columns, "{columns}: {width} {line:?}");
            assert!(
                width + 3 >= columns || columns < 60,
                "{columns}: {width} {line:?}"
            );
        }
        let bars = lines.iter().filter(|line| line.contains('░')).count();
        assert!(bars > 0 || columns < 40, "{columns}: {shown:?}");
        assert!(shown.contains("300 done"), "{shown}");
    }
    let here = rows(100);
    let portal = here.serve("--rate off --trouble slow=60ms@100%");
    let dumb = drawn(&here, portal.url(), 80, "dumb");
    assert!(
        !dumb.contains('\u{1b}') && dumb.contains("100 done"),
        "{dumb:?}"
    );
}
