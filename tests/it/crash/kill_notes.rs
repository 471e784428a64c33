//! Runs that write notes, killed with SIGKILL as in `kill`: while the portal holds a call,
//! and at random under all troubles, for each way in which a portal recognises notes.

use std::time::Duration;

use crate::support::conversation::{Conversations, Form, RUNGS, Talk};
use crate::support::{TROUBLES, switched, wait_at_most};

/// The command that begins a run, in its folder.
type Begin = (&'static str, &'static str);

const IMPORT: Begin = ("import in.csv -m m.toml", "run");
const OF_OBJECTS: Begin = ("import in.jsonl -m m.toml", "run");
const RETRY: Begin = ("retry run", "again");

/// The command, or resume when there is a journal.
fn args(talk: &Talk, (begin, run): Begin) -> String {
    let here = &talk.desk.here;
    let command = match here.path(&format!("{run}/run.db")).exists() {
        true => format!("resume {run}"),
        // A run that was killed before its journal stood has sent nothing, and the same
        // command uses its folder.
        false => format!("{begin} --run-dir {run}"),
    };
    command + " --batch-size 20 --progress none --horizon 0.4 --timeout 0.4"
}

/// Continues until the run is finished; what came of it is read without troubles.
fn finish(talk: Talk, begin: Begin, conversations: &Conversations, story: &str) {
    let go_on = || talk.desk.run(args(&talk, begin));
    let ended = (0..60).map(|_round| go_on()).find(|ended| ended.code != 5);
    let ended = ended
        .unwrap_or_else(|| panic!("{story}: it does not end"))
        .expect(0);
    let calm = talk.served("");
    calm.check(conversations, &format!("{story}: {}", ended.stderr));
    calm.run(["verify", begin.1], 0);
    if begin.1 != "run" {
        return;
    }
    let summary = calm.summary("run");
    let notes = conversations.comments.len();
    assert_eq!(
        summary["rows"]["done"],
        conversations.tickets.len(),
        "{story}"
    );
    assert_eq!(summary["notes"]["created"], notes, "{story}: {summary}");
}

#[test]
fn a_kill_while_any_call_about_notes_is_held_leaves_each_note_once() {
    std::thread::scope(|scope| {
        for (rung, states) in [
            (RUNGS[0], &["received", "committed", "answered"][..]),
            (RUNGS[1], &["committed", "answered"]),
            (RUNGS[3], &["committed"]),
            (RUNGS[4], &["committed"]),
        ] {
            let _side_by_side = scope.spawn(move || held_calls(rung, states));
        }
    });
}

fn held_calls(rung: &[&str], states: &[&str]) {
    let conversations = Conversations::new(24);
    for state in states {
        let killed_at = |n: usize| {
            let mut extra = switched(rung);
            extra.extend(["--trouble".to_owned(), format!("hold@{n}={state}:notes")]);
            let mut talk = Talk::new(&conversations, &extra);
            let command = args(&talk, IMPORT);
            let held = talk.desk.kill_tool_while_held(&command);
            if held {
                let story = format!("{rung:?} {state} {n}");
                finish(talk, IMPORT, &conversations, &story);
            }
            held
        };
        let calls = (1..).take_while(|&n| killed_at(n)).count();
        assert!(calls >= 4, "{rung:?}: there are calls to be held: {calls}");
    }
}

#[test]
fn a_retry_of_objects_that_is_killed_at_any_call_about_notes_leaves_each_note_once() {
    let conversations = Conversations::new(12);
    let broken = conversations
        .jsonl()
        .replace(":02Z", ":02")
        .replace("\"Subject\":\"Ticket 5\"", "\"Subject\":\"\"");
    let killed_at = |n: usize| {
        let mut talk = Talk::of(Form::Objects, &conversations, "");
        talk.desk.here.write("in.jsonl", &broken);
        talk.run((OF_OBJECTS.0, "--run-dir run"), 3);
        let refused = talk.desk.here.read("run/refused.jsonl");
        assert!(refused.lines().count() > 5, "{refused}");
        let fixed = refused
            .replace(":02\"", ":02Z\"")
            .replace("\"Subject\":\"\"", "\"Subject\":\"Ticket 5\"");
        talk.desk.here.write("run/refused.jsonl", fixed);
        talk = talk.served(["--trouble", &format!("hold@{n}=committed:notes")]);
        let command = args(&talk, RETRY);
        let held = talk.desk.kill_tool_while_held(&command);
        if held {
            finish(talk, RETRY, &conversations, &format!("call {n}"));
        }
        held
    };
    let calls = (1..).take_while(|&n| killed_at(n)).count();
    assert!(calls >= 2, "there are calls to be held: {calls}");
}

/// Kills so often at random moments, under all troubles. Only kills that a run does not
/// outlive count.
fn random_kills(form: Form, rung: &[&str], (tickets, kills): (usize, u32), share: &str, seed: u64) {
    kills_of(
        &Conversations::new(tickets),
        form,
        rung,
        kills,
        (share, seed),
    );
}

fn kills_of(
    conversations: &Conversations,
    form: Form,
    rung: &[&str],
    kills: u32,
    (share, seed): (&str, u64),
) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut extra = switched(rung);
    for name in TROUBLES {
        extra.extend(["--trouble".to_owned(), format!("{name}@{share}")]);
    }
    let begin = match form {
        Form::Columns | Form::Beside => IMPORT,
        Form::Objects => OF_OBJECTS,
    };
    let mut left = kills;
    while left > 0 {
        let mut talk = Talk::of(form, conversations, &extra);
        let mut outlived = false;
        while left > 0 && !outlived {
            let moment = Duration::from_millis(random.u64(20..700));
            let command = args(&talk, begin);
            talk.desk.kill_tool(&command, |child, _| {
                wait_at_most(child, moment);
                outlived = !matches!(child.try_wait(), Ok(None));
            });
            left -= u32::from(!outlived);
        }
        let story = format!("{form:?}, {rung:?}, seed {seed}");
        finish(talk, begin, conversations, &story);
    }
}

#[test]
fn random_kills_under_all_troubles_leave_each_note_once() {
    std::thread::scope(|scope| {
        for (n, rung) in RUNGS.into_iter().enumerate() {
            let form = [Form::Columns, Form::Objects, Form::Beside][n % 3];
            let _side_by_side = scope.spawn(move || random_kills(form, rung, (150, 6), "2%", 7));
        }
    });
}

#[test]
#[ignore = "two hundred kills of each take a while; run once for each change of the protocol"]
fn two_hundred_random_kills_under_heavy_troubles_leave_each_note_once() {
    std::thread::scope(|scope| {
        for rung in RUNGS {
            let form = Form::Objects;
            let _side_by_side =
                scope.spawn(move || random_kills(form, rung, (2_000, 200), "5%", 11));
        }
    });
}

#[test]
#[ignore = "twelve thousand notes under heavy troubles take minutes; run by hand near the end"]
fn thirty_kills_leave_twelve_thousand_comments_once() {
    let mut conversations = Conversations::default();
    for n in 1..=2_000 {
        conversations.add_ticket(n);
        (0..6).for_each(|_| conversations.add_comment(n));
    }
    let conversations = &conversations;
    std::thread::scope(|scope| {
        for (rung, form) in [
            (RUNGS[0], Form::Objects),
            (RUNGS[1], Form::Beside),
            (RUNGS[3], Form::Columns),
            (RUNGS[4], Form::Objects),
        ] {
            let _side_by_side =
                scope.spawn(move || kills_of(conversations, form, rung, 30, ("5%", 13)));
        }
    });
}
