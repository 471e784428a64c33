//! Everything that is tested from outside, in one binary; one folder for each subject.

#![expect(
    unused_results,
    reason = "what a story does and checks gives something back; most need no more of it"
)]

mod support; // what stories are told with

mod import;
mod notes;
mod mapping;
mod review;
mod run;
mod crash;
mod export;
mod data_set;
mod portal;
mod client;
mod sandbox;
mod command_line;
mod hostile;
mod project;
