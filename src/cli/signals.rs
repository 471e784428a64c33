//! Signals that end a command: SIGINT, SIGTERM, and SIGHUP of a terminal that was
//! closed. A command that can stop in good order waits for them here; any other is
//! ended at once, together with its temporary copies and a token command.
//!
//! A SIGHUP that is ignored stays ignored: that is what `nohup` is for. Only Linux says
//! whether it is ignored; elsewhere SIGHUP has the system's default effect.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::token_command::end_running;
use crate::output::remove_temporary;

/// Whether a command waits for signals itself.
static EXPECTED: AtomicBool = AtomicBool::new(false);

/// What a shell adds to a signal's number.
const BY_SIGNAL: i32 = 128;

/// Ends the process with the first signal that no command waits for.
pub fn watch() {
    let Ok(mut signals) = Signals::listen() else {
        return;
    };
    let _task = tokio::spawn(async move {
        let number = signals.next().await;
        if !EXPECTED.load(Ordering::SeqCst) {
            remove_temporary();
            end_running();
            std::process::exit(BY_SIGNAL + number);
        }
    });
}

/// The signals that end a command. They count from the moment this is called, not from
/// when a task first waits for one.
#[cfg(unix)]
pub struct Signals {
    /// None if the process ignores it.
    hangup: Option<Signal>,
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Signals {
    /// Signals that from now on are this command's to act on.
    pub fn expect() -> io::Result<Self> {
        EXPECTED.store(true, Ordering::SeqCst);
        Self::listen()
    }

    fn listen() -> io::Result<Self> {
        let hangup = is_heard().then(|| signal(SignalKind::hangup()));
        Ok(Self {
            hangup: hangup.transpose()?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The number of the next one.
    pub async fn next(&mut self) -> i32 {
        let hanging_up = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        let kind = tokio::select! {
            _ = hanging_up => SignalKind::hangup(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        };
        kind.as_raw_value()
    }
}

/// Ctrl-C, which ends a command. It counts from the moment this is called.
#[cfg(windows)]
pub struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// Signals that from now on are this command's to act on.
    pub fn expect() -> io::Result<Self> {
        EXPECTED.store(true, Ordering::SeqCst);
        Self::listen()
    }

    fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// The number of the next one.
    pub async fn next(&mut self) -> i32 {
        let _none = self.0.recv().await;
        2
    }
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

/// The signals that a process ignores, one bit each, signal 1 in the lowest.
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
