//! The state of a run, and the number that stands for it.

/// The state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It was stopped, or its process ended; it can be resumed.
    Open,
    /// It reached its `--limit`; `resume --no-limit` continues it.
    Limited,
    /// Every row of the input is settled.
    Finished,
}

impl RunState {
    /// The number that stands for it in `mark`.
    pub(super) fn number(self) -> u64 {
        match self {
            RunState::Open => 0,
            RunState::Limited => 1,
            RunState::Finished => 2,
        }
    }

    /// What such a number stands for.
    pub(super) fn numbered(number: u64) -> RunState {
        match number {
            1 => RunState::Limited,
            2 => RunState::Finished,
            _ => RunState::Open,
        }
    }
}
