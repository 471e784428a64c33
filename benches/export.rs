//! How much of a portal's allowance an export uses: many cursors beside the one that
//! a list has by itself, from a sandbox in another process that allows 190 calls in
//! 10 s and takes 200±50 ms for each. Both must bring the same file.
//!
//! `cargo bench --bench export`, or with a number of tickets behind `--` (60,000
//! otherwise).

#![expect(clippy::print_stdout, reason = "what a benchmark is for")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tickethaul::export::columns::Wanted;
use tickethaul::export::{Archived, Job, Onward, Selection, Shape, Target, Which, run};
use tickethaul::hubspot::{Attempt, CallLog, Client, Credentials, SchemaParts, Settings, Token};

const TICKETS: u32 = 60_000;

/// What the portal allows in a window.
const ALLOWED: usize = 190;
const WINDOW: Duration = Duration::from_secs(10);

const PROPERTIES: [&str; 6] = [
    "subject",
    "content",
    "hs_pipeline_stage",
    "hubspot_owner_id",
    "createdate",
    "closed_date",
];

/// When each call was answered, and whether it was one too many.
#[derive(Default)]
struct Answers(Mutex<Vec<(Instant, bool)>>);

impl CallLog for Answers {
    fn hear(&self, attempt: &Attempt<'_>) {
        let mut answers = self.0.lock().expect("nobody panics with it");
        answers.push((Instant::now(), attempt.status == Some(429)));
    }
}

/// A sandbox in another process; ends when dropped.
struct Served(Child, String);

impl Served {
    fn start(tickets: u32) -> Served {
        let tickets = tickets.to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tickethaul"))
            .args(["sandbox", "--trouble", "slow=200ms±50ms", "--seed", "1"])
            .env("TICKETHAUL_SANDBOX_TOKEN", "sandbox")
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

/// One export: how many tickets, how long from the first call on, what was answered
/// when.
struct Facts {
    tickets: u64,
    took: Duration,
    answers: Vec<(Duration, bool)>,
}

async fn export(tickets: u32, concurrency: usize, folder: &Path) -> Facts {
    let served = Served::start(tickets);
    let token = Token::new("sandbox".to_owned()).expect("a token");
    let settings = Settings {
        credentials: Some(Credentials::Token(token)),
        ..Settings::default()
    };
    let client = Client::connect(&served.1, settings).expect("a client");
    let answers = Arc::new(Answers::default());
    client.log_to(answers.clone());
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
        schema: client
            .schema(SchemaParts::default())
            .await
            .expect("a schema"),
        shape: Shape::default(),
        target: Target::File(folder.join(format!("{concurrency}.csv"))),
        attachments: None,
        work,
        concurrency,
        portal_id: 0,
        started: client.portal_now(),
        run: String::new(),
        selection: Selection::default(),
        filter: None,
        onward: Onward::Anew,
        owners_denied: false,
    };
    let done = run(job, client, |_| ()).await.expect("an export");
    Facts {
        tickets: done.tickets,
        took: started.elapsed(),
        answers: answers
            .0
            .lock()
            .expect("nobody panics with it")
            .iter()
            .map(|(at, too_many)| (*at - started, *too_many))
            .collect(),
    }
}

/// The share of the allowance that was used in the whole windows after the first.
#[expect(clippy::cast_precision_loss, reason = "a few thousand calls")]
fn share(facts: &Facts) -> f64 {
    let windows = facts.took.as_secs() / WINDOW.as_secs();
    let whole = WINDOW..WINDOW * u32::try_from(windows).unwrap_or(u32::MAX);
    let answers = facts.answers.iter();
    let calls = answers.filter(|(at, too_many)| !too_many && whole.contains(at));
    let allowed = windows.saturating_sub(1) as f64 * ALLOWED as f64;
    calls.count() as f64 / allowed
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
            facts.answers.len(),
            facts
                .answers
                .iter()
                .filter(|(_, too_many)| *too_many)
                .count(),
            100.0 * share(&facts)
        );
        let file = place.path().join(format!("{concurrency}.csv"));
        files.push(std::fs::read(file).expect("the export"));
    }
    assert!(files[0] == files[1], "the two files differ");
}
