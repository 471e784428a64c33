//! The history of a help desk on demand: tickets of nine years with contacts, companies and their
//! links, a tenth of the tickets in the recycle bin. The same seed and number give the same. Values
//! are written as the portal would have left them, bypassing its rules.

use jiff::Timestamp;

use super::portal::{SeedError, schema};
use super::words;
use crate::sandbox::clock::iso;
use crate::sandbox::records::drafts::number;
use crate::sandbox::records::drafts::system_values;
use crate::sandbox::records::shapes::Values;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::schema::{Pipeline, Schema, Stage};
use crate::sandbox::store::Store;

/// 2017-01-01 and 2026-01-01, in milliseconds since the epoch.
const FIRST: i64 = 1_483_228_800_000;
const LAST: i64 = 1_767_225_600_000;

const HOUR: i64 = 60 * 60 * 1_000;
const DAY: i64 = 24 * HOUR;

/// Average number of tickets of a contact, and of contacts of a company.
const TICKETS_EACH: u32 = 10;
const CONTACTS_EACH: u32 = 10;

/// One ticket in this many is in the recycle bin.
const ARCHIVED: u32 = 10;

/// Types of C1 §8.6, with their inverses.
const TICKET_CONTACT: (u32, u32) = (16, 15);
const TICKET_COMPANY: (u32, u32) = (339, 340);
const TICKET_PRIMARY: (u32, u32) = (26, 25);
const CONTACT_COMPANY: (u32, u32) = (279, 280);
const CONTACT_PRIMARY: (u32, u32) = (1, 2);

/// A contact and the company it works for.
struct Person {
    id: i64,
    company: i64,
}

struct Planter<'a> {
    store: &'a Store,
    schema: &'a Schema,
    random: fastrand::Rng,
}

/// Creates this many tickets and the people who sent them, all or nothing.
pub(crate) fn plant_tickets(store: &Store, count: u32, seed: u64) -> Result<(), SeedError> {
    let schema = schema(store)?;
    let mut planter = Planter {
        store,
        schema: &schema,
        random: fastrand::Rng::with_seed(seed),
    };
    store.in_bulk(|| {
        let people = planter.people((count / TICKETS_EACH).max(1))?;
        (0..count).try_for_each(|place| planter.ticket(place, count, &people))
    })
}

impl Planter<'_> {
    fn people(&mut self, count: u32) -> Result<Vec<Person>, SeedError> {
        let mut people = Vec::new();
        let mut company = (0, String::new());
        for place in 0..count {
            if place % CONTACTS_EACH == 0 {
                company = self.company(place / CONTACTS_EACH)?;
            }
            let id = self.contact(place, &company.1)?;
            self.link(id, CONTACT_COMPANY, company.0)?;
            self.link(id, CONTACT_PRIMARY, company.0)?;
            people.push(Person {
                id,
                company: company.0,
            });
        }
        Ok(people)
    }

    /// A company and its domain.
    fn company(&mut self, place: u32) -> Result<(i64, String), SeedError> {
        let (name, trade) = (self.word(words::PLACES), self.word(words::TRADES));
        let domain = format!(
            "{}-{}-{place}.example",
            name.to_lowercase(),
            trade.to_lowercase()
        );
        let values = [
            ("name", format!("{name} {trade}")),
            ("website", format!("https://{domain}")),
            ("domain", domain.clone()),
        ];
        Ok((self.insert(Kind::Company, FIRST, values)?, domain))
    }

    fn contact(&mut self, place: u32, domain: &str) -> Result<i64, SeedError> {
        let (first, last) = (self.word(words::FIRST_NAMES), self.word(words::LAST_NAMES));
        // The number makes it unique; names have letters that addresses can't contain.
        let email = format!("{}.{place}@{domain}", ascii(first));
        let values = [
            ("firstname", first.to_owned()),
            ("lastname", last.to_owned()),
            ("email", email.clone()),
        ];
        let id = self.insert(Kind::Contact, FIRST, values)?;
        self.store
            .hold(Kind::Contact, &("email".to_owned(), email), id)?;
        Ok(id)
    }

    /// The `place`-th of `count` tickets: ids and dates increase together.
    fn ticket(&mut self, place: u32, count: u32, people: &[Person]) -> Result<(), SeedError> {
        let step = (LAST - FIRST) / i64::from(count);
        let created = FIRST + step * i64::from(place) + self.random.i64(0..step.max(1));
        let mut values = self.wording();
        self.sort_out(&mut values);
        self.life(&mut values, created);
        let id = self.insert(Kind::Ticket, created, values)?;
        // Some people write more than others.
        let most = people.len();
        let person = &people[self.random.usize(0..most).min(self.random.usize(0..most))];
        self.link(id, TICKET_CONTACT, person.id)?;
        self.link(id, TICKET_COMPANY, person.company)?;
        if self.random.u32(0..10) < 7 {
            self.link(id, TICKET_PRIMARY, person.company)?;
        }
        if place % ARCHIVED == ARCHIVED - 1 {
            let at = instant((created + 400 * DAY).min(LAST));
            let _ = self.store.archive(Kind::Ticket, id, &at)?;
        }
        Ok(())
    }

    fn wording(&mut self) -> Vec<(&'static str, String)> {
        let (part, trouble) = (self.word(words::PARTS), self.word(words::TROUBLES));
        let mut content = format!("{}\n\n{part} {trouble}.", self.word(words::OPENINGS));
        for _ in 0..self.random.u32(1..5) {
            content.push(' ');
            content.push_str(self.word(words::DETAILS));
        }
        content.push_str("\n\n");
        content.push_str(self.word(words::CLOSINGS));
        vec![
            ("subject", format!("{part} {trouble}")),
            ("content", content),
        ]
    }

    /// Sets priority, category, source and owner; some tickets lack one of them.
    fn sort_out(&mut self, values: &mut Vec<(&'static str, String)>) {
        let priority = match self.random.u32(0..100) {
            0..30 => Some("LOW"),
            30..72 => Some("MEDIUM"),
            72..90 => Some("HIGH"),
            90..95 => Some("URGENT"),
            _ => None,
        };
        let category = match self.random.u32(0..10) {
            0..4 => Some("PRODUCT_ISSUE"),
            4..6 => Some("BILLING_ISSUE"),
            6 => Some("FEATURE_REQUEST"),
            7 => Some("GENERAL_INQUIRY"),
            _ => None,
        };
        let source = self.word(&["EMAIL", "EMAIL", "EMAIL", "FORM", "CHAT", "PHONE"]);
        let owners = &self.schema.owners;
        let owner = &owners[self.random.usize(0..owners.len())];
        let is_owned = self.random.u32(0..100) < 85;
        let given = [
            ("hs_ticket_priority", priority.map(str::to_owned)),
            ("hs_ticket_category", category.map(str::to_owned)),
            ("source_type", Some(source.to_owned())),
            ("hubspot_owner_id", is_owned.then(|| owner.id.clone())),
        ];
        values.extend(
            given
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    }

    /// Sets pipeline, stage and what follows from them: older tickets are nearly always closed.
    fn life(&mut self, values: &mut Vec<(&'static str, String)>, created: i64) {
        let pipelines = &self.schema.pipelines;
        let usual = self.random.u32(0..10) > 0;
        let Some(pipeline) = pipelines.get(usize::from(!usual)).or(pipelines.first()) else {
            return;
        };
        let is_old = created < LAST - 60 * DAY;
        let closes = self.random.u32(0..100) < if is_old { 95 } else { 40 };
        let Some(stage) = self.stage(pipeline, closes) else {
            return;
        };
        let spent = self
            .random
            .i64(HOUR / 2..20 * DAY)
            .min(self.random.i64(HOUR / 2..60 * DAY));
        let touched = (created + spent).min(LAST);
        values.push(("hs_pipeline", pipeline.id.clone()));
        values.push(("hs_pipeline_stage", stage.id.clone()));
        values.push(("hs_is_closed", stage.is_closed().to_string()));
        values.push((Kind::Ticket.modified(), instant(touched)));
        if stage.is_closed() {
            values.push(("closed_date", instant(touched)));
            values.push(("hs_last_closed_date", instant(touched)));
            values.push(("time_to_close", (touched - created).to_string()));
        }
    }

    fn stage<'p>(&mut self, pipeline: &'p Pipeline, closes: bool) -> Option<&'p Stage> {
        let fits = |stage: &&Stage| stage.is_closed() == closes && stage.takes_tickets();
        let fitting: Vec<&Stage> = pipeline.stages.iter().filter(fits).collect();
        self.random.choice(fitting)
    }

    fn insert(
        &mut self,
        kind: Kind,
        created: i64,
        given: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<i64, SeedError> {
        let id = self.store.next_id();
        let mut values: Values = system_values(kind, &instant(created));
        values.extend(
            given
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        number(kind, &mut values, id);
        self.store.insert(kind, id, &values)?;
        Ok(id)
    }

    fn link(&self, from: i64, (there, back): (u32, u32), to: i64) -> rusqlite::Result<()> {
        self.store.put_link(from, there, to)?;
        self.store.put_link(to, back, from)
    }

    fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.random.usize(0..words.len())]
    }
}

fn instant(millis: i64) -> String {
    iso(Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH))
}

fn ascii(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphabetic);
    letters.collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::portal::plant;
    use super::*;
    use crate::sandbox::options::Data;
    use crate::sandbox::store::Record;

    fn planted(seed: u64) -> Store {
        let (store, _) = Store::open(&Data::Memory, seed).expect("a state");
        plant(&store, "2026-09-01T10:00:00Z", None).expect("a portal");
        plant_tickets(&store, 500, seed).expect("tickets");
        store
    }

    fn tickets(store: &Store, archived: bool) -> Vec<Record> {
        store
            .page(Kind::Ticket, archived, 0, 1_000)
            .expect("a page")
    }

    #[test]
    fn a_tenth_is_archived_and_all_have_people() {
        let store = planted(5);
        let live = tickets(&store, false);
        assert_eq!((live.len(), tickets(&store, true).len()), (450, 50));
        let is_closed = |record: &&Record| record.values["hs_is_closed"] == "true";
        assert!((350..450).contains(&live.iter().filter(is_closed).count()));
        for record in &live {
            let links = store.links(record.id).expect("links");
            assert!(
                links.iter().any(|(link_type, _)| *link_type == 16),
                "{links:?}"
            );
            assert!(record.values["createdate"] <= record.values["hs_lastmodifieddate"]);
            assert_eq!(
                record.values.contains_key("closed_date"),
                is_closed(&record)
            );
        }
        let subjects: std::collections::BTreeSet<&String> = live
            .iter()
            .map(|record| &record.values["subject"])
            .collect();
        assert!(subjects.len() > 200, "{}", subjects.len());
    }

    #[test]
    fn the_seed_decides() {
        let values = |seed| {
            let records = tickets(&planted(seed), false);
            records
                .into_iter()
                .map(|record| record.values)
                .collect::<Vec<Values>>()
        };
        assert_eq!(values(5), values(5));
        assert_ne!(values(5), values(6));
    }
}
