//! Runs that upload files, killed with SIGKILL as in `kill`: while the portal holds a call
//! about files, and at random under all troubles, whatever a portal takes for a duplicate
//! and however late it finds a file.

use std::time::Duration;

use crate::support::conversation::{Conversations, Talk};
use crate::support::filed::{FOLDER, Filed, PORTALS, calm, check, talk_of};
use crate::support::{TROUBLES, switched, wait_at_most};

/// The command, or resume when there is a journal.
fn args(talk: &Talk) -> String {
    let command = match talk.desk.here.path("run/run.db").exists() {
        true => "resume run".to_owned(),
        false => format!("import in.jsonl -m m.toml --run-dir run --attachments {FOLDER}"),
    };
    command + " --batch-size 20 --progress none --horizon 0.4 --timeout 0.4"
}

/// Continues until the run is finished; what came of it is read without troubles.
fn finish(talk: Talk, filed: &Filed, by_bytes: bool, story: &str) {
    let go_on = || talk.desk.run(args(&talk));
    let ended = (0..60).map(|_round| go_on()).find(|ended| ended.code != 5);
    let ended = ended
        .unwrap_or_else(|| panic!("{story}: it does not end"))
        .expect(0);
    let calm = calm(talk);
    let story = format!("{story}: {}", ended.stderr);
    check(&calm, filed, filed.count(by_bytes), &story);
    let summary = calm.summary("run");
    let files = &summary["files"];
    let all = files["uploaded"].as_u64().expect("a number");
    assert_eq!(all, filed.count(by_bytes) as u64, "{story}: {files}");
    assert_eq!(
        files["there"], 0,
        "{story}: {files}: a twin is counted once"
    );
}

#[test]
fn a_kill_while_any_call_about_files_is_held_leaves_each_file_once() {
    std::thread::scope(|scope| {
        for (portal, states) in [
            (PORTALS[0], &["received", "committed", "answered"][..]),
            (PORTALS[1], &["committed"]),
            (PORTALS[2], &["committed"]),
            (PORTALS[3], &["committed"]),
        ] {
            let _side_by_side = scope.spawn(move || held_calls(portal, states));
        }
    });
}

fn held_calls((switches, by_bytes): (&[&str], bool), states: &[&str]) {
    let filed = Filed::new(7);
    for state in states {
        let killed_at = |n: usize| {
            let mut extra = switched(switches);
            extra.extend(["--trouble".to_owned(), format!("hold@{n}={state}:/files")]);
            let mut talk = talk_of(&filed, &extra);
            let command = args(&talk);
            let held = talk.desk.kill_tool_while_held(&command);
            if held {
                finish(talk, &filed, by_bytes, &format!("{switches:?} {state} {n}"));
            }
            held
        };
        // The first two ask whether files may be written.
        let calls = (3..).step_by(2).take_while(|&n| killed_at(n)).count();
        assert!(
            calls >= 4,
            "{switches:?}: there are calls to be held: {calls}"
        );
    }
}

/// Kills so often at random moments, under all troubles. Only kills that a run does not
/// outlive count.
fn random_kills(
    filed: &Filed,
    (switches, by_bytes): (&[&str], bool),
    kills: u32,
    (share, seed): (&str, u64),
) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut extra = switched(switches);
    for name in TROUBLES {
        // Files have no batches: at the share of the others, waiting for these would be all
        // that a run does.
        let share = match name {
            "429" | "locked" => "0.1%",
            _ => share,
        };
        extra.extend(["--trouble".to_owned(), format!("{name}@{share}")]);
    }
    let mut left = kills;
    while left > 0 {
        let mut talk = talk_of(filed, &extra);
        let mut outlived = false;
        while left > 0 && !outlived {
            let moment = Duration::from_millis(random.u64(20..900));
            let command = args(&talk);
            talk.desk.kill_tool(&command, |child, _| {
                wait_at_most(child, moment);
                outlived = !matches!(child.try_wait(), Ok(None));
            });
            left -= u32::from(!outlived);
        }
        finish(talk, filed, by_bytes, &format!("{switches:?}, seed {seed}"));
    }
}

#[test]
fn random_kills_under_all_troubles_leave_each_file_once() {
    let filed = Filed::new(20);
    std::thread::scope(|scope| {
        for portal in PORTALS {
            let filed = &filed;
            let _side_by_side = scope.spawn(move || random_kills(filed, portal, 3, ("2%", 7)));
        }
    });
}

/// Half of all uploads lose their reply, half of those after the work.
#[test]
fn uploads_that_lose_their_replies_are_made_once() {
    let filed = Filed::new(7);
    std::thread::scope(|scope| {
        for (switches, by_bytes) in PORTALS {
            let filed = &filed;
            let _side_by_side = scope.spawn(move || {
                let mut extra = switched(switches);
                for trouble in ["post-502@25%:/files", "reset-before@25%:/files"] {
                    extra.extend(["--trouble".to_owned(), trouble.to_owned()]);
                }
                let talk = talk_of(filed, &extra);
                finish(talk, filed, by_bytes, &format!("{switches:?}"));
            });
        }
    });
}

#[test]
#[ignore = "three hundred kills of each take a while; run once for each change of the protocol"]
fn three_hundred_random_kills_leave_each_file_once() {
    let filed = Filed::new(150);
    std::thread::scope(|scope| {
        for portal in PORTALS {
            let filed = &filed;
            let _side_by_side = scope.spawn(move || random_kills(filed, portal, 300, ("5%", 11)));
        }
    });
}

#[test]
#[ignore = "twelve thousand notes with their files take minutes; run by hand near the end"]
fn thirty_kills_leave_twelve_thousand_comments_and_their_files_once() {
    let mut talk = Conversations::default();
    for n in 1..=2_000 {
        talk.add_ticket(n);
        (0..6).for_each(|_| talk.add_comment(n));
    }
    let mut filed = Filed::of(talk);
    // Some 1,500 files.
    let mut n = 0;
    filed.files.retain(|_, files| {
        n += 1;
        n % 4 == 0
            || files
                .iter()
                .any(|file| !file.id.bytes().all(|b| b.is_ascii_digit()))
    });
    std::thread::scope(|scope| {
        for portal in PORTALS {
            let filed = &filed;
            let _side_by_side = scope.spawn(move || random_kills(filed, portal, 30, ("5%", 13)));
        }
    });
}
