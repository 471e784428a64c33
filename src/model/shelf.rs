//! Where records are kept.

/// The two places of a portal that hold records; a call reads one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// Live records, which people work with.
    Live,
    /// The recycle bin, which keeps archived records for 90 days (HubSpot).
    RecycleBin,
}

impl Shelf {
    /// Both, live first, so that what is archived meanwhile is found in the recycle bin.
    pub const ALL: [Shelf; 2] = [Shelf::Live, Shelf::RecycleBin];

    /// Whether it is the recycle bin.
    pub fn is_bin(self) -> bool {
        self == Shelf::RecycleBin
    }

    /// HubSpot: the value of `archived` in the query of a read.
    pub fn query(self) -> &'static str {
        match self {
            Shelf::Live => "false",
            Shelf::RecycleBin => "true",
        }
    }
}
