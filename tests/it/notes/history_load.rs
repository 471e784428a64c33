//! Histories of realistic size, and lines of unrealistic size: how fast they are imported,
//! and in how much memory. They take minutes, so they are run by hand; what they measure is
//! printed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::conversation::{COMMENTS, Form};
use crate::support::filed;
use crate::support::{Invocation, Rehearsal, TOKEN, wait_at_most};

/// What a run may take, in kilobytes.
const MEMORY: u64 = 150_000;

/// Says how large a part of the whole is measured: 8 is an eighth, which fits into a window of
/// the allowance and says nothing of the rate.
const PART: &str = "TICKETHAUL_LOAD_PART";

#[expect(clippy::disallowed_methods, reason = "whoever measures says how much")]
fn part() -> usize {
    let part = std::env::var(PART).ok().and_then(|part| part.parse().ok());
    part.unwrap_or(1)
}

/// Waits for the tool; the most memory that it had, in kilobytes.
fn peak(mut child: Child, code: i32) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait().expect("a child") {
            break ended;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0));
        wait_at_most(&mut child, Duration::from_millis(50));
    };
    assert_eq!(ended.code(), Some(code));
    peak
}

fn spawn(tool: Invocation<'_>) -> Child {
    let mut command = tool.command();
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.spawn().expect("the tool starts")
}

fn file(here: &Rehearsal, name: &str) -> BufWriter<File> {
    BufWriter::new(File::create(here.path(name)).expect("a file of the test"))
}

/// A ticket with five comments as a line of JSON; `more` gives further fields of each.
fn write_ticket(lines: &mut impl Write, n: usize, more: impl Fn(usize) -> String) {
    let comment = |id: usize| {
        let more = more(id);
        format!(
            r#"{{"id":{id},"at":"2021-03-01T09:00:0{id}Z","author":"Ann","body":"says {n} the {id}. time, with words as people use them in answers: the lamp on your desk was replaced"{more}}}"#
        )
    };
    let comments: Vec<String> = (1..=5).map(comment).collect();
    let comments = comments.join(",");
    writeln!(
        lines,
        r#"{{"Id":"K{n}","Subject":"Ticket {n}","comments":[{comments}]}}"#
    )
    .expect("written");
}

/// Imports into a portal with HubSpot's rate, and holds that the run uses the allowance, stays
/// within it, and in little memory. The summary of the run.
#[expect(clippy::print_stdout, reason = "what is measured is printed")]
fn import_at_full_rate(here: &Rehearsal, more: &str) -> Value {
    let sandbox = here.serve("--data portal.db --rate 190/10s --trouble slow=200ms±50");
    let import = "import in.jsonl -m m.toml --create-properties --run-dir run";
    let peak = peak(spawn(here.tool((import, more)).against(&sandbox)), 0);
    let summary = here.json("run/summary.json");
    let calls = summary["calls"].as_u64().expect("calls");
    let seconds = summary["seconds"].as_f64().expect("seconds");
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let share = calls as f64 / (19.0 * seconds);
    println!("{calls} calls in {seconds:.1} s, {share:.3} of the allowance, {peak} kB");
    assert!(
        !here.read("run/run.log").contains(": 429 in"),
        "a 429 of our own"
    );
    assert!(peak < MEMORY, "{peak} kB");
    assert!(share >= 0.95 || part() > 1, "{share}");
    summary
}

#[test]
#[ignore = "an import at HubSpot's rate takes minutes; run it by hand, in release"]
fn a_hundred_thousand_notes_go_in_at_the_rate_that_is_allowed() {
    let tickets = 20_000 / part();
    let here = Rehearsal::new();
    let mut lines = file(&here, "in.jsonl");
    for n in 1..=tickets {
        write_ticket(&mut lines, n, |_| String::new());
    }
    lines.flush().expect("written");
    here.write("m.toml", Form::Objects.mapping());
    let summary = import_at_full_rate(&here, "");
    assert_eq!(summary["notes"]["created"], tickets * 5);
}

#[test]
#[ignore = "files beside notes at HubSpot's rate take minutes; run it by hand, in release"]
fn two_thousand_files_go_in_beside_a_hundred_thousand_notes() {
    let (tickets, files) = (20_000 / part(), 2_000 / part());
    let here = Rehearsal::new();
    let mut lines = file(&here, "in.jsonl");
    std::fs::create_dir(here.path(filed::FOLDER)).expect("a folder");
    let mut bytes = vec![b'x'; 1_000_000];
    for n in 1..=tickets {
        let has_file = n % 10 == 0 && n / 10 <= files;
        write_ticket(&mut lines, n, |id| match has_file && id == 1 {
            true => format!(r#","attachments":[{{"id":{n},"file_name":"f{n}.bin"}}]"#),
            false => String::new(),
        });
        if has_file {
            bytes[..8].copy_from_slice(format!("{n:08}").as_bytes());
            let name = format!("{}/f{n}.bin", filed::FOLDER);
            here.write(&name, &bytes);
        }
    }
    lines.flush().expect("written");
    here.write("m.toml", filed::mapping());
    let summary = import_at_full_rate(&here, "--attachments attachments");
    assert_eq!(summary["files"]["uploaded"], files);
    assert_eq!(summary["notes"]["created"], tickets * 5);
}

#[test]
#[ignore = "a million comments take a minute; run it by hand, in release"]
#[expect(clippy::print_stdout, reason = "what is measured is printed")]
fn a_million_comments_in_random_order_are_joined_in_little_memory() {
    let tickets = 100_000 / part();
    let here = Rehearsal::new();
    let mut rows = file(&here, "in.csv");
    writeln!(rows, "Id,Subject").expect("written");
    for n in 1..=tickets {
        writeln!(rows, "K{n},Ticket {n}").expect("written");
    }
    rows.flush().expect("written");
    let mut order: Vec<u32> = (0..).take(tickets * 10).collect();
    fastrand::Rng::with_seed(3).shuffle(&mut order);
    let mut comments = file(&here, COMMENTS);
    writeln!(comments, "at,author,id,Ticket,body").expect("written");
    for comment in order {
        let (ticket, id) = (comment / 10 + 1, comment % 10);
        writeln!(
            comments,
            "2021-03-01T09:00:0{id}Z,Ann,{id},K{ticket},says {ticket} the {id}. time and more"
        )
        .expect("written");
    }
    comments.flush().expect("written");
    here.write("m.toml", Form::Beside.mapping());
    let sandbox = here.serve("--rate off --data portal.db");
    for first in ["schema apply -m m.toml --yes", "schema pull -o copy.toml"] {
        here.run_against(&sandbox, first).expect(0);
    }
    let begun = Instant::now();
    let check = "check in.csv -m m.toml --schema copy.toml";
    let checked = peak(spawn(here.tool(check)), 0);
    println!("check: {checked} kB in {:?}", begun.elapsed());
    let begun = Instant::now();
    let import = "import in.csv -m m.toml --limit 1000 --run-dir run";
    let imported = peak(spawn(here.tool(import).against(&sandbox)), 0);
    println!("import: {imported} kB in {:?}", begun.elapsed());
    let summary = here.json("run/summary.json");
    assert_eq!(summary["notes"]["created"], 10_000, "{summary}");
    assert!(
        checked < MEMORY && imported < MEMORY,
        "{checked} {imported}"
    );
}

/// A packed file with a line of a gigabyte in it.
fn with_a_gigabyte(here: &Rehearsal, name: &str, head: &str, tail: &str) {
    let file = File::create(here.path(name)).expect("a file of the test");
    let mut packer = zstd::Encoder::new(file, 1).expect("a packer");
    packer.write_all(head.as_bytes()).expect("packed");
    let piece = vec![b'x'; 1_000_000];
    for _ in 0..1_000 {
        packer.write_all(&piece).expect("packed");
    }
    packer.write_all(tail.as_bytes()).expect("packed");
    let _file = packer.finish().expect("packed");
}

/// The tool gets no more than 700 MB of address space, less than what the line takes.
#[cfg(unix)]
#[test]
#[ignore = "two lines of a gigabyte take ten seconds in a debug build"]
fn a_comment_or_object_of_a_gigabyte_costs_itself_alone() {
    let here = Rehearsal::new();
    let comment = "2021-03-01T09:00:00Z,Ann";
    let head = format!("at,author,id,Ticket,body\n{comment},1,K1,says a\n{comment},2,K1,");
    with_a_gigabyte(
        &here,
        "comments.csv.zst",
        &head,
        &format!("\n{comment},3,K1,says c\n"),
    );
    with_a_gigabyte(
        &here,
        "in.jsonl.zst",
        "{\"Id\":\"K1\",\"Subject\":\"a\"}\n{\"Id\":\"K2\",\"Subject\":\"",
        "\"}\n{\"Id\":\"K3\",\"Subject\":\"c\"}\n",
    );
    here.write("in.csv", "Id,Subject\nK1,a\nK2,b\n");
    here.write("m.toml", Form::Beside.mapping());
    let sandbox = here.serve("--rate off");
    let limited = |args: &str, code: i32| {
        let line = format!("ulimit -v 700000 && exec \"$0\" {args}");
        let mut command = Command::new("sh");
        let _same = command
            .args(["-c", &line, env!("CARGO_BIN_EXE_tickethaul")])
            .current_dir(here.path(""))
            .env_clear()
            .env("HOME", here.path(""))
            .env("TICKETHAUL_BASE_URL", sandbox.url())
            .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
            .stdin(Stdio::null());
        here.finish(command).expect(code)
    };
    limited("check in.jsonl.zst", 4).prints("RECORD_TOO_LONG");
    let import =
        "import in.csv -m m.toml --comments comments.csv.zst --create-properties --run-dir run";
    let _ended = limited(import, 0).says("2 notes created");
    let left = here.rows("run/comments-left.csv");
    assert_eq!((left.len(), &*left[0]["_code"]), (1, "RECORD_TOO_LONG"));
    assert!(here.read("run/comments-left.csv").len() < 10_000);
}

#[test]
#[ignore = "ten megabytes in a debug build take seconds"]
fn a_comment_of_ten_megabytes_goes_in_in_parts() {
    let here = Rehearsal::new();
    here.write("in.csv", "Id,Subject\nK1,a\n");
    let long = "0123456789".repeat(1_000_000);
    let comment = format!("at,author,id,Ticket,body\n2021-03-01T09:00:00Z,Ann,1,K1,{long}\n");
    here.write(COMMENTS, comment);
    here.write("m.toml", Form::Beside.mapping());
    let sandbox = here.serve("--rate off");
    let import = "import in.csv -m m.toml --create-properties --run-dir run";
    here.run_against(&sandbox, import).expect(0);
    let summary = here.json("run/summary.json");
    let notes = summary["notes"]["created"].as_u64().expect("a number");
    assert!((153..156).contains(&notes), "{summary}");
    here.run_against(&sandbox, "verify run").expect(0);
}
