//! Seven rows that can't be imported as they are, each for another reason and each
//! mended by editing one cell. They are spread over the file; a row is spoilt only
//! where its mistake looks like one that people make.

use anyhow::{Result, ensure};

use super::row::Row;
use super::ticket::Ticket;

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    /// A company with a comma that is not quoted, so one cell too many.
    UnquotedComma,
    /// A day and a time that no calendar has.
    ImpossibleDate,
    /// The subject is empty.
    NoSubject,
    /// A name that two agents have.
    SharedName,
    /// An e-mail address without its sign.
    SpelledOutEmail,
    /// The id of the file's first row.
    RepeatedId,
    /// `opne` for `open`.
    MistypedStatus,
}

/// How many of a hundred rows come before each.
const PLACES: [(Mistake, u64); 7] = [
    (Mistake::SpelledOutEmail, 6),
    (Mistake::ImpossibleDate, 12),
    (Mistake::UnquotedComma, 35),
    (Mistake::NoSubject, 50),
    (Mistake::SharedName, 64),
    (Mistake::RepeatedId, 78),
    (Mistake::MistypedStatus, 92),
];

impl Mistake {
    /// True where the row is one that may have this mistake.
    fn suits(self, ticket: &Ticket<'_>, row: &Row) -> bool {
        match self {
            Mistake::UnquotedComma => {
                // So that the broken record is one legible line.
                let one_line = !row.get("Description").contains(['\n', '"']);
                one_line && !ticket.person.company.is_empty() && ticket.person.company.is_ascii()
            }
            Mistake::ImpossibleDate => row.get("Created at").starts_with("2021-03-0"),
            Mistake::SpelledOutEmail => {
                row.get("Requester email") == "grace.okafor@bluepeak.example"
            }
            Mistake::SharedName => ticket.assignee.is_some(),
            Mistake::MistypedStatus => row.get("Status") == "open",
            Mistake::NoSubject | Mistake::RepeatedId => true,
        }
    }

    fn spoil(self, row: &mut Row, first_id: u64) {
        let mut set = |column, wrong: &str| wrong.clone_into(row.cell(column));
        match self {
            Mistake::UnquotedComma => row.insert_after("Organization", " Ltd."),
            Mistake::ImpossibleDate => set("Created at", "31/02/2021 25:61"),
            Mistake::NoSubject => set("Subject", ""),
            Mistake::SharedName => set("Assignee", "Alex Kim"),
            Mistake::SpelledOutEmail => set("Requester email", "grace.okafor(at)bluepeak.example"),
            Mistake::RepeatedId => set("Id", &first_id.to_string()),
            Mistake::MistypedStatus => set("Status", "opne"),
        }
    }
}

/// The mistakes that are still to be made in a file.
pub(crate) struct Planter {
    /// With the row number from which each may be made.
    waiting: Vec<(Mistake, u64)>,
    first_id: u64,
}

impl Planter {
    /// All seven for a file of so many rows, or none.
    pub(crate) fn new(rows: u64, with_mistakes: bool) -> Planter {
        let places = PLACES.map(|(mistake, percent)| (mistake, rows * percent / 100));
        Planter {
            waiting: if with_mistakes {
                places.to_vec()
            } else {
                Vec::new()
            },
            first_id: 0,
        }
    }

    /// Spoils the row (the number counts from 0) where it is due and suits; a row has
    /// one mistake at most.
    pub(crate) fn plant(&mut self, number: u64, ticket: &Ticket<'_>, row: &mut Row) {
        if number == 0 {
            self.first_id = ticket.id;
        }
        let due = |(mistake, from): &(Mistake, u64)| *from <= number && mistake.suits(ticket, row);
        if let Some(idx) = self.waiting.iter().position(due) {
            let (mistake, _) = self.waiting.remove(idx);
            mistake.spoil(row, self.first_id);
        }
    }

    /// Fails where the file has ended before all mistakes found their row.
    pub(crate) fn finish(self) -> Result<()> {
        ensure!(
            self.waiting.is_empty(),
            "too few rows to hold all seven mistakes; make at least 1,000"
        );
        Ok(())
    }
}
