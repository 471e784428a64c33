//! Owners by e-mail, full name or id. Deactivated users can't be given tickets, so
//! they count as missing, and a name that two have is never guessed.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::quality::RandomState;

use crate::mapping::convert::Converted;
use crate::mapping::look_up::LookUp;
use crate::mapping::nearest::{Names, fold};
use crate::model::issue::Reason;
use crate::model::schema::Owner;
use crate::model::ticket::Remark;

/// Everybody of a portal, ready to be looked up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners {
    by_email: HashMap<String, Holders, RandomState>,
    by_name: HashMap<String, Holders, RandomState>,
    by_id: HashMap<String, Holders, RandomState>,
    known: Names,
}

/// The owners under one e-mail, name or id.
#[derive(Clone, Debug, Default)]
struct Holders {
    active: Vec<Holder>,
    archived: bool,
}

#[derive(Clone, Debug)]
struct Holder {
    id: String,
    email: String,
}

/// What to do about an owner that the portal lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// The row is refused.
    Refuse,
    /// The property is left out.
    Blank,
    /// This owner gets the ticket, by id.
    Fallback(String),
}

/// How a column names owners.
#[derive(Clone, Debug)]
pub(crate) struct OwnerRule {
    /// The portal's owners.
    pub(crate) owners: Arc<Owners>,
    /// Whether ids are accepted too. With `lookup = "owner"` they are not: another
    /// system's ids could be somebody else's here.
    pub(crate) by_id: bool,
    /// A file that turns the column's texts into e-mails or names; texts that it lacks
    /// are looked up as they are.
    pub(crate) people: Option<Arc<LookUp>>,
    /// What to do without an owner.
    pub(crate) absent: Absent,
}

impl Owners {
    /// Indexes the owners of a portal.
    pub(crate) fn new(owners: &[Owner]) -> Owners {
        let mut list = Owners::default();
        for owner in owners {
            enter(&mut list.by_email, &owner.email, owner);
            enter(&mut list.by_name, &owner.full_name(), owner);
            enter(&mut list.by_id, &owner.id, owner);
            if !owner.archived {
                list.known.push(&owner.email);
                list.known.push(&owner.full_name());
            }
        }
        list
    }

    /// The e-mail or name of an active owner that looks most like a text.
    pub(crate) fn nearest(&self, text: &str) -> Option<String> {
        self.known.nearest(text).map(str::to_owned)
    }

    /// The owners with a text. An active one found in any way comes before archived ones.
    fn find(&self, text: &str, by_id: bool) -> Option<&Holders> {
        let text = fold(text);
        let mut archived = None;
        let indexes = [
            Some(&self.by_email),
            Some(&self.by_name),
            by_id.then_some(&self.by_id),
        ];
        for holders in indexes
            .into_iter()
            .flatten()
            .filter_map(|index| index.get(&text))
        {
            if !holders.active.is_empty() {
                return Some(holders);
            }
            archived = Some(holders);
        }
        archived
    }
}

fn enter(index: &mut HashMap<String, Holders, RandomState>, text: &str, owner: &Owner) {
    let text = fold(text);
    if text.is_empty() {
        return;
    }
    let holders = index.entry(text).or_default();
    if owner.archived {
        holders.archived = true;
    } else {
        holders.active.push(Holder {
            id: owner.id.clone(),
            email: owner.email.clone(),
        });
    }
}

impl OwnerRule {
    /// The id of the owner.
    pub(crate) fn convert(&self, text: &str) -> Result<Converted, Reason> {
        let listed = self.people.as_ref().and_then(|people| people.get(text));
        let text = listed.unwrap_or(text);
        let holders = self.owners.find(text, self.by_id);
        match holders.map_or(&[][..], |holders| &holders.active) {
            [one] => Ok(Converted::plain(&one.id)),
            [] => self.absent(text, holders.is_some_and(|holders| holders.archived)),
            several => Err(Reason::AmbiguousOwner {
                emails: several.iter().map(|holder| holder.email.clone()).collect(),
            }),
        }
    }

    /// The rule for an owner named by the mapping itself: it has to exist, and may be
    /// given by id.
    pub(crate) fn strict(&self) -> OwnerRule {
        OwnerRule {
            owners: Arc::clone(&self.owners),
            by_id: true,
            people: None,
            absent: Absent::Refuse,
        }
    }

    fn absent(&self, text: &str, archived: bool) -> Result<Converted, Reason> {
        match &self.absent {
            Absent::Blank => Ok(Converted::left_blank()),
            Absent::Fallback(id) => Ok(Converted::remarked(id, Some(Remark::FellBack))),
            Absent::Refuse => Err(Reason::UnknownOwner {
                archived,
                nearest: self.owners.nearest(text).filter(|_| !archived),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(id: &str, email: &str, name: (&str, &str), archived: bool) -> Owner {
        Owner {
            id: id.to_owned(),
            email: email.to_owned(),
            first_name: name.0.to_owned(),
            last_name: name.1.to_owned(),
            archived,
        }
    }

    fn rule(absent: Absent, by_id: bool) -> OwnerRule {
        let owners = Owners::new(&[
            owner("1", "maya@x.example", ("Maya", "Lindqvist"), false),
            owner("2", "alex@x.example", ("Alex", "Kim"), false),
            owner("3", "alexandra@x.example", ("Alex", "Kim"), false),
            owner("4", "oliver@x.example", ("Oliver", "Brandt"), true),
            owner("5", "maya@x.example", ("Maya", "Lindqvist"), true),
            owner("6", "bot@x.example", ("", ""), false),
        ]);
        OwnerRule {
            owners: Arc::new(owners),
            by_id,
            people: None,
            absent,
        }
    }

    #[test]
    fn owners_are_found_by_mail_name_and_id() {
        let rule = rule(Absent::Refuse, true);
        for (text, id) in [
            ("Maya@X.example", "1"),
            ("maya lindqvist", "1"),
            ("alexandra@x.example", "3"),
            ("2", "2"),
            ("bot@x.example", "6"),
        ] {
            assert_eq!(rule.convert(text), Ok(Converted::plain(id)), "{text}");
        }
    }

    #[test]
    fn a_shared_name_is_refused_even_with_a_fallback() {
        let emails = vec![
            "alex@x.example".to_owned(),
            "alexandra@x.example".to_owned(),
        ];
        for absent in [
            Absent::Refuse,
            Absent::Blank,
            Absent::Fallback("1".to_owned()),
        ] {
            let emails = emails.clone();
            assert_eq!(
                rule(absent, false).convert("Alex Kim"),
                Err(Reason::AmbiguousOwner { emails })
            );
        }
    }

    #[test]
    fn strangers_and_the_deactivated_count_as_missing() {
        for text in ["Oliver Brandt", "oliver@x.example", "Nobody At All", "2"] {
            assert_eq!(
                rule(Absent::Blank, false).convert(text),
                Ok(Converted::left_blank())
            );
            let fallback = rule(Absent::Fallback("6".to_owned()), false);
            let fell_back = Converted::remarked("6", Some(Remark::FellBack));
            assert_eq!(fallback.convert(text), Ok(fell_back), "{text}");
        }
        let refuse = rule(Absent::Refuse, false);
        assert_eq!(
            refuse.convert("Oliver Brandt"),
            Err(Reason::UnknownOwner {
                archived: true,
                nearest: None
            })
        );
        assert_eq!(
            refuse.convert("Maja Lindqvist"),
            Err(Reason::UnknownOwner {
                archived: false,
                nearest: Some("Maya Lindqvist".to_owned())
            })
        );
    }
}
