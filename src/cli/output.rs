//! Files that commands write where the user says: the rule is that of the room
//! `output`, standard output is handed to it from here.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::screen::Screen;
use crate::error::Error;
use crate::output::{Owner, Target, Wish};

/// Standard output as a stream: as it is in files and pipes, and nothing that commands it
/// on a terminal.
pub fn stdout() -> Box<dyn Write + Send> {
    match io::stdout().is_terminal() {
        true => Box::new(Screen::new(io::stdout())),
        false => Box::new(io::stdout()),
    }
}

/// Where a file goes that people may edit: one that is there is replaced only with
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
