//! One ticket: who, about what, by which way and how it went, and the same as a record.

use super::life::Life;
use super::moment::Moment;
use super::people::{People, Person};
use super::phrases::{Phrases, Topic};
use super::random::Random;
use super::row::Row;
use super::wording::{About, Channel, Wording};

const DAY: u64 = 24 * 60 * 60;
/// Of a hundred phone calls, those from people who left no e-mail.
const NO_EMAIL_PERCENT: u64 = 10;
/// Of a hundred tickets, those for which nobody chose a product area.
const NO_AREA_PERCENT: u64 = 15;

/// Where tickets come from: all that may be said, and all who may say it.
pub(crate) struct Desk {
    pub(crate) phrases: Phrases,
    pub(crate) people: People,
}

/// A ticket without its texts, which live in a [`Wording`].
pub(crate) struct Ticket<'a> {
    pub(crate) id: u64,
    pub(crate) person: &'a Person,
    pub(crate) assignee: Option<&'a str>,
    pub(crate) life: Life,
    topic: &'a Topic,
    pub(crate) channel: Channel,
    /// The customer, or the agent who took the call.
    submitter: &'a str,
    email: &'a str,
    pub(crate) area: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) priority: &'static str,
    pub(crate) satisfaction: &'static str,
    due: Option<Moment>,
}

impl<'a> Ticket<'a> {
    /// Draws a ticket created then.
    pub(crate) fn draw(
        random: &mut Random,
        desk: &'a Desk,
        id: u64,
        created: Moment,
    ) -> Ticket<'a> {
        let person = desk.people.requester(random);
        let topic = random.pick(&desk.phrases.topics);
        let channel = Channel::draw(random);
        let life = Life::of(random, created);
        let agent = desk.people.agent(random, created);
        let phoned = channel == Channel::Phone;
        let kind = random.pick(&topic.kinds).as_str();
        Ticket {
            id,
            person,
            assignee: life.assigned.map(|_| agent),
            submitter: if phoned { agent } else { &person.name },
            email: unless(phoned && random.chance(NO_EMAIL_PERCENT), &person.email),
            area: unless(random.chance(NO_AREA_PERCENT), &topic.area),
            kind,
            priority: priority(random),
            satisfaction: satisfaction(random, life.solved.is_some()),
            due: (kind == "task").then(|| created.later(random.between(2, 14) * DAY)),
            topic,
            channel,
            life,
        }
    }

    /// What its texts are about.
    pub(crate) fn about(&self) -> About<'a> {
        About {
            person: self.person,
            topic: self.topic,
            channel: self.channel,
            created: self.life.created,
        }
    }

    /// Fills a record with it, in the order of the header.
    pub(crate) fn write(&self, wording: &Wording, row: &mut Row) {
        row.clear();
        self.write_people(row);
        row.text(&wording.subject);
        row.text(&wording.body);
        row.text(&wording.tags);
        self.write_kind(row);
        self.write_course(row);
        self.write_waits(row);
        row.text(self.area);
    }

    fn write_people(&self, row: &mut Row) {
        row.number(1);
        row.number(self.id);
        row.text(&self.person.name);
        row.number(self.person.id);
        row.number(self.person.external_id);
        row.text(self.email);
        row.text(self.email.split_once('@').map_or("", |(_, domain)| domain));
        row.text(self.submitter);
        row.text(self.assignee.unwrap_or_default());
        row.text(&self.topic.group);
    }

    fn write_kind(&self, row: &mut Row) {
        row.text(self.life.status.name());
        row.text(self.priority);
        row.text(self.channel.name());
        row.text(self.kind);
    }

    fn write_course(&self, row: &mut Row) {
        let life = &self.life;
        row.moment(life.created);
        row.moment(life.updated);
        row.moment(life.assigned.map(|at| at.last));
        row.text(&self.person.company);
        row.moment(self.due);
        row.moment(life.assigned.map(|at| at.first));
        row.moment(life.solved.map(|at| at.last));
        row.number(life.hours_to_solution());
        row.text(self.satisfaction);
        row.number(life.group_stations);
        row.number(life.assignee_stations);
        row.number(life.reopens);
        row.number(life.replies);
    }

    fn write_waits(&self, row: &mut Row) {
        let life = &self.life;
        row.minutes(life.first_reply.map(|at| life.until(at)));
        row.minutes(life.solved.map(|at| life.until(at.first)));
        row.minutes(life.solved.map(|at| life.until(at.last)));
        row.minutes(life.agent_wait);
        row.minutes(life.requester_wait);
        row.minutes(life.on_hold);
    }
}

fn priority(random: &mut Random) -> &'static str {
    random.weighted(&[
        ("", 30),
        ("low", 14),
        ("normal", 36),
        ("high", 15),
        ("urgent", 5),
    ])
}

/// Only who got a solution is asked how it was.
fn satisfaction(random: &mut Random, solved: bool) -> &'static str {
    if !solved {
        return "Not Offered";
    }
    random.weighted(&[
        ("Offered", 55),
        ("Good", 30),
        ("Bad", 8),
        ("Not Offered", 7),
    ])
}

fn unless(absent: bool, text: &str) -> &str {
    if absent { "" } else { text }
}
