//! Somebody else answers in HubSpot's name: secrets echoed by replies are not kept
//! anywhere, their text can't begin a line of ours, and files of others are not a trap.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use serde_json::json;

use crate::filled_portal::FilledPortal;
use crate::rehearsal::{Rehearsal, TOKEN};

/// A whole HTTP reply.
pub fn answer(status: u16, body: &str) -> String {
    let kind = match body.starts_with('<') {
        true => "text/html",
        false => "application/json",
    };
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A portal that gives the replies of `instead`, and passes all other requests on to
/// another. Its address; it ends with the test.
pub fn in_front(
    portal: &str,
    instead: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let portal = portal.trim_start_matches("http://").to_owned();
    let _detached = std::thread::spawn(move || {
        for socket in listener.incoming() {
            let Ok(mut socket) = socket else { return };
            let Some(request) = request(&mut socket) else {
                continue;
            };
            let reply = match instead(&request) {
                Some(reply) => reply.into_bytes(),
                None => passed_on(&portal, &request),
            };
            let _gone = socket.write_all(&reply);
        }
    });
    format!("http://{address}")
}

/// A request to its end; none from a client that went away.
fn request(socket: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
            if bytes.len() >= head.len() + 4 + length.unwrap_or(0) {
                return Some(text);
            }
        }
        match socket.read(&mut part) {
            Ok(read @ 1..) => bytes.extend_from_slice(&part[..read]),
            _ => return None,
        }
    }
}

fn passed_on(portal: &str, request: &str) -> Vec<u8> {
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    let lines = head.lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        !line.starts_with("connection:") && !line.starts_with("accept-encoding:")
    });
    let head: Vec<&str> = lines.chain(["Connection: close"]).collect();
    let mut socket = TcpStream::connect(portal).expect("the portal");
    let request = format!("{}\r\n\r\n{body}", head.join("\r\n"));
    socket.write_all(request.as_bytes()).expect("sent");
    let mut reply = Vec::new();
    let _end = socket.read_to_end(&mut reply);
    reply
}

/// Every file below a folder that holds a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if let Ok(bytes) = fs::read(&path)
            && bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

const MAPPING: &str = "version = 1\n[key]\nproperty = \"source_ticket_id\"\ncolumn = \"Id\"\n\
    [properties]\nsubject = \"Subject\"\nhs_pipeline_stage = { value = \"New\" }\n\
    [[property]]\nname = \"source_ticket_id\"\ntype = \"string\"\nunique = true\n";

#[test]
fn a_secret_that_replies_repeat_is_kept_nowhere() {
    for status in [400, 401, 403] {
        let desk = FilledPortal::new(&["--rate", "off"]);
        let _file = desk.here.write("in.csv", "Id,Subject\n1,a\n2,b\n");
        let _mapping = desk.here.write("m.toml", MAPPING);
        let words = format!(
            "token Bearer {TOKEN} is wrong\n2026-11-28T00:00:00.000Z POST /forged attempt 1: 201"
        );
        let body = json!({"message": words, "category": TOKEN, "correlationId": TOKEN});
        let refused = answer(status, &body.to_string());
        let portal = in_front(desk.sandbox.url(), move |request| {
            let is_create = request.starts_with("POST /crm/objects/2026-09/tickets/batch/create");
            is_create.then(|| refused.clone())
        });
        let mut command = desk.here.command([
            "import",
            "in.csv",
            "-m",
            "m.toml",
            "--create-properties",
            "--run-dir",
            "run",
        ]);
        let _same = command
            .env("TICKETHAUL_BASE_URL", &portal)
            .env("HUBSPOT_ACCESS_TOKEN", TOKEN);
        let ended = desk.here.finish(command);
        assert!([3, 7].contains(&ended.code), "{status}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("[secret]"),
            "{status}: {}",
            ended.stderr
        );
        assert_eq!(holding(&desk.here.path(""), TOKEN), Vec::<String>::new());
        let log = desk.here.read("run/run.log");
        let forged = |line: &&str| line.starts_with("2026-11-28T00:00:00.000Z POST /forged");
        assert_eq!(log.lines().find(forged), None, "{log}");
    }
}

#[test]
fn a_reply_with_endless_fields_fills_no_disk() {
    let desk = FilledPortal::new(&["--rate", "off"]);
    let rows: String = (0..16).map(|n| format!("{n},a\n")).collect();
    let _file = desk.here.write("in.csv", format!("Id,Subject\n{rows}"));
    let _mapping = desk.here.write("m.toml", MAPPING);
    let long = "x".repeat(2_000_000);
    let body = json!({"message": "no", "category": long, "correlationId": long});
    let refused = answer(400, &body.to_string());
    let portal = in_front(desk.sandbox.url(), move |request| {
        let is_create = request.starts_with("POST /crm/objects/2026-09/tickets");
        is_create.then(|| refused.clone())
    });
    let mut command = desk.here.command([
        "import",
        "in.csv",
        "-m",
        "m.toml",
        "--create-properties",
        "--run-dir",
        "run",
    ]);
    let _same = command
        .env("TICKETHAUL_BASE_URL", &portal)
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN);
    let ended = desk.here.finish(command).expect(3);
    assert!(ended.stderr.len() < 10_000, "{}", ended.stderr.len());
    let refused = desk.here.read("run/refused.csv");
    assert!(refused.len() < 100_000, "{}", refused.len());
}

#[test]
fn a_mapping_shows_nothing_of_other_files() {
    let here = Rehearsal::new();
    let mapping = |file: &str| {
        format!(
            "version = 1\n[key]\nproperty = \"k\"\ncolumn = \"Id\"\n[properties]\nsubject = \"S\"\n\
             hs_pipeline_stage = {{ column = \"T\", map = {{ file = \"{file}\" }} }}\n"
        )
    };
    for file in [
        "/proc/self/environ",
        "/dev/zero",
        "../m.toml",
        "sub/../../x.csv",
    ] {
        let _mapping = here.write("m.toml", mapping(file));
        let mut command = here.command(["map", "check", "m.toml"]);
        let _same = command.env("HUBSPOT_ACCESS_TOKEN", TOKEN);
        let ended = here.finish(command).expect(64);
        let told = ended.says("it is not next to or below the mapping");
        assert!(!told.stderr.contains("HOME="), "{}", told.stderr);
    }
}

#[test]
fn a_header_has_a_ceiling_that_a_mapping_can_raise() {
    let here = Rehearsal::new();
    let names: Vec<String> = (0..12_000).map(|n| format!("c{n}")).collect();
    let cells = vec!["1"; 12_000].join(",");
    let _file = here.write("wide.csv", format!("{}\n{cells}\n", names.join(",")));
    let _ended = here
        .run(["check", "wide.csv"])
        .expect(64)
        .says("its header has 12000 columns, and at most 10000 are read")
        .says("`max_columns` in [source]");
    let mapping = "version = 1\n[source]\nmax_columns = 12000\n[key]\nproperty = \"source_ticket_id\"\n\
        column = \"c0\"\n[properties]\nsubject = \"c1\"\nhs_pipeline_stage = { value = \"New\" }\n\
        [[property]]\nname = \"source_ticket_id\"\ntype = \"string\"\nunique = true\n";
    let _mapping = here.write("m.toml", mapping);
    let _ended = here
        .run_embedded(&["import", "wide.csv", "-m", "m.toml", "-q"])
        .expect(0);
}

#[test]
fn a_token_file_is_read_as_people_keep_it() {
    let desk = FilledPortal::new(&["--rate", "off"]);
    for text in [
        format!("\u{feff}{TOKEN}\r\n"),
        format!("Bearer {TOKEN}"),
        format!("\"{TOKEN}\"\n"),
        format!("# mine\nexport HUBSPOT_ACCESS_TOKEN={TOKEN}\n"),
    ] {
        let path = desk.here.write("token", text);
        private(&path);
        let args = ["export", "--properties", "subject", "--token-file", "token"];
        let mut command = desk.here.command(args);
        let _same = command.env("TICKETHAUL_BASE_URL", desk.sandbox.url());
        let ended = desk.here.finish(command).expect(0);
        assert!(!ended.stderr.contains("other users"), "{}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_token_file_is_a_file_and_told_of_where_others_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let desk = FilledPortal::new(&["--rate", "off"]);
    let run = |file: &str| {
        let args = ["export", "--properties", "subject", "--token-file", file];
        let mut command = desk.here.command(args);
        let _same = command.env("TICKETHAUL_BASE_URL", desk.sandbox.url());
        desk.here.finish(command)
    };
    let path = desk.here.write("token", TOKEN);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    let _ended = run("token").expect(0).says("can be read by other users");
    let _ended = run("/dev/zero").expect(64).says("it is not a regular file");
}

fn private(_path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(_path, fs::Permissions::from_mode(0o600)).expect("set");
    }
}
