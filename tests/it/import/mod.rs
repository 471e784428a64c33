//! Rows become tickets: files of every kind, every operation, links, and what is refused.

mod first; // the main job: import, repair, again, export
mod inputs; // files of every kind, and what is said of them
pub mod json; // JSON as input, with comments; what is refused of it
mod workbooks; // spreadsheets as inputs, and the CSV that holds the same
mod odd_keys; // keys that a spreadsheet rewrote, and letters that nobody sees
mod left_blank; // values that the mapping leaves blank or replaces, and what is said of them
mod checks; // a whole file against a mapping, before anything is sent
#[cfg(unix)]
mod forecast; // what a check foretells of calls and tickets, and what an import then does
mod operations; // update, upsert, archive and delete from outside
mod diff; // updates: only what differs is sent, and what was there is kept
mod associate; // links of every kind: in imports, between tickets of a file, alone
mod linked_kinds; // links to activities and to kinds that a portal defines itself
mod given_back; // the files of a run as input: repairs, rows that stay refused, deletions
mod fates; // replies that say too little, keys that somebody else holds
mod late; // lost calls that are carried out late, and replies that say too little
