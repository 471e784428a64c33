//! Processes that are met on their way: killed, stopped, waited for.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Every trouble that a single call can have.
pub const TROUBLES: [&str; 12] = [
    "429",
    "500",
    "502",
    "503",
    "504",
    "post-502",
    "post-504",
    "reset-before",
    "reset-after",
    "truncate",
    "html-52x",
    "locked",
];

/// Waits until the time is over or the process has ended by itself.
#[expect(
    clippy::disallowed_methods,
    reason = "the moment of a kill is a moment of real time"
)]
pub fn wait_at_most(child: &mut Child, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A process of the tool that is running.
pub struct Going {
    child: Child,
    said: BufReader<std::process::ChildStderr>,
}

impl Going {
    pub fn start(mut command: Command) -> Going {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        let said = BufReader::new(child.stderr.take().expect("its stderr"));
        Going { child, said }
    }

    /// Waits until it says a line that fits; gives all that it said.
    pub fn until(&mut self, fits: impl Fn(&str) -> bool) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            let read = self.said.read_line(&mut line).expect("its stderr");
            assert!(read > 0, "it ended without saying that:\n{all}");
            all.push_str(&line);
            if fits(&line) {
                return all;
            }
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    pub fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        let _read = std::io::Read::read_to_string(&mut self.said, &mut rest);
        let status = self.child.wait().expect("it ended");
        (status.code(), rest)
    }
}
