//! Tickets that are gone: in the recycle bin, merged into another, or purged. The table
//! `deleted` of a data set, and how it continues from one run to the next (E3). Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::export::cell::Cell;
use crate::export::columns::{Column, ID_COLUMN, Kind};

/// The table of tickets that are gone.
pub const DELETED: &str = "deleted";

/// How a ticket went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is in the recycle bin.
    Archived,
    /// It was merged into another.
    Merged,
    /// It no longer exists anywhere.
    Purged,
}

/// A ticket that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// Record id.
    pub id: u64,
    /// How it went.
    pub how: How,
    /// When: for the recycle bin and for merges as the portal reports it, for a purge when it was
    /// noticed.
    pub at: Option<String>,
    /// The ticket that it was merged into.
    pub into: Option<u64>,
    /// When a run first reported it, and which run; shared by many tombstones.
    pub noticed: Arc<[String; 2]>,
}

const WORDS: [(How, &str); 3] = [
    (How::Archived, "archived"),
    (How::Merged, "merged"),
    (How::Purged, "purged"),
];

/// The columns of the table.
pub fn columns() -> Vec<Column> {
    let mut columns = vec![
        Column::plain(ID_COLUMN, "Record ID", Kind::Id),
        Column::plain("deleted_at", "Deleted at", Kind::Instant),
        Column::plain("how", "How", Kind::Text),
        Column::plain("merged_into", "Merged into", Kind::OtherId),
    ];
    columns.extend(super::table::stamp_columns());
    columns
}

impl Tombstone {
    /// Its row.
    pub fn cells(&self) -> Vec<Cell<'_>> {
        let word = WORDS.iter().find(|(how, _)| *how == self.how);
        let into = self.into.map(|id| Cell::One(id.to_string().into()));
        let text = |text: &'_ str| Cell::One(text.to_owned().into());
        vec![
            Cell::One(self.id.to_string().into()),
            self.at.as_deref().map_or(Cell::Empty, text),
            text(word.map_or("", |(_, word)| *word)),
            into.unwrap_or(Cell::Empty),
            text(&self.noticed[0]),
            text(&self.noticed[1]),
        ]
    }

    /// Parses a written row; none if it is not valid. Its run's stamp is shared with the previous
    /// tombstone if it is the same.
    pub fn of(id: u64, cells: &[Cell<'_>], before: Option<&Tombstone>) -> Option<Tombstone> {
        let text = |place: usize| match cells.get(place) {
            Some(Cell::One(text)) => Some(text.to_string()),
            _ => None,
        };
        let word = text(2)?;
        let (how, _) = WORDS.iter().find(|(_, known)| *known == word)?;
        let noticed = [text(4).unwrap_or_default(), text(5).unwrap_or_default()];
        let before = before.filter(|before| *before.noticed == noticed);
        Some(Tombstone {
            id,
            how: *how,
            at: text(1),
            into: text(3).and_then(|id| id.parse().ok()),
            noticed: before.map_or_else(|| Arc::new(noticed), |before| before.noticed.clone()),
        })
    }
}

/// What a run learnt about tickets that are gone.
#[derive(Clone, Debug, Default)]
pub struct Learnt {
    /// What is in the recycle bin, and since when.
    pub bin: BTreeMap<u64, Option<String>>,
    /// Tickets that were merged into one of the set or of the recycle bin.
    pub merged: BTreeMap<u64, u64>,
    /// When that happened, if the set does not record it yet and the portal still remembers it.
    pub merged_at: BTreeMap<u64, String>,
    /// Survivors of merges that this run read, whether or not they are still in the set.
    pub heard: std::collections::HashSet<u64>,
    /// Tickets that were in the set or in the recycle bin and no longer exist anywhere.
    pub nowhere: Vec<u64>,
}

/// The tombstones from now on, in id order. `is_live` says whether a ticket is in the set as a live
/// one; `noticed` is the stamp of this run, its time first.
pub fn gone_on(
    before: &[Tombstone],
    learnt: &Learnt,
    is_live: impl Fn(u64) -> bool,
    noticed: &[String; 2],
) -> Vec<Tombstone> {
    let noticed = Arc::new(noticed.clone());
    let mut now: BTreeMap<u64, Tombstone> = BTreeMap::new();
    let stone = |id, how, at, into| Tombstone {
        id,
        how,
        at,
        into,
        noticed: noticed.clone(),
    };
    for old in before {
        if stays(old, learnt) && !is_live(old.id) {
            let _none = now.insert(old.id, old.clone());
        }
    }
    for id in &learnt.nowhere {
        let known = now.contains_key(id);
        if !known && !is_live(*id) {
            let _none = now.insert(*id, stone(*id, How::Purged, Some(noticed[0].clone()), None));
        }
    }
    for (id, at) in &learnt.bin {
        let _old = now.insert(*id, stone(*id, How::Archived, at.clone(), None));
    }
    let former: BTreeMap<u64, &Tombstone> = before.iter().map(|old| (old.id, old)).collect();
    for (id, survivor) in &learnt.merged {
        let remembered = learnt.merged_at.get(id);
        let in_bin = || learnt.bin.get(id)?.as_ref();
        let old = former.get(id).filter(|old| old.into == Some(*survivor));
        let known = || old?.at.as_ref();
        let at = remembered.or_else(in_bin).or_else(known).cloned();
        let _old = now.insert(*id, stone(*id, How::Merged, at, Some(*survivor)));
    }
    let with_first_notice = |new: Tombstone| match former.get(&new.id) {
        Some(old) if (old.how, &old.at, old.into) == (new.how, &new.at, new.into) => (*old).clone(),
        _ => new,
    };
    now.into_values().map(with_first_notice).collect()
}

/// Whether a tombstone remains valid if this run learnt nothing new about it.
fn stays(old: &Tombstone, learnt: &Learnt) -> bool {
    match (old.how, old.into) {
        (How::Archived, _) => false,
        (How::Merged, Some(survivor)) => !learnt.heard.contains(&survivor),
        (How::Merged, None) | (How::Purged, _) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stone(id: u64, how: How, at: Option<&str>, into: Option<u64>, run: &str) -> Tombstone {
        Tombstone {
            id,
            how,
            at: at.map(str::to_owned),
            into,
            noticed: Arc::new(["t".to_owned(), run.to_owned()]),
        }
    }

    #[test]
    fn tombstones_follow_the_bin_merges_and_purges() {
        let before = [
            stone(1, How::Archived, Some("a"), None, "old"),
            stone(2, How::Archived, Some("a"), None, "old"),
            stone(3, How::Archived, Some("a"), None, "old"),
            stone(4, How::Merged, None, Some(40), "old"),
            stone(5, How::Merged, None, Some(50), "old"),
            stone(6, How::Merged, None, Some(60), "old"),
            stone(7, How::Purged, Some("t"), None, "old"),
            stone(8, How::Purged, Some("t"), None, "old"),
        ];
        let learnt = Learnt {
            bin: [(1, Some("a".to_owned())), (9, Some("b".to_owned()))].into(),
            // 40 was merged into 41; 60 left the filter.
            merged: [(4, 41), (40, 41)].into(),
            heard: [41, 40, 60].into(),
            nowhere: vec![3, 7, 10],
            merged_at: [(40, "m".to_owned())].into(),
        };
        let live = [2, 8, 41];
        let now = gone_on(
            &before,
            &learnt,
            |id| live.contains(&id),
            &["t".into(), "new".into()],
        );
        let expected = [
            stone(1, How::Archived, Some("a"), None, "old"),
            stone(3, How::Purged, Some("t"), None, "new"),
            stone(4, How::Merged, None, Some(41), "new"),
            stone(5, How::Merged, None, Some(50), "old"),
            stone(7, How::Purged, Some("t"), None, "old"),
            stone(9, How::Archived, Some("b"), None, "new"),
            stone(10, How::Purged, Some("t"), None, "new"),
            stone(40, How::Merged, Some("m"), Some(41), "new"),
        ];
        assert_eq!(now, expected);
    }

    #[test]
    fn rows_come_back() {
        for stone in [
            stone(1, How::Archived, Some("2026-01-01T00:00:00Z"), None, "r"),
            stone(2, How::Merged, None, Some(3), "r"),
        ] {
            let back = Tombstone::of(stone.id, &stone.cells(), None).expect("a tombstone");
            assert_eq!(back, stone);
        }
        assert_eq!(Tombstone::of(1, &[], None), None);
    }
}
