//! What lets a run continue after it stopped: its `folder`, the `guard`s that hold a resume to
//! what the run was begun with, and what is to `recover` of its files and rows.

pub mod folder;
pub mod guard;
pub mod recover;
