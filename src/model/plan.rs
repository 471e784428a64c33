//! What a plan says of rows before anything is written: what would be done for each, with
//! what its ticket holds and what it would get, and the totals. `review` fills it,
//! `journal` keeps it, `report` puts it into words.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::check::{Effects, RefusedRows};
use crate::model::issue::Refusal;
use crate::model::link_by::LinkBy;
use crate::model::property_change::PropertyChange;
use crate::model::schema::ObjectType;
use crate::model::ticket::{LinkDraft, Missing, Remark};

/// What is done for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlannedAction {
    /// A ticket is created.
    Create,
    /// Values of a ticket are changed.
    Update,
    /// A ticket gets links and keeps its values.
    Link,
    /// A ticket goes into the recycle bin.
    Archive,
    /// The ticket already holds what the row says.
    Unchanged,
    /// Create only: there is a ticket with this key.
    Exists,
    /// Left out by a `[rows]` rule or because it is empty.
    Skipped,
    /// Nothing is done: the row can't be carried out.
    Refused,
}

impl PlannedAction {
    /// All of them, writing ones first.
    pub const ALL: [PlannedAction; 8] = [
        PlannedAction::Create,
        PlannedAction::Update,
        PlannedAction::Link,
        PlannedAction::Archive,
        PlannedAction::Unchanged,
        PlannedAction::Exists,
        PlannedAction::Skipped,
        PlannedAction::Refused,
    ];

    /// Its name in plan.db, in JSON and in messages.
    pub fn word(self) -> &'static str {
        match self {
            PlannedAction::Create => "create",
            PlannedAction::Update => "update",
            PlannedAction::Link => "link",
            PlannedAction::Archive => "archive",
            PlannedAction::Unchanged => "unchanged",
            PlannedAction::Exists => "exists",
            PlannedAction::Skipped => "skipped",
            PlannedAction::Refused => "refused",
        }
    }

    /// The action with a name from plan.db.
    pub fn named(word: &str) -> Option<PlannedAction> {
        let mut all = PlannedAction::ALL.into_iter();
        all.find(|action| action.word() == word)
    }

    /// Whether something is written.
    pub fn writes(self) -> bool {
        matches!(
            self,
            PlannedAction::Create
                | PlannedAction::Update
                | PlannedAction::Link
                | PlannedAction::Archive
        )
    }

    /// Whether anything in the portal is changed or removed.
    pub fn changes(self) -> bool {
        matches!(self, PlannedAction::Update | PlannedAction::Archive)
    }
}

/// What a run must do for a row: nothing else may be done for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// What is done.
    pub action: PlannedAction,
    /// Id of the ticket; none if there is none yet.
    pub ticket: Option<String>,
    /// What is changed, with what the ticket held; for a new ticket, all values.
    pub changes: Vec<PropertyChange>,
    /// Its links.
    pub links: Vec<PlannedLink>,
}

/// What is done for a link of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It exists.
    There,
    /// It will be made.
    Make,
    /// Its other record will be created, then the link made.
    Create,
    /// There is no such record, and the mapping leaves the link out.
    LeftOut,
    /// It can't be made; the row says why.
    Refused,
    /// It leads to a ticket that may come later in the input; it is resolved at the end.
    Later {
        /// Whether it is left out if there is no such ticket; otherwise the row is refused.
        skips: bool,
    },
}

impl LinkState {
    /// Its name in plan.db.
    pub fn word(self) -> &'static str {
        match self {
            LinkState::There => "there",
            LinkState::Make => "make",
            LinkState::Create => "create",
            LinkState::LeftOut => "left out",
            LinkState::Refused => "refused",
            LinkState::Later { skips: true } => "later, or left out",
            LinkState::Later { skips: false } => "later",
        }
    }

    /// The state with a name.
    pub fn named(word: &str) -> Option<LinkState> {
        let all = [
            LinkState::There,
            LinkState::Make,
            LinkState::Create,
            LinkState::LeftOut,
            LinkState::Refused,
            LinkState::Later { skips: true },
            LinkState::Later { skips: false },
        ];
        all.into_iter().find(|state| state.word() == word)
    }

    /// Whether a link is made.
    pub fn writes(self) -> bool {
        matches!(self, LinkState::Make | LinkState::Create)
    }
}

/// A link that a row asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedLink {
    /// Kind of the other record.
    pub to: ObjectType,
    /// What `value` is.
    pub by: LinkBy,
    /// What names the other record.
    pub value: String,
    /// Label of the link; none for the plain one.
    pub label: Option<String>,
    /// Column that asked for it.
    pub column: String,
    /// Id of the other record, if known.
    pub record: Option<String>,
    /// What is done.
    pub state: LinkState,
}

impl PlannedLink {
    /// Whether two links of one ticket are the same.
    pub fn is_same(&self, other: &PlannedLink) -> bool {
        let of = |link: &PlannedLink| (link.to, link.label.clone());
        let same_record = match (&self.record, &other.record) {
            (Some(one), Some(other)) => one == other,
            _ => (&self.by, &self.value) == (&other.by, &other.value),
        };
        of(self) == of(other) && same_record
    }

    /// Whether it is the link that a mapping asked for.
    pub fn is_of(&self, draft: &LinkDraft) -> bool {
        self.to == draft.to && self.by == draft.by && self.value == draft.value
    }

    /// The link as the mapping made it; its record must exist.
    pub fn draft(&self) -> LinkDraft {
        LinkDraft {
            to: self.to,
            by: self.by.clone(),
            value: self.value.clone(),
            label: self.label.as_deref().map(Arc::from),
            column: self.column.as_str().into(),
            missing: Missing::Refuse,
            properties: Vec::new(),
        }
    }
}

/// How often a property is changed by updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PropertyCounts {
    /// It holds a value and gets another one.
    pub changed: u64,
    /// It is empty and gets a value.
    pub filled: u64,
    /// It holds a value, which is cleared.
    pub cleared: u64,
}

impl PropertyCounts {
    /// Counts a change.
    pub fn take(&mut self, change: &PropertyChange) {
        let count = match (&change.before, change.after.is_empty()) {
            (None, _) => &mut self.filled,
            (Some(_), true) => &mut self.cleared,
            (Some(_), false) => &mut self.changed,
        };
        *count += 1;
    }

    /// All changes.
    pub fn total(self) -> u64 {
        self.changed + self.filled + self.cleared
    }
}

/// A row of a plan as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRow {
    /// `17`, or with several inputs `b.csv:17`.
    pub place: String,
    /// Its key, if it has one.
    pub key: String,
    /// What is done.
    pub action: PlannedAction,
    /// Id of the ticket, if there is one already.
    pub ticket: Option<String>,
    /// What is changed; for a new ticket, all values.
    pub changes: Vec<PropertyChange>,
    /// Its links.
    pub links: Vec<PlannedLink>,
    /// Why it, or a link of it, can't be carried out.
    pub refusal: Option<Refusal>,
}

/// The totals of a plan.
#[derive(Clone, Debug)]
pub struct PlanReport {
    /// `create`, `update`, `upsert`, `archive`.
    pub operation: &'static str,
    /// The portal, for people: `portal 4711 (standard, app.hubspot.com)`.
    pub portal: String,
    /// Its id.
    pub portal_id: u64,
    /// Whether the run would write without reading first, so that unchanged values are sent too.
    pub blind: bool,
    /// Rows of the input.
    pub read: u64,
    /// Rows by what is done; their sum is `read`.
    pub actions: BTreeMap<PlannedAction, u64>,
    /// Properties that updates change, by internal name.
    pub properties: BTreeMap<String, PropertyCounts>,
    /// Rows that are refused, or one of whose links is, by code, most rows first.
    pub refusals: Vec<RefusedRows>,
    /// New tickets whose key belongs to one in the recycle bin: some portals reserve such keys.
    pub held_in_bin: u64,
    /// Links that are made, by the kind of the other record.
    pub links: BTreeMap<ObjectType, u64>,
    /// Links that are left out because there is no such record.
    pub left_out: u64,
    /// Records that are created for links, by their kind.
    pub others: BTreeMap<ObjectType, u64>,
    /// What mapping did to values, by kind.
    pub remarks: BTreeMap<Remark, u64>,
    /// What the portal lacks and the run creates, in words; empty if nothing.
    pub lacking: String,
    /// What it causes and what it costs.
    pub effects: Effects,
    /// The first rows for which something is done.
    pub shown: Vec<ShownRow>,
    /// Notes from reading the input.
    pub notices: Vec<String>,
}

impl PlanReport {
    /// Rows for which this is done.
    pub fn rows(&self, action: PlannedAction) -> u64 {
        self.actions.get(&action).copied().unwrap_or(0)
    }

    /// Rows for which something is written.
    pub fn writes(&self) -> u64 {
        let all = PlannedAction::ALL.into_iter();
        all.filter(|action| action.writes())
            .map(|action| self.rows(action))
            .sum()
    }

    /// Rows that can't be carried out, or only in part.
    pub fn refused(&self) -> u64 {
        self.refusals.iter().map(|group| group.rows).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back_to_what_they_stand_for() {
        for action in PlannedAction::ALL {
            assert_eq!(PlannedAction::named(action.word()), Some(action));
        }
        for skips in [true, false] {
            let state = LinkState::Later { skips };
            assert_eq!(LinkState::named(state.word()), Some(state));
        }
        assert_eq!(PlannedAction::named("more"), None);
    }

    #[test]
    fn a_change_fills_changes_or_clears() {
        let change = |before: Option<&str>, after: &str| PropertyChange {
            name: "subject".into(),
            before: before.map(str::to_owned),
            after: after.to_owned(),
        };
        let mut counts = PropertyCounts::default();
        counts.take(&change(None, "a"));
        counts.take(&change(Some("a"), "b"));
        counts.take(&change(Some("a"), "c"));
        counts.take(&change(Some("a"), ""));
        assert_eq!((counts.changed, counts.filled, counts.cleared), (2, 1, 1));
        assert_eq!(counts.total(), 4);
    }
}
