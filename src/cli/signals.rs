//! Signals that end a command: SIGINT, SIGTERM, and SIGHUP of a terminal that was
//! closed. A command that can stop in good order waits for them here; any other is
//! ended at once, and its temporary copies and a token command go with it.
//!
//! A SIGHUP that is ignored stays ignored: `nohup` asked for that. Only Linux tells
//! whether it is; elsewhere SIGHUP ends the process as the system has it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::token_command::end_running;
use crate::output::remove_temporary;

/// Whether a command waits for signals itself.
static EXPECTED: AtomicBool = AtomicBool::new(false);

/// What a shell adds to a signal's number.
const BY_SIGNAL: i32 = 128;

/// Ends the process with the first signal that no command waits for.
pub fn watch() {
    let _task = tokio::spawn(async {
        if let Ok(number) = next().await
            && !EXPECTED.load(Ordering::SeqCst)
        {
            remove_temporary();
            end_running();
            std::process::exit(BY_SIGNAL + number);
        }
    });
}

/// Ends with the next signal, which from now on is this command's to act on.
pub async fn signal() -> io::Result<()> {
    EXPECTED.store(true, Ordering::SeqCst);
    next().await.map(drop)
}

/// The number of the next signal.
#[cfg(unix)]
async fn next() -> io::Result<i32> {
    use tokio::signal::unix::{SignalKind, signal};
    let (hangup, interrupt, terminate) = (
        SignalKind::hangup(),
        SignalKind::interrupt(),
        SignalKind::terminate(),
    );
    let mut hung_up = is_heard().then(|| signal(hangup)).transpose()?;
    let (mut interrupted, mut terminated) = (signal(interrupt)?, signal(terminate)?);
    let hanging_up = async {
        match &mut hung_up {
            Some(hung_up) => hung_up.recv().await,
            None => std::future::pending().await,
        }
    };
    Ok(tokio::select! {
        _ = hanging_up => hangup.as_raw_value(),
        _ = interrupted.recv() => interrupt.as_raw_value(),
        _ = terminated.recv() => terminate.as_raw_value(),
    })
}

/// The number of Ctrl-C.
#[cfg(not(unix))]
async fn next() -> io::Result<i32> {
    tokio::signal::ctrl_c().await.map(|()| 2)
}

/// Whether SIGHUP was not ignored when this process began.
#[cfg(unix)]
fn is_heard() -> bool {
    use std::sync::OnceLock;
    static HEARD: OnceLock<bool> = OnceLock::new();
    *HEARD.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        ignored(&status).is_some_and(|ignored| ignored & 1 == 0)
    })
}

/// The signals that a process ignores, a bit each, the first one's the lowest.
#[cfg(unix)]
fn ignored(status: &str) -> Option<u64> {
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_status() {
        let status = "Name:\ttickethaul\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n";
        assert_eq!(ignored(status), Some(0x1001));
        assert_eq!(ignored("Name:\ttickethaul\n"), None);
    }
}
