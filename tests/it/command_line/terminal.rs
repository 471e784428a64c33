//! What is shown is text: nothing from a ticket, a portal or a file controls the
//! terminal, or begins a line that looks like ours. Each command runs in a pseudo
//! terminal.

#![cfg(target_os = "linux")]

use std::ffi::OsString;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::impostor::{answer, in_front};
use crate::support::{Args, FilledPortal, TOKEN, keyed};

/// Sets the window's title, writes to the clipboard, clears the screen, turns the
/// direction of writing, and begins a line of its own.
const EVIL: &str =
    "EVIL\u{1b}]0;pwned\u{7}\u{1b}]52;c;eA==\u{7}\u{1b}[2J\u{9b}2J\u{202e}x\nerror: forged";

/// Runs the tool on a terminal; gives what it showed. `script` of util-linux makes the
/// terminal: no code of ours does without `unsafe`.
fn screen(desk: &FilledPortal, url: &str, args: impl Args) -> String {
    let quoted = |word: &OsString| {
        let word = word.to_str().expect("UTF-8");
        format!("'{}'", word.replace('\'', "'\\''"))
    };
    let tool = env!("CARGO_BIN_EXE_tickethaul");
    let words: Vec<String> = ([tool], args).words().iter().map(quoted).collect();
    let output = Command::new("script")
        .args(["-q", "-e", "-c"])
        .arg(format!("stty cols 300; {}", words.join(" ")))
        .arg("/dev/null")
        .current_dir(desk.here.path(""))
        .env_clear()
        .env("HOME", desk.here.path(""))
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm-256color")
        .env("TICKETHAUL_BASE_URL", url)
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
        .stdin(Stdio::null())
        .output()
        .expect("script of util-linux");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Nothing commands the terminal but colours and the moves of a progress line.
#[track_caller]
fn commands_nothing(shown: &str, what: &str) {
    for (idx, c) in shown.char_indices() {
        let harmless = match c {
            '\n' | '\r' | '\t' => true,
            '\u{1b}' => {
                let rest = shown[idx + 1..].strip_prefix('[').unwrap_or_default();
                let end = rest.trim_start_matches(|c: char| c.is_ascii_digit() || ";?".contains(c));
                let ours = ['m', 'K', 'A', 'B', 'C', 'D', 'G', 'h', 'l'];
                end.starts_with(ours)
            }
            c => !c.is_control() && !"\u{202e}\u{202d}\u{2066}".contains(c),
        };
        assert!(harmless, "{what}: {c:?} in {shown:?}");
    }
}

/// Nor does anything begin a line that looks like ours.
#[track_caller]
fn is_text(shown: &str, what: &str) {
    commands_nothing(shown, what);
    assert!(
        !shown.lines().any(|line| line.starts_with("error: forged")),
        "{what}: {shown}"
    );
}

/// It showed the evil text, and as text.
#[track_caller]
fn shows_as_text(shown: &str, what: &str) {
    is_text(shown, what);
    assert!(shown.contains("EVIL␛]0;pwned␇"), "{what}: {shown}");
}

fn evil_desk() -> (FilledPortal, String) {
    let desk = FilledPortal::new("--rate off");
    let property = json!({
        "name": "evil", "label": EVIL, "groupName": "ticketinformation",
        "type": "enumeration", "fieldType": "select",
        "options": [{"label": EVIL, "value": "e", "displayOrder": 0}],
    });
    desk.call("POST", "/crm/v3/properties/tickets", &property);
    let ids = desk.create(
        1,
        |_| json!({"subject": EVIL, "content": EVIL, "evil": "e"}),
    );
    (desk, ids[0].to_string())
}

#[test]
fn tickets_command_no_terminal() {
    let (desk, id) = evil_desk();
    let url = desk.sandbox.url();
    let named = "subject,content,evil";
    for args in [
        &["get", &id, "--properties", named, "--history", "subject"][..],
        &["schema", "show"],
    ] {
        shows_as_text(&screen(&desk, url, args), &format!("{args:?}"));
    }
    // The line breaks of a cell are those of CSV.
    for args in [
        &["export", "--properties", named, "--values", "labels"][..],
        &["export", "--properties", "evil", "--headers", "labels"],
        &["export", "--properties", "subject", "--format", "jsonl"],
    ] {
        let shown = screen(&desk, url, args);
        commands_nothing(&shown, &format!("{args:?}"));
        assert!(shown.contains("EVIL"), "{shown}");
    }
    for args in [&["get", &id, "--json"][..], &["schema", "show", "--json"]] {
        let shown = screen(&desk, url, args);
        is_text(&shown, &format!("{args:?}"));
        assert!(shown.contains("\\u009b2J\\u202ex"), "{shown}");
    }
}

#[test]
fn data_that_is_piped_stays_as_it_is() {
    let (desk, id) = evil_desk();
    let ended = desk
        .run("export --properties subject --format jsonl")
        .expect(0);
    let row: Value = serde_json::from_str(ended.stdout.trim_end()).expect("JSON");
    assert_eq!(row["subject"], EVIL);
    assert!(ended.stdout.contains('\u{202e}'), "{}", ended.stdout);
    desk.run(format!("get {id} --properties subject"))
        .expect(0)
        .prints("EVIL\u{1b}]0;pwned\u{7}");
}

const MAPPING: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "New" }
hs_ticket_priority = "Priority"
"#
);

#[test]
fn files_command_no_terminal() {
    let desk = FilledPortal::new("--rate off");
    let url = desk.sandbox.url();
    let quoted = EVIL.replace('"', "\"\"");
    desk.here.write(
        "in.csv",
        format!("Id,Subject,Priority,\"{quoted}\"\n1,a,\"{quoted}\",x\n"),
    );
    desk.here.write("m.toml", MAPPING);
    for args in [
        "check in.csv",
        "check in.csv -m m.toml",
        "import in.csv -m m.toml --create-properties --run-dir run",
    ] {
        shows_as_text(&screen(&desk, url, args), &format!("{args:?}"));
    }
    let shown = screen(&desk, url, "map init in.csv --from none");
    commands_nothing(&shown, "map init");
    let name = "EVIL\u{1b}]0;pwned\u{7}\nerror: forged.csv";
    desk.here.write(name, "Id,Subject,Priority\n1,a,HIGH\n");
    desk.here.write("EVIL\u{1b}]0;pwned\u{7}.toml", "k = 1\n");
    for args in [
        &["check", name][..],
        &["check", name, "-m", "m.toml"],
        &["map", "check", "EVIL\u{1b}]0;pwned\u{7}.toml"],
        &["check", "no such EVIL\u{1b}]0;pwned\u{7}.csv"],
        &["check", "--EVIL\u{1b}]0;pwned\u{7}"],
        &[
            "import",
            name,
            "-m",
            "m.toml",
            "--run-dir",
            "tickethaul-runs/EVIL\u{1b}]0;pwned\u{7}",
        ],
        &["runs"],
        &["status"],
    ] {
        shows_as_text(&screen(&desk, url, args), &format!("{args:?}"));
    }
}

#[test]
fn replies_command_no_terminal() {
    let (desk, id) = evil_desk();
    desk.here.write("in.csv", "Id,Subject,Priority\n1,a,HIGH\n");
    desk.here.write("m.toml", MAPPING);
    let words = json!({"message": EVIL, "category": EVIL, "correlationId": EVIL}).to_string();
    let page = format!("<html><title>{EVIL}</title></html>");
    for reply in [
        answer(401, &words),
        answer(403, &words),
        answer(400, &words),
        answer(404, &page),
    ] {
        let portal = in_front(desk.sandbox.url(), move |_| Some(reply.clone()));
        for args in [
            &["get", &id][..],
            &["export", "--properties", "subject"],
            &["schema", "show"],
            &["import", "in.csv", "-m", "m.toml"],
        ] {
            let shown = screen(&desk, &portal, args);
            shows_as_text(&shown, &format!("{args:?}"));
        }
    }
    let refused = answer(400, &words);
    let portal = in_front(desk.sandbox.url(), move |request| {
        let is_create = request.starts_with("POST /crm/objects/2026-09/tickets/batch/create");
        is_create.then(|| refused.clone())
    });
    shows_as_text(
        &screen(
            &desk,
            &portal,
            "import in.csv -m m.toml --create-properties --run-dir run",
        ),
        "a refused batch",
    );
}
