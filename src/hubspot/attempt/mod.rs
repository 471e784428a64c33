//! One call and its attempts. `session` keeps the token valid, `call` is the loop that sends, waits
//! and repeats; `classify` says what a reply means, `policy` what to do about it, both pure. `day`
//! and `portal_clock` keep what replies say apart from their bodies, `waits` and `log` report,
//! `holds` knows what calls wait for, `halt` ends a client's work, `secrets` are cut out of
//! replies.

pub(crate) mod call;
pub(crate) mod session;
mod classify;
mod policy;
mod day;
mod portal_clock;
pub(crate) mod waits;
mod halt;
mod holds;
pub(crate) mod log;
mod secrets;
