//! Data sets in which something was changed by hand: it is never trusted, and there is
//! one way out. What only a data set knows survives, and unsuitable targets are refused
//! before anything is read.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::support::data_set::{Story, is_whole, table};
use crate::support::{FilledPortal, files_below};

/// The way out.
const ANEW: &str = "`--replace` reads all tickets and writes the data set again";

/// Another byte in the middle of a file, whose length stays; gives what it held.
fn damage(path: &PathBuf) -> Vec<u8> {
    let before = fs::read(path).expect("a file");
    let mut bytes = before.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).expect("written");
    before
}

#[test]
fn a_file_that_was_changed_at_the_same_length_is_never_believed() {
    let more = "--history subject --with contacts.email --partition-by year(createdate)";
    let story = Story::new(12, &[], more);
    let contacts = story.desk.link_contacts(&story.ids, 1);
    story.desk.archive(&story.ids[..1]);
    story.run().expect(0);
    // Something of every table changes, so that its old rows are read.
    story.update(&story.ids[1..2], &json!({"subject": "changed"}));
    let link = json!({"inputs": [{"from": {"id": story.ids[2].to_string()}, "to": [{"id": contacts[0].to_string()}]}]});
    let path = "/crm/v4/associations/tickets/contacts/batch/archive";
    story.desk.call("POST", path, &link);
    let first = |table: &str| files_below(&story.desk.here.path("lake").join(table)).remove(0);
    let tables = ["tickets", "history", "links", "contacts", "deleted"];
    let state = ["_state.json", "_state.ids"].map(|name| story.desk.here.path("lake").join(name));
    for file in tables.map(first).into_iter().chain(state) {
        let before = damage(&file);
        let ended = story.run().expect(7).says("was changed after");
        let name = file
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        ended.says(&name).says(ANEW.trim_start_matches('`'));
        fs::write(&file, before).expect("put back");
    }
    // What is not read is not touched by a night, and found when all is read.
    let untouched = first("pipelines");
    let before = damage(&untouched);
    story.run_with(["--reconcile"]).expect(7).says(ANEW);
    fs::write(&untouched, before).expect("put back");
    story.run().expect(0).says("1 new or changed, 0 gone");
    let _manifest = story.check(&["history", "links", "contacts"], "put back");
}

#[test]
fn whatever_is_damaged_there_is_one_way_out() {
    let story = Story::new(5, &[], "");
    let lake = || story.desk.here.path("lake");
    let part = || files_below(&lake().join("tickets")).remove(0);
    story.run().expect(0);
    let cases: [(&str, &dyn Fn()); 5] = [
        ("a longer part", &|| {
            fs::write(part(), "edited by hand").expect("written")
        }),
        ("a part is missing", &|| {
            fs::remove_file(part()).expect("removed")
        }),
        ("a longer state", &|| {
            fs::write(lake().join("_state.json"), "{}").expect("written")
        }),
        ("no state", &|| {
            fs::remove_file(lake().join("_state.json")).expect("removed")
        }),
        ("no index", &|| {
            fs::remove_file(lake().join("_state.ids")).expect("removed")
        }),
    ];
    for (case, harm) in cases {
        harm();
        story.run().expect(7).says(ANEW);
        story
            .run_with(["--replace"])
            .expect(0)
            .says("5 tickets exported");
        let _manifest = story.check(&[], case);
    }
    let manifest = story.desk.here.read("lake/_manifest.json");
    for text in [Some(&manifest[..manifest.len() / 2]), None] {
        let path = lake().join("_manifest.json");
        match text {
            Some(text) => fs::write(path, text).expect("written"),
            None => fs::remove_file(path).expect("removed"),
        }
        for more in ["", "--replace", "--force"] {
            let ended = story
                .run_with(more)
                .expect(7)
                .says("_manifest.json is missing, or");
            ended.says("move the folder away");
        }
    }
    fs::rename(lake(), story.desk.here.path("away")).expect("moved");
    story.run().expect(0).says("5 tickets exported");
}

#[test]
fn what_a_data_set_alone_knows_outlives_it() {
    let story = Story::new(10, &[], "");
    let (purged, archived) = (story.ids[0], story.ids[1]);
    story.desk.archive(&story.ids[..2]);
    story.run().expect(0);
    story.press("purge", &[purged]);
    story.run().expect(0);
    let expected = [
        (purged, "purged".to_owned()),
        (archived, "archived".to_owned()),
    ];
    for more in ["--replace", "--force", "--replace --format jsonl"] {
        story.run_with(more).expect(0).says("8 tickets exported");
        if !more.contains("--format") {
            assert_eq!(story.tombstones(), expected, "{more:?}");
        }
    }
    let csv = ["--replace", "--format", "csv"];
    story.run_with(csv).expect(0);
    assert_eq!(
        story.tombstones(),
        expected,
        "they come back from another form"
    );
    let deleted = files_below(&story.desk.here.path("lake/deleted")).remove(0);
    let _before = damage(&deleted);
    let ended = story.run_with(csv).expect(0);
    ended.says("says of purged tickets is lost");
    assert_eq!(story.tombstones(), [(archived, "archived".to_owned())]);
}

#[test]
fn a_table_without_rows_stays() {
    let story = Story::new(3, &[], "--history subject --with contacts.email");
    let tables = ["tickets", "history", "links", "contacts", "deleted"];
    let files = || {
        let files = tables.map(|table| files_below(&story.desk.here.path("lake").join(table)));
        files.map(|files| {
            files
                .into_iter()
                .map(|path| fs::read_to_string(path).expect("text"))
        })
    };
    let header_only = |text: &String| text.lines().count() == 1 && text.starts_with("hs_object_id");
    story.run().expect(0);
    let [_tickets, _history, mut links, mut contacts, mut deleted] = files();
    for table in [&mut links, &mut contacts, &mut deleted] {
        assert_eq!(
            table.map(|text| header_only(&text)).collect::<Vec<_>>(),
            [true]
        );
    }
    story.desk.archive(&story.ids);
    story
        .run()
        .expect(0)
        .says("3 gone; the data set holds 0 tickets");
    let _manifest = is_whole(&story.desk, "lake");
    let [tickets, history, links, ..] = files();
    for table in [tickets, history, links] {
        assert_eq!(
            table.map(|text| header_only(&text)).collect::<Vec<_>>(),
            [true]
        );
    }
    let names = || tables.map(|table| files_below(&story.desk.here.path("lake").join(table)));
    let before = names();
    story.run().expect(0).says("0 new or changed");
    assert_eq!(names(), before, "nothing is written anew");
    story.press("restore", &story.ids[..1]);
    story.run().expect(0).says("1 new or changed");
    let _manifest = story.check(&["history", "links", "contacts"], "one is back");
}

#[test]
fn the_table_of_owners_stays_when_its_scope_goes() {
    let args = "--rate off --data portal.db --switch search_lag=0s";
    let desk = FilledPortal::in_folder(crate::support::Rehearsal::new(), args);
    let _ids = desk.create(2, |_| json!({"subject": "a"}));
    let export = "--properties subject --since last -o";
    let run = |desk: &FilledPortal, set: &str| desk.export((export, &[set])).expect(0);
    let _ended = run(&desk, "lake");
    let before = table(&desk, "lake", "owners");
    assert!(!before.is_empty());
    let desk = desk.served((args, "--switch missing_scopes=crm.objects.owners.read"));
    run(&desk, "lake").says("their table stays as the last run wrote it");
    assert_eq!(table(&desk, "lake", "owners"), before);
    let _manifest = is_whole(&desk, "lake");
    run(&desk, "fresh").says("their table is empty");
    assert_eq!(files_below(&desk.here.path("fresh/owners")).len(), 1);
}

#[test]
fn places_and_words_that_are_none_for_a_data_set_are_refused() {
    let story = Story::new(3, &[], "");
    story.run().expect(0);
    story
        .run_with(["--run-dir", "lake/run"])
        .expect(64)
        .says("the run folder is");
    let subject = "--properties subject";
    let (within, here) = (
        "lies in the data set",
        "the folder that the command runs in is",
    );
    for (more, words) in [
        ("-o lake/a.csv", within),
        ("-o lake/more --since last", within),
        ("-o lake/tickets/x --since last", within),
        ("-o . --since last", here),
        (
            "-o new --since 2d --partition-by month(createdate)",
            "--since 2d writes a file of what changed",
        ),
        (
            "-o new --partition-by month(subject)",
            "subject holds no dates",
        ),
    ] {
        story.desk.export((subject, more)).expect(64).says(words);
    }
    // From within, the folder is the same.
    let inside = story
        .desk
        .tool("export --properties subject -o . --since last");
    inside.in_folder("lake").run().expect(64).says(here);
    assert!(!story.desk.here.path("new").exists());
    story.run().expect(0);
    let _manifest = story.check(&[], "nothing was left in it");
}
