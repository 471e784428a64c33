//! `undo`: a portal after an undo is as it was before the run, but for what others touched
//! since, however often the undo was killed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::reviewed::{desk, file, ids, import, prepared, rows, update};
use crate::support::{Args, FilledPortal, Rehearsal};

fn undo(desk: &FilledPortal, run: &str, more: impl Args, code: i32) -> Value {
    desk.run((format!("undo {run} --yes --json --horizon 0.2"), more))
        .expect(code)
        .json()
}

/// Everything that is live, with its values and contacts, by key.
fn portal(desk: &FilledPortal) -> BTreeMap<String, String> {
    let names = "desk_id,subject,content,hs_pipeline_stage,hs_ticket_priority,closed_date";
    let args = format!("--properties {names} --with contacts.email --force -o all.csv");
    desk.export(args).expect(0);
    let rows = desk.here.rows("all.csv").into_iter();
    rows.map(|row| (row["desk_id"].clone(), format!("{row:?}")))
        .collect()
}

#[test]
fn what_a_create_made_goes_and_can_be_made_again() {
    for holds in ["archived_holds_unique=blocks", "archived_holds_unique=free"] {
        let desk = desk(["--switch", holds]);
        desk.here.write("in.csv", file(1..=120, "Subject", "text"));
        import(&desk, "create", "in.csv", "run").expect(0);
        let ids = ids(&desk, "run");
        update(&desk, &[ids["D-3"]], &json!({"subject": "edited"}));
        desk.link_contacts(&[ids["D-4"]], 1);

        let planned = undo(&desk, "run", "--plan", 0);
        assert_eq!(
            (&planned["archived"], &planned["left"]["TOUCHED"]),
            (&json!(118), &json!(1))
        );
        assert_eq!(portal(&desk).len(), 120, "a plan changes nothing");

        let undone = undo(&desk, "run", "--run-dir back", 3);
        assert_eq!(undone["archived"], 118, "{undone}");
        assert_eq!(undone["left"], json!({"TOUCHED": 1, "LINKED_BY_OTHERS": 1}));
        let left: Vec<String> = portal(&desk).into_keys().collect();
        assert_eq!(left, ["D-3", "D-4"], "{holds}");
        let status = desk.here.run("status back --json").expect(0).json();
        assert_eq!(status["state"], "finished", "{status}");
        let listed = desk.here.rows("back/undo.csv");
        assert_eq!(listed.len(), 120);
        let touched = listed
            .iter()
            .find(|row| row["_key"] == "D-3")
            .expect("listed");
        let told = [
            &*touched["_undone"],
            &*touched["_property"],
            &*touched["_value"],
        ];
        assert_eq!(told, ["left", "subject", "edited"]);
        assert_eq!(touched["_ticket_id"], ids["D-3"].to_string());
        // The same import again makes all of it anew.
        import(&desk, "create", "in.csv", "again").expect(0);
        let again = desk.here.rows("again/done.csv");
        let exist = again.iter().filter(|row| row["_fate"] == "exists").count();
        assert_eq!(
            (again.len(), exist, portal(&desk).len()),
            (120, 2, 120),
            "{holds}"
        );
    }
}

#[test]
fn what_an_upsert_changed_is_as_it_was_before() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=60, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    let before = portal(&desk);
    // Twenty stay as they are, forty change twice, ten are new.
    let twice = file(1..=40, "First", "other") + &rows(1..=70, "Second", "");
    let twice = twice.replace("Second 5", "Subject 5");
    desk.here.write("twice.csv", twice);
    import(&desk, "upsert", "twice.csv", "twice").expect(0);
    let ids = ids(&desk, "run");
    update(
        &desk,
        &[ids["D-7"]],
        &json!({"subject": "mine", "hs_ticket_priority": "HIGH"}),
    );

    let planned = undo(&desk, "twice", "--plan", 0);
    let undone = undo(&desk, "twice", "--run-dir back", 3);
    assert_eq!(
        (&undone["archived"], &undone["left"]["TOUCHED"]),
        (&json!(10), &json!(2)),
        "{undone}"
    );
    for count in ["archived", "restored", "partly", "unchanged", "left"] {
        assert_eq!(undone[count], planned[count], "as it was planned");
    }
    let after = portal(&desk);
    let differ: Vec<&String> = before
        .keys()
        .filter(|key| after.get(*key) != before.get(*key))
        .collect();
    assert_eq!((before.len(), after.len()), (60, 60));
    assert_eq!(differ, ["D-7"]);
    // Nothing is left to do.
    let again = undo(&desk, "twice", "--plan", 0);
    assert_eq!(
        (&again["archived"], &again["restored"], &again["left"]),
        (&json!(0), &json!(0), &json!({"TOUCHED": 2})),
        "nobody else touched the others: {again}"
    );
}

#[test]
fn an_undo_that_is_killed_ends_as_if_it_had_not_been() {
    for (call, operation) in [("batch/archive", "create"), ("batch/update", "upsert")] {
        for state in ["received", "committed", "answered"] {
            let mut desk = desk(["--trouble", &format!("hold@2={state}:tickets/{call}")]);
            desk.here.write("in.csv", file(1..=120, "Subject", "text"));
            import(&desk, "create", "in.csv", "run").expect(0);
            let mut before = portal(&desk);
            if operation == "upsert" {
                desk.here.write("other.csv", file(1..=120, "Other", ""));
                import(&desk, "upsert", "other.csv", "other").expect(0);
            } else {
                before.clear();
            }
            let of = if operation == "upsert" {
                "other"
            } else {
                "run"
            };
            assert!(
                desk.kill_tool_while_held(format!("undo {of} --yes --run-dir back --horizon 0.2")),
                "{call} {state}"
            );
            let ended = desk
                .run("resume back --horizon 0.2 --json")
                .expect(0)
                .json();
            let whole = [&ended["archived"], &ended["restored"]];
            assert!(whole.contains(&&json!(120)), "{call} {state}: {ended}");
            assert_eq!(portal(&desk), before, "{call} {state}");
            let listed = desk.here.rows("back/undo.csv");
            assert_eq!(listed.len(), 120, "{call} {state}");
            let word = if operation == "upsert" {
                "updated"
            } else {
                "archived"
            };
            assert!(
                listed.iter().all(|row| row["_undone"] == word),
                "{call} {state}"
            );
        }
    }
}

#[test]
fn runs_that_are_undone_one_after_the_other_are_nobody_elses_work() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=4, "Subject", ""));
    import(&desk, "create", "in.csv", "run").expect(0);
    // The second run fills a property and gives the tickets a contact more, twice each.
    let twice = file(1..=4, "Subject", "filled") + &rows(1..=4, "Subject", "again");
    desk.here.write("more.csv", twice.replace(",p", ",q"));
    import(&desk, "upsert", "more.csv", "more").expect(0);
    let planned = undo(&desk, "more", "--plan", 0);
    let undone = undo(&desk, "more", "", 0);
    for count in ["restored", "left"] {
        assert_eq!(undone[count], planned[count], "{undone}");
    }
    let undone = undo(&desk, "run", "", 0);
    assert_eq!(undone["archived"], 4, "{undone}");
    // Tickets that the same run creates, links and changes go as it was planned.
    let both = file(1..=2, "Subject", "one") + &rows(1..=2, "Subject", "two").replace(",p", ",q");
    desk.here.write("both.csv", both);
    import(&desk, "upsert", "both.csv", "both").expect(0);
    let planned = undo(&desk, "both", "--plan", 0);
    let undone = undo(&desk, "both", "", 0);
    for count in ["archived", "restored", "left"] {
        assert_eq!(undone[count], planned[count], "{undone}");
    }
    assert_eq!(portal(&desk).len(), 0);
}

#[test]
fn an_undo_does_without_the_scopes_of_activities_and_says_so() {
    let desk = desk("--switch activity_scopes=own --switch missing_scopes=crm.objects.calls.read");
    desk.here.write("in.csv", file(1..=2, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    let ended = desk.run("undo run --yes --horizon 0.2").expect(0);
    ended.says("the token may not read calls");
    assert_eq!(portal(&desk).len(), 0);
}

#[test]
fn an_undo_that_is_finished_is_not_done_again() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=3, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    update(
        &desk,
        &[ids(&desk, "run")["D-2"]],
        &json!({"subject": "mine"}),
    );
    let _undone = undo(&desk, "run", "--run-dir back", 3);
    update(
        &desk,
        &[ids(&desk, "run")["D-2"]],
        &json!({"subject": "Subject 2"}),
    );
    for args in ["resume back", "undo run --run-dir back"] {
        let ended = desk.run(args).expect(3);
        ended.says("is finished").says("undo.csv");
        assert_eq!(portal(&desk).len(), 1, "{args:?}");
    }
    // The folder of any other run that is finished is not one of it.
    import(&desk, "upsert", "in.csv", "more").expect(0);
    for folder in ["back", "more"] {
        let ended = desk
            .run(format!("undo more --yes --run-dir {folder}"))
            .expect(64);
        ended.says("is not an undo of that run");
    }
}

#[test]
fn a_stage_goes_back_with_the_date_on_which_its_ticket_was_closed() {
    for reopened in ["cleared", "kept"] {
        let desk = desk(["--switch", &format!("closed_date_on_reopen={reopened}")]);
        desk.here.write("in.csv", file(1..=4, "Subject", "text"));
        import(&desk, "create", "in.csv", "run").expect(0);
        let ids = ids(&desk, "run");
        let closed = json!({"hs_pipeline_stage": "4", "closed_date": "2025-01-02T10:00:00Z"});
        update(&desk, &[ids["D-1"], ids["D-2"]], &closed);
        let before = portal(&desk);
        assert!(before["D-1"].contains("2025-01-02"), "{before:?}");
        desk.here.write("open.csv", file(1..=3, "Opened", "text"));
        import(&desk, "update", "open.csv", "open").expect(0);
        let close = desk.here.read("m.toml").replace("\"1\" }", "\"4\" }");
        desk.here.write("m.toml", close);
        desk.here.write("close.csv", file(3..=4, "Closed", "text"));
        import(&desk, "update", "close.csv", "close").expect(0);
        assert_ne!(portal(&desk), before, "{reopened}");
        for run in ["close", "open"] {
            let _undone = undo(&desk, run, "", 0);
        }
        assert_eq!(portal(&desk), before, "{reopened}");
    }
}

#[test]
fn a_row_that_was_refused_once_its_ticket_was_written_is_taken_back_too() {
    for operation in ["update", "upsert"] {
        let desk = desk("");
        desk.here.write("in.csv", file(1..=3, "Subject", "text"));
        import(&desk, "create", "in.csv", "run").expect(0);
        let ids = ids(&desk, "run");
        let before = portal(&desk);
        let link =
            "[[associate]]\nto = \"tickets\"\nby = \"key\"\ncolumn = \"Parent\"\n[[property]]";
        let mapping = desk.here.read("m.toml").replace("[[property]]", link);
        desk.here.write("m.toml", mapping);
        // No ticket is its own parent.
        let rows = "Id,Subject,Text,Mail,Parent\nD-1,Other,text,p1@desk.example,D-1\n\
                    D-2,Other,text,p2@desk.example,\n";
        desk.here.write("more.csv", rows);
        import(&desk, operation, "more.csv", "more").expect(3);
        assert_eq!(desk.column("more/refused.csv", "_code"), ["LINK_REFUSED"]);
        let verify = "verify more --json";
        let clean = desk.run(verify).expect(0).json();
        assert_eq!(clean["rows"], 2, "{operation}: {clean}");
        update(&desk, &[ids["D-1"]], &json!({"subject": "mine"}));
        desk.run(verify).expect(4);
        update(&desk, &[ids["D-1"]], &json!({"subject": "Other"}));
        let undone = undo(&desk, "more", "", 0);
        assert_eq!(undone["restored"], 2, "{operation}: {undone}");
        assert_eq!(portal(&desk), before, "{operation}");
    }
}

#[test]
fn what_can_not_be_undone_is_listed() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=8, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    desk.here.write("blind.csv", file(1..=8, "Blind", "text"));
    let args = "import blind.csv -m m.toml --op update --blind --run-dir blind";
    desk.run(args).expect(0);
    assert_eq!(undo(&desk, "blind", "", 3)["left"], json!({"NOT_KNOWN": 8}));
    desk.run("import in.csv -m m.toml --op archive --yes --run-dir gone")
        .expect(0);
    assert_eq!(
        undo(&desk, "gone", "", 3)["left"],
        json!({"ARCHIVED_BY_RUN": 8})
    );
    assert_eq!(undo(&desk, "run", "", 3)["left"], json!({"NOT_LIVE": 8}));
    // A run that is not there is said before anybody is asked.
    desk.run("undo nothing")
        .expect(64)
        .says("there is no run nothing");
    // Nobody is asked without a terminal.
    desk.run("undo run").expect(64).says("--yes");
}

const LINKS: &str = r#"
version = 1
[key]
property = "desk_id"
column = "Id"
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
"#;

/// A portal with sixty tickets, and a table that links forty of them to three contacts more,
/// of whom five tickets have one already.
fn to_be_linked(more: impl Args) -> FilledPortal {
    let desk = desk(more);
    desk.here.write("in.csv", file(1..=60, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    desk.here.write("l.toml", LINKS);
    let link = |n: usize| format!("D-{n},x{}@desk.example\n", n % 3);
    let some: String = (1..=5).map(link).collect();
    desk.here.write("some.csv", format!("Id,Mail\n{some}"));
    linked(&desk, "some.csv", "some").expect(0);
    let all: String = (1..=40).map(link).collect();
    let own: String = (1..=3)
        .map(|n| format!("D-{n},p{n}@desk.example\n"))
        .collect();
    desk.here.write("links.csv", format!("Id,Mail\n{all}{own}"));
    desk
}

fn linked(desk: &FilledPortal, file: &str, run: &str) -> crate::support::Ended {
    let args = format!("associate {file} -m l.toml --run-dir {run} --batch-size 20");
    desk.run(args)
}

#[test]
fn links_that_a_run_made_are_cut_and_only_these() {
    let desk = to_be_linked("");
    let mut before = portal(&desk);
    linked(&desk, "links.csv", "linked").expect(0);
    let ids = ids(&desk, "run");
    // Somebody else links a ticket to one contact more, and archives another.
    desk.link_contacts(&[ids["D-30"]], 1);
    desk.archive(&[ids["D-40"]]);
    let planned = undo(&desk, "linked", "--plan", 0);
    assert_eq!(
        (&planned["unlinked"], &planned["left"]["NOT_LIVE"]),
        (&json!(34), &json!(1)),
        "{planned}"
    );
    let undone = undo(&desk, "linked", "--run-dir back", 3);
    assert_eq!(undone["unlinked"], 34, "{undone}");
    assert_eq!(undone["left"], json!({"NOT_LIVE": 1}), "{undone}");
    let mut after = portal(&desk);
    let _archived = before.remove("D-40");
    assert_ne!(before.remove("D-30"), after.remove("D-30"), "theirs stays");
    assert_eq!(after, before);
    let rows = desk.here.rows("back/undo.csv");
    let absent = rows.iter().find(|row| row["_code"] == "NOT_LIVE");
    let absent = absent.expect("the archived one");
    assert!(absent["_value"].starts_with("in the recycle bin since 20"));
    let summary = desk.here.json("back/summary.json");
    assert_eq!(summary["left"], json!({"NOT_LIVE": 1}));
    let unlinked = rows.iter().filter(|row| row["_undone"] == "unlinked");
    assert_eq!(unlinked.count(), 34);
    let again = undo(&desk, "linked", "", 3);
    assert_eq!(
        (&again["unlinked"], &again["undone_before"]),
        (&json!(0), &json!(34)),
        "{again}"
    );
}

#[test]
fn what_an_upsert_linked_is_cut_when_its_values_go_back() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=30, "Subject", "text"));
    import(&desk, "create", "in.csv", "run").expect(0);
    let before = portal(&desk);
    // Ten get values and a contact, ten a contact alone, ten stay.
    let other = |text: String| text.replace(",p", ",q");
    let both = other(file(1..=10, "Other", "text"));
    let alone = other(rows(11..=20, "Subject", "text"));
    let same = rows(21..=30, "Subject", "text");
    desk.here.write("more.csv", both + &alone + &same);
    import(&desk, "upsert", "more.csv", "more").expect(0);
    assert_ne!(portal(&desk), before);
    let undone = undo(&desk, "more", "", 0);
    assert_eq!(
        (&undone["restored"], &undone["unlinked"]),
        (&json!(10), &json!(10)),
        "{undone}"
    );
    assert_eq!(portal(&desk), before);
}

#[test]
fn links_of_runs_and_undos_that_are_killed_are_cut_all_the_same() {
    for state in ["received", "committed", "answered"] {
        let calls = "tickets/contacts/batch";
        // The first link calls are those of the setup.
        let make = format!("hold@3={state}:{calls}/create");
        let cut = format!("hold@1={state}:{calls}/archive");
        let mut desk = to_be_linked(["--trouble", &make, "--trouble", &cut]);
        let before = portal(&desk);
        let args = "associate links.csv -m l.toml --run-dir linked --batch-size 20 --concurrency 1";
        assert!(desk.kill_tool_while_held(args), "{state}");
        desk.run("resume linked").expect(0);
        assert_ne!(portal(&desk), before, "{state}");
        assert!(
            desk.kill_tool_while_held("undo linked --yes --run-dir back --horizon 0.2"),
            "{state}"
        );
        desk.run("resume back --horizon 0.2").expect(0);
        assert_eq!(portal(&desk), before, "{state}");
    }
}

/// The command that undoes the run `other`, or resume once there is a journal.
fn undo_or_resume(desk: &FilledPortal) -> Vec<&'static str> {
    let mut args = match desk.here.path("back/run.db").exists() {
        true => vec!["resume", "back"],
        false => vec!["undo", "other", "--yes", "--run-dir", "back"],
    };
    args.extend(["--horizon", "0.2"]);
    args
}

/// Kills an undo so often at random moments, and lets it continue each time.
fn random_kills(kills: u64, rows: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut left = kills;
    while left > 0 {
        let mut desk = desk("");
        desk.here.write("in.csv", file(1..=rows, "Subject", "text"));
        import(&desk, "create", "in.csv", "run").expect(0);
        let before = portal(&desk);
        let changed = file(1..=rows, "Other", "") + &self::rows(rows + 1..=2 * rows, "New", "text");
        desk.here.write("other.csv", changed);
        import(&desk, "upsert", "other.csv", "other").expect(0);
        let mut outlived = false;
        while left > 0 && !outlived {
            let moment = std::time::Duration::from_millis(random.u64(20..400));
            let args = undo_or_resume(&desk);
            desk.kill_tool(&args, |child, _| {
                crate::support::wait_at_most(child, moment);
                outlived = !matches!(child.try_wait(), Ok(None));
            });
            left -= u64::from(!outlived);
        }
        let args = undo_or_resume(&desk);
        desk.run(&args).expect(0);
        assert_eq!(portal(&desk), before, "seed {seed}, {left} left");
        assert_eq!(desk.here.rows("back/undo.csv").len(), 2 * rows);
    }
}

#[test]
fn random_kills_of_an_undo_leave_the_portal_as_it_was() {
    random_kills(3, 120, 3);
}

#[test]
#[ignore = "three hundred kills take minutes; run once for each change of the protocol"]
fn three_hundred_random_kills_of_undos_leave_the_portal_as_it_was() {
    random_kills(300, 400, 13);
}

#[test]
fn tickets_that_a_run_linked_to_each_other_are_no_obstacle() {
    let desk = FilledPortal::new("");
    let rows =
        "Id,Subject,Parent\nA,parent,\nB,child,A\nC,child of both ways,B\nD,later,E\nE,last,\n";
    desk.here.write("family.csv", rows);
    let mapping = "version = 1\n[key]\nproperty = \"source_ticket_id\"\ncolumn = \"Id\"\n\
                   [properties]\nsubject = \"Subject\"\nhs_pipeline_stage = { value = \"1\" }\n\
                   [[associate]]\nto = \"tickets\"\nby = \"key\"\ncolumn = \"Parent\"\n\
                   [[property]]\nname = \"source_ticket_id\"\nlabel = \"Id\"\ntype = \"string\"\nunique = true\n";
    desk.here.write("family.toml", mapping);
    let args = "import family.csv -m family.toml --create-properties --run-dir family";
    desk.run(args).expect(0);
    let planned = undo(&desk, "family", "--plan", 0);
    assert_eq!(planned["archived"], 5, "{planned}");
    let undone = undo(&desk, "family", "", 0);
    assert_eq!(
        (&undone["archived"], &undone["left"]),
        (&json!(5), &json!({})),
        "{undone}"
    );
}

/// A portal in a file, with a run of each kind that can be undone.
struct Past {
    here: Rehearsal,
    /// Each run, and what the portal held before it; the newest first.
    runs: Vec<(&'static str, BTreeMap<String, String>)>,
}

impl Past {
    fn new() -> Past {
        let here = Rehearsal::new();
        let desk = FilledPortal::in_folder(here, "--rate off --data portal.db");
        let desk = prepared(desk);
        let mut runs = Vec::new();
        desk.here.write("in.csv", file(1..=30, "Subject", "text"));
        runs.push(("made", portal(&desk)));
        import(&desk, "create", "in.csv", "made").expect(0);
        let more = file(1..=30, "Other", "text") + &rows(31..=40, "New", "text");
        desk.here.write("more.csv", more);
        runs.push(("changed", portal(&desk)));
        import(&desk, "upsert", "more.csv", "changed").expect(0);
        desk.here.write("l.toml", LINKS);
        let link = |n: usize| format!("D-{n},x{}@desk.example\n", n % 3);
        let links: String = (1..=30).map(link).collect();
        desk.here.write("links.csv", format!("Id,Mail\n{links}"));
        runs.push(("linked", portal(&desk)));
        linked(&desk, "links.csv", "linked").expect(0);
        let FilledPortal { here, sandbox, .. } = desk;
        drop(sandbox);
        copy(&here, "portal.db", "kept.db");
        runs.reverse();
        Past { here, runs }
    }
}

/// Copies the state of a portal that nobody serves.
fn copy(here: &Rehearsal, from: &str, to: &str) {
    for end in ["", "-wal", "-shm"] {
        let (from, to) = (format!("{from}{end}"), here.path(&format!("{to}{end}")));
        let _old = std::fs::remove_file(&to);
        if here.path(&from).exists() {
            let _bytes = std::fs::copy(here.path(&from), to).expect("a copy");
        }
    }
}

#[test]
fn an_undo_that_is_killed_at_any_of_its_calls_ends_as_if_it_had_not_been() {
    let Past { mut here, runs } = Past::new();
    let states = ["received", "committed", "answered"];
    for (run, before) in &runs {
        let mut kills = 0;
        for n in 1.. {
            copy(&here, "kept.db", "portal.db");
            let hold = format!("hold@{n}={}", states[n % states.len()]);
            let args = format!("--rate off --data portal.db --trouble {hold}");
            let mut desk = FilledPortal::in_folder(here, args);
            let args = format!("undo {run} --yes --horizon 0.2 --run-dir back");
            let held = desk.kill_tool_while_held(&args);
            if held {
                // Before its journal was there, nothing had begun.
                desk.run(&args).expect(0);
                assert_eq!(portal(&desk), *before, "{run}, {hold}");
                kills += 1;
            }
            let FilledPortal {
                here: back,
                sandbox,
                ..
            } = desk;
            drop(sandbox);
            here = back;
            std::fs::remove_dir_all(here.path("back")).expect("the undo's folder");
            if !held {
                break;
            }
        }
        assert!(kills >= 4, "{run}: there are calls to be held: {kills}");
        // The runs before this one are undone from what it left.
        let desk = FilledPortal::in_folder(here, "--rate off --data kept.db");
        desk.run(format!("undo {run} --yes --horizon 0.2"))
            .expect(0);
        let FilledPortal {
            here: back,
            sandbox,
            ..
        } = desk;
        drop(sandbox);
        here = back;
    }
}
