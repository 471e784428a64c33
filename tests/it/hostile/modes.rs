//! Replies of a hostile portal: whatever it answers, a command ends in time and in
//! little memory, never reports success wrongly, and keeps its secret.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::hostile_portal::{
    Answer, Call, Change, EVIL, HostilePortal, Reply, listed, page,
};
use crate::support::{Portal, Rehearsal, TOKEN, keyed};

/// A command that is not at its end after this hangs. Lost calls take `--timeout` each
/// and are repeated with growing pauses, all in all less than half of it.
const DEADLINE: Duration = Duration::from_secs(60);
/// More than any command needs, in kilobytes.
const MEMORY: u64 = 150_000;
/// Tickets that the portal holds.
const TICKETS: usize = 120;
/// Rows that are imported.
const ROWS: usize = 30;
/// As much as a reply says where it says too much.
const MUCH: usize = 5_000_000;

/// A way of being hostile.
struct Mode {
    name: &'static str,
    /// What the portal says is another truth, not a broken one: exit code 0 is right.
    plausible: bool,
    change: Change,
}

const fn broken(name: &'static str, change: Change) -> Mode {
    Mode {
        name,
        plausible: false,
        change,
    }
}

const fn plausible(name: &'static str, change: Change) -> Mode {
    Mode {
        name,
        plausible: true,
        change,
    }
}

fn error(status: u16, message: &str) -> Answer {
    Answer::Whole(Reply::json(
        status,
        &json!({"status": "error", "message": message, "category": "VALIDATION_ERROR",
                "correlationId": "3f1c0a52-0000-4000-8000-000000000000"}),
    ))
}

/// Every reply has this body.
fn always(body: impl Into<Vec<u8>>) -> Answer {
    Answer::Whole(Reply::text(200, "application/json", body))
}

fn endless(head: &[u8], again: &[u8]) -> Answer {
    Answer::Endless {
        head: head.to_vec(),
        again: again.to_vec(),
        pause: Duration::ZERO,
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Puts `text` behind every text of a reply that people read.
fn spread(value: &mut Value, text: &str) {
    const READ: [&str; 10] = [
        "label",
        "firstName",
        "lastName",
        "subject",
        "content",
        "description",
        "uiDomain",
        "timeZone",
        "accountType",
        "message",
    ];
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(words) if READ.contains(&name.as_str()) => words.push_str(text),
                    other => spread(other, text),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| spread(item, text)),
        _ => {}
    }
}

fn results(value: &mut Value) -> Option<&mut Vec<Value>> {
    value.get_mut("results").and_then(Value::as_array_mut)
}

/// Replaces the list of tickets by pages that a function makes of the cursor.
fn list(call: &Call, reply: Reply, pages: fn(Option<&str>, u64) -> Reply) -> Answer {
    match call.lists_tickets() {
        true => Answer::Whole(pages(call.after(), call.number)),
        false => Answer::Whole(reply),
    }
}

fn hundred(from: u64) -> Vec<Value> {
    (from..from + 100)
        .map(|id| listed(id.to_string()))
        .collect()
}

/// Changes the results of the calls that write tickets.
fn written(call: &Call, reply: Reply, change: fn(&mut Vec<Value>)) -> Answer {
    match call.writes_tickets() {
        true => Answer::Whole(reply.changed(|body| {
            if let Some(results) = results(body) {
                change(results);
            }
        })),
        false => Answer::Whole(reply),
    }
}

/// Every link has a next page, under cursors that go round.
fn links_in_circles(call: &Call, reply: Reply) -> Answer {
    if !call.reads_links() {
        return Answer::Whole(reply);
    }
    let inputs = call.body["inputs"].as_array().cloned().unwrap_or_default();
    let of = |input: &Value| {
        let next = if input["after"] == json!("a") {
            "b"
        } else {
            "a"
        };
        let to = (0..500).map(|id| {
            json!({"toObjectId": id, "associationTypes":
                [{"category": "HUBSPOT_DEFINED", "typeId": 16, "label": "x".repeat(100)}]})
        });
        json!({"from": {"id": input["id"]}, "to": to.collect::<Vec<_>>(),
               "paging": {"next": {"after": next}}})
    };
    let results: Vec<Value> = inputs.iter().map(of).collect();
    Answer::Whole(Reply::json(
        200,
        &json!({"status": "COMPLETE", "results": results}),
    ))
}

fn gzip_bomb(_call: &Call, _reply: Reply) -> Answer {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let blank = vec![b' '; 1 << 20];
    for _ in 0..300 {
        packed.write_all(&blank).expect("packed");
    }
    let body = packed.finish().expect("packed");
    Answer::Whole(Reply::text(200, "application/json", body).with("content-encoding", "gzip"))
}

fn owners_in_circles(call: &Call, reply: Reply) -> Answer {
    if !call.target.contains("/owners") {
        return Answer::Whole(reply);
    }
    let next = if call.after() == Some("a") { "b" } else { "a" };
    let owner = |n: usize| {
        json!({"id": n.to_string(), "email": format!("x{n}@x.example"),
                                  "firstName": "F".repeat(1_000), "lastName": "L"})
    };
    Answer::Whole(page((0..100).map(owner).collect(), Some(next)))
}

/// All ways, a line each.
const MODES: &[Mode] = &[
    // Secrets that come back.
    broken("the token in every 401", |call, _| {
        error(401, &format!("got {}", call.authorization))
    }),
    broken(
        "the token in a 401 half way, with a forged log line",
        |call, reply| {
            if call.writes_tickets() || call.lists_tickets() {
                let forged =
                    "2026-11-28T00:00:00.000Z POST /forged attempt 1: 201 in 1 ms, answered";
                return error(401, &format!("got {}\n{forged}", call.authorization));
            }
            Answer::Whole(reply)
        },
    ),
    broken("the token in a 400", |call, reply| {
        match call.target.contains("/objects/") {
            true => error(400, &format!("bad: {}", call.authorization)),
            false => Answer::Whole(reply),
        }
    }),
    broken("the token percent-encoded in a 403", |call, _| {
        let token = call.authorization.trim_start_matches("Bearer ");
        error(403, &format!("/x?token={}", percent_encoded(token)))
    }),
    broken(
        "the token in category, correlation id and names",
        |call, _| {
            let token = &call.authorization;
            Answer::Whole(Reply::json(
                400,
                &json!({
                    "status": "error", "message": "no", "category": token, "correlationId": token,
                    "subCategory": token, "context": {"propertyName": [token], "ids": [token]},
                    "errors": [{"message": token, "code": token, "in": token,
                                "context": {"propertyName": [token]}}],
                }),
            ))
        },
    ),
    broken("the token in a page of HTML", |call, _| {
        let html = format!("<html><title>no {}</title></html>", call.authorization);
        Answer::Whole(Reply::text(502, "text/html", html))
    }),
    broken("the token in rows of a 207", |call, reply| {
        match call.writes_tickets() {
            true => Answer::Whole(Reply::json(
                207,
                &json!({
                    "status": "COMPLETE", "results": [], "numErrors": 1,
                    "errors": [{"status": "error", "category": "VALIDATION_ERROR", "context": {},
                                "message": format!("bad {}", call.authorization)}],
                }),
            )),
            false => Answer::Whole(reply),
        }
    }),
    // Sent elsewhere.
    broken("redirected for good", |_, reply| {
        let elsewhere = Reply {
            status: 308,
            ..reply
        };
        Answer::Whole(elsewhere.with("location", "http://127.0.0.1:9/stolen"))
    }),
    broken("redirected to another scheme", |_, reply| {
        let elsewhere = Reply {
            status: 302,
            ..reply
        };
        Answer::Whole(elsewhere.with("location", "file:///etc/passwd"))
    }),
    // Too much, too slow, not at all.
    broken("an endless body", |_, _| {
        endless(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n",
            &[b' '; 65_536],
        )
    }),
    broken("a body of five gigabytes", |_, _| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 5368709120\r\n\r\n";
        endless(head, &[b' '; 65_536])
    }),
    broken("endless headers", |_, _| {
        endless(
            b"HTTP/1.1 200 OK\r\n",
            format!("x: {}\r\n", "a".repeat(8_000)).as_bytes(),
        )
    }),
    broken("an endless header line", |_, _| {
        endless(b"HTTP/1.1 200 OK\r\nx: ", &[b'a'; 65_536])
    }),
    broken("a bomb of gzip", gzip_bomb),
    broken("a byte now and then", |_, _| Answer::Endless {
        head: b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec(),
        again: b" ".to_vec(),
        pause: Duration::from_millis(100),
    }),
    broken("a head that never ends", |_, _| Answer::Endless {
        head: b"HTTP/1.1 200 OK\r\n".to_vec(),
        again: b"x: y\r\n".to_vec(),
        pause: Duration::from_millis(100),
    }),
    broken("silence", |_, _| Answer::Silence),
    broken("cut off in the head", |_, _| {
        Answer::Broken(b"HTTP/1.1 200 OK\r\nconte".to_vec())
    }),
    broken("no HTTP at all", |_, _| {
        Answer::Broken(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())
    }),
    broken("a length that is not kept", |_, _| {
        Answer::Broken(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"results\":[".to_vec())
    }),
    // Bodies that are none.
    broken("an empty body", |_, _| always("")),
    broken("null", |_, _| always("null")),
    broken("an empty list", |_, _| always("[]")),
    broken("an empty object", |_, _| always("{}")),
    broken("results that are no list", |_, _| {
        always("{\"results\": 5}")
    }),
    broken("no numbers", |_, _| {
        always("{\"portalId\": NaN, \"results\": [1e400]}")
    }),
    broken("a page of HTML with code 200", |_, _| {
        Answer::Whole(Reply::text(
            200,
            "text/html",
            "<html><title>Log in</title></html>",
        ))
    }),
    broken("bytes that are not text", |_, _| {
        always(b"{\"results\": [\"\xff\xfe\"]}".to_vec())
    }),
    broken("a million brackets", |_, _| {
        let brackets = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        always(format!("{{\"x\":{brackets},\"results\":[]}}"))
    }),
    broken("half a body", |_, mut reply| {
        reply.body.truncate(reply.body.len() / 2);
        Answer::Whole(reply)
    }),
    broken("packed in an unknown way", |_, reply| {
        Answer::Whole(reply.with("content-encoding", "br"))
    }),
    broken("odd codes", |call, reply| {
        let codes = [299, 304, 418, 499, 599, 207, 206, 301];
        let status = codes[usize::try_from(call.number).unwrap_or(0) % codes.len()];
        match call.number {
            1..=2 => Answer::Whole(reply),
            _ => Answer::Whole(Reply {
                status,
                body: b"{}".to_vec(),
                ..reply
            }),
        }
    }),
    // Lists that are none.
    broken("owners in circles", owners_in_circles),
    broken("empty pages in circles", |call, reply| {
        list(call, reply, |after, _| {
            page(vec![], Some(if after == Some("a") { "b" } else { "a" }))
        })
    }),
    broken("full pages in circles", |call, reply| {
        list(call, reply, |after, _| {
            page(hundred(1), Some(if after == Some("a") { "b" } else { "a" }))
        })
    }),
    broken("empty pages for ever", |call, reply| {
        list(call, reply, |_, number| {
            page(vec![], Some(&format!("c{number}")))
        })
    }),
    broken("the same page for ever", |call, reply| {
        list(call, reply, |_, number| {
            page(hundred(1), Some(&format!("c{number}")))
        })
    }),
    broken("a list that goes backwards", |call, reply| {
        list(call, reply, |after, _| match after {
            None => page(hundred(1_000), Some("2")),
            Some(_) => page(hundred(1), None),
        })
    }),
    broken("ids that are none", |call, reply| {
        list(call, reply, |_, _| {
            let ids = [
                json!("../x"),
                json!(-1),
                json!("18446744073709551616"),
                Value::Null,
            ];
            page(ids.into_iter().map(listed).collect(), None)
        })
    }),
    broken("an id twice", |call, reply| {
        list(call, reply, |_, _| {
            page(vec![listed("7"), listed("7")], None)
        })
    }),
    broken("links in circles", links_in_circles),
    broken("links to paths", |call, reply| match call.reads_links() {
        true => Answer::Whole(reply.changed(|body| {
            for from in results(body).into_iter().flatten() {
                from["to"] = json!([{"toObjectId": "../../../x?y=\u{1b}[31m", "associationTypes":
                    [{"category": "HUBSPOT_DEFINED", "typeId": 16, "label": null}]}]);
            }
        })),
        false => Answer::Whole(reply),
    }),
    // Writes that are answered wrong: an import must look for itself.
    plausible("ids of writes that are none", |call, reply| {
        written(call, reply, |results| {
            results
                .iter_mut()
                .for_each(|one| one["id"] = json!("../../x"))
        })
    }),
    plausible("writes that name nobody", |call, reply| {
        written(call, reply, |results| {
            for one in results {
                one["properties"] = json!({});
                let _trace = one
                    .as_object_mut()
                    .and_then(|one| one.remove("objectWriteTraceId"));
            }
        })
    }),
    plausible("writes that name one twice", |call, reply| {
        written(call, reply, |results| {
            if let Some(first) = results.first().cloned() {
                results.iter_mut().for_each(|one| *one = first.clone());
            }
        })
    }),
    plausible("writes of which half is not told", |call, reply| {
        written(call, reply, |results| results.truncate(results.len() / 2))
    }),
    plausible("writes that failed, it says", |call, reply| {
        match call.writes_tickets() && call.number % 2 == 0 {
            true => error(502, "bad gateway"),
            false => Answer::Whole(reply),
        }
    }),
    // Texts that command a terminal, and texts without measure.
    plausible("control sequences in every text", |_, reply| {
        Answer::Whole(reply.changed(|body| spread(body, EVIL)))
    }),
    broken("control sequences in errors", |_, _| {
        Answer::Whole(Reply::json(
            400,
            &json!({"status": "error", "message": EVIL,
            "category": format!("X{EVIL}"), "correlationId": EVIL}),
        ))
    }),
    broken("errors without measure", |call, reply| {
        match call.target.contains("/objects/") {
            true => Answer::Whole(Reply::json(
                400,
                &json!({"status": "error", "message": "m".repeat(MUCH),
            "category": "C".repeat(MUCH), "correlationId": "K".repeat(MUCH)}),
            )),
            false => Answer::Whole(reply),
        }
    }),
    broken("a correlation id of twenty megabytes", |_, _| {
        Answer::Whole(Reply::json(
            401,
            &json!({"status": "error", "message": "m", "category": "C",
            "correlationId": "K".repeat(4 * MUCH)}),
        ))
    }),
    broken("a portal that changes its name", |call, reply| {
        match call.target.contains("/account-info/") {
            true => Answer::Whole(reply.changed(|body| body["portalId"] = json!("../1"))),
            false => Answer::Whole(reply),
        }
    }),
    // Headers that are none.
    plausible("rate headers without sense", |call, reply| {
        let odd = [
            "0",
            "-1",
            "x",
            "",
            "1.5",
            "99999999999999999999",
            "18446744073709551615",
        ];
        let value = odd[usize::try_from(call.number).unwrap_or(0) % odd.len()];
        Answer::Whole(
            reply
                .with("x-hubspot-ratelimit-daily", value)
                .with("x-hubspot-ratelimit-secondly", value)
                .with("x-hubspot-ratelimit-interval-milliseconds", "10000"),
        )
    }),
    plausible("dates without sense", |call, reply| {
        let odd = [
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "yesterday",
        ];
        Answer::Whole(reply.with(
            "date",
            odd[usize::try_from(call.number).unwrap_or(0) % odd.len()],
        ))
    }),
];

/// The commands, with what they do where the portal is honest.
const COMMANDS: [&[&str]; 4] = [
    &[
        "import",
        "rows.csv",
        "-m",
        "m.toml",
        "--run-dir",
        "run",
        "--create-properties",
    ],
    &[
        "export",
        "--properties",
        "subject,createdate",
        "--with",
        "contacts.email",
        "-o",
        "out.csv",
    ],
    &["get", "--associations", "contacts", "--history", "subject"],
    &["schema", "show"],
];

const MAPPING: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
hs_pipeline = { value = "0" }
hs_pipeline_stage = { value = "1" }
hubspot_owner_id = { column = "Agent", lookup = "owner", missing = "blank" }
"#
);

/// How a command ended.
struct Ran {
    code: Option<i32>,
    peak: u64,
}

/// Waits for a command and looks at its memory meanwhile; one that hangs is killed and
/// has no code.
#[expect(clippy::disallowed_methods, reason = "another process is looked at")]
fn watch(mut child: Child) -> Ran {
    let status = format!("/proc/{}/status", child.id());
    let end = Instant::now() + DEADLINE;
    let mut peak = 0;
    while Instant::now() < end {
        if let Some(ended) = child.try_wait().expect("a child") {
            return Ran {
                code: Some(ended.code().unwrap_or(-1)),
                peak,
            };
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(10));
    }
    let _gone = child.kill();
    let _gone = child.wait();
    Ran { code: None, peak }
}

/// What is wrong with how a command ended under a mode.
fn faults(
    mode: &Mode,
    here: &Rehearsal,
    command: &[&str],
    portal: &str,
    ticket: &str,
) -> Vec<String> {
    let mut args: Vec<&str> = command.to_vec();
    if command[0] == "get" {
        args.insert(1, ticket);
    }
    let common = format!("--base-url {portal} --timeout 1 --horizon 1");
    let said = here.path(&format!("{}.said", command[0]));
    let file = || {
        fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&said)
            .expect("a file")
    };
    let mut tool = here.command((&args, &common));
    let child = tool
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
        .stdin(Stdio::null())
        .stdout(file())
        .stderr(file())
        .spawn()
        .expect("the tool starts");
    let ran = watch(child);
    let words = String::from_utf8_lossy(&fs::read(&said).expect("what was said")).into_owned();
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(format!("{} / {}: {what}", mode.name, command[0]));
    match ran.code {
        None => fault(format!("not at its end after {DEADLINE:?}")),
        Some(code) if ![0, 1, 3, 5, 6, 7, 64].contains(&code) => {
            fault(format!("ended with {code}"))
        }
        // A bug, or an environment that nobody foresaw: a portal is foreseen.
        Some(1) => fault(format!("an unexpected error: {words}")),
        Some(0) if !mode.plausible && !honest(here, command, &words) => {
            fault(format!("exit code 0 with wrong data: {words}"));
        }
        Some(_) => {}
    }
    if ran.peak > MEMORY {
        fault(format!("{} MB", ran.peak / 1_000));
    }
    if words.contains("panicked") {
        fault(words);
    }
    faults
}

/// Whether a command's result is that of an honest portal.
fn honest(here: &Rehearsal, command: &[&str], words: &str) -> bool {
    match command[0] {
        "import" => here.rows("run/done.csv").len() == ROWS,
        "export" => {
            let rows = here.rows("out.csv");
            let subjects: BTreeSet<&String> = rows.iter().map(|row| &row["subject"]).collect();
            rows.len() >= TICKETS && subjects.contains(&"Ticket 7".to_owned())
        }
        "get" => words.contains("Ticket 0"),
        _ => words.contains("subject") && words.contains("Support Pipeline"),
    }
}

/// Every file below a folder that holds one of these texts.
fn holding(folder: &Path, texts: &[String], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            holding(&path, texts, found);
            continue;
        }
        let bytes = fs::read(&path).unwrap_or_default();
        let has = |text: &String| memchr::memmem::find(&bytes, text.as_bytes()).is_some();
        if texts.iter().any(has) {
            found.push(path.display().to_string());
        }
    }
}

/// A portal with tickets, some of them with a contact: the id of the first.
async fn filled(portal: &Portal) -> String {
    let contact = portal
        .made("contacts", json!({"email": "ada@example.com"}))
        .await;
    let inputs: Vec<Value> = (0..TICKETS)
        .map(|n| {
            let link = json!([{"to": {"id": contact}, "types":
                [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]}]);
            json!({"properties": {"subject": format!("Ticket {n}"), "hs_pipeline_stage": "1"},
                   "associations": if n % 2 == 0 { link } else { json!([]) }})
        })
        .collect();
    let mut ids = BTreeSet::new();
    for batch in inputs.chunks(100) {
        let made = portal
            .post(
                "/crm/v3/objects/tickets/batch/create",
                json!({"inputs": batch}),
            )
            .await
            .expect(201);
        for one in made["results"].as_array().expect("results") {
            let first = one["properties"]["subject"] == json!("Ticket 0");
            let id = one["id"].as_str().expect("an id").to_owned();
            ids.insert((!first, id));
        }
    }
    ids.pop_first().expect("tickets").1
}

/// The keys of the portal's tickets, one for each ticket that has one.
async fn keys(portal: &Portal) -> Vec<String> {
    let mut keys = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/crm/v3/objects/tickets?limit=100&properties=source_ticket_id{after}");
        let page = portal.get(&path).await.expect(200);
        for ticket in page["results"].as_array().expect("results") {
            keys.extend(
                ticket["properties"]["source_ticket_id"]
                    .as_str()
                    .map(str::to_owned),
            );
        }
        match page["paging"]["next"]["after"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return keys,
        }
    }
}

/// Runs every command under a mode; all that is wrong.
async fn judge(mode: &'static Mode) -> Vec<String> {
    let options = tickethaul::sandbox::Options {
        rate: "off".parse().expect("a rate"),
        ..tickethaul::sandbox::Options::default()
    };
    let portal = Portal::with(options).await;
    let ticket = filled(&portal).await;
    let hostile = HostilePortal::start(portal.sandbox.address(), mode.change).await;
    let url = hostile.url();
    let (here, mut found) = tokio::task::spawn_blocking(move || {
        let here = Rehearsal::new();
        here.write("m.toml", MAPPING);
        let rows: String = (0..ROWS).map(|n| format!("{n},Row {n},nobody\n")).collect();
        here.write("rows.csv", format!("Id,Subject,Agent\n{rows}"));
        let faults = COMMANDS
            .iter()
            .flat_map(|command| faults(mode, &here, command, &url, &ticket));
        let faults = faults.collect::<Vec<_>>();
        (here, faults)
    })
    .await
    .expect("judged");
    let secrets = [TOKEN.to_owned(), percent_encoded(TOKEN)];
    let mut files = Vec::new();
    holding(&here.path("."), &secrets, &mut files);
    found.extend(
        files
            .iter()
            .map(|file| format!("{}: the token is in {file}", mode.name)),
    );
    let keys = keys(&portal).await;
    let different: BTreeSet<&String> = keys.iter().collect();
    if different.len() != keys.len() {
        found.push(format!("{}: tickets are doubled: {keys:?}", mode.name));
    }
    if hostile.calls() == 0 {
        found.push(format!("{}: nobody called", mode.name));
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_portal_replies_commands_end_in_time_and_keep_the_secret() {
    use futures::StreamExt;
    assert!(MODES.len() >= 40, "{} modes", MODES.len());
    // Most of the time is spent waiting for calls that are lost.
    let mut all = futures::stream::iter(MODES).map(judge).buffer_unordered(24);
    let mut faults = Vec::new();
    while let Some(found) = all.next().await {
        faults.extend(found);
    }
    let faults: Vec<String> = faults
        .into_iter()
        .map(|fault| fault.chars().take(1_500).collect())
        .collect();
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n\n")
    );
}
