//! Where commands write: one rule for every file that a user names, decided before the
//! first call, and standard output that must arrive.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use crate::support::{Args, Ended, FilledPortal, Rehearsal, project};

/// A portal that nothing listens at: whoever calls it ends with another code.
const NOBODY: &str = "http://127.0.0.1:9";

fn offline(here: &Rehearsal, args: impl Args) -> Ended {
    here.tool(args).at(NOBODY).run()
}

/// Every command that writes a file, with the file to be named last.
fn writers() -> Vec<Vec<String>> {
    let sample = project("samples/zendesk-tickets.csv").display().to_string();
    let mapping = project("mappings/zendesk.toml").display().to_string();
    let commands: [&[&str]; 5] = [
        &["export", "--properties", "subject", "-o"],
        &["check", &sample, "-m", &mapping, "-o"],
        &["check", &sample, "-m", &mapping, "--write-values"],
        &["map", "init", &sample, "-o"],
        &["schema", "pull", "-o"],
    ];
    let owned = |words: &&[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    commands.iter().map(owned).collect()
}

fn with<'a>(command: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    command
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect()
}

#[test]
fn a_bad_output_is_refused_before_anything_is_done() {
    let here = Rehearsal::new();
    fs::create_dir(here.path("folder")).expect("a folder");
    for command in writers() {
        for (file, words) in [
            ("x.xlsx", "names no format that is written here"),
            ("a.parquet.gz", ""),
            ("out", "names no format that is written here"),
            ("folder", "folder is a folder"),
            ("nowhere/x.csv.toml", "names no format that is written here"),
            ("nowhere/x.csv", ""),
        ] {
            if command[0] == "map" && file.ends_with(".toml") {
                continue;
            }
            if command[0] == "schema" && file.ends_with(".toml") {
                continue;
            }
            let ended = offline(&here, with(&command, &[file]))
                .expect(64)
                .says(words);
            assert!(!here.path(file).is_file(), "{command:?} {}", ended.stderr);
        }
        let ending = match command[0].as_str() {
            "map" | "schema" => "toml",
            _ => "csv",
        };
        let mine = format!("mine.{ending}");
        here.write(&mine, "made by hand");
        offline(&here, with(&command, &[&mine]))
            .expect(64)
            .says(&mine)
            .says("--force");
        assert_eq!(here.read(&mine), "made by hand");
        let nowhere = format!("nowhere/x.{ending}");
        offline(&here, with(&command, &[&nowhere]))
            .expect(64)
            .says("there is no folder nowhere");
    }
}

#[test]
fn a_format_that_is_said_needs_no_ending() {
    let (desk, ids) = FilledPortal::with_tickets(3);
    desk.export("--properties subject --format csv -o tickets")
        .expect(0);
    assert_eq!(desk.ids("tickets"), ids);
    desk.export("--properties subject --format parquet -o a.parquet.gz")
        .expect(64)
        .says("compressed by itself");
}

#[test]
fn what_is_there_is_replaced_only_with_force_and_keeps_its_mode() {
    let desk = FilledPortal::new("--rate off");
    let sample = project("samples/zendesk-tickets.csv").display().to_string();
    let mapping = project("mappings/zendesk.toml").display().to_string();
    desk.here.write("mine.csv", "mine");
    desk.here.write("mine.toml", "mine");
    let runs: [(&str, &[&str], i32); 4] = [
        (
            "mine.csv",
            &["export", "--properties", "subject", "--force", "-o"],
            0,
        ),
        (
            "mine.csv",
            &["check", &sample, "-m", &mapping, "--force", "-o"],
            4,
        ),
        ("mine.toml", &["map", "init", &sample, "--force", "-o"], 0),
        ("mine.toml", &["schema", "pull", "--force", "-o"], 0),
    ];
    for (file, args, code) in runs {
        set_mode(&desk, file, 0o640);
        let ended = desk.run((args, &[file])).expect(code);
        assert_ne!(desk.here.read(file), "mine", "{}", ended.stderr);
        assert_eq!(mode(&desk, file), 0o640, "{args:?}");
    }
    // A copy of a portal says what it is.
    desk.run("schema pull -o mine.toml").expect(0);
    // The rows that would be refused are not seen before all of them are there.
    let check = ["check", &sample, "-m", &mapping, "-o", "refused.csv"];
    desk.run(check).expect(4).says("refused.csv: 7 rows");
}

#[cfg(unix)]
fn set_mode(desk: &FilledPortal, file: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(desk.here.path(file), permissions).expect("set");
}

#[cfg(unix)]
fn mode(desk: &FilledPortal, file: &str) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    let found = fs::metadata(desk.here.path(file)).expect("a file");
    found.permissions().mode() & 0o777
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_are_written_to_and_stay() {
    use std::os::unix::fs::FileTypeExt;
    let (desk, ids) = FilledPortal::with_tickets(120);
    let args = "--properties subject";
    let to = |target: &str| format!("{args} -o {target}");
    desk.export(to("/dev/null")).expect(0);
    let null = fs::metadata("/dev/null").expect("there").file_type();
    assert!(null.is_char_device());
    let expected = desk.export(args).expect(0).stdout;
    for name in ["/dev/stdout", "-"] {
        assert_eq!(desk.export(to(name)).expect(0).stdout, expected, "{name}");
    }
    let made = std::process::Command::new("mkfifo")
        .arg(desk.here.path("pipe"))
        .status();
    assert!(made.expect("mkfifo").success());
    let pipe = desk.here.path("pipe");
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).expect("read"));
    desk.export(to("pipe")).expect(0);
    assert_eq!(reader.join().expect("a text"), expected);
    let found = fs::metadata(desk.here.path("pipe")).expect("there");
    assert!(found.file_type().is_fifo(), "it is still a pipe");
    assert_eq!(expected.lines().count(), ids.len() + 1);
    let beside = "--history subject -o /dev/null";
    desk.export((args, beside))
        .expect(64)
        .says("has no place beside it");
    assert!(!desk.here.path("tickethaul-runs").exists());
}

/// Runs a command of ours whose stdout is a full disk.
fn into_full_disk(desk: &FilledPortal, args: impl Args) -> Ended {
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("there");
    let child = desk
        .tool(args)
        .command()
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn();
    let output = child
        .and_then(std::process::Child::wait_with_output)
        .expect("it runs");
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::new(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Commands that print something, on a portal with a ticket of this id.
fn printing(id: &str) -> Vec<Vec<String>> {
    let sample = project("samples/zendesk-tickets.csv").display().to_string();
    let mapping = project("mappings/zendesk.toml").display().to_string();
    let lines = [
        format!("get {id}"),
        format!("get {id} --json"),
        "schema show".to_owned(),
        "schema show --json".to_owned(),
        "map schema".to_owned(),
        format!("map init {sample}"),
        format!("map check {mapping} --json"),
        format!("check {sample}"),
        format!("check {sample} -m {mapping} --json"),
        "export --properties subject".to_owned(),
        "export --properties subject -o f.csv --json".to_owned(),
        "runs --json".to_owned(),
        "schema pull -o -".to_owned(),
        "--help".to_owned(),
        "export --help".to_owned(),
        "--version".to_owned(),
    ];
    let words = |line: &String| line.split(' ').map(str::to_owned).collect();
    lines.iter().map(words).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_an_error_of_every_command() {
    let (desk, ids) = FilledPortal::with_tickets(1);
    for command in printing(&ids[0].to_string()) {
        into_full_disk(&desk, &command).expect(1);
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_went_away_is_no_error_of_any_command() {
    let (desk, ids) = FilledPortal::with_tickets(2_000);
    for command in printing(&ids[0].to_string()) {
        let mut child = desk
            .tool(&command)
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        drop(child.stdout.take());
        let mut said = String::new();
        let mut stderr = child.stderr.take().expect("its stderr");
        let _bytes = stderr.read_to_string(&mut said).expect("text");
        let code = child.wait().expect("it ends").code();
        let found = match command[0].as_str() {
            "check" => 4,
            _ => 0,
        };
        assert_eq!(code, Some(found), "{command:?}: {said}");
        assert!(!said.contains("roken pipe"), "{command:?}: {said}");
    }
}
