//! `decide`: what is done for a row, given what it wants and what the portal holds. Pure, and the
//! only place where this is decided: an import acts on it, `check` and a plan show it.

mod observe;
pub(crate) mod as_planned;

use super::flow::Operation;
use crate::hubspot::records::Record;
use crate::model::compare::same_value;
use crate::model::property_change::PropertyChange;
use crate::model::schema::ValueType;
use crate::model::ticket::PropertyValues;

/// What a row wants.
pub struct Wanted<'a> {
    /// The operation.
    pub operation: Operation,
    /// The unique property that names the ticket; it is not compared, since the ticket
    /// was found by it, in whatever spelling. None if the record's id does.
    pub by: Option<&'a str>,
    /// The values that the ticket is to have.
    pub values: &'a PropertyValues,
}

/// What the portal holds for the ticket that a row names.
#[derive(Clone, Copy, Debug)]
pub enum Observed<'a> {
    /// No live ticket.
    Absent,
    /// This ticket, with the properties that the row gives.
    Live(&'a Record),
}

/// What is done for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A ticket is created.
    Create,
    /// Values of a ticket are changed.
    Update {
        /// Its record id.
        ticket: String,
        /// What differs; never empty.
        changes: Vec<PropertyChange>,
    },
    /// A ticket goes into the recycle bin.
    Archive {
        /// Its record id.
        ticket: String,
    },
    /// Links of a ticket are made or removed.
    Link {
        /// Its record id.
        ticket: String,
    },
    /// The ticket already holds what the row says.
    Unchanged {
        /// Its record id.
        ticket: String,
    },
    /// Create only: there is a ticket with this key.
    Exists {
        /// Its record id.
        ticket: String,
    },
    /// There is no live ticket to write to.
    Absent,
}

/// Decides what is done for a row. `type_of` gives the type of a property.
pub fn decide(
    wanted: &Wanted<'_>,
    observed: Observed<'_>,
    type_of: impl Fn(&str) -> ValueType,
) -> Action {
    match (wanted.operation, observed) {
        (Operation::Create, Observed::Live(record)) => Action::Exists {
            ticket: record.id.clone(),
        },
        (Operation::Create | Operation::Upsert, Observed::Absent) => Action::Create,
        (Operation::Update | Operation::Upsert, Observed::Live(record)) => {
            update(wanted, record, type_of)
        }
        (Operation::Archive, Observed::Live(record)) => Action::Archive {
            ticket: record.id.clone(),
        },
        (Operation::Associate | Operation::Dissociate, Observed::Live(record)) => Action::Link {
            ticket: record.id.clone(),
        },
        (
            Operation::Update | Operation::Archive | Operation::Associate | Operation::Dissociate,
            Observed::Absent,
        ) => Action::Absent,
    }
}

fn update(wanted: &Wanted<'_>, record: &Record, type_of: impl Fn(&str) -> ValueType) -> Action {
    let differs = |name: &str, value: &str| {
        wanted.by != Some(name) && !same_value(type_of(name), value, record.get(name))
    };
    let values = wanted.values.iter();
    let changes: Vec<PropertyChange> = values
        .filter(|(name, value)| differs(name, value))
        .map(|(name, value)| PropertyChange {
            name: name.clone(),
            before: record
                .get(name)
                .filter(|held| !held.is_empty())
                .map(str::to_owned),
            after: value.clone(),
        })
        .collect();
    let ticket = record.id.clone();
    match changes.is_empty() {
        true => Action::Unchanged { ticket },
        false => Action::Update { ticket, changes },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(pairs: &[(&str, &str)]) -> PropertyValues {
        let owned = |(name, value): &(&str, &str)| ((*name).into(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn record(pairs: &[(&str, &str)]) -> Record {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Record {
            id: "7".to_owned(),
            properties: pairs.iter().map(owned).collect(),
            ..Record::default()
        }
    }

    fn decided(operation: Operation, observed: Observed<'_>) -> Action {
        let values = values(&[
            ("key", "A1"),
            ("subject", "new"),
            ("size", "2.0"),
            ("gone", ""),
        ]);
        let wanted = Wanted {
            operation,
            by: Some("key"),
            values: &values,
        };
        let type_of = |name: &str| match name {
            "size" => ValueType::Number,
            _ => ValueType::String,
        };
        decide(&wanted, observed, type_of)
    }

    #[test]
    fn each_operation_does_what_its_name_says_to_what_is_there() {
        use Operation::{Archive, Associate, Create, Dissociate, Update, Upsert};
        let ticket = || "7".to_owned();
        let same = record(&[("key", "a1"), ("subject", "new"), ("size", "2")]);
        let live = Observed::Live(&same);
        for (operation, absent, there) in [
            (Create, Action::Create, Action::Exists { ticket: ticket() }),
            (
                Update,
                Action::Absent,
                Action::Unchanged { ticket: ticket() },
            ),
            (
                Upsert,
                Action::Create,
                Action::Unchanged { ticket: ticket() },
            ),
            (
                Archive,
                Action::Absent,
                Action::Archive { ticket: ticket() },
            ),
            (Associate, Action::Absent, Action::Link { ticket: ticket() }),
            (
                Dissociate,
                Action::Absent,
                Action::Link { ticket: ticket() },
            ),
        ] {
            assert_eq!(
                decided(operation, Observed::Absent),
                absent,
                "{operation:?}"
            );
            assert_eq!(decided(operation, live), there, "{operation:?}");
        }
    }

    #[test]
    fn an_update_names_what_differs_with_what_the_ticket_held() {
        let held = record(&[("subject", "old"), ("size", "3"), ("gone", "x")]);
        let change = |name: &str, before: &str, after: &str| PropertyChange {
            name: name.into(),
            before: Some(before.to_owned()),
            after: after.to_owned(),
        };
        let changes = vec![
            change("subject", "old", "new"),
            change("size", "3", "2.0"),
            change("gone", "x", ""),
        ];
        let ticket = "7".to_owned();
        assert_eq!(
            decided(Operation::Update, Observed::Live(&held)),
            Action::Update { ticket, changes }
        );
    }

    fn table() -> impl Strategy<Value = Vec<(String, String)>> {
        let name = prop_oneof!["key", "subject", "content", "size"];
        proptest::collection::vec((name, "[ab]{0,2}"), 0..5)
    }

    fn once(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
        let by_name: std::collections::BTreeMap<_, _> = pairs.into_iter().collect();
        by_name.into_iter().collect()
    }

    proptest! {
        #[test]
        fn once_it_is_carried_out_nothing_is_left_to_do(wanted in table(), held in table()) {
            let (wanted, held) = (once(wanted), once(held));
            let values: PropertyValues = wanted
                .iter()
                .map(|(name, value)| (name.as_str().into(), value.clone()))
                .collect();
            let mut held = Record {
                id: "7".to_owned(),
                properties: held.into_iter().collect(),
                ..Record::default()
            };
            let wanted = Wanted { operation: Operation::Upsert, by: Some("key"), values: &values };
            let string = |_: &str| ValueType::String;
            if let Action::Update { changes, .. } = decide(&wanted, Observed::Live(&held), string) {
                prop_assert!(!changes.is_empty());
                for change in changes {
                    let before = held.properties.insert(change.name.to_string(), change.after);
                    prop_assert_eq!(before.filter(|text| !text.is_empty()), change.before);
                }
            }
            let again = decide(&wanted, Observed::Live(&held), string);
            prop_assert_eq!(again, Action::Unchanged { ticket: "7".to_owned() });
        }
    }
}
