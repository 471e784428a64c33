//! Portals by name: what the configuration says, which portal a command takes, where its
//! token comes from, and what happens to runs whose portal has changed.

use std::fs;
use std::path::Path;

use crate::support::{Args, Ended, Rehearsal, Served, TOKEN, keyed};

const MAPPING: &str = keyed!(
    "desk_id",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "New" }
"#
);

/// Where the configuration is in the home of a test.
const CONFIG: &str = ".config/tickethaul/config.toml";

fn serve(here: &Rehearsal, seed: &str) -> Served {
    here.serve(["--rate", "off", "--seed", seed])
}

/// A folder with a token file, rows and a mapping.
fn here() -> Rehearsal {
    let here = Rehearsal::new();
    here.write("token", format!("{TOKEN}\n"));
    here.write("t.csv", "Id,Subject\n1,a\n2,b\n3,c\n");
    here.write("m.toml", MAPPING);
    here
}

fn add(here: &Rehearsal, name: &str, portal: &Served, more: impl Args) -> Ended {
    let named = ["portal", "add", name, "--base-url", portal.url()];
    here.run((&named, more))
}

fn configure(here: &Rehearsal, text: &str) {
    let path = here.path(CONFIG);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    here.write(CONFIG, text);
}

fn id_of(here: &Rehearsal, name: &str) -> String {
    let listed = here.run("portal list --json").expect(0).json();
    let portals = listed["portals"].as_array().expect("a list");
    let found = portals.iter().find(|portal| portal["name"] == name);
    found.expect("there")["id"].to_string()
}

const EXPORT: &str = "export --properties subject";

/// An export with variables of the environment.
fn export(here: &Rehearsal, args: impl Args, environment: &[(&str, &str)]) -> Ended {
    here.tool((EXPORT, args)).envs(environment).run()
}

#[test]
fn a_portal_has_a_name_from_add_to_remove() {
    let here = here();
    let portal = serve(&here, "1");
    here.run("portal list").expect(0).says(CONFIG);
    let more = "--token-file token --rate 150/10s --reserve 20";
    add(&here, "live", &portal, more)
        .expect(0)
        .says("portal use live");
    add(&here, "live", &portal, more).expect(64).says("already");
    let listed = here.run("portal list").expect(0).says(CONFIG);
    for words in ["live", "the file", "rate 150/10s", "reserve 20 %"] {
        assert!(listed.stdout.contains(words), "{}", listed.stdout);
    }
    let shown = here.run("portal show live").expect(0).stdout;
    assert!(shown.contains(&id_of(&here, "live")), "{shown}");
    let text = here.read(CONFIG);
    assert!(!text.contains(TOKEN), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(here.path(CONFIG))
            .expect("there")
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
    here.run(EXPORT)
        .expect(64)
        .says("the configuration has live");
    here.run("portal use liv")
        .expect(64)
        .says("there is `live`");
    here.run("portal use live").expect(0);
    here.run(EXPORT)
        .expect(0)
        .says("the default of the configuration");
    here.run("portal remove live").expect(0);
    here.run(EXPORT).expect(64).says("no portal is named");
    assert!(!here.read(CONFIG).contains("live"));
}

#[test]
fn what_was_typed_counts_before_the_environment_and_that_before_the_default() {
    let here = here();
    let (one, two) = (serve(&here, "1"), serve(&here, "2"));
    let file = "--token-file token";
    add(&here, "one", &one, file).expect(0);
    add(&here, "two", &two, file).expect(0);
    here.run("portal use one").expect(0);
    let token = ("HUBSPOT_ACCESS_TOKEN", TOKEN);
    let url = ("TICKETHAUL_BASE_URL", two.url());
    let variable = ("TICKETHAUL_PORTAL", "two");
    export(&here, "", &[]).expect(0).says("`one`");
    let ended = export(&here, "", &[token, url]).expect(0);
    ended.says("chosen by HUBSPOT_ACCESS_TOKEN");
    let ended = export(&here, "", &[token, url, variable]).expect(0);
    let ended = ended.says("`two`").says("chosen by TICKETHAUL_PORTAL");
    ended.says("HUBSPOT_ACCESS_TOKEN and TICKETHAUL_BASE_URL are not used");
    // The address of the environment belongs to the token of the environment.
    let ended = export(&here, "--portal one", &[token, url, variable]).expect(0);
    ended.says(one.url()).says("chosen by --portal one");
    let ended = export(&here, (file, &["--base-url", two.url()]), &[variable]).expect(0);
    ended.says("chosen by --token-file token");
    export(
        &here,
        "--sandbox-data data",
        &[("TICKETHAUL_PORTAL", "sandbox")],
    )
    .expect(0)
    .says("the embedded sandbox, chosen by TICKETHAUL_PORTAL");
    for (name, value) in [("TICKETHAUL_PORTAL", " "), ("HUBSPOT_ACCESS_TOKEN", "")] {
        let ended = export(&here, "", &[(name, value)]).expect(64);
        ended.says(&format!("{name} is set, but is empty"));
    }
    export(&here, "--portal three", &[])
        .expect(64)
        .says("no portal is called `three`");
}

#[test]
fn a_token_comes_from_a_command_a_variable_or_a_file_or_it_is_said_why_not() {
    let here = here();
    let portal = serve(&here, "1");
    let command = |line: &str| add(&here, "live", &portal, ["--force", "--token-command", line]);
    command("cat token").expect(0);
    export(&here, "--portal live", &[]).expect(0);
    let listed = here.run("portal list").expect(0).stdout;
    assert!(listed.contains("the command `cat …`"), "{listed}");
    for (line, words) in [
        ("cat token; exit 4", "failed (exit status: 4)"),
        ("true", "printed nothing"),
        ("cat token token", "printed what can't be used"),
        ("no-such-program-of-ours", "failed (exit status: 127)"),
    ] {
        command(line).expect(7).says(words);
    }
    let slow = "--force --token-command-seconds 1";
    let ended = add(
        &here,
        "live",
        &portal,
        (slow, "--token-command 'cat token; exec sleep 60'"),
    )
    .expect(7);
    ended.says("has printed no token within 1 s");
    let token = TOKEN.replace("rehearsal", "na1-4a5b-8c7d-0123-4567");
    let ended = command(&format!("echo {token}")).expect(64);
    ended
        .says("doesn't belong in the configuration")
        .says_nothing_of(&token);
    let env = ["--force", "--token-env", "DESK_TOKEN"];
    add(&here, "live", &portal, env)
        .expect(64)
        .says("DESK_TOKEN, which is not set");
    here.tool(["portal", "add", "live", "--base-url", portal.url()])
        .args(env)
        .env("DESK_TOKEN", TOKEN)
        .run()
        .expect(0);
    let ended = export(&here, "--portal live", &[("DESK_TOKEN", TOKEN)]);
    ended.expect(0);
    configure(&here, &format!("[portals.live]\ntoken = \"{TOKEN}\"\n"));
    export(&here, "--portal live", &[])
        .expect(64)
        .says("unknown field `token`")
        .says("token_command");
}

#[test]
fn a_name_leads_to_one_account_and_an_account_has_one_name() {
    let here = here();
    let (one, two) = (serve(&here, "1"), serve(&here, "2"));
    let file = "--token-file token";
    add(&here, "one", &one, file).expect(0);
    let ended = add(&here, "again", &one, file).expect(7);
    ended.says("is there already, as `one`");
    assert!(!here.read(CONFIG).contains("again"));
    add(&here, "again", &one, (file, "--force")).expect(0);
    export(&here, "--portal again", &[]).expect(0);
    add(&here, "two", &two, file).expect(0);
    // The token of the other portal, as if the files had been mixed up.
    let text = here.read(CONFIG).replace(two.url(), one.url());
    configure(&here, &text);
    let ids = [id_of(&here, "one"), id_of(&here, "two")];
    assert_ne!(ids[0], ids[1]);
    let ended = export(&here, "--portal two", &[]).expect(7);
    let words = format!(
        "`two` is portal {}, and its token belongs to portal {}",
        ids[1], ids[0]
    );
    ended.says(&words).says("nothing was written");
    // Written by hand, without an id.
    let by_hand = format!(
        "[portals.one]\nid = {}\ntoken_file = \"../../token\"\nbase_url = \"{url}\"\n\
         [portals.new]\ntoken_file = \"../../token\"\nbase_url = \"{url}\"\n",
        ids[0],
        url = one.url()
    );
    configure(&here, &by_hand);
    let ended = export(&here, "--portal new", &[]).expect(7);
    ended.says("which is `one`: two names, one portal");
    export(&here, "--portal one", &[]).expect(0);
}

fn texts(folder: &Path, into: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => texts(&path, into),
            false => into.extend(fs::read(path).expect("a file")),
        }
    }
}

#[test]
fn a_run_keeps_its_portal_by_name_and_account() {
    let here = here();
    let (one, two) = (serve(&here, "1"), serve(&here, "2"));
    let command = "--token-command 'cat token'";
    let defaults = "--rate 150/10s --mapping m.toml --api 2026-09";
    let _ended = add(&here, "live", &one, (command, "--time-zone Asia/Tokyo"));
    add(
        &here,
        "live",
        &one,
        (command, defaults, "--time-zone Asia/Tokyo --force"),
    )
    .expect(0);
    let import = "import t.csv --create-properties --limit 1";
    let begin = |run: &str| here.run((import, format!("--portal live --run-dir {run}")));
    begin("run").expect(0);
    begin("other").expect(0);
    let db = rusqlite::Connection::open(here.path("run/run.db")).expect("the journal");
    let meta = |name: &str| -> String {
        let sql = "SELECT value FROM meta WHERE name = ?1";
        db.query_row(sql, [name], |row| row.get(0)).expect("there")
    };
    assert!(meta("portal_path").contains("\"name\":\"live\""));
    assert_eq!(meta("told"), r#"{"api":"2026-09","rate":"150/10s"}"#);
    let ended = here.run("resume run --no-limit").expect(0);
    ended
        .says("`live`")
        .says("as in the run")
        .says("--rate 150/10s");
    assert_eq!(here.rows("run/done.csv").len(), 3);
    here.run("verify run").expect(0).says("as in the run");
    // Elsewhere nothing vouches for what the folder says, until the name is typed.
    let known = here.path(".local");
    fs::rename(&known, here.path("aside")).expect("moved");
    let resume = "resume other --no-limit";
    let ended = here.run(resume).expect(7);
    ended
        .says("goes to the portal `live`")
        .says("--portal live");
    fs::rename(here.path("aside"), &known).expect("moved back");
    // The name is another account by now.
    let text = here.read(CONFIG).replace(one.url(), two.url());
    let text: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("id"))
        .collect();
    configure(&here, &text.join("\n"));
    let ended = here.run(resume).expect(7);
    ended.says("the run belongs to portal");
    assert_eq!(here.rows("other/done.csv").len(), 1);
    here.run((resume, "--portal live")).expect(7);
    let mut all = Vec::new();
    texts(&here.path("run"), &mut all);
    texts(&here.path(".local"), &mut all);
    texts(&here.path(".config"), &mut all);
    let has_token = all
        .windows(TOKEN.len())
        .any(|part| part == TOKEN.as_bytes());
    assert!(!has_token, "the token is in a file");
}

#[test]
fn a_time_zone_is_that_of_exports_and_a_mapping_that_of_imports() {
    let here = here();
    let portal = serve(&here, "1");
    add(
        &here,
        "live",
        &portal,
        "--token-file token --time-zone Asia/Tokyo --mapping m.toml",
    )
    .expect(0);
    let named = |args: &str| here.run((args, "--portal live"));
    named("schema apply --yes").expect(0);
    named("import t.csv").expect(0);
    named("plan t.csv -o plan").expect(0);
    named("plan plan").expect(0);
    let export = "export --properties createdate";
    let csv = named(export).expect(0).stdout;
    assert_eq!(csv.matches("+09:00").count(), 3, "{csv}");
    let csv = named(&format!("{export} --zone UTC")).expect(0).stdout;
    assert_eq!(csv.matches("+09:00").count(), 0, "{csv}");
    // Where nothing names a mapping, it is asked for as ever.
    here.run("import t.csv")
        .expect(64)
        .says("--mapping <MAPPING>");
    add(&here, "x", &portal, "--token-file token --mapping nope")
        .expect(64)
        .says("nope");
}

#[test]
fn sandboxes_have_names_and_states_of_their_own() {
    let here = here();
    let add = |args: &str| here.run(("portal add", args));
    let ended = add("first --sandbox").expect(0);
    ended.says("sandboxes/first").says("sandbox reset first");
    add("second --sandbox --rate 500/1s").expect(0);
    add("first --sandbox").expect(64).says("already");
    add("x --sandbox --token-file token").expect(64);
    add("x --like first --token-file token").expect(64);
    let listed = here.run("portal list").expect(0).stdout;
    for words in [
        "sandboxes/first",
        "sandboxes/second",
        "nowhere: a sandbox",
        "rate 500/1s",
    ] {
        assert!(listed.contains(words), "{words}\n{listed}");
    }
    let on = |name: &str, args: &str| here.run((args, &["--portal", name]));
    // It is forgiving, as the one without a name is.
    let ended = on("first", "import t.csv -m m.toml --run-dir run --limit 1").expect(0);
    ended.says("`first`, a sandbox, chosen by --portal first");
    here.run("resume run --no-limit").expect(0);
    here.run("verify run").expect(0);
    let tickets = |name: &str| on(name, EXPORT).expect(0).stdout.lines().count() - 1;
    assert_eq!(
        (tickets("first"), tickets("second"), tickets("sandbox")),
        (3, 0, 0)
    );
    let ended = on("first", "export --token-file token --properties subject");
    ended.expect(64).says("it takes no token");
    // What is found out of it is shown by its name, and is gone with its state.
    here.run("portal check first").expect(0);
    let shown = here.run("portal show first").expect(0).stdout;
    assert!(shown.contains("over_limit"), "{shown}");
    here.run("portal use first").expect(0);
    here.run(EXPORT)
        .expect(0)
        .says("the default of the configuration");
    // The twin of one lacks what that lacks, and what that has it has.
    add("third --sandbox --like first")
        .expect(0)
        .says("the twin of portal");
    on("third", "schema diff -m m.toml").expect(0);
    assert_eq!(tickets("third"), 0);
    here.run("sandbox reset first").expect(0).says("3 tickets");
    assert_eq!(tickets("first"), 0);
    let shown = here.run("portal show first").expect(0).stdout;
    assert!(shown.contains("nothing yet"), "{shown}");
    here.run("portal remove first")
        .expect(0)
        .says("its state stays in");
    here.run("sandbox reset first")
        .expect(64)
        .says("no portal is called");
}

#[test]
fn messages_name_where_a_token_comes_from_and_what_does_not_count() {
    let here = here();
    let portal = serve(&here, "1");
    here.write("wrong", "no-token-of-this-portal\n");
    add(&here, "live", &portal, "--token-file token").expect(0);
    let wrong = "--token-file wrong";
    let at = ["--base-url", portal.url()];
    let variable = ("TICKETHAUL_PORTAL", "live");
    let token = ("HUBSPOT_ACCESS_TOKEN", TOKEN);
    let ended = export(&here, (wrong, &at), &[variable, token]).expect(7);
    ended
        .says("the token is that of --token-file wrong")
        .says("TICKETHAUL_PORTAL and HUBSPOT_ACCESS_TOKEN are not used")
        .says_nothing_of("nothing was sent");
    let ended = export(&here, (wrong, "--portal live"), &[]).expect(7);
    ended
        .says("chosen by --portal live, with the token of --token-file wrong")
        .says("the token is that of --token-file wrong");
    here.write("token", "no-token-of-this-portal\n");
    let ended = export(&here, "--portal live", &[variable]).expect(7);
    ended
        .says("the token is that of the file")
        .says_nothing_of("not used");
    let ended = add(&here, "other", &portal, "--token-env HUBSPOT_ACCESS_TOKEN").expect(64);
    ended.says("the variable HUBSPOT_ACCESS_TOKEN, which is not set");
}

#[test]
fn a_token_in_the_wrong_place_is_repeated_nowhere() {
    let here = here();
    let portal = serve(&here, "1");
    let private = "pat-eu1-4a5b6c7d-0123-4567-89ab-cdef01234567";
    let opaque = "CJjw9bK8MhIHAAEAQAAAARiA1YsKIMCzpM0FKJ2";
    for token in [private, opaque] {
        for option in ["--token-env", "--token-file", "--oauth-file"] {
            let ended = add(&here, "live", &portal, [option, token]).expect(64);
            assert!(
                !ended.stderr.contains(&token[4..]),
                "{option}: {}",
                ended.stderr
            );
        }
    }
    for args in [
        &["portal", "add", private, "--token-env", "X"][..],
        &["export", "--properties", "subject", "--portal", private],
        &["export", "--properties", "subject", "--token-file", private],
        &["export", "--properties", "subject", "--rate", private],
    ] {
        let ended = here.run(args).expect(64);
        assert!(
            !ended.stderr.contains(private),
            "{args:?}: {}",
            ended.stderr
        );
    }
    configure(&here, &format!("[portals.a]\ntoken_env = \"{opaque}\"\n"));
    let listed = here.run("portal list").expect(0).stdout;
    assert!(!listed.contains(opaque), "{listed}");
}

#[test]
fn slips_in_the_configuration_and_of_sandboxes_are_told() {
    let here = here();
    configure(
        &here,
        "default = \"gone\"\n[portals.a]\ntoken_env = \"A\"\n",
    );
    let listed = here.run("portal list --json").expect(0);
    listed.says("the default, `gone`, is not a portal of the configuration");
    let ended = here.run(EXPORT).expect(64).says("the default of");
    ended.says("no portal is called `gone`");
    configure(
        &here,
        "[portals.a]\ntoken_env = \"A\"\ntime_zone = \"Europe/Berlln\"\n",
    );
    here.run("portal list")
        .expect(64)
        .says("Europe/Berlln is not a time zone");
    configure(&here, "");
    for (like, words) in [
        ("nope", "no portal is called `nope`"),
        ("nope.toml", "no such file"),
    ] {
        let reset = ["sandbox", "reset", "--like", like];
        here.run(reset).expect(64).says(words);
    }
    let ended = here.run(["portal", "show", "sandbox"]).expect(64);
    let ended = ended.says("`sandbox` is the embedded portal");
    assert!(
        !ended.stderr.contains("there is `sandbox`"),
        "{}",
        ended.stderr
    );
}
