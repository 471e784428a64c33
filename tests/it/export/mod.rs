//! Tickets become files: whole, in every form, however the portal behaves meanwhile.

mod whole; // exports: whole, in id order, in every form
mod columns; // columns that an export has, and those that it leaves empty or out
mod ends; // what stands around the rows of an export, and in its cells, that is none of their texts
mod tables; // exports: former values and linked records, in columns and in files of their own
mod search; // exports by filter: many properties, long filters
mod history; // exports with notes, e-mails and the like, and their files
mod files; // exports with the files of notes and e-mails: once, whole, under safe names
mod cases; // exports of whole cases, and the way into another portal
mod again; // exports to a place where something stands, and stopped ones found again
mod half; // exports killed while they replaced their files, and what the next one does
mod resume; // exports ended by force or by their time, and gone on with
mod meanwhile; // exports while another process creates, changes and archives tickets
mod missing; // exports while single tickets and contacts go between two calls, however the portal says so
mod paging; // lists that go round, backwards or on for ever
mod round_trip; // exports by a mapping, imported with it: nothing differs
mod get; // a few tickets, for people and for programs
