//! What lets a run continue after it stopped: its `folder`, the `guard`s that check a resume
//! against what the run was started with, and how to `recover` its files and rows.

pub mod folder;
pub mod guard;
pub mod recover;
