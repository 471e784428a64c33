//! What is noted about the rows that a run writes into a data set.

use crate::export::issues::Issues;
use crate::export::profile::Profile;

/// What is noted.
pub struct Noted {
    /// Values that do not fit.
    pub issues: Issues,
    /// What the columns of the main table hold in new or changed rows.
    pub profile: Profile,
}
