//! Parse, run, exit code: everything else is in the library.

use std::process::ExitCode;

/// Rows are read on one thread and dropped on another, which the system's allocator is
/// slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tickethaul::cli::run(std::env::args_os())
}
