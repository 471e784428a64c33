//! The second pass, only if keys are repeated: the rows that repeat one are read again,
//! so that they can be shown and written whole without having been kept.

use std::collections::HashMap;
use std::io;

use super::counts::Counts;
use super::judge::Judge;
use super::keys::{Repeat, Repeats};
use crate::error::Error;
use crate::import::flow::RowOutcome;
use crate::import::read::{Input, Reading};
use crate::journal::Keys;
use crate::mapping::{CompiledMapping, Mapped};
use crate::model::issue::Reason;
use crate::model::key::Key;
use crate::model::outcome::RowEnd;
use crate::model::place::Places;
use crate::model::row::SourceRow;
use crate::model::ticket::TicketDraft;

/// The second pass over an input.
pub struct Second<'a> {
    mapping: &'a CompiledMapping,
    keys: Keys,
    judge: &'a Judge<'a>,
    places: Places,
    /// Keys from which a later one differs only by case. These are usually few; even if every key
    /// of a file occurs in two cases, each takes only a hundred bytes.
    variants: HashMap<u64, Key>,
}

impl<'a> Second<'a> {
    /// A pass over `input` from its start.
    pub fn new(
        input: &Input,
        mapping: &'a CompiledMapping,
        keys: Keys,
        judge: &'a Judge<'a>,
    ) -> Second<'a> {
        Second {
            mapping,
            keys,
            judge,
            places: input.places(),
            variants: HashMap::new(),
        }
    }

    /// Refuses every row whose key an earlier row has, if the operation does.
    ///
    /// # Errors
    /// When the input can't be read again, or a file can't be written.
    pub fn run(
        mut self,
        mut input: Input,
        mut repeats: Repeats,
        counts: &mut Counts<'_>,
        unwritten: impl Fn(io::Error) -> Error,
    ) -> Result<(), Error> {
        let mut variant = repeats.next_variant().map_err(&unwritten)?;
        let mut repeat = repeats.next().map_err(&unwritten)?;
        while let (Some(wanted), Some(reading)) = (repeat, input.next_row()?) {
            let Reading::Row(source) = reading else {
                continue;
            };
            let seq = source.seq;
            let is_variant = variant == Some(seq);
            if !is_variant && wanted.seq != seq {
                continue;
            }
            let Mapped::Ticket(draft) = self.mapping.map(&source) else {
                continue;
            };
            if is_variant {
                let _none = self.variants.insert(seq, draft.key.clone());
                while variant == Some(seq) {
                    variant = repeats.next_variant().map_err(&unwritten)?;
                }
            }
            if wanted.seq == seq {
                if self.keys == Keys::Once || wanted.only_case {
                    self.refuse(source, draft, wanted, counts)
                        .map_err(&unwritten)?;
                }
                repeat = repeats.next().map_err(&unwritten)?;
            }
        }
        Ok(())
    }

    fn refuse(
        &self,
        source: SourceRow,
        draft: TicketDraft,
        repeat: Repeat,
        counts: &mut Counts<'_>,
    ) -> io::Result<()> {
        let place = self.places.words(repeat.first_file, repeat.first_line);
        let other = self.variants.get(&repeat.first).cloned();
        let reason = match other.filter(|_| repeat.only_case) {
            Some(other) => Reason::KeyCase {
                other: other.into(),
                place,
            },
            None => Reason::RepeatedKey { place },
        };
        let problem = self.mapping.key_problem(reason, &draft.key);
        let mut outcome = RowOutcome::early(source, RowEnd::Refused(problem.into()));
        let effect = self.judge.effect(&draft);
        outcome.key = Some(draft.key);
        counts.repeated(&outcome, &effect, &draft.remarks)
    }
}
