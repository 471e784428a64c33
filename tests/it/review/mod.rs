//! Before a run and after it: planned and applied, verified, undone, tried again.

mod plan; // what an import would do is said before, and is what it then does
mod apply; // a plan applied: exactly it, once, and only what nobody changed since
mod filed_plans; // plans of runs that take files along: counts, and what a run is held to
mod retry; // refused rows tried again, and a run counted with its retries as one
mod verify; // runs verified: what others did to their tickets since
mod undo; // runs undone: the portal is as it was before, but for what others touched
mod undo_touched; // runs of whose tickets others touched some
mod undo_notes; // runs that made notes
mod filed_reviews; // verify and undo of runs that uploaded files
