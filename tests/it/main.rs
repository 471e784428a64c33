//! Everything that is tested from outside, in one binary; one file for each topic.

#![expect(
    unused_results,
    reason = "what a story does and checks gives something back; most need no more of it"
)]

mod support; // what stories are told with

mod apply; // a plan applied: exactly it, once, and only what nobody changed since
mod admin; // limits of associations and rules for values, which an admin sets
mod activities; // the sandbox: notes, e-mails, calls and the like, under each of their switches
mod asked; // what is asked, and which portal is named first
mod attachments; // files of tickets and comments, each once, from a folder and from hosts
mod associate; // links of every kind: in imports, between tickets of a file, alone
mod book; // chapters of the book: their commands, links, mappings and tables
mod calls; // every call's request, and literal replies to it
mod checks; // a whole file against a mapping, before anything is sent
mod citations; // rules and sections that comments cite are in docs
mod cleaning; // runs and plans listed, old ones removed, tickets of a run deleted
mod contact; // first contact: files of all kinds, proposals unedited, and what comes of them
mod comments;
mod contract; // literal requests of the API contract, and the shapes of the replies
mod crash; // a run ended at each of its steps, and finished later
mod crash_changes; // the same for runs that update, upsert or archive
mod crash_notes; // the same for runs that write notes
mod crash_files; // the same for runs that upload files
mod crash_links; // the same for runs that link tickets
mod damaged; // files of a run that people or spreadsheets damaged
mod definitions; // the sandbox: properties, groups, pipelines, labels, as a portal's admin has them
mod diff; // updates: only what differs is sent, and what was there is kept
mod ends; // what stands around the rows of an export, and in its cells, that is none of their texts
mod export; // exports: whole, in id order, in every form
mod export_again; // exports to a place where something stands, and stopped ones found again
mod data_set_stirred; // data sets of portals that others change throughout
mod data_set_damaged; // data sets in which something was changed by hand, and places that are none for one
mod data_set_log; // data sets that keep every version of a ticket
mod data_set_unseen; // data sets of portals in which something happens that no date of a ticket shows
mod data_set_drift; // data sets of portals whose properties, labels and clocks change
mod data_set_linked; // data sets with notes, e-mails and records of a portal's own kinds
mod data_set; // data sets that are brought up to date hold what a full export holds
mod export_columns; // columns that an export has, and those that it leaves empty or out
mod export_meanwhile; // exports while another process creates, changes and archives tickets
mod export_cases; // exports of whole cases, and the way into another portal
mod export_files; // exports with the files of notes and e-mails: once, whole, under safe names
mod export_history; // exports with notes, e-mails and the like, and their files
mod export_missing; // exports while single tickets and contacts go between two calls, however the portal says so
mod export_paging; // lists that go round, backwards or on for ever
mod export_resume; // exports ended by force or by their time, and gone on with
mod export_search; // exports by filter: many properties, long filters
mod export_tables; // exports: former values and linked records, in columns and in files of their own
mod fates; // replies that say too little, keys that somebody else holds
mod filed_plans; // plans of runs that take files along: counts, and what a run is held to
mod filed_reviews; // verify and undo of runs that uploaded files
mod findings; // a migration that goes by what a check of the portal found
mod first; // the main job: import, repair, again, export
#[cfg(unix)]
mod forecast; // what a check foretells of calls and tickets, and what an import then does
mod foreign; // run folders that came from somebody else: they command nothing
mod fuzz; // files and mappings that nobody would write
mod fuzz_words; // conditions, templates, replies and journals that nobody would write
mod get; // a few tickets, for people and for programs
mod given_back; // the files of a run as input: repairs, rows that stay refused, deletions
mod guide; // every promise of HubSpot's guide for tickets
mod holding; // the sandbox in another process holds a call until its client is gone
mod history_load; // histories as large as people have them, by hand
mod hostile; // replies, files and mappings of somebody who means harm
mod hostile_modes; // a portal that means ill, in many ways, against four commands
mod json; // JSON as input, with comments; what is refused of it
mod inputs; // files of every kind, and what is said of them
mod kill; // the tool killed at held calls and at random, and finished later
mod kill_changes; // the same for runs that update, upsert or archive
mod kill_notes; // the same for runs that write notes
mod kill_files; // the same for runs that upload files
mod kill_links; // the same for runs that link tickets
mod late; // lost calls that are carried out late, and replies that say too little
mod layers; // who may know whom, and which crate lives where
mod left_blank; // values that the mapping leaves blank or replaces, and what is said of them
mod linked_kinds; // links to activities and to kinds that a portal defines itself
mod links; // the sandbox: associations in all their endpoints
mod mails; // comments that become e-mails and calls
mod mapping; // the mapping language from outside, and the commands about mappings
mod mistakes; // what people get wrong, a row each, and what they are told
mod merges; // the sandbox: merges, and what a person does in the recycle bin
mod notes; // comments become notes, once, however a portal knows them again
mod odd_keys; // keys that a spreadsheet rewrote, and letters that nobody sees
mod operations; // update, upsert, archive and delete from outside
mod outputs; // where commands write: one rule for every file, and stdout that must arrive
mod overtaken; // another run of the same file before a stopped one is resumed
mod plan; // what an import would do is said before, and is what it then does
mod pages; // the sandbox as people see it in a browser
mod portals; // portals by name
mod presets; // every mapping that ships, on its sample
#[cfg(unix)]
mod process; // the process: modes of its files, signals, shortages
mod progress; // how far a work is: the time left, JSON lines, a line that fits its terminal
mod readme; // every command of the README
mod replies; // literal replies of HubSpot, fed to the client
mod retry; // refused rows tried again, and a run counted with its retries as one
mod report; // runs as a page
mod resume; // runs that stop and go on: guards, limits, signals, full disks
mod round_trip; // exports by a mapping, imported with it: nothing differs
mod samples; // the sample is what its generator writes, and holds what it promises
mod scopes; // what a token may not do is named before, and is what the portal refuses
mod sandbox; // how the embedded portal behaves: limits, the list, its state, what it survives
mod sandbox_files; // the sandbox: uploads, duplicates, folders, searches for files, signed addresses
mod schema; // a portal's definitions: kept, shown, compared, extended
mod search; // the sandbox: searches and their late index
mod settings; // where a portal's settings come from, and what is said of bad ones
mod status_table; // every kind of trouble against every kind of call, and what the client did
mod switches; // the sandbox: what every switch changes
mod terminal; // in a pseudo terminal: nothing that is shown commands it
mod systems; // proposals for the exports of many systems and languages, unedited
mod kept_options; // what a run was told, and a resume takes up again
mod troubles; // the sandbox: what every trouble does to a call
mod upsert; // the sandbox: upserts, former values, dated paths
mod facts; // what runs find out about portals, kept for the next run
mod unknowns; // what HubSpot does not document, found out under every switch
mod undo;
mod undo_notes;
mod undo_touched; // runs undone: what they did is taken back, and nothing else
mod verify; // runs verified: what others did to their tickets since
mod versions; // dated paths, numbered paths, older ones, and tokens that lack a scope
mod twin; // the twin of a portal
mod ways; // proxies, certificates and addresses, over real sockets
mod workbooks; // spreadsheets as inputs, and the CSV that holds the same
