//! How much of a portal's allowance an export uses: many cursors beside the one that
//! a list has by itself, from a sandbox in another process that allows 190 calls in
//! 10 s and takes 200±50 ms for each. Both must bring the same file.
//!
//! `cargo bench --bench export`, or with a number of tickets behind `--` (60,000
//! otherwise).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tickethaul::export::columns::Wanted;
use tickethaul::export::{Archived, Job, Shape, Target, Which, run};
use tickethaul::hubspot::{Attempt, CallLog, Client, Credentials, Settings, Token};

const TICKETS: u32 = 60_000;

/// What the portal allows in a window of 10 s.
const ALLOWED: u64 = 190;
const WINDOW: f64 = 10.0;

/// What a call takes on average, in seconds.
const LATENCY: f64 = 0.2;

const PROPERTIES: [&str; 6] = [
    "subject",
    "content",
    "hs_pipeline_stage",
    "hubspot_owner_id",
    "createdate",
    "closed_date",
];

/// Counts calls and those that were too many.
#[derive(Default)]
struct Counts {
    calls: AtomicU64,
    too_many: AtomicU64,
}

impl CallLog for Counts {
    fn hear(&self, attempt: &Attempt<'_>) {
        let _before = self.calls.fetch_add(1, Ordering::Relaxed);
        if attempt.status == Some(429) {
            let _before = self.too_many.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A sandbox in another process; ends when dropped.
struct Served(Child, String);

impl Served {
    fn start(tickets: u32) -> Served {
        let tickets = tickets.to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tickethaul"))
            .args(["sandbox", "--trouble", "slow=200ms±50ms", "--seed", "1"])
            .args(["--seed-tickets", &tickets])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("its stdout");
        let _read = BufReader::new(stdout)
            .read_line(&mut url)
            .expect("its address");
        Served(child, url.trim().to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// One export: how many tickets, how long from the first call on, calls, 429s.
struct Facts {
    tickets: u64,
    took: Duration,
    calls: u64,
    too_many: u64,
}

async fn export(tickets: u32, concurrency: usize, folder: &Path) -> Facts {
    let served = Served::start(tickets);
    let token = Token::new("sandbox".to_owned()).expect("a token");
    let settings = Settings {
        credentials: Some(Credentials::Token(token)),
        ..Settings::default()
    };
    let client = Client::connect(&served.1, settings).expect("a client");
    let counts = Arc::new(Counts::default());
    client.log_to(counts.clone());
    let started = Instant::now();
    let work = folder.join(concurrency.to_string());
    std::fs::create_dir(&work).expect("a folder");
    let job = Job {
        which: Which::All,
        archived: Archived::No,
        wanted: Wanted {
            properties: PROPERTIES.map(str::to_owned).into(),
            ..Wanted::default()
        },
        schema: client.schema(false).await.expect("a schema"),
        shape: Shape::default(),
        target: Target::File(folder.join(format!("{concurrency}.csv"))),
        work,
        concurrency,
        portal_id: 0,
        started: client.portal_now(),
    };
    let done = run(job, client, |_| ()).await.expect("an export");
    Facts {
        tickets: done.tickets,
        took: started.elapsed(),
        calls: counts.calls.load(Ordering::Relaxed),
        too_many: counts.too_many.load(Ordering::Relaxed),
    }
}

/// The share of the allowance: the least time in which a portal lets so many calls
/// pass, over the time that they took.
#[expect(clippy::cast_precision_loss, reason = "a few thousand calls")]
fn share(facts: &Facts) -> f64 {
    let windows = (facts.calls.saturating_sub(1) / ALLOWED) as f64;
    (windows * WINDOW + LATENCY) / facts.took.as_secs_f64()
}

fn main() {
    let tickets = std::env::args().find_map(|word| word.parse().ok());
    let tickets = tickets.unwrap_or(TICKETS);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let place = tempfile::tempdir_in(".").expect("a folder on this disk");
    let mut files = Vec::new();
    for (name, concurrency) in [("many cursors", 64), ("one cursor", 1)] {
        let facts = runtime.block_on(export(tickets, concurrency, place.path()));
        println!(
            "{name}: {} tickets in {:.1} s, {} calls, {} of them refused as too many, {:.1} % of the allowance",
            facts.tickets,
            facts.took.as_secs_f64(),
            facts.calls,
            facts.too_many,
            100.0 * share(&facts)
        );
        let file = place.path().join(format!("{concurrency}.csv"));
        files.push(std::fs::read(file).expect("the export"));
    }
    assert!(files[0] == files[1], "the two files differ");
}
