//! What can go wrong, the arguments of each, and its name.

use std::time::Duration;

use crate::sandbox::switches::time_text::time;

/// What goes wrong with a call, or from a call on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TroubleKind {
    /// An error status instead of the work.
    Status(u16),
    /// 423 instead of the work.
    Locked,
    /// The token of the call is expired for good.
    ExpiredToken,
    /// The edge's page instead of the work.
    Html403,
    /// One of the edge's 521 to 526 instead of the work.
    Html52x,
    /// The connection is reset instead of the work.
    ResetBefore,
    /// No work, and no reply until the client disconnects.
    Hang,
    /// A gateway's page after the work.
    Post(u16),
    /// The connection is reset after the work.
    ResetAfter,
    /// After the work: the right head, half of the body, then the connection is closed.
    Truncate,
    /// A gateway's 504 at once, and the work this much later.
    LateCommit(Duration),
    /// The call is held until the client disconnects or the portal is told to continue.
    Hold(HoldAt),
    /// Latency: between the difference and the sum of the two.
    Slow(Duration, Duration),
    /// 503 for all calls, for this long.
    Outage(Duration),
    /// 477 for all calls, for this long.
    Migrating(Duration),
    /// The search index is this late.
    SearchLag(Duration),
}

/// Where a call is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HoldAt {
    /// Before the work.
    Received,
    /// After the work, before the reply.
    Committed,
    /// After the reply; the calls that follow wait.
    Answered,
}

impl HoldAt {
    pub(crate) fn word(self) -> &'static str {
        match self {
            HoldAt::Received => "received",
            HoldAt::Committed => "committed",
            HoldAt::Answered => "answered",
        }
    }
}

/// On which calls a trouble may occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// On a call by its number, or on a share of all calls.
    OnCalls,
    /// On a call by its number only.
    OnOne,
    /// As `OnCalls`; on every call by default.
    Always,
    /// From a call on; from the first by default.
    FromOne,
}

/// A line of the list.
#[derive(Debug)]
pub struct KnownTrouble {
    /// Its name as typed, before `@`.
    pub name: &'static str,
    /// What follows the name after `=`; in brackets if optional.
    pub(super) argument: Option<&'static str>,
    /// What goes wrong, as a fragment.
    pub what: &'static str,
    pub(super) allowed: Allowed,
    make: fn(Option<&str>) -> Option<TroubleKind>,
}

impl KnownTrouble {
    /// Every trouble there is.
    pub const TABLE: &[KnownTrouble] = &[
        plain(
            "429",
            "the allowance is said to be used up; nothing is done",
            |_| status(429),
        ),
        plain("500", "an internal error; nothing is done", |_| status(500)),
        plain("502", "a gateway's page; nothing is done", |_| status(502)),
        plain("503", "a gateway's page; nothing is done", |_| status(503)),
        plain("504", "a gateway's page; nothing is done", |_| status(504)),
        plain("locked", "423; nothing is done", |_| {
            Some(TroubleKind::Locked)
        }),
        plain("html-403", "the firewall's page; nothing is done", |_| {
            Some(TroubleKind::Html403)
        }),
        plain(
            "html-52x",
            "a page with one of 521 to 526; nothing is done",
            |_| Some(TroubleKind::Html52x),
        ),
        plain(
            "reset-before",
            "the connection is reset; nothing is done",
            |_| Some(TroubleKind::ResetBefore),
        ),
        plain(
            "hang",
            "no reply, until the client leaves; nothing is done",
            |_| Some(TroubleKind::Hang),
        ),
        plain(
            "post-502",
            "a gateway's page in place of the reply; the work is done",
            |_| Some(TroubleKind::Post(502)),
        ),
        plain(
            "post-504",
            "a gateway's page in place of the reply; the work is done",
            |_| Some(TroubleKind::Post(504)),
        ),
        plain(
            "reset-after",
            "the connection is reset in place of the reply; the work is done",
            |_| Some(TroubleKind::ResetAfter),
        ),
        plain("truncate", "half of the reply; the work is done", |_| {
            Some(TroubleKind::Truncate)
        }),
        KnownTrouble {
            name: "late-commit",
            argument: Some("TIME"),
            what: "a 504 at once, and the work is done that much later",
            allowed: Allowed::OnCalls,
            make: |text| span(text).map(TroubleKind::LateCommit),
        },
        KnownTrouble {
            name: "slow",
            argument: Some("TIME[±TIME]"),
            what: "latency; without @ on every call",
            allowed: Allowed::Always,
            make: slow,
        },
        KnownTrouble {
            name: "expired-token",
            argument: None,
            what: "the token of that call is expired, from then on",
            allowed: Allowed::OnOne,
            make: |_| Some(TroubleKind::ExpiredToken),
        },
        KnownTrouble {
            name: "hold",
            argument: Some("received|committed|answered"),
            what: "that call is held there, and said to be, until its client leaves or a line comes on stdin",
            allowed: Allowed::OnOne,
            make: hold,
        },
        KnownTrouble {
            name: "outage",
            argument: Some("TIME"),
            what: "503 on all calls, from that call on",
            allowed: Allowed::FromOne,
            make: |text| span(text).map(TroubleKind::Outage),
        },
        KnownTrouble {
            name: "migrating",
            argument: Some("[TIME]"),
            what: "477 on all calls, from that call on, 24 h unless given",
            allowed: Allowed::FromOne,
            make: |text| span(Some(text.unwrap_or("24h"))).map(TroubleKind::Migrating),
        },
        KnownTrouble {
            name: "search-lag",
            argument: Some("TIME"),
            what: "the search index is that late, from that call on",
            allowed: Allowed::FromOne,
            make: |text| span(text).map(TroubleKind::SearchLag),
        },
    ];

    /// How it is typed, such as `late-commit=TIME`.
    pub fn form(&self) -> String {
        let ordinal = match self.allowed {
            Allowed::OnOne => "@N",
            _ => "",
        };
        let argument = match self.argument {
            None => String::new(),
            Some(optional) if optional.starts_with('[') => optional.replace('[', "[="),
            Some(argument) => format!("={argument}"),
        };
        format!("{}{ordinal}{argument}", self.name)
    }

    /// The trouble with this name.
    pub(super) fn named(name: &str) -> Option<&'static KnownTrouble> {
        KnownTrouble::TABLE.iter().find(|known| known.name == name)
    }

    /// The trouble with its argument; none if the argument is not valid.
    pub(super) fn kind(&self, argument: Option<&str>) -> Option<TroubleKind> {
        match (self.argument, argument) {
            (None, Some(_)) => None,
            (_, argument) => (self.make)(argument),
        }
    }
}

const fn plain(
    name: &'static str,
    what: &'static str,
    make: fn(Option<&str>) -> Option<TroubleKind>,
) -> KnownTrouble {
    KnownTrouble {
        name,
        argument: None,
        what,
        allowed: Allowed::OnCalls,
        make,
    }
}

fn status(status: u16) -> Option<TroubleKind> {
    Some(TroubleKind::Status(status))
}

fn span(text: Option<&str>) -> Option<Duration> {
    time(text?)
}

/// `300ms±100` or `300ms±100ms`, or without a spread. `+-` stands for the sign.
fn slow(text: Option<&str>) -> Option<TroubleKind> {
    let text = text?.replace("+-", "±");
    let (mean, spread) = text.split_once('±').unwrap_or((&text, "0"));
    let spread = match spread.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Duration::from_millis(spread.parse().ok()?),
        false => time(spread)?,
    };
    let mean = time(mean)?;
    (spread <= mean).then_some(TroubleKind::Slow(mean, spread))
}

fn hold(text: Option<&str>) -> Option<TroubleKind> {
    let places = [HoldAt::Received, HoldAt::Committed, HoldAt::Answered];
    let mut places = places.into_iter();
    let place = places.find(|place| Some(place.word()) == text)?;
    Some(TroubleKind::Hold(place))
}
