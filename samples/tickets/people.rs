//! Who writes and who answers: the requesters and owners of people.json, and many more
//! requesters made of the names in the phrases. A name has one e-mail, always the same.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::moment::Moment;
use super::phrases::{Language, Phrases, with_latin};
use super::random::Random;

/// How many of a hundred tickets come from the requesters of people.json.
const REGULAR_PERCENT: u64 = 55;

#[derive(Deserialize)]
struct PeopleFile {
    owners: Vec<Owner>,
    requesters: Vec<Requester>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    first_name: String,
    last_name: String,
    archived: bool,
}

#[derive(Deserialize)]
struct Requester {
    name: String,
    email: String,
    company: String,
}

/// Somebody who asks for help.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) email: String,
    /// Empty for private people.
    pub(crate) company: String,
    /// Index into the phrases' languages.
    pub(crate) language: usize,
    /// The help desk's number for this person.
    pub(crate) id: u64,
    /// A number of the shop's customer file; most people have none.
    pub(crate) external_id: Option<u64>,
}

/// Everybody whom a ticket may name.
pub(crate) struct People {
    regulars: Vec<Person>,
    /// The others, by language.
    others: Vec<Vec<Person>>,
    weights: Vec<(usize, u64)>,
    /// Full names; those who left come last.
    agents: Vec<String>,
    active_agents: usize,
}

impl People {
    /// Reads people.json, which is compiled in, and makes up the rest.
    pub(crate) fn load(phrases: &Phrases) -> Result<People> {
        let file: PeopleFile = serde_json::from_str(include_str!("../people.json"))
            .context("people.json can't be read")?;
        let (active, gone) = agents(&file.owners);
        ensure!(
            !active.is_empty(),
            "people.json has no active owner with a name of his own"
        );
        let languages = phrases.languages.iter().enumerate();
        Ok(People {
            regulars: regulars(file.requesters, phrases),
            others: languages
                .clone()
                .map(|(idx, language)| inhabitants(idx, language))
                .collect(),
            weights: languages
                .map(|(idx, language)| (idx, language.weight))
                .collect(),
            active_agents: active.len(),
            agents: [active, gone].concat(),
        })
    }

    /// A requester; the first ones of people.json more often than its last.
    pub(crate) fn requester(&self, random: &mut Random) -> &Person {
        if random.chance(REGULAR_PERCENT) {
            let idx = random.mostly_small(self.regulars.len() as u64);
            return &self.regulars[idx as usize];
        }
        let language = random.weighted(&self.weights);
        random.pick(&self.others[language])
    }

    /// The full name of an agent who worked here at that time.
    pub(crate) fn agent(&self, random: &mut Random, at: Moment) -> &str {
        let known = if at < Moment::FAREWELL {
            self.agents.len()
        } else {
            self.active_agents
        };
        random.pick(&self.agents[..known]).as_str()
    }
}

/// Full names of the owners, those at work and those who left. A name that two owners
/// share is left out: who is meant can't be told, which is one of the planted mistakes.
fn agents(owners: &[Owner]) -> (Vec<String>, Vec<String>) {
    let mut by_name: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for owner in owners {
        let name = format!("{} {}", owner.first_name, owner.last_name);
        by_name.entry(name).or_default().push(owner.archived);
    }
    let of_state = |archived: bool| {
        by_name
            .iter()
            .filter(|(_, states)| **states == [archived])
            .map(|(name, _)| name.clone())
            .collect()
    };
    (of_state(false), of_state(true))
}

fn regulars(requesters: Vec<Requester>, phrases: &Phrases) -> Vec<Person> {
    requesters
        .into_iter()
        .map(|requester| {
            let writes_in = |language: &Language| language.regulars.contains(&requester.email);
            // English is the first language, and that of everybody not named elsewhere.
            let language = phrases.languages.iter().position(writes_in).unwrap_or(0);
            person(requester.name, requester.email, requester.company, language)
        })
        .collect()
}

/// One person for each pair of a given and a family name of the language.
fn inhabitants(language_idx: usize, language: &Language) -> Vec<Person> {
    let mut people = Vec::new();
    let mut emails = BTreeSet::new();
    for (g, given) in language.given.iter().enumerate() {
        for (f, family) in language.family.iter().enumerate() {
            let (given, latin_given) = with_latin(given);
            let (family, latin_family) = with_latin(family);
            // Neighbours work in different companies.
            let company = &language.companies[(g + f) % language.companies.len()];
            let (company, domain) = with_latin(company);
            let name = language
                .name
                .replace("{given}", given)
                .replace("{family}", family);
            let email = format!("{latin_given}.{latin_family}@{domain}");
            if emails.insert(email.clone()) {
                people.push(person(name, email, company.to_owned(), language_idx));
            }
        }
    }
    people
}

/// The ids come from the e-mail, so that they don't depend on who else is there.
fn person(name: String, email: String, company: String, language: usize) -> Person {
    let hash = fnv1a(email.as_bytes());
    Person {
        id: 360_000_000_000 + hash % 40_000_000_000,
        external_id: (hash >> 40)
            .is_multiple_of(4)
            .then_some(hash % 900_000 + 100_000),
        name,
        email,
        company,
        language,
    }
}

/// The help desk's number for an agent.
pub(crate) fn number_of(agent: &str) -> u64 {
    410_000_000_000 + fnv1a(agent.as_bytes()) % 1_000_000_000
}

/// The 64-bit FNV-1a hash.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_shares_a_name_an_e_mail_or_an_id() {
        let phrases = Phrases::load().expect("the phrases");
        let people = People::load(&phrases).expect("the people");
        let all: Vec<&Person> = people
            .regulars
            .iter()
            .chain(people.others.iter().flatten())
            .collect();
        let names: BTreeSet<&str> = all.iter().map(|person| person.name.as_str()).collect();
        let emails: BTreeSet<&str> = all.iter().map(|person| person.email.as_str()).collect();
        let ids: BTreeSet<u64> = all.iter().map(|person| person.id).collect();
        assert_eq!(names.len(), all.len());
        assert_eq!(emails.len(), all.len());
        assert_eq!(ids.len(), all.len());
        for email in emails {
            assert!(email.is_ascii() && email.ends_with(".example"), "{email}");
        }
    }

    #[test]
    fn every_regular_of_a_language_is_in_the_people_file() {
        let phrases = Phrases::load().expect("the phrases");
        let people = People::load(&phrases).expect("the people");
        for email in phrases
            .languages
            .iter()
            .flat_map(|language| &language.regulars)
        {
            assert!(
                people.regulars.iter().any(|person| person.email == *email),
                "{email}"
            );
        }
    }

    #[test]
    fn agents_are_unambiguous_and_the_one_who_left_is_last() {
        let people = People::load(&Phrases::load().expect("the phrases")).expect("the people");
        assert!(!people.agents.iter().any(|name| name == "Alex Kim"));
        assert_eq!(
            people.agents.last().map(String::as_str),
            Some("Oliver Brandt")
        );
        assert_eq!(people.active_agents, 5);
    }
}
