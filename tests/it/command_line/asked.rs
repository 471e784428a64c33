//! What is asked before a portal is changed for good, and what is reported first: which
//! portal it is, and how it was chosen. Questions are answered on a real terminal.

use std::process::Command;

use serde_json::json;

use crate::support::{Args, FilledPortal, Rehearsal, SUBJECTS, TOKEN, reviewed};

/// A portal with three tickets of a file.
fn imported() -> FilledPortal {
    let desk = FilledPortal::new("--rate off");
    desk.tool("import in.csv -m m.toml --create-properties --run-dir made")
        .rows("Id,Subject\n1,a\n2,b\n3,c\n")
        .mapping(SUBJECTS)
        .run()
        .expect(0);
    desk
}

fn held(desk: &FilledPortal) -> usize {
    desk.export("--properties subject -o held.csv").expect(0);
    desk.here.rows("held.csv").len()
}

const ARCHIVING: [&[&str]; 2] = [
    &["import", "in.csv", "-m", "m.toml", "--op", "archive"],
    &["delete", "in.csv", "-m", "m.toml"],
];

#[test]
fn nothing_is_changed_for_good_without_a_yes() {
    for archiving in ARCHIVING {
        let desk = imported();
        let run = |more: &str| desk.run((archiving, more));
        let refused = run("").expect(64).says("pass --yes to archive tickets");
        assert!(
            !refused.stderr.contains("portal"),
            "before any call: {}",
            refused.stderr
        );
        assert_eq!(held(&desk), 3);
        run("--yes")
            .expect(0)
            .says("archive the tickets of 3 rows in portal");
        assert_eq!(held(&desk), 0);
    }
    let desk = FilledPortal::new("--rate off");
    desk.here.write("m.toml", SUBJECTS);
    let apply = "schema apply -m m.toml";
    desk.run(apply)
        .expect(64)
        .says("pass --yes to create properties");
    desk.run("schema diff -m m.toml").expect(4);
    desk.run((apply, "--yes")).expect(0);
    desk.run("schema diff -m m.toml").expect(0);
}

#[test]
fn a_resume_never_asks() {
    let desk = imported();
    desk.run((ARCHIVING[0], "--yes --limit 1 --run-dir run"))
        .expect(0)
        .says("archive the ticket of 1 row in portal");
    desk.run("resume run --no-limit").expect(0);
    assert_eq!(held(&desk), 0);
}

/// The tool on a terminal of its own, which answers the question; what it said after.
#[cfg(unix)]
fn answered(desk: &FilledPortal, args: impl Args, question: &str, answer: &str) -> (i32, String) {
    let mut command: Command = Command::new(env!("CARGO_BIN_EXE_tickethaul"));
    command
        .args(args.words())
        .current_dir(desk.here.path(""))
        .env_clear()
        .env("HOME", desk.here.path(""))
        .env("TERM", "xterm")
        .env("TICKETHAUL_BASE_URL", desk.sandbox.url())
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN);
    let mut terminal = rexpect::session::spawn_command(command, Some(30_000)).expect("a terminal");
    let before = terminal.exp_string(question).expect(question);
    let sent = terminal.send_line(answer);
    let _bytes = sent.expect("an answer is taken");
    let after = terminal.exp_eof().expect("an end");
    let code = match terminal.process_mut().wait() {
        Ok(rexpect::process::WaitStatus::Exited(_, code)) => code,
        other => panic!("{other:?}"),
    };
    (code, format!("{before}{question}{after}"))
}

#[cfg(unix)]
#[test]
fn on_a_terminal_a_question_names_what_and_where() {
    for archiving in ARCHIVING {
        for quiet in [false, true] {
            let desk = imported();
            let args = (archiving, if quiet { "-q" } else { "" });
            let question = "archive the tickets of 3 rows in portal";
            let (code, said) = answered(&desk, args, question, "n");
            assert!(
                code == 0 && said.contains("not done: the answer was no"),
                "{code} {said}"
            );
            assert_eq!(held(&desk), 3, "{said}");
            assert_eq!(desk.runs_of_rows(), [""; 0], "no run was begun");
            let (code, said) = answered(&desk, args, question, "y");
            assert_eq!((code, held(&desk)), (0, 0), "{said}");
        }
    }
    let desk = FilledPortal::new("--rate off");
    desk.here.write("m.toml", SUBJECTS);
    let question = "create the property source_ticket_id in portal";
    for quiet in ["schema apply -m m.toml", "schema apply -m m.toml -q"] {
        let (code, said) = answered(&desk, quiet, question, "");
        assert!(
            code == 0 && said.contains("nothing was changed in the portal"),
            "{code} {said}"
        );
        let diff = desk.run("schema diff -m m.toml");
        diff.expect(4);
    }
    let (code, _said) = answered(&desk, "schema apply -m m.toml", question, "yes");
    let diff = desk.run("schema diff -m m.toml");
    assert_eq!((code, diff.code), (0, 0));
}

/// What every command that calls a portal says first.
#[test]
fn the_portal_is_named_first_of_all() {
    let desk = imported();
    assert_eq!(held(&desk), 3);
    let id = desk.ids("held.csv")[0].to_string();
    let commands = [
        "check in.csv -m m.toml",
        "import in.csv -m m.toml",
        "import in.csv -m m.toml --limit 1 --run-dir some",
        "resume some --no-limit",
        "associate in.csv -m link.toml",
        "dissociate in.csv -m link.toml",
        "export --properties subject -o out.csv",
        &format!("get {id}"),
        "schema pull -o portal.toml",
        "schema show",
        "schema diff -m m.toml",
        "schema apply -m m.toml --yes",
    ];
    let link = "[[associate]]\nto = \"tickets\"\nby = \"key\"\ncolumn = \"Subject\"\n";
    desk.here.write("link.toml", format!("{SUBJECTS}{link}"));
    let url = desk.sandbox.url();
    let by = format!("{url} (TICKETHAUL_BASE_URL), chosen by HUBSPOT_ACCESS_TOKEN");
    for command in commands {
        let ended = desk.run(command);
        let first = ended.stderr.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("portal ") && first.ends_with(&by),
            "{command:?}: {}",
            ended.stderr
        );
    }
    let quiet = desk.run(format!("get {id} -q")).expect(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn with_quiet_a_line_says_what_did_not_end_well() {
    let desk = reviewed::desk([]);
    let here = &desk.here;
    let bad = reviewed::file(1..=3, "Subject", "text") + "D-3,Again,text,p@desk.example\n";
    here.write("in.csv", bad);
    here.write("none.csv", "Id,Subject,Text,Mail\n");
    let quiet = |args: &str| desk.run((args, "-q"));
    let ended = quiet("import in.csv -m m.toml --run-dir 'my run'").expect(3);
    assert_eq!(ended.stderr, "1 of 4 rows refused: my run/refused.csv\n");
    // A shell takes a command as it is printed.
    let page = here.read("my run/report.html").replace("&#x27;", "'");
    assert!(page.contains("`tickethaul retry 'my run'`"), "{page}");
    let changed = reviewed::ids(&desk, "my run")["D-1"];
    reviewed::update(&desk, &[changed], &json!({"subject": "theirs"}));
    let ended = quiet("verify 'my run'").expect(4);
    let words = "1 of 3 rows not as the run left them: ";
    assert!(ended.stderr.starts_with(words), "{}", ended.stderr);
    let ended = quiet("undo 'my run' --yes --run-dir back").expect(3);
    assert_eq!(
        ended.stderr,
        "1 row not undone, or in part: back/undo.csv\n"
    );
    // A run of no rows is a run all the same, and nothing is wrong with it.
    for args in [
        "import none.csv -m m.toml --run-dir none",
        "status none",
        "verify none",
        "undo none --yes",
    ] {
        let ended = quiet(args).expect(0);
        assert_eq!(ended.stderr, "", "{args:?}");
    }
}

#[test]
fn what_a_portal_was_chosen_by_is_said() {
    let desk = FilledPortal::new("--rate off");
    let here = &desk.here;
    let file = here.write("token.txt", TOKEN);
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(file, private).expect("private");
    let url = desk.sandbox.url();
    let show = |args: String, environment: &[(&str, &str)]| {
        let show = here.tool(("schema show", args));
        let ended = show.envs(environment).run().expect(0);
        ended.stderr.lines().next().unwrap_or_default().to_owned()
    };
    let data = here.path("data").display().to_string();
    let sandbox = format!("--portal sandbox --sandbox-data '{data}'");
    let named = [("HUBSPOT_ACCESS_TOKEN", TOKEN)];
    for (args, environment, words) in [
        (
            format!("--token-file token.txt --base-url {url}"),
            &[][..],
            format!("{url} (--base-url), chosen by --token-file token.txt"),
        ),
        (
            format!("--base-url {url}"),
            &named,
            format!("{url} (--base-url), chosen by HUBSPOT_ACCESS_TOKEN"),
        ),
        (
            sandbox.clone(),
            &[],
            "the embedded sandbox, chosen by --portal sandbox".to_owned(),
        ),
        (
            sandbox,
            &named,
            "chosen by --portal sandbox; HUBSPOT_ACCESS_TOKEN is not used".to_owned(),
        ),
    ] {
        let first = show(args, environment);
        assert!(
            first.starts_with("portal ") && first.ends_with(&words),
            "{words}: {first}"
        );
    }
}

#[test]
fn what_people_try_is_answered() {
    let desk = imported();
    for command in [
        "delete in.csv --dry-run",
        "schema apply -m m.toml --dry-run",
    ] {
        desk.run(command)
            .expect(64)
            .says("this command has no --dry-run")
            .says("`tickethaul plan");
    }
    desk.run("import in.csv -m zendisk")
        .expect(64)
        .says("there is no such file")
        .says("map init")
        .says("zendesk, ");
    for export in ["export", "export --properties ''"] {
        let ended = desk.run(export).expect(64);
        ended.says("--all-properties").says("-m MAPPING");
    }
}

#[test]
fn a_rehearsal_says_what_a_portal_would_want() {
    let here = Rehearsal::new();
    let ended = here
        .tool("import in.csv -m m.toml")
        .embedded()
        .rows("Id,Subject\n1,a\n")
        .mapping(SUBJECTS)
        .run()
        .expect(0);
    ended
        .says("the portal lacks the property source_ticket_id; for a portal of your own add --create-properties")
        .says("creating 1 property")
        .says("created 1 property");
}

#[test]
fn a_sandbox_is_emptied_and_what_it_held_is_told() {
    let here = Rehearsal::new();
    here.write("in.csv", "Id,Subject\n1,a\n2,b\n");
    here.write("m.toml", SUBJECTS);
    let data = here.path("sandbox-data").display().to_string();
    let reset = ["sandbox", "reset", "--sandbox-data", &data];
    here.run(reset)
        .expect(0)
        .says("the sandbox is empty already");
    let import = "import in.csv -m m.toml";
    here.run_embedded(import).expect(0).says("2 done");
    here.run_embedded(import).expect(0).says("2 exists");

    let state = here.path("sandbox-data/sandbox.db").display().to_string();
    let serving = here.serve(format!("--data {state}"));
    here.run(reset).expect(7).says("is in use by process");
    drop(serving);
    let told = here
        .run((&reset, "--json"))
        .expect(0)
        .says("it held 2 tickets")
        .json();
    assert_eq!(told["removed"]["tickets"], 2);
    here.run_embedded(import).expect(0).says("2 done");

    // A file that is no state stays.
    here.run(reset).expect(0);
    here.write("sandbox-data/sandbox.db", "my own notes");
    here.run(reset).expect(64);
    assert_eq!(here.read("sandbox-data/sandbox.db"), "my own notes");
}

#[test]
fn the_question_counts_what_can_be_archived() {
    let desk = imported();
    // A row without a key, one that is cut short, and the keys of three tickets.
    desk.here
        .write("some.csv", "Id,Subject\n1,a\n,b\n2\n2,b\n3,c\n");
    for (archiving, run) in [
        ("import some.csv -m m.toml --op archive", "one"),
        ("delete some.csv -m m.toml", "two"),
    ] {
        desk.run((archiving, format!("--yes --run-dir {run}")))
            .expect(3)
            .says("2 rows name no ticket in a way that can be used: refused")
            .says("archive the tickets of 3 rows in portal");
    }
    desk.here.write("none.csv", "Id,Subject\n,b\n");
    desk.run("delete none.csv -m m.toml --yes")
        .expect(3)
        .says_nothing_of("going to");
}

#[test]
fn a_portal_that_is_not_reached_is_named_too() {
    let here = Rehearsal::new();
    let export = "export --properties subject";
    for (variable, value, more) in [
        ("HTTPS_PROXY", "socks5://127.0.0.1:1", ""),
        ("NO_PROXY", "*", "--base-url ftp://portal.example"),
        ("NO_PROXY", "*", "--base-url http://127.0.0.1:9"),
    ] {
        let ended = here
            .tool((export, more))
            .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
            .env(variable, value)
            .run();
        let ended = ended
            .says("portal: ")
            .says("chosen by HUBSPOT_ACCESS_TOKEN");
        assert!(matches!(ended.code, 5 | 7 | 64), "{}", ended.stderr);
    }
}
