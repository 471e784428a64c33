//! What was found out about portals, in the user's data folder: a small file for each
//! account, by its id, written by `portal check` and by runs that learn something new.
//! Runs use it instead of finding out the same again; definitions are always read again.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::console::Console;
use super::settings::known_folder;
use crate::hubspot::{Client, FoundOut, Trace};
use crate::import::flow::Operation;
use crate::model::event::{Event, Listener};
use crate::model::learned::{KeySaid, KnownFacts, Learned, Written};
use crate::model::note::Activity;
use crate::model::schema::Schema;
use crate::output::{private_folder, replace_shared_file};
use crate::report::age_words;

/// The version of files written here; files of other versions are ignored.
const VERSION: u32 = 2;

/// In bytes; a longer file is not ours.
const LONGEST: u64 = 1 << 20;

/// HubSpot's own key of activities.
const ACTIVITY_KEY: &str = "hs_unique_id";

/// What is known of a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalFacts {
    version: u32,
    /// HubSpot portal id.
    pub portal: u64,
    /// When it was last asked by `portal check`, by its own clock.
    pub checked: Option<Timestamp>,
    /// When a ticket was last written to find out more.
    pub probed: Option<Timestamp>,
    /// Scopes of the token, if the portal reports them.
    pub scopes: Option<Vec<String>>,
    /// What HubSpot does not document, by name: names of `UNKNOWNS`, and of keys that only
    /// runs use, such as `emails.hs_unique_id`.
    pub facts: BTreeMap<String, Fact>,
    /// The limits that an admin set on links, by the type's id.
    pub link_limits: BTreeMap<String, u64>,
    /// Ticket properties whose values have rules, with these in words.
    pub rules: BTreeMap<String, Vec<String>>,
    /// Probes that were started and not finished: the next check archives what they left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<Trace>,
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What the portal does, in the words of the sandbox's switch.
    pub value: String,
    /// When it was seen, by the portal's clock.
    pub at: Timestamp,
    /// How it was seen.
    pub by: Witness,
}

/// How a fact was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Witness {
    /// `portal check`, by reading.
    Reading,
    /// `portal check --write-probe`.
    Probe,
    /// A run, by its name.
    Run(String),
}

impl Fact {
    /// When and how it was found out, for people.
    pub fn source(&self) -> String {
        let by = match &self.by {
            Witness::Reading => "by reading".to_owned(),
            Witness::Probe => "with a ticket".to_owned(),
            Witness::Run(run) => format!("by the run {run}"),
        };
        format!("{by}, {}", age_words(self.at))
    }
}

impl PortalFacts {
    /// Nothing yet.
    pub fn new(portal: u64) -> PortalFacts {
        PortalFacts {
            version: VERSION,
            portal,
            checked: None,
            probed: None,
            scopes: None,
            facts: BTreeMap::new(),
            link_limits: BTreeMap::new(),
            rules: BTreeMap::new(),
            probes: Vec::new(),
        }
    }

    /// What is known of a portal. A file that can't be read or parsed counts as empty.
    pub fn of(portal: u64) -> Option<PortalFacts> {
        let path = place(portal)?;
        let metadata = fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len() > LONGEST {
            return None;
        }
        let known: PortalFacts = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (known.version == VERSION && known.portal == portal).then_some(known)
    }

    /// Keeps it, in one step.
    pub fn keep(&self) -> io::Result<()> {
        let path = place(self.portal).ok_or(io::ErrorKind::NotFound)?;
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        private_folder(&folder)?;
        replace_shared_file(&path, &serde_json::to_vec_pretty(self)?)
    }

    /// Records how far a probe has got.
    pub fn put_probe(&mut self, trace: &Trace) {
        self.drop_probe(trace);
        self.probes.push(trace.clone());
    }

    /// Records that a probe has left nothing.
    pub fn drop_probe(&mut self, trace: &Trace) {
        self.probes.retain(|other| other.mark != trace.mark);
    }

    /// Keeps how far a probe has got, along with everything else that is known.
    pub fn keep_probe(portal: u64, trace: &Trace) -> io::Result<()> {
        let mut known = PortalFacts::of(portal).unwrap_or_else(|| PortalFacts::new(portal));
        known.put_probe(trace);
        known.keep()
    }

    /// The facts without when and how.
    pub fn found(&self) -> FoundOut {
        let facts = self.facts.iter();
        let facts = facts.map(|(name, fact)| (name.clone(), fact.value.clone()));
        facts.collect()
    }

    /// Adds what was found. A finding that only says less than what is known changes
    /// nothing.
    pub fn take(&mut self, found: FoundOut, at: Timestamp, by: &Witness) {
        for (name, value) in found {
            let known = self.value(&name);
            let says_less = |known: &str| value.split(" or ").any(|one| one == known);
            if known.is_some_and(|known| known != value && says_less(known)) {
                continue;
            }
            let by = by.clone();
            let _former = self.facts.insert(name, Fact { value, at, by });
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.facts.get(name).map(|fact| fact.value.as_str())
    }

    /// What a run needs to know.
    pub fn for_runs(&self) -> KnownFacts {
        let mut facts = KnownFacts {
            archived_by_key: self.value("archived_by_key").map(|value| value == "found"),
            ..KnownFacts::default()
        };
        for (activity, property, value) in self.keys() {
            let key = (activity, property.to_owned());
            if let Some(said) = said(value) {
                let _none = facts.keys_said.insert(key.clone(), said);
            }
            if let "unique" | "claimed" = value {
                let _none = facts.keys_kept.insert(key, value == "unique");
            }
        }
        facts.dates_kept = self.dates();
        facts
    }

    /// What is known of properties that can hold the key of activities, by kind and name.
    fn keys(&self) -> impl Iterator<Item = (Activity, &str, &str)> {
        self.facts.iter().filter_map(|(name, fact)| {
            let (activity, property) = match name.split_once('.') {
                None if name == "activity_key" => (Activity::Note, ACTIVITY_KEY),
                None => return None,
                Some((kind, property)) => {
                    let mut all = Activity::ALL.into_iter();
                    let of_kind = all.find(|one| one.object().plural() == kind)?;
                    (of_kind, property)
                }
            };
            Some((activity, property, fact.value.as_str()))
        })
    }

    /// Date properties that are known to be kept or not.
    fn dates(&self) -> BTreeMap<(String, Written), bool> {
        let mut dates = BTreeMap::new();
        let mut put = |name: &str, with, kept| {
            let _none = dates.insert((name.to_owned(), with), kept);
        };
        match self.value("createdate_writable") {
            Some("no") => put("createdate", Written::Create, false),
            Some(value) => {
                put("createdate", Written::Create, true);
                if let Some(kept) = updates_too(value) {
                    put("createdate", Written::Update, kept);
                }
            }
            None => {}
        }
        match self.value("closed_date_writable") {
            Some("explicit") => put("closed_date", Written::Create, true),
            // It takes no value, or its own value wins.
            Some("no" | "auto" | "auto or no") => put("closed_date", Written::Create, false),
            _ => {}
        }
        dates
    }

    /// Adds what a run has found out.
    fn learn(&mut self, learned: &Learned, at: Timestamp, run: &str) {
        let by = Witness::Run(run.to_owned());
        for (name, value) in self.as_found(learned) {
            let found = [(name, value)].into();
            self.take(found, at, &by);
        }
    }

    /// The same in the words of the unknowns.
    fn as_found(&self, learned: &Learned) -> Vec<(String, String)> {
        let one = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        match learned {
            Learned::ArchivedByKey(found) => {
                one("archived_by_key", if *found { "found" } else { "missing" })
            }
            Learned::KeysKept {
                activity,
                property,
                kept,
            } => {
                let value = if *kept { "unique" } else { "claimed" };
                one(&key_name(*activity, property), value)
            }
            Learned::KeySaid {
                activity,
                property,
                said,
            } => one(&key_name(*activity, property), key_words(*said)),
            Learned::ValueKept {
                property,
                with,
                kept,
            } => match (property.as_str(), kept) {
                ("createdate", kept) => self.as_found_createdate(*with, *kept),
                ("closed_date", true) => one("closed_date_writable", "explicit"),
                ("closed_date", false) => one("closed_date_writable", "auto or no"),
                _ => Vec::new(),
            },
        }
    }

    /// What a createdate that was kept or not says about the unknown, together with what is known.
    fn as_found_createdate(&self, with: Written, kept: bool) -> Vec<(String, String)> {
        const NAME: &str = "createdate_writable";
        let found = match (with, kept, self.value(NAME)) {
            (Written::Create, true, None | Some("no")) => "create+update or create",
            (Written::Create, true, Some(_)) | (Written::Update, false, Some("no")) => {
                return Vec::new();
            }
            (Written::Create, false, _) => "no",
            (Written::Update, true, _) => "create+update",
            (Written::Update, false, _) => "create",
        };
        vec![(NAME.to_owned(), found.to_owned())]
    }

    /// The definitions with what they do not say: dates whose values the portal does
    /// not accept, or only in a create; returns their names.
    fn completed(&self, schema: &mut Schema, operation: Operation) -> Vec<(&'static str, &Fact)> {
        let with = match operation {
            Operation::Update => Written::Update,
            _ => Written::Create,
        };
        let dates = self.dates();
        let mut lost = Vec::new();
        for (name, fact) in [
            ("createdate", "createdate_writable"),
            ("closed_date", "closed_date_writable"),
        ] {
            let is = |with| dates.get(&(name.to_owned(), with)) == Some(&false);
            let Some(property) = schema.tickets.get_mut(name) else {
                continue;
            };
            if !property.read_only
                && (is(with) || is(Written::Create))
                && let Some(fact) = self.facts.get(fact)
            {
                property.read_only = true;
                lost.push((name, fact));
            }
        }
        lost
    }
}

/// The name of what is known of a property that can hold the key of activities.
fn key_name(activity: Activity, property: &str) -> String {
    match (activity, property) {
        (Activity::Note, ACTIVITY_KEY) => "activity_key".to_owned(),
        _ => format!("{}.{property}", activity.object().plural()),
    }
}

/// What the definitions say, in the words of the unknowns; the portal may behave differently.
fn key_words(said: KeySaid) -> &'static str {
    match said {
        KeySaid::Unique => "unique or claimed",
        KeySaid::Plain => "plain or silent",
        KeySaid::ReadOnly => "read-only",
        KeySaid::Absent => "absent",
    }
}

/// What the definitions said when this was found out.
fn said(value: &str) -> Option<KeySaid> {
    Some(match value {
        "unique" | "claimed" | "unique or claimed" => KeySaid::Unique,
        "plain" | "silent" | "plain or silent" => KeySaid::Plain,
        "read-only" => KeySaid::ReadOnly,
        "absent" => KeySaid::Absent,
        _ => return None,
    })
}

/// Whether a date that is kept in a create is also kept in an update, if known.
fn updates_too(value: &str) -> Option<bool> {
    match value {
        "create+update" => Some(true),
        "create" => Some(false),
        _ => None,
    }
}

/// The current definitions, with what a run knew beyond them when it began.
pub fn as_begun(now: &mut Schema, begun: &Schema) {
    for name in ["createdate", "closed_date"] {
        let knew = begun
            .tickets
            .get(name)
            .is_some_and(|property| property.read_only);
        if let Some(property) = now.tickets.get_mut(name) {
            property.read_only |= knew;
        }
    }
}

/// A portal's definitions, with what was found out about it; `used` says which properties
/// matter, so that those which can't take their mapped values are reported.
pub fn completed(
    mut schema: Schema,
    portal: u64,
    operation: Operation,
    used: impl Fn(&str) -> bool,
    console: &Console,
) -> Schema {
    if let Some(known) = PortalFacts::of(portal) {
        for (name, fact) in known.completed(&mut schema, operation) {
            if used(name) {
                console.say(&format!(
                    "the portal keeps no values of {name}: found out {}; `tickethaul portal check \
                     --write-probe` looks again",
                    fact.source()
                ));
            }
        }
    }
    schema
}

/// What a run needs to know of a portal.
pub fn for_runs(portal: u64) -> KnownFacts {
    PortalFacts::of(portal).map_or_else(KnownFacts::default, |known| known.for_runs())
}

/// Keeps what a run finds out, and passes every event on to another listener.
pub struct Keeper {
    listener: Arc<dyn Listener>,
    client: Client,
    portal: u64,
    run: String,
}

impl Keeper {
    /// For a run in a portal.
    pub fn new(listener: Arc<dyn Listener>, client: Client, portal: u64, run: String) -> Keeper {
        Keeper {
            listener,
            client,
            portal,
            run,
        }
    }
}

impl Listener for Keeper {
    fn hear(&self, event: &Event) {
        if let Event::Learned(learned) = event {
            let at = self.client.portal_now().unwrap_or(Timestamp::UNIX_EPOCH);
            let known = PortalFacts::of(self.portal);
            let mut known = known.unwrap_or_else(|| PortalFacts::new(self.portal));
            known.learn(learned, at, &self.run);
            // What can't be kept is found out again by the next run.
            let _unkept = known.keep();
        }
        self.listener.hear(event);
    }
}

/// A lock for checks that probe a portal or archive what a probe left; none while another
/// check holds it.
pub fn probe_lock(portal: u64) -> io::Result<Option<File>> {
    let path = place(portal).ok_or(io::ErrorKind::NotFound)?;
    private_folder(path.parent().unwrap_or(&path))?;
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .append(true)
        .open(path.with_extension("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Forgets a portal that no longer exists.
pub fn forget(portal: u64) {
    if let Some(path) = place(portal) {
        // Anything left belongs to an account that no longer exists.
        let _gone = fs::remove_file(path);
    }
}

fn place(portal: u64) -> Option<PathBuf> {
    Some(known_folder()?.join(format!("{portal}.json")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(known: &mut PortalFacts, all: &[Learned]) {
        for one in all {
            known.learn(one, Timestamp::UNIX_EPOCH, "r1");
        }
    }

    fn date(with: Written, kept: bool) -> Learned {
        Learned::ValueKept {
            property: "createdate".to_owned(),
            with,
            kept,
        }
    }

    #[test]
    fn what_runs_meet_comes_back_to_them() {
        let mut known = PortalFacts::new(7);
        assert_eq!(known.for_runs(), KnownFacts::default());
        let keys = |activity, property: &str, kept| Learned::KeysKept {
            activity,
            property: property.to_owned(),
            kept,
        };
        let all = [
            keys(Activity::Note, ACTIVITY_KEY, true),
            keys(Activity::Email, ACTIVITY_KEY, false),
            keys(Activity::Call, "own", true),
            Learned::ArchivedByKey(false),
        ];
        learned(&mut known, &all);
        let mut expected = KnownFacts::default();
        for one in &all {
            let _new = expected.take(one);
        }
        assert_eq!(known.for_runs(), expected);
        // What the definitions say now replaces what they said before.
        for (said, word) in [
            (KeySaid::Unique, "unique"),
            (KeySaid::Plain, "plain or silent"),
            (KeySaid::Absent, "absent"),
        ] {
            let now = Learned::KeySaid {
                activity: Activity::Note,
                property: ACTIVITY_KEY.to_owned(),
                said,
            };
            let mut known = known.clone();
            known.learn(&now, Timestamp::UNIX_EPOCH, "r2");
            assert_eq!(known.found()["activity_key"], word);
            let kept = known.for_runs().keys_kept;
            let key = (Activity::Note, ACTIVITY_KEY.to_owned());
            assert_eq!(kept.contains_key(&key), said == KeySaid::Unique, "{word}");
        }
        assert_eq!(known.found()["activity_key"], "unique");
        assert_eq!(known.facts["calls.own"].by, Witness::Run("r1".to_owned()));
        // Something only read says less than what a run has seen, unless it contradicts it.
        let mut read = |value: &str| {
            let found = [("activity_key".to_owned(), value.to_owned())].into();
            known.take(found, Timestamp::UNIX_EPOCH, &Witness::Reading);
            known.for_runs()
        };
        let key = (Activity::Note, ACTIVITY_KEY.to_owned());
        let kept = read("unique or claimed").keys_kept.get(&key).copied();
        assert_eq!(kept, Some(true));
        assert_eq!(read("plain or silent").keys_kept.get(&key), None);
    }

    #[test]
    fn what_new_tickets_keep_says_little_of_updates() {
        let table: [(&[Learned], &str); 6] = [
            (&[date(Written::Create, true)], "create+update or create"),
            (&[date(Written::Create, false)], "no"),
            (&[date(Written::Update, true)], "create+update"),
            (&[date(Written::Update, false)], "create"),
            (
                &[date(Written::Update, false), date(Written::Create, true)],
                "create",
            ),
            (
                &[date(Written::Create, false), date(Written::Update, false)],
                "no",
            ),
        ];
        for (all, value) in table {
            let mut known = PortalFacts::new(7);
            learned(&mut known, all);
            assert_eq!(known.value("createdate_writable"), Some(value), "{all:?}");
        }
    }
}
