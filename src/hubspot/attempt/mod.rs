//! One call and its attempts. `session` keeps the token good, `call` is the loop that sends, waits and
//! repeats; `classify` says what a reply means, `policy` what to do about it, both pure. `day` and
//! `portal_clock` keep what the headers of replies say, `waits` and `log` report, `halt` ends a
//! client's work, `secrets` are cut out of replies.

pub(crate) mod call;
pub(crate) mod session;
mod classify;
mod policy;
mod day;
mod portal_clock;
pub(crate) mod waits;
mod halt;
pub(crate) mod log;
mod secrets;
