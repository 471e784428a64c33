//! HubSpot's limits and header names as constants. What is known of each, and from
//! where, is in docs/contract.md. Paths are in `paths`.

use std::time::Duration;

use super::connect::settings::Rate;

/// Inputs of one batch call (C1 §2.6).
pub const BATCH_LIMIT: usize = 100;

/// Records of one call that asks for former values, be it a list or a batch
/// (C1 §2.6); for the list by analogy.
pub const HISTORY_LIMIT: usize = 50;

/// Records of one page of a list (C1 §2.5).
pub const PAGE_LIMIT: usize = 100;

/// Results of one page of a search (C1 §2.9).
pub const SEARCH_PAGE_LIMIT: usize = 200;

/// Results of one query, over all its pages (C1 §2.9).
pub const SEARCH_RESULT_LIMIT: usize = 10_000;

/// Characters of a search's body (C1 §2.9).
pub const SEARCH_BODY_LIMIT: usize = 3_000;

/// Filters of a search: groups, filters of a group, filters in all (C1 §2.9).
pub(crate) const FILTER_LIMITS: (usize, usize, usize) = (5, 6, 18);

/// Links of one batch create (C1 §8.3).
pub const LINK_LIMIT: usize = 2_000;

/// Records of one batch read of links (C1 §8.3).
pub const LINKED_LIMIT: usize = 1_000;

/// Maximum number of links of one record to records of one kind. HubSpot limits them by
/// pair and tier, to some ten thousand.
pub(crate) const LINKS_OF_ONE: usize = 100_000;

/// Maximum number of owners of a portal, active or archived.
pub(crate) const OWNERS: usize = 100_000;

/// Pairs of one batch archive of links: the lowest figure of several (C1 §8.3).
pub const UNLINK_LIMIT: usize = 100;

/// The burst window (C1 §5); a reply's
/// `X-HubSpot-RateLimit-Interval-Milliseconds` wins.
pub(crate) const BURST_WINDOW: Duration = Duration::from_secs(10);

/// Searches of an account, whatever their object (C1 §2.9); replies to them carry no
/// rate headers.
pub(crate) const SEARCH_RATE: Rate = Rate {
    calls: 5,
    window: Duration::from_secs(1),
};

/// How long a locked record (423) stays so (C1 §4.4).
pub(crate) const LOCK_TIME: Duration = Duration::from_secs(2);

/// The longest wait that is kept if the portal asks for one; a longer one is shortened,
/// and the attempts run out instead.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The longest burst window that is accepted; HubSpot's is 10 s.
pub(crate) const LONGEST_WINDOW: Duration = Duration::from_secs(60);

/// Longest path with query that is sent. HubSpot answers 414 at an undocumented length;
/// edges commonly stop at 8 kB (C1 §2.5).
pub(crate) const PATH_LIMIT: usize = 6_000;

/// Largest reply that is read, unpacked. A portal's ticket properties can pass
/// 1 MB; 100 tickets of full length stay far below this.
pub(crate) const REPLY_LIMIT: usize = 64 << 20;

/// Minimum bytes per second of an upload, by which its deadline is extended.
pub(crate) const SLOWEST_UPLOAD: u64 = 256 << 10;

/// Longest text of an error that is kept.
pub(crate) const ERROR_TEXT_LIMIT: usize = 16 << 10;

/// Longest code, category, name or id of an error that is kept.
pub(crate) const ERROR_WORD_LIMIT: usize = 300;

/// Longest value of an error that is kept: more than any property takes.
pub(crate) const ERROR_VALUE_LIMIT: usize = 256 << 10;

/// Most problems of one error that are kept; a batch of 100 rows with ten bad
/// properties each names as many.
pub(crate) const PROBLEM_LIMIT: usize = 1_000;

/// Allowance of the burst window.
pub(crate) const RATE_MAX: &str = "x-hubspot-ratelimit-max";
/// Calls left in the burst window.
pub(crate) const RATE_REMAINING: &str = "x-hubspot-ratelimit-remaining";
/// Length of the burst window in milliseconds.
pub(crate) const RATE_INTERVAL: &str = "x-hubspot-ratelimit-interval-milliseconds";
/// Allowance of the day; absent for OAuth tokens.
pub(crate) const RATE_DAILY: &str = "x-hubspot-ratelimit-daily";
/// Calls left of the day; absent for OAuth tokens.
pub(crate) const RATE_DAILY_REMAINING: &str = "x-hubspot-ratelimit-daily-remaining";
/// HubSpot support asks for this id.
pub(crate) const CORRELATION_ID: &str = "x-hubspot-correlation-id";
/// Seconds. Documented for 477 only (C1 §4.4, §4.5).
pub(crate) const RETRY_AFTER: &str = "retry-after";
/// The portal's clock, in whole seconds.
pub(crate) const DATE: &str = "date";

/// Headers of a reply that anything here reads.
pub(crate) const HEADERS: [&str; 8] = [
    RATE_MAX,
    RATE_REMAINING,
    RATE_INTERVAL,
    RATE_DAILY,
    RATE_DAILY_REMAINING,
    CORRELATION_ID,
    RETRY_AFTER,
    DATE,
];
