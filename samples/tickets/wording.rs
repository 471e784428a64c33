//! What a requester wrote: subject, body and tags. The facts of a ticket (its order, its
//! error code…) are drawn once, so that subject and body speak of the same thing.

use std::fmt::Write as _;

use super::moment::Moment;
use super::people::Person;
use super::phrases::{Language, Phrases, Sayings, Topic};
use super::random::Random;
use super::template::{Piece, Slot, Template};

/// How the ticket came in; also the values of `Via`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Email,
    Web,
    Chat,
    Phone,
    Api,
}

impl Channel {
    pub(crate) fn draw(random: &mut Random) -> Channel {
        random.weighted(&[
            (Channel::Email, 42),
            (Channel::Web, 28),
            (Channel::Chat, 14),
            (Channel::Phone, 10),
            (Channel::Api, 6),
        ])
    }

    /// As the export writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Web => "web",
            Channel::Chat => "chat",
            Channel::Phone => "phone",
            Channel::Api => "api",
        }
    }
}

/// What a ticket's texts speak of.
struct Facts<'a> {
    person: &'a Person,
    language: &'a Language,
    product: &'a str,
    order: u64,
    invoice: u64,
    code: u64,
    quantity: u64,
    cents: u64,
    created: Moment,
    happened: jiff::civil::Date,
}

impl<'a> Facts<'a> {
    fn draw(
        random: &mut Random,
        phrases: &'a Phrases,
        person: &'a Person,
        created: Moment,
    ) -> Facts<'a> {
        let days_ago = jiff::Span::new().days(1 + random.mostly_small(20) as i64);
        Facts {
            person,
            language: &phrases.languages[person.language],
            product: random.pick(&phrases.products).as_str(),
            order: random.below(90_000_000) + 10_000_000,
            invoice: random.below(900_000) + 100_000,
            code: random.below(0x10_0000),
            quantity: 1 + random.mostly_small(12),
            cents: 490 + random.mostly_small(90_000),
            happened: created.civil().date().saturating_sub(days_ago),
            created,
        }
    }

    fn write(&self, template: &Template, out: &mut String) {
        for piece in template.pieces() {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Slot(slot) => self.fill(*slot, out),
            }
        }
    }

    fn fill(&self, slot: Slot, out: &mut String) {
        match slot {
            Slot::Product => out.push_str(self.product),
            Slot::Customer => out.push_str(&self.person.name),
            Slot::Company => out.push_str(&self.person.company),
            Slot::Date => self.write(&self.language.date, out),
            Slot::Amount => self.write(&self.language.amount, out),
            Slot::Order => self.order_number(out),
            Slot::Url => {
                out.push_str("https://shop.northwind.example/orders/");
                self.order_number(out);
                out.push_str("?tab=status&lang=");
                out.push_str(&self.language.code);
            }
            Slot::Invoice => put(out, format_args!("INV-{}", self.invoice)),
            Slot::Code => put(out, format_args!("E-{:05X}", self.code)),
            Slot::Version => self.version(out),
            Slot::Quantity => put(out, format_args!("{}", self.quantity)),
            Slot::Year => put(out, format_args!("{:04}", self.happened.year())),
            Slot::Month => put(out, format_args!("{:02}", self.happened.month())),
            Slot::Day => put(out, format_args!("{:02}", self.happened.day())),
            Slot::Units => put(out, format_args!("{}", self.cents / 100)),
            Slot::Cents => put(out, format_args!("{:02}", self.cents % 100)),
        }
    }

    fn order_number(&self, out: &mut String) {
        let (high, low) = (self.order / 10_000, self.order % 10_000);
        put(out, format_args!("NW-{high:04}-{low:04}"));
    }

    /// The shop's app has a release each month: 5.12.3 is of December 2019.
    fn version(&self, out: &mut String) {
        let major = self.happened.year() - 2014;
        let (minor, patch) = (self.happened.month(), self.code % 5);
        put(out, format_args!("{major}.{minor}.{patch}"));
    }
}

/// The texts of one ticket; one value serves all rows.
#[derive(Default)]
pub(crate) struct Wording {
    pub(crate) subject: String,
    pub(crate) body: String,
    /// Comma separated; none to six.
    pub(crate) tags: String,
}

impl Wording {
    /// Replaces the texts by those of another ticket.
    pub(crate) fn draw(&mut self, random: &mut Random, phrases: &Phrases, about: &About<'_>) {
        let facts = Facts::draw(random, phrases, about.person, about.created);
        let mut writer = Writer {
            random,
            phrases,
            sayings: &facts.language.topics[&about.topic.name],
            facts: &facts,
        };
        self.subject.clear();
        writer.subject(&mut self.subject);
        self.body.clear();
        match about.channel {
            Channel::Chat => writer.transcript(&mut self.body),
            Channel::Phone => writer.note(&mut self.body),
            Channel::Email | Channel::Web | Channel::Api => {
                writer.letter(about.topic, &mut self.body);
            }
        }
        self.body.truncate(self.body.trim_end().len());
        self.tags.clear();
        tags(random, about.topic, &mut self.tags);
    }
}

/// What the requester of a ticket writes later on.
pub(crate) fn follow_up(random: &mut Random, phrases: &Phrases, about: &About<'_>) -> String {
    let facts = Facts::draw(random, phrases, about.person, about.created);
    let mut writer = Writer {
        random,
        phrases,
        sayings: &facts.language.topics[&about.topic.name],
        facts: &facts,
    };
    let mut text = String::new();
    writer.one_of(&facts.language.details, &mut text);
    text.push_str(&facts.language.joint);
    writer.one_of(&facts.language.asks, &mut text);
    writer.perhaps_emoji(&mut text);
    text
}

/// What is known of a ticket before a word is said.
pub(crate) struct About<'a> {
    pub(crate) person: &'a Person,
    pub(crate) topic: &'a Topic,
    pub(crate) channel: Channel,
    pub(crate) created: Moment,
}

struct Writer<'a> {
    random: &'a mut Random,
    phrases: &'a Phrases,
    sayings: &'a Sayings,
    facts: &'a Facts<'a>,
}

impl Writer<'_> {
    fn subject(&mut self, out: &mut String) {
        if self.random.chance(6) {
            let emoji = self.random.pick(&self.phrases.emoji);
            out.push_str(emoji);
            out.push(' ');
        } else if self.random.chance(6) {
            let prefix = self.random.pick(&["Re: ", "Fwd: "]);
            out.push_str(prefix);
        }
        let template = self.random.pick(&self.sayings.subjects);
        self.facts.write(template, out);
    }

    /// A whole letter, or for one in six just what is wrong.
    fn letter(&mut self, topic: &Topic, out: &mut String) {
        if self.random.chance(17) {
            return self.note(out);
        }
        self.one_of(&self.facts.language.greetings, out);
        out.push_str("\n\n");
        self.one_of(&self.sayings.bodies, out);
        out.push_str(&self.facts.language.joint);
        self.one_of(&self.facts.language.details, out);
        out.push_str("\n\n");
        if topic.name == "fault" && self.random.chance(60) {
            self.one_of(&self.phrases.snippets, out);
            out.push_str("\n\n");
        }
        self.one_of(&self.facts.language.asks, out);
        self.perhaps_emoji(out);
        out.push_str("\n\n");
        self.one_of(&self.facts.language.closings, out);
    }

    /// One line: what is wrong and what is wanted.
    fn note(&mut self, out: &mut String) {
        self.one_of(&self.sayings.bodies, out);
        out.push_str(&self.facts.language.joint);
        self.one_of(&self.facts.language.asks, out);
        self.perhaps_emoji(out);
    }

    /// A chat, each line with its time and who wrote it.
    fn transcript(&mut self, out: &mut String) {
        let language = self.facts.language;
        let mut at = self.facts.created;
        for said in [
            &language.greetings,
            &self.sayings.bodies,
            &language.details,
            &language.asks,
        ] {
            let time = at.civil().time();
            let (hour, minute, second) = (time.hour(), time.minute(), time.second());
            put(out, format_args!("({hour:02}:{minute:02}:{second:02}) "));
            out.push_str(&self.facts.person.name);
            out.push_str(": ");
            self.one_of(said, out);
            self.perhaps_emoji(out);
            out.push('\n');
            at = at.later(self.random.between(8, 90));
        }
    }

    fn one_of(&mut self, templates: &[Template], out: &mut String) {
        self.facts.write(self.random.pick(templates), out);
    }

    fn perhaps_emoji(&mut self, out: &mut String) {
        if self.random.chance(8) {
            let emoji = self.random.pick(&self.phrases.emoji);
            out.push(' ');
            out.push_str(emoji);
        }
    }
}

/// Some of the topic's tags, side by side in its list, so none twice.
fn tags(random: &mut Random, topic: &Topic, out: &mut String) {
    let count = random.below(topic.tags.len() as u64 + 1) as usize;
    let start = random.below(topic.tags.len() as u64) as usize;
    for tag in topic.tags.iter().cycle().skip(start).take(count) {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(tag);
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes any text");
}
