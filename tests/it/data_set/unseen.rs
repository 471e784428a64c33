//! Data sets of portals in which something happens to tickets that no date of theirs
//! shows: merges that leave it as it was, and tickets that are deleted for good at once.

use serde_json::json;

use crate::support::data_set::{is_whole, table};
use crate::support::{Args, Ended, FilledPortal, Row, id, switched};

/// A portal of tickets that were last changed years ago.
struct Old {
    desk: FilledPortal,
    ids: Vec<u64>,
}

impl Old {
    /// With a data set of it.
    fn new(switches: &[&str], more: &[&str]) -> Old {
        let args = "--rate off --seed-tickets 40 --switch search_lag=0s";
        let mut old = Old {
            desk: FilledPortal::new((args, switched(switches))),
            ids: Vec::new(),
        };
        let _ended = old.run("lake", more);
        let rows = table(&old.desk, "lake", "tickets").into_iter();
        old.ids = rows
            .map(|row| row["hs_object_id"].parse().expect("an id"))
            .collect();
        old.ids.sort_unstable();
        old
    }

    fn run(&self, set: &str, more: impl Args) -> Ended {
        let args = "--properties subject,content,hs_pipeline,hs_merged_object_ids";
        let set = format!("--partition-by year(createdate) --since last -o {set}");
        self.desk.export((args, &set, more)).expect(0)
    }

    fn merge(&self, primary: u64, loser: u64) -> u64 {
        let ids = [primary, loser].map(|id| id.to_string());
        let body = json!({"primaryObjectId": ids[0], "objectIdToMerge": ids[1]});
        id(&self
            .desk
            .call("POST", "/crm/v3/objects/tickets/merge", &body))
    }

    /// Deletes a ticket for good.
    fn purge(&self, id: u64) {
        self.desk.archive(&[id]);
        let body = json!({"inputs": [{"id": id.to_string()}]});
        self.desk.call("POST", "/_sandbox/tickets/purge", &body);
    }

    fn stone(&self, id: u64) -> Option<Row> {
        let mut rows = table(&self.desk, "lake", "deleted").into_iter();
        rows.find(|row| row["hs_object_id"] == id.to_string())
    }

    #[track_caller]
    fn is_a_full_export(&self, more: impl Args, story: &str) {
        let _none = std::fs::remove_dir_all(self.desk.here.path("fresh"));
        let _ended = self.run("fresh", more);
        for name in ["tickets", "deleted"] {
            let [held, fresh] = ["lake", "fresh"].map(|set| table(&self.desk, set, name));
            assert_eq!(held, fresh, "{story}: {name}");
        }
        let _manifest = is_whole(&self.desk, "lake");
    }
}

#[test]
fn merges_that_move_no_date_are_found() {
    let still = "merge_touches_modified=no";
    for switches in [
        &[still][..],
        &[still, "merge_id=kept"],
        &[still, "merge_loser=archived"],
    ] {
        let old = Old::new(switches, &[]);
        let story = format!("{switches:?}");
        let loser = old.ids[1];
        let into = |survivor: u64| {
            let stone = old.stone(loser).expect("a tombstone");
            assert_eq!(stone["how"], "merged", "{story}");
            assert_eq!(stone["merged_into"], survivor.to_string(), "{story}");
            assert!(!stone["deleted_at"].is_empty(), "{story}: {stone:?}");
        };
        let survivor = old.merge(old.ids[0], loser);
        let _ended = old.run("lake", "");
        into(survivor);
        // A survivor that is merged in its turn.
        let again = old.merge(old.ids[2], survivor);
        let _ended = old.run("lake", "");
        into(again);
        old.is_a_full_export("", &story);
        old.run("lake", "").says("0 new or changed, 0 gone");
    }
}

#[test]
fn a_ticket_that_is_deleted_for_good_at_once_is_found_by_its_links_or_told() {
    let links = ["--with", "contacts"];
    let old = Old::new(&[], &links);
    let _ended = old.run("plain", "");
    old.purge(old.ids[3]);
    old.run("lake", links).says("1 gone");
    let stone = old.stone(old.ids[3]).expect("a tombstone");
    assert_eq!(stone["how"], "purged");
    assert!(!stone["deleted_at"].is_empty());
    // However many there are, one run finds all of them.
    (4..old.ids.len()).for_each(|one| old.purge(old.ids[one]));
    let gone = old.ids.len() - 4;
    assert!(gone > 20, "{gone}");
    let _ended = old.run("lake", links).says(&format!("{gone} gone"));
    let live = table(&old.desk, "lake", "tickets").len();
    old.run("lake", links)
        .says("0 new or changed, 0 gone")
        .says_nothing_of("portal counts");
    let ended = old.run("plain", "").says("0 gone");
    ended
        .says(&format!("the portal counts {} tickets fewer", gone + 1))
        .says("--reconcile takes");
    assert_eq!(is_whole(&old.desk, "plain")["uncounted"], gone + 1);
    old.run("plain", "--reconcile")
        .says(&format!("{} gone", gone + 1));
    let ended = old.run("plain", "");
    assert!(!ended.stderr.contains("portal counts"), "{}", ended.stderr);
    assert_eq!(table(&old.desk, "plain", "tickets").len(), live);
}
