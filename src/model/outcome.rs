//! Where rows end, and the tally that must add up.

use crate::model::issue::Refusal;

/// The state of a row. The first five are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// Written by this run.
    Done,
    /// Create only: the portal already had a ticket with this key, not ours.
    Exists,
    /// Nothing to change.
    Unchanged,
    /// Left out by a `[rows]` rule, or because it is empty.
    Skipped,
    /// Final for this run, with a reason.
    Refused,
    /// Read, not settled yet.
    Pending,
    /// Sent, outcome not known.
    Unknown,
}

impl Fate {
    /// All fates, final ones first.
    pub const ALL: [Fate; 7] = [
        Fate::Done,
        Fate::Exists,
        Fate::Unchanged,
        Fate::Skipped,
        Fate::Refused,
        Fate::Pending,
        Fate::Unknown,
    ];

    /// Its name in files, journal and messages.
    pub fn word(self) -> &'static str {
        match self {
            Fate::Done => "done",
            Fate::Exists => "exists",
            Fate::Unchanged => "unchanged",
            Fate::Skipped => "skipped",
            Fate::Refused => "refused",
            Fate::Pending => "pending",
            Fate::Unknown => "unknown",
        }
    }

    /// True when this run won't touch the row again.
    pub fn is_final(self) -> bool {
        !matches!(self, Fate::Pending | Fate::Unknown)
    }
}

/// What a run did with a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It was created.
    Created,
    /// Values of an existing ticket were written.
    Updated,
    /// It was moved to the recycle bin.
    Archived,
    /// Only its links were written.
    Linked,
    /// Links of it were removed.
    Unlinked,
    /// Only notes were added to it.
    Noted,
}

impl Change {
    /// All of them.
    pub const ALL: [Change; 6] = [
        Change::Created,
        Change::Updated,
        Change::Archived,
        Change::Linked,
        Change::Unlinked,
        Change::Noted,
    ];

    /// Its name in the journal, the summary and messages.
    pub fn word(self) -> &'static str {
        match self {
            Change::Created => "created",
            Change::Updated => "updated",
            Change::Archived => "archived",
            Change::Linked => "linked",
            Change::Unlinked => "unlinked",
            Change::Noted => "noted",
        }
    }

    /// The verb of done.csv.
    pub fn verb(self) -> &'static str {
        match self {
            Change::Created => "create",
            Change::Updated => "update",
            Change::Archived => "archive",
            Change::Linked => "link",
            Change::Unlinked => "unlink",
            Change::Noted => "note",
        }
    }
}

/// How one row ended: `send → settle`, or straight from read, map and plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowEnd {
    /// Written by this run.
    Done {
        /// Id of the ticket.
        ticket: String,
        /// What was done with it.
        change: Change,
    },
    /// The portal had it already.
    Exists {
        /// Id of the ticket.
        ticket: String,
    },
    /// The portal already holds what the row says.
    Unchanged {
        /// Id of the ticket.
        ticket: String,
    },
    /// Left out by a rule or because it is empty.
    Skipped,
    /// Refused.
    Refused(Refusal),
}

impl RowEnd {
    /// The fate of this outcome.
    pub fn fate(&self) -> Fate {
        match self {
            RowEnd::Done { .. } => Fate::Done,
            RowEnd::Exists { .. } => Fate::Exists,
            RowEnd::Unchanged { .. } => Fate::Unchanged,
            RowEnd::Skipped => Fate::Skipped,
            RowEnd::Refused(_) => Fate::Refused,
        }
    }

    /// Id of the ticket that the row became or found.
    pub fn ticket(&self) -> Option<&str> {
        match self {
            RowEnd::Done { ticket, .. }
            | RowEnd::Exists { ticket }
            | RowEnd::Unchanged { ticket } => Some(ticket),
            RowEnd::Skipped | RowEnd::Refused(_) => None,
        }
    }

    /// What this run did with the ticket, if it did anything.
    pub fn change(&self) -> Option<Change> {
        match self {
            RowEnd::Done { change, .. } => Some(*change),
            _ => None,
        }
    }
}

/// What was done for a refused row: its ticket was written, and then something else of it
/// was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Id of the ticket.
    pub ticket: String,
    /// What was done with it.
    pub change: Change,
}

/// Rows by fate. `read` is always the sum of all seven: a row enters as pending
/// and only moves from one fate to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: [u64; 7],
    read: u64,
}

impl Tally {
    /// The tally of a resumed run: these rows were settled before.
    pub fn resumed(settled: impl IntoIterator<Item = (Fate, u64)>) -> Tally {
        let mut tally = Tally::default();
        for (fate, rows) in settled {
            tally.counts[fate as usize] += rows;
            tally.read += rows;
        }
        tally
    }

    /// A row was read: it is pending now.
    pub fn enter(&mut self) {
        self.read += 1;
        self.counts[Fate::Pending as usize] += 1;
    }

    /// A row moves from one fate to another.
    ///
    /// # Errors
    /// When no row has the fate `from`: the sums would be wrong.
    pub fn shift(&mut self, from: Fate, to: Fate) -> Result<(), Unbalanced> {
        let source = &mut self.counts[from as usize];
        *source = source.checked_sub(1).ok_or(Unbalanced { from, to })?;
        self.counts[to as usize] += 1;
        Ok(())
    }

    /// Applies what a journal says of unsettled rows, including those that this process
    /// did not read: how many rows were read in all, and how many of them were sent with
    /// an unknown outcome.
    pub fn hold_open(&mut self, read: u64, unknown: u64) {
        let read = self.read.max(read);
        self.counts[Fate::Unknown as usize] = unknown;
        self.counts[Fate::Pending as usize] =
            read.saturating_sub(self.settled()).saturating_sub(unknown);
        self.read = self.sum();
    }

    /// How many of the bytes read belong to settled rows.
    pub fn settled_bytes(&self, bytes: u64) -> u64 {
        let product = u128::from(bytes) * u128::from(self.settled());
        u64::try_from(product / u128::from(self.read.max(1))).unwrap_or(bytes)
    }

    /// Rows read so far.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Rows with that fate.
    pub fn of(&self, fate: Fate) -> u64 {
        self.counts[fate as usize]
    }

    /// Rows that this run won't touch again.
    pub fn settled(&self) -> u64 {
        Fate::ALL
            .into_iter()
            .filter(|fate| fate.is_final())
            .map(|fate| self.of(fate))
            .sum()
    }

    /// Sum over all fates; equal to `read` or there is a bug.
    pub fn sum(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// A row was to be moved from a fate that no row has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the books do not balance: no row is {} that could become {}", from.word(), to.word())]
pub struct Unbalanced {
    from: Fate,
    to: Fate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn read_is_the_sum_of_all_seven_at_every_moment(
            moves in proptest::collection::vec((any::<bool>(), 0..7usize, 0..7usize), 0..400)
        ) {
            let mut tally = Tally::default();
            for (enters, from, to) in moves {
                if enters && to == Fate::Unknown as usize {
                    tally.hold_open(0, from as u64);
                } else if enters {
                    tally.enter();
                } else {
                    let before = tally;
                    let moved = tally.shift(Fate::ALL[from], Fate::ALL[to]);
                    prop_assert_eq!(moved.is_err(), before.of(Fate::ALL[from]) == 0);
                    if moved.is_err() {
                        prop_assert_eq!(tally, before);
                    }
                }
                prop_assert_eq!(tally.read(), tally.sum());
            }
        }
    }
}
