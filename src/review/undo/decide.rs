//! What undoes a row, given what its ticket holds now (protocol PL5). Pure: only what the
//! run itself wrote is undone, and only if nobody else has changed it since.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::cut::cuts;
use super::left::Left;
use crate::hubspot::LinkedRecord;
use crate::hubspot::records::{FormerValue, Record};
use crate::import::links::Link;
use crate::journal::NoteState;
use crate::model::compare::same_value;
use crate::model::key::same_key;
use crate::model::made_link::MadeLink;
use crate::model::outcome::Change;
use crate::model::property_change::PropertyChange;
use crate::model::schema::{ObjectType, ValueType};
use crate::review::absent::Absence;
use crate::review::expect::Expected;

/// How long after a ticket's creation its own values may still be written: by the
/// portal's defaults, and by workflows for new tickets.
const SETTLING: SignedDuration = SignedDuration::from_secs(60);

/// The same for values set by people and other programs, which are rarely that quick.
const MOMENT: SignedDuration = SignedDuration::from_secs(2);
/// Within this time HubSpot writes the values that a ticket is created with.
const AT_ONCE: SignedDuration = SignedDuration::from_millis(250);

/// When a ticket was closed. HubSpot sets it when a ticket enters a closed stage, and
/// may clear it when the ticket leaves it.
pub(super) const CLOSED_DATE: &str = "closed_date";

/// Properties that only make sense together.
const TOGETHER: [&str; 2] = ["hs_pipeline", "hs_pipeline_stage"];

/// How a row is undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inverse {
    /// The ticket that the run created is moved to the recycle bin.
    Archive,
    /// Values are restored.
    Restore {
        /// What is written: `before` is what the ticket holds now.
        changes: Vec<PropertyChange>,
        /// Links of the run that are removed; a plain one stands for everything between the two
        /// records.
        cut: Vec<Link>,
        /// Why only part of the row is undone, if so.
        left: Option<Left>,
    },
    /// The notes that the run made are moved to the recycle bin; the ticket stays as it is.
    Unnote,
    /// The ticket is as it was before.
    Nothing,
    /// An earlier undo undid the row.
    Before,
    /// The ticket is left as it is.
    Leave(Left),
}

/// What is known about a ticket now.
pub struct Now<'a> {
    /// The ticket, if it is live, with its former values.
    pub record: Option<&'a Record>,
    /// Whether an earlier process of this undo may have archived it.
    pub begun: bool,
    /// Other records that it is linked to.
    pub links: &'a [(ObjectType, String)],
    /// Its links to records that the run linked it to.
    pub between: &'a [(ObjectType, LinkedRecord)],
    /// Whether its links could not be read because it is not live.
    pub gone: bool,
    /// Where it is, if it is not live.
    pub absence: Option<&'a Absence>,
    /// A note of the run that somebody else has changed.
    pub touched_note: Option<&'a str>,
    /// Companies of its contacts: HubSpot links a ticket to them by itself.
    pub companies: Option<&'a BTreeSet<String>>,
    /// The property that holds the run's keys.
    pub key_property: &'a str,
}

/// Decides how a row is undone. `writable` are the properties that anybody can set, `type_of` gives
/// the type of one.
pub fn decide(
    row: &Expected,
    now: &Now<'_>,
    writable: &BTreeSet<String>,
    type_of: impl Fn(&str) -> ValueType,
) -> Inverse {
    let touched_note = now.touched_note.map(|id| Left::NoteTouched(id.to_owned()));
    let not_live = || Inverse::Leave(Left::NotLive(now.absence.cloned()));
    match (row.change, now.record) {
        (Change::Archived, _) => Inverse::Leave(Left::Archived),
        (Change::Unlinked, _) => Inverse::Leave(Left::OnlyLinks { cut: true }),
        (Change::Linked, _) if now.gone => not_live(),
        (Change::Linked, _) if touched_note.is_some() => {
            touched_note.map_or(Inverse::Nothing, Inverse::Leave)
        }
        (Change::Linked, _) => match row.made.as_deref() {
            None | Some([]) => Inverse::Leave(Left::OnlyLinks { cut: false }),
            Some(made) => with_cuts(Inverse::Nothing, made, now),
        },
        (Change::Created | Change::Updated | Change::Noted, Some(_)) if touched_note.is_some() => {
            touched_note.map_or(Inverse::Nothing, Inverse::Leave)
        }
        (Change::Noted, Some(_)) => Inverse::Unnote,
        (Change::Noted, None) => not_live(),
        (Change::Created, None) if now.begun => Inverse::Nothing,
        (Change::Created | Change::Updated, None) => not_live(),
        (Change::Created, Some(record)) => match touched(row, record, now, writable) {
            Some(left) => Inverse::Leave(left),
            None => Inverse::Archive,
        },
        (Change::Updated, Some(record)) => of_update(row, record, now, writable, type_of),
    }
}

/// What undoes an update: former values are restored, and links that it made are removed.
fn of_update(
    row: &Expected,
    record: &Record,
    now: &Now<'_>,
    writable: &BTreeSet<String>,
    type_of: impl Fn(&str) -> ValueType,
) -> Inverse {
    let inverse = match &row.changes {
        Some(changes) => with_closed_date(restore(changes, record, type_of), record, writable),
        None => Inverse::Leave(Left::NotKnown),
    };
    with_cuts(inverse, row.made.as_deref().unwrap_or_default(), now)
}

/// The same inverse, which also removes the links that the run made.
fn with_cuts(inverse: Inverse, made: &[MadeLink], now: &Now<'_>) -> Inverse {
    let (cut, linked) = cuts(made, now.between);
    let (changes, left) = match inverse {
        Inverse::Restore { changes, left, .. } => (changes, left),
        Inverse::Leave(left) => (Vec::new(), Some(left)),
        Inverse::Archive | Inverse::Unnote | Inverse::Nothing | Inverse::Before => {
            (Vec::new(), None)
        }
    };
    let left = left.or(linked);
    match (changes.is_empty() && cut.is_empty(), left) {
        (true, None) => Inverse::Nothing,
        (true, Some(left)) => Inverse::Leave(left),
        (false, left) => Inverse::Restore { changes, cut, left },
    }
}

/// What somebody else did to a ticket that the run created.
fn touched(
    row: &Expected,
    record: &Record,
    now: &Now<'_>,
    writable: &BTreeSet<String>,
) -> Option<Left> {
    for value in &row.values {
        let holds = |name: &str| value.is(record.get(name));
        let is_ours = holds(&value.property) || value.instead.as_deref().is_some_and(holds);
        if !is_ours && *value.property != *now.key_property {
            return Some(touched_by(record, &value.property));
        }
    }
    let holds_key = record.get(now.key_property).unwrap_or(&row.key);
    if !now.begun && !same_key(holds_key, &row.key) {
        return Some(touched_by(record, now.key_property));
    }
    set_by_others(row, record, now, writable).or_else(|| linked_by_others(row, now))
}

/// A property that somebody else, not the run, wrote after the ticket was created.
fn set_by_others(
    row: &Expected,
    record: &Record,
    now: &Now<'_>,
    writable: &BTreeSet<String>,
) -> Option<Left> {
    let ours = |name: &str| {
        let mut values = row.values.iter();
        name == now.key_property
            || row.later.contains(name)
            || values
                .any(|value| *value.property == *name || value.instead.as_deref() == Some(name))
    };
    let inserted = record.inserted_at()?;
    for (name, former) in &record.history {
        let is_later = former
            .first()
            .is_some_and(|newest| is_by_others(newest, inserted));
        // It may have been changed and restored: by an undo of another run, for example.
        let is_as_made = came_with(former, inserted, record.get(name).unwrap_or_default());
        if writable.contains(name) && !ours(name) && is_later && !is_as_made {
            return Some(touched_by(record, name));
        }
    }
    None
}

/// A record that neither the run nor HubSpot linked to the ticket.
fn linked_by_others(row: &Expected, now: &Now<'_>) -> Option<Left> {
    let own_note = |object: ObjectType, id: &String| {
        // A record that existed when the run looked belongs to another run.
        let mut made = row
            .notes
            .iter()
            .filter(|note| note.state != NoteState::There);
        made.any(|note| note.entry.activity.object() == object && note.record.as_ref() == Some(id))
    };
    let is_own = |(object, id): &(ObjectType, String)| match object {
        ObjectType::Companies if now.companies.is_some_and(|own| own.contains(id)) => true,
        object if own_note(*object, id) => true,
        // Another row of the ticket created it.
        _ if row
            .added
            .iter()
            .any(|added| added == &(*object, id.clone())) =>
        {
            true
        }
        ObjectType::Tickets if row.linked_from.contains(id) => true,
        _ => {
            let mut links = row.asked.iter();
            let mut made = row.made.iter().flatten();
            links.any(|link| link.to == *object && link.id == *id)
                || made.any(|link| link.to == *object && link.record == *id)
        }
    };
    let mut foreign = now.links.iter().filter(|link| !is_own(link));
    foreign
        .next()
        .map(|(object, id)| Left::Linked(format!("{} {id}", object.plural())))
}

/// Whether a value that the run did not write was set by somebody else after the ticket
/// was created.
fn is_by_others(value: &FormerValue, inserted: Timestamp) -> bool {
    let by_people = ["CRM_UI", "MOBILE", "INTEGRATION", "API", "IMPORT"];
    let is_by_people = by_people.iter().any(|name| value.source.starts_with(name));
    let settling = match is_by_people || value.user.is_some() {
        true => MOMENT,
        false => SETTLING,
    };
    let at = value.at.parse::<Timestamp>().ok();
    let end = inserted.checked_add(settling).ok();
    at.zip(end).is_some_and(|(at, end)| at > end)
}

/// Whether a property had this value when its ticket was created: something set it then, or nothing
/// did and it is empty. Runs in immediate succession also write within that time.
fn came_with(former: &[FormerValue], inserted: Timestamp, value: &str) -> bool {
    let mut settling = former.iter().filter(|one| !is_by_others(one, inserted));
    if settling.any(|one| one.value == value) {
        return true;
    }
    let at_once = inserted.checked_add(AT_ONCE).ok();
    let first = former.last().and_then(|one| one.at.parse().ok());
    value.is_empty()
        && first
            .zip(at_once)
            .is_none_or(|(first, end): (Timestamp, _)| first > end)
}

fn touched_by(record: &Record, property: &str) -> Left {
    Left::Touched {
        property: property.to_owned(),
        holds: record.get(property).unwrap_or_default().to_owned(),
    }
}

/// Former values of the properties that still hold what the run wrote. A property that
/// already has its former value needs nothing; any other value is somebody else's.
fn restore(
    changes: &[PropertyChange],
    record: &Record,
    type_of: impl Fn(&str) -> ValueType,
) -> Inverse {
    let is = |change: &PropertyChange, value: Option<&str>| {
        same_value(
            type_of(&change.name),
            value.unwrap_or_default(),
            record.get(&change.name),
        )
    };
    let mut inverse = Vec::new();
    let mut left = None;
    for change in changes {
        if is(change, change.before.as_deref()) {
            continue;
        }
        if !is(change, Some(&change.after)) {
            left = left.or_else(|| Some(touched_by(record, &change.name)));
            continue;
        }
        inverse.push(PropertyChange {
            name: change.name.clone(),
            before: record.get(&change.name).map(str::to_owned),
            after: change.before.clone().unwrap_or_default(),
        });
    }
    let is_together = |name: &str| TOGETHER.contains(&name);
    if let Some(Left::Touched { property, .. }) = &left
        && is_together(property)
    {
        inverse.retain(|change| !is_together(&change.name));
    }
    match (inverse.is_empty(), left) {
        (true, None) => Inverse::Nothing,
        (true, Some(left)) => Inverse::Leave(left),
        (false, left) => Inverse::Restore {
            changes: inverse,
            cut: Vec::new(),
            left,
        },
    }
}

/// The same inverse, in which a ticket whose stage is restored gets its former closing date:
/// HubSpot set it when the stage was changed, or sets it when the ticket is closed again.
fn with_closed_date(inverse: Inverse, record: &Record, writable: &BTreeSet<String>) -> Inverse {
    let Inverse::Restore {
        mut changes,
        cut,
        left,
    } = inverse
    else {
        return inverse;
    };
    let [_, stage] = TOGETHER;
    let goes_back = changes.iter().any(|change| &*change.name == stage);
    let is_given = changes.iter().any(|change| &*change.name == CLOSED_DATE);
    if goes_back
        && !is_given
        && writable.contains(CLOSED_DATE)
        && let Some(before) = closed_before(record, stage)
    {
        changes.push(PropertyChange {
            name: CLOSED_DATE.into(),
            before: record.get(CLOSED_DATE).map(str::to_owned),
            after: before,
        });
    }
    Inverse::Restore { changes, cut, left }
}

/// The closing date of a ticket before its stage was last changed; empty if it was not
/// closed. None if that is not known, or if somebody else has set it since.
fn closed_before(record: &Record, stage: &str) -> Option<String> {
    let at = |value: &FormerValue| value.at.parse::<Timestamp>().ok();
    let moved = at(record.history.get(stage)?.first()?)?;
    let settled = moved.checked_add(MOMENT).ok()?;
    let dates = record
        .history
        .get(CLOSED_DATE)
        .map_or(&[][..], Vec::as_slice);
    let is_later = |date: &FormerValue| at(date).is_none_or(|at| at > settled);
    if dates.iter().any(is_later) {
        return None;
    }
    let before = dates
        .iter()
        .find(|date| at(date).is_some_and(|at| at < moved));
    Some(before.map(|date| date.value.clone()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::expect::ExpectedValue;

    fn record(pairs: &[(&str, &str)]) -> Record {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let inserted = ("hs_createdate", "2026-11-01T10:00:00Z");
        Record {
            id: "7".to_owned(),
            properties: pairs.iter().chain([&inserted]).map(owned).collect(),
            ..Record::default()
        }
    }

    fn row(change: Change, changes: Option<Vec<PropertyChange>>) -> Expected {
        Expected {
            seq: 1,
            address: crate::model::place::RowAddress {
                file: 0,
                record: 1,
                line: 2,
                byte: 0,
            },
            place: "2".to_owned(),
            key: "A1".to_owned(),
            ticket: "7".to_owned(),
            change,
            values: vec![ExpectedValue {
                property: "subject".into(),
                instead: None,
                value_type: ValueType::String,
                wrote: "ours".to_owned(),
                is_key: false,
            }],
            links: Vec::new(),
            asked: Vec::new(),
            notes: Vec::new(),
            files: Vec::new(),
            changes,
            made: None,
            added: Vec::new(),
            linked_from: Vec::new(),
            later: BTreeSet::new(),
        }
    }

    fn decided(row: &Expected, record: Option<&Record>, links: &[(ObjectType, String)]) -> Inverse {
        let companies = BTreeSet::from(["9".to_owned()]);
        let now = Now {
            record,
            begun: false,
            links,
            between: &[],
            gone: false,
            absence: None,
            touched_note: None,
            companies: Some(&companies),
            key_property: "key",
        };
        let writable = ["subject", "content", "owner"].map(str::to_owned).into();
        decide(row, &now, &writable, |_| ValueType::String)
    }

    #[test]
    fn a_ticket_that_the_run_created_goes_unless_somebody_else_touched_it() {
        let row = row(Change::Created, None);
        let mine = record(&[("subject", "ours")]);
        assert_eq!(decided(&row, Some(&mine), &[]), Inverse::Archive);
        let company = [(ObjectType::Companies, "9".to_owned())];
        assert_eq!(decided(&row, Some(&mine), &company), Inverse::Archive);
        let foreign = [(ObjectType::Companies, "10".to_owned())];
        let linked = Inverse::Leave(Left::Linked("companies 10".to_owned()));
        assert_eq!(decided(&row, Some(&mine), &foreign), linked);
        let note = [(ObjectType::Notes, "9".to_owned())];
        let linked = Inverse::Leave(Left::Linked("notes 9".to_owned()));
        assert_eq!(decided(&row, Some(&mine), &note), linked);
        let edited = record(&[("subject", "theirs")]);
        let touched = |property: &str, holds: &str| {
            Inverse::Leave(Left::Touched {
                property: property.to_owned(),
                holds: holds.to_owned(),
            })
        };
        assert_eq!(
            decided(&row, Some(&edited), &[]),
            touched("subject", "theirs")
        );
        let mut owned = record(&[("subject", "ours"), ("owner", "5")]);
        let at = |at: &str| {
            vec![FormerValue {
                value: "5".to_owned(),
                at: at.to_owned(),
                source: "CRM_UI".to_owned(),
                source_id: String::new(),
                user: None,
            }]
        };
        let _none = owned
            .history
            .insert("owner".to_owned(), at("2026-11-01T10:00:02Z"));
        assert_eq!(
            decided(&row, Some(&owned), &[]),
            Inverse::Archive,
            "set with it"
        );
        let soon = |source: &str| {
            let mut values = at("2026-11-01T10:00:09Z");
            values[0].source = source.to_owned();
            values
        };
        let _by_workflow = owned
            .history
            .insert("owner".to_owned(), soon("AUTOMATION_PLATFORM"));
        assert_eq!(decided(&row, Some(&owned), &[]), Inverse::Archive);
        let _by_person = owned.history.insert("owner".to_owned(), soon("CRM_UI"));
        assert_eq!(decided(&row, Some(&owned), &[]), touched("owner", "5"));
        let rekeyed = record(&[("subject", "ours"), ("key", "A2")]);
        assert_eq!(decided(&row, Some(&rekeyed), &[]), touched("key", "A2"));
        let parent = [(ObjectType::Tickets, "8".to_owned())];
        let linked = Expected {
            made: Some(vec![MadeLink {
                to: ObjectType::Tickets,
                record: "8".to_owned(),
                kinds: Vec::new(),
                alone: true,
            }]),
            ..row.clone()
        };
        assert_eq!(decided(&linked, Some(&mine), &parent), Inverse::Archive);
        let _first = owned
            .history
            .insert("owner".to_owned(), at("2026-11-02T10:00:00Z"));
        assert_eq!(decided(&row, Some(&owned), &[]), touched("owner", "5"));
        assert_eq!(
            decided(&row, None, &[]),
            Inverse::Leave(Left::NotLive(None))
        );
    }

    #[test]
    fn a_value_that_the_ticket_came_with_is_nobodys_change() {
        let inserted: Timestamp = "2026-11-23T10:00:00Z".parse().expect("a time");
        let former = |values: &[(&str, i64)]| -> Vec<FormerValue> {
            let former = values.iter().map(|(value, millis)| FormerValue {
                value: (*value).to_owned(),
                at: (inserted + SignedDuration::from_millis(*millis)).to_string(),
                source: "INTEGRATION".to_owned(),
                source_id: String::new(),
                user: None,
            });
            former.collect()
        };
        for (values, now, expected) in [
            (&[("new", 0)][..], "new", true),
            (&[("other", 9_000), ("new", 0)], "other", false),
            (&[("new", 9_000), ("other", 5_000), ("new", 0)], "new", true),
            // Somebody cleared what it was created with.
            (&[("", 9_000), ("new", 0)], "", false),
            (&[("", 9_000), ("new", 100)], "", false),
            // Another run filled it right after the first, and was undone.
            (&[("", 9_000), ("again", 1_500), ("filled", 900)], "", true),
            (&[("", 9_000), ("filled", 5_000)], "", true),
            (&[], "", true),
        ] {
            let came = came_with(&former(values), inserted, now);
            assert_eq!(came, expected, "{values:?} {now}");
        }
    }

    #[test]
    fn an_update_is_taken_back_property_by_property() {
        let change = |name: &str, before: Option<&str>, after: &str| PropertyChange {
            name: name.into(),
            before: before.map(str::to_owned),
            after: after.to_owned(),
        };
        let changes = vec![
            change("subject", Some("old"), "new"),
            change("content", None, "text"),
            change("owner", Some("1"), "2"),
        ];
        let row = row(Change::Updated, Some(changes));
        let now = record(&[("subject", "new"), ("content", "text"), ("owner", "3")]);
        let back = Inverse::Restore {
            changes: vec![
                change("subject", Some("new"), "old"),
                change("content", Some("text"), ""),
            ],
            cut: Vec::new(),
            left: Some(Left::Touched {
                property: "owner".to_owned(),
                holds: "3".to_owned(),
            }),
        };
        assert_eq!(decided(&row, Some(&now), &[]), back);
        let before = record(&[("subject", "old"), ("owner", "1")]);
        assert_eq!(decided(&row, Some(&before), &[]), Inverse::Nothing);
        let theirs = record(&[("subject", "x"), ("owner", "1")]);
        assert!(matches!(
            decided(&row, Some(&theirs), &[]),
            Inverse::Leave(Left::Touched { .. })
        ));
    }

    #[test]
    fn a_stage_goes_back_with_the_date_of_closing_that_it_had() {
        let former = |value: &str, at: &str| FormerValue {
            value: value.to_owned(),
            at: at.to_owned(),
            source: "API".to_owned(),
            source_id: String::new(),
            user: None,
        };
        let changes = vec![PropertyChange {
            name: "hs_pipeline_stage".into(),
            before: Some("4".to_owned()),
            after: "1".to_owned(),
        }];
        let row = row(Change::Updated, Some(changes));
        let mut now = record(&[("hs_pipeline_stage", "1")]);
        let stages = vec![
            former("1", "2026-11-02T10:00:00Z"),
            former("4", "2025-01-02T10:00:00Z"),
        ];
        let _none = now.history.insert("hs_pipeline_stage".to_owned(), stages);
        let back = |now: &Record| {
            let writable = ["closed_date"].map(str::to_owned).into();
            let state = Now {
                record: Some(now),
                begun: false,
                links: &[],
                between: &[],
                gone: false,
                absence: None,
                touched_note: None,
                companies: None,
                key_property: "key",
            };
            match decide(&row, &state, &writable, |_| ValueType::String) {
                Inverse::Restore { changes, .. } => changes.last().cloned(),
                other => panic!("{other:?}"),
            }
        };
        let dates = [
            former("", "2026-11-02T10:00:00Z"),
            former("2025-01-02T10:00:00Z", "2025-01-02T10:00:01Z"),
        ];
        let _none = now.history.insert("closed_date".to_owned(), dates.to_vec());
        let last = back(&now).expect("a change");
        assert_eq!(
            (&*last.name, &*last.after),
            ("closed_date", "2025-01-02T10:00:00Z")
        );
        let later = [&[former("", "2026-11-09T10:00:00Z")], &dates[..]].concat();
        let _dated = now.history.insert("closed_date".to_owned(), later);
        let last = back(&now).expect("a change");
        assert_eq!(&*last.name, "hs_pipeline_stage", "somebody else dated it");
        let _none = now.history.remove("closed_date");
        let last = back(&now).expect("a change");
        assert_eq!((&*last.name, &*last.after), ("closed_date", ""));
    }

    #[test]
    fn a_stage_never_goes_back_without_its_pipeline() {
        let change = |name: &str, before: &str, after: &str| PropertyChange {
            name: name.into(),
            before: Some(before.to_owned()),
            after: after.to_owned(),
        };
        let changes = vec![
            change("hs_pipeline", "0", "9"),
            change("hs_pipeline_stage", "1", "91"),
        ];
        let row = row(Change::Updated, Some(changes));
        let moved = record(&[("hs_pipeline", "9"), ("hs_pipeline_stage", "92")]);
        let Inverse::Leave(Left::Touched { property, .. }) = decided(&row, Some(&moved), &[])
        else {
            panic!("the stage is somebody else's, so the pipeline stays");
        };
        assert_eq!(property, "hs_pipeline_stage");
    }
}
