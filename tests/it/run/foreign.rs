//! Run folders from somebody else are not trusted: no token is sent where only they
//! say, nothing outside of them is written, and reading them always ends.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::symlink;

use rusqlite::Connection;
use serde_json::json;

use crate::support::{Args, Ended, FilledPortal, TOKEN, keyed};

const MAPPING: &str = keyed!(
    "desk_id",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "New" }
"#
);

/// An import that waits at its limit, in the folder `run`.
fn limited() -> FilledPortal {
    let desk = FilledPortal::new("--rate off");
    desk.here.write("t.csv", "Id,Subject\n1,a\n2,b\n3,c\n");
    desk.here.write("m.toml", MAPPING);
    let fixed = "import t.csv -m m.toml --create-properties";
    desk.run((fixed, "--limit 1 --run-dir run")).expect(0);
    desk
}

/// An export that stopped, in the folder `run`.
fn stopped() -> FilledPortal {
    let desk = FilledPortal::new("--rate off");
    let _ids = desk.create(1_500, |n| json!({"subject": format!("Ticket {n}")}));
    let fixed = "--properties subject -o out.csv --run-dir run";
    let slow = "--rate 3/1s --max-duration 0.8";
    desk.export((fixed, slow)).expect(5);
    desk
}

/// Runs the tool with a token, and without an address in its environment.
fn with_token(desk: &FilledPortal, args: impl Args) -> Ended {
    desk.here
        .tool(args)
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
        .run()
}

/// Changes the journal of `run` as somebody else could.
fn alter(desk: &FilledPortal, sql: &str) {
    let db = Connection::open(desk.here.path("run/run.db")).expect("the journal");
    db.execute_batch(sql).expect(sql);
}

#[test]
fn a_run_of_this_user_needs_no_flags() {
    let desk = limited();
    with_token(&desk, "resume run --no-limit").expect(0);
    let desk = stopped();
    let at_once = "--rate 1000/1s --max-duration 60";
    with_token(&desk, ("resume", at_once)).expect(0);
    assert!(desk.here.path("out.csv").is_file());
}

#[test]
fn no_token_goes_where_only_a_run_folder_says() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("set");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let untouched = || {
        let called = listener.accept().err().map(|error| error.kind());
        assert_eq!(called, Some(ErrorKind::WouldBlock), "it was called");
    };
    let desk = limited();
    let path = json!({"Url": url});
    alter(
        &desk,
        &format!("UPDATE meta SET value = '{path}' WHERE name = 'portal_path'"),
    );
    for args in ["resume --no-limit", "resume run --no-limit"] {
        with_token(&desk, args)
            .expect(7)
            .says(&url)
            .says(&format!("--base-url {url}"));
        untouched();
    }
    desk.run("resume run --no-limit").expect(0);

    let desk = stopped();
    let mut asked = desk.here.json("run/export.json");
    asked["portal"] = path;
    asked["told"] = json!({"base-url": url, "token-file": desk.here.path("other")});
    desk.here.write("other", "another secret");
    desk.here.write("run/export.json", asked.to_string());
    with_token(&desk, "resume").expect(7).says(&url);
    untouched();
}

#[test]
fn nothing_is_written_where_only_a_run_folder_says() {
    let desk = stopped();
    desk.here.write("bashrc.csv", "mine");
    let mut asked = desk.here.json("run/export.json");
    asked["target"] = json!(desk.here.path("bashrc.csv").canonicalize().expect("a path"));
    asked["replace"] = json!("anything");
    desk.here.write("run/export.json", asked.to_string());
    let resume = |args: &str| desk.run(args);
    resume("resume run")
        .expect(7)
        .says("bashrc.csv")
        .says("--output");
    resume("resume run -o elsewhere.csv").expect(64);
    assert_eq!(desk.here.read("bashrc.csv"), "mine");
    // Moved, it is vouched for no more, and named again it is the user's own.
    asked["target"] = json!(
        desk.here
            .path("new.csv")
            .parent()
            .expect("a folder")
            .canonicalize()
            .expect("a path")
            .join("new.csv")
    );
    desk.here.write("run/export.json", asked.to_string());
    resume("resume run -o new.csv --rate 1000/1s --max-duration 60").expect(0);
    assert!(desk.here.path("new.csv").is_file());
}

#[test]
fn looking_at_a_hostile_journal_ends_and_changes_nothing() {
    let desk = limited();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
    alter(
        &desk,
        &format!(
            "DROP TABLE mark; CREATE VIEW mark AS {endless} SELECT 'x' || i AS name, i AS value FROM n"
        ),
    );
    let before = fs::read(desk.here.path("run/run.db")).expect("the journal");
    desk.here.run("runs").expect(0).says("view mark");
    for command in ["status", "resume"] {
        with_token(&desk, [command, "run"])
            .expect(7)
            .says("view mark");
    }
    assert_eq!(
        fs::read(desk.here.path("run/run.db")).expect("the journal"),
        before
    );
}

#[test]
fn a_damaged_journal_is_no_full_disk() {
    let desk = limited();
    let mut bytes = fs::read(desk.here.path("run/run.db")).expect("the journal");
    let middle = bytes.len() / 2;
    for (damage, at) in [("header", 0), ("middle", middle)] {
        let end = (at + 4096).min(bytes.len());
        bytes[at..end].fill(0x5a);
        fs::write(desk.here.path("run/run.db"), &bytes).expect("damaged");
        for command in ["status", "resume"] {
            let ended = with_token(&desk, [command, "run"]).expect(7);
            assert!(
                ended.stderr.contains("is damaged") || ended.stderr.contains("is not a journal"),
                "{damage}: {}",
                ended.stderr
            );
            assert!(!ended.stderr.contains("make room"), "{}", ended.stderr);
        }
    }
}

#[test]
fn no_link_is_followed_and_no_folder_is_marked() {
    let desk = limited();
    desk.here.write("victim.txt", "mine");
    fs::create_dir(desk.here.path("plain")).expect("a folder");
    with_token(&desk, "resume plain")
        .expect(7)
        .says("holds no run.db");
    let left = fs::read_dir(desk.here.path("plain"))
        .expect("a folder")
        .count();
    assert_eq!(left, 0, "no lock is left in a folder that is no run");
    for name in ["lock", "done.csv", "run.log", "summary.json.new"] {
        let path = desk.here.path(&format!("run/{name}"));
        let kept = fs::read(&path).ok();
        let _gone = fs::remove_file(&path);
        symlink("../victim.txt", &path).expect("a link");
        let _ended = desk.run("resume run --no-limit");
        assert_eq!(desk.here.read("victim.txt"), "mine", "{name}");
        let _gone = fs::remove_file(&path);
        if let Some(kept) = kept {
            fs::write(&path, kept).expect("back");
        }
    }
}

#[test]
fn paths_are_never_uris() {
    let desk = FilledPortal::new("--rate off");
    desk.here.write("t.csv", "Id,Subject\n1,a\n");
    desk.here.write("m.toml", MAPPING);
    let fixed = "import t.csv -m m.toml --create-properties";
    desk.run((fixed, "--run-dir file:abc?mode=memory"))
        .expect(0);
    assert!(desk.here.path("file:abc?mode=memory/run.db").is_file());
    let served = desk.here.serve("--data file:uri.db?mode=memory");
    drop(served);
    assert!(desk.here.path("file:uri.db?mode=memory").is_file());
}
