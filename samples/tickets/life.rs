//! How a ticket went: its status, when what happened to it, and who waited how long.
//! Instants never run backwards: created ≤ assigned ≤ solved ≤ updated.

use super::moment::Moment;
use super::random::Random;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;
/// Tickets that nobody took, of a hundred; new ones never have anybody.
const UNASSIGNED_PERCENT: u64 = 10;
/// Zendesk closes a solved ticket by itself some days later; here after four.
const CLOSES_AFTER: u64 = 4 * DAY;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    New,
    Open,
    Pending,
    Hold,
    Solved,
    Closed,
}

impl Status {
    /// As the export writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Status::New => "new",
            Status::Open => "open",
            Status::Pending => "pending",
            Status::Hold => "hold",
            Status::Solved => "solved",
            Status::Closed => "closed",
        }
    }

    fn is_solved(self) -> bool {
        matches!(self, Status::Solved | Status::Closed)
    }

    /// Young tickets are mostly open, old ones closed but for a few that were forgotten.
    fn at_age(random: &mut Random, days: u64) -> Status {
        let weights: [u64; 6] = match days {
            0..3 => [50, 30, 10, 3, 7, 0],
            3..30 => [20, 26, 22, 10, 22, 0],
            30..300 => [0, 4, 3, 3, 15, 75],
            _ => [0, 2, 1, 1, 3, 93],
        };
        const ALL: [Status; 6] = [
            Status::New,
            Status::Open,
            Status::Pending,
            Status::Hold,
            Status::Solved,
            Status::Closed,
        ];
        random.weighted(&std::array::from_fn::<_, 6, _>(|idx| {
            (ALL[idx], weights[idx])
        }))
    }
}

/// When an agent got the ticket, first and last; the same where it stayed in one hand.
#[derive(Clone, Copy)]
pub(crate) struct Assigned {
    pub(crate) first: Moment,
    pub(crate) last: Moment,
}

/// When it was solved, first and last; they differ where it was reopened.
#[derive(Clone, Copy)]
pub(crate) struct Solved {
    pub(crate) first: Moment,
    pub(crate) last: Moment,
}

/// Minutes by the clock, and those of them within business hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Minutes {
    pub(crate) calendar: u64,
    pub(crate) business: u64,
}

impl Minutes {
    fn between(from: Moment, to: Moment) -> Minutes {
        Minutes {
            calendar: to.minutes_since(from),
            business: to.office_minutes_since(from),
        }
    }

    fn percent(self, share: u64) -> Minutes {
        Minutes {
            calendar: self.calendar * share / 100,
            business: self.business * share / 100,
        }
    }

    fn without(self, part: Minutes) -> Minutes {
        Minutes {
            calendar: self.calendar - part.calendar,
            business: self.business - part.business,
        }
    }
}

/// The course of one ticket.
pub(crate) struct Life {
    pub(crate) status: Status,
    pub(crate) created: Moment,
    pub(crate) updated: Moment,
    pub(crate) assigned: Option<Assigned>,
    pub(crate) solved: Option<Solved>,
    pub(crate) first_reply: Option<Moment>,
    /// Public replies of agents; none before the first reply.
    pub(crate) replies: u64,
    pub(crate) reopens: u64,
    /// How many groups and agents had it.
    pub(crate) group_stations: u64,
    pub(crate) assignee_stations: u64,
    /// The parts of its time in which an agent waited for the requester, the requester
    /// for an agent, and (within the latter) it was on hold.
    pub(crate) agent_wait: Minutes,
    pub(crate) requester_wait: Minutes,
    pub(crate) on_hold: Minutes,
}

impl Life {
    /// A course for a ticket created then, as it stood when the export was made.
    pub(crate) fn of(random: &mut Random, created: Moment) -> Life {
        let age = Moment::EXPORT.minutes_since(created) / (24 * 60);
        let status = Status::at_age(random, age);
        let assigned = assignment(random, status, created);
        let first_reply = (status != Status::New && random.chance(90))
            .then(|| created.later(60 + random.mostly_small(3 * DAY)));
        let worked = latest(created, assigned.map(|at| at.last), first_reply);
        let reopens = u64::from(status != Status::New && random.chance(8));
        let solved = status
            .is_solved()
            .then(|| solution(random, worked, reopens));
        let updated = match (status, solved) {
            (Status::Closed, Some(at)) => at.last.later(CLOSES_AFTER),
            (_, Some(at)) => at.last.later(random.mostly_small(3 * DAY)),
            (_, None) => worked.later(random.mostly_small(20 * DAY)),
        };
        let lasted = Minutes::between(created, solved.map_or(updated, |at| at.last));
        let [agent_wait, requester_wait, on_hold] = waits(random, status, lasted);
        Life {
            status,
            created,
            updated,
            assigned,
            solved,
            first_reply,
            replies: first_reply.map_or(0, |_| 1 + random.mostly_small(9)),
            reopens,
            group_stations: 1 + random.mostly_small(3),
            assignee_stations: assigned.map_or(0, |at| stations(random, at)),
            agent_wait,
            requester_wait,
            on_hold,
        }
    }

    /// Minutes from its creation to an instant.
    pub(crate) fn until(&self, moment: Moment) -> Minutes {
        Minutes::between(self.created, moment)
    }

    /// Whole hours from its creation to its last solution.
    pub(crate) fn hours_to_solution(&self) -> Option<u64> {
        let solved = self.solved?;
        Some(solved.last.minutes_since(self.created) / 60)
    }
}

fn assignment(random: &mut Random, status: Status, created: Moment) -> Option<Assigned> {
    if status == Status::New || random.chance(UNASSIGNED_PERCENT) {
        return None;
    }
    let first = created.later(30 + random.mostly_small(DAY));
    let last = if random.chance(25) {
        first.later(HOUR + random.mostly_small(2 * DAY))
    } else {
        first
    };
    Some(Assigned { first, last })
}

fn solution(random: &mut Random, worked: Moment, reopens: u64) -> Solved {
    let first = worked.later(120 + random.mostly_small(10 * DAY));
    let last = match reopens {
        0 => first,
        _ => first.later(HOUR + random.mostly_small(5 * DAY)),
    };
    Solved { first, last }
}

fn stations(random: &mut Random, at: Assigned) -> u64 {
    if at.first == at.last {
        1
    } else {
        2 + random.mostly_small(3)
    }
}

/// Splits the time that a ticket lasted: agent's wait, requester's wait, on hold.
fn waits(random: &mut Random, status: Status, lasted: Minutes) -> [Minutes; 3] {
    let agent = match status {
        Status::New => lasted.percent(0),
        _ => lasted.percent(random.below(70)),
    };
    let requester = lasted.without(agent);
    let held = if status == Status::Hold || (status != Status::New && random.chance(10)) {
        random.between(5, 60)
    } else {
        0
    };
    [agent, requester, requester.percent(held)]
}

fn latest(created: Moment, assigned: Option<Moment>, reply: Option<Moment>) -> Moment {
    created
        .max(assigned.unwrap_or(created))
        .max(reply.unwrap_or(created))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lives spread over the whole time.
    fn lives() -> impl Iterator<Item = Life> {
        (0..5_000_u32).map(|row| {
            let mut random = Random::for_row(1, u64::from(row));
            Life::of(&mut random, Moment::at_share(f64::from(row) / 5_000.0))
        })
    }

    #[test]
    fn instants_never_run_backwards() {
        for life in lives() {
            let assigned = life.assigned.map_or(life.created, |at| at.first);
            let last_assigned = life.assigned.map_or(life.created, |at| at.last);
            let worked = last_assigned.max(life.first_reply.unwrap_or(life.created));
            let solved = life.solved.map_or(worked, |at| at.first);
            let last_solved = life.solved.map_or(worked, |at| at.last);
            let course = [
                life.created,
                assigned,
                last_assigned,
                worked,
                solved,
                last_solved,
                life.updated,
                Moment::EXPORT,
            ];
            assert!(course.is_sorted(), "{course:?}");
        }
    }

    #[test]
    fn what_a_status_implies_holds() {
        for life in lives() {
            assert_eq!(life.solved.is_some(), life.status.is_solved());
            assert_eq!(life.first_reply.is_some(), life.replies > 0);
            assert_eq!(life.assigned.is_some(), life.assignee_stations > 0);
            if life.status == Status::New {
                assert!(life.assigned.is_none() && life.replies == 0 && life.reopens == 0);
            }
        }
    }

    #[test]
    fn waits_add_up_to_the_time_that_the_ticket_lasted() {
        for life in lives() {
            let lasted = life.until(life.solved.map_or(life.updated, |at| at.last));
            let (agent, requester) = (life.agent_wait, life.requester_wait);
            assert_eq!(agent.calendar + requester.calendar, lasted.calendar);
            assert_eq!(agent.business + requester.business, lasted.business);
            assert!(life.on_hold.calendar <= requester.calendar);
            assert!(life.on_hold.business <= life.on_hold.calendar);
        }
    }

    #[test]
    fn about_an_eighth_is_unassigned() {
        let unassigned = lives().filter(|life| life.assigned.is_none()).count();
        assert!((400..=750).contains(&unassigned), "{unassigned} of 5,000");
    }
}
