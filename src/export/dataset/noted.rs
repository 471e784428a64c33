//! What is noted of the rows that a run writes into a data set.

use crate::export::issues::Issues;
use crate::export::profile::Profile;

/// What is noted.
pub struct Noted {
    /// Rows that have no place.
    pub issues: Issues,
    /// What the columns of the main table hold, in rows that are new or other than before.
    pub profile: Profile,
}
