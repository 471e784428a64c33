//! Tokens printed by a command that the user configured, such as a password manager: run by the
//! shell, with a time limit. What it prints goes nowhere else.
//!
//! It counts as finished when the shell has exited: what it started may keep running, and
//! keep its output open. If it takes too long, or prints too much, it is killed with
//! everything that it started.

use std::io::Read;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::error::Error;

/// In bytes; no token is longer.
const LARGEST: usize = 64 * 1024;

/// How often to check whether a command has finished.
const GLANCE: Duration = Duration::from_millis(5);

/// The running command; 0 for none.
static RUNNING: AtomicU32 = AtomicU32::new(0);

/// What the command prints; `who` says whose it is: ``portal `acme` ``.
///
/// # Errors
/// When it can't be run, fails, takes too long, or prints nothing, no text or too much.
/// No part of what it printed is in the message.
pub async fn printed(who: &str, line: &str, limit: Duration) -> Result<String, Error> {
    let mut run = Run::begin(line).map_err(|what| failed(who, what))?;
    let ended = tokio::time::timeout(limit, run.read_to_its_end()).await;
    let Ok(ended) = ended else {
        let seconds = limit.as_secs_f64();
        let error = failed(who, format!("has printed no token within {seconds} s"));
        return Err(error.advise(
            "nothing was sent; run the command by hand: it may be waiting for an answer; if it \
             only takes long, set token_command_seconds",
        ));
    };
    let (text, status) = ended.map_err(|what| failed(who, what))?;
    match (status.success(), text.trim().is_empty()) {
        (false, _) => Err(failed(who, format!("failed ({status})"))),
        (true, true) => Err(failed(who, "printed nothing")),
        (true, false) => Ok(text),
    }
}

/// The error for a command that gave no token: it has to be fixed first, whatever went wrong.
pub fn failed(who: &str, what: impl std::fmt::Display) -> Error {
    Error::must_fix(format!("the token command of {who} {what}")).advise(
        "nothing was sent; run the command by hand: it has to print the token and nothing else",
    )
}

/// Kills the running command, with everything that it started, because this process ends.
pub fn end_running() {
    match RUNNING.swap(0, Ordering::SeqCst) {
        0 => {}
        id => end_group(id),
    }
}

/// A running command. It does not outlive this value.
struct Run {
    child: Child,
    stdout: Output,
    has_ended: bool,
}

impl Run {
    fn begin(line: &str) -> Result<Run, String> {
        let child = shell(line)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| format!("can't be run: {error}"))?;
        RUNNING.store(child.id(), Ordering::SeqCst);
        let stdout = child.stdout.take().map(Output::of);
        let unreadable = |error| format!("can't be read: {error}");
        let stdout = stdout.ok_or("has no output")?.map_err(unreadable);
        Ok(Run {
            child,
            stdout: stdout?,
            has_ended: false,
        })
    }

    /// Everything that it has printed when it finishes, and how it finished.
    async fn read_to_its_end(&mut self) -> Result<(String, ExitStatus), String> {
        let mut text = Vec::new();
        let status = loop {
            // What it printed before it finished can be read by then.
            let status = self.child.try_wait();
            let status = status.map_err(|error| format!("can't be waited for: {error}"))?;
            self.has_ended = status.is_some();
            let read = self.stdout.read_what_is_there(&mut text);
            read.map_err(|error| format!("can't be read: {error}"))?;
            if text.len() > LARGEST {
                return Err(format!("prints more than {} KiB", LARGEST >> 10));
            }
            match status {
                Some(status) => break status,
                None => tokio::time::sleep(GLANCE).await,
            }
        };
        let text = String::from_utf8(text).map_err(|_| "printed something that is not text")?;
        Ok((text, status))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let id = self.child.id();
        let _other = RUNNING.compare_exchange(id, 0, Ordering::SeqCst, Ordering::SeqCst);
        if !self.has_ended {
            end_group(id);
            let _gone = self.child.kill();
            let _reaped = self.child.wait();
        }
    }
}

/// In its own process group, so that everything that it starts can be killed.
#[cfg(unix)]
fn shell(line: &str) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new("/bin/sh");
    let _same = command.args(["-c", line]).process_group(0);
    command
}

#[cfg(not(unix))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    let _same = command.args(["/C", line]);
    command
}

#[cfg(unix)]
fn end_group(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = i32::try_from(leader).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // It may have finished meanwhile.
        let _gone = kill_process_group(group, Signal::KILL);
    }
}

/// Elsewhere only the shell is killed.
#[cfg(not(unix))]
fn end_group(_leader: u32) {}

/// What a command prints, read without waiting for more.
struct Output {
    #[cfg(unix)]
    stdout: ChildStdout,
    #[cfg(not(unix))]
    read: std::sync::mpsc::Receiver<std::io::Result<Vec<u8>>>,
}

#[cfg(unix)]
impl Output {
    fn of(stdout: ChildStdout) -> std::io::Result<Output> {
        use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
        let flags = fcntl_getfl(&stdout)?;
        fcntl_setfl(&stdout, flags | OFlags::NONBLOCK)?;
        Ok(Output { stdout })
    }

    fn read_what_is_there(&mut self, text: &mut Vec<u8>) -> std::io::Result<()> {
        let mut part = [0; 4096];
        while text.len() <= LARGEST {
            match self.stdout.read(&mut part) {
                Ok(0) => return Ok(()),
                Ok(n) => text.extend_from_slice(&part[..n]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Reads in a thread, since a pipe can't be polled. If something that the command left
/// running keeps its output open, it is waited for within the command's time limit.
#[cfg(not(unix))]
impl Output {
    fn of(stdout: ChildStdout) -> std::io::Result<Output> {
        let (sender, read) = std::sync::mpsc::sync_channel(1);
        let _detached = std::thread::spawn(move || {
            let mut text = Vec::new();
            let most = LARGEST as u64 + 1;
            let done = stdout.take(most).read_to_end(&mut text);
            let _nobody_waits = sender.send(done.map(|_| text));
        });
        Ok(Output { read })
    }

    fn read_what_is_there(&mut self, text: &mut Vec<u8>) -> std::io::Result<()> {
        if let Ok(read) = self.read.try_recv() {
            text.extend(read?);
        }
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn run(line: &str) -> Result<String, String> {
        let limit = Duration::from_millis(300);
        let printed = printed("acme", line, limit).await;
        printed.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_command_prints_the_token_or_says_why_not() {
        assert_eq!(run("echo abc").await.as_deref(), Ok("abc\n"));
        for (line, words) in [
            ("echo abc; exit 3", "failed (exit status: 3)"),
            (
                "no-such-program-here 2>/dev/null",
                "failed (exit status: 127)",
            ),
            ("true", "printed nothing"),
            ("echo; echo '  '", "printed nothing"),
            ("echo abc; exec sleep 20", "within 0.3 s"),
            ("printf '\\377abc'", "printed something that is not text"),
            ("yes abc", "prints more than 64 KiB"),
        ] {
            let said = run(line).await.expect_err(line);
            assert!(said.contains(words), "{said}");
            assert!(!said.contains("abc"), "{said}");
        }
    }

    /// Whether a process is there and has not ended.
    fn runs(id: &str) -> bool {
        let asked = Command::new("ps").args(["-o", "stat=", "-p", id]).output();
        let stat = asked.expect("ps").stdout;
        !matches!(stat.first(), None | Some(b'Z'))
    }

    async fn ends(id: &str) -> bool {
        for _glance in 0..400 {
            if !runs(id) {
                return true;
            }
            tokio::time::sleep(GLANCE).await;
        }
        false
    }

    #[tokio::test]
    async fn what_a_command_started_ends_with_it_where_it_hangs_and_else_runs_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("id");
        let id = || {
            std::fs::read_to_string(&file)
                .expect("written")
                .trim()
                .to_owned()
        };
        let path = file.display();
        for hangs in [
            format!("sleep 20 & echo $! > {path}; wait"),
            format!("(sleep 20 & echo $! > {path}; wait); true"),
            format!("sleep 20 & echo $! > {path}; yes abc"),
        ] {
            let _why = run(&hangs).await.expect_err("it hangs");
            assert!(ends(&id()).await, "{hangs}");
        }
        // An agent that keeps running and keeps the output open.
        let agent = format!("sleep 20 & echo $! > {path}; echo abc");
        assert_eq!(run(&agent).await.as_deref(), Ok("abc\n"));
        assert!(runs(&id()));
        let _ended = Command::new("kill").arg(id()).status().expect("kill");
    }
}
