//! Tokens that a command of the user's prints, such as a password manager: run by the
//! shell, within a time. What it prints goes nowhere else.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::Error;

/// No token is longer, in bytes.
const LARGEST: u64 = 64 * 1024;

/// How often it is looked whether a command that has closed its output has ended.
const GLANCE: Duration = Duration::from_millis(5);

/// What the command prints; `who` is the portal that it is for.
///
/// # Errors
/// When it can't be run, fails, takes too long, or prints nothing, no text or too much.
/// No part of what it printed is in the message.
pub async fn printed(who: &str, line: &str, limit: Duration) -> Result<String, Error> {
    let failed = |what: String| {
        Error::mend(format!("the token command of portal `{who}` {what}")).advise(
            "nothing was sent; run the command by hand: it has to print the token and nothing else",
        )
    };
    let child = shell(line)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| failed(format!("can't be run: {error}")))?;
    let ended = tokio::time::timeout(limit, to_its_end(&mut child)).await;
    let Ok(ended) = ended else {
        let _gone = child.kill();
        let _reaped = child.wait();
        let seconds = limit.as_secs_f64();
        let error = failed(format!("has printed no token within {seconds} s"));
        return Err(error.advise(
            "nothing was sent; run the command by hand: it may wait for an answer, which nobody gives \
             here; where it only takes long, say so by token_command_seconds",
        ));
    };
    let (text, status) = ended.map_err(failed)?;
    match (status.success(), text.trim().is_empty()) {
        (false, _) => Err(failed(format!("failed ({status})"))),
        (true, true) => Err(failed("printed nothing".to_owned())),
        (true, false) => Ok(text),
    }
}

#[cfg(unix)]
fn shell(line: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    let _same = command.args(["-c", line]);
    command
}

#[cfg(not(unix))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    let _same = command.args(["/C", line]);
    command
}

/// All that it prints, and how it ended. The reader is a thread of its own: what the
/// command started may keep its output open for ever, and reading can't be called off.
async fn to_its_end(child: &mut Child) -> Result<(String, std::process::ExitStatus), String> {
    let stdout = child.stdout.take().ok_or("has no output")?;
    let (sender, text) = oneshot::channel();
    let _detached = std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = stdout.take(LARGEST + 1).read_to_end(&mut text);
        let _nobody_waits = sender.send(read.map(|_| text));
    });
    let text = text.await.map_err(|_| "can't be read")?;
    let text = text.map_err(|error| format!("can't be read: {error}"))?;
    if text.len() as u64 > LARGEST {
        let _gone = child.kill();
        let _reaped = child.wait();
        return Err(format!("prints more than {} KiB", LARGEST >> 10));
    }
    let text = String::from_utf8(text).map_err(|_| "printed what is no text")?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok((text, status)),
            Ok(None) => tokio::time::sleep(GLANCE).await,
            Err(error) => return Err(format!("can't be waited for: {error}")),
        }
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
            ("sleep 20 & echo abc", "within 0.3 s"),
            ("printf '\\377abc'", "printed what is no text"),
            ("yes abc", "prints more than 64 KiB"),
        ] {
            let told = run(line).await.expect_err(line);
            assert!(told.contains(words), "{told}");
            assert!(!told.contains("abc"), "{told}");
        }
    }
}
