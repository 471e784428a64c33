//! Creates in a portal what it lacks for a mapping: groups, properties, options. What is
//! created stays, even if a later one is refused, so every error says what was created.

use super::lacking::{Lacking, lacking_groups};
use super::made_once::made_once;
use crate::cli::console::Console;
use crate::cli::portal::call_error_after;
use crate::error::Error;
use crate::hubspot::{CallError, Client};
use crate::model::count::{counted, counted_as};
use crate::model::schema::{NewProperty, ObjectType};
use crate::report::{Board, Snapshot};

/// What was created, in the order of its creation.
#[derive(Debug, Default)]
pub struct Created {
    groups: Vec<String>,
    properties: Vec<String>,
    options: Vec<String>,
}

impl Created {
    /// Everything created, by name, or nothing.
    fn words(&self) -> Option<String> {
        let parts = [
            ("groups", &self.groups),
            ("properties", &self.properties),
            ("options of", &self.options),
        ];
        let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
        let words: Vec<String> = parts
            .map(|(what, names)| format!("{what} {}", names.join(", ")))
            .collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// How much was created, or nothing.
    fn counts(&self) -> Option<String> {
        let words: Vec<String> = [
            (self.groups.len(), "group", "groups"),
            (self.properties.len(), "property", "properties"),
            (self.options.len(), "list of options", "lists of options"),
        ]
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| counted_as(number, one, many))
        .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// A later error, which says what was created and stays in the portal.
    pub fn stays(&self, error: Error) -> Error {
        let Some(words) = self.words() else {
            return error;
        };
        let stays = format!("created in the portal before that, and left there: {words}");
        match error.advice().map(str::to_owned) {
            Some(advice) => error.advise(format!("{advice}; {stays}")),
            None => error.advise(stays),
        }
    }

    fn failed(&self, what: &str, error: CallError) -> Error {
        let words = match self.words() {
            Some(words) => format!("created before that, and left in the portal: {words}"),
            None => match &error {
                CallError::Refused(_) => "nothing was created".to_owned(),
                _ => "whether it was created is not known; the same command again finds out"
                    .to_owned(),
            },
        };
        call_error_after(error, &words).within(format!("can't create {what}"))
    }
}

/// Creates what is missing, one by one, and reports progress.
///
/// # Errors
/// When the portal refuses one of them, or can't be reached.
pub async fn create(
    client: &Client,
    lacking: &Lacking,
    console: &Console,
) -> Result<Created, Error> {
    let mut created = Created::default();
    let all = lacking.properties.len();
    if all > 0 {
        console.say(&format!("creating {}", counted(all, "property")));
    }
    let board = console.board(client);
    let properties = &lacking.properties;
    create_groups(client, properties, &mut created, &board).await?;
    create_properties(client, properties, &mut created, &board).await?;
    for (name, options) in &lacking.options {
        let added = client.add_property_options(ObjectType::Tickets, name, options);
        let added = added.await;
        let _definition =
            added.map_err(|error| created.failed(&format!("options of {name}"), error))?;
        created.options.push(name.clone());
    }
    drop(board);
    if let Some(counts) = created.counts() {
        console.say(&format!("created {counts}"));
    }
    Ok(created)
}

async fn create_groups(
    client: &Client,
    properties: &[NewProperty],
    created: &mut Created,
    board: &Board,
) -> Result<(), Error> {
    if properties.is_empty() {
        return Ok(());
    }
    board.at(work(properties));
    let object = ObjectType::Tickets;
    let known = client.property_groups(object).await;
    let known = known.map_err(|error| created.failed("groups of properties", error))?;
    for group in lacking_groups(properties, &known) {
        let create = async || client.create_property_group(object, &group).await;
        let there = async || {
            let mut groups = client.property_groups(object).await?.into_iter();
            Ok(groups.find(|one| one.name == group.name))
        };
        let made = made_once(create, there).await;
        let _group =
            made.map_err(|error| created.failed(&format!("the group {}", group.name), error))?;
        created.groups.push(group.name);
    }
    Ok(())
}

async fn create_properties(
    client: &Client,
    properties: &[NewProperty],
    created: &mut Created,
    board: &Board,
) -> Result<(), Error> {
    for property in properties {
        let name = &property.name;
        let create = async || client.create_property(property).await;
        let there = async || client.property(ObjectType::Tickets, name).await;
        let made = made_once(create, there).await;
        let _definition =
            made.map_err(|error| created.failed(&format!("the property {name}"), error))?;
        created.properties.push(name.clone());
        board.at(work(properties).at(created.properties.len() as u64));
    }
    Ok(())
}

fn work(properties: &[NewProperty]) -> Snapshot {
    Snapshot::new("creating", "property", Some(properties.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_what_was_created_before_it() {
        let created = Created {
            groups: Vec::new(),
            properties: vec!["a".to_owned(), "b".to_owned()],
            options: vec!["c".to_owned()],
        };
        let error = created.stays(Error::must_fix("no room").advise("make room"));
        assert_eq!(
            error.advice(),
            Some(
                "make room; created in the portal before that, and left there: properties a, b; options of c"
            )
        );
        let error = Created::default().stays(Error::must_fix("no room").advise("make room"));
        assert_eq!(error.advice(), Some("make room"));
        let lost = CallError::Unavailable("can't reach it".to_owned());
        let error = created.failed("the property d", lost);
        assert_eq!(
            error.to_string(),
            "can't create the property d: can't reach it"
        );
        let advice = error.advice().unwrap_or_default();
        assert!(advice.starts_with("created before that, and left in the portal: properties a, b"));
        assert!(!advice.contains("nothing was"), "{advice}");
        assert_eq!(
            created.counts().as_deref(),
            Some("2 properties, 1 list of options")
        );
    }
}
