//! Each operation on tickets as a process, killed with SIGKILL as in `kill`: while the
//! portal holds a call, and at random under all troubles, on portals that find archived
//! tickets by their key and on those that don't. What is finished later is what an
//! undisturbed run would have left, and its files say so row by row.

use std::time::Duration;

use tickethaul::import::flow::Operation;

use crate::support::older;
use crate::support::scenario::{Scenario, Setting, plant};
use crate::support::{Args, FilledPortal, Rehearsal, TROUBLES, switched, troubled, wait_at_most};

/// A portal on which no key leads into the recycle bin, while tickets there keep theirs.
const BLIND: Setting = Setting {
    by_id: false,
    finds_archived: false,
    bin_holds_keys: true,
};
const SEEING: Setting = Setting {
    finds_archived: true,
    ..BLIND
};
const BY_ID: Setting = Setting {
    by_id: true,
    ..BLIND
};

/// What is killed at held calls.
const HELD: [(Operation, Setting); 5] = [
    (Operation::Create, BLIND),
    (Operation::Update, Setting::PLAIN),
    (Operation::Upsert, BLIND),
    (Operation::Archive, Setting::PLAIN),
    (Operation::Archive, BLIND),
];

/// What is killed at random.
const ALL: [(Operation, Setting); 10] = [
    (Operation::Create, SEEING),
    (Operation::Create, BLIND),
    (Operation::Update, SEEING),
    (Operation::Update, BLIND),
    (Operation::Upsert, SEEING),
    (Operation::Upsert, BLIND),
    (Operation::Archive, SEEING),
    (Operation::Archive, BLIND),
    (Operation::Archive, BY_ID),
    (Operation::Update, BY_ID),
];

/// A scenario and a portal's state that has its past.
struct Planted {
    scenario: Scenario,
    folder: Rehearsal,
}

impl Planted {
    fn new(operation: Operation, setting: Setting, rows: usize) -> Planted {
        let mut scenario = Scenario::with(operation, setting, rows);
        let folder = Rehearsal::new();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(plant(&mut scenario, &folder.path("portal.db")));
        Planted { scenario, folder }
    }

    /// A portal of its own with these troubles, the file and the mapping.
    fn story(&self, troubles: &[String], batch_size: &'static str) -> Story<'_> {
        let state = self.folder.path("portal.db");
        let here = Rehearsal::new();
        let _bytes = std::fs::copy(state, here.path("portal.db")).expect("a copy");
        here.write("in.csv", &self.scenario.csv);
        here.write("m.toml", self.scenario.mapping());
        Story {
            scenario: &self.scenario,
            desk: FilledPortal::in_folder(here, self.served(troubles)),
            batch_size,
            concurrency: "64",
            applies: false,
        }
    }

    fn served(&self, troubles: &[String]) -> impl Args {
        let switches = switched(&self.scenario.setting.switches());
        ("--rate off --data portal.db", switches, troubled(troubles))
    }

    /// The same, where the file is planned in calm and the plan is applied.
    fn applying(&self, troubles: &[String], batch_size: &'static str) -> Story<'_> {
        let Story { desk, .. } = self.story(&[], batch_size);
        let operation = self.scenario.operation.word();
        desk.run(format!("plan in.csv -m m.toml -o plan --op {operation}"))
            .expect(0);
        Story {
            scenario: &self.scenario,
            desk: desk.served(self.served(troubles)),
            batch_size,
            concurrency: "64",
            applies: true,
        }
    }
}

struct Story<'a> {
    scenario: &'a Scenario,
    desk: FilledPortal,
    batch_size: &'static str,
    concurrency: &'static str,
    /// Whether a plan is applied.
    applies: bool,
}

impl Story<'_> {
    /// Import, or resume when there is a journal.
    fn args(&self) -> String {
        let begun = self.desk.here.path("run/run.db").exists();
        let operation = self.scenario.operation.word();
        let command = match (begun, self.applies) {
            (true, _) => "resume run".to_owned(),
            // A run that was killed before its journal stood has sent nothing, and the same
            // command uses its folder.
            (false, true) => "apply plan --run-dir run --yes".to_owned(),
            (false, false) => {
                format!("import in.csv -m m.toml --run-dir run --op {operation} --yes")
            }
        };
        let (batch_size, concurrency) = (self.batch_size, self.concurrency);
        format!(
            "{command} --batch-size {batch_size} --progress none --horizon 0.2 \
             --concurrency {concurrency}"
        )
    }

    /// Continues until the run is finished; stops for later are continued.
    fn finish(self, story: &str) {
        let go_on = || self.desk.run(self.args());
        let ended = (0..40).map(|_round| go_on()).find(|ended| ended.code != 5);
        let code = if self.scenario.fated("refused") > 0 {
            3
        } else {
            0
        };
        let ended = ended.unwrap_or_else(|| panic!("{story}: the run does not come to its end"));
        ended.expect(code);
        // What is checked is not to be troubled.
        let calm = self.desk.served("--rate off --data portal.db");
        calm.check(self.scenario, story);
    }
}

#[test]
fn a_kill_while_any_batch_is_held_leaves_what_the_rows_say() {
    for (operation, setting) in HELD {
        let planted = Planted::new(operation, setting, 67);
        for state in ["received", "committed", "answered"] {
            let killed_at = |n: usize| {
                let trouble = format!("hold@{n}={state}:tickets/batch");
                let mut story = planted.story(&[trouble], "30");
                let args = story.args();
                let held = story.desk.kill_tool_while_held(&args);
                if held {
                    story.finish(&format!("{} {setting:?} {state} {n}", operation.word()));
                }
                held
            };
            let calls = (1..).take_while(|&n| killed_at(n)).count();
            assert!(calls >= 3, "there are batches to be held: {calls}");
        }
    }
}

#[test]
fn a_plan_whose_run_is_killed_at_any_held_batch_is_applied_once() {
    for (operation, setting) in [HELD[0], HELD[2], HELD[3]] {
        let planted = Planted::new(operation, setting, 67);
        for state in ["received", "committed", "answered"] {
            let killed_at = |n: usize| {
                let trouble = format!("hold@{n}={state}:tickets/batch");
                let mut story = planted.applying(&[trouble], "30");
                let args = story.args();
                let held = story.desk.kill_tool_while_held(&args);
                if held {
                    story.finish(&format!(
                        "apply {} {setting:?} {state} {n}",
                        operation.word()
                    ));
                }
                held
            };
            let calls = (1..).take_while(|&n| killed_at(n)).count();
            assert!(calls >= 3, "there are batches to be held: {calls}");
        }
    }
}

#[test]
fn a_thousand_upserts_that_are_killed_twice_end_as_if_they_had_not_been() {
    let planted = Planted::new(Operation::Upsert, Setting::PLAIN, 1_000);
    let troubles = [
        "hold@3=committed:batch/upsert",
        "hold@7=received:batch/upsert",
    ];
    let mut story = planted.story(&troubles.map(str::to_owned), "100");
    // Else the call of the second kill may be in flight at the first.
    story.concurrency = "1";
    for _twice in 0..2 {
        let args = story.args();
        assert!(story.desk.kill_tool_while_held(&args));
    }
    story.finish("killed twice");
}

/// Journals of older tools have no ticket beside an intent.
#[test]
fn an_archive_that_an_older_tool_began_is_finished() {
    for finds_archived in [true, false] {
        let setting = Setting {
            finds_archived,
            ..Setting::PLAIN
        };
        let planted = Planted::new(Operation::Archive, setting, 67);
        for state in ["received", "committed"] {
            let trouble = format!("hold@1={state}:batch/archive");
            let mut story = planted.story(&[trouble], "30");
            // Else another call may be carried out beside the one that is held.
            story.concurrency = "1";
            let args = story.args();
            assert!(story.desk.kill_tool_while_held(&args));
            let journal = story.desk.here.path("run/run.db");
            let journal = rusqlite::Connection::open(journal).expect("a journal");
            let forgotten = journal
                .execute("UPDATE row SET ticket = NULL WHERE settled IS NULL", [])
                .expect("a row");
            assert!(forgotten > 0, "the intents have their tickets");
            drop(journal);
            if finds_archived || state == "received" {
                story.finish(&format!("{setting:?} {state}"));
                continue;
            }
            // Nobody knows any more which ticket it was; that it is archived is known.
            let args = story.args();
            let ended = story.desk.run(&args);
            ended.expect(3);
            let here = &story.desk.here;
            let archived = here.rows("run/done.csv").len();
            assert_eq!(archived, planted.scenario.fated("done"));
            let refused = here.rows("run/refused.csv").len();
            assert_eq!(refused, planted.scenario.fated("refused"));
        }
    }
}

/// A run that tickethaul 0.1.0 began, in the tables that it made, is finished in them.
#[test]
fn a_run_that_version_0_1_0_began_is_finished() {
    for (operation, setting) in HELD {
        let planted = Planted::new(operation, setting, 67);
        for state in ["received", "committed"] {
            let verb = operation.word();
            let trouble = format!("hold@2={state}:batch/{verb}");
            let mut story = planted.story(&[trouble], "20");
            story.concurrency = "1";
            let args = story.args();
            assert!(story.desk.kill_tool_while_held(&args), "{verb} {state}");
            let journal = story.desk.here.path("run/run.db");
            older::as_of_0_1_0(&journal);
            story.finish(&format!("{verb} {setting:?} {state}"));
        }
    }
}

/// Kills so often at random moments, under all troubles at one per cent. Only kills that
/// a run does not outlive count.
fn random_kills(case: (Operation, Setting), kills: u32, rows: usize, seed: u64) {
    random_kills_of(case, kills, (rows, seed), false);
}

/// The same; where it `applies`, of the run that applies a plan.
fn random_kills_of(
    (operation, setting): (Operation, Setting),
    kills: u32,
    (rows, seed): (usize, u64),
    applies: bool,
) {
    let mut random = fastrand::Rng::with_seed(seed);
    let planted = Planted::new(operation, setting, rows);
    let mut troubles: Vec<String> = TROUBLES.iter().map(|name| format!("{name}@1%")).collect();
    troubles.push("late-commit=50ms@1%:tickets/batch".to_owned());
    let mut left = kills;
    while left > 0 {
        let mut story = match applies {
            true => planted.applying(&troubles, "20"),
            false => planted.story(&troubles, "20"),
        };
        let mut outlived = false;
        while left > 0 && !outlived {
            let moment = Duration::from_millis(random.u64(20..400));
            let args = story.args();
            story.desk.kill_tool(&args, |child, _| {
                wait_at_most(child, moment);
                outlived = !matches!(child.try_wait(), Ok(None));
            });
            left -= u32::from(!outlived);
        }
        let told = format!("{} {setting:?}, seed {seed}, {left} left", operation.word());
        story.finish(&told);
    }
}

#[test]
fn random_kills_under_all_troubles_leave_the_fates_that_the_portal_shows() {
    let (some, others) = ALL.split_at(ALL.len() / 2);
    std::thread::scope(|scope| {
        for half in [some, others] {
            let _side_by_side = scope.spawn(move || {
                let kills = |&case| random_kills(case, 3, 400, 7);
                half.iter().for_each(kills);
            });
        }
    });
}

#[test]
#[ignore = "three hundred kills of each take half an hour; run once for each change of the protocol"]
fn three_hundred_random_kills_of_each_leave_the_fates_that_the_portal_shows() {
    let (some, others) = ALL.split_at(ALL.len() / 2);
    std::thread::scope(|scope| {
        for half in [some, others] {
            let _side_by_side = scope.spawn(move || {
                let kills = |&case| random_kills(case, 300, 2_000, 11);
                half.iter().for_each(kills);
            });
        }
    });
}

#[test]
fn random_kills_of_applies_leave_the_fates_that_the_portal_shows() {
    for case in [HELD[0], HELD[1], HELD[2], HELD[3]] {
        random_kills_of(case, 2, (300, 5), true);
    }
}

#[test]
#[ignore = "three hundred kills of each take half an hour; run once for each change of the protocol"]
fn three_hundred_random_kills_of_applies_leave_the_fates_that_the_portal_shows() {
    let (some, others) = ALL.split_at(ALL.len() / 2);
    std::thread::scope(|scope| {
        for half in [some, others] {
            let _side_by_side = scope.spawn(move || {
                let kills = |&case| random_kills_of(case, 300, (2_000, 11), true);
                half.iter().for_each(kills);
            });
        }
    });
}
