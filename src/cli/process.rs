//! The process itself: what it leaves behind when it dies, and what it says when it
//! panics.

use std::panic::{PanicHookInfo, set_hook};

use super::console::Console;
use super::exit::Exit;
use crate::model::visible::short;
use crate::output::remove_temporary;

/// Characters of a panic's message that are shown.
const SHOWN: usize = 500;

/// Keeps the memory, which holds the token, out of core dumps and away from other
/// processes of this user.
pub fn keep_out_of_dumps() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // If the system refuses that, nothing else depends on it.
        let _kept = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// From now on a panic is a message for people.
pub fn report_panics() {
    set_hook(Box::new(report));
}

fn report(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let words = payload.downcast_ref::<&str>().copied();
    let words = words.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let words = short(words.unwrap_or("no reason given"), SHOWN);
    if is_shortage(&words) {
        Console::aside(&format!(
            "error: the system gives this process no more threads or memory: {words}"
        ));
        Console::aside(
            "help: raise its limits (ulimit -u, ulimit -v) or end other programs; what was done \
             is kept, and `tickethaul resume` continues a run",
        );
        // Threads that did start may wait for ever for one that did not, so the process exits. What
        // is done is kept.
        remove_temporary();
        std::process::exit(Exit::Unexpected as i32);
    }
    let place = panic.location().map_or_else(String::new, |place| {
        format!(" ({}:{})", place.file(), place.line())
    });
    Console::aside(&format!("error: unexpected: {words}{place}"));
    Console::aside(
        "help: this is a mistake in tickethaul: please report it; what was done is kept, and \
         `tickethaul resume` continues a run",
    );
}

/// How the standard library and the runtime report that a thread can't be started.
fn is_shortage(words: &str) -> bool {
    let words = words.to_lowercase();
    words.contains("spawn") && words.contains("thread")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_is_told_from_a_mistake() {
        for words in [
            "OS can't spawn worker thread: Resource temporarily unavailable (os error 11)",
            "failed to spawn thread: Os { code: 11, kind: WouldBlock }",
        ] {
            assert!(is_shortage(words), "{words}");
        }
        assert!(!is_shortage(
            "index out of bounds: the len is 0 but the index is 0"
        ));
    }
}
