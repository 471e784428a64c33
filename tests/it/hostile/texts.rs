//! Somebody else answers in HubSpot's name: secrets echoed by replies are not kept
//! anywhere, their text can't begin a line of ours, and files of others are not a trap.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::impostor::{answer, in_front};
use crate::support::{FilledPortal, Rehearsal, SUBJECTS, TOKEN};

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

#[test]
fn a_secret_that_replies_repeat_is_kept_nowhere() {
    for status in [400, 401, 403] {
        let desk = FilledPortal::new("--rate off");
        desk.here.write("in.csv", "Id,Subject\n1,a\n2,b\n");
        desk.here.write("m.toml", SUBJECTS);
        let words = format!(
            "token Bearer {TOKEN} is wrong\n2026-11-28T00:00:00.000Z POST /forged attempt 1: 201"
        );
        let body = json!({"message": words, "category": TOKEN, "correlationId": TOKEN});
        let refused = answer(status, &body.to_string());
        let portal = in_front(desk.sandbox.url(), move |request| {
            let is_create = request.starts_with("POST /crm/objects/2026-09/tickets/batch/create");
            is_create.then(|| refused.clone())
        });
        let ended = desk
            .here
            .tool("import in.csv -m m.toml --create-properties --run-dir run")
            .at(&portal)
            .run();
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
    let desk = FilledPortal::new("--rate off");
    let rows: String = (0..16).map(|n| format!("{n},a\n")).collect();
    desk.here.write("in.csv", format!("Id,Subject\n{rows}"));
    desk.here.write("m.toml", SUBJECTS);
    let long = "x".repeat(2_000_000);
    let body = json!({"message": "no", "category": long, "correlationId": long});
    let refused = answer(400, &body.to_string());
    let portal = in_front(desk.sandbox.url(), move |request| {
        let is_create = request.starts_with("POST /crm/objects/2026-09/tickets");
        is_create.then(|| refused.clone())
    });
    let ended = desk
        .here
        .tool("import in.csv -m m.toml --create-properties --run-dir run")
        .at(&portal)
        .run()
        .expect(3);
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
        here.write("m.toml", mapping(file));
        let ended = here
            .tool("map check m.toml")
            .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
            .run()
            .expect(64);
        ended
            .says("it is not next to or below the mapping")
            .says_nothing_of("HOME=");
    }
}

#[test]
fn a_header_has_a_ceiling_that_a_mapping_can_raise() {
    let here = Rehearsal::new();
    let names: Vec<String> = (0..12_000).map(|n| format!("c{n}")).collect();
    let cells = vec!["1"; 12_000].join(",");
    here.write("wide.csv", format!("{}\n{cells}\n", names.join(",")));
    here.run("check wide.csv")
        .expect(64)
        .says("its header has 12000 columns, and at most 10000 are read")
        .says("`max_columns` in [source]");
    let mapping = "version = 1\n[source]\nmax_columns = 12000\n[key]\nproperty = \"source_ticket_id\"\n\
        column = \"c0\"\n[properties]\nsubject = \"c1\"\nhs_pipeline_stage = { value = \"New\" }\n\
        [[property]]\nname = \"source_ticket_id\"\ntype = \"string\"\nunique = true\n";
    here.write("m.toml", mapping);
    here.run_embedded("import wide.csv -m m.toml -q").expect(0);
}

#[test]
fn a_token_file_is_read_as_people_keep_it() {
    let desk = FilledPortal::new("--rate off");
    for text in [
        format!("\u{feff}{TOKEN}\r\n"),
        format!("Bearer {TOKEN}"),
        format!("\"{TOKEN}\"\n"),
        format!("# mine\nexport HUBSPOT_ACCESS_TOKEN={TOKEN}\n"),
    ] {
        let path = desk.here.write("token", text);
        private(&path);
        desk.here
            .tool("export --properties subject --token-file token")
            .env("TICKETHAUL_BASE_URL", desk.sandbox.url())
            .run()
            .expect(0)
            .says_nothing_of("other users");
    }
}

#[cfg(unix)]
#[test]
fn a_token_file_is_a_file_and_told_of_where_others_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let desk = FilledPortal::new("--rate off");
    let run = |file: &str| {
        desk.here
            .tool(format!("export --properties subject --token-file {file}"))
            .env("TICKETHAUL_BASE_URL", desk.sandbox.url())
            .run()
    };
    let path = desk.here.write("token", TOKEN);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    run("token").expect(0).says("can be read by other users");
    run("/dev/zero").expect(64).says("it is not a regular file");
}

fn private(_path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(_path, fs::Permissions::from_mode(0o600)).expect("set");
    }
}
