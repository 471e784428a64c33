//! What stories are told with. A story takes a folder (`Rehearsal`), or a folder and a served
//! sandbox (`FilledPortal`), runs the tool there and reads what it left; what most of them need
//! is named here, what some need stands in a file for its subject.

mod args; // the arguments of a run, as they are typed
mod invocation; // the tool, about to be run
mod rehearsal; // a folder, the tool as a process, a served sandbox
mod filled_portal; // a served sandbox that a test fills by hand
mod plain_http; // an HTTP client that shares nothing with ours
mod files; // what stands in files
mod fixtures; // mappings and definitions that several stories use
mod kills; // processes that are killed, stopped, waited for

pub mod samples; // the samples of the project, and how people repair their rows
pub mod first_contact; // a file that nobody has a mapping for
pub mod sheets; // spreadsheets made of a few parts
pub mod reviewed; // runs that are verified and undone
pub mod scenario; // tickets with a past, a file that changes them, what must come of it
pub mod linking; // files that link tickets, and what must come of them
pub mod conversation; // tickets with comments, and the notes that must come of them
pub mod filed; // tickets with comments that have files, and what must come of them
pub mod data_set; // a data set that is brought up to date
pub mod older; // journals as older versions wrote them
pub mod unknowns; // portals that show what is not documented
pub mod in_process; // runs inside a test: cut wires, tampered replies
pub mod canned; // replies in memory, for the client
pub mod between; // something between the tool and a served sandbox that tampers
pub mod impostor; // somebody who answers in a portal's name
pub mod hostile_portal; // a portal that changes a sandbox's replies
pub mod host; // a host of files
pub mod followed; // a page followed as its reader does
pub mod fuzz; // properties of random inputs

pub use args::{Args, switched, troubled};
pub use files::{Row, files_below, parquet_rows, project, rows_of, write_rows};
pub use filled_portal::{FilledPortal, HUNG_AT, OF_EXPORT, hang, id};
pub(crate) use fixtures::keyed;
pub use fixtures::{DESK_KEY, KNOWN_KEY, SUBJECTS, link, unique_text};
pub use invocation::Invocation;
pub use kills::{Going, TROUBLES, wait_at_most};
pub use plain_http::{Answer, Portal, raw};
pub use rehearsal::{Ended, Rehearsal, Served, TOKEN};
