//! The versions of the API: every command by dated paths alone and by numbered ones
//! alone, the statuses and bodies of each, the older paths that other programs read, and
//! tokens that lack a scope.

use serde_json::{Value, json};

use crate::support::{FilledPortal, Rehearsal, TOKEN, keyed, switched};

const MAPPING: &str = keyed!(
    "desk_id",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "1" }
hubspot_owner_id = { column = "Agent", lookup = "owner", missing = "blank", optional = true }
"#
);

const CONTACTS: &str = r#"[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
"#;

const ROWS: &str = "Id,Subject,Agent,Mail\n\
                    1,one,maya.lindqvist@northwind-support.example,a@x.example\n\
                    2,two,,b@x.example\n";

/// A portal without a limit, whose search is never late, with switches of its own.
fn desk(switches: &[&str]) -> FilledPortal {
    FilledPortal::new(("--rate off --switch search_lag=0s", switched(switches)))
}

/// Every command that calls a portal, with options that say the version of the paths, or
/// with none.
fn every_command(desk: &FilledPortal, version: &str) {
    let here = &desk.here;
    here.write("m.toml", format!("{MAPPING}{CONTACTS}"));
    here.write("in.csv", ROWS);
    let run = |args: &str, code| desk.run((args, version)).expect(code);
    let on_rows = |args: &str, code| run(&format!("{args} in.csv -m m.toml"), code);
    let _ended = run("schema diff -m m.toml", 4);
    let _ended = run("schema apply -m m.toml --yes", 0);
    let _ended = run("schema pull -o portal.toml", 0);
    let _ended = run("schema show", 0);
    let _ended = on_rows("check", 0);
    let _ended = on_rows("import --limit 1 --run-dir first", 0);
    let _ended = run("resume first --no-limit", 0);
    for words in [
        "import --op update --diff",
        "import --op upsert",
        "associate",
        "dissociate",
    ] {
        let _ended = on_rows(words, 0);
    }
    let export = "export --all-properties --with contacts.email --history subject -o all.csv";
    let _ended = run(export, 0);
    let export = "export --properties subject --where 'subject = \"one\"' -o some.csv";
    let _ended = run(export, 0);
    let ids = desk.ids("all.csv");
    let get = format!("get {} --associations contacts --history subject", ids[0]);
    let _ended = run(&get, 0);
    let _ended = run(&format!("delete --ids {} --yes", ids[0]), 0);
    let _ended = run(
        "export --properties subject --archived include -o bin.csv",
        0,
    );
    assert_eq!(desk.ids("bin.csv"), ids);
    by_oauth(desk, &format!("get {} {version}", ids[1]));
}

/// A command with the token of an OAuth app, which is renewed before the first call.
fn by_oauth(desk: &FilledPortal, args: &str) {
    let tool = desk
        .here
        .tool(args)
        .env("TICKETHAUL_BASE_URL", desk.sandbox.url())
        .env("HUBSPOT_CLIENT_ID", "client")
        .env("HUBSPOT_CLIENT_SECRET", "secret")
        .env("HUBSPOT_REFRESH_TOKEN", TOKEN);
    tool.run().expect(0);
}

#[test]
fn no_command_needs_a_numbered_path_or_an_option() {
    every_command(&desk(&["served_paths=dated"]), "");
}

#[test]
fn no_command_needs_a_dated_path_with_v3() {
    every_command(&desk(&["served_paths=numbered"]), "--api v3");
}

#[test]
fn a_twin_is_called_by_the_version_of_its_original() {
    let desk = desk(&["served_paths=numbered"]);
    let here = &desk.here;
    here.write("token", TOKEN);
    let add = "portal add old --api v3 --token-file token";
    here.run((add, &["--base-url", desk.sandbox.url()]))
        .expect(0);
    here.run("portal check old").expect(0);
    here.run("export --properties subject --portal sandbox --like old")
        .expect(0);
}

#[test]
fn a_version_that_has_ended_is_named_with_the_way_out() {
    let v3 = "--api v3";
    for (switches, ends, works) in [
        (&["served_paths=numbered"][..], "", v3),
        (&["ended_versions=2026-09"], "", v3),
        (&["ended_versions=2026-09", "ended_reply=410"], "", v3),
        (&["ended_versions=v3,v4", "ended_reply=410"], v3, ""),
        (&["served_paths=dated"], v3, "--api 2026-09"),
    ] {
        let desk = desk(switches);
        let run = |words| desk.run(("export --properties subject", words));
        let ended = run(ends)
            .expect(7)
            .says("the portal has nothing at /account-info/");
        let other = match ends {
            "" => "take --api v3",
            _ => "take --api 2026-09",
        };
        ended.says(other);
        run(works).expect(0);
    }
    // Associations by number have a version of their own.
    let desk = desk(&["ended_versions=v4"]);
    let ended = desk.run("schema pull -o p.toml --api v3").expect(7);
    ended
        .says("/crm/v4/associations/")
        .says("take --api 2026-09");
}

#[test]
fn rules_that_an_admin_set_are_told_by_property() {
    let desk = desk(&["validation_2026_09=on"]);
    let closed = MAPPING.replace("\"1\"", "\"4\"");
    desk.here.write("m.toml", closed);
    desk.here.write("in.csv", ROWS);
    let import = "import in.csv -m m.toml --create-properties";
    desk.run((import, "--api 2026-09 --run-dir run")).expect(3);
    let refused = desk.here.rows("run/refused.csv");
    assert_eq!(refused.len(), 2);
    for row in &refused {
        assert_eq!(row["_code"], "MISSING_CONDITIONAL_REQUIRED_PROPERTY");
        assert!(row["_hint"].contains("hs_resolution"), "{row:?}");
    }
}

#[test]
fn what_older_programs_read_is_served() {
    let desk = desk(&[]);
    let get = |path: &str| desk.call("GET", path, &Value::Null);
    for path in [
        "/properties/v2/ticket/properties",
        "/properties/v2/tickets/properties",
        "/properties/v1/deals/properties",
        "/companies/v2/properties",
        "/properties/v2/company/properties",
    ] {
        let listed = get(path);
        let listed = listed.as_array().expect("a bare list");
        let options = listed.iter().find(|one| one["type"] == "enumeration");
        for field in ["name", "groupName", "readOnlyValue", "deleted", "options"] {
            assert!(options.expect("one with options")[field] != Value::Null);
        }
    }
    let calls = get("/properties/v2/calls/properties");
    assert!(calls.as_array().is_some_and(|common| !common.is_empty()));
    for path in [
        "/crm/v3/schemas",
        "/crm-object-schemas/v3/schemas",
        "/crm-object-schemas/2026-09/schemas",
        "/crm/v4/objects/tickets",
        "/crm/v3/owners/",
        "/account-info/v3/api-usage/daily",
        "/account-info/2026-03/details",
    ] {
        assert_ne!(get(path), Value::Null, "{path}");
    }
}

#[test]
fn the_scope_of_owners_is_needed_only_where_owners_are() {
    let desk = desk(&["missing_scopes=crm.objects.owners.read"]);
    let id = desk.create(1, |_| json!({"subject": "a", "hubspot_owner_id": ""}))[0].to_string();
    let here = &desk.here;
    here.write("m.toml", MAPPING);
    here.write("plain.csv", "Id,Subject\n1,one\n");
    here.write("agents.csv", "Id,Subject,Agent\n2,two,a@b.example\n");
    let left_out = "may not read owners (scope crm.objects.owners.read)";
    let export = "export -o out.csv --replace";
    for (more, code) in [
        ("--properties subject", 0),
        ("--all-properties", 0),
        ("--properties hubspot_owner_id", 0),
        ("--properties subject --values labels", 0),
        ("--properties hubspot_owner_id --values both", 7),
        ("--all-properties --values labels", 7),
        (
            r#"--properties subject --where 'hubspot_owner_id = "Maya"'"#,
            7,
        ),
    ] {
        let ended = desk.run((export, more)).expect(code);
        assert_eq!(ended.stderr.contains("crm.objects.owners.read"), code == 7);
    }
    for (args, is_said) in [
        ("schema show", true),
        ("schema pull -o portal.toml", true),
        (&*format!("get {id}"), true),
        (&*format!("get {id} --properties subject"), false),
        ("check plain.csv -m m.toml", true),
        ("import plain.csv -m m.toml --create-properties", false),
        (&*format!("delete --ids {id} --yes"), false),
    ] {
        let ended = desk.run(args).expect(0);
        assert_eq!(ended.stderr.contains(left_out), is_said, "{args}");
    }
    for words in ["check", "import"] {
        desk.run((words, "agents.csv -m m.toml"))
            .expect(7)
            .says("crm.objects.owners.read");
    }
    let check = "check -m m.toml --schema portal.toml";
    here.run((check, "agents.csv"))
        .expect(7)
        .says("the copy has no owners");
    here.run((check, "plain.csv")).expect(0);
}

/// A portal, a mapping, what an import says of it, and the exit codes of import and
/// check.
struct Unfit {
    prepare: fn(&FilledPortal),
    mapping: String,
    operation: &'static str,
    words: &'static str,
    codes: (i32, i32),
}

fn links(to: &str, by: &str, more: &str) -> String {
    format!("{MAPPING}[[associate]]\nto = \"{to}\"\nby = \"{by}\"\ncolumn = \"Mail\"\n{more}")
}

fn property(desk: &FilledPortal, name: &str, unique: bool) {
    let property = json!({
        "name": name, "label": name, "groupName": "ticketinformation", "type": "string",
        "fieldType": "text", "hasUniqueValue": unique,
    });
    desk.call("POST", "/crm/v3/properties/tickets", &property);
}

fn archived_key(desk: &FilledPortal) {
    property(desk, "desk_id", true);
    desk.call("DELETE", "/crm/v3/properties/tickets/desk_id", &Value::Null);
}

fn ten_unique(desk: &FilledPortal) {
    (0..10).for_each(|n| property(desk, &format!("own_{n}"), true));
}

fn cases() -> Vec<Unfit> {
    let case = |prepare, mapping, words, codes| Unfit {
        prepare,
        mapping,
        operation: "create",
        words,
        codes,
    };
    let nothing: fn(&FilledPortal) = |_| {};
    let domain = links("companies", "domain", "missing = \"create\"\n");
    let counted = MAPPING.replace("column = \"Id\"", "row_hash = true");
    vec![
        case(
            nothing,
            links("contacts", "email", "label = \"Requester\"\n"),
            "links from tickets to contacts have no label \"Requester\"",
            (64, 64),
        ),
        case(
            nothing,
            domain,
            "the values of the company property domain are not unique",
            (64, 64),
        ),
        case(
            nothing,
            links("companies", "tax_id", ""),
            "the portal has no company property tax_id",
            (64, 64),
        ),
        case(
            nothing,
            links("contacts", "badge", ""),
            "the portal has no contact property",
            (64, 64),
        ),
        case(
            archived_key,
            MAPPING.to_owned(),
            "KEY_ARCHIVED_PROPERTY: the portal holds property desk_id among the archived ones",
            (7, 4),
        ),
        case(
            ten_unique,
            MAPPING.to_owned(),
            "KEY_LIMIT: the portal has 10 unique ticket properties",
            (7, 4),
        ),
        case(
            |desk| property(desk, "desk_id", false),
            MAPPING.to_owned(),
            "desk_id holds no unique values in the portal, the mapping wants them unique",
            (7, 4),
        ),
        Unfit {
            operation: "update",
            ..case(
                nothing,
                counted,
                "rows whose key is a row_hash can't be used to update tickets",
                (64, 64),
            )
        },
    ]
}

#[test]
fn a_check_refuses_what_an_import_refuses_before_its_first_row() {
    for case in cases() {
        let desk = desk(&[]);
        let here = &desk.here;
        (case.prepare)(&desk);
        here.write("m.toml", &case.mapping);
        here.write("in.csv", ROWS);
        here.run_against(&desk.sandbox, "schema pull -o portal.toml")
            .expect(0);
        let rows = ["in.csv", "-m", "m.toml", "--op", case.operation];
        let (import, check) = case.codes;
        let run = |words: &str| here.run_against(&desk.sandbox, (words, &rows));
        let told = run("import").expect(import).says(case.words).stderr;
        let told = last_error(&told);
        for checked in [
            run("check"),
            here.run(("check", &rows, "--schema portal.toml")),
        ] {
            let checked = checked.expect(check);
            // What clashes stands in the report, what can't be used ends the command.
            match check {
                4 => assert!(checked.stdout.contains(case.words), "{}", checked.stdout),
                _ => assert_eq!(last_error(&checked.stderr), told),
            }
        }
    }
}

/// From the error on, to the end.
fn last_error(stderr: &str) -> &str {
    let start = stderr.find("error").expect("an error");
    &stderr[start..]
}

#[test]
fn a_copy_of_an_older_pull_says_what_it_lacks() {
    let desk = desk(&[]);
    let here = &desk.here;
    here.write("m.toml", links("companies", "domain", ""));
    here.write("in.csv", ROWS);
    here.run_against(&desk.sandbox, "schema pull -o portal.toml")
        .expect(0);
    let check = "check in.csv -m m.toml --schema portal.toml";
    here.run(check).expect(0);
    let mut copy: toml::Table = here.read("portal.toml").parse().expect("TOML");
    let _gone = copy.remove("others");
    here.write("portal.toml", copy.to_string());
    let ended = here.run(check).expect(7);
    ended.says("nothing is known of the properties of companies");
}

#[test]
fn a_served_version_is_a_switch() {
    let here = Rehearsal::new();
    let help = here.run("sandbox --help").expect(0).stdout;
    assert!(help.contains("served_paths=all | dated | numbered"));
    assert!(help.contains("ended_versions=none | VERSION"));
    assert!(help.contains("missing_scopes=none | SCOPE"));
}
