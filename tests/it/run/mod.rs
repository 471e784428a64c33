//! A run on its way, its folder, and what becomes of both.

mod resume; // runs that stop and go on: guards, limits, signals, full disks
mod kept_options; // what a run was told, and a resume takes up again
mod overtaken; // another run of the same file before a stopped one is resumed
mod progress; // how far a work is: the time left, JSON lines, a line that fits its terminal
#[cfg(unix)]
mod process; // the process: modes of its files, signals, shortages
mod damaged; // files of a run that people or spreadsheets damaged
mod journals; // journals as each version wrote them
mod foreign; // run folders that came from somebody else: they command nothing
mod cleaning; // runs and plans listed, old ones removed, tickets of a run deleted
mod report; // runs as a page
