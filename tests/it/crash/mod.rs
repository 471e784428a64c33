//! A run that is ended at any moment and finished later leaves what an undisturbed one leaves:
//! ended in this process at each of its steps, and killed as a process.

mod steps; // a run ended at each of its steps, and finished later
mod steps_of_changes; // the same for runs that update, upsert or archive
mod steps_of_notes; // the same for runs that write notes
mod steps_of_files; // the same for runs that upload files
mod steps_of_links; // the same for runs that link tickets
mod kill; // the tool killed at held calls and at random, and finished later
mod kill_changes; // the same for runs that update, upsert or archive
mod kill_notes; // the same for runs that write notes
mod kill_files; // the same for runs that upload files
mod kill_links; // the same for runs that link tickets
