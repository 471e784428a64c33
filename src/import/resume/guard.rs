//! Guards of a resume (protocol R1): what a run was started with must still be the same, or rows
//! would get different values than their neighbours. Additions in the portal do not matter: the run
//! continues with the schema that it knows.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::journal::{Header, InputFile};
use crate::model::schema::{Owner, Pipeline, PropertyDef, Schema};

use crate::import::read::Input;

/// Differences that are shown at most.
const SHOWN: usize = 10;

/// What must be the same as when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Began {
    /// A run that is resumed.
    Run,
    /// A plan that is applied.
    Plan,
}

impl Began {
    fn since(self) -> &'static str {
        match self {
            Began::Run => "since the run began",
            Began::Plan => "since the plan was made",
        }
    }

    fn had(self) -> &'static str {
        match self {
            Began::Run => "the run had",
            Began::Plan => "the plan had",
        }
    }

    fn with(self) -> &'static str {
        match self {
            Began::Run => "that the run began with",
            Began::Plan => "that the plan was made of",
        }
    }

    fn otherwise(self, what: &str) -> String {
        match self {
            Began::Run => format!(
                "import {what} as a new run: rows that are in the portal are recognised by their key"
            ),
            Began::Plan => "make a new plan; nothing was sent".to_owned(),
        }
    }
}

/// Refuses inputs that are not those that the run began with. Size and time are enough
/// to recognise a file; whole files are read only if these differ.
pub fn same_inputs(input: &Input, before: &[InputFile], began: Began) -> Result<(), Error> {
    let now = input.stamps()?;
    if now.len() != before.len() {
        return Err(other_file(
            &before[0],
            format!(
                "{} {} inputs, there are {}",
                began.had(),
                before.len(),
                now.len()
            ),
            began,
        ));
    }
    let known = |(now, before): (&InputFile, &InputFile)| {
        now.size == before.size && now.modified == before.modified
    };
    if now.iter().zip(before).all(known) {
        return Ok(());
    }
    let now = input.fingerprints()?;
    for (now, before) in now.iter().zip(before) {
        if now.size != before.size {
            let what = format!("it had {} bytes and has {}", before.size, now.size);
            return Err(other_file(before, what, began));
        }
        if now.hash != before.hash {
            return Err(other_file(before, "its contents differ".to_owned(), began));
        }
    }
    Ok(())
}

fn other_file(before: &InputFile, what: String, began: Began) -> Error {
    let path = before.path.display();
    Error::must_fix(format!("{path} is not the file {}: {what}", began.with())).advise(format!(
        "bring that file back, or {}",
        began.otherwise("this one")
    ))
}

/// Refuses a mapping that was edited since; `now` is the file as it is, if it is
/// still there.
pub fn same_mapping(header: &Header, now: Option<&str>, began: Began) -> Result<(), Error> {
    let Some(now) = now else { return Ok(()) };
    if now == header.mapping_text {
        return Ok(());
    }
    let before: Vec<&str> = header.mapping_text.lines().collect();
    let after: Vec<&str> = now.lines().collect();
    let differs = |idx: &usize| before.get(*idx) != after.get(*idx);
    let idx = (0..before.len().max(after.len()))
        .find(differs)
        .unwrap_or(0);
    let line = |lines: &[&str]| {
        lines
            .get(idx)
            .map_or("nothing", |line| line.trim())
            .to_owned()
    };
    Err(Error::must_fix(format!(
        "the mapping {} has changed {}: line {} was \"{}\" and is \"{}\"",
        header.mapping_path.display(),
        began.since(),
        idx + 1,
        line(&before),
        line(&after)
    ))
    .advise(format!(
        "undo the change, or {}",
        began.otherwise("the file")
    )))
}

/// Refuses a mapping whose files were edited since; `now` are those that it names, as
/// they are now.
pub fn same_tables(
    header: &Header,
    now: &BTreeMap<String, String>,
    began: Began,
) -> Result<(), Error> {
    let before = &header.tables;
    let mut names = before.keys().chain(now.keys());
    let Some(name) = names.find(|name| now.get(*name) != before.get(*name)) else {
        return Ok(());
    };
    Err(Error::must_fix(format!(
        "{name}, which the mapping {} names, has changed {}",
        header.mapping_path.display(),
        began.since()
    ))
    .advise(format!(
        "bring that file back, or {}",
        began.otherwise("the input")
    )))
}

/// Refuses a portal in which the definition of a value that would be sent has changed.
pub fn same_schema(
    before: &Schema,
    now: &Schema,
    written: &[&str],
    began: Began,
) -> Result<(), Error> {
    let mut found = Vec::new();
    for name in written {
        if let Some(property) = before.tickets.get(*name) {
            property_changes(property, now.tickets.get(*name), &mut found);
        }
    }
    pipeline_changes(&before.pipelines, &now.pipelines, &mut found);
    owner_changes(&before.owners, &now.owners, &mut found);
    if found.is_empty() {
        return Ok(());
    }
    let more = found.len().saturating_sub(SHOWN);
    found.truncate(SHOWN);
    if more > 0 {
        found.push(format!("{more} more"));
    }
    Err(
        Error::must_fix(format!("the portal has changed {}", began.since()))
            .listing(found)
            .advise(format!(
                "undo that in the portal, or {}",
                began.otherwise("the file")
            )),
    )
}

fn property_changes(before: &PropertyDef, now: Option<&PropertyDef>, found: &mut Vec<String>) {
    let name = &before.name;
    let Some(now) = now else {
        found.push(format!("property {name} is gone"));
        return;
    };
    if now.value_type != before.value_type {
        found.push(format!("property {name} has another type"));
    }
    if now.read_only && !before.read_only {
        found.push(format!("property {name} is read-only now"));
    }
    for option in &before.options {
        if !now.options.iter().any(|other| other.value == option.value) {
            found.push(format!(
                "option \"{}\" of property {name} is gone",
                option.label
            ));
        }
    }
}

fn pipeline_changes(before: &[Pipeline], now: &[Pipeline], found: &mut Vec<String>) {
    for pipeline in before {
        let Some(other) = now.iter().find(|other| other.id == pipeline.id) else {
            found.push(format!("pipeline \"{}\" is gone", pipeline.label));
            continue;
        };
        for stage in &pipeline.stages {
            if !other.stages.iter().any(|other| other.id == stage.id) {
                let (stage, pipeline) = (&stage.label, &pipeline.label);
                found.push(format!(
                    "stage \"{stage}\" of pipeline \"{pipeline}\" is gone"
                ));
            }
        }
    }
}

fn owner_changes(before: &[Owner], now: &[Owner], found: &mut Vec<String>) {
    let now: BTreeMap<&str, &Owner> = now.iter().map(|owner| (owner.id.as_str(), owner)).collect();
    for owner in before.iter().filter(|owner| !owner.archived) {
        match now.get(owner.id.as_str()) {
            Some(other) if !other.archived => {}
            _ => found.push(format!(
                "owner {} can't be given tickets any more",
                owner.email
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::{PropertyOption, Stage, ValueType};

    fn schema() -> Schema {
        let option = |value: &str| PropertyOption {
            label: value.to_lowercase(),
            value: value.to_owned(),
        };
        let property = PropertyDef {
            name: "p".to_owned(),
            label: "P".to_owned(),
            value_type: ValueType::Enumeration,
            options: vec![option("A"), option("B")],
            external_options: false,
            read_only: false,
            unique: false,
        };
        Schema {
            tickets: [("p".to_owned(), property)].into(),
            contacts: BTreeMap::new(),
            pipelines: vec![Pipeline {
                id: "0".to_owned(),
                label: "Support".to_owned(),
                stages: vec![Stage {
                    id: "1".to_owned(),
                    label: "New".to_owned(),
                    closed: false,
                }],
            }],
            owners: vec![Owner {
                id: "7".to_owned(),
                email: "a@b.example".to_owned(),
                first_name: String::new(),
                last_name: String::new(),
                archived: false,
            }],
            custom: Vec::new(),
        }
    }

    /// The message for a portal that was changed like this, or nothing.
    fn refusal(written: &[&str], change: impl FnOnce(&mut Schema)) -> Option<String> {
        let mut now = schema();
        change(&mut now);
        let refused = same_schema(&schema(), &now, written, Began::Run).err()?;
        let message = refused.to_string();
        message
            .split_once(": ")
            .map(|(_, changes)| changes.to_owned())
    }

    #[test]
    fn only_what_would_be_sent_matters_and_what_is_new_does_not() {
        let property =
            |schema: &mut Schema| schema.tickets.get_mut("p").expect("p").options.truncate(1);
        assert_eq!(
            refusal(&["p"], property).as_deref(),
            Some("option \"b\" of property p is gone")
        );
        assert_eq!(refusal(&["q"], property), None);
        let gone = refusal(&["p"], |schema| schema.tickets.clear());
        assert_eq!(gone.as_deref(), Some("property p is gone"));
        let stage = refusal(&[], |schema| schema.pipelines[0].stages.clear());
        assert_eq!(
            stage.as_deref(),
            Some("stage \"New\" of pipeline \"Support\" is gone")
        );
        let owner = refusal(&[], |schema| schema.owners[0].archived = true);
        assert_eq!(
            owner.as_deref(),
            Some("owner a@b.example can't be given tickets any more")
        );
        let new = refusal(&["p"], |schema| {
            let owner = Owner {
                id: "8".to_owned(),
                ..schema.owners[0].clone()
            };
            schema.owners.push(owner);
        });
        assert_eq!(new, None);
    }
}
