//! Comments become notes, e-mails and calls, and take their files along.

pub mod comments; // comments of tickets, in a file of their own or in their rows
mod once; // comments become notes, once, however a portal knows them again
mod mails; // comments that become e-mails and calls
mod attachments; // files of tickets and comments, each once, from a folder and from hosts
mod history_load; // histories as large as people have them, by hand
