//! What a reply, or the lack of one, means. Pure: the contract's status table in
//! one function. What to do about trouble is `policy`'s.

use std::time::Duration;

use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::error::body;
use crate::hubspot::error::body::ErrorBody;
use crate::hubspot::exchange::{Reply, TransportError};
use crate::hubspot::records::ApiError;
use crate::hubspot::wire::{self, Read};

/// The outcome of one attempt.
#[derive(Debug)]
pub(crate) enum Verdict<T> {
    /// A 2xx that could be read.
    Answered(T),
    /// No attempt can change this.
    Final(CallError),
    /// The day's allowance is used up: no attempt can change this today.
    Spent(CallError),
    /// Another attempt might fare better.
    Trouble(Trouble),
}

/// An attempt without a usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Its kind.
    pub(crate) kind: Kind,
    /// For people; read after "…: ".
    pub(crate) words: String,
    /// The wait that the portal asks for (`Retry-After`), as given.
    pub(crate) delay: Option<Duration>,
}

/// Kinds of trouble, distinguished by what may be concluded and how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing reached the portal.
    NotSent,
    /// 429 of the burst window, or of no named policy: not carried out.
    Limited,
    /// 429 of the search budget (`SECONDLY`): not carried out.
    Secondly,
    /// 423: not carried out.
    Locked,
    /// 477 that passes soon: the account is on the move, nothing is carried out.
    Moving,
    /// 408, 5xx, 52x: may have been carried out.
    Failing,
    /// 522, 525, 526: the edge can't reach the portal. HubSpot: "contact support".
    Cut,
    /// No whole reply arrived: may have been carried out.
    Lost,
    /// A 2xx whose body is not what the contract says: carried out, unreadable.
    Garbled,
    /// A status that the contract does not know, or a 4xx without JSON: something other
    /// than the portal may have answered.
    Strange,
}

impl Kind {
    /// True when the portal certainly did nothing, so that any verb may be repeated.
    pub(crate) fn nothing_written(self) -> bool {
        self == Kind::NotSent || self.is_wait()
    }

    /// True when the portal is well and only asks to wait.
    pub(crate) fn is_wait(self) -> bool {
        matches!(
            self,
            Kind::Limited | Kind::Secondly | Kind::Locked | Kind::Moving
        )
    }
}

impl<T> Verdict<T> {
    /// In a word or a few, for a log.
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Verdict::Answered(_) => "answered",
            Verdict::Final(CallError::Refused(_)) => "refused",
            Verdict::Final(CallError::Denied(_)) => "denied",
            Verdict::Final(CallError::Paused(_)) | Verdict::Spent(_) => "paused",
            Verdict::Final(_) => "failed",
            Verdict::Trouble(trouble) => match trouble.kind {
                Kind::NotSent => "not sent",
                Kind::Limited => "burst limit",
                Kind::Secondly => "search limit",
                Kind::Locked => "locked",
                Kind::Moving => "account on the move",
                Kind::Failing => "portal failing",
                Kind::Cut => "portal cut off",
                Kind::Lost => "reply lost",
                Kind::Garbled => "reply unreadable",
                Kind::Strange => "strange reply",
            },
        }
    }
}

/// Judges the outcome of one attempt.
pub(crate) fn classify<T>(outcome: &Result<Reply, TransportError>, read: Read<T>) -> Verdict<T> {
    match outcome {
        Ok(reply) if reply.is_success() => match read(&reply.body) {
            Ok(value) => Verdict::Answered(value),
            Err(error) => trouble(Kind::Garbled, garbled_words(reply, &error), None),
        },
        Ok(reply) => judge_error(reply),
        Err(TransportError::Blocked(words)) => Verdict::Final(CallError::Blocked(words.clone())),
        Err(TransportError::NotSent(words)) => trouble(Kind::NotSent, words.clone(), None),
        Err(TransportError::Ambiguous(words)) => trouble(Kind::Lost, words.clone(), None),
    }
}

/// The status table (C1 §4.4 to §4.6).
fn judge_error<T>(reply: &Reply) -> Verdict<T> {
    let body = body::read(reply);
    let delay = reply.headers.number(contract::RETRY_AFTER);
    let delay = delay.map(Duration::from_secs);
    let again = |kind| trouble(kind, words(&body.error, reply.status), delay);
    match (reply.status, body.json) {
        (401, _) | (403, true) => Verdict::Final(CallError::Denied(Box::new(body.error))),
        (403 | 413 | 414, _) => Verdict::Final(CallError::Refused(Box::new(body.error))),
        (423, _) => again(Kind::Locked),
        (429, _) => limited(&body, delay),
        (477, _) => moving(&body.error, delay),
        (522 | 525 | 526, _) => again(Kind::Cut),
        (408 | 500..=599, _) => again(Kind::Failing),
        (400..=499, true) => Verdict::Final(CallError::Refused(Box::new(body.error))),
        _ => again(Kind::Strange),
    }
}

/// HubSpot: `policyName` is `TEN_SECONDLY_ROLLING`, `SECONDLY` (search) or `DAILY`.
fn limited<T>(body: &ErrorBody, delay: Option<Duration>) -> Verdict<T> {
    let kind = match body.policy.as_deref() {
        Some("DAILY") => {
            let words = "the account's daily limit of calls is used up; it is reset at midnight of \
                 the account's time zone";
            let words = format!("{words}{}", body.error.reference());
            return Verdict::Spent(CallError::Paused(words));
        }
        Some("SECONDLY") => Kind::Secondly,
        _ => Kind::Limited,
    };
    trouble(kind, words(&body.error, 429), delay)
}

/// HubSpot: a move takes up to a day. A short one is waited for.
fn moving<T>(error: &ApiError, delay: Option<Duration>) -> Verdict<T> {
    let start = "HubSpot is moving the account to another data centre (477)";
    let end = error.reference();
    match delay {
        Some(delay) if delay <= contract::LONGEST_WAIT => {
            trouble(Kind::Moving, format!("{start}{end}"), Some(delay))
        }
        Some(delay) => {
            let asks = format!("{start} and asks to wait {} s{end}", delay.as_secs());
            Verdict::Final(CallError::Paused(asks))
        }
        None => {
            let words = format!("{start}, which can take up to a day{end}");
            Verdict::Final(CallError::Paused(words))
        }
    }
}

fn trouble<T>(kind: Kind, words: String, delay: Option<Duration>) -> Verdict<T> {
    Verdict::Trouble(Trouble { kind, words, delay })
}

fn words(error: &ApiError, status: u16) -> String {
    let id = error.reference();
    match error.message.as_str() {
        "" => format!("status {status}{id}"),
        message => format!("status {status}: {message}{id}"),
    }
}

fn garbled_words(reply: &Reply, error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof if reply.body.is_empty() => {
            format!("status {} with an empty body", reply.status)
        }
        serde_json::error::Category::Eof => "the JSON is cut short".to_owned(),
        serde_json::error::Category::Data if error.to_string() == wire::COMES_IN_PAGES => {
            wire::COMES_IN_PAGES.to_owned()
        }
        serde_json::error::Category::Data => "the JSON lacks what it should hold".to_owned(),
        _ => format!("status {} with something other than JSON", reply.status),
    }
}

#[cfg(test)]
mod tests;
