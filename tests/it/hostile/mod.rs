//! Somebody who means harm, and inputs that nobody would write.

mod texts; // replies, files and mappings of somebody who means harm
mod modes; // a portal that means ill, in many ways, against four commands
mod fuzz; // files and mappings that nobody would write
mod fuzz_words; // conditions, templates, replies and journals that nobody would write
