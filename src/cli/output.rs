//! Files that commands write where the user says: the rules are in `output`, which gets
//! standard output from here.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::screen::Screen;
use crate::error::Error;
use crate::output::{Owner, Target, Wish};

/// Standard output as a stream: unchanged in files and pipes, without control characters
/// on a terminal.
pub fn stdout() -> Box<dyn Write + Send> {
    match io::stdout().is_terminal() {
        true => Box::new(Screen::new(io::stdout())),
        false => Box::new(io::stdout()),
    }
}

/// The target for a file that people may edit: an existing one is replaced only with
/// `--force`. To be called before anything is done.
pub fn new_file(path: &Path, endings: &[&str], force: bool) -> Result<Target, Error> {
    let wish = Wish {
        path,
        endings,
        any_ending: false,
        force,
    };
    wish.target(stdout, |_| Owner::Unknown)
}
