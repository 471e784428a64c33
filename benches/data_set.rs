//! What a data set costs night after night: time, calls and memory of the first run, of
//! one after a hundredth of the tickets has changed, of one after nothing has, and of one
//! that reads all again. The portal is a sandbox in another process, without a limit, or
//! with 190 calls in 10 s where a second word says `limited`.
//!
//! `cargo bench --bench data_set -- 1000000` (100,000 otherwise), `-- 1000000 limited`.

#![expect(
    clippy::disallowed_methods,
    reason = "it waits for other processes, by the clock of the machine"
)]
#![expect(clippy::print_stdout, reason = "what a benchmark is for")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const TICKETS: u32 = 100_000;
const TOKEN: &str = "sandbox";

/// Longer than the search index of the sandbox is late.
const LAG: Duration = Duration::from_secs(6);

/// How often the memory of a run is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A sandbox in another process; ends when dropped.
struct Served(Child, String);

impl Served {
    fn start(tickets: u32, limited: bool) -> Served {
        let tickets = tickets.to_string();
        let rate = if limited { "190/10s" } else { "off" };
        let mut child = Command::new(env!("CARGO_BIN_EXE_tickethaul"))
            .args(["sandbox", "--seed", "1", "--rate", rate])
            .args(["--seed-tickets", &tickets])
            .env("TICKETHAUL_SANDBOX_TOKEN", TOKEN)
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

    /// Makes a call of the API; waits where the allowance is used up.
    fn call(&self, method: &str, path: &str, body: &str) -> Value {
        let address = self.1.trim_start_matches("http://");
        loop {
            let mut wire = TcpStream::connect(address).expect("the sandbox listens");
            write!(
                wire,
                "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .expect("a request");
            let mut reply = String::new();
            let _bytes = wire.read_to_string(&mut reply).expect("a reply");
            let (head, body) = reply.split_once("\r\n\r\n").expect("a reply");
            match head.split(' ').nth(1) {
                Some("429") => std::thread::sleep(Duration::from_secs(1)),
                _ => return serde_json::from_str(body).unwrap_or(Value::Null),
            }
        }
    }

    /// Changes every hundredth ticket of a data set; gives their number.
    fn change(&self, tickets: &Path) -> usize {
        let mut ids: Vec<String> = Vec::new();
        for part in fs::read_dir(tickets).expect("parts") {
            for file in fs::read_dir(part.expect("a part").path()).expect("files") {
                let text = fs::read_to_string(file.expect("a file").path()).expect("rows");
                let id = |line: &str| {
                    let row: Value = serde_json::from_str(line).expect("JSON");
                    row["hs_object_id"].to_string().replace('"', "")
                };
                ids.extend(text.lines().step_by(100).map(id));
            }
        }
        for ids in ids.chunks(100) {
            let inputs = ids
                .iter()
                .map(|id| json!({"id": id, "properties": {"hs_ticket_priority": "HIGH", "subject": "changed"}}));
            let body = json!({"inputs": inputs.collect::<Vec<_>>()}).to_string();
            let reply = self.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
            assert_eq!(reply["status"], "COMPLETE", "{reply}");
        }
        ids.len()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// The most memory that a process had so far, in KiB; 0 where the system does not say.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    number.unwrap_or(0)
}

/// Brings the data set up to date, and says what it took.
fn night(name: &str, served: &Served, folder: &Path, more: &[&str]) {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tickethaul"))
        .args([
            "export", "--quiet", "--since", "last", "--format", "jsonl", "-o", "lake",
        ])
        .args([
            "--properties",
            "hs_ticket_priority,hs_pipeline_stage,createdate,subject,content",
        ])
        .args(more)
        .current_dir(folder)
        .env("TICKETHAUL_BASE_URL", &served.1)
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
        .env("XDG_STATE_HOME", folder)
        .spawn()
        .expect("the tool starts");
    let mut most = 0;
    let ended = loop {
        match child.try_wait().expect("a child") {
            Some(ended) => break ended,
            None => most = most.max(peak(child.id())),
        }
        std::thread::sleep(LOOK);
    };
    assert!(ended.success(), "{name}: {ended}");
    let took = began.elapsed().as_secs_f64();
    let manifest = fs::read_to_string(folder.join("lake/_manifest.json")).expect("a manifest");
    let told: Value = serde_json::from_str(&manifest).expect("JSON");
    let (calls, changed, held) = (&told["calls"], &told["changed"], &told["tickets"]);
    println!(
        "{name}: {took:.1} s, {calls} calls, {} MiB; {changed} new or changed of {held}",
        most / 1024
    );
}

fn main() {
    let tickets = std::env::args().find_map(|word| word.parse().ok());
    let limited = std::env::args().any(|word| word == "limited");
    let served = Served::start(tickets.unwrap_or(TICKETS), limited);
    let place = tempfile::tempdir_in(".").expect("a folder on this disk");
    let folder = place.path();
    night("first", &served, folder, &[]);
    night("nothing changed", &served, folder, &[]);
    let changed = served.change(&folder.join("lake/tickets"));
    std::thread::sleep(LAG);
    night(&format!("{changed} changed"), &served, folder, &[]);
    night("--reconcile", &served, folder, &["--reconcile"]);
}
