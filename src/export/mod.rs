//! Tickets become a file: `page → project → write`.
//!
//! First form: the whole list in id order, chosen properties, CSV. The file
//! appears complete or not at all.

pub mod page;
pub mod project;
pub mod write;
pub mod run;
