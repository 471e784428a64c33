//! Parse, run, exit code: everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    tickethaul::cli::run(std::env::args_os())
}
