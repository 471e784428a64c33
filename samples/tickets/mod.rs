//! The tickets of an invented web shop's help desk, as rows of a Zendesk account export.
//!
//! A row is a function of the seed, its number and the count of rows, so nothing is
//! kept from row to row and a million rows take the memory of one. Each file makes one
//! part of a ticket: who wrote it (`people`), what was said (`wording`, with the texts
//! of `phrases`), how it went (`life`); `ticket` joins them, `row` lays them out in
//! columns, `mistakes` spoils seven rows on request and `export` writes the file. `history`
//! writes tickets with their conversations as JSON lines, and `files` what is attached to them.
//! The command line is not known here.

mod export;
mod files;
mod history;
mod life;
mod mistakes;
mod moment;
mod people;
mod phrases;
mod random;
mod row;
mod template;
mod ticket;
mod wording;

pub(crate) use export::{Request, write_export};
pub(crate) use files::Attached;
pub(crate) use history::{History, write_history};
