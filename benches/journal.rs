//! What durability costs: the same import with `synchronous = FULL` beside `OFF`,
//! into a sandbox without a rate in another process. Runs take turns, so that both
//! see the same disk; the median of each and their ratio are printed.
//!
//! `cargo bench --bench journal`

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tickethaul::hubspot::{Client, Credentials, SchemaParts, Settings, Token};
use tickethaul::import::flow::Operation;
use tickethaul::import::job::Job;
use tickethaul::import::job::{Options, Unknown};
use tickethaul::import::links::LinkKinds;
use tickethaul::import::plan::family_keys::FamilyKeys;
use tickethaul::import::read::{Input, Sources};
use tickethaul::import::resume::folder::RunFolder;
use tickethaul::import::run::run;
use tickethaul::import::settle::steps::Steps;
use tickethaul::import::stop::StopSwitch;
use tickethaul::journal::{Durability, Header, PortalPath, RunOptions};
use tickethaul::mapping::{For, MappingFile};
use tickethaul::model::dialect::Dialect;
use tickethaul::model::event::{Event, Listener};

const ROWS: usize = 20_000;
const TURNS: usize = 5;

const MAPPING: &str = r#"
version = 1

[key]
property = "source_ticket_id"
column = "Id"

[properties]
subject = "Subject"
content = "Body"
hs_pipeline_stage = { value = "New" }

[[property]]
name = "source_ticket_id"
label = "Source ticket ID"
type = "string"
unique = true
"#;

struct Deaf;

impl Listener for Deaf {
    fn hear(&self, _event: &Event) {}
}

/// A sandbox in another process; ends when dropped.
struct Served(Child, String);

impl Served {
    fn start() -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tickethaul"))
            .args(["sandbox", "--rate", "off"])
            .env("TICKETHAUL_SANDBOX_TOKEN", "sandbox")
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

fn rows(path: &Path) {
    let body = "The parcel did not arrive, and nobody answers the phone. ".repeat(8);
    let rows: String = (1..=ROWS)
        .map(|id| format!("{id},Ticket {id},\"{body}\"\n"))
        .collect();
    std::fs::write(path, format!("Id,Subject,Body\n{rows}")).expect("an input");
}

async fn import(input: &Path, folder: &Path, durability: Durability) -> Duration {
    let served = Served::start();
    let settings = Settings {
        credentials: Some(Credentials::Token(token())),
        ..Settings::default()
    };
    let client = Client::connect(&served.1, settings).expect("a client");
    let account = client.account().await.expect("an account");
    let mapping = MappingFile::parse("bench.toml", MAPPING).expect("a mapping");
    for property in mapping.new_properties() {
        let _made = client.create_property(property).await.expect("a property");
    }
    let schema = client
        .schema(SchemaParts::default())
        .await
        .expect("a schema");
    let input = Input::open(
        Sources::known(std::iter::once((input, None))),
        &Dialect::default(),
    )
    .expect("an input");
    let compiled = mapping
        .compile(input.headers(), &schema, For::Create)
        .expect("it fits");
    let links = LinkKinds::read(&client, &compiled).await;
    let job = Job {
        operation: Operation::Create,
        links: links.expect("links that the portal knows"),
        header: Header {
            run: String::new(),
            parent: None,
            operation: "create".to_owned(),
            portal_id: account.portal_id,
            portal: PortalPath::Url(served.1.clone()),
            mapping_path: "bench.toml".into(),
            mapping_text: MAPPING.to_owned(),
            tables: mapping.tables().clone(),
            inputs: input.fingerprints().expect("a hash"),
            schema,
            diff: false,
            no_key: false,
            encoding: None,
            delimiter: None,
            run_options: RunOptions::default(),
            undoes: None,
            plan: None,
        },
        input,
        mapping: Arc::new(compiled),
        folder: RunFolder::create("create", Some(folder)).expect("a folder"),
        rivals: FamilyKeys::default(),
        facts: tickethaul::model::learned::KnownFacts::default(),
        past: None,
        plan: None,
        files: None,
        options: Options {
            batch_size: 100,
            concurrency: 8,
            max_refused: None,
            limit: None,
            horizon: Duration::from_secs(120),
            unknown: Unknown::Leave,
            durability,
            stop: StopSwitch::default(),
            steps: Steps::default(),
        },
    };
    let started = Instant::now();
    let summary = run(job, client, account, Arc::new(Deaf))
        .await
        .expect("a run");
    assert_eq!(summary.tally.settled(), ROWS as u64);
    started.elapsed()
}

fn token() -> Token {
    Token::new("sandbox".to_owned()).expect("a token")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let place = tempfile::tempdir_in(".").expect("a folder on this disk");
    let input = place.path().join("in.csv");
    rows(&input);
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..TURNS {
        for (kind, durability) in [Durability::Full, Durability::Off].into_iter().enumerate() {
            let folder = place.path().join(format!("run-{turn}-{kind}"));
            times[kind].push(runtime.block_on(import(&input, &folder, durability)));
        }
    }
    let [full, off] = times.map(median);
    let ratio = full.as_secs_f64() / off.as_secs_f64();
    let mut out = std::io::stdout();
    let line = format!(
        "{ROWS} rows, median of {TURNS}: synchronous FULL {:.3} s, OFF {:.3} s, ratio {ratio:.3}\n",
        full.as_secs_f64(),
        off.as_secs_f64()
    );
    std::io::Write::write_all(&mut out, line.as_bytes()).expect("stdout");
}
