//! Tickets with their conversations, as lines of a Zendesk JSON export: one object each, its
//! comments in it. The first comment is the ticket's description, as Zendesk has it; then
//! agents answer, requesters write again, and agents leave notes that only they may see.
//!
//! The same export of a later day has a sixth more tickets, two thirds of the others have
//! changed, and those have more comments. One in five answers of the first day has a file.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};

use super::export::{creation, id_step};
use super::files::Attached;
use super::life::Status;
use super::moment::Moment;
use super::people::{People, number_of};
use super::phrases::Phrases;
use super::random::Random;
use super::ticket::{Desk, Ticket};
use super::wording::{Wording, follow_up};

/// The id before the first one's.
const IDS_START_AFTER: u64 = 200_000;
/// Ids of the comments of one ticket begin so far apart.
const COMMENT_IDS: u64 = 100;
/// Answers of three tickets that follow each other; of a ticket that is new on the later day.
const ANSWERS_OF_THREE: u64 = 20;
const ANSWERS_OF_NEW: u64 = 4;
/// One in so many answers of the first day has a file.
const FILED: u64 = 5;
/// One in so many tickets has not changed on the later day; there are that many times fewer
/// new ones.
const UNCHANGED: u64 = 3;
const NEW: u64 = 6;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// What agents write to everybody, and what they write for each other.
const REPLIES: [&str; 8] = [
    "Thank you for writing. I have passed this on to {group} and will come back to you.",
    "Could you send us a screenshot, and the number that stands below the barcode?",
    "I'm sorry for the trouble. We have sent it again today; it takes two to three days.",
    "We found the cause & fixed it. Please try again and tell us if anything is still odd.",
    "The amount has been paid back; depending on your bank it takes up to five days.",
    "Please have a look at https://help.northwind.example/articles/42 – does that help?",
    "I can't see that on our side. Which version does the page show at its very end?",
    "Glad to hear that! I'll close this then; just answer if something comes up.",
];
const NOTES: [&str; 5] = [
    "Called the customer, no answer. Trying again tomorrow.",
    "{group}: can you have a look? Looks like the <select> of the address form again.",
    "Carrier says: \"lost in transit\". Claim opened.",
    "Same as last week's incident, see the runbook.",
    "VIP, please keep an eye on it.",
];

/// What file is wanted. Equal requests give equal files, byte for byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    /// Tickets of the first day, one a line; with three there are twenty answers.
    pub(crate) tickets: u64,
    pub(crate) seed: u64,
    /// The export of a later day.
    pub(crate) is_later: bool,
}

/// Writes the file, and gives `keep` those that its comments name; what is kept in memory does
/// not depend on its size.
pub(crate) fn write_history(
    history: History,
    out: impl Write,
    mut keep: impl FnMut(&Attached) -> Result<()>,
) -> Result<()> {
    let phrases = Phrases::load()?;
    let people = People::load(&phrases)?;
    let desk = Desk { phrases, people };
    let mut out = std::io::BufWriter::new(out);
    let new = history.tickets / NEW;
    let all = history.tickets + if history.is_later { new } else { 0 };
    let first_day = Moment::at_share(history.tickets as f64 / (history.tickets + new) as f64);
    let mut id = IDS_START_AFTER;
    for number in 0..all {
        let mut random = Random::for_row(history.seed, number);
        id += id_step(&mut random);
        let created = creation(&mut random, number, history.tickets + new);
        let ticket = Ticket::draw(&mut random, &desk, id, created);
        let mut talk = Talk::begin(&mut random, &desk, &ticket);
        let is_new = number >= history.tickets;
        let answers = match is_new {
            true => ANSWERS_OF_NEW,
            false => {
                let (before, own) = answers(history.seed, number);
                talk.filed = Some(before);
                own
            }
        };
        talk.go_on(answers, created);
        talk.filed = None;
        let changed = history.is_later && !is_new && number % UNCHANGED > 0;
        if changed {
            // Two and three in turn.
            talk.go_on(1 + number % UNCHANGED, first_day);
        }
        talk.files.iter().try_for_each(&mut keep)?;
        let object = talk.object(changed);
        serde_json::to_writer(&mut out, &object)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// Answers to the tickets before it in its three, and to a ticket: some have many, and three
/// together always as many.
fn answers(seed: u64, number: u64) -> (u64, u64) {
    let mut random = Random::for_row(!seed, number / 3);
    let first = 1 + random.mostly_small(ANSWERS_OF_THREE - 2);
    let second = 1 + random.below(ANSWERS_OF_THREE - 1 - first);
    match number % 3 {
        0 => (0, first),
        1 => (first, second),
        _ => (first + second, ANSWERS_OF_THREE - first - second),
    }
}

/// A ticket and what is said about it.
struct Talk<'a> {
    random: &'a mut Random,
    desk: &'a Desk,
    ticket: &'a Ticket<'a>,
    wording: Wording,
    comments: Vec<Value>,
    at: Moment,
    /// Answers to the tickets before this one in its three, while answers may have files.
    filed: Option<u64>,
    files: Vec<Attached>,
}

impl<'a> Talk<'a> {
    fn begin(random: &'a mut Random, desk: &'a Desk, ticket: &'a Ticket<'a>) -> Talk<'a> {
        let mut wording = Wording::default();
        wording.draw(random, &desk.phrases, &ticket.about());
        let mut talk = Talk {
            random,
            desk,
            ticket,
            wording,
            comments: Vec::new(),
            at: ticket.life.created,
            filed: None,
            files: Vec::new(),
        };
        let description = talk.wording.body.clone();
        talk.say(ticket.person.id, true, &description);
        talk
    }

    /// Adds so many comments, none earlier than a moment.
    fn go_on(&mut self, comments: u64, from: Moment) {
        self.at = self.at.max(from);
        for _comment in 0..comments {
            let wait = 10 * MINUTE + self.random.mostly_small(2 * DAY);
            // Some answer at once: two comments of one second are nothing special.
            self.at = self.at.later(if self.random.chance(4) { 0 } else { wait });
            if self.random.chance(40) {
                let about = self.ticket.about();
                let text = follow_up(self.random, &self.desk.phrases, &about);
                self.say(self.ticket.person.id, true, &text);
                continue;
            }
            let agent = self.desk.people.agent(self.random, self.at);
            let is_public = self.random.chance(75);
            let texts: &[&str] = if is_public { &REPLIES } else { &NOTES };
            let text = self.random.pick(texts);
            let text = text.replace("{group}", &self.ticket.about().topic.group);
            let text = format!("{text}\n\n{agent}");
            self.say(number_of(agent), is_public, &text);
        }
    }

    fn say(&mut self, author: u64, is_public: bool, text: &str) {
        let number = self.comments.len() as u64;
        let id = self.ticket.id * COMMENT_IDS + number;
        let file = self.file(number, id);
        let files: Vec<Value> = file.iter().map(Attached::object).collect();
        self.comments.push(json!({
            "id": id,
            "type": "Comment",
            "author_id": author,
            "public": is_public,
            "body": text,
            "html_body": html(text),
            "created_at": written(self.at),
            "via": {"channel": if number == 0 { self.ticket.channel.name() } else { "web" }},
            "attachments": files,
        }));
    }

    /// The file of a comment, if it has one.
    fn file(&mut self, number: u64, comment: u64) -> Option<Attached> {
        let place = self.filed? + number;
        let file = place
            .is_multiple_of(FILED)
            .then(|| Attached::to(comment, self.at))?;
        self.files.push(file.clone());
        Some(file)
    }

    fn object(self, is_changed: bool) -> Value {
        let ticket = self.ticket;
        let life = &ticket.life;
        let status = match is_changed {
            true => next(life.status),
            false => life.status,
        };
        let tags = self.wording.tags.split(',').filter(|tag| !tag.is_empty());
        json!({
            "id": ticket.id,
            "url": format!("https://example.zendesk.com/api/v2/tickets/{}.json", ticket.id),
            "subject": self.wording.subject,
            "description": self.wording.body,
            "status": status.name(),
            "priority": filled(ticket.priority),
            "type": filled(ticket.kind),
            "requester_id": ticket.person.id,
            "assignee_id": ticket.assignee.map(number_of),
            "tags": tags.collect::<Vec<_>>(),
            "via": {"channel": ticket.channel.name()},
            "satisfaction_rating": {"score": ticket.satisfaction.to_lowercase()},
            "custom_fields": [{"id": 360_001, "value": filled(ticket.area)}],
            "created_at": written(life.created),
            "updated_at": written(life.updated.max(self.at)),
            "comments": self.comments,
        })
    }
}

/// What becomes of a ticket that changes.
fn next(status: Status) -> Status {
    match status {
        Status::New | Status::Hold | Status::Closed => Status::Open,
        Status::Open => Status::Pending,
        Status::Pending => Status::Solved,
        Status::Solved => Status::Closed,
    }
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn written(at: Moment) -> String {
    format!("{}Z", at.civil())
}

/// A text as Zendesk shows it.
fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    let text = text.replace('<', "&lt;").replace('>', "&gt;");
    let paragraphs = text.split("\n\n");
    let paragraphs = paragraphs.map(|one| format!("<p>{}</p>", one.replace('\n', "<br>")));
    let paragraphs: String = paragraphs.collect();
    format!("<div class=\"zd-comment\">{paragraphs}</div>")
}
