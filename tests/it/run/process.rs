//! The process and what it leaves: files for their owner alone whatever the umask,
//! nothing when a signal ends it, a message when the system runs out of something.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Args, FilledPortal, Going, Rehearsal, TOKEN, keyed};

const MAPPING: &str = keyed!(
    "desk_id",
    r#"subject = "Subject"
hs_pipeline_stage = "Stage"
"#
);

/// Everything below a folder, with its mode.
fn modes(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let held = fs::symlink_metadata(&path).expect("there");
            found.push((path.clone(), held.permissions().mode() & 0o777));
            if held.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

#[track_caller]
fn is_private(folder: &Path) {
    let found = modes(folder);
    assert!(!found.is_empty(), "{}", folder.display());
    for (path, mode) in found {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}: {mode:o}", path.display());
    }
}

/// The tool behind a shell that sets something up first.
fn shell(here: &Rehearsal, setup: &str, args: impl Args) -> Command {
    let tool = here.command(args);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!("{setup}; exec \"$0\" \"$@\"")])
        .arg(tool.get_program())
        .args(tool.get_args())
        .current_dir(here.path(""))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", here.path(""))
        .env("TMPDIR", here.path("tmp"))
        .stdin(Stdio::null());
    command
}

#[test]
fn what_holds_tickets_is_for_its_owner_alone_whatever_the_umask_is() {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    here.write("t.csv", "Id,Subject,Stage\n1,a,New\n2,b,Nowhere\n3,c,New\n");
    let run = |args: &str, code: i32| {
        here.finish(shell(&here, "umask 0", args)).expect(code);
    };
    run("import t.csv -m m.toml --portal sandbox", 3);
    run("schema pull --portal sandbox", 0);
    // One that stands on its way: done.csv and all others are open, and the log of SQLite.
    run(
        "import t.csv -m m.toml --limit 1 --run-dir run --portal sandbox",
        0,
    );
    let named = ["tickethaul-runs", ".local", ".cache", "run"];
    for folder in named {
        let mode = fs::metadata(here.path(folder)).expect(folder);
        assert_eq!(mode.permissions().mode() & 0o777, 0o700, "{folder}");
        is_private(&here.path(folder));
    }
    // An export that stopped.
    let desk = FilledPortal::with_tickets(1_000).0;
    let mut command = shell(
        &desk.here,
        "umask 0",
        "export --properties subject -o out.csv --run-dir run --rate 3/1s --max-duration 0.8",
    );
    command
        .env("TICKETHAUL_BASE_URL", desk.sandbox.url())
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN);
    desk.here.finish(command).expect(5);
    is_private(&desk.here.path("run"));
}

#[test]
fn a_folder_of_parts_that_is_replaced_keeps_its_mode() {
    let desk = FilledPortal::with_tickets(20).0;
    let args = "--properties subject --partition-by hs_pipeline_stage -o lake";
    desk.export(args).expect(0);
    let lake = desk.here.path("lake");
    fs::set_permissions(&lake, fs::Permissions::from_mode(0o700)).expect("set");
    desk.export(args).expect(0);
    let mode = fs::metadata(&lake).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// A command that copies its stdin, which does not end.
fn copying(here: &Rehearsal, setup: &str) -> Child {
    fs::create_dir_all(here.path("tmp")).expect("a folder");
    let mut command = shell(here, setup, "check -");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the tool starts");
    let stdin = child.stdin.as_mut().expect("its stdin");
    let rows = format!("Id,Subject\n{}", "1,a\n".repeat(100_000));
    stdin.write_all(rows.as_bytes()).expect("taken");
    child
}

/// Waits until a copy has begun.
#[expect(
    clippy::disallowed_methods,
    reason = "another process is waited for, on no clock of ours"
)]
fn has_copy(here: &Rehearsal) {
    let end = Instant::now() + Duration::from_secs(20);
    let holds = || !modes(&here.path("tmp")).is_empty();
    while !holds() {
        assert!(Instant::now() < end, "no copy was begun");
        std::thread::sleep(Duration::from_millis(5));
    }
    is_private(&here.path("tmp"));
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_copy_goes_with_the_process_that_a_signal_ends() {
    for (name, code) in [("HUP", 129), ("INT", 130), ("TERM", 143)] {
        let here = Rehearsal::new();
        // Whoever runs the tests may ignore signals.
        let mut child = copying(&here, "exec env --default-signal \"$0\" \"$@\"");
        has_copy(&here);
        signal(&child, name);
        assert_eq!(child.wait().expect("it ended").code(), Some(code), "{name}");
        assert_eq!(modes(&here.path("tmp")), [], "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_hangup_that_is_ignored_stays_ignored() {
    let here = Rehearsal::new();
    let mut child = copying(&here, "trap '' HUP");
    has_copy(&here);
    signal(&child, "HUP");
    let mut stdin = child.stdin.take().expect("its stdin");
    stdin.write_all(b"2,b\n").expect("it reads on");
    drop(stdin);
    let ended = child.wait_with_output().expect("it ended");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert_eq!(ended.status.code(), Some(0), "{said}");
    assert!(said.contains("100,001 rows"), "{said}");
    assert_eq!(modes(&here.path("tmp")), []);
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_closes_stops_a_run_like_any_signal() {
    let desk = FilledPortal::new("--rate 40/2s");
    let rows: String = (1..=2_000)
        .map(|id| format!("{id},Ticket {id},New\n"))
        .collect();
    desk.here
        .write("t.csv", format!("Id,Subject,Stage\n{rows}"));
    desk.here.write("m.toml", MAPPING);
    let args = "import t.csv -m m.toml --create-properties --run-dir run --batch-size 10 \
                --progress json";
    let mut command = shell(&desk.here, "exec env --default-signal \"$0\" \"$@\"", args);
    command
        .env("TICKETHAUL_BASE_URL", desk.sandbox.url())
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN);
    let mut going = Going::start(command);
    let _said = going.until(|line| line.contains("\"done\":") && !line.contains("\"done\":0"));
    going.signal("HUP");
    let (code, said) = going.end();
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("interrupted"), "{said}");
    assert!(desk.here.path("run/summary.json").is_file());
    desk.run("resume run --batch-size 100 --rate 1000/1s")
        .expect(0);
    assert_eq!(desk.here.rows("run/done.csv").len(), 2_000);
}

#[cfg(target_os = "linux")]
#[test]
fn a_system_that_gives_no_more_is_told_in_words() {
    let here = Rehearsal::new();
    here.write("t.csv", "Id,Subject\n1,a\n");
    let mut short = 0;
    // Somewhere between what the tool itself takes and what its threads take beyond that.
    for kilobytes in (40_000..400_000).step_by(1_000) {
        let setup = format!("ulimit -c 0; ulimit -v {kilobytes}");
        let output = shell(&here, &setup, "check t.csv").output();
        let output = output.expect("the shell starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{kilobytes}: {said}");
        assert_ne!(output.status.code(), Some(101), "{kilobytes}: {said}");
        match output.status.code() {
            Some(0) => break,
            Some(1) => {
                assert!(said.contains("no more threads or memory"), "{said}");
                assert!(said.contains("ulimit"), "{said}");
                short += 1;
            }
            // It could not even be loaded.
            _ => {}
        }
    }
    assert!(short > 0, "none of these limits was too small for a thread");
}

/// What is nobody's to read belongs to root in /proc, which shows only where the process
/// is not root's.
#[cfg(target_os = "linux")]
#[test]
fn no_other_process_looks_into_the_memory() {
    use std::os::unix::fs::MetadataExt;
    let tool = env!("CARGO_BIN_EXE_tickethaul");
    let is_root = fs::metadata("/proc/self").expect("there").uid() == 0;
    let mut command = match is_root {
        true => Command::new("setpriv"),
        false => Command::new(tool),
    };
    if is_root {
        command.args(["--reuid=65534", "--clear-groups", tool]);
    }
    command
        .arg("sandbox")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else {
        return;
    };
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("its stdout"));
    let _read = stdout.read_line(&mut line).expect("a line");
    // A folder that this user can't enter holds no tool for it.
    if line.starts_with("http") {
        let maps = fs::metadata(format!("/proc/{}/maps", child.id()));
        assert_eq!(maps.expect("it runs").uid(), 0);
    }
    let _gone = child.kill();
    let _ended = child.wait();
}
