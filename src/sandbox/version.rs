//! The versions that paths name, and what differs between them (contract 0.2):
//! statuses, where partial success is told, and the write rules of 2026-09.

/// A version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// v3, and v4 for associations.
    Numbered,
    September2025,
    March2026,
    September2026,
}

impl Version {
    /// From a path segment such as `2026-03`.
    pub(super) fn dated(segment: &str) -> Option<Version> {
        match segment {
            "2025-09" => Some(Version::September2025),
            "2026-03" => Some(Version::March2026),
            "2026-09" => Some(Version::September2026),
            _ => None,
        }
    }

    /// The status of a batch create without errors.
    pub(super) fn created(self) -> u16 {
        match self {
            Version::September2025 => 200,
            _ => 201,
        }
    }

    /// The status of a batch with errors; two versions declare none of its own.
    pub(super) fn partial(self, whole: u16) -> u16 {
        match self {
            Version::Numbered | Version::March2026 => 207,
            Version::September2025 | Version::September2026 => whole,
        }
    }

    /// The status of an association batch create without errors.
    pub(super) fn linked(self) -> u16 {
        match self {
            Version::Numbered => 201,
            _ => 200,
        }
    }

    /// Whether association archives answer with a 200 in place of a 204.
    pub(super) fn tells_of_cuts(self) -> bool {
        self != Version::Numbered
    }
}
