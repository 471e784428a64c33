//! The words of help desks: names of statuses, priorities and channels, and their counterparts in
//! HubSpot. Only for proposals; a mapping decides. English words are here, those of other languages
//! in `vocabulary.toml`.

use crate::mapping::nearest::fold;
use crate::mapping::propose::vocabulary::value_meaning;

/// Statuses, and the stages of HubSpot's own pipeline.
pub(crate) const STAGES: [(&str, &[&str]); 4] = [
    (
        "New",
        &[
            "new",
            "to do",
            "todo",
            "unconfirmed",
            "confirmed",
            "submitted",
            "backlog",
            "reopened",
            "unassigned",
            // MantisBT.
            "acknowledged",
            // Roundup 2.6.0.
            "unread",
            "1",
        ],
    ),
    (
        "Waiting on us",
        &[
            "open",
            "in progress",
            "in_progress",
            "assigned",
            "active",
            "waiting on us",
            "escalated",
            "waiting for support",
            "waiting on third party",
            "pending vendor",
            "work in progress",
            // Roundup 2.6.0.
            "in-progress",
            "chatting",
            "testing",
            "2",
        ],
    ),
    (
        "Waiting on contact",
        &[
            "pending",
            "hold",
            "on hold",
            "on-hold",
            "snoozed",
            "waiting on contact",
            "waiting on customer",
            "waiting for customer",
            "awaiting customer response",
            "awaiting user info",
            // Odoo helpdesk_mgmt 14.0.2.14.1, MantisBT, Roundup 2.6.0.
            "awaiting",
            "feedback",
            "deferred",
            "need-eg",
            "3",
        ],
    ),
    (
        "Closed",
        &[
            "closed",
            "solved",
            "resolved",
            "done",
            "verified",
            "canceled",
            "cancelled",
            "archived",
            "completed",
            "rejected",
            "duplicate",
            // Roundup 2.6.0.
            "done-cbb",
            "6",
            "7",
            "8",
        ],
    ),
];

/// Priorities.
pub(crate) const PRIORITIES: [(&str, &[&str]); 4] = [
    (
        "LOW",
        &["low", "lowest", "minor", "trivial", "planning", "p4", "p5"],
    ),
    ("MEDIUM", &["medium", "normal", "moderate", "p3"]),
    ("HIGH", &["high", "major", "p2"]),
    (
        "URGENT",
        &[
            "urgent",
            "highest",
            "critical",
            "blocker",
            "emergency",
            "p1",
        ],
    ),
];

/// Ways in which tickets come in.
pub(crate) const SOURCES: [(&str, &[&str]); 4] = [
    ("CHAT", &["chat", "messenger", "live chat"]),
    ("EMAIL", &["email", "e-mail", "mail", "outbound email"]),
    (
        "FORM",
        &["form", "web", "portal", "feedback widget", "web form"],
    ),
    ("PHONE", &["phone", "call", "voice"]),
];

/// HubSpot's own categories and resolutions, by label.
pub(crate) const CATEGORIES: [(&str, &[&str]); 4] = [
    ("PRODUCT_ISSUE", &["product issue", "product_issue"]),
    ("BILLING_ISSUE", &["billing issue", "billing_issue"]),
    ("FEATURE_REQUEST", &["feature request", "feature_request"]),
    ("GENERAL_INQUIRY", &["general inquiry", "general_inquiry"]),
];

/// One of the tables above.
pub(crate) type Words = [(&'static str, &'static [&'static str])];

/// What a value is in HubSpot: by all of it, or by its words after a digit ("2 - High",
/// "P1-Urgent").
pub(crate) fn meaning(words: &'static Words, value: &str) -> Option<&'static str> {
    let value = fold(value);
    let of = |text: &str| {
        let found = words.iter().find(|(_, known)| known.contains(&text));
        let found = found.map(|(meaning, _)| *meaning);
        found.or_else(|| value_meaning(words.iter().map(|(meaning, _)| *meaning), text))
    };
    of(&value)
        .or_else(|| {
            let rest = value
                .trim_start_matches('p')
                .trim_start_matches(|c: char| c.is_ascii_digit());
            let rest = rest.trim_start_matches([' ', '-', '–', ':', '.']);
            (rest != value).then(|| of(rest)).flatten()
        })
        .or_else(|| {
            // What is in brackets only adds detail.
            let (before, _) = value.split_once(" (")?;
            of(before)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_mean_what_their_words_say() {
        for (value, expected) in [
            ("High", Some("HIGH")),
            ("2 - High", Some("HIGH")),
            ("P1-Urgent", Some("URGENT")),
            ("P2", Some("HIGH")),
            ("5 - Planning", Some("LOW")),
            ("0 - Panic", None),
            ("planned", None),
            ("High (was low)", Some("HIGH")),
            ("3 Normal", Some("MEDIUM")),
            ("Média", Some("MEDIUM")),
            ("Kritisch", Some("URGENT")),
        ] {
            assert_eq!(meaning(&PRIORITIES, value), expected, "{value}");
        }
    }

    #[test]
    fn no_word_means_two_things() {
        for words in [&STAGES[..], &PRIORITIES, &SOURCES, &CATEGORIES] {
            let all: Vec<&str> = words
                .iter()
                .flat_map(|(_, known)| known.iter().copied())
                .collect();
            let mut unique = all.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), all.len());
        }
    }
}
