//! Data sets that are brought up to date.

mod nightly; // data sets that are brought up to date hold what a full export holds
mod linked; // data sets with notes, e-mails and records of a portal's own kinds
mod log; // data sets that keep every version of a ticket
mod drift; // data sets of portals whose properties, labels and clocks change
mod unseen; // data sets of portals in which something happens that no date of a ticket shows
mod stirred; // data sets of portals that others change throughout
mod damaged; // data sets in which something was changed by hand, and places that are none for one
